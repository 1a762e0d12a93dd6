/* SPDX-License-Identifier: MIT */
#include "probes/firewall/nft_ruleset.h"

#include <string.h>

#define FIRST_SLOTS 64

/* Whoever owns a namespace chooses these names: 100000 may be in one table. */
static uint64_t hash_secret(const struct nft_ruleset *rs, enum nft_kind kind,
			    uint8_t family, const char *table, const char *name)
{
	const unsigned char head[2] = {(unsigned char)kind, family};
	struct hash h = hash_begin(rs->key);

	hash_add(&h, head, sizeof(head));
	if (table)
		hash_name(&h, table);
	hash_name(&h, name);
	return hash_end(&h);
}

static uint64_t hash_node(enum nft_kind kind, uint8_t family, const char *table,
			  const char *name)
{
	const unsigned char head[2] = {(unsigned char)kind, family};
	uint64_t hash = hash_bytes(HASH_START, head, sizeof(head));

	if (table)
		hash = hash_bytes(hash, table, strlen(table) + 1);
	return hash_bytes(hash, name, strlen(name) + 1);
}

static struct nft_node *find_secret(const struct nft_ruleset *rs,
				    uint64_t secret, enum nft_kind kind,
				    uint8_t family, const char *table,
				    const char *name)
{
	struct nft_node *node =
		rs->n_slots ? rs->slots[secret & (rs->n_slots - 1)] : NULL;

	for (; node; node = node->same_slot)
		if (node->secret == secret && node->kind == kind &&
		    node->family == family && !strcmp(node->name, name) &&
		    (!table || !strcmp(node->in->name, table)))
			return node;
	return NULL;
}

struct nft_node *nft_find(const struct nft_ruleset *rs, enum nft_kind kind,
			  uint8_t family, const char *table, const char *name)
{
	return find_secret(rs, hash_secret(rs, kind, family, table, name), kind,
			   family, table, name);
}

static const char *copy_name(struct nft_ruleset *rs, const char *name)
{
	size_t n = strlen(name) + 1;
	char *copy = arena_alloc(&rs->arena, n);

	return copy ? memcpy(copy, name, n) : NULL;
}

static void put_in_slot(struct nft_ruleset *rs, struct nft_node *node)
{
	struct nft_node **slot = &rs->slots[node->secret & (rs->n_slots - 1)];

	node->same_slot = *slot;
	*slot = node;
}

/* As many slots as nodes at least: no slot has more than a few. */
static bool grow_slots_of(struct nft_ruleset *rs)
{
	size_t n = rs->n_slots ? rs->n_slots * 4 : FIRST_SLOTS;
	struct nft_node **slots = arena_alloc(&rs->arena, n * sizeof(*slots));

	if (!slots)
		return false;
	rs->slots = slots;
	rs->n_slots = n;
	for (int kind = NODE_TABLE; kind <= NODE_COUNTER; kind++)
		for (struct nft_node *node = rs->first[kind]; node;
		     node = node->next)
			put_in_slot(rs, node);
	return true;
}

static bool insert_node(struct nft_ruleset *rs, struct nft_node *node)
{
	if (rs->n_nodes == rs->n_slots && !grow_slots_of(rs))
		return false;
	put_in_slot(rs, node);
	rs->n_nodes++;
	if (rs->last[node->kind])
		rs->last[node->kind]->next = node;
	else
		rs->first[node->kind] = node;
	rs->last[node->kind] = node;
	return true;
}

struct nft_node *nft_get(struct nft_ruleset *rs, enum nft_kind kind,
			 uint8_t family, const char *table, const char *name)
{
	uint64_t secret = hash_secret(rs, kind, family, table, name);
	struct nft_node *node, *in = NULL;

	node = find_secret(rs, secret, kind, family, table, name);
	if (node)
		return node;
	if (table)
		in = nft_get(rs, NODE_TABLE, family, NULL, table);
	node = arena_alloc(&rs->arena, sizeof(*node));
	if (!node || (table && !in))
		return NULL;
	node->kind = kind;
	node->family = family;
	node->secret = secret;
	node->hash = hash_node(kind, family, table, name);
	node->in = in;
	node->name = copy_name(rs, name);
	return node->name && insert_node(rs, node) ? node : NULL;
}

struct nft_drop *nft_add_drop(struct nft_ruleset *rs, struct nft_node *chain)
{
	struct nft_drop *d = arena_alloc(&rs->arena, sizeof(*d));

	if (!d)
		return NULL;
	if (chain->drops_last)
		chain->drops_last->next = d;
	else
		chain->drops_first = d;
	chain->drops_last = d;
	return d;
}
