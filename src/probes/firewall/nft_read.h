/* SPDX-License-Identifier: MIT */
/*
 * nftables, iptables-nft, ebtables-nft and arptables-nft: what each chain and
 * rule of every family drops. Objects are named as those of x_tables are:
 * <family>.<table>.<chain>.drop for a chain that counts what it drops, and
 * behind it one for each such rule.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_READ_H
#define PKTLOSS_PROBES_FIREWALL_NFT_READ_H

#include "model/probe.h"

extern const struct probe nft_probe;

/* The object that holds the generation of the ruleset, and its fact. */
#define NFT_GENERATION "generation"
extern const struct counter nft_fact_generation;

/*
 * Blind spots: rules, policies and verdict maps that drop without a usable
 * counter. How many a sample knows of; each is an object with the fact
 * netfilter_rule_uncounted, for netfilter_describe_rule(). A chain with more
 * of them than MaxRules has one object <chain>#uncounted for the rest.
 */
uint64_t nft_uncounted(const struct sample *s);

/*
 * The next such object, or NULL behind the last. *at is 0 at first and for
 * this function to change.
 */
const struct object *nft_next_uncounted(const struct sample *s, uint32_t *at);

/*
 * Whether a table that x_tables may have as well ("filter" of "ip") exists in
 * nf_tables: then the legacy one is marked. Of no other table.
 */
bool nft_has_table(const struct sample *s, const char *family,
		   const char *table);

#endif
