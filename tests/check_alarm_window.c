/* SPDX-License-Identifier: MIT */
/* Evidence that adds up: traffic by the packet, cut into intervals. */
#include "model/alarm.h"
#include "testlib.h"

static const struct limits limits = {
	.warning = 0.1,
	.failure = 1,
	.window = 60,
	.minimum_lost = 10,
	.hits = 2,
	.hits_okay = 3,
	.hysteresis = 20,
};

static const double intervals[] = {0.1, 0.3, 1, 2, 5, 10, 15, 20, 30};
static const double long_intervals[] = {60, 90, 300};

/* One history: its clock runs on from call to call. */
struct story {
	double interval;
	double jitter;		    /* so much of it more or less */
	const struct limits *other; /* than the default ones, or NULL */
	double time, next;	    /* seconds; of the next packet */
	uint64_t n;		    /* packets until now */
	uint64_t random;
	struct alarm alarm;
	struct evidence told; /* of the newest notification */
	unsigned raised, recovered, notified;
	/* of generated ones: */
	unsigned lost_of_ten;	      /* a bit for each of ten packets */
	double period, length, share; /* of bursts, and lost in them */
};

static void end_story(struct story *s)
{
	alarm_forget(&s->alarm);
}

#define _cleanup_story_ __attribute__((cleanup(end_story)))

/* From 0 to 1. */
static double chance(struct story *s)
{
	return next_random(&s->random) / 4294967296.0;
}

static double between(struct story *s, double least, double most)
{
	return least + (most - least) * chance(s);
}

/* As many short ones as long ones. */
static double any_interval(struct story *s, double least, double most)
{
	return exp(between(s, log(least), log(most)));
}

/* Whether the packet of that number and time is lost, of so many a second. */
typedef bool losing(struct story *s, double time);

static void count_packets(struct story *s, double rate, losing *loses,
			  struct evidence *e)
{
	for (; s->next < s->time; s->next += 1 / rate) {
		bool is_lost = loses(s, s->next);

		s->n++;
		e->total++;
		e->lost += is_lost;
	}
}

/* Goes on for an interval. Returns whether there was a notification. */
static bool pass_interval(struct story *s, double rate, losing *loses)
{
	double seconds = s->interval;
	struct evidence e;
	uint8_t before = s->alarm.state;
	const struct limits *l = s->other ? s->other : &limits;
	bool due;

	if (s->jitter)
		seconds *= 1 + s->jitter * (chance(s) * 2 - 1);
	e = (struct evidence) {.seconds = seconds};
	s->time += seconds;
	if (s->next < s->time - seconds)
		s->next = s->time - seconds;
	count_packets(s, rate, loses, &e);
	e.percent = e.total ? 100.0 * e.lost / e.total : NAN;
	due = alarm_step(&s->alarm, l, &e, SEVERITY_FAILURE);
	if (due)
		s->told = alarm_evidence(&s->alarm, l, &e);
	s->notified += due;
	s->raised += before == SEVERITY_OKAY && s->alarm.state;
	s->recovered += before && s->alarm.state == SEVERITY_OKAY;
	return due;
}

/* Returns the seconds until it is raised, or that there were. */
static double until_raised(struct story *s, double seconds, double rate,
			   losing *loses)
{
	double begin = s->time;

	while (s->time < begin + seconds - 1e-6 && !s->alarm.state)
		(void)pass_interval(s, rate, loses);
	return s->time - begin;
}

static void pass(struct story *s, double seconds, double rate, losing *loses)
{
	double begin = s->time;

	while (s->time < begin + seconds - 1e-6)
		(void)pass_interval(s, rate, loses);
}

static bool nothing(struct story *s, double time)
{
	(void)s;
	(void)time;
	return false;
}

static bool everything(struct story *s, double time)
{
	(void)s;
	(void)time;
	return true;
}

/* Three of each ten. */
static bool thirty_percent(struct story *s, double time)
{
	(void)time;
	return s->n * 3 % 10 < 3;
}

static bool thirty_at_random(struct story *s, double time)
{
	(void)time;
	return next_random(&s->random) % 10 < 3;
}

static bool half(struct story *s, double time)
{
	(void)time;
	return s->n % 2;
}

/* Of two seconds in each thirty, four of five. */
static bool in_bursts(struct story *s, double time)
{
	return fmod(time, 30) < 2 && s->n % 5;
}

CASE(window);
CASE(generated);

TEST_EACH(window, little_traffic_raises_in_a_minute, ARRAY_SIZE(intervals))
{
	_cleanup_story_ struct story s = {.interval = intervals[_i]};

	ck_assert_double_le(until_raised(&s, 600, 1, thirty_percent), 60.01);
	ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
	ck_assert_uint_ge(s.told.lost, 10);
	ck_assert_double_eq_tol(s.told.percent, 30, 10);
}

TEST_EACH(window, long_intervals_raise_when_hits_are_over,
	  ARRAY_SIZE(long_intervals))
{
	_cleanup_story_ struct story s = {.interval = long_intervals[_i]};

	ck_assert_double_eq(until_raised(&s, 6000, 1, thirty_percent),
			    2 * long_intervals[_i]);
}

TEST_EACH(window, chance_delays_it_little, ARRAY_SIZE(intervals))
{
	unsigned late = 0;

	for (unsigned i = 0; i < 200; i++) {
		_cleanup_story_ struct story s = {.interval = intervals[_i],
						  .random = i + 1};

		late += until_raised(&s, 600, 1, thirty_at_random) > 60.01;
		ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
	}
	ck_assert_uint_lt(late, 10);
}

/* Once raised it is not taken back by a few that chance let pass. */
TEST_EACH(window, loss_of_little_traffic_stays, ARRAY_SIZE(intervals))
{
	unsigned recovered = 0;

	for (unsigned i = 0; i < 100; i++) {
		_cleanup_story_ struct story s = {.interval = intervals[_i],
						  .random = i + 1};

		pass(&s, 600, 1, thirty_at_random);
		recovered += s.recovered;
	}
	ck_assert_uint_lt(recovered, 40);
}

/* 20 packets a burst, 16 of them lost. */
TEST_EACH(window, second_burst_raises, ARRAY_SIZE(intervals) - 1)
{
	_cleanup_story_ struct story s = {.interval = intervals[_i]};
	double seconds = until_raised(&s, 600, 10, in_bursts);

	ck_assert_uint_eq(s.raised, 1);
	ck_assert_double_le(seconds, 30 + fmax(2, 2 * intervals[_i]));
	if (intervals[_i] >= 2) /* else a burst is several intervals */
		ck_assert_double_ge(seconds, 30);
}

TEST_EACH(window, one_burst_raises_nothing, ARRAY_SIZE(intervals))
{
	_cleanup_story_ struct story s = {.interval = intervals[_i]};

	pass(&s, 60, 100, nothing);
	(void)pass_interval(&s, 100, half);
	pass(&s, 600, 100, nothing);
	ck_assert_uint_eq(s.raised, 0);
	ck_assert_ptr_null(s.alarm.history);
}

TEST_EACH(window, recovers_in_time_however_bad_it_was, ARRAY_SIZE(intervals))
{
	losing *const bad[] = {half, everything};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_story_ struct story s = {.interval = intervals[_i]};

		pass(&s, 120, 200, bad[i]);
		ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
		for (unsigned j = 0; j < limits.hits_okay; j++)
			(void)pass_interval(&s, 200, nothing);
		ck_assert_int_eq(s.alarm.state, SEVERITY_OKAY);
	}
}

TEST_EACH(window, long_intervals_recover_in_time, ARRAY_SIZE(long_intervals))
{
	_cleanup_story_ struct story s = {.interval = long_intervals[_i]};

	pass(&s, 1200, 10, half);
	ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
	for (unsigned j = 0; j < limits.hits_okay; j++)
		(void)pass_interval(&s, 10, nothing);
	ck_assert_int_eq(s.alarm.state, SEVERITY_OKAY);
}

/* Seconds of a loss, and then without: by chance, up to those. */
static const double flaps[][2] = {{1, 1},   {3, 10},  {10, 10}, {30, 30},
				  {60, 60}, {5, 100}, {100, 5}};

TEST_EACH(window, flapping_is_told_once_in_a_window, ARRAY_SIZE(intervals))
{
	uint64_t random = 77;

	for (unsigned i = 0; i < 20 * ARRAY_SIZE(flaps); i++) {
		const double *flap = flaps[i % ARRAY_SIZE(flaps)];
		_cleanup_story_ struct story s = {.interval = intervals[_i]};

		while (s.time < 3600) {
			pass(&s, next_random(&random) % 100 * flap[0] / 100, 50,
			     half);
			pass(&s, next_random(&random) % 100 * flap[1] / 100, 50,
			     nothing);
		}
		ck_assert_uint_le(s.raised, 2 + s.time / limits.window);
	}
}

/* A loss each fifty seconds is one alarm, and not one each time. */
TEST(window, loss_that_comes_back_is_held)
{
	_cleanup_story_ struct story s = {.interval = 1};

	for (int i = 0; i < 40; i++) {
		pass(&s, 3, 50, half);
		pass(&s, 47, 50, nothing);
	}
	ck_assert_uint_eq(s.raised, 2);
	pass(&s, 65, 50, nothing);
	ck_assert_int_eq(s.alarm.state, SEVERITY_OKAY);
}

static bool each_two_hundredth(struct story *s, double time)
{
	(void)time;
	return s->n % 200 == 0;
}

/* Nor are two that take turns: the worse is told, until a window without. */
TEST(window, failure_that_comes_back_is_held)
{
	_cleanup_story_ struct story s = {.interval = 1};

	for (int i = 0; i < 40; i++) {
		pass(&s, 5, 2000, half);
		pass(&s, 25, 2000, each_two_hundredth);
	}
	ck_assert_uint_eq(s.notified, 3);
	ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
	pass(&s, 34, 2000, each_two_hundredth);
	ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
	pass(&s, 3, 2000, each_two_hundredth);
	ck_assert_int_eq(s.alarm.state, SEVERITY_WARNING);
	pass(&s, 3, 2000, nothing);
	ck_assert_int_eq(s.alarm.state, SEVERITY_OKAY);
}

TEST(window, silence_needs_no_memory)
{
	_cleanup_story_ struct story s = {.interval = 10};

	pass(&s, 600, 10, nothing);
	ck_assert_ptr_null(s.alarm.history);
	pass(&s, 60, 10, half);
	ck_assert_ptr_nonnull(s.alarm.history);
	pass(&s, 600, 10, nothing);
	ck_assert_ptr_null(s.alarm.history);
}

/* What is behind the window is gone, and a bit more at most. */
TEST_EACH(window, forgets_what_is_old, ARRAY_SIZE(intervals))
{
	struct evidence one = {.seconds = intervals[_i], .total = 1};
	struct window w = {.n = 0};

	for (double t = 0; t < 300; t += intervals[_i])
		window_add(&w, 60, &one);
	ck_assert_double_ge(window_sum(&w).seconds, 60 - 1e-6);
	ck_assert_double_le(window_sum(&w).seconds,
			    60 + fmax(5 + intervals[_i], intervals[_i]));
}

/* ---- generated histories ---- */

/* Of seeds. Each has its Interval, its phase, its traffic. */
#define STORIES 400

static struct story begin_story(int seed, double least, double most)
{
	struct story s = {.random = (seed + 1) * 7919};

	(void)chance(&s);
	s.interval = any_interval(&s, least, most);
	s.jitter = seed % 3 ? 0.02 : 0;
	s.next = chance(&s);
	return s;
}

/* A past without a loss: of some length, or none. */
static void pass_clean(struct story *s)
{
	if (chance(s) < 0.5)
		pass(s, between(s, 0, 400), between(s, 1, 100), nothing);
}

static bool some_of_ten(struct story *s, double time)
{
	(void)time;
	return s->lost_of_ten >> s->n % 10 & 1;
}

static unsigned any_three_of_ten(struct story *s)
{
	unsigned set = 0;

	while (__builtin_popcount(set) < 3)
		set |= 1u << (int)between(s, 0, 10);
	return set;
}

static bool by_share(struct story *s, double time)
{
	(void)time;
	return chance(s) < s->share;
}

static bool burst_by_share(struct story *s, double time)
{
	return fmod(time, s->period) < s->length && chance(s) < s->share;
}

TEST(generated, thirty_percent_raise_in_a_minute)
{
	for (int i = 0; i < STORIES; i++) {
		_cleanup_story_ struct story s = begin_story(i, 0.1, 30);
		double seconds;

		pass_clean(&s);
		s.lost_of_ten = any_three_of_ten(&s);
		seconds = until_raised(&s, 600, 1, some_of_ten);
		ck_assert_msg(seconds <= 60 * (1 + s.jitter) + 0.01,
			      "%d: interval %g: %g s", i, s.interval, seconds);
		ck_assert_int_eq(s.alarm.state, SEVERITY_FAILURE);
	}
}

TEST(generated, any_long_interval_raises_when_hits_are_over)
{
	for (int i = 0; i < STORIES; i++) {
		_cleanup_story_ struct story s = begin_story(i, 34, 300);
		double seconds;

		pass_clean(&s);
		s.lost_of_ten = any_three_of_ten(&s);
		seconds = until_raised(&s, 6000, 1, some_of_ten);
		ck_assert_double_eq_tol(seconds / s.interval, 2, 0.05);
	}
}

/* Of packets enough: 16 of 20 lost in each, in half a second to three. */
TEST(generated, second_burst_of_any_kind_raises)
{
	for (int i = 0; i < STORIES; i++) {
		_cleanup_story_ struct story s = begin_story(i, 0.1, 29);
		double rate, seconds;

		s.period = 30;
		s.length = between(&s, 0.5, 3);
		s.share = 0.8;
		s.time = s.next = 30 - between(&s, 0, 27); /* then a burst */
		rate = between(&s, 20, 200) / s.length;
		seconds = until_raised(&s, 600, rate, burst_by_share);
		/* from the begin of the first to the end of the second */
		ck_assert_msg(s.time - 30 <= 30 + s.length + s.interval * 1.05,
			      "%d: interval %g, bursts of %g s: after %g s", i,
			      s.interval, s.length, seconds);
		ck_assert_uint_eq(s.raised, 1);
	}
}

/* Of any kind, over fewer intervals than Hits. */
TEST(generated, isolated_burst_below_hits_raises_nothing)
{
	for (int i = 0; i < STORIES; i++) {
		_cleanup_story_ struct story s = begin_story(i, 0.1, 300);
		struct limits more = limits;
		double rate = between(&s, 10, 2000) / s.interval;

		more.hits = 2 + i % 3;
		s.other = &more;
		s.share = between(&s, 0.01, 1);
		pass(&s, 5 * s.interval, rate, nothing);
		for (unsigned j = 1; j < more.hits; j++)
			(void)pass_interval(&s, rate, by_share);
		pass(&s, fmax(200, 3 * s.interval), rate, nothing);
		ck_assert_uint_eq(s.raised, 0);
		ck_assert_ptr_null(s.alarm.history);
	}
}

/* With as many packets that would show it if it went on. */
TEST(generated, recovers_in_hits_okay_however_bad_it_was)
{
	for (int i = 0; i < STORIES; i++) {
		_cleanup_story_ struct story s = begin_story(i, 0.1, 300);
		struct limits more = limits;
		unsigned n = 0;

		more.hits_okay = 1 + i % 5;
		s.other = &more;
		s.share = between(&s, 0.05, 1);
		pass_clean(&s);
		pass(&s, between(&s, 3, 100) * s.interval, 500 / s.interval,
		     by_share);
		if (!s.alarm.state) /* too few by chance */
			continue;
		while (s.alarm.state && n < 20) {
			(void)pass_interval(&s, 500 / s.interval, nothing);
			n++;
		}
		ck_assert_msg(n == more.hits_okay, "%d: %u, not %u", i, n,
			      more.hits_okay);
	}
}

/* A while of a random loss, none among them, after the other. */
static void flap(struct story *s, double longest)
{
	static const double shares[] = {0, 0, 0.004, 0.02, 0.5, 1};

	s->share = shares[(int)between(s, 0, ARRAY_SIZE(shares))];
	pass(s, chance(s) * longest, 3000 / fmax(s->interval, 3), by_share);
}

/* Raises, changes of severity, and recoveries: of one alarm in one window. */
#define MOST_IN_A_WINDOW 4

TEST(generated, flapping_stays_within_its_limit)
{
	for (int i = 0; i < STORIES / 8; i++) {
		_cleanup_story_ struct story s = begin_story(i, 0.1, 60);
		double longest = any_interval(&s, s.interval, 300);

		while (s.time < 1200)
			flap(&s, longest);
		ck_assert_uint_le(s.raised, 2 + s.time / limits.window);
		ck_assert_msg(s.notified <=
				      MOST_IN_A_WINDOW *
					      (2 + s.time / limits.window),
			      "%d: interval %g, %g s: %u in %g s", i,
			      s.interval, longest, s.notified, s.time);
	}
}

/* Whatever was before it: clean windows end all, and nothing is remembered. */
TEST(generated, clean_windows_end_everything)
{
	for (int i = 0; i < STORIES / 8; i++) {
		_cleanup_story_ struct story s = begin_story(i, 0.1, 300);
		double longest = any_interval(&s, s.interval, 300);

		for (int j = 0; j < 20; j++)
			flap(&s, longest);
		pass(&s, limits.window * 1.2 + 4 * s.interval, 50, nothing);
		ck_assert_int_eq(s.alarm.state, SEVERITY_OKAY);
		pass(&s, 4 * limits.window + s.interval, 50, nothing);
		ck_assert_ptr_null(s.alarm.history);
	}
}

/* ---- telling again ---- */

static bool violate(struct alarm *alarm, const struct limits *l)
{
	struct evidence e = {
		.seconds = 10, .lost = 50, .total = 100, .percent = 50};

	return alarm_step(alarm, l, &e, SEVERITY_FAILURE);
}

/*
 * The cause that loses most in each interval after the raise, and whether the
 * one told last loses still: small letters. Below it what is told.
 */
static const struct {
	const char *what, *causes, *told;
} changes[] = {
	{"the same goes on", "AAAA", "----"},
	{"another beside it", "bbbb", "----"},
	{"another instead", "BBBB", "-B--"},
	{"one interval is none", "BABA", "----"},
	{"each is told", "BBCCDD", "-B-C-D"},
	{"what was told comes back", "BBAAAAAAAA", "-B-----A--"},
	{"nothing known", "????", "----"},
	{"unknown is no break", "B?B", "--B"},
};

TEST_EACH(window, cause_that_changes_is_told, ARRAY_SIZE(changes))
{
	const char *causes = changes[_i].causes;
	struct alarm alarm = {0};
	char said[16] = "";

	(void)violate(&alarm, &limits);
	ck_assert(violate(&alarm, &limits));
	alarm_told(&alarm, 'A');
	for (size_t i = 0; causes[i]; i++) {
		uint32_t cause = causes[i] == '?' ? 0 : causes[i] & ~0x20;

		ck_assert(!violate(&alarm, &limits));
		said[i] = '-';
		if (!alarm_tells_again(&alarm, &limits, cause,
				       causes[i] & 0x20 && cause))
			continue;
		alarm_told(&alarm, cause);
		said[i] = causes[i];
	}
	alarm_forget(&alarm);
	ck_assert_msg(!strcmp(said, changes[_i].told), "%s: %s gives %s",
		      changes[_i].what, causes, said);
}

TEST(window, raised_before_a_restart_has_the_first_cause)
{
	struct alarm alarm = {.state = SEVERITY_FAILURE};

	for (int i = 0; i < 9; i++) {
		ck_assert(!violate(&alarm, &limits));
		ck_assert(!alarm_tells_again(&alarm, &limits, 7, false));
	}
	ck_assert_uint_eq(alarm_cause(&alarm), 7);
	alarm_forget(&alarm);
}

/* The cause may not be known. */
TEST_EACH(window, repeats_when_it_is_time, 2)
{
	const uint32_t cause = _i ? 7 : 0;
	struct limits repeating = limits;
	struct alarm alarm = {0};
	unsigned told = 0;

	repeating.repeat = 300;
	(void)violate(&alarm, &repeating);
	ck_assert(violate(&alarm, &repeating));
	alarm_told(&alarm, cause);
	for (int i = 0; i < 90; i++) {
		ck_assert(!violate(&alarm, &repeating));
		if (!alarm_tells_again(&alarm, &repeating, cause, cause))
			continue;
		told++;
		alarm_told(&alarm, cause);
	}
	ck_assert_uint_eq(told, 3);
	alarm_forget(&alarm);
}

/* As when another kind of loss goes on: what was told is remembered. */
TEST(window, other_packets_add_nothing_but_are_another_cause)
{
	struct alarm alarm = {0};
	bool again = false;

	(void)violate(&alarm, &limits);
	ck_assert(violate(&alarm, &limits));
	alarm_told(&alarm, 'A');
	alarm_begin_anew(&alarm);
	ck_assert_uint_eq(window_sum(&alarm.history->window).lost, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert(!violate(&alarm, &limits));
		again = alarm_tells_again(&alarm, &limits, 'B', false);
	}
	ck_assert(again);
	alarm_forget(&alarm);
}
