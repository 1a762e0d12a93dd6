/* SPDX-License-Identifier: MIT */
/*
 * A settled ruleset into a sample, and what the next read wants to know of it:
 * the plan. While the generation is the same, only what the plan names is read.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_EMIT_H
#define PKTLOSS_PROBES_FIREWALL_NFT_EMIT_H

#include "probes/firewall/nft_ruleset.h"

/*
 * Appends the chains and rules that count what they drop, then those that do
 * not. Of a partial ruleset, the latter only as far as they may have changed
 * with the generation the same. Failures stay in out->error and rs->arena.
 */
void nft_emit(struct nft_ruleset *rs, unsigned max_rules, struct sample *out);

/* Appends the generation, the tables of interest and the plan. */
void nft_emit_plan(const struct nft_ruleset *rs, struct sample *out);

/* The generation that a sample was read at. Returns 0 or -ENOENT. */
int MUST_CHECK nft_plan_generation(const struct sample *s, uint8_t source,
				   uint32_t *ret);

/*
 * Makes the nodes that the plan in a sample names; rs becomes partial. Returns
 * 0, -ENOMEM or -E2BIG.
 */
int MUST_CHECK nft_plan_load(struct nft_ruleset *rs, const struct sample *s,
			     uint8_t source);

/*
 * Appends what holds as long as the generation does: the plan itself, and what
 * drops without a counter.
 */
void nft_plan_carry(const struct sample *then, struct sample *out);

/* "ip", "inet"; "?" for a family that has no name here. */
const char *nft_family_name(uint8_t family);

/* Facts of the plan. A node is an object named NFT_PLAN and its hash. */
#define NFT_PLAN "nft#"
extern const struct counter nft_plan_kind;   /* enum nft_kind */
extern const struct counter nft_plan_family; /* NFPROTO_* */
extern const struct counter nft_plan_length; /* of its table's name */
extern const struct counter nft_plan_table;  /* its table's handle */
extern const struct counter nft_plan_reached;
extern const struct counter nft_plan_asks;
/* In pairs: a rule of the chain that counts what it drops. */
extern const struct counter nft_plan_handle;
extern const struct counter nft_plan_number;
/* A table that x_tables may have as well. */
extern const struct counter nft_fact_table;

#endif
