/* SPDX-License-Identifier: MIT */
/* Which sockets lose packets and connections, and whose they are. */
#include "probes/socket/socket_owner.h"
#include "probes/socket/socket_private.h"

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
	ret->reason = &socket_reasons[SOCKET_ACCEPT_QUEUE];
	socket_describe_owner(suspect->sample, o, owner, sizeof(owner));
	CAUSE_TEXT(ret, "accept queue of TCP port %llu%s %s: %llu of %llu",
		   (unsigned long long)port, owner,
		   queue > limit ? "is full" : "was full or is filling",
		   (unsigned long long)queue, (unsigned long long)limit);
	CAUSE_REMEDY(ret, "Accept faster or raise the backlog of listen(), "
			  "limit: `sysctl net.core.somaxconn`");
	return true;
}

/* clang-format off */
const struct explainer socket_explainers[] = {
	{LAYER_UDP, socket_explain_udp},
	{LAYER_TCP, explain_listener},
	{0, NULL},
};
/* clang-format on */
