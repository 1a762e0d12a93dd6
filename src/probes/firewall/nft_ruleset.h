/* SPDX-License-Identifier: MIT */
/*
 * A ruleset of nf_tables while it is being read: nodes (tables, chains,
 * verdict maps, named counters), the calls between them, and the rules that
 * drop. Built from messages in the order of a dump, then resolved: who can be
 * reached from which hooks, and which count belongs to whom. Pure.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_RULESET_H
#define PKTLOSS_PROBES_FIREWALL_NFT_RULESET_H

#include "base/arena.h"
#include "base/hash.h"
#include "probes/firewall/nft_parse.h"

enum nft_kind {
	NODE_TABLE,
	NODE_CHAIN,
	NODE_MAP,
	NODE_COUNTER
};

/* What a read has to ask the kernel again while the ruleset is the same. */
#define ASKS_RULES 1
#define ASKS_POLICY 2

struct nft_drop;

/* Families that packets are of, in a table for several. */
#define IS_IP 1
#define IS_IP6 2
#define IS_ANY (IS_IP | IS_IP6)

struct nft_node {
	struct nft_node *same_slot;
	struct nft_node *next; /* of its kind, in the order of the dump */
	struct nft_node *waiting;
	struct nft_node *in; /* its table; a table: NULL */
	struct nft_call *calls;
	struct nft_feed *feeds; /* chain: its rules that feed a queue */
	const char *name;
	uint64_t secret; /* hash of its name with a key, for its slot */
	uint64_t hash;	 /* without one: the same at each read */
	uint64_t handle; /* table, chain */
	uint64_t last;	 /* table: no rule or chain of it has a higher one */
	uint64_t old;	 /* table: nor had any in the read before, */
	bool knows_old;	 /* if that is known */
	bool has_come;	 /* table: it was not there then */
	uint8_t kind, family;
	uint8_t reached; /* chain: by packets of these, 1 << enum direction, */
	bool is_open;	 /* by all that match, or */
	struct firewall_pick by; /* only by those that are picked */
	bool is_waiting;
	bool is_of_ip;	   /* some of these packets come from hooks of IP */
	bool is_dormant;   /* table */
	uint8_t asks;	   /* chain: what of it counts, ASKS_* */
	bool is_known;	   /* counter: its users all drop, last time */
	bool drops;	   /* chain: its policy */
	bool is_counted;   /* chain: its policy; counter: it was read */
	bool has_ended;	   /* chain: the rules from here on never run */
	uint8_t families;  /* who comes, IS_IP and IS_IP6 */
	bool is_whole;	   /* all that come to a hook do, or of a family; or */
	bool is_zone;	   /* those of a device */
	bool may_pass;	   /* chain: some rule before its last drops may let
			      packets pass */
	uint32_t run;	   /* chain: the first of its last rules that all drop,
			      by number; 0: there are none */
	uint32_t rest;	   /* chain: from that rule on all is dropped; or 0 */
	bool has_useful;   /* table: a counter that is worth asking for */
	bool is_taken;	   /* map, counter: some rule has its counts */
	uint32_t n_rules;  /* chain */
	uint32_t n_users;  /* counter */
	uint32_t n_good;   /* counter: users that drop all they count */
	uint32_t n_drops;  /* map: elements that drop */
	uint32_t n_counts; /* map: of these, how many have a counter */
	struct firewall_part *parts; /* map: these */
	struct firewall_counts counts;
	struct nft_drop *drops_first, *drops_last; /* chain */
	struct firewall_pass before;   /* chain: what the rule before is */
	const struct nft_asked *rules; /* chain: those to ask for one by one, */
	uint32_t n_asked;	       /* instead of all */
};

struct nft_asked {
	uint64_t handle;
	uint64_t number; /* in its chain, from 1 */
	struct firewall_pass before;
};

struct nft_call {
	struct nft_call *next;
	struct nft_node *to;
	struct firewall_pick by; /* of the rule that calls */
	uint8_t width, families; /* likewise; elements of a map: all */
};

struct nft_feed {
	struct nft_feed *next;
	uint16_t first, n; /* queues; n is 0: any */
};

/*
 * A rule, or a policy, that drops or may. Resolved: one that is neither counted
 * nor uncounted loses nothing, or its packets are counted elsewhere.
 */
struct nft_drop {
	struct nft_drop *next;
	struct nft_node *counter; /* a named counter has its counts */
	struct nft_node *map;	  /* elements of a map have them */
	uint64_t shape;		  /* nft_rule_shape() */
	struct firewall_pass before;
	bool is_wide; /* it drops all, or all of a family */
	struct firewall_rule rule;
};

struct nft_ruleset {
	struct arena arena;
	const struct hash_key *key; /* NULL: no secret */
	struct nft_node **slots;    /* a power of two, or none */
	size_t n_slots, n_nodes;
	uint64_t n_uses; /* of chains: their rules, and what leads to them */
	struct nft_node *first[4], *last[4]; /* by kind */
	struct nft_node *chain;		     /* of the rule before */
	struct nft_node *asked; /* the only one whose rules count */
	uint32_t generation;
	bool has_generation;
	bool is_partial; /* only what is known to drop was asked for */
	bool has_queues;
};

/*
 * Finds a node, or makes it. table is NULL for a table. Returns NULL when
 * memory is out: rs->arena.error says why.
 */
struct nft_node *nft_find(const struct nft_ruleset *rs, enum nft_kind kind,
			  uint8_t family, const char *table, const char *name);
struct nft_node *nft_get(struct nft_ruleset *rs, enum nft_kind kind,
			 uint8_t family, const char *table, const char *name);

/* Appends a drop to a chain that is for the caller to fill in, or NULL. */
struct nft_drop *nft_add_drop(struct nft_ruleset *rs, struct nft_node *chain);

/*
 * nft_build.c: takes one message of the kernel, a netlink_row. Rules and
 * elements come after the chains they lead to. Returns 0; -EAGAIN for a message
 * of another generation than the first; -EBADMSG, -ENOMEM, -E2BIG. Unknown
 * messages are passed over.
 */
int nft_build(const struct nlmsghdr *h, void *ruleset);

/*
 * nft_resolve.c: finds out what every drop of every chain amounts to. queues is
 * the text of /proc/net/netfilter/nfnetlink_queue: who listens. Whoever gave
 * the arena a deadline has to see for himself whether it is over then.
 */
void nft_resolve(struct nft_ruleset *rs, struct token queues);

/* Whether the next read has to look at a rule again. */
static inline bool nft_is_asked(const struct nft_drop *d)
{
	return d->rule.target == FIREWALL_QUEUE ||
	       d->rule.target == FIREWALL_TPROXY || d->rule.is_counted;
}

/*
 * nft_emit.c: appends the chains and rules that count what they drop, then
 * those that do not, and who feeds queues. Of a partial ruleset, the latter
 * only as far as they may have changed with the generation the same. Failures
 * stay in out->error and rs->arena.
 */
void nft_emit(struct nft_ruleset *rs, unsigned max_rules, struct sample *out);

/* Of an NFPROTO_*. */
enum family nft_family(uint8_t family);

#endif
