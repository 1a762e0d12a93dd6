/* SPDX-License-Identifier: MIT */
#ifndef PKTLOSS_KERNEL_CLOCK_H
#define PKTLOSS_KERNEL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The time of a clock that every kernel has, in nanoseconds. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* For those who are given a clock. */
static inline uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif
