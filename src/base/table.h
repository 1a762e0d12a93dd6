/* SPDX-License-Identifier: MIT */
/*
 * Finds things again by a hash of their names. The things stand in an array of
 * the caller's, the table has their indices, and grows with them. Hashes are to
 * be those of base/hash.h where somebody else chose the names, and no more than
 * a few things are to have the same one. Pure.
 *
 *   EACH_HASHED (&t, hash, i)
 *           if (!strcmp(items[i].name, name))
 *                   return &items[i];
 */
#ifndef PKTLOSS_BASE_TABLE_H
#define PKTLOSS_BASE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

struct table_slot {
	uint32_t hash;
	uint32_t item; /* 1 + its index, 0: nothing */
};

/* Zeroed is empty. */
struct table {
	struct table_slot *slots;
	uint32_t n, max; /* slots in use, and all: a power of two, or 0 */
};

/* Adds an item. Returns false, with all as it was, when there is no memory. */
bool MUST_CHECK table_add(struct table *t, uint64_t hash, uint32_t item);
/* Empties it, keeps its memory as far as that is in use. */
void table_clear(struct table *t);
void table_free(struct table *t);

/* Of EACH_HASHED: the next item from *at on, which moves behind it. */
bool table_next(const struct table *t, uint64_t hash, uint32_t *at,
		uint32_t *ret);

#define EACH_HASHED(t, hash, i)                                                \
	for (uint32_t i##_at = (uint32_t)(hash), i;                            \
	     table_next(t, hash, &i##_at, &i);)

#endif
