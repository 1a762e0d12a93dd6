/* SPDX-License-Identifier: MIT */
/* Expressions that let through so many packets, of all or each element. Pure.
 */
#include <linux/netfilter/nf_tables.h>

#include "kernel/attr.h"
#include "probes/firewall/nft_expression.h"

static void take_rate(struct nft_rule *r, struct firewall_rate rate)
{
	r->rule.rate = rate;
	nft_decides(r);
}

void nft_run_limit(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_LIMIT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_LIMIT_MAX);
	take_rate(r,
		  (struct firewall_rate) {
			  .kind = RATE_LIMIT,
			  .amount = attr_be64(in[NFTA_LIMIT_RATE]),
			  .seconds = (uint32_t)attr_be64(in[NFTA_LIMIT_UNIT]),
			  .is_bytes = attr_be32(in[NFTA_LIMIT_TYPE]) ==
				      NFT_LIMIT_PKT_BYTES,
			  .is_over = attr_be32(in[NFTA_LIMIT_FLAGS]) &
				     NFT_LIMIT_F_INV,
		  });
}

void nft_run_connlimit(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_CONNLIMIT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_CONNLIMIT_MAX);
	take_rate(r, (struct firewall_rate) {
			     .kind = RATE_CONNLIMIT,
			     .amount = attr_be32(in[NFTA_CONNLIMIT_COUNT]),
			     .is_over = attr_be32(in[NFTA_CONNLIMIT_FLAGS]) &
					NFT_CONNLIMIT_F_INV,
		     });
}

void nft_run_quota(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_QUOTA_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_QUOTA_MAX);
	take_rate(r, (struct firewall_rate) {
			     .kind = RATE_QUOTA,
			     .amount = attr_be64(in[NFTA_QUOTA_BYTES]),
			     .is_bytes = true,
			     .is_over = attr_be32(in[NFTA_QUOTA_FLAGS]) &
					NFT_QUOTA_F_INV,
		     });
}

/* What of a set's expression, which runs for each element, is a rate. */
static void on_inner(const struct nlattr *expression, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_EXPR_MAX + 1];
	const struct nlattr *name, *data;

	attrs_index(attrs_in(expression), in, NFTA_EXPR_MAX);
	name = in[NFTA_EXPR_NAME];
	data = in[NFTA_EXPR_DATA];
	if (attr_is(name, "limit"))
		nft_run_limit(data, r);
	else if (attr_is(name, "connlimit"))
		nft_run_connlimit(data, r);
	else if (attr_is(name, "quota"))
		nft_run_quota(data, r);
	else
		return;
	r->rule.rate.is_each = true;
}

/* A meter: adds an element, for which one expression or several run. */
void nft_run_dynset(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_DYNSET_MAX + 1];
	const struct nlattr *attr;
	struct attrs list;

	attrs_index(attrs_in(data), in, NFTA_DYNSET_MAX);
	nft_decides(r);
	on_inner(in[NFTA_DYNSET_EXPR], r);
	list = attrs_in(in[NFTA_DYNSET_EXPRESSIONS]);
	EACH_ATTR(attr, list)
	on_inner(attr, r);
}

/* A named object that may stop the rule; its numbers are not asked for. */
void nft_run_rate_object(struct nft_rule *r, uint32_t type)
{
	static const uint8_t kinds[] = {
		[NFT_OBJECT_QUOTA] = RATE_QUOTA,
		[NFT_OBJECT_LIMIT] = RATE_LIMIT,
		[NFT_OBJECT_CONNLIMIT] = RATE_CONNLIMIT,
	};

	if (type < ARRAY_SIZE(kinds) && kinds[type])
		take_rate(r, (struct firewall_rate) {.kind = kinds[type]});
	else
		nft_decides(r);
}
