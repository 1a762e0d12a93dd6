/* SPDX-License-Identifier: MIT */
#include "base/deadline.h"

#include <stddef.h>

/* So many times as long it may take, beside other work. */
#define PATIENCE 4

uint64_t deadline_worked(const struct deadline *d)
{
	return d->worked ? d->worked() : d->now();
}

static bool has_passed(const struct deadline *d)
{
	uint64_t now;

	if (!d->end_ns)
		return false;
	now = d->now();
	if (now < d->end_ns)
		return false;
	return now - d->end_ns >= d->more_ns ||
	       deadline_worked(d) >= d->work_end_ns;
}

bool deadline_is_over(struct deadline *d)
{
	if (!d || d->is_over)
		return d != NULL;
	d->is_over = (d->stop && *d->stop) || has_passed(d);
	return d->is_over;
}

void deadline_give(struct deadline *d, uint64_t time_ns)
{
	d->is_over = false;
	d->end_ns = 0;
	if (!time_ns)
		return;
	d->end_ns = d->now() + time_ns;
	d->work_end_ns = deadline_worked(d) + time_ns;
	d->more_ns = d->worked ? (PATIENCE - 1) * time_ns : 0;
	if (d->last_ns && d->end_ns + d->more_ns > d->last_ns)
		d->more_ns = d->last_ns > d->end_ns ? d->last_ns - d->end_ns
						    : 0;
}
