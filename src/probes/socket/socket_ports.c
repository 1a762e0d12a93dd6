/* SPDX-License-Identifier: MIT */
/*
 * From the sockets of a dump to totals of their ports. Pure. Totals only grow:
 * to each is added what its sockets dropped since the last dump, so one that
 * closes takes nothing back, and what it dropped after that dump is missing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "model/delta.h"
#include "kernel/attr.h"
#include "kernel/netlink.h"
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
		.uid = m.idiag_uid,
	};
	if (!attr_copy(memory, sizeof(memory), attrs[INET_DIAG_SKMEMINFO]))
		return 0;
	ret->drops = memory[SK_MEMINFO_DROPS];
	ret->rcvbuf = memory[SK_MEMINFO_RCVBUF];
	ret->has_memory = true;
	return 0;
}

static uint64_t value_of(const struct sample *s, const struct object *o,
			 const struct counter *c)
{
	const struct row *row = object_row(s, o, c);

	return row ? row->value : 0;
}

/* What is known of a port from an object of the previous sample. */
static void recall(struct socket_port *p, const struct sample *then,
		   const struct object *o)
{
	*p = (struct socket_port) {
		.drops = value_of(then, o, &socket_udp_drops),
		.searched = value_of(then, o, &socket_fact_searched),
		.worst =
			{
				.port = (uint16_t)value_of(then, o,
							   &socket_fact_port),
				.rcvbuf =
					value_of(then, o, &socket_fact_rcvbuf),
				.inode = value_of(then, o, &socket_fact_inode),
				.uid = value_of(then, o, &socket_fact_uid),
			},
		.known = true,
	};
	snprintf(p->label, sizeof(p->label), "%s", object_label(then, o));
}

void socket_dump_begin(struct socket_dump *d, const struct sample *then,
		       uint8_t source, struct socket_seen *seen, uint32_t max)
{
	*d = (struct socket_dump) {
		.then = then,
		.source = source,
		.seen = seen,
		.max_seen = max,
	};
	for (uint32_t i = 0; then && i < then->n_objects; i++) {
		const struct object *o = &then->objects[i];

		if (o->layer != LAYER_SOCKET || o->source != source)
			continue;
		if (object_row(then, o, &socket_fact_floor))
			d->memory = o;
		else if (object_row(then, o, &socket_udp_drops) &&
			 d->n_ports < ARRAY_SIZE(d->ports))
			recall(&d->ports[d->n_ports++], then, o);
	}
	d->baseline = !d->memory && (!then || !(then->sources & 1u << source));
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
static void remember(struct socket_dump *d, const struct socket_info *s)
{
	struct socket_seen new = {s->cookie, s->drops};

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

/* The drops of a socket at the last dump, looked for from the hint on. */
static bool find_memory(struct socket_dump *d, uint64_t cookie, uint64_t *ret)
{
	const struct row *rows;
	uint32_t n;

	if (!d->memory)
		return false;
	rows = &d->then->rows[d->memory->first + 1];
	n = (d->memory->n - 1) / 2;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (d->hint + i) % n;

		if (rows[2 * at].value != cookie)
			continue;
		d->hint = at + 1;
		*ret = rows[2 * at + 1].value;
		return true;
	}
	return false;
}

/* What a socket has dropped since the last dump; never more than it did. */
static uint64_t added_by(struct socket_dump *d, const struct socket_info *s)
{
	uint64_t before, now = s->drops, delta, floor = 0;

	if (find_memory(d, s->cookie, &before))
		return delta_of(before, &now, 32, &delta) ? delta : 0;
	if (d->memory)
		floor = value_of(d->then, d->memory, &socket_fact_floor);
	return now > floor ? now - floor : 0;
}

/* The entry of a UDP port, a new one, or that of all further ports. */
static struct socket_port *get_port(struct socket_dump *d, uint16_t port)
{
	struct socket_port *other = NULL;
	uint32_t named = 0;

	for (uint32_t i = 0; i < d->n_ports; i++) {
		struct socket_port *p = &d->ports[i];

		if (p->worst.port == port)
			return p;
		if (p->worst.port)
			named++;
		else
			other = p;
	}
	if (named >= SOCKET_PORTS && other)
		return other;
	other = &d->ports[d->n_ports++];
	*other = (struct socket_port) {.worst.port = named < SOCKET_PORTS ? port
									  : 0};
	return other;
}

/* Makes a socket the worst of its port, whose label may be another's now. */
static void set_worst(struct socket_dump *d, struct socket_port *p,
		      const struct socket_info *s, bool listener)
{
	uint16_t port = p->worst.port;
	const struct object *o;
	uint32_t hint = 0;
	char name[32];

	p->worst = *s;
	p->worst.port = port;
	p->label[0] = '\0';
	p->searched = 0;
	socket_port_name(p, listener, name, sizeof(name));
	o = d->then ? sample_find(d->then, LAYER_SOCKET, "", name, &hint)
		    : NULL;
	if (!o || value_of(d->then, o, &socket_fact_inode) != s->inode)
		return;
	p->searched = value_of(d->then, o, &socket_fact_searched);
	snprintf(p->label, sizeof(p->label), "%s", object_label(d->then, o));
}

void socket_dump_udp(struct socket_dump *d, const struct socket_info *s)
{
	struct socket_port *p;
	uint64_t added;

	d->without_drops |= !s->has_memory;
	if (!s->drops || is_seen(d, s->cookie))
		return;
	added = added_by(d, s);
	remember(d, s);
	if (!added)
		return;
	p = get_port(d, s->port);
	p->drops += added;
	p->added += added;
	if (added <= p->most)
		return;
	p->most = added;
	set_worst(d, p, s, false);
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

void socket_port_name(const struct socket_port *p, bool listener, char *name,
		      size_t size)
{
	if (listener)
		snprintf(name, size, "tcp_%u_accept", p->worst.port);
	else if (p->worst.port)
		snprintf(name, size, "udp_%u_drops", p->worst.port);
	else
		snprintf(name, size, "udp_other_drops");
}

static void append_facts(const struct socket_port *p, struct sample *out)
{
	sample_row(out, &socket_fact_port, p->worst.port);
	sample_row(out, &socket_fact_inode, p->worst.inode);
	sample_row(out, &socket_fact_uid, p->worst.uid);
	sample_row(out, &socket_fact_searched, p->searched);
}

static void append_port(const struct socket_dump *d,
			const struct socket_port *p, struct sample *out)
{
	char name[32];

	socket_port_name(p, false, name, sizeof(name));
	sample_object(out, LAYER_SOCKET, "", name, 0);
	sample_label(out, p->label);
	sample_row(out, &socket_udp_drops, p->drops);
	if (!p->known && !d->baseline)
		sample_began(out);
	sample_row(out, &socket_fact_rcvbuf, p->worst.rcvbuf);
	append_facts(p, out);
}

static void append_listener(const struct socket_port *p, struct sample *out)
{
	char name[32];

	socket_port_name(p, true, name, sizeof(name));
	sample_object(out, LAYER_SOCKET, "", name, 0);
	sample_label(out, p->label);
	sample_row(out, &socket_tcp_accept, p->worst.queue);
	sample_row(out, &socket_fact_limit, p->worst.limit);
	append_facts(p, out);
}

static void append_memory(const struct socket_dump *d, struct sample *out)
{
	const struct object *o = d->memory;

	if (!o && !d->dumped)
		return;
	sample_object(out, LAYER_SOCKET, "", SOCKET_MEMORY, 0);
	for (uint32_t i = 0; !d->dumped && i < o->n; i++) {
		const struct row *row = &d->then->rows[o->first + i];

		sample_row(out, row->counter, row->value);
	}
	if (!d->dumped)
		return;
	sample_row(out, &socket_fact_floor, d->floor);
	for (uint32_t i = 0; i < d->n_seen; i++) {
		sample_row(out, &socket_fact_cookie, d->seen[i].cookie);
		sample_row(out, &socket_fact_drops, d->seen[i].drops);
	}
}

void socket_dump_append(const struct socket_dump *d, struct sample *out)
{
	append_memory(d, out);
	for (uint32_t i = 0; i < d->n_ports; i++)
		append_port(d, &d->ports[i], out);
	for (uint32_t i = 0; i < d->n_listeners; i++)
		append_listener(&d->listeners[i], out);
}
