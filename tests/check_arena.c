/* SPDX-License-Identifier: MIT */
/* Memory that is given back at once. */
#include <errno.h>

#include "base/arena.h"
#include "testlib.h"

CASE(arena);

TEST(arena, begins_with_what_it_is_given)
{
	_Alignas(8) char buffer[64];
	struct arena a = {.at = buffer, .left = sizeof(buffer)};
	char *p;

	memset(buffer, 7, sizeof(buffer));
	for (int i = 0; i < 4; i++) {
		p = arena_alloc(&a, 9); /* that is two words */
		ck_assert_ptr_eq(p, buffer + i * 16);
		for (int j = 0; j < 16; j++)
			ck_assert_int_eq(p[j], 0);
	}
	ck_assert_ptr_null(a.pieces);
	p = arena_alloc(&a, 1);
	ck_assert_ptr_nonnull(p);
	ck_assert(p < buffer || p >= buffer + sizeof(buffer));
	ck_assert_int_eq(a.error, 0);
	arena_free(&a);
	ck_assert_ptr_null(a.pieces);
}

TEST(arena, ends_somewhere)
{
	struct arena a = {.left = 0};
	unsigned n = 0;

	while (arena_alloc(&a, 16 << 20))
		ck_assert_uint_lt(++n, 1000);
	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(a.error, -E2BIG);
	/* and keeps that in mind, whatever is asked for */
	ck_assert_ptr_null(arena_alloc(&a, 1 << 20));
	ck_assert_int_eq(a.error, -E2BIG);
	arena_free(&a);
}
