/* SPDX-License-Identifier: MIT */
/* Which sockets lose packets and connections, and whose they are. */
#include <stdarg.h>
#include <stdio.h>

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

/* Adds to what is said of a cause. */
__attribute__((format(printf, 2, 3))) static void say_more(struct cause *ret,
							   const char *format,
							   ...)
{
	size_t used = strlen(ret->text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(ret->text + used, sizeof(ret->text) - used, format,
			args);
	va_end(args);
}

/*
 * Others whose queue is over its limit: "; so is that of 6002 (b[5]): 2 of 1,
 * and 2 more". Which of them lost how much is not told: one counter has all.
 */
static void describe_other_listeners(const struct sample *s,
				     const struct object *named,
				     struct cause *ret)
{
	size_t n = 0;

	EACH_OBJECT (s, o) {
		uint64_t queue, limit, port;
		char owner[48];

		if (o == named || o->stale ||
		    !object_get(s, o, &socket_tcp_accept, &queue) ||
		    !object_get(s, o, &socket_fact_limit, &limit) ||
		    !object_get(s, o, &socket_fact_port, &port) ||
		    queue <= limit || n++)
			continue;
		socket_describe_owner(s, o, owner, sizeof(owner));
		say_more(ret, "; so is that of %llu%s: %llu of %llu",
			 (unsigned long long)port, owner,
			 (unsigned long long)queue, (unsigned long long)limit);
	}
	if (n > 1)
		say_more(ret, ", and %zu more", n - 1);
}

/* What no queue of accept() explains has several reasons, counted alike. */
static bool explain_backlog(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_LISTEN_DROPS)
		return false;
	ret->reason = &socket_reasons[SOCKET_SYN_BACKLOG];
	ret->known = false;
	CAUSE_TEXT(ret, "no accept queue is full: the SYN backlog is, and SYN "
			"cookies are off, or there was no memory, or no route "
			"for the answer");
	CAUSE_REMEDY(ret, "See who waits: `ss -tan state syn-recv`; switch "
			  "cookies on or let more wait: `sysctl "
			  "net.ipv4.tcp_syncookies "
			  "net.ipv4.tcp_max_syn_backlog`");
	return true;
}

/* Others that may be full while none looks: half of its queue is enough. */
static void blame_listeners(const struct sample *s,
			    const struct object *fullest, struct cause *ret)
{
	cause_blame_number(ret, object_value(s, fullest, &socket_fact_port, 0));
	EACH_OBJECT (s, o) {
		uint64_t queue, limit, port;

		if (o != fullest && !o->stale &&
		    object_get(s, o, &socket_tcp_accept, &queue) &&
		    object_get(s, o, &socket_fact_limit, &limit) &&
		    object_get(s, o, &socket_fact_port, &port) && queue &&
		    queue * 2 >= limit)
			cause_blame_number(ret, port);
	}
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
	if (queue > limit)
		describe_other_listeners(suspect->sample, o, ret);
	blame_listeners(suspect->sample, o, ret);
	CAUSE_REMEDY(ret, "Accept faster or raise the backlog and "
			  "`sysctl net.core.somaxconn`");
	return true;
}

/* What the raw sockets of a protocol dropped in the interval. */
static uint64_t raw_dropped_by(const struct sample *s, const struct object *o)
{
	const struct row *row;

	if (o->layer != LAYER_SOCKET || !o->moved || o->stale)
		return 0;
	row = object_row(s, o, &socket_raw_drops);
	return row && row_moved(row) ? row->delta : 0;
}

/* What all of them dropped; *ret: the worst one. */
static uint64_t raw_dropped(const struct sample *s, const struct object **ret)
{
	uint64_t sum = 0, most = 0;

	*ret = NULL;
	EACH_OBJECT (s, o) {
		uint64_t n = raw_dropped_by(s, o);

		sum += n;
		if (n > most) {
			most = n;
			*ret = o;
		}
	}
	return sum;
}

/* " (116 packets); so are those of 151 (b[5]): 86, and 2 more" */
static void describe_other_raws(const struct sample *s,
				const struct object *named, struct cause *ret)
{
	uint64_t most = raw_dropped_by(s, named);
	size_t n = 0;

	EACH_OBJECT (s, o) {
		uint64_t dropped = raw_dropped_by(s, o);
		char owner[48];

		if (o == named || !dropped || n++)
			continue;
		socket_describe_owner(s, o, owner, sizeof(owner));
		say_more(ret, " (%llu packets); so is that of %llu%s: %llu",
			 (unsigned long long)most,
			 (unsigned long long)object_value(s, o,
							  &socket_fact_port, 0),
			 owner, (unsigned long long)dropped);
	}
	if (n > 1)
		say_more(ret, ", and %zu more", n - 1);
}

static void describe_raw(const struct sample *s, const struct object *worst,
			 struct cause *ret)
{
	char owner[48];

	ret->reason = &socket_reasons[SOCKET_RAW_FULL];
	socket_describe_owner(s, worst, owner, sizeof(owner));
	CAUSE_TEXT(ret,
		   "raw socket of protocol %llu%s is full: its program reads "
		   "too slowly",
		   (unsigned long long)object_value(s, worst, &socket_fact_port,
						    0),
		   owner);
	describe_other_raws(s, worst, ret);
	cause_blame_number(ret, object_value(s, worst, &socket_fact_port, 0));
	EACH_OBJECT (s, o)
		if (o != worst && raw_dropped_by(s, o))
			cause_blame_number(
				ret, object_value(s, o, &socket_fact_port, 0));
	CAUSE_REMEDY(ret, "Read faster or raise SO_RCVBUF, limit: "
			  "`sysctl net.core.rmem_max`; `ss -wamp` shows drops "
			  "(d)");
}

/* Packets for a protocol that nobody takes, or whose raw socket is full. */
static bool explain_protocol(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;
	const struct object *worst;

	if (c->tag != TAG_UNKNOWN_PROTOS)
		return false;
	if (raw_dropped(suspect->sample, &worst) * 2 >= suspect->lost &&
	    worst) {
		describe_raw(suspect->sample, worst, ret);
		return true;
	}
	ret->reason = &socket_reasons[SOCKET_NO_PROTOCOL];
	CAUSE_TEXT(ret, "%s", c->cause);
	CAUSE_REMEDY(ret, "%s", c->remedy);
	return true;
}

/*
 * Not all kernels count what a raw socket has no room for: what they do not is
 * lost by IP as well.
 */
void socket_attribute(const struct sample *s, struct losses *l)
{
	const struct object *worst;
	uint64_t dropped = raw_dropped(s, &worst), counted = 0;
	struct loss *loss;

	if (dropped)
		counted = sample_moved(s, LAYER_IP, "", TAG_UNKNOWN_PROTOS);
	loss = dropped > counted ? loss_find(l, LAYER_IP, "", DIR_RX) : NULL;
	if (loss) {
		loss->unread = dropped - counted;
		loss_add(loss, loss->unread);
	}
	socket_attribute_refused(s, l);
}

bool socket_explain_hidden(const struct sample *s, const struct loss *loss,
			   struct cause *ret)
{
	const struct object *worst = NULL;

	if (loss->unread)
		(void)raw_dropped(s, &worst);
	if (!worst)
		return socket_explain_refused(s, loss, ret);
	ret->lost = loss->unread;
	ret->counter = &socket_raw_drops;
	describe_raw(s, worst, ret);
	return true;
}

/* clang-format off */
const struct explainer socket_explainers[] = {
	{LAYER_UDP, socket_explain_udp},
	{LAYER_TCP, explain_listener},
	{LAYER_TCP, explain_backlog},
	{LAYER_IP, explain_protocol},
	{0, NULL},
};
/* clang-format on */
