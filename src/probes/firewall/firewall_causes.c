/* SPDX-License-Identifier: MIT */
/* Which rules lose packets, those without a counter included. */
#include "probes/firewall/netfilter.h"
#include "probes/firewall/nft_read.h"

static bool explain_rule(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	char command[128];

	if (netfilter_describe_rule(s, suspect->object, ret->text,
				    sizeof(ret->text)) < 0)
		return false;
	ret->is_rule =
		!object_row(s, suspect->object, &netfilter_rule_probability) &&
		!object_row(s, suspect->object, &netfilter_rule_every);
	if (netfilter_remedy(s, suspect->object, command, sizeof(command)) == 0)
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
	uint64_t n = nft_uncounted(s);
	const struct object *o;
	char rule[96];
	uint32_t at = 0;

	o = nft_next_uncounted(s, &at);
	if (!o || netfilter_describe_rule(s, o, rule, sizeof(rule)) < 0) {
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

bool netfilter_explain_uncounted(const struct sample *s,
				 const struct loss *loss, struct cause *ret)
{
	if (!loss->uncounted)
		return false;
	ret->lost = loss->uncounted;
	ret->counter = counter_tagged(loss->direction == DIR_RX ? TAG_IN_GAP
								: TAG_OUT_GAP);
	describe_uncounted(s, loss, ret);
	return true;
}

const struct explainer netfilter_explainers[] = {
	{LAYER_NETFILTER, explain_rule},
	{0, NULL},
};
