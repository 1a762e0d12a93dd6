/* SPDX-License-Identifier: MIT */
/*
 * A look that was saved, to compare the next one with. It is text: a line for
 * each namespace, object and counter, its fields with tabs between them, and a
 * hash of all of it in the last.
 */
#ifndef PKTLOSS_PROGRAM_LOOK_FILE_H
#define PKTLOSS_PROGRAM_LOOK_FILE_H

#include <stdio.h>

#include "program/baseline.h"

/* The first two are set, the others are read. */
struct look_file {
	const struct hash_key *key; /* of the samples */
	const char *wanted;	    /* the namespaces that were asked for */
	struct baseline looks;
	uint64_t boot_ns; /* CLOCK_BOOTTIME, when it was */
	bool whole;	  /* what is wanted now and not in it was not there */
};

/*
 * Takes the newest read of all namespaces down: *ret_n bytes, to be freed.
 * whole: of those that were wanted none could not be read. Returns 0 or
 * -ENOMEM.
 */
int MUST_CHECK look_file_print(const struct ns_list *list, const char *wanted,
			       bool whole, char **ret, size_t *ret_n);

/*
 * Reads it back. Returns 0; -ESTALE: it is of before the last boot; -EBADMSG:
 * it is damaged, or of another version; or another negative errno. To be freed
 * with look_file_free(), on error, too.
 */
int MUST_CHECK look_file_read(FILE *in, struct look_file *ret);

/*
 * Opens it for reading: a regular file of this user, and no symbolic link. Its
 * error is negative errno, -ENOENT: there is none; -EPERM: it is another
 * user's.
 */
int MUST_CHECK look_file_open(const char *path, FILE **ret);

/* Puts a text in its place, whole or not at all. Returns 0 or negative errno.
 */
int MUST_CHECK look_file_replace(const char *path, const char *text, size_t n);

void look_file_free(struct look_file *f);

#endif
