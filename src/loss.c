/* SPDX-License-Identifier: MIT */
#include "loss.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void losses_free(struct losses *l)
{
	free(l->items);
	*l = (struct losses){0};
}

static struct loss *append(struct losses *l, const char *place, uint8_t layer,
			   uint8_t direction)
{
	struct loss *loss;

	if (l->n == l->max) {
		size_t max = l->max ? l->max * 2 : 16;
		struct loss *grown = realloc(l->items, max * sizeof(*grown));

		if (!grown)
			return NULL;
		l->items = grown;
		l->max = max;
	}
	loss = &l->items[l->n++];
	*loss = (struct loss){
		.layer = layer,
		.direction = direction,
		.percent = NAN,
	};
	snprintf(loss->place, sizeof(loss->place), "%s", place);
	return loss;
}

/* Finds or makes an entry; *cursor follows the order of the sample. */
static struct loss *get(struct losses *l, size_t *cursor, const char *place,
			uint8_t layer, uint8_t direction)
{
	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[(*cursor + i) % l->n];

		if (loss->layer != layer || loss->direction != direction ||
		    strcmp(loss->place, place))
			continue;
		*cursor = loss - l->items;
		loss->gone = false;
		return loss;
	}
	*cursor = l->n;
	return append(l, place, layer, direction);
}

uint64_t loss_of_row(const struct sample *s, const struct object *o,
		     const struct row *row)
{
	uint64_t parts = 0;

	for (uint32_t i = 0; i < o->n; i++) {
		const struct row *part = &s->rows[o->first + i];

		if (part->counter->kind == KIND_PART && part->delta &&
		    part->flags & ROW_COMPARED &&
		    !strcmp(part->counter->in, row->counter->name))
			parts += part->delta;
	}
	return row->delta > parts ? row->delta : parts;
}

static void add_passed(struct loss *loss, const struct row *row,
		       enum relation relation, bool since67)
{
	if (!(row->flags & ROW_COMPARED))
		loss->blind = true;
	else if (relation == INSIDE || (relation == SINCE67 && since67))
		loss->came += row->delta;
	else
		loss->passed += row->delta;
}

struct tally {
	struct losses *losses;
	const struct sample *sample;
	size_t cursor;
	bool since67; /* OutTransmits exists, so OutRequests means what came */
};

static int tally_passed(struct tally *t, const struct object *o,
			const struct row *row)
{
	for (int i = 0; i < MAX_DENOMINATORS; i++) {
		const struct denominator *of = &row->counter->of[i];
		struct loss *loss;

		if (of->relation == UNRELATED)
			break;
		loss = get(t->losses, &t->cursor, object_place(t->sample, o),
			   of->layer, of->direction);
		if (!loss)
			return -ENOMEM;
		add_passed(loss, row, of->relation, t->since67);
	}
	return 0;
}

static int tally_lost(struct tally *t, const struct object *o,
		      const struct row *row)
{
	struct loss *loss;

	loss = get(t->losses, &t->cursor, object_place(t->sample, o), o->layer,
		   row->counter->direction);
	if (!loss)
		return -ENOMEM;
	loss->symptom = row->counter->kind == KIND_RESENT;
	if (!(row->flags & ROW_COMPARED))
		return 0;
	loss->known = true;
	loss->lost += loss_of_row(t->sample, o, row);
	loss->awake |= loss->lost > 0;
	return 0;
}

static int tally_object(struct tally *t, const struct object *o)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < o->n; i++) {
		const struct row *row = &t->sample->rows[o->first + i];

		switch (row->counter->kind) {
		case KIND_LOST:
		case KIND_RESENT:
			r = tally_lost(t, o, row);
			break;
		case KIND_PASSED:
			r = tally_passed(t, o, row);
			break;
		}
	}
	return r;
}

static bool has_transmits(const struct sample *s)
{
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];

		if (o->layer != LAYER_IP)
			continue;
		for (uint32_t j = 0; j < o->n; j++)
			if (!strcmp(s->rows[o->first + j].counter->name,
				    "OutTransmits"))
				return true;
	}
	return false;
}

int loss_tally(struct losses *l, const struct sample *s)
{
	struct tally t = {.losses = l, .sample = s};
	int r = 0;

	t.since67 = has_transmits(s);
	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		loss->lost = loss->passed = loss->came = 0;
		loss->known = loss->blind = false;
		loss->gone = true;
	}
	for (uint32_t i = 0; r == 0 && i < s->n_objects; i++)
		r = tally_object(&t, &s->objects[i]);
	return r;
}

uint64_t loss_total(const struct loss *loss)
{
	uint64_t outside = loss->lost + loss->passed;

	return outside > loss->came ? outside : loss->came;
}

double loss_percent(const struct loss *loss)
{
	uint64_t total = loss_total(loss);

	if (!loss->known || loss->blind || !total)
		return NAN;
	return 100.0 * (double)loss->lost / (double)total;
}
