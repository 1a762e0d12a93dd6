/* SPDX-License-Identifier: MIT */
/* Which rules lose packets, and whose loss it is that nothing counts. */
#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/rule_changes.h"
#include "probes/firewall/suspects.h"
#include "probes/balance/balance.h"

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

/* ---- rules that count ---- */

static bool explain_rule(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *o = suspect->object;
	struct firewall_rule rule;
	char command[192];

	if (firewall_describe(s, o, ret->text, sizeof(ret->text)) < 0 ||
	    !firewall_rule_of(s, o, &rule))
		return false;
	ret->reason = &firewall_reasons[firewall_reason_of(&rule)];
	if (rule.is_new)
		firewall_mark_new(ret);
	ret->is_rule = firewall_is_policy(s, o);
	if (firewall_remedy(s, o, command, sizeof(command)) == 0)
		CAUSE_REMEDY(ret, "Look at it: `%s`", command);
	return true;
}

/* ---- what vanished ---- */

/*
 * Who can have lost so many packets, whom nobody was seen to listen to left
 * out: the first that can have lost all, or who can have lost most; and, beside
 * it, the next that can have lost some. Returns how many of them there are.
 */
static int choose_suspects(const struct sample *s, enum direction direction,
			   uint64_t lost, struct cause ret[2])
{
	int n = 0;

	for (const struct firewall_suspect *f = firewall_suspects; f->find;
	     f++) {
		struct cause c = {.known = true};

		if (f->find == firewall_suspect_proxy ||
		    !f->find(s, direction, &c))
			continue;
		if (n && ret[0].lost < lost && c.lost > ret[0].lost) {
			ret[1] = ret[0];
			ret[0] = c;
		} else if (n < 2) {
			ret[n] = c;
		}
		n = n ? 2 : 1;
	}
	return n;
}

static const char *gap_place(const struct loss *loss)
{
	return loss->direction == DIR_RX
		       ? "between IP input and delivery"
		       : "between IP output and the interface";
}

/* Where the kernel says that rules dropped some, that is no suspicion. */
static void tell_gap(const struct sample *s, const struct loss *loss,
		     const char *who, const char *or_else, struct cause *ret)
{
	bool told = sample_moved(s, LAYER_DROPREASON, "", TAG_DROPS_NETFILTER);

	CAUSE_TEXT(ret,
		   told ? "dropped %s without a counter, by %s%s%s"
			: "lost %s without a counter: suspect %s%s%s",
		   gap_place(loss), who, or_else[0] ? ", or " : "", or_else);
}

static void describe_gap(const struct sample *s, const struct loss *loss,
			 uint64_t lost, struct cause *ret)
{
	struct cause who[2];
	int n = choose_suspects(s, loss->direction, lost, who);

	if (n) {
		*ret = who[0];
		tell_gap(s, loss, who[0].text, n < 2 ? "" : who[1].text, ret);
		return;
	}
	ret->reason = &firewall_reasons[REASON_GAP];
	ret->known = false;
	CAUSE_TEXT(ret,
		   "lost %s without a counter, and no rule of a firewall here "
		   "lacks one",
		   gap_place(loss));
	CAUSE_REMEDY(ret,
		     "Look at routes of type blackhole, and at who filters: "
		     "`ip route show table all`, `nft list ruleset`");
}

static const enum direction gap_directions[] = {DIR_RX, DIR_TX, DIR_FWD};

/* Packets that wait for a verdict are missed, but not lost. */
static void take_waiting(const struct sample *s, struct losses *l)
{
	int64_t left = nfqueue_waiting_more(s);

	for (size_t i = 0; i < ARRAY_SIZE(gap_directions) && left > 0; i++) {
		struct loss *gap =
			loss_find(l, LAYER_UNEXPLAINED, "", gap_directions[i]);

		if (!gap)
			continue;
		left -= (int64_t)loss_take(gap, (uint64_t)left);
		gap->meant = smaller_of(gap->meant, gap->lost);
		gap->elsewhere = 0;
		gap->awake = gap->lost || gap->sent;
	}
}

/*
 * IPv4 broadcasts that came and of which nobody is known to have got them: no
 * rule that counts, no UDP that had nobody for them.
 */
static uint64_t broadcasts(const struct sample *s, const struct loss *loss)
{
	uint64_t known = sample_growth(s, LAYER_UDP, TAG_UDP_IGNORED, false) +
			 loss->lost - loss->uncounted;

	if (loss->direction != DIR_RX ||
	    !firewall_misses_family(s, DIR_RX, false))
		return 0;
	return less_by(sample_growth(s, LAYER_IP, TAG_IN_BCAST_PKTS, false),
		       known);
}

/*
 * How many of n packets a suspect dropped on purpose. The policy of a chain
 * drops what no rule let pass: broadcasts, which seldom are for anybody, and of
 * the rest up to what is no surprise. More without a counter is a loss until
 * somebody knows better.
 */
static uint64_t meant_of(const struct sample *s, const struct loss *loss,
			 const struct firewall_suspect *f,
			 const struct cause *c, uint64_t n)
{
	uint64_t unwanted;

	if (f->find == firewall_suspect_replaced)
		return c->is_rule ? n : 0;
	if (f->find != firewall_suspect_rule || !c->is_rule)
		return 0;
	unwanted = smaller_of(broadcasts(s, loss), n);
	return loss_percent_of(loss, n - unwanted) <= POLICY_PERCENT ? n
								     : unwanted;
}

/*
 * Gives a suspect up to n packets that are missed in a direction, and returns
 * how many.
 */
static uint64_t give_gap(const struct sample *s, struct losses *l,
			 const struct firewall_suspect *f,
			 enum direction direction, const struct cause *c,
			 uint64_t n)
{
	struct loss *loss;
	uint64_t meant;

	n = loss_suspect(l, direction, LAYER_NETFILTER, direction, n);
	loss = loss_find(l, LAYER_NETFILTER, "", direction);
	if (!loss || !n)
		return 0;
	meant = meant_of(s, loss, f, c, n);
	loss->meant += meant;
	loss->policy += meant;
	return n;
}

/* Mostly nothing is missed, and there is nobody to be suspected of it. */
static bool is_missing_some(const struct losses *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].layer == LAYER_UNEXPLAINED && l->items[i].lost)
			return true;
	return false;
}

/* Each takes as many as it can have lost, in whatever directions. */
static void suspect_all(const struct sample *s, struct losses *l)
{
	take_waiting(s, l);
	for (const struct firewall_suspect *f = firewall_suspects; f->find;
	     f++) {
		uint64_t taken = 0;

		for (size_t i = 0; i < ARRAY_SIZE(gap_directions); i++) {
			enum direction direction = gap_directions[i];
			struct cause c = {.known = true};

			if (f->find(s, direction, &c) && c.lost > taken)
				taken += give_gap(s, l, f, direction, &c,
						  c.lost - taken);
		}
	}
}

void firewall_attribute(const struct sample *s, struct losses *l)
{
	if (is_missing_some(l))
		suspect_all(s, l);
	firewall_attribute_beside(s, l);
}

static void set_gap(const struct loss *loss, uint64_t lost, struct cause *ret)
{
	ret->lost = lost;
	ret->counter = counter_tagged(&balance_table, loss->direction == DIR_RX
							      ? TAG_IN_GAP
							      : TAG_OUT_GAP);
}

/* Packets of a loss that went to where nobody listens; ret is who drops them.
 */
static uint64_t proxied_of(const struct sample *s, const struct loss *loss,
			   struct cause *ret)
{
	if (loss->layer != LAYER_NETFILTER || !loss->uncounted ||
	    !firewall_suspect_proxy(s, loss->direction, ret))
		return 0;
	return ret->lost < loss->uncounted ? ret->lost : loss->uncounted;
}

bool firewall_explain_proxied(const struct sample *s, const struct loss *loss,
			      struct cause *ret)
{
	struct cause who = {.known = true};
	uint64_t n = proxied_of(s, loss, &who);

	if (!n)
		return false;
	*ret = who;
	tell_gap(s, loss, who.text, "", ret);
	set_gap(loss, n, ret);
	return true;
}

/* A rule of family netdev drops behind IP, which knows that it was refused. */
static bool explain_egress(const struct sample *s, const struct loss *loss,
			   struct cause *ret)
{
	const struct object *o = NULL;
	struct firewall_rule rule;
	char text[320];

	do
		o = firewall_next_uncounted(s, o);
	while (o && !object_tagged(s, o, TAG_RULE_BELOW_IP));
	if (!o || firewall_describe(s, o, text, sizeof(text)) < 0 ||
	    !firewall_rule_of(s, o, &rule))
		return false;
	ret->reason = &firewall_reasons[firewall_reason_of(&rule)];
	CAUSE_TEXT(ret, "refused below IP without a counter: suspect %s", text);
	for (const struct object *n = o; n; n = firewall_next_uncounted(s, n))
		if (object_tagged(s, n, TAG_RULE_BELOW_IP))
			firewall_blame(s, n, ret);
	firewall_advise(s, o, &rule, ret);
	set_gap(loss, loss->uncounted, ret);
	return true;
}

/* n of the uncounted packets: those dropped on purpose, or the others. */
static bool explain_gap(const struct sample *s, const struct loss *loss,
			uint64_t n, bool is_rule, struct cause *ret)
{
	if (loss->layer != LAYER_NETFILTER || !n)
		return false;
	if (!firewall_suspect_replaced(s, loss->direction, ret))
		describe_gap(s, loss, n, ret);
	ret->is_rule = is_rule;
	set_gap(loss, n, ret);
	return true;
}

bool firewall_explain_uncounted(const struct sample *s, const struct loss *loss,
				struct cause *ret)
{
	struct cause proxy;
	uint64_t n = loss->uncounted - proxied_of(s, loss, &proxy);

	if (loss->layer == LAYER_IP && loss->direction == DIR_TX && n)
		return explain_egress(s, loss, ret);
	return explain_gap(s, loss, less_by(n, loss->meant), false, ret);
}

bool firewall_explain_meant(const struct sample *s, const struct loss *loss,
			    struct cause *ret)
{
	return explain_gap(s, loss, loss->meant, true, ret);
}

/* clang-format off */
const struct explainer firewall_explainers[] = {
	{LAYER_NETFILTER, explain_rule},
	{LAYER_NETFILTER, nfqueue_explain},
	{0, NULL},
};
/* clang-format on */
