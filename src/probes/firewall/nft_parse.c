/* SPDX-License-Identifier: MIT */
#include "probes/firewall/nft_parse.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "probes/firewall/nft_attr.h"

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

static uint8_t family_of(const struct nlmsghdr *h)
{
	uint16_t generation;
	uint8_t family;

	return nft_parse_head(h, &family, &generation) < 0 ? 0 : family;
}

int nft_parse_generation(const struct nlmsghdr *h, uint32_t *ret)
{
	const struct nlattr *in[NFTA_GEN_MAX + 1];

	nft_attrs_index(nft_attrs_of(h), in, NFTA_GEN_MAX);
	if (!nft_attr_has_u32(in[NFTA_GEN_ID]))
		return -EBADMSG;
	*ret = nft_attr_u32(in[NFTA_GEN_ID]);
	return 0;
}

int nft_parse_table(const struct nlmsghdr *h, struct nft_table *ret)
{
	const struct nlattr *in[NFTA_TABLE_MAX + 1];

	nft_attrs_index(nft_attrs_of(h), in, NFTA_TABLE_MAX);
	*ret = (struct nft_table) {
		.family = family_of(h),
		.name = nft_attr_text(in[NFTA_TABLE_NAME]),
		.handle = nft_attr_u64(in[NFTA_TABLE_HANDLE]),
		.is_dormant = nft_attr_u32(in[NFTA_TABLE_FLAGS]) &
			      NFT_TABLE_F_DORMANT,
	};
	return ret->name ? 0 : -EBADMSG;
}

int nft_parse_chain(const struct nlmsghdr *h, struct nft_chain *ret)
{
	const struct nlattr *in[NFTA_CHAIN_MAX + 1];
	const struct nlattr *hook[NFTA_HOOK_MAX + 1];

	nft_attrs_index(nft_attrs_of(h), in, NFTA_CHAIN_MAX);
	nft_attrs_index(nft_attrs_in(in[NFTA_CHAIN_HOOK]), hook, NFTA_HOOK_MAX);
	*ret = (struct nft_chain) {
		.family = family_of(h),
		.table = nft_attr_text(in[NFTA_CHAIN_TABLE]),
		.name = nft_attr_text(in[NFTA_CHAIN_NAME]),
		.handle = nft_attr_u64(in[NFTA_CHAIN_HANDLE]),
		.is_base = nft_attr_has_u32(hook[NFTA_HOOK_HOOKNUM]),
		.hook = nft_attr_u32(hook[NFTA_HOOK_HOOKNUM]),
	};
	ret->drops = nft_attr_has_u32(in[NFTA_CHAIN_POLICY]) &&
		     nft_attr_u32(in[NFTA_CHAIN_POLICY]) == NF_DROP;
	ret->counts_policy =
		nft_attr_counts(in[NFTA_CHAIN_COUNTERS], &ret->policy);
	return ret->table && ret->name ? 0 : -EBADMSG;
}

int nft_parse_object(const struct nlmsghdr *h, struct nft_object *ret)
{
	const struct nlattr *in[NFTA_OBJ_MAX + 1];

	nft_attrs_index(nft_attrs_of(h), in, NFTA_OBJ_MAX);
	*ret = (struct nft_object) {
		.family = family_of(h),
		.table = nft_attr_text(in[NFTA_OBJ_TABLE]),
		.name = nft_attr_text(in[NFTA_OBJ_NAME]),
	};
	if (!ret->table || !ret->name)
		return -EBADMSG;
	ret->is_counter = nft_attr_u32(in[NFTA_OBJ_TYPE]) ==
				  NFT_OBJECT_COUNTER &&
			  nft_attr_counts(in[NFTA_OBJ_DATA], &ret->counts);
	return 0;
}

/* Finds a counter among the expressions of an element: one, or a list. */
static bool element_counts(const struct nlattr *const *in,
			   struct nft_counts *ret)
{
	const struct nlattr *expr[NFTA_EXPR_MAX + 1];
	const struct nlattr *attr;
	struct nft_attrs list;

	nft_attrs_index(nft_attrs_in(in[NFTA_SET_ELEM_EXPR]), expr,
			NFTA_EXPR_MAX);
	if (nft_attr_is(expr[NFTA_EXPR_NAME], "counter"))
		return nft_attr_counts(expr[NFTA_EXPR_DATA], ret);
	list = nft_attrs_in(in[NFTA_SET_ELEM_EXPRESSIONS]);
	NFT_FOR_EACH (attr, list) {
		nft_attrs_index(nft_attrs_in(attr), expr, NFTA_EXPR_MAX);
		if (nft_attr_is(expr[NFTA_EXPR_NAME], "counter"))
			return nft_attr_counts(expr[NFTA_EXPR_DATA], ret);
	}
	return false;
}

static void parse_element(const struct nlattr *attr, struct nft_element *ret)
{
	const struct nlattr *in[NFTA_SET_ELEM_MAX + 1];
	int32_t code = NFT_CONTINUE;

	nft_attrs_index(nft_attrs_in(attr), in, NFTA_SET_ELEM_MAX);
	*ret = (struct nft_element) {0};
	ret->has_verdict =
		nft_attr_verdict(in[NFTA_SET_ELEM_DATA], &code, &ret->calls);
	ret->drops = ret->has_verdict && (code & NF_VERDICT_MASK) == NF_DROP;
	ret->is_counted = element_counts(in, &ret->counts);
	ret->key = nft_attr_hash(in[NFTA_SET_ELEM_KEY], HASH_START);
	ret->key = nft_attr_hash(in[NFTA_SET_ELEM_KEY_END], ret->key);
}

int nft_parse_elements(const struct nlmsghdr *h, nft_visit visit, void *arg)
{
	const struct nlattr *in[NFTA_SET_ELEM_LIST_MAX + 1];
	struct nft_elements of = {.family = family_of(h)};
	struct nft_attrs list;
	const struct nlattr *attr;

	nft_attrs_index(nft_attrs_of(h), in, NFTA_SET_ELEM_LIST_MAX);
	of.table = nft_attr_text(in[NFTA_SET_ELEM_LIST_TABLE]);
	of.map = nft_attr_text(in[NFTA_SET_ELEM_LIST_SET]);
	if (!of.table || !of.map)
		return -EBADMSG;
	list = nft_attrs_in(in[NFTA_SET_ELEM_LIST_ELEMENTS]);
	NFT_FOR_EACH (attr, list) {
		struct nft_element e;
		int r;

		parse_element(attr, &e);
		r = visit(&of, &e, arg);
		if (r < 0)
			return r;
	}
	return 0;
}
