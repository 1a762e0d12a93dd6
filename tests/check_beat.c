/* SPDX-License-Identifier: MIT */
/* When pktloss(8) looks again. */
#include "program/beat.h"
#include "testlib.h"

CASE(beat);

static const struct {
	const char *what;
	unsigned beat, looked, now, next; /* the interval is 100 */
} beats[] = {
	{"in time", 1000, 1000, 1001, 1100},
	{"a read that takes most of an interval", 1000, 1000, 1099, 1100},
	{"a read that takes all of it", 1000, 1000, 1100, 1100},
	{"one that takes longer: the beat that it missed is left out", 1000,
	 1000, 1101, 1200},
	{"woken up a little late", 1000, 1030, 1031, 1100},
	{"woken up very late: the next beat would be too near", 1000, 1060,
	 1061, 1200},
	{"stopped for long: one look, then the beats that are to come", 1000,
	 5742, 5743, 5800},
	{"the same, right before a beat", 1000, 5799, 5799, 5900},
	{"stopped between two looks", 1000, 1000, 7777, 7800},
};

TEST_EACH(beat, missed_beats_are_left_out, ARRAY_SIZE(beats))
{
	uint64_t next =
		beat_next(beats[_i].beat, 100, beats[_i].looked, beats[_i].now);

	ck_assert_msg(next == beats[_i].next, "%s: %" PRIu64, beats[_i].what,
		      next);
}

TEST(beat, beats_keep_their_distance)
{
	uint64_t beat = 0, looked = 0, seed = 1;

	for (int i = 0; i < 1000; i++) {
		uint64_t now = looked + next_random(&seed) % 1000, before;

		before = looked;
		beat = beat_next(beat, 100, looked, now);
		ck_assert_uint_eq(beat % 100, 0);
		ck_assert_uint_ge(beat, now);
		looked = beat + next_random(&seed) % 1000;
		ck_assert_uint_ge(looked - before, 50);
	}
}
