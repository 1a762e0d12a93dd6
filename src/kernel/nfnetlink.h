/* SPDX-License-Identifier: MIT */
/*
 * Requests to nfnetlink, with libmnl's messages and attributes. They are asked
 * of NETLINK_NETFILTER, see netlink_ask().
 */
#ifndef PKTLOSS_KERNEL_NFNETLINK_H
#define PKTLOSS_KERNEL_NFNETLINK_H

#include <linux/netfilter/nfnetlink.h>
#include <stdint.h>

#include "kernel/netlink.h"

/*
 * Begins a request in buffer: head and nfgenmsg. family is 0 for all, flags
 * NLM_F_DUMP or 0. Append attributes with libmnl. Returns buffer.
 */
struct nlmsghdr *nfnetlink_request(void *buffer, unsigned subsystem,
				   unsigned message, uint8_t family,
				   uint16_t flags);

#endif
