/* SPDX-License-Identifier: MIT */
#include "program/baseline.h"

#include <errno.h>

#include "base/array.h"
#include "base/hash.h"

static uint64_t hash_id(const struct netns_id *id)
{
	struct hash h = hash_begin(NULL);

	hash_add(&h, &id->dev, sizeof(id->dev));
	hash_add(&h, &id->ino, sizeof(id->ino));
	return hash_end(&h);
}

/* One that has the number of another has another cookie. */
static struct baseline_item *find_item(const struct baseline *b,
				       const struct netns_id *id,
				       uint64_t cookie)
{
	EACH_HASHED (&b->table, hash_id(id), i) {
		struct baseline_item *item = &b->items[i];

		if (netns_same(&item->id, id) && item->cookie == cookie)
			return item;
	}
	return NULL;
}

static struct sample *find_sample(const struct baseline *b,
				  const struct netns_id *id, uint64_t cookie)
{
	struct baseline_item *item = find_item(b, id, cookie);

	return item ? &item->sample : NULL;
}

bool baseline_has_id(const struct baseline *b, const struct netns_id *id)
{
	EACH_HASHED (&b->table, hash_id(id), i)
		if (netns_same(&b->items[i].id, id))
			return true;
	return false;
}

void baseline_recall(struct baseline *b, struct ns *ns)
{
	struct baseline_item *item = find_item(b, &ns->id, ns->cookie);
	struct sample then = ns->then;

	if (!item || (item->host_only && !ns->host_only))
		return;
	ns->then = item->sample;
	item->sample = then;
}

bool baseline_knows(const struct baseline *b, const struct ns *ns)
{
	return find_sample(b, &ns->id, ns->cookie);
}

struct sample *baseline_sample(struct baseline *b, const struct netns_id *id,
			       uint64_t cookie)
{
	struct sample *sample = find_sample(b, id, cookie);
	struct baseline_item *item = sample ? NULL : ARRAY_ADD(b);

	if (!item)
		return sample;
	*item = (struct baseline_item) {.id = *id, .cookie = cookie};
	if (table_add(&b->table, hash_id(id), b->n - 1))
		return &item->sample;
	b->n--;
	return NULL;
}

/* The sample is moved: nobody looks at it any more until the next read. */
static int take_sample(struct baseline *b, struct ns *ns)
{
	struct sample *sample = baseline_sample(b, &ns->id, ns->cookie);

	if (!sample)
		return -ENOMEM;
	*sample = ns->then;
	sample_follow(sample, NULL);
	sample_follow(&ns->now, NULL);
	ns->then = (struct sample) {.key = ns->then.key};
	return 0;
}

/* An object that was not there at first, as it was when it began. */
static void add_beginning(struct sample *to, const struct sample *s,
			  const struct object *o)
{
	to->source = o->source;
	sample_object(to, o->layer, object_place(s, o), object_name(s, o),
		      o->identity);
	EACH_ROW (s, o, row)
		sample_row(to, row->counter, row->value - row->delta);
}

static int note_beginnings(struct sample *to, const struct sample *s)
{
	uint32_t hint = 0;

	EACH_OBJECT (s, o)
		if (o->told && !o->before &&
		    !sample_find(to, o->layer, object_place(s, o),
				 object_name(s, o), &hint))
			add_beginning(to, s, o);
	return to->error;
}

int baseline_follow(struct baseline *b, struct ns_list *list)
{
	int r = 0;

	EACH_NS (list, ns) {
		struct sample *first;

		if (r < 0 || !ns->was_read || !ns->then.time_ns)
			continue;
		first = find_sample(b, &ns->id, ns->cookie);
		r = first ? note_beginnings(first, &ns->now)
			  : take_sample(b, ns);
	}
	return r;
}

void baseline_restore(struct baseline *b, struct ns_list *list)
{
	EACH_NS (list, ns) {
		struct sample *first = find_sample(b, &ns->id, ns->cookie);
		struct sample then = ns->then;

		if (!first || !ns->was_read)
			continue;
		sample_uncompare(&ns->now);
		ns->then = *first;
		*first = then;
	}
}

void baseline_free(struct baseline *b)
{
	for (size_t i = 0; i < b->n; i++)
		sample_free(&b->items[i].sample);
	free(b->items);
	table_free(&b->table);
	*b = (struct baseline) {.n = 0};
}
