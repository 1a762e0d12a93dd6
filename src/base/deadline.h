/* SPDX-License-Identifier: MIT */
/*
 * Until when something may go on: up to a time, or until somebody wants it to
 * stop. Whoever does the work asks often, and most times that is an addition:
 * the clock is looked at once in a while. It comes with the deadline, so that
 * pure code may ask, and a test has a clock of its own.
 *
 * Time that is given is time to work. Where others have the processor for most
 * of it, that is not held against what is done: there is more, up to a limit.
 */
#ifndef PKTLOSS_BASE_DEADLINE_H
#define PKTLOSS_BASE_DEADLINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Zeroed there is no end. */
struct deadline {
	uint64_t (*now)(void);	  /* CLOCK_MONOTONIC, in nanoseconds */
	uint64_t (*worked)(void); /* of this thread, or NULL: always */
	uint64_t end_ns;	  /* 0: there is none */
	uint64_t work_end_ns;	  /* as worked() counts */
	uint64_t more_ns;	  /* if there was other work */
	uint64_t last_ns;	  /* but no later than that; 0: any time */
	const atomic_bool *stop;  /* or NULL */
	unsigned asked;
	bool is_over; /* it was found to be, and stays so */
};

/* Looks at the clock. NULL is never over. */
bool deadline_is_over(struct deadline *d);

#define DEADLINE_STEPS 16

/* The same for a step of many: looks at the clock at each sixteenth. */
static inline bool deadline_step(struct deadline *d)
{
	if (!d)
		return false;
	return d->is_over ||
	       (++d->asked % DEADLINE_STEPS == 0 && deadline_is_over(d));
}

/* Gives it some time from now on, 0: all there is. */
void deadline_give(struct deadline *d, uint64_t time_ns);

/* What was worked so far: differences of it count. */
uint64_t deadline_worked(const struct deadline *d);

#endif
