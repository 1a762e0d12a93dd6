/* SPDX-License-Identifier: MIT */
/*
 * The sock_diag transport: dumps of the sockets of one network namespace. Its
 * netlink socket lives as long as one dump.
 */
#ifndef PKTLOSS_KERNEL_SOCKDIAG_H
#define PKTLOSS_KERNEL_SOCKDIAG_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kmod.h"
#include "kernel/netlink.h"

struct sock_diag {
	struct kmods kmods;
	void *buffer; /* receives a part of a dump */
	size_t size;
	uint32_t sequence;
	int offered; /* 0, -ENOENT, or 1: not found out yet */
};

/* Returns 0 or -ENOMEM. Free with sock_diag_free(); zeroes are fine, too. */
int MUST_CHECK sock_diag_alloc(struct sock_diag *d);
void sock_diag_free(struct sock_diag *d);

/*
 * Whether sockets of IPPROTO_UDP or IPPROTO_TCP may be asked for: a request to
 * an absent family or protocol makes the kernel run modprobe. Returns 0, or
 * -ENOENT: absent, or at least not known to be there.
 * Kernel: net/core/sock_diag.c, net/ipv4/inet_diag.c
 * inet_diag_lock_handler().
 */
int MUST_CHECK sock_diag_available(struct sock_diag *d, int protocol);

/*
 * Whether either of the two has been available at any time, without looking
 * again. Returns 0 or -ENOENT.
 */
int MUST_CHECK sock_diag_offered(struct sock_diag *d);

/*
 * Dumps the IPv4 and then the IPv6 sockets of a protocol in the calling
 * thread's network namespace. states is a set of TCP states, 1 << TCP_LISTEN;
 * extension an INET_DIAG_* attribute that is wanted too, or 0. Walks tables of
 * the whole host: about 0.1 ms for a hundred sockets, 10 ms for 10000.
 *
 * Returns as netlink_ask() does.
 */
int MUST_CHECK sock_diag_dump(struct sock_diag *d, int protocol,
			      uint32_t states, unsigned extension,
			      netlink_row row, void *arg);

#endif
