/* SPDX-License-Identifier: MIT */
#include "probes/firewall/rule.h"

#include <linux/netfilter/xt_statistic.h>
#include <string.h>

#include "probes/firewall/queue_feeds.h"

#define FACT .bits = 64, .layer = LAYER_NETFILTER, .kind = KIND_FACT

const struct counter firewall_facts[N_FIREWALL_FACTS] = {
	[FIREWALL_NUMBER] = {FACT, .name = "number"},
	[FIREWALL_TARGET] = {FACT, .name = "target"},
	[FIREWALL_HANDLE] = {FACT, .name = "handle"},
	[FIREWALL_QUEUE_NUMBER] = {FACT, .name = "queue"},
	[FIREWALL_PROBABILITY] = {FACT, .name = "probability"},
	[FIREWALL_EVERY] = {FACT, .name = "every"},
	[FIREWALL_UNCOUNTED] = {FACT, .name = "uncounted"},
	[FIREWALL_NEW] = {FACT, .name = "new"},
	[FIREWALL_REPLACED] = {FACT, .name = "replaced"},
	[FIREWALL_RATE] = {FACT, .name = "rate"},
	[FIREWALL_AMOUNT] = {FACT, .name = "amount"},
	[FIREWALL_BEHIND] = {FACT, .name = "behind"},
	[FIREWALL_PORT] = {FACT, .name = "port"},
	[FIREWALL_MATCHED] = {FACT, .name = "matched"},
	[FIREWALL_DIRECTION] = {FACT, .name = "direction"},
	[FIREWALL_REFUSING] = {FACT, .name = "refusing"},
	[FIREWALL_LAST] = {FACT, .name = "last"},
	[FIREWALL_INVALID] = {FACT, .name = "invalid"},
	[FIREWALL_ONLY] = {FACT, .name = "only"},
};

const struct counter firewall_listening = {FACT, .name = "listening"};
const struct counter firewall_orphans = {FACT, .name = "orphans"};
const struct counter firewall_more_orphans = {FACT, .name = "more_orphans"};

const struct counter_table firewall_others[] = {
	COUNTER_TABLE(firewall_facts), ONE_COUNTER(firewall_listening),
	ONE_COUNTER(firewall_orphans), ONE_COUNTER(firewall_more_orphans),
	ONE_COUNTER(queue_feed_fact),  {.n = 0},
};

_Static_assert(DIR_RX == 1 && DIR_TX == 2 && DIR_FWD == 3, "order");
#define AT(role, dir) (role) * 3 + (dir)-DIR_RX

#define ROW(role, dir, ...)                                                    \
	[AT(role, dir)] = {.bits = 64,                                         \
			   .layer = LAYER_NETFILTER,                           \
			   .direction = dir,                                   \
			   .remedy = "Find it: `nft -a list ruleset`, "        \
				     "`iptables-legacy -nvL --line-numbers`",  \
			   .source = "net/netfilter/nft_counter.c, "           \
				     "net/ipv4/netfilter/ip_tables.c",         \
			   __VA_ARGS__}
#define ROWS(role, ...)                                                        \
	ROW(role, DIR_RX, __VA_ARGS__), ROW(role, DIR_TX, __VA_ARGS__),        \
		ROW(role, DIR_FWD, __VA_ARGS__)

#define BLAMED .cause = "a firewall rule drops them"

/* clang-format off */
const struct counter firewall_rows[N_FIREWALL_ROWS] = {
	ROWS(FIREWALL_CHAIN, .name = "", .type = "ipt_packets",
	     .kind = KIND_LOST, BLAMED,
	     .means = "Packets (skbs: a GSO bundle is one) that a chain "
		      "dropped, as far as its rules, maps and policy have "
		      "counters."),
	ROWS(FIREWALL_CHAIN_BYTES, .name = "", .type = "ipt_bytes",
	     .kind = KIND_BYTES,
	     .means = "Bytes that a chain dropped."),
	ROWS(FIREWALL_RULE, .name = "", .type = "ipt_packets",
	     .kind = KIND_PART, BLAMED, .in = "drop",
	     .means = "Packets (skbs) that a rule with a comment dropped."),
	ROWS(FIREWALL_RULE_BYTES, .name = "", .type = "ipt_bytes",
	     .kind = KIND_BYTES,
	     .means = "Bytes that a rule with a comment dropped."),
	ROWS(FIREWALL_DETAIL, .name = "packets", .kind = KIND_DETAIL,
	     BLAMED, .in = "drop",
	     .means = "Packets (skbs) that a rule without a comment, a verdict "
		      "map or a policy dropped."),
	[FIREWALL_IS_POLICY] = {FACT, .name = "policy",
				.tag = TAG_RULE_IS_POLICY},
	[FIREWALL_FRESH] = {FACT, .name = "fresh", .tag = TAG_FRESH},
	[FIREWALL_BELOW] = {FACT, .name = "below", .tag = TAG_RULE_BELOW_IP},
};
/* clang-format on */
const struct counter_table firewall_table = COUNTER_TABLE(firewall_rows);

const struct counter *firewall_counter(enum firewall_role role,
				       enum direction direction)
{
	return &firewall_rows[AT(role, direction)];
}

enum direction firewall_direction(unsigned directions)
{
	if (directions & 1u << DIR_RX)
		return DIR_RX;
	if (directions & 1u << DIR_FWD)
		return DIR_FWD;
	return directions ? DIR_TX : DIR_NONE;
}

const char *firewall_family_name(enum family family)
{
	/* clang-format off */
	static const char *const names[N_FAMILIES] = {
		[FAMILY_NONE] = "?",
		[FAMILY_IP] = "ip",
		[FAMILY_IP6] = "ip6",
		[FAMILY_INET] = "inet",
		[FAMILY_ARP] = "arp",
		[FAMILY_BRIDGE] = "bridge",
		[FAMILY_NETDEV] = "netdev",
		[FAMILY_INGRESS] = "inet",
	};
	/* clang-format on */

	return names[family];
}

/* `! --probability p` lets the rule have what random() leaves. */
static void take_statistic(struct firewall_rule *rule, const void *info,
			   size_t n)
{
	struct xt_statistic_info v;
	const size_t wanted = offsetof(typeof(v), u) + 4;
	bool is_inverted;

	if (n < wanted)
		return;
	memcpy(&v, info, wanted);
	is_inverted = v.flags & XT_STATISTIC_INVERT;
	if (v.mode == XT_STATISTIC_MODE_RANDOM &&
	    v.u.random.probability <= 1u << 31) {
		rule->is_random = true;
		rule->probability = v.u.random.probability;
		if (is_inverted)
			rule->probability = (1u << 31) - rule->probability;
	} else if (v.mode == XT_STATISTIC_MODE_NTH && !is_inverted &&
		   v.u.random.probability < UINT32_MAX) {
		rule->every = v.u.random.probability + 1; /* from 0 */
	}
}

void firewall_rule_match(struct firewall_rule *rule, const char *name,
			 unsigned revision, const void *info, size_t n)
{
	if (!strcmp(name, "statistic"))
		take_statistic(rule, info, n);
	else
		(void)firewall_rate_match(name, revision, info, n, &rule->rate);
}

void firewall_rule_behind(struct firewall_rule *rule, uint64_t matches,
			  const struct firewall_pass *before)
{
	if (!before->rate.kind || rule->rate.kind || matches != before->matches)
		return;
	rule->rate = before->rate;
	rule->rate.is_over = !before->rate.is_over;
	rule->is_behind = true;
}

bool firewall_rule_is_policy(const struct firewall_rule *rule)
{
	return !rule->is_random && !rule->every && !rule->rate.kind &&
	       rule->target != FIREWALL_QUEUE &&
	       rule->target != FIREWALL_TPROXY;
}

static bool is_above(const struct firewall_rate *rate)
{
	return rate->is_over || rate->kind == RATE_RECENT ||
	       rate->kind == RATE_ESTIMATE;
}

struct firewall_pick firewall_pick_of(const struct firewall_rule *rule)
{
	struct firewall_pick pick = {
		.probability = rule->probability,
		.every = rule->every,
		.is_random = rule->is_random,
	};

	if (is_above(&rule->rate))
		pick.rate = rule->rate;
	return pick;
}

void firewall_rule_leads(struct firewall_rule *rule)
{
	if (rule->rate.kind && !rule->is_behind && !is_above(&rule->rate))
		rule->rate = (struct firewall_rate) {.kind = RATE_NONE};
}

bool firewall_picks(const struct firewall_pick *pick)
{
	return pick->is_random || pick->every || pick->rate.kind;
}

void firewall_rule_picked(struct firewall_rule *rule,
			  const struct firewall_pick *pick)
{
	if (!firewall_picks(pick) || !firewall_rule_is_policy(rule))
		return;
	rule->rate = pick->rate;
	rule->probability = pick->probability;
	rule->every = pick->every;
	rule->is_random = pick->is_random;
}

/* The row of the same kind that an object has, or NULL. */
static const struct row *count_of(const struct sample *s,
				  const struct object *o, uint8_t kind)
{
	if (!o)
		return NULL;
	EACH_ROW (s, o, row)
		if (row->counter->kind == kind)
			return row;
	return NULL;
}

void firewall_append_count(struct sample *out, const struct counter *counter,
			   uint64_t kernels, const uint64_t *since)
{
	const struct object *o, *p;
	const struct row *before;

	if (out->error)
		return;
	o = &out->objects[out->n_objects - 1];
	p = since ? object_before(out, o) : NULL;
	before = count_of(out->then, p, counter->kind);
	sample_row(out, counter,
		   since && before ? before->value + *since : kernels);
	/* else the two values tell */
	if (since && (!before || before->counter != counter ||
		      p->identity != o->identity))
		sample_counted(out, *since);
}

static void append_packets(const struct firewall_rule *rule,
			   enum direction direction, struct sample *out)
{
	const struct firewall_counts *since = rule->knows_since ? &rule->since
								: NULL;
	enum firewall_role role = rule->comment.n ? FIREWALL_RULE
						  : FIREWALL_DETAIL;

	firewall_append_count(out, firewall_counter(role, direction),
			      rule->counts.packets,
			      since ? &since->packets : NULL);
	if (rule->comment.n)
		firewall_append_count(
			out, firewall_counter(FIREWALL_RULE_BYTES, direction),
			rule->counts.bytes, since ? &since->bytes : NULL);
}

static void append_rate(const struct firewall_rule *rule, struct sample *out)
{
	const struct counter *facts = firewall_facts;

	sample_row(out, &facts[FIREWALL_RATE], firewall_rate_pack(&rule->rate));
	sample_row(out, &facts[FIREWALL_AMOUNT], rule->rate.amount);
	if (rule->is_behind)
		sample_row(out, &facts[FIREWALL_BEHIND], 1);
}

static void append_proxy(const struct firewall_rule *rule, struct sample *out)
{
	sample_row(out, &firewall_facts[FIREWALL_PORT], rule->port);
	sample_row(out, &firewall_facts[FIREWALL_MATCHED],
		   rule->counts.packets);
}

static void append_uncounted(const struct firewall_rule *rule,
			     enum direction direction, struct sample *out)
{
	const struct counter *facts = firewall_facts;

	sample_row(out, &facts[FIREWALL_UNCOUNTED], rule->uncounted);
	sample_row(out, &facts[FIREWALL_DIRECTION], direction);
	if (rule->is_last)
		sample_row(out, &facts[FIREWALL_LAST], 1);
	if (rule->is_invalid)
		sample_row(out, &facts[FIREWALL_INVALID], 1);
	if (rule->only)
		sample_row(out, &facts[FIREWALL_ONLY], rule->only);
	if (direction == DIR_TX && !out->error &&
	    out->objects[out->n_objects - 1].family == FAMILY_NETDEV)
		sample_row(out, &firewall_rows[FIREWALL_BELOW], 1);
}

void firewall_rule_append(const struct firewall_rule *rule,
			  enum direction direction, struct sample *out)
{
	const struct counter *facts = firewall_facts;

	if (rule->is_counted)
		append_packets(rule, direction, out);
	sample_row(out, &facts[FIREWALL_NUMBER], rule->number);
	sample_row(out, &facts[FIREWALL_TARGET], rule->target);
	if (rule->is_nft)
		sample_row(out, &facts[FIREWALL_HANDLE], rule->handle);
	if (rule->target == FIREWALL_QUEUE && rule->n_queues)
		sample_row(out, &facts[FIREWALL_QUEUE_NUMBER], rule->queue);
	if (rule->is_random)
		sample_row(out, &facts[FIREWALL_PROBABILITY],
			   rule->probability);
	if (rule->every)
		sample_row(out, &facts[FIREWALL_EVERY], rule->every);
	if (rule->uncounted)
		append_uncounted(rule, direction, out);
	if (rule->is_refusing)
		sample_row(out, &facts[FIREWALL_REFUSING], 1);
	if (rule->rate.kind)
		append_rate(rule, out);
	if (rule->target == FIREWALL_TPROXY)
		append_proxy(rule, out);
	if (firewall_rule_is_policy(rule))
		sample_row(out, &firewall_rows[FIREWALL_IS_POLICY], 1);
	if (rule->is_new)
		sample_row(out, &facts[FIREWALL_NEW], rule->is_new);
}

bool firewall_rule_of(const struct sample *s, const struct object *o,
		      struct firewall_rule *ret)
{
	uint64_t v[N_FIREWALL_FACTS] = {0};
	bool has[N_FIREWALL_FACTS];

	for (size_t i = 0; i < N_FIREWALL_FACTS; i++)
		has[i] = object_get(s, o, &firewall_facts[i], &v[i]);
	if (!has[FIREWALL_NUMBER] || !has[FIREWALL_TARGET])
		return false;
	*ret = (struct firewall_rule) {
		.handle = v[FIREWALL_HANDLE],
		.number = v[FIREWALL_NUMBER],
		.uncounted = v[FIREWALL_UNCOUNTED],
		.probability = v[FIREWALL_PROBABILITY],
		.every = v[FIREWALL_EVERY],
		.queue = v[FIREWALL_QUEUE_NUMBER],
		.n_queues = has[FIREWALL_QUEUE_NUMBER],
		.target = v[FIREWALL_TARGET],
		.is_nft = has[FIREWALL_HANDLE],
		.is_random = has[FIREWALL_PROBABILITY],
		.is_new = (uint8_t)v[FIREWALL_NEW],
		.is_behind = has[FIREWALL_BEHIND],
		.is_last = has[FIREWALL_LAST],
		.is_invalid = has[FIREWALL_INVALID],
		.only = (uint8_t)v[FIREWALL_ONLY],
		.port = v[FIREWALL_PORT],
		.rate = firewall_rate_unpack(v[FIREWALL_RATE],
					     v[FIREWALL_AMOUNT]),
	};
	return true;
}

bool firewall_answers(const struct sample *s, const struct object *o)
{
	const struct counter *facts = firewall_facts;

	if (o->family == FAMILY_BRIDGE || o->family == FAMILY_NETDEV)
		return false;
	return object_value(s, o, &facts[FIREWALL_TARGET], FIREWALL_REST) ==
		       FIREWALL_REJECT ||
	       object_value(s, o, &facts[FIREWALL_REFUSING], 0);
}
