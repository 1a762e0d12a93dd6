/* SPDX-License-Identifier: MIT */
#include "engine/turns.h"

/* In the order of a round. */
enum {
	CLASS_FIRST, /* was left out, and it is its turn, for a quarter of it */
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

static uint8_t turn_class(const struct ns *ns, uint64_t part_ns)
{
	uint8_t class = ns->cost_ns ? class_by_cost(ns->cost_ns, part_ns)
				    : CLASS_NEW;

	if (ns->gone)
		return CLASS_NONE;
	if (ns_tries_again(ns))
		class = CLASS_TRIES;
	if (ns->skipped && class != CLASS_CHEAP && !ns->dear)
		class = CLASS_SKIPPED;
	return class;
}

/* The others are a ring; turns go around it. */
static struct ns *other(const struct turns *t, size_t i)
{
	return t->list->items[1 + i % (t->list->n - 1)];
}

static void put_in_class(struct turns *t, struct ns *ns, uint8_t class)
{
	ns->class = class;
	t->classes |= UINT64_C(1) << class;
}

static bool has_class(const struct turns *t, unsigned class)
{
	return t->classes & UINT64_C(1) << class;
}

/* Whether its part is kept for it. */
static bool is_sure(const struct ns *ns)
{
	return !ns->gone && !ns->dear;
}

/* Shares the time that is left among those that are there. */
static void share_out(struct turns *t)
{
	struct ns_list *list = t->list;
	size_t others = list->n - 1, n = 0;
	uint64_t left = less_by(t->end_ns, t->at_ns);

	if (list->next >= others)
		list->next = 0;
	for (size_t i = 0; i < others; i++) {
		n += !other(t, i)->gone;
		t->behind += is_sure(other(t, i));
	}
	t->part_ns = UINT64_MAX;
	if (t->end_ns)
		t->part_ns = left / 2 / (n + !n);
	for (size_t i = 0; i < others; i++) {
		struct ns *ns = other(t, i);

		if (ns->skipped && !ns->gone && (ns->dear || i == list->next))
			put_in_class(t, ns, CLASS_FIRST);
		else
			put_in_class(t, ns, turn_class(ns, t->part_ns));
	}
	t->first_end_ns = t->at_ns + left / 4;
	if (has_class(t, CLASS_TRIES))
		left -= left / 4;
	t->regular_end_ns = t->at_ns + left;
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

/* What its part was too short for takes more; else it may be dear no longer. */
static void note_dear(struct ns *ns, bool was_dear, uint64_t took_ns,
		      uint64_t part_ns)
{
	if (ns->dear)
		note_cost(ns, 2 * took_ns);
	else
		ns->dear = was_dear && !ns->slow && took_ns > part_ns;
}

static void take_turn(struct turns *t, struct ns *ns)
{
	bool tries = ns_tries_again(ns), was_dear = ns->dear;
	struct allowance allowance = allow_work(t);
	uint64_t begun = t->at_ns;

	if (tries)
		allowance.try_last_ns = allow_try(t, ns);
	if (was_dear) /* what is known of it may be too little, but how much? */
		allowance.work_ns =
			smaller_of(allowance.work_ns, 2 * ns->cost_ns);
	ns->dear = false;
	t->read(t->arg, ns, &allowance);
	t->any_read = true;
	t->at_ns = t->now();
	if (!tries) /* what that takes is no cost of each round */
		note_cost(ns, t->at_ns - begun + 1);
	note_dear(ns, was_dear, t->at_ns - begun, t->part_ns);
}

/* Whether there is no time for it in this round. */
static bool has_to_wait(const struct turns *t, const struct ns *ns)
{
	uint64_t wanted = smaller_of(ns->cost_ns, t->share_ns);

	if (!t->any_read || !t->end_ns)
		return false;
	return t->at_ns >= t->end_ns ||
	       (ns->dear && wanted > left_until(t, t->regular_end_ns));
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
		if (class == CLASS_FIRST && t->any_read &&
		    t->at_ns >= t->first_end_ns) {
			put_in_class(t, ns, turn_class(ns, t->part_ns));
			continue;
		}
		t->behind -= is_sure(ns);
		ns->skipped = has_to_wait(t, ns);
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
	for (unsigned class = CLASS_FIRST; class < CLASS_NONE; class ++)
		if (has_class(t, class))
			n_skipped += read_class(t, class);
	pass_turn(t);
	return n_skipped;
}
