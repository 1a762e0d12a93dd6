/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is in a round, and how much of its time is whose. Half of what
 * collectd's own namespace leaves belongs to the others in equal parts: so much
 * each has in every round, whatever the others hold and however many they are.
 * Of the rest one half is for those that need more, no more than their share
 * each, and one for sources that took too long before and are tried again.
 *
 * The cheapest are read first: those that took no more than their part the last
 * time, in the order of the list; then what the round before had no time for;
 * then the others by what they took, what is new, and at last what has a source
 * that is to be tried again. These tries go around: one that there is no time
 * for waits, and the first that waits is the first to be tried in the next
 * round. One that was not read at all when its turn had come is the first of
 * all in the next.
 *
 * Whose part was too short for it is dear from then on: it is read whole, or
 * has to wait for the next round, and nobody keeps its part for it. Else those
 * of its sources that are asked last would never be. Pure, but for the clock
 * and the reading, which are given.
 */
#ifndef PKTLOSS_ENGINE_TURNS_H
#define PKTLOSS_ENGINE_TURNS_H

#include <stdatomic.h>

#include "engine/ns.h"

/* The time that a namespace has in a round, on CLOCK_MONOTONIC. */
struct allowance {
	uint64_t work_ns; /* for all that is not tried again; 0: any time */
	uint64_t last_ns; /* for that, beside other work, too; 0: any time */
	uint64_t try_last_ns; /* for a try; what is over: that has to wait */
};

struct turns {
	struct ns_list *list;
	uint64_t share_ns; /* the most that one may work */
	uint64_t most_ns;  /* the most that a try may take */
	uint64_t end_ns;   /* of the round; 0: it has none, nobody waits */
	uint64_t (*now)(void);
	void (*read)(void *arg, struct ns *ns, const struct allowance *a);
	void *arg;
	const atomic_bool *stop;

	/* turns.c only */
	uint64_t at_ns;		 /* now, as it was after the newest read */
	uint64_t first_end_ns;	 /* until then what was left out goes first */
	uint64_t regular_end_ns; /* from then on there are only tries */
	uint64_t part_ns;	 /* that each has for sure */
	size_t behind;	  /* how many are yet to be read, but dear ones */
	uint64_t classes; /* that occur, see turns.c */
	bool any_read, any_tried;
};

/*
 * Reads collectd's own namespace, then at least one other, and all for which
 * there is time. Returns how many there was none for.
 */
size_t turns_take(struct turns *t);

#endif
