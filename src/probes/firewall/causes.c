/* SPDX-License-Identifier: MIT */
/* Which rules lose packets, those without a counter included. */
#include <string.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
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

/* ---- rules that count ---- */

static enum firewall_reason reason_of(const struct firewall_rule *rule)
{
	switch (rule->target) {
	case FIREWALL_QUEUE:
		return REASON_QUEUE_UNREAD;
	case FIREWALL_TPROXY:
		return REASON_TPROXY;
	default:
		break;
	}
	if (rule->rate.kind)
		return rule->uncounted ? REASON_UNCOUNTED_RATE : REASON_RATE;
	if (rule->is_random || rule->every)
		return rule->uncounted ? REASON_UNCOUNTED_RATE : REASON_CHANCE;
	if (rule->target == FIREWALL_POLICY)
		return rule->uncounted ? REASON_UNCOUNTED_POLICY
				       : REASON_POLICY;
	if (rule->uncounted)
		return REASON_UNCOUNTED;
	return rule->target == FIREWALL_MAP ? REASON_MAP : REASON_RULE;
}

static bool explain_rule(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *o = suspect->object;
	struct firewall_rule rule;
	char command[192];

	if (firewall_describe(s, o, ret->text, sizeof(ret->text)) < 0 ||
	    !firewall_rule_of(s, o, &rule))
		return false;
	ret->reason = &firewall_reasons[reason_of(&rule)];
	if (rule.is_new)
		firewall_mark_new(ret);
	ret->is_rule = firewall_is_policy(s, o);
	if (firewall_remedy(s, o, command, sizeof(command)) == 0)
		CAUSE_REMEDY(ret, "Look at it: `%s`", command);
	return true;
}

/* ---- what drops and does not count ---- */

/* Whether the balance of a family moved; where none is there, it may have. */
static bool is_family_missed(const struct sample *s, enum direction direction,
			     bool v6)
{
	enum tag tag = direction == DIR_RX ? TAG_IN_GAP : TAG_OUT_GAP;
	bool any = false;

	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_UNEXPLAINED)
			continue;
		EACH_ROW (s, o, row) {
			if (row->counter->tag != tag)
				continue;
			any = true;
			if (row->counter->v6 == v6 && row_moved(row))
				return true;
		}
	}
	return !any;
}

/* Whether a firewall's table sees what IP misses. */
static bool is_family_seen(const struct sample *s, enum direction direction,
			   uint8_t family)
{
	switch (family) {
	case FAMILY_IP:
		return is_family_missed(s, direction, false);
	case FAMILY_IP6:
		return is_family_missed(s, direction, true);
	case FAMILY_INET:
		return true;
	default: /* IP has not got them yet, or has sent them */
		return false;
	}
}

static bool is_by_rate(const struct sample *s, const struct object *o)
{
	struct firewall_rule rule;

	return firewall_rule_of(s, o, &rule) && !firewall_rule_is_policy(&rule);
}

static bool is_of_chain(const struct sample *s, const struct object *o)
{
	struct firewall_rule rule;

	return firewall_rule_of(s, o, &rule) && rule.target == FIREWALL_POLICY;
}

/* The uncounted rules that a loss can be of, by rate or chance or not. */
struct uncounted {
	const struct object *best; /* in the loss's direction, if one is */
	uint64_t n;
	bool any_policy; /* of a chain: what nothing else matched */
};

static struct uncounted find_uncounted(const struct sample *s,
				       enum direction direction, bool by_rate)
{
	const struct counter *facts = firewall_facts;
	struct uncounted u = {.n = 0};
	const struct object *o = NULL;
	bool fits, best_fits = false;

	while ((o = firewall_next_uncounted(s, o))) {
		if (is_by_rate(s, o) != by_rate ||
		    !is_family_seen(s, direction, o->family))
			continue;
		u.n += object_value(s, o, &facts[FIREWALL_UNCOUNTED], 0);
		u.any_policy |= is_of_chain(s, o);
		fits = object_value(s, o, &facts[FIREWALL_DIRECTION],
				    direction) == direction;
		if (!u.best || (fits && !best_fits))
			u.best = o;
		best_fits |= fits;
	}
	return u;
}

/* A command that makes it count, or that shows it. */
static void advise(const struct sample *s, const struct object *o,
		   const struct firewall_rule *rule, struct cause *ret)
{
	char command[192];

	if (rule->target == FIREWALL_POLICY &&
	    firewall_count_policy(s, o, command, sizeof(command)) == 0)
		CAUSE_REMEDY(ret, "Add a last rule that counts: `%s`", command);
	else if (firewall_remedy(s, o, command, sizeof(command)) < 0)
		CAUSE_REMEDY(ret, "Look for it: `nft -a list ruleset`");
	else if (rule->target == FIREWALL_MAP)
		CAUSE_REMEDY(ret,
			     "Give the map's elements that drop a \"counter\": "
			     "`%s`",
			     command);
	else
		CAUSE_REMEDY(ret,
			     "Put \"counter\" before its verdict (\"nft "
			     "replace rule\"): `%s`",
			     command);
}

static bool suspect_uncounted(const struct sample *s, enum direction direction,
			      bool by_rate, struct cause *ret)
{
	struct uncounted u = find_uncounted(s, direction, by_rate);
	struct firewall_rule rule;
	char text[320];

	if (!u.best || firewall_describe(s, u.best, text, sizeof(text)) < 0 ||
	    !firewall_rule_of(s, u.best, &rule))
		return false;
	ret->reason = &firewall_reasons[reason_of(&rule)];
	ret->lost = UINT64_MAX;
	ret->is_rule = u.any_policy;
	CAUSE_TEXT(ret, "%s", text);
	if (u.n > 1)
		CAUSE_TEXT(ret, "%s or %llu more", text,
			   (unsigned long long)(u.n - 1));
	advise(s, u.best, &rule, ret);
	return true;
}

bool firewall_suspect_rate(const struct sample *s, enum direction direction,
			   struct cause *ret)
{
	return suspect_uncounted(s, direction, true, ret);
}

bool firewall_suspect_rule(const struct sample *s, enum direction direction,
			   struct cause *ret)
{
	return suspect_uncounted(s, direction, false, ret);
}

static bool is_listened_to(const struct sample *s, uint64_t port)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NETFILTER &&
		    object_value(s, o, &firewall_listening, 0) == port)
			return port;
	return false;
}

/* Packets that a TPROXY rule got since the read before, if nobody listens. */
static uint64_t proxied(const struct sample *s, const struct object *o)
{
	const struct counter *matched = &firewall_facts[FIREWALL_MATCHED];
	uint64_t now, then;

	if (!o->same || !object_get(s, o, matched, &now) ||
	    !object_get(s->then, object_before(s, o), matched, &then) ||
	    is_listened_to(
		    s, object_value(s, o, &firewall_facts[FIREWALL_PORT], 0)))
		return 0;
	return less_by(now, then);
}

static uint64_t given_verdicts(const struct sample *s, const struct object *o)
{
	return object_tagged(s, o, TAG_QUEUE_SEQUENCE) ? nfqueue_verdicts(s, o)
						       : 0;
}

/* The object of which most packets are told, and the sum of all. */
static const struct object *find_busiest(
	const struct sample *s,
	uint64_t (*packets)(const struct sample *s, const struct object *o),
	uint64_t *ret_sum)
{
	const struct object *best = NULL;
	uint64_t most = 0;

	*ret_sum = 0;
	EACH_OBJECT (s, o) {
		uint64_t n = 0;

		if (o->layer == LAYER_NETFILTER && !o->stale)
			n = packets(s, o);
		*ret_sum += n;
		if (n > most)
			best = o;
		if (n > most)
			most = n;
	}
	return best;
}

/* It does so in PREROUTING, where nothing is on its way out. */
bool firewall_suspect_proxy(const struct sample *s, enum direction direction,
			    struct cause *ret)
{
	const struct object *o = find_busiest(s, proxied, &ret->lost);
	struct firewall_rule rule;
	char text[256], command[160], port[24] = "";

	if (!o || direction == DIR_TX ||
	    firewall_describe(s, o, text, sizeof(text)) < 0 ||
	    !firewall_rule_of(s, o, &rule))
		return false;
	ret->reason = &firewall_reasons[REASON_TPROXY];
	if (rule.port)
		format_text(port, sizeof(port), " on port %u", rule.port);
	CAUSE_TEXT(ret, "%s, which drops if nothing listens%s", text, port);
	if (firewall_remedy(s, o, command, sizeof(command)) < 0)
		command[0] = '\0';
	CAUSE_REMEDY(ret,
		     "Start the proxy (`ss -lntu` lists who listens) or "
		     "delete the rule%s%s%s",
		     command[0] ? ": `" : "", command, command[0] ? "`" : "");
	return true;
}

bool firewall_suspect_queue(const struct sample *s, enum direction direction,
			    struct cause *ret)
{
	const struct object *o = find_busiest(s, given_verdicts, &ret->lost);
	const char *program;

	(void)direction; /* a queue may be fed from any hook */
	if (!o)
		return false;
	program = object_label(s, o);
	if (!*program)
		program = "a program";
	ret->reason = &firewall_reasons[REASON_QUEUE_VERDICT];
	CAUSE_TEXT(ret,
		   "the verdicts of %s on packets of queue %s (NFQUEUE), of "
		   "which it got %llu",
		   program, object_name(s, o) + strlen("queue"),
		   (unsigned long long)ret->lost);
	CAUSE_REMEDY(ret,
		     "See what %s logs; its queue: "
		     "`cat /proc/net/netfilter/nfnetlink_queue`",
		     program);
	return true;
}

static const struct object *find_orphans(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NETFILTER &&
		    object_row(s, o, &firewall_orphans))
			return o;
	return NULL;
}

bool firewall_suspect_ipvs(const struct sample *s, enum direction direction,
			   struct cause *ret)
{
	const struct object *o = find_orphans(s);
	uint64_t n;

	if (!o || direction == DIR_FWD)
		return false;
	n = object_value(s, o, &firewall_orphans, 0);
	ret->reason = &firewall_reasons[REASON_IPVS];
	ret->lost = UINT64_MAX;
	CAUSE_TEXT(ret,
		   "IPVS, whose server %s is gone, not its connections (%llu)",
		   object_label(s, o), (unsigned long long)n);
	CAUSE_REMEDY(ret, "See its servers and connections: `ipvsadm -Ln`, "
			  "`ipvsadm -Lnc`; the setting "
			  "net.ipv4.vs.expire_nodest_conn=1 ends such ones");
	return true;
}

const struct firewall_suspect firewall_suspects[] = {
	{firewall_suspect_proxy},
	{firewall_suspect_queue},
	{firewall_suspect_replaced},
	{firewall_suspect_rate},
	{firewall_suspect_rule},
	{firewall_suspect_ipvs},
	{NULL},
};

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

static void describe_gap(const struct sample *s, const struct loss *loss,
			 uint64_t lost, struct cause *ret)
{
	struct cause who[2];
	int n = choose_suspects(s, loss->direction, lost, who);

	if (n) {
		*ret = who[0];
		CAUSE_TEXT(ret, "lost %s without a counter: suspect %s%s%s",
			   gap_place(loss), who[0].text, n < 2 ? "" : ", or ",
			   n < 2 ? "" : who[1].text);
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
		gap->elsewhere = 0;
		gap->awake = gap->lost || gap->sent;
	}
}

/* IPv4 broadcasts that came and may not have got to who reads such ones. */
static uint64_t broadcasts(const struct sample *s)
{
	if (!is_family_missed(s, DIR_RX, false))
		return 0;
	return less_by(sample_growth(s, LAYER_IP, TAG_IN_BCAST_PKTS, false),
		       sample_growth(s, LAYER_UDP, TAG_UDP_IGNORED, false));
}

/*
 * How many of n packets a suspect dropped on purpose. Rules that drop what they
 * match drop broadcasts, which seldom are for anybody; and what no rule let
 * pass, up to what is no surprise of a policy. More without a counter is a loss
 * until somebody knows better.
 */
static uint64_t meant_of(const struct sample *s, const struct loss *loss,
			 const struct firewall_suspect *f,
			 const struct cause *c, uint64_t n)
{
	uint64_t unwanted;

	if (f->find == firewall_suspect_replaced)
		return c->is_rule ? n : 0;
	if (f->find != firewall_suspect_rule)
		return 0;
	unwanted = loss->direction == DIR_RX ? smaller_of(broadcasts(s), n) : 0;
	return c->is_rule && loss_percent_of(loss, n - unwanted) <=
				       POLICY_PERCENT
		       ? n
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
void firewall_attribute(const struct sample *s, struct losses *l)
{
	if (!is_missing_some(l))
		return;
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
	CAUSE_TEXT(ret, "lost %s without a counter: suspect %s",
		   gap_place(loss), who.text);
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
	ret->reason = &firewall_reasons[reason_of(&rule)];
	CAUSE_TEXT(ret, "refused below IP without a counter: suspect %s", text);
	advise(s, o, &rule, ret);
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
