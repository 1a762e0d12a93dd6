/* SPDX-License-Identifier: MIT */
/*
 * What the firewall readers and the cause finder share: the facts that tell
 * which rule an object stands for, and how such a rule is put into words.
 *
 * A rule that drops is an object of LAYER_NETFILTER. Its packets are its row
 * of KIND_PART (the rule has a comment, hence a stable name) or KIND_DETAIL;
 * its comment is the object's label. Rows below are KIND_FACT.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NETFILTER_H
#define PKTLOSS_PROBES_FIREWALL_NETFILTER_H

#include "model/probe.h"

/* Legacy iptables and ip6tables. nf_tables: see nftables.h. */
extern const struct probe xtables_probe;

extern const struct explainer netfilter_explainers[];

/* What the balance of IP misses, see struct probe. */
bool netfilter_explain_uncounted(const struct sample *s,
				 const struct loss *loss, struct cause *ret);

/* Before the name of a table of x_tables that nf_tables has as well. */
#define LEGACY "legacy_"

enum netfilter_target {
	NETFILTER_DROP_RULE,
	NETFILTER_REJECT_RULE,
	NETFILTER_DROP_POLICY,
	NETFILTER_QUEUE_RULE, /* to a queue that nobody listens to */
	NETFILTER_MAP_RULE,   /* asks a verdict map, whose elements drop */
};

/* Number in its chain as --line-numbers shows it, 0 for a policy. */
extern const struct counter netfilter_rule_number;
/* enum netfilter_target */
extern const struct counter netfilter_rule_target;
/* Share that a random `statistic` match lets the rule have, in 2^-31. */
extern const struct counter netfilter_rule_probability;
/* One packet in that many is the rule's, `statistic` match in nth mode. */
extern const struct counter netfilter_rule_every;

/* Its handle; a policy: of its chain. Only rules of nf_tables have one. */
extern const struct counter netfilter_rule_handle;
/* NETFILTER_QUEUE_RULE: the first queue it uses. */
extern const struct counter netfilter_rule_queue;
/* How many things drop here that no counter counts; absent: none. */
extern const struct counter netfilter_rule_uncounted;

/* Counters of a direction: DIR_RX, DIR_TX, DIR_FWD. */
enum netfilter_role {
	NETFILTER_CHAIN,       /* packets that a chain dropped */
	NETFILTER_CHAIN_BYTES, /* their bytes */
	NETFILTER_RULE,	       /* packets that a rule with a comment dropped */
	NETFILTER_RULE_BYTES,  /* their bytes */
	NETFILTER_DETAIL,      /* packets of a rule without one, of a policy */
	N_NETFILTER_ROLES,
};

#define N_NETFILTER_ROWS (N_NETFILTER_ROLES * 3)
extern const struct counter netfilter_rows[N_NETFILTER_ROWS];

const struct counter *netfilter_counter(enum netfilter_role role,
					enum direction direction);

/*
 * Puts a rule into words:
 *   rule 3 of ip filter INPUT (DROP, statistic 0.3, "maintenance drop")
 *   policy of ip filter INPUT (DROP)
 *   rule handle 7 of inet fw in (drop, "my comment")
 *   rule handle 9 of inet fw in (drop, no counter)
 *   rule handle 4 of inet fw in (queue 5, nobody listens)
 * Returns 0, also when the text had to be cut to size bytes, or -EINVAL when
 * the object is no such rule (a whole chain, for one). Pure.
 */
int MUST_CHECK netfilter_describe_rule(const struct sample *s,
				       const struct object *o, char *buf,
				       size_t size);

/*
 * The command that shows that rule, for an operator to paste into a shell. A
 * chain whose name is not plain letters is never part of it: whoever owns a
 * namespace chooses its names. Returns as netfilter_describe_rule() does, but
 * -ENOSPC instead of half a command.
 */
int MUST_CHECK netfilter_remedy(const struct sample *s, const struct object *o,
				char *buf, size_t size);

#endif
