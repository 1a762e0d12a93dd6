/* SPDX-License-Identifier: MIT */
/*
 * What the kernel did not drop, nobody lost; and what it dropped for one reason
 * nobody else is suspected of. A reason is read behind the balance of IP, so
 * what IP misses is known by then, or was in the interval before.
 */
#include <string.h>

#include "model/sample_index.h"
#include "probes/dropreason/dropreason_private.h"

#define SUMS "sums" /* the object's name */

static const uint8_t sum_rows[] = {
	[CLASS_NETFILTER] = ROW_SUM_NETFILTER,
	[CLASS_NEIGH] = ROW_SUM_NEIGH,
	[CLASS_NEIGH_FULL] = ROW_SUM_NEIGH_FULL,
	[CLASS_HIDDEN] = ROW_SUM_HIDDEN,
};

void dropreason_append_sums(const struct drop_sums *sums, uint64_t nowhere,
			    struct sample *out)
{
	sample_object(out, LAYER_DROPREASON, "", SUMS, 0);
	sample_row(out, &dropreason_counters[ROW_NOWHERE], nowhere);
	for (size_t i = 0; i < ARRAY_SIZE(sum_rows); i++)
		if (sum_rows[i])
			sample_row(out, &dropreason_counters[sum_rows[i]],
				   sums->of[i]);
}

/* The object of the sums, if they are known of this interval, or NULL. */
static const struct object *find_sums(const struct sample *s)
{
	uint32_t hint = 0;
	const struct object *o =
		sample_find(s, LAYER_DROPREASON, "", SUMS, &hint);
	const struct row *first = o ? object_rows(s, o) : NULL;

	if (!first || o->late || !(first->flags & ROW_COMPARED))
		return NULL;
	return o;
}

/* ---- what IP misses ---- */

static const uint8_t gap_directions[] = {DIR_RX, DIR_TX, DIR_FWD};

/* Where no more is missed the counters were read at different moments. */
#define MIN_EXCESS 10
#define MIN_EXCESS_PERCENT 1

static bool is_excess(uint64_t missed, uint64_t dropped)
{
	uint64_t n = less_by(missed, dropped);

	return n >= MIN_EXCESS && n * 100 >= dropped * MIN_EXCESS_PERCENT;
}

/* Packets of a gap, those that somebody has excused or not. */
static uint64_t missed_in(const struct loss *gap, bool excused)
{
	return excused ? gap->lost : less_by(gap->lost, gap->meant);
}

/* What IP misses most of, or NULL; and how much it misses in all. */
static struct loss *largest_gap(const struct losses *l, bool excused,
				uint64_t *ret_missed)
{
	struct loss *largest = NULL;

	*ret_missed = 0;
	for (size_t i = 0; i < ARRAY_SIZE(gap_directions); i++) {
		struct loss *gap =
			loss_find(l, LAYER_UNEXPLAINED, "", gap_directions[i]);
		uint64_t n = gap ? missed_in(gap, excused) : 0;

		*ret_missed += n;
		if (n && (!largest || n > missed_in(largest, excused)))
			largest = gap;
	}
	return largest;
}

/* So many of all that may be missed, of rules only those that none counted. */
static uint64_t uncounted_by_rules(const struct sample *s,
				   const struct object *o,
				   const struct losses *l)
{
	return less_by(object_moved(s, o, TAG_DROPS_NETFILTER),
		       losses_by_rules(l));
}

/*
 * Packets of no namespace may be of this one: as many more may be missed, but
 * where even more are, these were none of them.
 */
static bool is_too_much(const struct sample *s, const struct object *o,
			uint64_t missed, uint64_t dropped)
{
	return is_excess(missed,
			 dropped + object_moved(s, o, TAG_DROPS_NOWHERE));
}

/* What nobody dropped comes first of those that were excused. */
static void deny(struct loss *gap, uint64_t n)
{
	gap->meant = less_by(gap->meant, loss_deny(gap, n));
}

uint64_t dropreason_bound_gaps(const struct sample *s, struct losses *l)
{
	const struct object *o = find_sums(s);
	uint64_t dropped, missed, before = l->drops_left;
	struct loss *gap;

	l->drops_left = 0;
	if (!o)
		return 0;
	dropped = uncounted_by_rules(s, o, l) +
		  object_moved(s, o, TAG_DROPS_HIDDEN);
	while ((gap = largest_gap(l, true, &missed)) &&
	       is_too_much(s, o, missed, dropped + before))
		deny(gap, missed - dropped - before);
	l->drops_left = less_by(dropped, less_by(missed, before));
	return before;
}

void dropreason_bound_rules(const struct sample *s, struct losses *l,
			    uint64_t before)
{
	const struct object *o = find_sums(s);
	uint64_t dropped, missed;
	struct loss *gap;

	if (!o)
		return;
	dropped = uncounted_by_rules(s, o, l) + before;
	while ((gap = largest_gap(l, false, &missed)) &&
	       is_too_much(s, o, missed, dropped))
		gap->meant +=
			smaller_of(missed - dropped, missed_in(gap, false));
}

/* ---- what others ask ---- */

bool dropreason_tells(const struct sample *s)
{
	return find_sums(s) != NULL;
}

bool dropreason_neigh(const struct sample *s, struct dropreason_neigh *ret)
{
	const struct object *o = find_sums(s);

	if (!o)
		return false;
	ret->failed = object_moved(s, o, TAG_DROPS_NEIGH);
	ret->full = object_moved(s, o, TAG_DROPS_NEIGH_FULL);
	return true;
}

static void insert_hidden(struct hidden_reasons *list, const char *name,
			  uint64_t packets)
{
	size_t at = list->n;

	while (at && packets > list->items[at - 1].packets)
		at--;
	if (at == ARRAY_SIZE(list->items))
		return;
	if (list->n < ARRAY_SIZE(list->items))
		list->n++;
	for (size_t i = list->n - 1; i > at; i--)
		list->items[i] = list->items[i - 1];
	list->items[at].name = name;
	list->items[at].packets = packets;
}

void dropreason_hidden(const struct sample *s, struct hidden_reasons *ret)
{
	ret->n = 0;
	EACH_OBJECT_IN (s, LAYER_DROPREASON, o) {
		const struct row *row = object_rows(s, o);
		const char *name = object_name(s, o);

		if (row && row->counter == &dropreason_counters[ROW_LOSS] &&
		    row_moved(row) &&
		    dropreason_class(name, false) == CLASS_HIDDEN)
			insert_hidden(ret, name, row->delta);
	}
}
