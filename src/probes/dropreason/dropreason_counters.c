/* SPDX-License-Identifier: MIT */
#include "probes/dropreason/dropreason_private.h"

#define REASON                                                                 \
	.layer = LAYER_DROPREASON, .type = "packets", .bits = 64,              \
	.source = "net/core/skbuff.c"
/* Sums of a namespace, in an object of their own. */
#define SUM(tag_)                                                              \
	.layer = LAYER_DROPREASON, .kind = KIND_DETAIL, .bits = 64,            \
	.section = "kfree_skb", .source = "net/core/skbuff.c", .tag = tag_
/* Of the layer that lost them, and never sent: a part of what that lost. */
#define EVIDENCE(layer_, direction_)                                           \
	.layer = layer_, .direction = direction_, .kind = KIND_DETAIL,         \
	.section = "kfree_skb", .bits = 64

#define SHOW_PROGRAMS "`bpftool net show dev DEV`"

/* Objects of the layer are called as the kernel calls its reasons. */
const struct counter dropreason_counters[N_DROPREASON_ROWS] = {
	[ROW_LOSS] = {REASON, .name = "", .kind = KIND_ECHO,
		      .means = "Packets dropped for the reason that is its "
			       "name, by the kernel's own word: most of them "
			       "other counters have as well"},
	[ROW_HEALTHY] = {REASON, .name = "", .kind = KIND_BENIGN,
			 .optional = true,
			 .means = "The same for reasons of which nothing is "
				  "lost, as NO_SOCKET, OTHERHOST, TCP_CLOSE; "
				  "wanted by their names, as in "
				  "\"dropreason-NO_SOCKET\""},
	[ROW_XDP] = {EVIDENCE(LAYER_LINK, DIR_RX), .name = "XDP",
		     .source = "net/core/dev.c",
		     .means = "Received packets that an XDP program in generic "
			      "mode dropped: nothing else counts them",
		     .cause = "an XDP program, attached in generic mode, drops "
			      "what is received",
		     .remedy = "See which it is: " SHOW_PROGRAMS},
	[ROW_TC_INGRESS] = {EVIDENCE(LAYER_LINK, DIR_RX), .name = "TC_INGRESS",
			    .tag = TAG_RULE_IS_POLICY,
			    .source = "net/core/dev.c",
			    .means = "Received packets that a program attached "
				     "by tcx dropped: nothing else counts them",
			    .cause = "a BPF program attached by tcx drops what "
				     "is received",
			    .remedy = "See which it is: " SHOW_PROGRAMS},
	[ROW_TC_EGRESS] = {EVIDENCE(LAYER_IP, DIR_TX), .name = "TC_EGRESS",
			   .source = "net/core/dev.c",
			   .means = "Packets to send that a program at a "
				    "device dropped",
			   .cause = "a BPF program or filter at an interface "
				    "(tcx, clsact) drops what is sent",
			   .remedy = "See which it is: `bpftool net`"},
	[ROW_CGROUP_EGRESS] =
		{EVIDENCE(LAYER_IP, DIR_TX), .name = "BPF_CGROUP_EGRESS",
		 .source = "net/ipv4/ip_output.c",
		 .means = "Packets to send that a program of a cgroup dropped",
		 .cause = "a BPF program of a cgroup (systemd "
			  "IPAddressDeny=, a container network) drops what is "
			  "sent",
		 .remedy = "See which it is: `host: bpftool cgroup tree`"},
	[ROW_ROUTE] = {EVIDENCE(LAYER_IP, DIR_RX), .name = "ip_error",
		       .source = "net/ipv4/route.c",
		       .means = "Received packets that a route discards",
		       .cause = "a route of type blackhole, unreachable or "
				"prohibit discards what comes in",
		       .remedy = "Look for it: `ip route show table all`"},
	/* no direction: it is to be blamed for none of what is lost */
	[ROW_PROTOCOL] = {EVIDENCE(LAYER_LINK, DIR_NONE),
			  .name = "UNHANDLED_PROTO", .source = "net/core/dev.c",
			  .means = "Received frames of a protocol that nobody "
				   "here speaks, as LLDP: rx_dropped has them, "
				   "too"},
	/* nor has this: the host counts them */
	[ROW_MARTIAN] = {EVIDENCE(LAYER_IP, DIR_NONE), .name = "martian",
			 .source = "net/ipv4/route.c",
			 .means = "Packets that cannot have come by the wire, "
				  "by their addresses"},
	[ROW_TCP_FILTER] =
		{EVIDENCE(LAYER_TCP, DIR_RX), .name = "SOCKET_FILTER",
		 .source = "net/ipv4/tcp_ipv4.c",
		 .means = "Segments that a filter of a socket or a program of "
			  "a cgroup discarded: nothing else counts them",
		 .cause = "a BPF program of a cgroup (systemd IPAddressDeny=), "
			  "or a filter of a socket, discards what is received",
		 .remedy = "See which it is: `host: bpftool cgroup tree`"},
	[ROW_BRIDGE_MTU] =
		{EVIDENCE(LAYER_LINK, DIR_TX), .name = "bridge_mtu",
		 .tag = TAG_DROPS_BRIDGED, .source = "net/bridge/br_forward.c",
		 .means = "Frames that were too large for a port of a bridge: "
			  "nothing else counts them",
		 .cause = "the frames that the bridge has for it are larger "
			  "than its MTU",
		 .remedy = "Compare the MTUs of the ports: `ip -d link show`"},
	[ROW_BRIDGE_VLAN] =
		{EVIDENCE(LAYER_LINK, DIR_RX), .name = "bridge_vlan",
		 .source = "net/bridge/br_vlan.c",
		 .means = "Frames of a VLAN that the port of a bridge is no "
			  "member of: nothing else counts them",
		 .cause = "the port of a bridge is no member of the VLAN that "
			  "its frames are of",
		 .remedy = "Compare the VLANs of the ports: `bridge vlan "
			   "show`"},
	[ROW_APART] =
		{EVIDENCE(LAYER_LINK, DIR_RX), .name = "bridge_apart",
		 .tag = TAG_RULE_IS_POLICY, .source = "net/bridge/br_forward.c",
		 .means = "Frames that a bridge had no port for, as its ports "
			  "are kept apart: nothing else counts them",
		 .cause = "the ports of the bridge are kept apart (isolated, "
			  "or flood off)",
		 .remedy = "See which are: `bridge -d link show`"},
	[ROW_BRIDGED] = {SUM(TAG_NONE), .name = "bridged",
			 .means = "Frames that a bridge had no port for, and "
				  "need not have"},
	[ROW_NOWHERE] = {SUM(TAG_DROPS_NOWHERE), .name = "nowhere",
			 .means = "Packets that may be of any namespace"},
	[ROW_SUM_NETFILTER] =
		{SUM(TAG_DROPS_NETFILTER), .name = "netfilter",
		 .means = "Packets that firewall rules dropped, or queues to "
			  "user space"},
	[ROW_SUM_NEIGH] = {SUM(TAG_DROPS_NEIGH), .name = "neigh",
			   .means = "Packets whose next hop did not resolve"},
	[ROW_SUM_NEIGH_FULL] =
		{SUM(TAG_DROPS_NEIGH_FULL), .name = "neigh_full",
		 .means = "Packets that found the queue for their next hop "
			  "full"},
	[ROW_SUM_HIDDEN] = {SUM(TAG_DROPS_HIDDEN), .name = "hidden",
			    .means = "Packets dropped for reasons that no "
				     "other counter is known to have"},
};
