/* SPDX-License-Identifier: MIT */
#include "base/deadline.h"

#include <stddef.h>

bool deadline_is_over(struct deadline *d)
{
	if (!d || d->is_over)
		return d != NULL;
	d->is_over = (d->stop && *d->stop) ||
		     (d->end_ns && d->now() >= d->end_ns);
	return d->is_over;
}

void deadline_set(struct deadline *d, uint64_t end_ns)
{
	d->end_ns = end_ns;
	d->is_over = false;
}
