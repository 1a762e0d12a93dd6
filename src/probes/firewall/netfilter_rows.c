/* SPDX-License-Identifier: MIT */
/* What both firewall engines count, by role and direction. */
#include "probes/firewall/netfilter.h"

#define DIRECTIONS 3 /* DIR_RX, DIR_TX, DIR_FWD */
_Static_assert(DIR_RX == 1 && DIR_TX == 2 && DIR_FWD == 3, "order");

#define AT(role, dir) [(role)*DIRECTIONS + (dir)-DIR_RX]

#define COMMON(dir)                                                            \
	.bits = 64, .layer = LAYER_NETFILTER, .direction = dir,                \
	.remedy = "nft -a list ruleset; iptables-legacy -nvL --line-numbers",  \
	.source = "net/netfilter/nft_counter.c, "                              \
		  "net/ipv4/netfilter/ip_tables.c"
#define BLAMED(dir) COMMON(dir), .cause = "a firewall rule drops them"

#define CHAIN(dir)                                                             \
	AT(NETFILTER_CHAIN, dir) = {                                           \
		BLAMED(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_packets",                                         \
		.kind = KIND_LOST,                                             \
		.means = "Packets (skbs: a GSO bundle is one) that a chain "   \
			 "dropped, as far as its rules, maps "                 \
			 "and policy have counters.",                          \
	}

#define CHAIN_BYTES(dir)                                                       \
	AT(NETFILTER_CHAIN_BYTES, dir) = {                                     \
		COMMON(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_bytes",                                           \
		.kind = KIND_BYTES,                                            \
		.means = "Bytes that a chain dropped.",                        \
	}

#define RULE(dir)                                                              \
	AT(NETFILTER_RULE, dir) = {                                            \
		BLAMED(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_packets",                                         \
		.kind = KIND_PART,                                             \
		.in = "drop",                                                  \
		.means = "Packets (skbs) that a rule with a "                  \
			 "comment dropped.",                                   \
	}

#define RULE_BYTES(dir)                                                        \
	AT(NETFILTER_RULE_BYTES, dir) = {                                      \
		COMMON(dir),                                                   \
		.name = "",                                                    \
		.type = "ipt_bytes",                                           \
		.kind = KIND_BYTES,                                            \
		.means = "Bytes that a rule with a comment "                   \
			 "dropped.",                                           \
	}

#define DETAIL(dir)                                                            \
	AT(NETFILTER_DETAIL, dir) = {                                          \
		BLAMED(dir),                                                   \
		.name = "packets",                                             \
		.kind = KIND_DETAIL,                                           \
		.in = "drop",                                                  \
		.means = "Packets (skbs) that a rule without a "               \
			 "comment, a verdict map or a policy dropped.",        \
	}

const struct counter netfilter_rows[N_NETFILTER_ROLES * DIRECTIONS] = {
	CHAIN(DIR_RX),	     CHAIN(DIR_TX),	  CHAIN(DIR_FWD),
	CHAIN_BYTES(DIR_RX), CHAIN_BYTES(DIR_TX), CHAIN_BYTES(DIR_FWD),
	RULE(DIR_RX),	     RULE(DIR_TX),	  RULE(DIR_FWD),
	RULE_BYTES(DIR_RX),  RULE_BYTES(DIR_TX),  RULE_BYTES(DIR_FWD),
	DETAIL(DIR_RX),	     DETAIL(DIR_TX),	  DETAIL(DIR_FWD),
};

const struct counter *netfilter_counter(enum netfilter_role role,
					enum direction direction)
{
	return &netfilter_rows AT(role, direction);
}
