/* SPDX-License-Identifier: MIT */
#include "probes/firewall/queue_feeds.h"

#define ANY_DIRECTION (1u << DIR_RX | 1u << DIR_TX | 1u << DIR_FWD)

const struct counter queue_feed_fact = {
	.name = "feeds",
	.bits = 64,
	.layer = LAYER_NETFILTER,
	.kind = KIND_FACT,
};

static void add_feed(struct queue_feeds *f, struct queue_feed feed)
{
	for (uint32_t i = 0; i < f->n; i++) {
		struct queue_feed *there = &f->items[i];

		if (there->first != feed.first || there->last != feed.last)
			continue;
		there->reached |= feed.reached;
		return;
	}
	if (f->n < MAX_QUEUE_FEEDS)
		f->items[f->n++] = feed;
	else
		f->items[f->n - 1] =
			(struct queue_feed) {0, UINT16_MAX, ANY_DIRECTION};
}

void queue_feeds_add(struct queue_feeds *f, enum family family, uint16_t first,
		     uint16_t n, uint8_t reached)
{
	bool is_ip = family_is_of_ip(family);
	uint32_t last = (uint32_t)first + n - 1;

	add_feed(f, (struct queue_feed) {
			    .first = n ? first : 0,
			    .last = n && last < UINT16_MAX ? (uint16_t)last
							   : UINT16_MAX,
			    .reached = is_ip ? reached : ANY_DIRECTION,
		    });
}

void queue_feeds_append(const struct queue_feeds *f, const char *name,
			struct sample *out)
{
	if (!f->n)
		return;
	sample_object(out, LAYER_NETFILTER, "", name, 0);
	for (uint32_t i = 0; i < f->n; i++) {
		const struct queue_feed *feed = &f->items[i];

		sample_row(out, &queue_feed_fact,
			   (uint64_t)feed->reached << 32 |
				   (uint64_t)feed->first << 16 | feed->last);
	}
}

bool queue_feeds_is(const struct sample *s, const struct object *o)
{
	return object_first(s, o) == &queue_feed_fact;
}

void queue_feeds_collect(struct queue_feeds *f, const struct sample *s)
{
	EACH_OBJECT (s, o) {
		if (!queue_feeds_is(s, o))
			continue;
		EACH_ROW (s, o, row)
			add_feed(f,
				 (struct queue_feed) {
					 .first = (uint16_t)(row->value >> 16),
					 .last = (uint16_t)row->value,
					 .reached = (uint8_t)(row->value >> 32),
				 });
	}
}

uint8_t queue_feeds_reached(const struct queue_feeds *f, uint32_t queue)
{
	uint8_t reached = 0;

	for (uint32_t i = 0; i < f->n; i++)
		if (f->items[i].first <= queue && queue <= f->items[i].last)
			reached |= f->items[i].reached;
	return reached;
}
