/* SPDX-License-Identifier: MIT */
/*
 * What a rule looks like, whatever it has counted: by that it is found again
 * behind a reload, and two that match the same packets are told. Pure.
 */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/firewall/nft_parse.h"

/*
 * A quota tells how much of it is used, and by a flag that all is: only the
 * rest is its shape.
 */
static uint64_t hash_quota(const struct nlattr *data, uint64_t hash)
{
	const struct nlattr *in[NFTA_QUOTA_MAX + 1];
	uint32_t flags;

	attrs_index(attrs_in(data), in, NFTA_QUOTA_MAX);
	hash = attr_hash(in[NFTA_QUOTA_BYTES], hash);
	flags = attr_be32(in[NFTA_QUOTA_FLAGS]) & NFT_QUOTA_F_INV;
	return hash_bytes(hash, &flags, sizeof(flags));
}

/* All but what it has counted. */
static uint64_t hash_shape(const struct nlattr *name, const struct nlattr *data,
			   uint64_t hash)
{
	hash = attr_hash(name, hash);
	if (attr_is(name, "quota"))
		return hash_quota(data, hash);
	if (attr_is(name, "counter") || attr_is(name, "last"))
		return hash;
	return attr_hash(data, hash);
}

/* A match of x_tables that says nothing of what it matches, or a rate. */
static bool is_said_apart(const struct nlattr *data)
{
	const struct nlattr *in[NFTA_MATCH_MAX + 1];
	struct firewall_rate rate;
	struct attrs info;
	const char *name;

	attrs_index(attrs_in(data), in, NFTA_MATCH_MAX);
	name = attr_text(in[NFTA_MATCH_NAME]);
	info = attrs_in(in[NFTA_MATCH_INFO]);
	return name && (!strcmp(name, "comment") ||
			firewall_rate_match(name, attr_be32(in[NFTA_MATCH_REV]),
					    info.bytes, info.n, &rate));
}

/* Whether an expression says which packets a rule matches, and not how many. */
static bool is_match(const struct nlattr *name, const struct nlattr *data)
{
	static const char *const others[] = {
		"counter", "last",  "log",	 "immediate",
		"reject",  "limit", "connlimit", "quota",
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (attr_is(name, others[i]))
			return false;
	return !attr_is(name, "match") || !is_said_apart(data);
}

static uint64_t hash_match(const struct nlattr *name, const struct nlattr *data,
			   uint64_t hash)
{
	return is_match(name, data) ? attr_hash(data, attr_hash(name, hash))
				    : hash;
}

/* Of all expressions of a rule, one after the other. */
static uint64_t hash_expressions(const struct nlmsghdr *h,
				 uint64_t (*add)(const struct nlattr *name,
						 const struct nlattr *data,
						 uint64_t hash))
{
	const struct nlattr *in[NFTA_RULE_MAX + 1];
	const struct nlattr *expr[NFTA_EXPR_MAX + 1];
	uint64_t hash = HASH_START;
	struct attrs list;
	const struct nlattr *attr;

	attrs_index(attrs_of(h), in, NFTA_RULE_MAX);
	list = attrs_in(in[NFTA_RULE_EXPRESSIONS]);
	EACH_ATTR(attr, list)
	{
		attrs_index(attrs_in(attr), expr, NFTA_EXPR_MAX);
		hash = add(expr[NFTA_EXPR_NAME], expr[NFTA_EXPR_DATA], hash);
	}
	return hash;
}

uint64_t nft_rule_shape(const struct nlmsghdr *h)
{
	return hash_expressions(h, hash_shape);
}

uint64_t nft_rule_matches(const struct nlmsghdr *h)
{
	return hash_expressions(h, hash_match);
}
