/* SPDX-License-Identifier: MIT */
/*
 * What one read of nf_tables leaves for the next, in the memory of the sample:
 * the generation of the ruleset, its tables, and the chains, maps and named
 * counters that count what is dropped. While the generation is the same, only
 * these are read. Pure.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_MEMORY_H
#define PKTLOSS_PROBES_FIREWALL_NFT_MEMORY_H

#include "probes/firewall/nft_ruleset.h"

/*
 * Tells the tables of a ruleset which of their rules have come since the sample
 * was read. Before nft_resolve().
 */
void nft_compare(struct nft_ruleset *rs, const struct sample *then,
		 uint8_t source);

/* Remembers a resolved ruleset. Before nft_emit(), whose ledger stands behind.
 */
void nft_remember(const struct nft_ruleset *rs, struct sample *out);

/*
 * Makes the nodes that the probe of that index remembers in a sample; rs
 * becomes partial. They hold as long as the sample does. Returns 0, -ENOMEM,
 * -E2BIG, or -ENOENT: nothing is remembered, or of another generation, or it
 * was no more than a part.
 */
int MUST_CHECK nft_recall(struct nft_ruleset *rs, const struct sample *then,
			  uint8_t source);

/*
 * Appends what holds as long as the generation does: what dropped in the
 * sample before without a counter.
 */
void nft_keep(const struct sample *then, struct sample *out);

/* Whether nf_tables had a table of that name when the sample was read. */
bool nft_has_table(const struct sample *s, uint8_t source, enum family family,
		   const char *table);

#endif
