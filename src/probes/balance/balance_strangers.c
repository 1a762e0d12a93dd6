/* SPDX-License-Identifier: MIT */
/*
 * A bridge hands what is sent to all of its wire to the host, too. One that has
 * no address of IPv4 joins others only, virtual machines say: what they call
 * out to each other is nothing that the host is to take, and where it forwards
 * IP drops it without a counter (ip_forward(), for not being PACKET_HOST).
 */
#include "probes/balance/balance_private.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"
#include "probes/link/link.h"

const struct counter balance_strangers = {
	.name = "strangers",
	.layer = LAYER_UNEXPLAINED,
	.bits = 64,
	.kind = KIND_FACT,
};

/* Whether an interface of this namespace stands on one, a VLAN say. */
static bool carries_others(const struct sample *s, uint64_t index)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_LINK &&
		    object_value(s, o, &link_fact_lower_index, 0) == index &&
		    !object_row(s, o, &link_fact_lower_far))
			return true;
	return false;
}

static bool is_bridge(const struct sample *s, const struct object *o)
{
	const struct object *config;

	if (o->layer != LAYER_LINK || object_name(s, o)[0])
		return false;
	config = link_config_of(s, object_place(s, o));
	return config && !strcmp(object_label(s, config), "bridge") &&
	       !carries_others(s, o->identity);
}

/* What came in since the read before and was for no group. */
static uint64_t came_in(const struct sample *s, const struct object *o)
{
	uint64_t packets = 0, groups = 0;

	EACH_ROW (s, o, row) {
		if (row->counter->tag == TAG_RX_PACKETS)
			packets += row_growth(s, o, row);
		else if (row->counter->tag == TAG_LINK_MULTICAST)
			groups += row_growth(s, o, row);
	}
	return less_by(packets, groups);
}

int balance_parse_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct balance_bridges *b = arg;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    h->nlmsg_len < NLMSG_HDRLEN + sizeof(*m))
		return -EBADMSG;
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].index == m->ifa_index)
			b->items[i].packets = 0;
	return 0;
}

uint64_t balance_count_strangers(const struct probe_env *env,
				 const struct sample *s)
{
	struct balance_bridges b = {.n = 0};
	uint64_t sum = 0;

	EACH_OBJECT (s, o) {
		if (b.n == ARRAY_SIZE(b.items) || !is_bridge(s, o))
			continue;
		b.items[b.n].index = o->identity;
		b.items[b.n].packets = came_in(s, o);
		b.n += b.items[b.n].packets > 0;
	}
	if (!b.n || netlink_ask_addresses(env->netlink, AF_INET,
					  balance_parse_address, &b) < 0)
		return 0;
	for (size_t i = 0; i < b.n; i++)
		sum += b.items[i].packets;
	return sum;
}
