/* SPDX-License-Identifier: MIT */
/* What a report notifies, and in which words. */
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
#include "report_lab.h"

/* Reads of which each lost that much of a hundred in the queue. */
static void queue_rounds(struct ns *ns, const char *kind, bool main,
			 unsigned percent)
{
	static uint64_t packets, dropped;

	for (unsigned i = 0; i < 4; i++) {
		packets += (100 - percent) * 10;
		dropped += (uint64_t)percent * 10;
		lab_interface(lab_read(ns), "eth0", packets, "rx_missed_errors",
			      0);
		ns->now.objects[0].main = main;
		lab_queue(&ns->now, kind, packets, dropped);
		lab_report();
		if (lab.n_notified)
			return;
	}
}

CASE(report_alarms, .setup = lab_setup, .teardown = lab_teardown);

TEST(report_alarms, queue_manager_may_drop_some)
{
	struct ns *ns = lab_ns("nginx");

	queue_rounds(ns, "fq_codel", false, 4);
	ck_assert_uint_eq(lab.n_notified, 0);
	queue_rounds(ns, "fq_codel", false, 10);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_WARNING);
	ck_assert_double_eq(lab.notified[0].warning, 5);
	queue_rounds(ns, "fq_codel", false, 30);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_FAILURE);
}

TEST(report_alarms, plain_queue_may_not)
{
	queue_rounds(lab_ns("nginx"), "pfifo_fast", false, 4);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_FAILURE);
	ck_assert_double_eq(lab.notified[0].failure, 1);
	ck_assert_str_eq(lab.notified[0].counter, "root");
}

TEST(report_alarms, limits_follow_what_drops)
{
	struct ns *ns = lab_ns("nginx");

	queue_rounds(ns, "fq_codel", false, 4);
	ck_assert_uint_eq(lab.n_notified, 0);
	queue_rounds(ns, "pfifo", false, 4);
	ck_assert_uint_eq(lab.n_notified, 1);
}

/* Rounds of ten seconds; those of a threshold go by its own. */
TEST_EACH(report_alarms, repeats_whatever_the_limits_are, 2)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.repeat = 50;
	if (_i) {
		lab.settings.repeat = 10;
		ck_assert_int_eq(settings_add_threshold(&lab.settings), 0);
		lab.settings.thresholds.items[0].limits.repeat = 50;
	}
	queue_rounds(ns, "fq_codel", false, 10);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_double_eq(lab.notified[0].warning, _i ? 0.1 : 5);
	queue_rounds(ns, "fq_codel", false, 10);
	ck_assert_uint_eq(lab.n_notified, 0);
	queue_rounds(ns, "fq_codel", false, 10);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_str_eq(lab.notified[0].instance, "qdisc-tx");
}

TEST(report_alarms, lower_bound_is_told_as_such)
{
	queue_rounds(lab_ns("nginx"), "netem", true, 30);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_ptr_eq(
		strstr(lab.notified[0].message, "at least 30% of packets "),
		lab.notified[0].message);
	lab.n_notified = 0;
	queue_rounds(lab_ns("other"), "netem", false, 30);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_ptr_eq(strstr(lab.notified[0].message, "30% of packets "),
			 lab.notified[0].message);
}

TEST(report_alarms, second_lossy_interval_is_notified)
{
	struct ns *ns = lab_ns("nginx");
	const struct recorded *n = &lab.notified[0];

	lab_round(ns, 1000, 0);
	lab_round(ns, 1090, 10);
	ck_assert_uint_eq(lab.n_notified, 0);
	lab_round(ns, 1120, 20);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(n->severity, SEVERITY_FAILURE);
	ck_assert_str_eq(
		n->message,
		"25% of packets received were lost in link on eth0@nginx (10 "
		"of 40 in 10 s, failure above 1%): rx_missed_errors: the "
		"receive ring is too small or the CPU too slow. A larger "
		"ring: 'ip netns exec nginx ethtool -G eth0 rx N'; more "
		"queues, spread interrupts");
	ck_assert_str_eq(n->place, "eth0@nginx");
	ck_assert_str_eq(n->type, "percent");
	ck_assert_str_eq(n->instance, "link-rx");
	ck_assert_str_eq(n->namespace, "nginx");
	ck_assert_str_eq(n->interface, "eth0");
	ck_assert_str_eq(n->layer, "link");
	ck_assert_str_eq(n->counter, "rx_missed_errors");
	ck_assert_str_eq(n->cause, "rx_missed_errors: the receive ring is too "
				   "small or the CPU too slow");
	ck_assert_str_eq(n->remedy,
			 "A larger ring: 'ip netns exec nginx ethtool -G "
			 "eth0 rx N'; more queues, spread "
			 "interrupts");
	ck_assert_str_eq(n->reason, "link-rx_missed_errors");
	ck_assert_str_eq(n->runbook, "CAUSES.md#link-rx_missed_errors");
	ck_assert_double_eq_tol(n->percent, 25, 1e-9);
	ck_assert_double_eq_tol(n->warning, 0.1, 1e-9);
	ck_assert_double_eq_tol(n->failure, 1, 1e-9);
	ck_assert_uint_eq(n->time_ns, 30 * SECOND);
	/* its series is there already */
	ck_assert(strstr(lab.output, "NOTIFY ") >
		  strstr(lab.output, "percent"));
	lab_round(ns, 1150, 30);
	ck_assert_uint_eq(lab.n_notified, 0);
}

static const struct {
	uint64_t ms;
	const char *told;
} intervals[] = {
	{999, "(10 of 40 in 1 s, "},
	{1004, "(10 of 40 in 1 s, "},
	{298, "(10 of 40 in 0.3 s, "},
	{1250, "(10 of 40 in 1.2 s, "},
	{9498, "(10 of 40 in 9.5 s, "},
	{9504, "(10 of 40 in 10 s, "},
	{299600, "(10 of 40 in 300 s, "},
	{3600200, "(10 of 40 in 3600 s, "},
	{86400000, "(10 of 40 in 86400 s, "},
};

/* So that as many words of a message fit, whatever the clock says. */
/* Reads that lose, then none that does: a bit for each that notifies. */
static unsigned rounds_with_news(uint64_t sleep_ns)
{
	struct ns *ns = lab_ns("nginx");
	unsigned news = 0;

	for (unsigned i = 0; i < 12; i++) {
		lab_round(ns, 1000 + 100 * i, i < 4 ? 20 * i : 60);
		news |= (lab.n_notified > 0) << i;
		lab.asleep_ns += sleep_ns;
	}
	return news;
}

/* A sleep of an hour is one interval like others: no hit more, no hit less. */
TEST(report_alarms, sleep_neither_raises_nor_recovers)
{
	unsigned awake = rounds_with_news(0);

	ck_assert_int_eq(__builtin_popcount(awake), 2);
	lab_teardown();
	lab_setup();
	ck_assert_uint_eq(rounds_with_news(3600 * SECOND), awake);
}

TEST_EACH(report_alarms, interval_is_told_in_two_digits, ARRAY_SIZE(intervals))
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 0);
	lab_round(ns, 1090, 10);
	lab_interface(lab_read(ns), "eth0", 1120, "rx_missed_errors", 20);
	ns->now.boot_ns = ns->then.boot_ns + intervals[_i].ms * SECOND / 1000;
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_msg(strstr(lab.notified[0].message, intervals[_i].told),
		      "%s not in: %s", intervals[_i].told,
		      lab.notified[0].message);
}

TEST(report_alarms, recovery_is_notified_once)
{
	struct ns *ns = lab_ns("");
	const struct recorded *n = &lab.notified[0];

	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	for (uint64_t i = 0; i < 2; i++) {
		lab_round(ns, 2000 + 100 * i, 20);
		ck_assert_uint_eq(lab.n_notified, 0);
	}
	lab_round(ns, 2300, 20);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(n->severity, SEVERITY_OKAY);
	ck_assert_str_eq(n->message,
			 "No more packets received were lost in link on eth0: "
			 "0 of 200 in 10 s");
	ck_assert_str_eq(n->namespace, "");
	/* what it takes back */
	ck_assert_str_eq(n->counter, "rx_missed_errors");
	ck_assert_str_eq(n->cause, "rx_missed_errors: the receive ring is too "
				   "small or the CPU too slow");
	ck_assert_str_eq(n->remedy,
			 "A larger ring: 'ethtool -G eth0 rx N'; more queues, "
			 "spread interrupts");
	ck_assert_str_eq(n->reason, "link-rx_missed_errors");
	ck_assert_str_eq(n->runbook, "CAUSES.md#link-rx_missed_errors");
	lab_round(ns, 2400, 20);
	ck_assert_uint_eq(lab.n_notified, 0);
}

TEST(report_alarms, unexplained_rx_dropped_is_a_warning_at_most)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 6; i++) {
		lab_interface(lab_read(ns), "eth0", 1000 + i, "rx_dropped",
			      1000 * i);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, i == 2);
		if (i != 2)
			continue;
		ck_assert_str_eq(lab.notified[0].counter, "rx_dropped");
		ck_assert_str_eq(lab.notified[0].reason, "unknown");
		ck_assert_str_eq(lab.notified[0].runbook, "CAUSES.md#unknown");
	}
	ck_assert_int_eq(ns->losses.items[0].alarm.state, SEVERITY_WARNING);
}

TEST(report_alarms, what_is_not_known_of_a_cause_is_said)
{
	struct ns *ns = lab_ns("nginx");
	const struct recorded *n = &lab.notified[0];

	for (uint64_t i = 0; i < 3; i++) { /* of which a command may not be */
		lab_interface(lab_read(ns), "a;b", 1000 + 90 * i,
			      "rx_missed_errors", 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_str_eq(n->counter, "rx_missed_errors");
	ck_assert_str_eq(n->remedy, "none");
	ck_assert_ptr_null(strstr(n->message, "none"));
}

TEST(report_alarms, newest_cause_that_was_told_is_taken_back)
{
	struct ns *ns = lab_ns("nginx");
	unsigned told = 0;
	uint64_t passed = 1000;

	for (uint64_t i = 0; i < 20; i++) {
		uint64_t ring = i < 5 ? i : 5, crc = i < 5 ? 5 : i;
		struct sample *s = lab_read(ns);

		passed += i < 12 ? 90 : 1000;
		if (i > 12)
			ring = 5, crc = 12;
		lab_interface(s, "eth0", passed, "rx_missed_errors", 50 * ring);
		sample_row(s, find_counter(&link_probe, "rx_fifo_errors", NULL),
			   50 * crc);
		lab_report();
		told += lab.n_notified;
		if (lab.n_notified && lab.notified[0].severity == SEVERITY_OKAY)
			break;
	}
	ck_assert_uint_eq(told, 3);
	ck_assert_str_eq(lab.notified[0].counter, "rx_fifo_errors");
}

/* A read of eth0, of which 10 % are lost, with a fact of its kind or none. */
static void lossy_round(struct ns *ns, uint64_t i, const char *kind,
			const struct counter *fact, uint64_t value)
{
	struct sample *s = lab_read(ns);

	lab_interface(s, "eth0", 1000 + 90 * i, "rx_missed_errors", 10 * i);
	s->objects[0].main = !kind[0];
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_label(s, kind);
	if (fact)
		sample_row(s, fact, value);
	lab_report();
}

static const struct {
	const char *kind;
	const struct counter *fact;
	uint64_t value;
	bool alerts;
} roles[] = {
	{"", NULL, 0, true},
	{"veth eth1", NULL, 0, true},
	{"bond", NULL, 0, false},
	{"team", NULL, 0, false},
	{"bridge", NULL, 0, true},
	{"", &link_fact_carrier, 1, true},
	{"", &link_fact_carrier, 0, false},
	{"", &link_fact_up, 1, true},
	{"", &link_fact_up, 0, false},
	{"veth eth1", &link_fact_up, 0, true},
};

TEST_EACH(report_alarms, what_an_interface_is_decides_whether_it_alerts,
	  ARRAY_SIZE(roles))
{
	struct ns *ns = lab_ns("");
	unsigned n = 0;

	for (uint64_t i = 0; i < 5; i++) {
		lossy_round(ns, i, roles[_i].kind, roles[_i].fact,
			    roles[_i].value);
		n += lab.n_notified;
	}
	ck_assert_uint_eq(n, roles[_i].alerts);
	check_line("eth0/percent-link-rx 10 @50");
}

TEST(report_alarms, threshold_for_an_interface_makes_it_alert)
{
	struct ns *ns = lab_ns("");
	struct option_value eth0 = {.type = VALUE_STRING, .string = "eth0"};
	unsigned n = 0;

	ck_assert_int_eq(settings_add_threshold(&lab.settings), 0);
	ck_assert_int_eq(settings_set(&lab.settings, true, "Interface", &eth0),
			 0);
	for (uint64_t i = 0; i < 5; i++) {
		lossy_round(ns, i, "bond", NULL, 0);
		n += lab.n_notified;
	}
	ck_assert_uint_eq(n, 1);
}

TEST(report_alarms, wireless_may_lose_more)
{
	struct ns *ns = lab_ns("");
	const struct recorded *n = &lab.notified[0];

	lossy_round(ns, 0, "", &link_fact_wireless, 1);
	lossy_round(ns, 1, "", &link_fact_wireless, 1);
	lossy_round(ns, 2, "", &link_fact_wireless, 1);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_double_eq_tol(n->warning, 1, 1e-9);
	ck_assert_double_eq_tol(n->failure, 5, 1e-9);
}

TEST(report_alarms, alarm_ends_when_the_carrier_does)
{
	struct ns *ns = lab_ns("");
	struct sample *s;

	for (uint64_t i = 0; i < 3; i++)
		lossy_round(ns, i, "", &link_fact_carrier, 1);
	ck_assert_uint_eq(lab.n_notified, 1);
	/* nothing moves any more, and so there is no ratio */
	s = lab_read(ns);
	lab_interface(s, "eth0", 1180, "rx_missed_errors", 20);
	s->objects[0].main = true;
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_row(s, &link_fact_carrier, 0);
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
}

TEST(report_alarms, vanished_interface_ends_its_alarm)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	ck_assert_uint_eq(lab.n_notified, 1);
	for (int i = 0; i < 3; i++) {
		(void)lab_read(ns);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, i == 2);
	}
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	ck_assert_ptr_nonnull(strstr(lab.notified[0].message, "is gone"));
	/* it is remembered as long as its return would be a relapse */
	ck_assert_uint_eq(ns->losses.n, 1);
	for (int i = 0; i < 19; i++) {
		(void)lab_read(ns);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, 0);
	}
	ck_assert_uint_eq(ns->losses.n, 0);
}

TEST(report_alarms, vanished_namespace_ends_its_alarms)
{
	struct ns *ns = lab_ns("nginx");

	(void)lab_ns("");
	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	ns->gone = true;
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	ck_assert_str_eq(lab.notified[0].message,
			 "No more packets received were lost in link on "
			 "eth0@nginx: the namespace is gone");
	ck_assert_uint_eq(lab.list.n, 1);
	ck_assert_str_eq(lab.list.items[0]->path, "");
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 0);
}

TEST(report_alarms, namespace_that_made_room_ends_its_alarms_and_why)
{
	struct ns *ns = lab_ns("ns-1");

	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	ns_list_displace(&lab.list, ns);
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	ck_assert_str_eq(lab.notified[0].message,
			 "No more packets received were lost in link on "
			 "eth0@ns-1: it is no longer looked at, as "
			 "MaxNamespaces is reached");
	ck_assert_uint_eq(lab.list.n, 0);
	ck_assert_uint_eq(lab.list.n_displaced, 0);
}

TEST(report_alarms, namespace_made_anew_ends_the_alarms_of_the_old)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	/* as the engine does when the cookie has changed */
	sample_reset(&ns->then);
	ns->then.time_ns = 0;
	ns->replaced = true;
	lab_round(ns, 90000, 90000);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	ck_assert_uint_eq(lab.list.n, 1);
	lab_round(ns, 90090, 90010);
	check_line("eth0@nginx/percent-link-rx 10 @50");
	ck_assert_uint_eq(lab.n_notified, 0);
	/* only once; then it is judged as any other */
	lab_round(ns, 90180, 90020);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_FAILURE);
}

/* Loss that stops the sender: nobody takes back what nobody repeats. */
TEST_EACH(report_alarms, alarm_that_fell_silent_is_repeated, 2)
{
	struct ns *ns = lab_ns("nginx");
	unsigned n = 0;

	lab.settings.repeat = _i ? 120 : 0;
	for (uint64_t i = 0; i < 4; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	for (int i = 0; i < 360; i++) {
		lab_round(ns, 1270, 30);
		n += lab.n_notified;
		if (!lab.n_notified)
			continue;
		ck_assert_int_eq(lab.notified[0].severity, SEVERITY_FAILURE);
		ck_assert_double_eq(lab.notified[0].percent, 10);
		ck_assert_str_eq(lab.notified[0].counter, "rx_missed_errors");
		ck_assert_ptr_nonnull(
			strstr(lab.notified[0].message,
			       "10% of packets received were lost in link on "
			       "eth0@nginx before, now 0 of 0 in 10 s. Cause "
			       "then: rx_missed_errors: "));
	}
	ck_assert_uint_eq(n, _i ? 30 : 0);
	for (int i = 0; i < 3; i++)
		lab_round(ns, 2270 + 1000 * (uint64_t)i, 30);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
	ck_assert_str_eq(lab.notified[0].counter, "rx_missed_errors");
}

static void many_interfaces(struct sample *s, int n, uint64_t packets,
			    uint64_t missed)
{
	char place[16];

	for (int i = 0; i < n; i++) {
		snprintf(place, sizeof(place), "eth%d", i);
		lab_interface(s, place, packets, "rx_missed_errors", missed);
	}
}

TEST(report_alarms, flood_of_notifications_waits)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		many_interfaces(lab_read(ns), 33, 1000 + 90 * i, 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(lab.n_notified, 21);
	ck_assert_str_eq(lab.notified[20].message,
			 "13 more alarms wait for the next reads, of the "
			 "network namespaces nginx");
	ck_assert_int_eq(lab.notified[20].severity, SEVERITY_WARNING);
	ck_assert_str_eq(lab.notified[20].place, "all");
	ck_assert_str_eq(lab.notified[20].layer, "all");
	ck_assert_str_eq(lab.notified[20].counter, "none");
	ck_assert_str_eq(lab.notified[20].cause,
			 "more alarms are due than are told at once");
	ck_assert_str_eq(lab.notified[20].remedy,
			 "See all that is lost now: pktloss");
	ck_assert_str_eq(lab.notified[20].runbook, "CAUSES.md");
	ck_assert_double_nan(lab.notified[20].percent);
	many_interfaces(lab_read(ns), 33, 2000, 500);
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 13);
	ck_assert_str_eq(lab.notified[0].interface, "eth20");
	ck_assert_str_eq(lab.notified[12].interface, "eth32");
	many_interfaces(lab_read(ns), 33, 3000, 1000);
	lab_report();
	ck_assert_uint_eq(lab.n_notified, 0);
}

/* What is over before its turn has come was never raised, for on-call. */
TEST(report_alarms, what_waits_is_told_only_while_it_is_true)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		many_interfaces(lab_read(ns), 33, 1000 + 90 * i, 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(lab.n_notified, 21);
	for (uint64_t i = 3; i < 6; i++) {
		many_interfaces(lab_read(ns), 33, 10000 * i, 20);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, i < 5 ? 0 : 20);
	}
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(lab.notified[i].severity, SEVERITY_OKAY);
}

static unsigned count_told(const char *namespace)
{
	unsigned n = 0;

	for (size_t i = 0; i < lab.n_notified; i++)
		n += !strcmp(lab.notified[i].namespace, namespace);
	return n;
}

/* One namespace that loses everywhere leaves the others their share. */
TEST(report_alarms, each_namespace_has_its_share)
{
	struct ns *noisy = lab_ns("noisy"), *web = lab_ns("web"),
		  *db = lab_ns("db");

	for (uint64_t i = 0; i < 3; i++) {
		many_interfaces(lab_read(noisy), 25, 1000 + 90 * i, 10 * i);
		many_interfaces(lab_read(web), 1, 1000 + 90 * i, 10 * i);
		many_interfaces(lab_read(db), 2, 1000 + 90 * i, 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(count_told("web"), 1);
	ck_assert_uint_eq(count_told("db"), 2);
	ck_assert_uint_eq(count_told("noisy"), 17);
	ck_assert_str_eq(lab.notified[20].message,
			 "8 more alarms wait for the next reads, of the "
			 "network namespaces noisy");
}

/* A read of so many interfaces, which now miss, now get broken packets. */
static void change_causes(struct ns *ns, int n, uint64_t i, uint64_t since)
{
	static uint64_t lost[2][2][64];
	struct sample *s = lab_read(ns);
	bool late = since > 0;
	char place[16];

	for (int at = 0; at < n; at++) {
		uint64_t *of = &lost[late][0][at];

		if (i > since)
			of[i / 4 % 2 ? 64 : 0] += 400;
		snprintf(place, sizeof(place), "eth%d", at);
		lab_interface(s, place, 1000 * i, "rx_missed_errors", of[0]);
		sample_row(s, find_counter(&link_probe, "rx_crc_errors", NULL),
			   of[64]);
	}
}

/* Each namespace that waits is named once, and the queue is never empty. */
TEST(report_alarms, summaries_of_one_backlog_are_few)
{
	struct ns *noisy = lab_ns("noisy"), *late = lab_ns("late");
	unsigned sums[2] = {0, 0};

	for (uint64_t i = 0; i < 100; i++) {
		change_causes(noisy, 30, i, 0);
		change_causes(late, 25, i, 20);
		lab_report();
		for (size_t k = 0; k < lab.n_notified; k++) {
			const struct recorded *n = &lab.notified[k];

			if (strcmp(n->layer, "all") != 0)
				continue;
			sums[0] += strstr(n->message, "noisy") != NULL;
			sums[1] += strstr(n->message, "late") != NULL;
		}
	}
	ck_assert_uint_eq(sums[0], 1);
	ck_assert_uint_eq(sums[1], 1);
}

TEST(report_alarms, backlog_after_a_while_is_another)
{
	struct ns *ns = lab_ns("nginx");
	unsigned sums = 0;

	for (uint64_t i = 0, missed = 0; i < 140; i++) {
		missed += i % 70 < 4 ? 50 : 0;
		many_interfaces(lab_read(ns), 33, 1000 * i, missed);
		lab_report();
		for (size_t k = 0; k < lab.n_notified; k++)
			sums += !strcmp(lab.notified[k].layer, "all");
	}
	ck_assert_uint_eq(sums, 2);
}

/* Who makes namespaces without a name delays no alarm of those with one. */
TEST(report_alarms, nameless_ones_have_one_share_together)
{
	struct ns *web, *db;

	for (int i = 0; i < 60; i++)
		lab_ns("ns-1")->rank = NS_NAMELESS;
	web = lab_ns("web");
	db = lab_ns("db");
	for (uint64_t i = 0; i < 3; i++) {
		EACH_NS (&lab.list, ns)
			(void)lab_read(ns);
		EACH_NS (&lab.list, ns)
			if (ns->rank == NS_NAMELESS)
				many_interfaces(&ns->now, 1, 1000 + 90 * i,
						10 * i);
		many_interfaces(&web->now, 9, 1000 + 90 * i, 10 * i);
		many_interfaces(&db->now, 2, 1000 + 90 * i, 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(count_told("web"), 9);
	ck_assert_uint_eq(count_told("db"), 2);
	ck_assert_uint_eq(count_told("ns-1"), 9);
}

TEST(report_alarms, twenty_notifications_need_no_summary)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		many_interfaces(lab_read(ns), 20, 1000 + 90 * i, 10 * i);
		lab_report();
	}
	ck_assert_uint_eq(lab.n_notified, 20);
	ck_assert_str_eq(lab.notified[19].interface, "eth19");
}

/* One end of a veth pair, with an address that follows from its index. */
static void veth(struct sample *s, const char *place, uint64_t index,
		 uint64_t peer, const char *counter, uint64_t lost)
{
	lab_interface(s, place, 1000, counter, lost);
	sample_object(s, LAYER_LINK, place, LINK_CONFIG, index);
	sample_label(s, "veth peer");
	sample_row(s, &link_fact_mtu, 1500);
	sample_row(s, &link_fact_up, 1);
	sample_row(s, &link_fact_mac, index * 100);
	sample_row(s, &link_fact_peer_index, peer);
	sample_row(s, &link_fact_peer_mtu, 1500);
	sample_row(s, &link_fact_peer_up, 1);
	sample_row(s, &link_fact_peer_mac, peer * 100);
}

static const struct {
	const char *what;
	uint64_t index; /* the container's; the host's peer is 7 */
	uint64_t peer;	/* the container's idea of the host's index 4 */
	bool loses;
	unsigned notified; /* of both */
} wires[] = {
	{"what the peer refuses is its own alarm", 7, 4, true, 1},
	{"the peer lost nothing", 7, 4, false, 1},
	{"another interface lost as well", 8, 4, true, 2},
	{"the peer of another", 7, 5, true, 2},
};

TEST_EACH(report_alarms, loss_on_a_wire_alerts_at_one_end, ARRAY_SIZE(wires))
{
	struct ns *host = lab_ns(""), *container = lab_ns("nginx");
	unsigned n = 0;

	for (uint64_t i = 0; i < 3; i++) {
		veth(lab_read(host), "veth0", 4, 7, "tx_dropped", 100 * i);
		veth(lab_read(container), "eth0", wires[_i].index,
		     wires[_i].peer, "rx_missed_errors",
		     wires[_i].loses ? 100 * i : 0);
		lab_report();
		n += lab.n_notified;
	}
	ck_assert_msg(n == wires[_i].notified, "%s: %u", wires[_i].what, n);
	/* nor are they counted twice */
	ck_assert_uint_eq(lab_count("packets-link-lost_"), n);
	ck_assert_str_eq(lab.notified[lab.n_notified - 1].namespace,
			 wires[_i].loses ? "nginx" : "");
}

TEST(report_alarms, other_wire_of_equal_indexes_is_told_by_its_address)
{
	struct ns *host = lab_ns(""), *container = lab_ns("nginx");
	unsigned n = 0;

	for (uint64_t i = 0; i < 3; i++) {
		struct sample *s;

		veth(lab_read(host), "veth0", 4, 7, "tx_dropped", 100 * i);
		s = lab_read(container);
		veth(s, "eth0", 7, 4, "rx_missed_errors", 100 * i);
		object_row(s, &s->objects[1], &link_fact_mac)->value = 1;
		lab_report();
		n += lab.n_notified;
	}
	ck_assert_uint_eq(n, 2);
}

/* A namespace in which a rule with that comment drops half of all. */
static struct sample *read_firewall(struct ns *ns, const char *comment,
				    uint64_t dropped)
{
	struct sample *s = lab_read(ns);
	char name[512];

	sample_object(s, LAYER_IP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "InReceives", NULL),
		   2 * dropped);
	sample_object(s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 1);
	sample_row(s, firewall_counter(FIREWALL_CHAIN, DIR_RX), dropped);
	snprintf(name, sizeof(name), "ip.filter.INPUT%s%s",
		 comment[0] ? "." : "#3", comment);
	sample_object(s, LAYER_NETFILTER, "", name, 2);
	sample_chain(s, FAMILY_IP, "filter", "INPUT");
	sample_label(s, comment);
	sample_row(
		s,
		firewall_counter(comment[0] ? FIREWALL_RULE : FIREWALL_DETAIL,
				 DIR_RX),
		dropped);
	sample_row(s, &firewall_facts[FIREWALL_NUMBER], 3);
	sample_row(s, &firewall_facts[FIREWALL_TARGET], FIREWALL_DROP);
	return s;
}

static void firewall(struct ns *ns, const char *comment, uint64_t dropped)
{
	(void)read_firewall(ns, comment, dropped);
	lab_report();
}

static const char *long_comment(char comment[256])
{
	for (int i = 0; i < 255; i++)
		comment[i] = (char)(i + 1);
	comment[255] = '\0';
	return comment;
}

/*
 * What follows the numbers, where "cause. remedy" is too long for it: then the
 * name of the namespace stands for the way into it.
 */
static void check_cut(const struct recorded *n)
{
	const char *text = strstr(n->message, "): ") + 3;
	size_t kept = strlen(text);
	char whole[2048], shorter[2048];

	snprintf(whole, sizeof(whole), "%s. %s", n->cause, n->remedy);
	if (!strcmp(text, whole))
		return;
	ck_assert_uint_gt(strlen(whole) + (text - n->message), 255);
	snprintf(shorter, sizeof(shorter),
		 "%s. Look at it: in nginx: iptables-legacy -t filter -L INPUT "
		 "3 -nv",
		 n->cause);
	if (!strcmp(text, shorter))
		return;
	ck_assert_uint_gt(strlen(shorter) + (text - n->message), 255);
	ck_assert_str_eq(text + kept - 4, " ...");
	ck_assert(!strncmp(text, shorter, kept - 4));
	ck_assert_int_eq(shorter[kept - 4], ' ');
}

TEST_EACH(report_alarms, long_message_ends_with_a_whole_word, 250)
{
	struct ns *ns = lab_ns("nginx");
	char comment[256];

	for (int i = 0; i < 250; i++)
		comment[i] = (char)(i % (3 + _i % 20) ? 'x' : ' ');
	comment[_i] = '\0';
	for (uint64_t i = 0; i < 3; i++)
		firewall(ns, comment, 1000 * i);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_uint_le(strlen(lab.notified[0].message), 255);
	ck_assert_ptr_nonnull(strstr(lab.notified[0].cause, comment));
	check_cut(&lab.notified[0]);
}

TEST(report_alarms, message_is_short_and_printable_whatever_a_rule_says)
{
	struct ns *ns = lab_ns("12345678901234567890123456789012345678901234"
			       "567");
	const struct recorded *n = &lab.notified[0];
	char comment[256];

	for (uint64_t i = 0; i < 3; i++)
		firewall(ns, long_comment(comment), 1000 * i);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_uint_le(strlen(n->message), 255);
	ck_assert_uint_ge(strlen(n->message), 250);
	for (const char *c = n->message; *c; c++)
		ck_assert(*c >= ' ' && *c <= '~');
	for (const char *c = n->cause; *c; c++)
		ck_assert(*c >= ' ' && *c <= '~');
	ck_assert(!strncmp(n->message,
			   "50% of packets received were lost in "
			   "netfilter on all@1234",
			   58));
	ck_assert_ptr_nonnull(strstr(n->message, "(1000 of 2000 in 10 s, "
						 "failure above 1%)"));
	ck_assert_str_eq(n->interface, "");
}

TEST(report_alarms, counter_of_a_rule_without_comment_is_its_chain)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++)
		firewall(ns, "", 1000 * i);
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_str_eq(lab.notified[0].counter, "ip.filter.INPUT");
}

TEST(report_alarms, rule_is_named_in_the_notification)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++)
		firewall(ns, "maintenance", 1000 * i);
	ck_assert_str_eq(
		lab.notified[0].message,
		"50% of packets received were lost in netfilter on "
		"all@nginx (1000 of 2000 in 10 s, failure above 1%): "
		"rule 3 of ip filter INPUT (DROP, \"maintenance\"). "
		"Look at it: ip netns exec nginx iptables-legacy -t filter -L "
		"INPUT 3 -nv");
	ck_assert_str_eq(lab.notified[0].counter,
			 "ip.filter.INPUT.maintenance");
	check_line("all@nginx/ipt_packets-netfilter-ip.filter.INPUT.drop 2000 "
		   "@30");
	check_line(
		"all@nginx/ipt_packets-netfilter-ip.filter.INPUT.maintenance "
		"2000 @30");
}

/* Its limits are chosen in that interval, and its share is that of them. */
TEST(report_alarms, policy_that_begins_to_drop_is_judged_at_once)
{
	static const uint64_t dropped[] = {0, 0, 0, 1000, 2000};
	struct ns *ns = lab_ns("nginx");

	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		struct sample *s = read_firewall(ns, "scans", dropped[i]);

		sample_row(s, &firewall_rows[FIREWALL_IS_POLICY], 1);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, i == 4);
	}
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_WARNING);
}

static void retransmit(struct ns *ns, uint64_t n)
{
	struct sample *s = lab_read(ns);

	sample_object(s, LAYER_TCP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "RetransSegs", NULL), n);
	sample_row(s, find_counter(&snmp_probe, "TCPOrigDataSent", NULL), n);
	lab_report();
}

TEST(report_alarms, retransmits_alert_only_where_a_threshold_says_so)
{
	const struct option_value tcp = {.type = VALUE_STRING, .string = "tcp"};
	unsigned n = 0;

	for (int with = 0; with < 2; with++) {
		struct ns *ns = lab_ns(with ? "with" : "without");

		if (with) {
			ck_assert_int_eq(settings_add_threshold(&lab.settings),
					 0);
			ck_assert_int_eq(settings_set(&lab.settings, true,
						      "Layer", &tcp),
					 0);
		}
		for (uint64_t i = 0; i < 5; i++) {
			retransmit(ns, 100 * i);
			n += lab.n_notified;
		}
		ck_assert_uint_eq(n, with);
	}
}

TEST(report_alarms, namespace_skipped_counts_over_both_intervals)
{
	struct ns *ns = lab_ns("nginx"), *own = lab_ns("");

	for (uint64_t i = 0; i < 2; i++) {
		lab_interface(lab_read(own), "eth0", 1000, "rx_missed_errors",
			      0);
		lab_round(ns, 1000 + 90 * i, 10 * i);
	}
	lab_interface(lab_read(own), "eth0", 1000, "rx_missed_errors", 0);
	lab_report(); /* w was skipped */
	check_without("@nginx");
	lab_interface(lab_read(own), "eth0", 1000, "rx_missed_errors", 0);
	lab_round(ns, 1000 + 90 * 3, 10 * 3);
	check_line("eth0@nginx/percent-link-rx 10 @40");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 30 @40");
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_ptr_nonnull(
		strstr(lab.notified[0].message, "(20 of 200 in 20 s, "));
}

/* Another source of the layer is read and counts nothing: that is no end. */
TEST(report_alarms, layer_read_in_part_does_not_recover)
{
	struct ns *ns = lab_ns("nginx");
	uint64_t dropped = 0;

	for (int i = 0; i < 4 && !lab.n_notified; i++)
		firewall(ns, "x", dropped += 100);
	ck_assert_uint_eq(lab.n_notified, 1);
	for (int i = 0; i < 10; i++) {
		read_firewall(ns, "x", dropped)->unread = 1 << LAYER_NETFILTER;
		ns->now.rows[0].value += 1000 * (uint64_t)(i + 1);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, 0);
	}
	for (int i = 0; i < 10 && !lab.n_notified; i++) {
		(void)read_firewall(ns, "x", dropped);
		ns->now.rows[0].value += 1000 * (uint64_t)(i + 11);
		lab_report();
	}
	ck_assert_uint_eq(lab.n_notified, 1);
	ck_assert_int_eq(lab.notified[0].severity, SEVERITY_OKAY);
}

/* What is counted all the same is enough. */
TEST(report_alarms, layer_read_in_part_can_raise)
{
	struct ns *ns = lab_ns("nginx");
	unsigned n = 0;

	for (int i = 0; i < 6; i++) {
		read_firewall(ns, "x", (uint64_t)(i + 1) * 100)->unread =
			1 << LAYER_NETFILTER;
		lab_report();
		n += lab.n_notified;
	}
	ck_assert_uint_eq(n, 1);
}
