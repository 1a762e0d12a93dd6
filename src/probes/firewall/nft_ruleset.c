/* SPDX-License-Identifier: MIT */
#include "probes/firewall/nft_ruleset.h"

#include <string.h>

static uint64_t hash_node(enum nft_kind kind, uint8_t family, const char *table,
			  const char *name)
{
	const unsigned char head[2] = {(unsigned char)kind, family};
	uint64_t hash = hash_bytes(HASH_START, head, sizeof(head));

	if (table)
		hash = hash_bytes(hash, table, strlen(table) + 1);
	return hash_bytes(hash, name, strlen(name) + 1);
}

static struct nft_node *find_hashed(const struct nft_ruleset *rs, uint64_t hash,
				    enum nft_kind kind, uint8_t family,
				    const char *table, const char *name)
{
	struct nft_node *node = rs->buckets[hash % NFT_BUCKETS];

	for (; node; node = node->same_hash)
		if (node->hash == hash && node->kind == kind &&
		    node->family == family && !strcmp(node->name, name) &&
		    (!table || !strcmp(node->in->name, table)))
			return node;
	return NULL;
}

struct nft_node *nft_find(const struct nft_ruleset *rs, enum nft_kind kind,
			  uint8_t family, const char *table, const char *name)
{
	return find_hashed(rs, hash_node(kind, family, table, name), kind,
			   family, table, name);
}

static const char *copy_name(struct nft_ruleset *rs, const char *name)
{
	size_t n = strlen(name) + 1;
	char *copy = arena_alloc(&rs->arena, n);

	return copy ? memcpy(copy, name, n) : NULL;
}

static void insert(struct nft_ruleset *rs, struct nft_node *node)
{
	struct nft_node **bucket;

	bucket = &rs->buckets[node->hash % NFT_BUCKETS];
	node->same_hash = *bucket;
	*bucket = node;
	if (rs->last[node->kind])
		rs->last[node->kind]->next = node;
	else
		rs->first[node->kind] = node;
	rs->last[node->kind] = node;
}

struct nft_node *nft_get(struct nft_ruleset *rs, enum nft_kind kind,
			 uint8_t family, const char *table, const char *name)
{
	uint64_t hash = hash_node(kind, family, table, name);
	struct nft_node *node, *in = NULL;

	node = find_hashed(rs, hash, kind, family, table, name);
	if (node)
		return node;
	if (table)
		in = nft_get(rs, NODE_TABLE, family, NULL, table);
	node = arena_alloc(&rs->arena, sizeof(*node));
	if (!node || (table && !in))
		return NULL;
	node->kind = kind;
	node->family = family;
	node->hash = hash;
	node->in = in;
	node->name = copy_name(rs, name);
	if (!node->name)
		return NULL;
	insert(rs, node);
	return node;
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
