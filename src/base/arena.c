/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PIECE ((size_t)256 * 1024)
#define MAX_ALLOCATED (64u << 20)

struct arena_piece {
	struct arena_piece *next;
	max_align_t bytes[];
};

static bool add_piece(struct arena *a, size_t size)
{
	size_t n = size > PIECE ? size : PIECE;
	struct arena_piece *piece;

	if (a->allocated + n > MAX_ALLOCATED)
		a->error = -E2BIG;
	if (a->error)
		return false;
	piece = malloc(sizeof(*piece) + n);
	if (!piece) {
		a->error = -ENOMEM;
		return false;
	}
	piece->next = a->pieces;
	a->pieces = piece;
	a->at = (char *)piece->bytes;
	a->left = n;
	a->allocated += n;
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (deadline_step(a->deadline)) {
		a->error = a->error ? a->error : -ETIME;
		return NULL;
	}
	size = (size + 7) & ~(size_t)7;
	if (size > a->left && !add_piece(a, size))
		return NULL;
	p = memset(a->at, 0, size);
	a->at += size;
	a->left -= size;
	return p;
}

size_t arena_room(const struct arena *a)
{
	return a->left + MAX_ALLOCATED - a->allocated;
}

void arena_free(struct arena *a)
{
	while (a->pieces) {
		struct arena_piece *next = a->pieces->next;

		free(a->pieces);
		a->pieces = next;
	}
}
