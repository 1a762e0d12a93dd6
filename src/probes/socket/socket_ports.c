/* SPDX-License-Identifier: MIT */
#include "probes/socket/socket_ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"
#include "model/delta.h"
#include "probes/socket/socket.h"

int socket_parse(const struct nlmsghdr *h, struct socket_info *ret)
{
	struct nlattr *attrs[INET_DIAG_SKMEMINFO + 1];
	uint32_t memory[SK_MEMINFO_DROPS + 1];
	struct inet_diag_msg m;

	if (nlmsg_datalen(h) < (int)sizeof(m) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(m), attrs,
			INET_DIAG_SKMEMINFO, NULL) < 0)
		return -EBADMSG;
	memcpy(&m, nlmsg_data(h), sizeof(m));
	*ret = (struct socket_info) {
		.cookie = (uint64_t)m.id.idiag_cookie[1] << 32 |
			  m.id.idiag_cookie[0],
		.port = ntohs(m.id.idiag_sport),
		.queue = m.idiag_rqueue,
		.limit = m.idiag_wqueue,
		.inode = m.idiag_inode,
	};
	if (!attr_copy(memory, sizeof(memory), attrs[INET_DIAG_SKMEMINFO]))
		return 0;
	ret->drops = memory[SK_MEMINFO_DROPS];
	ret->rcvbuf = memory[SK_MEMINFO_RCVBUF];
	ret->queued = memory[SK_MEMINFO_RMEM_ALLOC];
	ret->has_memory = true;
	return 0;
}

/* Takes up what the dump before remembered. */
static void take_up(struct socket_dump *d, const struct socket_memory *before)
{
	d->before = *before;
	d->ports_before = (const struct socket_port *)(before + 1);
	d->seen_before = (const struct socket_seen *)(d->ports_before +
						      before->n_ports +
						      before->n_listeners);
	d->n_ports = before->n_ports;
	for (uint32_t i = 0; i < d->n_ports; i++) {
		struct socket_port *p = &d->ports[i];

		*p = d->ports_before[i];
		p->added = p->most = 0;
		p->known = true;
	}
}

void socket_dump_begin(struct socket_dump *d, const struct sample *then,
		       uint8_t source, struct socket_seen *seen, uint32_t max)
{
	size_t n;
	const struct socket_memory *before = sample_memory(then, source, &n);

	memset(d, 0, offsetof(struct socket_dump, ports));
	d->seen = seen;
	d->max_seen = max;
	if (before)
		take_up(d, before);
	d->baseline[SOCKET_UDP] = !d->before.dumped &&
				  (!then || !(then->sources & 1u << source));
	d->baseline[SOCKET_RAW] = !then;
}

/* The heap of those that dropped most: the least of them is the first. */
static void sift_down(struct socket_seen *seen, uint32_t n, uint32_t at)
{
	for (;;) {
		uint32_t child = 2 * at + 1;
		struct socket_seen swap = seen[at];

		if (child + 1 < n && seen[child + 1].drops < seen[child].drops)
			child++;
		if (child >= n || seen[child].drops >= swap.drops)
			return;
		seen[at] = seen[child];
		seen[child] = swap;
		at = child;
	}
}

/*
 * Remembers a socket. Only when there are too many are they ordered: else
 * they stay as the kernel has them, and are found at once the next time.
 */
static void remember(struct socket_dump *d, uint64_t cookie, uint32_t drops)
{
	struct socket_seen new = {cookie, drops};

	if (d->n_seen < d->max_seen) {
		d->seen[d->n_seen++] = new;
		for (uint32_t i = d->n_seen / 2;
		     d->n_seen == d->max_seen && i-- > 0;)
			sift_down(d->seen, d->n_seen, i);
		return;
	}
	if (new.drops > d->seen[0].drops) {
		uint32_t least = d->seen[0].drops;

		d->seen[0] = new;
		new.drops = least;
		sift_down(d->seen, d->n_seen, 0);
	}
	if (new.drops > d->floor)
		d->floor = new.drops;
}

/* A table that changes while it is dumped may show a socket twice. */
static bool is_seen(const struct socket_dump *d, uint64_t cookie)
{
	for (uint32_t i = 0; i < d->n_seen; i++)
		if (d->seen[i].cookie == cookie)
			return true;
	return false;
}

/* A socket as it was at the last dump, looked for from the hint on, or NULL. */
static const struct socket_seen *find_seen(struct socket_dump *d,
					   uint64_t cookie)
{
	for (uint32_t i = 0; i < d->before.n_seen; i++) {
		uint32_t at = (d->hint + i) % d->before.n_seen;

		if (d->seen_before[at].cookie != cookie)
			continue;
		d->hint = at + 1;
		return &d->seen_before[at];
	}
	return NULL;
}

/* What a socket has dropped since the last dump; never more than it did. */
static uint64_t added_by(struct socket_dump *d, const struct socket_info *s)
{
	const struct socket_seen *seen = find_seen(d, s->cookie);
	uint64_t now = s->drops, delta;

	if (seen)
		return delta_of(seen->drops, &now, 32, &delta) ? delta : 0;
	return now > d->before.floor ? now - d->before.floor : 0;
}

/*
 * The entry of a port, a new one, or that of all further ports of UDP; NULL:
 * there is no room for a raw socket's.
 */
static struct socket_port *get_port(struct socket_dump *d,
				    const struct socket_info *s)
{
	struct socket_port *other = NULL;
	uint16_t port = s->port;
	uint32_t named = 0;

	for (uint32_t i = 0; i < d->n_ports; i++) {
		struct socket_port *p = &d->ports[i];

		if (p->worst.port == port && p->worst.kind == s->kind)
			return p;
		if (p->worst.port)
			named++;
		else
			other = p;
	}
	if (named >= SOCKET_PORTS && (other || s->kind == SOCKET_RAW))
		return s->kind == SOCKET_RAW ? NULL : other;
	other = &d->ports[d->n_ports++];
	*other = (struct socket_port) {
		.worst.port = named < SOCKET_PORTS ? port : 0,
		.worst.kind = s->kind,
	};
	return other;
}

/* A port as the read before left it, or NULL. */
static const struct socket_port *port_before(const struct socket_dump *d,
					     uint16_t port, uint8_t kind,
					     bool listener)
{
	uint32_t first = listener ? d->before.n_ports : 0;
	uint32_t n = listener ? d->before.n_listeners : d->before.n_ports;

	for (uint32_t i = first; i < first + n; i++)
		if (d->ports_before[i].worst.port == port &&
		    d->ports_before[i].worst.kind == kind)
			return &d->ports_before[i];
	return NULL;
}

/* Makes a socket the worst of its port, whose label may be another's now. */
static void set_worst(const struct socket_dump *d, struct socket_port *p,
		      const struct socket_info *s, bool listener)
{
	uint16_t port = p->worst.port;
	const struct socket_port *before =
		port_before(d, port, s->kind, listener);

	p->worst = *s;
	p->worst.port = port;
	p->label[0] = '\0';
	p->searched = 0;
	if (!before || before->worst.inode != s->inode)
		return;
	p->searched = before->searched;
	memcpy(p->label, before->label, sizeof(p->label));
}

void socket_dump_socket(struct socket_dump *d, const struct socket_info *s)
{
	struct socket_port *p;
	uint64_t added;

	d->without_drops |= !s->has_memory;
	if (!s->drops || is_seen(d, s->cookie))
		return;
	added = added_by(d, s);
	remember(d, s->cookie, s->drops);
	p = added ? get_port(d, s) : NULL;
	if (!p)
		return;
	p->drops += added;
	p->added += added;
	if (added <= p->most)
		return;
	p->most = added;
	set_worst(d, p, s, false);
}

void socket_dump_keep(struct socket_dump *d, enum socket_kind kind)
{
	for (uint32_t i = 0; i < d->before.n_seen; i++) {
		const struct socket_seen *seen = &d->seen_before[i];

		bool is_raw = seen->cookie & SOCKET_RAW_COOKIE;

		if (is_raw == (kind == SOCKET_RAW))
			remember(d, seen->cookie, seen->drops);
	}
	if (kind == SOCKET_UDP && d->floor < d->before.floor)
		d->floor = d->before.floor;
}

/* Whether a is nearer to its limit than b. */
static bool is_fuller(const struct socket_info *a, const struct socket_info *b)
{
	return (uint64_t)a->queue * ((uint64_t)b->limit + 1) >
	       (uint64_t)b->queue * ((uint64_t)a->limit + 1);
}

static struct socket_port *get_listener(struct socket_dump *d,
					const struct socket_info *s)
{
	struct socket_port *least = NULL;

	for (uint32_t i = 0; i < d->n_listeners; i++) {
		struct socket_port *p = &d->listeners[i];

		if (p->worst.port == s->port)
			return is_fuller(s, &p->worst) ? p : NULL;
		if (!least || is_fuller(&least->worst, &p->worst))
			least = p;
	}
	if (d->n_listeners < ARRAY_SIZE(d->listeners))
		return &d->listeners[d->n_listeners++];
	return is_fuller(s, &least->worst) ? least : NULL;
}

void socket_dump_listener(struct socket_dump *d, const struct socket_info *s)
{
	struct socket_port *p;

	if (!s->queue || (uint64_t)s->queue * 2 < s->limit)
		return;
	p = get_listener(d, s);
	if (!p)
		return;
	*p = (struct socket_port) {.worst.port = s->port};
	set_worst(d, p, s, true);
}

static void append_port(const struct socket_dump *d,
			const struct socket_port *p, struct sample *out)
{
	bool raw = p->worst.kind == SOCKET_RAW;
	char name[32] = "udp_other_drops";

	if (p->worst.port)
		snprintf(name, sizeof(name), "%s_%u_drops", raw ? "raw" : "udp",
			 p->worst.port);
	sample_object(out, LAYER_SOCKET, "", name, 0);
	sample_label(out, p->label);
	sample_row(out, raw ? &socket_raw_drops : &socket_udp_drops, p->drops);
	if (!p->known && !d->baseline[p->worst.kind])
		sample_began(out);
	sample_row(out, &socket_fact_port, p->worst.port);
	if (raw)
		return;
	sample_row(out, &socket_fact_rcvbuf, p->worst.rcvbuf);
	sample_row(out, &socket_fact_queued, p->worst.queued);
}

static void append_listener(const struct socket_port *p, struct sample *out)
{
	char name[32];

	snprintf(name, sizeof(name), "tcp_%u_accept", p->worst.port);
	sample_object(out, LAYER_SOCKET, "", name, 0);
	sample_label(out, p->label);
	sample_row(out, &socket_tcp_accept, p->worst.queue);
	sample_row(out, &socket_fact_limit, p->worst.limit);
	sample_row(out, &socket_fact_port, p->worst.port);
}

/* What was seen before goes on, unless a dump replaces it. */
static void remember_dump(const struct socket_dump *d, struct sample *out)
{
	const struct socket_seen *seen = d->dumped ? d->seen : d->seen_before;
	const struct socket_memory m = {
		.n_ports = d->n_ports,
		.n_listeners = d->n_listeners,
		.n_seen = d->dumped ? d->n_seen : d->before.n_seen,
		.floor = d->dumped ? d->floor : d->before.floor,
		.dumped = d->dumped || d->before.dumped,
	};

	if (!m.dumped && !m.n_listeners)
		return;
	sample_remember(out, &m, sizeof(m));
	sample_remember(out, d->ports, d->n_ports * sizeof(*d->ports));
	sample_remember(out, d->listeners,
			d->n_listeners * sizeof(*d->listeners));
	if (m.n_seen)
		sample_remember(out, seen, m.n_seen * sizeof(*seen));
}

void socket_dump_append(const struct socket_dump *d, struct sample *out)
{
	for (uint32_t i = 0; i < d->n_ports; i++)
		append_port(d, &d->ports[i], out);
	for (uint32_t i = 0; i < d->n_listeners; i++)
		append_listener(&d->listeners[i], out);
	remember_dump(d, out);
}
