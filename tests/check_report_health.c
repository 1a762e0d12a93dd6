/* SPDX-License-Identifier: MIT */
/* What a report tells of the reading itself. */
#include "report_lab.h"

#include <errno.h>

#include "probes/firewall/firewall.h"

START_TEST(blind_source_is_a_series_once_it_was_blind)
{
	struct ns *ns = lab_ns("nginx");
	size_t probe = 0;

	while (probes[probe] != &xt_probe)
		probe++;
	(void)lab_read(ns);
	lab_report();
	check_without("available");
	ns->was_refused = ns->refused = 1u << probe;
	(void)lab_read(ns);
	lab_report();
	check_line("all@nginx/gauge-netfilter-available 0 @20");
	ns->refused = 0;
	(void)lab_read(ns);
	lab_report();
	check_line("all@nginx/gauge-netfilter-available 1 @30");
	ck_assert_uint_eq(lab_count("available"), 1);
}
END_TEST

START_TEST(blindness_is_logged_once_per_reason)
{
	lab.blindness.sources[0].errors[0] = -EPERM;
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 1);
	ck_assert_uint_eq(lab_count("LOG layer link cannot be read from"), 1);
	ck_assert_uint_eq(lab_count("not permitted"), 1);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 0);
	lab.blindness.sources[0].errors[1] = -EAGAIN;
	lab.blindness.private_own = true;
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 2);
	ck_assert_uint_eq(lab_count("process 1"), 1);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 0);
}
END_TEST

START_TEST(shortfalls_are_sent_once_there_are_some)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 0);
	check_without("skipped");
	check_without("unwatched");
	lab.blindness.n_skipped = 7;
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-skipped 7 @20");
	check_without("unwatched");
	ck_assert_uint_eq(lab_count("LOG ReadBudget"), 1);
	lab.blindness.n_skipped = 0;
	lab.blindness.n_unwatched = 3;
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-skipped 0 @30");
	check_line("all/gauge-all-unwatched 3 @30");
	ck_assert_uint_eq(lab_count("LOG MaxNamespaces"), 1);
	lab.blindness.n_skipped = 1;
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-skipped 1 @40");
	check_line("all/gauge-all-unwatched 3 @40");
	ck_assert_uint_eq(lab_count("LOG "), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("report health");
	TCase *t = tcase_create("report health");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, lab_setup, lab_teardown);
	tcase_add_test(t, blind_source_is_a_series_once_it_was_blind);
	tcase_add_test(t, blindness_is_logged_once_per_reason);
	tcase_add_test(t, shortfalls_are_sent_once_there_are_some);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
