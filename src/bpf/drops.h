/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* What the program in the kernel and who reads it have in common. */
#ifndef PKTLOSS_BPF_DROPS_H
#define PKTLOSS_BPF_DROPS_H

/* As many of these may be dropped for between two reads; see drops.bpf.c. */
#define DROPS_MAX_KEYS 4096

/* What is counted: packets of a namespace, dropped there for that reason. */
struct drops_key {
	unsigned long long cookie;   /* SO_NETNS_COOKIE, 0: nobody knows */
	unsigned long long location; /* address in the kernel's code */
	unsigned int reason;	     /* enum skb_drop_reason of this kernel */
	unsigned int ifindex;	     /* of the device it was at, 0: none */
	unsigned int for_many;	     /* 1: sent to a group, or to all */
	unsigned int unused;	     /* 0: keys are compared as bytes */
};

/* Bytes of a symbol's name, as the kernel has them, with NUL. */
#define DROPS_SYMBOL 64

#endif
