/* SPDX-License-Identifier: MIT */
/* The rows of nf_tables. */
#include "nftables.h"
#include "nftables_emit.h"

#define DIRECTIONS 3 /* DIR_RX, DIR_TX, DIR_FWD */
_Static_assert(DIR_RX == 1 && DIR_TX == 2 && DIR_FWD == 3, "order");

#define AT(role, dir) [(role)*DIRECTIONS + (dir)-DIR_RX]

#define COMMON(dir)                                                            \
	.bits = 64, .layer = LAYER_NETFILTER, .direction = dir,                \
	.cause = "a firewall rule drops them", .remedy = "nft -a list ruleset"

#define CHAIN(dir)                                                             \
	AT(NFTABLES_CHAIN, dir) = {                                            \
		COMMON(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_packets",                                         \
		.kind = KIND_LOST,                                             \
		.means = "Packets (skbs: a GSO bundle is one) that a chain "   \
			 "of nf_tables dropped, as far as its rules, maps "    \
			 "and policy have counters.",                          \
		.source = "net/netfilter/nft_counter.c",                       \
	}

#define CHAIN_BYTES(dir)                                                       \
	AT(NFTABLES_CHAIN_BYTES, dir) = {                                      \
		COMMON(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_bytes",                                           \
		.kind = KIND_BYTES,                                            \
		.means = "Bytes that a chain of nf_tables dropped.",           \
		.source = "net/netfilter/nft_counter.c",                       \
	}

#define RULE(dir)                                                              \
	AT(NFTABLES_RULE, dir) = {                                             \
		COMMON(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_packets",                                         \
		.kind = KIND_PART,                                             \
		.in = "drop",                                                  \
		.means = "Packets (skbs) that a rule of nf_tables with a "     \
			 "comment dropped.",                                   \
		.source = "net/netfilter/nft_counter.c",                       \
	}

#define RULE_BYTES(dir)                                                        \
	AT(NFTABLES_RULE_BYTES, dir) = {                                       \
		COMMON(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_bytes",                                           \
		.kind = KIND_BYTES,                                            \
		.means = "Bytes that a rule of nf_tables with a comment "      \
			 "dropped.",                                           \
		.source = "net/netfilter/nft_counter.c",                       \
	}

#define DETAIL(dir)                                                            \
	AT(NFTABLES_DETAIL, dir) = {                                           \
		COMMON(dir),                                                   \
		.name = "packets",                                             \
		.kind = KIND_DETAIL,                                           \
		.in = "drop",                                                  \
		.means = "Packets (skbs) that a rule of nf_tables without a "  \
			 "comment, a verdict map or a policy dropped.",        \
		.source = "net/netfilter/nft_counter.c",                       \
	}

const struct counter nftables_rows[N_NFTABLES_ROLES * DIRECTIONS] = {
	CHAIN(DIR_RX),	     CHAIN(DIR_TX),	  CHAIN(DIR_FWD),
	CHAIN_BYTES(DIR_RX), CHAIN_BYTES(DIR_TX), CHAIN_BYTES(DIR_FWD),
	RULE(DIR_RX),	     RULE(DIR_TX),	  RULE(DIR_FWD),
	RULE_BYTES(DIR_RX),  RULE_BYTES(DIR_TX),  RULE_BYTES(DIR_FWD),
	DETAIL(DIR_RX),	     DETAIL(DIR_TX),	  DETAIL(DIR_FWD),
};

const struct counter *nftables_counter(enum nftables_role role,
				       enum direction direction)
{
	return &nftables_rows AT(role, direction);
}

#define FACT .bits = 64, .layer = LAYER_NETFILTER, .kind = KIND_FACT

const struct counter nftables_fact_generation = {
	FACT,
	.name = "generation",
	.means = "Which ruleset it is: grows with each change.",
	.source = "net/netfilter/nf_tables_api.c",
};
const struct counter nftables_fact_table = {
	FACT,
	.name = "table",
	.means = "nf_tables has this table; x_tables may have it as well.",
	.source = "net/netfilter/nf_tables_api.c",
};

const struct counter nftables_plan_kind = {FACT, .name = "kind"};
const struct counter nftables_plan_family = {FACT, .name = "family"};
const struct counter nftables_plan_length = {FACT, .name = "table_length"};
const struct counter nftables_plan_table = {FACT, .name = "table_handle"};
const struct counter nftables_plan_reached = {FACT, .name = "reached"};
const struct counter nftables_plan_asks = {FACT, .name = "asks"};
const struct counter nftables_plan_handle = {FACT, .name = "handle"};
const struct counter nftables_plan_number = {FACT, .name = "number"};
