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
