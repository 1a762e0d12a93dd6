/* SPDX-License-Identifier: MIT */
/* What each dropping rule amounts to, once everything has been read. Pure. */
#include <string.h>

#include "probes/firewall/nfqueue.h"
#include "probes/firewall/nft_ruleset.h"

static void visit_later(struct nft_node **waiting, struct nft_node *node)
{
	if (node->is_waiting)
		return;
	node->is_waiting = true;
	node->waiting = *waiting;
	*waiting = node;
}

/*
 * Hands on from which sides packets come, along jumps and verdict maps. A node
 * is visited again only when one more side turned out to reach it, so jumps in
 * a circle end.
 */
static void reach(struct nft_ruleset *rs)
{
	struct nft_node *waiting = NULL, *node;

	for (node = rs->first[NODE_CHAIN]; node; node = node->next)
		if (node->reached)
			visit_later(&waiting, node);
	while (waiting) {
		const struct nft_call *call;

		node = waiting;
		waiting = node->waiting;
		node->is_waiting = false;
		for (call = node->calls; call; call = call->next) {
			uint8_t all = call->to->reached | node->reached;

			if (all == call->to->reached)
				continue;
			call->to->reached = all;
			visit_later(&waiting, call->to);
		}
	}
}

enum direction nft_direction(const struct nft_node *chain)
{
	if (chain->reached & REACHED_RX)
		return DIR_RX;
	if (chain->reached & REACHED_FWD)
		return DIR_FWD;
	return chain->reached ? DIR_TX : DIR_NONE;
}

/* How many of the queues that a rule uses somebody listens to. */
static unsigned count_listeners(const struct nft_drop *d, const char *queues,
				size_t n)
{
	struct nfqueue q;
	unsigned found = 0;

	while (nfqueue_next(&queues, &n, &q))
		found += !d->n_queues || (q.number >= d->queue &&
					  q.number - d->queue < d->n_queues);
	return found;
}

/*
 * A queue is a drop while nobody listens. Where some of several queues are
 * served, nobody knows how many packets were lost.
 */
static void settle_queue(struct nft_drop *d, const char *queues, size_t n)
{
	unsigned listeners = count_listeners(d, queues, n);

	d->is_nothing = listeners && listeners >= d->n_queues;
	if (listeners)
		d->is_counted = false;
	d->uncounted = !d->is_counted;
}

/* The first rule that asks a map has what its elements drop. */
static void settle_map(struct nft_drop *d)
{
	struct nft_node *map = d->map;

	d->is_nothing = map->is_taken || !map->n_drops;
	if (d->is_nothing)
		return;
	map->is_taken = true;
	d->is_counted = map->n_counts > 0;
	d->counts = map->counts;
	d->uncounted = map->n_drops > map->n_counts;
	d->identity = map->keys;
}

static void settle_counter(const struct nft_ruleset *rs, struct nft_drop *d)
{
	struct nft_node *counter = d->counter;
	bool usable = rs->is_partial ? counter->is_known
				     : counter->n_users == counter->n_good;

	d->uncounted = !usable || !counter->is_counted;
	if (d->uncounted)
		return;
	d->is_nothing = counter->is_taken;
	d->is_counted = !counter->is_taken;
	d->counts = counter->counts;
	counter->is_taken = true;
}

/* The same as long as nobody touches the rule, its chain or its table. */
static uint64_t identify(const struct nft_node *chain, const struct nft_drop *d)
{
	const uint64_t numbers[] = {chain->hash, chain->in->handle,
				    d->handle,	 d->shape,
				    d->target,	 d->identity};

	return hash_bytes(HASH_START, numbers, sizeof(numbers));
}

static void settle_chain(const struct nft_ruleset *rs, struct nft_node *chain,
			 const char *queues, size_t n)
{
	for (struct nft_drop *d = chain->drops_first; d; d = d->next) {
		if (d->target == NETFILTER_QUEUE_RULE)
			settle_queue(d, queues, n);
		else if (d->map)
			settle_map(d);
		else if (d->counter)
			settle_counter(rs, d);
		else
			d->uncounted = !d->is_counted;
		d->identity = identify(chain, d);
		if (nft_is_asked(d))
			chain->asks |= d->target == NETFILTER_DROP_POLICY
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
	d->target = NETFILTER_DROP_POLICY;
	d->handle = chain->handle;
	d->is_counted = chain->is_counted;
	d->counts = chain->counts;
}

void nft_settle(struct nft_ruleset *rs, const char *queues, size_t n)
{
	struct nft_node *chain;

	if (!rs->is_partial)
		reach(rs);
	for (chain = rs->first[NODE_CHAIN]; chain; chain = chain->next) {
		if (!chain->reached)
			continue;
		add_policy(rs, chain);
		settle_chain(rs, chain, queues, n);
	}
}
