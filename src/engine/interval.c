/* SPDX-License-Identifier: MIT */
/* One interval: what the newest look found, against the look before. */
#include <errno.h>
#include <math.h>

#include "engine/engine_private.h"

int engine_compare(struct engine *e)
{
	int result = 0;

	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		if (!w->fresh)
			continue;
		sample_compare(&w->now, &w->then);
		if (loss_tally(&w->losses, &w->now) < 0)
			result = -ENOMEM;
	}
	attribute_losses(e);
	return result;
}

int engine_since_boot(struct engine *e)
{
	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		if (!w->fresh)
			continue;
		sample_zero(&w->then, &w->now);
		if (w->then.error)
			return w->then.error;
	}
	return 0;
}

bool engine_namespace(const struct engine *e, size_t *at,
		      struct namespace_view *ret)
{
	while (*at < e->n_watched) {
		const struct watched *w = e->watched[(*at)++];

		if (!w->fresh || w->hidden || !w->then.time_ns)
			continue;
		*ret = (struct namespace_view) {
			.name = w->name,
			.sample = &w->now,
			.losses = &w->losses,
			.seconds = w->then.mono_ns ? (double)(w->now.mono_ns -
							      w->then.mono_ns) /
							     1e9
						   : NAN,
		};
		return true;
	}
	return false;
}

static void swap_samples(struct watched *w)
{
	struct sample read = w->now;

	w->now = w->then;
	w->then = read;
	sample_follow(&w->then, NULL);
	w->fresh = false;
}

void engine_swap(struct engine *e)
{
	for (size_t i = 0; i < e->n_watched; i++)
		if (e->watched[i]->fresh)
			swap_samples(e->watched[i]);
}

void engine_forget_gone(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		if (w->renewed)
			losses_free(&w->losses);
		w->renewed = false;
		if (w->present) {
			e->watched[kept++] = w;
			continue;
		}
		e->next -= e->next && kept <= e->next;
		e->rebuild |= e->n_unwatched > 0;
		watched_free(w);
	}
	e->n_watched = kept;
}

void engine_next(struct engine *e)
{
	engine_swap(e);
	engine_forget_gone(e);
}
