/* SPDX-License-Identifier: MIT */
/*
 * Losses that the last look has no counter of any more: of a namespace that
 * ended, or a rule, qdisc or interface that was deleted meanwhile. The
 * intervals have seen them, so they are added to what was lost in all.
 */
#ifndef PKTLOSS_PROGRAM_GONE_H
#define PKTLOSS_PROGRAM_GONE_H

#include "program/summary.h"

/* What the intervals found of one namespace, added up. */
struct gone_ns {
	char name[NAME_NAMESPACE + 1]; /* the newest */
	uint64_t cookie;
	ino_t inode;
	bool is_there; /* in the summary of all */
	struct findings findings;
};

/* Zeroed is empty. */
struct gone {
	struct gone_ns *items;
	size_t n, max;
};

/* Adds the rows of an interval, before any filter. Returns 0 or -ENOMEM. */
int MUST_CHECK gone_follow(struct gone *g, const struct summary *l);

/*
 * Adds to the summary of all intervals what it lacks: of namespaces that are
 * not in it all rows, of others the losses that are not counted where they
 * were. Filter and sort it then. Returns 0 or -ENOMEM.
 */
int MUST_CHECK gone_tell(struct gone *g, struct summary *l);

void gone_free(struct gone *g);

#endif
