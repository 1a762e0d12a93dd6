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

/* Where ipt_entry and ip6t_entry keep what is the same in both. */
struct xtables_layout {
	const char *family;
	uint16_t size;	 /* of an entry; its matches follow */
	uint16_t packet; /* first bytes of it that say which packets match */
	uint16_t target_offset;
	uint16_t next_offset;
	uint16_t counters;
};

/* The entries of a table: any alignment, checked nowhere yet. */
struct xtables_bytes {
	const struct xtables_layout *layout;
	const unsigned char *bytes;
	uint32_t size;
};

/* What becomes of a packet that an entry matches. */
enum xtables_verdict {
	VERDICT_OTHER,
	VERDICT_DROP,
	VERDICT_REJECT,
	VERDICT_QUEUE, /* without bypass: lost when nobody listens */
	VERDICT_JUMP,
	VERDICT_HEAD, /* no rule: a user's chain begins behind it */
};

/* An entry whose bounds are checked. All are offsets into the table. */
struct xtables_entry {
	uint32_t at;
	uint32_t matches; /* up to target */
	uint32_t target;
	uint32_t next;
	uint32_t jump;	   /* VERDICT_JUMP: to there */
	uint32_t queue;	   /* VERDICT_QUEUE: the first it uses, */
	uint32_t n_queues; /* and how many */
	enum xtables_verdict verdict;
};

/* What a rule says, beside its packets. */
struct xtables_rule {
	uint64_t identity;    /* hash of all but position and counters */
	uint32_t comment;     /* offset of its text, 0: none */
	uint32_t probability; /* in 2^-31; valid with is_random */
	uint32_t every;	      /* one packet in that many; 0: not said */
	bool is_random;
};

/* 255 bytes of a comment, the longest text there is, and its end. */
#define XTABLES_TEXT 256

/* The layout of that family, or NULL. */
const struct xtables_layout *xtables_layout(const char *family);

/* Reads the entry that begins at an offset. Returns 0 or -EBADMSG. */
int MUST_CHECK xtables_entry(const struct xtables_bytes *table, uint32_t at,
			     struct xtables_entry *ret);

/* Reads what an entry says. Returns 0 or -EBADMSG. */
int MUST_CHECK xtables_rule(const struct xtables_bytes *table,
			    const struct xtables_entry *e,
			    struct xtables_rule *ret);

/* Packets (skbs) and bytes of an entry so far, all CPUs. */
void xtables_counts(const struct xtables_bytes *table,
		    const struct xtables_entry *e, uint64_t *ret_packets,
		    uint64_t *ret_bytes);

/* The name of the chain that an entry of VERDICT_HEAD begins. */
void xtables_chain_name(const struct xtables_bytes *table, uint32_t target,
			char ret[XTABLES_TEXT]);

/* The comment at the offset that xtables_rule() told. */
void xtables_comment(const struct xtables_bytes *table, uint32_t comment,
		     char ret[XTABLES_TEXT]);

#endif
