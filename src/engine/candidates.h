/* SPDX-License-Identifier: MIT */
/*
 * Namespaces that have a file and are not read: a runtime made up the name of
 * the file and no process was asked yet for a better one, or it is not wanted.
 */
#ifndef PKTLOSS_ENGINE_CANDIDATES_H
#define PKTLOSS_ENGINE_CANDIDATES_H

#include "engine/container.h"
#include "engine/naming.h"
#include "kernel/netns.h"

struct candidate {
	struct netns_id id;
	size_t beside; /* 1 + the next one of this namespace, 0: none */
	char path[NETNS_PATH];
	char name[CONTAINER_NAME + 1]; /* the file's until there is a better */
	/* how good that is; of a file's name NAMING_NONE */
	enum naming_grade grade;
	bool found;	   /* by the newest scan of the names */
	bool waits;	   /* for a process with a better name */
	unsigned asked;	   /* processes without one */
	pid_t resident;	   /* the process that was asked last, or 0 */
	uint64_t since_ns; /* CLOCK_MONOTONIC, when it was found */
};

/* Zeroed is empty. */
struct candidates {
	struct candidate *items;
	size_t n, max;
};

/*
 * Forgets what the last scan of the names did not find; the others are kept,
 * not found by the next one yet and beside none.
 */
void candidates_restart(struct candidates *c);

/*
 * Puts one, by its index, beside those of its namespace, of which *first is
 * the first: 1 + its index, or 0.
 */
void candidates_link(struct candidates *c, size_t *first, size_t i);

/*
 * Keeps what was found by a file, beside *first, until the names are scanned
 * again. Returns NULL: there is no room for it.
 */
struct candidate *candidates_keep(struct candidates *c, size_t *first,
				  const struct netns_found *found);

/*
 * One of those beside first that the scan has found, if possible one that
 * waits. Returns NULL: there is none.
 */
struct candidate *candidates_find(const struct candidates *c, size_t first);

/* Whether any waits for a name. */
bool candidates_wait(const struct candidates *c);

/*
 * Whether that process had the name which c waits for; then c has it. What
 * else it says of a name is kept, should no process have a better one.
 */
bool candidate_ask(struct candidate *c, const char *proc_root,
		   const struct netns_found *found);

/*
 * Has c wait no longer: it keeps the best name there is. That is never what
 * docker called the file, which nobody else shows.
 */
void candidate_settle(struct candidate *c);

#endif
