/* SPDX-License-Identifier: MIT */
/*
 * The sample: arrays that only grow and are used again read after read,
 * so that a steady read allocates nothing. Pure: no kernel, no collectd.
 */
#include "model/sample.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "model/delta.h"
#include "model/sample_index.h"
#include "model/sample_memory.h"

#define MAX_ITEMS (1u << 20)
#define MAX_TEXT (MAX_ITEMS * 64)

void sample_reset(struct sample *s)
{
	s->n_rows = s->n_objects = 0;
	s->n_text = 0;
	s->n_memory = 0;
	s->sources = s->parts = s->unread = 0;
	s->error = s->missed = 0;
	sample_index_cut(s, 0);
	sample_follow(s, NULL);
}

void sample_follow(struct sample *s, const struct sample *then)
{
	s->then = then;
	s->hint = 0;
}

void sample_free(struct sample *s)
{
	free(s->rows);
	free(s->objects);
	free(s->text);
	free(s->memory);
	sample_index_free(s);
	memset(s, 0, sizeof(*s));
}

/* Makes room for so many items of that size; false: s->error is set. */
static bool grow(struct sample *s, void **items, uint32_t *max, uint64_t wanted,
		 size_t size)
{
	const size_t limit = size == 1 ? MAX_TEXT : MAX_ITEMS;
	size_t room = *max;

	if (s->error)
		return false;
	if (wanted > limit)
		s->error = -E2BIG;
	else if (!array_reserve(items, &room, wanted, size))
		s->error = -ENOMEM;
	*max = room < limit ? room : limit;
	return !s->error;
}

static inline bool reserve(struct sample *s, void **items, uint32_t *max,
			   uint64_t wanted, size_t size)
{
	return (wanted <= *max && !s->error) ||
	       grow(s, items, max, wanted, size);
}

/* Copies a text into the sample, returns its offset; 0 when it failed. */
static uint32_t keep_text(struct sample *s, const char *text)
{
	size_t n = strlen(text) + 1;
	uint32_t at = s->n_text;

	if (!reserve(s, (void **)&s->text, &s->max_text, (uint64_t)at + n, 1))
		return 0;
	memcpy(s->text + at, text, n);
	s->n_text += n;
	return at;
}

/* The same for a place, which the object before most likely has, too. */
static uint32_t keep_place(struct sample *s, const char *place)
{
	const struct object *last = s->n_objects ? &s->objects[s->n_objects - 1]
						 : NULL;

	if (last && !strcmp(object_place(s, last), place))
		return last->place;
	return keep_text(s, place);
}

static bool is_object(const struct sample *s, const struct object *o,
		      enum layer layer, const char *place, const char *name)
{
	return o->layer == layer && !strcmp(object_place(s, o), place) &&
	       !strcmp(object_name(s, o), name);
}

const struct object *sample_before(struct sample *s, enum layer layer,
				   const char *place, const char *name)
{
	const struct sample *then = s->then;
	uint32_t end;

	if (!then)
		return NULL;
	end = then->n_objects;
	if (s->hint < then->n_objects &&
	    is_object(then, &then->objects[s->hint], layer, place, name))
		return &then->objects[s->hint];
	return sample_find(then, layer, place, name, &end);
}

static void link_object(struct sample *s, struct object *o)
{
	const struct object *p;

	p = sample_before(s, o->layer, object_place(s, o), object_name(s, o));
	o->before = p ? p - s->then->objects + 1 : 0;
	if (p)
		s->hint = o->before;
}

void sample_object(struct sample *s, enum layer layer, const char *place,
		   const char *name, uint64_t identity)
{
	struct object o = {
		.layer = layer,
		.identity = identity,
		.source = s->source,
	};

	if (!reserve(s, (void **)&s->objects, &s->max_objects,
		     (uint64_t)s->n_objects + 1, sizeof(o)))
		return;
	o.place = keep_place(s, place);
	o.name = keep_text(s, name);
	o.label = s->error ? 0 : s->n_text - 1; /* the "" that ends the name */
	o.table = o.chain = o.label;
	o.first = s->n_rows;
	if (s->error)
		return;
	link_object(s, &o);
	s->objects[s->n_objects++] = o;
}

void sample_label(struct sample *s, const char *label)
{
	uint32_t at = keep_text(s, label);

	if (!s->error)
		s->objects[s->n_objects - 1].label = at;
}

/* A text that the object before the last one most likely has, too. */
static uint32_t keep_again(struct sample *s, const char *text, uint32_t before)
{
	if (s->n_objects > 1 && !strcmp(s->text + before, text))
		return before;
	return keep_text(s, text);
}

void sample_chain(struct sample *s, enum family family, const char *table,
		  const char *chain)
{
	const struct object *before;
	uint32_t at[2];

	if (s->error)
		return;
	before = &s->objects[s->n_objects > 1 ? s->n_objects - 2 : 0];
	at[0] = keep_again(s, table, before->table);
	at[1] = keep_again(s, chain, before->chain);
	if (s->error)
		return;
	s->objects[s->n_objects - 1].family = family;
	s->objects[s->n_objects - 1].table = at[0];
	s->objects[s->n_objects - 1].chain = at[1];
}

void sample_reached(struct sample *s, unsigned directions)
{
	if (!s->error)
		s->objects[s->n_objects - 1].reached = (uint8_t)directions;
}

void sample_row(struct sample *s, const struct counter *counter, uint64_t value)
{
	if (!reserve(s, (void **)&s->rows, &s->max_rows,
		     (uint64_t)s->n_rows + 1, sizeof(*s->rows)))
		return;
	s->rows[s->n_rows++] = (struct row) {
		.counter = counter,
		.value = value,
	};
	s->objects[s->n_objects - 1].n++;
}

/* What follows for an object from one of its rows that moved, if it did. */
static void note_delta(struct object *o, const struct row *row)
{
	o->parts_moved |= row->counter->in != NULL;
	switch (row->counter->kind) {
	case KIND_PASSED:
	case KIND_BYTES:
		return;
	case KIND_LOST:
	case KIND_RESENT:
		o->awake = true;
		break;
	}
	o->moved = true;
}

static void count_row(struct object *o, struct row *row, uint64_t n)
{
	row->delta = n < MAX_DELTA ? n : MAX_DELTA;
	row->flags |= ROW_COMPARED;
	if (n)
		note_delta(o, row);
}

void sample_row_began(struct object *o, struct row *row)
{
	count_row(o, row, row->value);
}

void sample_counted(struct sample *s, uint64_t n)
{
	struct row *row = s->n_rows ? &s->rows[s->n_rows - 1] : NULL;

	if (s->error || !row)
		return;
	s->objects[s->n_objects - 1].told = true;
	count_row(&s->objects[s->n_objects - 1], row, n);
}

void sample_began(struct sample *s)
{
	if (s->n_rows)
		sample_counted(s, s->rows[s->n_rows - 1].value);
}

bool sample_is_full(const struct sample *s)
{
	return s->error == -E2BIG || s->n_rows > MAX_ITEMS / 8 * 7 ||
	       s->n_objects > MAX_ITEMS / 8 * 7 || s->n_text > MAX_TEXT / 8 * 7;
}

void sample_missed(struct sample *s, int error)
{
	if (!s->missed)
		s->missed = error;
}

struct sample_mark sample_mark(const struct sample *s)
{
	return (struct sample_mark) {
		.rows = s->n_rows,
		.objects = s->n_objects,
		.text = s->n_text,
		.memory = s->n_memory,
		.last = s->last_memory,
		.remembered = sample_remembered(s),
		.missed = s->missed,
	};
}

void sample_rollback(struct sample *s, struct sample_mark mark)
{
	s->n_rows = mark.rows;
	s->n_objects = mark.objects;
	s->n_text = mark.text;
	s->n_memory = mark.memory;
	s->last_memory = mark.last;
	sample_forget(s, mark.remembered);
	sample_index_cut(s, mark.objects);
	s->error = 0;
	s->missed = mark.missed;
}

static bool is_level(const struct counter *c)
{
	return c->kind == KIND_LEVEL || c->kind == KIND_FILL ||
	       c->kind == KIND_FACT;
}

static void compare_row(struct row *row, const struct row *before, bool same)
{
	uint64_t delta = 0, flags = before->flags & ROW_SENT;

	if (same && !is_level(row->counter) &&
	    (row->value == before->value || /* most are */
	     delta_of(before->value, &row->value, row->counter->bits, &delta)))
		flags |= ROW_COMPARED;
	row->delta = delta < MAX_DELTA ? delta : MAX_DELTA;
	row->flags = flags;
}

/* Of the rows of two objects those of one counter stand mostly side by side. */
static void compare_rows(struct sample *now, struct object *o,
			 const struct sample *then, const struct object *p,
			 bool told)
{
	struct row *row = object_rows(now, o);
	const struct row *beside = object_rows(then, p);

	for (uint32_t i = 0; i < o->n; i++, row++) {
		const struct row *before =
			i < p->n && beside[i].counter == row->counter
				? &beside[i]
				: object_row(then, p, row->counter);

		if (!before)
			continue;
		if (told && row->flags & ROW_COMPARED)
			row->flags |= before->flags & ROW_SENT;
		else
			compare_row(row, before, o->same);
		if (row->delta)
			note_delta(o, row);
		o->sent |= row->flags & ROW_SENT;
	}
}

static void compare_object(struct sample *now, struct object *o,
			   const struct sample *then, const struct object *p,
			   bool follows)
{
	o->same = p->identity == o->identity;
	o->late = p->stale;
	o->awake = p->awake;
	compare_rows(now, o, then, p, follows && o->told);
}

/* For samples that were not taken one after the other. */
static void link_all(struct sample *now, const struct sample *then)
{
	sample_follow(now, then);
	for (uint32_t i = 0; i < now->n_objects; i++)
		link_object(now, &now->objects[i]);
}

#define SECOND UINT64_C(1000000000)

/*
 * When the read before was. If the clock was set forward since, what begins
 * with a value of then would begin with an interval that is far too long; set
 * back, a value of before may have that time already.
 */
static uint64_t time_before(const struct sample *now, const struct sample *then)
{
	uint64_t length = now->boot_ns - then->boot_ns;

	if (!then->boot_ns || now->time_ns < then->time_ns + length + SECOND)
		return then->time_ns;
	return now->time_ns - length;
}

void sample_compare(struct sample *now, const struct sample *then)
{
	bool follows = now->then == then;

	now->before_ns = time_before(now, then);
	if (!follows)
		link_all(now, then);
	for (uint32_t i = 0; i < now->n_objects; i++) {
		struct object *o = &now->objects[i];
		const struct object *p = object_before(now, o);

		if (p && !o->stale)
			compare_object(now, o, then, p, follows);
	}
}

void sample_uncompare(struct sample *s)
{
	for (uint32_t i = 0; i < s->n_rows; i++) {
		s->rows[i].delta = 0;
		s->rows[i].flags &= ROW_SENT;
	}
	for (uint32_t i = 0; i < s->n_objects; i++) {
		struct object *o = &s->objects[i];

		o->same = o->late = o->told = false;
		o->moved = o->parts_moved = false;
		o->before = 0;
	}
	sample_follow(s, NULL);
}

static void carry_object(struct sample *s, const struct sample *then,
			 const struct object *o)
{
	struct object *copy;

	sample_object(s, o->layer, object_place(then, o), object_name(then, o),
		      o->identity);
	sample_label(s, object_label(then, o));
	if (o->family)
		sample_chain(s, o->family, object_table(then, o),
			     object_chain(then, o));
	EACH_ROW (then, o, row)
		sample_row(s, row->counter, row->value);
	if (s->error)
		return;
	copy = &s->objects[s->n_objects - 1];
	copy->source = o->source;
	copy->main = o->main;
	copy->aqm = o->aqm;
	copy->reached = o->reached;
	copy->awake = o->awake;
	copy->stale = true;
	for (uint32_t i = 0; i < o->n; i++)
		s->rows[copy->first + i].flags =
			then->rows[o->first + i].flags & ROW_SENT;
}

bool sample_carry(struct sample *s, const struct sample *then, uint8_t source)
{
	uint32_t n_objects = s->n_objects;
	const void *memory;
	size_t n;

	EACH_OBJECT (then, o)
		if (o->source == source && !s->error)
			carry_object(s, then, o);
	memory = sample_memory(then, source, &n);
	if (memory)
		sample_remember(s, memory, n);
	s->parts |= then->parts & 1u << source;
	return memory || s->n_objects > n_objects;
}

void sample_zero(struct sample *s, const struct sample *of)
{
	sample_reset(s);
	for (uint32_t i = 0; i < of->n_objects; i++) {
		const struct object *o = &of->objects[i];

		sample_object(s, o->layer, object_place(of, o),
			      object_name(of, o), o->identity);
		for (uint32_t j = 0; j < o->n; j++)
			sample_row(s, of->rows[o->first + j].counter, 0);
	}
	s->time_ns = 1; /* it counts as read, at no time */
	s->boot_ns = s->mono_ns = 0;
}
