/* SPDX-License-Identifier: MIT */
/*
 * Filters of tc and their actions. Each kind of filter numbers its attributes
 * in its own way; actions are a list, numbered from 1.
 */
#include "probes/qdisc/tc_filter.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#include "kernel/attr.h"

/* Where a kind of filter has its actions, and a policer of the old kind. */
static const struct {
	const char *kind;
	uint16_t actions, police;
} filter_kinds[] = {
	{"u32", TCA_U32_ACT, TCA_U32_POLICE},
	{"flower", TCA_FLOWER_ACT, 0},
	{"matchall", TCA_MATCHALL_ACT, 0},
	{"bpf", TCA_BPF_ACT, TCA_BPF_POLICE},
	{"basic", TCA_BASIC_ACT, TCA_BASIC_POLICE},
	{"fw", TCA_FW_ACT, TCA_FW_POLICE},
	{"flow", TCA_FLOW_ACT, TCA_FLOW_POLICE},
	{"route", TCA_ROUTE4_ACT, TCA_ROUTE4_POLICE},
	{"cgroup", TCA_CGROUP_ACT, TCA_CGROUP_POLICE},
};

static struct nlattr *find_in(struct nlattr *nest, int type)
{
	return nest && type ? nla_find(nla_data(nest), nla_len(nest), type)
			    : NULL;
}

static void parse_program(struct nlattr *options, struct tc_filter *f)
{
	struct nlattr *name = find_in(options, TCA_BPF_NAME);

	f->decides = attr_u32(find_in(options, TCA_BPF_FLAGS)) &
		     TCA_BPF_FLAG_ACT_DIRECT;
	if (name)
		nla_strlcpy(f->program, name, sizeof(f->program));
}

static void parse_filter_options(struct nlattr *options, struct nlattr *stats,
				 struct tc_filter *f)
{
	struct tc_stats old;

	for (size_t i = 0; i < ARRAY_SIZE(filter_kinds); i++)
		if (!strcmp(filter_kinds[i].kind, f->kind)) {
			f->actions = find_in(options, filter_kinds[i].actions);
			f->police = find_in(options, filter_kinds[i].police);
		}
	f->has_police =
		f->police &&
		attr_copy(&old, offsetof(struct tc_stats, overlimits), stats);
	if (f->has_police)
		f->police_drops = old.drops;
	if (!strcmp(f->kind, "bpf"))
		parse_program(options, f);
}

/* The tables that u32 keeps its filters in have no number in the last bits. */
static bool is_container(const struct tc_filter *f)
{
	return !f->handle || (!strcmp(f->kind, "u32") && !(f->handle & 0xfff));
}

int tc_filter_parse(const struct nlmsghdr *h, struct tc_filter *ret)
{
	struct nlattr *attrs[TCA_MAX + 1];
	struct tcmsg head;

	if (h->nlmsg_type != RTM_NEWTFILTER ||
	    nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs, TCA_MAX,
			NULL) < 0 ||
	    !attrs[TCA_KIND])
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	*ret = (struct tc_filter) {
		.ifindex = head.tcm_ifindex,
		.parent = head.tcm_parent,
		.handle = head.tcm_handle,
		.pref = TC_H_MAJ(head.tcm_info) >> 16,
		.chain = attr_u32(attrs[TCA_CHAIN]),
	};
	nla_strlcpy(ret->kind, attrs[TCA_KIND], sizeof(ret->kind));
	if (is_container(ret))
		return 0;
	if (attrs[TCA_OPTIONS])
		parse_filter_options(attrs[TCA_OPTIONS], attrs[TCA_STATS], ret);
	return 1;
}

static void parse_police(struct nlattr *options, struct tc_action *a)
{
	struct tc_police police;

	a->verdict = TC_POLICE;
	if (attr_copy(&police, offsetof(struct tc_police, peakrate),
		      find_in(options, TCA_POLICE_TBF))) {
		a->rate = police.rate.rate;
		a->mtu = police.mtu;
	}
	attr_copy(&a->rate, sizeof(a->rate),
		  find_in(options, TCA_POLICE_RATE64));
}

/* What of 2^32 - 1 is dropped where each n-th one, or not, goes another way. */
static uint32_t share_of_chance(int action, const struct tc_gact_p *chance)
{
	uint32_t odd = chance->pval ? UINT32_MAX / chance->pval : UINT32_MAX;
	uint32_t share = chance->paction == TC_ACT_SHOT ? odd : 0;

	if (action == TC_ACT_SHOT)
		share += UINT32_MAX - odd;
	return share;
}

static void parse_gact(struct nlattr *options, struct tc_action *a)
{
	struct tc_gact_p chance;
	struct tc_gact gact;

	a->verdict = TC_DROP;
	if (!attr_copy(&gact, sizeof(gact), find_in(options, TCA_GACT_PARMS)) ||
	    !attr_copy(&chance, sizeof(chance),
		       find_in(options, TCA_GACT_PROB)) ||
	    chance.ptype == PGACT_NONE)
		return;
	a->share = share_of_chance(gact.action, &chance);
	if (a->share < UINT32_MAX)
		a->verdict = TC_RANDOM;
}

static void parse_mirred(struct nlattr *options, struct tc_action *a)
{
	struct tc_mirred mirred;

	a->verdict = TC_MIRRED;
	if (!attr_copy(&mirred, sizeof(mirred),
		       find_in(options, TCA_MIRRED_PARMS)))
		return;
	a->ifindex = mirred.ifindex;
	a->is_redirected = mirred.eaction == TCA_EGRESS_REDIR ||
			   mirred.eaction == TCA_INGRESS_REDIR;
}

static void parse_action_options(struct nlattr *options, struct tc_action *a)
{
	a->verdict = TC_OTHER;
	if (!strcmp(a->kind, "police"))
		parse_police(options, a);
	else if (!strcmp(a->kind, "gact"))
		parse_gact(options, a);
	else if (!strcmp(a->kind, "mirred"))
		parse_mirred(options, a);
	else if (!strcmp(a->kind, "bpf"))
		a->verdict = TC_BPF;
}

static void parse_action(struct nlattr *action, struct tc_action *ret)
{
	struct nlattr *kind = find_in(action, TCA_ACT_KIND);
	struct nlattr *stats = find_in(action, TCA_ACT_STATS);
	struct gnet_stats_queue queue;

	*ret = (struct tc_action) {.verdict = TC_OTHER};
	if (kind)
		nla_strlcpy(ret->kind, kind, sizeof(ret->kind));
	parse_action_options(find_in(action, TCA_ACT_OPTIONS), ret);
	if (!attr_copy(&queue, sizeof(queue), find_in(stats, TCA_STATS_QUEUE)))
		return;
	ret->drops = queue.drops;
	/* it counts there what it drops, if the packet was to be moved */
	if (ret->is_redirected)
		ret->failed = queue.overlimits;
}

bool tc_filter_action(const struct tc_filter *f, unsigned n,
		      struct tc_action *ret)
{
	struct nlattr *action;
	unsigned i = 0;
	int left;

	if (f->has_police) {
		*ret = (struct tc_action) {.kind = "police",
					   .drops = f->police_drops};
		parse_police(f->police, ret);
		return n == 0;
	}
	if (!f->actions)
		return false;
	nla_for_each_nested (action, f->actions, left) {
		if (i++ < n)
			continue;
		parse_action(action, ret);
		return true;
	}
	return false;
}
