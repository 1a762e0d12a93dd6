/* SPDX-License-Identifier: MIT */
/* Which rows of the tables are read. */
#include "pktloss.h"
#include "selection.h"

bool counter_wanted(const struct probe_env *env, const struct counter *c)
{
	char name[96];

	if (!c->optional)
		return true;
	if (!env->counters || !env->counters->n)
		return false;
	snprintf(name, sizeof(name), "%s-%s", layer_name(c->layer), c->name);
	return selection_names(env->counters, name);
}
