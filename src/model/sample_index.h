/* SPDX-License-Identifier: MIT */
/*
 * Finds objects of a sample by what they are called, however many there are.
 * The index is made when somebody asks and there are enough of them, and goes
 * on with the sample; where there is no memory for it all are looked at. Pure.
 */
#ifndef PKTLOSS_MODEL_SAMPLE_INDEX_H
#define PKTLOSS_MODEL_SAMPLE_INDEX_H

#include "model/sample_query.h"

/*
 * Walks the objects of a layer, in their order:
 *
 *   EACH_OBJECT_IN (s, LAYER_IP, o)
 *           n += object_moved(s, o, tag);
 */
#define EACH_OBJECT_IN(s, layer, o)                                            \
	for (const struct object *o = sample_first_in(s, layer); o;            \
	     o = sample_next_in(s, o))

const struct object *sample_first_in(const struct sample *s, enum layer layer);
const struct object *sample_next_in(const struct sample *s,
				    const struct object *o);

/*
 * Walks the objects of a layer and place, in their order; not for a firewall's,
 * which have no place:
 *
 *   EACH_OBJECT_AT (s, LAYER_LINK, "eth0", o)
 *           n += object_moved(s, o, tag);
 */
#define EACH_OBJECT_AT(s, layer, place, o)                                     \
	for (const struct object *o = sample_first_at(s, layer, place); o;     \
	     o = sample_next_beside(s, o))

const struct object *sample_first_at(const struct sample *s, enum layer layer,
				     const char *place);

/*
 * Walks those that count at the same place as the object of: its layer and
 * place, in a firewall its chain. The object itself is one of them.
 */
#define EACH_OBJECT_BESIDE(s, of, o)                                           \
	for (const struct object *o = sample_first_beside(s, of); o;           \
	     o = sample_next_beside(s, o))

const struct object *sample_first_beside(const struct sample *s,
					 const struct object *of);
/* The one behind o. */
const struct object *sample_next_beside(const struct sample *s,
					const struct object *o);

/*
 * Walks the objects of the layer link that have an ifindex for an identity:
 *
 *   EACH_OBJECT_OF (s, ifindex, walk)
 *           n += object_value(s, walk.object, &fact, 0);
 */
#define EACH_OBJECT_OF(s, ifindex, walk)                                       \
	for (struct sample_walk walk = sample_walk_of(s, ifindex);             \
	     sample_next_of(s, &walk);)

struct sample_walk {
	const struct object *object;
	uint64_t ifindex;
	uint32_t at;
	bool is_indexed;
};

struct sample_walk sample_walk_of(const struct sample *s, uint64_t ifindex);
bool sample_next_of(const struct sample *s, struct sample_walk *walk);

/*
 * The object of that layer, place and name, or NULL. hint is the index to
 * look at first and is moved behind the find: samples keep their order, so
 * walking two of them side by side costs one comparison an object.
 */
const struct object *sample_find(const struct sample *s, enum layer layer,
				 const char *place, const char *name,
				 uint32_t *hint);

/*
 * Whether name_clean() makes the name of another object at the same place, or
 * of another interface, what it makes of this one.
 */
bool sample_names_collide(const struct sample *s, const struct object *o);
bool sample_places_collide(const struct sample *s, const char *place);

/* For sample.c: the objects from the n-th on have gone, or are others now. */
void sample_index_cut(struct sample *s, uint32_t n);
void sample_index_free(struct sample *s);

#endif
