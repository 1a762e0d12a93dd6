/* SPDX-License-Identifier: MIT */
/*
 * What is said of rules that change while somebody watches: a new one, and what
 * cannot be known of chains that were replaced. Pure.
 */
#include "probes/firewall/rule_changes.h"

#include <string.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"

enum {
	REASON_REPLACED,
	REASON_NEW_RULE,
};

const struct reason firewall_change_reasons[] = {
	[REASON_REPLACED] =
		{
			.id = "firewall-rules-replaced",
			.means = "Rules of a firewall were deleted, loaded "
				 "anew or had their counters zeroed while "
				 "packets came. What they had dropped until "
				 "then went with their counters, so that it "
				 "is only known that these packets are "
				 "missing. No rule without a counter is "
				 "needed to explain them.",
			.confirm = "`nft monitor rules` shows changes of "
				   "nftables as they happen, with the program "
				   "that makes them. With iptables, counters "
				   "that are lower than before show it: "
				   "`iptables-legacy -nvL`.",
			.fix = "Nothing, if the rules drop what they should. "
			       "A program that keeps reloading all rules "
			       "should replace only those that differ.",
			.gone = "From the next interval on, the packets are "
				"reported with the rule that drops them.",
		},
	[REASON_NEW_RULE] =
		{
			.id = "firewall-rule-new",
			.means = "A firewall rule that was added while "
				 "pktloss was watching drops packets: until "
				 "then they passed, or another rule dropped "
				 "them.",
			.confirm = "The packets of the rule rise: `nft -a list "
				   "ruleset` or `iptables-legacy -nvL "
				   "--line-numbers`.",
			.fix = "If that was not intended, delete the rule or "
			       "make it match less; whoever manages the "
			       "firewall (fail2ban, docker, kube-proxy, an "
			       "administrator) will know why it is there.",
			.gone = "Its counter stands still, and `pktloss` no "
				"longer shows the loss.",
		},
	{.id = NULL},
};

const struct object *firewall_next_replaced(const struct sample *s,
					    const struct object *behind)
{
	const struct object *o = behind ? behind + 1 : s->objects;
	const struct counter *fact = &firewall_facts[FIREWALL_REPLACED];

	for (; o != objects_end(s); o++)
		if (o->layer == LAYER_NETFILTER && !o->stale &&
		    object_row(s, o, fact))
			return o;
	return NULL;
}

void firewall_mark_new(struct cause *ret)
{
	char rule[sizeof(ret->text)];

	memcpy(rule, ret->text, sizeof(rule));
	CAUSE_TEXT(ret, "new %s, since this collectd watches", rule);
	ret->reason = &firewall_change_reasons[REASON_NEW_RULE];
}

static bool has_output_gap(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_UNEXPLAINED &&
		    object_tagged(s, o, TAG_OUT_GAP))
			return true;
	return false;
}

/* What such a chain drops has not come to IP yet, or IP has sent it. */
static bool is_beside_ip(const struct object *o)
{
	return o->family && !family_is_of_ip(o->family);
}

/*
 * Whether what a chain drops may be missing in a direction. Nobody can tell
 * packets to send from those to forward, and before Linux 6.7 FORWARD drops are
 * missed on input.
 */
static bool may_be_of(const struct sample *s, const struct object *o,
		      enum direction direction, bool has_gap)
{
	const unsigned out = 1u << DIR_TX | 1u << DIR_FWD;
	const struct counter *first = object_first(s, o);
	unsigned directions = o->reached;

	if (is_beside_ip(o))
		return false;
	if (!directions && first && first->kind == KIND_LOST)
		directions = 1u << first->direction;
	if (directions & out)
		directions |= out;
	if (directions & 1u << DIR_FWD && !has_gap)
		directions |= 1u << DIR_RX;
	return directions & 1u << direction;
}

/* Whether all rules that count drop just what they match. */
static bool all_are_policy(const struct sample *s)
{
	if (!s)
		return true;
	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_NETFILTER ||
		    object_tagged(s, o, TAG_RULE_IS_POLICY))
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_PART ||
			    row->counter->kind == KIND_DETAIL)
				return false;
	}
	return true;
}

/* Whether a rule without a counter may have dropped what IP misses. */
static bool has_uncounted(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (!is_beside_ip(o) &&
		    object_row(s, o, &firewall_facts[FIREWALL_UNCOUNTED]))
			return true;
	return false;
}

/*
 * Where there is a rule without a counter to suspect, a chain is a suspect
 * beside it only if it had counted something.
 */
static bool is_suspected(const struct sample *s, const struct object *o,
			 enum direction direction, bool has_gap,
			 bool any_uncounted)
{
	const struct counter *fact = &firewall_facts[FIREWALL_REPLACED];

	return may_be_of(s, o, direction, has_gap) &&
	       (!any_uncounted || object_value(s, o, fact, 0));
}

bool firewall_suspect_replaced(const struct sample *s, enum direction direction,
			       struct cause *ret)
{
	bool any_uncounted = has_uncounted(s), has_gap = has_output_gap(s);
	const struct object *o = NULL, *first = NULL;
	uint64_t n = 0;

	while ((o = firewall_next_replaced(s, o))) {
		if (!is_suspected(s, o, direction, has_gap, any_uncounted))
			continue;
		first = first ? first : o;
		n++;
	}
	if (!first)
		return false;
	ret->reason = &firewall_change_reasons[REASON_REPLACED];
	ret->lost = UINT64_MAX;
	ret->is_rule = all_are_policy(s) && all_are_policy(s->then);
	CAUSE_TEXT(ret, "rules of %s %s %s",
		   firewall_family_name(first->family), object_table(s, first),
		   object_chain(s, first));
	if (n > 1)
		CAUSE_TEXT(ret, "rules of %s %s %s and %llu more chains",
			   firewall_family_name(first->family),
			   object_table(s, first), object_chain(s, first),
			   (unsigned long long)(n - 1));
	n = strlen(ret->text);
	format_text(ret->text + n, sizeof(ret->text) - n,
		    " were replaced or zeroed in this interval, and their "
		    "counts with them");
	CAUSE_REMEDY(ret, "Nothing, if that was intended: the rules count "
			  "again");
	return true;
}
