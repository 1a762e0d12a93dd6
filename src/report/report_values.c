/* SPDX-License-Identifier: MIT */
/* Which counters and ratios of a namespace are sent, under which names. */
#include <math.h>
#include <string.h>

#include "probes/link/link.h"
#include "probes/firewall/netfilter.h"
#include "probes/firewall/nft_read.h"
#include "engine/engine_private.h"

static bool is_real_home(const struct watched *w)
{
	return !w->path[0];
}

/* Whether collectd may be given one series more. */
static bool has_room(struct report *r)
{
	if (r->engine->n_series + r->n_new < r->engine->settings->max_series)
		return true;
	if (!r->engine->said_too_many_series)
		r->sink->log(r->sink->arg, LOG_LEVEL_WARNING,
			     "MaxSeries is reached, what further series would "
			     "have lost is summed up in _other");
	r->engine->said_too_many_series = true;
	return false;
}

static void send_gauge(struct report *r, const char *place, const char *type,
		       const char *instance, double value, uint64_t time_ns)
{
	struct series series = {
		.is_past = r->ago > 0,
		.place = place,
		.type = type,
		.instance = instance,
		.is_gauge = true,
		.gauge = value,
		.time_ns = time_ns,
	};

	r->sink->value(r->sink->arg, &series);
}

/* Whether another object's name looks the same once it is clean. */
static bool name_collides(const struct sample *s, const struct object *o)
{
	char clean[NAME_PART + 1], other[NAME_PART + 1];
	const char *name = object_name(s, o);

	if (!name[0] || !name_clean(clean, NAME_PART, name, false))
		return false;
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *p = &s->objects[i];

		if (p == o || p->layer != o->layer ||
		    strcmp(object_place(s, p), object_place(s, o)))
			continue;
		name_clean(other, NAME_PART, object_name(s, p), false);
		if (!strcmp(clean, other))
			return true;
	}
	return false;
}

/* The same for interfaces: they are the places. */
static bool place_collides(const struct sample *s, const char *place)
{
	char clean[NAME_INTERFACE + 1], other[NAME_INTERFACE + 1];

	if (!place[0] || !name_clean(clean, NAME_INTERFACE, place, false))
		return false;
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const char *p = object_place(s, &s->objects[i]);

		if (!p[0] || !strcmp(p, place))
			continue;
		name_clean(other, NAME_INTERFACE, p, false);
		if (!strcmp(clean, other))
			return true;
	}
	return false;
}

void full_place(const struct watched *w, const char *interface,
		char place[NAME_PART + 1])
{
	name_place(place, interface, w->name,
		   place_collides(&w->now, interface));
}

/*
 * Whether 0 says something: that nothing was lost, or no traffic seen. What
 * else is counted, parts and echoes of a loss and what is discarded by design,
 * says nothing before it begins.
 */
static bool says_zero(const struct counter *c)
{
	switch (c->kind) {
	case KIND_LOST:
	case KIND_RESENT:
	case KIND_BYTES:
	case KIND_LEVEL:
	case KIND_FILL:
		return true;
	default:
		return c->of[0].relation != RELATION_NONE;
	}
}

/* Whether a level belongs to a table that was half full once. */
static bool is_filling(const struct watched *w, const struct counter *c)
{
	const struct loss *fill;

	if (c->kind != KIND_FILL && c->kind != KIND_LEVEL)
		return false;
	fill = loss_find(&w->losses, c->layer, "", DIR_FILL);
	return fill && fill->awake;
}

/* Whether a row is sent: see design, "the first loss must be visible". */
static bool is_due(const struct report *r, const struct object *o,
		   const struct row *row)
{
	const struct counter *c = row->counter;

	if (!c->type)
		return false;
	if (row->flags & ROW_SENT || c->optional)
		return true;
	if (r->engine->settings->report_idle && (row->value || says_zero(c)))
		return true;
	if (c->layer == LAYER_SOCKET && c->kind == KIND_LEVEL)
		return true; /* it is there only while it is worth a look */
	if (c->layer == LAYER_CONNTRACK && is_filling(r->watched, c))
		return true;
	if (o->main && c->main && is_real_home(r->watched))
		return true;
	if (o->awake && row->value)
		return true;
	return row->delta && c->kind != KIND_PASSED && c->kind != KIND_BYTES;
}

/* When the read was that r->ago speaks of. */
static uint64_t time_of(const struct report *r)
{
	const struct watched *w = r->watched;

	if (r->ago == 2)
		return w->then.before_ns;
	return r->ago ? w->then.time_ns : w->now.time_ns;
}

/* The change of a row in the read before; false: unknown. */
static bool earlier_delta(const struct report *r, const struct object *o,
			  const struct row *row, uint64_t *ret)
{
	const struct sample *now = &r->watched->now, *then = &r->watched->then;
	const struct object *p = object_before(now, o);
	const struct row *before;

	before = p ? object_row(then, p, row->counter) : NULL;
	if (!before || !(before->flags & ROW_COMPARED))
		return false;
	*ret = before->delta;
	return true;
}

/* What was quiet starts from where it was, unless that is unknown. */
static void send_past_row(struct report *r, struct series *series,
			  const struct object *o, const struct row *row)
{
	uint64_t delta = 0;
	bool known;

	if (row->flags & ROW_SENT || !(row->flags & ROW_COMPARED))
		return;
	r->any_quiet = true;
	known = earlier_delta(r, o, row, &delta);
	if (r->ago == 2 && !known)
		return;
	series->is_second = r->ago == 1 && known;
	series->counter = row->value - row->delta;
	if (r->ago == 2)
		series->counter -= delta;
	r->sink->value(r->sink->arg, series);
	r->n_new++;
}

static void send_row(struct report *r, const char *place, const char *instance,
		     const struct object *o, struct row *row)
{
	struct series series = {
		.place = place,
		.type = row->counter->type,
		.instance = instance,
		.is_gauge = row->counter->kind == KIND_LEVEL ||
			    row->counter->kind == KIND_FILL,
		.is_past = r->ago > 0,
		.time_ns = time_of(r),
		.counter = row->value,
		.gauge = (double)row->value,
	};

	if (r->ago) {
		send_past_row(r, &series, o, row);
		return;
	}
	r->sink->value(r->sink->arg, &series);
	r->n_new += !(row->flags & ROW_SENT);
	row->flags |= ROW_SENT;
	r->n_series++;
}

/* What is lost where collectd has no series for it. */
static void count_other(struct report *r, const struct row *row)
{
	const struct counter *c = row->counter;

	if (!r->ago && c->kind == KIND_LOST && row->flags & ROW_COMPARED)
		r->engine->other[c->layer] += row->delta;
}

/*
 * A sum begins with 0 in the report that finds its first loss, which follows
 * in the next: a counter's first value has no rate. These are few, and come
 * on top of MaxSeries.
 */
void send_other(struct report *r)
{
	struct engine *e = r->engine;

	for (int i = 0; i < N_LAYERS && r->time_ns; i++) {
		char instance[NAME_PART + 1];
		struct series series = {
			.place = "all",
			.type = "packets",
			.instance = instance,
			.counter = e->other_sent & 1u << i ? e->other[i] : 0,
			.time_ns = r->time_ns,
		};

		if (!e->other[i])
			continue;
		name_instance(instance, i, "", "_other", false);
		e->other_sent |= 1u << i;
		r->sink->value(r->sink->arg, &series);
	}
}

/* Whether a row of it may be due: most have none, and many rows. */
static bool may_be_due(const struct report *r, const struct object *o)
{
	const struct settings *s = r->engine->settings;

	return o->moved || o->sent || o->awake || o->main ||
	       o->layer == LAYER_SOCKET || o->layer == LAYER_CONNTRACK ||
	       s->report_idle || s->counters.n;
}

static void send_object(struct report *r, const struct object *o)
{
	const struct sample *s = &r->watched->now;
	char place[NAME_PART + 1] = "";
	bool unique = false;

	for (uint32_t i = 0; i < o->n; i++) {
		struct row *row = &s->rows[o->first + i];
		char instance[NAME_PART + 1];

		if (!is_due(r, o, row))
			continue;
		if (!(row->flags & ROW_SENT) && !has_room(r)) {
			count_other(r, row);
			continue;
		}
		if (!place[0]) {
			full_place(r->watched, object_place(s, o), place);
			unique = name_collides(s, o);
		}
		name_instance(instance, o->layer, object_name(s, o),
			      row->counter->name, unique);
		send_row(r, place, instance, o, row);
	}
}

void loss_series(const struct watched *w, const struct loss *loss,
		 char place[NAME_PART + 1], char instance[NAME_PART + 1])
{
	full_place(w, loss->place, place);
	name_instance(instance, loss->layer, "",
		      direction_name(loss->direction), false);
}

/*
 * Whether a loss is of a real interface, or of one that nothing is known of.
 * There may be a thousand others, so each is looked up once.
 */
static bool is_real(const struct sample *s, struct loss *loss)
{
	const struct object *link;
	uint32_t hint = 0;

	if (!loss->has_role) {
		link = sample_find(s, LAYER_LINK, loss->place, "", &hint);
		loss->real = !link || link->main;
		loss->has_role = true;
	}
	return loss->real;
}

static bool is_ratio_due(const struct report *r, struct loss *loss)
{
	const struct watched *w = r->watched;

	if (loss->sent || loss->awake || r->engine->settings->report_idle)
		return true;
	/* IPsec counts no traffic: all of IP's says nothing of it */
	if (loss->layer == LAYER_XFRM)
		return false;
	return is_real_home(w) && (!loss->place[0] || is_real(&w->now, loss));
}

/* What was unknown then is not sent, as ever. */
static void send_past_ratio(struct report *r, const struct loss *loss,
			    const char *place, const char *instance)
{
	double percent = r->ago == 2 ? loss->earlier : loss->percent;

	r->any_quiet = true;
	if (isnan(percent))
		return;
	send_gauge(r, place, "percent", instance, percent, time_of(r));
	r->n_new++;
}

static void send_ratio(struct report *r, struct loss *loss)
{
	const struct watched *w = r->watched;
	char place[NAME_PART + 1], instance[NAME_PART + 1];
	double percent = loss_percent(loss);

	if (isnan(percent) || !is_ratio_due(r, loss) ||
	    (!loss->sent && !has_room(r)))
		return;
	loss_series(w, loss, place, instance);
	if (!r->ago) {
		send_gauge(r, place, "percent", instance, percent,
			   w->now.time_ns);
		r->n_new += !loss->sent;
		loss->sent = true;
		r->n_series++;
	} else if (!loss->sent) {
		send_past_ratio(r, loss, place, instance);
	}
}

static unsigned count_bits(uint32_t bits)
{
	return __builtin_popcount(bits);
}

/*
 * Keeps the hash of something said, in a table that only fills up. Returns
 * false when it was said before, or the table is full.
 */
static bool is_news(struct engine *e, uint64_t hash)
{
	for (size_t i = 0; i < MAX_SAID_RULES; i++) {
		uint64_t *slot = &e->said_rules[(hash + i) % MAX_SAID_RULES];

		if (*slot == hash)
			return false;
		if (*slot)
			continue;
		*slot = hash;
		return true;
	}
	return false;
}

/*
 * Says each rule that drops without a counter once. A reload gives every rule
 * a new handle, so they are told apart by chain and order.
 */
static void log_uncounted(struct report *r)
{
	const struct sample *s = &r->watched->now;
	const char *place = r->watched->name;
	uint64_t hash, chain = 0, order = 0;
	const struct object *o;
	uint32_t at = 0;

	while ((o = nft_next_uncounted(s, &at))) {
		const char *name = object_name(s, o);
		char rule[192], text[256];

		hash = hash_bytes(HASH_START, place, strlen(place) + 1);
		hash = hash_bytes(hash, name, strcspn(name, "#"));
		order = hash == chain ? order + 1 : 0;
		chain = hash;
		hash = hash_bytes(hash, &order, sizeof(order));
		if (!is_news(r->engine, hash) ||
		    netfilter_describe_rule(s, o, rule, sizeof(rule)) < 0)
			continue;
		format_text(text, sizeof(text),
			    "namespace \"%s\": what %s drops cannot be counted",
			    place, rule);
		r->sink->log(r->sink->arg, LOG_LEVEL_INFO, text);
	}
}

/* How many things drop without a counter here; 0 only after there were some. */
static void send_uncounted(struct report *r, const char *place)
{
	struct watched *w = r->watched;
	uint64_t n = nft_uncounted(&w->now);

	w->was_uncounted |= n > 0;
	if (!w->was_uncounted)
		return;
	send_gauge(r, place, "gauge", "netfilter-uncounted", (double)n,
		   w->now.time_ns);
	r->n_series++;
	log_uncounted(r);
}

/* Of a layer that has been refused, 0 while one of its sources still is. */
static void send_availability(struct report *r, const char *place,
			      enum layer layer)
{
	const struct watched *w = r->watched;
	char instance[NAME_PART + 1];
	uint32_t sources = 0;

	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->layer == layer)
			sources |= 1u << i;
	if (!(w->was_blind & sources))
		return;
	name_instance(instance, layer, "", "available", false);
	send_gauge(r, place, "gauge", instance, !(w->is_blind & sources),
		   w->now.time_ns);
	r->n_series++;
}

/* The heartbeat, and the sources that are or were refused. */
static void send_health(struct report *r)
{
	const struct watched *w = r->watched;
	char place[NAME_PART + 1];

	full_place(w, "", place);
	send_uncounted(r, place);
	send_gauge(r, place, "gauge", "all-sources", count_bits(w->now.sources),
		   w->now.time_ns);
	r->n_series++;
	for (int i = 0; i < N_LAYERS; i++)
		send_availability(r, place, i);
}

void send_values(struct report *r)
{
	struct watched *w = r->watched;

	if (!r->ago)
		send_health(r);
	for (uint32_t i = 0; i < w->now.n_objects; i++) {
		const struct object *o = &w->now.objects[i];

		if (!o->stale && wants_layer(r->engine, o->layer) &&
		    may_be_due(r, o))
			send_object(r, o);
	}
	for (size_t i = 0; i < w->losses.n; i++) {
		struct loss *loss = &w->losses.items[i];

		if (loss->gone || !wants_layer(r->engine, loss->layer))
			continue;
		send_ratio(r, loss);
		if (!r->ago) {
			loss->earlier = loss->percent;
			loss->percent = loss_percent(loss);
		}
	}
}
