// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Counts the packets that the kernel drops, in the kernel: by namespace, reason
 * and place. It is run for each of them, so it looks up, adds one, and is done;
 * nothing is told to user space until that asks for the sums.
 */
#include "bpf/common.h"

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

static __always_inline int add_one(const struct drops_key *key)
{
	__u64 *n = bpf_map_lookup_elem(&drops, key);

	if (n)
		++*n;
	return n != NULL;
}

/* Where it cannot be added, another CPU may have done so in between. */
static __always_inline void count_drop(const struct drops_key *key)
{
	__u64 one = 1;

	if (!add_one(key) &&
	    bpf_map_update_elem(&drops, key, &one, BPF_NOEXIST) < 0 &&
	    !add_one(key))
		count_spilled();
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
	key.for_many = is_for_many(skb);
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
