/* SPDX-License-Identifier: MIT */
#include "probes/snmp/ip_balance.h"

#include <errno.h>

#include "base/token.h"
#include "kernel/procnet.h"

/*
 * The kernel's counters are read one after the other while packets move, so a
 * balance jitters. What it falls short by is owed to its next rise, up to so
 * many packets; more is not jitter but a packet that was delivered twice.
 */
#define MAX_OWED 100

/* One side of one family, at a read. */
struct balance {
	int64_t packets; /* that are missing since ever */
	bool known;	 /* the counter that it rests on is there */
	uint64_t groups; /* packets that came for a group, joined or not */
	bool has_groups;
};

/* What is remembered of a gap. */
struct memory {
	const struct counter *gap;
	uint64_t lost;
	struct balance balance; /* of the read; its packets as far as counted */
};

static struct balance add_up(const struct counter *gap, const struct sample *s)
{
	const struct object *o = &s->objects[s->n_objects - 1];
	bool out = gap->direction == DIR_TX;
	enum tag rests_on = out ? TAG_OUT_TRANSMITS : TAG_IN_RECEIVES;
	struct balance b = {.known = false};
	uint64_t sum = 0;

	EACH_ROW (s, o, row) {
		const struct counter *c = row->counter;

		if (c->v6 != gap->v6)
			continue;
		sum += (uint64_t)(out ? c->out_gap : c->in_gap) * row->value;
		b.known |= c->tag == rests_on;
		if (c->tag == TAG_IN_MCAST_PKTS && !out) {
			b.groups = row->value;
			b.has_groups = true;
		}
	}
	b.packets = (int64_t)sum;
	return b;
}

static bool has_ipvs(const struct probe_env *env)
{
	ssize_t n = procnet_read(env->net, "ip_vs", env->buffer, env->size);
	struct token rest = {env->buffer, n > 0 ? (size_t)n : 0};
	int lines = 0;

	while (rest.n) {
		(void)token_line(&rest);
		lines++;
	}
	return n == -E2BIG || lines > 3; /* three lines of heading */
}

/* What the read before remembered of a gap, or NULL. */
static const struct memory *gap_before(const struct sample *s,
				       const struct counter *gap)
{
	size_t n;
	const struct memory *m = sample_memory(s->then, s->source, &n);

	for (n /= sizeof(*m); n; n--, m++)
		if (m->gap == gap)
			return m;
	return NULL;
}

/*
 * What a balance misses since the read before. Packets for a group that nobody
 * here joined vanish without a counter, as they should: of what the balance
 * misses, as many as came for any group.
 */
static uint64_t lost_since(const struct balance *now,
			   const struct balance *then)
{
	uint64_t missed = (uint64_t)(now->packets - then->packets);
	uint64_t groups = now->has_groups && then->has_groups
				  ? now->groups - then->groups
				  : 0;

	return missed > groups ? missed - groups : 0;
}

/* Goes on from the read before. Returns 0, or -EBUSY: IPVS is at work. */
static int count_on(const struct probe_env *env, const struct memory *before,
		    struct memory *now)
{
	int64_t *packets = &now->balance.packets;
	int64_t stands = before->balance.packets;

	now->lost = before->lost;
	if (*packets > stands) {
		if (has_ipvs(env))
			return -EBUSY;
		now->lost += lost_since(&now->balance, &before->balance);
	} else {
		*packets = *packets < stands - MAX_OWED ? *packets + MAX_OWED
							: stands;
	}
	return 0;
}

void ip_balance_append(const struct probe_env *env, const struct counter *gap,
		       struct sample *out)
{
	const struct memory *before = gap_before(out, gap);
	struct memory now = {.gap = gap};

	if (out->error)
		return;
	now.balance = add_up(gap, out);
	if (!now.balance.known || (before && count_on(env, before, &now) < 0))
		return;
	sample_row(out, gap, now.lost);
	sample_remember(out, &now, sizeof(now));
}
