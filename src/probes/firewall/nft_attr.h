/* SPDX-License-Identifier: MIT */
/*
 * Attributes of nfnetlink: big-endian numbers and NUL-terminated strings, as
 * far as they are there. Pure; nothing is read beyond a message's own length.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_ATTR_H
#define PKTLOSS_PROBES_FIREWALL_NFT_ATTR_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "probes/firewall/nft_parse.h"

/* A stretch of attributes: a message behind its head, or a nest. */
struct nft_attrs {
	const void *bytes;
	size_t n;
};

/* What is behind the nfgenmsg; nothing when the message ends before. */
struct nft_attrs nft_attrs_of(const struct nlmsghdr *h);
/* What is in an attribute; nothing for NULL. */
struct nft_attrs nft_attrs_in(const struct nlattr *nest);

#define NFT_FOR_EACH(attr, attrs)                                              \
	mnl_attr_for_each_payload ((attrs).bytes, (attrs).n)

/*
 * Fills found[0 .. max] with the attributes of those types, NULL where there
 * is none; the last of a type wins.
 */
void nft_attrs_index(struct nft_attrs attrs, const struct nlattr **found,
		     unsigned max);

/* The number in an attribute, or 0 when it is absent or of another size. */
uint16_t nft_attr_u16(const struct nlattr *attr);
uint32_t nft_attr_u32(const struct nlattr *attr);
uint64_t nft_attr_u64(const struct nlattr *attr);
/* Whether there is a number of 4 bytes. */
bool nft_attr_has_u32(const struct nlattr *attr);

/* The string in an attribute; NULL when absent or not NUL-terminated. */
const char *nft_attr_text(const struct nlattr *attr);
/* Whether it is that string. */
bool nft_attr_is(const struct nlattr *attr, const char *text);

uint64_t nft_attr_hash(const struct nlattr *attr, uint64_t hash);

/*
 * NFTA_DATA_VERDICT of a nest of NFTA_DATA_*. Returns whether it holds one;
 * code is as the kernel's, calls is the chain it leads to or NULL.
 */
bool nft_attr_verdict(const struct nlattr *data, int32_t *ret_code,
		      const char **ret_calls);

/* Reads the NFTA_COUNTER_* in a nest. False when it has no such. */
bool nft_attr_counts(const struct nlattr *nest, struct nft_counts *ret);

#endif
