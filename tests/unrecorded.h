/* SPDX-License-Identifier: MIT */
/* Counters that no kernel recorded in tests/fixtures prints. */
#ifndef UNRECORDED_H
#define UNRECORDED_H

#include <string.h>

#include "model/counter.h"

/* A counter of a newer kernel stands here until one is recorded. */
static const struct {
	const char *section, *name, *reason;
} unrecorded[] = {
	{"IcmpMsg", "InType11", "printed from the first such message on"},
	{"IcmpMsg", "OutType11", "printed from the first such message on"},
	{"kfree_skb", "XDP", "told by the kernel that runs"},
	{"kfree_skb", "TC_INGRESS", "told by the kernel that runs"},
	{"kfree_skb", "TC_EGRESS", "told by the kernel that runs"},
	{"kfree_skb", "BPF_CGROUP_EGRESS", "told by the kernel that runs"},
	{"kfree_skb", "ip_error", "told by the kernel that runs"},
	{"kfree_skb", "UNHANDLED_PROTO", "told by the kernel that runs"},
	{"kfree_skb", "SOCKET_FILTER", "told by the kernel that runs"},
	{"kfree_skb", "bridge_mtu", "told by the kernel that runs"},
	{"kfree_skb", "bridge_vlan", "told by the kernel that runs"},
	{"kfree_skb", "bridge_apart", "told by the kernel that runs"},
	{"kfree_skb", "bridged", "told by the kernel that runs"},
	{"kfree_skb", "nowhere", "told by the kernel that runs"},
	{"kfree_skb", "netfilter", "told by the kernel that runs"},
	{"kfree_skb", "neigh", "told by the kernel that runs"},
	{"kfree_skb", "neigh_full", "told by the kernel that runs"},
	{"kfree_skb", "martian", "told by the kernel that runs"},
	{"kfree_skb", "hidden", "told by the kernel that runs"},
};

static inline bool is_unrecorded(const struct counter *c)
{
	for (size_t i = 0; c->section && i < ARRAY_SIZE(unrecorded); i++)
		if (!strcmp(unrecorded[i].section, c->section) &&
		    !strcmp(unrecorded[i].name, c->name))
			return true;
	return false;
}

#endif
