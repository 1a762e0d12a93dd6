/* SPDX-License-Identifier: MIT */
#include "probes/dropreason/dropreason_private.h"

#include <errno.h>
#include <string.h>

#include "kernel/capability.h"
#include "kernel/clock.h"
#include "kernel/netlink.h"
#include "model/ip_gaps.h"
#include "model/selection.h"
#include "probes/balance/balance.h"

#define NOT_SPECIFIED "NOT_SPECIFIED"
#define UNKNOWN "unknown"

static const struct counter_table dropreason_table =
	COUNTER_TABLE(dropreason_counters);

void dropreason_name(struct drops *d, const struct drop *drop,
		     char ret[DROPREASON_NAME])
{
	const char *reason = drops_reason(d, drop->reason), *symbol = "";

	if (!strcmp(reason, NOT_SPECIFIED))
		symbol = drops_symbol(d, drop->location);
	format_text(ret, DROPREASON_NAME, "%s%s%s", reason,
		    symbol[0] ? "." : "", symbol);
}

/* Of a healthy reason, by its name. */
static bool reason_is_wanted(const struct probe_env *env, const char *name)
{
	char option[DROPREASON_NAME + 16];

	if (!env->counters || !env->counters->n)
		return false;
	format_text(option, sizeof(option), "%s-%s",
		    layer_name(LAYER_DROPREASON), name);
	return selection_names(env->counters, option);
}

/* A reason that was none at the read before counts from 0. */
static void append_reason(struct sample *out, const struct counter *c,
			  const char *name, uint64_t packets)
{
	bool is_new = dropreason_was_read(out) &&
		      !sample_before(out, LAYER_DROPREASON, "", name);

	sample_object(out, LAYER_DROPREASON, "", name, 0);
	sample_row(out, c, packets);
	if (is_new)
		sample_began(out);
}

/* Those of which nothing is lost are told where there are no others. */
static void append_if_wanted(const struct probe_env *env,
			     const struct drop_group *group, struct sample *out)
{
	uint64_t lost = 0, healthy = 0;

	for (size_t i = 0; i < group->n; i++) {
		const struct drop *drop = &group->items[i];

		*(dropreason_is_healthy(group->name, drop->for_many)
			  ? &healthy
			  : &lost) += drop->packets;
	}
	if (lost)
		append_reason(out, &dropreason_counters[ROW_LOSS], group->name,
			      lost);
	else if (reason_is_wanted(env, group->name))
		append_reason(out, &dropreason_counters[ROW_HEALTHY],
			      group->name, healthy);
}

static void add_to_sums(const struct drop_group *group, struct drop_sums *sums)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct drop *drop = &group->items[i];

		sums->of[dropreason_class(group->name, drop->for_many)] +=
			drop->packets;
	}
}

/* Those of one reason stand side by side, those of one function do then. */
static int append_reasons(const struct probe_env *env,
			  const struct drops_ns *ns, struct drop_sums *sums,
			  struct sample *out)
{
	char name[DROPREASON_NAME], next[DROPREASON_NAME];
	int r = 0;

	for (size_t i = 0, n; r == 0 && i < ns->n; i += n) {
		struct drop_group group = {name, &ns->items[i], 1};

		dropreason_name(env->drops, group.items, name);
		for (; i + group.n < ns->n; group.n++) {
			dropreason_name(env->drops, &group.items[group.n],
					next);
			if (strcmp(name, next) != 0)
				break;
		}
		n = group.n;
		add_to_sums(&group, sums);
		append_if_wanted(env, &group, out);
		r = dropreason_append_evidence(env, &group, out);
	}
	return r;
}

/* What IP misses was dropped before now; reading costs little, but not none. */
static int update(struct drops *d, uint64_t now_ns, const struct sample *out)
{
	return drops_update(d, now_ns,
			    ip_gaps_are_open(out) ? 0 : DROPS_FRESH_NS);
}

static int dropreason_read(struct probe_env *env, struct sample *out)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	struct drop_sums sums = {.of = {0}};
	const struct drops_ns *ns;
	int r;

	if (!env->drops)
		return env->drops_error ? env->drops_error : -ENOENT;
	r = update(env->drops, now_ns, out);
	if (r < 0)
		return r;
	ns = drops_find(env->drops, netlink_cookie(env->netlink), now_ns);
	if (ns)
		r = append_reasons(env, ns, &sums, out);
	dropreason_append_sums(&sums, drops_nowhere(env->drops), out);
	if (env->own && drops_unknown(env->drops))
		append_reason(out, &dropreason_counters[ROW_LOSS], UNKNOWN,
			      drops_unknown(env->drops));
	return r;
}

const struct probe dropreason_probe = {
	.name = "dropreason",
	.what = "the kernel's reasons to drop packets",
	.reads = "its tracepoint kfree_skb, by a program of pktloss (eBPF)",
	.needs = NEEDS(BPF) | NEEDS(PERFMON),
	.layer = LAYER_DROPREASON,
	.absent = ABSENT_NO_ENTRY, /* nobody insists on them */
	.names_objects = true,
	.counters = &dropreason_table,
	.explainers = dropreason_explainers,
	.explain_hidden = dropreason_explain_hidden,
	.reasons = dropreason_reasons,
	.after = (const struct probe *const[]) {&balance_probe, NULL},
	.read = dropreason_read,
	.prove = dropreason_prove,
	.confirm = dropreason_confirm,
};
