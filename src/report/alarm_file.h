/* SPDX-License-Identifier: MIT */
/*
 * StateFile: the alarms that are raised are kept in it, so that a restart of
 * collectd neither raises them again nor forgets to take them back.
 */
#ifndef PKTLOSS_REPORT_ALARM_FILE_H
#define PKTLOSS_REPORT_ALARM_FILE_H

#include "model/names.h"
#include "model/loss.h"

struct saved_alarm {
	char namespace[NAME_NAMESPACE + 1]; /* clean, "" for collectd's own */
	char place[NAME_INTERFACE + 1];	    /* interface, or "" */
	uint8_t layer;			    /* enum layer */
	uint8_t direction;		    /* enum direction */
	uint8_t state;			    /* SEVERITY_WARNING or _FAILURE */
	uint8_t part;			    /* enum told_part */
	uint32_t cause; /* that was told last, see cause_id(), or 0 */
};

/* What is in one. Zeroed is empty. */
struct alarm_file {
	struct saved_alarm *items;
	size_t n, max;
};

/* Appends one. Returns 0 or -ENOMEM. */
int MUST_CHECK alarm_file_add(struct alarm_file *f,
			      const struct saved_alarm *alarm);
void alarm_file_free(struct alarm_file *f);

/*
 * Parses n bytes of an alarm file into an empty *ret. Returns 0, -ENOMEM, or
 * -EBADMSG when it is not whole, byte by byte: *ret is empty then. Pure.
 */
int MUST_CHECK alarm_file_parse(const char *text, size_t n,
				struct alarm_file *ret);

/*
 * Reads an alarm file. Returns 0, -EBADMSG and -ENOMEM as above, -EFBIG for one
 * of more than 1 MiB, or as file_read_trusted() does: -ENOENT at the very first
 * start. Free *ret with alarm_file_free().
 */
int MUST_CHECK alarm_file_read(const char *path, struct alarm_file *ret);

/*
 * Writes an alarm file: all of it or nothing, by way of a file next to it whose
 * name ends in ".new". It waits for the disk. *ret_left is how many alarms did
 * not fit into the 1 MiB that can be read again. Returns 0, -EINVAL where
 * something else than a regular file is in its place, or negative errno.
 */
int MUST_CHECK alarm_file_write(const char *path, const struct alarm_file *f,
				size_t *ret_left);

/*
 * Whether one could be written: makes that file next to it, and takes it back.
 * Returns 0 or negative errno.
 */
int MUST_CHECK alarm_file_try(const char *path);

#endif
