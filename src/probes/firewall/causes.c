/* SPDX-License-Identifier: MIT */
/* Which rules lose packets, those without a counter included. */
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/rule_changes.h"
#include "probes/balance/balance.h"

const struct object *firewall_next_uncounted(const struct sample *s,
					     const struct object *behind)
{
	const struct object *o = behind ? behind + 1 : s->objects;
	const struct counter *fact = &firewall_facts[FIREWALL_UNCOUNTED];

	for (; o != objects_end(s); o++)
		if (o->layer == LAYER_NETFILTER && object_row(s, o, fact))
			return o;
	return NULL;
}

uint64_t firewall_uncounted(const struct sample *s)
{
	const struct counter *fact = &firewall_facts[FIREWALL_UNCOUNTED];
	const struct object *o = NULL;
	uint64_t n = 0;

	while ((o = firewall_next_uncounted(s, o)))
		n += object_value(s, o, fact, 0);
	return n;
}

bool firewall_is_policy(const struct sample *s, const struct object *o)
{
	struct firewall_rule rule;

	if (!firewall_rule_of(s, o, &rule) || !firewall_rule_is_policy(&rule))
		return false;
	EACH_ROW (s, o, row)
		if (row->counter->kind == KIND_PART ||
		    row->counter->kind == KIND_DETAIL)
			return true;
	return false;
}

static bool explain_rule(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	struct firewall_rule rule;
	char command[128];

	if (firewall_describe(s, suspect->object, ret->text,
			      sizeof(ret->text)) < 0 ||
	    !firewall_rule_of(s, suspect->object, &rule))
		return false;
	if (rule.is_new)
		firewall_mark_new(ret);
	ret->is_rule = firewall_is_policy(s, suspect->object);
	if (firewall_remedy(s, suspect->object, command, sizeof(command)) == 0)
		CAUSE_REMEDY(ret, "Look at it: %s", command);
	return true;
}

/*
 * What the balance of IP misses. The rules that have no counter are the first
 * suspects; there may be none, for XDP, tc and IPVS make packets vanish too.
 */
static void describe_uncounted(const struct sample *s, const struct loss *loss,
			       struct cause *ret)
{
	const char *where = loss->direction == DIR_RX
				    ? "between IP input and delivery"
				    : "between IP output and the interface";
	const struct object *o = firewall_next_uncounted(s, NULL);
	uint64_t n = firewall_uncounted(s);
	char rule[256];

	if (!o || firewall_describe(s, o, rule, sizeof(rule)) < 0) {
		CAUSE_TEXT(ret,
			   "lost %s without a counter, most often by a "
			   "firewall rule without `counter`",
			   where);
		CAUSE_REMEDY(ret,
			     "Look for a rule that drops: nft list ruleset");
		return;
	}
	CAUSE_TEXT(ret, "lost %s without a counter: suspect %s", where, rule);
	if (n > 1)
		CAUSE_TEXT(ret,
			   "lost %s without a counter: suspect %s or %llu more",
			   where, rule, (unsigned long long)(n - 1));
	CAUSE_REMEDY(ret, "Add `counter` to it");
}

/* What rules that drop on purpose had dropped, they had dropped on purpose. */
static void take_replaced(const struct sample *s, struct losses *l,
			  enum direction direction)
{
	uint64_t n = loss_suspect(l, direction, LAYER_NETFILTER, direction,
				  UINT64_MAX);
	struct loss *loss = loss_find(l, LAYER_NETFILTER, "", direction);
	struct cause cause;

	if (n && loss && firewall_suspect_replaced(s, direction, &cause) &&
	    cause.is_rule)
		loss->policy += n;
}

void firewall_attribute(const struct sample *s, struct losses *l)
{
	static const enum direction directions[] = {DIR_RX, DIR_TX, DIR_FWD};
	bool uncounted = firewall_next_uncounted(s, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		if (firewall_suspect_replaced(s, directions[i],
					      &(struct cause) {.lost = 0}))
			take_replaced(s, l, directions[i]);
		else if (uncounted)
			loss_suspect(l, directions[i], LAYER_NETFILTER,
				     directions[i], UINT64_MAX);
}

bool firewall_explain_uncounted(const struct sample *s, const struct loss *loss,
				struct cause *ret)
{
	if (loss->layer != LAYER_NETFILTER || !loss->uncounted)
		return false;
	ret->lost = loss->uncounted;
	ret->counter = counter_tagged(&balance_table, loss->direction == DIR_RX
							      ? TAG_IN_GAP
							      : TAG_OUT_GAP);
	if (!firewall_suspect_replaced(s, loss->direction, ret))
		describe_uncounted(s, loss, ret);
	return true;
}

/* clang-format off */
const struct explainer firewall_explainers[] = {
	{LAYER_NETFILTER, explain_rule},
	{0, NULL},
};
/* clang-format on */
