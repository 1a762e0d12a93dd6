/* SPDX-License-Identifier: MIT */
#include "report/report_values.h"

#include <math.h>

#include "diagnosis/finding.h"
#include "model/sample_index.h"
#include "report/report_names.h"
#include "report/report_room.h"

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
static bool is_filling(const struct ns *ns, const struct counter *c)
{
	const struct loss *fill;

	if (c->kind != KIND_FILL && c->kind != KIND_LEVEL)
		return false;
	fill = loss_find(&ns->losses, c->layer, "", DIR_FILL);
	return fill && fill->awake;
}

/*
 * Whether a row is sent. What lost nothing is quiet, but a first loss is to be
 * seen: from then on its object is awake.
 */
static bool is_row_due(const struct report *r, const struct object *o,
		       const struct row *row)
{
	const struct counter *c = row->counter;

	if (!c->type)
		return false;
	if (row->flags & ROW_SENT || c->optional)
		return true;
	if (r->reporter->settings->report_idle && (row->value || says_zero(c)))
		return true;
	if (c->layer == LAYER_SOCKET && c->kind == KIND_LEVEL)
		return true; /* it is there only while it is worth a look */
	if (c->layer == LAYER_CONNTRACK && is_filling(r->ns, c))
		return true;
	if (o->main && c->main && ns_is_own(r->ns))
		return true;
	if (o->awake && row->value)
		return true;
	return row->delta && c->kind != KIND_PASSED && c->kind != KIND_BYTES;
}

/*
 * When the read was that r->ago speaks of: by the clock as it is now, which may
 * have been set since.
 */
static uint64_t time_of(const struct report *r)
{
	const struct ns *ns = r->ns;

	if (r->ago == 2)
		return ns->now.before_ns -
		       (ns->then.time_ns - ns->then.before_ns);
	return r->ago ? ns->now.before_ns : ns->now.time_ns;
}

/* The change of a row in the read before; false: unknown. */
static bool earlier_delta(const struct report *r, const struct object *o,
			  const struct row *row, uint64_t *ret)
{
	const struct sample *now = &r->ns->now, *then = &r->ns->then;
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

	if (!(row->flags & ROW_COMPARED))
		return;
	known = earlier_delta(r, o, row, &delta);
	if (r->ago == 2 && !known)
		return;
	series->is_second = r->ago == 1 && known;
	series->counter = row->value - row->delta;
	if (r->ago == 2)
		series->counter -= delta;
	r->sink->value(r->sink->arg, series);
	r->any_past = true;
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
	row->flags |= ROW_SENT;
}

/* A row for whose series there is no room: what is lost there is summed up. */
static void leave_row(struct report *r, struct row *row)
{
	const struct counter *c = row->counter;

	if (r->ago)
		return;
	row->flags &= ~ROW_SENT;
	if (c->kind == KIND_LOST && row->flags & ROW_COMPARED)
		r->reporter->sums[c->layer] += row->delta;
}

/*
 * Whether a row that is due is to be sent in this pass: of those of the past
 * only what is new.
 */
static bool take_row(struct report *r, struct row *row)
{
	bool is_new = !(row->flags & ROW_SENT);
	bool has_room = report_room_take(r, is_new ? ROOM_NEW : ROOM_HELD);

	if (r->ago == AGO_COUNT) {
		r->quiet_rows |= is_new && row->flags & ROW_COMPARED;
		return false;
	}
	if (!has_room)
		leave_row(r, row);
	return has_room && (is_new || !r->ago);
}

/* What could not be read keeps its series. */
static void hold_rows(struct report *r, const struct object *o)
{
	struct row *row = object_rows(&r->ns->now, o);

	for (uint32_t i = 0; i < o->n; i++, row++)
		if (row->flags & ROW_SENT && !report_room_take(r, ROOM_HELD) &&
		    !r->ago)
			row->flags &= ~ROW_SENT;
}

/*
 * A sum begins with 0 in the report that finds its first loss, which follows
 * in the next: a counter's first value has no rate. These are few, and come
 * on top of MaxSeries.
 */
void report_values_send_sums(struct report *r)
{
	struct reporter *reporter = r->reporter;

	for (int i = 0; i < N_LAYERS && r->time_ns; i++) {
		uint64_t sum = reporter->sums[i];
		char instance[NAME_PART + 1];
		struct series series = {
			.place = "all",
			.type = "packets",
			.instance = instance,
			.counter = reporter->sums_sent & 1u << i ? sum : 0,
			.time_ns = r->time_ns,
		};

		if (!sum)
			continue;
		name_instance(instance, i, "", "_other", false);
		reporter->sums_sent |= 1u << i;
		r->sink->value(r->sink->arg, &series);
	}
}

/* Whether a row of it may be due: most have none, and many rows. */
static bool may_be_due(const struct report *r, const struct object *o)
{
	const struct settings *s = r->reporter->settings;

	return o->moved || o->sent || o->awake || o->main ||
	       o->layer == LAYER_SOCKET || o->layer == LAYER_CONNTRACK ||
	       s->report_idle || s->counters.n;
}

static void send_object(struct report *r, const struct object *o)
{
	const struct sample *s = &r->ns->now;
	char place[NAME_PART + 1] = "";
	bool unique = false;

	for (uint32_t i = 0; i < o->n; i++) {
		struct row *row = &s->rows[o->first + i];
		char instance[NAME_PART + 1];

		if (!is_row_due(r, o, row) || !take_row(r, row))
			continue;
		if (!place[0]) {
			report_names_place(r->ns, object_place(s, o), place);
			unique = sample_names_collide(s, o);
		}
		name_instance(instance, row->counter->layer, object_name(s, o),
			      row->counter->name, unique);
		send_row(r, place, instance, o, row);
	}
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
	const struct ns *ns = r->ns;

	if (loss->awake || r->reporter->settings->report_idle)
		return true;
	/* IPsec counts no traffic: all of IP's says nothing of it */
	if (loss->layer == LAYER_XFRM)
		return false;
	return ns_is_own(ns) && (!loss->place[0] || is_real(&ns->now, loss));
}

static void send_percent(const struct report *r, const struct loss *loss,
			 double percent)
{
	char place[NAME_PART + 1], instance[NAME_PART + 1];
	const struct series series = {
		.place = place,
		.type = "percent",
		.instance = instance,
		.is_gauge = true,
		.is_past = r->ago > 0,
		.gauge = percent,
		.time_ns = time_of(r),
	};

	report_names_loss(r->ns, loss, place, instance);
	r->sink->value(r->sink->arg, &series);
}

/*
 * What was unknown then is not sent, as ever; nor what was of another
 * namespace, whose place this one took.
 */
static void send_past_ratio(struct report *r, const struct loss *loss)
{
	double percent = r->ago == 2 ? loss->earlier : loss->percent;

	if (isnan(percent) || r->ns->is_first)
		return;
	send_percent(r, loss, percent);
	r->any_past = true;
}

/*
 * A ratio is due even while it is unknown where it was sent, as it will be
 * back; and where it cannot be known yet but there is little room: rows that
 * take it would have to end.
 */
static bool takes_room(const struct report *r, struct loss *loss, bool known)
{
	if (loss->sent)
		return true;
	if (!known && (!r->ns->is_first || r->limit == SIZE_MAX))
		return false;
	return is_ratio_due(r, loss);
}

static void send_ratio(struct report *r, struct loss *loss)
{
	double percent = loss_percent(loss);
	bool known = !isnan(percent), was_sent = loss->sent;

	if (!takes_room(r, loss, known))
		return;
	if (!report_room_take(r, ROOM_FIRST)) {
		loss->sent = was_sent && r->ago;
		return;
	}
	if (r->ago == AGO_COUNT)
		r->any_quiet |= known && !was_sent;
	else if (r->ago && !was_sent)
		send_past_ratio(r, loss);
	if (r->ago || !known)
		return;
	send_percent(r, loss, percent);
	loss->sent = true;
}

/* ---- how many packets that is, beside the ratio ---- */

/* How full a table is, and what is sent again, are no packets lost. */
static bool has_sum(const struct loss *loss)
{
	return loss->direction != DIR_FILL && !loss->symptom;
}

/* What a loss has lost in this interval that is told nowhere else. */
static uint64_t lost_once(const struct report *r, const struct loss *loss)
{
	if (!loss->lost || !has_sum(loss) ||
	    loss_is_repeated(&r->ns->now, loss))
		return 0;
	return loss->lost;
}

void report_values_add_lost(struct report *r)
{
	struct losses *l = &r->ns->losses;

	for (size_t i = 0; i < l->n; i++)
		if (report_wants(r, l->items[i].layer))
			l->items[i].sum += lost_once(r, &l->items[i]);
}

/*
 * A sum begins with its ratio, or without one where none is known; what only
 * repeats others has none.
 */
static bool sum_takes_room(const struct report *r, struct loss *loss)
{
	if (!has_sum(loss))
		return false;
	if (loss->sum_sent || (loss->known && loss->sum))
		return true;
	return !loss->awake && takes_room(r, loss, !isnan(loss_percent(loss)));
}

/* Whether what was lost in the read before is known. */
static bool was_known(const struct report *r, const struct loss *loss)
{
	return loss->was_known && !r->ns->is_first;
}

static void send_sum_as(const struct report *r, const struct loss *loss,
			uint64_t sum)
{
	char place[NAME_PART + 1], instance[NAME_PART + 1];
	const struct series series = {
		.place = place,
		.type = "packets",
		.instance = instance,
		.is_past = r->ago > 0,
		.is_second = r->ago == 1 && was_known(r, loss),
		.counter = sum,
		.time_ns = time_of(r),
	};

	report_names_sum(r->ns, loss, place, instance);
	r->sink->value(r->sink->arg, &series);
}

/* It had that value at both times, if it was there: it begins to lose now. */
static void send_past_sum(struct report *r, const struct loss *loss)
{
	uint64_t lost = lost_once(r, loss);

	if (!lost || (r->ago == 2 && !was_known(r, loss)))
		return;
	send_sum_as(r, loss, loss->sum - lost);
	r->any_past = true;
}

static void send_sum(struct report *r, struct loss *loss)
{
	bool was_sent = loss->sum_sent;

	if (!sum_takes_room(r, loss))
		return;
	if (!report_room_take(r, ROOM_FIRST)) {
		loss->sum_sent = was_sent && r->ago;
		return;
	}
	if (r->ago == AGO_COUNT)
		r->any_quiet |= !was_sent && lost_once(r, loss);
	else if (r->ago && !was_sent)
		send_past_sum(r, loss);
	if (r->ago || !loss->known)
		return;
	send_sum_as(r, loss, loss->sum);
	loss->sum_sent = true;
}

static void send_ratios(struct report *r)
{
	struct ns *ns = r->ns;

	for (size_t i = 0; i < ns->losses.n; i++) {
		struct loss *loss = &ns->losses.items[i];

		if (loss->gone || !report_wants(r, loss->layer))
			continue;
		send_ratio(r, loss);
		send_sum(r, loss);
		if (!r->ago) {
			loss->earlier = loss->percent;
			loss->percent = loss_percent(loss);
			loss->was_known = loss->known;
		}
	}
}

static void send_rows(struct report *r)
{
	EACH_OBJECT (&r->ns->now, o) {
		if (o->stale)
			hold_rows(r, o);
		else if (report_wants(r, o->layer) && may_be_due(r, o))
			send_object(r, o);
	}
}

/* Where there is not room for all, ratios tell more than single counters. */
void report_values_send(struct report *r)
{
	bool is_limited = r->limit != SIZE_MAX;

	if (is_limited)
		send_ratios(r);
	send_rows(r);
	if (!is_limited)
		send_ratios(r);
}
