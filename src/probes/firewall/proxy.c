/* SPDX-License-Identifier: MIT */
/*
 * Who listens where TPROXY rules hand packets to: asked only where packets
 * vanish in IP and such a rule had some, for a rule whose proxy is there is
 * above suspicion.
 */
#include <endian.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "kernel/sockdiag.h"
#include "model/ip_gaps.h"
#include "probes/balance/balance.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"

#define MAX_PROXIES 16

/* The ports of rules that had packets. */
struct proxies {
	struct {
		uint16_t port;
		bool listens;
	} items[MAX_PROXIES];
	size_t n;
};

static void add_proxy(struct proxies *p, uint16_t port)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].port == port)
			return;
	if (p->n < MAX_PROXIES)
		p->items[p->n++].port = port;
}

static void find_proxies(const struct sample *s, struct proxies *ret)
{
	const struct counter *facts = firewall_facts;

	EACH_OBJECT (s, o) {
		const struct object *before = object_before(s, o);
		uint64_t now, then, port;

		if (o->layer != LAYER_NETFILTER || !before ||
		    !object_get(s, o, &facts[FIREWALL_MATCHED], &now) ||
		    !object_get(s, o, &facts[FIREWALL_PORT], &port) ||
		    !object_get(s->then, before, &facts[FIREWALL_MATCHED],
				&then))
			continue;
		if (port && now != then)
			add_proxy(ret, (uint16_t)port);
	}
}

static int on_proxy_socket(const struct nlmsghdr *h, void *arg)
{
	struct proxies *p = arg;
	struct inet_diag_msg m;

	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(m))
		return -EBADMSG;
	memcpy(&m, (const char *)h + NLMSG_HDRLEN, sizeof(m));
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].port == be16toh(m.id.idiag_sport))
			p->items[i].listens = true;
	return 0;
}

static int dump_proxy_sockets(struct netlink *nl, int protocol, uint32_t states,
			      struct proxies *p)
{
	int r = sockdiag_available(nl, protocol);

	return r < 0 ? r
		     : sockdiag_dump(nl, protocol, states, 0, on_proxy_socket,
				     p);
}

static int proxy_read(struct probe_env *env, struct sample *out)
{
	struct proxies p = {.n = 0};
	int r;

	if (!out->then || !ip_gaps_are_open(out))
		return 0;
	find_proxies(out, &p);
	if (!p.n)
		return 0;
	r = dump_proxy_sockets(env->netlink, IPPROTO_TCP, 1u << TCP_LISTEN, &p);
	if (r == 0)
		r = dump_proxy_sockets(env->netlink, IPPROTO_UDP, UINT32_MAX,
				       &p);
	for (size_t i = 0; i < p.n && r == 0; i++) {
		char name[FIREWALL_PROXY];

		if (!p.items[i].listens)
			continue;
		firewall_proxy_name(name, p.items[i].port);
		sample_object(out, LAYER_NETFILTER, "", name, 0);
		sample_row(out, &firewall_listening, p.items[i].port);
	}
	return r;
}

static const struct counter_table proxy_counters = {.n = 0};
static const struct probe *const proxy_after[] = {&nft_probe, &xt_probe,
						  &balance_probe, NULL};

const struct probe proxy_probe = {
	.name = "tproxy",
	.what = "ports of TPROXY",
	.reads = "sock_diag, ports that TPROXY rules name, where packets "
		 "vanish in IP",
	.layer = LAYER_NETFILTER,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.counters = &proxy_counters,
	.after = proxy_after,
	.read = proxy_read,
	.explain_hidden = firewall_explain_proxied,
};
