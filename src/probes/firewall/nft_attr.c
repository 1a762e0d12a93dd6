/* SPDX-License-Identifier: MIT */
#include "probes/firewall/nft_attr.h"

#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#define HEAD (NLMSG_HDRLEN + sizeof(struct nfgenmsg))

struct nft_attrs nft_attrs_of(const struct nlmsghdr *h)
{
	struct nft_attrs attrs = {.bytes = (const char *)h + HEAD};

	if (h->nlmsg_len > HEAD)
		attrs.n = h->nlmsg_len - HEAD;
	return attrs;
}

struct nft_attrs nft_attrs_in(const struct nlattr *nest)
{
	if (!nest)
		return (struct nft_attrs) {.bytes = ""};
	return (struct nft_attrs) {
		.bytes = mnl_attr_get_payload(nest),
		.n = mnl_attr_get_payload_len(nest),
	};
}

void nft_attrs_index(struct nft_attrs attrs, const struct nlattr **found,
		     unsigned max)
{
	const struct nlattr *attr;

	memset(found, 0, (max + 1) * sizeof(*found));
	NFT_FOR_EACH (attr, attrs) {
		unsigned type = mnl_attr_get_type(attr);

		if (type <= max)
			found[type] = attr;
	}
}

static bool is_size(const struct nlattr *attr, size_t size)
{
	return attr && mnl_attr_get_payload_len(attr) == size;
}

uint16_t nft_attr_u16(const struct nlattr *attr)
{
	uint16_t v = 0;

	if (is_size(attr, sizeof(v)))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be16toh(v);
}

bool nft_attr_has_u32(const struct nlattr *attr)
{
	return is_size(attr, sizeof(uint32_t));
}

uint32_t nft_attr_u32(const struct nlattr *attr)
{
	uint32_t v = 0;

	if (is_size(attr, sizeof(v)))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be32toh(v);
}

uint64_t nft_attr_u64(const struct nlattr *attr)
{
	uint64_t v = 0;

	if (is_size(attr, sizeof(v)))
		memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be64toh(v);
}

const char *nft_attr_text(const struct nlattr *attr)
{
	const char *text;
	size_t n;

	if (!attr)
		return NULL;
	text = mnl_attr_get_payload(attr);
	n = mnl_attr_get_payload_len(attr);
	if (n > NFT_NAME)
		n = NFT_NAME;
	return memchr(text, '\0', n) ? text : NULL;
}

bool nft_attr_is(const struct nlattr *attr, const char *text)
{
	const char *is = nft_attr_text(attr);

	return is && !strcmp(is, text);
}

uint64_t nft_attr_hash(const struct nlattr *attr, uint64_t hash)
{
	if (!attr)
		return hash;
	return hash_bytes(hash, mnl_attr_get_payload(attr),
			  mnl_attr_get_payload_len(attr));
}

bool nft_attr_verdict(const struct nlattr *data, int32_t *ret_code,
		      const char **ret_calls)
{
	const struct nlattr *in[NFTA_DATA_MAX + 1];
	const struct nlattr *verdict[NFTA_VERDICT_MAX + 1];

	nft_attrs_index(nft_attrs_in(data), in, NFTA_DATA_MAX);
	nft_attrs_index(nft_attrs_in(in[NFTA_DATA_VERDICT]), verdict,
			NFTA_VERDICT_MAX);
	if (!nft_attr_has_u32(verdict[NFTA_VERDICT_CODE]))
		return false;
	*ret_code = (int32_t)nft_attr_u32(verdict[NFTA_VERDICT_CODE]);
	*ret_calls = NULL;
	if (*ret_code == NFT_JUMP || *ret_code == NFT_GOTO)
		*ret_calls = nft_attr_text(verdict[NFTA_VERDICT_CHAIN]);
	return true;
}

bool nft_attr_counts(const struct nlattr *nest, struct nft_counts *ret)
{
	const struct nlattr *in[NFTA_COUNTER_MAX + 1];

	nft_attrs_index(nft_attrs_in(nest), in, NFTA_COUNTER_MAX);
	if (!is_size(in[NFTA_COUNTER_PACKETS], 8))
		return false;
	ret->packets = nft_attr_u64(in[NFTA_COUNTER_PACKETS]);
	ret->bytes = nft_attr_u64(in[NFTA_COUNTER_BYTES]);
	return true;
}
