/* SPDX-License-Identifier: MIT */
/* What a reason says of packets: whether anybody misses them, and who. */
#include <string.h>

#include "probes/dropreason/dropreason_private.h"

#define NS "NOT_SPECIFIED."

/* clang-format off */
static const struct known_drop known_drops[] = {
	/* what each host drops all day long */
	{"DUP_FRAG", CLASS_HEALTHY, false,
	 "a fragment came twice"},
	{"IPV6DISABLED", CLASS_HEALTHY, false,
	 "IPv6 is switched off here, and neighbours speak it"},
	{"IPV6_NDISC_*", CLASS_HEALTHY, false,
	 "neighbour discovery that is for others, or not valid"},
	{NS "__udp4_lib_rcv", CLASS_HEALTHY, true,
	 "a broadcast or multicast that no program reads"},
	{NS "__udp6_lib_rcv", CLASS_HEALTHY, true,
	 "the same with IPv6"},
	/* for a port that it came by, or none; see dropreason_evidence.c */
	{NS "br_flood", CLASS_HEALTHY, false,
	 "a bridge has no port to flood a frame to"},
	{NS "br_forward", CLASS_HEALTHY, false,
	 "a bridge has a frame for the port that it came by"},
	{NS "br_handle_frame_finish", CLASS_HEALTHY, false,
	 "either of these"},
	{NS "icmpv6_rcv", CLASS_HEALTHY, false,
	 "a message of ICMPv6 that is taken, or for nobody here"},
	{NS "igmp_rcv", CLASS_HEALTHY, false,
	 "a message about groups, which is taken"},
	{NS "inet6_rtm_getroute", CLASS_HEALTHY, false,
	 "no packet: somebody asked for a route (`ip route get`)"},
	{NS "inet_rtm_getroute", CLASS_HEALTHY, false,
	 "the same"},
	{NS "nfqnl_enqueue_packet", CLASS_HEALTHY, false,
	 "a packet that is queued to a program in its segments"},
	{NS "netlink_*", CLASS_HEALTHY, false,
	 "the kernel's messages that a program did not read"},
	{NS "sk_stream_kill_queues", CLASS_HEALTHY, false,
	 "what waited for a socket that was closed"},
	{NS "skb_queue_purge*", CLASS_HEALTHY, false,
	 "the same"},
	{NS "skb_rbtree_purge", CLASS_HEALTHY, false,
	 "the same"},
	{NS "tcp_v4_rcv", CLASS_HEALTHY, false,
	 "a segment of a connection that is over"},
	{NS "tcp_v6_rcv", CLASS_HEALTHY, false,
	 "the same"},
	{NS "udp_destruct_common", CLASS_HEALTHY, false,
	 "what waited for a socket that was closed"},
	{NS "virtio_transport_*", CLASS_HEALTHY, false,
	 "vsock, of virtual machines"},
	{"NO_SOCKET", CLASS_HEALTHY, false,
	 "nobody listens there: refused"},
	{"OTHERHOST", CLASS_HEALTHY, false,
	 "a frame for another MAC address"},
	{"QUEUE_PURGE", CLASS_HEALTHY, false,
	 "what waited in a queue that is gone"},
	{"RX_DROP_*", CLASS_HEALTHY, false,
	 "frames that wireless does not want"},
	{"SOCKET_CLOSE", CLASS_HEALTHY, false,
	 "what waited for a socket that was closed"},
	{"TCP_ABORT_ON_DATA", CLASS_HEALTHY, false,
	 "data for a connection that was closed"},
	{"TCP_CLOSE", CLASS_HEALTHY, false,
	 "the same"},
	{"TCP_FASTOPEN", CLASS_HEALTHY, false,
	 "a SYN that carried data"},
	{"TCP_OFOMERGE", CLASS_HEALTHY, false,
	 "a segment that came twice"},
	{"TCP_OLD_*", CLASS_HEALTHY, false,
	 "the same"},
	{"TCP_RESET", CLASS_HEALTHY, false,
	 "a segment that resets a connection"},
	{"TCP_RFC7323_*", CLASS_HEALTHY, false,
	 "a segment that is too old by its timestamp (PAWS)"},
	{"UNHANDLED_PROTO", CLASS_HEALTHY, false,
	 "a protocol above Ethernet that nobody here speaks"},
	{"UNIX_*", CLASS_HEALTHY, false,
	 "local sockets: no packets of a network"},
	/* what comes for groups that nobody here is in */
	{"IP_INADDRERRORS", CLASS_HEALTHY, true,
	 "a broadcast for another subnet"},
	{"IP_RPFILTER", CLASS_HEALTHY, true,
	 "a broadcast that is heard at two interfaces"},
	{NS "ip6_mc_input", CLASS_HEALTHY, false,
	 "multicast for a group that nobody here joined"},
	{NS "ip_forward", CLASS_HEALTHY, true,
	 "a broadcast or multicast that is not to be forwarded"},
	{NS "ip_rcv_finish_core", CLASS_HEALTHY, true,
	 "multicast for a group that nobody here joined"},
	/* rules, queues to user space, and who else stands among them */
	{"NETFILTER_DROP", CLASS_NETFILTER, false,
	 "a firewall rule or policy"},
	{NS "ip_vs_*", CLASS_NETFILTER, false,
	 "IPVS, as for a server that is gone"},
	{NS "ipt_do_table", CLASS_NETFILTER, false,
	 "a firewall rule"},
	{NS "nf_hook_slow*", CLASS_NETFILTER, false,
	 "a firewall rule, before the kernel had NETFILTER_DROP"},
	{NS "nf_queue*", CLASS_NETFILTER, false,
	 "a queue to user space (NFQUEUE) that is full, or that nobody reads"},
	{NS "nf_reinject", CLASS_NETFILTER, false,
	 "the verdict of a program behind a queue"},
	{NS "nfqnl_*", CLASS_NETFILTER, false,
	 "the same"},
	{NS "nft_do_chain*", CLASS_NETFILTER, false,
	 "a rule of nftables"},
	/* next hops */
	{"NEIGH_DEAD", CLASS_NEIGH, false,
	 "a next hop was removed while packets waited for it"},
	{"NEIGH_FAILED", CLASS_NEIGH, false,
	 "a next hop does not answer ARP or neighbour discovery"},
	{"NEIGH_QUEUEFULL", CLASS_NEIGH_FULL, false,
	 "too many packets wait for one next hop"},
	{NS "neigh_*", CLASS_NEIGH, false,
	 "as NEIGH_FAILED"},
	/* what IP misses, and no counter has */
	{"BPF_CGROUP_EGRESS", CLASS_HIDDEN, false,
	 "a program of a cgroup, as of systemd's IPAddressDeny="},
	{"IP_INVALID_*", CLASS_HIDDEN, false,
	 "a martian: an address that no packet may have"},
	{"IP_LOCALNET", CLASS_HIDDEN, false,
	 "a martian: 127.0.0.0/8 from the wire"},
	{"IP_LOCAL_SOURCE", CLASS_HIDDEN, false,
	 "a martian: the source is an address of this host"},
	{NS "dst_discard_out", CLASS_HIDDEN, false,
	 "a blackhole route of IPv6, or IPsec without a state"},
	{NS "ip_error", CLASS_HIDDEN, false,
	 "a route that discards: blackhole, unreachable or prohibit"},
	{NS "ip_rcv_finish_core", CLASS_HIDDEN, false,
	 "source routes, which IP does not follow by default"},
	/* what the balance of IP does not miss, or by a counter */
	{"CPU_BACKLOG", CLASS_COUNTED, false,
	 "the backlog of a CPU is full (softnet)"},
	{"DEV_*", CLASS_COUNTED, false,
	 "a device is not ready, or has a wrong header"},
	{"FRAG_*", CLASS_COUNTED, false,
	 "fragments could not be put together"},
	{"FULL_RING", CLASS_COUNTED, false,
	 "a program does not read its tun, tap or macvtap fast enough"},
	{NS "icmp_*", CLASS_COUNTED, false,
	 "a message of ICMP that is not valid"},
	{"ICMP_CSUM", CLASS_COUNTED, false,
	 "a wrong checksum"},
	{"IP_CSUM", CLASS_COUNTED, false,
	 "a wrong checksum"},
	{"IP_INADDRERRORS", CLASS_COUNTED, false,
	 "the address is not ours"},
	{"IP_INHDR", CLASS_COUNTED, false,
	 "a damaged IP header, or its TTL has ended"},
	{"IP_INNOROUTES", CLASS_COUNTED, false,
	 "a router knows no route"},
	{"IP_NOPROTO", CLASS_COUNTED, false,
	 "a protocol above IP that nobody here speaks"},
	{"IP_OUTNOROUTES", CLASS_COUNTED, false,
	 "no route for what is sent"},
	{"IP_RPFILTER", CLASS_COUNTED, false,
	 "the reverse path filter"},
	{"IP_TUNNEL_ECN", CLASS_COUNTED, false,
	 "marks of ECN inside and outside of a tunnel do not fit"},
	{NS "__dev_forward_skb*", CLASS_COUNTED, false,
	 "the other end of a veth: its MTU is smaller, or it is down"},
	{NS "br_*", CLASS_COUNTED, false,
	 "a bridge: a frame too large for a port (br_dev_queue_push_xmit), VLANs"},
	{NS "do_xdp_generic", CLASS_COUNTED, false,
	 "an XDP program outside of the driver"},
	{NS "netif_receive_generic_xdp", CLASS_COUNTED, false,
	 "the same"},
	{NS "veth_xdp_*", CLASS_COUNTED, false,
	 "an XDP program of a veth"},
	{"NO_TX_TARGET", CLASS_COUNTED, false,
	 "no port or remote to send to: a bridge, a vxlan"},
	{"PKT_TOO_BIG", CLASS_COUNTED, false,
	 "too large for the next MTU"},
	{"PKT_TOO_SMALL", CLASS_COUNTED, false,
	 "a packet that ends too early"},
	{"PROTO_MEM", CLASS_COUNTED, false,
	 "the memory of UDP or TCP is used up (udp_mem, tcp_mem)"},
	{"QDISC_*", CLASS_COUNTED, false,
	 "a qdisc: a shaper, or a full queue"},
	{"SOCKET_*", CLASS_COUNTED, false,
	 "a socket: its buffer is full (SOCKET_RCVBUFF), a filter (SOCKET_FILTER)"},
	{"TC_*", CLASS_COUNTED, false,
	 "a filter or BPF program at an interface (tc, tcx)"},
	{"TCP_*", CLASS_COUNTED, false,
	 "TCP: a checksum, a signature, a window"},
	{"UDP_CSUM", CLASS_COUNTED, false,
	 "a wrong checksum"},
	{"VXLAN_*", CLASS_COUNTED, false,
	 "a vxlan: a wrong header, an unknown network"},
	{"XFRM_POLICY", CLASS_COUNTED, false,
	 "an IPsec policy"},
};
/* clang-format on */

static bool matches(const char *pattern, const char *name)
{
	size_t n = strcspn(pattern, "*");

	return !strncmp(pattern, name, n) && (pattern[n] || !name[n]);
}

enum drop_class dropreason_class(const char *name, bool for_many)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_drops); i++)
		if ((for_many || !known_drops[i].for_many) &&
		    matches(known_drops[i].name, name))
			return known_drops[i].class;
	return CLASS_HIDDEN;
}

bool dropreason_is_healthy(const char *name, bool for_many)
{
	return dropreason_class(name, for_many) == CLASS_HEALTHY;
}

const struct known_drop *dropreason_known(size_t i)
{
	return i < ARRAY_SIZE(known_drops) ? &known_drops[i] : NULL;
}
