/* SPDX-License-Identifier: MIT */
/* What a report tells of the reading itself. */
#include <errno.h>

#include "kernel/capability.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "report/report_blind.h"
#include "report_lab.h"

CASE(report_health, .setup = lab_setup, .teardown = lab_teardown);

TEST(report_health, blind_source_is_a_series_once_it_was_blind)
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

TEST(report_health, blindness_is_logged_once_per_reason)
{
	lab.blindness.sources[0].errors[0] = -EPERM;
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 1);
	ck_assert_uint_eq(lab_count("LOG counters of interfaces: not permitted "
				    "(layer link, from rtnetlink"),
			  1);
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

/* Whoever reads it learns what is missing, and not what is there. */
static const struct {
	uint64_t lacking;
	const char *said;
} lacks[] = {
	{NEEDS(NET_ADMIN) | NEEDS(NET_RAW) | NEEDS(DAC_READ_SEARCH),
	 "LOG firewall counters of iptables: run as root, or with "
	 "CAP_NET_ADMIN, CAP_NET_RAW and CAP_DAC_READ_SEARCH (not permitted: "
	 "layer netfilter, from "},
	{NEEDS(DAC_READ_SEARCH) | NEEDS(SYS_ADMIN),
	 "LOG firewall counters of iptables: run as root, or with "
	 "CAP_DAC_READ_SEARCH (not permitted: "},
	{NEEDS(SYS_ADMIN),
	 "LOG firewall counters of iptables: denied by a user namespace or a "
	 "security module (not permitted: "},
};

TEST_EACH(report_health, right_that_is_missing_is_named, ARRAY_SIZE(lacks))
{
	size_t probe = 0;

	while (probes[probe] != &xt_probe)
		probe++;
	lab.blindness.lacking = lacks[_i].lacking;
	lab.blindness.sources[probe].errors[0] = -EACCES;
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 1);
	ck_assert_msg(lab_count(lacks[_i].said) == 1, "%s", lab.output);
}

/* All that a source may fail with that is no fault of its own. */
static const int failures[] = {
	EPERM,	      ENOENT, EOPNOTSUPP, EBADMSG, E2BIG,     EAGAIN,
	ENOPKG,	      ENOMEM, EMFILE,	  ENFILE,  ETIMEDOUT, EMSGSIZE,
	ENAMETOOLONG, EIO,    ETIME,	  EACCES,  ENOTUNIQ,
};

TEST_EACH(report_health, failure_is_said_in_plain_words_and_whole,
	  ARRAY_SIZE(failures))
{
	const char *unsaid = strerror(failures[_i]);

	for (size_t i = 0; i < n_probes; i++) {
		struct blindness b = {.lacking = NEEDS_ALL};
		char text[BLINDNESS_TEXT];

		b.sources[i].errors[0] = -failures[_i];
		ck_assert(blindness_next(&b, text));
		ck_assert_msg(!strstr(text, unsaid), "%s", text);
		ck_assert_uint_lt(strlen(text), BLINDNESS_TEXT - 1);
		ck_assert_msg(text[strlen(text) - 1] == ')', "%s", text);
		ck_assert(!blindness_next(&b, text));
	}
}

TEST(report_health, table_that_asking_would_make_is_said_in_plain_words)
{
	size_t probe = 0;

	while (probes[probe] != &ebt_probe)
		probe++;
	lab.blindness.sources[probe].errors[0] = -ENOTUNIQ;
	lab_report();
	ck_assert_msg(lab_count("ebtables: the kernel makes it for who asks; "
				"modprobe nfnetlink_hook shows whether it is "
				"there (") == 1,
		      "%s", lab.output);
}

TEST(report_health, what_hides_namespaces_is_logged)
{
	lab.blindness.settings = &lab.settings;
	lab.blindness.lacking = NEEDS(SYS_PTRACE);
	lab.blindness.finding.errors[0] = -EACCES;
	lab.blindness.finding.errors[1] = -ENOENT;
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 2);
	ck_assert_uint_eq(lab_count("or with CAP_SYS_PTRACE (not"), 1);
	ck_assert_uint_eq(lab_count("in ProcRoot \"/proc\""), 1);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 0);
}

TEST(report_health, shortfalls_are_sent_once_there_are_some)
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
	lab.blindness.unwatched = (struct unwatched) {.n = 3, .max = 9};
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-skipped 0 @30");
	check_line("all/gauge-all-unwatched 3 @30");
	ck_assert_uint_eq(lab_count("LOG MaxNamespaces (9) is reached: "), 1);
	lab.blindness.n_skipped = 1;
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-skipped 1 @40");
	check_line("all/gauge-all-unwatched 3 @40");
	ck_assert_uint_eq(lab_count("LOG "), 0);
}

/* What is worse is told, too, once; what is less is not then. */
TEST(report_health, what_is_left_out_is_told_as_it_gets_worse)
{
	struct unwatched *u = &lab.blindness.unwatched;
	struct ns *ns = lab_ns("nginx");

	*u = (struct unwatched) {.n = 4990, .n_displaced = 3, .max = 10};
	lab_round(ns, 1000, 0);
	check_line("LOG MaxNamespaces (10) is reached: network namespaces that "
		   "have names take the place of others that were looked at "
		   "(3 so far); left out are 4990");
	u->n_named = 2;
	u->n_displaced = 10;
	lab_round(ns, 1000, 0);
	check_line("LOG MaxNamespaces (10) is reached: network namespaces are "
		   "left out (4990, of which 2 have names)");
	ck_assert_uint_eq(lab_count("LOG "), 1);
	u->n_named = 7;
	lab_round(ns, 1000, 0);
	ck_assert_uint_eq(lab_count("LOG "), 0);
}

static void uncounted_in(struct sample *s, const char *chain, unsigned n)
{
	char name[32];

	for (unsigned i = 0; i < n; i++) {
		const struct firewall_rule rule = {
			.handle = i + 2, .is_nft = true, .uncounted = 1};

		snprintf(name, sizeof(name), "ip.t.%s#%u", chain, i + 2);
		sample_object(s, LAYER_NETFILTER, "", name, 7);
		sample_chain(s, FAMILY_IP, "t", chain);
		firewall_rule_append(&rule, DIR_RX, s);
	}
}

static void uncounted_rules(struct sample *s, unsigned n)
{
	uncounted_in(s, "in", n);
}

/* One namespace with many of them leaves the others their lines. */
TEST(report_health, rules_without_a_counter_are_named_once)
{
	struct ns *noisy = lab_ns("noisy"), *web;

	uncounted_rules(lab_read(noisy), 40);
	lab_report();
	ck_assert_uint_eq(lab_count("namespace \"noisy\": what rule"), 16);
	ck_assert_uint_eq(lab_count("there are more rules"), 1);
	web = lab_ns("web");
	uncounted_rules(lab_read(noisy), 41);
	uncounted_rules(lab_read(web), 2);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 2);
	ck_assert_uint_eq(lab_count("namespace \"web\": what rule"), 2);
	uncounted_rules(lab_read(noisy), 3);
	uncounted_rules(lab_read(web), 3);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 1);
}

/* What is gone makes room, after a while: a reload tells nothing twice. */
TEST(report_health, rules_that_are_gone_make_room_for_others)
{
	struct ns *ns = lab_ns("web");

	uncounted_rules(lab_read(ns), 40);
	lab_report();
	ck_assert_uint_eq(lab_count(": what rule"), 16);
	sample_object(lab_read(ns), LAYER_LINK, "eth0", "", 1);
	lab_report();
	uncounted_rules(lab_read(ns), 16);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 0);
	lab.read_number += 361; /* an hour */
	uncounted_rules(lab_read(ns), 15);
	lab_report();
	ck_assert_uint_eq(lab_count("LOG "), 0);
	for (unsigned i = 1; i < 3; i++) {
		uncounted_rules(lab_read(ns), 15);
		uncounted_in(&ns->now, "out", i);
		lab_report();
		ck_assert_uint_eq(lab_count("LOG "), i == 1);
	}
}

/* A namespace of that kind is made anew as often as somebody wants. */
TEST(report_health, rules_of_nameless_ones_are_named_once_for_all)
{
	(void)lab_ns("web");
	for (int i = 0; i < 100; i++)
		lab_ns("ns-1")->rank = NS_NAMELESS;
	EACH_NS (&lab.list, ns)
		uncounted_rules(lab_read(ns), 20);
	lab_report();
	ck_assert_uint_eq(lab_count("\"ns-1\": what rule"), 16);
	ck_assert_uint_eq(lab_count("\"web\": what rule"), 16);
	ck_assert_uint_eq(lab_count("LOG "), 34);
}

TEST(report_health, namespace_that_takes_too_long_is_named_once)
{
	struct ns *ns = lab_ns("nginx");
	unsigned n = 0;

	lab_round(ns, 1000, 0);
	check_without("slow");
	lab.blindness.share_ns = SECOND / 2;
	lab.blindness.n_slow = 1;
	ck_assert(blindness_note_slow(&lab.blindness, "nginx", 0));
	ck_assert(blindness_note_slow(&lab.blindness, "", 1));
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-slow 1 @20");
	ck_assert_uint_eq(lab_count("LOG namespace \"nginx\": to read layer "
				    "link (link) takes longer than 0.5 s"),
			  1);
	ck_assert_uint_eq(lab_count("LOG this network namespace: to read"), 1);
	lab.blindness.n_slow = 0;
	lab_round(ns, 1000, 0);
	check_line("all/gauge-all-slow 0 @30");
	ck_assert_uint_eq(lab_count("LOG "), 0);
	while (blindness_note_slow(&lab.blindness, "nginx", 0))
		n++;
	ck_assert_uint_eq(n, MAX_SLOW_UNTOLD);
	lab_round(ns, 1000, 0);
	ck_assert_uint_eq(lab_count("LOG "), n);
}

/* ---- nothing at all ---- */

static char told[256], logged[256];
static enum severity severity;
static unsigned n_told, n_logged;

static void on_blind(void *arg, const struct notification *n)
{
	(void)arg;
	snprintf(told, sizeof(told), "%s", n->message);
	severity = n->severity;
	n_told++;
	ck_assert_str_eq(n->place, "all");
	ck_assert_str_ne(n->cause, "");
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	snprintf(logged, sizeof(logged), "%s", text);
	n_logged++;
}

static const struct sink blind_sink = {.notify = on_blind, .log = on_log};

CASE(blind);

TEST(blind, three_intervals_without_a_read_are_a_failure)
{
	struct blind_spell spell = {0};

	for (int i = 0; i < 2; i++)
		ck_assert(
			!report_blind_note(&spell, -EINPROGRESS, &blind_sink));
	ck_assert_uint_eq(n_told + n_logged, 0);
	ck_assert(report_blind_note(&spell, -EINPROGRESS, &blind_sink));
	ck_assert_uint_eq(n_told, 1);
	ck_assert_int_eq(severity, SEVERITY_FAILURE);
	ck_assert_ptr_nonnull(strstr(told, "a read does not end"));
	for (int i = 0; i < 10; i++)
		ck_assert(report_blind_note(&spell, -EINPROGRESS, &blind_sink));
	ck_assert_uint_eq(n_told, 1);
	ck_assert(!report_blind_note(&spell, 0, &blind_sink));
	ck_assert_uint_eq(n_told, 2);
	ck_assert_int_eq(severity, SEVERITY_OKAY);
	ck_assert(!report_blind_note(&spell, -EPERM, &blind_sink));
}

TEST(blind, reads_that_come_late_are_none)
{
	struct blind_spell spell = {0};

	for (int i = 0; i < 20; i++)
		ck_assert(!report_blind_note(&spell, i % 3 ? -EINPROGRESS : 0,
					     &blind_sink));
	ck_assert_uint_eq(n_told + n_logged, 0);
	ck_assert(!report_blind_note(&spell, 0, &blind_sink));
	ck_assert(!report_blind_note(&spell, -EMFILE, &blind_sink));
	ck_assert(!report_blind_note(&spell, 0, &blind_sink));
	ck_assert_uint_eq(n_told, 0);
	ck_assert_uint_eq(n_logged, 1);
	ck_assert_ptr_nonnull(strstr(logged, "Too many open files"));
}
