/* SPDX-License-Identifier: MIT */
/* What is said of a namespace: which findings, of which class, in which order.
 */
#include "diagnosis/finding.h"
#include "model/tally.h"
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

static struct sample s;
static struct losses l;
static struct findings f;

static void setup(void)
{
	s = (struct sample) {.rows = NULL};
	l = (struct losses) {.items = NULL};
	f = (struct findings) {.items = NULL};
}

static void teardown(void)
{
	sample_free(&s);
	losses_free(&l);
	findings_free(&f);
}

#define ROW(layer_, direction_, kind_, name_)                                  \
	{                                                                      \
		.name = (name_), .bits = 64, .layer = (layer_),                \
		.direction = (direction_), .kind = (kind_), .means = "means"   \
	}

static const struct counter discards =
	ROW(LAYER_IP, DIR_RX, KIND_LOST, "InDiscards");
static const struct counter no_routes =
	ROW(LAYER_IP, DIR_RX, KIND_LOST, "InNoRoutes");
static const struct counter squeezed =
	ROW(LAYER_SOFTNET, DIR_RX, KIND_OVERLOAD, "time_squeeze");
static const struct counter no_ports =
	ROW(LAYER_UDP, DIR_RX, KIND_BENIGN, "NoPorts");
static const struct counter entries =
	ROW(LAYER_CONNTRACK, DIR_FILL, KIND_FILL, "count");
static const struct counter room = {
	.name = "max",
	.bits = 64,
	.layer = LAYER_CONNTRACK,
	.kind = KIND_LEVEL,
	.of = {{LAYER_CONNTRACK, DIR_FILL, RELATION_INSIDE}},
	.means = "means",
};
static const struct counter receives = {
	.name = "InReceives",
	.bits = 64,
	.layer = LAYER_IP,
	.direction = DIR_RX,
	.kind = KIND_PASSED,
	.of = {{LAYER_IP, DIR_RX, RELATION_INSIDE},
	       {LAYER_NETFILTER, DIR_RX, RELATION_INSIDE}},
	.means = "means",
};

static const struct counter *snmp(const char *name)
{
	return find_counter(&snmp_probe, name, NULL);
}

/* Appends a row that counted delta since the read before. */
static void moved(const struct counter *c, uint64_t delta)
{
	sample_row(&s, c, 1000 + delta);
	ck_assert_int_eq(s.error, 0);
	s.rows[s.n_rows - 1].delta = delta;
	s.rows[s.n_rows - 1].flags = ROW_COMPARED;
}

static void object(enum layer layer, const char *place, const char *name)
{
	sample_object(&s, layer, place, name, 0);
}

static void counted(const struct counter *c, uint64_t delta)
{
	object(c->layer, "", "");
	moved(c, delta);
}

static void link_lost(const char *place, uint64_t lost, uint64_t passed)
{
	object(LAYER_LINK, place, "");
	moved(find_counter(&link_probe, "rx_dropped", NULL), lost);
	moved(find_counter(&link_probe, "rx_packets", NULL), passed);
}

static void collect(void)
{
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	ck_assert_int_eq(findings_collect(&f, &s, &l), 0);
}

static void check_finding(size_t i, enum finding_class class, enum layer layer,
			  const char *place, uint64_t lost)
{
	ck_assert_uint_lt(i, f.n);
	ck_assert_str_eq(class_name(f.items[i].class), class_name(class));
	ck_assert_str_eq(layer_name(f.items[i].layer), layer_name(layer));
	ck_assert_str_eq(f.items[i].place, place);
	ck_assert_uint_eq(f.items[i].lost, lost);
}

CASE(finding, .setup = setup, .teardown = teardown);

TEST(finding, nothing_is_found_in_nothing)
{
	collect();
	ck_assert_uint_eq(f.n, 0);
	ck_assert(!findings_have_loss(&f));
	counted(&receives, 500);
	counted(&discards, 0);
	collect();
	ck_assert_uint_eq(f.n, 0);
}

TEST(finding, the_worst_share_is_first)
{
	link_lost("eth0", 50, 1000);
	link_lost("eth1", 10, 10);
	link_lost("eth2", 5, 0);
	collect();
	ck_assert_uint_eq(f.n, 3);
	check_finding(0, CLASS_LOSS, LAYER_LINK, "eth2", 5);
	check_finding(1, CLASS_LOSS, LAYER_LINK, "eth1", 10);
	check_finding(2, CLASS_LOSS, LAYER_LINK, "eth0", 50);
	ck_assert_double_eq(f.items[1].percent, 50);
	ck_assert_uint_eq(f.items[1].total, 20);
	ck_assert(findings_have_loss(&f));
}

TEST(finding, a_share_that_is_not_known_is_no_number)
{
	counted(&discards, 7);
	collect();
	ck_assert_uint_eq(f.n, 1);
	check_finding(0, CLASS_LOSS, LAYER_IP, "", 7);
	ck_assert(isnan(f.items[0].percent));
	ck_assert_uint_eq(f.items[0].total, 0);
}

/* Whatever order they are found in. */
TEST(finding, shares_that_are_not_known_come_last)
{
	struct finding a = {.percent = 50, .lost = 1};
	struct finding b = {.percent = 1, .lost = 10};
	struct finding c = {.percent = NAN, .lost = 5};

	ck_assert_int_lt(finding_compare(&a, &b), 0);
	ck_assert_int_lt(finding_compare(&b, &c), 0);
	ck_assert_int_lt(finding_compare(&a, &c), 0);
	ck_assert_int_gt(finding_compare(&c, &a), 0);
}

static const struct counter *counter_of(size_t finding, size_t cause)
{
	return f.items[finding].causes.items[cause].counter;
}

TEST(finding, several_causes_are_one_finding)
{
	counted(&receives, 100);
	object(LAYER_IP, "", "");
	moved(&discards, 5);
	moved(&no_routes, 20);
	collect();
	ck_assert_uint_eq(f.n, 1);
	check_finding(0, CLASS_LOSS, LAYER_IP, "", 25);
	ck_assert_double_eq(f.items[0].percent, 25);
	ck_assert_uint_eq(f.items[0].causes.n, 2);
	ck_assert_ptr_eq(counter_of(0, 0), &no_routes);
	ck_assert_uint_eq(f.items[0].causes.items[0].lost, 20);
	ck_assert_ptr_eq(counter_of(0, 1), &discards);
	ck_assert_uint_eq(f.items[0].causes.items[1].lost, 5);
}

TEST(finding, symptoms_belong_to_the_loss)
{
	counted(snmp("RetransSegs"), 90);
	counted(snmp("TCPTimeouts"), 3);
	counted(snmp("TCPSynRetrans"), 1);
	link_lost("eth0", 5, 100);
	collect();
	ck_assert_uint_eq(f.n, 4);
	check_finding(0, CLASS_LOSS, LAYER_LINK, "eth0", 5);
	ck_assert_int_eq(f.items[0].below, -1);
	for (size_t i = 1; i < f.n; i++) {
		ck_assert_int_eq(f.items[i].class, CLASS_SYMPTOM);
		ck_assert_int_eq(f.items[i].below, 0);
	}
}

TEST(finding, symptoms_alone_belong_to_nothing)
{
	counted(snmp("RetransSegs"), 90);
	counted(snmp("TCPTimeouts"), 3);
	counted(snmp("TCPSynRetrans"), 1);
	collect();
	ck_assert(!findings_have_loss(&f));
	ck_assert_uint_eq(f.n, 3);
	/* the most telling first, whatever their numbers */
	ck_assert_ptr_eq(counter_of(0, 0), snmp("TCPSynRetrans"));
	ck_assert_ptr_eq(counter_of(1, 0), snmp("TCPTimeouts"));
	ck_assert_ptr_eq(counter_of(2, 0), snmp("RetransSegs"));
	for (size_t i = 0; i < f.n; i++) {
		ck_assert_int_eq(f.items[i].below, -1);
		ck_assert_ptr_nonnull(counter_of(i, 0)->symptom);
	}
	ck_assert_ptr_null(snmp("NoPorts")->symptom);
}

TEST(finding, what_is_no_loss_comes_last)
{
	counted(&no_ports, 400);
	counted(snmp("TCPTimeouts"), 1);
	counted(&squeezed, 300);
	link_lost("eth0", 1, 100000);
	collect();
	ck_assert_uint_eq(f.n, 4);
	check_finding(0, CLASS_LOSS, LAYER_LINK, "eth0", 1);
	check_finding(1, CLASS_OVERLOAD, LAYER_SOFTNET, "", 300);
	check_finding(2, CLASS_SYMPTOM, LAYER_TCP, "", 1);
	check_finding(3, CLASS_BENIGN, LAYER_UDP, "", 400);
	ck_assert_int_eq(f.items[1].below, -1);
	ck_assert_int_eq(f.items[3].below, -1);
}

/* Packets for others, beside a loss of the same layer. */
TEST(finding, unclaimed_packets_are_unexplained)
{
	counted(&receives, 400);
	moved(snmp("InAddrErrors"), 40);
	moved(&discards, 12);
	moved(snmp("not_ours"), 40);
	s.objects[0].parts_moved = true;
	collect();
	ck_assert_uint_eq(f.n, 2);
	check_finding(0, CLASS_LOSS, LAYER_IP, "", 12);
	check_finding(1, CLASS_UNEXPLAINED, LAYER_IP, "", 40);
	ck_assert_double_eq_tol(f.items[1].percent, 10, 1e-9);
	ck_assert_uint_eq(f.items[1].total, 400);
	ck_assert(f.items[1].causes.items[0].remedy[0]);
}

/* Counters are read one after the other, and a moment is a share of all. */
TEST(finding, unclaimed_packets_are_no_more_than_all)
{
	counted(&receives, 3);
	moved(snmp("not_ours"), 40);
	moved(&discards, 1);
	collect();
	check_finding(1, CLASS_UNEXPLAINED, LAYER_IP, "", 40);
	ck_assert(f.items[1].percent == 100);
}

TEST(finding, benign_alone_is_no_loss)
{
	counted(&no_ports, 400);
	collect();
	ck_assert_uint_eq(f.n, 1);
	ck_assert(!findings_have_loss(&f));
}

TEST(finding, a_counter_that_is_new_says_nothing)
{
	object(LAYER_UDP, "", "");
	sample_row(&s, &no_ports, 400);
	object(LAYER_IP, "", "");
	sample_row(&s, &discards, 400);
	s.rows[0].delta = 400; /* left over, and not compared */
	collect();
	ck_assert_uint_eq(f.n, 0);
}

static void table(uint64_t n, uint64_t max)
{
	object(LAYER_CONNTRACK, "", "");
	sample_row(&s, &entries, n);
	sample_row(&s, &room, max);
}

TEST(finding, a_table_with_room_is_nothing)
{
	table(85, 100);
	collect();
	ck_assert_uint_eq(f.n, 0);
}

TEST(finding, a_tight_table_is_overload)
{
	table(86, 100);
	collect();
	ck_assert_uint_eq(f.n, 1);
	check_finding(0, CLASS_OVERLOAD, LAYER_CONNTRACK, "", 86);
	ck_assert_double_eq(f.items[0].percent, 86);
	ck_assert(!findings_have_loss(&f));
}

/* A chain, and its only rule. */
static void rule(uint64_t lost, bool by_chance)
{
	object(LAYER_NETFILTER, "", "ip.filter.INPUT.drop");
	moved(firewall_counter(FIREWALL_CHAIN, DIR_RX), lost);
	object(LAYER_NETFILTER, "", "ip.filter.INPUT#4");
	sample_chain(&s, FAMILY_IP, "filter", "INPUT");
	moved(firewall_counter(FIREWALL_DETAIL, DIR_RX), lost);
	sample_row(&s, &firewall_facts[FIREWALL_NUMBER], 4);
	sample_row(&s, &firewall_facts[FIREWALL_TARGET], FIREWALL_DROP);
	if (by_chance)
		sample_row(&s, &firewall_facts[FIREWALL_PROBABILITY], 1 << 29);
	else
		sample_row(&s, &firewall_rows[FIREWALL_IS_POLICY], 1);
}

TEST(finding, a_rule_is_policy_and_chance_is_not)
{
	counted(&receives, 100);
	rule(20, false);
	collect();
	ck_assert_uint_eq(f.n, 1);
	check_finding(0, CLASS_POLICY, LAYER_NETFILTER, "", 20);
	ck_assert(!findings_have_loss(&f));
	ck_assert(findings_have_drops(&f));
	sample_reset(&s);
	counted(&receives, 100);
	rule(20, true);
	collect();
	check_finding(0, CLASS_LOSS, LAYER_NETFILTER, "", 20);
}

TEST(finding, the_echo_of_a_loss_is_a_symptom)
{
	link_lost("eth0", 5, 100);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	loss_find(&l, LAYER_LINK, "eth0", DIR_RX)->echo = true;
	ck_assert_int_eq(findings_collect(&f, &s, &l), 0);
	ck_assert_uint_eq(f.n, 1);
	check_finding(0, CLASS_SYMPTOM, LAYER_LINK, "eth0", 5);
}

TEST(finding, a_lower_bound_says_so)
{
	link_lost("eth0", 5, 100);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	loss_find(&l, LAYER_LINK, "eth0", DIR_RX)->at_least = true;
	ck_assert_int_eq(findings_collect(&f, &s, &l), 0);
	ck_assert(f.items[0].at_least);
}
