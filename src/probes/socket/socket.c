/* SPDX-License-Identifier: MIT */
#include "probes/socket/socket.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "kernel/sockdiag.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket_owner.h"
#include "probes/socket/socket_ports.h"
#include "probes/socket/socket_private.h"
#include "probes/socket/socket_raw.h"

/* More than this is not worth its time: each is compared with all others. */
#define MAX_SEEN 4096
/* A search for processes costs more than a dump. */
#define SEARCH_NS UINT64_C(60000000000)

/*
 * What a layer has lost in a direction, by all that counts it: whoever loses
 * moves the sum. Modulo 2^32, for counters that may have been widened.
 */
static uint32_t sum_lost(const struct sample *s, enum layer layer,
			 enum direction direction)
{
	uint32_t hint = 0, sum = 0;
	const struct object *o = sample_find(s, layer, "", "", &hint);

	if (!o)
		return 0;
	EACH_ROW (s, o, row)
		if (row->counter->direction == direction &&
		    (row->counter->kind == KIND_LOST ||
		     row->counter->kind == KIND_PART))
			sum += (uint32_t)row->value;
	return sum;
}

/*
 * Whether UDP has lost since what is known of its sockets was true: since the
 * last read, or since ever.
 */
static bool is_udp_due(const struct sample *then, const struct sample *now)
{
	uint32_t lost = sum_lost(now, LAYER_UDP, DIR_RX);

	if (!then || !(then->sources & 1u << now->source))
		return lost != 0;
	return lost != sum_lost(then, LAYER_UDP, DIR_RX);
}

static bool is_tcp_due(const struct sample *then, const struct sample *now)
{
	return then && sum_lost(now, LAYER_TCP, DIR_LISTEN) !=
			       sum_lost(then, LAYER_TCP, DIR_LISTEN);
}

static int on_udp(const struct nlmsghdr *h, void *arg)
{
	struct socket_info s;
	int r = socket_parse(h, &s);

	if (r == 0)
		socket_dump_socket(arg, &s);
	return r;
}

static int on_listener(const struct nlmsghdr *h, void *arg)
{
	struct socket_info s;
	int r = socket_parse(h, &s);

	if (r == 0)
		socket_dump_listener(arg, &s);
	return r;
}

static int dump_udp(struct netlink *nl, struct socket_dump *d)
{
	int r = sockdiag_available(nl, IPPROTO_UDP);

	if (r == 0)
		r = sockdiag_dump(nl, IPPROTO_UDP, UINT32_MAX,
				  INET_DIAG_SKMEMINFO, on_udp, d);
	if (r < 0)
		return r;
	d->dumped = true;
	return d->without_drops ? -EOPNOTSUPP : 0;
}

static int dump_listeners(struct netlink *nl, struct socket_dump *d)
{
	int r = sockdiag_available(nl, IPPROTO_TCP);

	if (r < 0)
		return r;
	return sockdiag_dump(nl, IPPROTO_TCP, 1u << TCP_LISTEN, 0, on_listener,
			     d);
}

static bool is_search_due(const struct socket_port *p, uint64_t now)
{
	return p->worst.inode &&
	       (!p->searched || now - p->searched >= SEARCH_NS);
}

/* Names the processes of the ports that lost now and are not named yet. */
static void find_owners(const struct probe_env *env, struct socket_dump *d,
			uint64_t now)
{
	struct socket_port *wanted[ARRAY_SIZE(d->ports) + SOCKET_LISTENERS];
	size_t n = 0;

	for (uint32_t i = 0; i < d->n_ports; i++)
		if (d->ports[i].added && is_search_due(&d->ports[i], now))
			wanted[n++] = &d->ports[i];
	for (uint32_t i = 0; i < d->n_listeners; i++)
		if (is_search_due(&d->listeners[i], now))
			wanted[n++] = &d->listeners[i];
	if (!n)
		return;
	socket_find_owners(env, wanted, n);
	for (size_t i = 0; i < n; i++)
		wanted[i]->searched = now;
}

static bool is_absent(int r)
{
	return r == -ENOENT || r == -EOPNOTSUPP;
}

/*
 * Dumps what is due. A source that is absent says so only where nothing else
 * was read and nothing is known that has to go on.
 */
static int dump(struct probe_env *env, struct socket_dump *d, bool udp,
		bool tcp)
{
	int r = udp ? dump_udp(env->netlink, d) : -ENOENT;

	if (tcp && (r == 0 || is_absent(r))) {
		int listeners = dump_listeners(env->netlink, d);

		r = is_absent(listeners) ? r : listeners;
	}
	return is_absent(r) && d->before.dumped ? 0 : r;
}

/* Room for lines in the buffer, behind that for sockets. */
#define RAW_TEXT 16384

static uint32_t seen_limit(const struct probe_env *env)
{
	size_t room = (env->size - RAW_TEXT) / sizeof(struct socket_seen);
	size_t max = env->max_sockets ? env->max_sockets : 1;

	max = max < room ? max : room;
	return max < MAX_SEEN ? max : MAX_SEEN;
}

/*
 * Adds raw sockets where they are due. What was not dumped is as it was.
 * Returns whether some have dropped, or negative errno.
 */
static int add_raw(struct probe_env *env, struct socket_dump *d, bool due)
{
	bool udp = d->dumped, some;
	uint32_t n = d->n_seen;
	int r = 0;

	if (due)
		r = socket_raw_read(env, env->buffer + env->size - RAW_TEXT,
				    RAW_TEXT, d);
	if (r < 0)
		return r;
	some = d->n_seen > n;
	d->dumped |= some || (due && d->before.dumped);
	if (!due && d->dumped)
		socket_dump_keep(d, SOCKET_RAW);
	if (!udp && d->dumped)
		socket_dump_keep(d, SOCKET_UDP);
	return some;
}

/* Whether UDP could not be read: it is not there, or what it was before. */
static bool is_unasked(const struct sample *s)
{
	uint32_t hint = 0;
	const struct object *o = sample_find(s, LAYER_UDP, "", "", &hint);

	return !o || o->stale;
}

/*
 * Stands behind the probe of UDP and TCP: their rows of this read decide, for
 * a dump walks tables of the whole host. What they do not ask for goes on as
 * it was, but for levels; what they could not ask for is as unknown as they.
 */
static int socket_read(struct probe_env *env, struct sample *out)
{
	bool udp = is_udp_due(out->then, out), tcp = is_tcp_due(out->then, out);
	struct socket_dump d;
	int r = 0, raw;

	if (!env->netlink)
		return -ENOENT;
	if (is_unasked(out))
		return out->then && sample_carry(out, out->then, out->source)
			       ? 0
			       : -ENOENT;
	socket_dump_begin(&d, out->then, out->source, (void *)env->buffer,
			  seen_limit(env));
	if (udp || tcp)
		r = dump(env, &d, udp, tcp);
	else
		r = sockdiag_offered(env->netlink);
	if (r < 0 && !is_absent(r))
		return r;
	raw = add_raw(env, &d, socket_raw_is_due(out));
	if (raw < 0)
		return raw;
	if (!raw && r < 0 && !d.before.dumped)
		return r;
	find_owners(env, &d, out->mono_ns);
	socket_dump_append(&d, out);
	return 0;
}

const struct probe socket_probe = {
	.name = "socket",
	.what = "sockets that lose packets",
	.reads = "sock_diag, where UDP or TCP lost packets; /proc/net/raw and "
		 "raw6, where packets came for other protocols",
	.layer = LAYER_SOCKET,
	.absent = ABSENT_NO_ENTRY | ABSENT_NO_SUPPORT | ABSENT_AGAIN,
	.counters = &socket_table,
	.others = socket_facts,
	.explainers = socket_explainers,
	.reasons = socket_reasons,
	.explain_hidden = socket_explain_hidden,
	.attribute = socket_attribute,
	.names_objects = true,
	.after = (const struct probe *const[]) {&snmp_probe, NULL},
	.read = socket_read,
};
