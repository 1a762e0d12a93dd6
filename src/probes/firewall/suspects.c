/* SPDX-License-Identifier: MIT */
/* Who drops without a counter, and so may have taken what vanished in IP. */
#include "probes/firewall/suspects.h"

#include <string.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/rule_changes.h"

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

enum firewall_reason firewall_reason_of(const struct firewall_rule *rule)
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
	if (rule->uncounted && rule->is_last)
		return REASON_UNCOUNTED_POLICY;
	if (rule->target == FIREWALL_POLICY)
		return rule->uncounted ? REASON_UNCOUNTED_POLICY
				       : REASON_POLICY;
	if (rule->uncounted)
		return REASON_UNCOUNTED;
	return rule->target == FIREWALL_MAP ? REASON_MAP : REASON_RULE;
}

bool firewall_misses_family(const struct sample *s, enum direction direction,
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

/* What is missed, and who can have taken it: the same for all rules. */
struct missed {
	bool v4, v6;
	unsigned met; /* a set of 1 << enum direction */
};

/* Before Linux 6.7 what FORWARD drops is missed on input. */
static struct missed find_missed(const struct sample *s,
				 enum direction direction)
{
	struct missed missed = {
		.v4 = firewall_misses_family(s, direction, false),
		.v6 = firewall_misses_family(s, direction, true),
		.met = 1u << DIR_TX | 1u << DIR_FWD,
	};

	if (direction == DIR_RX)
		missed.met = sample_has(s, LAYER_IP, TAG_OUT_TRANSMITS)
				     ? 1u << DIR_RX
				     : 1u << DIR_RX | 1u << DIR_FWD;
	return missed;
}

/* Whether a rule sees what IP misses. */
static bool is_family_seen(const struct sample *s, const struct missed *missed,
			   const struct object *o)
{
	const struct counter *only = &firewall_facts[FIREWALL_ONLY];

	switch (o->family == FAMILY_INET ? object_value(s, o, only, FAMILY_INET)
					 : o->family) {
	case FAMILY_IP:
		return missed->v4;
	case FAMILY_IP6:
		return missed->v6;
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

bool firewall_is_of_chain(const struct sample *s, const struct object *o)
{
	struct firewall_rule rule;

	return object_value(s, o, &firewall_facts[FIREWALL_LAST], 0) ||
	       (firewall_rule_of(s, o, &rule) &&
		rule.target == FIREWALL_POLICY);
}

/* Whether packets that are missed in a direction can have met a rule. */
static bool can_have_met(const struct sample *s, enum direction direction,
			 const struct missed *missed, const struct object *o)
{
	const struct counter *fact = &firewall_facts[FIREWALL_DIRECTION];

	return missed->met &
	       (o->reached ? o->reached
			   : 1u << object_value(s, o, fact, direction));
}

/* The uncounted rules that a loss can be of, by rate or chance or not. */
struct uncounted {
	const struct object *best; /* what most likely dropped most */
	uint64_t n;
	bool any_policy; /* of a chain: what nothing else matched */
	/* some of them, the best or not */
	const struct object *named[MAX_BLAMED];
	size_t n_named;
};

/* What other counters tell of packets that are missed. */
struct hints {
	bool is_invalid; /* conntrack called as many of them invalid */
	bool is_refused; /* of most, their senders were told by ICMP */
};

/* Packets refused by ICMP, or that would have been, for no reason known. */
static uint64_t refusals(const struct sample *s)
{
	int64_t n = 0;

	EACH_OBJECT (s, o)
		EACH_ROW (s, o, row)
			if (row->counter->refused)
				add_times(&n, row->counter->refused,
					  row_growth(s, o, row));
	return n > 0 ? (uint64_t)n : 0;
}

static struct hints gather_hints(const struct sample *s,
				 enum direction direction)
{
	enum tag tag = direction == DIR_RX ? TAG_IN_GAP : TAG_OUT_GAP;
	uint64_t n = sample_growth(s, LAYER_UNEXPLAINED, tag, false) +
		     sample_growth(s, LAYER_UNEXPLAINED, tag, true);
	uint64_t invalid =
		sample_growth(s, LAYER_CONNTRACK, TAG_CONNTRACK_INVALID, false);

	return (struct hints) {
		.is_invalid = n && invalid * 10 >= n * 9,
		.is_refused = n && refusals(s) * 2 >= n,
	};
}

/*
 * Rules of the direction itself go first, of these the ones that other counters
 * speak against, then the policy of a chain.
 */
static int likelihood(const struct sample *s, enum direction direction,
		      const struct object *o, const struct hints *e)
{
	const struct counter *facts = firewall_facts;
	int n = firewall_is_of_chain(s, o);

	if (e->is_refused && firewall_answers(s, o))
		n += 2;
	if (e->is_invalid && object_value(s, o, &facts[FIREWALL_INVALID], 0))
		n += 4;
	if (object_value(s, o, &facts[FIREWALL_DIRECTION], direction) ==
	    direction)
		n += 8;
	return n;
}

/* Its number in the chain is another one when one before it is deleted. */
void firewall_blame(const struct sample *s, const struct object *o,
		    struct cause *ret)
{
	char name[256];
	uint64_t handle;

	if (!object_get(s, o, &firewall_facts[FIREWALL_HANDLE], &handle)) {
		cause_blame(ret, object_name(s, o));
		return;
	}
	snprintf(name, sizeof(name), "%u %s %s %llu", o->family,
		 object_table(s, o), object_chain(s, o),
		 (unsigned long long)handle);
	cause_blame(ret, name);
}

static struct uncounted find_uncounted(const struct sample *s,
				       enum direction direction, bool by_rate)
{
	const struct counter *fact = &firewall_facts[FIREWALL_UNCOUNTED];
	const struct counter *number = &firewall_facts[FIREWALL_NUMBER];
	const struct missed missed = find_missed(s, direction);
	const struct hints e = gather_hints(s, direction);
	struct uncounted u = {.n = 0};
	const struct object *o = NULL;
	int most = -1;

	while ((o = firewall_next_uncounted(s, o))) {
		int n;

		if (is_by_rate(s, o) != by_rate ||
		    !is_family_seen(s, &missed, o) ||
		    !can_have_met(s, direction, &missed, o))
			continue;
		u.n += object_value(s, o, fact, 0);
		u.any_policy |= firewall_is_of_chain(s, o);
		n = likelihood(s, direction, o, &e);
		if (!object_row(s, o, number))
			continue; /* several, beyond MaxRules, have no words */
		if (u.n_named < MAX_BLAMED)
			u.named[u.n_named++] = o;
		if (n <= most)
			continue;
		most = n;
		u.best = o;
	}
	return u;
}

void firewall_advise(const struct sample *s, const struct object *o,
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
	ret->reason = &firewall_reasons[firewall_reason_of(&rule)];
	ret->lost = UINT64_MAX;
	ret->is_rule = u.any_policy;
	CAUSE_TEXT(ret, "%s", text);
	if (u.n > 1)
		CAUSE_TEXT(ret, "%s or %llu more", text,
			   (unsigned long long)(u.n - 1));
	firewall_blame(s, u.best, ret);
	for (size_t i = 0; i < u.n_named; i++)
		if (u.named[i] != u.best)
			firewall_blame(s, u.named[i], ret);
	firewall_advise(s, u.best, &rule, ret);
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

/* See proxy.c. */
static bool is_listened_to(const struct sample *s, uint64_t port)
{
	char name[FIREWALL_PROXY];
	uint32_t hint = 0;

	firewall_proxy_name(name, (uint16_t)port);
	return port && sample_find(s, LAYER_NETFILTER, "", name, &hint);
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
	firewall_blame(s, o, ret);
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

/* What follows "queue" in the name of one. */
static const char *queue_number(const char *name)
{
	return name + strcspn(name, "0123456789");
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
	cause_blame(ret, object_name(s, o));
	CAUSE_TEXT(ret,
		   "the verdicts of %s on packets of queue %s (NFQUEUE), of "
		   "which it got %llu",
		   program, queue_number(object_name(s, o)),
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
	cause_blame(ret, object_label(s, o));
	ret->lost = UINT64_MAX;
	CAUSE_TEXT(ret,
		   "IPVS, whose server %s is gone, not its connections "
		   "(%s%llu)",
		   object_label(s, o),
		   object_row(s, o, &firewall_more_orphans) ? "at least " : "",
		   (unsigned long long)n);
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
