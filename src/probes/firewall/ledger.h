/* SPDX-License-Identifier: MIT */
/*
 * What the rules of a firewall have counted since the read before, whatever
 * became of them in between. Rules are known by what they say, so they are
 * found again when others were inserted or deleted, when all were loaded anew,
 * and under another handle. Never more is told than was counted. Pure.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_LEDGER_H
#define PKTLOSS_PROBES_FIREWALL_LEDGER_H

#include "base/arena.h"
#include "model/sample_memory.h"
#include "probes/firewall/rule.h"

/*
 * Who has a count. It is part of ledger_line.look, so that the ledger knows
 * without asking.
 */
enum ledger_owner {
	LEDGER_RULE,	/* a rule, a policy, a named counter */
	LEDGER_QUEUE,	/* a rule that drops only while nobody listens */
	LEDGER_MAP,	/* of the first line of a map, which has no count, */
	LEDGER_ELEMENT, /* and of its elements behind that */
};

struct ledger_line {
	uint64_t chain; /* hash of its family, table and name */
	uint64_t look;	/* of what it says, see ledger_look() */
	struct firewall_counts counts;
};

static inline uint64_t ledger_look(uint64_t hash, enum ledger_owner owner)
{
	return (hash & ~UINT64_C(3)) | owner;
}

/* What became of a line. */
struct ledger_change {
	struct firewall_counts counted; /* since the read before, at least */
	bool is_unknown;		/* nothing of that is known */
	bool is_new;			/* nothing like it was there then */
	bool is_anew; /* it began anew: what it had counted has gone */
};

/* The lines of a chain that have gone, or began anew. */
struct ledger_gone {
	uint64_t chain;
	uint32_t had_counted; /* so many not only since the read before */
};

struct ledger {
	struct sample *out;
	struct arena *arena;
	uint64_t section;
	const struct ledger_line *then; /* those of the read before, */
	uint32_t n_then;
	uint32_t n;	  /* and how many there are now */
	bool is_known;	  /* there was a read before, and it saw all of them */
	bool is_part;	  /* or some: what it has not seen need not be new */
	bool all_young;	  /* what was not there then has come since, and
			     counts from 0 */
	bool has_changed; /* they are not those of then, one by one */
	bool was_reset;	  /* all began anew, whether one can see it or not */
	uint64_t passed, passed_then; /* see ledger_close() */
	struct ledger_young *young;
	struct ledger_change *changes; /* of each line, if has_changed */
	struct ledger_gone *gone;      /* by their chains */
	uint32_t n_gone;
	struct ledger_line waiting[32]; /* to be remembered */
	uint32_t n_waiting;
};

/*
 * Opens a ledger whose lines are remembered in out, and compared with those of
 * that section in the read before. Failures stay in out->error and the arena.
 */
void ledger_open(struct ledger *l, struct sample *out, struct arena *arena,
		 uint64_t section);

/*
 * Adds a line, in the order of the rules; young: it has come since the read
 * before, even if there was one like it. Returns what it has counted since
 * then: true as long as has_changed is false.
 */
struct firewall_counts ledger_add(struct ledger *l,
				  const struct ledger_line *line,
				  bool is_young);

/*
 * Ends it. passed counts packets that no change of rules takes away: if there
 * are fewer than in the read before, all has begun anew. Then the changes hold.
 */
void ledger_close(struct ledger *l, uint64_t passed);

/*
 * Whether lines have gone from a chain, or began anew; how many of them had
 * counted before.
 */
bool ledger_has_gone(const struct ledger *l, uint64_t chain, uint32_t *ret_n);

/* What of a probe's memory stands before its ledger, if it has one section. */
size_t ledger_before(const void *memory, size_t n);

#endif
