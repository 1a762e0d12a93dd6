/* SPDX-License-Identifier: MIT */
/* What emit.c gathers of a chain and emit_rows.c appends. */
#ifndef PKTLOSS_PROBES_FIREWALL_EMIT_PRIVATE_H
#define PKTLOSS_PROBES_FIREWALL_EMIT_PRIVATE_H

#include "probes/firewall/emit.h"

struct firewall_kept {
	struct firewall_kept *next;
	struct firewall_rule rule;
	uint32_t line, n_lines; /* of the ledger */
};

struct firewall_seen {
	uint64_t key;
	uint32_t n; /* 0: free */
};

/* Rules that are counted and not told apart. */
struct firewall_others {
	struct firewall_counts counts;
	struct firewall_counts since; /* if no rule has changed */
	uint32_t n;
	bool refuses; /* some answer with ICMP */
};

/* A chain, until all have been read. */
struct chain_work {
	struct chain_work *next;
	enum family family;
	enum direction direction;
	uint8_t reached;
	bool is_idle;
	uint64_t identity; /* of what is not told apart */
	uint64_t key;	   /* of the ledger; its table's, too */
	uint64_t table_key;
	const char *prefix; /* "ip.filter.INPUT" */
	const char *table, *name;
	struct firewall_kept *first, **last; /* told apart */
	unsigned n_kept;
	struct firewall_counts total;
	struct firewall_counts since; /* if no rule has changed */
	uint32_t line, n_lines;	      /* of the ledger */
	uint32_t n_counted;
	struct firewall_counts told; /* by rules told apart, since the read */
	struct firewall_others others[2]; /* [1]: those that are policy */
	bool is_nft;			  /* of others */
	uint32_t rest;	   /* what drops uncounted and is not told apart */
	bool rest_refuses; /* some of that answers with ICMP */
	bool rest_is_last; /* some of that is the last of the chain */
	const struct hash_key *secret;
	/* how often a hash was seen: open addressing, a power of two */
	struct firewall_seen *seen;
	size_t n_seen, max_seen;
};

/* Where a key is among those seen, or would be. */
struct firewall_seen *chain_seen(const struct chain_work *c, uint64_t key);

/* Counts a key once more: how often it was seen now, 0 without memory. */
uint32_t chain_see(struct arena *arena, struct chain_work *c, uint64_t key);

void chain_add_counts(struct firewall_counts *to, struct firewall_counts more);

uint64_t chain_hash_table(enum family family, const char *table);
uint64_t chain_hash_text(const char *text);

#endif
