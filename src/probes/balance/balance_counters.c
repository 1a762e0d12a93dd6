/* SPDX-License-Identifier: MIT */
#include "probes/balance/balance_private.h"

#define COMPUTED                                                               \
	.layer = LAYER_IP, .bits = 64, .type = "packets", .source = "computed"
#define GAP_IN                                                                 \
	COMPUTED, .direction = DIR_RX, .kind = KIND_GAP, .tag = TAG_IN_GAP,    \
		  .means = "Packets that came in and were neither delivered, " \
			   "forwarded nor counted as lost by IP: what "        \
			   "firewall rules drop, with or without a counter",   \
		  .remedy = "If the host counts martians, see `sysctl "        \
			    "net.ipv4.conf.all.src_valid_mark "                \
			    "net.ipv4.conf.all.route_localnet`"
#define GAP_OUT                                                                \
	COMPUTED, .direction = DIR_TX, .kind = KIND_GAP, .tag = TAG_OUT_GAP,   \
		  .means = "Packets to send or forward that did not reach an " \
			   "interface (Linux 6.7 and later)"

static const struct counter balance_counters[N_BALANCE_GAPS] = {
	{GAP_IN, .name = "in_gap"},
	{GAP_OUT, .name = "out_gap"},
	{GAP_IN, .name = "Ip6in_gap", .v6 = true},
	{GAP_OUT, .name = "Ip6out_gap", .v6 = true},
};
const struct counter_table balance_table = COUNTER_TABLE(balance_counters);
