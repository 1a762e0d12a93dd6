/* SPDX-License-Identifier: MIT */
/*
 * Stories by chance: many alarms over many reads, and what holds of all that is
 * told of them.
 */
#include "probes/link/link.h"
#include "report_lab.h"

#define MAX_TOLD_AT_ONCE 20
#define NAMESPACES 3
#define PLACES 20

static const char *const counters[] = {"rx_missed_errors", "rx_crc_errors",
				       "rx_fifo_errors"};
enum {
	N_COUNTERS = ARRAY_SIZE(counters)
};

/* How an interface fares for a while: so many of a thousand, by which. */
struct place {
	uint64_t passed, lost[N_COUNTERS];
	unsigned rate[N_COUNTERS], left; /* reads until it changes */
	bool idle;			 /* there is no traffic */
};

/* What was told last of an alarm. */
struct told {
	enum severity severity;
	char cause[384];
	unsigned read; /* the number of it */
};

static struct {
	uint64_t random;
	struct place places[NAMESPACES][PLACES];
	struct told told[NAMESPACES][PLACES];
	unsigned reads, at_once, n_told;
	bool repeats; /* Persist or RepeatInterval is on */
	bool even;    /* as many packets in each interval */
} story;

static unsigned chance(unsigned n)
{
	return next_random(&story.random) % n;
}

static void change_fate(struct place *p)
{
	static const unsigned rates[] = {0, 0, 0, 0, 0, 2, 5, 30, 500};

	p->left = 1 + chance(chance(4) ? 4 : 30);
	p->idle = !chance(12);
	for (int i = 0; i < N_COUNTERS; i++)
		p->rate[i] = rates[chance(ARRAY_SIZE(rates))];
}

static void read_place(struct sample *s, struct place *p, const char *name)
{
	const uint64_t packets = p->idle      ? 0
				 : story.even ? 10000
					      : 1 + chance(20000);

	for (int i = 0; i < N_COUNTERS; i++)
		p->lost[i] += packets * p->rate[i] / 1000;
	p->passed += packets;
	lab_interface(s, name, p->passed, counters[0], p->lost[0]);
	for (int i = 1; i < N_COUNTERS; i++)
		sample_row(s, find_counter(&link_probe, counters[i], NULL),
			   p->lost[i]);
}

/* Clocks are set, and the host sleeps. */
static void trouble_clocks(void)
{
	if (!chance(20))
		lab.asleep_ns += chance(3600) * SECOND;
	if (!chance(20))
		lab.clock_ns = (100 + chance(3)) * 3600 * SECOND;
}

static void check_told(const struct recorded *n)
{
	unsigned ns = n->namespace[0] - 'a', place = atoi(n->interface + 3);
	struct told *t = &story.told[ns][place];

	if (n->severity == SEVERITY_OKAY)
		ck_assert_int_ne(t->severity, SEVERITY_OKAY);
	else
		story.at_once++;
	if (!story.repeats)
		ck_assert_msg(t->severity != n->severity ||
				      strcmp(t->cause, n->cause),
			      "read %u: told again: %s", story.reads,
			      n->message);
	t->severity = n->severity;
	t->read = story.reads;
	snprintf(t->cause, sizeof(t->cause), "%s", n->cause);
	story.n_told++;
}

static void check_report(void)
{
	unsigned summaries = 0;

	story.at_once = 0;
	for (unsigned i = 0; i < lab.n_notified; i++) {
		if (strcmp(lab.notified[i].layer, "all"))
			check_told(&lab.notified[i]);
		else
			summaries++;
	}
	ck_assert_uint_le(story.at_once, MAX_TOLD_AT_ONCE);
	ck_assert_uint_le(summaries, 1);
}

static void read_all(void)
{
	char name[16];

	trouble_clocks();
	for (int i = 0; i < NAMESPACES; i++) {
		struct sample *s = lab_read(lab.list.items[i]);

		for (int j = 0; j < PLACES; j++) {
			snprintf(name, sizeof(name), "eth%d", j);
			read_place(s, &story.places[i][j], name);
		}
	}
	lab_report();
	check_report();
	story.reads++;
}

static void go_on(unsigned reads)
{
	for (unsigned n = 0; n < reads; n++) {
		for (int i = 0; i < NAMESPACES; i++)
			for (int j = 0; j < PLACES; j++)
				if (!story.places[i][j].left--)
					change_fate(&story.places[i][j]);
		read_all();
	}
}

/* From now on each is as it is: half of them lose, by one counter. */
static void come_to_rest(void)
{
	story.even = true;
	for (int i = 0; i < NAMESPACES; i++) {
		for (int j = 0; j < PLACES; j++) {
			struct place *p = &story.places[i][j];

			p->idle = false;
			memset(p->rate, 0, sizeof(p->rate));
			p->rate[(i + j) % N_COUNTERS] = j % 2 * 500;
		}
	}
	for (unsigned n = 0; n < 60; n++)
		read_all();
}

/* All that is true was told, and nothing else. */
static void check_end(void)
{
	for (int i = 0; i < NAMESPACES; i++)
		for (int j = 0; j < PLACES; j++) {
			const struct told *t = &story.told[i][j];
			const char *counter = counters[(i + j) % N_COUNTERS];

			ck_assert_int_eq(t->severity, j % 2 ? SEVERITY_FAILURE
							    : SEVERITY_OKAY);
			ck_assert_msg(!(j % 2) || strstr(t->cause, counter),
				      "%s, not %s", t->cause, counter);
		}
}

static void begin(int seed)
{
	static const char *const names[] = {"a", "b", "c"};

	lab_setup();
	memset(&story, 0, sizeof(story));
	story.random = seed + 1;
	lab.clock_ns = 100 * 3600 * SECOND;
	for (int i = 0; i < NAMESPACES; i++)
		(void)lab_ns(names[i]);
}

CASE(story, .teardown = lab_teardown);

TEST_EACH(story, each_change_is_told_once, 16)
{
	begin(_i);
	lab.settings.limits.hits = 1 + chance(2);
	lab.settings.limits.hits_okay = 1 + chance(3);
	lab.settings.limits.window = chance(2) * 60;
	go_on(150);
	ck_assert_uint_gt(story.n_told, 100);
	come_to_rest();
	check_end();
}

/* All of them lose so many of a thousand, by that counter. */
static void all_lose(int counter, unsigned rate)
{
	for (int i = 0; i < NAMESPACES; i++) {
		for (int j = 0; j < PLACES; j++) {
			struct place *p = &story.places[i][j];

			memset(p->rate, 0, sizeof(p->rate));
			p->rate[counter] = rate;
		}
	}
}

static unsigned count_failures(void)
{
	unsigned n = 0;

	for (int i = 0; i < NAMESPACES; i++)
		for (int j = 0; j < PLACES; j++)
			n += story.told[i][j].severity == SEVERITY_FAILURE;
	return n;
}

/* Sixty are worse for one interval, of which twenty can be told. */
TEST(story, what_waited_and_is_true_no_more_is_never_told)
{
	begin(1);
	story.even = true;
	lab.settings.limits.hits_okay = 1;
	all_lose(0, 5);
	for (int n = 0; n < 10; n++)
		read_all();
	ck_assert_uint_eq(story.n_told, NAMESPACES * PLACES);
	all_lose(0, 500);
	read_all();
	ck_assert_uint_eq(count_failures(), MAX_TOLD_AT_ONCE);
	all_lose(0, 5);
	for (int n = 0; n < 10; n++)
		read_all();
	ck_assert_uint_eq(count_failures(), 0);
	ck_assert_uint_eq(story.n_told,
			  NAMESPACES * PLACES + 2 * MAX_TOLD_AT_ONCE);
}

/* The same of a cause that is another one for two intervals. */
TEST(story, cause_that_waited_and_is_another_is_never_told)
{
	begin(1);
	story.even = true;
	all_lose(0, 500);
	for (int n = 0; n < 10; n++)
		read_all();
	ck_assert_uint_eq(story.n_told, NAMESPACES * PLACES);
	all_lose(1, 500);
	read_all();
	read_all();
	ck_assert_uint_eq(story.n_told, NAMESPACES * PLACES + MAX_TOLD_AT_ONCE);
	all_lose(0, 500);
	for (int n = 0; n < 20; n++)
		read_all();
	ck_assert_uint_eq(story.n_told,
			  NAMESPACES * PLACES + 2 * MAX_TOLD_AT_ONCE);
}

/* Of sixty that are told again each has its turn. */
TEST_EACH(story, each_that_is_told_again_has_its_turn, 2)
{
	begin(1);
	story.repeats = true;
	lab.settings.limits.persist = _i;
	lab.settings.limits.repeat = _i ? 0 : 20;
	all_lose(0, 500);
	for (int n = 0; n < 30; n++)
		read_all();
	for (int i = 0; i < NAMESPACES; i++)
		for (int j = 0; j < PLACES; j++)
			ck_assert_uint_ge(story.told[i][j].read,
					  story.reads - 4);
}

/* And what is new goes before them. */
TEST_EACH(story, news_are_not_held_back_by_what_is_known, 2)
{
	struct place *new = &story.places[0][PLACES - 1];

	begin(1);
	story.repeats = true;
	lab.settings.limits.persist = _i;
	lab.settings.limits.repeat = _i ? 0 : 10;
	all_lose(0, 500);
	new->rate[0] = 0;
	for (int n = 0; n < 20; n++)
		read_all();
	ck_assert_int_eq(story.told[0][PLACES - 1].severity, SEVERITY_OKAY);
	new->rate[0] = 500;
	read_all();
	read_all();
	ck_assert_int_eq(story.told[0][PLACES - 1].severity, SEVERITY_FAILURE);
	ck_assert_uint_eq(story.told[0][PLACES - 1].read, story.reads - 1);
	new->rate[0] = 0;
	new->rate[1] = 500;
	for (int n = 0; n < 2; n++)
		read_all();
	ck_assert_ptr_nonnull(
		strstr(story.told[0][PLACES - 1].cause, counters[1]));
}
