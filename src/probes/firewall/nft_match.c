/* SPDX-License-Identifier: MIT */
/*
 * What a rule asks of a packet: what its expressions load, compare and look up,
 * and how many packets are left by it. Pure.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/firewall/nft_expression.h"

static void narrow_to(struct nft_rule *r, enum nft_width width)
{
	if (r->width < width)
		r->width = (uint8_t)width;
}

/* The rule may stop by what was loaded. */
static void compares(struct nft_rule *r)
{
	r->is_conditional = true;
	r->rule.is_counted = false;
	memset(r->exact, 0, sizeof(r->exact));
	if (r->load == LOAD_NOTHING)
		narrow_to(r, WIDTH_MATCH);
}

static void loads(struct nft_rule *r, enum nft_load load)
{
	static const uint8_t widths[] = {
		[LOAD_OTHER] = WIDTH_MATCH,	 [LOAD_NFPROTO] = WIDTH_FAMILY,
		[LOAD_ETHERTYPE] = WIDTH_FAMILY, [LOAD_L4PROTO] = WIDTH_MATCH,
		[LOAD_DEVICE] = WIDTH_DEVICE,	 [LOAD_CT_STATE] = WIDTH_MATCH,
	};

	r->load = (uint8_t)load;
	r->mask = 0;
	narrow_to(r, widths[load]);
	compares(r);
}

/* The rule may stop by something else. */
void nft_decides(struct nft_rule *r)
{
	loads(r, LOAD_OTHER);
}

/* A number below the modulus was made up: who asks for it picks a share. */
static void make_up(struct nft_rule *r, uint32_t modulus, bool is_swapped)
{
	r->modulus = modulus;
	r->is_swapped = is_swapped;
	r->load = LOAD_OTHER;
	narrow_to(r, WIDTH_MATCH);
}

/* Makes a number up, by chance or one after the other. */
void nft_run_numgen(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_NG_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_NG_MAX);
	make_up(r, attr_be32(in[NFTA_NG_MODULUS]), false);
	if (attr_be32(in[NFTA_NG_OFFSET]))
		r->modulus = 0; /* nobody does that to drop a share */
}

void nft_run_byteorder(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	r->is_swapped = true;
}

/* Of so many numbers below the modulus, in 2^-31. */
static void pick_share(struct nft_rule *r, uint64_t n)
{
	if (n > r->modulus)
		n = r->modulus;
	r->rule.is_random = true;
	r->rule.probability = (uint32_t)((n << 31) / r->modulus);
	r->modulus = 0;
}

/* Asks for a made up number: which share of the packets it picks. */
static void compare_number(const struct nlattr *value, uint32_t op,
			   struct nft_rule *r)
{
	uint64_t n = r->is_swapped ? attr_be32(value) : attr_u32(value);

	switch (op) {
	case NFT_CMP_EQ:
		return pick_share(r, 1);
	case NFT_CMP_NEQ:
		return pick_share(r, r->modulus - 1);
	case NFT_CMP_LT:
		return pick_share(r, n);
	case NFT_CMP_LTE:
		return pick_share(r, n + 1);
	case NFT_CMP_GT:
		return pick_share(r,
				  n + 1 < r->modulus ? r->modulus - n - 1 : 0);
	default:
		return pick_share(r, n < r->modulus ? r->modulus - n : 0);
	}
}

/* The family that packets are of if what is loaded has that value. */
static enum family wanted_family(enum nft_load load, const struct nlattr *value)
{
	static const struct {
		uint8_t load, size;
		uint16_t value;
		uint8_t family;
	} families[] = {
		{LOAD_NFPROTO, 1, NFPROTO_IPV4, FAMILY_IP},
		{LOAD_NFPROTO, 1, NFPROTO_IPV6, FAMILY_IP6},
		{LOAD_ETHERTYPE, 2, ETH_P_IP, FAMILY_IP},
		{LOAD_ETHERTYPE, 2, ETH_P_IPV6, FAMILY_IP6},
		{LOAD_L4PROTO, 1, IPPROTO_ICMP, FAMILY_IP},
		{LOAD_L4PROTO, 1, IPPROTO_ICMPV6, FAMILY_IP6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].load == load &&
		    attr_is_size(value, families[i].size) &&
		    families[i].value == (families[i].size == 1
						  ? attr_u8(value)
						  : attr_be16(value)))
			return families[i].family;
	return FAMILY_NONE;
}

/* Of two families, what is not the one is the other. */
static void compare_family(const struct nlattr *value, uint32_t op,
			   struct nft_rule *r)
{
	enum family family = wanted_family(r->load, value);

	if (op == NFT_CMP_NEQ && r->load == LOAD_NFPROTO && family)
		family = family == FAMILY_IP ? FAMILY_IP6 : FAMILY_IP;
	else if (op != NFT_CMP_EQ)
		return;
	if (family)
		r->rule.only = (uint8_t)family;
}

/* "ct state invalid": the bit alone, or what is left of the state by it. */
static void compare_state(const struct nlattr *value, uint32_t op,
			  struct nft_rule *r)
{
	uint32_t n = attr_u32(value);

	if (op == NFT_CMP_EQ)
		r->rule.is_invalid |= n == NF_CT_STATE_INVALID_BIT;
	else if (op == NFT_CMP_NEQ)
		r->rule.is_invalid |= r->mask == NF_CT_STATE_INVALID_BIT && !n;
}

void nft_run_cmp(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_CMP_MAX + 1];
	const struct nlattr *data_in[NFTA_DATA_MAX + 1];
	const struct nlattr *value;
	uint32_t op;

	compares(r);
	attrs_index(attrs_in(data), in, NFTA_CMP_MAX);
	attrs_index(attrs_in(in[NFTA_CMP_DATA]), data_in, NFTA_DATA_MAX);
	value = data_in[NFTA_DATA_VALUE];
	op = attr_be32(in[NFTA_CMP_OP]);
	if (r->modulus)
		compare_number(value, op, r);
	else if (r->load == LOAD_CT_STATE)
		compare_state(value, op, r);
	else
		compare_family(value, op, r);
}

/* Of a state of conntrack, the bits that are asked for. */
void nft_run_bitwise(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_BITWISE_MAX + 1];
	const struct nlattr *mask[NFTA_DATA_MAX + 1];

	if (r->load != LOAD_CT_STATE)
		return;
	attrs_index(attrs_in(data), in, NFTA_BITWISE_MAX);
	attrs_index(attrs_in(in[NFTA_BITWISE_MASK]), mask, NFTA_DATA_MAX);
	r->mask = attr_u32(mask[NFTA_DATA_VALUE]);
}

/* A range, or a set, of made up numbers: the share is not known. */
static void pick_some(struct nft_rule *r)
{
	if (r->modulus)
		pick_share(r, 0);
	compares(r);
}

/* Either way the rule may stop here: a set without the key is no match. */
void nft_run_lookup(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_LOOKUP_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_LOOKUP_MAX);
	if (attr_is_size(in[NFTA_LOOKUP_DREG], 4) &&
	    attr_be32(in[NFTA_LOOKUP_DREG]) == NFT_REG_VERDICT && !r->map)
		r->map = attr_text(in[NFTA_LOOKUP_SET]);
	pick_some(r);
}

void nft_run_range(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	pick_some(r);
}

static enum nft_load meta_load(uint32_t key)
{
	switch (key) {
	case NFT_META_NFPROTO:
		return LOAD_NFPROTO;
	case NFT_META_PROTOCOL:
		return LOAD_ETHERTYPE;
	case NFT_META_L4PROTO:
		return LOAD_L4PROTO;
	case NFT_META_IIF:
	case NFT_META_OIF:
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		return LOAD_DEVICE;
	default:
		return LOAD_OTHER;
	}
}

/* Sets what a register holds ("meta mark set"), or loads one for a match. */
void nft_run_meta(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_META_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_META_MAX);
	if (in[NFTA_META_SREG])
		return;
	if (attr_be32(in[NFTA_META_KEY]) == NFT_META_PRANDOM)
		make_up(r, UINT32_MAX, true);
	else
		loads(r, meta_load(attr_be32(in[NFTA_META_KEY])));
}

void nft_run_ct(const struct nlattr *data, struct nft_rule *r)
{
	const struct nlattr *in[NFTA_CT_MAX + 1];

	attrs_index(attrs_in(data), in, NFTA_CT_MAX);
	if (!in[NFTA_CT_SREG])
		loads(r, attr_be32(in[NFTA_CT_KEY]) == NFT_CT_STATE
				 ? LOAD_CT_STATE
				 : LOAD_OTHER);
}

void nft_run_payload(const struct nlattr *data, struct nft_rule *r)
{
	(void)data;
	nft_decides(r);
}
