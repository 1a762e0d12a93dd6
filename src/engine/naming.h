/* SPDX-License-Identifier: MIT */
/* Names by the container of a process, within a time. */
#ifndef PKTLOSS_ENGINE_NAMING_H
#define PKTLOSS_ENGINE_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct naming {
	uint64_t budget_ns;   /* 0: no limit */
	uint64_t deadline_ns; /* CLOCK_MONOTONIC, 0: it has not begun */
	bool any_unnamed;     /* a process was not asked, for lack of time */
};

/* Whether there is time for one more: for the first one there always is. */
bool naming_has_time(struct naming *n);

/*
 * The name of the container that a process is in. Returns false with name the
 * container's short id, or "" where it is in none.
 */
bool naming_by_process(const char *proc_root, pid_t pid, char *name,
		       size_t size);

#endif
