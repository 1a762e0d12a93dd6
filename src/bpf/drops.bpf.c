// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Counts the packets that the kernel drops, in the kernel: by namespace, reason
 * and place. It is run for each of them, so it looks up, adds one, and is done;
 * nothing is told to user space until that asks for the sums.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
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

struct sock_common {
	possible_net_t skc_net;
} OF_KERNEL;

struct sock {
	struct sock_common __sk_common;
} OF_KERNEL;

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
} OF_KERNEL;

enum skb_drop_reason {
	SKB_NOT_DROPPED_YET,
	SKB_CONSUMED,
};

/*
 * Bounded by what there is to tell apart in one interval; the keys have nothing
 * that who sends packets may choose. What finds no room is counted, at least.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, DROPS_MAX_KEYS);
	__type(key, struct drops_key);
	__type(value, __u64);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} spilled SEC(".maps");

static __always_inline void count_spilled(void)
{
	__u32 only = 0;
	__u64 *n = bpf_map_lookup_elem(&spilled, &only);

	if (n)
		++*n;
}

static __always_inline void count_drop(const struct drops_key *key)
{
	__u64 *n = bpf_map_lookup_elem(&drops, key), one = 1;

	if (n)
		++*n;
	else if (bpf_map_update_elem(&drops, key, &one, BPF_NOEXIST) < 0)
		count_spilled();
}

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

/* What was looked at is to be what is used: each is read only once. */
static __always_inline void find_place(struct drops_key *key,
				       struct sk_buff *skb, struct sock *rx_sk)
{
	struct net_device *dev = skb->dev;
	struct sock *sk = skb->sk;
	struct net *net = NULL;

	if (dev)
		net = net_of_device(dev);
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

static __always_inline int note_drop(struct sk_buff *skb, void *location,
				     enum skb_drop_reason reason,
				     struct sock *rx_sk)
{
	struct drops_key key = {
		.location = (unsigned long)location,
		.reason = reason,
	};

	if (is_no_drop(reason))
		return 0;
	find_place(&key, skb, rx_sk);
	count_drop(&key);
	return 0;
}

/* Linux 5.17 to 6.10. One of the two is loaded: drops_bpf.c says which. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(count_of_three, struct sk_buff *skb, void *location,
	     enum skb_drop_reason reason)
{
	return note_drop(skb, location, reason, NULL);
}

/* Since 6.11: TCP's packets have no device, and tell their socket here. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(count_of_four, struct sk_buff *skb, void *location,
	     enum skb_drop_reason reason, struct sock *rx_sk)
{
	return note_drop(skb, location, reason, rx_sk);
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
