/* SPDX-License-Identifier: MIT */
/* Reads qdiscs and classes, and what any kind of them counts. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/array.h"
#include "kernel/attr.h"
#include "model/selection.h"
#include "probes/qdisc/qdisc_private.h"

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
		qdisc_parse_own(attrs[TCA_STATS_APP], q);
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
		qdisc_parse_options(attrs[TCA_OPTIONS], ret);
	if (attrs[TCA_XSTATS])
		qdisc_parse_own(attrs[TCA_XSTATS], ret);
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
		return QDISC_CLASS_DROPS;
	if (q->parent == TC_H_INGRESS)
		return QDISC_INGRESS_DROPS;
	return q->parent == TC_H_ROOT ? QDISC_ROOT_DROPS : QDISC_CHILD_DROPS;
}

static void append_qdisc_facts(const struct qdisc_config *q, struct sample *out)
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
	const struct counter *rows = qdisc_table.rows;
	int drops = drops_of(q);

	if (q->has_queue) {
		sample_row(out, &rows[q->ecn ? QDISC_MARKING_DROPS : drops],
			   q->drops);
		sample_row(out, &rows[QDISC_OVERLIMITS], q->overlimits);
	}
	if (q->has_queue && !q->is_class) {
		sample_row(out, &rows[QDISC_REQUEUES], q->requeues);
		sample_row(out, &rows[QDISC_QLEN], q->qlen);
		sample_row(out, &rows[QDISC_BACKLOG], q->backlog);
	}
	if (q->has_basic)
		sample_row(out, &rows[drops + 1], q->packets);
}

static void append_qdisc(const struct probe_env *env,
			 const struct qdisc_config *q, const char *place,
			 struct sample *out)
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
	append_qdisc_facts(q, out);
}

struct qdisc_reader {
	struct probe_env *env;
	struct sample *out;
	int ifindex; /* the interface of the previous message, and its name */
	char place[IFNAMSIZ];
	bool wanted;
	struct {
		int *items; /* interfaces whose classes are to be asked for */
		size_t n, max;
	} classful;
};

static bool wants_interface(struct qdisc_reader *reader, int ifindex)
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

/* Notes an interface whose classes are wanted, once. Returns 0 or -ENOMEM. */
static int add_classful(struct qdisc_reader *reader, int ifindex)
{
	size_t n = reader->classful.n;
	int *item;

	if (n && reader->classful.items[n - 1] == ifindex)
		return 0;
	item = ARRAY_ADD(&reader->classful);
	if (!item)
		return -ENOMEM;
	*item = ifindex;
	return 0;
}

static int on_qdisc(const struct nlmsghdr *h, void *arg)
{
	struct qdisc_reader *reader = arg;
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (q.is_class || !strcmp(q.kind, "noqueue"))
		return 0; /* noqueue has no queue, so it never drops */
	if (!wants_interface(reader, q.ifindex))
		return 0;
	append_qdisc(reader->env, &q, reader->place, reader->out);
	if (!reader->env->classes || !qdisc_has_classes(q.kind))
		return 0;
	return add_classful(reader, q.ifindex);
}

static int on_class(const struct nlmsghdr *h, void *arg)
{
	struct qdisc_reader *reader = arg;
	struct qdisc_config q;
	int r = qdisc_parse(h, &q);

	if (r < 0)
		return r;
	if (q.is_class && qdisc_has_classes(q.kind) &&
	    wants_interface(reader, q.ifindex))
		append_qdisc(reader->env, &q, reader->place, reader->out);
	return 0;
}

static int ask_tc(struct qdisc_reader *reader, uint16_t type, int ifindex,
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

static int qdisc_read(struct probe_env *env, struct sample *out)
{
	struct qdisc_reader reader = {.env = env, .out = out};
	int r = ask_tc(&reader, RTM_GETQDISC, 0, on_qdisc);

	for (size_t i = 0; r == 0 && i < reader.classful.n; i++)
		r = ask_tc(&reader, RTM_GETTCLASS, reader.classful.items[i],
			   on_class);
	free(reader.classful.items);
	return r;
}

const struct probe qdisc_probe = {
	.name = "qdisc",
	.reads = "rtnetlink RTM_GETQDISC, and RTM_GETTCLASS for Classes",
	.layer = LAYER_QDISC,
	.counters = &qdisc_table,
	.explainers = qdisc_explainers,
	.names_objects = true,
	.read = qdisc_read,
};
