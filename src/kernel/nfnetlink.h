/* SPDX-License-Identifier: MIT */
/*
 * The nfnetlink transport: NETLINK_NETFILTER, with libmnl's messages and
 * attributes. Its socket lives as long as one read of one namespace: a probe
 * opens it once it knows that it has something to ask, and whoever leaves the
 * namespace closes it.
 */
#ifndef PKTLOSS_KERNEL_NFNETLINK_H
#define PKTLOSS_KERNEL_NFNETLINK_H

#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kmod.h"
#include "kernel/netlink.h"
#include "base/util.h"

struct nfnetlink {
	bool is_open;
	int fd;
	uint32_t sequence;
	void *buffer; /* receives a part of a dump */
	size_t size;
	struct kmods kmods;
};

/* Returns 0 or -ENOMEM. Free with nfnetlink_free(); zeroes are fine, too. */
int MUST_CHECK nfnetlink_alloc(struct nfnetlink *nf);
void nfnetlink_free(struct nfnetlink *nf);

/*
 * Whether a subsystem (NFNL_SUBSYS_NFTABLES, _CTNETLINK, _QUEUE) may be asked.
 * An nfnetlink message to an absent one makes the kernel run modprobe, and so
 * does a socket without nfnetlink itself: see kmod_available().
 *
 * Returns 0, or -ENOENT: absent, or at least not known to be there.
 * Kernel: net/netfilter/nfnetlink.c nfnetlink_rcv_msg(),
 * net/netlink/af_netlink.c netlink_create().
 */
int MUST_CHECK nfnetlink_available(struct nfnetlink *nf, unsigned subsystem);

/*
 * Opens the socket in the calling thread's network namespace, unless it is
 * open. Returns 0 or negative errno. Undo with nfnetlink_close().
 */
int MUST_CHECK nfnetlink_open(struct nfnetlink *nf);
void nfnetlink_close(struct nfnetlink *nf);

/*
 * Begins a request in buffer: head and nfgenmsg. family is 0 for all, flags
 * NLM_F_DUMP or 0. Append attributes with libmnl. Returns buffer.
 */
struct nlmsghdr *nfnetlink_request(void *buffer, unsigned subsystem,
				   unsigned message, uint8_t family,
				   uint16_t flags);

/*
 * Sends a request and hands each message of the answer to row. Messages that
 * the kernel did not send, or that answer an earlier request, are passed over.
 *
 * Returns 0; -EAGAIN when the kernel says that the dump is inconsistent or
 * lost a part of it; -ETIMEDOUT after a second of silence; -EBADMSG for an
 * answer cut short; what row returned; or the kernel's error, such as -EPERM
 * without CAP_NET_ADMIN, -ENOENT for what is not there.
 */
int MUST_CHECK nfnetlink_ask(struct nfnetlink *nf, struct nlmsghdr *request,
			     netlink_row row, void *arg);

#endif
