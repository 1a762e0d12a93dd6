/* SPDX-License-Identifier: MIT */
/* Messages into a ruleset. Pure. */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_arp.h>
#include <string.h>

#include "probes/firewall/nft_ruleset.h"

#define REACHES(dir) (1u << (dir))

/* Which packets come to a hook of a family, as a set. */
static uint8_t reached_by(uint8_t family, uint32_t hook)
{
	if (family == NFPROTO_NETDEV)
		return REACHES(hook == NF_NETDEV_INGRESS ? DIR_RX : DIR_TX);
	if (family == NFPROTO_ARP && hook == NF_ARP_OUT)
		return REACHES(DIR_TX);
	if (family == NFPROTO_ARP && hook == NF_ARP_FORWARD)
		return REACHES(DIR_FWD);
	if (family == NFPROTO_ARP)
		return REACHES(DIR_RX);
	switch (hook) {
	case NF_INET_FORWARD:
		return REACHES(DIR_FWD);
	case NF_INET_LOCAL_OUT:
		return REACHES(DIR_TX);
	case NF_INET_POST_ROUTING:
		return REACHES(DIR_TX) |
		       (family == NFPROTO_BRIDGE ? 0 : REACHES(DIR_FWD));
	default: /* prerouting, input, ingress, broute */
		return REACHES(DIR_RX);
	}
}

static void note_handle(struct nft_node *table, uint64_t handle)
{
	if (handle > table->last)
		table->last = handle;
}

static int build_table(struct nft_ruleset *rs, const struct nlmsghdr *h)
{
	struct nft_node *node;
	struct nft_table t;
	int r = nft_parse_table(h, &t);

	if (r < 0)
		return r;
	node = nft_get(rs, NODE_TABLE, t.family, NULL, t.name);
	if (!node)
		return rs->arena.error;
	node->handle = t.handle;
	node->is_dormant = t.is_dormant;
	return 0;
}

static int build_chain(struct nft_ruleset *rs, const struct nlmsghdr *h)
{
	struct nft_node *node;
	struct nft_chain c;
	int r = nft_parse_chain(h, &c);

	if (r < 0)
		return r;
	node = nft_get(rs, NODE_CHAIN, c.family, c.table, c.name);
	if (!node)
		return rs->arena.error;
	node->handle = c.handle;
	note_handle(node->in, c.handle);
	rs->n_uses += c.uses;
	node->drops = c.is_base && c.drops;
	node->is_counted = c.counts_policy;
	node->counts = c.policy;
	if (c.is_base && !node->in->is_dormant)
		node->reached |= reached_by(c.family, c.hook);
	node->is_open |= c.is_base;
	node->is_whole |= c.is_base;
	node->families |= c.is_base ? IS_ANY : 0;
	node->is_of_ip |= c.is_base && !(c.family == NFPROTO_INET &&
					 c.hook == NF_INET_INGRESS);
	return 0;
}

static uint8_t families_of(const struct nft_rule *r)
{
	if (!r->rule.only)
		return IS_ANY;
	return r->rule.only == FAMILY_IP ? IS_IP : IS_IP6;
}

/* by: the rule that calls; NULL: an element of a map */
static int add_call(struct nft_ruleset *rs, struct nft_node *from,
		    struct nft_node *to, const struct nft_rule *by)
{
	struct nft_call *call;

	if (!to)
		return rs->arena.error;
	call = arena_alloc(&rs->arena, sizeof(*call));
	if (!call)
		return rs->arena.error;
	*call = (struct nft_call) {
		.next = from->calls,
		.to = to,
		.families = by ? families_of(by) : IS_ANY,
		.width = by ? by->width : WIDTH_ALL,
	};
	if (by)
		call->by = firewall_pick_of(&by->rule);
	from->calls = call;
	return 0;
}

/* The chain that from leads to. A chain that is not there is none. */
static int call_chain(struct nft_ruleset *rs, struct nft_node *from,
		      const char *name, const struct nft_rule *by)
{
	struct nft_node *to;

	to = nft_find(rs, NODE_CHAIN, from->family, from->in->name, name);
	return to ? add_call(rs, from, to, by) : 0;
}

/* The message that a comment is in does not last. */
static struct token copy_comment(struct nft_ruleset *rs, struct token comment)
{
	char *copy = arena_alloc(&rs->arena, comment.n);

	if (!copy)
		return (struct token) {0};
	memcpy(copy, comment.at, comment.n);
	return (struct token) {copy, comment.n};
}

static uint8_t nft_target(const struct nft_rule *r)
{
	switch (r->verdict) {
	case NFT_REJECTS:
		return r->resets ? FIREWALL_RESET : FIREWALL_REJECT;
	case NFT_QUEUES:
		return FIREWALL_QUEUE;
	case NFT_PROXIES:
		return FIREWALL_TPROXY;
	default:
		return FIREWALL_DROP;
	}
}

static bool drops(const struct nft_rule *r)
{
	return r->verdict == NFT_DROPS || r->verdict == NFT_REJECTS;
}

/*
 * Notes which named counters a rule feeds, and whether one of them has just
 * what it dropped. Sets *ret to that counter. A counter is good for nothing
 * when one of its users does not drop, or is counted elsewhere already.
 */
static int use_counters(struct nft_ruleset *rs, const struct nft_rule *r,
			struct nft_node **ret)
{
	*ret = NULL;
	for (unsigned i = 0; i < r->n_objects; i++) {
		struct nft_node *node;

		node = nft_get(rs, NODE_COUNTER, r->family, r->table,
			       r->objects[i]);
		if (!node)
			return rs->arena.error;
		node->n_users++;
		if (*ret || !r->exact[i] || r->rule.is_counted || !drops(r))
			continue;
		node->n_good++;
		*ret = node;
	}
	return 0;
}

/* Returns it, or NULL: the arena tells why. */
static struct nft_drop *add_rule(struct nft_ruleset *rs, struct nft_node *chain,
				 const struct nft_rule *r,
				 const struct nlmsghdr *h)
{
	struct nft_drop *d = nft_add_drop(rs, chain);

	if (!d)
		return NULL;
	d->shape = nft_rule_shape(h);
	d->rule = r->rule;
	d->rule.number = chain->n_rules;
	d->rule.target = nft_target(r);
	d->is_wide = r->width <= WIDTH_FAMILY;
	d->rule.is_counted &= r->verdict != NFT_PROXIES;
	d->before = chain->before;
	if (chain->before.rate.kind)
		firewall_rule_behind(&d->rule, nft_rule_matches(h), &d->before);
	if (r->rule.comment.n)
		d->rule.comment = copy_comment(rs, r->rule.comment);
	return rs->arena.error ? NULL : d;
}

/* A rule asks a verdict map; what its elements do is known later. */
static int ask_map(struct nft_ruleset *rs, struct nft_node *chain,
		   const struct nft_rule *r, const struct nlmsghdr *h)
{
	struct nft_node *map;
	struct nft_drop *d;
	int e;

	if (rs->is_partial &&
	    !nft_find(rs, NODE_MAP, r->family, r->table, r->map))
		return 0; /* known to drop nothing, or to count nothing */
	map = nft_get(rs, NODE_MAP, r->family, r->table, r->map);
	e = map ? add_call(rs, chain, map, r) : rs->arena.error;
	if (e < 0)
		return e;
	d = add_rule(rs, chain, r, h);
	if (!d)
		return rs->arena.error;
	d->map = map;
	d->rule.target = FIREWALL_MAP;
	d->rule.is_counted = false;
	return 0;
}

static int note_feed(struct nft_ruleset *rs, struct nft_node *chain,
		     const struct nft_rule *r)
{
	struct nft_feed *feed = arena_alloc(&rs->arena, sizeof(*feed));

	if (!feed)
		return rs->arena.error;
	*feed = (struct nft_feed) {chain->feeds, r->rule.queue,
				   r->rule.n_queues};
	chain->feeds = feed;
	return 0;
}

static int build_effects(struct nft_ruleset *rs, struct nft_node *chain,
			 const struct nft_rule *r, const struct nlmsghdr *h)
{
	struct nft_node *counter;
	struct nft_drop *d;
	int e = use_counters(rs, r, &counter);

	if (e == 0 && r->feeds)
		e = note_feed(rs, chain, r);
	if (e == 0 && r->map)
		e = ask_map(rs, chain, r, h);
	if (e == 0 && r->calls)
		e = call_chain(rs, chain, r->calls, r);
	if (e < 0 || (!drops(r) && r->verdict != NFT_QUEUES &&
		      r->verdict != NFT_PROXIES))
		return e;
	d = add_rule(rs, chain, r, h);
	if (!d)
		return rs->arena.error;
	d->counter = counter;
	rs->has_queues |= r->verdict == NFT_QUEUES;
	return 0;
}

static bool is_chain(const struct nft_node *c, const struct nft_rule *r)
{
	return c->family == r->family && !strcmp(c->name, r->chain) &&
	       !strcmp(c->in->name, r->table);
}

/* A rule that only logs or counts stands in no way. */
static void note_run(struct nft_node *chain, const struct nft_rule *r)
{
	if (drops(r)) {
		if (!chain->run)
			chain->run = chain->n_rules;
	} else if (r->verdict != NFT_GOES_ON || r->map) {
		chain->run = 0;
		chain->may_pass = true;
	}
}

static int build_rule(struct nft_ruleset *rs, const struct nlmsghdr *h)
{
	struct nft_rule r;
	int e = nft_parse_rule(h, &r);

	if (e < 0)
		return e;
	if (rs->asked && !is_chain(rs->asked, &r))
		return 0; /* an old kernel that knows no filter */
	if (!rs->chain || !is_chain(rs->chain, &r))
		rs->chain = nft_get(rs, NODE_CHAIN, r.family, r.table, r.chain);
	if (!rs->chain)
		return rs->arena.error;
	rs->chain->n_rules++;
	note_handle(rs->chain->in, r.rule.handle);
	if (rs->chain->has_ended)
		return 0;
	e = build_effects(rs, rs->chain, &r, h);
	note_run(rs->chain, &r);
	if (r.verdict != NFT_GOES_ON)
		rs->chain->before = nft_rule_pass(&r, h);
	rs->chain->has_ended = !r.is_conditional &&
			       (drops(&r) || r.verdict == NFT_ENDS ||
				r.verdict == NFT_QUEUES ||
				r.verdict == NFT_PROXIES);
	return e;
}

static int add_counted(struct nft_ruleset *rs, struct nft_node *map,
		       const struct nft_element *e)
{
	struct firewall_part *part = arena_alloc(&rs->arena, sizeof(*part));

	if (!part)
		return rs->arena.error;
	*part = (struct firewall_part) {map->parts, e->key, e->counts};
	map->parts = part;
	map->n_counts++;
	map->counts.packets += e->counts.packets;
	map->counts.bytes += e->counts.bytes;
	return 0;
}

static int build_element(const struct nft_elements *of,
			 const struct nft_element *e, void *arg)
{
	struct nft_ruleset *rs = arg;
	struct nft_node *map;

	map = nft_find(rs, NODE_MAP, of->family, of->table, of->map);
	if (!map)
		return 0;
	if (e->calls)
		return call_chain(rs, map, e->calls, NULL);
	if (!e->drops)
		return 0;
	map->n_drops++;
	if (!e->is_counted)
		return 0;
	return add_counted(rs, map, e);
}

static int build_object(struct nft_ruleset *rs, const struct nlmsghdr *h)
{
	struct nft_node *node;
	struct nft_object o;
	int r = nft_parse_object(h, &o);

	if (r < 0 || !o.is_counter)
		return r;
	node = nft_find(rs, NODE_COUNTER, o.family, o.table, o.name);
	if (!node)
		return 0;
	node->is_counted = true;
	node->counts = o.counts;
	return 0;
}

static int build_generation(struct nft_ruleset *rs, const struct nlmsghdr *h)
{
	uint32_t generation;
	int r = nft_parse_generation(h, &generation);

	if (r < 0)
		return r;
	if (rs->has_generation && rs->generation != generation)
		return -EAGAIN;
	rs->generation = generation;
	rs->has_generation = true;
	return 0;
}

int nft_build(const struct nlmsghdr *h, void *ruleset)
{
	struct nft_ruleset *rs = ruleset;
	uint16_t generation;
	uint8_t family;
	int r = nft_parse_head(h, &family, &generation);

	if (r < 0)
		return r;
	/* kernels before 3.18 leave it zero */
	if (rs->has_generation && generation &&
	    generation != (uint16_t)rs->generation)
		return -EAGAIN;
	if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return 0;
	switch (NFNL_MSG_TYPE(h->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		return build_table(rs, h);
	case NFT_MSG_NEWCHAIN:
		return build_chain(rs, h);
	case NFT_MSG_NEWRULE:
		return build_rule(rs, h);
	case NFT_MSG_NEWSETELEM:
		return nft_parse_elements(h, build_element, rs);
	case NFT_MSG_NEWOBJ:
		return build_object(rs, h);
	case NFT_MSG_NEWGEN:
		return build_generation(rs, h);
	default:
		return 0;
	}
}
