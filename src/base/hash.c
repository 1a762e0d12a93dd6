/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 of Jean-Philippe Aumasson and Daniel J. Bernstein, whose
 * reference (https://github.com/veorq/SipHash) is in the public domain (CC0).
 * This is written after its description, and compared with its test vectors.
 */
#include "base/hash.h"

#include <string.h>

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void mix_rounds(uint64_t v[4], unsigned rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void take_word(struct hash *h, uint64_t word)
{
	h->v[3] ^= word;
	mix_rounds(h->v, 2);
	h->v[0] ^= word;
}

struct hash hash_begin(const struct hash_key *key)
{
	static const struct hash_key none;
	const uint64_t *k = key ? key->words : none.words;

	return (struct hash) {
		.v = {k[0] ^ UINT64_C(0x736f6d6570736575),
		      k[1] ^ UINT64_C(0x646f72616e646f6d),
		      k[0] ^ UINT64_C(0x6c7967656e657261),
		      k[1] ^ UINT64_C(0x7465646279746573)},
	};
}

void hash_add(struct hash *h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n--) {
		h->tail |= (uint64_t)*p++ << 8 * (h->n++ % 8);
		if (h->n % 8)
			continue;
		take_word(h, h->tail);
		h->tail = 0;
	}
}

void hash_name(struct hash *h, const char *text)
{
	hash_add(h, text, strlen(text) + 1);
}

uint64_t hash_end(struct hash *h)
{
	take_word(h, h->tail | (uint64_t)h->n << 56);
	h->v[2] ^= 0xff;
	mix_rounds(h->v, 4);
	return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}
