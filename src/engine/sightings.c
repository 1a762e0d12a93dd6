/* SPDX-License-Identifier: MIT */
#include "engine/sightings.h"

#include <errno.h>
#include <string.h>

static struct sighting *find_sighting(const struct sightings *s,
				      const struct netns_id *id)
{
	struct hash h = hash_begin(s->key);
	size_t i;

	hash_add(&h, &id->ino, sizeof(id->ino));
	for (i = hash_end(&h);; i++) {
		struct sighting *slot = &s->slots[i & (s->max - 1)];

		if (!slot->id.ino || netns_same(&slot->id, id))
			return slot;
	}
}

static int grow_table(struct sightings *s)
{
	struct sightings larger = {
		.n = s->n, .max = s->max ? s->max * 2 : 64, .key = s->key};

	larger.slots = calloc(larger.max, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->max; i++)
		if (s->slots[i].id.ino)
			*find_sighting(&larger, &s->slots[i].id) = s->slots[i];
	free(s->slots);
	*s = larger;
	return 0;
}

struct sighting *sightings_get(struct sightings *s, const struct netns_id *id)
{
	struct sighting *slot;

	if (2 * (s->n + 1) > s->max && grow_table(s) < 0)
		return NULL;
	slot = find_sighting(s, id);
	s->n += !slot->id.ino;
	slot->id = *id;
	return slot;
}

void sightings_clear(struct sightings *s)
{
	if (s->slots)
		memset(s->slots, 0, s->max * sizeof(*s->slots));
	s->n = 0;
}

void sightings_free(struct sightings *s)
{
	free(s->slots);
	*s = (struct sightings) {0};
}
