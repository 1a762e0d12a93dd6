/* SPDX-License-Identifier: MIT */
#include "program/gone.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

/* ---- interval by interval ---- */

static struct gone_ns *find_ns(struct gone *g, const struct summary_ns *ns)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].inode == ns->inode &&
		    g->items[i].cookie == ns->cookie)
			return &g->items[i];
	return NULL;
}

static struct gone_ns *find_or_add_ns(struct gone *g,
				      const struct summary_ns *ns)
{
	struct gone_ns *item = find_ns(g, ns);

	if (!item) {
		item = ARRAY_ADD(g);
		if (!item)
			return NULL;
		*item = (struct gone_ns) {
			.cookie = ns->cookie,
			.inode = ns->inode,
		};
	}
	memcpy(item->name, ns->name, sizeof(item->name));
	return item;
}

static bool is_at(const struct finding *a, const struct finding *b)
{
	return a->layer == b->layer && a->direction == b->direction &&
	       !strcmp(a->place, b->place);
}

/* The worst comes first. An object is of its sample, which does not stay. */
static void add_cause(struct causes *to, const struct cause *cause)
{
	size_t i = 0;

	while (i < to->n && strcmp(to->items[i].text, cause->text) != 0)
		i++;
	if (i == MAX_CAUSES)
		return;
	if (i == to->n) {
		to->items[to->n++] = *cause;
		to->items[i].object = NULL;
	} else {
		to->items[i].lost += cause->lost;
	}
	for (; i && to->items[i].lost > to->items[i - 1].lost; i--) {
		struct cause less = to->items[i - 1];

		to->items[i - 1] = to->items[i];
		to->items[i] = less;
	}
}

static void set_lost(struct finding *f, uint64_t lost)
{
	f->lost = lost;
	f->percent = f->total ? 100.0 * ((double)lost / (double)f->total) : NAN;
}

static struct finding *find_finding(const struct findings *in,
				    const struct finding *like)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->items[i].class == like->class &&
		    is_at(&in->items[i], like))
			return &in->items[i];
	return NULL;
}

static int add_finding(struct findings *to, const struct finding *from)
{
	struct finding *f = find_finding(to, from);

	if (f) {
		f->total = f->total && from->total ? f->total + from->total : 0;
		f->at_least |= from->at_least;
		set_lost(f, f->lost + from->lost);
	} else {
		f = ARRAY_ADD(to);
		if (!f)
			return -ENOMEM;
		*f = *from;
		f->below = -1;
		f->causes.n = 0;
	}
	for (size_t i = 0; i < from->causes.n; i++)
		add_cause(&f->causes, &from->causes.items[i]);
	return 0;
}

static int follow_ns(struct gone *g, const struct summary_ns *ns)
{
	const struct findings *f = &ns->findings;
	struct gone_ns *item;
	int r = 0;

	if (!f->n || !finding_is_row(&f->items[0]))
		return 0;
	item = find_or_add_ns(g, ns);
	if (!item)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < f->n; i++)
		if (finding_is_row(&f->items[i]))
			r = add_finding(&item->findings, &f->items[i]);
	return r;
}

int gone_follow(struct gone *g, const struct summary *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = follow_ns(g, &l->items[i]);
	return r;
}

/* ---- in the end ---- */

/* What vanished is counted nowhere, whatever layer it is said to be of. */
static uint64_t count_there(const struct findings *in,
			    const struct finding *where)
{
	uint64_t n = 0;

	for (size_t i = 0; i < in->n; i++)
		if (in->items[i].class != CLASS_UNEXPLAINED &&
		    is_at(&in->items[i], where))
			n += in->items[i].lost;
	return n;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/*
 * How much of a loss of the intervals is not counted there any more. What all
 * of them together show to be none, as a little of active queue management, is
 * counted there still. A tenth may be told in other rows.
 */
static uint64_t count_missing(const struct findings *seen,
			      const struct findings *all,
			      const struct finding *loss)
{
	const struct finding *same = find_finding(all, loss);
	uint64_t missing = less(loss->lost, same ? same->lost : 0);
	uint64_t here = less(count_there(seen, loss), count_there(all, loss));

	if (missing > here)
		missing = here;
	return missing > loss->lost / 10 ? missing : 0;
}

static void remove_finding(struct findings *f, size_t i)
{
	f->n--;
	memmove(&f->items[i], &f->items[i + 1], (f->n - i) * sizeof(*f->items));
}

/* Without its rule these are packets that vanished: they are told once. */
static void claim_unexplained(struct findings *all, const struct finding *loss)
{
	uint64_t left = loss->layer == LAYER_NETFILTER ? loss->lost : 0;

	for (size_t i = 0; left && i < all->n;) {
		struct finding *f = &all->items[i];
		uint64_t n = f->lost < left ? f->lost : left;

		if (f->class != CLASS_UNEXPLAINED ||
		    f->direction != loss->direction) {
			i++;
			continue;
		}
		left -= n;
		set_lost(f, f->lost - n);
		if (f->lost)
			i++;
		else
			remove_finding(all, i);
	}
}

/* In its order: what stands below others stands below the first one. */
static int insert_finding(struct findings *to, const struct finding *f)
{
	const struct finding *last = ARRAY_ADD(to);
	size_t i = 0;

	if (!last)
		return -ENOMEM;
	while (i < to->n - 1 && finding_compare(f, &to->items[i]) >= 0)
		i++;
	memmove(&to->items[i + 1], &to->items[i],
		(to->n - 1 - i) * sizeof(*to->items));
	to->items[i] = *f;
	return 0;
}

static void mark_causes(struct causes *causes)
{
	for (size_t i = 0; i < causes->n; i++) {
		struct cause *cause = &causes->items[i];
		size_t n = strlen(cause->text);

		format_text(cause->text + n, sizeof(cause->text) - n,
			    "; its counter is gone now");
		cause->remedy[0] = '\0';
	}
}

/* Each place has one loss, so none that was told is taken for the next one. */
static int tell_losses(const struct findings *seen, struct findings *all)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < seen->n; i++) {
		struct finding loss = seen->items[i];
		uint64_t missing;

		if (loss.class != CLASS_LOSS)
			continue;
		missing = count_missing(seen, all, &loss);
		if (!missing)
			continue;
		set_lost(&loss, missing);
		mark_causes(&loss.causes);
		claim_unexplained(all, &loss);
		r = insert_finding(all, &loss);
	}
	return r;
}

/* Into what has ended no command leads. */
static int tell_ended(struct gone_ns *item, struct summary *l)
{
	struct summary_ns *ns = ARRAY_ADD(l);
	struct findings *f = &item->findings;

	if (!ns)
		return -ENOMEM;
	*ns = (struct summary_ns) {
		.inode = item->inode,
		.cookie = item->cookie,
		.ended = true,
		.findings = *f,
	};
	memcpy(ns->name, item->name, sizeof(ns->name));
	for (size_t i = 0; i < f->n; i++)
		for (size_t j = 0; j < f->items[i].causes.n; j++)
			f->items[i].causes.items[j].remedy[0] = '\0';
	qsort(f->items, f->n, sizeof(*f->items), finding_compare);
	*f = (struct findings) {0};
	return 0;
}

int gone_tell(struct gone *g, struct summary *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		struct gone_ns *item = find_ns(g, &l->items[i]);

		if (!item)
			continue;
		item->is_there = true;
		r = tell_losses(&item->findings, &l->items[i].findings);
	}
	for (size_t i = 0; r == 0 && i < g->n; i++)
		if (!g->items[i].is_there)
			r = tell_ended(&g->items[i], l);
	return r;
}

void gone_free(struct gone *g)
{
	for (size_t i = 0; i < g->n; i++)
		findings_free(&g->items[i].findings);
	free(g->items);
	*g = (struct gone) {.n = 0};
}
