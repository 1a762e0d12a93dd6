/* SPDX-License-Identifier: MIT */
/* Names by the container of a process, within a time. */
#ifndef PKTLOSS_ENGINE_NAMING_H
#define PKTLOSS_ENGINE_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/container.h"
#include "kernel/netns.h"

struct naming {
	uint64_t budget_ns;   /* 0: no limit */
	uint64_t deadline_ns; /* CLOCK_MONOTONIC, 0: it has not begun */
	bool any_unnamed;     /* a process was not asked, for lack of time */
};

/* Whether there is time for one more: for the first one there always is. */
bool naming_has_time(struct naming *n);

/* How good a name is: of two namespaces with one name the better one has it. */
enum naming_grade {
	NAMING_NONE, /* "": nothing is known of it */
	NAMING_UNIT, /* the service of systemd that it is in, or the like */
	NAMING_ID,   /* the container's short id */
	NAMING_NAME, /* of the container, and no more than its cgroup says so */
	NAMING_RECORD, /* what its runtime has written down */
	NAMING_FILE,   /* of a person's file in /run/netns */
};

/*
 * Whether a process is still in the namespace it was found in: what is
 * remembered of it may be old, and its pid another's. To be asked before its
 * name is, and once more behind that. Returns 0, -ESTALE: it is not, or has
 * ended; or another negative errno: that cannot be told now.
 */
int MUST_CHECK naming_check(const struct netns_found *found);

/*
 * The container that a process is in: its id, or the name of one that has no
 * id. Returns false where it is in none, or that cannot be read.
 */
bool naming_container(const char *proc_root, pid_t pid, struct container *ret);

/* What a namespace may be called after a process that is in it. */
enum naming_grade naming_by_process(const char *proc_root, pid_t pid,
				    char *name, size_t size);

#endif
