/* SPDX-License-Identifier: MIT */
#include "model/birth.h"

#include "model/sample_index.h"

/* The counters of an interface, or NULL. */
static const struct object *find_link(const struct sample *s, const char *place)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_LINK, place, "", &hint);
}

/* An interface that only has another name now was there. */
static bool was_there(const struct sample *then, const struct object *link)
{
	EACH_OBJECT (then, o)
		if (o->layer == LAYER_LINK && o->identity == link->identity)
			return true;
	return false;
}

static bool is_born(const struct sample *now, const struct object *o)
{
	const struct object *link;

	if (o->stale || !(now->then->sources & 1u << o->source))
		return false;
	if (o->layer == LAYER_LINK)
		return !o->before && !*object_name(now, o) && !o->main &&
		       !was_there(now->then, o);
	if (o->layer != LAYER_QDISC || (o->before && o->same))
		return false;
	link = find_link(now, object_place(now, o));
	return link && link->before && link->same;
}

static bool is_count(const struct counter *c)
{
	return c->kind != KIND_LEVEL && c->kind != KIND_FILL &&
	       c->kind != KIND_FACT;
}

static void count_from_0(struct sample *now, struct object *o)
{
	for (uint32_t i = 0; i < o->n; i++) {
		struct row *row = &now->rows[o->first + i];

		if (is_count(row->counter))
			sample_row_began(o, row);
	}
}

void birth_of_objects(struct sample *now)
{
	if (!now->then || !now->then->boot_ns)
		return;
	for (uint32_t i = 0; i < now->n_objects; i++)
		if (is_born(now, &now->objects[i]))
			count_from_0(now, &now->objects[i]);
}

/* Of a real interface, or what is attached to one. */
static bool is_of_real(const struct sample *s, const struct object *o)
{
	const struct object *link = find_link(s, object_place(s, o));

	return (o->layer == LAYER_LINK || o->layer == LAYER_QDISC) && link &&
	       link->main;
}

void birth_of_namespace(const struct sample *now, struct sample *then,
			uint64_t time_ns, uint64_t boot_ns)
{
	uint64_t length = now->boot_ns - boot_ns;

	sample_zero(then, now);
	then->time_ns = time_ns;
	then->boot_ns = boot_ns;
	then->mono_ns = now->mono_ns > length ? now->mono_ns - length : 1;
	for (uint32_t i = 0; i < then->n_objects; i++)
		if (is_of_real(now, &now->objects[i]))
			then->objects[i].identity = ~now->objects[i].identity;
}
