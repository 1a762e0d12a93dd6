/* SPDX-License-Identifier: MIT */
/*
 * A look that was saved, to go on from: all that was read, and what the probes
 * remember. It is text: a line for each namespace, object and counter, its
 * fields with tabs between them, and a hash of all of it in the last.
 */
#ifndef PKTLOSS_PROGRAM_LOOK_FILE_H
#define PKTLOSS_PROGRAM_LOOK_FILE_H

#include <stdio.h>

#include "engine/sightings.h"
#include "program/baseline.h"

/* The first is set, the others are read. */
struct look_file {
	const struct hash_key *key; /* of the samples */
	struct baseline looks;
	struct baseline seen; /* ids of all that were there, without a look */
	uint64_t boot_ns;     /* CLOCK_BOOTTIME, when it was */
	bool whole;	      /* what was not seen then was not there */
};

/*
 * Takes the newest read of all namespaces down: *ret_n bytes, to be freed.
 * seen are all that were found, whole: none can have been missed. Returns 0 or
 * -ENOMEM.
 */
int MUST_CHECK look_file_print(const struct ns_list *list,
			       const struct sightings *seen, bool whole,
			       char **ret, size_t *ret_n);

/*
 * Reads it back. Returns 0; -ENOENT: it is empty; -ESTALE: it is of before the
 * last boot; -EPROTO: of another version; -EBADMSG: it is damaged; -EPROTOTYPE:
 * it was something else; or another negative errno. To be freed with
 * look_file_free(), on error, too.
 */
int MUST_CHECK look_file_read(FILE *in, struct look_file *ret);

/*
 * Opens it for reading: a regular file of this user, and no symbolic link. Its
 * error is negative errno, -ENOENT: there is none; -EPERM: it is another
 * user's; -EUCLEAN: others may write it.
 */
int MUST_CHECK look_file_open(const char *path, FILE **ret);

/* Whether look_file_replace() can write there. Returns 0 or negative errno. */
int MUST_CHECK look_file_try(const char *path);

/* Puts a text in its place, whole or not at all. Returns 0 or negative errno.
 */
int MUST_CHECK look_file_replace(const char *path, const char *text, size_t n);

void look_file_free(struct look_file *f);

#endif
