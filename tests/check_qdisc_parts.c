/* SPDX-License-Identifier: MIT */
/* What a qdisc's classes and filters tell, read after read, of what it lost. */
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>

#include "diagnosis/cause.h"
#include "model/birth.h"
#include "model/selection.h"
#include "model/tally.h"
#include "probes/link/link.h"
#include "probes/qdisc/qdisc_private.h"
#include "recorded_kernel.h"
#include "testlib.h"

#define INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
#define MAX_PARTS 8

static struct {
	struct netlink nl;
	struct sample samples[2];
	struct sample *now, *then;
	struct losses losses;
	struct message messages[MAX_PARTS];
	unsigned n_messages;
	uint64_t received, sent; /* by the interface */
	char buffer[4096];	 /* of the probe, */
	size_t room;		 /* which may use so much of it */
	uint32_t target;	 /* of redirects: an interface, 0: none */
} lab;

static void setup(void)
{
	memset(&lab, 0, sizeof(lab));
	ck_assert_int_eq(netlink_alloc(&lab.nl), 0);
	ck_assert_int_eq(netlink_enter(&lab.nl, true), 0);
	lab.now = &lab.samples[0];
	lab.then = &lab.samples[1];
	lab.room = sizeof(lab.buffer);
}

static void teardown(void)
{
	netlink_leave(&lab.nl);
	netlink_free(&lab.nl);
	sample_free(&lab.samples[0]);
	sample_free(&lab.samples[1]);
	losses_free(&lab.losses);
}

CASE(parts, .setup = setup, .teardown = teardown);

/* The kernel has nothing. */
static void clear(void)
{
	lab.n_messages = 0;
	fake_kernel.n_messages = 0;
}

static struct message *begin(uint16_t type, uint32_t handle, uint32_t parent,
			     uint32_t info, const char *kind)
{
	struct tcmsg head = {.tcm_ifindex = 3,
			     .tcm_handle = handle,
			     .tcm_parent = parent,
			     .tcm_info = info};
	struct message *m = &lab.messages[lab.n_messages++];

	ck_assert_uint_le(lab.n_messages, MAX_PARTS);
	m->n = 0;
	message_begin(m, type, NLM_F_MULTI, 1);
	message_put(m, &head, sizeof(head));
	attr_put(m, TCA_KIND, kind, strlen(kind) + 1);
	return m;
}

static void put_stats(struct message *m, uint16_t type, uint32_t packets,
		      uint32_t drops, uint32_t overlimits)
{
	struct gnet_stats_basic basic = {.packets = packets};
	struct gnet_stats_queue queue = {.drops = drops,
					 .overlimits = overlimits};
	size_t at = attr_begin(m, type);

	attr_put(m, TCA_STATS_BASIC, &basic, sizeof(basic));
	attr_put(m, TCA_STATS_QUEUE, &queue, sizeof(queue));
	attr_end(m, at);
}

static void end(struct message *m)
{
	kernel_add(0, m->bytes, m->n);
}

static void has_qdisc(const char *kind, uint32_t handle, uint32_t parent,
		      uint32_t packets, uint32_t drops)
{
	struct message *m = begin(RTM_NEWQDISC, handle, parent, 0, kind);

	put_stats(m, TCA_STATS2, packets, drops, 0);
	end(m);
}

static void has_clsact(uint32_t packets, uint32_t drops)
{
	has_qdisc("clsact", 0xffff0000, TC_H_CLSACT, packets, drops);
}

static void has_class(const char *kind, uint32_t id, uint32_t drops)
{
	struct message *m = begin(RTM_NEWTCLASS, id, TC_H_ROOT, 0, kind);

	put_stats(m, TCA_STATS2, 0, drops, 0);
	end(m);
}

/* A matchall filter with one action that counted that. */
static void has_filter(uint32_t parent, uint16_t pref, const char *action,
		       uint32_t drops, uint32_t overlimits)
{
	struct message *m = begin(RTM_NEWTFILTER, 1, parent,
				  (uint32_t)pref << 16, "matchall");
	struct tc_gact gact = {.action = TC_ACT_SHOT};
	struct tc_mirred mirred = {.eaction = TCA_EGRESS_REDIR,
				   .ifindex = lab.target};
	size_t at[4];

	at[0] = attr_begin(m, TCA_OPTIONS);
	at[1] = attr_begin(m, TCA_MATCHALL_ACT);
	at[2] = attr_begin(m, 1);
	attr_put(m, TCA_ACT_KIND, action, strlen(action) + 1);
	at[3] = attr_begin(m, TCA_ACT_OPTIONS);
	if (!strcmp(action, "gact"))
		attr_put(m, TCA_GACT_PARMS, &gact, sizeof(gact));
	else if (!strcmp(action, "mirred"))
		attr_put(m, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
	attr_end(m, at[3]);
	put_stats(m, TCA_ACT_STATS, 0, drops, overlimits);
	for (int i = 2; i >= 0; i--)
		attr_end(m, at[i]);
	end(m);
}

/* A BPF program that decides itself. */
static void has_program(uint32_t parent)
{
	struct message *m = begin(RTM_NEWTFILTER, 1, parent, 7 << 16, "bpf");
	size_t at = attr_begin(m, TCA_OPTIONS);

	attr_put(m, TCA_BPF_NAME, "deny", sizeof("deny"));
	attr_u32(m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	attr_end(m, at);
	end(m);
}

static void append_link(void)
{
	sample_object(lab.now, LAYER_LINK, "dev3", "", 3);
	sample_row(lab.now, find_counter(&link_probe, "rx_packets", NULL),
		   lab.received);
	sample_row(lab.now, find_counter(&link_probe, "tx_packets", NULL),
		   lab.sent);
}

/* Returns what the probe does; what the kernel has is the same again then. */
static int read_probe(void)
{
	struct selection all = {.items = NULL};
	struct probe_env env = {.netlink = &lab.nl,
				.interfaces = &all,
				.counters = &all,
				.buffer = lab.buffer,
				.size = lab.room};
	struct sample *now = lab.then;

	lab.then = lab.now;
	lab.now = now;
	sample_reset(now);
	sample_follow(now, lab.then->time_ns ? lab.then : NULL);
	append_link();
	return qdisc_probe.read(&env, now);
}

/* Reads what the kernel has, and compares it with the read before. */
static void read_all(void)
{
	struct sample *now;

	ck_assert_int_eq(read_probe(), 0);
	now = lab.now;
	ck_assert_int_eq(now->error, 0);
	now->time_ns = 1;
	now->mono_ns = now->boot_ns = 1;
	now->sources = 1;
	if (now->then)
		sample_compare(now, lab.then);
	birth_of_objects(now);
	ck_assert_int_eq(tally_losses(&lab.losses, now), 0);
	qdisc_probe.attribute(now, &lab.losses);
	clear();
}

static const struct loss *loss_of(enum direction direction)
{
	const struct loss *loss =
		loss_find(&lab.losses, LAYER_QDISC, "dev3", direction);

	ck_assert_ptr_nonnull(loss);
	return loss;
}

static struct causes causes_of(enum direction direction)
{
	struct causes list;

	cause_list(lab.now, loss_of(direction), CAUSE_ALL, &list);
	return list;
}

static void check_lost(enum direction direction, uint64_t lost)
{
	ck_assert_uint_eq(loss_of(direction)->lost, lost);
}

static void check_one(const struct cause *c, const char *reason, uint64_t lost)
{
	ck_assert_ptr_nonnull(c->reason);
	ck_assert_str_eq(c->reason->id, reason);
	ck_assert_uint_eq(c->lost, lost);
}

TEST(parts, drops_of_clsact_belong_to_the_side_whose_filters_count_them)
{
	struct causes list;

	has_clsact(1000, 0);
	read_all();
	has_clsact(1700, 341);
	has_filter(EGRESS, 7, "police", 191, 191);
	has_filter(INGRESS, 9, "gact", 150, 0);
	lab.received = 300;
	lab.sent = 209;
	read_all();
	check_lost(DIR_TX, 191);
	check_lost(DIR_RX, 150);
	ck_assert_uint_eq(loss_total(loss_of(DIR_TX)), 400);
	ck_assert_uint_eq(loss_total(loss_of(DIR_RX)), 300);
	ck_assert_uint_eq(loss_of(DIR_TX)->policy, 0);
	ck_assert_uint_eq(loss_of(DIR_RX)->policy, 150);
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 1);
	check_one(&list.items[0], "tc-police", 191);
	ck_assert(!list.items[0].is_rule);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "egress"));
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "pref 7, handle 0x1"));
	ck_assert_str_eq(list.items[0].remedy,
			 "Look at it: `tc -s filter show dev dev3 egress`");
	list = causes_of(DIR_RX);
	ck_assert_uint_eq(list.n, 1);
	check_one(&list.items[0], "tc-filter", 150);
	ck_assert(list.items[0].is_rule);
}

TEST(parts, later_drops_are_of_the_filter_that_counts_on)
{
	struct causes list;

	has_clsact(0, 100); /* of before the first read */
	has_filter(EGRESS, 1, "gact", 60, 0);
	has_filter(INGRESS, 2, "gact", 40, 0);
	read_all();
	for (int quiet = 0; quiet < 2; quiet++) {
		has_clsact(0, 100);
		read_all();
		check_lost(DIR_TX, 0);
		check_lost(DIR_RX, 0);
	}
	has_clsact(0, 130);
	has_filter(EGRESS, 1, "gact", 60, 0);
	has_filter(EGRESS, 5, "police", 30, 30); /* new */
	has_filter(INGRESS, 2, "gact", 40, 0);
	read_all();
	check_lost(DIR_TX, 30);
	check_lost(DIR_RX, 0);
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 1);
	check_one(&list.items[0], "tc-police", 30);
	has_clsact(0, 137);
	has_filter(EGRESS, 1, "gact", 62, 0);
	has_filter(EGRESS, 5, "police", 33, 30);
	has_filter(INGRESS, 2, "gact", 42, 0);
	read_all();
	check_lost(DIR_TX, 5);
	check_lost(DIR_RX, 2);
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "tc-police", 3);
	check_one(&list.items[1], "tc-filter", 2);
}

TEST(parts, series_of_both_sides_add_up_to_the_number_of_clsact)
{
	const struct object *o = NULL;
	uint64_t sum = 0;

	has_clsact(0, 100);
	has_filter(EGRESS, 1, "gact", 60, 0);
	read_all();
	has_clsact(0, 150);
	has_filter(EGRESS, 1, "gact", 80, 0);
	has_filter(INGRESS, 1, "gact", 30, 0);
	read_all();
	EACH_OBJECT (lab.now, any)
		if (!strcmp(object_name(lab.now, any), "clsact_ffff"))
			o = any;
	ck_assert_ptr_nonnull(o);
	EACH_ROW (lab.now, o, row)
		if (row->counter->kind == KIND_LOST)
			sum += row->value;
	ck_assert_uint_eq(sum, 150);
	ck_assert_uint_eq(object_tagged(lab.now, o, TAG_EGRESS_DROPS)->value,
			  120); /* there was nothing else, at first */
}

TEST(parts, clsact_that_is_made_anew_counts_from_nothing)
{
	has_clsact(0, 500);
	has_filter(EGRESS, 1, "gact", 500, 0);
	read_all();
	has_clsact(0, 3);
	has_filter(EGRESS, 1, "gact", 3, 0);
	read_all();
	check_lost(DIR_TX, 0);
	check_lost(DIR_RX, 0);
	has_clsact(0, 5);
	has_filter(EGRESS, 1, "gact", 5, 0);
	read_all();
	check_lost(DIR_TX, 2);
}

TEST(parts, redirect_that_failed_is_a_loss_only_where_packets_are_missing)
{
	struct causes list;

	has_qdisc("ingress", 0xffff0000, TC_H_INGRESS, 0, 0);
	read_all();
	has_qdisc("ingress", 0xffff0000, TC_H_INGRESS, 300, 0);
	has_filter(INGRESS, 1, "mirred", 0, 300); /* the other's queue */
	read_all();
	check_lost(DIR_RX, 0);
	has_qdisc("ingress", 0xffff0000, TC_H_INGRESS, 600, 120);
	has_filter(INGRESS, 1, "mirred", 0, 400);
	has_filter(INGRESS, 2, "police", 20, 20);
	read_all();
	check_lost(DIR_RX, 120);
	list = causes_of(DIR_RX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "tc-mirred", 100);
	check_one(&list.items[1], "tc-police", 20);
}

static const struct {
	unsigned long request;
	int failure;
	int result;
	const char *text; /* of the cause, where it can be read */
} targets[] = {
	{SIOCGIFNAME, EPERM, -EPERM, NULL},
	{SIOCGIFNAME, ENOMEM, -ENOMEM, NULL},
	{SIOCGIFFLAGS, EPERM, -EPERM, NULL},
	{SIOCGIFNAME, ENODEV, 0, "redirects to an interface, which is gone"},
	{SIOCGIFFLAGS, ENODEV, 0, "redirects to dev5, which is gone"},
	{0, 0, 0, "redirects to dev5, which has no carrier"},
};

/* Only where the kernel says so. */
TEST_EACH(parts, redirect_is_to_what_is_gone_only_if_that_is_known,
	  ARRAY_SIZE(targets))
{
	struct causes list;

	lab.target = 5;
	has_qdisc("ingress", 0xffff0000, TC_H_INGRESS, 0, 0);
	read_all();
	has_qdisc("ingress", 0xffff0000, TC_H_INGRESS, 300, 100);
	has_filter(INGRESS, 1, "mirred", 0, 100);
	fake_kernel.fails.request = targets[_i].request;
	fake_kernel.fails.ifindex = 5;
	fake_kernel.fails.error = targets[_i].failure;
	if (targets[_i].result < 0) {
		ck_assert_int_eq(read_probe(), targets[_i].result);
		return;
	}
	read_all();
	list = causes_of(DIR_RX);
	ck_assert_uint_eq(list.n, 1);
	check_one(&list.items[0], "tc-mirred", 100);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, targets[_i].text));
}

TEST(parts, programs_without_statistics_drop_the_rest_of_their_side)
{
	struct causes list;

	has_clsact(0, 0);
	read_all();
	has_clsact(700, 320);
	has_program(EGRESS);
	has_filter(EGRESS, 9, "police", 20, 20);
	has_filter(INGRESS, 2, "gact", 0, 0);
	read_all();
	check_lost(DIR_TX, 320);
	check_lost(DIR_RX, 0);
	ck_assert_uint_eq(loss_of(DIR_TX)->policy, 300);
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "tc-program", 300);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "bpf filter deny"));
	check_one(&list.items[1], "tc-police", 20);
}

static const struct {
	uint64_t seen; /* by clsact, of 240 received and 306 sent */
	uint64_t tx, rx;
	const char *cause;
} mixed[] = {
	{846, 300, 120, "tc-program"}, /* these did not get out */
	{546, 0, 420, "tc-program"},
	{966, 420, 0, "tc-program"},
	{4000, 0, 420, "tc-unknown-filter"}, /* bundles: nothing is known */
};

TEST_EACH(parts, programs_on_both_sides_are_told_apart_by_what_passed,
	  ARRAY_SIZE(mixed))
{
	struct causes list;

	has_clsact(0, 0);
	read_all();
	has_clsact(mixed[_i].seen, 420);
	has_program(EGRESS);
	has_program(INGRESS);
	lab.received = 240;
	lab.sent = 306;
	read_all();
	check_lost(DIR_TX, mixed[_i].tx);
	check_lost(DIR_RX, mixed[_i].rx);
	list = causes_of(mixed[_i].rx ? DIR_RX : DIR_TX);
	ck_assert_uint_eq(list.n, 1);
	check_one(&list.items[0], mixed[_i].cause,
		  mixed[_i].rx ? mixed[_i].rx : mixed[_i].tx);
	ck_assert(list.items[0].is_rule);
}

TEST(parts, action_that_others_share_drops_no_more_than_was_lost)
{
	struct causes list;

	has_clsact(0, 0);
	read_all();
	has_clsact(0, 30);
	has_filter(EGRESS, 1, "gact", 100, 0);
	has_filter(EGRESS, 2, "police", 200, 0);
	read_all();
	check_lost(DIR_TX, 30);
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "tc-police", 20);
	check_one(&list.items[1], "tc-filter", 10);
}

TEST(parts, classes_are_asked_where_their_qdisc_lost_something)
{
	struct causes list;

	has_qdisc("htb", 0x10000, TC_H_ROOT, 0, 0);
	has_class("htb", 0x10010, 0);
	read_all();
	ck_assert_uint_eq(lab.now->n_objects, 2); /* they were not, here */
	has_qdisc("htb", 0x10000, TC_H_ROOT, 0, 361);
	has_class("htb", 0x10010, 186);
	has_class("htb", 0x10020, 175);
	has_class("htb", 0x10030, 0);
	read_all();
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "qdisc-class", 186);
	ck_assert_str_eq(list.items[0].text,
			 "class 1:10 of htb is slower than what is sent");
	check_one(&list.items[1], "qdisc-class", 175);
	has_qdisc("htb", 0x10000, TC_H_ROOT, 0, 371);
	has_class("htb", 0x10010, 186);
	has_class("htb", 0x10020, 185);
	read_all();
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 1);
	check_one(&list.items[0], "qdisc-class", 10);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "1:20"));
}

TEST(parts, class_with_a_qdisc_of_its_own_is_not_blamed_for_it)
{
	struct causes list;

	has_qdisc("htb", 0x10000, TC_H_ROOT, 0, 0);
	has_qdisc("pfifo", 0x100000, 0x10010, 0, 0);
	read_all();
	has_qdisc("htb", 0x10000, TC_H_ROOT, 0, 30);
	has_qdisc("pfifo", 0x100000, 0x10010, 0, 20);
	has_class("htb", 0x10010, 20);
	has_class("htb", 0x10020, 10);
	read_all();
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_uint_eq(list.items[0].lost, 20);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "pfifo"));
	check_one(&list.items[1], "qdisc-class", 10);
}

TEST(parts, what_no_class_lost_was_of_none)
{
	struct causes list;

	has_qdisc("hfsc", 0x10000, TC_H_ROOT, 0, 0);
	read_all();
	has_qdisc("hfsc", 0x10000, TC_H_ROOT, 0, 100);
	has_class("hfsc", 0x10010, 40);
	read_all();
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "qdisc-unclassified", 60);
	check_one(&list.items[1], "qdisc-class", 40);
}

TEST(parts, filters_of_a_tree_drop_too)
{
	struct causes list;

	has_qdisc("prio", 0x10000, TC_H_ROOT, 209, 0);
	read_all();
	has_qdisc("prio", 0x10000, TC_H_ROOT, 218, 391);
	has_filter(0x10000, 1, "police", 191, 191);
	has_filter(0x10000, 2, "gact", 200, 0);
	read_all();
	check_lost(DIR_TX, 391);
	ck_assert_uint_eq(loss_of(DIR_TX)->policy, 200);
	list = causes_of(DIR_TX);
	ck_assert_uint_eq(list.n, 2);
	check_one(&list.items[0], "tc-filter", 200);
	ck_assert_ptr_nonnull(strstr(list.items[0].text, "on parent 1: drops"));
	check_one(&list.items[1], "tc-police", 191);
}

TEST(parts, parts_are_never_sent)
{
	has_clsact(0, 0);
	read_all();
	has_clsact(0, 10);
	has_filter(EGRESS, 1, "gact", 10, 0);
	read_all();
	EACH_OBJECT (lab.now, o)
		if (!strncmp(object_name(lab.now, o), "filter", 6))
			EACH_ROW (lab.now, o, row)
				ck_assert_ptr_null(row->counter->type);
}

static bool has_name(const char *name)
{
	EACH_OBJECT (lab.now, o)
		if (!strcmp(object_name(lab.now, o), name))
			return true;
	return false;
}

/* The kernel tells the root first, and the others in any order. */
static void has_tree(void)
{
	has_qdisc("tbf", 0x80010000, TC_H_ROOT, 0, 0);
	has_qdisc("netem", 0x80040000, 0x80030001, 0, 0);
	has_qdisc("tbf", 0x80030000, 0x80020001, 0, 0);
	has_qdisc("tbf", 0x80020000, 0x80010001, 0, 0);
	has_qdisc("netem", 0x80060000, 0x80070001, 0, 0); /* of none */
}

TEST(parts, qdisc_is_named_when_the_ones_above_it_are_known)
{
	has_tree();
	read_all();
	ck_assert_uint_eq(lab.now->n_objects, 6);
	ck_assert(has_name("tbf_root"));
	ck_assert(has_name("tbf_root.1"));
	ck_assert(has_name("tbf_root.1.1"));
	ck_assert(has_name("netem_root.1.1.1"));
	ck_assert(has_name("netem_8006"));
}

TEST(parts, qdisc_that_cannot_wait_is_named_by_its_handle)
{
	lab.room = 4;
	has_tree();
	read_all();
	ck_assert_uint_eq(lab.now->n_objects, 6);
	ck_assert(has_name("tbf_root"));
	ck_assert(has_name("tbf_root.1"));
	ck_assert(has_name("netem_8004"));
}

TEST(parts, shaper_made_anew_counts_from_0_under_its_name)
{
	has_qdisc("tbf", 0x80010000, TC_H_ROOT, 100, 10);
	read_all();
	has_qdisc("tbf", 0x80010000, TC_H_ROOT, 200, 30);
	read_all();
	ck_assert_uint_eq(loss_of(DIR_TX)->lost, 20);
	/* it has counted more than the one before ever did */
	has_qdisc("tbf", 0x80020000, TC_H_ROOT, 900, 70);
	read_all();
	ck_assert_uint_eq(loss_of(DIR_TX)->lost, 70);
	ck_assert_uint_eq(lab.now->n_objects, 2);
	/* it goes on */
	has_qdisc("tbf", 0x80020000, TC_H_ROOT, 950, 75);
	read_all();
	ck_assert_uint_eq(loss_of(DIR_TX)->lost, 5);
}
