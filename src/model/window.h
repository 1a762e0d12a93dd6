/* SPDX-License-Identifier: MIT */
/* What was lost in the last minute or so, of how much. Pure arithmetic. */
#ifndef PKTLOSS_MODEL_WINDOW_H
#define PKTLOSS_MODEL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Of an interval, or of several, one after the other. */
struct evidence {
	double seconds; /* how long */
	uint64_t lost;	/* packets */
	uint64_t eased; /* part of lost in intervals whose limits are AQM's */
	uint64_t total; /* of so many, the lost ones with them; 0: not known */
	double percent; /* lost, 0 to 100; NAN: nothing can be said */
	uint32_t hits;	/* intervals in it that violate a limit */
};

/* Short intervals share one, so that a window is a slice too long at most. */
#define WINDOW_SLICES 13

/* Zeroed it is empty. */
struct window {
	struct evidence slices[WINDOW_SLICES]; /* a ring */
	uint8_t newest, n;
};

/*
 * Adds an interval to a window of that length, in seconds. What is older goes,
 * but the newest interval stays, however long it is.
 */
void window_add(struct window *w, double length, const struct evidence *e);

/* The sum of it; percent is NAN where total is 0. */
struct evidence window_sum(const struct window *w);

#endif
