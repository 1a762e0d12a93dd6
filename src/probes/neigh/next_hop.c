/* SPDX-License-Identifier: MIT */
#include "probes/neigh/next_hop_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"
#include "probes/neigh/neigh.h"
#include "probes/snmp/snmp.h"

#define MAX_NEXT_HOPS 8 /* that are told apart */

struct dump {
	struct next_hop items[MAX_NEXT_HOPS];
	size_t n;
};

static uint64_t age_of(const struct nlattr *attr)
{
	struct nda_cacheinfo info = {.ndm_updated = 0};

	(void)attr_copy(&info, sizeof(info), attr);
	return (uint64_t)info.ndm_updated * 10; /* hundredths of a second */
}

int next_hop_parse(const struct nlmsghdr *h, struct next_hop *ret)
{
	const struct nlattr *attrs[NDA_CACHEINFO + 1];
	const size_t size = NLMSG_ALIGN(sizeof(struct ndmsg));
	struct ndmsg head;

	if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_HDRLEN + size)
		return -EBADMSG;
	memcpy(&head, (const char *)h + NLMSG_HDRLEN, sizeof(head));
	if (!(head.ndm_state & (NUD_INCOMPLETE | NUD_FAILED)))
		return -ENOENT;
	attrs_index((struct attrs) {(const char *)h + NLMSG_HDRLEN + size,
				    h->nlmsg_len - NLMSG_HDRLEN - size},
		    attrs, NDA_CACHEINFO);
	*ret = (struct next_hop) {
		.ifindex = head.ndm_ifindex,
		.failed = head.ndm_state & NUD_FAILED,
		.age_ms = age_of(attrs[NDA_CACHEINFO]),
	};
	if (!attr_is_size(attrs[NDA_DST], head.ndm_family == AF_INET ? 4 : 16))
		return -ENOENT;
	return inet_ntop(head.ndm_family, mnl_attr_get_payload(attrs[NDA_DST]),
			 ret->address, sizeof(ret->address))
		       ? 0
		       : -ENOENT;
}

static int on_neighbour(const struct nlmsghdr *h, void *arg)
{
	struct dump *dump = arg;

	if (dump->n < MAX_NEXT_HOPS &&
	    next_hop_parse(h, &dump->items[dump->n]) == 0)
		dump->n++;
	return 0;
}

/* Adds what the rows of an object say of refused packets since last read. */
static void add_refused(const struct sample *out, const struct object *o,
			int64_t *sum)
{
	EACH_ROW (out, o, row)
		if (row->counter->refused)
			add_times(sum, row->counter->refused,
				  row_growth(out, o, row));
}

/* Whether ICMP refused more packets than the counters of the others tell. */
static bool refuses(const struct sample *out)
{
	int64_t sum = 0;

	EACH_OBJECT (out, o)
		if (o->layer == LAYER_ICMP)
			add_refused(out, o, &sum);
	if (sum <= 0) /* most namespaces */
		return false;
	EACH_OBJECT (out, o)
		if (o->layer != LAYER_ICMP)
			add_refused(out, o, &sum);
	return sum > 0;
}

/* Whether senders were told of packets, some of which may wait all the same. */
static bool tells_senders(const struct sample *out)
{
	EACH_OBJECT (out, o) {
		const struct row *row;

		if (o->layer != LAYER_IP)
			continue;
		row = object_tagged(out, o, TAG_OUT_DISCARDS);
		if (row)
			return row_growth(out, o, row) >= MIN_REFUSED;
	}
	return false;
}

static bool is_dump_due(const struct probe_env *env, const struct sample *out)
{
	return env->unresolved || refuses(out) || tells_senders(out);
}

/* As ip-link(8) says NO-CARRIER: it is up, and does not run. */
static bool lacks_carrier(const struct netlink *nl, const char *place)
{
	struct ifreq request = {.ifr_flags = 0};

	memcpy(request.ifr_name, place, IFNAMSIZ);
	return netlink_ioctl(nl, SIOCGIFFLAGS, &request) == 0 &&
	       (request.ifr_flags & (IFF_UP | IFF_RUNNING)) == IFF_UP;
}

/* Returns 0, also where the interface is gone, or negative errno. */
static int append_next_hop(const struct probe_env *env,
			   const struct next_hop *hop, struct sample *out)
{
	char place[IFNAMSIZ];
	int r = netlink_ifname(env->netlink, hop->ifindex, place);

	if (r < 0)
		return r == -ENODEV ? 0 : r;
	sample_object(out, LAYER_NEIGH, place, hop->address, 0);
	sample_row(out, &next_hop_fact_failed, hop->failed);
	sample_row(out, &next_hop_fact_age, hop->age_ms);
	if (lacks_carrier(env->netlink, place))
		sample_row(out, &next_hop_fact_no_carrier, 1);
	return 0;
}

static int next_hop_read(struct probe_env *env, struct sample *out)
{
	struct {
		struct nlmsghdr h;
		struct ndmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETNEIGH,
		      .nlmsg_flags = NLM_F_DUMP},
	};
	struct dump dump = {.n = 0};
	int r;

	if (!env->netlink || !is_dump_due(env, out))
		return 0;
	r = netlink_ask(env->netlink, NETLINK_ROUTE, &request.h, on_neighbour,
			&dump);
	for (size_t i = 0; r == 0 && i < dump.n; i++)
		r = append_next_hop(env, &dump.items[i], out);
	return r;
}

static const struct probe *const next_hop_after[] = {&neigh_probe, &snmp_probe,
						     NULL};

static const struct counter_table no_counters = {.n = 0};

const struct probe next_hop_probe = {
	.name = "next_hop",
	.what = "neighbours that do not answer",
	.reads = "RTM_GETNEIGH, once packets are refused that nothing explains",
	.layer = LAYER_NEIGH,
	.after = next_hop_after,
	.counters = &no_counters,
	.others = next_hop_facts,
	.explainers = next_hop_explainers,
	.reasons = next_hop_reasons,
	.explain_hidden = next_hop_explain,
	.attribute = next_hop_attribute,
	.read = next_hop_read,
};
