/* SPDX-License-Identifier: MIT */
/* The alarm's state machine: told histories, and many random ones. */
#include "model/alarm.h"
#include "testlib.h"

/* As the built-in defaults. */
#define LIKE_DEFAULTS                                                          \
	.failure = 1.0, .minimum_lost = 10, .hits = 2, .hysteresis = 20

static const struct limits defaults = {LIKE_DEFAULTS, .warning = 0.1,
				       .hits_okay = 3};
static const struct limits persistent = {LIKE_DEFAULTS, .warning = 0.1,
					 .hits_okay = 3, .persist = true};
static const struct limits only_failure = {LIKE_DEFAULTS, .warning = NAN,
					   .hits_okay = 3};
static const struct limits never = {
	.warning = NAN, .failure = NAN, .hits = 1, .hits_okay = 1};
static const struct limits immediate = {
	.warning = 0.1, .failure = 1.0, .hits = 1, .hits_okay = 1};

static void cleanup_alarm(struct alarm *alarm)
{
	alarm_forget(alarm);
}

#define _cleanup_alarm_ __attribute__((cleanup(cleanup_alarm)))

/* An interval of ten seconds. */
static bool step(struct alarm *alarm, const struct limits *limits,
		 double percent, uint64_t lost, enum severity cap)
{
	struct evidence interval = {
		.seconds = 10,
		.lost = lost,
		.total = percent > 0 ? (double)lost * 100 / percent : 100000,
		.percent = percent,
	};

	return alarm_step(alarm, limits, &interval, cap);
}

/*
 * A history is a word of intervals, what they say under the defaults:
 *   0 nothing lost   a 0.09 %   b 0.5 %   c 0.9 %   f 50 %   ? unknown
 *   B and F: as b and f, but too few packets lost
 * and below each what is notified then: - nothing, O, W, F. Behind a '!' all
 * causes are guesses, which are capped at WARNING.
 */
static double percent_of(char c)
{
	switch (c) {
	case '0':
		return 0;
	case 'a':
		return 0.09;
	case 'b':
	case 'B':
		return 0.5;
	case 'c':
		return 0.9;
	case 'f':
	case 'F':
		return 50;
	default:
		return NAN;
	}
}

static uint64_t lost_of(char c)
{
	if (c == 'B' || c == 'F')
		return 9;
	return c == '0' ? 0 : 10;
}

static const struct {
	const char *what;
	const struct limits *limits;
	const char *intervals, *notified;
} histories[] = {
	{"nothing is said of nothing", &defaults, "00000", "-----"},
	{"below the limit", &defaults, "aaaaa", "-----"},
	{"the second hit raises", &defaults, "bbbb", "-W--"},
	{"the second hit raises at once to the top", &defaults, "fff", "-F-"},
	{"a hit between good ones", &defaults, "f0f00f", "------"},
	{"hits are consecutive", &defaults, "bb0bb", "-W---"},
	{"hits of different levels", &defaults, "bf", "-F"},
	{"hits of different levels, down", &defaults, "fb", "-W"},
	{"escalation is immediate", &defaults, "bbf", "-WF"},
	{"three good ones recover", &defaults, "ff000", "-F--O"},
	{"good ones are consecutive", &defaults, "ff00f000", "-F-----O"},
	{"it is okay once", &defaults, "ff000000", "-F--O---"},
	{"it can rise again", &defaults, "ff000ff", "-F--O-F"},
	{"hysteresis holds a warning", &defaults, "bbaaaaa", "-W-----"},
	{"hysteresis holds a failure", &defaults, "ffccccc", "-F-----"},
	{"a failure gets better", &defaults, "ffbbb", "-F--W"},
	{"a warning is not entered without one", &defaults, "ff0b0", "-F---"},
	{"nor delays the way to okay", &defaults, "ffb000", "-F---O"},
	{"good ones count from the last bad", &defaults, "ff0b000", "-F----O"},
	{"a failure gets better in two steps", &defaults, "ffbbb000",
	 "-F--W--O"},
	{"a rise restarts the way down", &defaults, "bb00f000", "-W--F--O"},
	{"unknown is no hit", &defaults, "f?f", "--F"},
	{"unknown raises nothing", &defaults, "?????", "-----"},
	{"unknown recovers nothing", &defaults, "ff????", "-F----"},
	{"unknown is no break either", &defaults, "ff0?0?0", "-F----O"},
	{"too few packets never raise", &defaults, "FFFFF", "-----"},
	{"too few packets break the hits", &defaults, "fFfF", "----"},
	{"too few packets do not escalate", &defaults, "bbFFF", "-W---"},
	{"too few packets do not recover", &defaults, "ffFFFFF", "-F-----"},
	{"too few packets still get better", &defaults, "ffBBB", "-F--W"},
	{"a guess raises a warning", &defaults, "!fffff", "-W---"},
	{"a guess does not escalate", &defaults, "!bbfff", "-W---"},
	{"a guess recovers", &defaults, "!ff000", "-W--O"},
	{"persistence repeats", &persistent, "ffff", "-FFF"},
	{"persistence repeats in both states", &persistent, "bbff", "-WFF"},
	{"persistence ends", &persistent, "ff0000", "-F--O-"},
	{"persistence says nothing of good", &persistent, "000a", "----"},
	{"persistence says nothing of unknown", &persistent, "ff??", "-F--"},
	{"no warning limit", &only_failure, "bbbbff", "-----F"},
	{"no warning limit, down", &only_failure, "ffbbb", "-F--O"},
	{"no limits", &never, "ffff", "----"},
	{"one hit", &immediate, "f0b0", "FOWO"},
};

static char notified(const struct alarm *alarm)
{
	return "OWF"[alarm->state];
}

CASE(threshold);

TEST_EACH(threshold, each_history_has_its_notifications, ARRAY_SIZE(histories))
{
	const char *intervals = histories[_i].intervals;
	bool guess = intervals[0] == '!';
	enum severity cap = guess ? SEVERITY_WARNING : SEVERITY_FAILURE;
	_cleanup_alarm_ struct alarm alarm = {0};
	char said[32] = "";

	intervals += guess;
	for (size_t i = 0; intervals[i]; i++) {
		bool due = step(&alarm, histories[_i].limits,
				percent_of(intervals[i]), lost_of(intervals[i]),
				cap);

		said[i] = due ? notified(&alarm) : '-';
	}
	ck_assert_msg(!strcmp(said, histories[_i].notified), "%s: %s gives %s",
		      histories[_i].what, intervals, said);
}

TEST(threshold, failure_with_a_lost_cause_falls_to_the_cap)
{
	_cleanup_alarm_ struct alarm alarm = {0};
	bool due = false;

	for (int i = 0; i < 2; i++)
		due = step(&alarm, &defaults, 50, 100, SEVERITY_FAILURE);
	ck_assert(due);
	for (int i = 0; i < 3; i++)
		due = step(&alarm, &defaults, 50, 100, SEVERITY_WARNING);
	ck_assert(due);
	ck_assert_int_eq(alarm.state, SEVERITY_WARNING);
}

TEST(threshold, limit_itself_is_no_violation)
{
	_cleanup_alarm_ struct alarm alarm = {0};

	for (int i = 0; i < 5; i++)
		ck_assert(!step(&alarm, &defaults, 0.1, 100, SEVERITY_FAILURE));
}

TEST(threshold, recovery_needs_the_hysteresis)
{
	static const struct {
		double percent;
		bool recovers;
	} cases[] = {
		{0.099, false}, {0.081, false}, {0.08, true}, {0.05, true}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_alarm_ struct alarm alarm = {
			.state = SEVERITY_WARNING};
		bool due = false;

		for (int j = 0; j < 3; j++)
			due = step(&alarm, &defaults, cases[i].percent, 100,
				   SEVERITY_FAILURE);
		ck_assert_msg(due == cases[i].recovers, "%g", cases[i].percent);
	}
}

TEST(threshold, flapping_never_raises)
{
	_cleanup_alarm_ struct alarm alarm = {0};

	for (int i = 0; i < 600; i++)
		ck_assert(!step(&alarm, &defaults, i % 2 ? 50 : 0, 1000,
				SEVERITY_FAILURE));
}

TEST(threshold, flapping_never_recovers)
{
	_cleanup_alarm_ struct alarm alarm = {.state = SEVERITY_FAILURE};

	for (int i = 0; i < 600; i++)
		ck_assert(!step(&alarm, &defaults, i % 3 ? 0 : 50, 1000,
				SEVERITY_FAILURE));
}

static struct limits random_limits(uint64_t *state)
{
	struct limits l = {
		.warning = next_random(state) % 4 ? 0.1 : NAN,
		.failure = next_random(state) % 4 ? 1.0 : NAN,
		.minimum_lost = next_random(state) % 2 * 10,
		.hits = 1 + next_random(state) % 4,
		.hits_okay = 1 + next_random(state) % 4,
		.hysteresis = next_random(state) % 3 * 20,
		.persist = next_random(state) % 2,
	};

	return l;
}

static double random_percent(uint64_t *state)
{
	static const double percents[] = {0,	0,   0, 0.05, 0.09,
					  0.11, 0.5, 1, 30,   100};
	unsigned i = next_random(state) % (ARRAY_SIZE(percents) + 1);

	return i < ARRAY_SIZE(percents) ? percents[i] : NAN;
}

/* Whether the state may have become what it is. */
static bool is_lawful(uint8_t before, uint8_t after, bool due, bool persist,
		      double percent)
{
	if (after > SEVERITY_FAILURE || (isnan(percent) && due))
		return false;
	if (after != before)
		return due;
	return !due || (persist && after != SEVERITY_OKAY);
}

/* Whether a rise has its reason; what is no rise has. */
static bool is_justified(uint8_t before, uint8_t after,
			 const struct limits *limits, double percent,
			 uint64_t lost)
{
	if (after <= before)
		return true;
	return lost >= limits->minimum_lost &&
	       (percent > limits->failure ||
		(after == SEVERITY_WARNING && percent > limits->warning));
}

static void live(struct alarm *alarm, const struct limits *limits,
		 uint64_t *state)
{
	bool lawful = true, justified = true;

	for (int i = 0; i < 100; i++) {
		uint8_t before = alarm->state;
		double percent = random_percent(state);
		uint64_t lost = next_random(state) % 20;
		enum severity cap = 1 + next_random(state) % 2;
		bool due = step(alarm, limits, percent, lost, cap);

		lawful &= is_lawful(before, alarm->state, due, limits->persist,
				    percent);
		justified &= is_justified(before, alarm->state, limits, percent,
					  lost) &&
			     (alarm->state <= before || alarm->state <= cap);
	}
	ck_assert(lawful);
	ck_assert(justified);
}

TEST(threshold, random_histories_notify_of_changes_only)
{
	uint64_t state = 42;

	for (int i = 0; i < 5000; i++) {
		struct limits limits = random_limits(&state);
		_cleanup_alarm_ struct alarm alarm = {0};

		live(&alarm, &limits, &state);
	}
}

TEST(threshold, good_intervals_end_any_alarm)
{
	uint64_t state = 43;

	for (int i = 0; i < 5000; i++) {
		struct limits limits = random_limits(&state);
		_cleanup_alarm_ struct alarm alarm = {0};

		live(&alarm, &limits, &state);
		for (unsigned j = 0; j < limits.hits_okay; j++)
			(void)step(&alarm, &limits, 0, 0, SEVERITY_FAILURE);
		ck_assert_int_eq(alarm.state, SEVERITY_OKAY);
	}
}

TEST(threshold, alarm_of_good_intervals_alone_ends_in_time)
{
	for (unsigned hits_okay = 1; hits_okay < 6; hits_okay++) {
		struct limits limits = {LIKE_DEFAULTS, .warning = 0.1,
					.hits_okay = hits_okay};
		_cleanup_alarm_ struct alarm alarm = {0};

		for (int i = 0; i < 5; i++)
			(void)step(&alarm, &limits, 50, 1000, SEVERITY_FAILURE);
		for (unsigned i = 1; i < hits_okay; i++)
			ck_assert(
				!step(&alarm, &limits, 0, 0, SEVERITY_FAILURE));
		ck_assert(step(&alarm, &limits, 0, 0, SEVERITY_FAILURE));
		ck_assert_int_eq(alarm.state, SEVERITY_OKAY);
	}
}
