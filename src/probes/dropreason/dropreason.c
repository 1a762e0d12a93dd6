/* SPDX-License-Identifier: MIT */
#include "probes/dropreason/dropreason.h"

#include <errno.h>
#include <string.h>

#include "kernel/capability.h"
#include "kernel/clock.h"
#include "kernel/drops.h"
#include "kernel/netlink.h"
#include "model/selection.h"

#define NOT_SPECIFIED "NOT_SPECIFIED"
#define UNKNOWN "unknown"

#define REASON                                                                 \
	.layer = LAYER_DROPREASON, .type = "packets", .bits = 64,              \
	.source = "net/core/skbuff.c"

enum {
	ROW_LOSS,
	ROW_HEALTHY,
};

/* Objects are called as the kernel calls its reasons. */
static const struct counter dropreason_counters[] = {
	[ROW_LOSS] = {REASON, .name = "", .kind = KIND_ECHO,
		      .means = "Packets dropped for the reason that is its "
			       "name, by the kernel's own word: most of them "
			       "other counters have as well"},
	[ROW_HEALTHY] = {REASON, .name = "", .kind = KIND_BENIGN,
			 .optional = true,
			 .means = "The same for reasons of which nothing is "
				  "lost, as NO_SOCKET, OTHERHOST, TCP_CLOSE; "
				  "wanted by their names, as in "
				  "\"dropreason-NO_SOCKET\""},
};
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

static bool was_read_before(const struct sample *out)
{
	return out->then && out->then->sources & 1u << out->source;
}

/* A reason that was none at the read before counts from 0. */
static void append_reason(struct sample *out, const struct counter *c,
			  const char *name, uint64_t packets)
{
	bool is_new = was_read_before(out) &&
		      !sample_before(out, LAYER_DROPREASON, "", name);

	sample_object(out, LAYER_DROPREASON, "", name, 0);
	sample_row(out, c, packets);
	if (is_new)
		sample_began(out);
}

static void append_if_wanted(const struct probe_env *env, struct sample *out,
			     const char *name, uint64_t packets)
{
	bool healthy = dropreason_is_healthy(name);

	if (!packets || (healthy && !reason_is_wanted(env, name)))
		return;
	append_reason(out,
		      &dropreason_counters[healthy ? ROW_HEALTHY : ROW_LOSS],
		      name, packets);
}

/* Those of one reason stand side by side, those of one function do then. */
static void append_reasons(const struct probe_env *env,
			   const struct drops_ns *ns, struct sample *out)
{
	char name[DROPREASON_NAME], last[DROPREASON_NAME] = "";
	uint64_t packets = 0;

	for (size_t i = 0; i < ns->n; i++) {
		dropreason_name(env->drops, &ns->items[i], name);
		if (strcmp(name, last) != 0) {
			append_if_wanted(env, out, last, packets);
			memcpy(last, name, sizeof(last));
			packets = 0;
		}
		packets += ns->items[i].packets;
	}
	append_if_wanted(env, out, last, packets);
}

static int dropreason_read(struct probe_env *env, struct sample *out)
{
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	const struct drops_ns *ns;
	int r;

	if (!env->drops)
		return env->drops_error ? env->drops_error : -ENOENT;
	r = drops_update(env->drops, now_ns);
	if (r < 0)
		return r;
	ns = drops_find(env->drops, netlink_cookie(env->netlink), now_ns);
	if (ns)
		append_reasons(env, ns, out);
	if (env->own && drops_unknown(env->drops))
		append_reason(out, &dropreason_counters[ROW_LOSS], UNKNOWN,
			      drops_unknown(env->drops));
	return 0;
}

const struct probe dropreason_probe = {
	.name = "dropreason",
	.what = "the kernel's reasons to drop packets",
	.reads = "its tracepoint kfree_skb, by a program of pktloss (eBPF)",
	.needs = NEEDS(SYS_ADMIN),
	.layer = LAYER_DROPREASON,
	.absent = ABSENT_NO_ENTRY, /* nobody insists on them */
	.names_objects = true,
	.counters = &dropreason_table,
	.read = dropreason_read,
};
