/* SPDX-License-Identifier: MIT */
#include "probes/firewall/nft_parse.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "kernel/attr.h"

#ifndef NFT_TABLE_F_DORMANT
#define NFT_TABLE_F_DORMANT 1
#endif

int nft_parse_head(const struct nlmsghdr *h, uint8_t *ret_family,
		   uint16_t *ret_generation)
{
	struct nfgenmsg head;

	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(head))
		return -EBADMSG;
	memcpy(&head, (const char *)h + NLMSG_HDRLEN, sizeof(head));
	*ret_family = head.nfgen_family;
	*ret_generation = be16toh(head.res_id);
	return 0;
}

bool nft_parse_verdict(const struct nlattr *data, int32_t *ret_code,
		       const char **ret_calls)
{
	const struct nlattr *in[NFTA_DATA_MAX + 1];
	const struct nlattr *verdict[NFTA_VERDICT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_DATA_MAX);
	attrs_index(attrs_in(in[NFTA_DATA_VERDICT]), verdict, NFTA_VERDICT_MAX);
	if (!attr_is_size(verdict[NFTA_VERDICT_CODE], 4))
		return false;
	*ret_code = (int32_t)attr_be32(verdict[NFTA_VERDICT_CODE]);
	*ret_calls = NULL;
	if (*ret_code == NFT_JUMP || *ret_code == NFT_GOTO)
		*ret_calls = attr_text(verdict[NFTA_VERDICT_CHAIN]);
	return true;
}

bool nft_parse_counts(const struct nlattr *nest, struct firewall_counts *ret)
{
	const struct nlattr *in[NFTA_COUNTER_MAX + 1];

	attrs_index(attrs_in(nest), in, NFTA_COUNTER_MAX);
	if (!attr_is_size(in[NFTA_COUNTER_PACKETS], 8))
		return false;
	ret->packets = attr_be64(in[NFTA_COUNTER_PACKETS]);
	ret->bytes = attr_be64(in[NFTA_COUNTER_BYTES]);
	return true;
}

static uint8_t family_of(const struct nlmsghdr *h)
{
	uint16_t generation;
	uint8_t family;

	return nft_parse_head(h, &family, &generation) < 0 ? 0 : family;
}

int nft_parse_generation(const struct nlmsghdr *h, uint32_t *ret)
{
	const struct nlattr *in[NFTA_GEN_MAX + 1];

	attrs_index(attrs_of(h), in, NFTA_GEN_MAX);
	if (!attr_is_size(in[NFTA_GEN_ID], 4))
		return -EBADMSG;
	*ret = attr_be32(in[NFTA_GEN_ID]);
	return 0;
}

int nft_parse_table(const struct nlmsghdr *h, struct nft_table *ret)
{
	const struct nlattr *in[NFTA_TABLE_MAX + 1];

	attrs_index(attrs_of(h), in, NFTA_TABLE_MAX);
	*ret = (struct nft_table) {
		.family = family_of(h),
		.name = attr_text(in[NFTA_TABLE_NAME]),
		.handle = attr_be64(in[NFTA_TABLE_HANDLE]),
		.is_dormant = attr_be32(in[NFTA_TABLE_FLAGS]) &
			      NFT_TABLE_F_DORMANT,
	};
	return ret->name ? 0 : -EBADMSG;
}

int nft_parse_chain(const struct nlmsghdr *h, struct nft_chain *ret)
{
	const struct nlattr *in[NFTA_CHAIN_MAX + 1];
	const struct nlattr *hook[NFTA_HOOK_MAX + 1];

	attrs_index(attrs_of(h), in, NFTA_CHAIN_MAX);
	attrs_index(attrs_in(in[NFTA_CHAIN_HOOK]), hook, NFTA_HOOK_MAX);
	*ret = (struct nft_chain) {
		.family = family_of(h),
		.table = attr_text(in[NFTA_CHAIN_TABLE]),
		.name = attr_text(in[NFTA_CHAIN_NAME]),
		.handle = attr_be64(in[NFTA_CHAIN_HANDLE]),
		.is_base = attr_is_size(hook[NFTA_HOOK_HOOKNUM], 4),
		.hook = attr_be32(hook[NFTA_HOOK_HOOKNUM]),
		.uses = attr_be32(in[NFTA_CHAIN_USE]),
	};
	ret->drops = attr_is_size(in[NFTA_CHAIN_POLICY], 4) &&
		     attr_be32(in[NFTA_CHAIN_POLICY]) == NF_DROP;
	ret->counts_policy =
		nft_parse_counts(in[NFTA_CHAIN_COUNTERS], &ret->policy);
	return ret->table && ret->name ? 0 : -EBADMSG;
}

int nft_parse_object(const struct nlmsghdr *h, struct nft_object *ret)
{
	const struct nlattr *in[NFTA_OBJ_MAX + 1];

	attrs_index(attrs_of(h), in, NFTA_OBJ_MAX);
	*ret = (struct nft_object) {
		.family = family_of(h),
		.table = attr_text(in[NFTA_OBJ_TABLE]),
		.name = attr_text(in[NFTA_OBJ_NAME]),
	};
	if (!ret->table || !ret->name)
		return -EBADMSG;
	ret->is_counter = attr_be32(in[NFTA_OBJ_TYPE]) == NFT_OBJECT_COUNTER &&
			  nft_parse_counts(in[NFTA_OBJ_DATA], &ret->counts);
	return 0;
}

/* Finds a counter among the expressions of an element: one, or a list. */
static bool element_counts(const struct nlattr *const *in,
			   struct firewall_counts *ret)
{
	const struct nlattr *expr[NFTA_EXPR_MAX + 1];
	const struct nlattr *attr;
	struct attrs list;

	attrs_index(attrs_in(in[NFTA_SET_ELEM_EXPR]), expr, NFTA_EXPR_MAX);
	if (attr_is(expr[NFTA_EXPR_NAME], "counter"))
		return nft_parse_counts(expr[NFTA_EXPR_DATA], ret);
	list = attrs_in(in[NFTA_SET_ELEM_EXPRESSIONS]);
	EACH_ATTR(attr, list)
	{
		attrs_index(attrs_in(attr), expr, NFTA_EXPR_MAX);
		if (attr_is(expr[NFTA_EXPR_NAME], "counter"))
			return nft_parse_counts(expr[NFTA_EXPR_DATA], ret);
	}
	return false;
}

static void parse_element(const struct nlattr *attr, struct nft_element *ret)
{
	const struct nlattr *in[NFTA_SET_ELEM_MAX + 1];
	int32_t code = NFT_CONTINUE;

	attrs_index(attrs_in(attr), in, NFTA_SET_ELEM_MAX);
	*ret = (struct nft_element) {0};
	ret->has_verdict =
		nft_parse_verdict(in[NFTA_SET_ELEM_DATA], &code, &ret->calls);
	ret->drops = ret->has_verdict && (code & NF_VERDICT_MASK) == NF_DROP;
	ret->is_counted = element_counts(in, &ret->counts);
	ret->key = attr_hash(in[NFTA_SET_ELEM_KEY], HASH_START);
	ret->key = attr_hash(in[NFTA_SET_ELEM_KEY_END], ret->key);
}

int nft_parse_elements(const struct nlmsghdr *h, nft_visit visit, void *arg)
{
	const struct nlattr *in[NFTA_SET_ELEM_LIST_MAX + 1];
	struct nft_elements of = {.family = family_of(h)};
	struct attrs list;
	const struct nlattr *attr;

	attrs_index(attrs_of(h), in, NFTA_SET_ELEM_LIST_MAX);
	of.table = attr_text(in[NFTA_SET_ELEM_LIST_TABLE]);
	of.map = attr_text(in[NFTA_SET_ELEM_LIST_SET]);
	if (!of.table || !of.map)
		return -EBADMSG;
	list = attrs_in(in[NFTA_SET_ELEM_LIST_ELEMENTS]);
	EACH_ATTR(attr, list)
	{
		struct nft_element e;
		int r;

		parse_element(attr, &e);
		r = visit(&of, &e, arg);
		if (r < 0)
			return r;
	}
	return 0;
}
