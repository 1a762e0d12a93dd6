/* SPDX-License-Identifier: MIT */
/*
 * The rules of a firewall into a sample, chain by chain: first the total of
 * what is counted, then each rule under a name of its own. What they tell only
 * grows, whatever the kernel's counters do: see ledger.h.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_EMIT_H
#define PKTLOSS_PROBES_FIREWALL_EMIT_H

#include "base/arena.h"
#include "probes/firewall/ledger.h"

/* Longest name of a table or chain, and longest comment, with their NULs. */
#define FIREWALL_PIECE 80
#define FIREWALL_COMMENT 256

/* "bridge.legacy_", a table, a dot, a chain. */
#define FIREWALL_CHAIN_NAME (16 + 2 * FIREWALL_PIECE)

struct firewall_chain {
	enum family family;
	enum direction direction; /* of its losses, unless more are reached */
	uint8_t reached;	  /* set of 1 << enum direction, 0: as above */
	uint64_t identity; /* of what is not told apart; 0: nobody asks */
	bool is_legacy;	   /* nf_tables has a table of that name, too */
	bool is_idle;	   /* no packet can come to it: it is not told */
	char table[FIREWALL_PIECE]; /* fit to print */
	char name[FIREWALL_PIECE];
};

struct firewall_writer {
	struct sample *out;
	struct arena *arena;
	unsigned max_rules; /* told apart in a chain */
	struct ledger ledger;
	struct chain_work *first, **last; /* not appended yet */
	struct chain_work *chain;	  /* the one at work, or NULL */
	size_t room; /* of the arena, that is left for firewall_finish() */
	bool is_cut; /* not all chains had room */
};

/*
 * First firewall_start(): the writer remembers counts in out, in a section of
 * the ledger. For each chain: firewall_begin(), then its rules in their order.
 * firewall_finish() appends them all; passed as for ledger_close(). Failures
 * stay in out->error and the arena. Chains for which there is no room are left
 * out, each with all its rules: sample_missed() is told.
 *
 * firewall_add() takes a rule, whose comment has to last till then. One that is
 * counted goes into the total. Beyond max_rules they are told as one, or as
 * two: <chain>#beyond is policy, <chain>#beyond_chance is not; a policy is
 * always told apart. So the parts of a total always make it up. One that is
 * not counted has to be uncounted, or to a proxy.
 *
 * firewall_see() tells that a rule has a comment, added or not: rules that
 * share one get names of their own.
 */
void firewall_start(struct firewall_writer *w, uint64_t section);
void firewall_begin(struct firewall_writer *w,
		    const struct firewall_chain *chain);
void firewall_see(struct firewall_writer *w, const struct firewall_rule *rule);
void firewall_add(struct firewall_writer *w, const struct firewall_rule *rule);
void firewall_finish(struct firewall_writer *w, uint64_t passed);

/*
 * Copies a text of a rule so that it fits into messages: what is not printable
 * ASCII becomes a question mark, a quote or backslash an apostrophe. Returns
 * how long the copy is.
 */
size_t firewall_copy_text(char *to, size_t size, struct token text);

/* The hash of a comment as it is printed. */
uint64_t firewall_hash_comment(struct token comment);

#endif
