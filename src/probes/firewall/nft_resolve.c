/* SPDX-License-Identifier: MIT */
/* What each dropping rule amounts to, once everything has been read. Pure. */
#include <linux/netfilter.h>

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

/* Of which families packets come, and whether all of them, or of a device. */
static bool hand_on_kinds(const struct nft_node *from,
			  const struct nft_call *call)
{
	struct nft_node *to = call->to;
	uint8_t families = to->families | (from->families & call->families);
	bool is_whole = to->is_whole ||
			(from->is_whole && call->width <= WIDTH_FAMILY);
	bool is_zone = to->is_zone || ((from->is_whole || from->is_zone) &&
				       call->width <= WIDTH_DEVICE);
	bool has_more = families != to->families || is_whole != to->is_whole ||
			is_zone != to->is_zone;

	to->families = families;
	to->is_whole = is_whole;
	to->is_zone = is_zone;
	return has_more;
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

	has_more |= hand_on_kinds(from, call);
	to->reached = all;
	to->is_open |= opens;
	to->is_of_ip |= from->is_of_ip;
	if (!firewall_picks(&to->by))
		to->by = is_picked ? call->by : from->by;
	return has_more;
}

/*
 * Hands on from which sides packets come, along jumps and verdict maps. A node
 * is visited again only when one more side or family turned out to reach it, or
 * IP's packets do, or all packets, so jumps in a circle end.
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
static void resolve_queue(struct firewall_rule *rule,
			  struct nfqueue_list *queues)
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

/*
 * Where a chain drops all that is left. Of a partial ruleset it is remembered:
 * some of the rules were not read.
 */
static void find_rest(const struct nft_ruleset *rs, struct nft_node *chain)
{
	if (!rs->is_partial && (chain->has_ended || chain->drops))
		chain->rest = chain->run;
}

/*
 * The last rule of a chain is as good as a policy. But a chain to which only
 * what matches comes, to be dropped, is no more than the rule that calls it.
 */
static bool is_last(const struct nft_node *chain, const struct nft_drop *d)
{
	return chain->run && d->rule.number >= chain->run && d->is_wide &&
	       (chain->is_whole || (chain->is_zone && chain->may_pass));
}

/* What a rule is to what comes to its chain. */
static void resolve_place(const struct nft_node *chain, struct nft_drop *d)
{
	if (chain->rest && d->rule.number >= chain->rest)
		firewall_rule_leads(&d->rule);
	d->rule.is_last = is_last(chain, d);
	if (chain->family != NFPROTO_INET)
		d->rule.only = FAMILY_NONE;
	else if (chain->families == IS_IP)
		d->rule.only = FAMILY_IP;
	else if (chain->families == IS_IP6)
		d->rule.only = FAMILY_IP6;
}

static void resolve_chain(const struct nft_ruleset *rs, struct nft_node *chain,
			  struct nfqueue_list *queues)
{
	struct deadline *deadline = rs->arena.deadline;

	for (struct nft_drop *d = chain->drops_first;
	     d && !deadline_step(deadline); d = d->next) {
		if (d->rule.target == FIREWALL_QUEUE)
			resolve_queue(&d->rule, queues);
		else if (d->map)
			resolve_map(&d->rule, d->map);
		else if (d->counter)
			resolve_counter(&d->rule, d->counter, rs->is_partial);
		else if (d->rule.target != FIREWALL_TPROXY)
			d->rule.uncounted = !d->rule.is_counted;
		resolve_place(chain, d);
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
	struct nfqueue_list list = {.text = queues, .arena = &rs->arena};
	struct nft_node *chain;

	if (!rs->is_partial)
		reach(rs);
	for (chain = rs->first[NODE_CHAIN]; chain; chain = chain->next) {
		if (!chain->reached)
			continue;
		find_rest(rs, chain);
		add_policy(rs, chain);
		resolve_chain(rs, chain, &list);
	}
}
