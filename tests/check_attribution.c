/* SPDX-License-Identifier: MIT */
/* Packets that two places count: that one of them loses them. */
#include "diagnosis/finding.h"
#include "engine/devices.h"
#include "engine/interval.h"
#include "probes/balance/balance.h"
#include "probes/firewall/rule.h"
#include "probes/dropreason/dropreason_private.h"
#include "probes/link/link_private.h"
#include "probes/neigh/next_hop.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

/* Rows of host-wide sources, and of a namespace's IP. */
#define ROW(layer_, direction_, kind_, name_, ...)                             \
	{                                                                      \
		.name = (name_), .bits = 64, .layer = (layer_),                \
		.direction = (direction_), .kind = (kind_), __VA_ARGS__        \
	}

static const struct counter dropped =
	ROW(LAYER_SOFTNET, DIR_RX, KIND_LOST, "dropped");
static const struct counter martian_src = ROW(LAYER_IP, DIR_RX, KIND_SYMPTOM,
					      "in_martian_src",
					      .tag = TAG_MARTIAN_SRC);
static const struct counter martian_dst = ROW(LAYER_IP, DIR_RX, KIND_SYMPTOM,
					      "in_martian_dst",
					      .tag = TAG_MARTIAN_DST);
static const struct counter reverse_path = ROW(LAYER_IP, DIR_RX, KIND_LOST,
					       "IPReversePathFilter",
					       .tag = TAG_RP_FILTER);
static const struct counter discards = ROW(LAYER_NEIGH, DIR_TX, KIND_LOST,
					   "unresolved_discards",
					   .tag = TAG_UNRESOLVED_DISCARDS);
static const struct counter transmits = {
	.name = "OutTransmits",
	.bits = 64,
	.layer = LAYER_IP,
	.direction = DIR_TX,
	.kind = KIND_PASSED,
	.of = {{LAYER_NEIGH, DIR_TX, RELATION_INSIDE}},
};
static const struct counter table_fulls = ROW(
	LAYER_NEIGH, DIR_TX, KIND_LOST, "table_fulls", .tag = TAG_TABLE_FULLS);
static const struct counter in_gap = ROW(LAYER_IP, DIR_RX, KIND_GAP, "in_gap");
static const struct counter blocked =
	ROW(LAYER_XFRM, DIR_RX, KIND_LOST, "XfrmInPolBlock");
static const struct counter no_states =
	ROW(LAYER_XFRM, DIR_TX, KIND_LOST, "XfrmOutNoStates");
static const struct counter out_gap =
	ROW(LAYER_IP, DIR_TX, KIND_GAP, "out_gap");
static const struct counter in_errors =
	ROW(LAYER_UDP, DIR_RX, KIND_LOST, "InErrors");
static const struct counter rcvbuf_errors = {
	.name = "RcvbufErrors",
	.bits = 64,
	.layer = LAYER_UDP,
	.direction = DIR_RX,
	.kind = KIND_PART,
	.in = "InErrors",
};
static const struct counter receives = {
	.name = "InReceives",
	.bits = 64,
	.layer = LAYER_IP,
	.direction = DIR_RX,
	.kind = KIND_PASSED,
	.of = {{LAYER_IP, DIR_RX, RELATION_INSIDE},
	       {LAYER_NETFILTER, DIR_RX, RELATION_INSIDE},
	       {LAYER_UNEXPLAINED, DIR_RX, RELATION_INSIDE}},
};
static const struct counter unreachs = {
	.name = "OutDestUnreachs",
	.bits = 64,
	.layer = LAYER_ICMP,
	.direction = DIR_TX,
	.kind = KIND_SYMPTOM,
	.refused = 1,
};
static const struct counter no_ports = {
	.name = "NoPorts",
	.bits = 64,
	.layer = LAYER_UDP,
	.direction = DIR_RX,
	.kind = KIND_BENIGN,
	.refused = -1,
};

static struct ns_list list;
static struct ns *host, *ns;

static void setup(void)
{
	host = ns_list_add(&list);
	ns = ns_list_add(&list);
	ck_assert(host && ns);
	snprintf(ns->path, sizeof(ns->path), "/run/netns/nginx");
	list.whole = true;
	host->was_read = ns->was_read = true;
	host->then.boot_ns = ns->then.boot_ns = UINT64_C(1000000000);
	host->now.boot_ns = ns->now.boot_ns = UINT64_C(4000000000);
	host->then.mono_ns = ns->then.mono_ns = host->then.boot_ns;
	host->now.mono_ns = ns->now.mono_ns = host->now.boot_ns;
}

static void teardown(void)
{
	ns_list_free(&list);
}

/* Appends one row with an object of its own to both samples: 0, then n. */
static void count(struct ns *of, const struct counter *c, uint64_t n)
{
	sample_object(&of->then, c->layer, "", c->name, 0);
	sample_row(&of->then, c, 0);
	sample_object(&of->now, c->layer, "", c->name, 0);
	sample_row(&of->now, c, n);
}

/* The same for the counter of a tag and family, in an object of any layer. */
static void count_tagged(struct ns *of, const struct counter_table *table,
			 enum layer layer, enum tag tag, bool v6, uint64_t n)
{
	const struct counter *c = table->rows;

	while (c->tag != tag || c->v6 != v6)
		c++;
	sample_object(&of->then, layer, "", c->name, 0);
	sample_row(&of->then, c, 0);
	sample_object(&of->now, layer, "", c->name, 0);
	sample_row(&of->now, c, n);
}

static void count_part(struct ns *of, const struct counter *part, uint64_t n)
{
	sample_row(&of->then, part, 0);
	sample_row(&of->now, part, n);
}

/* One that does not answer, as next_hop.c appends it. */
static void next_hop(struct ns *of, const char *address, bool failed,
		     uint64_t age_ms)
{
	sample_object(&of->now, LAYER_NEIGH, "a0", address, 0);
	sample_row(&of->now, &next_hop_fact_failed, failed);
	sample_row(&of->now, &next_hop_fact_age, age_ms);
}

static void end_of(struct sample *s, const char *place, uint64_t index,
		   const char *counter, uint64_t n, uint64_t peer_mtu)
{
	sample_object(s, LAYER_LINK, place, "", index);
	sample_row(s, find_counter(&link_probe, counter, NULL), n);
	sample_object(s, LAYER_LINK, place, LINK_CONFIG, index);
	sample_row(s, &link_fact_mtu, 1500);
	sample_row(s, &link_fact_up, 1);
	sample_row(s, &link_fact_mac, index);
	sample_row(s, &link_fact_peer_index, 3 - index);
	sample_row(s, &link_fact_peer_mtu, peer_mtu);
	sample_row(s, &link_fact_peer_mac, 3 - index);
}

/* A wire from the host's a0 (index 1) to the container's b0 (index 2). */
static void wire(uint64_t n, uint64_t mtu)
{
	end_of(&host->then, "a0", 1, "tx_dropped", 0, 1500);
	end_of(&host->now, "a0", 1, "tx_dropped", n, 1500);
	end_of(&ns->then, "b0", 2, "rx_dropped", 0, mtu);
	end_of(&ns->now, "b0", 2, "rx_dropped", n, mtu);
}

/* A device, and what it stands on. */
struct device {
	struct ns *of;
	const char *place;
	uint64_t index;
	const char *label;   /* its kind, and the name of the one below */
	const char *counter; /* that moved, or NULL */
	uint64_t n, lower;   /* ifindex below, 0: none */
	const char *lower_kind;
	bool far;	 /* in the other namespace */
	uint64_t member; /* ifindex, 0: none */
};

static void append_device(struct sample *s, const struct device *d, uint64_t n)
{
	sample_object(s, LAYER_LINK, d->place, "", d->index);
	if (d->counter)
		sample_row(s, find_counter(&link_probe, d->counter, NULL), n);
	sample_object(s, LAYER_LINK, d->place, LINK_CONFIG, d->index);
	sample_label(s, d->label);
	sample_row(s, &link_fact_up, 1);
	sample_row(s, &link_fact_mac, 0x42);
	if (d->lower) {
		sample_row(s, &link_fact_lower_index, d->lower);
		sample_row(s, &link_fact_lower_mac, 0x42);
		sample_row(s, &link_fact_lower_kind,
			   link_hash_kind(d->lower_kind));
	}
	if (d->far)
		sample_row(s, &link_fact_lower_far, 1);
	if (!d->member)
		return;
	sample_row(s, &link_fact_member, d->member);
	sample_row(s, &link_fact_members_up, 1);
}

static void device(struct device d)
{
	append_device(&d.of->then, &d, 0);
	append_device(&d.of->now, &d, d.n);
}

#define DEVICE(of_, place_, index_, label_, ...)                               \
	device((struct device) {.of = (of_),                                   \
				.place = (place_),                             \
				.index = (index_),                             \
				.label = (label_),                             \
				__VA_ARGS__})

static const struct counter drops = {
	.name = "drops",
	.bits = 32,
	.layer = LAYER_QDISC,
	.direction = DIR_TX,
	.kind = KIND_LOST,
	.tag = TAG_QDISC_DROPS,
};

static void shaper(struct ns *of, const char *place, uint64_t n)
{
	sample_object(&of->then, LAYER_QDISC, place, "tbf_8001", 1);
	sample_row(&of->then, &drops, 0);
	sample_object(&of->now, LAYER_QDISC, place, "tbf_8001", 1);
	sample_row(&of->now, &drops, n);
}

static void attribute(void)
{
	ck_assert_int_eq(interval_compare(&list), 0);
}

static uint64_t lost(const struct ns *of, enum layer layer, const char *place,
		     enum direction direction)
{
	const struct loss *loss =
		loss_find(&of->losses, layer, place, direction);

	return loss ? loss->lost : 0;
}

CASE(attribute, .setup = setup, .teardown = teardown);

TEST(attribute, full_backlog_is_not_lost_by_the_wire_too)
{
	count(host, &dropped, 42);
	wire(42, 1500);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_SOFTNET, "", DIR_RX), 42);
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 0);
	ck_assert_uint_eq(lost(host, LAYER_LINK, "a0", DIR_TX), 0);
}

TEST(attribute, what_the_backlog_did_not_drop_stays)
{
	count(host, &dropped, 40);
	wire(100, 1500);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 60);
	ck_assert_uint_eq(lost(host, LAYER_LINK, "a0", DIR_TX), 60);
	ck_assert(loss_find(&host->losses, LAYER_LINK, "a0", DIR_TX)->echo);
}

TEST(attribute, too_large_for_the_wire_is_not_the_backlog)
{
	count(host, &dropped, 42);
	wire(42, 9000);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 42);
}

TEST(attribute, sender_of_what_the_receiver_lost_is_an_echo)
{
	wire(42, 9000);
	attribute();
	ck_assert(loss_find(&host->losses, LAYER_LINK, "a0", DIR_TX)->echo);
	ck_assert(!loss_find(&ns->losses, LAYER_LINK, "b0", DIR_RX)->echo);
}

/* It tells the loss when it is read again. */
TEST(attribute, sender_is_an_echo_of_a_receiver_that_was_not_read)
{
	wire(42, 9000);
	sample_reset(&ns->then);
	attribute();
	ck_assert(!loss_find(&ns->losses, LAYER_LINK, "b0", DIR_RX)->known);
	ck_assert(loss_find(&host->losses, LAYER_LINK, "a0", DIR_TX)->echo);
}

/* It may be a long time until it is read: somebody has to tell. */
TEST(attribute, sender_tells_what_a_receiver_lost_that_is_not_read)
{
	const struct loss *loss;
	struct causes causes;

	wire(42, 600);
	ns->was_read = false;
	attribute();
	loss = loss_find(&host->losses, LAYER_LINK, "a0", DIR_TX);
	ck_assert(!loss->echo);
	ck_assert_uint_eq(loss->lost, 42);
	ck_assert_ptr_null(loss_find(&ns->losses, LAYER_LINK, "b0", DIR_RX));
	cause_list(&host->now, loss, CAUSE_ALL, &causes);
	ck_assert_uint_eq(causes.n, 1);
	ck_assert_ptr_nonnull(strstr(causes.items[0].text, "refused them"));
}

static void set(struct ns *of, const char *place, const char *counter,
		uint64_t n)
{
	object_row(&of->now, find_object(&of->now, LAYER_LINK, place, ""),
		   find_counter(&link_probe, counter, NULL))
		->value = n;
}

/* 42 while only the sender is read, and then 8 more, or none. */
TEST_EACH(attribute, receiver_tells_nothing_that_the_sender_told, 2)
{
	const uint64_t more = _i ? 8 : 0;

	wire(42, 600);
	ns->was_read = false;
	attribute();
	interval_swap(&list);
	sample_reset(&host->now);
	host->now.boot_ns = ns->now.boot_ns = UINT64_C(7000000000);
	end_of(&host->now, "a0", 1, "tx_dropped", 42 + more, 1500);
	set(ns, "b0", "rx_dropped", 42 + more);
	host->was_read = ns->was_read = true;
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), more);
	ck_assert(loss_find(&host->losses, LAYER_LINK, "a0", DIR_TX)->echo ==
		  (more > 0));
	/* and all from then on */
	interval_swap(&list);
	sample_reset(&host->now);
	sample_reset(&ns->now);
	end_of(&host->now, "a0", 1, "tx_dropped", 142 + more, 1500);
	end_of(&ns->now, "b0", 2, "rx_dropped", 142 + more, 600);
	host->was_read = ns->was_read = true;
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 100);
}

/* Of a namespace that is not watched before, nothing is left out. */
TEST(attribute, receiver_that_is_new_tells_all_it_lost)
{
	wire(42, 600);
	ns->was_read = false;
	attribute();
	interval_swap(&list);
	sample_reset(&host->now);
	host->now.boot_ns = ns->now.boot_ns = UINT64_C(7000000000);
	ns->then.boot_ns = host->then.boot_ns;
	end_of(&host->now, "a0", 1, "tx_dropped", 92, 1500);
	set(ns, "b0", "rx_dropped", 50);
	host->was_read = ns->was_read = true;
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 50);
}

/* It has told the rest before; but not where it lost less in the same time. */
TEST_EACH(attribute, sender_may_have_been_read_less_often, 2)
{
	wire(42, 9000);
	object_row(&ns->now, find_object(&ns->now, LAYER_LINK, "b0", ""),
		   find_counter(&link_probe, "rx_dropped", NULL))
		->value = 20;
	if (_i)
		ns->then.boot_ns = UINT64_C(3000000000);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 20);
	ck_assert(loss_find(&host->losses, LAYER_LINK, "a0", DIR_TX)->echo ==
		  _i);
	ck_assert_uint_eq(lost(host, LAYER_LINK, "a0", DIR_TX), _i ? 42 : 22);
}

/* What IP misses is of two intervals then, and what explains it is of one. */
TEST(attribute, what_is_late_is_missed_by_nobody)
{
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	ns->then.objects[1].stale = true;
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 0);
	ns->then.objects[1].stale = false;
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 100);
}

TEST(attribute, martians_belong_to_ip_where_they_vanish)
{
	count(host, &martian_src, 100);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX), 100);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 0);
	ck_assert_double_eq(
		loss_percent(loss_find(&ns->losses, LAYER_IP, "", DIR_RX)), 25);
	ck_assert_uint_eq(lost(host, LAYER_IP, "", DIR_RX), 0);
}

/* What is said of martians, where a setting of the namespace is 1. */
static struct cause martian_cause(const char *setting)
{
	struct cause c;

	sample_object(&ns->now, LAYER_IP, "", setting, 0);
	sample_label(&ns->now, "1");
	cause_find(&ns->now, loss_find(&ns->losses, LAYER_IP, "", DIR_RX), &c);
	return c;
}

static const struct {
	const struct counter *counted, *too;
	const char *setting, *reason, *text;
} martians[] = {
	{&martian_src, NULL, "-", "martian-source",
	 "martian packets: their source address cannot come from there"},
	{&martian_src, NULL, "net.ipv4.conf.all.src_valid_mark",
	 "martian-source",
	 "martian packets: src_valid_mark is on, so the routes of their "
	 "firewall mark judge their source, and call it impossible there"},
	{&martian_dst, NULL, "-", "martian-destination",
	 "martian packets: their destination cannot be reached from there; "
	 "127.0.0.0/8 cannot while route_localnet is off"},
	{&martian_dst, NULL, "net.ipv4.conf.all.route_localnet",
	 "martian-destination",
	 "martian packets: their destination cannot be reached from there"},
	{&martian_dst, &martian_src, "-", "martian-source",
	 "martian packets: their source address cannot come from there"},
};

TEST_EACH(attribute, martians_say_which_address_and_why, ARRAY_SIZE(martians))
{
	struct cause c;

	count(host, martians[_i].counted, 100);
	if (martians[_i].too)
		count(host, martians[_i].too, 100);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	attribute();
	c = martian_cause(martians[_i].setting);
	ck_assert_str_eq(c.text, martians[_i].text);
	ck_assert_str_eq(c.reason->id, martians[_i].reason);
}

TEST(attribute, impossible_destinations_are_martians_too)
{
	count(host, &martian_dst, 100);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX), 100);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 0);
}

TEST(attribute, vanished_without_martians_stays_unexplained)
{
	count(host, &martian_src, 30);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX), 30);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 70);
}

static const struct {
	uint64_t martians, ns, host; /* missed there */
	uint64_t martians_ns, martians_host;
} places[] = {
	{100, 100, 0, 100, 0},
	{110, 60, 50, 60, 50}, /* both, and no more */
	/* others are missed, too, by one or the other: multicast, say */
	{100, 100, 80, 0, 0},
	{100, 20, 120, 0, 0},
};

TEST_EACH(attribute, martians_are_not_given_where_others_are_missed,
	  ARRAY_SIZE(places))
{
	count(host, &martian_src, places[_i].martians);
	count(ns, &receives, 400);
	count(host, &receives, 400);
	count(ns, &in_gap, places[_i].ns);
	count(host, &in_gap, places[_i].host);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX),
			  places[_i].martians_ns);
	ck_assert_uint_eq(lost(host, LAYER_IP, "", DIR_RX),
			  places[_i].martians_host);
}

/* An interval of ns, in which the host counts so many martians. */
static uint64_t martians_in_ns(uint64_t martians_, uint64_t missed)
{
	sample_reset(&ns->then);
	sample_reset(&ns->now);
	sample_reset(&host->then);
	sample_reset(&host->now);
	host->then.boot_ns = ns->then.boot_ns = UINT64_C(1000000000);
	count(host, &martian_src, martians_);
	count(ns, &receives, 400);
	count(ns, &in_gap, missed);
	attribute();
	return lost(ns, LAYER_IP, "", DIR_RX);
}

static const struct {
	uint64_t martians, missed, here;
} unseen[] = {
	{100, 100, 100},
	{100, 98, 98},
	{98, 100, 98},
	/* others have them, or some; or others are missed here */
	{300, 100, 0},
	{120, 100, 0},
	{80, 100, 0},
	{30, 100, 0},
};

TEST_EACH(attribute, martians_may_be_of_who_is_not_read, ARRAY_SIZE(unseen))
{
	list.whole = false;
	ck_assert_uint_eq(
		martians_in_ns(unseen[_i].martians, unseen[_i].missed),
		unseen[_i].here);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX),
			  unseen[_i].missed - unseen[_i].here);
	/* where all are read, they are whose packets are missed */
	list.whole = true;
	ck_assert_uint_eq(
		martians_in_ns(unseen[_i].martians, unseen[_i].missed),
		unseen[_i].martians < unseen[_i].missed ? unseen[_i].martians
							: unseen[_i].missed);
}

TEST(attribute, martians_of_others_are_remembered)
{
	list.whole = false;
	ck_assert_uint_eq(martians_in_ns(100, 100), 100);
	ck_assert_uint_eq(martians_in_ns(100, 0), 0);
	/* what agrees once, or twice, may do so by chance */
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(martians_in_ns(100, 100), 0);
	/* without any there is nothing to doubt */
	ck_assert_uint_eq(martians_in_ns(0, 70), 0);
	ck_assert_uint_eq(martians_in_ns(100, 100), 100);
}

TEST(attribute, who_was_not_read_may_have_lost_the_martians)
{
	host->host_only = true;
	ck_assert_uint_eq(martians_in_ns(200, 100), 0);
	host->host_only = false;
	ck_assert_uint_eq(martians_in_ns(200, 100), 100);
	ns_list_add(&list)->gone = true; /* it ended in between */
	ck_assert_uint_eq(martians_in_ns(200, 100), 0);
}

/* Since boot; where there are several now, others have ended. */
static uint64_t martians_since_boot(void)
{
	count(host, &martian_src, 200);
	count(host, &receives, 400);
	count(host, &in_gap, 100);
	ck_assert_int_eq(interval_since_boot(&list), 0);
	attribute();
	return lost(host, LAYER_IP, "", DIR_RX);
}

TEST(attribute, martians_since_boot_may_be_of_who_has_ended)
{
	ck_assert_uint_eq(martians_since_boot(), 0);
}

TEST(attribute, host_without_namespaces_has_had_all_martians_since_boot)
{
	ns->gone = true;
	ns_list_drop_gone(&list);
	ck_assert_uint_eq(martians_since_boot(), 100);
}

/* An nftables rule on input that drops and does not count. */
static void uncounted_rule(struct sample *s, enum firewall_target target)
{
	const struct firewall_rule rule = {
		.is_nft = true, .handle = 4, .uncounted = 1, .target = target};

	sample_object(s, LAYER_NETFILTER, "", "ip.t.in#4", 0);
	sample_chain(s, FAMILY_IP, "t", "in");
	firewall_rule_append(&rule, DIR_RX, s);
}

static const struct {
	uint64_t ns, third, host; /* missed there; the host has a suspect */
	uint64_t martians_ns, martians_host;
} suspects[] = {
	{0, 0, 100, 0, 100},
	{60, 0, 40, 60, 40},
	{100, 0, 50, 100, 0}, /* first where nothing else is suspected */
	/* in ns or in third: nobody knows, but that is no reason for a third */
	{100, 100, 100, 0, 0},
	{100, 100, 0, 0, 0},
};

TEST_EACH(attribute, martians_may_be_what_a_rule_is_suspected_of,
	  ARRAY_SIZE(suspects))
{
	struct ns *const each[] = {ns, ns_list_add(&list), host};
	const uint64_t missed[] = {suspects[_i].ns, suspects[_i].third,
				   suspects[_i].host};

	each[1]->was_read = true;
	count(host, &martian_src, 100);
	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		count(each[i], &receives, 400);
		count(each[i], &in_gap, missed[i]);
	}
	uncounted_rule(&host->then, FIREWALL_DROP);
	uncounted_rule(&host->now, FIREWALL_DROP);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX),
			  suspects[_i].martians_ns);
	ck_assert_uint_eq(lost(each[1], LAYER_IP, "", DIR_RX), 0);
	ck_assert_uint_eq(lost(host, LAYER_IP, "", DIR_RX),
			  suspects[_i].martians_host);
	ck_assert_uint_eq(lost(host, LAYER_NETFILTER, "", DIR_RX),
			  suspects[_i].host - suspects[_i].martians_host);
}

/* What is not explained, and nobody is suspected of. */
static uint64_t nobody_s(const struct ns *of)
{
	const struct loss *gap =
		loss_find(&of->losses, LAYER_UNEXPLAINED, "", DIR_RX);

	return gap ? gap->meant : 0;
}

/* The same wire, whose end in the host is a port of a bridge. */
static void bridged_wire(uint64_t flooded, uint64_t sent)
{
	struct sample *const samples[] = {&host->then, &host->now};

	wire(0, 1500);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		sample_row(samples[i], &link_fact_master, 9);
		sample_row(samples[i], &link_fact_port_of, LINK_OF_BRIDGE);
		sample_object(samples[i], LAYER_LINK, "br0", "", 9);
		sample_row(samples[i],
			   counter_tagged(&link_table, TAG_LINK_MULTICAST),
			   i * flooded);
		sample_object(samples[i], LAYER_LINK, "a0", "sent", 1);
		sample_row(samples[i],
			   counter_tagged(&link_table, TAG_TX_PACKETS),
			   i * sent);
	}
}

/* What the far ends of wires say of what came for groups, of one interval. */
static const struct {
	uint64_t sent, flooded, frames; /* by the other, its bridge, over it */
	uint64_t joined4, came6, own;	/* what IP counts here */
	uint64_t missed, left;		/* by IPv4 */
} groups[] = {
	{.missed = 40, .left = 40},
	{.missed = 40, .sent = 40, .frames = 200},
	{.missed = 40, .sent = 40, .frames = 200, .joined4 = 40, .left = 40},
	{.missed = 100, .sent = 40, .frames = 200, .left = 60},
	/* the other sent them elsewhere */
	{.missed = 40, .sent = 40, .frames = 10, .left = 30},
	{.missed = 40, .flooded = 60, .frames = 200, .came6 = 20},
	{.missed = 40, .flooded = 60, .frames = 200, .came6 = 60, .left = 40},
	/* a bridge does not send back what it got from here */
	{.missed = 40, .flooded = 60, .frames = 200, .own = 60, .left = 40},
	{.missed = 40, .sent = 20, .flooded = 20, .frames = 200},
	{.missed = 109, .sent = 100, .frames = 200}, /* read a little later */
	{.missed = 111, .sent = 100, .frames = 200, .left = 11},
	{.missed = 305, .sent = 300, .frames = 400}, /* nobody's business */
};

TEST_EACH(attribute, groups_that_nobody_joined_are_nobody_s_loss,
	  ARRAY_SIZE(groups))
{
	bridged_wire(groups[_i].flooded, groups[_i].frames);
	count_tagged(host, snmp_probe.counters, LAYER_IP, TAG_OUT_MCAST_PKTS,
		     false, groups[_i].sent);
	count_tagged(ns, snmp_probe.counters, LAYER_IP, TAG_IN_MCAST_PKTS,
		     false, groups[_i].joined4);
	count_tagged(ns, snmp_probe.counters, LAYER_IP, TAG_IN_MCAST_PKTS, true,
		     groups[_i].came6);
	count_tagged(ns, snmp_probe.counters, LAYER_IP, TAG_OUT_MCAST_PKTS,
		     false, groups[_i].own);
	count(ns, &receives, 400);
	count_tagged(ns, &balance_table, LAYER_UNEXPLAINED, TAG_IN_GAP, false,
		     groups[_i].missed);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX),
			  groups[_i].missed);
	ck_assert_uint_eq(nobody_s(ns), groups[_i].missed - groups[_i].left);
}

/* Broadcasts of the far end: for us, for others, or over another wire. */
static const struct {
	uint64_t sent, frames, ours, strangers, excused;
} called_out[] = {
	{.sent = 60, .frames = 200, .excused = 60},
	{.sent = 60, .frames = 200, .ours = 60},
	{.sent = 60, .frames = 200, .ours = 20, .excused = 40},
	{.sent = 60, .frames = 15, .excused = 15},
	/* the same that a bridge brought */
	{.sent = 60, .frames = 200, .strangers = 62, .excused = 62},
};

TEST_EACH(attribute, broadcasts_of_others_are_nobody_s_loss,
	  ARRAY_SIZE(called_out))
{
	bridged_wire(0, called_out[_i].frames);
	count_tagged(host, snmp_probe.counters, LAYER_IP, TAG_OUT_BCAST_PKTS,
		     false, called_out[_i].sent);
	count_tagged(ns, snmp_probe.counters, LAYER_IP, TAG_IN_BCAST_PKTS,
		     false, called_out[_i].ours);
	count(ns, &receives, 400);
	count_tagged(ns, &balance_table, LAYER_UNEXPLAINED, TAG_IN_GAP, false,
		     100);
	sample_row(&ns->now, &balance_strangers, called_out[_i].strangers);
	attribute();
	ck_assert_uint_eq(nobody_s(ns), called_out[_i].excused);
}

/* What came by a bridge for virtual machines, and what a rule may have had. */
TEST_EACH(attribute, what_bridges_bring_for_others_is_not_lost, 3)
{
	static const uint64_t strangers[] = {0, 44, 100};

	count(ns, &receives, 400);
	count_tagged(ns, &balance_table, LAYER_UNEXPLAINED, TAG_IN_GAP, false,
		     100);
	sample_row(&ns->now, &balance_strangers, strangers[_i]);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 100);
	ck_assert_uint_eq(nobody_s(ns), strangers[_i]);
}

/* IPv6 misses none of them, and who is not at the other end sent none. */
TEST(attribute, groups_excuse_no_other_packets)
{
	struct ns *third = ns_list_add(&list);

	third->was_read = true;
	bridged_wire(0, 1000);
	count_tagged(third, snmp_probe.counters, LAYER_IP, TAG_OUT_MCAST_PKTS,
		     false, 100);
	count(ns, &receives, 400);
	count_tagged(ns, &balance_table, LAYER_UNEXPLAINED, TAG_IN_GAP, false,
		     40);
	attribute();
	ck_assert_uint_eq(nobody_s(ns), 0);
	count_tagged(host, snmp_probe.counters, LAYER_IP, TAG_OUT_MCAST_PKTS,
		     false, 100);
	count_tagged(ns, &balance_table, LAYER_UNEXPLAINED, TAG_IN_GAP, true,
		     60);
	attribute();
	ck_assert_uint_eq(nobody_s(ns), 40);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 100);
}

TEST(attribute, what_rp_filter_drops_are_no_martians)
{
	count(host, &martian_src, 100);
	count(host, &reverse_path, 60);
	count(ns, &reverse_path, 40);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX), 40);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 100);
}

/* Who drops without a counter answers with ICMP, or does not. */
static const struct {
	enum firewall_target target;
	uint64_t unresolved;
} refusers[] = {
	{FIREWALL_REJECT, 0},  {FIREWALL_DROP, 100}, {FIREWALL_POLICY, 100},
	{FIREWALL_RESET, 100}, {FIREWALL_MAP, 100},  {FIREWALL_REST, 100},
};

TEST_EACH(attribute, refused_where_a_rule_may_have_is_no_neighbour_s,
	  ARRAY_SIZE(refusers))
{
	next_hop(ns, "10.9.0.77", true, 1000);
	count(ns, &unreachs, 100);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	uncounted_rule(&ns->then, refusers[_i].target);
	uncounted_rule(&ns->now, refusers[_i].target);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NETFILTER, "", DIR_RX), 100);
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX),
			  refusers[_i].unresolved);
}

/* Their families; beyond MaxRules are some that reject, or none. */
static const struct {
	enum family family;
	bool is_beyond, refuses;
	uint64_t unresolved;
} answers[] = {
	{FAMILY_INGRESS, false, false, 10}, {FAMILY_INET, false, false, 10},
	{FAMILY_NETDEV, false, false, 90},  {FAMILY_BRIDGE, false, false, 90},
	{FAMILY_IP, true, true, 10},	    {FAMILY_IP6, true, false, 90},
};

TEST_EACH(attribute, refused_by_whom_icmp_counts_is_no_neighbour_s,
	  ARRAY_SIZE(answers))
{
	next_hop(ns, "10.9.2.77", true, 1000);
	count(ns, &unreachs, 90);
	count(ns, firewall_counter(FIREWALL_DETAIL, DIR_FWD), 80);
	sample_chain(&ns->now, answers[_i].family, "t", "f");
	sample_row(&ns->now, &firewall_facts[FIREWALL_TARGET],
		   answers[_i].is_beyond ? FIREWALL_REST : FIREWALL_REJECT);
	if (answers[_i].refuses)
		sample_row(&ns->now, &firewall_facts[FIREWALL_REFUSING], 1);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX),
			  answers[_i].unresolved);
}

/* Nobody is suspected: what vanished was for a group that nobody joined. */
TEST(attribute, refused_beside_what_vanished_did_not_resolve)
{
	next_hop(ns, "10.9.0.77", true, 1000);
	count(ns, &unreachs, 100);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 100);
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 100);
}

static const struct {
	const char *what;
	bool failed;
	uint64_t age_ms; /* of 3000 that the interval has */
	uint64_t lost;
} hops[] = {
	{"given up in the interval", true, 2000, 100},
	{"given up long before", true, 20000, 0},
	{"asked again, as traffic goes on", false, 900, 100},
	{"asked just now: it will answer", false, 0, 0},
};

TEST_EACH(attribute, refused_packets_did_not_resolve_if_a_next_hop_is_dead,
	  ARRAY_SIZE(hops))
{
	next_hop(ns, "10.9.0.77", hops[_i].failed, hops[_i].age_ms);
	count(ns, &unreachs, 150);
	count(ns, &no_ports, 50);
	attribute();
	ck_assert_msg(lost(ns, LAYER_NEIGH, "", DIR_TX) == hops[_i].lost, "%s",
		      hops[_i].what);
}

/* GRE for a tunnel that is not here, while another container pings the dead. */
TEST(attribute, dead_next_hop_of_another_namespace_proves_nothing)
{
	next_hop(host, "10.8.0.99", true, 1000);
	count(host, &unreachs, 5);
	count(ns, &unreachs, 200);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 0);
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 5);
}

/* GRE with another key: 6 were answered, and 194 answers held back. */
TEST(attribute, refused_by_no_one_known_is_unexplained)
{
	const struct loss *loss;
	struct causes causes;

	count(ns, &receives, 400);
	count(ns, &unreachs, 250);
	count(ns, &no_ports, 50);
	attribute();
	loss = loss_find(&ns->losses, LAYER_UNEXPLAINED, "", DIR_RX);
	ck_assert_ptr_nonnull(loss);
	ck_assert_uint_eq(loss->lost, 200);
	cause_list(&ns->now, loss, CAUSE_ALL, &causes);
	ck_assert_uint_eq(causes.n, 1);
	ck_assert_str_eq(causes.items[0].reason->id, "refused-after-delivery");
	ck_assert_uint_eq(causes.items[0].lost, 200);
	attribute(); /* and not twice */
	ck_assert_uint_eq(loss->lost, 200);
}

TEST_EACH(attribute, refused_packets_that_are_explained_are_not, 3)
{
	count(ns, &receives, 400);
	count(ns, &unreachs, 200);
	if (_i == 0)
		count(ns, &no_ports, 195); /* and a few on their way */
	if (_i == 1)
		next_hop(ns, "10.9.0.77", true, 1000);
	if (_i == 2) {
		count(ns, firewall_counter(FIREWALL_DETAIL, DIR_RX), 200);
		sample_row(&ns->now, &firewall_facts[FIREWALL_TARGET],
			   FIREWALL_REJECT);
	}
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 0);
}

/* 90 to a next hop that is dead, 200 that FORWARD drops, without a word. */
TEST_EACH(attribute, only_rules_that_refuse_explain_what_was_refused, 2)
{
	enum firewall_target target = _i ? FIREWALL_REJECT : FIREWALL_DROP;

	next_hop(ns, "10.9.2.77", true, 1000);
	count(ns, &unreachs, 90);
	count(ns, firewall_counter(FIREWALL_DETAIL, DIR_FWD), _i ? 80 : 200);
	sample_row(&ns->now, &firewall_facts[FIREWALL_TARGET], target);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), _i ? 10 : 90);
}

/* As many as 54 answers that a host sends to itself are not waiting either. */
TEST(attribute, packets_to_itself_have_no_next_hop)
{
	const struct counter *c = find_counter(&link_probe, "tx_packets", NULL);
	struct loss *loss;

	next_hop(ns, "10.9.0.2", true, 1000);
	count(ns, &unreachs, 200);
	count(ns, &transmits, 254);
	sample_object(&ns->then, LAYER_LINK, "lo", "", 1);
	sample_row(&ns->then, c, 0);
	sample_object(&ns->now, LAYER_LINK, "lo", "", 1);
	sample_row(&ns->now, c, 54);
	attribute();
	loss = loss_find(&ns->losses, LAYER_NEIGH, "", DIR_TX);
	ck_assert_ptr_nonnull(loss);
	ck_assert_double_eq(loss_percent(loss), 100);
}

TEST(attribute, discards_of_the_host_belong_to_the_only_dead_next_hop)
{
	struct loss *loss;

	next_hop(ns, "10.9.0.77", false, 2000);
	count(host, &discards, 1908);
	count(ns, &transmits, 2000);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 0);
	loss = loss_find(&ns->losses, LAYER_NEIGH, "", DIR_TX);
	ck_assert_ptr_nonnull(loss);
	ck_assert_uint_eq(loss->unresolved, 1908);
	ck_assert_double_eq_tol(loss_percent(loss), 95.4, 1e-9);
}

/* The kernel says why it dropped packets: those of a next hop, by class. */
static void told(struct ns *of, uint64_t failed, uint64_t full)
{
	struct drop_sums sums = {.of = {0}};

	dropreason_append_sums(&sums, 0, &of->then);
	sums.of[CLASS_NEIGH] = failed;
	sums.of[CLASS_NEIGH_FULL] = full;
	dropreason_append_sums(&sums, 0, &of->now);
}

TEST(attribute, next_hops_are_not_guessed_where_the_kernel_tells)
{
	next_hop(host, "10.8.0.99", true, 1000); /* of nobody's packets */
	count(host, &unreachs, 100);
	count(ns, &transmits, 2000);
	told(host, 0, 0);
	told(ns, 300, 0); /* and of which nothing else is known */
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 0);
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 300);
}

/* failed of sent packets are told. */
static const struct {
	uint64_t failed, sent, lost;
} fews[] = {
	{9, 2000, 0},
	{9, 500, 9},
	{10, 100000, 10},
	{3, 0, 3},
};

TEST_EACH(attribute, few_of_many_met_somebody_who_has_gone, ARRAY_SIZE(fews))
{
	count(ns, &transmits, fews[_i].sent);
	told(ns, fews[_i].failed, 0);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), fews[_i].lost);
}

TEST(attribute, discards_are_of_whom_the_kernel_tells)
{
	next_hop(host, "10.8.0.77", false, 2000);
	count(host, &discards, 1908);
	count(ns, &transmits, 2000);
	told(host, 0, 8);
	told(ns, 0, 1900);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 8);
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 1900);
	ck_assert(
		!loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX)->host_wide);
}

TEST(attribute, discards_of_who_is_not_read_stay_with_the_host)
{
	count(host, &discards, 1908);
	told(host, 0, 8);
	told(ns, 0, 0);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 1908);
	ck_assert(loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX)->host_wide);
}

/* As many as a rule without a counter drops, but in a container not read. */
TEST(attribute, martians_are_not_guessed_where_the_kernel_tells)
{
	struct drop_sums sums = {.of = {0}};

	count(host, &martian_src, 100);
	count(ns, &receives, 400);
	count(ns, &in_gap, 100);
	uncounted_rule(&ns->then, FIREWALL_DROP);
	uncounted_rule(&ns->now, FIREWALL_DROP);
	dropreason_append_sums(&sums, 0, &ns->then);
	sums.of[CLASS_NETFILTER] = 100;
	dropreason_append_sums(&sums, 0, &ns->now);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NETFILTER, "", DIR_RX), 100);
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX), 0);
}

TEST(attribute, discards_that_may_be_of_several_stay_with_the_host)
{
	next_hop(ns, "10.9.0.77", false, 2000);
	next_hop(host, "10.8.0.77", false, 2000);
	count(host, &discards, 1908);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 1908);
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 0);
}

static void count_cache(const char *cache, uint64_t n)
{
	sample_object(&host->then, LAYER_NEIGH, "", cache, 0);
	sample_row(&host->then, &discards, 0);
	sample_object(&host->now, LAYER_NEIGH, "", cache, 0);
	sample_row(&host->now, &discards, n);
}

/* Those of one family are of no next hop of the other. */
TEST_EACH(attribute, discards_belong_to_a_next_hop_of_their_family, 2)
{
	next_hop(ns, _i ? "fd00::77" : "10.9.0.77", false, 2000);
	count(ns, &transmits, 2000);
	count_cache("arp_cache", 300);
	count_cache("ndisc_cache", 70);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), _i ? 70 : 300);
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), _i ? 300 : 70);
	ck_assert(isnan(loss_percent(
		loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX))));
}

/* A dead one of each family, in two namespaces: both are told. */
TEST(attribute, discards_of_both_families_may_be_of_two_namespaces)
{
	next_hop(ns, "10.9.0.77", false, 2000);
	count(ns, &transmits, 2000);
	next_hop(host, "fd00::77", false, 2000);
	count(host, &transmits, 140);
	count_cache("arp_cache", 300);
	count_cache("ndisc_cache", 70);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 300);
	ck_assert_double_eq(
		loss_percent(loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX)),
		50);
}

/* What another namespace was given is no cause here any more. */
TEST(attribute, discards_of_one_family_leave_those_of_the_other)
{
	struct causes causes;

	next_hop(host, "10.8.0.77", false, 2000);
	next_hop(ns, "fd00::77", false, 2000);
	count(ns, &transmits, 2000);
	count_cache("arp_cache", 300);
	count_cache("ndisc_cache", 70);
	count(host, &table_fulls, 100);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 400);
	cause_list(&host->now,
		   loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX), CAUSE_ALL,
		   &causes);
	ck_assert_uint_eq(causes.n, 2);
	ck_assert_uint_eq(causes.items[0].lost, 300);
	ck_assert_ptr_nonnull(strstr(causes.items[0].text, "10.8.0.77"));
	ck_assert_uint_eq(causes.items[1].lost, 100);
	sample_reset(&ns->now); /* in the next interval all answer there */
	ns->now.boot_ns = ns->now.mono_ns = host->now.boot_ns;
	attribute();
	cause_list(&host->now,
		   loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX), CAUSE_ALL,
		   &causes);
	ck_assert_uint_eq(causes.n, 3);
}

/* 5744 packets are not of a namespace that has sent 147. */
TEST(attribute, discards_of_namespaces_that_are_not_read_stay_with_the_host)
{
	next_hop(ns, "10.9.0.77", false, 2000);
	count(host, &discards, 5744);
	count(ns, &transmits, 147);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 5744);
	ck_assert_uint_eq(lost(ns, LAYER_NEIGH, "", DIR_TX), 0);
}

TEST(attribute, discards_of_the_hosts_own_next_hop_have_a_ratio)
{
	const struct loss *loss;

	next_hop(host, "10.8.0.77", false, 2000);
	count(host, &discards, 50);
	count(host, &transmits, 100);
	attribute();
	loss = loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX);
	ck_assert_ptr_nonnull(loss);
	ck_assert_double_eq(loss_percent(loss), 50);
}

TEST(attribute, full_table_has_no_ratio)
{
	count(host, &table_fulls, 97);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_NEIGH, "", DIR_TX), 97);
	ck_assert(isnan(loss_percent(
		loss_find(&host->losses, LAYER_NEIGH, "", DIR_TX))));
}

/* Senders in any namespace were told of them. */
TEST(attribute, full_table_of_the_host_is_known_in_each_namespace)
{
	count(host, &table_fulls, 97);
	attribute();
	ck_assert_uint_eq(ns->losses.table_fulls, 97);
	ck_assert_uint_eq(host->losses.table_fulls, 0);
	ns->losses.table_fulls = 5;
	host->was_read = false;
	attribute();
	ck_assert_uint_eq(ns->losses.table_fulls, 0);
}

TEST(attribute, ipsec_policy_is_not_lost_by_udp_too)
{
	count(ns, &blocked, 100);
	count(ns, &in_errors, 130);
	count_part(ns, &rcvbuf_errors, 30);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_XFRM, "", DIR_RX), 100);
	ck_assert_uint_eq(lost(ns, LAYER_UDP, "", DIR_RX), 30);
}

TEST(attribute, ipsec_explains_what_ip_misses)
{
	count(ns, &blocked, 100);
	count(ns, &no_states, 20);
	count(ns, &receives, 400);
	count(ns, &in_gap, 150);
	count(ns, &out_gap, 20);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_RX), 50);
	ck_assert_uint_eq(lost(ns, LAYER_UNEXPLAINED, "", DIR_TX), 0);
}

/* A counter of IP as the probe has it, at the two reads. */
static void count_ip(const char *name, uint64_t n)
{
	count(ns, find_counter(&snmp_probe, name, NULL), n);
}

static const struct {
	const char *what;
	uint64_t fragments, not_ours;
	bool measured;
} given_up[] = {
	{"half a minute after the traffic", 0, 0, false},
	{"while it goes on", 300, 0, true},
	{"beside another loss", 0, 500, true},
};

TEST_EACH(attribute, datagrams_given_up_late_have_no_ratio,
	  ARRAY_SIZE(given_up))
{
	const struct loss *loss;

	count_ip("InReceives", 1000);
	count_ip("ReasmReqds", given_up[_i].fragments);
	sample_object(&ns->then, LAYER_IP, "", "reassembly", 0);
	sample_object(&ns->now, LAYER_IP, "", "reassembly", 0);
	count_part(ns, find_counter(&snmp_probe, "ReasmTimeout", NULL), 300);
	count_part(ns, find_counter(&snmp_probe, "ReasmFails", NULL), 300);
	count_ip("InAddrErrors", given_up[_i].not_ours);
	attribute();
	loss = loss_find(&ns->losses, LAYER_IP, "", DIR_RX);
	ck_assert_ptr_nonnull(loss);
	ck_assert_uint_eq(loss->lost, 300 + given_up[_i].not_ours);
	ck_assert_msg(isnan(loss_percent(loss)) == !given_up[_i].measured, "%s",
		      given_up[_i].what);
}

static const struct loss *tx_loss(const struct ns *of, const char *place)
{
	const struct loss *loss =
		loss_find(&of->losses, LAYER_LINK, place, DIR_TX);

	ck_assert_ptr_nonnull(loss);
	return loss;
}

/* As recorded: 500 packets into a shaper of 1 Mbit/s. */
TEST(attribute, vlan_repeats_what_the_qdisc_below_dropped)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "a0.5", 5, "vlan a0", .counter = "tx_dropped", .n = 313,
	       .lower = 2, .lower_kind = "veth");
	shaper(host, "a0", 313);
	attribute();
	ck_assert(tx_loss(host, "a0.5")->echo);
	ck_assert_uint_eq(lost(host, LAYER_QDISC, "a0", DIR_TX), 313);
}

TEST(attribute, macvlan_repeats_it_from_another_namespace)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(ns, "mv0", 5, "macvlan a0", .counter = "tx_dropped", .n = 348,
	       .lower = 2, .lower_kind = "veth", .far = true);
	shaper(host, "a0", 348);
	attribute();
	ck_assert(tx_loss(ns, "mv0")->echo);
}

/* An ipvlan has its parent's address, and may have its index and name. */
TEST(attribute, device_is_not_its_own_parent)
{
	DEVICE(ns, "eth0", 2, "ipvlan eth0", .counter = "tx_dropped", .n = 88,
	       .lower = 2, .lower_kind = "", .far = true);
	shaper(ns, "eth0", 88);
	DEVICE(host, "eth0", 2, "ipvlan x");
	shaper(host, "eth0", 88);
	attribute();
	ck_assert(!tx_loss(ns, "eth0")->echo);
	ck_assert_uint_eq(tx_loss(ns, "eth0")->lost, 88);
}

TEST(attribute, what_is_more_than_below_is_lost_here)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "vx0", 5, "vxlan a0", .counter = "tx_dropped", .n = 200,
	       .lower = 2, .lower_kind = "veth");
	shaper(host, "a0", 80);
	attribute();
	ck_assert(!tx_loss(host, "vx0")->echo);
	ck_assert_uint_eq(tx_loss(host, "vx0")->lost, 120);
}

TEST(attribute, packet_lost_below_is_repeated_by_one_device_of_a_level)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "vx0", 5, "vxlan a0", .counter = "tx_dropped", .n = 300,
	       .lower = 2, .lower_kind = "veth");
	DEVICE(host, "vx1", 6, "vxlan a0", .counter = "tx_dropped", .n = 200,
	       .lower = 2, .lower_kind = "veth");
	shaper(host, "a0", 300);
	attribute();
	ck_assert(tx_loss(host, "vx0")->echo);
	ck_assert(!tx_loss(host, "vx1")->echo);
	ck_assert_uint_eq(tx_loss(host, "vx1")->lost, 200);
}

TEST(attribute, each_level_repeats_the_one_below)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "a0.5", 5, "vlan a0", .counter = "tx_dropped", .n = 90,
	       .lower = 2, .lower_kind = "veth");
	DEVICE(ns, "mv0", 7, "macvlan a0.5", .counter = "tx_dropped", .n = 90,
	       .lower = 5, .lower_kind = "vlan", .far = true);
	shaper(host, "a0", 90);
	attribute();
	ck_assert(tx_loss(ns, "mv0")->echo && tx_loss(host, "a0.5")->echo);
}

TEST(attribute, vlan_over_a_bond_repeats_what_its_member_lost)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "m0", 4, "bond", .member = 2);
	DEVICE(ns, "v5", 5, "vlan m0", .counter = "tx_dropped", .n = 196,
	       .lower = 4, .lower_kind = "bond", .far = true);
	shaper(host, "a0", 196);
	attribute();
	ck_assert(tx_loss(ns, "v5")->echo);
}

static const struct {
	uint64_t bond, member, left;
} bonds[] = {{200, 200, 200}, {200, 80, 120}, {200, 0, 200}};

TEST_EACH(attribute, bond_without_a_port_loses_more_than_its_members,
	  ARRAY_SIZE(bonds))
{
	DEVICE(host, "a0", 2, "veth", .counter = "tx_dropped",
	       .n = bonds[_i].member);
	DEVICE(host, "m0", 4, "bond", .counter = "tx_dropped",
	       .n = bonds[_i].bond, .member = 2);
	attribute();
	ck_assert_uint_eq(tx_loss(host, "m0")->lost, bonds[_i].left);
	ck_assert(tx_loss(host, "m0")->echo == (_i == 0));
}

/* An IPv6 packet that is refused is "aborted"; "dropped" had no route. */
TEST_EACH(attribute, tunnel_over_ipv6_repeats_what_was_aborted, 2)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "t0", 5, "ip6tnl a0",
	       .counter = _i ? "tx_aborted_errors" : "tx_errors", .n = 278,
	       .lower = 2, .lower_kind = "veth");
	shaper(host, "a0", 278);
	attribute();
	ck_assert_uint_eq(link_refused_below(&host->now, "t0"), _i ? 278 : 0);
}

static const struct counter addr_errors = ROW(
	LAYER_IP, DIR_RX, KIND_LOST, "InAddrErrors", .tag = TAG_IN_ADDR_ERRORS);

/* While an ipvlan is down, the interface below takes its packets. */
TEST_EACH(attribute, ipvlan_is_named_where_its_packets_fall_to, 3)
{
	static const char *const labels[] = {"ipvlan b0", "macvlan b0",
					     "ipvlan b0"};
	const struct loss *loss;

	DEVICE(host, "b0", 2, "veth");
	DEVICE(ns, "iv0", 5, labels[_i], .lower = 2, .lower_kind = "veth",
	       .far = _i < 2);
	count(host, &addr_errors, 300);
	attribute();
	loss = loss_find(&host->losses, LAYER_IP, "", DIR_RX);
	ck_assert_uint_eq(loss->lost, 300);
	ck_assert_str_eq(loss->by, _i ? "" : "iv0");
}

/* Then they are missed, though the host has never forwarded a packet. */
TEST_EACH(attribute, what_an_ipvlan_may_miss_is_lost, 2)
{
	struct row *row;

	DEVICE(host, "b0", 2, "veth");
	DEVICE(ns, "iv0", 5, _i ? "macvlan b0" : "ipvlan b0", .lower = 2,
	       .lower_kind = "veth", .far = true);
	sample_object(&host->then, LAYER_IP, "", "", 0);
	sample_object(&host->now, LAYER_IP, "", "", 0);
	count_part(host, &addr_errors, 300);
	count_part(host, find_counter(&snmp_probe, "not_ours", NULL), 300);
	attribute();
	ck_assert_uint_eq(lost(host, LAYER_IP, "", DIR_RX), _i ? 0 : 300);
	row = object_row(&host->now, find_object(&host->now, LAYER_IP, "", ""),
			 find_counter(&snmp_probe, "not_ours", NULL));
	ck_assert_uint_eq(row->delta, _i ? 300 : 0);
}

static const struct {
	uint64_t sent, ours; /* broadcasts by the far end, and for us */
	bool bridge, device; /* it is a port of a bridge; there is more */
	uint64_t left;	     /* for others */
} claimed[] = {
	{.left = 0}, /* somebody sends them here on purpose */
	{.sent = 300, .left = 300},
	{.sent = 300, .ours = 300, .left = 0},
	{.sent = 120, .left = 120},
	{.bridge = true, .left = 300},
	{.device = true, .left = 300},
};

TEST_EACH(attribute, what_a_wire_brings_on_purpose_is_lost, ARRAY_SIZE(claimed))
{
	const struct counter *not_ours =
		find_counter(&snmp_probe, "not_ours", NULL);
	const struct counter *frames =
		counter_tagged(&link_table, TAG_TX_PACKETS);
	struct sample *const samples[] = {&host->then, &host->now};

	if (claimed[_i].bridge)
		bridged_wire(0, 400);
	else
		wire(0, 1500);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		sample_object(samples[i], LAYER_LINK, "a0", "frames", 1);
		sample_row(samples[i], frames, 400 * i);
	}
	if (claimed[_i].device)
		DEVICE(ns, "eth0", 7, "");
	count_tagged(host, snmp_probe.counters, LAYER_IP, TAG_OUT_BCAST_PKTS,
		     false, claimed[_i].sent);
	count_tagged(ns, snmp_probe.counters, LAYER_IP, TAG_IN_BCAST_PKTS,
		     false, claimed[_i].ours);
	sample_object(&ns->then, LAYER_IP, "", "", 0);
	sample_object(&ns->now, LAYER_IP, "", "", 0);
	count_part(ns, &addr_errors, 300);
	count_part(ns, not_ours, 300);
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_IP, "", DIR_RX),
			  300 - claimed[_i].left);
}

/* Without a route of its own, by any interface, but not by itself. */
TEST_EACH(attribute, tunnel_without_a_device_repeats_any, 2)
{
	DEVICE(host, "a0", 2, "veth");
	DEVICE(host, "vx0", 5, "vxlan", .counter = "tx_dropped", .n = 100);
	if (_i)
		shaper(host, "a0", 100);
	attribute();
	ck_assert(tx_loss(host, "vx0")->echo == _i);
}

TEST(attribute, frames_of_unknown_protocols_are_not_added_to_a_loss)
{
	wire(200, 9000);
	object_row(&ns->now, find_object(&ns->now, LAYER_LINK, "b0", ""),
		   find_counter(&link_probe, "rx_dropped", NULL))
		->value = 300;
	attribute();
	ck_assert_uint_eq(lost(ns, LAYER_LINK, "b0", DIR_RX), 200);
	ck_assert(loss_limits_kind(&ns->now, loss_find(&ns->losses, LAYER_LINK,
						       "b0", DIR_RX)) ==
		  LIMITS_PLAIN);
}

/* LLDP: 100 frames that the sender saw go. */
TEST_EACH(attribute, frames_of_unknown_protocols_are_no_loss, 2)
{
	wire(0, _i ? 9000 : 1500);
	object_row(&ns->now, find_object(&ns->now, LAYER_LINK, "b0", ""),
		   find_counter(&link_probe, "rx_dropped", NULL))
		->value = 100;
	attribute();
	ck_assert(loss_limits_kind(&ns->now, loss_find(&ns->losses, LAYER_LINK,
						       "b0", DIR_RX)) ==
		  LIMITS_UNEXPLAINED);
}

/* What IP sent to groups and to all, and which of what a device lost it is. */
static const struct for_many {
	const char *label;
	bool no_carrier, has_remote;
	uint64_t dropped, errors; /* of the device */
	uint64_t mcast4, mcast6, bcast, flooded;
	uint64_t left;
	bool nobody_s;	    /* no alarm for it */
	const char *reason; /* of what is left */
} for_many[] = {
	/* measured: flannel, mDNS of its host, and a node without an entry */
	{"vxlan a0", .dropped = 36, .mcast4 = 36, .left = 36, .nobody_s = true,
	 .reason = "tunnel-no-group"},
	{"vxlan a0", .dropped = 156, .mcast4 = 36, .left = 120,
	 .reason = "vxlan-no-entry"},
	{"vxlan a0", .dropped = 40, .left = 40, .reason = "vxlan-no-entry"},
	{"vxlan", .dropped = 9, .mcast4 = 2, .mcast6 = 3, .bcast = 4, .left = 9,
	 .nobody_s = true, .reason = "tunnel-no-group"},
	{"vxlan", .dropped = 10, .mcast4 = 2, .mcast6 = 3, .bcast = 4,
	 .left = 1, .reason = "vxlan-no-entry"},
	{"vxlan", .dropped = 9, .flooded = 9, .left = 9, .nobody_s = true,
	 .reason = "tunnel-no-group"},
	{"vxlan", .dropped = 9, .errors = 7, .mcast4 = 50, .left = 7,
	 .reason = "tunnel-too-large"},
	{"vxlan", .has_remote = true, .dropped = 36, .mcast4 = 36, .left = 36,
	 .reason = "tunnel-refused"},
	{"geneve", .dropped = 36, .mcast6 = 36, .left = 36, .nobody_s = true,
	 .reason = "tunnel-no-group"},
	{"wireguard", .dropped = 36, .mcast4 = 36, .left = 36,
	 .reason = "wireguard-peer"},
	/* measured: a tap and a tun that nobody has open */
	{"tun", .no_carrier = true, .dropped = 36, .mcast4 = 36, .left = 36,
	 .nobody_s = true, .reason = "tun-not-open"},
	{"tun", .no_carrier = true, .dropped = 156, .mcast4 = 36, .left = 120,
	 .reason = "tun-not-open"},
	{"tun", .no_carrier = true, .dropped = 120, .left = 120,
	 .reason = "tun-not-open"},
	{"tun", .dropped = 36, .mcast4 = 36, .left = 36,
	 .reason = "tun-reader-slow"},
	{"sit", .dropped = 36, .mcast4 = 36, .left = 36,
	 .reason = "tunnel-refused"},
	{"vlan a0", .no_carrier = true, .dropped = 36, .mcast4 = 36, .left = 36,
	 .reason = "lost-below"},
	{"dummy", .no_carrier = true, .dropped = 36, .mcast4 = 36, .left = 36,
	 .reason = "virtual-device"},
};

static void sample_sender(struct sample *s, const struct for_many *t, int now)
{
	const uint64_t none[3] = {0},
		       sent[3] = {t->dropped, t->errors, t->flooded};
	const uint64_t *n = now ? sent : none;

	sample_object(s, LAYER_LINK, "vx0", "", 5);
	sample_row(s, find_counter(&link_probe, "tx_dropped", NULL), n[0]);
	sample_row(s, find_counter(&link_probe, "tx_errors", NULL), n[1]);
	sample_object(s, LAYER_LINK, "vx0", LINK_CONFIG, 5);
	sample_label(s, t->label);
	sample_row(s, &link_fact_up, 1);
	sample_row(s, &link_fact_carrier, !t->no_carrier);
	sample_row(s, &link_fact_master, 9);
	sample_row(s, &link_fact_port_of, LINK_OF_BRIDGE);
	if (t->has_remote)
		sample_row(s, &link_fact_remote, 1);
	sample_object(s, LAYER_LINK, "br0", "", 9);
	sample_row(s, counter_tagged(&link_table, TAG_LINK_MULTICAST), n[2]);
}

static void check_for_many(const struct for_many *t)
{
	const struct loss *loss = tx_loss(host, "vx0");
	struct causes causes;

	ck_assert_uint_eq(loss->lost, t->left);
	ck_assert_int_eq(loss_limits_kind(&host->now, loss),
			 t->nobody_s ? LIMITS_UNEXPLAINED : LIMITS_PLAIN);
	cause_list(&host->now, loss, CAUSE_ALL, &causes);
	ck_assert_uint_eq(causes.n, 1);
	ck_assert_uint_eq(causes.items[0].lost, t->left);
	ck_assert_str_eq(causes.items[0].reason->id, t->reason);
	ck_assert(causes.items[0].known != t->nobody_s);
	ck_assert(t->nobody_s ==
		  !!strstr(causes.items[0].text, "multicast and broadcast"));
}

TEST_EACH(attribute, packets_for_many_that_a_device_has_nobody_for,
	  ARRAY_SIZE(for_many))
{
	const struct for_many *t = &for_many[_i];
	const struct counter_table *ip = snmp_probe.counters;

	sample_sender(&host->then, t, 0);
	sample_sender(&host->now, t, 1);
	count_tagged(host, ip, LAYER_IP, TAG_OUT_MCAST_PKTS, false, t->mcast4);
	count_tagged(host, ip, LAYER_IP, TAG_OUT_MCAST_PKTS, true, t->mcast6);
	count_tagged(host, ip, LAYER_IP, TAG_OUT_BCAST_PKTS, false, t->bcast);
	attribute();
	check_for_many(t);
}

/* ---- devices that look alike ---- */

#define N_NAMELESS 40
#define N_ASKED 32 /* an index is made meanwhile */

CASE(alike, .setup = setup, .teardown = teardown);

/* A device that says it is the far end of the host's, or what is below it. */
static void make_alike(struct ns *in, bool is_wire)
{
	struct sample *s = &in->now;

	in->was_read = true;
	sample_object(s, LAYER_LINK, "eth0", LINK_CONFIG, 7);
	sample_label(s, "veth");
	sample_row(s, &link_fact_mac, 0xabc);
	if (is_wire)
		sample_row(s, &link_fact_peer_index, 3);
}

static const struct object *make_seeker(bool is_wire)
{
	struct sample *s = &host->now;

	sample_object(s, LAYER_LINK, "up0", LINK_CONFIG, 3);
	sample_label(s, is_wire ? "veth" : "ipvlan");
	if (is_wire) {
		sample_row(s, &link_fact_peer_index, 7);
		sample_row(s, &link_fact_peer_mac, 0xabc);
	} else {
		sample_row(s, &link_fact_lower_index, 7);
		sample_row(s, &link_fact_lower_mac, 0xabc);
		sample_row(s, &link_fact_lower_kind, link_hash_kind("veth"));
		sample_row(s, &link_fact_lower_far, 1);
	}
	return &s->objects[s->n_objects - 1];
}

static bool is_found(const struct ns *wanted, const struct object *seeker,
		     bool is_wire, unsigned *ret_n)
{
	bool found = false;

	*ret_n = 0;
	EACH_NS_TIED (&list, &host->now, seeker,
		      is_wire ? LINK_TIE_WIRE : LINK_TIE_BELOW, walk) {
		found |= walk.ns == wanted;
		++*ret_n;
	}
	return found;
}

/* Nobody hides one by making others, and many cost no more than a few. */
TEST_EACH(alike, those_of_nobody_hide_none_that_has_a_name, 2)
{
	const struct object *seeker = make_seeker(_i);
	struct ns *named;
	unsigned n;

	for (unsigned i = 0; i < N_NAMELESS; i++) {
		struct ns *other = ns_list_add(&list);

		ck_assert_ptr_nonnull(other);
		other->rank = i % 2 ? NS_NAMELESS : NS_BY_CGROUP;
		make_alike(other, _i);
	}
	named = ns_list_add(&list);
	ck_assert_ptr_nonnull(named);
	named->rank = NS_NAMED;
	make_alike(named, _i);
	for (unsigned i = 0; i < N_ASKED; i++)
		ck_assert(is_found(named, seeker, _i, &n));
	ck_assert_uint_le(n, 4);
	/* what was read anew is looked at anew */
	named->was_read = false;
	devices_forget(&list);
	for (unsigned i = 0; i < N_ASKED; i++)
		ck_assert(!is_found(named, seeker, _i, &n));
}

/* What is asked seldom and what is asked often find the same. */
TEST_EACH(alike, each_is_found_by_what_it_is, 2)
{
	const struct object *seeker = make_seeker(_i);
	unsigned n;

	make_alike(ns, _i);
	for (unsigned i = 0; i < N_ASKED; i++)
		ck_assert(is_found(ns, seeker, _i, &n));
	ck_assert_uint_eq(n, 1);
}
