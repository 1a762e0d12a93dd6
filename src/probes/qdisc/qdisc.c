/* SPDX-License-Identifier: MIT */
#include "probes/qdisc/qdisc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"
#include "model/selection.h"
#include "probes/qdisc/qdisc_rows.h"

static void parse_loss_model(struct nlattr *loss, struct qdisc_config *q)
{
	struct nlattr *models[NETEM_LOSS_MAX + 1];
	struct tc_netem_gemodel ge;
	struct tc_netem_gimodel gi;

	if (nla_parse_nested(models, NETEM_LOSS_MAX, loss, NULL) < 0)
		return;
	if (attr_copy(&ge, sizeof(ge), models[NETEM_LOSS_GE]))
		q->loss = netem_mean_gemodel(&ge);
	else if (attr_copy(&gi, sizeof(gi), models[NETEM_LOSS_GI]))
		q->loss = netem_mean_4state(&gi);
	q->has_loss = q->loss > 0;
}

/* TCA_OPTIONS of netem: a struct, then attributes right behind it. */
static void parse_netem(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_NETEM_MAX + 1];
	struct tc_netem_qopt plain;
	int head = NLA_ALIGN(sizeof(plain));

	if (!attr_copy(&plain, sizeof(plain), options))
		return;
	q->loss = plain.loss;
	q->has_loss = plain.loss > 0;
	if (nla_len(options) <= head ||
	    nla_parse(attrs, TCA_NETEM_MAX,
		      (struct nlattr *)((char *)nla_data(options) + head),
		      nla_len(options) - head, NULL) < 0)
		return;
	if (attrs[TCA_NETEM_LOSS])
		parse_loss_model(attrs[TCA_NETEM_LOSS], q);
	q->ecn = attr_u32(attrs[TCA_NETEM_ECN]);
}

static void parse_tbf(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt tbf;

	if (nla_parse_nested(attrs, TCA_TBF_MAX, options, NULL) < 0)
		return;
	if (attr_copy(&tbf, sizeof(tbf), attrs[TCA_TBF_PARMS]))
		q->rate = tbf.rate.rate;
	attr_copy(&q->rate, sizeof(q->rate), attrs[TCA_TBF_RATE64]);
}

/* htb counts in what it tells of its configuration. */
static void parse_htb(struct nlattr *options, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_HTB_MAX + 1];

	if (nla_parse_nested(attrs, TCA_HTB_MAX, options, NULL) < 0 ||
	    !attrs[TCA_HTB_INIT])
		return;
	q->own = nla_data(attrs[TCA_HTB_INIT]);
	q->own_size = nla_len(attrs[TCA_HTB_INIT]);
}

static void parse_options(struct nlattr *options, struct qdisc_config *q)
{
	qdisc_parse_limit(options, q);
	if (!strcmp(q->kind, "netem"))
		parse_netem(options, q);
	else if (!strcmp(q->kind, "tbf"))
		parse_tbf(options, q);
	else if (!strcmp(q->kind, "htb") && !q->is_class)
		parse_htb(options, q);
}

/* fq_codel sends one struct for qdiscs and another for its flows. */
static bool is_own(struct nlattr *attr, const struct qdisc_config *q)
{
	uint32_t type;

	if (strcmp(q->kind, "fq_codel"))
		return true;
	return attr_copy(&type, sizeof(type), attr) &&
	       type == TCA_FQ_CODEL_XSTATS_QDISC;
}

static void parse_own(struct nlattr *attr, struct qdisc_config *q)
{
	if (!is_own(attr, q))
		return;
	q->own = nla_data(attr);
	q->own_size = nla_len(attr);
}

static void parse_counts(struct nlattr *stats, struct qdisc_config *q)
{
	struct nlattr *attrs[TCA_STATS_MAX + 1];
	struct gnet_stats_basic basic;
	struct gnet_stats_queue queue;

	if (nla_parse_nested(attrs, TCA_STATS_MAX, stats, NULL) < 0)
		return;
	/* the kernel's struct ends in padding that it does not always send */
	q->has_basic = attr_copy(&basic, offsetof(typeof(basic), packets) + 4,
				 attrs[TCA_STATS_BASIC]);
	if (q->has_basic) {
		q->bytes = basic.bytes;
		q->packets = basic.packets;
		attr_copy(&q->packets, sizeof(q->packets),
			  attrs[TCA_STATS_PKT64]);
	}
	q->has_queue = attr_copy(&queue, sizeof(queue), attrs[TCA_STATS_QUEUE]);
	if (q->has_queue) {
		q->qlen = queue.qlen;
		q->backlog = queue.backlog;
		q->drops = queue.drops;
		q->requeues = queue.requeues;
		q->overlimits = queue.overlimits;
	}
	if (attrs[TCA_STATS_APP])
		parse_own(attrs[TCA_STATS_APP], q);
}

int qdisc_parse(const struct nlmsghdr *h, struct qdisc_config *ret)
{
	struct nlattr *attrs[TCA_MAX + 1];
	struct tcmsg head;

	if ((h->nlmsg_type != RTM_NEWQDISC && h->nlmsg_type != RTM_NEWTCLASS) ||
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
		.is_class = h->nlmsg_type == RTM_NEWTCLASS,
	};
	nla_strlcpy(ret->kind, attrs[TCA_KIND], sizeof(ret->kind));
	if (attrs[TCA_OPTIONS])
		parse_options(attrs[TCA_OPTIONS], ret);
	if (attrs[TCA_XSTATS])
		parse_own(attrs[TCA_XSTATS], ret);
	if (attrs[TCA_STATS2])
		parse_counts(attrs[TCA_STATS2], ret);
	return 0;
}

void qdisc_name(const struct qdisc_config *q, char *buffer, size_t size)
{
	unsigned major = TC_H_MAJ(q->handle) >> 16;

	if (q->is_class)
		snprintf(buffer, size, "%s_%x.%x", q->kind, major,
			 TC_H_MIN(q->handle));
	else if (q->handle || q->parent == TC_H_ROOT)
		snprintf(buffer, size, "%s_%x", q->kind, major);
	else
		snprintf(buffer, size, "%s_%x_%x.%x", q->kind, major,
			 TC_H_MAJ(q->parent) >> 16, TC_H_MIN(q->parent));
}

/* Index of the drops of a qdisc at its place; its packets stand behind. */
static int drops_of(const struct qdisc_config *q)
{
	if (q->is_class)
		return CLASS_DROPS;
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
		sample_row(out,
			   q->in_bytes ? &qdisc_fact_limit_bytes
				       : &qdisc_fact_limit,
			   q->limit);
}

static void append_counts(const struct qdisc_config *q, struct sample *out)
{
	int drops = drops_of(q);

	if (q->has_queue) {
		sample_row(out, &qdisc_counters[q->ecn ? MARKING_DROPS : drops],
			   q->drops);
		sample_row(out, &qdisc_counters[OVERLIMITS], q->overlimits);
	}
	if (q->has_queue && !q->is_class) {
		sample_row(out, &qdisc_counters[REQUEUES], q->requeues);
		sample_row(out, &qdisc_counters[QLEN], q->qlen);
		sample_row(out, &qdisc_counters[BACKLOG], q->backlog);
	}
	if (q->has_basic)
		sample_row(out, &qdisc_counters[drops + 1], q->packets);
}

static void append(const struct probe_env *env, const struct qdisc_config *q,
		   const char *place, struct sample *out)
{
	char name[64];
	uint64_t identity;

	qdisc_name(q, name, sizeof(name));
	identity = hash_bytes(HASH_START, &q->ifindex, sizeof(q->ifindex));
	identity = hash_bytes(identity, &q->parent, sizeof(q->parent));
	sample_object(out, LAYER_QDISC, place, name, identity);
	qdisc_label(out, q->kind);
	append_counts(q, out);
	qdisc_append_own(env, q, out);
	append_facts(q, out);
}

/*
 * Kinds whose classes count for themselves. Those of the others (prio, mq)
 * repeat the qdisc below, or stand for flows that come and go (fq_codel).
 */
static bool has_classes(const char *kind)
{
	static const char *const kinds[] = {"htb", "hfsc", "drr", "qfq", "ets"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i], kind))
			return true;
	return false;
}

struct reader {
	struct probe_env *env;
	struct sample *out;
	int ifindex; /* the interface of the previous message, and its name */
	char place[IFNAMSIZ];
	bool wanted;
};

static bool is_wanted(struct reader *reader, int ifindex)
{
	if (ifindex != reader->ifindex) {
		reader->ifindex = ifindex;
		reader->wanted =
			netlink_ifname(reader->env->netlink, ifindex,
				       reader->place) == 0 &&
			selection_wants(reader->env->interfaces, reader->place);
	}
	return reader->wanted;
}

static int on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct reader *reader = arg;
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (q.is_class || !strcmp(q.kind, "noqueue"))
		return 0; /* noqueue has no queue, so it never drops */
	if (!is_wanted(reader, q.ifindex))
		return 0;
	append(reader->env, &q, reader->place, reader->out);
	if (reader->env->classes && has_classes(q.kind))
		sample_row(reader->out, &qdisc_fact_index, q.ifindex);
	return 0;
}

static int on_class(const struct nlmsghdr *h, void *arg)
{
	struct reader *reader = arg;
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (q.is_class && has_classes(q.kind) && is_wanted(reader, q.ifindex))
		append(reader->env, &q, reader->place, reader->out);
	return 0;
}

static int ask(struct reader *reader, uint16_t type, int ifindex,
	       netlink_row row)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_DUMP},
		.m = {.tcm_ifindex = ifindex},
	};

	return netlink_ask(reader->env->netlink, NETLINK_ROUTE, &request.h, row,
			   reader);
}

/* Asks for the classes of each interface that has some, once. */
static int read_classes(struct reader *reader, uint32_t first)
{
	struct sample *out = reader->out;
	uint32_t last = out->n_objects;
	uint64_t asked = 0;
	int r = 0;

	for (uint32_t i = first; r == 0 && i < last; i++) {
		const struct row *row =
			object_row(out, &out->objects[i], &qdisc_fact_index);

		if (!row || row->value == asked)
			continue;
		asked = row->value;
		r = ask(reader, RTM_GETTCLASS, asked, on_class);
	}
	return r;
}

int qdisc_read(struct probe_env *env, struct sample *out)
{
	struct reader reader = {.env = env, .out = out};
	uint32_t first = out->n_objects;
	int r = ask(&reader, RTM_GETQDISC, 0, on_qdisc);

	return r < 0 || !env->classes ? r : read_classes(&reader, first);
}
