/* SPDX-License-Identifier: MIT */
/* The facts of an interface's configuration, and where to find them. */
#include "probes/link/link_private.h"

#define FACT .layer = LAYER_LINK, .kind = KIND_FACT

const struct counter link_fact_mtu = {FACT, .name = "mtu"};
const struct counter link_fact_up = {FACT, .name = "up"};
const struct counter link_fact_mac = {FACT, .name = "address"};
const struct counter link_fact_carrier = {FACT, .name = "carrier"};
const struct counter link_fact_wireless = {FACT, .name = "wireless"};
const struct counter link_fact_xdp = {FACT, .name = "xdp"};
const struct counter link_fact_master = {FACT, .name = "master"};
const struct counter link_fact_port_of = {FACT, .name = "port_of"};
const struct counter link_fact_peer_index = {FACT, .name = "peer_ifindex"};
const struct counter link_fact_peer_mtu = {FACT, .name = "peer_mtu"};
const struct counter link_fact_peer_up = {FACT, .name = "peer_up"};
const struct counter link_fact_peer_mac = {FACT, .name = "peer_address"};
const struct counter link_fact_queue = {FACT, .name = "queue"};
const struct counter link_fact_twins = {FACT, .name = "twins"};
const struct counter link_fact_soft = {FACT, .name = "no_device"};
const struct counter link_fact_lower_index = {FACT, .name = "lower_ifindex"};
const struct counter link_fact_lower_mac = {FACT, .name = "lower_address"};
const struct counter link_fact_lower_kind = {FACT, .name = "lower_kind"};
const struct counter link_fact_lower_up = {FACT, .name = "lower_up"};
const struct counter link_fact_lower_far = {FACT, .name = "lower_far"};
const struct counter link_fact_witness = {FACT, .name = "witness"};
const struct counter link_fact_member = {FACT, .name = "member"};
const struct counter link_fact_members_up = {FACT, .name = "members_up"};
const struct counter link_fact_active = {FACT, .name = "active"};
const struct counter link_fact_remote = {FACT, .name = "remote"};

const struct counter_table link_others[] = {
	ONE_COUNTER(link_twin_rx_errors),  ONE_COUNTER(link_twin_tx_errors),
	ONE_COUNTER(link_twin_tx_dropped), ONE_COUNTER(link_twin_rx_dropped),
	ONE_COUNTER(link_fact_mtu),	   ONE_COUNTER(link_fact_up),
	ONE_COUNTER(link_fact_mac),	   ONE_COUNTER(link_fact_carrier),
	ONE_COUNTER(link_fact_wireless),   ONE_COUNTER(link_fact_xdp),
	ONE_COUNTER(link_fact_master),	   ONE_COUNTER(link_fact_port_of),
	ONE_COUNTER(link_fact_peer_index), ONE_COUNTER(link_fact_peer_mtu),
	ONE_COUNTER(link_fact_peer_up),	   ONE_COUNTER(link_fact_peer_mac),
	ONE_COUNTER(link_fact_queue),	   ONE_COUNTER(link_fact_twins),
	ONE_COUNTER(link_fact_soft),	   ONE_COUNTER(link_fact_lower_index),
	ONE_COUNTER(link_fact_lower_mac),  ONE_COUNTER(link_fact_lower_kind),
	ONE_COUNTER(link_fact_lower_up),   ONE_COUNTER(link_fact_lower_far),
	ONE_COUNTER(link_fact_witness),	   ONE_COUNTER(link_fact_member),
	ONE_COUNTER(link_fact_members_up), ONE_COUNTER(link_fact_active),
	ONE_COUNTER(link_fact_remote),	   {.n = 0},
};

const struct object *link_config_of(const struct sample *s, const char *place)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_LINK, place, LINK_CONFIG, &hint);
}

const struct object *link_of_config(const struct sample *s,
				    const struct object *config, uint32_t *hint)
{
	return sample_find(s, LAYER_LINK, object_place(s, config), "", hint);
}
