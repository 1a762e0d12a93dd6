/* SPDX-License-Identifier: MIT */
/* Which namespaces have how many series where MaxSeries is not enough. */
#include "probes/link/link.h"
#include "report_lab.h"
#include "report/report_room.h"

CASE(report_room, .setup = lab_setup, .teardown = lab_teardown);

/* ---- shares of generated populations ---- */

static uint64_t chance_state = 88172645463325252;

static unsigned chance(unsigned n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (unsigned)(chance_state % n);
}

static struct ns *add(enum ns_rank rank, unsigned n_due)
{
	struct ns *ns = lab_ns(rank == NS_NAMELESS ? "ns-1" : "web");

	ns->rank = rank;
	ns->n_due = n_due;
	return ns;
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

/* Finds the shares anew, so many times. Returns whether one grew at last. */
static bool share(unsigned times)
{
	const struct sink sink = {.log = on_log};
	bool grew = false;

	while (times--) {
		struct report r = {.reporter = lab.reporter, .sink = &sink};

		report_room_share(&r, &lab.list, 0);
		grew = r.any_quiet;
	}
	return grew;
}

static size_t granted(const struct ns *ns)
{
	const struct series_share *s = ns->rank == NS_NAMELESS
					       ? &lab.reporter->nameless
					       : &lab.reporter->named;

	return ns->n_due < s->limit ? ns->n_due : s->limit;
}

static size_t granted_to_all(void)
{
	size_t n = 0;

	EACH_NS (&lab.list, ns)
		n += granted(ns);
	return n;
}

TEST(report_room, noisy_one_leaves_all_others_what_they_want)
{
	struct ns *noisy = add(NS_NAMED, 40000), *late;

	lab.settings.max_series = 2000;
	for (int i = 0; i < 50; i++)
		add(NS_NAMED, 20);
	share(1);
	ck_assert_uint_eq(granted(noisy), 1000);
	ck_assert_uint_eq(granted_to_all(), 2000);
	late = add(NS_NAMED, 300);
	share(1);
	ck_assert_uint_eq(granted(late), 300);
	ck_assert_uint_eq(granted(noisy), 700);
}

TEST(report_room, thousands_without_a_name_have_what_others_leave)
{
	struct ns *own = add(NS_NAMED, 400), *web = add(NS_NAMED, 300);

	lab.settings.max_series = 1000;
	for (int i = 0; i < 5000; i++)
		add(NS_NAMELESS, 1 + chance(9));
	share(1);
	ck_assert_uint_eq(granted(own), 400);
	ck_assert_uint_eq(granted(web), 300);
	ck_assert_uint_le(granted_to_all(), 1000);
}

TEST(report_room, those_without_a_name_are_equals)
{
	struct ns *loud = add(NS_NAMELESS, 10000);
	struct ns *quiet = add(NS_NAMELESS, 10);

	add(NS_NAMED, 10000);
	lab.settings.max_series = 1000;
	share(1);
	ck_assert_uint_eq(granted(quiet), 10);
	ck_assert_uint_eq(granted(loud), 115);
}

/* Whoever there is: never too many, nobody limited without need. */
TEST_EACH(report_room, shares_of_any_population_fit, 200)
{
	size_t max = 1 + chance(3000), due = 0, named = 0;

	for (int i = 0; i < _i; i++)
		chance(2);
	lab.settings.max_series = max;
	for (unsigned n = 1 + chance(200); n; n--) {
		struct ns *ns =
			add(chance(3), chance(4) ? chance(9) : chance(2000));

		named += ns->rank != NS_NAMELESS;
		due += ns->n_due;
	}
	share(1);
	ck_assert_uint_le(granted_to_all(), max);
	if (due <= max)
		ck_assert_uint_eq(granted_to_all(), due);
	EACH_NS (&lab.list, ns) {
		size_t least = max / (named + 1);

		if (ns->rank != NS_NAMELESS && granted(ns) < ns->n_due)
			ck_assert_uint_ge(granted(ns), least);
	}
}

TEST(report_room, share_falls_at_once_and_rises_after_a_while)
{
	struct ns *noisy = add(NS_NAMED, 900), *other = add(NS_NAMED, 200);

	lab.settings.max_series = 1000;
	share(1);
	ck_assert_uint_eq(granted(noisy), 800);
	for (int i = 0; i < 100; i++) { /* one that comes and goes */
		other->n_due = 200 + (i % 7 ? 50 : 0);
		share(1);
		if (i)
			ck_assert_uint_eq(granted(noisy), 750);
	}
	other->gone = true;
	ck_assert(!share(20));
	ck_assert_uint_eq(granted(noisy), 750);
	ck_assert(share(10));
	ck_assert_uint_eq(granted(noisy), 900);
	ck_assert_uint_eq(lab.reporter->named.limit, SIZE_MAX);
}

TEST(report_room, what_fits_has_no_limit)
{
	lab.settings.max_series = 1000;
	for (int i = 0; i < 10; i++)
		add(i % 3, 100);
	share(1);
	ck_assert_uint_eq(lab.reporter->named.limit, SIZE_MAX);
	ck_assert_uint_eq(lab.reporter->nameless.limit, SIZE_MAX);
}

/* ---- what is sent ---- */

/* A read of a namespace with so many interfaces, of which each has lost. */
static void more_lossy(struct sample *s, int n, unsigned round)
{
	char name[16];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "e%d", i);
		lab_interface(s, name, 1000 + 90 * round, "rx_missed_errors",
			      10 * round);
	}
}

static void lossy(struct ns *ns, int n, unsigned round)
{
	more_lossy(lab_read(ns), n, round);
}

static unsigned count_values(const char *place)
{
	const char *at = lab.output;
	unsigned n = 0;

	/* behind what is past */
	for (const char *next; (next = strstr(at, "FLUSH\n")); at = next + 6)
		;
	for (; (at = strstr(at, place)); at++)
		n++;
	return n;
}

#define INTERFACES 500 /* three values and a ratio make five series of each */

TEST(report_room, interfaces_of_one_take_no_series_of_others)
{
	struct ns *noisy = lab_ns("noisy"), *web = lab_ns("web");
	struct ns *late;

	lab.settings.max_series = 100;
	for (unsigned round = 0; round < 3; round++) {
		lossy(noisy, INTERFACES, round);
		lossy(web, 2, round);
		lab_report();
		ck_assert_uint_eq(lab_count("LOG MaxSeries"), round == 1);
	}
	/* a heartbeat, two interfaces of three values, a ratio and its sum */
	ck_assert_uint_eq(count_values("@web/"), 11);
	ck_assert_uint_eq(count_values("@noisy/"), 89);
	check_line("e1@web/percent-link-rx 10 @30");
	ck_assert_uint_eq(count_values("@noisy/percent-link-rx"), 44);
	late = lab_ns("late");
	for (unsigned round = 3; round < 6; round++) {
		lossy(noisy, INTERFACES, round);
		lossy(web, 2, round);
		lossy(late, 3, round);
		lab_report();
	}
	ck_assert_uint_eq(count_values("@web/"), 11);
	ck_assert_uint_eq(count_values("@late/"), 16);
	ck_assert_uint_eq(count_values("@noisy/"), 73);
}

/* Of what was sent then; what is past is passed over. */
static unsigned count_ended(const char *then, const char *now)
{
	unsigned n = 0;

	for (; *then; then = strchr(then, '\n') + 1) {
		char name[160];

		snprintf(name, sizeof(name), "%.*s ", (int)strcspn(then, " "),
			 then);
		n += strstr(name, "@noisy/") && !strstr(now, name);
	}
	return n;
}

/* The same ones each time, whatever a namespace makes and unmakes. */
TEST(report_room, series_do_not_come_and_go)
{
	static char before[sizeof(lab.output)];
	struct ns *noisy = lab_ns("noisy");

	lab.settings.max_series = 40;
	for (unsigned round = 0; round < 20; round++) {
		struct sample *s = lab_read(noisy);

		if (round > 2 && round % 2) {
			sample_object(s, LAYER_LINK, "first-and-new", "", 7);
			sample_row(
				s,
				find_counter(&link_probe, "rx_nohandler", NULL),
				9);
		}
		more_lossy(s, 20, round);
		lab_report();
		if (round < 2)
			continue;
		ck_assert_uint_eq(count_values("@noisy/"), 40);
		if (round > 2)
			ck_assert_uint_eq(count_ended(before, lab.output), 0);
		memcpy(before, lab.output, lab.n_output + 1);
	}
}

TEST(report_room, what_is_left_out_is_summed_up_once)
{
	struct ns *noisy = lab_ns("noisy");
	uint64_t sent = 0, other = 0;
	const char *at;

	lab.settings.max_series = 12;
	for (unsigned round = 0; round < 9; round++) {
		lossy(noisy, 4, round);
		lab_report();
	}
	at = strstr(lab.output, "all/packets-link-_other ");
	ck_assert_ptr_nonnull(at);
	other = strtoull(strchr(at, ' '), NULL, 10);
	at = lab.output;
	while ((at = strstr(at, "-rx_missed_errors "))) {
		at = strchr(at, ' ');
		sent += strtoull(at, NULL, 10);
	}
	ck_assert_uint_eq(sent + other, UINT64_C(4) * 8 * 10);
	ck_assert_uint_gt(other, 0);
	ck_assert_uint_gt(sent, 0);
}

/* When those who took the room are gone, all is sent again, as what is new. */
TEST(report_room, room_of_what_is_gone_is_given_back)
{
	struct ns *a = lab_ns("a"), *b;
	unsigned round = 0;

	lab.settings.max_series = 30;
	for (; round < 3; round++) {
		lossy(a, 5, round);
		lab_report();
	}
	ck_assert_uint_eq(count_values("@a/"), 26);
	ck_assert_uint_eq(lab_count("LOG "), 0);
	b = lab_ns("b");
	for (; round < 6; round++) {
		lossy(a, 5, round);
		lossy(b, 5, round);
		lab_report();
		ck_assert_uint_eq(count_values("@a/"), round > 3 ? 15 : 26);
	}
	b->gone = true;
	for (; round < 35; round++) {
		lossy(a, 5, round);
		lab_report();
		ck_assert_uint_eq(count_values("@a/"), 15);
	}
	lossy(a, 5, round);
	lab_report();
	ck_assert_uint_eq(count_values("@a/"), 26);
	check_line("e4@a/if_rx_dropped-link-rx_missed_errors 330 @340");
	check_line("e4@a/if_rx_dropped-link-rx_missed_errors 350 @360");
}

/* Heartbeats are series, too. */
TEST(report_room, heartbeats_of_nameless_ones_leave_room_for_others)
{
	struct ns *web = lab_ns("web");

	lab.settings.max_series = 40;
	for (int i = 0; i < 500; i++)
		lab_ns("ns-1")->rank = NS_NAMELESS;
	for (unsigned round = 0; round < 3; round++) {
		EACH_NS (&lab.list, ns)
			(void)lab_read(ns);
		lossy(web, 4, round);
		lab_report();
	}
	ck_assert_uint_eq(count_values("@web/"), 21);
	ck_assert_uint_le(count_values("@ns-1/"), 19);
}
