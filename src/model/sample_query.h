/* SPDX-License-Identifier: MIT */
/* What a sample is asked: each object and row, a value, what moved. Pure. */
#ifndef PKTLOSS_MODEL_SAMPLE_QUERY_H
#define PKTLOSS_MODEL_SAMPLE_QUERY_H

#include "model/sample.h"

/*
 * Walks all objects of a sample, and all rows of an object:
 *
 *   EACH_OBJECT (s, o)
 *           EACH_ROW (s, o, row)
 *                   sum += row->delta;
 */
#define EACH_OBJECT(s, o)                                                      \
	for (const struct object *o = (s)->objects, *o##_end = objects_end(s); \
	     o != o##_end; o++)
#define EACH_ROW(s, o, each)                                                   \
	for (const struct row *each = object_rows(s, o),                       \
			      *each##_end = object_rows_end(s, o);             \
	     each != each##_end; each++)

static inline const struct object *objects_end(const struct sample *s)
{
	return s->n_objects ? s->objects + s->n_objects : s->objects;
}

static inline struct row *object_rows(const struct sample *s,
				      const struct object *o)
{
	return o->n ? s->rows + o->first : NULL;
}

static inline struct row *object_rows_end(const struct sample *s,
					  const struct object *o)
{
	return o->n ? s->rows + o->first + o->n : NULL;
}

/* What the first row of an object counts, or NULL: it has none. */
static inline const struct counter *object_first(const struct sample *s,
						 const struct object *o)
{
	return o->n ? s->rows[o->first].counter : NULL;
}

/* Whether a firewall of that family gets the packets that IP counts. */
static inline bool family_is_of_ip(uint8_t family)
{
	return family == FAMILY_IP || family == FAMILY_IP6 ||
	       family == FAMILY_INET;
}

/* Whether what an object loses may be of several directions. */
static inline bool object_is_shared(const struct object *o)
{
	return o->reached & (o->reached - 1);
}

/*
 * The direction of what a row of an object counts, which is not shared: if it
 * is known only by what reaches the object, the counter does not say it.
 */
static inline enum direction row_direction(const struct object *o,
					   const struct row *row)
{
	enum direction direction = row->counter->direction;

	if (direction != DIR_NONE || !o->reached || object_is_shared(o))
		return direction;
	return (enum direction)__builtin_ctz(o->reached);
}

/* The row of an object for a counter, or NULL. Any sample, any thread. */
struct row *object_row(const struct sample *s, const struct object *o,
		       const struct counter *counter);

/* The first row of an object that carries a tag, or NULL. */
const struct row *object_tagged(const struct sample *s, const struct object *o,
				enum tag tag);

/*
 * The value of an object for a counter, most often a fact; otherwise where
 * there is no such row, or o is NULL.
 */
uint64_t object_value(const struct sample *s, const struct object *o,
		      const struct counter *counter, uint64_t otherwise);

/* The same, but tells whether there is one: only then *ret is written. */
bool object_get(const struct sample *s, const struct object *o,
		const struct counter *counter, uint64_t *ret);

/* Whether a row moved since the previous read. */
static inline bool row_moved(const struct row *row)
{
	return row->flags & ROW_COMPARED && row->delta;
}

/*
 * The row of an object for a counter in the sample before, or NULL. at is where
 * the row stands among those of o, or will: samples keep their order, so that
 * it is found at once.
 */
const struct row *row_before(const struct sample *s, const struct object *o,
			     size_t at, const struct counter *counter);

/*
 * By how much a row that only grows grew since the read before, in a sample
 * that is still being read; 0 where that is not known.
 */
uint64_t row_growth(const struct sample *s, const struct object *o,
		    const struct row *row);

/* The same of all rows of a layer, tag and family: facts, too. */
uint64_t sample_growth(const struct sample *s, enum layer layer, enum tag tag,
		       bool v6);

/* Whether a layer has a row with that tag. */
bool sample_has(const struct sample *s, enum layer layer, enum tag tag);

/* By how much the rows of a tag moved since the previous read in an object. */
uint64_t object_moved(const struct sample *s, const struct object *o,
		      enum tag tag);

/*
 * By how much the rows of a tag moved since the previous read, added up over
 * the objects of that layer and place; place NULL stands for all places.
 */
uint64_t sample_moved(const struct sample *s, enum layer layer,
		      const char *place, enum tag tag);

#endif
