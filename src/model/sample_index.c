/* SPDX-License-Identifier: MIT */
#include "model/sample_index.h"

#include <string.h>

#include "base/array.h"
#include "base/table.h"
#include "model/names.h"

/* Fewer are looked at one by one: that is as fast, and takes no memory. */
#define FEW_OBJECTS 24
/* So are more, for who asks seldom: making an index takes longer. */
#define ASKED_SELDOM 64

/* Objects of one place, or chain, in their order. */
struct group {
	uint32_t first, last;
};

struct groups {
	struct group *items;
	size_t n, max;
};

/* 1 + the next object of the same group, for each object. */
struct nexts {
	uint32_t *items;
	size_t n, max;
};

/* A name as it is sent, and which object has it. */
struct clean {
	uint32_t object;
	bool is_place;
	bool is_shared; /* another one looks the same */
};

struct cleans {
	struct clean *items;
	size_t n, max;
	uint32_t n_objects; /* whose names are in it */
};

/* The tables have indices of objects, groups and cleans. */
struct sample_index {
	uint32_t n; /* objects that are in it */
	struct table names, places, looks;
	struct table interfaces; /* those of the layer link, by identity */
	struct groups groups;
	struct nexts nexts;
	struct cleans cleans;
	struct nexts in_layer; /* the next object of the same layer */
	uint32_t first_in[N_LAYERS], last_in[N_LAYERS]; /* 1 + its index */
};

void sample_index_cut(struct sample *s, uint32_t n)
{
	struct sample_index *x = s->index;

	s->n_asked = 0;
	if (x && x->in_layer.n > n) {
		memset(x->first_in, 0, sizeof(x->first_in));
		x->in_layer.n = 0;
	}
	if (x && (x->n > n || x->cleans.n_objects > n)) {
		table_clear(&x->names);
		table_clear(&x->places);
		table_clear(&x->looks);
		table_clear(&x->interfaces);
		x->n = x->cleans.n_objects = 0;
		x->groups.n = x->nexts.n = x->cleans.n = 0;
	}
}

void sample_index_free(struct sample *s)
{
	struct sample_index *x = s->index;

	if (!x)
		return;
	table_free(&x->names);
	table_free(&x->places);
	table_free(&x->looks);
	table_free(&x->interfaces);
	free(x->groups.items);
	free(x->nexts.items);
	free(x->cleans.items);
	free(x->in_layer.items);
	free(x);
	s->index = NULL;
}

/*
 * An index is no part of what a sample tells, so whoever may only look at the
 * sample makes it. Samples are looked at by one thread at a time.
 */
static struct sample_index *index_of(const struct sample *s)
{
	struct sample *owner = (struct sample *)s;

	if (s->n_objects <= FEW_OBJECTS)
		return NULL;
	if (!owner->index)
		owner->index = calloc(1, sizeof(*owner->index));
	return owner->index;
}

/* The same of what takes long to be made: NULL for who asks seldom. */
static struct sample_index *asked_index_of(const struct sample *s)
{
	if (s->n_asked >= ASKED_SELDOM)
		return index_of(s);
	((struct sample *)s)->n_asked++;
	return NULL;
}

/* ---- by layer ---- */

static bool add_to_layer(const struct sample *s, struct sample_index *x,
			 uint32_t at)
{
	uint8_t layer = s->objects[at].layer;
	uint32_t *next = ARRAY_ADD(&x->in_layer);

	if (!next)
		return false;
	*next = 0;
	if (x->first_in[layer])
		x->in_layer.items[x->last_in[layer] - 1] = at + 1;
	else
		x->first_in[layer] = at + 1;
	x->last_in[layer] = at + 1;
	return true;
}

const struct object *sample_first_in(const struct sample *s, enum layer layer)
{
	struct sample_index *x = index_of(s);

	while (x && x->in_layer.n < s->n_objects)
		if (!add_to_layer(s, x, (uint32_t)x->in_layer.n))
			x = NULL;
	if (x)
		return x->first_in[layer] ? &s->objects[x->first_in[layer] - 1]
					  : NULL;
	EACH_OBJECT (s, o)
		if (o->layer == layer)
			return o;
	return NULL;
}

const struct object *sample_next_in(const struct sample *s,
				    const struct object *o)
{
	uint32_t at = (uint32_t)(o - s->objects), next;

	if (s->index && at < s->index->in_layer.n) {
		next = s->index->in_layer.items[at];
		return next ? &s->objects[next - 1] : NULL;
	}
	for (next = at + 1; next < s->n_objects; next++)
		if (s->objects[next].layer == o->layer)
			return &s->objects[next];
	return NULL;
}

/* ---- by name ---- */

static uint64_t hash_named(const struct sample *s, enum layer layer,
			   const char *place, const char *name)
{
	struct hash h = hash_begin(s->key);
	const unsigned char head = (unsigned char)layer;

	hash_add(&h, &head, 1);
	hash_name(&h, place);
	hash_name(&h, name);
	return hash_end(&h);
}

static bool has_name(const struct sample *s, const struct object *o,
		     enum layer layer, const char *place, const char *name)
{
	return o->layer == layer && !strcmp(object_place(s, o), place) &&
	       !strcmp(object_name(s, o), name);
}

/* ---- by place, or chain ---- */

/* Only a firewall's objects have a chain that is a place of its own. */
static uint64_t hash_place(const struct sample *s, enum layer layer,
			   const char *place, const struct object *chain)
{
	struct hash h = hash_begin(s->key);
	const unsigned char head[2] = {(unsigned char)layer,
				       chain ? chain->family : 0};

	hash_add(&h, head, sizeof(head));
	hash_name(&h, place);
	if (head[1])
		hash_name(&h, object_table(s, chain));
	if (head[1])
		hash_name(&h, object_chain(s, chain));
	return hash_end(&h);
}

static bool is_beside(const struct sample *s, const struct object *a,
		      const struct object *b)
{
	return a->layer == b->layer && a->family == b->family &&
	       (a->place == b->place ||
		!strcmp(object_place(s, a), object_place(s, b))) &&
	       (!a->family ||
		(!strcmp(object_table(s, a), object_table(s, b)) &&
		 !strcmp(object_chain(s, a), object_chain(s, b))));
}

static bool is_at_place(const struct sample *s, const struct object *o,
			enum layer layer, const char *place)
{
	return o->layer == layer && !o->family &&
	       !strcmp(object_place(s, o), place);
}

static struct group *find_group(const struct sample *s, struct sample_index *x,
				uint64_t hash, const struct object *o)
{
	EACH_HASHED (&x->places, hash, i) {
		struct group *group = &x->groups.items[i];

		if (is_beside(s, &s->objects[group->first], o))
			return group;
	}
	return NULL;
}

static bool add_to_group(const struct sample *s, struct sample_index *x,
			 uint32_t at)
{
	const struct object *o = &s->objects[at];
	uint64_t hash = hash_place(s, o->layer, object_place(s, o), o);
	struct group *group = find_group(s, x, hash, o);
	uint32_t *next = ARRAY_ADD(&x->nexts);

	if (!next)
		return false;
	*next = 0;
	if (group) {
		x->nexts.items[group->last] = at + 1;
		group->last = at;
		return true;
	}
	group = ARRAY_ADD(&x->groups);
	if (!group)
		return false;
	*group = (struct group) {at, at};
	return table_add(&x->places, hash, (uint32_t)x->groups.n - 1);
}

static const struct object *look_name_up(const struct sample *s,
					 const struct sample_index *x,
					 uint64_t hash, enum layer layer,
					 const char *place, const char *name)
{
	EACH_HASHED (&x->names, hash, i)
		if (has_name(s, &s->objects[i], layer, place, name))
			return &s->objects[i];
	return NULL;
}

/* Of those with the same name the first is found. */
static bool add_to_names(const struct sample *s, struct sample_index *x,
			 uint32_t at)
{
	const struct object *o = &s->objects[at];
	const char *place = object_place(s, o), *name = object_name(s, o);
	uint64_t hash = hash_named(s, o->layer, place, name);

	return look_name_up(s, x, hash, o->layer, place, name) ||
	       table_add(&x->names, hash, at);
}

static uint64_t hash_interface(const struct sample *s, uint64_t ifindex)
{
	struct hash h = hash_begin(s->key);

	hash_add(&h, &ifindex, sizeof(ifindex));
	return hash_end(&h);
}

/* Each has no more than its counters, its configuration and a few more. */
static bool add_to_interfaces(const struct sample *s, struct sample_index *x,
			      uint32_t at)
{
	const struct object *o = &s->objects[at];

	return o->layer != LAYER_LINK ||
	       table_add(&x->interfaces, hash_interface(s, o->identity), at);
}

/* The index with all objects in it, or NULL: they are few, or no memory. */
static struct sample_index *whole_index(const struct sample *s)
{
	struct sample_index *x = asked_index_of(s);

	for (; x && x->n < s->n_objects; x->n++)
		if (!add_to_group(s, x, x->n) || !add_to_names(s, x, x->n) ||
		    !add_to_interfaces(s, x, x->n)) {
			sample_index_cut((struct sample *)s, 0);
			return NULL;
		}
	return x;
}

static const struct object *first_like(const struct sample *s,
				       const struct object *of)
{
	EACH_OBJECT (s, o)
		if (is_beside(s, o, of))
			return o;
	return NULL;
}

const struct object *sample_first_beside(const struct sample *s,
					 const struct object *of)
{
	struct sample_index *x = whole_index(s);
	const struct group *group;

	if (!x)
		return first_like(s, of);
	group = find_group(
		s, x, hash_place(s, of->layer, object_place(s, of), of), of);
	return group ? &s->objects[group->first] : NULL;
}

const struct object *sample_first_at(const struct sample *s, enum layer layer,
				     const char *place)
{
	struct sample_index *x = whole_index(s);
	uint64_t hash = x ? hash_place(s, layer, place, NULL) : 0;

	if (!x) {
		EACH_OBJECT (s, o)
			if (is_at_place(s, o, layer, place))
				return o;
		return NULL;
	}
	EACH_HASHED (&x->places, hash, i) {
		const struct object *o = &s->objects[x->groups.items[i].first];

		if (is_at_place(s, o, layer, place))
			return o;
	}
	return NULL;
}

const struct object *sample_next_beside(const struct sample *s,
					const struct object *o)
{
	uint32_t at = (uint32_t)(o - s->objects), next;

	if (s->index && at < s->index->n) {
		next = s->index->nexts.items[at];
		return next ? &s->objects[next - 1] : NULL;
	}
	for (next = at + 1; next < s->n_objects; next++)
		if (is_beside(s, &s->objects[next], o))
			return &s->objects[next];
	return NULL;
}

static bool has_ifindex(const struct object *o, uint64_t ifindex)
{
	return o->layer == LAYER_LINK && o->identity == ifindex;
}

struct sample_walk sample_walk_of(const struct sample *s, uint64_t ifindex)
{
	const bool is_indexed = whole_index(s) != NULL;

	return (struct sample_walk) {
		.ifindex = ifindex,
		.is_indexed = is_indexed,
		.at = is_indexed ? (uint32_t)hash_interface(s, ifindex) : 0,
	};
}

/* The index of the next object that may be of an ifindex. */
static bool next_at(const struct sample *s, struct sample_walk *walk,
		    uint32_t *ret)
{
	if (walk->is_indexed)
		return table_next(&s->index->interfaces,
				  hash_interface(s, walk->ifindex), &walk->at,
				  ret);
	*ret = walk->at++;
	return *ret < s->n_objects;
}

bool sample_next_of(const struct sample *s, struct sample_walk *walk)
{
	uint32_t i;

	while (next_at(s, walk, &i)) {
		walk->object = &s->objects[i];
		if (has_ifindex(walk->object, walk->ifindex))
			return true;
	}
	return false;
}

static const struct object *find_named(const struct sample *s, enum layer layer,
				       const char *place, const char *name)
{
	const struct sample_index *x = whole_index(s);

	if (x)
		return look_name_up(s, x, hash_named(s, layer, place, name),
				    layer, place, name);
	EACH_OBJECT (s, o)
		if (has_name(s, o, layer, place, name))
			return o;
	return NULL;
}

const struct object *sample_find(const struct sample *s, enum layer layer,
				 const char *place, const char *name,
				 uint32_t *hint)
{
	const struct object *found;

	if (*hint < s->n_objects &&
	    has_name(s, &s->objects[*hint], layer, place, name))
		return &s->objects[(*hint)++];
	found = find_named(s, layer, place, name);
	if (found)
		*hint = (uint32_t)(found - s->objects) + 1;
	return found;
}

/* ---- by the name that is sent ---- */

/* What is compared: an interface, or the name of an object where it stands. */
struct look {
	const char *raw;
	const struct object *o; /* NULL: an interface */
	char clean[NAME_PART + 1];
};

static struct look look_of_place(const char *place)
{
	struct look look = {.raw = place};

	name_clean(look.clean, NAME_INTERFACE, place, false);
	return look;
}

static struct look look_of_name(const struct sample *s, const struct object *o)
{
	struct look look = {.raw = object_name(s, o), .o = o};

	name_clean(look.clean, NAME_PART, look.raw, false);
	return look;
}

static uint64_t hash_look(const struct sample *s, const struct look *look)
{
	struct hash h = hash_begin(s->key);
	const unsigned char head = look->o ? look->o->layer : 0xff;

	hash_add(&h, &head, 1);
	hash_name(&h, look->o ? object_place(s, look->o) : "");
	hash_name(&h, look->clean);
	return hash_end(&h);
}

/* Whether an object, or its interface, looks like that; "" is no name. */
static bool looks_like(const struct sample *s, const struct look *look,
		       const struct object *o)
{
	char clean[NAME_PART + 1];

	if (!look->o) {
		name_clean(clean, NAME_INTERFACE, object_place(s, o), false);
		return *object_place(s, o) && !strcmp(clean, look->clean);
	}
	if (look->o->layer != o->layer ||
	    strcmp(object_place(s, look->o), object_place(s, o)))
		return false;
	name_clean(clean, NAME_PART, object_name(s, o), false);
	return *object_name(s, o) && !strcmp(clean, look->clean);
}

/* An interface is the same in all objects whose place it is. */
static bool is_same_thing(const struct sample *s, const struct look *look,
			  const struct object *o)
{
	return look->o ? look->o == o : !strcmp(look->raw, object_place(s, o));
}

static struct clean *find_look(const struct sample *s,
			       const struct sample_index *x,
			       const struct look *look, uint64_t hash)
{
	EACH_HASHED (&x->looks, hash, i) {
		struct clean *clean = &x->cleans.items[i];

		if (clean->is_place == !look->o &&
		    looks_like(s, look, &s->objects[clean->object]))
			return clean;
	}
	return NULL;
}

static bool add_look(const struct sample *s, struct sample_index *x,
		     uint32_t at, const struct look *look)
{
	uint64_t hash = hash_look(s, look);
	struct clean *clean = find_look(s, x, look, hash);

	if (clean) {
		clean->is_shared |=
			!is_same_thing(s, look, &s->objects[clean->object]);
		return true;
	}
	clean = ARRAY_ADD(&x->cleans);
	if (!clean)
		return false;
	*clean = (struct clean) {at, !look->o, false};
	return table_add(&x->looks, hash, (uint32_t)x->cleans.n - 1);
}

/* Those without a name, or an interface, are never told by it. */
static bool add_looks(const struct sample *s, struct sample_index *x,
		      uint32_t at)
{
	const struct object *o = &s->objects[at];
	const struct look place = look_of_place(object_place(s, o));
	const struct look name = look_of_name(s, o);

	return (!*place.raw || add_look(s, x, at, &place)) &&
	       (!*name.raw || add_look(s, x, at, &name));
}

/* The index with the names of all objects in it, or NULL, as above. */
static struct sample_index *whole_looks(const struct sample *s)
{
	struct sample_index *x = asked_index_of(s);

	for (; x && x->cleans.n_objects < s->n_objects; x->cleans.n_objects++)
		if (!add_looks(s, x, x->cleans.n_objects)) {
			sample_index_cut((struct sample *)s, 0);
			return NULL;
		}
	return x;
}

static bool is_shared_look(const struct sample *s, const struct look *look)
{
	const struct sample_index *x = whole_looks(s);
	const struct clean *clean;

	if (x) {
		clean = find_look(s, x, look, hash_look(s, look));
		return clean &&
		       (clean->is_shared ||
			!is_same_thing(s, look, &s->objects[clean->object]));
	}
	EACH_OBJECT (s, o)
		if (!is_same_thing(s, look, o) && looks_like(s, look, o))
			return true;
	return false;
}

/* What is clean already is never changed to tell it apart. */
static bool collides(const struct sample *s, const struct look *look)
{
	return *look->raw && strcmp(look->clean, look->raw) &&
	       is_shared_look(s, look);
}

bool sample_names_collide(const struct sample *s, const struct object *o)
{
	const struct look look = look_of_name(s, o);

	return collides(s, &look);
}

bool sample_places_collide(const struct sample *s, const char *place)
{
	const struct look look = look_of_place(place);

	return collides(s, &look);
}
