/* SPDX-License-Identifier: MIT */
/* --since FILE: what was lost since the look that a file has. */
#ifndef PKTLOSS_PROGRAM_SINCE_H
#define PKTLOSS_PROGRAM_SINCE_H

#include "engine/ns.h"
#include "model/settings.h"

/* The newest look, as it is to be kept. */
struct since {
	const char *path;
	char *text;
	size_t n;
};

/*
 * Behind a read: has it compared with the look in .path, by interval_compare(),
 * or with zeroes where there is none of this boot, and takes it down. whole:
 * all could be read. Returns 0 or a negative errno, and has said why.
 */
int MUST_CHECK since_begin(struct since *s, const struct settings *settings,
			   struct ns_list *list, bool whole);

/* Keeps the newest look in the file. Likewise. */
int MUST_CHECK since_end(const struct since *s);

void since_free(struct since *s);

#endif
