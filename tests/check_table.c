/* SPDX-License-Identifier: MIT */
/* Hashes with a key, and the table that grows with what is put into it. */
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/table.h"
#include "kernel/random.h"
#include "lib/test.h"

CASE(hashes);
CASE(tables);

/* Of the reference: the bytes 0, 1, 2, ... and a key of the same. */
TEST(hashes, a_hash_is_siphash)
{
	static const struct hash_key key = {
		{UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
	static const uint64_t expected[] = {
		UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd),
		UINT64_C(0x0d6c8009d9a94f5a), UINT64_C(0x85676696d7fb7e2d),
		UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
		UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137),
		UINT64_C(0x93f5f5799a932462), UINT64_C(0x9e0082df0ba9e4b0),
	};
	unsigned char bytes[15];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (unsigned n = 0; n < ARRAY_SIZE(expected); n++) {
		struct hash h = hash_begin(&key);

		hash_add(&h, bytes, n);
		ck_assert_uint_eq(hash_end(&h), expected[n]);
	}
	struct hash h = hash_begin(&key);

	hash_add(&h, bytes, 4); /* in pieces, too */
	hash_add(&h, bytes + 4, sizeof(bytes) - 4);
	ck_assert_uint_eq(hash_end(&h), UINT64_C(0xa129ca6149be45e5));
}

static uint64_t hash_of(const struct hash_key *key, const char *text)
{
	struct hash h = hash_begin(key);

	hash_name(&h, text);
	return hash_end(&h);
}

TEST(hashes, another_key_is_another_hash)
{
	static const struct hash_key zero, key = {{1, 0}};

	ck_assert_uint_eq(hash_of(NULL, "a"), hash_of(&zero, "a"));
	ck_assert_uint_ne(hash_of(&key, "a"), hash_of(&zero, "a"));
}

/* What the kernel gives, instead of that of the C library; -1: nothing yet. */
static ssize_t random_given = -1;

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
	if (random_given > 0 && flags == GRND_NONBLOCK)
		memset(buffer, 7, size);
	return random_given;
}

TEST(hashes, a_key_is_random)
{
	struct hash_key key = {{1, 2}};

	random_given = sizeof(key);
	random_key(&key);
	ck_assert_uint_eq(key.words[0], UINT64_C(0x0707070707070707));
	ck_assert_uint_eq(key.words[1], UINT64_C(0x0707070707070707));
}

/* Early in the boot there is but what each program is given. */
TEST(hashes, a_key_without_randomness_is_that_of_the_program)
{
	const void *given = (const void *)getauxval(AT_RANDOM);
	struct hash_key key = {{1, 2}};

	ck_assert_ptr_nonnull(given);
	random_key(&key);
	ck_assert_mem_eq(&key, given, sizeof(key));
}

/* Looks an item up; the number of steps that took, or 0: it is not there. */
static unsigned steps_to(const struct table *t, uint64_t hash, uint32_t item)
{
	EACH_HASHED (t, hash, i)
		if (i == item)
			return i_at - (uint32_t)hash;
	return 0;
}

TEST(tables, what_was_added_is_found_in_a_few_steps)
{
	struct table t = {.n = 0};
	unsigned steps = 0;

	for (uint32_t i = 0; i < 10000; i++)
		ck_assert(table_add(&t, i * UINT64_C(0x9e3779b97f4a7c15) >> 32,
				    i));
	for (uint32_t i = 0; i < 10000; i++) {
		uint64_t hash = i * UINT64_C(0x9e3779b97f4a7c15) >> 32;

		ck_assert_uint_gt(steps_to(&t, hash, i), 0);
		ck_assert_uint_eq(steps_to(&t, hash + 1, i), 0);
		steps += steps_to(&t, hash, i);
	}
	ck_assert_uint_lt(steps, 30000);
	ck_assert_uint_le(t.max, 40000);
	table_free(&t);
}

TEST(tables, items_of_one_hash_are_all_found)
{
	struct table t = {.n = 0};

	for (uint32_t i = 0; i < 10; i++)
		ck_assert(table_add(&t, UINT32_MAX, i));
	for (uint32_t i = 0; i < 10; i++)
		ck_assert_uint_eq(steps_to(&t, UINT32_MAX, i), i + 1);
	table_free(&t);
}

TEST(tables, a_cleared_table_is_empty_and_as_small_as_its_use)
{
	struct table t = {.n = 0};
	struct table_slot *slots;

	table_clear(&t);
	for (uint32_t i = 0; i < 10000; i++)
		ck_assert(table_add(&t, i, i));
	table_clear(&t);
	ck_assert_uint_eq(steps_to(&t, 1, 1), 0);
	ck_assert(table_add(&t, 1, 1));
	ck_assert_uint_eq(steps_to(&t, 1, 1), 1);
	table_clear(&t); /* of thousands it had one */
	ck_assert_uint_eq(t.max, 0);
	ck_assert(table_add(&t, 1, 1));
	slots = t.slots;
	table_clear(&t);
	ck_assert(table_add(&t, 1, 1));
	ck_assert_ptr_eq(t.slots, slots); /* used again */
	table_free(&t);
}

TEST(tables, an_empty_table_has_nothing)
{
	struct table t = {.n = 0};

	ck_assert_uint_eq(steps_to(&t, 0, 0), 0);
}
