/* SPDX-License-Identifier: MIT */
/* The difference of two readings: wraps, resets, widening. */
#include "base/util.h"
#include "model/delta.h"
#include "testlib.h"

#define RESET UINT64_MAX /* no delta is expected */

static const struct {
	const char *what;
	uint64_t before, now;
	unsigned bits;
	uint64_t delta; /* RESET: none */
	uint64_t widened;
} cases[] = {
	{"64 bit, nothing new", 7, 7, 64, 0, 7},
	{"64 bit, from zero", 0, 5, 64, 5, 5},
	{"64 bit, above 32 bit", 0xfffffff0, 0x10000000f, 64, 0x1f,
	 0x10000000f},
	{"64 bit, to its end", UINT64_MAX - 1, UINT64_MAX, 64, 1, UINT64_MAX},
	{"64 bit, backwards by one", 8, 7, 64, RESET, 7},
	{"64 bit, to zero", 1, 0, 64, RESET, 0},
	{"64 bit does not wrap", UINT64_MAX, 3, 64, RESET, 3},
	{"64 bit, backwards as a 32 bit wrap", 0xfffffff0, 5, 64, RESET, 5},
	{"32 bit, nothing new", 7, 7, 32, 0, 7},
	{"32 bit, from zero", 0, 5, 32, 5, 5},
	{"32 bit, to its end", 0, UINT32_MAX, 32, UINT32_MAX, UINT32_MAX},
	{"32 bit, wrap by one", UINT32_MAX, 0, 32, 1, 0x100000000},
	{"32 bit, wrap", 0xfffffff0, 5, 32, 21, 0x100000005},
	{"32 bit, wrap by just less than a quarter", 0xc0000001, 0, 32,
	 0x3fffffff, 0x100000000},
	{"32 bit, wrap by a quarter is a reset", 0xc0000000, 0, 32, RESET, 0},
	{"32 bit, reset from above the middle", 3000000000, 5, 32, RESET, 5},
	{"32 bit, backwards by one", 8, 7, 32, RESET, 7},
	{"32 bit, to zero", 1000000, 0, 32, RESET, 0},
	{"widened before, grows", 0x300000010, 0x20, 32, 0x10, 0x300000020},
	{"widened before, nothing new", 0x300000010, 0x10, 32, 0, 0x300000010},
	{"widened before, wraps", 0x3fffffff0, 0x10, 32, 0x20, 0x400000010},
	{"widened before, reset", 0x300000010, 0xf, 32, RESET, 0xf},
};

CASE(delta);

TEST_EACH(delta, each_pair_of_readings_has_its_delta, ARRAY_SIZE(cases))
{
	uint64_t now = cases[_i].now, delta = 0xdead;
	bool ok;

	ok = delta_of(cases[_i].before, &now, cases[_i].bits, &delta);
	ck_assert_msg(ok == (cases[_i].delta != RESET), "%s", cases[_i].what);
	ck_assert_msg(!ok || delta == cases[_i].delta, "%s: delta %" PRIu64,
		      cases[_i].what, delta);
	ck_assert_msg(now == cases[_i].widened, "%s: now %" PRIu64,
		      cases[_i].what, now);
}

TEST(delta, counter_reset_yields_no_delta)
{
	for (unsigned bits = 32; bits <= 64; bits += 32) {
		uint64_t now = 3, delta = 0xdead;

		ck_assert(!delta_of(1000, &now, bits, &delta));
		ck_assert_uint_eq(delta, 0xdead);
		ck_assert_uint_eq(now, 3);
	}
}

/* What was counted in truth, and what is made of its lower 32 bits. */
TEST(delta, widened_counter_keeps_growing_over_many_wraps)
{
	uint64_t truth = 4000000000u, before = truth, state = 1;

	for (int i = 0; i < 10000; i++) {
		uint64_t step = next_random(&state) >> 2, delta = 0;
		uint64_t now = (uint32_t)(truth + step);

		truth += step;
		ck_assert(delta_of(before, &now, 32, &delta));
		ck_assert_uint_eq(delta, step);
		ck_assert_uint_eq(now, truth);
		before = now;
	}
	ck_assert_uint_gt(truth, UINT64_C(1000) << 32);
}

TEST(delta, counter_goes_on_after_a_reset)
{
	uint64_t now = 5, delta;

	ck_assert(!delta_of(0x200000100, &now, 32, &delta));
	ck_assert_uint_eq(now, 5);
	now = 12;
	ck_assert(delta_of(5, &now, 32, &delta));
	ck_assert_uint_eq(delta, 7);
	ck_assert_uint_eq(now, 12);
}

/* Rules may be loaded with any counters: no sum of them is undefined. */
TEST(delta, sums_stay_in_their_range)
{
	int64_t sum = 0;

	for (int i = 0; i < 40; i++)
		add_times(&sum, 1, UINT64_C(1) << 62);
	ck_assert_int_eq(sum, INT64_MAX);
	add_times(&sum, -2, UINT64_MAX);
	ck_assert_int_lt(sum, INT64_MAX);
	for (int i = 0; i < 40; i++)
		add_times(&sum, -2, UINT64_MAX);
	ck_assert_int_eq(sum, INT64_MIN);
	sum = 7;
	add_times(&sum, -1, 3);
	ck_assert_int_eq(sum, 4);
	ck_assert_int_eq(add_bounded(INT64_MIN, -1), INT64_MIN);
	ck_assert_int_eq(add_bounded(INT64_MAX, 1), INT64_MAX);
}
