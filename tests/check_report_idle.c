/* SPDX-License-Identifier: MIT */
/* What the configuration names and nobody has. */
#include <errno.h>

#include "model/sample_query.h"
#include "report_lab.h"

CASE(report_idle, .setup = lab_setup, .teardown = lab_teardown);

/* Pretends that both patterns of each were asked, and one of them matched. */
static void set_selections(void)
{
	struct selection *s = &lab.settings.namespaces;

	ck_assert_int_eq(selection_add(s, "web"), 0);
	ck_assert_int_eq(selection_add(s, "/^NC-/"), 0);
	ck_assert(selection_wants(s, "web"));
	s = &lab.settings.interfaces;
	ck_assert_int_eq(selection_add(s, "eth7"), 0);
	ck_assert_int_eq(selection_add(s, "/^eth/"), 0);
	ck_assert(selection_wants(s, "eth0"));
	lab.blindness.settings = &lab.settings;
}

static void check_silent(void)
{
	lab_report();
	ck_assert_uint_eq(lab_count("NOTICE "), 0);
	ck_assert_uint_eq(lab_count("LOG "), 0);
}

TEST(report_idle, pattern_that_matches_nothing_is_logged_once)
{
	set_selections();
	check_silent(); /* it may come yet */
	lab.blindness.settled = true;
	lab_report();
	ck_assert_uint_eq(lab_count("NOTICE "), 2);
	check_line("NOTICE option Namespace \"/^NC-/\" matches no network "
		   "namespace now; it takes effect when one comes");
	check_line("NOTICE option Interface \"eth7\" matches no interface now; "
		   "it takes effect when one comes");
	ck_assert_uint_eq(lab_count("LOG "), 0);
	check_silent();
}

TEST(report_idle, pattern_that_found_something_is_not_logged)
{
	set_selections();
	ck_assert(selection_wants(&lab.settings.namespaces, "NC-1"));
	ck_assert(selection_wants(&lab.settings.interfaces, "eth7"));
	lab.blindness.settled = true;
	check_silent();
}

/* pktloss(8) has looked at its names itself. */
TEST(report_idle, pattern_that_matches_nothing_is_no_blindness)
{
	char text[BLINDNESS_TEXT];

	set_selections();
	lab.blindness.settled = true;
	ck_assert(!blindness_next(&lab.blindness, text));
}

/* Which interfaces there are nobody knows then; the start has said so. */
TEST(report_idle, interfaces_are_not_told_where_no_layer_has_any)
{
	set_selections();
	ck_assert_int_eq(selection_add(&lab.settings.layers, "udp"), 0);
	lab.blindness.settled = true;
	lab_report();
	ck_assert_uint_eq(lab_count("NOTICE option Namespace"), 1);
	ck_assert_uint_eq(lab_count("NOTICE option Interface"), 0);
}

/* In a namespace that nobody could enter, has looked at, or not to its end. */
TEST_EACH(report_idle, interface_may_be_where_nobody_has_looked, 3)
{
	struct ns *ns = lab_ns("web");

	set_selections();
	lab.blindness.settled = true;
	lab.blindness.n_skipped = _i == 1;
	if (_i == 2)
		reasons_note(&lab.blindness.entering, -EPERM);
	for (unsigned i = 0; i < 3; i++) {
		lab_read(ns)->unread = _i ? 0 : 1u << LAYER_LINK;
		lab_report();
		ck_assert_uint_eq(lab_count("NOTICE option Namespace"), i == 0);
		ck_assert_uint_eq(lab_count("NOTICE "), i == 0);
	}
	lab.blindness.n_skipped = 0;
	lab.blindness.entering = (struct reasons) {0};
	lab_read(ns)->unread = 0;
	lab_report();
	ck_assert_uint_eq(lab_count("NOTICE option Interface"), 1);
	ck_assert_uint_eq(lab_count("NOTICE "), 1);
}

/* ---- thresholds ---- */

static void select_by(const char *option, const char *pattern)
{
	const struct option_value value = {.type = VALUE_STRING,
					   .string = pattern};

	ck_assert_int_eq(settings_set(&lab.settings, true, option, &value), 0);
}

/* A block is for what has both; what it names is in "web". */
static const struct {
	const char *namespace, *interface; /* NULL: not set */
	const char *said;		   /* NULL: nothing */
} blocks[] = {
	{"web", "eth0", NULL},
	{"web", NULL, NULL},
	{NULL, "/^eth/", NULL},
	{"web", "all", NULL},
	{"", NULL, NULL},
	{NULL, NULL, NULL},
	{"wbe", "eth0",
	 "NOTICE option Namespace \"wbe\" of <Threshold> block 2 matches no "
	 "network namespace now; it takes effect when one comes"},
	{NULL, "eth1",
	 "NOTICE option Interface \"eth1\" of <Threshold> block 2 matches no "
	 "interface now; it takes effect when one comes"},
	{"", "eth0",
	 "NOTICE option Interface \"eth0\" of <Threshold> block 2 matches no "
	 "interface now; it takes effect when one comes"},
	{"gone", NULL,
	 "NOTICE option Namespace \"gone\" of <Threshold> block 2 matches no "
	 "network namespace now; it takes effect when one comes"},
};

TEST_EACH(report_idle, threshold_for_what_nobody_has_is_logged_once,
	  ARRAY_SIZE(blocks))
{
	struct ns *own = lab_ns("");
	struct ns *web = lab_ns("web");

	lab_ns("gone")->gone = true;
	ck_assert_int_eq(settings_add_threshold(&lab.settings), 0);
	settings_drop_threshold(&lab.settings); /* one that was left out */
	ck_assert_int_eq(settings_add_threshold(&lab.settings), 0);
	if (blocks[_i].namespace)
		select_by("Namespace", blocks[_i].namespace);
	if (blocks[_i].interface)
		select_by("Interface", blocks[_i].interface);
	lab.blindness.settled = true;
	(void)lab_read(own);
	sample_object(lab_read(web), LAYER_LINK, "eth0", "", 1);
	lab_report();
	ck_assert_uint_eq(lab_count("NOTICE "), blocks[_i].said != NULL);
	if (blocks[_i].said)
		check_line(blocks[_i].said);
	check_silent();
}
