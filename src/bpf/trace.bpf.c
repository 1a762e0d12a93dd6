// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * Shows some of the packets that the kernel drops: who sent them to whom. It is
 * run for each of them, so all are counted, and as many are shown as somebody
 * can look at; of each reason and place some, however many there are of others.
 */
#include "bpf/common.h"
#include "bpf/trace.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define TCP_SYN_SENT 2
#define TCP_TIME_WAIT 6
#define TCP_NEW_SYN_RECV 12
#define TRACE_RAREST (1 << 20) /* of a million one is enough */
#define NOWHERE 0xffff	       /* of a header that was not found yet */

struct request_sock {
	struct sock_common __req_common;
} OF_KERNEL;

/* Set by who loads this; nothing happens before there are kinds. */
__u32 kinds;	   /* bit i: enum trace_kind i is wanted */
__u32 only_wanted; /* namespaces */
__u32 of_cpu;	   /* events that a CPU sends in a slice */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, TRACE_MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_total);
} totals SEC(".maps");

/* The first has what there was no room for in totals; see also of_cpu. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_total);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_MAX_NAMESPACES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u8);
} wanted SEC(".maps");

/* Reasons of which only the number is wanted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_MAX_REASONS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u8);
} skipped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TRACE_RING);
} events SEC(".maps");

static __always_inline struct trace_total *this_cpu(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&cpus, &only);
}

/* Whoever was faster, on another CPU, has made it for all. */
static __always_inline struct trace_total *total_of(const struct trace_key *key)
{
	struct trace_total *found = bpf_map_lookup_elem(&totals, key);
	struct trace_total none = {};

	if (found)
		return found;
	bpf_map_update_elem(&totals, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&totals, key);
}

static __always_inline int is_skipped(const struct trace_key *key,
				      struct trace_total *t)
{
	__u32 reason = key->place.reason;

	if (t->verdict == TRACE_NOT_ASKED)
		t->verdict =
			key->kind == TRACE_DROP &&
					bpf_map_lookup_elem(&skipped, &reason)
				? TRACE_SKIPPED
				: TRACE_SENT;
	return t->verdict == TRACE_SKIPPED;
}

/*
 * Whether a new slice has begun: how many were in the last one, else -1. The
 * clock is asked once in a jiffy: that would be a fifth of what all this costs.
 */
static __always_inline long next_slice(struct trace_total *t)
{
	__u64 jiffy = bpf_jiffies64(), now_ns, passed;
	__u32 n = t->in_slice;

	if (t->jiffy == jiffy)
		return -1;
	t->jiffy = jiffy;
	now_ns = bpf_ktime_get_ns();
	passed = now_ns - t->slice_ns;
	if (passed < TRACE_SLICE_NS)
		return -1;
	t->slice_ns = now_ns;
	t->in_slice = 0;
	return passed < 2 * TRACE_SLICE_NS ? n : 0;
}

/*
 * Of how many like it this one is chosen; 0: it is not. Who is chosen is left
 * to chance, as many flows may have one reason; one of so many as there were in
 * the slice before, and of ever more where that is too many.
 */
static __always_inline __u32 choose(struct trace_total *t)
{
	long n = next_slice(t);

	if (n >= 0) {
		t->every = n / TRACE_OF_KEY + 1;
		t->left = TRACE_OF_BURST;
	}
	t->in_slice++;
	if (!t->left && t->every < TRACE_RAREST) {
		t->every *= 2;
		t->left = TRACE_OF_PART;
	}
	if (!t->left || (t->every > 1 && bpf_get_prandom_u32() % t->every))
		return 0;
	t->left--;
	return t->every;
}

/*
 * The ring is not filled by one CPU alone, nor one CPU kept busy by it. But the
 * first one of a key is sent in each slice, however many there are of others.
 */
static __always_inline int cpu_has_time(const struct trace_total *t)
{
	struct trace_total *cpu = this_cpu();

	if (t->left == TRACE_OF_BURST - 1)
		return 1;
	if (!cpu)
		return 0;
	if (next_slice(cpu) >= 0)
		cpu->left = of_cpu;
	if (!cpu->left)
		return 0;
	cpu->left--;
	return 1;
}

/* Counts it, and returns an event if it is to be shown, else NULL. */
static __always_inline struct trace_event *count_event(
	const struct trace_key *key)
{
	__u64 cookie = key->place.cookie;
	struct trace_event *e;
	struct trace_total *t;
	__u32 weight;

	if (only_wanted && !bpf_map_lookup_elem(&wanted, &cookie))
		return NULL;
	t = total_of(key);
	if (!t) {
		t = this_cpu();
		if (t)
			t->seen++;
		return NULL;
	}
	t->seen++;
	if (is_skipped(key, t))
		return NULL;
	weight = choose(t);
	if (!weight || !cpu_has_time(t))
		return NULL;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return NULL;
	e->key = *key;
	e->time_ns = bpf_ktime_get_ns();
	e->weight = weight;
	e->length = e->protocol = e->vlan = 0;
	e->n_bytes = e->has_mac = e->family = e->socket_protocol = 0;
	return e;
}

/* Whoever reads them looks every few milliseconds, and is not to be woken. */
static __always_inline void send_event(struct trace_event *e)
{
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* Both kinds of a request or of the end of a connection are small ones. */
static __always_inline int is_small(unsigned char state)
{
	return state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV;
}

static __always_inline void copy_addresses(struct trace_event *e,
					   struct sock_common *sk)
{
	unsigned short family = sk->skc_family;

	if (family == AF_INET) {
		bpf_core_read(e->addresses[0], 4, &sk->skc_rcv_saddr);
		bpf_core_read(e->addresses[1], 4, &sk->skc_daddr);
	} else if (family == AF_INET6 &&
		   bpf_core_field_exists(sk->skc_v6_daddr)) {
		bpf_core_read(e->addresses[0], 16, &sk->skc_v6_rcv_saddr);
		bpf_core_read(e->addresses[1], 16, &sk->skc_v6_daddr);
	} else {
		return;
	}
	e->ports[0] = sk->skc_num;
	e->ports[1] = bpf_ntohs(sk->skc_dport);
	e->family = family;
}

static __always_inline void copy_socket(struct trace_event *e, struct sock *sk)
{
	copy_addresses(e, &sk->__sk_common);
	if (!e->family)
		return;
	e->socket_protocol = is_small(sk->__sk_common.skc_state)
				     ? IPPROTO_TCP
				     : sk->sk_protocol;
}

/* Where the network header stands; 0: there is none. */
static __always_inline __u32 find_header(struct sk_buff *skb)
{
	__u32 at = skb->network_header;

	if (at && at != NOWHERE)
		return at;
	return skb->protocol ? skb->data - skb->head : 0;
}

/*
 * The tag that the device took off, 0: none. Up to 6.1 what is left of an old
 * one may stand there, and a bit says whether it is there.
 */
static __always_inline __u16 find_tag(struct sk_buff *skb)
{
	if (bpf_core_field_exists(skb->vlan_present) &&
	    !BPF_CORE_READ_BITFIELD(skb, vlan_present))
		return 0;
	return skb->vlan_tci;
}

static __always_inline void copy_headers(struct trace_event *e,
					 struct sk_buff *skb)
{
	__u64 at = find_header(skb), end = skb->tail, mac = skb->mac_header, n;
	unsigned char *head = skb->head;

	if (!at || at >= end)
		return;
	n = end - at;
	barrier_var(n); /* so that the kernel sees the limit */
	if (n > TRACE_BYTES)
		n = TRACE_BYTES;
	if (bpf_probe_read_kernel(e->bytes, n, head + at) < 0)
		return;
	e->n_bytes = n;
	e->protocol = skb->protocol;
	e->vlan = find_tag(skb);
	e->length = skb->len + (skb->data - head) - at;
	e->has_mac = mac != NOWHERE && mac + TRACE_MAC == at &&
		     bpf_probe_read_kernel(e->mac, TRACE_MAC, head + mac) == 0;
}

static __always_inline int is_wanted_kind(enum trace_kind kind)
{
	return kinds & 1u << kind;
}

static __always_inline int show_drop(struct sk_buff *skb, void *location,
				     enum skb_drop_reason reason,
				     struct sock *rx_sk)
{
	struct trace_key key = {
		.place = {.location = (unsigned long)location,
			  .reason = reason},
		.kind = TRACE_DROP,
	};
	struct sock *sk = skb->sk;
	struct trace_event *e;

	if (!is_wanted_kind(TRACE_DROP) || is_no_drop(reason))
		return 0;
	key.place.for_many = is_for_many(skb);
	find_place(&key.place, skb, rx_sk);
	e = count_event(&key);
	if (!e)
		return 0;
	copy_headers(e, skb);
	if (sk)
		copy_socket(e, sk);
	send_event(e);
	return 0;
}

/* See drops.bpf.c for why there are two. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(drop_of_three, struct sk_buff *skb, void *location,
	     enum skb_drop_reason reason)
{
	return show_drop(skb, location, reason, NULL);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(drop_of_four, struct sk_buff *skb, void *location,
	     enum skb_drop_reason reason, struct sock *rx_sk)
{
	return show_drop(skb, location, reason, rx_sk);
}

/* Begins an event of a connection in the namespace of sk, or returns NULL. */
static __always_inline struct trace_event *count_connection(
	struct sock *sk, enum trace_kind kind)
{
	struct trace_key key = {.kind = kind};
	struct net *net;

	if (!sk || !is_wanted_kind(kind))
		return NULL;
	net = sk->__sk_common.skc_net.net;
	if (net)
		key.place.cookie = net->net_cookie;
	return count_event(&key);
}

static __always_inline int show_connection(struct sock *sk,
					   enum trace_kind kind)
{
	struct trace_event *e = count_connection(sk, kind);

	if (!e)
		return 0;
	copy_socket(e, sk);
	send_event(e);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmit, struct sock *sk, struct sk_buff *skb)
{
	if (!sk)
		return 0;
	return show_connection(sk, sk->__sk_common.skc_state == TCP_SYN_SENT
					   ? TRACE_SYN_RETRANSMIT
					   : TRACE_RETRANSMIT);
}

/* The socket is the one that listens; who asked it stands in the request. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(retransmit_synack, struct sock *sk, struct request_sock *request)
{
	struct trace_event *e = count_connection(sk, TRACE_SYNACK_RETRANSMIT);

	if (!e)
		return 0;
	copy_addresses(e, &request->__req_common);
	e->socket_protocol = IPPROTO_TCP;
	send_event(e);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(reset_came, struct sock *sk)
{
	if (!sk || sk->__sk_common.skc_state != TCP_SYN_SENT)
		return 0;
	return show_connection(sk, TRACE_REFUSED);
}

/* What is answered; there need not be a socket. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_sent, struct sock *sk, struct sk_buff *skb)
{
	struct trace_key key = {.kind = TRACE_RESET};
	struct trace_event *e;

	if (!skb || !is_wanted_kind(TRACE_RESET))
		return 0;
	find_place(&key.place, skb, sk);
	e = count_event(&key);
	if (!e)
		return 0;
	copy_headers(e, skb);
	send_event(e);
	return 0;
}
