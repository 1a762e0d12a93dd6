/* SPDX-License-Identifier: MIT */
/*
 * The network namespaces of processes, remembered. Asking for the namespace
 * of one process costs 7 to 16 us, listing it 0.5 us, so a scan asks only for
 *
 *   - processes that are new, and once more in the next scan: a runtime may
 *     fork first and unshare then;
 *   - those whose inode number in /proc is another: the kernel gives every
 *     process a new one, so a pid that was used again is told;
 *   - one in PROCESSES_TURNS of the rest.
 *
 * The price: a process that moves to another namespace late in its life, and
 * is the only way into it, is found up to PROCESSES_TURNS scans later; so is
 * one in a namespace that is wanted only for a name it gets that late.
 * 2 x 32 bytes a process are kept, of however many: the kernel, too, has no
 * more than pid_max of them.
 */
#ifndef PKTLOSS_ENGINE_PROCESSES_H
#define PKTLOSS_ENGINE_PROCESSES_H

#include <stdint.h>

#include "kernel/netns.h"

#define PROCESSES_TURNS 20

struct process {
	struct netns_id id; /* all 0: it may not be known */
	ino_t entry;	    /* of its directory in /proc */
	pid_t pid;
	bool young;    /* was new in the last scan */
	bool skipped;  /* its visitor does not want to see it again */
	bool nameless; /* or has seen that it gives no name */
};

/* Sorted by pid as /proc is. */
struct process_list {
	struct process *items;
	size_t n, max;
};

/* Zeroed is empty. */
struct processes {
	struct process_list now, before; /* of this scan and the last */
	unsigned turn;
	bool denied; /* it may not be known of some which namespace they are in
		      */
	int error;   /* why else it is not, negative errno; or 0 */
};

/*
 * Brings the list up to date. Returns 0, -ENOMEM, or the negative errno of
 * listing proc_root; on error the list stays as it was.
 */
int MUST_CHECK processes_scan(struct processes *p, const char *proc_root);

/*
 * Visits the namespace of every process of the list, one visit per process;
 * no system call. What visit returned as a hint is heeded until a scan asks
 * for the namespace of the process again. Returns 0 or the negative errno that
 * visit returned.
 */
int MUST_CHECK processes_visit(struct processes *p, const char *proc_root,
			       netns_visit visit, void *arg);

/* Has the namespace of a process asked for again by the next scan. */
void processes_forget(struct processes *p, pid_t pid);

void processes_free(struct processes *p);

#endif
