/* SPDX-License-Identifier: MIT */
#include "engine/turns.h"

/* In the order of a round. */
enum {
	CLASS_FIRST, /* was left out, and it is its turn */
	CLASS_CHEAP,
	CLASS_SKIPPED, /* was left out */
	CLASS_DEAR,    /* up to twice its part; four times; and so on */
	CLASS_NEW = CLASS_DEAR + 32,
	CLASS_TRIES,
	CLASS_NONE, /* it is gone */
};

static uint8_t class_by_cost(uint64_t cost_ns, uint64_t part_ns)
{
	uint8_t class = CLASS_DEAR;

	if (cost_ns <= part_ns)
		return CLASS_CHEAP;
	while ((cost_ns >>= 1) > part_ns && class < CLASS_NEW - 1)
		class ++;
	return class;
}

static uint8_t turn_class(const struct ns *ns, bool is_its_turn,
			  uint64_t part_ns)
{
	uint8_t class = ns->cost_ns ? class_by_cost(ns->cost_ns, part_ns)
				    : CLASS_NEW;

	if (ns->gone)
		return CLASS_NONE;
	if (ns->skipped && is_its_turn)
		return CLASS_FIRST;
	if (ns_tries_again(ns))
		class = CLASS_TRIES;
	if (ns->skipped && class != CLASS_CHEAP)
		class = CLASS_SKIPPED;
	return class;
}

/* The others are a ring; turns go around it. */
static struct ns *other(const struct turns *t, size_t i)
{
	return t->list->items[1 + i % (t->list->n - 1)];
}

/* Shares the time that is left among those that are there. */
static void share_out(struct turns *t)
{
	struct ns_list *list = t->list;
	size_t others = list->n - 1;
	uint64_t left = less_by(t->end_ns, t->at_ns);

	if (list->next >= others)
		list->next = 0;
	for (size_t i = 0; i < others; i++)
		t->behind += !other(t, i)->gone;
	t->regular_end_ns = t->at_ns + left / 4 * 3;
	t->part_ns = UINT64_MAX;
	if (t->end_ns)
		t->part_ns = left / 2 / (t->behind + !t->behind);
	for (size_t i = 0; i < others; i++) {
		struct ns *ns = other(t, i);

		ns->class = turn_class(ns, i == list->next, t->part_ns);
		t->classes |= UINT64_C(1) << ns->class;
	}
	t->classes &= ~(UINT64_C(1) << CLASS_NONE);
}

/* What is left until a time, without the parts of those behind. */
static uint64_t left_until(const struct turns *t, uint64_t end_ns)
{
	return less_by(less_by(end_ns, t->at_ns), t->behind * t->part_ns);
}

static struct allowance allow_work(const struct turns *t)
{
	uint64_t time;

	if (!t->end_ns)
		return (struct allowance) {.work_ns = t->share_ns};
	time = left_until(t, t->regular_end_ns);
	if (time < t->part_ns)
		time = t->part_ns;
	if (!t->any_read && time < t->share_ns)
		time = t->share_ns;
	return (struct allowance) {smaller_of(t->share_ns, time),
				   t->at_ns + time, 0};
}

/* How long its tries may take in all. */
static uint64_t time_to_try(const struct turns *t, const struct ns *ns)
{
	uint64_t time = 0;

	for (uint32_t slow = ns->slow; slow; slow &= slow - 1) {
		const struct pace *p = &ns->paces[__builtin_ctz(slow)];

		if (!p->wait)
			time += smaller_of(pace_time(p, t->share_ns),
					   t->most_ns);
	}
	return time;
}

/* The first whose turn it is tries with the time that there is. */
static uint64_t allow_try(struct turns *t, const struct ns *ns)
{
	uint64_t left;

	if (!t->end_ns)
		return UINT64_MAX;
	left = less_by(left_until(t, t->end_ns), t->part_ns);
	if (t->any_tried && time_to_try(t, ns) > left)
		return 0;
	t->any_tried = true;
	return t->at_ns + left;
}

/* One that was dear is not cheap at once, or it could be both by turns. */
static void note_cost(struct ns *ns, uint64_t took_ns)
{
	ns->cost_ns -= ns->cost_ns / 8;
	if (ns->cost_ns < took_ns)
		ns->cost_ns = took_ns;
}

static void take_turn(struct turns *t, struct ns *ns)
{
	bool tries = ns_tries_again(ns);
	struct allowance allowance = allow_work(t);
	uint64_t begun = t->at_ns;

	if (tries)
		allowance.try_last_ns = allow_try(t, ns);
	t->read(t->arg, ns, &allowance);
	t->any_read = true;
	t->at_ns = t->now();
	if (!tries) /* what that takes is no cost of each round */
		note_cost(ns, t->at_ns - begun + 1);
}

/* Returns how many of a class there was no time for. */
static size_t read_class(struct turns *t, unsigned class)
{
	size_t first = class == CLASS_CHEAP ? 0 : t->list->next;
	size_t n_skipped = 0;

	for (size_t i = 0; i < t->list->n - 1; i++) {
		struct ns *ns = other(t, first + i);

		if (ns->class != class || *t->stop)
			continue;
		t->behind--;
		ns->skipped = t->any_read && t->end_ns && t->at_ns >= t->end_ns;
		n_skipped += ns->skipped;
		if (!ns->skipped)
			take_turn(t, ns);
	}
	return n_skipped;
}

/* The next one in the ring that has to wait for something. */
static void pass_turn(struct turns *t)
{
	size_t others = t->list->n - 1;
	size_t next = 0;

	for (size_t i = others; i > 0; i--) {
		const struct ns *ns = other(t, t->list->next + i);

		if (!ns->gone && (ns->skipped || ns_tries_again(ns)))
			next = (t->list->next + i) % others;
	}
	t->list->next = next;
}

static void read_own(struct turns *t)
{
	struct ns *own = t->list->items[0];
	uint64_t now = t->now();
	uint64_t left = less_by(t->end_ns, now);
	struct allowance allowance = {
		.work_ns = t->share_ns,
		.last_ns = t->end_ns,
		.try_last_ns = t->end_ns ? now + left / 2 : UINT64_MAX,
	};

	t->read(t->arg, own, &allowance);
	t->at_ns = t->now();
}

size_t turns_take(struct turns *t)
{
	size_t n_skipped = 0;

	read_own(t);
	if (t->list->n == 1)
		return 0;
	share_out(t);
	for (uint64_t left = t->classes; left; left &= left - 1)
		n_skipped += read_class(t, (unsigned)__builtin_ctzll(left));
	pass_turn(t);
	return n_skipped;
}
