/* SPDX-License-Identifier: MIT */
#include "engine/interval.h"

#include <errno.h>
#include <math.h>

#include "engine/attribution.h"
#include "model/birth.h"
#include "model/probe.h"
#include "model/tally.h"

int interval_since_boot(struct ns_list *list)
{
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		sample_zero(&ns->then, &ns->now);
		if (ns->then.error)
			return ns->then.error;
	}
	return 0;
}

/* Has all probes say which of the losses are theirs, in their order. */
static void attribute_by_probes(struct ns *ns)
{
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->attribute)
			probes[i]->attribute(&ns->now, &ns->losses);
}

int interval_compare(struct ns_list *list)
{
	int result = 0;

	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		if (ns->born_ns && !ns->then.time_ns)
			birth_of_namespace(&ns->now, &ns->then, ns->born_ns);
		sample_compare(&ns->now, &ns->then);
		birth_of_objects(&ns->now);
		if (tally_losses(&ns->losses, &ns->now) < 0)
			result = -ENOMEM;
	}
	attribution_apply(list);
	EACH_NS (list, ns)
		if (ns->was_read)
			attribute_by_probes(ns);
	return result;
}

bool interval_is_known(const struct ns *ns)
{
	return ns_is_reported(ns) && ns->then.time_ns;
}

double interval_seconds(const struct ns *ns)
{
	if (!ns->then.mono_ns)
		return NAN;
	return (double)(ns->now.mono_ns - ns->then.mono_ns) / 1e9;
}

static void swap_samples(struct ns *ns)
{
	struct sample read = ns->now;

	ns->now = ns->then;
	ns->then = read;
	sample_follow(&ns->then, NULL);
	ns->was_read = false;
}

void interval_swap(struct ns_list *list)
{
	EACH_NS (list, ns)
		if (ns->was_read)
			swap_samples(ns);
}

void interval_end(struct ns_list *list)
{
	interval_swap(list);
	EACH_NS (list, ns) {
		if (ns->replaced)
			losses_free(&ns->losses);
		ns->replaced = false;
	}
	ns_list_drop_gone(list);
}
