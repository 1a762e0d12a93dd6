/* SPDX-License-Identifier: MIT */
#include "model/sample_index.h"

#include <string.h>

struct row *object_row(const struct sample *s, const struct object *o,
		       const struct counter *counter)
{
	struct row *end = object_rows_end(s, o);

	for (struct row *row = object_rows(s, o); row != end; row++)
		if (row->counter == counter)
			return row;
	return NULL;
}

const struct row *object_tagged(const struct sample *s, const struct object *o,
				enum tag tag)
{
	EACH_ROW (s, o, row)
		if (row->counter->tag == tag)
			return row;
	return NULL;
}

bool object_get(const struct sample *s, const struct object *o,
		const struct counter *counter, uint64_t *ret)
{
	const struct row *row = o ? object_row(s, o, counter) : NULL;

	if (row)
		*ret = row->value;
	return row;
}

uint64_t object_value(const struct sample *s, const struct object *o,
		      const struct counter *counter, uint64_t otherwise)
{
	object_get(s, o, counter, &otherwise);
	return otherwise;
}

uint64_t object_moved(const struct sample *s, const struct object *o,
		      enum tag tag)
{
	uint64_t sum = 0;

	EACH_ROW (s, o, row)
		if (row->counter->tag == tag && row_moved(row))
			sum += row->delta;
	return sum;
}

uint64_t sample_moved(const struct sample *s, enum layer layer,
		      const char *place, enum tag tag)
{
	uint64_t sum = 0;

	if (place && *place) { /* there may be thousands of them */
		EACH_OBJECT_AT (s, layer, place, o)
			sum += object_moved(s, o, tag);
		return sum;
	}
	EACH_OBJECT_IN (s, layer, o)
		if (!place || !*object_place(s, o))
			sum += object_moved(s, o, tag);
	return sum;
}

uint64_t sample_growth(const struct sample *s, enum layer layer, enum tag tag,
		       bool v6)
{
	uint64_t sum = 0;

	EACH_OBJECT_IN (s, layer, o)
		EACH_ROW (s, o, row)
			if (row->counter->tag == tag && row->counter->v6 == v6)
				sum += row_growth(s, o, row);
	return sum;
}

bool sample_has(const struct sample *s, enum layer layer, enum tag tag)
{
	EACH_OBJECT_IN (s, layer, o)
		if (object_tagged(s, o, tag))
			return true;
	return false;
}

const struct row *row_before(const struct sample *s, const struct object *o,
			     size_t at, const struct counter *counter)
{
	const struct object *before = object_before(s, o);

	if (!before)
		return NULL;
	if (at < before->n &&
	    object_rows(s->then, before)[at].counter == counter)
		return &object_rows(s->then, before)[at];
	return object_row(s->then, before, counter);
}

uint64_t row_growth(const struct sample *s, const struct object *o,
		    const struct row *row)
{
	const struct row *then =
		row_before(s, o, row - object_rows(s, o), row->counter);

	return then && row->value > then->value ? row->value - then->value : 0;
}
