/* SPDX-License-Identifier: MIT */
/*
 * The first look at each namespace, to compare the last one with: what was lost
 * in all of the time. Packets that passed in an interval without a loss are
 * part of it, too, which a sum of tables would not have.
 */
#ifndef PKTLOSS_PROGRAM_BASELINE_H
#define PKTLOSS_PROGRAM_BASELINE_H

#include "base/table.h"
#include "engine/ns.h"

struct baseline_item {
	struct netns_id id;
	uint64_t cookie;
	bool host_only; /* see struct ns */
	struct sample sample;
};

/* Zeroed is empty. */
struct baseline {
	struct baseline_item *items;
	size_t n, max;
	struct table table; /* by .id */
};

/* The sample of that namespace, added if need be; NULL: out of memory. */
struct sample *baseline_sample(struct baseline *b, const struct netns_id *id,
			       uint64_t cookie);

/* The one that was added last, of at least one. */
static inline struct baseline_item *baseline_last(const struct baseline *b)
{
	return &b->items[b->n - 1];
}

/* Whether that namespace is in it; any of its number. */
bool baseline_knows(const struct baseline *b, const struct ns *ns);
bool baseline_has_id(const struct baseline *b, const struct netns_id *id);

/* Moves what is there of a namespace to ns->then, before it is first read. */
void baseline_recall(struct baseline *b, struct ns *ns);

/*
 * Between interval_compare() and interval_end(): takes what the namespaces that
 * it does not know yet were compared with, and notes what began to count since
 * in the others. Returns 0 or -ENOMEM.
 */
int MUST_CHECK baseline_follow(struct baseline *b, struct ns_list *list);

/*
 * Has the newest read compared with the first one, by interval_compare(). Then
 * only baseline_free() is left.
 */
void baseline_restore(struct baseline *b, struct ns_list *list);

void baseline_free(struct baseline *b);

#endif
