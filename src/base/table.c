/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <string.h>

#define FIRST_SLOTS 64u
#define MAX_SLOTS (1u << 30)

static void put_slot(struct table *t, struct table_slot slot)
{
	uint32_t at = slot.hash;

	while (t->slots[at & (t->max - 1)].item)
		at++;
	t->slots[at & (t->max - 1)] = slot;
	t->n++;
}

/* Twice as many slots: at most half of them are in use. */
static bool grow_slots(struct table *t)
{
	struct table larger = {.max = t->max ? t->max * 2 : FIRST_SLOTS};

	if (larger.max > MAX_SLOTS)
		return false;
	larger.slots = calloc(larger.max, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < t->max; i++)
		if (t->slots[i].item)
			put_slot(&larger, t->slots[i]);
	free(t->slots);
	*t = larger;
	return true;
}

bool table_add(struct table *t, uint64_t hash, uint32_t item)
{
	if (t->n >= t->max / 2 && !grow_slots(t))
		return false;
	put_slot(t, (struct table_slot) {(uint32_t)hash, item + 1});
	return true;
}

/* What was made for far more is given back: emptying it takes as long. */
void table_clear(struct table *t)
{
	if (t->max > FIRST_SLOTS && t->n < t->max / 16)
		table_free(t);
	else if (t->n)
		memset(t->slots, 0, t->max * sizeof(*t->slots));
	t->n = 0;
}

void table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table) {0};
}

bool table_next(const struct table *t, uint64_t hash, uint32_t *at,
		uint32_t *ret)
{
	while (t->max) {
		const struct table_slot *slot =
			&t->slots[(*at)++ & (t->max - 1)];

		if (!slot->item)
			return false;
		*ret = slot->item - 1;
		if (slot->hash == (uint32_t)hash)
			return true;
	}
	return false;
}
