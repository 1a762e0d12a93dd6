/* SPDX-License-Identifier: MIT */
#include "model/probe.h"

#include <errno.h>

#include "model/selection.h"

bool counter_wanted(const struct probe_env *env, const struct counter *c)
{
	char name[COUNTER_OPTION];

	if (!c->optional)
		return true;
	if (!env->counters || !env->counters->n)
		return false;
	counter_option(c, name);
	return selection_names(env->counters, name);
}

bool probe_is_absent(const struct probe *p, bool was_there, int error)
{
	if (was_there && !(p->absent & ABSENT_AGAIN))
		return false;
	return (error == -ENOENT && p->absent & ABSENT_NO_ENTRY) ||
	       (error == -EOPNOTSUPP && p->absent & ABSENT_NO_SUPPORT);
}

static const struct counter_table *next_table(const struct probe *p,
					      const struct counter_table *t)
{
	if (t == p->counters)
		t = p->others;
	else
		t++;
	return t && t->n ? t : NULL;
}

static bool is_of_table(const struct counter_table *t, const struct counter *c)
{
	return (uintptr_t)c >= (uintptr_t)t->rows &&
	       (uintptr_t)c < (uintptr_t)(t->rows + t->n);
}

int probe_number_of(const struct probe *p, const struct counter *c)
{
	const struct counter_table *t = p->counters;
	size_t n = 0;

	for (; t; t = next_table(p, t)) {
		if (is_of_table(t, c))
			return (int)(n + (size_t)(c - t->rows));
		n += t->n;
	}
	return -ENOENT;
}

const struct counter *probe_counter(const struct probe *p, uint64_t number)
{
	const struct counter_table *t = p->counters;

	for (; t && number >= t->n; t = next_table(p, t))
		number -= t->n;
	return t ? &t->rows[number] : NULL;
}
