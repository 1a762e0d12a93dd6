/* SPDX-License-Identifier: MIT */
/* What each dropping rule amounts to, once everything has been read. Pure. */
#include "probes/firewall/emit.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/nft_ruleset.h"

static void visit_node_later(struct nft_node **waiting, struct nft_node *node)
{
	if (node->is_waiting)
		return;
	node->is_waiting = true;
	node->waiting = *waiting;
	*waiting = node;
}

/*
 * Hands on along a call who comes. Returns whether the node that it leads to
 * has more of them now. What comes both ways, picked and not, is not picked.
 */
static bool hand_on(const struct nft_node *from, const struct nft_call *call)
{
	struct nft_node *to = call->to;
	bool is_picked = firewall_picks(&call->by);
	bool opens = !to->is_open && from->is_open && !is_picked;
	uint8_t all = to->reached | from->reached;
	bool has_more = opens || all != to->reached ||
			(from->is_of_ip && !to->is_of_ip);

	to->reached = all;
	to->is_open |= opens;
	to->is_of_ip |= from->is_of_ip;
	if (!firewall_picks(&to->by))
		to->by = is_picked ? call->by : from->by;
	return has_more;
}

/*
 * Hands on from which sides packets come, along jumps and verdict maps. A node
 * is visited again only when one more side turned out to reach it, or IP's
 * packets do, so jumps in a circle end.
 */
static void reach(struct nft_ruleset *rs)
{
	struct nft_node *waiting = NULL, *node;

	for (node = rs->first[NODE_CHAIN]; node; node = node->next)
		if (node->reached)
			visit_node_later(&waiting, node);
	while (waiting) {
		const struct nft_call *call;

		node = waiting;
		waiting = node->waiting;
		node->is_waiting = false;
		for (call = node->calls; call; call = call->next)
			if (hand_on(node, call))
				visit_node_later(&waiting, call->to);
	}
}

/*
 * A queue is a drop while nobody listens. Where some of several queues are
 * served, nobody knows how many packets were lost.
 */
static void resolve_queue(struct firewall_rule *rule, struct token queues)
{
	unsigned listeners;

	listeners = nfqueue_listeners(queues, rule->queue, rule->n_queues);
	if (listeners)
		rule->is_counted = false;
	rule->uncounted = !rule->is_counted &&
			  (!listeners || listeners < rule->n_queues);
}

/* The first rule that asks a map has what its elements drop. */
static void resolve_map(struct firewall_rule *rule, struct nft_node *map)
{
	if (map->is_taken || !map->n_drops)
		return;
	map->is_taken = true;
	rule->is_counted = map->n_counts > 0;
	rule->counts = map->counts;
	rule->uncounted = map->n_drops > map->n_counts;
	rule->parts = map->parts;
	rule->counts_of = map->hash;
}

/* Of several rules with one named counter, the first has its counts. */
static void resolve_counter(struct firewall_rule *rule,
			    struct nft_node *counter, bool is_partial)
{
	bool usable = is_partial ? counter->is_known
				 : counter->n_users == counter->n_good;

	rule->uncounted = !usable || !counter->is_counted;
	if (rule->uncounted)
		return;
	rule->is_counted = !counter->is_taken;
	rule->counts = counter->counts;
	rule->counts_of = counter->hash;
	counter->is_taken = true;
}

/*
 * What it looks like stays also when all rules are loaded anew. Handles only
 * rise, so a rule with a higher one than any before has come since; what else
 * counts for it is as old as the table.
 */
static void identify(const struct nft_node *chain, struct nft_drop *d)
{
	const struct nft_node *table = chain->in;
	struct firewall_rule *rule = &d->rule;
	uint64_t look = rule->target == FIREWALL_POLICY ? ~HASH_START
							: HASH_START;

	if (rule->comment.n)
		look = firewall_hash_comment(rule->comment);
	rule->look = hash_bytes(look, &d->shape, sizeof(d->shape));
	rule->is_young =
		table->knows_old && rule->target != FIREWALL_QUEUE &&
		(rule->counts_of ? table->has_come : rule->handle > table->old);
}

static void resolve_chain(const struct nft_ruleset *rs, struct nft_node *chain,
			  struct token queues)
{
	for (struct nft_drop *d = chain->drops_first; d; d = d->next) {
		if (d->rule.target == FIREWALL_QUEUE)
			resolve_queue(&d->rule, queues);
		else if (d->map)
			resolve_map(&d->rule, d->map);
		else if (d->counter)
			resolve_counter(&d->rule, d->counter, rs->is_partial);
		else if (d->rule.target != FIREWALL_TPROXY)
			d->rule.uncounted = !d->rule.is_counted;
		if (!chain->is_open)
			firewall_rule_picked(&d->rule, &chain->by);
		identify(chain, d);
		if (nft_is_asked(d))
			chain->asks |= d->rule.target == FIREWALL_POLICY
					       ? ASKS_POLICY
					       : ASKS_RULES;
	}
}

/*
 * A policy is one more rule behind the others, if packets get that far. Its
 * counter is its chain's: whoever restores it in place ("iptables-nft-restore
 * --counters --noflush" with the chain's line) makes it look like losses.
 */
static void add_policy(struct nft_ruleset *rs, struct nft_node *chain)
{
	struct nft_drop *d;

	if (!chain->drops || chain->has_ended)
		return;
	d = nft_add_drop(rs, chain);
	if (!d)
		return;
	d->rule = (struct firewall_rule) {
		.target = FIREWALL_POLICY,
		.handle = chain->handle,
		.counts = chain->counts,
		.is_counted = chain->is_counted,
		.is_nft = true,
	};
}

void nft_resolve(struct nft_ruleset *rs, struct token queues)
{
	struct nft_node *chain;

	if (!rs->is_partial)
		reach(rs);
	for (chain = rs->first[NODE_CHAIN]; chain; chain = chain->next) {
		if (!chain->reached)
			continue;
		add_policy(rs, chain);
		resolve_chain(rs, chain, queues);
	}
}
