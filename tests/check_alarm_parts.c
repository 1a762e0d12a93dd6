/* SPDX-License-Identifier: MIT */
/* What is evidence of what: parts of a loss, kinds, measures. */
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/neigh/neigh.h"
#include "probes/qdisc/qdisc.h"
#include "probes/snmp/snmp.h"
#include "report_lab.h"

/* Of one namespace, all that was counted until now. */
static struct {
	uint64_t came, policy, other;
} firewall;

/* A rule of INPUT, as its engine leaves it. */
static void rule(struct sample *s, const char *comment, unsigned number,
		 uint64_t dropped, bool is_policy)
{
	char name[64];

	snprintf(name, sizeof(name), "ip.filter.INPUT.%s", comment);
	sample_object(s, LAYER_NETFILTER, "", name, number + 1);
	sample_chain(s, FAMILY_IP, "filter", "INPUT");
	sample_label(s, comment);
	sample_row(s, firewall_counter(FIREWALL_RULE, DIR_RX), dropped);
	sample_row(s, &firewall_facts[FIREWALL_NUMBER], number);
	sample_row(s, &firewall_facts[FIREWALL_TARGET], FIREWALL_DROP);
	if (is_policy)
		sample_row(s, &firewall_rows[FIREWALL_IS_POLICY], 1);
}

/* An interval: so many that came and were dropped, on purpose and by chance. */
static void pass(struct ns *ns, uint64_t came, uint64_t policy, uint64_t other)
{
	struct sample *s = lab_read(ns);

	firewall.came += came;
	firewall.policy += policy;
	firewall.other += other;
	sample_object(s, LAYER_IP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "InReceives", NULL),
		   firewall.came);
	sample_object(s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 1);
	sample_row(s, firewall_counter(FIREWALL_CHAIN, DIR_RX),
		   firewall.policy + firewall.other);
	rule(s, "scans", 1, firewall.policy, true);
	rule(s, "chance", 2, firewall.other, false);
	lab_report();
}

/* What was told, as "W:scans F:chance O:" */
static char told[512];

static void note(void)
{
	for (size_t i = 0; i < lab.n_notified; i++) {
		const struct recorded *n = &lab.notified[i];
		size_t used = strlen(told);

		snprintf(told + used, sizeof(told) - used, "%s%c:%s",
			 used ? " " : "", "OWF"[n->severity],
			 strstr(n->cause, "scans")    ? "scans"
			 : strstr(n->cause, "chance") ? "chance"
						      : "");
	}
}

static void pass_often(struct ns *ns, int n, uint64_t policy, uint64_t other)
{
	for (int i = 0; i < n; i++) {
		pass(ns, 1000, policy, other);
		note();
	}
}

CASE(parts, .setup = lab_setup, .teardown = lab_teardown);

/* A hit of one and a hit of the other are no two hits. */
TEST(parts, one_is_no_evidence_of_the_other)
{
	struct ns *ns = lab_ns("nginx");

	pass_often(ns, 2, 0, 0);
	pass_often(ns, 1, 300, 0);
	pass_often(ns, 1, 0, 300);
	pass_often(ns, 9, 0, 0);
	ck_assert_str_eq(told, "");
}

/*
 * A firewall that drops what it is told to, and now and then a packet that
 * nobody wanted to be dropped: in most intervals the one is the nearer to its
 * limit, in some the other.
 */
TEST(parts, little_loss_adds_up_beside_a_policy)
{
	struct ns *ns = lab_ns("nginx");

	pass_often(ns, 1, 0, 0);
	for (int i = 0; i < 5; i++) {
		pass_often(ns, 1, 90, 4);
		pass_often(ns, 1, 90, 0);
	}
	ck_assert_str_eq(told, "W:chance");
}

TEST(parts, policy_adds_up_beside_little_loss)
{
	struct ns *ns = lab_ns("nginx");

	pass_often(ns, 1, 0, 0);
	for (int i = 0; i < 6; i++) {
		pass(ns, 20, 6, 0);
		note();
		pass(ns, 20, 0, 1);
		note();
	}
	ck_assert_str_eq(told, "W:scans");
}

/* The worse is told, and when that is mended what remains. */
TEST(parts, what_remains_is_told)
{
	struct ns *ns = lab_ns("nginx");

	pass_often(ns, 1, 0, 0);
	pass_often(ns, 10, 300, 0);
	ck_assert_str_eq(told, "W:scans");
	pass_often(ns, 10, 300, 50);
	ck_assert_str_eq(told, "W:scans F:chance");
	pass_often(ns, 10, 300, 0);
	ck_assert_str_eq(told, "W:scans F:chance W:scans");
	pass_often(ns, 10, 0, 0);
	ck_assert_str_eq(told, "W:scans F:chance W:scans O:scans");
}

/* Of two that are as bad it is what nobody wanted. */
TEST(parts, policy_hides_no_loss)
{
	struct ns *ns = lab_ns("nginx");

	pass_often(ns, 1, 0, 0);
	pass_often(ns, 10, 300, 0);
	pass(ns, 10000, 3000, 50);
	note();
	for (int i = 0; i < 9; i++) {
		pass(ns, 10000, 3000, 50);
		note();
	}
	ck_assert_str_eq(told, "W:scans W:chance");
	pass_often(ns, 10, 300, 0);
	pass_often(ns, 10, 0, 0);
	ck_assert_str_eq(told, "W:scans W:chance W:scans O:scans");
}

static char state_path[] = "/tmp/pktloss-parts-XXXXXX";

/* A life of collectd, after which the file is left. */
static struct ns *live(uint64_t policy, uint64_t other)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.state_file = strdup(state_path);
	reporter_keep_alarms(lab.reporter, &lab.list);
	pass_often(ns, 1, 0, 0);
	pass_often(ns, 20, policy, other);
	reporter_keep_alarms(lab.reporter, &lab.list);
	return ns;
}

/* Returns the namespace after the restart. */
static struct ns *live_twice(uint64_t policy, uint64_t other)
{
	struct ns *ns;
	int fd = mkstemp(state_path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(state_path);
	(void)live(policy, other);
	lab_teardown();
	lab_setup();
	ns = live(policy, other);
	unlink(state_path);
	return ns;
}

TEST_EACH(parts, restart_repeats_neither, 2)
{
	struct ns *ns = live_twice(_i ? 0 : 300, _i ? 5 : 0);

	ck_assert_str_eq(told, _i ? "W:chance" : "W:scans");
	pass_often(ns, 10, 0, 0);
	ck_assert_str_eq(told, _i ? "W:chance O:" : "W:scans O:");
}

/* What was told is mended while collectd is away, the other part loses. */
TEST_EACH(parts, other_part_after_a_restart_is_told, 2)
{
	struct ns *ns;
	int fd = mkstemp(state_path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(state_path);
	(void)live(_i ? 0 : 300, _i ? 5 : 0);
	lab_teardown();
	lab_setup();
	ns = live(_i ? 300 : 0, _i ? 0 : 5);
	ck_assert_str_eq(told, _i ? "W:chance W:scans" : "W:scans W:chance");
	pass_often(ns, 10, 0, 0);
	ck_assert_str_eq(told, _i ? "W:chance W:scans O:scans"
				  : "W:scans W:chance O:chance");
	unlink(state_path);
}

TEST(parts, policy_of_before_a_restart_hides_no_loss)
{
	struct ns *ns = live_twice(300, 0);

	pass_often(ns, 10, 300, 5);
	ck_assert_str_eq(told, "W:scans W:chance");
}

/* ---- what nobody missed ---- */

static void veth(struct ns *ns, uint64_t packets, uint64_t missed,
		 uint64_t dropped)
{
	static uint64_t sum[3];
	struct sample *s = lab_read(ns);

	lab_interface(s, "eth0", sum[0] += packets, "rx_missed_errors",
		      sum[1] += missed);
	sample_row(s, find_counter(&link_probe, "rx_dropped", NULL),
		   sum[2] += dropped);
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_label(s, "veth peer");
	sample_row(s, &link_fact_mtu, 1500);
	sample_row(s, &link_fact_up, 1);
	lab_report();
	note();
}

/* Frames of LLDP and the like, while nothing else is lost, or in between. */
TEST(parts, what_nobody_missed_is_a_clean_interval)
{
	struct ns *ns = lab_ns("nginx");

	veth(ns, 1000, 0, 0);
	for (int i = 0; i < 10; i++) {
		veth(ns, 90, 10, 0);
		veth(ns, 90, 0, 10);
	}
	ck_assert_str_eq(told, "F:");
	veth(ns, 90, 0, 10);
	ck_assert_str_eq(told, "F:");
	for (int i = 0; i < 9; i++)
		veth(ns, 1000, 0, 100);
	ck_assert_str_eq(told, "F: O:");
	/* and by itself it is no loss, however long */
	for (int i = 0; i < 30; i++)
		veth(ns, 1000, 0, 100);
	ck_assert_str_eq(told, "F: O:");
	ck_assert(loss_is_at_rest(
		loss_find(&ns->losses, LAYER_LINK, "eth0", DIR_RX)));
	/* what is, is found behind it */
	for (int i = 0; i < 2; i++)
		veth(ns, 90, 10, 0);
	ck_assert_str_eq(told, "F: O: F:");
}

/* ---- measures ---- */

/* What the host counts of a namespace that is not known. */
static void discards(struct ns *ns, uint64_t lost)
{
	static uint64_t sum, sent;
	struct sample *s = lab_read(ns);

	sample_object(s, LAYER_NEIGH, "", "arp_cache", 0);
	sample_row(s, find_counter(&neigh_probe, "unresolved_discards", NULL),
		   sum += lost);
	sample_object(s, LAYER_IP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "OutTransmits", NULL),
		   sent += 100000);
	lab_report();
	note();
}

/* What passes between is no measure of it. */
TEST(parts, packets_of_no_measure_add_up)
{
	struct ns *ns = lab_ns("");

	discards(ns, 0);
	for (int i = 0; i < 3; i++) {
		discards(ns, 4);
		discards(ns, 0);
	}
	ck_assert_str_eq(told, "W:");
	for (int i = 0; i < 4; i++)
		discards(ns, 0);
	ck_assert_str_eq(told, "W: O:");
}

/* ---- qdiscs that slow senders down, and others ---- */

static struct {
	uint64_t passed, plain, managed;
} queues;

static void queue(struct sample *s, const char *name, const char *kind,
		  uint64_t index, uint64_t dropped)
{
	sample_object(s, LAYER_QDISC, "eth0", name, index);
	qdisc_label(s, kind);
	sample_row(s, find_counter(&qdisc_probe, "", "if_tx_dropped"), dropped);
	sample_row(s, find_counter(&qdisc_probe, "", "if_tx_packets"),
		   queues.passed);
}

/* An interval of eth0; appends to told what is told of it. */
static void queue_up(struct ns *ns, uint64_t packets, uint64_t plain,
		     uint64_t managed)
{
	struct sample *s = lab_read(ns);

	queues.passed += packets;
	queues.plain += plain;
	queues.managed += managed;
	queue(s, "netem_1", "netem", 1, queues.plain);
	queue(s, "fq_codel_2", "fq_codel", 2, queues.managed);
	lab_report();
	for (size_t i = 0; i < lab.n_notified; i++) {
		size_t used = strlen(told);

		snprintf(told + used, sizeof(told) - used, "%c",
			 "OWF"[lab.notified[i].severity]);
	}
}

/* 40 seconds each, for half an hour: it flaps no more than one of them does. */
TEST_EACH(parts, kinds_of_a_qdisc_in_turns_are_one_loss, 2)
{
	struct ns *ns = lab_ns("web");

	queue_up(ns, 0, 0, 0);
	for (int i = 0; i < 180; i++)
		queue_up(ns, 5000, i / 4 % 2 ? 150 : 0,
			 i / 4 % 2 || _i ? 0 : 150);
	ck_assert_str_eq(told, "FOF");
	for (int i = 0; i < 12; i++)
		queue_up(ns, 5000, 0, 150);
	ck_assert_str_eq(told, "FOFO");
}

TEST(parts, kinds_of_a_qdisc_in_strict_turns_add_up)
{
	struct ns *ns = lab_ns("web");

	queue_up(ns, 0, 0, 0);
	for (int i = 0; i < 60; i++)
		queue_up(ns, 20, i % 2 ? 0 : 9, i % 2 ? 9 : 0);
	ck_assert_uint_le(strlen(told), 2);
	ck_assert_int_eq(told[strlen(told) - 1], 'F');
}

/* What it drops is how it works, whatever a plain one drops now and then. */
TEST(parts, plain_drops_beside_queue_management_are_silent)
{
	struct ns *ns = lab_ns("web");

	queue_up(ns, 0, 0, 0);
	for (int i = 0; i < 180; i++)
		queue_up(ns, 1000, i % 3 ? 0 : 4, i % 3 ? 30 : 0);
	ck_assert_str_eq(told, "");
	/* nor are they worse where it drops too much */
	for (int i = 0; i < 60; i++)
		queue_up(ns, 1000, i % 3 ? 0 : 50, i % 3 ? 300 : 0);
	ck_assert_str_eq(told, "W");
	/* but when only they are left they are told: the cause, then more */
	for (int i = 0; i < 12; i++)
		queue_up(ns, 1000, 50, 0);
	ck_assert_str_eq(told, "WWF");
}
