/* SPDX-License-Identifier: MIT */
/*
 * Two interfaces in one network get each broadcast twice. What answers a sender
 * is one of them, so a strict rp_filter refuses the copy at the other.
 */
#include "probes/snmp/ip_excuses.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"

static bool is_same_network(const struct ip_network *a,
			    const struct ip_network *b)
{
	return a->address == b->address && a->prefix == b->prefix;
}

/* Once for each interface, however many addresses it has there. */
static void add_network(struct ip_networks *list,
			const struct ip_network *network)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_same_network(&list->items[i], network) &&
		    list->items[i].index == network->index)
			return;
	if (list->n < ARRAY_SIZE(list->items))
		list->items[list->n++] = *network;
}

int ip_twins_parse(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[IFA_ADDRESS + 1];
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	const size_t head = NLMSG_ALIGN(sizeof(*m));
	struct ip_network network;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_HDRLEN + head)
		return -EBADMSG;
	attrs_index((struct attrs) {(const char *)m + head,
				    h->nlmsg_len - NLMSG_HDRLEN - head},
		    attrs, IFA_ADDRESS);
	if (!attrs[IFA_ADDRESS] ||
	    mnl_attr_get_payload_len(attrs[IFA_ADDRESS]) != 4 ||
	    !m->ifa_prefixlen || m->ifa_prefixlen >= 32)
		return 0; /* one without neighbours has no twin */
	memcpy(&network.address, mnl_attr_get_payload(attrs[IFA_ADDRESS]), 4);
	network.address &= htonl(~UINT32_C(0) << (32 - m->ifa_prefixlen));
	network.prefix = m->ifa_prefixlen;
	network.index = m->ifa_index;
	add_network(arg, &network);
	return 0;
}

/* How many more than one interface are in the network that has most. */
static uint64_t count_twins(const struct ip_networks *list)
{
	uint64_t most = 1;

	for (size_t i = 0; i < list->n; i++) {
		uint64_t n = 0;

		for (size_t j = 0; j < list->n; j++)
			n += is_same_network(&list->items[i], &list->items[j]);
		most = n > most ? n : most;
	}
	return most - 1;
}

uint64_t ip_twins_ask(const struct probe_env *env)
{
	struct ip_networks list = {.n = 0};

	if (netlink_ask_addresses(env->netlink, AF_INET, ip_twins_parse,
				  &list) < 0)
		return 0;
	return count_twins(&list);
}
