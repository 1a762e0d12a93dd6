/* SPDX-License-Identifier: MIT */
#include "model/probe.h"

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
