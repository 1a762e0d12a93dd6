/* SPDX-License-Identifier: MIT */
/* Facts of nf_tables that one read leaves for the next. */
#include "probes/firewall/nft_read.h"
#include "probes/firewall/nft_emit.h"

#define FACT .bits = 64, .layer = LAYER_NETFILTER, .kind = KIND_FACT

const struct counter nft_fact_generation = {
	FACT,
	.name = "generation",
	.means = "Which ruleset it is: grows with each change.",
	.source = "net/netfilter/nf_tables_api.c",
};
const struct counter nft_fact_table = {
	FACT,
	.name = "table",
	.means = "nf_tables has this table; x_tables may have it as well.",
	.source = "net/netfilter/nf_tables_api.c",
};

const struct counter nft_plan_kind = {FACT, .name = "kind"};
const struct counter nft_plan_family = {FACT, .name = "family"};
const struct counter nft_plan_length = {FACT, .name = "table_length"};
const struct counter nft_plan_table = {FACT, .name = "table_handle"};
const struct counter nft_plan_reached = {FACT, .name = "reached"};
const struct counter nft_plan_asks = {FACT, .name = "asks"};
const struct counter nft_plan_handle = {FACT, .name = "handle"};
const struct counter nft_plan_number = {FACT, .name = "number"};
