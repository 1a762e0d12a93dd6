/* SPDX-License-Identifier: MIT */
/*
 * What a report sends and notifies: an engine whose samples are made by hand,
 * without a kernel, and a sink that records.
 */
#include <errno.h>
#include <sys/stat.h>

/* before the kernel's own headers, which then leave out what libc has */
#include "engine/engine_private.h"

#include "probes/conntrack.h"
#include "probes/link/link.h"
#include "probes/firewall/netfilter.h"
#include "probes/qdisc/qdisc.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "probes/firewall/xt_chains.h"
#include "testlib.h"

#define SECOND UINT64_C(1000000000)

struct recorded {
	enum severity severity;
	char place[NAME_PART + 1], type[16], instance[NAME_PART + 1];
	char message[512], namespace[64], interface[32], layer[16];
	char counter[64], cause[384], remedy[256];
	double percent, warning, failure;
	uint64_t time_ns;
};

/* One per process: check forks for each test. */
static struct settings settings;
static struct engine *engine;
static unsigned read_number; /* one every ten seconds */
static char said[1 << 20];   /* one line per value, notification or log */
static size_t n_said;
static struct recorded notices[64];
static unsigned n_notifications;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	n_said += vsnprintf(said + n_said, sizeof(said) - n_said, format, args);
	va_end(args);
	ck_assert_uint_lt(n_said, sizeof(said));
}

static void on_value(void *arg, const struct series *s)
{
	ck_assert_ptr_eq(arg, &settings);
	say("%s/%s-%s ", s->place, s->type, s->instance);
	if (s->is_gauge)
		say("%g", s->gauge);
	else
		say("%" PRIu64, s->counter);
	say(" @%g\n", (double)s->time_ns / SECOND);
}

static void on_notice(void *arg, const struct notification *n)
{
	struct recorded *r = &notices[n_notifications++];

	ck_assert_ptr_eq(arg, &settings);
	ck_assert_uint_lt(n_notifications, ARRAY_SIZE(notices));
	*r = (struct recorded) {
		.severity = n->severity,
		.percent = n->percent,
		.warning = n->warning,
		.failure = n->failure,
		.time_ns = n->time_ns,
	};
	snprintf(r->place, sizeof(r->place), "%s", n->place);
	snprintf(r->type, sizeof(r->type), "%s", n->type);
	snprintf(r->instance, sizeof(r->instance), "%s", n->instance);
	snprintf(r->message, sizeof(r->message), "%s", n->message);
	snprintf(r->namespace, sizeof(r->namespace), "%s", n->namespace);
	snprintf(r->interface, sizeof(r->interface), "%s", n->interface);
	snprintf(r->layer, sizeof(r->layer), "%s", n->layer);
	snprintf(r->counter, sizeof(r->counter), "%s", n->counter);
	snprintf(r->cause, sizeof(r->cause), "%s", n->cause);
	snprintf(r->remedy, sizeof(r->remedy), "%s", n->remedy);
	say("NOTIFY %s\n", n->message);
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	ck_assert_ptr_eq(arg, &settings);
	ck_assert_int_eq(level, LOG_LEVEL_WARNING);
	say("LOG %s\n", text);
}

static void on_settle(void *arg)
{
	ck_assert_ptr_eq(arg, &settings);
	say("SETTLE\n");
}

static const struct sink sink = {&settings, on_value, on_settle, on_notice,
				 on_log};

static void setup(void)
{
	ck_assert_int_eq(settings_init(&settings), 0);
	engine = calloc(1, sizeof(*engine));
	ck_assert_ptr_nonnull(engine);
	engine->settings = &settings;
	engine->own = -1;
	engine->wanted_layers = UINT32_MAX;
	engine->max_watched = 64;
	engine->watched = calloc(64, sizeof(struct watched *));
	ck_assert_ptr_nonnull(engine->watched);
}

static void teardown(void)
{
	engine_free(engine);
	settings_free(&settings);
}

/* Begins to watch a namespace; "" is collectd's own. */
static struct watched *watch(const char *name)
{
	struct watched *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	snprintf(w->name, sizeof(w->name), "%s", name);
	if (name[0])
		snprintf(w->path, sizeof(w->path), "/run/netns/%s", name);
	w->present = true;
	engine->watched[engine->n_watched++] = w;
	return w;
}

/* Begins a read: what is appended to the result was read now. */
static struct sample *look(struct watched *w)
{
	sample_reset(&w->now);
	w->now.time_ns = w->now.mono_ns = (read_number + 1) * 10 * SECOND;
	w->now.sources = 7;
	w->fresh = true;
	return &w->now;
}

/* Reports, ends the interval; what was said before is forgotten. */
static void report(void)
{
	n_said = n_notifications = 0;
	said[0] = '\0';
	ck_assert_int_eq(engine_report(engine, &sink), 0);
	read_number++;
}

static bool was_said(const char *line)
{
	const char *at = strstr(said, line);

	return at && (at == said || at[-1] == '\n') && at[strlen(line)] == '\n';
}

#define check_said(line)                                                       \
	ck_assert_msg(was_said(line), "%s not in:\n%s", line, said)
#define check_not_said(part)                                                   \
	ck_assert_msg(!strstr(said, part), "%s is in:\n%s", part, said)

static unsigned count_said(const char *part)
{
	unsigned n = 0;

	for (const char *at = said; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void link_row(struct sample *s, const char *name, uint64_t value)
{
	sample_row(s, find_counter(&link_probe, name, NULL), value);
}

/* An interface as the link probe leaves it, rx_errors being 0. */
static void interface(struct sample *s, const char *place, uint64_t packets,
		      const char *counter, uint64_t value)
{
	sample_object(s, LAYER_LINK, place, "", 1);
	link_row(s, "rx_packets", packets);
	link_row(s, "tx_packets", packets);
	link_row(s, "rx_errors", 0);
	link_row(s, counter, value);
}

/* A read and report of one namespace with one interface that misses. */
static void round_of(struct watched *w, uint64_t packets, uint64_t missed)
{
	engine_keep_alarms(engine);
	interface(look(w), "eth0", packets, "rx_missed_errors", missed);
	report();
	engine_keep_alarms(engine);
}

/* The root qdisc of eth0, of some kind. */
static void queue(struct watched *w, const char *kind, uint64_t packets,
		  uint64_t dropped)
{
	sample_object(&w->now, LAYER_QDISC, "eth0", "root", 1);
	qdisc_label(&w->now, kind);
	sample_row(&w->now, find_counter(&qdisc_probe, "", "if_tx_dropped"),
		   dropped);
	sample_row(&w->now, find_counter(&qdisc_probe, "", "if_tx_packets"),
		   packets);
}

/* Reads of which each lost that much of a hundred in the queue. */
static void queue_rounds(struct watched *w, const char *kind, bool main,
			 unsigned percent)
{
	static uint64_t packets, dropped;

	for (unsigned i = 0; i < 4; i++) {
		packets += (100 - percent) * 10;
		dropped += (uint64_t)percent * 10;
		interface(look(w), "eth0", packets, "rx_missed_errors", 0);
		w->now.objects[0].main = main;
		queue(w, kind, packets, dropped);
		report();
		if (n_notifications)
			return;
	}
}

START_TEST(queue_manager_may_drop_some)
{
	struct watched *w = watch("nginx");

	queue_rounds(w, "fq_codel", false, 4);
	ck_assert_uint_eq(n_notifications, 0);
	queue_rounds(w, "fq_codel", false, 10);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_WARNING);
	ck_assert_double_eq(notices[0].warning, 5);
	queue_rounds(w, "fq_codel", false, 30);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_FAILURE);
}
END_TEST

START_TEST(plain_queue_may_not)
{
	queue_rounds(watch("nginx"), "pfifo_fast", false, 4);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_FAILURE);
	ck_assert_double_eq(notices[0].failure, 1);
}
END_TEST

START_TEST(limits_follow_what_drops)
{
	struct watched *w = watch("nginx");

	queue_rounds(w, "fq_codel", false, 4);
	ck_assert_uint_eq(n_notifications, 0);
	queue_rounds(w, "pfifo", false, 4);
	ck_assert_uint_eq(n_notifications, 1);
}
END_TEST

START_TEST(lower_bound_is_told_as_such)
{
	queue_rounds(watch("nginx"), "netem", true, 30);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_ptr_eq(strstr(notices[0].message, "at least 30% of packets "),
			 notices[0].message);
	n_notifications = 0;
	queue_rounds(watch("other"), "netem", false, 30);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_ptr_eq(strstr(notices[0].message, "30% of packets "),
			 notices[0].message);
}
END_TEST

/* The settings that remedies quote have no counter that could be asked for. */
START_TEST(every_source_is_read_by_default)
{
	struct engine *e;

	ck_assert_int_eq(engine_new(&e, &settings), 0);
	ck_assert_uint_eq(e->wanted_probes, (1u << n_probes) - 1);
	engine_free(e);
}
END_TEST

static const struct {
	const char *layer;
	bool gaps;
} balanced[] = {
	{"netfilter", true}, {"ip", true}, {"neigh", true}, {"link", false}};

/* Without it what a firewall refuses looks like a next hop that is gone. */
START_TEST(balance_of_ip_is_kept_for_all_who_need_it)
{
	struct engine *e;

	ck_assert_int_eq(selection_add(&settings.layers, balanced[_i].layer),
			 0);
	ck_assert_int_eq(engine_new(&e, &settings), 0);
	ck_assert(e->env.gaps == balanced[_i].gaps);
	engine_free(e);
}
END_TEST

START_TEST(quiet_namespace_sends_its_heartbeat_only)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 5);
	ck_assert_str_eq(said, "all@nginx/gauge-all-sources 3 @10\n");
	round_of(w, 2000, 5);
	ck_assert_str_eq(said, "all@nginx/gauge-all-sources 3 @20\n");
}
END_TEST

START_TEST(first_loss_is_sent_with_the_values_before)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 5);
	round_of(w, 2000, 5);
	round_of(w, 2090, 15);
	ck_assert_str_eq(
		said, "eth0@nginx/if_rx_packets-link-rx_packets 1000 @10\n"
		      "eth0@nginx/if_tx_packets-link-tx_packets 1000 @10\n"
		      "eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @10\n"
		      "SETTLE\n"
		      "eth0@nginx/if_rx_packets-link-rx_packets 2000 @20\n"
		      "eth0@nginx/if_tx_packets-link-tx_packets 2000 @20\n"
		      "eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @20\n"
		      "eth0@nginx/percent-link-rx 0 @20\n"
		      "SETTLE\n"
		      "all@nginx/gauge-all-sources 3 @30\n"
		      "eth0@nginx/if_rx_packets-link-rx_packets 2090 @30\n"
		      "eth0@nginx/if_tx_packets-link-tx_packets 2090 @30\n"
		      "eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @30\n"
		      "eth0@nginx/percent-link-rx 10 @30\n");
	/* from then on with every read, once */
	round_of(w, 2190, 15);
	ck_assert_str_eq(
		said, "all@nginx/gauge-all-sources 3 @40\n"
		      "eth0@nginx/if_rx_packets-link-rx_packets 2190 @40\n"
		      "eth0@nginx/if_tx_packets-link-tx_packets 2190 @40\n"
		      "eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @40\n"
		      "eth0@nginx/percent-link-rx 0 @40\n");
}
END_TEST

START_TEST(first_loss_of_something_young_has_one_value_before)
{
	struct watched *w = watch("nginx");

	sample_object(look(w), LAYER_LINK, "lo", "", 2);
	report();
	round_of(w, 1000, 5);
	round_of(w, 1090, 15);
	ck_assert_uint_eq(count_said("@10\n"), 0);
	check_said("eth0@nginx/if_rx_dropped-link-rx_missed_errors 5 @20");
	check_said("eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @30");
}
END_TEST

START_TEST(ratio_starts_with_two_of_the_past)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 5);
	round_of(w, 2000, 5);
	round_of(w, 3000, 5);
	round_of(w, 3090, 15);
	ck_assert_uint_eq(count_said("SETTLE\n"), 2);
	check_said("eth0@nginx/percent-link-rx 0 @20");
	check_said("eth0@nginx/percent-link-rx 0 @30");
	check_said("eth0@nginx/percent-link-rx 10 @40");
}
END_TEST

START_TEST(ratio_that_was_unknown_before_starts_with_itself)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 5);
	round_of(w, 1000, 5);
	round_of(w, 1090, 15);
	check_not_said("nan");
	check_said("eth0@nginx/percent-link-rx 10 @30");
}
END_TEST

static void udp_port(struct sample *s, uint64_t drops, bool began)
{
	sample_object(s, LAYER_SOCKET, "", "udp_5001_drops", 0);
	sample_row(s, &socket_udp_drops, drops);
	if (began)
		sample_began(s);
	sample_row(s, &socket_fact_port, 5001);
}

START_TEST(port_that_drops_is_sent_from_its_first_drop)
{
	struct watched *w = watch("dns");

	look(w);
	report();
	udp_port(look(w), 7, true);
	report();
	ck_assert_str_eq(said, "all@dns/packets-socket-udp_5001_drops 0 @10\n"
			       "SETTLE\n"
			       "all@dns/gauge-all-sources 3 @20\n"
			       "all@dns/packets-socket-udp_5001_drops 7 @20\n");
	udp_port(look(w), 7, false);
	report();
	check_said("all@dns/packets-socket-udp_5001_drops 7 @30");
}
END_TEST

START_TEST(accept_queue_is_sent_when_it_was_looked_at)
{
	struct watched *w = watch("web");
	struct sample *s = look(w);

	sample_object(s, LAYER_SOCKET, "", "tcp_80_accept", 0);
	sample_row(s, &socket_tcp_accept, 129);
	sample_row(s, &socket_fact_limit, 128);
	report();
	check_said("all@web/queue_length-socket-tcp_80_accept 129 @10");
	look(w);
	report();
	check_not_said("tcp_80_accept");
}
END_TEST

START_TEST(values_before_are_settled_before_new_ones)
{
	struct watched *a = watch("a"), *b = watch("b");

	for (uint64_t i = 0; i < 3; i++) {
		const char *settled;

		interface(look(a), "eth0", 1000, "rx_missed_errors", 5 * i);
		round_of(b, 1000, 5 * i);
		settled = strstr(said, "SETTLE\n");
		ck_assert((settled != NULL) == (i == 1));
		if (!settled)
			continue;
		ck_assert(!strstr(settled, "@10\n"));
		ck_assert(strstr(said, "@20\n") > settled);
		ck_assert(!strstr(settled + 1, "SETTLE"));
	}
}
END_TEST

START_TEST(ratio_without_traffic_is_not_sent)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 5);
	round_of(w, 1090, 15);
	check_said("eth0@nginx/percent-link-rx 10 @20");
	round_of(w, 1090, 15);
	check_not_said("percent");
	check_said("eth0@nginx/if_rx_dropped-link-rx_missed_errors 15 @30");
}
END_TEST

START_TEST(idle_counters_are_sent_on_demand)
{
	struct watched *w = watch("nginx");

	settings.report_idle = true;
	round_of(w, 1000, 0);
	ck_assert_str_eq(
		said, "all@nginx/gauge-all-sources 3 @10\n"
		      "eth0@nginx/if_rx_packets-link-rx_packets 1000 @10\n"
		      "eth0@nginx/if_tx_packets-link-tx_packets 1000 @10\n"
		      "eth0@nginx/if_rx_errors-link-rx_errors 0 @10\n"
		      "eth0@nginx/if_rx_dropped-link-rx_missed_errors 0 @10\n");
	round_of(w, 1100, 0);
	ck_assert_uint_eq(count_said("@10\n"), 0);
	check_said("eth0@nginx/percent-link-rx 0 @20");
	check_said("eth0@nginx/if_rx_packets-link-rx_packets 1100 @20");
}
END_TEST

START_TEST(idle_part_of_a_loss_waits_for_its_first_packet)
{
	struct watched *w = watch("nginx");

	settings.report_idle = true;
	for (int i = 0; i < 3; i++) {
		interface(look(w), "eth0", 1000, "rx_crc_errors",
			  i == 2 ? 7 : 0);
		report();
		ck_assert_uint_eq(count_said("rx_crc_errors"), i == 2 ? 3 : 0);
	}
	check_said("eth0@nginx/if_rx_errors-link-rx_crc_errors 0 @10");
	check_said("eth0@nginx/if_rx_errors-link-rx_crc_errors 0 @20");
	check_said("eth0@nginx/if_rx_errors-link-rx_crc_errors 7 @30");
}
END_TEST

START_TEST(own_real_interface_sends_its_main_counters)
{
	struct watched *w = watch("");
	struct sample *s = look(w);

	interface(s, "eth0", 1000, "rx_nohandler", 3);
	s->objects[0].main = true;
	interface(s, "lo", 1000, "rx_dropped", 3);
	report();
	ck_assert_str_eq(said, "all/gauge-all-sources 3 @10\n"
			       "eth0/if_rx_packets-link-rx_packets 1000 @10\n"
			       "eth0/if_tx_packets-link-tx_packets 1000 @10\n"
			       "eth0/if_rx_errors-link-rx_errors 0 @10\n");
	s = look(w);
	interface(s, "eth0", 1100, "rx_nohandler", 3);
	s->objects[0].main = true;
	interface(s, "lo", 1100, "rx_dropped", 3);
	report();
	/* and the ratio of each layer that saw traffic */
	check_said("eth0/percent-link-rx 0 @20");
	check_not_said("lo/percent");
	check_not_said("rx_nohandler");
	check_not_said("lo/if_rx");
	ck_assert_uint_eq(count_said("@10\n"), 0);
}
END_TEST

START_TEST(own_virtual_interface_is_quiet_until_it_loses)
{
	static const char *const kinds[] = {"veth", "bridge", ""};
	struct watched *w = watch("");

	for (uint64_t i = 0; i < 4; i++) {
		struct sample *s = look(w);

		for (uint64_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			const char name[] = {'e', 'a' + (char)k, 0};

			interface(s, name, 1000 * (i + 1), "rx_dropped",
				  k == 0 && i > 2 ? 7 : 0);
			s->objects[s->n_objects - 1].main = !kinds[k][0];
			sample_object(s, LAYER_LINK, name, LINK_CONFIG, 1);
			sample_label(s, kinds[k]);
		}
		report();
		ck_assert_uint_eq(count_said("ea/") > 0, i > 2);
		ck_assert_uint_eq(count_said("eb/"), 0);
		ck_assert_uint_eq(count_said("ec/percent-link-rx"), i > 0);
	}
	check_said("ea/if_rx_dropped-link-rx_dropped 7 @40");
}
END_TEST

START_TEST(own_interface_that_nothing_is_known_of_sends_its_ratio)
{
	struct watched *w = watch("");

	for (uint64_t i = 1; i < 3; i++) { /* Layer "qdisc" */
		look(w);
		queue(w, "pfifo", 1000 * i, 0);
		report();
	}
	check_said("eth0/percent-qdisc-tx 0 @20");
}
END_TEST

START_TEST(own_connection_table_is_sent_when_it_is_half_full)
{
	const struct counter *count = find_counter(&conntrack_probe, "count",
						   NULL),
			     *max = find_counter(&conntrack_probe, "max", NULL);
	struct watched *w = watch("");

	for (uint64_t entries = 40; entries < 70; entries += 20) {
		struct sample *s = look(w);

		sample_object(s, LAYER_CONNTRACK, "", "", 0);
		sample_row(s, count, entries);
		sample_row(s, max, 100);
		report();
		ck_assert_uint_eq(count_said("conntrack-count"), entries > 50);
		ck_assert_uint_eq(count_said("percent-conntrack-fill"), 1);
	}
	check_said("all/conntrack-conntrack-count 60 @20");
	check_said("all/conntrack-conntrack-max 100 @20");
}
END_TEST

START_TEST(real_interface_elsewhere_is_as_quiet_as_any)
{
	struct watched *w = watch("vm");
	struct sample *s = look(w);

	interface(s, "eth0", 1000, "rx_dropped", 3);
	s->objects[0].main = true;
	report();
	ck_assert_str_eq(said, "all@vm/gauge-all-sources 3 @10\n");
}
END_TEST

START_TEST(new_thing_under_an_old_name_is_a_baseline)
{
	struct watched *w = watch("nginx");
	struct sample *s;

	round_of(w, 1000, 5);
	round_of(w, 1090, 15);
	for (uint64_t i = 0; i < 3; i++) {
		char line[128];

		s = look(w);
		interface(s, "eth0", 900000, "rx_missed_errors", 900000);
		s->objects[0].identity = 10 + i;
		snprintf(line, sizeof(line),
			 "eth0@nginx/if_rx_dropped-link-rx_missed_errors "
			 "900000 @%u",
			 (read_number + 1) * 10);
		report();
		check_said(line);
		ck_assert_uint_eq(count_said("rx_missed_errors"), 1);
		check_not_said("percent");
		ck_assert_uint_eq(n_notifications, 0);
	}
}
END_TEST

START_TEST(counter_that_went_back_makes_no_ratio)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 500);
	round_of(w, 1090, 510);
	round_of(w, 1180, 20);
	check_said("eth0@nginx/if_rx_dropped-link-rx_missed_errors 20 @30");
	ck_assert_uint_eq(count_said("rx_missed_errors"), 1);
	/* rx_errors is known and went on: nothing of it was lost */
	ck_assert_uint_eq(n_notifications, 0);
	round_of(w, 10, 30);
	check_not_said("percent-link-rx ");
}
END_TEST

START_TEST(moving_symptom_is_sent_and_traffic_is_not)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 2; i++) {
		interface(look(w), "eth0", 1000 + i, "rx_nohandler", i);
		report();
	}
	ck_assert_str_eq(said,
			 "eth0@nginx/if_rx_dropped-link-rx_nohandler 0 @10\n"
			 "SETTLE\n"
			 "all@nginx/gauge-all-sources 3 @20\n"
			 "eth0@nginx/if_rx_dropped-link-rx_nohandler 1 @20\n");
}
END_TEST

START_TEST(facts_and_details_are_never_sent)
{
	struct watched *w = watch("nginx");

	settings.report_idle = true;
	for (uint64_t i = 0; i < 2; i++) {
		struct sample *s = look(w);

		sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
		sample_row(s, &link_fact_mtu, 1500 + i);
		sample_object(s, LAYER_NETFILTER, "", "ip.filter.INPUT#1", 1);
		sample_row(s, netfilter_counter(NETFILTER_DETAIL, DIR_RX),
			   5 + i);
		report();
		ck_assert_uint_eq(count_said("\n"), 1);
	}
}
END_TEST

/* Series that collectd has been given since the last call with restart. */
static unsigned count_series(bool restart)
{
	static char seen[1 << 16];
	static unsigned n;

	if (restart)
		seen[n = 0] = '\0';
	for (const char *line = said; *line; line = strchr(line, '\n') + 1) {
		char name[160];

		if (!strncmp(line, "LOG ", 4) || !strncmp(line, "NOTIFY ", 7))
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

START_TEST(no_more_series_than_allowed_and_it_is_said_once)
{
	struct watched *w = watch("nginx");

	settings.report_idle = true;
	settings.max_series = 4;
	round_of(w, 1000, 0);
	ck_assert_uint_eq(count_series(true), 4);
	ck_assert_uint_eq(count_said("LOG MaxSeries"), 1);
	check_said("eth0@nginx/if_rx_errors-link-rx_errors 0 @10");
	for (uint64_t i = 1; i < 5; i++) {
		char sum[64];

		round_of(w, 1000 + 100 * i, 10 * i);
		ck_assert_uint_eq(count_series(false), 5);
		snprintf(sum, sizeof(sum), "all/packets-link-_other %u @%u",
			 i > 1 ? (unsigned)i * 10 : 0, ((unsigned)i + 1) * 10);
		check_said(sum);
		ck_assert_uint_eq(count_said("LOG MaxSeries"), 0);
	}
	/* what was there stays, and alarms are not affected */
	check_said("eth0@nginx/if_rx_errors-link-rx_errors 0 @50");
	ck_assert_int_eq(w->losses.items[0].alarm.state, SEVERITY_FAILURE);
}
END_TEST

START_TEST(late_series_do_not_exceed_what_is_allowed)
{
	struct watched *late = watch("late"), *early = watch("early");

	settings.report_idle = true;
	settings.max_series = 8;
	(void)look(late);
	round_of(early, 1000, 0);
	ck_assert_uint_eq(count_series(true), 6);
	interface(look(late), "eth0", 1000, "rx_dropped", 0);
	round_of(early, 1000, 0);
	ck_assert_uint_le(count_series(false), 8);
}
END_TEST

START_TEST(stale_source_sends_nothing_and_loses_nothing)
{
	struct watched *w = watch("nginx");
	struct sample *s;

	round_of(w, 1000, 0);
	round_of(w, 1090, 10);
	round_of(w, 1180, 20);
	ck_assert_uint_eq(n_notifications, 1);
	for (int i = 0; i < 5; i++) {
		s = look(w);
		s->sources = 6;
		sample_carry(s, &w->then, 0);
		report();
		ck_assert_uint_eq(count_said("\n"), 1);
		ck_assert(strstr(said, "all@nginx/gauge-all-sources 2 @"));
	}
	ck_assert_int_eq(w->losses.items[0].alarm.state, SEVERITY_FAILURE);
	round_of(w, 1270, 30); /* of six intervals, and so of no ratio */
	check_not_said("percent-link-rx");
	ck_assert_uint_eq(count_said("rx_missed_errors"), 1);
	round_of(w, 1360, 40);
	check_said("eth0@nginx/percent-link-rx 10 @100");
	ck_assert_uint_eq(n_notifications, 0);
}
END_TEST

START_TEST(blind_source_is_a_series_once_it_was_blind)
{
	struct watched *w = watch("nginx");
	size_t probe = 0;

	while (probes[probe] != &xtables_probe)
		probe++;
	(void)look(w);
	report();
	check_not_said("available");
	w->was_blind = w->is_blind = 1u << probe;
	(void)look(w);
	report();
	check_said("all@nginx/gauge-netfilter-available 0 @20");
	w->is_blind = 0;
	(void)look(w);
	report();
	check_said("all@nginx/gauge-netfilter-available 1 @30");
	ck_assert_uint_eq(count_said("available"), 1);
}
END_TEST

START_TEST(blindness_is_logged_once_per_reason)
{
	engine->blindness[0].errors[0] = -EPERM;
	report();
	ck_assert_uint_eq(count_said("LOG "), 1);
	ck_assert_uint_eq(count_said("LOG layer link cannot be read from"), 1);
	ck_assert_uint_eq(count_said("not permitted"), 1);
	report();
	ck_assert_uint_eq(count_said("LOG "), 0);
	engine->blindness[0].errors[1] = -EAGAIN;
	engine->private_own = true;
	report();
	ck_assert_uint_eq(count_said("LOG "), 2);
	ck_assert_uint_eq(count_said("process 1"), 1);
	report();
	ck_assert_uint_eq(count_said("LOG "), 0);
}
END_TEST

START_TEST(shortfalls_are_sent_once_there_are_some)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 0);
	check_not_said("skipped");
	check_not_said("unwatched");
	engine->n_skipped = 7;
	round_of(w, 1000, 0);
	check_said("all/gauge-all-skipped 7 @20");
	check_not_said("unwatched");
	ck_assert_uint_eq(count_said("LOG ReadBudget"), 1);
	engine->n_skipped = 0;
	engine->n_unwatched = 3;
	round_of(w, 1000, 0);
	check_said("all/gauge-all-skipped 0 @30");
	check_said("all/gauge-all-unwatched 3 @30");
	ck_assert_uint_eq(count_said("LOG MaxNamespaces"), 1);
	engine->n_skipped = 1;
	round_of(w, 1000, 0);
	check_said("all/gauge-all-skipped 1 @40");
	check_said("all/gauge-all-unwatched 3 @40");
	ck_assert_uint_eq(count_said("LOG "), 0);
}
END_TEST

/* The others behind collectd's own: those that go before the next to be read
 * ... */
START_TEST(turn_is_kept_when_namespaces_go)
{
	struct watched *others[5];
	char name[] = "a";

	watch("");
	for (int i = 0; i < 5; i++, name[0]++)
		others[i] = watch(name);
	engine->next = 3;
	others[0]->present = others[2]->present = others[4]->present = false;
	report();
	ck_assert_uint_eq(engine->n_watched, 3);
	ck_assert_uint_eq(engine->next, 1);
	ck_assert_str_eq(engine->watched[1 + engine->next]->name, "d");
}
END_TEST

START_TEST(namespace_skipped_counts_over_both_intervals)
{
	struct watched *w = watch("nginx"), *own = watch("");

	for (uint64_t i = 0; i < 2; i++) {
		interface(look(own), "eth0", 1000, "rx_missed_errors", 0);
		round_of(w, 1000 + 90 * i, 10 * i);
	}
	interface(look(own), "eth0", 1000, "rx_missed_errors", 0);
	report(); /* w was skipped */
	check_not_said("@nginx");
	interface(look(own), "eth0", 1000, "rx_missed_errors", 0);
	round_of(w, 1000 + 90 * 3, 10 * 3);
	check_said("eth0@nginx/percent-link-rx 10 @40");
	check_said("eth0@nginx/if_rx_dropped-link-rx_missed_errors 30 @40");
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_ptr_nonnull(
		strstr(notices[0].message, "(20 of 200 in 20 s, "));
}
END_TEST

START_TEST(namespace_not_read_says_nothing)
{
	struct watched *w = watch("nginx");

	round_of(w, 1000, 0);
	round_of(w, 1090, 10);
	report();
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(engine->n_watched, 1);
	/* the next read counts from the last one */
	round_of(w, 1180, 20);
	check_said("eth0@nginx/percent-link-rx 10 @40");
	ck_assert_uint_eq(count_said("link-rx_missed_errors"), 1);
}
END_TEST

START_TEST(second_lossy_interval_is_notified)
{
	struct watched *w = watch("nginx");
	const struct recorded *n = &notices[0];

	round_of(w, 1000, 0);
	round_of(w, 1090, 10);
	ck_assert_uint_eq(n_notifications, 0);
	round_of(w, 1120, 20);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(n->severity, SEVERITY_FAILURE);
	ck_assert_str_eq(
		n->message,
		"25% of packets received were lost in link on eth0@nginx (10 "
		"of 40 in 10 s, failure above 1%): rx_missed_errors: the "
		"receive ring is too small or the CPU too slow. ethtool -G "
		"eth0 rx N; more queues, spread interrupts");
	ck_assert_str_eq(n->place, "eth0@nginx");
	ck_assert_str_eq(n->type, "percent");
	ck_assert_str_eq(n->instance, "link-rx");
	ck_assert_str_eq(n->namespace, "nginx");
	ck_assert_str_eq(n->interface, "eth0");
	ck_assert_str_eq(n->layer, "link");
	ck_assert_str_eq(n->counter, "rx_missed_errors");
	ck_assert_str_eq(n->cause, "rx_missed_errors: the receive ring is too "
				   "small or the CPU too slow");
	ck_assert_str_eq(n->remedy, "ethtool -G eth0 rx N; more queues, spread "
				    "interrupts");
	ck_assert_double_eq_tol(n->percent, 25, 1e-9);
	ck_assert_double_eq_tol(n->warning, 0.1, 1e-9);
	ck_assert_double_eq_tol(n->failure, 1, 1e-9);
	ck_assert_uint_eq(n->time_ns, 30 * SECOND);
	/* its series is there already */
	ck_assert(strstr(said, "NOTIFY ") > strstr(said, "percent"));
	round_of(w, 1150, 30);
	ck_assert_uint_eq(n_notifications, 0);
}
END_TEST

START_TEST(recovery_is_notified_once)
{
	struct watched *w = watch("");
	const struct recorded *n = &notices[0];

	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	for (uint64_t i = 0; i < 2; i++) {
		round_of(w, 2000 + 100 * i, 20);
		ck_assert_uint_eq(n_notifications, 0);
	}
	round_of(w, 2300, 20);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(n->severity, SEVERITY_OKAY);
	ck_assert_str_eq(n->message,
			 "No more packets received were lost in link on eth0: "
			 "0 of 200 in 10 s");
	ck_assert_str_eq(n->namespace, "");
	ck_assert_str_eq(n->counter, "");
	round_of(w, 2400, 20);
	ck_assert_uint_eq(n_notifications, 0);
}
END_TEST

START_TEST(unexplained_rx_dropped_is_a_warning_at_most)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 6; i++) {
		interface(look(w), "eth0", 1000 + i, "rx_dropped", 1000 * i);
		report();
		ck_assert_uint_eq(n_notifications, i == 2);
	}
	ck_assert_int_eq(w->losses.items[0].alarm.state, SEVERITY_WARNING);
}
END_TEST

/* A read of eth0, of which 10 % are lost, with a fact of its kind or none. */
static void lossy_round(struct watched *w, uint64_t i, const char *kind,
			const struct counter *fact, uint64_t value)
{
	struct sample *s = look(w);

	interface(s, "eth0", 1000 + 90 * i, "rx_missed_errors", 10 * i);
	s->objects[0].main = !kind[0];
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_label(s, kind);
	if (fact)
		sample_row(s, fact, value);
	report();
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

START_TEST(what_an_interface_is_decides_whether_it_alerts)
{
	struct watched *w = watch("");
	unsigned n = 0;

	for (uint64_t i = 0; i < 5; i++) {
		lossy_round(w, i, roles[_i].kind, roles[_i].fact,
			    roles[_i].value);
		n += n_notifications;
	}
	ck_assert_uint_eq(n, roles[_i].alerts);
	check_said("eth0/percent-link-rx 10 @50");
}
END_TEST

START_TEST(threshold_for_an_interface_makes_it_alert)
{
	struct watched *w = watch("");
	struct option_value eth0 = {.type = VALUE_STRING, .string = "eth0"};
	unsigned n = 0;

	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_int_eq(settings_set(&settings, true, "Interface", &eth0), 0);
	for (uint64_t i = 0; i < 5; i++) {
		lossy_round(w, i, "bond", NULL, 0);
		n += n_notifications;
	}
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(wireless_may_lose_more)
{
	struct watched *w = watch("");
	const struct recorded *n = &notices[0];

	lossy_round(w, 0, "", &link_fact_wireless, 1);
	lossy_round(w, 1, "", &link_fact_wireless, 1);
	lossy_round(w, 2, "", &link_fact_wireless, 1);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_double_eq_tol(n->warning, 1, 1e-9);
	ck_assert_double_eq_tol(n->failure, 5, 1e-9);
}
END_TEST

START_TEST(alarm_ends_when_the_carrier_does)
{
	struct watched *w = watch("");
	struct sample *s;

	for (uint64_t i = 0; i < 3; i++)
		lossy_round(w, i, "", &link_fact_carrier, 1);
	ck_assert_uint_eq(n_notifications, 1);
	/* nothing moves any more, and so there is no ratio */
	s = look(w);
	interface(s, "eth0", 1180, "rx_missed_errors", 20);
	s->objects[0].main = true;
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_row(s, &link_fact_carrier, 0);
	report();
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_OKAY);
}
END_TEST

START_TEST(carrier_changes_are_sent_once_there_are_some)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		struct sample *s = look(w);

		interface(s, "eth0", 1000, "rx_missed_errors", 0);
		sample_object(s, LAYER_LINK, "eth0", LINK_CARRIER, 1);
		sample_row(s, probe_counter(&link_probe, TAG_CARRIER_CHANGES),
			   i == 2 ? 9 : 7);
		report();
		ck_assert_uint_eq(n_notifications, 0);
		if (i < 2)
			check_not_said("carrier");
	}
	check_said("eth0@nginx/derive-link-carrier_changes 7 @20");
	check_said("eth0@nginx/derive-link-carrier_changes 9 @30");
}
END_TEST

START_TEST(vanished_interface_ends_its_alarm)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	ck_assert_uint_eq(n_notifications, 1);
	for (int i = 0; i < 3; i++) {
		(void)look(w);
		report();
		ck_assert_uint_eq(n_notifications, i == 2);
	}
	ck_assert_int_eq(notices[0].severity, SEVERITY_OKAY);
	ck_assert_ptr_nonnull(strstr(notices[0].message, "is gone"));
	ck_assert_uint_eq(w->losses.n, 0);
}
END_TEST

START_TEST(vanished_namespace_ends_its_alarms)
{
	struct watched *w = watch("nginx");

	(void)watch("");
	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	w->present = false;
	report();
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_OKAY);
	ck_assert_str_eq(notices[0].message,
			 "No more packets received were lost in link on "
			 "eth0@nginx: the namespace is gone");
	ck_assert_uint_eq(engine->n_watched, 1);
	ck_assert_str_eq(engine->watched[0]->path, "");
	report();
	ck_assert_uint_eq(n_notifications, 0);
}
END_TEST

START_TEST(namespace_made_anew_ends_the_alarms_of_the_old)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	/* as the engine does when the cookie has changed */
	sample_reset(&w->then);
	w->then.time_ns = 0;
	w->renewed = true;
	round_of(w, 90000, 90000);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_OKAY);
	ck_assert_uint_eq(engine->n_watched, 1);
	round_of(w, 90090, 90010);
	check_said("eth0@nginx/percent-link-rx 10 @50");
	ck_assert_uint_eq(n_notifications, 0);
	/* only once; then it is judged as any other */
	round_of(w, 90180, 90020);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_FAILURE);
}
END_TEST

static void many_interfaces(struct sample *s, int n, uint64_t packets,
			    uint64_t missed)
{
	char place[16];

	for (int i = 0; i < n; i++) {
		snprintf(place, sizeof(place), "eth%d", i);
		interface(s, place, packets, "rx_missed_errors", missed);
	}
}

START_TEST(flood_of_notifications_is_summed_up)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		many_interfaces(look(w), 33, 1000 + 90 * i, 10 * i);
		report();
	}
	ck_assert_uint_eq(n_notifications, 21);
	ck_assert_str_eq(notices[20].message,
			 "13 more changes of state in this read are not "
			 "notified one by one; the percent series show them");
	ck_assert_int_eq(notices[20].severity, SEVERITY_FAILURE);
	ck_assert_str_eq(notices[20].place, "all");
	ck_assert_str_eq(notices[20].layer, "all");
	ck_assert_double_nan(notices[20].percent);
	many_interfaces(look(w), 33, 2000, 500);
	report();
	ck_assert_uint_eq(n_notifications, 0);
}
END_TEST

START_TEST(twenty_notifications_need_no_summary)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		many_interfaces(look(w), 20, 1000 + 90 * i, 10 * i);
		report();
	}
	ck_assert_uint_eq(n_notifications, 20);
	ck_assert_str_eq(notices[19].interface, "eth19");
}
END_TEST

/* One end of a veth pair, with an address that follows from its index. */
static void veth(struct sample *s, const char *place, uint64_t index,
		 uint64_t peer, const char *counter, uint64_t lost)
{
	interface(s, place, 1000, counter, lost);
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
	unsigned notices; /* of both */
} wires[] = {
	{"what the peer refuses is its own alarm", 7, 4, true, 1},
	{"the peer lost nothing", 7, 4, false, 1},
	{"another interface lost as well", 8, 4, true, 2},
	{"the peer of another", 7, 5, true, 2},
};

START_TEST(loss_on_a_wire_alerts_at_one_end)
{
	struct watched *host = watch(""), *container = watch("nginx");
	unsigned n = 0;

	for (uint64_t i = 0; i < 3; i++) {
		veth(look(host), "veth0", 4, 7, "tx_dropped", 100 * i);
		veth(look(container), "eth0", wires[_i].index, wires[_i].peer,
		     "rx_missed_errors", wires[_i].loses ? 100 * i : 0);
		report();
		n += n_notifications;
	}
	ck_assert_msg(n == wires[_i].notices, "%s: %u", wires[_i].what, n);
	ck_assert_str_eq(notices[n_notifications - 1].namespace,
			 wires[_i].loses ? "nginx" : "");
}
END_TEST

START_TEST(other_wire_of_equal_indexes_is_told_by_its_address)
{
	struct watched *host = watch(""), *container = watch("nginx");
	unsigned n = 0;

	for (uint64_t i = 0; i < 3; i++) {
		struct sample *s;

		veth(look(host), "veth0", 4, 7, "tx_dropped", 100 * i);
		s = look(container);
		veth(s, "eth0", 7, 4, "rx_missed_errors", 100 * i);
		object_row(s, &s->objects[1], &link_fact_mac)->value = 1;
		report();
		n += n_notifications;
	}
	ck_assert_uint_eq(n, 2);
}
END_TEST

/* A namespace in which a rule with that comment drops half of all. */
static void firewall(struct watched *w, const char *comment, uint64_t dropped)
{
	struct sample *s = look(w);
	char name[512];

	sample_object(s, LAYER_IP, "", "", 0);
	for (size_t i = 0; i < N_SNMP_COUNTERS; i++)
		if (!strcmp(snmp_counters[i].name, "InReceives"))
			sample_row(s, &snmp_counters[i], 2 * dropped);
	sample_object(s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 1);
	sample_row(s, netfilter_counter(NETFILTER_CHAIN, DIR_RX), dropped);
	snprintf(name, sizeof(name), "ip.filter.INPUT.%s", comment);
	sample_object(s, LAYER_NETFILTER, "", name, 2);
	sample_label(s, comment);
	sample_row(s, netfilter_counter(NETFILTER_RULE, DIR_RX), dropped);
	sample_row(s, &netfilter_rule_number, 3);
	sample_row(s, &netfilter_rule_target, NETFILTER_DROP_RULE);
	report();
}

static const char *long_comment(char comment[256])
{
	for (int i = 0; i < 255; i++)
		comment[i] = (char)(i + 1);
	comment[255] = '\0';
	return comment;
}

/* What follows the numbers, where "cause. remedy" is too long for it. */
static void check_cut(const struct recorded *n)
{
	const char *text = strstr(n->message, "): ") + 3;
	size_t kept = strlen(text);
	char whole[1024];

	snprintf(whole, sizeof(whole), "%s. %s", n->cause, n->remedy);
	if (!strcmp(text, whole))
		return;
	ck_assert_uint_gt(strlen(whole) + (text - n->message), 255);
	ck_assert_str_eq(text + kept - 4, " ...");
	ck_assert(!strncmp(text, whole, kept - 4));
	ck_assert_int_eq(whole[kept - 4], ' ');
}

START_TEST(long_message_ends_with_a_whole_word)
{
	struct watched *w = watch("nginx");
	char comment[256];

	for (int i = 0; i < 250; i++)
		comment[i] = (char)(i % (3 + _i % 20) ? 'x' : ' ');
	comment[_i] = '\0';
	for (uint64_t i = 0; i < 3; i++)
		firewall(w, comment, 1000 * i);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_uint_le(strlen(notices[0].message), 255);
	ck_assert_ptr_nonnull(strstr(notices[0].cause, comment));
	check_cut(&notices[0]);
}
END_TEST

START_TEST(message_is_short_and_printable_whatever_a_rule_says)
{
	struct watched *w = watch("12345678901234567890123456789012345678901234"
				  "567");
	const struct recorded *n = &notices[0];
	char comment[256];

	for (uint64_t i = 0; i < 3; i++)
		firewall(w, long_comment(comment), 1000 * i);
	ck_assert_uint_eq(n_notifications, 1);
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
END_TEST

START_TEST(rule_is_named_in_the_notification)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++)
		firewall(w, "maintenance", 1000 * i);
	ck_assert_str_eq(
		notices[0].message,
		"50% of packets received were lost in netfilter on "
		"all@nginx (1000 of 2000 in 10 s, failure above 1%): "
		"rule 3 of ip filter INPUT (DROP, \"maintenance\"). "
		"Look at it: iptables-legacy -t filter -L INPUT 3 -nv");
	check_said("all@nginx/ipt_packets-netfilter-ip.filter.INPUT.drop 2000 "
		   "@30");
	check_said(
		"all@nginx/ipt_packets-netfilter-ip.filter.INPUT.maintenance "
		"2000 @30");
}
END_TEST

START_TEST(places_that_look_alike_stay_apart)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 2; i++) {
		struct sample *s = look(w);

		interface(s, "e:0", 1000 + 90 * i, "rx_missed_errors", 10 * i);
		interface(s, "e_0", 1000 + 90 * i, "rx_missed_errors", 10 * i);
		report();
	}
	/* the clean one keeps its name */
	check_said("e_0@nginx/if_rx_dropped-link-rx_missed_errors 10 @20");
	ck_assert_uint_eq(count_said("e_0@nginx/"), 7);
	ck_assert_uint_eq(count_said("\ne_0_") + !strncmp(said, "e_0_", 4), 7);
	ck_assert_uint_eq(count_said("\n"), 16);
}
END_TEST

START_TEST(objects_that_look_alike_stay_apart)
{
	static const char *const names[] = {"a b", "a_b", "a/b"};
	struct watched *w = watch("nginx");
	const struct counter *c = netfilter_counter(NETFILTER_RULE, DIR_RX);

	settings.report_idle = true;
	for (uint64_t i = 0; i < ARRAY_SIZE(names); i++) {
		sample_object(i ? &w->now : look(w), LAYER_NETFILTER, "",
			      names[i], i);
		sample_row(&w->now, c, 10 + i);
	}
	report();
	check_said("all@nginx/ipt_packets-netfilter-a_b 11 @10");
	ck_assert_uint_eq(count_said("-netfilter-a_b"), 3);
	ck_assert_uint_eq(count_said("-netfilter-a_b_"), 2);
	ck_assert_uint_eq(count_series(true), 4);
}
END_TEST

static void retransmit(struct watched *w, uint64_t n)
{
	struct sample *s = look(w);

	sample_object(s, LAYER_TCP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "RetransSegs", NULL), n);
	sample_row(s, find_counter(&snmp_probe, "TCPOrigDataSent", NULL), n);
	report();
}

START_TEST(retransmits_alert_only_where_a_threshold_says_so)
{
	const struct option_value tcp = {.type = VALUE_STRING, .string = "tcp"};
	unsigned n = 0;

	for (int with = 0; with < 2; with++) {
		struct watched *w = watch(with ? "with" : "without");

		if (with) {
			ck_assert_int_eq(settings_add_threshold(&settings), 0);
			ck_assert_int_eq(
				settings_set(&settings, true, "Layer", &tcp),
				0);
		}
		for (uint64_t i = 0; i < 5; i++) {
			retransmit(w, 100 * i);
			n += n_notifications;
		}
		ck_assert_uint_eq(n, with);
	}
}
END_TEST

START_TEST(samples_of_a_renamed_interface_start_anew)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	interface(look(w), "wan", 90000, "rx_missed_errors", 90000);
	report();
	check_not_said("wan@nginx/percent");
	check_not_said("eth0");
	ck_assert_uint_eq(n_notifications, 0);
}
END_TEST

static char state_path[64];

static void setup_state(void)
{
	int fd;

	setup();
	snprintf(state_path, sizeof(state_path), "/tmp/pktloss-report-XXXXXX");
	fd = mkstemp(state_path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(state_path); /* as at the very first start */
	settings.state_file = strdup(state_path);
}

static void teardown_state(void)
{
	unlink(state_path);
	teardown();
}

static void restart(void)
{
	engine_free(engine);
	settings_free(&settings);
	setup();
	settings.state_file = strdup(state_path);
}

/* Three reads, of which the last two lose one packet in ten. */
static void raise_alarm(void)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	ck_assert_uint_eq(n_notifications, 1);
}

START_TEST(restart_does_not_raise_again)
{
	struct watched *w;

	raise_alarm();
	restart();
	w = watch("nginx");
	for (uint64_t i = 0; i < 6; i++) {
		round_of(w, 2000 + 90 * i, 100 + 10 * i);
		ck_assert_uint_eq(n_notifications, 0);
	}
	check_not_said("StateFile");
}
END_TEST

START_TEST(recovery_after_a_restart_is_notified_once)
{
	struct watched *w;
	unsigned n = 0;

	raise_alarm();
	for (int turn = 0; turn < 2; turn++) {
		restart();
		w = watch("nginx");
		for (uint64_t i = 0; i < 6; i++) {
			round_of(w, 2000 + 90 * i, 100);
			n += n_notifications;
		}
	}
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(notices[0].severity, SEVERITY_OKAY);
}
END_TEST

START_TEST(what_is_gone_after_a_restart_is_taken_back)
{
	raise_alarm();
	restart();
	/* it has two minutes to come back: a read is every ten seconds */
	for (int i = 0; i < 15; i++) {
		round_of(i ? engine->watched[0] : watch("other"), 1000, 0);
		ck_assert_uint_eq(n_notifications, i == 12);
		if (n_notifications)
			break;
	}
	ck_assert_int_eq(notices[0].severity, SEVERITY_OKAY);
	ck_assert_str_eq(notices[0].place, "eth0@nginx");
	ck_assert_ptr_nonnull(strstr(notices[0].message, "is gone"));
}
END_TEST

START_TEST(damaged_state_is_ignored_with_a_warning)
{
	FILE *f = fopen(state_path, "we");
	struct watched *w = watch("nginx");

	ck_assert_ptr_nonnull(f);
	fputs("pktloss alarms 1\nnonsense\n", f);
	fclose(f);
	round_of(w, 1000, 0);
	ck_assert_uint_eq(count_said("StateFile"), 1);
	ck_assert_uint_eq(count_said("damaged"), 1);
	round_of(w, 1090, 10);
	check_not_said("StateFile");
	round_of(w, 1120, 20);
	ck_assert_uint_eq(n_notifications, 1);
}
END_TEST

START_TEST(state_that_cannot_be_written_is_said_once)
{
	struct watched *w = watch("nginx");

	free(settings.state_file);
	settings.state_file = strdup("/nonexistent/state");
	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	ck_assert_uint_eq(n_notifications, 1);
	round_of(w, 2000, 20);
	ck_assert_uint_eq(count_said("StateFile cannot be written"), 1);
	for (int i = 0; i < 2; i++)
		round_of(w, 2100 + 100 * i, 20);
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_uint_eq(count_said("StateFile"), 0);
	/* tried again until it works, though no alarm changes any more */
	free(settings.state_file);
	settings.state_file = strdup(state_path);
	round_of(w, 2400, 20);
	ck_assert_int_eq(access(state_path, F_OK), 0);
}
END_TEST

START_TEST(pipe_in_place_of_the_state_is_said_once)
{
	struct stat st;

	ck_assert_int_eq(mkfifo(state_path, 0600), 0);
	for (uint64_t i = 0; i < 6; i++) {
		round_of(i ? engine->watched[0] : watch("nginx"), 1000 + 90 * i,
			 10 * i);
		ck_assert_uint_eq(
			count_said("StateFile cannot be read: it is no "
				   "regular file"),
			i == 0);
		ck_assert_uint_eq(count_said("StateFile"), i == 0);
	}
	ck_assert_uint_eq(engine->watched[0]->losses.items[0].alarm.state,
			  SEVERITY_FAILURE);
	ck_assert_int_eq(lstat(state_path, &st), 0);
	ck_assert(S_ISFIFO(st.st_mode));
}
END_TEST

START_TEST(too_many_alarms_are_said)
{
	const struct raised one = {"a-name.of_47_bytes_"
				   "0123456789012345678901234567",
				   "123456789012345", LAYER_LINK, DIR_RX,
				   SEVERITY_WARNING};
	struct watched *w = watch("nginx");

	engine_keep_alarms(engine);
	while (engine->raised.n < 20000)
		ck_assert_int_eq(state_add(&engine->raised, &one), 0);
	for (uint64_t i = 0; i < 3; i++)
		round_of(w, 1000 + 90 * i, 10 * i);
	check_not_said("StateFile");
	round_of(w, 1300, 20);
	ck_assert_uint_eq(count_said("StateFile cannot be written whole"), 1);
	ck_assert_int_eq(access(state_path, F_OK), 0);
}
END_TEST

/* A disk may be slow, and who reports must not wait for it. */
START_TEST(report_does_not_wait_for_a_disk)
{
	struct watched *w = watch("nginx");

	for (uint64_t i = 0; i < 3; i++) {
		interface(look(w), "eth0", 1000 + 90 * i, "rx_missed_errors",
			  10 * i);
		report();
	}
	ck_assert_uint_eq(n_notifications, 1);
	ck_assert_int_eq(access(state_path, F_OK), -1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("report");
	TCase *values = tcase_create("values");
	TCase *alarms = tcase_create("alarms"), *state;

	suite_add_tcase(s, values);
	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_test(values, every_source_is_read_by_default);
	tcase_add_loop_test(values, balance_of_ip_is_kept_for_all_who_need_it,
			    0, ARRAY_SIZE(balanced));
	tcase_add_test(values, quiet_namespace_sends_its_heartbeat_only);
	tcase_add_test(values, first_loss_is_sent_with_the_values_before);
	tcase_add_test(values,
		       first_loss_of_something_young_has_one_value_before);
	tcase_add_test(values, ratio_starts_with_two_of_the_past);
	tcase_add_test(values,
		       ratio_that_was_unknown_before_starts_with_itself);
	tcase_add_test(values, port_that_drops_is_sent_from_its_first_drop);
	tcase_add_test(values, accept_queue_is_sent_when_it_was_looked_at);
	tcase_add_test(values, values_before_are_settled_before_new_ones);
	tcase_add_test(values, ratio_without_traffic_is_not_sent);
	tcase_add_test(values, idle_counters_are_sent_on_demand);
	tcase_add_test(values, idle_part_of_a_loss_waits_for_its_first_packet);
	tcase_add_test(values, own_real_interface_sends_its_main_counters);
	tcase_add_test(values, real_interface_elsewhere_is_as_quiet_as_any);
	tcase_add_test(values, new_thing_under_an_old_name_is_a_baseline);
	tcase_add_test(values, counter_that_went_back_makes_no_ratio);
	tcase_add_test(values, moving_symptom_is_sent_and_traffic_is_not);
	tcase_add_test(values, facts_and_details_are_never_sent);
	tcase_add_test(values, no_more_series_than_allowed_and_it_is_said_once);
	tcase_add_test(values, late_series_do_not_exceed_what_is_allowed);
	tcase_add_test(values, stale_source_sends_nothing_and_loses_nothing);
	tcase_add_test(values, blind_source_is_a_series_once_it_was_blind);
	tcase_add_test(values, blindness_is_logged_once_per_reason);
	tcase_add_test(values, namespace_not_read_says_nothing);
	tcase_add_test(values, own_virtual_interface_is_quiet_until_it_loses);
	tcase_add_test(values,
		       own_interface_that_nothing_is_known_of_sends_its_ratio);
	tcase_add_test(values,
		       own_connection_table_is_sent_when_it_is_half_full);
	tcase_add_test(values, shortfalls_are_sent_once_there_are_some);
	tcase_add_test(values, turn_is_kept_when_namespaces_go);
	tcase_add_test(values, namespace_skipped_counts_over_both_intervals);
	tcase_add_test(values, places_that_look_alike_stay_apart);
	tcase_add_test(values, objects_that_look_alike_stay_apart);
	tcase_add_test(values, samples_of_a_renamed_interface_start_anew);
	suite_add_tcase(s, alarms);
	tcase_add_checked_fixture(alarms, setup, teardown);
	tcase_add_test(alarms, second_lossy_interval_is_notified);
	tcase_add_test(alarms, recovery_is_notified_once);
	tcase_add_test(alarms, unexplained_rx_dropped_is_a_warning_at_most);
	tcase_add_test(alarms, vanished_interface_ends_its_alarm);
	tcase_add_loop_test(alarms,
			    what_an_interface_is_decides_whether_it_alerts, 0,
			    ARRAY_SIZE(roles));
	tcase_add_test(alarms, threshold_for_an_interface_makes_it_alert);
	tcase_add_test(alarms, wireless_may_lose_more);
	tcase_add_test(alarms, alarm_ends_when_the_carrier_does);
	tcase_add_test(alarms, carrier_changes_are_sent_once_there_are_some);
	tcase_add_test(alarms, vanished_namespace_ends_its_alarms);
	tcase_add_test(alarms, namespace_made_anew_ends_the_alarms_of_the_old);
	tcase_add_test(alarms, flood_of_notifications_is_summed_up);
	tcase_add_test(alarms, twenty_notifications_need_no_summary);
	tcase_add_loop_test(alarms, loss_on_a_wire_alerts_at_one_end, 0,
			    ARRAY_SIZE(wires));
	tcase_add_test(alarms,
		       other_wire_of_equal_indexes_is_told_by_its_address);
	tcase_add_test(alarms,
		       message_is_short_and_printable_whatever_a_rule_says);
	tcase_add_loop_test(alarms, long_message_ends_with_a_whole_word, 1,
			    250);
	tcase_add_test(alarms, rule_is_named_in_the_notification);
	tcase_add_test(alarms, queue_manager_may_drop_some);
	tcase_add_test(alarms, plain_queue_may_not);
	tcase_add_test(alarms, limits_follow_what_drops);
	tcase_add_test(alarms, lower_bound_is_told_as_such);
	tcase_add_test(alarms,
		       retransmits_alert_only_where_a_threshold_says_so);
	state = tcase_create("state");
	suite_add_tcase(s, state);
	tcase_add_checked_fixture(state, setup_state, teardown_state);
	tcase_add_test(state, restart_does_not_raise_again);
	tcase_add_test(state, recovery_after_a_restart_is_notified_once);
	tcase_add_test(state, what_is_gone_after_a_restart_is_taken_back);
	tcase_add_test(state, damaged_state_is_ignored_with_a_warning);
	tcase_add_test(state, state_that_cannot_be_written_is_said_once);
	tcase_add_test(state, pipe_in_place_of_the_state_is_said_once);
	tcase_add_test(state, too_many_alarms_are_said);
	tcase_add_test(state, report_does_not_wait_for_a_disk);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
