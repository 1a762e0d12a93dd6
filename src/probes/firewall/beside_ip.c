/* SPDX-License-Identifier: MIT */
/*
 * Rules without a counter that drop what IP has not got yet, or never gets: at
 * devices (netdev, and inet at ingress) and in bridges. No counter misses these
 * packets, only the kernel's own word tells that rules dropped them.
 */
#include <string.h>

#include "model/tally.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/suspects.h"

/* Fewer are packets that were dropped while counters were read. */
#define MIN_LEFT 10
#define MIN_LEFT_PERCENT 1
/* Of so many times as many it may be but the time between two counters. */
#define FAR_MORE 10

static bool drops_beside_ip(const struct sample *s, const struct object *o)
{
	return o->family == FAMILY_BRIDGE || o->family == FAMILY_INGRESS ||
	       (o->family == FAMILY_NETDEV &&
		!object_tagged(s, o, TAG_RULE_BELOW_IP));
}

/* Some, beyond MaxRules, have no words. */
static const struct object *next_beside(const struct sample *s,
					const struct object *o)
{
	const struct counter *number = &firewall_facts[FIREWALL_NUMBER];

	do
		o = firewall_next_uncounted(s, o);
	while (o && (!drops_beside_ip(s, o) || !object_row(s, o, number)));
	return o;
}

static enum direction direction_of(const struct sample *s,
				   const struct object *o)
{
	return object_value(s, o, &firewall_facts[FIREWALL_DIRECTION], DIR_RX);
}

/* Whether they may have come to the end of a chain, which drops the rest. */
static bool any_of_chain(const struct sample *s)
{
	const struct object *o = NULL;

	while ((o = next_beside(s, o)))
		if (firewall_is_of_chain(s, o))
			return true;
	return false;
}

/* ---- how many they dropped ---- */

/* Whether all that rules have counted in the interval is known. */
static bool knows_counts(const struct sample *s)
{
	if (s->unread & 1u << LAYER_NETFILTER ||
	    firewall_next_replaced(s, NULL))
		return false;
	EACH_OBJECT_IN (s, LAYER_NETFILTER, o) {
		if (o->stale || o->late)
			return false;
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_LOST &&
			    !(row->flags & ROW_COMPARED))
				return false;
	}
	return true;
}

/* What the kernel says that rules dropped in the interval, or NULL. */
static const struct row *find_word(const struct sample *s)
{
	EACH_OBJECT_IN (s, LAYER_DROPREASON, o) {
		const struct row *row =
			object_tagged(s, o, TAG_DROPS_NETFILTER);

		if (row)
			return !o->late && row->flags & ROW_COMPARED ? row
								     : NULL;
	}
	return NULL;
}

/* What IP misses and no rule counts, also where that is too little to tell. */
static uint64_t missed_in_ip(const struct sample *s)
{
	uint64_t counted = 0;

	EACH_OBJECT_IN (s, LAYER_NETFILTER, o)
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_LOST &&
			    family_is_of_ip(o->family))
				counted += row->delta;
	return less_by(
		sample_moved(s, LAYER_UNEXPLAINED, "", TAG_IN_GAP) +
			sample_moved(s, LAYER_UNEXPLAINED, "", TAG_OUT_GAP),
		counted);
}

/* What came for groups, IP need not miss. */
static uint64_t came_for_many(const struct sample *s)
{
	return sample_moved(s, LAYER_LINK, NULL, TAG_LINK_MULTICAST) +
	       sample_growth(s, LAYER_IP, TAG_IN_MCAST_PKTS, false) +
	       sample_growth(s, LAYER_IP, TAG_IN_MCAST_PKTS, true) +
	       sample_growth(s, LAYER_IP, TAG_IN_BCAST_PKTS, false);
}

/*
 * Whether IP misses what an uncounted rule drops of its packets. Before Linux
 * 6.7 it does not miss what it has sent.
 */
static bool is_missed_by_ip(const struct sample *s, const struct object *o)
{
	unsigned met = o->reached ? o->reached : 1u << direction_of(s, o);

	return sample_has(s, LAYER_UNEXPLAINED, TAG_IN_GAP) &&
	       (!(met & 1u << DIR_TX) ||
		sample_has(s, LAYER_UNEXPLAINED, TAG_OUT_GAP));
}

/*
 * What egress rules may have dropped of what was sent: IP was told, or devices
 * above the one with the rule; and of what TCP sends IP is not, so what it has
 * handed on and no device has sent is another guess.
 */
static uint64_t lost_at_egress(const struct sample *s, const struct losses *l)
{
	uint64_t told = sample_moved(s, LAYER_IP, "", TAG_OUT_DISCARDS), gone;

	gone = less_by(sample_moved(s, LAYER_IP, "", TAG_OUT_TRANSMITS),
		       sample_moved(s, LAYER_LINK, NULL, TAG_TX_PACKETS));
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].direction == DIR_TX &&
		    l->items[i].layer == LAYER_LINK)
			told += l->items[i].lost;
	return told > gone ? told : gone;
}

/*
 * Packets that other rules without a counter may have dropped, at most; or
 * UINT64_MAX: nobody knows.
 */
static uint64_t dropped_by_others(const struct sample *s,
				  const struct losses *l)
{
	const struct object *o = NULL;
	bool any_in_ip = false, any_below = false;
	uint64_t n = 0, missed = missed_in_ip(s);

	while ((o = firewall_next_uncounted(s, o))) {
		any_below |= object_tagged(s, o, TAG_RULE_BELOW_IP) != NULL;
		if (!family_is_of_ip(o->family))
			continue;
		any_in_ip = true;
		if (!is_missed_by_ip(s, o))
			return UINT64_MAX;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].layer == LAYER_NETFILTER)
			n += l->items[i].uncounted;
	n = missed > n ? missed : n;
	if (any_in_ip)
		n += came_for_many(s);
	return any_below ? n + lost_at_egress(s, l) : n;
}

/*
 * Drops that nobody else knows of. The kernel's word is asked behind the rules:
 * what it has of a burst that others count at the next read is left over once,
 * and where it was asked for another namespace just before, they are ahead of
 * it. So what is left over is told where others dropped far less meanwhile, or,
 * if they did not drop far more, where some was in the interval before as well.
 */
static uint64_t left_over(const struct sample *s, struct losses *l,
			  uint64_t dropped)
{
	const uint64_t ahead = l->rules_ahead, before = l->rules_left;
	const uint64_t counted = losses_by_rules(l);
	uint64_t others, left;

	l->rules_ahead = less_by(counted, dropped);
	l->rules_left = 0;
	if (!dropped || !next_beside(s, NULL) || !knows_counts(s))
		return 0;
	others = dropped_by_others(s, l);
	left = less_by(less_by(less_by(dropped, counted), others), ahead);
	if (left < MIN_LEFT || left * 100 < dropped * MIN_LEFT_PERCENT)
		return 0;
	l->rules_left = left;
	if (sample_moved(s, LAYER_DROPREASON, "", TAG_DROPS_NOWHERE) >= left)
		return 0;
	if (before)
		return (counted + others) <= left * FAR_MORE ? left : 0;
	return (counted + others) * 2 < left ? left : 0;
}

/* They are policy as far as what IP misses is: see meant_of(). */
static void add_beside(const struct sample *s, struct losses *l, uint64_t n)
{
	const struct object *o = next_beside(s, NULL);
	struct loss *loss =
		o ? loss_get(l, LAYER_NETFILTER, "", direction_of(s, o)) : NULL;

	if (!loss)
		return;
	tally_beside_ip(l, loss, n, o->family == FAMILY_BRIDGE);
	loss->beside_is_policy = any_of_chain(s) &&
				 loss_percent_of(loss, n) <= POLICY_PERCENT;
	if (loss->beside_is_policy)
		loss->policy += n;
}

void firewall_attribute_beside(const struct sample *s, struct losses *l)
{
	const struct row *word = find_word(s);
	uint64_t n = word ? left_over(s, l, word->delta) : 0;

	if (!word)
		l->rules_left = l->rules_ahead = 0;
	if (n)
		add_beside(s, l, n);
}

/* ---- what is said of it ---- */

static void tell_beside(const struct sample *s, const struct object *first,
			const char *text, struct cause *ret)
{
	uint64_t n = 0;

	for (const struct object *o = first; o; o = next_beside(s, o)) {
		firewall_blame(s, o, ret);
		n++;
	}
	CAUSE_TEXT(ret, "dropped %s without a counter, by %s",
		   first->family == FAMILY_BRIDGE
			   ? "in a bridge"
			   : "at a device, in front of IP,",
		   text);
	if (n > 1)
		format_text(ret->text + strlen(ret->text),
			    sizeof(ret->text) - strlen(ret->text),
			    " or %llu more", (unsigned long long)(n - 1));
}

bool firewall_explain_beside(const struct sample *s, const struct loss *loss,
			     struct cause *ret)
{
	const struct row *word = find_word(s);
	const struct object *o;
	struct firewall_rule rule;
	char text[256];

	if (loss->layer != LAYER_NETFILTER || !loss->beside || !word)
		return false;
	o = next_beside(s, NULL);
	if (!o || firewall_describe(s, o, text, sizeof(text)) < 0 ||
	    !firewall_rule_of(s, o, &rule))
		return false;
	ret->reason = &firewall_reasons[firewall_reason_of(&rule)];
	tell_beside(s, o, text, ret);
	firewall_advise(s, o, &rule, ret);
	ret->is_rule = loss->beside_is_policy;
	ret->lost = loss->beside;
	ret->counter = word->counter;
	return true;
}
