/* SPDX-License-Identifier: MIT */
#include "model/window.h"

#include <math.h>

/* The newest has the age 0. */
static unsigned slice_of_age(const struct window *w, unsigned age)
{
	return (w->newest + WINDOW_SLICES - age) % WINDOW_SLICES;
}

static void add_evidence(struct evidence *sum, const struct evidence *e)
{
	sum->seconds += e->seconds;
	sum->lost += e->lost;
	sum->eased += e->eased;
	sum->total += e->total;
	sum->hits += e->hits;
}

/* Whether what is newer than the oldest slice is a window already. */
static bool has_old_slice(const struct window *w, double length)
{
	double seconds = 0;

	for (unsigned age = 0; age + 1 < w->n; age++)
		seconds += w->slices[slice_of_age(w, age)].seconds;
	return w->n > 1 && seconds >= length;
}

static void begin_slice(struct window *w)
{
	w->newest = (w->newest + 1) % WINDOW_SLICES;
	w->slices[w->newest] = (struct evidence) {0};
	if (w->n < WINDOW_SLICES)
		w->n++;
}

void window_add(struct window *w, double length, const struct evidence *e)
{
	const double slice = length / (WINDOW_SLICES - 1);

	if (!w->n || w->slices[w->newest].seconds >= slice)
		begin_slice(w);
	add_evidence(&w->slices[w->newest], e);
	while (has_old_slice(w, length))
		w->n--;
}

struct evidence window_sum(const struct window *w)
{
	struct evidence sum = {0};

	for (unsigned age = 0; age < w->n; age++)
		add_evidence(&sum, &w->slices[slice_of_age(w, age)]);
	sum.percent = sum.total ? 100.0 * ((double)sum.lost / (double)sum.total)
				: NAN;
	return sum;
}
