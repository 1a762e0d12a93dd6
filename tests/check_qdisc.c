/* SPDX-License-Identifier: MIT */
/* Qdiscs: recorded dumps against what tc printed, and messages by hand. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "netlink.h"

#include "probes/qdisc.h"
#include "testlib.h"
#include "xtables_file.h"

static const char *const kernels[] = {"6.18", "6.1"};

#define MAX_QDISCS 32

struct dump {
	struct qdisc_config q[MAX_QDISCS];
	unsigned n;
};

static int on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct dump *d = arg;

	ck_assert_uint_lt(d->n, MAX_QDISCS);
	return qdisc_parse(h, &d->q[d->n++]);
}

static struct dump recorded(const char *kernel)
{
	struct dump d = {.n = 0};
	size_t n = 0;
	char *bytes = fixture_read(kernel, "getqdisc.nl", &n);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(netlink_walk(bytes, n, 0, on_qdisc, &d), 1);
	free(bytes);
	return d;
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

START_TEST(recorded_qdiscs_are_what_tc_printed)
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
}
END_TEST

static const struct qdisc_config *find(const struct dump *d, const char *name)
{
	char buffer[64];

	for (unsigned i = 0; i < d->n; i++) {
		qdisc_name(&d->q[i], buffer, sizeof(buffer));
		if (!strcmp(buffer, name))
			return &d->q[i];
	}
	ck_abort_msg("no qdisc %s", name);
	return NULL;
}

#define PARTS(share) ((uint32_t)((share) * (double)UINT32_MAX + 0.5))

START_TEST(recorded_settings_are_decoded)
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
	ck_assert(!find(&d, "htb_5")->has_loss);
	ck_assert(find(&d, "mq_8001")->parent == TC_H_ROOT);
	(void)find(&d, "pfifo_fast_0_8001.1");
	(void)find(&d, "fq_codel_50");
}
END_TEST

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

START_TEST(plain_loss_is_decoded)
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
END_TEST

START_TEST(loss_model_replaces_plain_loss)
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
END_TEST

START_TEST(loss_model_too_short_is_not_there)
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
END_TEST

START_TEST(marking_netem_is_told)
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
END_TEST

START_TEST(options_of_other_kinds_are_not_mistaken_for_netems)
{
	struct tc_netem_qopt plain = {.limit = 77, .loss = 88};
	struct qdisc_config q;
	struct message m;

	begin(&m, "fq", 0x10000, TC_H_ROOT);
	attr_put(&m, TCA_OPTIONS, &plain, sizeof(plain));
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert(!q.has_loss && !q.has_limit && !q.rate);
}
END_TEST

START_TEST(shaper_has_its_rate)
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
END_TEST

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

START_TEST(counts_are_there_as_far_as_the_kernel_sends_them)
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
END_TEST

START_TEST(wide_count_of_packets_is_preferred)
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
END_TEST

START_TEST(message_of_another_kind_is_refused)
{
	struct qdisc_config q;
	struct message m;
	uint16_t type = RTM_NEWTCLASS;

	begin(&m, NULL, 0x10000, TC_H_ROOT);
	ck_assert_int_eq(parse(&m, &q), -EBADMSG);
	begin(&m, "pfifo", 0x10000, TC_H_ROOT);
	ck_assert_int_eq(parse(&m, &q), 0);
	memcpy(m.bytes + 4, &type, sizeof(type));
	ck_assert_int_eq(parse(&m, &q), -EBADMSG);
}
END_TEST

START_TEST(kind_too_long_is_cut)
{
	struct qdisc_config q;
	struct message m;
	char name[64];

	begin(&m, "0123456789abcdef0123456789abcdef", 0x10000, TC_H_ROOT);
	ck_assert_int_eq(parse(&m, &q), 0);
	ck_assert_str_eq(q.kind, "0123456789abcde");
	qdisc_name(&q, name, sizeof(name));
	ck_assert_str_eq(name, "0123456789abcde_1");
}
END_TEST

static const struct {
	const char *kind;
	uint32_t handle, parent;
	const char *name;
} names[] = {
	{"netem", 0x80010000, TC_H_ROOT, "netem_8001"},
	{"pfifo_fast", 0, TC_H_ROOT, "pfifo_fast_0"},
	{"ingress", 0xffff0000, TC_H_INGRESS, "ingress_ffff"},
	{"fq_codel", 0x500000, 0x50010, "fq_codel_50"},
	{"fq_codel", 0, 0x80010001, "fq_codel_0_8001.1"},
	{"fq_codel", 0, 0x8001000a, "fq_codel_0_8001.a"},
};

START_TEST(name_is_kind_handle_and_parent_where_handles_repeat)
{
	struct qdisc_config q = {.handle = names[_i].handle,
				 .parent = names[_i].parent};
	char name[64];

	snprintf(q.kind, sizeof(q.kind), "%s", names[_i].kind);
	qdisc_name(&q, name, sizeof(name));
	ck_assert_str_eq(name, names[_i].name);
}
END_TEST

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

START_TEST(mean_of_gilbert_elliott)
{
	struct tc_netem_gemodel m = {
		PARTS(gemodels[_i].p), PARTS(gemodels[_i].r),
		PARTS(gemodels[_i].h), PARTS(gemodels[_i].k1)};

	ck_assert_double_eq_tol((double)netem_mean_gemodel(&m) / UINT32_MAX,
				gemodels[_i].mean, 1e-6);
}
END_TEST

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

START_TEST(mean_of_four_states)
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
END_TEST

/* Calls f with each message of a recording. */
static void each_message(const char *kernel,
			 void (*f)(const struct nlmsghdr *h))
{
	size_t n = 0;
	char *bytes = fixture_read(kernel, "getqdisc.nl", &n);
	struct nlmsghdr *h = (void *)bytes;
	int left = (int)n;

	ck_assert_ptr_nonnull(bytes);
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
		f(h);
	free(bytes);
}

static void parse_lawfully(const struct nlmsghdr *h, size_t n)
{
	struct nlmsghdr *copy = malloc(n);
	struct qdisc_config q;
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, h, n);
	copy->nlmsg_len = (uint32_t)n;
	r = qdisc_parse(copy, &q);
	if (r != 0 && r != -EBADMSG)
		ck_abort_msg("%d", r);
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

START_TEST(message_cut_anywhere_is_survived)
{
	each_message(kernels[_i], cut_everywhere);
}
END_TEST

START_TEST(lying_attribute_is_survived)
{
	each_message(kernels[_i], damage_everywhere);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("qdisc");
	TCase *t = tcase_create("recorded");
	int n = ARRAY_SIZE(kernels);

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, recorded_qdiscs_are_what_tc_printed, 0, n);
	tcase_add_test(t, recorded_settings_are_decoded);
	tcase_add_loop_test(t, message_cut_anywhere_is_survived, 0, n);
	tcase_add_loop_test(t, lying_attribute_is_survived, 0, n);
	t = tcase_create("made");
	suite_add_tcase(s, t);
	tcase_add_test(t, plain_loss_is_decoded);
	tcase_add_test(t, loss_model_replaces_plain_loss);
	tcase_add_test(t, loss_model_too_short_is_not_there);
	tcase_add_test(t, marking_netem_is_told);
	tcase_add_test(t, options_of_other_kinds_are_not_mistaken_for_netems);
	tcase_add_test(t, shaper_has_its_rate);
	tcase_add_test(t, counts_are_there_as_far_as_the_kernel_sends_them);
	tcase_add_test(t, wide_count_of_packets_is_preferred);
	tcase_add_test(t, message_of_another_kind_is_refused);
	tcase_add_test(t, kind_too_long_is_cut);
	tcase_add_loop_test(t,
			    name_is_kind_handle_and_parent_where_handles_repeat,
			    0, ARRAY_SIZE(names));
	tcase_add_loop_test(t, mean_of_gilbert_elliott, 0,
			    ARRAY_SIZE(gemodels));
	tcase_add_loop_test(t, mean_of_four_states, 0, ARRAY_SIZE(chains));
	return s;
}

int main(void)
{
	return run_suite(suite());
}
