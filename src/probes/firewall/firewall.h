/* SPDX-License-Identifier: MIT */
/*
 * Firewalls: what their rules, policies and verdict maps drop. nf_tables
 * (nft_*.c: nftables, iptables-nft, ebtables-nft, arptables-nft) and x_tables
 * (xt_*.c: legacy iptables, ip6tables, arptables) and legacy ebtables
 * (ebt_*.c) make the same objects of it:
 * <family>.<table>.<chain>.drop for a chain that counts what it drops, and
 * behind it one for each such rule. Queues to user space stand in nfqueue.c.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_FIREWALL_H
#define PKTLOSS_PROBES_FIREWALL_FIREWALL_H

#include "model/probe.h"

extern const struct probe nft_probe;
extern const struct probe xt_probe;
extern const struct probe ebt_probe;
extern const struct probe nfqueue_probe;
extern const struct probe proxy_probe;
extern const struct probe ipvs_probe;

/*
 * Blind spots: rules, policies and verdict maps that drop without a usable
 * counter. The next object that stands for some of them, behind the one given
 * or from the first on (NULL); NULL behind the last. A chain with more than
 * MaxRules has one object <chain>#uncounted for the rest, which is no rule.
 */
const struct object *firewall_next_uncounted(const struct sample *s,
					     const struct object *behind);
/* How many there are in a sample. */
uint64_t firewall_uncounted(const struct sample *s);

/*
 * Chains whose rules were replaced, deleted or zeroed since the read before, or
 * which have gone: what they had dropped until then is lost count of, so that
 * packets of this interval may be missing that no rule without a counter
 * dropped. The next such object, as above; stale ones are of an earlier one.
 */
const struct object *firewall_next_replaced(const struct sample *s,
					    const struct object *behind);

/*
 * Whether an object is a rule, map or policy that drops each packet it
 * matches, and counts them: its rows of KIND_PART or KIND_DETAIL are what
 * somebody wanted dropped. What drops by chance or rate, or because nobody
 * takes the packets, is none. Each packet that a chain's total counts is in one
 * such row of a rule, or of the one object for rules beyond MaxRules, so those
 * of a direction make up the total. Code below finds the same by the tag
 * TAG_RULE_IS_POLICY.
 */
bool firewall_is_policy(const struct sample *s, const struct object *o);

/*
 * What can have dropped packets without a counter. The strongest come first:
 * those that had packets since the read before.
 */
struct firewall_suspect {
	/*
	 * Whether there is one: if so fills in reason, text (who it is),
	 * remedy, is_rule (all that can be meant are policy), and lost, which
	 * is the most packets it can explain, or UINT64_MAX. direction is that
	 * of the loss: DIR_RX, DIR_TX or DIR_FWD. Pure.
	 */
	bool (*find)(const struct sample *s, enum direction direction,
		     struct cause *ret);
};
extern const struct firewall_suspect firewall_suspects[]; /* ends with NULL */

/* TPROXY rules that matched something, if nobody is known to listen. */
bool firewall_suspect_proxy(const struct sample *s, enum direction direction,
			    struct cause *ret);
/* Queues whose program gave verdicts. */
bool firewall_suspect_queue(const struct sample *s, enum direction direction,
			    struct cause *ret);
/* Connections of IPVS to real servers that are gone. */
bool firewall_suspect_ipvs(const struct sample *s, enum direction direction,
			   struct cause *ret);
/* Limits, quotas and meters without a counter; then the other rules. */
bool firewall_suspect_rate(const struct sample *s, enum direction direction,
			   struct cause *ret);
bool firewall_suspect_rule(const struct sample *s, enum direction direction,
			   struct cause *ret);

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
int MUST_CHECK firewall_describe(const struct sample *s, const struct object *o,
				 char *buf, size_t size);

/*
 * The command that shows that rule, for an operator to paste into a shell. A
 * chain whose name is not plain letters is never part of it: whoever owns a
 * namespace chooses its names. Returns as firewall_describe() does, but
 * -ENOSPC instead of half a command.
 */
int MUST_CHECK firewall_remedy(const struct sample *s, const struct object *o,
			       char *buf, size_t size);

/*
 * The command that makes a policy without a counter count: a last rule that
 * does the same. Returns as firewall_remedy() does, -EINVAL also where names
 * are not plain.
 */
int MUST_CHECK firewall_count_policy(const struct sample *s,
				     const struct object *o, char *buf,
				     size_t size);

#endif
