/* SPDX-License-Identifier: MIT */
/*
 * Hashes of names that somebody else chose. Who does not know the key cannot
 * make up names that meet in a table (base/table.h). What has to stay the same
 * after a restart, or tells whether something is still what it was, is hashed
 * without a key: hash_bytes() in base/util.h. Pure.
 *
 *   struct hash h = hash_begin(key);
 *   hash_name(&h, name);
 *   at = hash_end(&h);
 */
#ifndef PKTLOSS_BASE_HASH_H
#define PKTLOSS_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Random bytes; all 0 where nobody has to be kept from guessing. */
struct hash_key {
	uint64_t words[2];
};

struct hash {
	uint64_t v[4];
	uint64_t tail; /* bytes that do not make up a word yet */
	size_t n;      /* bytes so far */
};

/* key may be NULL: all 0. */
struct hash hash_begin(const struct hash_key *key);
void hash_add(struct hash *h, const void *bytes, size_t n);
/* A text with its NUL, so that two of them are not one. */
void hash_name(struct hash *h, const char *text);
uint64_t hash_end(struct hash *h);

#endif
