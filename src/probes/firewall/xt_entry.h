/* SPDX-License-Identifier: MIT */
/*
 * One entry of an x_tables table: where its parts are, what it does with a
 * packet, and what it says. Every offset from the kernel is checked here, so
 * that the walk over chains needs not look at bytes.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_XT_ENTRY_H
#define PKTLOSS_PROBES_FIREWALL_XT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "probes/firewall/rule.h"

/* Where ipt_entry and ip6t_entry keep what is the same in both. */
struct xt_layout {
	uint16_t size;	 /* of an entry; its matches follow */
	uint16_t packet; /* first bytes of it that say which packets match */
	uint16_t target_offset;
	uint16_t next_offset;
	uint16_t counters;
	uint16_t reset; /* what REJECT says with that a TCP reset is its answer
			 */
};

/* The entries of a table: any alignment, checked nowhere yet. */
struct xt_bytes {
	const struct xt_layout *layout;
	const unsigned char *bytes;
	uint32_t size;
};

/* What becomes of a packet that an entry matches. */
enum xt_verdict {
	VERDICT_OTHER,
	VERDICT_DROP,
	VERDICT_REJECT,
	VERDICT_RESET,	/* the same, with a TCP reset */
	VERDICT_QUEUE,	/* without bypass: lost when nobody listens */
	VERDICT_TPROXY, /* lost when nobody listens, and no counter tells */
	VERDICT_PASSES, /* the rules behind it do not see them: ACCEPT, RETURN
			 */
	VERDICT_JUMP,
	VERDICT_HEAD, /* no rule: a user's chain begins behind it */
};

/* An entry whose bounds are checked. All are offsets into the table. */
struct xt_entry {
	uint32_t at;
	uint32_t matches; /* up to target */
	uint32_t target;
	uint32_t next;
	uint32_t jump;	   /* VERDICT_JUMP: to there */
	uint32_t queue;	   /* VERDICT_QUEUE: the first it uses, */
	uint32_t n_queues; /* and how many */
	uint16_t port;	   /* VERDICT_TPROXY: of the proxy */
	bool feeds;	   /* queues, even if VERDICT_OTHER: bypass */
	enum xt_verdict verdict;
};

/* The layout of that family, or NULL: x_tables has no such. */
const struct xt_layout *xt_layout(enum family family);

/* Reads the entry that begins at an offset. Returns 0 or -EBADMSG. */
int MUST_CHECK xt_entry(const struct xt_bytes *table, uint32_t at,
			struct xt_entry *ret);

/*
 * Reads what the rule of an entry says: look, comment (not copied), chance,
 * rate and counts of all CPUs; sets nothing else. Returns 0 or -EBADMSG.
 */
int MUST_CHECK xt_read_rule(const struct xt_bytes *table,
			    const struct xt_entry *e,
			    struct firewall_rule *ret);

/* By which chance or rate a rule picks packets that xt_entry() has read. */
struct firewall_pick xt_pick(const struct xt_bytes *table,
			     const struct xt_entry *e);

/* Whether an entry matches all packets, and whether it lets them all go on. */
bool xt_takes_all(const struct xt_bytes *table, const struct xt_entry *e);
bool xt_goes_on(const struct xt_bytes *table, const struct xt_entry *e);

/* The counts of an entry that begins at that offset and ends in the table. */
struct firewall_counts xt_counts(const struct xt_bytes *table, uint32_t at);

/*
 * Finds out whether the entry before, of the same chain, lets pass what a rule
 * would drop, as long as it is not too much: see firewall_rule_behind().
 */
void xt_rule_behind(const struct xt_bytes *table, const struct xt_entry *before,
		    const struct xt_entry *e, struct firewall_rule *rule);

/* The name of the chain that an entry of VERDICT_HEAD begins. */
struct token xt_chain_name(const struct xt_bytes *table, uint32_t target);

#endif
