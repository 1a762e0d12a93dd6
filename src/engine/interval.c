/* SPDX-License-Identifier: MIT */
#include "engine/interval.h"

#include <errno.h>
#include <math.h>

#include "engine/attribution.h"
#include "engine/martians.h"
#include "engine/wire.h"
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
		if (probes[i]->prove)
			probes[i]->prove(&ns->now, &ns->losses);
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->attribute)
			probes[i]->attribute(&ns->now, &ns->losses);
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->confirm)
			probes[i]->confirm(&ns->now, &ns->losses);
}

#define MILLISECOND UINT64_C(1000000)

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t before(uint64_t a, uint64_t b)
{
	return a < b ? a : b - 1;
}

/*
 * A namespace had counted nothing yet behind all that was read before, for
 * another one of that name may have been, and collectd takes no value that is
 * older than the last. How long ago that was is not asked of a clock that is
 * set.
 */
static void give_birth(const struct ns_list *list, struct ns *born)
{
	const struct sample *now = &born->now;
	uint64_t boot_ns = born->born_ns, time_ns;

	EACH_NS (list, ns)
		boot_ns = later(boot_ns, ns->then.boot_ns + MILLISECOND);
	boot_ns = before(boot_ns, now->boot_ns);
	time_ns = now->time_ns - (now->boot_ns - boot_ns);
	EACH_NS (list, ns)
		time_ns = later(time_ns, ns->then.time_ns + MILLISECOND);
	birth_of_namespace(now, &born->then, before(time_ns, now->time_ns),
			   boot_ns);
}

int interval_compare(struct ns_list *list)
{
	int result = 0;

	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		ns->is_first = !ns->then.time_ns;
		if (ns->born_ns && ns->is_first)
			give_birth(list, ns);
		sample_compare(&ns->now, &ns->then);
		birth_of_objects(&ns->now);
	}
	attribution_claim_addresses(list);
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		if (tally_losses(&ns->losses, &ns->now) < 0)
			result = -ENOMEM;
	}
	wire_excuse_groups(list);
	attribution_apply(list);
	EACH_NS (list, ns)
		if (ns->was_read)
			attribute_by_probes(ns);
	martians_place(list);
	attribution_settle_devices(list);
	return result;
}

bool interval_is_known(const struct ns *ns)
{
	return ns_is_reported(ns) && ns->then.time_ns;
}

double interval_seconds(const struct ns *ns)
{
	if (!ns->then.boot_ns)
		return NAN;
	return (double)(ns->now.boot_ns - ns->then.boot_ns) / 1e9;
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
