/* SPDX-License-Identifier: MIT */
/* Qdiscs: recorded dumps against what tc printed, and messages by hand. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>

#include "model/selection.h"
#include "probes/qdisc/netem.h"
#include "testlib.h"

static const char *const kernels[] = {"6.18", "6.1"};

#define MAX_QDISCS 32

struct dump {
	struct qdisc_config q[MAX_QDISCS];
	unsigned n;
	char *bytes; /* that q points into */
};

static int on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct dump *d = arg;

	ck_assert_uint_lt(d->n, MAX_QDISCS);
	return qdisc_parse(h, &d->q[d->n++]);
}

static struct dump recorded_in(const char *kernel, const char *name)
{
	struct dump d = {.n = 0};
	size_t n = 0;
	char *bytes = fixture_read(kernel, name, &n);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(netlink_walk(bytes, n, 0, on_qdisc, &d), 1);
	d.bytes = bytes;
	return d;
}

static struct dump recorded(const char *kernel)
{
	return recorded_in(kernel, "getqdisc.nl");
}

/* "qdisc tbf 8002: dev ..." and " Sent 1 bytes 2 pkt (dropped 3, ...". */
static bool check_line(const char *line, const struct qdisc_config *q)
{
	unsigned long long bytes, packets;
	unsigned handle, dropped, overlimits, requeues;
	char kind[16];

	if (sscanf(line, "qdisc %15s %x:", kind, &handle) == 2) {
		ck_assert_str_eq(q->kind, kind);
		ck_assert_uint_eq(q->handle >> 16, handle);
		ck_assert(!strstr(line, " root ") || q->parent == TC_H_ROOT);
		return false;
	}
	if (sscanf(line,
		   " Sent %llu bytes %llu pkt (dropped %u, overlimits %u "
		   "requeues %u)",
		   &bytes, &packets, &dropped, &overlimits, &requeues) != 5)
		return false;
	ck_assert(q->has_basic && q->has_queue);
	ck_assert_uint_eq(q->bytes, bytes);
	ck_assert_uint_eq(q->packets, packets);
	ck_assert_uint_eq(q->drops, dropped);
	ck_assert_uint_eq(q->overlimits, overlimits);
	ck_assert_uint_eq(q->requeues, requeues);
	return true;
}

CASE(recorded);

TEST_EACH(recorded, recorded_qdiscs_are_what_tc_printed, ARRAY_SIZE(kernels))
{
	struct dump d = recorded(kernels[_i]);
	_cleanup_fclose_ FILE *f = fixture_open(kernels[_i], "expected.txt");
	char line[512];
	unsigned n = 0;
	bool tc = false;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "### ", 4))
			tc = !strncmp(line, "### tc ", 7);
		else if (tc && n < d.n)
			n += check_line(line, &d.q[n]);
	}
	ck_assert_uint_ge(n, 4);
	ck_assert_uint_eq(n, d.n);
	free(d.bytes);
}

static const struct qdisc_config *find(const struct dump *d, const char *name)
{
	char buffer[QDISC_NAME];

	for (unsigned i = 0; i < d->n; i++) {
		qdisc_name_by_handle(&d->q[i], buffer);
		if (!strcmp(buffer, name))
			return &d->q[i];
	}
	ck_abort_msg("no qdisc %s", name);
	return NULL;
}

#define PARTS(share) ((uint32_t)((share) * (double)UINT32_MAX + 0.5))

TEST(recorded, recorded_settings_are_decoded)
{
	struct dump d = recorded("6.1");
	static const struct {
		const char *name;
		double share;
	} lossy[] = {
		{"netem_8002", 0.3},
		{"netem_8003", 0.2 * 0.9 + 0.8 * 0.01},
		{"netem_8004", 0.095 / 1.12},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lossy); i++) {
		const struct qdisc_config *q = find(&d, lossy[i].name);

		ck_assert(q->has_loss && q->has_limit && !q->ecn);
		ck_assert_uint_eq(q->limit, 1000);
		ck_assert_double_eq_tol((double)q->loss / UINT32_MAX,
					lossy[i].share, 1e-6);
	}
	ck_assert(!find(&d, "netem_8005")->has_loss);
	ck_assert_uint_eq(find(&d, "netem_8005")->limit, 5);
	ck_assert_uint_eq(find(&d, "tbf_1")->rate, 25000); /* 200 kbit/s */
	ck_assert_uint_eq(find(&d, "tbf_8002")->rate, 125000);
	ck_assert_uint_gt(find(&d, "tbf_8002")->burst, 1000);
	ck_assert(find(&d, "htb_5")->has_default);
	ck_assert(!find(&d, "htb_5")->has_loss);
	ck_assert(find(&d, "mq_8001")->parent == TC_H_ROOT);
	(void)find(&d, "pfifo_fast_0_8001.1");
	(void)find(&d, "fq_codel_50");
	free(d.bytes);
}

/* As the kernel sends it; more is put behind. */
static void begin(struct message *m, const char *kind, uint32_t handle,
		  uint32_t parent)
{
	struct tcmsg head = {
		.tcm_ifindex = 3, .tcm_handle = handle, .tcm_parent = parent};

	m->n = 0;
	message_begin(m, RTM_NEWQDISC, NLM_F_MULTI, 1);
	message_put(m, &head, sizeof(head));
	if (kind)
		attr_put(m, TCA_KIND, kind, strlen(kind) + 1);
}

static int parse(const struct message *m, struct qdisc_config *q)
{
	return qdisc_parse((const void *)m->bytes, q);
}

/* Begins netem's options, returns where. */
static size_t netem(struct message *m, uint32_t loss)
{
	struct tc_netem_qopt plain = {.limit = 77, .loss = loss};
	size_t at;

	begin(m, "netem", 0x80010000, TC_H_ROOT);
	at = attr_begin(m, TCA_OPTIONS);
	message_put(m, &plain, sizeof(plain));
	return at;
}

CASE(made);

TEST(made, plain_loss_is_decoded)
{
	static const uint32_t values[] = {0, 1, 0x4ccccccc, UINT32_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct qdisc_config q;
		struct message m;

		attr_end(&m, netem(&m, values[i]));
		ck_assert_int_eq(parse(&m, &q), 0);
		ck_assert_uint_eq(q.loss, values[i]);
		ck_assert(q.has_loss == (values[i] > 0));
		ck_assert(q.has_limit);
		ck_assert_uint_eq(q.limit, 77);
		ck_assert_int_eq(q.ifindex, 3);
		ck_assert(!q.has_basic && !q.has_queue);
	}
}

TEST(made, loss_model_replaces_plain_loss)
{
	struct tc_netem_gemodel ge = {PARTS(0.05), PARTS(0.25), PARTS(0.2),
				      PARTS(0.01)};
	struct qdisc_config q;
	struct message m;
	size_t at = netem(&m, 0), loss;

	attr_u32(&m, TCA_NETEM_REORDER, 0);
	loss = attr_begin(&m, TCA_NETEM_LOSS); /* without NLA_F_NESTED */
	attr_put(&m, NETEM_LOSS_GE, &ge, sizeof(ge));
	attr_end(&m, loss);
	attr_end(&m, at);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert(q.has_loss);
	ck_assert_double_eq_tol((double)q.loss / UINT32_MAX, 0.141667, 1e-5);
}

TEST(made, loss_model_too_short_is_not_there)
{
	struct tc_netem_gimodel gi = {0};
	struct qdisc_config q;
	struct message m;
	size_t at = netem(&m, 0), loss;

	loss = attr_begin(&m, TCA_NETEM_LOSS);
	attr_put(&m, NETEM_LOSS_GI, &gi, sizeof(gi) - 1);
	attr_put(&m, NETEM_LOSS_GE, &gi, sizeof(struct tc_netem_gemodel) - 1);
	attr_end(&m, loss);
	attr_end(&m, at);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert(!q.has_loss);
}

TEST(made, marking_netem_is_told)
{
	for (uint32_t ecn = 0; ecn < 2; ecn++) {
		struct qdisc_config q;
		struct message m;
		size_t at = netem(&m, 5);

		attr_u32(&m, TCA_NETEM_ECN, ecn);
		attr_end(&m, at);
		ck_assert_int_eq(parse(&m, &q), 0);
		ck_assert(q.ecn == (ecn == 1));
	}
}

TEST(made, options_of_other_kinds_are_not_mistaken_for_netems)
{
	struct tc_netem_qopt plain = {.limit = 77, .loss = 88};
	struct qdisc_config q;
	struct message m;

	begin(&m, "fq", 0x10000, TC_H_ROOT);
	attr_put(&m, TCA_OPTIONS, &plain, sizeof(plain));
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert(!q.has_loss && !q.has_limit && !q.rate);
}

TEST(made, shaper_has_its_rate)
{
	struct tc_tbf_qopt tbf = {.rate = {.rate = 125000}};
	uint64_t rate64 = UINT64_C(5) << 30;
	struct qdisc_config q;
	struct message m;

	for (int wide = 0; wide < 2; wide++) {
		size_t at;

		begin(&m, "tbf", 0x10000, TC_H_ROOT);
		at = attr_begin(&m, TCA_OPTIONS);
		attr_put(&m, TCA_TBF_PARMS, &tbf, sizeof(tbf));
		if (wide)
			attr_put(&m, TCA_TBF_RATE64, &rate64, sizeof(rate64));
		attr_end(&m, at);
		ck_assert_int_eq(parse(&m, &q), 0);
		ck_assert_uint_eq(q.rate, wide ? rate64 : 125000);
	}
}

/* Whoever has a namespace of its own sets what it likes. */
TEST(made, shaper_may_be_set_to_anything)
{
	const struct tc_tbf_qopt tbf = {.buffer = UINT32_MAX};
	const uint64_t rate = UINT64_MAX;
	struct qdisc_config q;
	struct message m;
	size_t at;

	begin(&m, "tbf", 0x10000, TC_H_ROOT);
	at = attr_begin(&m, TCA_OPTIONS);
	attr_put(&m, TCA_TBF_PARMS, &tbf, sizeof(tbf));
	attr_put(&m, TCA_TBF_RATE64, &rate, sizeof(rate));
	attr_end(&m, at);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_uint_eq(q.burst, UINT64_C(1) << 62);
}

static void counts(struct message *m, size_t basic_size, size_t queue_size)
{
	struct gnet_stats_basic basic = {.bytes = 1000, .packets = 10};
	struct gnet_stats_queue queue = {1, 2, 3, 4, 5};
	size_t at;

	begin(m, "pfifo", 0x10000, TC_H_ROOT);
	at = attr_begin(m, TCA_STATS2);
	attr_put(m, TCA_STATS_BASIC, &basic, basic_size);
	attr_put(m, TCA_STATS_QUEUE, &queue, queue_size);
	attr_end(m, at);
}

TEST(made, counts_are_there_as_far_as_the_kernel_sends_them)
{
	struct qdisc_config q;
	struct message m;

	for (size_t n = 0; n <= sizeof(struct gnet_stats_basic); n++) {
		counts(&m, n, 20);
		ck_assert_int_eq(parse(&m, &q), 0);
		ck_assert(q.has_basic == (n >= 12));
		ck_assert_uint_eq(q.packets, n >= 12 ? 10 : 0);
		ck_assert_uint_eq(q.bytes, n >= 12 ? 1000 : 0);
		ck_assert(q.has_queue);
	}
	for (size_t n = 0; n <= 20; n++) {
		counts(&m, 12, n);
		ck_assert_int_eq(parse(&m, &q), 0);
		ck_assert(q.has_queue == (n == 20));
		ck_assert(q.has_basic);
	}
	ck_assert_uint_eq(q.qlen, 1);
	ck_assert_uint_eq(q.backlog, 2);
	ck_assert_uint_eq(q.drops, 3);
	ck_assert_uint_eq(q.requeues, 4);
	ck_assert_uint_eq(q.overlimits, 5);
}

TEST(made, wide_count_of_packets_is_preferred)
{
	struct gnet_stats_basic basic = {.packets = 10};
	uint64_t wide = UINT64_C(7) << 32 | 10;
	struct qdisc_config q;
	struct message m;
	size_t at;

	begin(&m, "pfifo", 0x10000, TC_H_ROOT);
	at = attr_begin(&m, TCA_STATS2);
	attr_put(&m, TCA_STATS_BASIC, &basic, sizeof(basic));
	attr_put(&m, TCA_STATS_PKT64, &wide, sizeof(wide));
	attr_end(&m, at);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_uint_eq(q.packets, wide);
}

TEST(made, message_of_another_kind_is_refused)
{
	struct qdisc_config q;
	struct message m;
	uint16_t type = RTM_NEWLINK;

	begin(&m, NULL, 0x10000, TC_H_ROOT);
	ck_assert_int_eq(parse(&m, &q), -EBADMSG);
	begin(&m, "pfifo", 0x10000, TC_H_ROOT);
	ck_assert_int_eq(parse(&m, &q), 0);
	memcpy(m.bytes + 4, &type, sizeof(type));
	ck_assert_int_eq(parse(&m, &q), -EBADMSG);
}

TEST(made, kind_too_long_is_cut)
{
	struct qdisc_config q;
	struct message m;
	char name[QDISC_NAME];

	begin(&m, "0123456789abcdef0123456789abcdef", 0x10000, TC_H_ROOT);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_str_eq(q.kind, "0123456789abcde");
	qdisc_name_by_handle(&q, name);
	ck_assert_str_eq(name, "0123456789abcde_1");
}

/* All of one interface, in the order of the kernel; later ones wait. */
static const struct named {
	const char *kind;
	uint32_t handle, parent;
	const char *name; /* NULL: the qdisc that it is below is not known */
	bool is_class;
} names[] = {
	{"netem", 0x80010000, TC_H_ROOT, "netem_root", false},
	{"pfifo_fast", 0, TC_H_ROOT, "pfifo_fast_0", false},
	{"tbf", 0x10000, TC_H_ROOT, "tbf_1", false},
	{"tbf", 0x7fff0000, TC_H_ROOT, "tbf_7fff", false},
	{"tbf", 0x80000000, TC_H_ROOT, "tbf_root", false},
	{"tbf", 0xfffe0000, TC_H_ROOT, "tbf_root", false},
	{"ingress", 0xffff0000, TC_H_INGRESS, "ingress_ffff", false},
	{"clsact", 0xffff0000, TC_H_INGRESS, "clsact_ffff", false},
	{"fq_codel", 0x500000, 0x50010, "fq_codel_50", false},
	{"fq_codel", 0, 0x1, "fq_codel_0_0.1", false},
	{"fq_codel", 0, 0x80010001, "fq_codel_0_root.1", false},
	{"fq_codel", 0, 0x8001000a, "fq_codel_0_root.a", false},
	{"netem", 0x80020000, 0x10010, "netem_1.10", false},
	{"netem", 0x80030000, 0x80010001, "netem_root.1", false},
	{"netem", 0x80090000, 0x80030007, "netem_root.1.7", false},
	{"netem", 0x80100000, 0x80020007, "netem_1.10.7", false},
	{"htb", 0x80040000, 0x10010, "htb_in_1.10", false},
	{"htb", 0x10010, 0x10001, "htb_1.10", true},
	{"htb", 0x80010010, TC_H_ROOT, "htb_root.10", true},
	{"netem", 0x80120000, 0x80110001, NULL, false},
	{"netem", 0x80130000, 0x10010, "netem_8013", false}, /* linked away */
	{"htb", 0x80110010, TC_H_ROOT, NULL, true},
};

/* As the probe leaves them. */
static void append_qdiscs(struct sample *s, int ifindex)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct qdisc_config q = {.ifindex = ifindex};

		if (!names[i].name || names[i].is_class)
			continue;
		q.handle = names[i].handle;
		q.parent = names[i].parent;
		sample_object(s, LAYER_QDISC, "eth0", names[i].name,
			      qdisc_identity(&q));
		qdisc_label(s, names[i].kind);
		sample_row(s, &qdisc_fact_handle, q.handle);
	}
}

/* Names one of them behind so many interfaces that have the same ones. */
static void check_name(const struct named *wanted, int others)
{
	struct sample s = {.rows = NULL};
	struct qdisc_names known = {.sample = &s};
	struct qdisc_config q = {.ifindex = 7,
				 .is_class = wanted->is_class,
				 .handle = wanted->handle,
				 .parent = wanted->parent};
	char name[QDISC_NAME];
	uint32_t n;

	for (int i = 0; i < others; i++)
		append_qdiscs(&s, 8 + i);
	n = s.n_objects;
	append_qdiscs(&s, 7);
	/* it looks at those that were read before it */
	for (; n < s.n_objects; n++)
		if (wanted->name &&
		    !strcmp(object_name(&s, &s.objects[n]), wanted->name))
			break;
	s.n_objects = n;
	snprintf(q.kind, sizeof(q.kind), "%s", wanted->kind);
	ck_assert(qdisc_name(&known, &q, name) == (wanted->name != NULL));
	if (wanted->name)
		ck_assert_str_eq(name, wanted->name);
	table_free(&known.table);
	sample_free(&s);
}

TEST_EACH(made, name_outlasts_a_handle_that_the_kernel_gave, ARRAY_SIZE(names))
{
	check_name(&names[_i], 1);
}

/* So many are found by a table. */
TEST_EACH(made, name_is_the_same_behind_many, ARRAY_SIZE(names))
{
	check_name(&names[_i], 10);
}

TEST(made, identity_is_another_one_where_a_qdisc_was_made_anew)
{
	const struct qdisc_config q = {.ifindex = 7, .handle = 0x80010000};
	struct qdisc_config other = q;
	struct object o = {.identity = qdisc_identity(&q)};

	ck_assert_int_eq(qdisc_ifindex(&o), 7);
	other.handle = 0x80020000;
	ck_assert_uint_ne(qdisc_identity(&other), o.identity);
	/* a tree: the numbers of both have grown by as much */
	other = (struct qdisc_config) {.handle = 0x80040000,
				       .parent = 0x80030001};
	o.identity = qdisc_identity(&other);
	other = (struct qdisc_config) {.handle = 0x80060000,
				       .parent = 0x80050001};
	ck_assert_uint_ne(qdisc_identity(&other), o.identity);
}

static const struct {
	double p, r, h, k1, mean;
} gemodels[] = {
	{0.05, 0.25, 0.2, 0.01, 0.141667}, /* kernel-facts, section 4 */
	{0.05, 0.20, 0.1, 0.01, 0.188},
	{0, 0, 0, 0.3, 0.3},	 /* never leaves the good state */
	{0.5, 0, 0.25, 0, 0.75}, /* never leaves the bad one */
	{1, 1, 0, 0, 0.5},
	{0, 1, 0, 0, 0},
	{1, 0, 0, 1, 1},
};

TEST_EACH(made, mean_of_gilbert_elliott, ARRAY_SIZE(gemodels))
{
	struct tc_netem_gemodel m = {
		PARTS(gemodels[_i].p), PARTS(gemodels[_i].r),
		PARTS(gemodels[_i].h), PARTS(gemodels[_i].k1)};

	ck_assert_double_eq_tol((double)netem_mean_gemodel(&m) / UINT32_MAX,
				gemodels[_i].mean, 1e-6);
}

static const struct {
	double p13, p31, p32, p14, p23, mean;
} chains[] = {
	{0.03, 0.4, 0.2, 0.02, 0.6, 0.095 / 1.12},
	{0, 0, 0, 0.1, 0, 0.1 / 1.1}, /* single losses */
	{0.1, 0.4, 0, 0, 0, 0.25 / 1.25},
	{0.1, 0, 0, 0, 0, 1},	  /* never leaves the burst */
	{0.1, 0.4, 0.2, 0, 0, 0}, /* never leaves the gap inside it */
	{0, 0, 0, 0, 0, 0},
};

TEST_EACH(made, mean_of_four_states, ARRAY_SIZE(chains))
{
	struct tc_netem_gimodel m = {
		.p13 = PARTS(chains[_i].p13),
		.p31 = PARTS(chains[_i].p31),
		.p32 = PARTS(chains[_i].p32),
		.p14 = PARTS(chains[_i].p14),
		.p23 = PARTS(chains[_i].p23),
	};

	ck_assert_double_eq_tol((double)netem_mean_4state(&m) / UINT32_MAX,
				chains[_i].mean, 1e-6);
}

/* Calls f with each message of a recording. */
static void each_message(const char *kernel, const char *name,
			 void (*f)(const struct nlmsghdr *h))
{
	size_t n = 0;
	char *bytes = fixture_read(kernel, name, &n);
	struct nlmsghdr *h = (void *)bytes;
	int left = (int)n;

	ck_assert_ptr_nonnull(bytes);
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
		f(h);
	free(bytes);
}

/* Appends what only this kind has, to an object of its own. */
static void append_own(const struct qdisc_config *q, struct sample *out)
{
	struct selection all = {.items = NULL};
	const struct probe_env env = {.counters = &all};

	ck_assert_int_eq(selection_add(&all, "/^qdisc-/"), 0);
	sample_object(out, LAYER_QDISC, "eth0", "", 1);
	qdisc_append_own(&env, q, out);
	ck_assert_int_eq(out->error, 0);
	selection_free(&all);
}

/* A key of the object of tc -j that text begins with; 0 where it has none. */
static uint64_t json_number(const char *text, const char *key)
{
	const char *end = strstr(text + 1, "{\"kind\"");
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	at = strstr(text, quoted);
	if (!at || (end && at > end))
		return 0;
	return strtoull(at + strlen(quoted), NULL, 10);
}

/* What tc calls them. */
static const char *tc_name(const char *name)
{
	static const char *const spelled[][2] = {
		{"packets_in", "pkts_in"},
		{"tin_drops", "drops"},
		{"ack_drop", "ack_drops"},
		{"direct_pkts", "direct_packets_stat"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(spelled); i++)
		if (!strcmp(spelled[i][0], name))
			return spelled[i][1];
	return name;
}

/* tc does not print how many bytes are held, nor whether it drops now. */
static bool is_printed(const char *name)
{
	return strcmp(name, "memory_usage") && strcmp(name, "dropping") &&
	       strcmp(name, "pkts_too_long");
}

static void check_own(const struct qdisc_config *q, const char *json,
		      bool *seen)
{
	struct sample s = {.rows = NULL};
	uint64_t parts = 0;

	ck_assert_uint_eq(q->drops, json_number(json, "drops"));
	ck_assert_uint_eq(q->packets, json_number(json, "packets"));
	append_own(q, &s);
	for (uint32_t i = 0; i < s.n_rows; i++) {
		const struct counter *c = s.rows[i].counter;

		ck_assert_str_eq(c->section, q->kind);
		seen[c - qdisc_probe.counters->rows] = true;
		parts += c->kind == KIND_PART ? s.rows[i].value : 0;
		if (is_printed(c->name))
			ck_assert_msg(
				s.rows[i].value ==
					json_number(json, tc_name(c->name)),
				"%s %s: %" PRIu64, q->kind, c->name,
				s.rows[i].value);
	}
	ck_assert_uint_le(parts, q->drops);
	sample_free(&s);
}

/* Rows that are in no recording: newer, or not built for user-mode Linux. */
static bool is_recordable(const struct counter *c)
{
	return strncmp(c->name, "band_drops", 10) &&
	       strcmp(c->section, "fq_pie");
}

TEST(recorded, recorded_counters_of_a_kind_are_what_tc_printed)
{
	struct dump d = recorded_in("6.1", "getqdisc_aqm.nl");
	struct dump classes = recorded_in("6.1", "gettclass.nl");
	struct sample s = {.rows = NULL};
	size_t n = 0, rows = qdisc_probe.counters->n;
	char *text = fixture_read("6.1", "qdisc_aqm.json", &n), *json = text;
	bool seen[128] = {false};

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_le(rows, ARRAY_SIZE(seen));
	ck_assert_uint_eq(d.n, 13);
	for (unsigned i = 0; i < d.n; i++) {
		json = strstr(json + 1, "{\"kind\"");
		ck_assert_ptr_nonnull(json);
		check_own(&d.q[i], json, seen);
	}
	append_own(&classes.q[0], &s);
	for (uint32_t i = 0; i < s.n_rows; i++)
		seen[s.rows[i].counter - qdisc_probe.counters->rows] = true;
	for (size_t i = QDISC_OWN_ROWS; i < rows; i++)
		ck_assert_msg(
			seen[i] ==
				is_recordable(&qdisc_probe.counters->rows[i]),
			"%s %s", qdisc_probe.counters->rows[i].section,
			qdisc_probe.counters->rows[i].name);
	sample_free(&s);
	free(text);
	free(d.bytes);
	free(classes.bytes);
}

TEST(recorded, optional_counters_are_left_out_unless_asked_for)
{
	struct dump d = recorded_in("6.1", "getqdisc_aqm.nl");
	const struct probe_env env = {.counters = NULL};
	struct sample s = {.rows = NULL};

	for (unsigned i = 0; i < d.n; i++) {
		sample_object(&s, LAYER_QDISC, "eth0", "", 1);
		qdisc_append_own(&env, &d.q[i], &s);
	}
	ck_assert_uint_gt(s.n_rows, 10);
	for (uint32_t i = 0; i < s.n_rows; i++)
		ck_assert_int_eq(s.rows[i].counter->kind, KIND_PART);
	sample_free(&s);
	free(d.bytes);
}

TEST(recorded, recorded_limits_are_decoded)
{
	struct dump d = recorded_in("6.1", "getqdisc_aqm.nl");
	static const struct {
		const char *name;
		uint32_t limit;
	} limited[] = {
		{"fq_codel_10", 50}, {"codel_11", 50}, {"pie_12", 20},
		{"sfq_14", 20},	     {"fq_15", 10000}, {"hhf_18", 20},
		{"netem_19", 100},   {"pfifo_1a", 10}, {"bfifo_1b", 5000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(limited); i++) {
		const struct qdisc_config *q = find(&d, limited[i].name);

		ck_assert_msg(q->has_limit, "%s", limited[i].name);
		ck_assert_uint_eq(q->limit, limited[i].limit);
		ck_assert(q->in_bytes == !strcmp(q->kind, "bfifo"));
	}
	ck_assert(!find(&d, "red_13")->has_limit);
	ck_assert(!find(&d, "htb_1")->has_limit);
	free(d.bytes);
}

/* The lines of a class: what is read of it so far is in its numbers. */
struct class
{
	unsigned minor, dropped, overlimits, lended, borrowed, giants;
	unsigned long long bytes, packets;
};

static bool next_class(FILE *f, struct class *ret)
{
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "class htb 1:%x", &ret->minor);
		(void)sscanf(line,
			     " Sent %llu bytes %llu pkt (dropped %u, "
			     "overlimits %u",
			     &ret->bytes, &ret->packets, &ret->dropped,
			     &ret->overlimits);
		if (sscanf(line, " lended: %u borrowed: %u giants: %u",
			   &ret->lended, &ret->borrowed, &ret->giants) == 3)
			return true;
	}
	return false;
}

static uint64_t own_value(const struct qdisc_config *q, const char *name)
{
	struct sample s = {.rows = NULL};
	uint64_t value = UINT64_MAX;

	append_own(q, &s);
	for (uint32_t i = 0; i < s.n_rows; i++)
		if (!strcmp(s.rows[i].counter->name, name))
			value = s.rows[i].value;
	sample_free(&s);
	return value;
}

TEST(recorded, recorded_classes_are_what_tc_printed)
{
	struct dump d = recorded_in("6.1", "gettclass.nl");
	_cleanup_fclose_ FILE *f = fixture_open("6.1", "class.txt");
	struct class class;
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	while (next_class(f, &class)) {
		char name[32];
		const struct qdisc_config *q;

		snprintf(name, sizeof(name), "htb_1.%x", class.minor);
		q = find(&d, name);
		ck_assert(q->is_class && q->has_basic && q->has_queue);
		ck_assert_uint_eq(q->bytes, class.bytes);
		ck_assert_uint_eq(q->packets, class.packets);
		ck_assert_uint_eq(q->drops, class.dropped);
		ck_assert_uint_eq(q->overlimits, class.overlimits);
		ck_assert_uint_eq(own_value(q, "lends"), class.lended);
		ck_assert_uint_eq(own_value(q, "borrows"), class.borrowed);
		ck_assert_uint_eq(own_value(q, "giants"), class.giants);
		n++;
	}
	ck_assert_uint_eq(n, 12);
	free(d.bytes);
}

/* A qdisc with a struct of its kind, in one of the two places for it. */
static void own(struct message *m, const char *kind, const void *data, size_t n,
		bool old)
{
	size_t at;

	begin(m, kind, 0x10000, TC_H_ROOT);
	if (old) {
		attr_put(m, TCA_XSTATS, data, n);
		return;
	}
	at = attr_begin(m, TCA_STATS2);
	attr_put(m, TCA_STATS_APP, data, n);
	attr_end(m, at);
}

TEST(made, struct_of_a_kind_is_there_as_far_as_the_kernel_sends_it)
{
	const struct tc_red_xstats red = {1, 2, 3, 4};
	static const char *const fields[] = {"early", "pdrop", "other",
					     "marked"};
	struct qdisc_config q;
	struct message m;

	for (size_t n = 0; n <= sizeof(red); n++)
		for (int old = 0; old < 2; old++) {
			own(&m, "red", &red, n, old);
			ck_assert_int_eq(parse(&m, &q), 0);
			for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
				ck_assert_uint_eq(
					own_value(&q, fields[i]),
					n >= 4 * (i + 1) ? i + 1 : UINT64_MAX);
		}
}

TEST(made, wide_numbers_of_fq_are_read_as_such)
{
	uint64_t fq[17] = {0};
	struct qdisc_config q;
	struct message m;

	for (size_t i = 0; i < ARRAY_SIZE(fq); i++)
		fq[i] = UINT64_C(1) << 40 | i;
	own(&m, "fq", fq, sizeof(fq), false);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_uint_eq(own_value(&q, "flows_plimit"), fq[4]);
	ck_assert_uint_eq(own_value(&q, "horizon_drops"), fq[11]);
	ck_assert_uint_eq(own_value(&q, "band_drops_0"), fq[14]);
	ck_assert_uint_eq(own_value(&q, "band_drops_2"), fq[16]);
}

TEST(made, flow_of_fq_codel_is_no_qdisc)
{
	const struct tc_fq_codel_xstats flow = {
		.type = TCA_FQ_CODEL_XSTATS_CLASS,
		.class_stats = {.ldelay = 9}};
	struct qdisc_config q;
	struct message m;

	own(&m, "fq_codel", &flow, sizeof(flow), false);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_uint_eq(own_value(&q, "drop_overlimit"), UINT64_MAX);
}

static void tin(struct message *m, uint16_t number, uint32_t drops)
{
	size_t at = attr_begin(m, number);

	attr_u32(m, TCA_CAKE_TIN_STATS_DROPPED_PACKETS, drops);
	attr_end(m, at);
}

TEST(made, tins_of_cake_are_added_up)
{
	struct message body = {.n = 0}, m;
	struct qdisc_config q;
	size_t tins;

	message_begin(&body, 0, 0, 0);
	tins = attr_begin(&body, TCA_CAKE_STATS_TIN_STATS);
	tin(&body, 1, 5);
	tin(&body, 2, 7);
	attr_end(&body, tins);
	own(&m, "cake", body.bytes + 16, body.n - 16, false);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_uint_eq(own_value(&q, "tin_drops"), 12);
	ck_assert_uint_eq(own_value(&q, "ack_drop"), UINT64_MAX);
	own(&m, "cake", body.bytes + 16, 0, false);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_uint_eq(own_value(&q, "tin_drops"), UINT64_MAX);
}

static const struct {
	uint32_t limit, used, qlen, backlog;
	bool was_full, is_full;
} memories[] = {
	{60000, 62208, 0, 0, true, false}, /* as recorded, behind a burst */
	{60000, 60000, 10, 15140, false, false},
	{33554432, 0, 0, 0, false, false},
	/* full frames need 2304 bytes each, 100 bytes need 768 */
	{60000, 61440, 26, 39364, true, true},
	{60000, 60672, 78, 11076, true, true},
	{60000, 61440, 10, 15140, true, false},
	{0, 1, UINT32_MAX, UINT32_MAX, true, true},
};

TEST_EACH(made, memory_of_cake_is_told_once_it_was_full, ARRAY_SIZE(memories))
{
	struct gnet_stats_queue queue = {.qlen = memories[_i].qlen,
					 .backlog = memories[_i].backlog};
	struct qdisc_config q;
	struct message m;
	size_t stats, app;

	begin(&m, "cake", 0x10000, TC_H_ROOT);
	stats = attr_begin(&m, TCA_STATS2);
	attr_put(&m, TCA_STATS_QUEUE, &queue, sizeof(queue));
	app = attr_begin(&m, TCA_STATS_APP);
	attr_u32(&m, TCA_CAKE_STATS_MEMORY_LIMIT, memories[_i].limit);
	attr_u32(&m, TCA_CAKE_STATS_MEMORY_USED, memories[_i].used);
	attr_end(&m, app);
	attr_end(&m, stats);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert(q.was_full == memories[_i].was_full);
	ck_assert(!q.was_full || q.is_full == memories[_i].is_full);
	ck_assert(!q.was_full || q.memory == memories[_i].limit);
}

TEST(made, cake_without_memory_told_was_never_full)
{
	uint32_t most = UINT32_MAX;
	struct message body = {.n = 0}, m;
	struct qdisc_config q;

	message_begin(&body, 0, 0, 0);
	attr_put(&body, TCA_CAKE_STATS_MEMORY_USED, &most, sizeof(most));
	attr_put(&body, TCA_CAKE_STATS_MEMORY_LIMIT, &most, 2);
	own(&m, "cake", body.bytes + 16, body.n - 16, false);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert(!q.was_full);
}

TEST(made, queue_managers_are_told_from_plain_queues)
{
	ck_assert(qdisc_is_aqm("fq_codel"));
	ck_assert(qdisc_is_aqm("cake"));
	ck_assert(!qdisc_is_aqm("pfifo_fast"));
	ck_assert(!qdisc_is_aqm("netem"));
	ck_assert(!qdisc_is_aqm("htb"));
	ck_assert(!qdisc_is_aqm("ingress"));
}

/* Filters on egress that all dropped some of a hundred, by their pref. */
static const struct {
	const char *kind;
	enum tc_verdict verdict;
	uint32_t drops, failed;
	double share;
	uint64_t rate;
	uint32_t handle;
} filters[] = {
	{"u32", TC_POLICE, 87, 0, 0, 12500, 0x80000800},
	{"flower", TC_DROP, 100, 0, 0, 0, 1},
	{"flower", TC_RANDOM, 33, 0, 0.25, 0, 1},
	{"u32", TC_POLICE, 87, 0, 0, 25000, 0x80100800}, /* of the old kind */
	{"bpf", TC_PROGRAM, 0, 0, 0, 0, 1},
	{"flower", TC_MIRRED, 0, 100, 0, 0, 1},
};

static int on_recorded_filter(const struct nlmsghdr *h, void *arg)
{
	unsigned *n = arg;
	struct tc_action a;
	struct tc_filter f;

	if (tc_filter_parse(h, &f) == 0)
		return 0;
	ck_assert_uint_lt(*n, ARRAY_SIZE(filters));
	ck_assert_str_eq(f.kind, filters[*n].kind);
	ck_assert_uint_eq(f.pref, *n + 1);
	ck_assert_uint_eq(f.handle, filters[*n].handle);
	ck_assert(f.decides == (filters[*n].verdict == TC_PROGRAM));
	ck_assert(tc_filter_action(&f, 0, &a) != f.decides);
	ck_assert(!tc_filter_action(&f, 1, &(struct tc_action) {0}));
	if (!f.decides) {
		ck_assert_int_eq(a.verdict, filters[*n].verdict);
		ck_assert_uint_eq(a.drops, filters[*n].drops);
		ck_assert_uint_eq(a.failed, filters[*n].failed);
		ck_assert_uint_eq(a.rate, filters[*n].rate);
		ck_assert_double_eq_tol((double)a.share / UINT32_MAX,
					filters[*n].share, 1e-6);
		ck_assert((a.ifindex > 0) == (a.verdict == TC_MIRRED));
	}
	(*n)++;
	return 0;
}

TEST(recorded, recorded_filters_are_what_tc_printed)
{
	size_t size = 0;
	char *bytes = fixture_read("6.1", "gettfilter_egress.nl", &size);
	unsigned n = 0;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(netlink_walk(bytes, size, 0, on_recorded_filter, &n),
			 1);
	ck_assert_uint_eq(n, ARRAY_SIZE(filters));
	free(bytes);
}

static const struct {
	int action, odd; /* what is done mostly, and what each n-th time */
	uint16_t type, n;
	enum tc_verdict verdict;
	double share;
} chances[] = {
	{TC_ACT_SHOT, TC_ACT_OK, PGACT_NONE, 0, TC_DROP, 0},
	{TC_ACT_OK, TC_ACT_SHOT, PGACT_NETRAND, 4, TC_RANDOM, 0.25},
	{TC_ACT_OK, TC_ACT_SHOT, PGACT_DETERM, 3, TC_RANDOM, 1 / 3.0},
	{TC_ACT_SHOT, TC_ACT_OK, PGACT_NETRAND, 4, TC_RANDOM, 0.75},
	{TC_ACT_SHOT, TC_ACT_SHOT, PGACT_NETRAND, 4, TC_DROP, 1},
	{TC_ACT_OK, TC_ACT_SHOT, PGACT_DETERM, 0, TC_DROP, 1},
};

TEST_EACH(made, chance_of_an_action_is_told, ARRAY_SIZE(chances))
{
	struct tc_gact gact = {.action = chances[_i].action};
	struct tc_gact_p p = {chances[_i].type, chances[_i].n, chances[_i].odd};
	struct tcmsg head = {.tcm_handle = 1};
	struct tc_filter f;
	struct tc_action a;
	struct message m = {.n = 0};
	size_t at[4];

	message_begin(&m, RTM_NEWTFILTER, NLM_F_MULTI, 1);
	message_put(&m, &head, sizeof(head));
	attr_put(&m, TCA_KIND, "matchall", sizeof("matchall"));
	at[0] = attr_begin(&m, TCA_OPTIONS);
	at[1] = attr_begin(&m, TCA_MATCHALL_ACT);
	at[2] = attr_begin(&m, 1);
	attr_put(&m, TCA_ACT_KIND, "gact", sizeof("gact"));
	at[3] = attr_begin(&m, TCA_ACT_OPTIONS);
	attr_put(&m, TCA_GACT_PARMS, &gact, sizeof(gact));
	attr_put(&m, TCA_GACT_PROB, &p, sizeof(p));
	for (int i = 3; i >= 0; i--)
		attr_end(&m, at[i]);
	ck_assert_int_eq(tc_filter_parse((const void *)m.bytes, &f), 1);
	ck_assert(tc_filter_action(&f, 0, &a));
	ck_assert_int_eq(a.verdict, chances[_i].verdict);
	ck_assert_double_eq_tol((double)a.share / UINT32_MAX, chances[_i].share,
				1e-6);
}

static void parse_filter_lawfully(const struct nlmsghdr *h)
{
	struct tc_filter f;
	struct tc_action a;

	if (tc_filter_parse(h, &f) == 1)
		for (unsigned n = 0; tc_filter_action(&f, n, &a); n++)
			ck_assert_uint_lt(n, 64);
}

static void parse_lawfully(const struct nlmsghdr *h, size_t n)
{
	struct nlmsghdr *copy = malloc(n);
	struct qdisc_config q;
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, h, n);
	copy->nlmsg_len = (uint32_t)n;
	parse_filter_lawfully(copy);
	r = qdisc_parse(copy, &q);
	if (r != 0 && r != -EBADMSG)
		ck_abort_msg("%d", r);
	if (r == 0) {
		struct sample s = {.rows = NULL};

		append_own(&q, &s);
		sample_free(&s);
	}
	free(copy);
}

static void cut_everywhere(const struct nlmsghdr *h)
{
	for (size_t n = sizeof(*h); n <= h->nlmsg_len; n++)
		parse_lawfully(h, n);
}

static void damage_everywhere(const struct nlmsghdr *h)
{
	static const unsigned char values[] = {0, 1, 3, 5, 0x7f, 0x80, 0xff};
	unsigned char *bytes = malloc(h->nlmsg_len);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, h, h->nlmsg_len);
	for (size_t i = sizeof(*h); i < h->nlmsg_len; i++) {
		unsigned char was = bytes[i];

		for (size_t j = 0; j < sizeof(values); j++) {
			bytes[i] = values[j];
			parse_lawfully((void *)bytes, h->nlmsg_len);
		}
		bytes[i] = was;
	}
	free(bytes);
}

static const struct {
	const char *kernel, *name;
} recordings[] = {
	{"6.18", "getqdisc.nl"},	 {"6.1", "getqdisc.nl"},
	{"6.1", "getqdisc_aqm.nl"},	 {"6.1", "gettclass.nl"},
	{"6.1", "gettfilter_egress.nl"}, {"6.1", "gettfilter_ingress.nl"},
};

TEST_EACH(recorded, message_cut_anywhere_is_survived, ARRAY_SIZE(recordings))
{
	each_message(recordings[_i].kernel, recordings[_i].name,
		     cut_everywhere);
}

TEST_EACH(recorded, lying_attribute_is_survived, ARRAY_SIZE(recordings))
{
	each_message(recordings[_i].kernel, recordings[_i].name,
		     damage_everywhere);
}
