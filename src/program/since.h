/* SPDX-License-Identifier: MIT */
/* --since FILE: what was lost since the look that a file has. */
#ifndef PKTLOSS_PROGRAM_SINCE_H
#define PKTLOSS_PROGRAM_SINCE_H

#include "engine/engine.h"
#include "engine/reader.h"
#include "program/look_file.h"
#include "program/summary.h"

/* Zeroed but for .path; to be freed with since_free(). */
struct since {
	const char *path;
	struct look_file file;	  /* the look before */
	struct recaller recaller; /* of the engine, as long as it reads */
	bool is_anew;		  /* there is no look to go on from */
	size_t n_new;		  /* namespaces that nothing is told of yet */
	char *text;		  /* the newest look, as it is to be kept */
	size_t n;
};

/*
 * Before the first read: has the engine go on from the look in .path, and
 * tries whether another can take its place. Returns 0 or a negative errno, and
 * has said why.
 */
int MUST_CHECK since_begin(struct since *s, struct engine *engine);

/*
 * Behind it: takes the read down, and makes it ready for interval_compare(),
 * with zeroes where there is no look to go on from. whole: no namespace can
 * have been missed. Likewise.
 */
int MUST_CHECK since_compare(struct since *s, struct engine *engine,
			     bool whole);

/* Notes the namespaces that nothing is told of this time. */
void since_note(const struct since *s, struct summary *l);

/* Keeps the newest look in the file. Likewise. */
int MUST_CHECK since_end(const struct since *s);

void since_free(struct since *s);

#endif
