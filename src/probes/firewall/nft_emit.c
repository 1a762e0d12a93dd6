/* SPDX-License-Identifier: MIT */
/* A resolved ruleset into a sample. Pure. */
#include <inttypes.h>
#include <linux/netfilter.h>
#include <string.h>

#include "probes/firewall/emit.h"
#include "probes/firewall/nft_ruleset.h"
#include "probes/firewall/queue_feeds.h"

enum family nft_family(uint8_t family)
{
	/* clang-format off */
	static const uint8_t families[] = {
		[NFPROTO_INET] = FAMILY_INET,
		[NFPROTO_IPV4] = FAMILY_IP,
		[NFPROTO_ARP] = FAMILY_ARP,
		[NFPROTO_NETDEV] = FAMILY_NETDEV,
		[NFPROTO_BRIDGE] = FAMILY_BRIDGE,
		[NFPROTO_IPV6] = FAMILY_IP6,
	};
	/* clang-format on */

	return family < ARRAY_SIZE(families) ? families[family] : FAMILY_NONE;
}

/* A name fit for messages; one that is too long is cut and hashed. */
static void copy_piece(char piece[FIREWALL_PIECE], const char *name)
{
	size_t n = 0;

	for (; n < FIREWALL_PIECE - 10 && name[n]; n++) {
		piece[n] = name[n];
		if (name[n] <= ' ' || name[n] > '~' || name[n] == '"' ||
		    name[n] == '\\')
			piece[n] = '?';
	}
	piece[n] = '\0';
	if (name[n])
		snprintf(piece + n, FIREWALL_PIECE - n, "_%08" PRIx32,
			 (uint32_t)hash_bytes(HASH_START, name, strlen(name)));
}

/* One half of a ruleset: what is counted, or what is not. */
struct half {
	struct firewall_writer writer;
	bool counted;
	bool is_partial; /* what can change only with the ruleset is known */
};

static bool is_in(const struct half *half, const struct firewall_rule *rule)
{
	if (half->counted || rule->is_counted)
		return half->counted &&
		       (rule->is_counted || rule->target == FIREWALL_TPROXY);
	return rule->uncounted &&
	       (!half->is_partial || rule->target == FIREWALL_QUEUE);
}

/* A chain of inet that is called both in front of IP and in it is of IP. */
static enum family emitted_family(const struct nft_node *chain)
{
	return chain->family == NFPROTO_INET && !chain->is_of_ip
		       ? FAMILY_INGRESS
		       : nft_family(chain->family);
}

static void emit_chain(struct half *half, const struct nft_node *node)
{
	struct firewall_chain chain = {
		.family = emitted_family(node),
		.direction = firewall_direction(node->reached),
		.reached = node->reached,
		.identity = half->is_partial ? 0 : node->hash,
	};
	const struct nft_drop *d = node->drops_first;

	while (d && !is_in(half, &d->rule))
		d = d->next;
	if (!d || chain.direction == DIR_NONE)
		return;
	copy_piece(chain.table, node->in->name);
	copy_piece(chain.name, node->name);
	firewall_begin(&half->writer, &chain);
	for (d = node->drops_first; d; d = d->next) {
		firewall_see(&half->writer, &d->rule);
		if (is_in(half, &d->rule))
			firewall_add(&half->writer, &d->rule);
	}
}

static void emit_feeds(const struct nft_ruleset *rs, struct sample *out)
{
	const struct nft_node *chain = rs->first[NODE_CHAIN];
	struct queue_feeds feeds = {.n = 0};

	for (; chain; chain = chain->next)
		for (const struct nft_feed *f = chain->feeds;
		     f && chain->reached; f = f->next)
			queue_feeds_add(&feeds, nft_family(chain->family),
					f->first, f->n, chain->reached);
	queue_feeds_append(&feeds, "nft#queues", out);
}

void nft_emit(struct nft_ruleset *rs, unsigned max_rules, struct sample *out)
{
	struct half half = {
		.writer = {.out = out,
			   .arena = &rs->arena,
			   .max_rules = max_rules},
		.is_partial = rs->is_partial,
	};

	firewall_start(&half.writer, 0);
	for (int i = 0; i < 2; i++) {
		const struct nft_node *chain = rs->first[NODE_CHAIN];

		half.counted = i == 0;
		for (; chain; chain = chain->next)
			emit_chain(&half, chain);
	}
	firewall_finish(&half.writer, 0);
	if (!rs->is_partial)
		emit_feeds(rs, out);
}
