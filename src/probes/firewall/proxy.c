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

#define N_PORTS 65536
#define WORD_BITS 64

/* A bit for each port. */
struct port_set {
	uint64_t words[N_PORTS / WORD_BITS];
};

/* The ports of rules that had packets. */
struct proxies {
	struct port_set wanted, listening;
	bool any;
};

static void add_proxy_port(struct port_set *set, uint16_t port)
{
	set->words[port / WORD_BITS] |= UINT64_C(1) << port % WORD_BITS;
}

static bool has_proxy_port(const struct port_set *set, uint16_t port)
{
	return set->words[port / WORD_BITS] >> port % WORD_BITS & 1;
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
		if (!port || now == then)
			continue;
		add_proxy_port(&ret->wanted, (uint16_t)port);
		ret->any = true;
	}
}

static int on_proxy_socket(const struct nlmsghdr *h, void *arg)
{
	struct proxies *p = arg;
	struct inet_diag_msg m;

	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(m))
		return -EBADMSG;
	memcpy(&m, (const char *)h + NLMSG_HDRLEN, sizeof(m));
	add_proxy_port(&p->listening, be16toh(m.id.idiag_sport));
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

static void append_proxies(const struct proxies *p, struct sample *out)
{
	for (unsigned port = 1; port < N_PORTS; port++) {
		char name[FIREWALL_PROXY];

		if (!has_proxy_port(&p->wanted, port) ||
		    !has_proxy_port(&p->listening, port))
			continue;
		firewall_proxy_name(name, port);
		sample_object(out, LAYER_NETFILTER, "", name, 0);
		sample_row(out, &firewall_listening, port);
	}
}

static int find_listening(struct netlink *nl, struct proxies *p)
{
	int r = dump_proxy_sockets(nl, IPPROTO_TCP, 1u << TCP_LISTEN, p);

	return r < 0 ? r : dump_proxy_sockets(nl, IPPROTO_UDP, UINT32_MAX, p);
}

static int read_proxies(struct probe_env *env, struct sample *out)
{
	struct proxies p = {.any = false};
	int r;

	find_proxies(out, &p);
	if (!p.any)
		return 0;
	r = find_listening(env->netlink, &p);
	if (r == 0)
		append_proxies(&p, out);
	return r;
}

static int proxy_read(struct probe_env *env, struct sample *out)
{
	if (!out->then || !ip_gaps_are_open(out))
		return 0;
	return read_proxies(env, out);
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
	.others = firewall_others,
	.after = proxy_after,
	.read = proxy_read,
	.explain_hidden = firewall_explain_proxied,
};
