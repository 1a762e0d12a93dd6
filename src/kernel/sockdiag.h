/* SPDX-License-Identifier: MIT */
/* Dumps of the sockets of one network namespace: NETLINK_SOCK_DIAG. */
#ifndef PKTLOSS_KERNEL_SOCKDIAG_H
#define PKTLOSS_KERNEL_SOCKDIAG_H

#include <stdint.h>

#include "kernel/netlink.h"

/*
 * Whether sockets of IPPROTO_UDP or IPPROTO_TCP may be asked for: both the
 * family and the protocol are parts of the kernel, see netlink_available().
 * Returns as that does.
 * Kernel: net/ipv4/inet_diag.c inet_diag_lock_handler().
 */
int MUST_CHECK sockdiag_available(struct netlink *nl, int protocol);

/*
 * Whether either of the two has been available at any time, without looking
 * again. Returns 0 or why the first look found neither, as above.
 */
int MUST_CHECK sockdiag_offered(struct netlink *nl);

/*
 * Dumps the IPv4 and then the IPv6 sockets of a protocol. states is a set of
 * TCP states, 1 << TCP_LISTEN; extension an INET_DIAG_* attribute that is
 * wanted too, or 0. Walks tables of the whole host: about 0.1 ms for a hundred
 * sockets, 10 ms for 10000. Returns as netlink_ask() does.
 */
int MUST_CHECK sockdiag_dump(struct netlink *nl, int protocol, uint32_t states,
			     unsigned extension, netlink_row row, void *arg);

#endif
