/* SPDX-License-Identifier: MIT */
/*
 * Memory that is given back all at once. It begins in the caller's buffer and
 * goes on in pieces of its own, so that what fits there allocates nothing.
 */
#ifndef PKTLOSS_BASE_ARENA_H
#define PKTLOSS_BASE_ARENA_H

#include "base/deadline.h"

#include <stddef.h>

struct arena {
	char *at; /* of the caller's buffer, aligned to 8, or NULL */
	size_t left;
	struct arena_piece *pieces;
	size_t allocated;
	struct deadline *deadline; /* of who fills it, or NULL */
	int error; /* -ENOMEM, -E2BIG past 64 MiB, -ETIME, or 0 */
};

/* Zeroed bytes, aligned to 8; NULL, and error is set. */
void *arena_alloc(struct arena *a, size_t size);

/* How many bytes it may still take. */
size_t arena_room(const struct arena *a);

/* Gives back what was allocated; the buffer stays the caller's. */
void arena_free(struct arena *a);

#endif
