/* SPDX-License-Identifier: MIT */
/* Asks for qdiscs, classes and filters; takes messages of the former apart. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/attr.h"
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

int qdisc_ask(struct probe_env *env, uint16_t type, int ifindex,
	      uint32_t parent, netlink_row row, void *arg)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_DUMP},
		.m = {.tcm_ifindex = ifindex, .tcm_parent = parent},
	};

	return netlink_ask(env->netlink, NETLINK_ROUTE, &request.h, row, arg);
}
