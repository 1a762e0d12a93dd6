/* SPDX-License-Identifier: MIT */
/*
 * What single expressions do with a rule, by nft_rule.c, which runs them one
 * after the other. data is the NFTA_EXPR_DATA of the one named so, or NULL. All
 * are pure, fit for hostile bytes.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_EXPRESSION_H
#define PKTLOSS_PROBES_FIREWALL_NFT_EXPRESSION_H

#include "probes/firewall/nft_parse.h"

/* The rule may stop by something that nobody here knows of. */
void nft_decides(struct nft_rule *r);

/* nft_match.c: what is asked of a packet */
void nft_run_payload(const struct nlattr *data, struct nft_rule *r);
void nft_run_meta(const struct nlattr *data, struct nft_rule *r);
void nft_run_ct(const struct nlattr *data, struct nft_rule *r);
void nft_run_numgen(const struct nlattr *data, struct nft_rule *r);
void nft_run_byteorder(const struct nlattr *data, struct nft_rule *r);
void nft_run_bitwise(const struct nlattr *data, struct nft_rule *r);
void nft_run_cmp(const struct nlattr *data, struct nft_rule *r);
void nft_run_range(const struct nlattr *data, struct nft_rule *r);
void nft_run_lookup(const struct nlattr *data, struct nft_rule *r);

/* nft_rates.c: how many packets come */
void nft_run_limit(const struct nlattr *data, struct nft_rule *r);
void nft_run_connlimit(const struct nlattr *data, struct nft_rule *r);
void nft_run_quota(const struct nlattr *data, struct nft_rule *r);
void nft_run_dynset(const struct nlattr *data, struct nft_rule *r);
/* A named object of that type, which may stop the rule: a limit, a quota. */
void nft_run_rate_object(struct nft_rule *r, uint32_t type);

#endif
