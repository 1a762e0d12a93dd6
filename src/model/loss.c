/* SPDX-License-Identifier: MIT */
#include "model/loss.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/table.h"

void loss_end(struct loss *loss)
{
	alarm_forget(&loss->alarm);
	if (loss->other)
		alarm_forget(&loss->other->alarm);
	free(loss->other);
	loss->other = NULL;
	free(loss->words);
	loss->words = NULL;
}

void loss_split(struct loss *loss)
{
	struct loss_part *other = calloc(1, sizeof(*other));

	if (!other)
		return;
	other->limits_kind = LIMITS_POLICY;
	if (loss->told_part == TOLD_UNKNOWN) /* it may have been of either */
		other->alarm.state = loss->alarm.told;
	loss->other = other;
}

/* What was told, and is to be, is of both. */
void loss_turn(struct loss *loss)
{
	struct loss_part *other = loss->other;
	const struct loss_part front = {loss->alarm, loss->limits,
					loss->limits_kind};

	loss->alarm = other->alarm;
	loss->alarm.told = front.alarm.told;
	loss->alarm.due = front.alarm.due;
	loss->limits = other->limits;
	loss->limits_kind = other->limits_kind;
	*other = front;
	other->alarm.due = DUE_NOTHING;
}

/* Where each loss stands; none of them changes its place while it is there. */
struct loss_index {
	struct table table;
	uint32_t n; /* losses that are in it */
};

static void empty_index(struct loss_index *x)
{
	if (!x)
		return;
	table_clear(&x->table);
	x->n = 0;
}

void losses_free(struct losses *l)
{
	for (size_t i = 0; i < l->n; i++)
		loss_end(&l->items[i]);
	free(l->items);
	if (l->index)
		table_free(&l->index->table);
	free(l->index);
	*l = (struct losses) {.key = l->key};
}

void losses_forget(struct losses *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].idle && loss_is_at_rest(&l->items[i])) {
			loss_end(&l->items[i]);
			continue;
		}
		if (kept != i)
			l->items[kept] = l->items[i];
		kept++;
	}
	if (kept != l->n)
		empty_index(l->index);
	l->n = kept;
}

static struct loss *append_loss(struct losses *l, const char *place,
				uint8_t layer, uint8_t direction)
{
	struct loss *loss = ARRAY_ADD(l);

	if (!loss)
		return NULL;
	*loss = (struct loss) {
		.layer = layer,
		.direction = direction,
		.gone = true,
		.percent = NAN,
		.earlier = NAN,
	};
	snprintf(loss->place, sizeof(loss->place), "%s", place);
	return loss;
}

static bool is_of(const struct loss *loss, const char *place, uint8_t layer,
		  uint8_t direction)
{
	return loss->layer == layer && loss->direction == direction &&
	       !strcmp(loss->place, place);
}

/* As many are looked at one by one: that is as fast, and takes no memory. */
#define FEW_LOSSES 24

static uint64_t hash_loss(const struct losses *l, const char *place,
			  uint8_t layer, uint8_t direction)
{
	struct hash h = hash_begin(l->key);
	const unsigned char head[2] = {layer, direction};

	hash_add(&h, head, sizeof(head));
	hash_name(&h, place);
	return hash_end(&h);
}

/*
 * The index with all of them in it, or NULL: they are few, or no memory. It is
 * no part of what losses tell, so whoever may only look at them makes it.
 */
static const struct loss_index *whole_loss_index(const struct losses *l)
{
	struct losses *owner = (struct losses *)l;
	struct loss_index *x;

	if (l->n <= FEW_LOSSES)
		return NULL;
	if (!l->index)
		owner->index = calloc(1, sizeof(*l->index));
	x = l->index;
	for (; x && x->n < l->n; x->n++) {
		const struct loss *loss = &l->items[x->n];

		if (table_add(&x->table,
			      hash_loss(l, loss->place, loss->layer,
					loss->direction),
			      x->n))
			continue;
		empty_index(x);
		return NULL;
	}
	return x;
}

/* The index of an entry, or l->n. */
static size_t find_entry(const struct losses *l, const char *place,
			 uint8_t layer, uint8_t direction)
{
	const struct loss_index *x = whole_loss_index(l);
	size_t at = 0;

	if (x) {
		EACH_HASHED (&x->table, hash_loss(l, place, layer, direction),
			     i)
			if (is_of(&l->items[i], place, layer, direction))
				return i;
		return l->n;
	}
	while (at < l->n && !is_of(&l->items[at], place, layer, direction))
		at++;
	return at;
}

/* The place before may have so many entries that are not asked for again. */
#define STEPS_AHEAD 4
/* So many entries a sample may step back: those of one place. */
#define STEPS_BACK 8

/* The same where cursor is near it: samples keep their order. */
static size_t find_near(const struct losses *l, size_t cursor,
			const char *place, uint8_t layer, uint8_t direction)
{
	size_t start = cursor > STEPS_BACK ? cursor - STEPS_BACK : 0;

	for (size_t i = cursor; i < cursor + STEPS_AHEAD && i < l->n; i++)
		if (is_of(&l->items[i], place, layer, direction))
			return i;
	for (size_t i = start; i < cursor && i < l->n; i++)
		if (is_of(&l->items[i], place, layer, direction))
			return i;
	return find_entry(l, place, layer, direction);
}

struct loss *loss_get_near(struct losses *l, size_t *cursor, const char *place,
			   enum layer layer, enum direction direction)
{
	*cursor = find_near(l, *cursor, place, layer, direction);
	if (*cursor == l->n)
		return append_loss(l, place, layer, direction);
	l->items[*cursor].idle = false;
	return &l->items[*cursor];
}

struct loss *loss_find(const struct losses *l, enum layer layer,
		       const char *place, enum direction direction)
{
	size_t at = find_entry(l, place, layer, direction);

	return at < l->n ? &l->items[at] : NULL;
}

struct loss *loss_get(struct losses *l, enum layer layer, const char *place,
		      enum direction direction)
{
	size_t cursor = 0;

	return loss_get_near(l, &cursor, place, layer, direction);
}

uint64_t loss_take(struct loss *loss, uint64_t n)
{
	if (n > loss->lost)
		n = loss->lost;
	loss->lost -= n;
	loss->elsewhere += n;
	return n;
}

void loss_add(struct loss *loss, uint64_t n)
{
	loss->lost += n;
	loss->awake |= n > 0;
	if (loss->awake) {
		loss->known = true;
		loss->gone = false;
	}
}

uint64_t loss_deny(struct loss *loss, uint64_t n)
{
	n = loss_take(loss, n);
	if (!n)
		return 0;
	loss->elsewhere = 0; /* it was never this one's */
	loss->awake = loss->lost || loss->sent;
	return n;
}

uint64_t loss_suspect(struct losses *l, enum direction direction,
		      enum layer layer, enum direction to, uint64_t n)
{
	struct loss *suspect = loss_get(l, layer, "", to);
	/* behind loss_get(), which may move them */
	struct loss *pool = loss_find(l, LAYER_UNEXPLAINED, "", direction);

	if (!suspect || !pool)
		return 0;
	n = loss_deny(pool, smaller_of(n, less_by(pool->lost, pool->meant)));
	if (!n)
		return 0;
	suspect->uncounted += n;
	loss_add(suspect, n);
	return n;
}

uint64_t losses_by_rules(const struct losses *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct loss *loss = &l->items[i];

		if (loss->layer == LAYER_NETFILTER ||
		    (loss->layer == LAYER_CONNTRACK &&
		     loss->direction == DIR_NONE))
			n += less_by(loss->lost, loss->uncounted);
	}
	return n;
}

uint64_t loss_total(const struct loss *loss)
{
	uint64_t outside = loss->lost - loss->inside;
	uint64_t total = loss->passed;

	total += outside > loss->came ? outside : loss->came;
	return total > loss->lost ? total : loss->lost;
}

double loss_percent_of(const struct loss *loss, uint64_t n)
{
	uint64_t total = loss_total(loss);

	if (!loss->known || !loss->measured || loss->blind || loss->host_wide ||
	    !total)
		return NAN;
	return 100.0 * ((double)n / (double)total); /* 100 at most */
}

double loss_percent(const struct loss *loss)
{
	return loss_percent_of(loss, loss->lost);
}
