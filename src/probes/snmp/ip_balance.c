/* SPDX-License-Identifier: MIT */
#include "probes/snmp/ip_balance.h"

#include <errno.h>
#include <string.h>

#include "base/token.h"
#include "kernel/procnet.h"

/*
 * The kernel's counters are read one after the other while packets move, so a
 * balance jitters. What it falls short by is owed to its next rise, up to so
 * many packets; more is not jitter but a packet that was delivered twice.
 */
#define MAX_OWED 100

/* Adds up one side. Returns false where a counter it rests on is absent. */
static bool add_up(const struct snmp_values *values, bool v6, bool out,
		   int64_t *ret)
{
	uint64_t sum = 0;
	bool has_end = false;

	for (size_t i = 0; i < N_SNMP_COUNTERS; i++) {
		const struct counter *c = &snmp_counters[i];
		int sign = out ? c->out_gap : c->in_gap;

		if (!sign || !values->found[i] ||
		    !strncmp(c->name, "Ip6", 3) != v6)
			continue;
		sum += sign > 0 ? values->value[i] : -values->value[i];
		has_end |= !strcmp(c->name + (v6 ? 3 : 0),
				   out ? "OutTransmits" : "InReceives");
	}
	*ret = (int64_t)sum;
	return has_end;
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

/* What the previous sample says of a gap, or NULL. */
static const struct row *previous(const struct sample *s,
				  const struct counter *c)
{
	const struct object *o;

	o = object_before(s, &s->objects[s->n_objects - 1]);
	return o ? object_row(s->then, o, c) : NULL;
}

/* How many packets for groups came in since the read before. */
static uint64_t came_for_groups(const struct sample *s,
				const struct snmp_values *values, bool v6)
{
	const char *name = v6 ? "Ip6InMcastPkts" : "InMcastPkts";

	for (size_t i = 0; i < N_SNMP_COUNTERS; i++) {
		const struct row *before;

		if (strcmp(snmp_counters[i].name, name) || !values->found[i])
			continue;
		before = previous(s, &snmp_counters[i]);
		return before ? values->value[i] - before->value : 0;
	}
	return 0;
}

/*
 * Packets for a group that nobody here joined vanish without a counter, as
 * they should: of what the balance misses, as many as came for any group.
 */
static uint64_t lost_of(const struct sample *s,
			const struct snmp_values *values, int which,
			uint64_t missed)
{
	uint64_t groups = which & 2 ? 0 : came_for_groups(s, values, which & 4);

	return missed > groups ? missed - groups : 0;
}

static void append_gap(const struct probe_env *env,
		       const struct snmp_values *values, int which,
		       int64_t balance, struct sample *out)
{
	const struct counter *c = &snmp_counters[N_SNMP_COUNTERS + which];
	const struct row *gap = previous(out, &c[0]);
	const struct row *stand = previous(out, &c[1]);
	int64_t stands = stand ? (int64_t)stand->value : balance;
	uint64_t value = gap ? gap->value : 0;

	if (balance > stands) {
		if (has_ipvs(env))
			return;
		value += lost_of(out, values, which,
				 (uint64_t)(balance - stands));
		stands = balance;
	} else if (balance < stands - MAX_OWED) {
		stands = balance + MAX_OWED;
	}
	sample_row(out, &c[0], value);
	sample_row(out, &c[1], (uint64_t)stands);
}

void ip_balance_append(const struct probe_env *env,
		       const struct snmp_values *values, struct sample *out)
{
	for (int i = 0; !out->error && i < N_IP_GAPS; i += 2) {
		int64_t balance;

		if (add_up(values, i & 4, i & 2, &balance))
			append_gap(env, values, i, balance, out);
	}
}
