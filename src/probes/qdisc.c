/* SPDX-License-Identifier: MIT */
#include "qdisc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "../netlink.h"
#include "../selection.h"

#define QDISC .layer = LAYER_QDISC, .bits = 32
#define COUNTED .source = "net/core/gen_stats.c, include/net/sch_generic.h"
#define DROPS_MEAN                                                             \
	.means = "Packets discarded: queue full, shaped, or lost on purpose "  \
		 "(an offloaded bundle counts once)"

/* The rows below, in their order. */
enum {
	ROOT_DROPS,
	ROOT_PACKETS,
	CHILD_DROPS,
	CHILD_PACKETS,
	INGRESS_DROPS,
	INGRESS_PACKETS,
	MARKING_DROPS,
	OVERLIMITS,
	REQUEUES,
	QLEN,
	BACKLOG,
};

/* A parent repeats its children's drops: only the root makes the total. */
static const struct counter qdisc_counters[] = {
	[ROOT_DROPS] =
		{QDISC, COUNTED, DROPS_MEAN, .name = "",
		 .type = "if_tx_dropped", .direction = DIR_TX,
		 .kind = KIND_LOST,
		 .cause = "its queue is full: more was sent than the device "
			  "takes",
		 .remedy = "tc -s qdisc show dev DEV"},
	[ROOT_PACKETS] =
		{QDISC, COUNTED, .name = "", .type = "if_tx_packets",
		 .direction = DIR_TX, .kind = KIND_PASSED,
		 .of = {{LAYER_QDISC, DIR_TX, OUTSIDE}},
		 .means = "Packets that left the qdisc (segments, where "
			  "offloaded)"},
	[CHILD_DROPS] =
		{QDISC, COUNTED, .name = "", .type = "if_tx_dropped",
		 .direction = DIR_TX, .kind = KIND_PART, .in = "",
		 .means = "The same of a qdisc below another, which repeats it",
		 .cause = "its queue is full: more was sent than the device "
			  "takes",
		 .remedy = "tc -s qdisc show dev DEV"},
	[CHILD_PACKETS] =
		{QDISC, COUNTED, .name = "", .type = "if_tx_packets",
		 .direction = DIR_TX, .kind = KIND_PASSED,
		 .means = "The same of a qdisc below another, which repeats "
			  "it"},
	[INGRESS_DROPS] =
		{QDISC, COUNTED, .name = "", .type = "if_rx_dropped",
		 .direction = DIR_RX, .kind = KIND_LOST,
		 .means = "Packets that a filter or policer discarded on "
			  "ingress (clsact: on egress too)",
		 .cause = "a tc filter or policer on ingress discards them",
		 .remedy = "tc -s filter show dev DEV ingress"},
	[INGRESS_PACKETS] =
		{QDISC, COUNTED, .name = "", .type = "if_rx_packets",
		 .direction = DIR_RX, .kind = KIND_PASSED,
		 .of = {{LAYER_QDISC, DIR_RX, INSIDE}},
		 .means = "Packets that came to it, discarded ones included"},
	/* netem counts a marked packet as dropped, though it is delivered */
	[MARKING_DROPS] =
		{QDISC, COUNTED, .name = "", .type = "if_tx_dropped",
		 .direction = DIR_TX, .kind = KIND_BENIGN,
		 .means = "netem with ecn: packets marked or discarded, not "
			  "told apart"},
	[OVERLIMITS] = {QDISC, COUNTED, .name = "overlimits", .type = "packets",
			.direction = DIR_TX, .kind = KIND_OVERLOAD,
			.means = "Attempts to send beyond the rate: packets "
				 "waited"},
	[REQUEUES] = {QDISC, COUNTED, .name = "requeues", .type = "packets",
		      .direction = DIR_TX, .kind = KIND_BENIGN,
		      .means = "Packets put back because the device was busy"},
	[QLEN] = {QDISC, COUNTED, .name = "", .type = "queue_length",
		  .direction = DIR_TX, .kind = KIND_LEVEL,
		  .means = "Packets waiting now"},
	[BACKLOG] = {QDISC, COUNTED, .name = "backlog", .type = "gauge",
		     .direction = DIR_TX, .kind = KIND_LEVEL,
		     .means = "Bytes waiting now"},
};

#define FACT .layer = LAYER_QDISC, .kind = KIND_FACT

const struct counter qdisc_fact_handle = {FACT, .name = "handle"};
const struct counter qdisc_fact_parent = {FACT, .name = "parent"};
const struct counter qdisc_fact_rate = {FACT, .name = "rate"};
const struct counter qdisc_fact_netem_loss = {FACT, .name = "loss"};
const struct counter qdisc_fact_netem_limit = {FACT, .name = "limit"};

static bool copy(void *to, size_t n, struct nlattr *attr)
{
	if (!attr || (size_t)nla_len(attr) < n)
		return false;
	memcpy(to, nla_data(attr), n);
	return true;
}

static void parse_loss_model(struct nlattr *loss, struct qdisc_config *q)
{
	struct nlattr *models[NETEM_LOSS_MAX + 1];
	struct tc_netem_gemodel ge;
	struct tc_netem_gimodel gi;

	if (nla_parse_nested(models, NETEM_LOSS_MAX, loss, NULL) < 0)
		return;
	if (copy(&ge, sizeof(ge), models[NETEM_LOSS_GE]))
		q->loss = netem_mean_gemodel(&ge);
	else if (copy(&gi, sizeof(gi), models[NETEM_LOSS_GI]))
		q->loss = netem_mean_4state(&gi);
	q->has_loss = q->loss > 0;
}

/* TCA_OPTIONS of netem: a struct, then attributes right behind it. */
static void parse_netem(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_NETEM_MAX + 1];
	struct tc_netem_qopt plain;
	int head = NLA_ALIGN(sizeof(plain));

	if (!copy(&plain, sizeof(plain), options))
		return;
	q->has_limit = true;
	q->limit = plain.limit;
	q->loss = plain.loss;
	q->has_loss = plain.loss > 0;
	if (nla_len(options) <= head ||
	    nla_parse(attrs, TCA_NETEM_MAX,
		      (struct nlattr *)((char *)nla_data(options) + head),
		      nla_len(options) - head, NULL) < 0)
		return;
	if (attrs[TCA_NETEM_LOSS])
		parse_loss_model(attrs[TCA_NETEM_LOSS], q);
	q->ecn = attrs[TCA_NETEM_ECN] && nla_len(attrs[TCA_NETEM_ECN]) >= 4 &&
		 nla_get_u32(attrs[TCA_NETEM_ECN]);
}

static void parse_tbf(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt tbf;

	if (nla_parse_nested(attrs, TCA_TBF_MAX, options, NULL) < 0)
		return;
	if (copy(&tbf, sizeof(tbf), attrs[TCA_TBF_PARMS]))
		q->rate = tbf.rate.rate;
	copy(&q->rate, sizeof(q->rate), attrs[TCA_TBF_RATE64]);
}

static void parse_counts(struct nlattr *stats, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_STATS_MAX + 1];
	struct gnet_stats_basic basic;
	struct gnet_stats_queue queue;

	if (nla_parse_nested(attrs, TCA_STATS_MAX, stats, NULL) < 0)
		return;
	/* the kernel's struct ends in padding that it does not always send */
	q->has_basic = copy(&basic, offsetof(typeof(basic), packets) + 4,
			    attrs[TCA_STATS_BASIC]);
	if (q->has_basic) {
		q->bytes = basic.bytes;
		q->packets = basic.packets;
		copy(&q->packets, sizeof(q->packets), attrs[TCA_STATS_PKT64]);
	}
	q->has_queue = copy(&queue, sizeof(queue), attrs[TCA_STATS_QUEUE]);
	if (q->has_queue) {
		q->qlen = queue.qlen;
		q->backlog = queue.backlog;
		q->drops = queue.drops;
		q->requeues = queue.requeues;
		q->overlimits = queue.overlimits;
	}
}

int qdisc_parse(const struct nlmsghdr *h, struct qdisc_config *ret)
{
	struct nlattr *attrs[TCA_MAX + 1];
	struct tcmsg head;

	if (h->nlmsg_type != RTM_NEWQDISC ||
	    nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs, TCA_MAX,
			NULL) < 0 ||
	    !attrs[TCA_KIND])
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	*ret = (struct qdisc_config) {
		.ifindex = head.tcm_ifindex,
		.handle = head.tcm_handle,
		.parent = head.tcm_parent,
	};
	nla_strlcpy(ret->kind, attrs[TCA_KIND], sizeof(ret->kind));
	if (attrs[TCA_OPTIONS] && !strcmp(ret->kind, "netem"))
		parse_netem(attrs[TCA_OPTIONS], ret);
	else if (attrs[TCA_OPTIONS] && !strcmp(ret->kind, "tbf"))
		parse_tbf(attrs[TCA_OPTIONS], ret);
	if (attrs[TCA_STATS2])
		parse_counts(attrs[TCA_STATS2], ret);
	return 0;
}

void qdisc_name(const struct qdisc_config *q, char *buffer, size_t size)
{
	unsigned major = TC_H_MAJ(q->handle) >> 16;

	if (q->handle || q->parent == TC_H_ROOT)
		snprintf(buffer, size, "%s_%x", q->kind, major);
	else
		snprintf(buffer, size, "%s_%x_%x.%x", q->kind, major,
			 TC_H_MAJ(q->parent) >> 16, TC_H_MIN(q->parent));
}

/* Index of the drops of a qdisc at its place; its packets stand behind. */
static int drops_of(const struct qdisc_config *q)
{
	if (q->parent == TC_H_INGRESS)
		return INGRESS_DROPS;
	return q->parent == TC_H_ROOT ? ROOT_DROPS : CHILD_DROPS;
}

static void append_facts(const struct qdisc_config *q, struct sample *out)
{
	sample_row(out, &qdisc_fact_handle, q->handle);
	sample_row(out, &qdisc_fact_parent, q->parent);
	if (q->rate)
		sample_row(out, &qdisc_fact_rate, q->rate);
	if (q->has_loss)
		sample_row(out, &qdisc_fact_netem_loss, q->loss);
	if (q->has_limit)
		sample_row(out, &qdisc_fact_netem_limit, q->limit);
}

static void append_counts(const struct qdisc_config *q, struct sample *out)
{
	int drops = drops_of(q);

	if (q->has_queue) {
		sample_row(out, &qdisc_counters[q->ecn ? MARKING_DROPS : drops],
			   q->drops);
		sample_row(out, &qdisc_counters[OVERLIMITS], q->overlimits);
		sample_row(out, &qdisc_counters[REQUEUES], q->requeues);
		sample_row(out, &qdisc_counters[QLEN], q->qlen);
		sample_row(out, &qdisc_counters[BACKLOG], q->backlog);
	}
	if (q->has_basic)
		sample_row(out, &qdisc_counters[drops + 1], q->packets);
}

static void append(const struct qdisc_config *q, const char *place,
		   struct sample *out)
{
	char name[64];
	uint64_t identity;

	qdisc_name(q, name, sizeof(name));
	identity = hash_bytes(HASH_START, &q->ifindex, sizeof(q->ifindex));
	identity = hash_bytes(identity, &q->parent, sizeof(q->parent));
	sample_object(out, LAYER_QDISC, place, name, identity);
	sample_label(out, q->kind);
	append_counts(q, out);
	append_facts(q, out);
}

struct reader {
	struct probe_env *env;
	struct sample *out;
	int ifindex; /* the interface of the previous message, and its name */
	char place[IFNAMSIZ];
	bool wanted;
};

static int on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct reader *reader = arg;
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (!strcmp(q.kind, "noqueue"))
		return 0; /* has no queue, so it never drops */
	if (q.ifindex != reader->ifindex) {
		reader->ifindex = q.ifindex;
		reader->wanted =
			netlink_ifname(reader->env->route, q.ifindex,
				       reader->place) == 0 &&
			selection_wants(reader->env->interfaces, reader->place);
	}
	if (reader->wanted)
		append(&q, reader->place, reader->out);
	return 0;
}

static int qdisc_read(struct probe_env *env, struct sample *out)
{
	struct reader reader = {.env = env, .out = out};
	struct {
		struct nlmsghdr h;
		struct tcmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETQDISC,
		      .nlmsg_flags = NLM_F_DUMP},
	};

	return netlink_ask(env->route, &request.h, on_qdisc, &reader);
}

const struct probe qdisc_probe = {
	.name = "qdisc",
	.reads = "rtnetlink RTM_GETQDISC",
	.layer = LAYER_QDISC,
	.counters = qdisc_counters,
	.n_counters = ARRAY_SIZE(qdisc_counters),
	.read = qdisc_read,
};
