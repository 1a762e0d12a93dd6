/* SPDX-License-Identifier: MIT */
/*
 * How often a source of a namespace is read that takes too long. When it has
 * used up the namespace's share of the time it is cut short; from then on it
 * has a time of its own, so that the other sources have theirs, and is tried
 * again after twice as many reads each time, with twice as much time: what it
 * has not used meanwhile. So a table that is only large is read whole in the
 * end, and one that never ends takes no more than its share. Pure.
 */
#ifndef PKTLOSS_ENGINE_PACE_H
#define PKTLOSS_ENGINE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: it is read with the others. */
struct pace {
	uint8_t n;    /* times that it took too long, without one between */
	uint8_t wait; /* reads that it is left out of */
};

/* How long it may take the next time. */
uint64_t pace_time(const struct pace *p, uint64_t share_ns);

/* Notes that it was read, or cut short, and what that took. */
void pace_note(struct pace *p, bool is_cut, uint64_t took_ns,
	       uint64_t share_ns);

#endif
