/* SPDX-License-Identifier: MIT */
/* Alarms over a restart: what there is to read from StateFile, and to write. */
#ifndef PKTLOSS_REPORT_ALARM_MEMORY_H
#define PKTLOSS_REPORT_ALARM_MEMORY_H

#include "engine/ns.h"
#include "report/alarm_file.h"

/* Zeroed it has not begun. */
struct alarm_memory {
	struct alarm_file unclaimed; /* raised before the restart, not since */
	uint64_t first_ns;    /* mono_ns of the first read reported, or 0 */
	bool was_read;	      /* the file */
	bool unsaved;	      /* alarms are others than in the file */
	const char *path;     /* of it */
	const char *use;      /* "read" or "written", and why it cannot be: */
	int error;	      /* negative errno, or 0 */
	const char *distrust; /* of it, of -EPERM, see file_distrust() */
	bool logged;	      /* and that is in the log */
};

/* Gives a loss that is seen for the first time its state back. Pure. */
void alarm_memory_claim(struct alarm_memory *m, const struct ns *ns,
			struct loss *loss);

/*
 * Whether it is time to give up what is unclaimed, in a report of that time
 * (CLOCK_MONOTONIC: while the host sleeps nothing comes back), 0 where nothing
 * was read. Pure.
 */
bool alarm_memory_is_stale(struct alarm_memory *m, uint64_t mono_ns);

/* Reads the file at first, then writes it where that is due. NULL: none. */
void alarm_memory_keep(struct alarm_memory *m, const char *path,
		       const struct ns_list *list);

/*
 * Writes what is wrong with the file, each time that it begins to be. Returns
 * false: nothing, or it was told.
 */
bool alarm_memory_complaint(struct alarm_memory *m, char text[256]);

void alarm_memory_free(struct alarm_memory *m);

#endif
