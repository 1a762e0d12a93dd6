/* SPDX-License-Identifier: MIT */
/* Why packets were lost: each rule, and what the counter itself says. */
#include "diagnosis/cause.h"
#include "model/tally.h"
#include "probes/balance/balance.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/xt_chains.h"
#include "probes/link/link.h"
#include "probes/neigh/next_hop.h"
#include "probes/qdisc/qdisc.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "testlib.h"

#define ROOT UINT32_MAX

static struct sample s;

static void setup(void)
{
	s = (struct sample) {.rows = NULL};
}

static void teardown(void)
{
	sample_free(&s);
}

/* Appends a row that counted delta since the read before. */
static void counted(const struct counter *c, uint64_t delta)
{
	sample_row(&s, c, 1000 + delta);
	ck_assert_int_eq(s.error, 0);
	s.rows[s.n_rows - 1].delta = delta;
	s.rows[s.n_rows - 1].flags = ROW_COMPARED;
	s.objects[s.n_objects - 1].moved |= delta && c->kind != KIND_PASSED;
}

static void link_counted(const char *name, uint64_t delta)
{
	counted(find_counter(&link_probe, name, NULL), delta);
}

static struct cause cause_of(enum layer layer, enum direction direction,
			     const char *place, uint64_t lost)
{
	struct loss loss = {
		.layer = layer, .direction = direction, .lost = lost};
	struct cause cause;

	snprintf(loss.place, sizeof(loss.place), "%s", place);
	memset(&cause, 0xee, sizeof(cause));
	cause_find(&s, &loss, &cause);
	return cause;
}

static void check_cause(const struct cause *c, const char *counter,
			const char *text, const char *remedy)
{
	ck_assert_str_eq(cause_counter(c), counter);
	ck_assert_str_eq(c->text, text);
	ck_assert_str_eq(c->remedy, remedy);
}

/* One end of a veth; what it lost is counted already. */
struct wire {
	uint64_t mtu, peer_mtu, up, peer_up;
};

static void config(const char *place, const struct wire *w)
{
	sample_object(&s, LAYER_LINK, place, LINK_CONFIG, 2);
	sample_label(&s, "veth vpeer");
	sample_row(&s, &link_fact_mtu, w->mtu);
	sample_row(&s, &link_fact_up, w->up);
	sample_row(&s, &link_fact_peer_mtu, w->peer_mtu);
	sample_row(&s, &link_fact_peer_up, w->peer_up);
}

#define REFUSED "tx_dropped: the peer of eth0 refused them, or there is none"
#define SHOW "Look at it: `ip -s -d link show dev eth0`"

static const struct {
	const char *what, *counter;
	struct wire wire;
	bool known;
	const char *text; /* NULL: says no more than the counter means */
	const char *remedy;
} wires[] = {
	{"smaller than the peer",
	 "rx_dropped",
	 {100, 1500, 1, 1},
	 true,
	 "MTU mismatch: eth0 has MTU 100, its veth peer vpeer has 1500",
	 "Make both the same: `ip link set dev eth0 mtu 1500`"},
	{"larger than the peer",
	 "tx_dropped",
	 {1500, 100, 1, 1},
	 true,
	 "MTU mismatch: eth0 has MTU 1500, its veth peer vpeer has 100",
	 "Make both the same: `ip link set dev eth0 mtu 100`"},
	{"a larger one receives",
	 "rx_dropped",
	 {1500, 100, 1, 1},
	 false,
	 NULL,
	 NULL},
	{"a smaller one sends",
	 "tx_dropped",
	 {100, 1500, 1, 1},
	 true,
	 REFUSED,
	 SHOW},
	{"equal ones", "rx_dropped", {1500, 1500, 1, 1}, false, NULL, NULL},
	{"down, receiving",
	 "rx_dropped",
	 {1500, 1500, 0, 1},
	 true,
	 "eth0 is down",
	 "Bring it up: `ip link set dev eth0 up`"},
	{"down, whatever its MTU",
	 "rx_dropped",
	 {100, 1500, 0, 1},
	 true,
	 "eth0 is down",
	 "Bring it up: `ip link set dev eth0 up`"},
	{"down, sending",
	 "tx_dropped",
	 {1500, 1500, 0, 1},
	 true,
	 REFUSED,
	 SHOW},
	{"peer down, sending",
	 "tx_dropped",
	 {1500, 1500, 1, 0},
	 true,
	 "vpeer is down",
	 "Bring it up in its own namespace"},
	{"peer down, receiving",
	 "rx_dropped",
	 {1500, 1500, 1, 0},
	 false,
	 NULL,
	 NULL},
	{"another counter",
	 "rx_missed_errors",
	 {100, 1500, 1, 1},
	 true,
	 "rx_missed_errors: eth0 is a virtual device, and counts an error of "
	 "its own kind",
	 "Look at it: `ip -s -s -d link show dev eth0`"},
};

CASE(cause, .setup = setup, .teardown = teardown);

TEST_EACH(cause, wire_is_explained_by_its_two_ends, ARRAY_SIZE(wires))
{
	const char *counter = wires[_i].counter;
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted(counter, 10);
	config("eth0", &wires[_i].wire);
	c = cause_of(LAYER_LINK, counter[0] == 'r' ? DIR_RX : DIR_TX, "eth0",
		     10);
	ck_assert_str_eq(cause_counter(&c), counter);
	ck_assert_msg(c.known == wires[_i].known, "%s: %s", wires[_i].what,
		      c.text);
	if (wires[_i].text)
		check_cause(&c, counter, wires[_i].text, wires[_i].remedy);
	else
		ck_assert_ptr_null(strstr(c.text, "MTU"));
}

TEST(cause, configuration_of_another_interface_explains_nothing)
{
	const struct wire mismatch = {100, 1500, 1, 1};
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("rx_dropped", 10);
	config("eth1", &mismatch);
	c = cause_of(LAYER_LINK, DIR_RX, "eth0", 10);
	ck_assert(!c.known);
	ck_assert_str_eq(cause_counter(&c), "rx_dropped");
	ck_assert_str_eq(c.remedy, "");
}

TEST(cause, interface_without_a_peer_is_no_wire)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	s.objects[0].main = true;
	link_counted("rx_dropped", 10);
	sample_object(&s, LAYER_LINK, "eth0", LINK_CONFIG, 2);
	sample_row(&s, &link_fact_mtu, 1500);
	sample_row(&s, &link_fact_up, 0);
	c = cause_of(LAYER_LINK, DIR_RX, "eth0", 10);
	ck_assert(!c.known);
}

/* Routes to own addresses lead to it, whether it is up or not. */
TEST_EACH(cause, loopback_that_is_down_loses_what_is_sent, 2)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "lo", "", 1);
	link_counted("tx_dropped", 10);
	sample_object(&s, LAYER_LINK, "lo", LINK_CONFIG, 2);
	sample_row(&s, &link_fact_up, _i);
	c = cause_of(LAYER_LINK, DIR_TX, "lo", 10);
	if (_i)
		ck_assert_ptr_null(strstr(c.text, "down"));
	else
		check_cause(&c, "tx_dropped", "lo is down",
			    "Bring it up: `ip link set dev lo up`");
}

TEST(cause, counter_that_lost_most_is_to_blame)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("rx_errors", 3);
	link_counted("rx_missed_errors", 9);
	link_counted("tx_dropped", 100); /* the other direction */
	sample_object(&s, LAYER_LINK, "eth1", "", 1);
	link_counted("rx_errors", 50); /* another place */
	c = cause_of(LAYER_LINK, DIR_RX, "eth0", 12);
	ck_assert_str_eq(cause_counter(&c), "rx_missed_errors");
}

TEST(cause, counter_that_is_a_baseline_is_not_to_blame)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("rx_errors", 3);
	link_counted("rx_missed_errors", 9);
	s.rows[1].flags = 0;
	c = cause_of(LAYER_LINK, DIR_RX, "eth0", 3);
	ck_assert_str_eq(cause_counter(&c), "rx_errors");
}

/* All causes of a loss, as "counter 4, counter 3". */
static void check_causes(enum layer layer, enum direction direction,
			 const char *place, uint64_t lost, const char *wanted)
{
	struct loss loss = {
		.layer = layer, .direction = direction, .lost = lost};
	char found[512] = "";
	struct causes list;
	uint64_t sum = 0;
	size_t n = 0;

	snprintf(loss.place, sizeof(loss.place), "%s", place);
	cause_list(&s, &loss, CAUSE_ALL, &list);
	for (size_t i = 0; i < list.n; i++) {
		n += snprintf(found + n, sizeof(found) - n, "%s%s %u",
			      i ? ", " : "", cause_counter(&list.items[i]),
			      (unsigned)list.items[i].lost);
		sum += list.items[i].lost;
	}
	ck_assert_str_eq(found, wanted);
	ck_assert_uint_le(sum, lost);
}

static const struct {
	uint64_t errors, crc, length, lost;
	const char *causes;
} parts[] = {
	{10, 10, 0, 10, "rx_crc_errors 10"},
	{10, 5, 3, 10, "rx_crc_errors 5, rx_length_errors 3, rx_errors 2"},
	{10, 2, 3, 10, "rx_errors 5, rx_length_errors 3, rx_crc_errors 2"},
	{10, 0, 0, 10, "rx_errors 10"},
	{0, 7, 3, 10, "rx_crc_errors 7, rx_length_errors 3"},
	/* what counts in two parts makes the total smaller than they are */
	{10, 7, 6, 13, "rx_crc_errors 7, rx_length_errors 6"},
	/* counters read one after the other */
	{1000, 999, 0, 1000, "rx_crc_errors 999"},
	{1000, 950, 0, 1000, "rx_crc_errors 950, rx_errors 50"},
	/* some were taken out: another layer lost them */
	{10, 5, 3, 9, "rx_crc_errors 5, rx_length_errors 3, rx_errors 1"},
	{10, 5, 3, 8, "rx_crc_errors 5, rx_length_errors 3"},
	{10, 5, 3, 4, "rx_length_errors 3, rx_crc_errors 1"},
};

TEST_EACH(cause, each_part_is_a_cause_and_so_is_the_rest, ARRAY_SIZE(parts))
{
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("rx_errors", parts[_i].errors);
	link_counted("rx_crc_errors", parts[_i].crc);
	link_counted("rx_length_errors", parts[_i].length);
	link_counted("tx_carrier_errors", 5); /* of the other direction */
	check_causes(LAYER_LINK, DIR_RX, "eth0", parts[_i].lost,
		     parts[_i].causes);
}

TEST(cause, loss_above_ip_is_explained_by_its_part)
{
	struct cause c;

	sample_object(&s, LAYER_TCP, "", "", 0);
	counted(find_counter(&snmp_probe, "ListenOverflows", NULL), 9);
	counted(find_counter(&snmp_probe, "ListenDrops", NULL), 10);
	c = cause_of(LAYER_TCP, DIR_LISTEN, "", 10);
	ck_assert_str_eq(cause_counter(&c), "ListenOverflows");
	ck_assert_str_eq(c.text, "ListenOverflows: the accept queue of a "
				 "listening socket is full");
	ck_assert_ptr_nonnull(strstr(c.remedy, "net.core.somaxconn"));
	ck_assert(c.known);
}

static const struct counter *drops(enum kind kind)
{
	for (size_t i = 0; i < qdisc_probe.counters->n; i++)
		if (qdisc_probe.counters->rows[i].kind == kind &&
		    qdisc_probe.counters->rows[i].direction == DIR_TX)
			return &qdisc_probe.counters->rows[i];
	return NULL;
}

static void qdisc(const char *kind, uint32_t handle, uint32_t parent,
		  uint64_t lost)
{
	sample_object(&s, LAYER_QDISC, "eth0", kind, 1);
	qdisc_label(&s, kind);
	counted(drops(parent == ROOT ? KIND_LOST : KIND_PART), lost);
	sample_row(&s, &qdisc_fact_handle, handle);
	sample_row(&s, &qdisc_fact_parent, parent);
}

static struct cause qdisc_cause(void)
{
	return cause_of(LAYER_QDISC, DIR_TX, "eth0", 10);
}

TEST(cause, netem_with_loss_is_told_with_its_share)
{
	struct cause c;

	qdisc("netem", 0x80010000, ROOT, 10);
	sample_row(&s, &qdisc_fact_netem_loss, 0x4ccccccc);
	sample_row(&s, &qdisc_fact_limit, 1000);
	c = qdisc_cause();
	check_cause(&c, "", "netem is configured to lose 30%",
		    "Remove it: `tc qdisc del dev eth0 root`");
	ck_assert_str_eq(c.reason->id, "netem-loss");
	ck_assert(c.known);
}

TEST(cause, netem_without_loss_has_a_full_queue)
{
	struct cause c;

	qdisc("netem", 0x80010000, ROOT, 10);
	sample_row(&s, &qdisc_fact_limit, 5);
	c = qdisc_cause();
	ck_assert_str_eq(c.text, "netem's queue is full (limit 5 packets)");
	ck_assert_ptr_nonnull(
		strstr(c.remedy, "tc qdisc change dev eth0 root netem limit"));
	ck_assert(c.known);
}

TEST(cause, leaf_that_dropped_is_named_and_not_the_root)
{
	struct cause c;

	qdisc("htb", 0x10000, ROOT, 10);
	qdisc("netem", 0x80010000, 0x10010, 10);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 2);
	c = qdisc_cause();
	check_cause(&c, "",
		    "netem is configured to lose 50%, at parent 1:10 handle "
		    "8001:",
		    "Remove it: `tc qdisc del dev eth0 parent 1:10 handle "
		    "8001:`");
}

/* A row that only one kind of qdisc has, or of a class. */
static const struct counter *row_of(const char *kind, const char *name)
{
	for (size_t i = 0; i < qdisc_probe.counters->n; i++) {
		const struct counter *c = &qdisc_probe.counters->rows[i];

		if (c->section && !strcmp(c->section, kind) &&
		    !strcmp(c->name, name))
			return c;
	}
	ck_abort_msg("%s has no %s", kind, name);
	return NULL;
}

/* All causes of what a qdisc sent. */
static struct causes qdisc_causes(uint64_t lost)
{
	struct loss loss = {.layer = LAYER_QDISC,
			    .direction = DIR_TX,
			    .lost = lost,
			    .place = "eth0"};
	struct causes list;

	cause_list(&s, &loss, CAUSE_ALL, &list);
	return list;
}

/* Whether a qdisc, appended last, made packets wait for its rate. */
static void waited(uint64_t overlimits)
{
	counted(counter_tagged(qdisc_probe.counters, TAG_QDISC_OVERLIMITS),
		overlimits);
}

TEST(cause, several_leaves_are_blamed_each_for_its_own)
{
	struct causes list;

	qdisc("prio", 0x10000, ROOT, 106);
	qdisc("netem", 0x100000, 0x10001, 52);
	sample_row(&s, &qdisc_fact_netem_loss, 0x4ccccccc);
	qdisc("netem", 0x200000, 0x10002, 54);
	sample_row(&s, &qdisc_fact_netem_loss, 0x19999999);
	list = qdisc_causes(106);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_uint_eq(list.items[0].lost, 54);
	ck_assert_str_eq(list.items[0].text,
			 "netem is configured to lose 10%, at parent 1:2 "
			 "handle 20:");
	ck_assert_uint_eq(list.items[1].lost, 52);
	ck_assert_str_eq(list.items[1].text,
			 "netem is configured to lose 30%, at parent 1:1 "
			 "handle 10:");
}

TEST(cause, parent_is_blamed_for_what_its_leaves_do_not_explain)
{
	struct causes list;

	qdisc("htb", 0x10000, ROOT, 10);
	waited(5);
	qdisc("netem", 0x80010000, 0x10010, 4);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 2);
	list = qdisc_causes(10);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_uint_eq(list.items[0].lost, 6);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "shaper htb"));
	ck_assert_uint_eq(list.items[1].lost, 4);
	ck_assert_ptr_nonnull(strstr(list.items[1].text, "50%"));
}

TEST(cause, leaf_is_found_at_any_depth_and_its_parents_are_not)
{
	struct causes list;

	qdisc("prio", 0x10000, ROOT, 253);
	qdisc("htb", 0x20000, 0x10001, 253);
	waited(133);
	qdisc("netem", 0x40000, 0x30001, 53);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 5);
	qdisc("drr", 0x30000, 0x20001, 253);
	waited(0);
	list = qdisc_causes(253);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_uint_eq(list.items[0].lost, 200);
	ck_assert_str_eq(list.items[0].text,
			 "no class of drr matches, and there is no default, at "
			 "parent 2:1 handle 3:");
	ck_assert_str_eq(list.items[0].reason->id, "qdisc-unclassified");
	ck_assert_uint_eq(list.items[1].lost, 53);
	ck_assert_ptr_nonnull(strstr(list.items[1].text, "netem"));
}

TEST(cause, parts_of_a_leaf_are_told_as_those_of_a_root)
{
	struct causes list;

	qdisc("htb", 0x10000, ROOT, 361);
	waited(29);
	qdisc("pfifo", 0x100000, 0x10010, 186);
	sample_row(&s, &qdisc_fact_limit, 10);
	qdisc("fq", 0x200000, 0x10020, 175);
	counted(row_of("fq", "flows_plimit"), 175);
	sample_row(&s, &qdisc_fact_limit, 10000);
	list = qdisc_causes(361);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "pfifo's queue"));
	ck_assert_uint_eq(list.items[1].lost, 175);
	ck_assert_str_eq(list.items[1].text,
			 "fq: one flow sends faster than it may (flow_limit), "
			 "at parent 1:20 handle 20:");
}

TEST(cause, numbers_read_one_after_the_other_are_no_cause)
{
	struct causes list;

	qdisc("prio", 0x10000, ROOT, 1000);
	qdisc("netem", 0x100000, 0x10001, 995);
	list = qdisc_causes(1000);
	ck_assert_uint_eq(list.n, 1);
	s.rows[s.objects[1].first].delta = 1010;
	list = qdisc_causes(1000);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.items[0].lost, 1000);
}

TEST(cause, leaf_that_is_new_is_blamed_for_all_it_counted)
{
	struct causes list;

	qdisc("prio", 0x10000, ROOT, 1008);
	qdisc("netem", 0x100000, 0x10001, 8);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 2);
	s.rows[s.objects[1].first].flags = 0; /* its value is 1008 */
	s.rows[s.objects[1].first].delta = 0;
	list = qdisc_causes(1008);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.items[0].lost, 1008);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "netem"));
}

/* What was dropped and not marked, that a netem below prio does not tell. */
TEST(cause, marks_of_a_leaf_are_no_drops)
{
	struct causes list;

	qdisc("prio", 0x10000, ROOT, 18);
	sample_object(&s, LAYER_QDISC, "eth0", "marking", 1);
	qdisc_label(&s, "netem");
	counted(counter_tagged(qdisc_probe.counters, TAG_MARKING_DROPS), 65);
	sample_row(&s, &qdisc_fact_handle, 0x100000);
	sample_row(&s, &qdisc_fact_parent, 0x10001);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 2);
	qdisc("netem", 0x200000, 0x10002, 18);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 10);
	list = qdisc_causes(18);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "10%"));
	s.rows[0].delta = 30; /* 12 of prio's were of that one */
	list = qdisc_causes(30);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_uint_eq(list.items[1].lost, 12);
	ck_assert_ptr_nonnull(strstr(list.items[1].text, "50%"));
}

TEST(cause, idle_link_is_not_too_slow)
{
	static const char *const kinds[] = {"hfsc", "drr", "qfq"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cause c;

		sample_reset(&s);
		qdisc(kinds[i], 0x10000, ROOT, 10);
		waited(0);
		c = qdisc_cause();
		ck_assert_ptr_nonnull(strstr(c.text, "no class of"));
		ck_assert_ptr_nonnull(strstr(c.text, "there is no default"));
	}
}

TEST(cause, netem_that_lost_much_more_has_a_full_queue_too)
{
	struct cause c;

	qdisc("netem", 0x10000, ROOT, 180);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 100);
	sample_row(&s, &qdisc_fact_limit, 20);
	counted(counter_tagged(qdisc_probe.counters, TAG_QDISC_PACKETS), 20);
	c = cause_of(LAYER_QDISC, DIR_TX, "eth0", 180);
	ck_assert_str_eq(c.text, "netem is configured to lose 1%, and its "
				 "queue is full (limit 20 packets)");
}

TEST(cause, bucket_too_small_is_no_slow_shaper)
{
	struct cause c;

	qdisc("tbf", 0x10000, ROOT, 10);
	sample_row(&s, &qdisc_fact_rate, 125000);
	waited(0);
	sample_row(&s, &qdisc_fact_burst, 300);
	c = qdisc_cause();
	ck_assert_str_eq(c.text,
			 "packets are larger than the burst of tbf (300 "
			 "bytes)");
	ck_assert_str_eq(c.reason->id, "qdisc-burst");
}

/* Small packets that had to wait are no reason for large ones to vanish. */
TEST(cause, bucket_too_small_is_told_beside_a_slow_shaper)
{
	struct cause c;

	qdisc("tbf", 0x10000, ROOT, 10);
	sample_row(&s, &qdisc_fact_rate, 1250000);
	sample_row(&s, &qdisc_fact_burst, 600);
	waited(60);
	c = qdisc_cause();
	ck_assert_str_eq(c.text,
			 "packets are larger than the burst of tbf (600 "
			 "bytes), or more than its rate lets pass");
}

TEST(cause, bucket_for_a_frame_is_a_slow_shaper)
{
	struct cause c;

	qdisc("tbf", 0x10000, ROOT, 10);
	sample_row(&s, &qdisc_fact_burst, 1514);
	waited(60);
	c = qdisc_cause();
	ck_assert_str_eq(c.reason->id, "qdisc-shaper");
}

static const struct {
	const char *kind;
	uint64_t rate;
	const char *text;
} shapers[] = {
	{"tbf", 25000,
	 "the shaper tbf (200 kbit/s) is slower than what is "
	 "sent"},
	{"tbf", 1250000,
	 "the shaper tbf (10 Mbit/s) is slower than what is "
	 "sent"},
	{"tbf", 12, "the shaper tbf (96 bit/s) is slower than what is sent"},
	{"tbf", 1250000000,
	 "the shaper tbf (10 Gbit/s) is slower than what "
	 "is sent"},
	{"tbf", UINT64_C(1250000000000),
	 "the shaper tbf (1e+04 Gbit/s) is slower than what is sent"},
	{"htb", 0, "the shaper htb is slower than what is sent"},
	{"hfsc", 0, "the shaper hfsc is slower than what is sent"},
};

TEST_EACH(cause, shaper_is_told_with_its_rate, ARRAY_SIZE(shapers))
{
	struct cause c;

	qdisc(shapers[_i].kind, 0x10000, ROOT, 10);
	if (shapers[_i].rate)
		sample_row(&s, &qdisc_fact_rate, shapers[_i].rate);
	waited(20);
	c = qdisc_cause();
	check_cause(&c, "", shapers[_i].text,
		    "Raise its rate or send less: `tc -s qdisc show dev eth0`");
	ck_assert(c.known);
}

TEST(cause, blackhole_drops_all_that_it_is_given)
{
	struct cause c;

	qdisc("blackhole", 0x70000, ROOT, 10);
	c = qdisc_cause();
	check_cause(&c, "", "the qdisc blackhole drops all that is sent",
		    "Remove it: `tc qdisc del dev eth0 root`");
	ck_assert_str_eq(c.reason->id, "qdisc-blackhole");
}

TEST(cause, other_qdisc_has_a_full_queue)
{
	struct cause c;

	qdisc("pfifo", 0x10000, ROOT, 10);
	c = qdisc_cause();
	check_cause(&c, "",
		    "pfifo: its queue is full: more was sent than the device "
		    "takes",
		    "Look at it: `tc -s qdisc show dev eth0`");
	ck_assert(c.known);
}

#define TAKES "more was sent than the device takes"
#define EARLY "dropped early by the AQM to slow senders down: normal for TCP"

static const struct {
	const char *kind, *part; /* NULL: no part */
	unsigned lost, in_part, limit;
	const char *text;
} queues[] = {
	{"fq_codel", "drop_overlimit", 10, 6, 50,
	 "fq_codel's queue is full (limit 50 packets)"},
	{"fq_codel", "drop_overlimit", 10, 10, 50,
	 "fq_codel's queue is full (limit 50 packets)"},
	{"fq_codel", "drop_overlimit", 10, 4, 50, "fq_codel: " EARLY},
	{"fq_codel", "drop_overlimit", 10, 10, 0,
	 "fq_codel: its queue is full: " TAKES},
	{"codel", "drop_overlimit", 10, 0, 50, "codel: " EARLY},
	{"pie", "overlimit", 10, 9, 20,
	 "pie's queue is full (limit 20 packets)"},
	{"pie", "overlimit", 10, 1, 20, "pie: " EARLY},
	{"red", "early", 10, 10, 0, "red: " EARLY},
	{"red", "pdrop", 10, 6, 0, "red: its queue is full: " TAKES},
	{"choke", "matched", 10, 5, 0, "choke: " EARLY},
	{"fq", "flows_plimit", 10, 10, 10000,
	 "fq: one flow sends faster than it may (flow_limit)"},
	{"fq", "flows_plimit", 10, 2, 10000,
	 "fq's queue is full (limit 10000 packets)"},
	{"cake", "tin_drops", 10, 10, 0, "cake: " EARLY},
	{"cake", "ack_drop", 10, 8, 0,
	 "cake: ack-filter thins out acknowledgements: no harm"},
	{"hhf", "drop_overlimit", 10, 10, 20,
	 "hhf's queue is full (limit 20 packets)"},
	{"sfq", NULL, 10, 0, 127, "sfq's queue is full (limit 127 packets)"},
	{"pfifo", NULL, 10, 0, 5, "pfifo's queue is full (limit 5 packets)"},
};

TEST_EACH(cause, full_queue_is_told_from_early_drops, ARRAY_SIZE(queues))
{
	struct cause c;

	qdisc(queues[_i].kind, 0x80010000, ROOT, queues[_i].lost);
	if (queues[_i].part)
		counted(row_of(queues[_i].kind, queues[_i].part),
			queues[_i].in_part);
	if (queues[_i].limit)
		sample_row(&s, &qdisc_fact_limit, queues[_i].limit);
	c = qdisc_cause();
	ck_assert_str_eq(c.text, queues[_i].text);
	ck_assert_ptr_nonnull(strstr(c.remedy, "eth0"));
	ck_assert(c.known);
}

TEST_EACH(cause, cake_without_memory_is_told_from_early_drops, 2)
{
	struct cause c;

	qdisc("cake", 0x100000, 0x10010, 10);
	counted(row_of("cake", "tin_drops"), 10);
	sample_row(&s, &qdisc_fact_memory, 60000);
	sample_row(&s, &qdisc_fact_memory_full, _i);
	c = qdisc_cause();
	check_cause(&c, "tin_drops",
		    _i ? "cake's memory is full (limit 60000 bytes), at parent "
			 "1:10 handle 10:"
		       : "cake's memory was full (limit 60000 bytes), or the "
			 "AQM dropped early to slow senders down, at parent "
			 "1:10 handle 10:",
		    "Send less or raise it: `tc qdisc change dev eth0 parent "
		    "1:10 handle 10: cake memlimit N`");
	ck_assert_str_eq(c.reason->id, "qdisc-memory-full");
}

/* Acknowledgements that are thinned out were no loss of memory. */
TEST(cause, ack_filter_of_cake_is_told_without_memory_too)
{
	struct cause c;

	qdisc("cake", 0x100000, ROOT, 10);
	counted(row_of("cake", "ack_drop"), 10);
	sample_row(&s, &qdisc_fact_memory, 60000);
	c = qdisc_cause();
	ck_assert_str_eq(c.text,
			 "cake: ack-filter thins out acknowledgements: no "
			 "harm");
}

TEST(cause, limit_in_bytes_is_told_as_such)
{
	struct cause c;

	qdisc("bfifo", 0x10000, 0x10010, 10);
	sample_row(&s, &qdisc_fact_limit_bytes, 5000);
	c = qdisc_cause();
	check_cause(&c, "",
		    "bfifo's queue is full (limit 5000 bytes), at parent 1:10 "
		    "handle 1:",
		    "Raise it: `tc qdisc change dev eth0 parent 1:10 handle 1: "
		    "bfifo limit N`");
}

/* The drops of class 1:10 of htb. */
static void class(uint64_t lost)
{
	sample_object(&s, LAYER_QDISC, "eth0", "htb_1.10", 1);
	qdisc_label(&s, "htb");
	counted(counter_tagged(qdisc_probe.counters, TAG_CLASS_DROPS), lost);
	sample_row(&s, &qdisc_fact_handle, 0x10010);
	sample_row(&s, &qdisc_fact_parent, 0x10000);
}

TEST(cause, leaf_says_more_than_its_class)
{
	struct cause c;

	qdisc("htb", 0x10000, ROOT, 10);
	qdisc("netem", 0x80010000, 0x10010, 10);
	sample_row(&s, &qdisc_fact_netem_loss, UINT32_MAX / 2);
	class(10);
	c = qdisc_cause();
	ck_assert_ptr_nonnull(
		strstr(c.text, "netem is configured to lose 50%"));
}

TEST(cause, class_says_more_than_its_qdisc)
{
	struct cause c;

	qdisc("htb", 0x10000, ROOT, 10);
	class(10);
	c = qdisc_cause();
	check_cause(&c, "", "class 1:10 of htb is slower than what is sent",
		    "Raise its rate or send less: `tc -s class show dev eth0`");
}

/* A chain, and in it a rule with a comment and one without. */
static void firewall(uint64_t with, uint64_t without)
{
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 1);
	counted(firewall_counter(FIREWALL_CHAIN, DIR_RX), with + without);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.note", 2);
	sample_chain(&s, FAMILY_IP, "filter", "INPUT");
	sample_label(&s, "note");
	counted(firewall_counter(FIREWALL_RULE, DIR_RX), with);
	sample_row(&s, &firewall_facts[FIREWALL_NUMBER], 3);
	sample_row(&s, &firewall_facts[FIREWALL_TARGET], FIREWALL_DROP);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT#4", 3);
	sample_chain(&s, FAMILY_IP, "filter", "INPUT");
	counted(firewall_counter(FIREWALL_DETAIL, DIR_RX), without);
	sample_row(&s, &firewall_facts[FIREWALL_NUMBER], 4);
	sample_row(&s, &firewall_facts[FIREWALL_TARGET], FIREWALL_REJECT);
}

TEST(cause, firewall_rule_that_dropped_most_is_named)
{
	struct cause c;

	firewall(6, 4);
	c = cause_of(LAYER_NETFILTER, DIR_RX, "", 10);
	check_cause(&c, "", "rule 3 of ip filter INPUT (DROP, \"note\")",
		    "Look at it: `iptables-legacy -t filter -L INPUT 3 -nv`");
	ck_assert(c.known);
	sample_reset(&s);
	firewall(4, 6);
	c = cause_of(LAYER_NETFILTER, DIR_RX, "", 10);
	check_cause(&c, "packets", "rule 4 of ip filter INPUT (REJECT)",
		    "Look at it: `iptables-legacy -t filter -L INPUT 4 -nv`");
}

TEST(cause, chain_without_known_rules_is_named_by_its_counter)
{
	struct cause c;

	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 1);
	counted(firewall_counter(FIREWALL_CHAIN, DIR_RX), 10);
	c = cause_of(LAYER_NETFILTER, DIR_RX, "", 10);
	ck_assert_str_eq(c.text, "a firewall rule drops them");
	ck_assert(c.known);
}

/* A loss of which that much is in no counter. */
static struct cause uncounted_cause(enum direction direction, uint64_t lost,
				    uint64_t uncounted)
{
	struct loss loss = {
		.layer = LAYER_NETFILTER,
		.direction = direction,
		.lost = lost,
		.uncounted = uncounted,
	};
	struct cause cause;

	cause_find(&s, &loss, &cause);
	return cause;
}

TEST(cause, loss_without_a_counter_is_told_as_such)
{
	struct cause c = uncounted_cause(DIR_RX, 10, 10);

	ck_assert_str_eq(cause_counter(&c), "in_gap");
	ck_assert_ptr_nonnull(strstr(c.text, "without a counter"));
	ck_assert_ptr_nonnull(strstr(c.text, "input"));
	ck_assert_ptr_nonnull(strstr(c.remedy, "nft list ruleset"));
	c = uncounted_cause(DIR_TX, 10, 10);
	ck_assert_str_eq(cause_counter(&c), "out_gap");
	ck_assert_ptr_nonnull(strstr(c.text, "output"));
}

TEST(cause, rule_that_counted_most_is_preferred_to_what_nobody_counted)
{
	struct cause c;

	firewall(11, 0);
	c = uncounted_cause(DIR_RX, 20, 9);
	ck_assert_ptr_nonnull(strstr(c.text, "rule 3"));
	c = uncounted_cause(DIR_RX, 22, 11);
	ck_assert_str_eq(cause_counter(&c), "in_gap");
}

/* A port whose sockets dropped n packets. */
static void udp_port(unsigned port, uint64_t n, const char *process)
{
	char name[32];

	snprintf(name, sizeof(name), "udp_%u_drops", port);
	sample_object(&s, LAYER_SOCKET, "", name, 0);
	sample_label(&s, process);
	counted(&socket_udp_drops, n);
	sample_row(&s, &socket_fact_rcvbuf, 8192);
	sample_row(&s, &socket_fact_port, port);
}

/* A row of a layer, behind those of the object appended last. */
static void layer_counted(enum layer layer, const char *name, uint64_t n)
{
	const struct counter_table *table = snmp_probe.counters;

	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i].layer == layer &&
		    !strcmp(table->rows[i].name, name)) {
			counted(&table->rows[i], n);
			return;
		}
	ck_abort_msg("no counter %s", name);
}

static void ip_counted(enum layer layer, const char *name, uint64_t delta)
{
	sample_object(&s, layer, "", "", 1);
	layer_counted(layer, name, delta);
}

static void udp_counted(const char *name, uint64_t n)
{
	sample_object(&s, LAYER_UDP, "", "", 0);
	layer_counted(LAYER_UDP, name, n);
}

#define READ_FASTER                                                            \
	"Read faster or raise SO_RCVBUF, limit: `sysctl net.core.rmem_max`"

TEST(cause, full_receive_buffer_is_told_with_its_port_and_process)
{
	struct cause c;

	udp_counted("RcvbufErrors", 10);
	udp_port(5001, 10, "reader[4711]");
	c = cause_of(LAYER_UDP, DIR_RX, "", 10);
	check_cause(&c, "RcvbufErrors",
		    "receive buffer of UDP port 5001 (reader[4711]) is full: "
		    "SO_RCVBUF 8192 bytes",
		    READ_FASTER);
	ck_assert(c.known);
}

TEST(cause, port_that_dropped_most_is_named_of_several)
{
	struct cause c;

	udp_counted("Udp6RcvbufErrors", 10);
	udp_port(5000, 3, "reader[1]");
	udp_port(5001, 6, "");
	udp_port(5002, 1, "");
	udp_port(5003, 0, "");
	c = cause_of(LAYER_UDP, DIR_RX, "", 10);
	check_cause(&c, "Udp6RcvbufErrors",
		    "receive buffer of UDP port 5001 is full: SO_RCVBUF 8192 "
		    "bytes (6 datagrams); so are those of 5000 (reader[1]): "
		    "3, 5002: 1",
		    READ_FASTER);
}

static const struct {
	const char *counter;
	uint64_t port_drops;
	unsigned port;
	bool stale;
} unexplained[] = {
	{"RcvbufErrors", 4, 5001, false}, /* most sockets are closed */
	{"RcvbufErrors", 10, 0, false},	  /* udp_other_drops */
	{"RcvbufErrors", 10, 5001, true}, /* of another read */
};

TEST_EACH(cause, socket_that_explains_too_little_is_not_blamed,
	  ARRAY_SIZE(unexplained))
{
	struct cause c;

	udp_counted(unexplained[_i].counter, 10);
	udp_port(unexplained[_i].port, unexplained[_i].port_drops, "");
	s.objects[1].stale = unexplained[_i].stale;
	c = cause_of(LAYER_UDP, DIR_RX, "", 10);
	ck_assert_str_eq(cause_counter(&c), unexplained[_i].counter);
	ck_assert_ptr_null(strstr(c.text, "port"));
	ck_assert_uint_gt(strlen(c.text), 0);
}

/* Its reader sleeps: the buffer is full. */
static void sleeping_port(unsigned port, uint64_t n, const char *process)
{
	udp_port(port, n, process);
	sample_row(&s, &socket_fact_queued, 9216);
}

static void udp_lost(uint64_t buffer, uint64_t checksum, uint64_t memory,
		     uint64_t rest)
{
	udp_counted("InErrors", buffer + checksum + memory + rest);
	layer_counted(LAYER_UDP, "RcvbufErrors", buffer);
	layer_counted(LAYER_UDP, "InCsumErrors", checksum);
	layer_counted(LAYER_UDP, "MemErrors", memory);
}

static struct causes udp_causes(uint64_t lost, uint64_t elsewhere)
{
	struct loss loss = {
		.layer = LAYER_UDP,
		.direction = DIR_RX,
		.lost = lost,
		.elsewhere = elsewhere,
	};
	struct causes list;

	cause_list(&s, &loss, CAUSE_ALL, &list);
	return list;
}

/* Measured: a sleeping reader of 5005, wrong checksums for 5003. */
TEST(cause, udp_that_loses_for_two_reasons_has_two_causes)
{
	struct causes list;

	udp_lost(300, 200, 0, 0);
	sleeping_port(5005, 300, "python3[7]");
	udp_port(5003, 200, "python3[8]");
	list = udp_causes(500, 0);
	ck_assert_uint_eq(list.n, 2);
	check_cause(&list.items[0], "RcvbufErrors",
		    "receive buffer of UDP port 5005 (python3[7]) is full: "
		    "SO_RCVBUF 8192 bytes",
		    READ_FASTER);
	ck_assert_uint_eq(list.items[0].lost, 300);
	ck_assert_str_eq(list.items[0].reason->id, "udp-receive-buffer-full");
	ck_assert_str_eq(cause_counter(&list.items[1]), "InCsumErrors");
	ck_assert_uint_eq(list.items[1].lost, 200);
	ck_assert_str_eq(list.items[1].reason->id, "udp-bad-checksum");
	ck_assert_ptr_nonnull(
		strstr(list.items[1].text, "(for UDP port 5003 (python3[8]))"));
}

/* Measured (E4): a socket filter rejects 300; the socket counts them. */
TEST(cause, what_has_no_counter_is_a_filter)
{
	struct cause c;

	udp_lost(0, 0, 0, 300);
	udp_port(5001, 300, "python3[9]");
	c = udp_causes(300, 0).items[0];
	ck_assert_str_eq(cause_counter(&c), "InErrors");
	ck_assert_str_eq(c.text,
			 "a socket filter or a cgroup BPF program (systemd "
			 "IPAddressDeny=) rejects what is for UDP port 5001 "
			 "(python3[9])");
	ck_assert_str_eq(c.reason->id, "udp-filter");
	ck_assert(c.known);
}

TEST(cause, filters_of_several_ports_are_told_with_each)
{
	struct cause c;

	udp_lost(0, 0, 0, 30);
	for (unsigned i = 1; i <= 5; i++)
		udp_port(5000 + i, 2 * i, i == 5 ? "dns[5]" : "");
	c = udp_causes(30, 0).items[0];
	ck_assert_ptr_nonnull(strstr(c.text, "UDP ports 5005 (dns[5]): 10, "
					     "5004: 8, 5003: 6 and 2 more"));
}

/* Which ports a filter is said to be at. */
static const struct {
	const char *what;
	uint64_t buffer, checksum, rest;
	uint64_t full, empty; /* what two ports dropped, 5001 and 5002 */
	const char *filtered; /* the words of the filter's cause */
} mixed[] = {
	{"the full one has a buffer", 100, 0, 50, 100, 50, "port 5002"},
	{"nobody knows", 100, 0, 50, 0, 100, "or their length"},
	{"it dropped more than went for all others", 30, 0, 50, 0, 80,
	 "port 5002"},
	{"there are more checksums", 100, 60, 40, 100, 50, "or their length"},
	{"most sockets are closed", 100, 0, 50, 100, 20, "or their length"},
	{"no socket dropped", 0, 0, 50, 0, 0, "or their length"},
};

TEST_EACH(cause, port_is_named_where_it_is_sure, ARRAY_SIZE(mixed))
{
	struct causes list;
	size_t i = 0;

	udp_lost(mixed[_i].buffer, mixed[_i].checksum, 0, mixed[_i].rest);
	sleeping_port(5001, mixed[_i].full, "");
	udp_port(5002, mixed[_i].empty, "");
	list = udp_causes(1000, 0);
	while (i < list.n && strcmp(cause_counter(&list.items[i]), "InErrors"))
		i++;
	ck_assert_uint_lt(i, list.n);
	ck_assert_uint_eq(list.items[i].lost, mixed[_i].rest);
	ck_assert_msg(strstr(list.items[i].text, mixed[_i].filtered), "%s: %s",
		      mixed[_i].what, list.items[i].text);
}

/* Measured: an IPsec policy blocks 100, and UDP counts them once more. */
TEST(cause, what_ipsec_forbids_is_no_filter)
{
	struct causes list;

	udp_lost(40, 0, 0, 100);
	list = udp_causes(40, 100);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_str_eq(cause_counter(&list.items[0]), "RcvbufErrors");
}

/* Measured: vxlan over IPv6 with udp6zerocsumtx. The kernel tells no more. */
TEST(cause, missing_checksum_over_ipv6_looks_like_a_wrong_one)
{
	struct cause c;

	udp_counted("Udp6InErrors", 200);
	layer_counted(LAYER_UDP, "Udp6InCsumErrors", 200);
	c = udp_causes(200, 0).items[0];
	ck_assert_str_eq(cause_counter(&c), "Udp6InCsumErrors");
	ck_assert_ptr_nonnull(strstr(c.text, "none at all"));
	ck_assert_str_eq(c.reason->id, "udp6-bad-or-no-checksum");
}

/* One socket takes both families; its buffer is one cause. */
TEST(cause, same_cause_of_both_families_is_told_once)
{
	struct causes list;

	udp_counted("InErrors", 6);
	layer_counted(LAYER_UDP, "RcvbufErrors", 6);
	layer_counted(LAYER_UDP, "Udp6InErrors", 4);
	layer_counted(LAYER_UDP, "Udp6RcvbufErrors", 4);
	udp_port(5001, 10, "");
	list = udp_causes(10, 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_uint_eq(list.items[0].lost, 10);
	ck_assert_str_eq(cause_counter(&list.items[0]), "RcvbufErrors");
}

static void raw_socket(unsigned protocol, uint64_t n, const char *process)
{
	char name[32];

	snprintf(name, sizeof(name), "raw_%u_drops", protocol);
	sample_object(&s, LAYER_SOCKET, "", name, 0);
	sample_label(&s, process);
	counted(&socket_raw_drops, n);
	sample_row(&s, &socket_fact_port, protocol);
}

/* What IP lost on receipt, and the worst cause of it. */
static uint64_t ip_lost(struct cause *ret)
{
	struct losses l = {.n = 0};
	const struct loss *loss;
	uint64_t lost;

	ck_assert_int_eq(tally_losses(&l, &s), 0);
	socket_probe.attribute(&s, &l);
	loss = loss_find(&l, LAYER_IP, "", DIR_RX);
	cause_find(&s, loss, ret);
	lost = loss->lost;
	losses_free(&l);
	return lost;
}

/* Measured: Linux 6.18 counts what it drops, 6.1 says it delivered them. */
TEST_EACH(cause, full_raw_socket_is_named_with_its_program, 2)
{
	struct cause c;

	ip_counted(LAYER_IP, "InReceives", 600);
	layer_counted(LAYER_IP, "InUnknownProtos", _i ? 0 : 296);
	raw_socket(222, 296, "python3[7]");
	raw_socket(89, 0, "bird[8]");
	ck_assert_uint_eq(ip_lost(&c), 296);
	ck_assert_str_eq(c.text, "raw socket of protocol 222 (python3[7]) is "
				 "full: its program reads too slowly");
	ck_assert_uint_eq(c.lost, 296);
	ck_assert_str_eq(c.reason->id, "raw-socket-full");
	ck_assert(c.known);
}

/* Of the kernel's routes, as balance_routes.c asks for them. */
static void refusing_route(bool v6, const char *name, uint64_t n)
{
	static const struct counter refusing[] = {
		{.name = "refusing",
		 .layer = LAYER_IP,
		 .kind = KIND_FACT,
		 .tag = TAG_REFUSING_ROUTES},
		{.name = "refusing",
		 .layer = LAYER_IP,
		 .kind = KIND_FACT,
		 .tag = TAG_REFUSING_ROUTES,
		 .v6 = true},
	};

	sample_object(&s, LAYER_IP, "", name, 0);
	sample_label(&s, name);
	sample_row(&s, &refusing[v6], n);
}

TEST(cause, route_that_refuses_counts_as_one_that_is_missing)
{
	struct cause c;

	ip_counted(LAYER_IP, "Ip6InNoRoutes", 120);
	refusing_route(true, "route unreachable fd00:2::77/128", 1);
	refusing_route(false, "rule 7 of policy routing (unreachable)", 1);
	c = cause_of(LAYER_IP, DIR_RX, "", 120);
	ck_assert_str_eq(c.reason->id, "refusing-route");
	ck_assert_str_eq(c.text,
			 "Ip6InNoRoutes: suspect route unreachable "
			 "fd00:2::77/128, which refuses; else a route is "
			 "missing");
	ck_assert_ptr_nonnull(strstr(c.remedy, "`ip -6 route get ADDRESS`"));
	refusing_route(true, "rule 7 of policy routing (prohibit)", 2);
	c = cause_of(LAYER_IP, DIR_RX, "", 120);
	ck_assert_ptr_nonnull(strstr(c.text, "fd00:2::77/128 or 2 more, "));
}

TEST(cause, route_that_refuses_the_other_family_is_not_blamed)
{
	struct cause c;

	ip_counted(LAYER_IP, "InNoRoutes", 120);
	refusing_route(true, "route unreachable fd00:2::77/128", 1);
	c = cause_of(LAYER_IP, DIR_RX, "", 120);
	ck_assert_str_eq(c.reason->id, "no-route-to-forward");
}

TEST(cause, all_full_raw_sockets_are_told)
{
	struct cause c;

	sample_object(&s, LAYER_IP, "", "", 0);
	counted(find_counter(&snmp_probe, "InUnknownProtos", NULL), 202);
	raw_socket(151, 86, "python3[8]");
	raw_socket(150, 116, "python3[7]");
	c = cause_of(LAYER_IP, DIR_RX, "", 202);
	ck_assert_str_eq(c.text, "raw socket of protocol 150 (python3[7]) is "
				 "full: its program reads too slowly (116 "
				 "packets); so is that of 151 (python3[8]): "
				 "86");
}

/* Nothing of nothing is not half of it. */
TEST(cause, no_raw_socket_is_full_where_none_has_dropped)
{
	struct suspect suspect = {.sample = &s};
	struct cause c = {0};

	sample_object(&s, LAYER_IP, "", "", 0);
	counted(find_counter(&snmp_probe, "InUnknownProtos", NULL), 0);
	suspect.object = &s.objects[0];
	suspect.row = &s.rows[0];
	for (const struct explainer *e = socket_explainers; e->explain; e++)
		if (e->layer == LAYER_IP)
			ck_assert(e->explain(&suspect, &c));
	ck_assert_str_eq(c.reason->id, "unknown-ip-protocol");
}

TEST(cause, protocol_that_nobody_takes_is_no_raw_socket)
{
	struct cause c;

	ip_counted(LAYER_IP, "InReceives", 600);
	layer_counted(LAYER_IP, "InUnknownProtos", 300);
	raw_socket(222, 40, "python3[7]");
	ck_assert_uint_eq(ip_lost(&c), 300);
	ck_assert_str_eq(c.reason->id, "unknown-ip-protocol");
	ck_assert_ptr_nonnull(strstr(c.text, "no raw socket takes"));
}

static void queue(unsigned port, uint64_t n, uint64_t limit,
		  const char *process)
{
	char name[32];

	snprintf(name, sizeof(name), "tcp_%u_accept", port);
	sample_object(&s, LAYER_SOCKET, "", name, 0);
	sample_label(&s, process);
	sample_row(&s, &socket_tcp_accept, n);
	sample_row(&s, &socket_fact_limit, limit);
	sample_row(&s, &socket_fact_port, port);
}

static struct cause cause_of_refusal(const char *counter)
{
	sample_object(&s, LAYER_TCP, "", "", 0);
	counted(find_counter(&snmp_probe, counter, NULL), 9);
	counted(find_counter(&snmp_probe, "ListenDrops", NULL), 9);
	return cause_of(LAYER_TCP, DIR_LISTEN, "", 9);
}

#define ACCEPT_FASTER                                                          \
	"Accept faster or raise the backlog and `sysctl net.core.somaxconn`"

TEST(cause, fullest_accept_queue_is_named)
{
	struct cause c;

	queue(80, 100, 128, "nginx[7]");
	queue(6001, 2, 1, "python3[12]");
	queue(81, 70, 128, "nginx[7]");
	c = cause_of_refusal("ListenOverflows");
	check_cause(&c, "ListenOverflows",
		    "accept queue of TCP port 6001 (python3[12]) is full: 2 "
		    "of 1",
		    ACCEPT_FASTER);
}

TEST(cause, all_full_accept_queues_are_told)
{
	struct cause c;

	queue(6001, 4, 1, "python3[12]");
	queue(80, 129, 128, "nginx[7]");
	queue(81, 128, 128, "nginx[7]");
	c = cause_of_refusal("ListenOverflows");
	check_cause(&c, "ListenOverflows",
		    "accept queue of TCP port 6001 (python3[12]) is full: 4 "
		    "of 1; so is that of 80 (nginx[7]): 129 of 128",
		    ACCEPT_FASTER);
	queue(82, 2, 1, "");
	c = cause_of(LAYER_TCP, DIR_LISTEN, "", 9);
	ck_assert_ptr_nonnull(strstr(c.text, "129 of 128, and 1 more"));
}

/* A queue of SYNs that is full for the accept queue counts drops alone. */
TEST(cause, accept_queue_is_named_where_drops_are_all_that_is_counted)
{
	struct cause c;

	queue(6001, 2, 1, "python3[12]");
	sample_object(&s, LAYER_TCP, "", "", 0);
	counted(find_counter(&snmp_probe, "ListenDrops", NULL), 9);
	c = cause_of(LAYER_TCP, DIR_LISTEN, "", 9);
	check_cause(&c, "ListenDrops",
		    "accept queue of TCP port 6001 (python3[12]) is full: 2 "
		    "of 1",
		    ACCEPT_FASTER);
}

TEST(cause, drops_of_no_accept_queue_are_of_the_syn_backlog)
{
	struct cause c;

	queue(6001, 0, 8, "python3[12]");
	sample_object(&s, LAYER_TCP, "", "", 0);
	counted(find_counter(&snmp_probe, "ListenDrops", NULL), 9);
	c = cause_of(LAYER_TCP, DIR_LISTEN, "", 9);
	ck_assert_ptr_nonnull(strstr(c.text, "the SYN backlog is"));
	ck_assert_ptr_nonnull(strstr(c.remedy, "net.ipv4.tcp_syncookies"));
	ck_assert(!c.known); /* the kernel counts several reasons alike */
}

TEST(cause, accept_queue_that_is_not_full_is_told_as_such)
{
	struct cause c;

	queue(80, 128, 128, "");
	c = cause_of_refusal("ListenOverflows");
	ck_assert_str_eq(c.text, "accept queue of TCP port 80 was full or is "
				 "filling: 128 of 128");
}

/* It was another's, which has room again. */
TEST(cause, accept_queue_with_room_is_not_blamed)
{
	struct cause c;

	queue(22, 0, 128, "");
	queue(80, 60, 128, "");
	c = cause_of_refusal("ListenOverflows");
	ck_assert_ptr_null(strstr(c.text, "TCP port"));
}

TEST(cause, full_syn_queue_is_no_accept_queue)
{
	struct cause c;

	queue(80, 129, 128, "");
	c = cause_of_refusal("TCPReqQFullDrop");
	ck_assert_str_eq(cause_counter(&c), "TCPReqQFullDrop");
	ck_assert_ptr_null(strstr(c.text, "accept queue"));
}

TEST(cause, longest_names_fit)
{
	struct cause c;

	udp_counted("Udp6RcvbufErrors", UINT32_MAX);
	for (unsigned i = 0; i < 64; i++)
		udp_port(65535 - i, UINT32_MAX, "0123456789abcde[4194304]");
	c = cause_of(LAYER_UDP, DIR_RX, "", UINT32_MAX);
	ck_assert_ptr_nonnull(strstr(c.text, " and 61 more"));
}

TEST(cause, nothing_found_is_a_guess_without_words)
{
	struct cause c = cause_of(LAYER_LINK, DIR_RX, "eth0", 10);

	check_cause(&c, "", "", "");
	ck_assert(!c.known);
}

TEST(cause, hostile_interface_name_is_in_no_command)
{
	static const char *const hostile[] = {"a;reboot", "$(id)", "a b", "`x`",
					      "-x"};

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct cause c;

		sample_reset(&s);
		sample_object(&s, LAYER_LINK, hostile[i], "", 1);
		link_counted("rx_missed_errors", 10);
		c = cause_of(LAYER_LINK, DIR_RX, hostile[i], 10);
		ck_assert_str_eq(c.remedy, "");
		ck_assert_str_eq(cause_counter(&c), "rx_missed_errors");
	}
}

TEST(cause, hostile_peer_name_is_in_no_command)
{
	const struct wire w = {1500, 1500, 1, 0};
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("tx_dropped", 10);
	config("eth0", &w);
	sample_label(&s, "veth a;reboot");
	c = cause_of(LAYER_LINK, DIR_TX, "eth0", 10);
	ck_assert_ptr_null(strstr(c.remedy, ";reboot"));
}

/* As veth, virtio_net and mlx5 call it. */
static const char *const xdp_drops[] = {
	"xdp_drops",
	"rx_xdp_drops",
	"rx_xdp_drop",
};

TEST_EACH(cause, xdp_program_is_named_with_its_device, ARRAY_SIZE(xdp_drops))
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("rx_packets", 100);
	link_counted(xdp_drops[_i], 25);
	c = cause_of(LAYER_LINK, DIR_RX, "eth0", 25);
	check_cause(&c, xdp_drops[_i], "an XDP program on eth0 drops them",
		    "Look at it: `ip link show dev eth0`, `bpftool net`");
	ck_assert(c.known);
}

/* A bridge port or, with kind, another interface of a master. */
static void port(const char *name, uint64_t mtu, uint64_t master, uint64_t kind)
{
	sample_object(&s, LAYER_LINK, name, LINK_CONFIG, 100 + s.n_objects);
	sample_row(&s, &link_fact_mtu, mtu);
	sample_row(&s, &link_fact_master, master);
	sample_row(&s, &link_fact_port_of, kind);
}

static void bridge(const char *name, uint64_t index)
{
	sample_object(&s, LAYER_LINK, name, "", index);
	sample_object(&s, LAYER_LINK, name, LINK_CONFIG, index);
	sample_label(&s, "bridge");
	sample_row(&s, &link_fact_mtu, 1500);
}

static const struct {
	const char *what, *counter;
	uint64_t mtu[3], master[3];
	uint64_t kind; /* of the last one's master */
	uint64_t answers;
	const char *text; /* NULL: not the bridge */
	const char *remedy;
} bridges[] = {
	{"the last is smaller",
	 "FragFails",
	 {9000, 9000, 1500},
	 {7, 7, 7},
	 LINK_OF_BRIDGE,
	 0,
	 "bridge br0: port p0 has MTU 9000, p2 1500",
	 "Align both ports and what is behind them: `ip link set dev p2 mtu "
	 "9000`"},
	{"the last is larger",
	 "Ip6FragFails",
	 {1500, 1500, 9000},
	 {7, 7, 7},
	 LINK_OF_BRIDGE,
	 0,
	 "bridge br0: port p2 has MTU 9000, p0 1500",
	 "Align both ports and what is behind them: `ip link set dev p0 mtu "
	 "9000`"},
	{"all are equal",
	 "FragFails",
	 {1500, 1500, 1500},
	 {7, 7, 7},
	 LINK_OF_BRIDGE,
	 0,
	 NULL,
	 NULL},
	{"of two bridges",
	 "FragFails",
	 {9000, 9000, 1500},
	 {7, 7, 8},
	 LINK_OF_BRIDGE,
	 0,
	 NULL,
	 NULL},
	{"of a bond",
	 "FragFails",
	 {9000, 9000, 1500},
	 {7, 7, 7},
	 LINK_OF_BOND,
	 0,
	 NULL,
	 NULL},
	{"a router answered",
	 "FragFails",
	 {9000, 9000, 1500},
	 {7, 7, 7},
	 LINK_OF_BRIDGE,
	 100,
	 NULL,
	 NULL},
	{"a router answered, of IPv6",
	 "Ip6FragFails",
	 {9000, 9000, 1500},
	 {7, 7, 7},
	 LINK_OF_BRIDGE,
	 100,
	 NULL,
	 NULL},
};

TEST_EACH(cause, bridge_whose_ports_differ_is_named, ARRAY_SIZE(bridges))
{
	bool six = bridges[_i].counter[2] == '6';
	struct cause c;

	bridge("br0", 7);
	bridge("br1", 8);
	for (int i = 0; i < 3; i++) {
		char name[] = {'p', (char)('0' + i), '\0'};

		port(name, bridges[_i].mtu[i], bridges[_i].master[i],
		     i == 2 ? bridges[_i].kind : LINK_OF_BRIDGE);
	}
	ip_counted(LAYER_ICMP, six ? "Icmp6OutPktTooBigs" : "OutDestUnreachs",
		   bridges[_i].answers);
	ip_counted(LAYER_IP, bridges[_i].counter, 100);
	c = cause_of(LAYER_IP, DIR_FWD, "", 100);
	if (bridges[_i].text)
		check_cause(&c, bridges[_i].counter, bridges[_i].text,
			    bridges[_i].remedy);
	else
		ck_assert_ptr_null(strstr(c.text, "bridge br0"));
}

TEST(cause, hostile_port_name_is_in_no_command)
{
	struct cause c;

	bridge("br0", 7);
	port("p0", 9000, 7, LINK_OF_BRIDGE);
	port("a;reboot", 1500, 7, LINK_OF_BRIDGE);
	ip_counted(LAYER_IP, "FragFails", 100);
	c = cause_of(LAYER_IP, DIR_FWD, "", 100);
	ck_assert_ptr_nonnull(strstr(c.text, "a;reboot 1500"));
	ck_assert_str_eq(c.remedy, "");
}

static void snmp_counted(const char *name, uint64_t delta)
{
	const struct counter *c = find_counter(&snmp_probe, name, NULL);

	sample_object(&s, c->layer, "", name, 0);
	counted(c, delta);
}

CASE(snmp, .setup = setup, .teardown = teardown);

/* 40 packets of TTL 64 between two routers, and what is none of that. */
TEST_EACH(snmp, loop_is_told_from_headers, 3)
{
	static const char *const reasons[] = {"routing-loop", "bad-ip-header",
					      "bad-ip-header"};
	struct cause c;

	snmp_counted("InHdrErrors", 40);
	snmp_counted("ForwDatagrams", 1240);
	snmp_counted("OutTimeExcds", _i == 1 ? 0 : 6);
	snmp_counted("expired", _i == 2 ? 10 : 0); /* traceroute, the rest */
	c = cause_of(LAYER_IP, DIR_RX, "", 40);
	ck_assert_str_eq(c.reason->id, reasons[_i]);
	if (_i == 0)
		check_cause(&c, "InHdrErrors",
			    "a routing loop: packets go round between routers "
			    "until their TTL ends (1240 were forwarded here "
			    "meanwhile)",
			    "See where they are bound for: `tcpdump -nvi any "
			    "'ip[8] < 3'`; then `traceroute -n ADDRESS`");
}

TEST(snmp, loop_of_ipv6_is_of_its_own_family)
{
	struct cause c;

	snmp_counted("Ip6InHdrErrors", 40);
	snmp_counted("Ip6OutForwDatagrams", 1240);
	snmp_counted("Icmp6OutTimeExcds", 9);
	snmp_counted("ForwDatagrams", 5);
	c = cause_of(LAYER_IP, DIR_RX, "", 40);
	ck_assert_str_eq(c.text,
			 "a routing loop: packets go round between routers "
			 "until their hop limit ends (1240 were forwarded here "
			 "meanwhile)");
}

TEST(snmp, answers_of_the_other_family_make_no_loop)
{
	struct cause c;

	snmp_counted("Ip6InHdrErrors", 40);
	snmp_counted("OutTimeExcds", 9);
	c = cause_of(LAYER_IP, DIR_RX, "", 40);
	ck_assert_str_eq(c.reason->id, "bad-ip-header");
}

static const struct {
	const char *counter, *reason;
	uint8_t layer, direction;
} named[] = {
	{"ReasmFails", "reassembly-failed", LAYER_IP, DIR_RX},
	{"InAddrErrors", "not-our-address", LAYER_IP, DIR_RX},
	{"InNoRoutes", "no-route-to-forward", LAYER_IP, DIR_RX},
	{"Ip6OutNoRoutes", "no-route-to-send", LAYER_IP, DIR_TX},
	{"IPReversePathFilter", "reverse-path-filter", LAYER_IP, DIR_RX},
	{"FragFails", "too-big-to-forward", LAYER_IP, DIR_FWD},
	{"Ip6InDiscards", "ipv6-discarded", LAYER_IP, DIR_RX},
	{"Icmp6InCsumErrors", "wrong-checksum", LAYER_ICMP, DIR_RX},
	{"InErrs", "bad-tcp-header", LAYER_TCP, DIR_RX},
};

TEST_EACH(snmp, counters_of_one_cause_name_its_reason, ARRAY_SIZE(named))
{
	struct cause c;

	snmp_counted(named[_i].counter, 40);
	c = cause_of(named[_i].layer, named[_i].direction, "", 40);
	ck_assert_str_eq(cause_counter(&c), named[_i].counter);
	ck_assert_str_eq(c.reason->id, named[_i].reason);
	ck_assert(c.known);
}

/* What senders were told of, as it was measured. */
struct told {
	const char *what;
	unsigned discards, requests, transmits, udp_sent; /* of IPv4 */
	unsigned tx_packets, tx_dropped;		  /* of eth0 */
	unsigned table_fulls;				  /* of the host */
	unsigned gap;		  /* IP misses them on output */
	unsigned qdisc, firewall; /* counted there */
	unsigned unanswered;	  /* next hops that are still being asked */
	unsigned given_up;	  /* and those that never answered */
	bool since67;
	unsigned refused; /* the answer: packets lost for want of a reason */
};

#define IP(discards_, requests_, transmits_)                                   \
	.discards = discards_, .requests = requests_, .transmits = transmits_
#define SENT(datagrams, frames) .udp_sent = datagrams, .tx_packets = frames

static const struct told told[] = {
	/* two kernels with a program on egress, at a device or a cgroup */
	{"tcx", IP(320, 520, 520), SENT(200, 200), .since67 = true,
	 .refused = 320},
	{"cgroup", IP(320, 520, 200), SENT(200, 200), .gap = 320,
	 .since67 = true, .refused = 320},
	{"nft egress on 6.1", IP(320, 520, 0), SENT(200, 200), .refused = 320},
	/* EAGAIN: nothing was lost (E6, behind a shaper) */
	{"full send buffer", IP(2973, 27, 27), SENT(27, 27), .since67 = true},
	{"full send buffer on 6.1", IP(2973, 27, 0), SENT(27, 27)},
	{"both at once", IP(500, 520, 520), SENT(200, 200), .since67 = true,
	 .refused = 320},
	/* EAGAIN, as they wait for a next hop that may yet answer */
	{"full send buffer before a next hop", IP(495, 280, 280), SENT(280, 3),
	 .unanswered = 1, .since67 = true},
	{"the same on 6.1, of a raw socket", IP(42, 24, 0), SENT(0, 3),
	 .unanswered = 1},
	{"tcx, and a next hop", IP(900, 1097, 1097), SENT(500, 20),
	 .unanswered = 1, .since67 = true, .refused = 800},
	{"tcx, and one that was given up", IP(320, 520, 520), SENT(200, 200),
	 .given_up = 1, .since67 = true, .refused = 320},
	/* echoes of what is counted */
	{"shaper", IP(987, 1000, 1000), SENT(13, 13), .qdisc = 987,
	 .since67 = true},
	{"smaller MTU of the peer", IP(1000, 1000, 1000), SENT(0, 0),
	 .tx_dropped = 1000, .since67 = true},
	{"OUTPUT rule", IP(100, 300, 200), SENT(200, 200), .firewall = 100,
	 .since67 = true},
	{"host's table of neighbours", IP(97, 100, 100), SENT(3, 3),
	 .table_fulls = 97, .since67 = true},
	{"shaper and tcx", IP(400, 1000, 1000), SENT(600, 600), .qdisc = 100,
	 .since67 = true, .refused = 300},
	{"OUTPUT rule, and a next hop that does not answer", IP(100, 350, 250),
	 SENT(250, 200), .firewall = 100, .since67 = true},
	{"shaper, and a full send buffer", IP(1487, 1000, 1000), SENT(13, 13),
	 .qdisc = 987, .since67 = true},
	/* no proof: a bridge sends what is none of IP's */
	{"device that sends more", IP(320, 520, 520), SENT(200, 900),
	 .since67 = true},
	/* jitter of counters that are read one after the other */
	{"few", IP(9, 520, 520), SENT(511, 511), .since67 = true},
	{"few of many", IP(15, 52000, 52000), SENT(51985, 51985),
	 .since67 = true},
};

static void append_told(const struct told *t)
{
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("tx_packets", t->tx_packets);
	link_counted("tx_dropped", t->tx_dropped);
	qdisc("tbf", 0x10000, ROOT, t->qdisc);
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.OUTPUT.drop", 1);
	counted(firewall_counter(FIREWALL_CHAIN, DIR_TX), t->firewall);
	ip_counted(LAYER_IP, "OutRequests", t->requests);
	layer_counted(LAYER_IP, "OutDiscards", t->discards);
	layer_counted(LAYER_IP, "OutNoRoutes", 0);
	if (t->since67)
		layer_counted(LAYER_IP, "OutTransmits", t->transmits);
	ip_counted(LAYER_UDP, "OutDatagrams", t->udp_sent);
	sample_object(&s, LAYER_IP, "", "balance", 0);
	counted(counter_tagged(balance_probe.counters, TAG_OUT_GAP), t->gap);
	for (unsigned i = 0; i < t->unanswered + t->given_up; i++) {
		sample_object(&s, LAYER_NEIGH, "eth0", "192.0.2.9", 0);
		sample_row(&s, &next_hop_fact_failed, i >= t->unanswered);
	}
}

TEST_EACH(cause, sender_is_told_of_a_loss_that_nobody_counts, ARRAY_SIZE(told))
{
	const struct told *t = &told[_i];
	struct losses l = {.table_fulls = t->table_fulls};
	const struct loss *loss;
	struct causes list;

	append_told(t);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	socket_probe.attribute(&s, &l);
	loss = loss_find(&l, LAYER_IP, "", DIR_TX);
	ck_assert_msg(loss->lost == t->refused, "%s: %u lost, not %u", t->what,
		      (unsigned)loss->lost, t->refused);
	ck_assert_uint_eq(loss_total(loss), t->requests);
	cause_list(&s, loss, CAUSE_ALL, &list);
	if (t->refused) {
		ck_assert_str_eq(list.items[0].reason->id,
				 "send-refused-below-ip");
		ck_assert_uint_eq(list.items[0].lost, t->refused);
		ck_assert(!list.items[0].known);
	} else {
		ck_assert_uint_eq(list.n, 0);
	}
	losses_free(&l);
}

/* Counters of other times prove nothing: either could be of the time between.
 */
TEST_EACH(cause, sender_is_told_of_nothing_by_counters_of_two_intervals, 3)
{
	struct losses l = {.n = 0};

	append_told(&told[0]);
	s.objects[0].stale = _i == 1;
	s.objects[0].late = _i == 2;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	socket_probe.attribute(&s, &l);
	ck_assert_uint_eq(loss_find(&l, LAYER_IP, "", DIR_TX)->lost,
			  _i ? 0 : told[0].refused);
	losses_free(&l);
}

/* The same counter means another thing in each kind of device. */
static const struct {
	const char *label; /* kind, and what is below; NULL: nothing known */
	const char *whole, *part;
	const char *reason; /* NULL: none, the words of the counter */
	const char *words;
} kinds[] = {
	{"vxlan a0", "rx_errors", "rx_frame_errors", "tunnel-ecn", "CE"},
	{"ipip", "rx_errors", "rx_frame_errors", "tunnel-ecn", "CE"},
	{"gre a0", "rx_errors", "rx_fifo_errors", "tunnel-sequence", "order"},
	{"ip6gre", "rx_errors", "rx_crc_errors", "tunnel-checksum",
	 "checksums"},
	{"gretap", "rx_errors", "rx_length_errors", "tunnel-damaged", "short"},
	{"geneve", "tx_errors", "tx_carrier_errors", "tunnel-no-route",
	 "no route"},
	{"ip6tnl", "tx_errors", NULL, "tunnel-no-route", "no route"},
	{"gre", "tx_errors", NULL, "tunnel-too-large", "too large"},
	{"geneve", "tx_dropped", NULL, "tunnel-refused", "refused"},
	{"sit", "rx_dropped", NULL, "tunnel-backlog", "CPU"},
	{"vti", "rx_errors", NULL, "tunnel-ipsec", "IPsec"},
	{"wireguard", "rx_errors", "rx_frame_errors", "wireguard-peer",
	 "allowed IPs"},
	{"wireguard", "tx_dropped", NULL, "wireguard-peer", "handshake"},
	{"macsec a0", "rx_errors", NULL, "macsec-refused", "MACsec"},
	{"vlan a0", "tx_dropped", NULL, "lost-below", "below eth0"},
	{"vxlan", "tx_dropped", NULL, "vxlan-no-entry", "no forwarding entry"},
	{"tun", "tx_dropped", NULL, "tun-reader-slow", "queue of 500"},
	{"macvtap a0", "rx_errors", NULL, "tun-reader-slow", "queue of 500"},
	{"bond", "tx_dropped", NULL, "no-active-port", "of 2 members 0 are up"},
	{"team", "tx_dropped", NULL, "no-active-port", "of 2 members 0 are up"},
	{"bridge", "rx_dropped", NULL, "unknown-protocol", "LLDP"},
	{"dummy", "tx_dropped", NULL, "virtual-device", "virtual"},
	{"dummy", "rx_errors", "rx_crc_errors", "virtual-device",
	 "rx_crc_errors: "},
	{"", "rx_errors", "rx_frame_errors", NULL, "duplex"},
	{"", "rx_dropped", NULL, NULL, "rx_dropped"},
	{NULL, "rx_errors", "rx_frame_errors", NULL, "duplex"},
};

static void config_of_kind(const char *label)
{
	sample_object(&s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_label(&s, label);
	sample_row(&s, &link_fact_up, 1);
	sample_row(&s, &link_fact_queue, 500);
	sample_row(&s, &link_fact_member, 2);
	sample_row(&s, &link_fact_member, 3);
	sample_row(&s, &link_fact_members_up, 0);
}

static struct cause cause_of_kind(int i)
{
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	s.objects[0].main = kinds[i].label && !kinds[i].label[0];
	link_counted(kinds[i].whole, 10);
	if (kinds[i].part)
		link_counted(kinds[i].part, 10);
	if (kinds[i].label)
		config_of_kind(kinds[i].label);
	return cause_of(LAYER_LINK, kinds[i].whole[0] == 'r' ? DIR_RX : DIR_TX,
			"eth0", 10);
}

TEST_EACH(cause, kind_of_device_says_what_its_counters_mean, ARRAY_SIZE(kinds))
{
	struct cause c = cause_of_kind(_i);
	const char *id = c.reason ? c.reason->id : "-";

	ck_assert_str_eq(id, kinds[_i].reason ? kinds[_i].reason : "-");
	ck_assert_msg(strstr(c.text, kinds[_i].words), "%s", c.text);
	ck_assert_ptr_null(strstr(c.text, "DEV"));
	ck_assert_ptr_null(strstr(c.remedy, "DEV"));
	ck_assert(!kinds[_i].reason || !strstr(c.text, "cable"));
}

TEST(cause, vxlan_that_has_a_remote_lacks_no_entry)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("tx_dropped", 10);
	config_of_kind("vxlan");
	sample_row(&s, &link_fact_remote, 1);
	c = cause_of(LAYER_LINK, DIR_TX, "eth0", 10);
	ck_assert_str_eq(c.reason->id, "tunnel-refused");
}

/* Without a kind and without a device: old drivers of no hardware. */
TEST(cause, device_without_hardware_has_no_cable)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	s.objects[0].main = true;
	link_counted("rx_crc_errors", 10);
	sample_object(&s, LAYER_LINK, "eth0", LINK_CONFIG, 1);
	sample_row(&s, &link_fact_soft, 1);
	c = cause_of(LAYER_LINK, DIR_RX, "eth0", 10);
	ck_assert_str_eq(c.reason->id, "virtual-device");
}

TEST(cause, echo_names_what_is_below)
{
	struct loss loss = {.place = "eth0",
			    .layer = LAYER_LINK,
			    .direction = DIR_TX,
			    .lost = 10,
			    .echo = true};
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("tx_dropped", 10);
	config_of_kind("macvlan a0");
	sample_row(&s, &link_fact_lower_far, 1);
	cause_find(&s, &loss, &c);
	ck_assert_str_eq(c.text, "lost below, at a0, in another namespace; "
				 "eth0 counts them again");
	ck_assert_str_eq(c.reason->id, "lost-below");
}

/* The peer, as index 3, or another interface; its address does not matter. */
TEST_EACH(cause, command_for_a_peer_that_is_down_is_for_here, 2)
{
	static const struct wire down = {1500, 1500, 1, 0};
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 2);
	link_counted("tx_dropped", 10);
	config("eth0", &down);
	sample_row(&s, &link_fact_peer_index, 3);
	sample_object(&s, LAYER_LINK, "vpeer", LINK_CONFIG, 3 + _i);
	sample_row(&s, &link_fact_peer_index, 2);
	c = cause_of(LAYER_LINK, DIR_TX, "eth0", 10);
	ck_assert_str_eq(c.text, "vpeer is down");
	ck_assert_str_eq(c.remedy,
			 _i ? "Bring it up in its own namespace"
			    : "Bring it up: `ip link set dev vpeer up`");
}

TEST_EACH(cause, lower_device_that_is_down_is_named, 2)
{
	struct cause c;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	link_counted("tx_dropped", 10);
	config_of_kind("vlan a0");
	sample_row(&s, &link_fact_lower_up, _i);
	c = cause_of(LAYER_LINK, DIR_TX, "eth0", 10);
	ck_assert_str_eq(c.reason->id, _i ? "lost-below" : "interface-down");
	ck_assert(_i || !strcmp(c.text, "a0 is down"));
}

static bool ends(const char *text)
{
	return text && text[0] && text[strlen(text) - 1] == '.';
}

TEST(cause, reasons_of_interfaces_are_whole)
{
	const struct reason *r = link_probe.reasons;

	for (; r->id; r++) {
		ck_assert_msg(ends(r->means) && ends(r->confirm) &&
				      ends(r->fix) && ends(r->gone),
			      "%s", r->id);
		for (const struct reason *o = link_probe.reasons; o != r; o++)
			ck_assert_str_ne(o->id, r->id);
	}
	ck_assert_uint_ge(r - link_probe.reasons, 20);
}

/* ---- which cause it is ---- */

TEST(cause, is_the_same_while_the_same_thing_loses)
{
	static const struct reason full = {.id = "full"}, new = {.id = "new"};
	struct cause a, b;

	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	sample_object(&s, LAYER_LINK, "eth1", "", 2);
	a = b = (struct cause) {.reason = &full, .object = &s.objects[0]};
	snprintf(b.text, sizeof(b.text), "other numbers in its words");
	b.lost = 7;
	ck_assert_uint_eq(cause_id(&s, &a), cause_id(&s, &b));
	b.reason = &new;
	ck_assert_uint_ne(cause_id(&s, &a), cause_id(&s, &b));
	b.reason = &full;
	b.object = &s.objects[1];
	ck_assert_uint_ne(cause_id(&s, &a), cause_id(&s, &b));
	ck_assert_uint_ne(cause_id(&s, &(struct cause) {.text = ""}), 0);
}

/* "new rule 1 of ..." is "rule 1 of ..." a little later. */
TEST(cause, rule_that_was_new_is_the_same_rule)
{
	static const struct reason drop = {.id = "drop"}, new = {.id = "new"};
	struct cause a = {.reason = &new}, b = {.reason = &drop};

	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.1", 1);
	sample_chain(&s, FAMILY_IP, "filter", "INPUT");
	sample_object(&s, LAYER_NETFILTER, "", "ip.filter.INPUT.2", 2);
	sample_chain(&s, FAMILY_IP, "filter", "INPUT");
	a.object = b.object = &s.objects[0];
	ck_assert_uint_eq(cause_id(&s, &a), cause_id(&s, &b));
	b.object = &s.objects[1];
	ck_assert_uint_ne(cause_id(&s, &a), cause_id(&s, &b));
}

/* ---- which of several of a kind ---- */

/* The number of a cause of these two ports; 0: that one is mended. */
static uint32_t id_of_ports(bool listen, unsigned first, unsigned second,
			    uint32_t before)
{
	const unsigned ports[] = {first, second};
	struct cause c;

	sample_free(&s);
	s = (struct sample) {.rows = NULL};
	if (!listen)
		udp_counted("RcvbufErrors", 30);
	for (unsigned i = 0; i < 2; i++) {
		if (ports[i] && listen)
			queue(ports[i], 5 - i, 1, i ? "b[2]" : "a[1]");
		else if (ports[i])
			udp_port(ports[i], 20 - i, i ? "b[2]" : "a[1]");
	}
	c = listen ? cause_of_refusal("ListenOverflows")
		   : cause_of(LAYER_UDP, DIR_RX, "", 30);
	return cause_is(&s, &c, before) ? before : cause_id(&s, &c);
}

TEST_EACH(cause, port_is_a_cause_of_its_own, 2)
{
	uint32_t before = id_of_ports(_i, 6001, 6002, 0);

	/* either may be the worse one */
	ck_assert_uint_eq(id_of_ports(_i, 6002, 6001, before), before);
	/* another process, a buffer that is fuller */
	ck_assert_uint_eq(id_of_ports(_i, 0, 6001, before), before);
	ck_assert_uint_ne(id_of_ports(_i, 6002, 0, before), before);
	/* where no port is known it may be that one */
	ck_assert_uint_eq(id_of_ports(_i, 0, 0, before) == before, !_i);
}

/* A route that refuses is listed first, where there are several. */
static uint32_t id_of_route(const char *route, uint32_t before)
{
	const struct counter *refusing = &routes_probe.counters->rows[0];
	struct cause c;

	sample_free(&s);
	s = (struct sample) {.rows = NULL};
	ip_counted(LAYER_IP, "InNoRoutes", 30);
	sample_object(&s, LAYER_IP, "", "routes_1", 0);
	sample_label(&s, route);
	sample_row(&s, refusing, 1);
	c = cause_of(LAYER_IP, DIR_RX, "", 30);
	ck_assert_ptr_nonnull(strstr(c.text, route));
	return cause_is(&s, &c, before) ? before : cause_id(&s, &c);
}

TEST(cause, route_is_a_cause_of_its_own)
{
	uint32_t before = id_of_route("prohibit 10.1.0.0/16", 0);

	ck_assert_uint_eq(id_of_route("prohibit 10.1.0.0/16", before), before);
	ck_assert_uint_ne(id_of_route("prohibit 10.2.0.0/16", before), before);
}
