/* SPDX-License-Identifier: MIT */
/* What a reason says of packets: whether anybody misses them, and who. */
#include <string.h>

#include "probes/dropreason/dropreason_private.h"

#define NS "NOT_SPECIFIED."

/*
 * A name that ends in '*' stands for all that begin so. What is in no row is
 * CLASS_HIDDEN.
 */
struct known_reason {
	const char *name;
	uint8_t class; /* enum drop_class */
	bool for_many; /* only of what was sent to a group, or to all */
};

/* clang-format off */
static const struct known_reason known_reasons[] = {
	/* what each host drops all day long */
	{"DUP_FRAG", CLASS_HEALTHY, false},
	{"IPV6DISABLED", CLASS_HEALTHY, false},
	{"IPV6_NDISC_*", CLASS_HEALTHY, false},
	{NS "__udp4_lib_rcv", CLASS_HEALTHY, true}, /* that nobody reads */
	{NS "__udp6_lib_rcv", CLASS_HEALTHY, true},
	/* for a port that it came by, or none; see dropreason_evidence.c */
	{NS "br_flood", CLASS_HEALTHY, false},
	{NS "br_forward", CLASS_HEALTHY, false},
	{NS "br_handle_frame_finish", CLASS_HEALTHY, false},
	{NS "inet6_rtm_getroute", CLASS_HEALTHY, false}, /* no packet */
	{NS "inet_rtm_getroute", CLASS_HEALTHY, false},
	{NS "netlink_*", CLASS_HEALTHY, false}, /* messages that nobody read */
	{NS "sk_stream_kill_queues", CLASS_HEALTHY, false},
	{NS "skb_queue_purge*", CLASS_HEALTHY, false},
	{NS "skb_rbtree_purge", CLASS_HEALTHY, false},
	{NS "tcp_v4_rcv", CLASS_HEALTHY, false}, /* an ACK of what is over */
	{NS "tcp_v6_rcv", CLASS_HEALTHY, false},
	{NS "udp_destruct_common", CLASS_HEALTHY, false},
	{NS "virtio_transport_*", CLASS_HEALTHY, false},
	{"NO_SOCKET", CLASS_HEALTHY, false}, /* refused, as a closed port does */
	{"OTHERHOST", CLASS_HEALTHY, false},
	{"QUEUE_PURGE", CLASS_HEALTHY, false},
	{"RX_DROP_*", CLASS_HEALTHY, false},
	{"SOCKET_CLOSE", CLASS_HEALTHY, false},
	{"TCP_ABORT_ON_DATA", CLASS_HEALTHY, false},
	{"TCP_CLOSE", CLASS_HEALTHY, false},
	{"TCP_FASTOPEN", CLASS_HEALTHY, false},
	{"TCP_OFOMERGE", CLASS_HEALTHY, false},
	{"TCP_OLD_*", CLASS_HEALTHY, false},
	{"TCP_RESET", CLASS_HEALTHY, false},
	{"TCP_RFC7323_*", CLASS_HEALTHY, false},
	{"UNHANDLED_PROTO", CLASS_HEALTHY, false},
	{"UNIX_*", CLASS_HEALTHY, false},
	/* what comes for groups that nobody here is in */
	{"IP_INADDRERRORS", CLASS_HEALTHY, true}, /* of another subnet */
	{"IP_RPFILTER", CLASS_HEALTHY, true}, /* heard at two interfaces */
	{NS "ip6_mc_input", CLASS_HEALTHY, false},
	{NS "ip_forward", CLASS_HEALTHY, true},
	{NS "ip_rcv_finish_core", CLASS_HEALTHY, true},
	/* rules, queues to user space, and who else stands among them */
	{"NETFILTER_DROP", CLASS_NETFILTER, false},
	{NS "ip_vs_*", CLASS_NETFILTER, false},
	{NS "ipt_do_table", CLASS_NETFILTER, false},
	{NS "nf_hook_slow*", CLASS_NETFILTER, false},
	{NS "nf_queue*", CLASS_NETFILTER, false},
	{NS "nf_reinject", CLASS_NETFILTER, false},
	{NS "nfqnl_*", CLASS_NETFILTER, false},
	{NS "nft_do_chain*", CLASS_NETFILTER, false},
	/* next hops */
	{"NEIGH_DEAD", CLASS_NEIGH, false},
	{"NEIGH_FAILED", CLASS_NEIGH, false},
	{"NEIGH_QUEUEFULL", CLASS_NEIGH_FULL, false},
	{NS "neigh_*", CLASS_NEIGH, false},
	/* what the balance of IP does not miss, or by a counter */
	{"CPU_BACKLOG", CLASS_COUNTED, false},
	{"DEV_*", CLASS_COUNTED, false},
	{"FRAG_*", CLASS_COUNTED, false},
	{"FULL_RING", CLASS_COUNTED, false},
	{"ICMP_CSUM", CLASS_COUNTED, false},
	{"IP_CSUM", CLASS_COUNTED, false},
	{"IP_INADDRERRORS", CLASS_COUNTED, false},
	{"IP_INHDR", CLASS_COUNTED, false},
	{"IP_INNOROUTES", CLASS_COUNTED, false},
	{"IP_NOPROTO", CLASS_COUNTED, false},
	{"IP_OUTNOROUTES", CLASS_COUNTED, false},
	{"IP_RPFILTER", CLASS_COUNTED, false},
	{"IP_TUNNEL_ECN", CLASS_COUNTED, false},
	{NS "__dev_forward_skb*", CLASS_COUNTED, false},
	{NS "br_*", CLASS_COUNTED, false},
	{NS "do_xdp_generic", CLASS_COUNTED, false},
	{NS "netif_receive_generic_xdp", CLASS_COUNTED, false},
	{NS "veth_xdp_*", CLASS_COUNTED, false},
	{"NO_TX_TARGET", CLASS_COUNTED, false},
	{"PKT_TOO_BIG", CLASS_COUNTED, false},
	{"PROTO_MEM", CLASS_COUNTED, false},
	{"QDISC_*", CLASS_COUNTED, false},
	{"SOCKET_*", CLASS_COUNTED, false},
	{"TC_*", CLASS_COUNTED, false},
	{"TCP_*", CLASS_COUNTED, false},
	{"UDP_CSUM", CLASS_COUNTED, false},
	{"VXLAN_*", CLASS_COUNTED, false},
	{"XFRM_POLICY", CLASS_COUNTED, false},
};
/* clang-format on */

static bool matches(const char *pattern, const char *name)
{
	size_t n = strcspn(pattern, "*");

	return !strncmp(pattern, name, n) && (pattern[n] || !name[n]);
}

enum drop_class dropreason_class(const char *name, bool for_many)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_reasons); i++)
		if ((for_many || !known_reasons[i].for_many) &&
		    matches(known_reasons[i].name, name))
			return known_reasons[i].class;
	return CLASS_HIDDEN;
}

bool dropreason_is_healthy(const char *name, bool for_many)
{
	return dropreason_class(name, for_many) == CLASS_HEALTHY;
}
