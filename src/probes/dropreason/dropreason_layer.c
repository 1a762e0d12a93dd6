/* SPDX-License-Identifier: MIT */
#include "probes/dropreason/dropreason_layer.h"

#include <string.h>

#include "base/util.h"

/* The first that a name begins with. */
static const struct {
	const char *prefix;
	enum layer layer;
} layers[] = {
	/* clang-format off */
	{"NOT_SPECIFIED.__dev_", LAYER_LINK},
	{"NOT_SPECIFIED.arp_", LAYER_NEIGH},
	{"NOT_SPECIFIED.br_", LAYER_LINK},
	{"NOT_SPECIFIED.dev_", LAYER_LINK},
	{"NOT_SPECIFIED.do_xdp_generic", LAYER_LINK},
	{"NOT_SPECIFIED.icmp", LAYER_ICMP},
	{"NOT_SPECIFIED.ip", LAYER_IP},
	{"NOT_SPECIFIED.neigh_", LAYER_NEIGH},
	{"NOT_SPECIFIED.netif_receive_generic_xdp", LAYER_LINK},
	{"NOT_SPECIFIED.nf_", LAYER_NETFILTER},
	{"NOT_SPECIFIED.nft_", LAYER_NETFILTER},
	{"NOT_SPECIFIED.tcp_", LAYER_TCP},
	{"NOT_SPECIFIED.udp", LAYER_UDP},
	{"NOT_SPECIFIED.validate_xmit_", LAYER_LINK},
	{"NOT_SPECIFIED.xfrm", LAYER_XFRM},
	{"BPF_CGROUP_EGRESS", LAYER_IP},
	{"BRIDGE_", LAYER_LINK},
	{"CAKE_FLOOD", LAYER_QDISC},
	{"CPU_BACKLOG", LAYER_SOFTNET},
	{"DEV_", LAYER_LINK},
	{"DUALPI2_", LAYER_QDISC},
	{"DUP_FRAG", LAYER_IP},
	{"FQ_", LAYER_QDISC},
	{"FRAG_", LAYER_IP},
	{"FULL_RING", LAYER_LINK},
	{"ICMP_", LAYER_ICMP},
	{"IPV6_NDISC_", LAYER_NEIGH},
	{"IP", LAYER_IP},
	{"LOCAL_MAC", LAYER_LINK},
	{"MAC_", LAYER_LINK},
	{"NEIGH_", LAYER_NEIGH},
	{"NETFILTER_DROP", LAYER_NETFILTER},
	{"NO_TX_TARGET", LAYER_LINK},
	{"OTHERHOST", LAYER_LINK},
	{"PFMEMALLOC", LAYER_SOCKET},
	{"PKT_TOO_BIG", LAYER_IP},
	{"PROTO_MEM", LAYER_SOCKET},
	{"QDISC_", LAYER_QDISC},
	{"SOCKET_BACKLOG", LAYER_TCP},
	{"SOCKET_RCVBUFF", LAYER_SOCKET},
	{"SOCKET_", LAYER_SOCKET},
	{"TAP_", LAYER_LINK},
	{"TC_", LAYER_QDISC},
	{"TCP_", LAYER_TCP},
	{"UDP_", LAYER_UDP},
	{"UNHANDLED_PROTO", LAYER_LINK},
	{"UNICAST_IN_L2_MULTICAST", LAYER_IP},
	{"VXLAN_", LAYER_LINK},
	{"XDP", LAYER_LINK},
	{"XFRM_", LAYER_XFRM},
	/* clang-format on */
};

enum layer dropreason_layer(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
		if (!strncmp(name, layers[i].prefix, strlen(layers[i].prefix)))
			return layers[i].layer;
	return N_LAYERS;
}
