/* SPDX-License-Identifier: MIT */
#include "report/report_health.h"

#include <string.h>

#include "probes/firewall/firewall.h"
#include "report/report_names.h"
#include "report/report_room.h"

/* A gauge of this report. */
static void send_gauge(struct report *r, const char *place,
		       const char *instance, double value, uint64_t time_ns)
{
	const struct series series = {
		.place = place,
		.type = "gauge",
		.instance = instance,
		.is_gauge = true,
		.gauge = value,
		.time_ns = time_ns,
	};

	r->sink->value(r->sink->arg, &series);
}

/* One of r->ns, if there is room. Returns whether it was sent. */
static bool send_own_gauge(struct report *r, const char *place,
			   const char *instance, double value)
{
	if (!report_room_take(r, ROOM_FIRST))
		return false;
	send_gauge(r, place, instance, value, r->ns->now.time_ns);
	return true;
}

/* ---- of all namespaces ---- */

void report_health_log(struct report *r, struct blindness *b)
{
	bool *logged = &r->reporter->logged_private_own;
	char text[BLINDNESS_TEXT];

	while (blindness_next(b, text))
		report_warn(r, text);
	if (b->private_own && !*logged)
		report_warn(r, "collectd is not in the network namespace of "
			       "process 1: values without @ are those of "
			       "collectd's namespace, not of the host");
	*logged |= b->private_own;
}

/* Sends how many there are, once there were some. */
static void send_shortfall(struct report *r, bool *was, const char *instance,
			   size_t n)
{
	*was |= n > 0;
	if (*was && r->time_ns)
		send_gauge(r, "all", instance, (double)n, r->time_ns);
}

size_t report_health_shortfalls(const struct report *r,
				const struct blindness *b)
{
	return (r->reporter->was_skipped || b->n_skipped) +
	       (r->reporter->was_unwatched || b->unwatched.n);
}

void report_health_send_shortfalls(struct report *r, const struct blindness *b)
{
	send_shortfall(r, &r->reporter->was_skipped, "all-skipped",
		       b->n_skipped);
	send_shortfall(r, &r->reporter->was_slow, "all-slow", b->n_slow);
	send_shortfall(r, &r->reporter->was_unwatched, "all-unwatched",
		       b->unwatched.n);
}

/* ---- of one namespace ---- */

/* What is said of a rule: whether it was not said of it before. */
enum news {
	NEWS_NONE,
	NEWS_RULE,
	NEWS_MORE, /* that there are more than are named */
};

/* After so long a rule that is gone may be told again, should it come back. */
#define GONE_SECONDS 3600

/* The place of a rule that was not seen for so long, or MAX_SAID. */
static size_t find_gone(const struct said *said, uint32_t now)
{
	size_t oldest = 0;

	for (size_t i = 1; i < MAX_SAID; i++)
		if (said->seen[i] < said->seen[oldest])
			oldest = i;
	return now - said->seen[oldest] >= GONE_SECONDS ? oldest : MAX_SAID;
}

static enum news take_news(struct said *said, uint64_t hash, uint32_t now)
{
	size_t at = said->n;

	for (size_t i = 0; i < said->n && i < MAX_SAID; i++) {
		if (said->hash[i] != hash)
			continue;
		said->seen[i] = now;
		return NEWS_NONE;
	}
	if (at >= MAX_SAID)
		at = find_gone(said, now);
	if (at == MAX_SAID) {
		bool is_news = said->n == MAX_SAID;

		said->n = MAX_SAID + 1;
		return is_news ? NEWS_MORE : NEWS_NONE;
	}
	said->n += said->n < MAX_SAID;
	said->hash[at] = hash;
	said->seen[at] = now;
	return NEWS_RULE;
}

/* Those without a name have one together: they may be made without an end. */
static struct said *said_of(struct report *r)
{
	return r->ns->rank == NS_NAMELESS ? &r->reporter->nameless_said
					  : &r->ns->said;
}

static void log_rule(const struct report *r, const struct object *o)
{
	char rule[192], text[256];

	if (firewall_describe(&r->ns->now, o, rule, sizeof(rule)) < 0)
		return;
	format_text(text, sizeof(text),
		    "namespace \"%s\": what %s drops cannot be counted",
		    r->ns->name, rule);
	r->sink->log(r->sink->arg, LOG_LEVEL_INFO, text);
}

static void log_more(const struct report *r)
{
	char text[256];

	format_text(text, sizeof(text),
		    "namespace \"%s\": there are more rules whose drops cannot "
		    "be counted, see `nft list ruleset`",
		    r->ns->name);
	r->sink->log(r->sink->arg, LOG_LEVEL_INFO, text);
}

/*
 * Logs the first rules that drop without a counter, each once. A reload gives
 * every rule a new handle, so they are told apart by chain and order.
 */
static void log_uncounted(struct report *r)
{
	const struct sample *s = &r->ns->now;
	uint32_t now = (uint32_t)(s->mono_ns / UINT64_C(1000000000));
	uint64_t hash, chain = 0, order = 0;
	const struct object *o = NULL;

	while ((o = firewall_next_uncounted(s, o))) {
		const char *name = object_name(s, o);

		enum news news;

		hash = hash_bytes(HASH_START, name, strcspn(name, "#"));
		order = hash == chain ? order + 1 : 0;
		chain = hash;
		hash = hash_bytes(hash, &order, sizeof(order));
		news = take_news(said_of(r), hash, now);
		if (news == NEWS_RULE)
			log_rule(r, o);
		else if (news == NEWS_MORE)
			log_more(r);
	}
}

/* How many things drop without a counter here; 0 only after there were some. */
static void send_uncounted(struct report *r, const char *place)
{
	struct ns *ns = r->ns;
	uint64_t n = firewall_uncounted(&ns->now);

	ns->was_uncounted |= n > 0;
	if (!ns->was_uncounted)
		return;
	send_own_gauge(r, place, "netfilter-uncounted", (double)n);
	log_uncounted(r);
}

static uint32_t sources_of(enum layer layer)
{
	uint32_t sources = 0;

	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->layer == layer)
			sources |= 1u << i;
	return sources;
}

/* Of a layer that has been refused, 0 while one of its sources still is. */
static void send_availability(struct report *r, const char *place,
			      enum layer layer)
{
	uint32_t sources = sources_of(layer);
	char instance[NAME_PART + 1];

	if (!(r->ns->was_refused & sources))
		return;
	name_instance(instance, layer, "", "available", false);
	send_own_gauge(r, place, instance, !(r->ns->refused & sources));
}

static bool has_heartbeat(const struct settings *s, const struct ns *ns)
{
	if (s->report_heartbeat || ns->was_alive || ns_is_own(ns))
		return true;
	for (size_t i = 0; i < ns->losses.n; i++)
		if (ns->losses.items[i].awake)
			return true;
	return false;
}

static void send_heartbeat(struct report *r, const char *place)
{
	const struct sample *now = &r->ns->now;

	if (has_heartbeat(r->reporter->settings, r->ns) &&
	    send_own_gauge(r, place, "all-sources",
			   __builtin_popcount(now->sources)))
		r->ns->was_alive = true;
}

/* In a pass that is not of now: the room of what will be sent. */
static void hold_room(struct report *r)
{
	const struct ns *ns = r->ns;

	if (ns->was_uncounted)
		report_room_take(r, ROOM_FIRST);
	if (has_heartbeat(r->reporter->settings, ns))
		report_room_take(r, ROOM_FIRST);
	for (int i = 0; ns->was_refused && i < N_LAYERS; i++)
		if (ns->was_refused & sources_of(i))
			report_room_take(r, ROOM_FIRST);
}

void report_health_send(struct report *r)
{
	char place[NAME_PART + 1];

	if (r->ago) {
		hold_room(r);
		return;
	}
	report_names_place(r->ns, "", place);
	send_uncounted(r, place);
	send_heartbeat(r, place);
	for (int i = 0; r->ns->was_refused && i < N_LAYERS; i++)
		send_availability(r, place, i);
}
