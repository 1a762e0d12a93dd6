/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What programs that the kernel runs have in common: its structs, whose packet
 * it is, and what it calls its functions. Each of them includes it once.
 */
#ifndef PKTLOSS_BPF_COMMON_H
#define PKTLOSS_BPF_COMMON_H

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/drops.h"

/*
 * Of the kernel's structs what is looked at: where it stands is found out when
 * this is loaded, of the kernel that runs (CO-RE), and so are the numbers of
 * the reasons.
 */
#define OF_KERNEL __attribute__((preserve_access_index))

struct net;

typedef struct {
	struct net *net;
} OF_KERNEL possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} OF_KERNEL;

struct net {
	__u64 net_cookie;
	struct net_device *loopback_dev;
} OF_KERNEL;

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	possible_net_t skc_net;
	unsigned short skc_family;
	unsigned char skc_state;
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} OF_KERNEL;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
} OF_KERNEL;

struct dst_entry {
	struct net_device *dev;
} OF_KERNEL;

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	unsigned int len;
	__u8 pkt_type : 3;
	__be16 protocol;
	__u8 vlan_present : 1; /* up to Linux 6.1 */
	__u16 vlan_tci;
	__u16 network_header;
	__u16 mac_header;
	__u32 tail;
	unsigned char *head, *data;
} OF_KERNEL;

enum skb_drop_reason {
	SKB_NOT_DROPPED_YET,
	SKB_CONSUMED,
};

/*
 * Where packets wait in a tree, in dev is something else: so it is one only if
 * its namespace has a loopback device that is of that namespace.
 */
static __always_inline struct net *net_of_device(struct net_device *dev)
{
	struct net *net = dev->nd_net.net;

	if (!net || net->loopback_dev->nd_net.net != net)
		return NULL;
	return net;
}

#define DST_NOREF 1UL /* SKB_DST_NOREF, of linux/skbuff.h */

/*
 * The namespace that a packet is routed in, or NULL: none is known. Where a
 * packet waits, something else may stand in the place of its route, so nothing
 * of it is believed that does not fit.
 */
static __always_inline struct net *net_of_route(struct sk_buff *skb)
{
	struct dst_entry *dst = (void *)(skb->_skb_refdst & ~DST_NOREF);
	struct net *net = NULL;

	if (dst)
		net = BPF_CORE_READ(dst, dev, nd_net.net);
	if (!net || BPF_CORE_READ(net, loopback_dev, nd_net.net) != net)
		return NULL;
	return net;
}

/*
 * What a tunnel sends has its device, which may be in another namespace than
 * the one that routes and filters the packets outside.
 */
static __always_inline int is_routed_elsewhere(struct sk_buff *skb,
					       struct net *net, __u64 *cookie)
{
	struct net *routed = net_of_route(skb);

	if (!routed || routed == net)
		return 0;
	*cookie = BPF_CORE_READ(routed, net_cookie);
	return 1;
}

/* What was looked at is to be what is used: each is read only once. */
static __always_inline void find_place(struct drops_key *key,
				       struct sk_buff *skb, struct sock *rx_sk)
{
	struct net_device *dev = skb->dev;
	struct sock *sk = skb->sk;
	struct net *net = NULL;

	if (dev)
		net = net_of_device(dev);
	if (net && is_routed_elsewhere(skb, net, &key->cookie))
		return;
	if (net)
		key->ifindex = dev->ifindex;
	else if (sk)
		net = sk->__sk_common.skc_net.net;
	else if (rx_sk)
		net = rx_sk->__sk_common.skc_net.net;
	if (net)
		key->cookie = net->net_cookie;
}

/* Reasons that say that nothing was dropped; older kernels have none such. */
static __always_inline int is_no_drop(enum skb_drop_reason reason)
{
	if (bpf_core_enum_value_exists(enum skb_drop_reason,
				       SKB_NOT_DROPPED_YET) &&
	    reason == bpf_core_enum_value(enum skb_drop_reason,
					  SKB_NOT_DROPPED_YET))
		return 1;
	return bpf_core_enum_value_exists(enum skb_drop_reason, SKB_CONSUMED) &&
	       reason ==
		       bpf_core_enum_value(enum skb_drop_reason, SKB_CONSUMED);
}

/* Of linux/if_packet.h: what came in as that, or is looped back to who sent. */
static __always_inline int is_for_many(struct sk_buff *skb)
{
	switch (BPF_CORE_READ_BITFIELD(skb, pkt_type)) {
	case 1: /* PACKET_BROADCAST */
	case 2: /* PACKET_MULTICAST */
	case 5: /* PACKET_LOOPBACK */
		return 1;
	default:
		return 0;
	}
}

/* Run on demand: what the kernel calls an address of its code. */
static const char symbol_format[] = "%ps";
char symbol[DROPS_SYMBOL];

SEC("syscall")
int name_symbol(__u64 *location)
{
	__u64 address = *location;

	return bpf_snprintf(symbol, sizeof(symbol), symbol_format, &address,
			    sizeof(address));
}

char _license[] SEC("license") = "Dual MIT/GPL";

#endif
