/* SPDX-License-Identifier: MIT */
/* The reasons for losses of interfaces, for whoever is on call. */
#include "probes/link/link_private.h"

/* clang-format off */
const struct reason link_reasons[] = {
	[REASON_MTU] = {
		.id = "mtu-mismatch",
		.means = "The two ends of a veth have different MTUs. The end "
			 "with the smaller one discards every larger frame "
			 "and sends no ICMP message, so large packets vanish "
			 "while small ones, such as pings, get through.",
		.confirm = "`ip -d link show` in both namespaces shows the "
			   "two MTUs; a full-size ping, `ping -M do -s 1472 "
			   "ADDRESS`, is not answered.",
		.fix = "Give both ends the same MTU: `ip link set dev "
		       "INTERFACE mtu 1500`. Set it where the interface is "
		       "created, in the configuration of the container "
		       "network.",
		.gone = "rx_dropped of the smaller end no longer grows: `ip -s link "
			"show dev INTERFACE`.",
	},
	[REASON_DOWN] = {
		.id = "interface-down",
		.means = "The interface that is to take the packets, or the one below "
			 "it, was switched off. What is sent to it is discarded.",
		.confirm = "`ip link show dev INTERFACE` does not show UP.",
		.fix = "Bring it up: `ip link set dev INTERFACE up`. If it "
		       "was switched off on purpose, remove the routes and "
		       "neighbours that still lead there.",
		.gone = "`ip link show dev INTERFACE` shows UP, and the dropped packets "
			"no longer grow.",
	},
	[REASON_XDP] = {
		.id = "xdp-program",
		.means = "An XDP program that is attached to the interface drops the "
			 "packets before the stack sees them. That may be its purpose, as "
			 "in a load balancer or against a flood.",
		.confirm = "`ip link show dev INTERFACE` and `bpftool net` name the "
			   "program.",
		.fix = "Change the program's rules, or detach it to see whether it is "
		       "to blame: `ip link set dev INTERFACE xdp off`.",
		.gone = "The driver's drops of XDP no longer grow: `ethtool -S "
			"INTERFACE`.",
	},
	[REASON_BRIDGE_MTU] = {
		.id = "bridge-port-mtu",
		.means = "Two ports of one bridge have different MTUs. A "
			 "frame that comes in through the larger one and does "
			 "not fit the smaller is discarded. Unlike a router, "
			 "a bridge does not tell the sender.",
		.confirm = "`ip -d link show master INTERFACE` shows the MTUs of the ports.",
		.fix = "Give all ports, and what is behind them, the same MTU: `ip link "
		       "set dev INTERFACE mtu 1500`.",
		.gone = "A full-size ping through the bridge is answered: "
			"`ping -M do -s 1472 ADDRESS`.",
	},
	[REASON_LOWER] = {
		.id = "lost-below",
		.means = "The interface stands on another: a VLAN, a macvlan, an ipvlan, "
			 "a tunnel, a bond. The packets were lost there, by the lower "
			 "device, its qdisc or a firewall rule, and the upper one counts "
			 "them once more. It is one loss.",
		.confirm = "`ip -d link show dev INTERFACE` names the device below; its "
			   "qdisc or its own counters lost as many packets in the same "
			   "time: `tc -s qdisc show`.",
		.fix = "Mend the loss below, which is a finding of its own.",
		.gone = "The loss below is gone, and this one with it.",
	},
	[REASON_NO_PORT] = {
		.id = "no-active-port",
		.means = "A bond or a team has no member to send through: all "
			 "are down, without a carrier, or not chosen. "
			 "Everything that is sent through it is discarded.",
		.confirm = "`ip -d link show dev INTERFACE` shows no active_slave, and `ip "
			   "link show master INTERFACE` members without a carrier; "
			   "/proc/net/bonding has the details.",
		.fix = "Bring a member up, or mend its link; for a team, "
		       "check that its daemon is running. Members on one "
		       "switch fail together: use two switches.",
		.gone = "`ip link show master INTERFACE` shows a member that is UP and "
			"LOWER_UP, and tx_dropped no longer grows.",
	},
	[REASON_IPVLAN_DOWN] = {
		.id = "ipvlan-down",
		.means = "An ipvlan shares the MAC address of the interface below it, "
			 "which is in another namespace. While the ipvlan is down, packets "
			 "for its addresses come to that namespace itself, which has no "
			 "such address and discards them.",
		.confirm = "`ip -d link show type ipvlan`, in the namespace of the ipvlan, "
			   "does not show UP; `tcpdump -ni INTERFACE` below shows packets "
			   "for its address.",
		.fix = "Bring the ipvlan up: `ip link set dev INTERFACE up`. "
		       "If its container is gone for good, remove its address "
		       "from routes and service lists.",
		.gone = "InAddrErrors no longer grow: `nstat -az IpInAddrErrors`.",
	},
	[REASON_NO_ENTRY] = {
		.id = "vxlan-no-entry",
		.means = "A vxlan that does not learn, as overlays of containers use it, "
			 "has no forwarding entry for the MAC address that a frame is for, "
			 "and no default remote. It discards the frame: the agent that "
			 "keeps the entries has not added that node.",
		.confirm = "`ip neigh show dev INTERFACE` has the MAC addresses of the "
			   "next hops; `bridge fdb show dev INTERFACE` lacks one of "
			   "them.",
		.fix = "Restart the overlay's agent and look at its log; by hand: `bridge "
		       "fdb append ADDRESS dev INTERFACE dst REMOTE`.",
		.gone = "tx_dropped of the vxlan no longer grows: `ip -s link show dev "
			"INTERFACE`.",
	},
	[REASON_NO_GROUP] = {
		.id = "tunnel-no-group",
		.means = "An overlay that is told of each far end (flannel, Calico) has "
			 "none for multicast and broadcast, and discards it by design. The "
			 "host sends mDNS, MLD reports and the like by each of its "
			 "interfaces; as many packets as it sent to groups and to all may be "
			 "among those. Usually nobody misses them.",
		.confirm = "`tcpdump -nei INTERFACE multicast` shows these packets; `nstat "
			   "IpExtOutMcastPkts Ip6OutMcastPkts IpExtOutBcastPkts` grow as "
			   "tx_dropped does.",
		.fix = "Nothing has to be mended. To be rid of them keep the daemons off the "
		       "interface, such as avahi by its setting deny-interfaces. If a group "
		       "is to be carried, add a far end for it: `bridge fdb append "
		       "00:00:00:00:00:00 dev INTERFACE dst REMOTE`.",
		.gone = "tx_dropped of the interface no longer grows: `ip -s link show dev "
			"INTERFACE`.",
	},
	[REASON_READER] = {
		.id = "tun-reader-slow",
		.means = "A program (a VPN, a VM) takes packets from a tun, a tap or a "
			 "macvtap. It takes them more slowly than they come, or not at "
			 "all, and the queue in between is full.",
		.confirm = "`ip -s link show dev INTERFACE` shows dropped packets and the "
			   "queue's length (qlen); the program is short of CPU, or "
			   "stopped: `host: top -H`.",
		.fix = "Give the program or the VM more CPU, or more queues (vhost, "
		       "multi_queue). Against bursts a longer queue helps: `ip link set "
		       "dev INTERFACE txqueuelen 5000`.",
		.gone = "The dropped packets of the interface no longer grow.",
	},
	[REASON_UNOPENED] = {
		.id = "tun-not-open",
		.means = "No program has the tun or tap open: its VPN or VM has ended, is "
			 "restarting, or was never started. The interface stays, because it "
			 "is persistent, and so do its routes; everything that is sent "
			 "through it is discarded.",
		.confirm = "`ip link show dev INTERFACE` shows NO-CARRIER: a tun or tap has "
			   "one as long as a program has it open.",
		.fix = "Start the program or the VM, and see why it ended. If the interface "
		       "is no longer needed, remove it: `ip link delete dev INTERFACE`.",
		.gone = "NO-CARRIER is gone, and tx_dropped no longer grows: `ip -s link "
			"show dev INTERFACE`.",
	},
	[REASON_TUNNEL_ECN] = {
		.id = "tunnel-ecn",
		.means = "A router on the path marked the outer packets of a tunnel as "
			 "having met congestion (CE). The packets inside do not do ECN, so "
			 "the mark cannot be handed on, and the standard has the tunnel "
			 "drop them. It is congestion, or something that sets the mark "
			 "without reason.",
		.confirm = "`nstat -az IpExtInCEPkts` grows, and the tunnel's frame errors "
			   "as fast: `ip -s -s link show dev INTERFACE`.",
		.fix = "Find the router or the rule that marks, or the "
		       "congestion. If the senders inside can use ECN, switch "
		       "it on there: `sysctl -w net.ipv4.tcp_ecn=1`.",
		.gone = "The tunnel's frame errors no longer grow.",
	},
	[REASON_TUNNEL_ORDER] = {
		.id = "tunnel-sequence",
		.means = "A GRE tunnel is set to require sequence numbers. "
			 "Every packet that was overtaken on the path is "
			 "discarded, and so is every packet without a number.",
		.confirm = "`ip -d link show dev INTERFACE` shows iseq, and on the far "
			   "side oseq; the FIFO errors grow: `ip -s -s link show dev "
			   "INTERFACE`.",
		.fix = "Make the tunnel without iseq and oseq on both ends, or mend the "
		       "path that reorders. If only one end uses them, make both alike.",
		.gone = "The tunnel's FIFO errors no longer grow.",
	},
	[REASON_TUNNEL_CHECKSUM] = {
		.id = "tunnel-checksum",
		.means = "One end of a GRE tunnel sends checksums and the other does not "
			 "expect them, or the other way round. Packets are discarded.",
		.confirm = "`ip -d link show dev INTERFACE` on both ends: icsum here needs "
			   "ocsum there.",
		.fix = "Make both ends alike: `ip link set dev INTERFACE type gre nocsum`.",
		.gone = "The tunnel's CRC errors no longer grow: `ip -s -s link show dev "
			"INTERFACE`.",
	},
	[REASON_TUNNEL_DAMAGED] = {
		.id = "tunnel-damaged",
		.means = "Packets came for the tunnel that cannot be right: "
			 "cut short, with unknown fields, or from an address "
			 "that is not allowed in it.",
		.confirm = "Look at the packets: `tcpdump -ni any -vv proto gre or udp`.",
		.fix = "Compare the two ends: `ip -d link show dev INTERFACE`. Somebody "
		       "else may send to the tunnel's address or port.",
		.gone = "rx_errors of the tunnel no longer grow: `ip -s -s link show dev "
			"INTERFACE`.",
	},
	[REASON_TUNNEL_NO_ROUTE] = {
		.id = "tunnel-no-route",
		.means = "The tunnel's outer packet has nowhere to go: no route leads to "
			 "the far end, or its interface is down.",
		.confirm = "`ip -d link show dev INTERFACE` names the remote; `ip route "
			   "get ADDRESS` says that it is unreachable.",
		.fix = "Bring the interface below up, or add the route to the "
		       "far end. If the default route leads through the "
		       "tunnel, the far end needs a route of its own beside "
		       "it.",
		.gone = "`ip route get ADDRESS` finds a way, and the carrier errors no "
			"longer grow.",
	},
	[REASON_TUNNEL_TOO_LARGE] = {
		.id = "tunnel-too-large",
		.means = "A packet is too large for the path of the tunnel, "
			 "its outer headers included, and must not be "
			 "fragmented; the sender is told by ICMP. Or the "
			 "route to the far end leads into the tunnel itself.",
		.confirm = "`ip -d link show dev INTERFACE` shows its MTU; `ping "
			   "-M do -s 1400 ADDRESS` what the path to the far end takes. Collisions in `ip -s "
			   "-s link show dev INTERFACE` stand for a loop.",
		.fix = "Lower the tunnel's MTU to that of the path less its headers: `ip "
		       "link set dev INTERFACE mtu 1400`.",
		.gone = "tx_errors of the tunnel no longer grow.",
	},
	[REASON_TUNNEL_REFUSED] = {
		.id = "tunnel-refused",
		.means = "The outer packets of the tunnel were made and then "
			 "refused on their way out, by a qdisc, a rule or the "
			 "device they leave through, which pktloss does not "
			 "read.",
		.confirm = "`ip -d link show dev INTERFACE` names the remote, `ip route "
			   "get ADDRESS` the device; look at it: `tc -s qdisc show`.",
		.fix = "Mend it there. If that device is in another "
		       "namespace, have pktloss read that one as well.",
		.gone = "tx_dropped and tx_errors of the tunnel no longer grow.",
	},
	[REASON_TUNNEL_QUEUE] = {
		.id = "tunnel-backlog",
		.means = "The queue in which packets of the tunnel wait for a "
			 "CPU is full, and the CPU drops the rest.",
		.confirm = "rx_dropped of the tunnel grows while one CPU is busy with "
			   "softirqs: `host: cat /proc/net/softnet_stat`.",
		.fix = "Spread the work over CPUs, by more queues of the device below or "
		       "by RPS. Against bursts: `sysctl -w "
		       "net.core.netdev_max_backlog=10000`.",
		.gone = "rx_dropped of the tunnel no longer grows.",
	},
	[REASON_TUNNEL_IPSEC] = {
		.id = "tunnel-ipsec",
		.means = "The tunnel is one of IPsec, and IPsec refused its "
			 "packets: no state fits, the key is wrong, or a "
			 "policy forbids them.",
		.confirm = "`nstat -az` shows which counter of Xfrm grows; `ip -s xfrm "
			   "state` has the errors of each state.",
		.fix = "Compare keys, SPIs and policies of the two ends: `ip "
		       "xfrm state`, `ip xfrm policy`. Have the daemon "
		       "negotiate again.",
		.gone = "The counters of Xfrm and of the tunnel no longer grow.",
	},
	[REASON_WIREGUARD_PEER] = {
		.id = "wireguard-peer",
		.means = "WireGuard takes and sends packets only for the "
			 "allowed IPs of a peer with whom it has shaken "
			 "hands. If an address is in none of them, or the "
			 "peer has no endpoint or does not answer, the "
			 "packets are lost.",
		.confirm = "\"wg show INTERFACE\" shows the allowed IPs, the endpoint and "
			   "when the latest handshake was.",
		.fix = "Set the allowed IPs on both ends to the addresses that are used, "
		       "or see why the peer's endpoint is not reached.",
		.gone = "\"wg show INTERFACE latest-handshakes\" is recent, and the errors "
			"of the interface no longer grow.",
	},
	[REASON_MACSEC] = {
		.id = "macsec-refused",
		.means = "MACsec found no association or key that fits a "
			 "frame, or the frame was unprotected, altered or "
			 "replayed.",
		.confirm = "`ip -s macsec show INTERFACE` has the counters of each secure "
			   "channel.",
		.fix = "Compare the keys and associations of both ends; see "
		       "whether the daemon that negotiates them is running.",
		.gone = "The counters of `ip -s macsec show INTERFACE` no longer grow.",
	},
	[REASON_UNKNOWN_PROTOCOL] = {
		.id = "unknown-protocol",
		.means = "A virtual interface received frames that no part of the stack "
			 "wants, most likely of a protocol that nobody here speaks: LLDP "
			 "and CDP of a switch, STP of a bridge, IPv6 where it is not "
			 "loaded. The kernel counts them as dropped. Nothing is wrong.",
		.confirm = "`tcpdump -nei INTERFACE not ip and not ip6 and not arp` shows "
			   "as many frames in the same time.",
		.fix = "Nothing needs to be done. To make the count stop, "
		       "have the switch or bridge stop sending them.",
		.gone = "rx_dropped stops growing once they are no longer "
			"sent.",
	},
	[REASON_VIRTUAL] = {
		.id = "virtual-device",
		.means = "A virtual device refused packets or counted errors, "
			 "and nothing known about its kind tells why. No "
			 "cable, ring or duplex is involved.",
		.confirm = "`ip -s -s -d link show dev INTERFACE` shows its kind and its "
			   "counters.",
		.fix = "Look at the program or the device behind it, and at the log of "
		       "the kernel: `host: dmesg`.",
		.gone = "The counter that is named no longer grows.",
	},
	{.id = NULL},
};
/* clang-format on */
