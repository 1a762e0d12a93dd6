/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a user-mode Linux, has each suspend of it be of an hour. It
 * asks for the time of day when it boots, when it falls asleep and when it
 * wakes up again; in between it counts for itself.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static int asked;
	int r = syscall(SYS_clock_gettime, clock, t);

	if (clock == CLOCK_REALTIME)
		t->tv_sec += asked++ / 2 * HOUR;
	return r;
}
