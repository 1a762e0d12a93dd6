/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What trace.bpf.c, in the kernel, and who reads it have in common. */
#ifndef PKTLOSS_BPF_TRACE_H
#define PKTLOSS_BPF_TRACE_H

#include "bpf/drops.h"

/* What happened to a packet, or to a connection. */
enum trace_kind {
	TRACE_DROP,
	TRACE_RETRANSMIT,	 /* a segment was sent again */
	TRACE_SYN_RETRANSMIT,	 /* so was our SYN: nobody has answered it */
	TRACE_SYNACK_RETRANSMIT, /* or our answer to one */
	TRACE_REFUSED,		 /* our SYN was answered by a reset */
	TRACE_RESET,		 /* we answered by one */
	N_TRACE_KINDS,
};

/* What is counted each for itself, and has a part of its own of the sample. */
struct trace_key {
	struct drops_key place;
	unsigned int kind; /* enum trace_kind */
	unsigned int none; /* 0 */
};

/* Whether a key's events are sent; each CPU finds that out for itself. */
enum trace_verdict {
	TRACE_NOT_ASKED,
	TRACE_SENT,
	TRACE_SKIPPED,
};

/* What was counted of it by a CPU, and what is left of that CPU's slice. */
struct trace_total {
	unsigned long long seen;
	unsigned long long slice_ns; /* when it began */
	unsigned long long jiffy;    /* when that was looked at */
	unsigned int in_slice;
	unsigned int left;
	unsigned int every;   /* of so many one is sent */
	unsigned int verdict; /* enum trace_verdict */
};

#define TRACE_MAX_KEYS 4096
#define TRACE_MAX_NAMESPACES 16384
#define TRACE_MAX_REASONS 4096
#define TRACE_RING (1 << 20) /* bytes of events that nobody has read yet */

/*
 * Of each CPU: so long is a slice; as many events of a key are sent in it where
 * there are very many, as many of a burst, and as many of each further part of
 * that, which is twice as long as the one before.
 */
#define TRACE_SLICE_NS 10000000ULL
#define TRACE_OF_KEY 32
#define TRACE_OF_BURST 64
#define TRACE_OF_PART 16

#define TRACE_BYTES 128 /* from the network header on */
#define TRACE_MAC 14	/* an Ethernet header */

/* One of those that were looked at. */
struct trace_event {
	struct trace_key key;
	unsigned long long time_ns; /* CLOCK_MONOTONIC */
	unsigned int weight;	    /* of so many this one was chosen */
	unsigned int length;	    /* of the packet, from bytes on */
	unsigned short protocol;    /* Ethertype of bytes, in network order */
	unsigned short vlan;	    /* its tag, where the device took it off */
	unsigned char n_bytes;	    /* 0: it has no headers (yet) */
	unsigned char has_mac;
	/* of the socket, where it has one: ours first; ports in host order */
	unsigned char family; /* AF_INET, AF_INET6, 0: it has none */
	unsigned char socket_protocol;
	unsigned short ports[2];
	unsigned char addresses[2][16];
	unsigned char mac[TRACE_MAC];
	unsigned char bytes[TRACE_BYTES];
	unsigned char none[6]; /* as long in 32 bits as in the kernel's 64 */
};

_Static_assert(sizeof(struct trace_event) % 8 == 0, "no padding");

#endif
