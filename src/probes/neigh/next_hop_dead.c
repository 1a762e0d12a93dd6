/* SPDX-License-Identifier: MIT */
/* Which next hops are dead, and how many packets of a namespace met them. */
#include <string.h>

#include "base/text.h"
#include "probes/balance/balance.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "probes/neigh/next_hop_private.h"

#define FACT .layer = LAYER_NEIGH, .kind = KIND_FACT, .bits = 64

const struct counter next_hop_fact_failed = {FACT, .name = "failed"};
const struct counter next_hop_fact_age = {FACT, .name = "age_ms"};
const struct counter next_hop_fact_no_carrier = {FACT, .name = "no_carrier"};

const struct counter_table next_hop_facts[] = {
	ONE_COUNTER(next_hop_fact_failed),
	ONE_COUNTER(next_hop_fact_age),
	ONE_COUNTER(next_hop_fact_no_carrier),
	{.n = 0},
};

/* One that answers at all does so in less. */
#define ANSWER_MS 100
#define SLACK_MS 50 /* clocks differ, and so do the times of two reads */

static bool is_dead(const struct sample *s, const struct object *o)
{
	uint64_t interval_ms = UINT64_MAX, failed, age;

	if (!object_get(s, o, &next_hop_fact_failed, &failed) ||
	    !object_get(s, o, &next_hop_fact_age, &age))
		return false;
	if (s->then && s->then->mono_ns)
		interval_ms = (s->mono_ns - s->then->mono_ns) / 1000000 +
			      SLACK_MS;
	return failed ? age <= interval_ms : age >= ANSWER_MS;
}

unsigned next_hop_family(const char *address)
{
	return strchr(address, ':') ? OF_V6 : OF_V4;
}

static bool is_dead_of(const struct sample *s, const struct object *o,
		       unsigned families)
{
	return o->layer == LAYER_NEIGH && is_dead(s, o) &&
	       families & next_hop_family(object_name(s, o));
}

const struct object *next_hop_first(const struct sample *s, unsigned families)
{
	EACH_OBJECT_IN (s, LAYER_NEIGH, o)
		if (is_dead_of(s, o, families))
			return o;
	return NULL;
}

bool next_hop_is_dead(const struct sample *s)
{
	return next_hop_first(s, OF_ANY) != NULL;
}

bool next_hop_is_dead_of(const struct sample *s, bool v6)
{
	return next_hop_first(s, v6 ? OF_V6 : OF_V4) != NULL;
}

unsigned next_hop_asked(const struct sample *s)
{
	uint64_t failed;
	unsigned n = 0;

	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NEIGH &&
		    object_get(s, o, &next_hop_fact_failed, &failed))
			n += !failed;
	return n;
}

/* Packets that a rule refused, if it is one that does: a drop answers none. */
static uint64_t refused_by_rule(const struct sample *s, const struct object *o)
{
	uint64_t sum = 0;

	if (!firewall_answers(s, o))
		return 0;
	EACH_ROW (s, o, row)
		if ((row->counter->kind == KIND_PART ||
		     row->counter->kind == KIND_DETAIL) &&
		    row_moved(row))
			sum += row->delta;
	return sum;
}

/* Whether some that drops without a counter may have answered with ICMP. */
static bool may_have_refused(const struct sample *s)
{
	const struct object *o = NULL;

	if (balance_has_refusing_route(s))
		return true;
	while ((o = firewall_next_uncounted(s, o)))
		if (firewall_answers(s, o))
			return true;
	return false;
}

/* Packets that vanished without a counter, in whatever direction. */
static uint64_t vanished(const struct losses *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct loss *loss = &l->items[i];

		n += loss->uncounted;
		if (loss->layer == LAYER_UNEXPLAINED)
			n += less_by(loss->lost, loss->meant);
	}
	return n;
}

uint64_t next_hop_refused(const struct sample *s, const struct losses *l)
{
	uint64_t explained = 0;

	if (!l->refused) /* in most namespaces */
		return 0;
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NETFILTER)
			explained += refused_by_rule(s, o);
	if (may_have_refused(s))
		explained += vanished(l);
	return l->refused > explained ? l->refused - explained : 0;
}

/*
 * No next hop, no rule and no counter: IP delivered them to a protocol that did
 * not want them. Which one it was, no counter tells.
 */
void next_hop_attribute(const struct sample *s, struct losses *l)
{
	uint64_t n = next_hop_is_dead(s) ? 0 : next_hop_refused(s, l);
	struct loss *loss;

	if (n < MIN_REFUSED || s->unread & 1u << LAYER_NETFILTER)
		return;
	loss = loss_get(l, LAYER_UNEXPLAINED, "", DIR_RX);
	if (!loss)
		return;
	loss->refused = n;
	loss_add(loss, n);
}

static const char *protocol_of(const char *address)
{
	return next_hop_family(address) == OF_V6 ? "neighbour discovery"
						 : "ARP";
}

void next_hop_describe_of(const struct sample *s, unsigned families,
			  char *buffer, size_t size)
{
	const struct object *first = next_hop_first(s, families);
	unsigned more = 0;

	if (size)
		buffer[0] = '\0';
	if (!first)
		return;
	for (const struct object *o = first + 1; o != objects_end(s); o++)
		more += is_dead_of(s, o, families);
	format_text(buffer, size, "%s on %s does not answer %s",
		    object_name(s, first), object_place(s, first),
		    protocol_of(object_name(s, first)));
	if (more)
		format_text(buffer, size,
			    "%s on %s does not answer %s, nor do %u more",
			    object_name(s, first), object_place(s, first),
			    protocol_of(object_name(s, first)), more);
}

void next_hop_blame(const struct sample *s, unsigned families,
		    struct cause *ret)
{
	EACH_OBJECT (s, o) {
		char name[96];

		if (!is_dead_of(s, o, families))
			continue;
		snprintf(name, sizeof(name), "%s %s", object_name(s, o),
			 object_place(s, o));
		cause_blame(ret, name);
	}
}

void next_hop_describe(const struct sample *s, char *buffer, size_t size)
{
	next_hop_describe_of(s, OF_ANY, buffer, size);
}
