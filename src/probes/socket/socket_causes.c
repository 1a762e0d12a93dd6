/* SPDX-License-Identifier: MIT */
/* Which sockets lose packets and connections, and whose they are. */
#include "probes/socket/socket.h"

/* " (nginx[42])", or nothing where the process is not known. */
static void describe_owner(const struct sample *s, const struct object *o,
			   char *buffer, size_t size)
{
	const char *label = object_label(s, o);

	snprintf(buffer, size, label[0] ? " (%.31s)" : "%s", label);
}

/* The port whose sockets dropped most; *ret_n: how many ports there are. */
static const struct object *worst_port(const struct sample *s, uint64_t *ret,
				       unsigned *ret_n)
{
	const struct object *worst = NULL;
	uint64_t most = 0;

	*ret = 0;
	*ret_n = 0;
	EACH_OBJECT (s, o) {
		const struct row *row = object_row(s, o, &socket_udp_drops);

		if (!row || o->stale || !row_moved(row))
			continue;
		*ret += row->delta;
		*ret_n += 1;
		if (row->delta <= most)
			continue;
		most = row->delta;
		worst = o;
	}
	return worst;
}

/* Sockets that dropped at least half of it; those that closed are not known. */
static bool explain_udp(const struct suspect *suspect, struct cause *ret)
{
	uint64_t dropped, port = 0, rcvbuf = 0;
	char owner[48], others[48] = "";
	const struct object *o;
	unsigned n;

	if (suspect->row->counter->tag != TAG_RCVBUF_ERRORS)
		return false;
	o = worst_port(suspect->sample, &dropped, &n);
	if (!o || dropped * 2 < suspect->row->delta ||
	    !object_get(suspect->sample, o, &socket_fact_port, &port) ||
	    !port ||
	    !object_get(suspect->sample, o, &socket_fact_rcvbuf, &rcvbuf))
		return false;
	describe_owner(suspect->sample, o, owner, sizeof(owner));
	if (n > 1)
		snprintf(others, sizeof(others), "; so are those of %u more",
			 n - 1);
	CAUSE_TEXT(ret,
		   "receive buffer of UDP port %llu%s is full: SO_RCVBUF %llu "
		   "bytes%s",
		   (unsigned long long)port, owner, (unsigned long long)rcvbuf,
		   others);
	CAUSE_REMEDY(ret, "Read faster or raise SO_RCVBUF; limit: "
			  "sysctl net.core.rmem_max");
	return true;
}

/* The listener whose accept queue is nearest to its limit, or over it. */
static const struct object *fullest_listener(const struct suspect *suspect,
					     uint64_t *ret_queue,
					     uint64_t *ret_limit)
{
	const struct sample *s = suspect->sample;
	const struct object *fullest = NULL;

	EACH_OBJECT (s, o) {
		uint64_t queue, limit;

		if (o->stale || !object_get(s, o, &socket_tcp_accept, &queue) ||
		    !object_get(s, o, &socket_fact_limit, &limit) ||
		    (fullest &&
		     queue * (*ret_limit + 1) <= *ret_queue * (limit + 1)))
			continue;
		fullest = o;
		*ret_queue = queue;
		*ret_limit = limit;
	}
	return fullest;
}

static bool explain_listener(const struct suspect *suspect, struct cause *ret)
{
	enum tag tag = suspect->row->counter->tag;
	uint64_t port = 0, queue = 0, limit = 0;
	const struct object *o;
	char owner[48];

	if (tag != TAG_LISTEN_DROPS && tag != TAG_LISTEN_OVERFLOWS)
		return false;
	o = fullest_listener(suspect, &queue, &limit);
	if (!o || !queue || queue * 2 < limit || /* another one was it */
	    !object_get(suspect->sample, o, &socket_fact_port, &port))
		return false;
	describe_owner(suspect->sample, o, owner, sizeof(owner));
	CAUSE_TEXT(ret, "accept queue of TCP port %llu%s %s: %llu of %llu",
		   (unsigned long long)port, owner,
		   queue > limit ? "is full" : "was full or is filling",
		   (unsigned long long)queue, (unsigned long long)limit);
	CAUSE_REMEDY(ret, "Accept faster or raise the backlog of listen() and "
			  "net.core.somaxconn");
	return true;
}

/* clang-format off */
const struct explainer socket_explainers[] = {
	{LAYER_UDP, explain_udp},
	{LAYER_TCP, explain_listener},
	{0, NULL},
};
/* clang-format on */
