/* SPDX-License-Identifier: MIT */
#include "engine/devices.h"

#include "base/hash.h"

/* So often all namespaces are looked at: an index takes longer to make. */
#define ASKED_SELDOM 16
/* Devices that look the same in so many namespaces are not told apart. */
#define MAX_ALIKE 4

void devices_forget(struct ns_list *list)
{
	if (list->devices.is_made)
		table_clear(&list->devices.table);
	list->devices.is_made = list->devices.knows_ipvlans = false;
	list->devices.n_asked = 0;
}

static uint64_t hash_key(const struct ns_list *list, const struct link_key *key)
{
	struct hash h = hash_begin(&list->key);

	hash_add(&h, key->words, sizeof(key->words));
	return hash_end(&h);
}

/*
 * Whoever owns namespaces may make all devices alike: the first ones count,
 * which are those of namespaces that nobody but an administrator can make.
 */
static bool add_key(struct ns_list *list, uint32_t item, uint64_t hash)
{
	unsigned alike = 0;

	EACH_HASHED (&list->devices.table, hash, i)
		if (i == item || ++alike == MAX_ALIKE)
			return true;
	return table_add(&list->devices.table, hash, item);
}

static bool add_device(struct ns_list *list, uint32_t item,
		       const struct object *config)
{
	const struct sample *s = &list->items[item]->now;
	struct link_key key;

	for (unsigned tie = 0; tie < N_LINK_TIES; tie++)
		if (link_key_of(s, config, tie, &key) &&
		    !add_key(list, item, hash_key(list, &key)))
			return false;
	return true;
}

static bool add_devices(struct ns_list *list, uint32_t item)
{
	const struct sample *s = &list->items[item]->now;

	if (!list->items[item]->was_read)
		return true;
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_LINK && object_name(s, o)[0] &&
		    !add_device(list, item, o))
			return false;
	return true;
}

static bool add_namespaces(struct ns_list *list, int rank)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (list->items[i]->rank == rank && !add_devices(list, i))
			return false;
	return true;
}

/*
 * An index is no part of what a list tells, so whoever may only look at the
 * list makes it. Lists are looked at by one thread at a time.
 */
static bool is_indexed(const struct ns_list *list)
{
	struct ns_list *owner = (struct ns_list *)list;

	if (list->devices.is_made || owner->devices.n_asked++ < ASKED_SELDOM)
		return list->devices.is_made;
	table_clear(&owner->devices.table);
	for (int rank = N_NS_RANKS - 1; rank >= 0; rank--)
		if (!add_namespaces(owner, rank)) {
			owner->devices.n_asked = 0;
			return false;
		}
	owner->devices.is_made = true;
	return true;
}

struct devices_walk devices_begin(const struct ns_list *list,
				  const struct sample *my,
				  const struct object *mine, enum link_tie tie)
{
	struct link_key key;
	struct devices_walk walk = {
		.is_none = !link_key_sought(my, mine, tie, &key)};

	if (walk.is_none)
		return walk;
	walk.is_indexed = is_indexed(list);
	if (!walk.is_indexed)
		return walk;
	walk.hash = hash_key(list, &key);
	walk.at = (uint32_t)walk.hash;
	return walk;
}

bool devices_next(const struct ns_list *list, struct devices_walk *walk)
{
	uint32_t item;

	if (walk->is_none)
		return false;
	if (walk->is_indexed) {
		if (!table_next(&list->devices.table, walk->hash, &walk->at,
				&item))
			return false;
		walk->ns = list->items[item];
		return true;
	}
	while (walk->at < list->n) {
		walk->ns = list->items[walk->at++];
		if (walk->ns->was_read)
			return true;
	}
	return false;
}
