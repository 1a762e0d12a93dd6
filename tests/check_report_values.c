/* SPDX-License-Identifier: MIT */
/* Which series a report sends, when, and under which names. */
#include "probes/conntrack.h"
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "report_lab.h"

CASE(report_values, .setup = lab_setup, .teardown = lab_teardown);

TEST(report_values, quiet_namespace_sends_its_heartbeat_only)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 5);
	ck_assert_str_eq(lab.output, "all@nginx/gauge-all-sources 3 @10\n");
	lab_round(ns, 2000, 5);
	ck_assert_str_eq(lab.output, "all@nginx/gauge-all-sources 3 @20\n");
}

TEST(report_values, heartbeat_begins_with_the_first_loss_if_told_so)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.report_heartbeat = false;
	lab_round(ns, 1000, 5);
	ck_assert_str_eq(lab.output, "");
	lab_round(ns, 2000, 5);
	ck_assert_str_eq(lab.output, "");
	lab_round(ns, 2090, 15);
	check_line("all@nginx/gauge-all-sources 3 @30");
	lab_round(ns, 2190, 15);
	check_line("all@nginx/gauge-all-sources 3 @40");
}

TEST(report_values, heartbeat_of_collectds_own_is_always_sent)
{
	lab.settings.report_heartbeat = false;
	lab_round(lab_ns(""), 1000, 5);
	check_line("all/gauge-all-sources 3 @10");
}

TEST(report_values, heartbeat_that_is_not_sent_takes_no_room_of_a_series)
{
	struct ns *ns = lab_ns("nginx");

	for (int i = 0; i < 9; i++)
		lab_ns("idle");
	lab.settings.report_heartbeat = false;
	lab.settings.max_series = 6;
	for (int i = 0; i < 2; i++) {
		for (size_t j = 1; j < lab.list.n; j++)
			lab_interface(lab_read(lab.list.items[j]), "eth0", 9,
				      "rx_missed_errors", 0);
		lab_round(ns, 1000 + 90 * i, 10 * i);
	}
	/* the heartbeat, and five of the interface that it leaves room for */
	check_line("eth0@nginx/percent-link-rx 10 @20");
	check_without("MaxSeries");
}

TEST(report_values, first_loss_is_sent_with_the_values_before)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 5);
	lab_round(ns, 2000, 5);
	lab_round(ns, 2090, 15);
	ck_assert_str_eq(
		lab.output,
		"eth0@nginx/if_rx_packets-link-rx_packets 1000 @10\n"
		"eth0@nginx/if_tx_packets-link-tx_packets 1000 @10\n"
		"eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @10\n"
		"eth0@nginx/packets-link-lost_rx 0 @10\n"
		"FLUSH\n"
		"eth0@nginx/if_rx_packets-link-rx_packets 2000 @20\n"
		"eth0@nginx/if_tx_packets-link-tx_packets 2000 @20\n"
		"eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @20\n"
		"eth0@nginx/percent-link-rx 0 @20\n"
		"eth0@nginx/packets-link-lost_rx 0 @20\n"
		"FLUSH\n"
		"all@nginx/gauge-all-sources 3 @30\n"
		"eth0@nginx/if_rx_packets-link-rx_packets 2090 @30\n"
		"eth0@nginx/if_tx_packets-link-tx_packets 2090 @30\n"
		"eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @30\n"
		"eth0@nginx/percent-link-rx 10 @30\n"
		"eth0@nginx/packets-link-lost_rx 10 @30\n");
	/* from then on with every read, once */
	lab_round(ns, 2190, 15);
	ck_assert_str_eq(
		lab.output,
		"all@nginx/gauge-all-sources 3 @40\n"
		"eth0@nginx/if_rx_packets-link-rx_packets 2190 @40\n"
		"eth0@nginx/if_tx_packets-link-tx_packets 2190 @40\n"
		"eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @40\n"
		"eth0@nginx/percent-link-rx 0 @40\n"
		"eth0@nginx/packets-link-lost_rx 10 @40\n");
}

TEST(report_values, first_loss_of_something_young_has_one_value_before)
{
	struct ns *ns = lab_ns("nginx");

	/* it has only got another name: what it counted before is not known */
	lab_interface(lab_read(ns), "eth7", 900, "rx_missed_errors", 0);
	lab_report();
	lab_round(ns, 1000, 5);
	lab_round(ns, 1090, 15);
	ck_assert_uint_eq(lab_count("@10\n"), 0);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @20");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @30");
}

TEST(report_values, first_loss_of_something_new_is_not_lost)
{
	struct ns *ns = lab_ns("nginx");

	sample_object(lab_read(ns), LAYER_LINK, "lo", "", 2);
	lab_report();
	lab_round(ns, 95, 5);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @10");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @20");
	check_line("eth0@nginx/percent-link-rx 5 @20");
}

/* From @7220 to @10830: the read before was ten seconds ago all the same. */
TEST(report_values, past_of_a_clock_set_forward_is_near)
{
	struct ns *ns = lab_ns("nginx");

	lab.clock_ns = 7200 * SECOND;
	lab_round(ns, 1000, 0);
	lab_round(ns, 2000, 0);
	lab.clock_ns = 10800 * SECOND;
	lab_round(ns, 3000, 5);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @10810");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @10820");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @10830");
	lab.clock_ns = 0; /* and no value has a time that is yet to come */
	lab_round(ns, 4000, 9);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 9 @40");
}

TEST(report_values, past_of_a_clock_set_back_is_what_was_told)
{
	struct ns *ns = lab_ns("nginx");

	lab.clock_ns = 5 * SECOND;
	lab_round(ns, 1000, 0);
	lab_round(ns, 2000, 0);
	lab.clock_ns = 0;
	lab_round(ns, 3000, 5);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @15");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @25");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @30");
}

TEST(report_values, past_of_a_host_that_slept_is_before_it_slept)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 0);
	lab_round(ns, 2000, 0);
	lab.asleep_ns = 3600 * SECOND;
	lab_round(ns, 3000, 5);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @10");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @20");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @3630");
}

TEST(report_values, ratio_starts_with_two_of_the_past)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 5);
	lab_round(ns, 2000, 5);
	lab_round(ns, 3000, 5);
	lab_round(ns, 3090, 15);
	ck_assert_uint_eq(lab_count("FLUSH\n"), 2);
	check_line("eth0@nginx/percent-link-rx 0 @20");
	check_line("eth0@nginx/percent-link-rx 0 @30");
	check_line("eth0@nginx/percent-link-rx 10 @40");
}

TEST(report_values, ratio_that_was_unknown_before_starts_with_itself)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 5);
	lab_round(ns, 1000, 5);
	lab_round(ns, 1090, 15);
	check_without("nan");
	check_line("eth0@nginx/percent-link-rx 10 @30");
}

/* Of 100 packets each: what is lost, and the sum of it. */
static const struct {
	uint64_t lost, sum;
} sums[] = {{10, 10}, {0, 10}, {7, 17}, {100, 117}, {0, 117}};

TEST(report_values, packets_lost_add_up_beside_their_ratio)
{
	struct ns *ns = lab_ns("nginx");
	uint64_t passed = 1000, missed = 500;

	lab_round(ns, passed, missed);
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		char line[80];

		passed += 100 - sums[i].lost;
		missed += sums[i].lost;
		lab_round(ns, passed, missed);
		snprintf(line, sizeof(line),
			 "eth0@nginx/packets-link-lost_rx %u @%u",
			 (unsigned)sums[i].sum, lab.read_number * 10);
		check_line(line);
		ck_assert_uint_eq(lab_count("lost_rx 0 @10\n"), i == 0);
	}
}

TEST(report_values, packets_lost_never_get_fewer)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 500);
	lab_round(ns, 1090, 510);
	lab_round(ns, 1180, 3); /* the counter began anew */
	check_line("eth0@nginx/packets-link-lost_rx 10 @30");
	lab_round(ns, 1270, 13);
	check_line("eth0@nginx/packets-link-lost_rx 20 @40");
	lab_round(ns, 1270, 13); /* without traffic there is no ratio */
	check_without("percent");
	check_line("eth0@nginx/packets-link-lost_rx 20 @50");
	lab_read(ns); /* without eth0 */
	lab_report();
	check_without("lost_rx");
}

TEST(report_values, packets_lost_on_a_skipped_turn_count_once)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 0);
	lab_round(ns, 1090, 10);
	lab_report();
	lab_report();
	check_without("lost_rx");
	lab_round(ns, 1180, 25);
	check_line("eth0@nginx/packets-link-lost_rx 25 @50");
}

/* As reader.c has it: one of the same name and number, but a new one. */
TEST(report_values, namespace_in_the_place_of_another_has_no_past_of_it)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 5);
	lab_round(ns, 2000, 5);
	ns->born_ns = ns->then.boot_ns;
	sample_reset(&ns->then);
	ns->then.time_ns = 0;
	ns->replaced = true;
	lab_round(ns, 90, 10);
	ck_assert_uint_eq(lab_count("lost_rx 0 @"), 1);
	check_line("eth0@nginx/packets-link-lost_rx 0 @20.001");
	check_line("eth0@nginx/packets-link-lost_rx 10 @30");
	ck_assert_uint_eq(lab_count("percent-link-rx"), 1);
	check_line("eth0@nginx/percent-link-rx 10 @30");
}

/* So many packets of TCP have been sent, and sent again. */
static void send_again(struct ns *ns, uint64_t sent, uint64_t again)
{
	struct sample *s = lab_read(ns);

	sample_object(s, LAYER_TCP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "RetransSegs", NULL), again);
	sample_row(s, find_counter(&snmp_probe, "TCPOrigDataSent", NULL), sent);
	lab_report();
}

TEST(report_values, packets_sent_again_are_not_lost_here)
{
	for (int own = 0; own < 2; own++) {
		struct ns *ns = lab_ns(own ? "" : "nginx");

		for (uint64_t i = 1; i < 6; i++) {
			send_again(ns, 100 * i, i < 3 ? 0 : 10 * i);
			check_without("lost_tx");
		}
		ck_assert_uint_eq(lab_count("percent-tcp-tx"), 1);
	}
}

static const struct {
	const char *kind;
	bool up, counts;
} devices[] = {
	{"", true, true},
	{"", false, false}, /* is out of use */
	{"veth peer", true, true},
	{"bond", true, false}, /* its members count them, too */
	{"team", true, false},
};

TEST_EACH(report_values, packets_of_what_repeats_others_are_not_lost_again,
	  ARRAY_SIZE(devices))
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		struct sample *s = lab_read(ns);

		lab_interface(s, "eth0", 1000 + 90 * i, "rx_missed_errors",
			      10 * i);
		s->objects[0].main = !devices[_i].kind[0];
		sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
		sample_label(s, devices[_i].kind);
		sample_row(s, &link_fact_up, devices[_i].up);
		lab_report();
	}
	check_line("eth0@nginx/percent-link-rx 10 @30");
	if (devices[_i].counts)
		check_line("eth0@nginx/packets-link-lost_rx 20 @30");
	else
		check_without("lost_rx");
}

static void udp_port(struct sample *s, uint64_t drops, bool began)
{
	sample_object(s, LAYER_SOCKET, "", "udp_5001_drops", 0);
	sample_row(s, &socket_udp_drops, drops);
	if (began)
		sample_began(s);
	sample_row(s, &socket_fact_port, 5001);
}

TEST(report_values, port_that_drops_is_sent_from_its_first_drop)
{
	struct ns *ns = lab_ns("dns");

	lab_read(ns);
	lab_report();
	udp_port(lab_read(ns), 7, true);
	lab_report();
	ck_assert_str_eq(lab.output,
			 "all@dns/packets-socket-udp_5001_drops 0 @10\n"
			 "FLUSH\n"
			 "all@dns/gauge-all-sources 3 @20\n"
			 "all@dns/packets-socket-udp_5001_drops 7 @20\n");
	udp_port(lab_read(ns), 7, false);
	lab_report();
	check_line("all@dns/packets-socket-udp_5001_drops 7 @30");
}

TEST(report_values, accept_queue_is_sent_when_it_was_looked_at)
{
	struct ns *ns = lab_ns("web");
	struct sample *s = lab_read(ns);

	sample_object(s, LAYER_SOCKET, "", "tcp_80_accept", 0);
	sample_row(s, &socket_tcp_accept, 129);
	sample_row(s, &socket_fact_limit, 128);
	lab_report();
	check_line("all@web/queue_length-socket-tcp_80_accept 129 @10");
	lab_read(ns);
	lab_report();
	check_without("tcp_80_accept");
}

TEST(report_values, values_before_are_flushed_before_new_ones)
{
	struct ns *a = lab_ns("a"), *b = lab_ns("b");

	for (uint64_t i = 0; i < 3; i++) {
		const char *flushed;

		lab_interface(lab_read(a), "eth0", 1000, "rx_missed_errors",
			      5 * i);
		lab_round(b, 1000, 5 * i);
		flushed = strstr(lab.output, "FLUSH\n");
		ck_assert((flushed != NULL) == (i == 1));
		if (!flushed)
			continue;
		ck_assert(!strstr(flushed, "@10\n"));
		ck_assert(strstr(lab.output, "@20\n") > flushed);
		ck_assert(!strstr(flushed + 1, "FLUSH"));
	}
}

TEST(report_values, ratio_without_traffic_is_not_sent)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 5);
	lab_round(ns, 1090, 15);
	check_line("eth0@nginx/percent-link-rx 10 @20");
	lab_round(ns, 1090, 15);
	check_without("percent");
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @30");
}

TEST(report_values, idle_counters_are_sent_on_demand)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.report_idle = true;
	lab_round(ns, 1000, 0);
	ck_assert_str_eq(
		lab.output,
		"all@nginx/gauge-all-sources 3 @10\n"
		"eth0@nginx/if_rx_packets-link-rx_packets 1000 @10\n"
		"eth0@nginx/if_tx_packets-link-tx_packets 1000 @10\n"
		"eth0@nginx/if_rx_errors-link-rx_errors 0 @10\n"
		"eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @10\n");
	lab_round(ns, 1100, 0);
	ck_assert_uint_eq(lab_count("@10\n"), 0);
	check_line("eth0@nginx/percent-link-rx 0 @20");
	check_line("eth0@nginx/if_rx_packets-link-rx_packets 1100 @20");
}

TEST(report_values, idle_part_of_a_loss_waits_for_its_first_packet)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.report_idle = true;
	for (int i = 0; i < 3; i++) {
		lab_interface(lab_read(ns), "eth0", 1000, "rx_crc_errors",
			      i == 2 ? 7 : 0);
		lab_report();
		ck_assert_uint_eq(lab_count("rx_crc_errors"), i == 2 ? 3 : 0);
	}
	check_line("eth0@nginx/if_rx_errors-link-rx_crc_errors 0 @10");
	check_line("eth0@nginx/if_rx_errors-link-rx_crc_errors 0 @20");
	check_line("eth0@nginx/if_rx_errors-link-rx_crc_errors 7 @30");
}

TEST(report_values, own_real_interface_sends_its_main_counters)
{
	struct ns *ns = lab_ns("");
	struct sample *s = lab_read(ns);

	lab_interface(s, "eth0", 1000, "rx_nohandler", 3);
	s->objects[0].main = true;
	lab_interface(s, "lo", 1000, "rx_dropped", 3);
	lab_report();
	ck_assert_str_eq(lab.output,
			 "all/gauge-all-sources 3 @10\n"
			 "eth0/if_rx_packets-link-rx_packets 1000 @10\n"
			 "eth0/if_tx_packets-link-tx_packets 1000 @10\n"
			 "eth0/if_rx_errors-link-rx_errors 0 @10\n");
	s = lab_read(ns);
	lab_interface(s, "eth0", 1100, "rx_nohandler", 3);
	s->objects[0].main = true;
	lab_interface(s, "lo", 1100, "rx_dropped", 3);
	lab_report();
	/* and the ratio of each layer that saw traffic */
	check_line("eth0/percent-link-rx 0 @20");
	check_without("lo/percent");
	check_without("rx_nohandler");
	check_without("lo/if_rx");
	ck_assert_uint_eq(lab_count("@10\n"), 0);
}

TEST(report_values, own_virtual_interface_is_quiet_until_it_loses)
{
	static const char *const kinds[] = {"veth", "bridge", ""};
	struct ns *ns = lab_ns("");

	for (uint64_t i = 0; i < 4; i++) {
		struct sample *s = lab_read(ns);

		for (uint64_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			const char name[] = {'e', 'a' + (char)k, 0};

			lab_interface(s, name, 1000 * (i + 1), "rx_dropped",
				      k == 0 && i > 2 ? 7 : 0);
			s->objects[s->n_objects - 1].main = !kinds[k][0];
			sample_object(s, LAYER_LINK, name, LINK_CONFIG, 1);
			sample_label(s, kinds[k]);
		}
		lab_report();
		ck_assert_uint_eq(lab_count("ea/") > 0, i > 2);
		ck_assert_uint_eq(lab_count("eb/"), 0);
		ck_assert_uint_eq(lab_count("ec/percent-link-rx"), i > 0);
	}
	check_line("ea/if_rx_dropped-link-rx_dropped 7 @40");
}

TEST(report_values, own_interface_that_nothing_is_known_of_sends_its_ratio)
{
	struct ns *ns = lab_ns("");

	for (uint64_t i = 1; i < 3; i++) { /* Layer "qdisc" */
		lab_read(ns);
		lab_queue(&ns->now, "pfifo", 1000 * i, 0);
		lab_report();
	}
	check_line("eth0/percent-qdisc-tx 0 @20");
}

TEST(report_values, own_connection_table_is_sent_when_it_is_half_full)
{
	const struct counter *count = find_counter(&conntrack_probe, "count",
						   NULL),
			     *max = find_counter(&conntrack_probe, "max", NULL);
	struct ns *ns = lab_ns("");

	for (uint64_t entries = 40; entries < 70; entries += 20) {
		struct sample *s = lab_read(ns);

		sample_object(s, LAYER_CONNTRACK, "", "", 0);
		sample_row(s, count, entries);
		sample_row(s, max, 100);
		lab_report();
		ck_assert_uint_eq(lab_count("conntrack-count"), entries > 50);
		ck_assert_uint_eq(lab_count("percent-conntrack-fill"), 1);
	}
	check_line("all/conntrack-conntrack-count 60 @20");
	check_without("lost_fill");
	check_line("all/conntrack-conntrack-max 100 @20");
}

TEST(report_values, real_interface_elsewhere_is_as_quiet_as_any)
{
	struct ns *ns = lab_ns("vm");
	struct sample *s = lab_read(ns);

	lab_interface(s, "eth0", 1000, "rx_dropped", 3);
	s->objects[0].main = true;
	lab_report();
	ck_assert_str_eq(lab.output, "all@vm/gauge-all-sources 3 @10\n");
}

TEST(report_values, new_thing_under_an_old_name_is_a_baseline)
{
	struct ns *ns = lab_ns("nginx");
	struct sample *s;

	lab_round(ns, 1000, 5);
	lab_round(ns, 1090, 15);
	for (uint64_t i = 0; i < 3; i++) {
		char line[128];

		s = lab_read(ns);
		lab_interface(s, "eth0", 900000, "rx_missed_errors", 900000);
		s->objects[0].identity = 10 + i;
		snprintf(line, sizeof(line),
			 "eth0@nginx/if_rx_dropped-link-rx_missed_errors "
			 "900000 @%u",
			 (lab.read_number + 1) * 10);
		lab_report();
		check_line(line);
		ck_assert_uint_eq(lab_count("rx_missed_errors"), 1);
		check_without("percent");
		ck_assert_uint_eq(lab.n_notified, 0);
	}
}

TEST(report_values, counter_that_went_back_makes_no_ratio)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 500);
	lab_round(ns, 1090, 510);
	lab_round(ns, 1180, 20);
	check_line("eth0@nginx/if_rx_dropped-link-rx_missed_errors 20 @30");
	ck_assert_uint_eq(lab_count("rx_missed_errors"), 1);
	/* rx_errors is known and went on: nothing of it was lost */
	ck_assert_uint_eq(lab.n_notified, 0);
	lab_round(ns, 10, 30);
	check_without("percent-link-rx ");
}

TEST(report_values, moving_symptom_is_sent_and_traffic_is_not)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 2; i++) {
		lab_interface(lab_read(ns), "eth0", 1000 + i, "rx_nohandler",
			      i);
		lab_report();
	}
	ck_assert_str_eq(lab.output,
			 "eth0@nginx/if_rx_dropped-link-rx_nohandler 0 @10\n"
			 "FLUSH\n"
			 "all@nginx/gauge-all-sources 3 @20\n"
			 "eth0@nginx/if_rx_dropped-link-rx_nohandler 1 @20\n");
}

TEST(report_values, facts_and_details_are_never_sent)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.report_idle = true;
	for (uint64_t i = 0; i < 2; i++) {
		struct sample *s = lab_read(ns);

		sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
		sample_row(s, &link_fact_mtu, 1500 + i);
		sample_object(s, LAYER_NETFILTER, "", "ip.filter.INPUT#1", 1);
		sample_row(s, firewall_counter(FIREWALL_DETAIL, DIR_RX), 5 + i);
		lab_report();
		ck_assert_uint_eq(lab_count("\n"), 1);
	}
}

/* Series that collectd has been given since the last call with restart. */
static unsigned count_series(bool restart)
{
	static char seen[1 << 16];
	static unsigned n;

	if (restart)
		seen[n = 0] = '\0';
	for (const char *line = lab.output; *line;
	     line = strchr(line, '\n') + 1) {
		char name[160];

		if (!strncmp(line, "LOG ", 4) || !strncmp(line, "NOTIFY ", 7) ||
		    !strncmp(line, "FLUSH\n", 6))
			continue;
		snprintf(name, sizeof(name), "%.*s ", (int)strcspn(line, " "),
			 line);
		if (strstr(seen, name))
			continue;
		strcat(seen, name);
		n++;
	}
	return n;
}

TEST(report_values, no_more_series_than_allowed_and_it_is_said_once)
{
	struct ns *ns = lab_ns("nginx");

	lab.settings.report_idle = true;
	lab.settings.max_series = 4;
	lab_round(ns, 1000, 0);
	/* and two are for the ratio, which is not known yet, and its sum */
	ck_assert_uint_eq(count_series(true), 2);
	ck_assert_uint_eq(lab_count("LOG MaxSeries"), 1);
	check_line("eth0@nginx/if_rx_packets-link-rx_packets 1000 @10");
	for (uint64_t i = 1; i < 5; i++) {
		char sum[64];

		lab_round(ns, 1000 + 100 * i, 10 * i);
		ck_assert_uint_eq(count_series(false), 5);
		snprintf(sum, sizeof(sum), "all/packets-link-_other %u @%u",
			 i > 1 ? (unsigned)i * 10 : 0, ((unsigned)i + 1) * 10);
		check_line(sum);
		ck_assert_uint_eq(lab_count("LOG MaxSeries"), 0);
	}
	/* what was there stays, and alarms are not affected */
	check_line("eth0@nginx/if_rx_packets-link-rx_packets 1400 @50");
	check_line("eth0@nginx/percent-link-rx 9.09091 @50");
	check_line("eth0@nginx/packets-link-lost_rx 40 @50");
	ck_assert_int_eq(ns->losses.items[0].alarm.state, SEVERITY_FAILURE);
}

TEST(report_values, late_series_do_not_exceed_what_is_allowed)
{
	struct ns *late = lab_ns("late"), *early = lab_ns("early");

	lab.settings.report_idle = true;
	lab.settings.max_series = 8;
	(void)lab_read(late);
	lab_round(early, 1000, 0);
	ck_assert_uint_eq(count_series(true), 6);
	lab_interface(lab_read(late), "eth0", 1000, "rx_dropped", 0);
	lab_round(early, 1000, 0);
	ck_assert_uint_le(count_series(true), 8);
	ck_assert_uint_ge(lab_count("early/"), 4);
	ck_assert_uint_ge(lab_count("late/"), 4);
}

TEST(report_values, sums_do_not_exceed_what_is_allowed)
{
	struct ns *ns = lab_ns("");

	lab.settings.max_series = 10; /* of 11 */
	for (uint64_t i = 0; i < 4; i++) {
		struct sample *s = lab_read(ns);

		for (int k = 0; k < 2; k++) {
			lab_interface(s, k ? "eth1" : "eth0", 1000 * (i + 1),
				      "rx_nohandler", 0);
			s->objects[k].main = true;
		}
		lab_report();
		ck_assert_uint_eq(count_series(true), i ? 10 : 7);
	}
	ck_assert_uint_eq(lab_count("-link-lost_"), 2);
}

TEST(report_values, stale_source_sends_nothing_and_loses_nothing)
{
	struct ns *ns = lab_ns("nginx");
	struct sample *s;

	lab_round(ns, 1000, 0);
	lab_round(ns, 1090, 10);
	lab_round(ns, 1180, 20);
	ck_assert_uint_eq(lab.n_notified, 1);
	for (int i = 0; i < 5; i++) {
		s = lab_read(ns);
		s->sources = 6;
		sample_carry(s, &ns->then, 0);
		lab_report();
		ck_assert_uint_eq(lab_count("\n"), 1);
		ck_assert(
			strstr(lab.output, "all@nginx/gauge-all-sources 2 @"));
	}
	ck_assert_int_eq(ns->losses.items[0].alarm.state, SEVERITY_FAILURE);
	lab_round(ns, 1270, 30); /* of six intervals, and so of no ratio */
	check_without("percent-link-rx");
	ck_assert_uint_eq(lab_count("rx_missed_errors"), 1);
	lab_round(ns, 1360, 40);
	check_line("eth0@nginx/percent-link-rx 10 @100");
	ck_assert_uint_eq(lab.n_notified, 0);
}

TEST(report_values, namespace_not_read_says_nothing)
{
	struct ns *ns = lab_ns("nginx");

	lab_round(ns, 1000, 0);
	lab_round(ns, 1090, 10);
	lab_report();
	ck_assert_str_eq(lab.output, "");
	ck_assert_uint_eq(lab.list.n, 1);
	/* the next read counts from the last one */
	lab_round(ns, 1180, 20);
	check_line("eth0@nginx/percent-link-rx 10 @40");
	ck_assert_uint_eq(lab_count("link-rx_missed_errors"), 1);
}

TEST(report_values, carrier_changes_are_sent_once_there_are_some)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		struct sample *s = lab_read(ns);

		lab_interface(s, "eth0", 1000, "rx_missed_errors", 0);
		sample_object(s, LAYER_LINK, "eth0", LINK_CARRIER, 1);
		sample_row(s,
			   counter_tagged(link_probe.counters,
					  TAG_CARRIER_CHANGES),
			   i == 2 ? 9 : 7);
		lab_report();
		ck_assert_uint_eq(lab.n_notified, 0);
		if (i < 2)
			check_without("carrier");
	}
	check_line("eth0@nginx/derive-link-carrier_changes 7 @20");
	check_line("eth0@nginx/derive-link-carrier_changes 9 @30");
}

TEST(report_values, places_that_look_alike_stay_apart)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 2; i++) {
		struct sample *s = lab_read(ns);

		lab_interface(s, "e:0", 1000 + 90 * i, "rx_missed_errors",
			      10 * i);
		lab_interface(s, "e_0", 1000 + 90 * i, "rx_missed_errors",
			      10 * i);
		lab_report();
	}
	/* the clean one keeps its name */
	check_line("e_0@nginx/if_rx_dropped-link-rx_missed_errors 10 @20");
	ck_assert_uint_eq(lab_count("e_0@nginx/"), 9);
	ck_assert_uint_eq(lab_count("\ne_0_") + !strncmp(lab.output, "e_0_", 4),
			  9);
	ck_assert_uint_eq(lab_count("\n"), 20);
}

TEST(report_values, objects_that_look_alike_stay_apart)
{
	static const char *const names[] = {"a b", "a_b", "a/b"};
	struct ns *ns = lab_ns("nginx");
	const struct counter *c = firewall_counter(FIREWALL_RULE, DIR_RX);

	lab.settings.report_idle = true;
	for (uint64_t i = 0; i < ARRAY_SIZE(names); i++) {
		sample_object(i ? &ns->now : lab_read(ns), LAYER_NETFILTER, "",
			      names[i], i);
		sample_row(&ns->now, c, 10 + i);
	}
	lab_report();
	check_line("all@nginx/ipt_packets-netfilter-a_b 11 @10");
	ck_assert_uint_eq(lab_count("-netfilter-a_b"), 3);
	ck_assert_uint_eq(lab_count("-netfilter-a_b_"), 2);
	ck_assert_uint_eq(count_series(true), 4);
}

TEST(report_values, samples_of_a_renamed_interface_start_anew)
{
	struct ns *ns = lab_ns("nginx");

	for (uint64_t i = 0; i < 3; i++)
		lab_round(ns, 1000 + 90 * i, 10 * i);
	lab_interface(lab_read(ns), "wan", 90000, "rx_missed_errors", 90000);
	lab_report();
	check_without("wan@nginx/percent");
	check_without("eth0");
	ck_assert_uint_eq(lab.n_notified, 0);
}
