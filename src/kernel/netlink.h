/* SPDX-License-Identifier: MIT */
/*
 * The transport of netlink messages: rtnetlink, nfnetlink, sock_diag and xfrm,
 * one after the other, with one buffer for all their answers. Of libnl and
 * libmnl it takes messages and attributes, none of their sockets and object
 * caches.
 *
 * A socket lives as long as one visit of one namespace, because an open one
 * would keep the namespace alive; only that of NETLINK_ROUTE of collectd's own
 * stays.
 */
#ifndef PKTLOSS_KERNEL_NETLINK_H
#define PKTLOSS_KERNEL_NETLINK_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/util.h"
#include "kernel/kmod.h"

struct netlink {
	/* of the namespace that is visited, by protocol; -1: not open */
	int fds[NETLINK_NETFILTER + 1];
	int own_route; /* while another one is visited; -1: not opened yet */
	bool own;      /* collectd's own is visited */
	uint32_t sequence;
	void *buffer; /* receives a part of an answer */
	size_t size;
	size_t filled; /* of it, by any answer so far */
	struct kmods kmods;
	struct deadline *deadline; /* of all answers, or NULL */
	int diag_offered; /* see sockdiag_offered(); 1: not found out yet */
};

/* Called for each message of an answer. 0 goes on, negative errno stops. */
typedef int (*netlink_row)(const struct nlmsghdr *h, void *arg);

/* Returns 0 or -ENOMEM. Free with netlink_free(), in either case. */
int MUST_CHECK netlink_alloc(struct netlink *nl);
void netlink_free(struct netlink *nl);

/*
 * To be called in each namespace: netlink_enter() before the first request,
 * netlink_leave() behind the last, also when netlink_enter() failed. It opens
 * the socket of NETLINK_ROUTE; netlink_ask() opens the others.
 * Returns 0 or negative errno.
 */
int MUST_CHECK netlink_enter(struct netlink *nl, bool own);
void netlink_leave(struct netlink *nl);

/*
 * Opens the sockets of NETLINK_ROUTE anew: a socket may do no more than who
 * opened it could then. Returns 0 or negative errno.
 */
int MUST_CHECK netlink_renew(struct netlink *nl);

/*
 * Whether a part of the kernel may be asked. A message to an absent one makes
 * the kernel run modprobe, and so does a socket of an absent protocol: find
 * out first. Returns 0, -ENOENT or -ENOPKG, see kmod_available(). Overwrites
 * buffer. Kernel: net/netfilter/nfnetlink.c nfnetlink_rcv_msg(),
 * net/netlink/af_netlink.c netlink_create(), net/core/sock_diag.c.
 */
int MUST_CHECK netlink_available(struct netlink *nl, enum kmod which);

/*
 * Sends a request to NETLINK_ROUTE, _NETFILTER, _SOCK_DIAG or _XFRM (length in
 * nlmsg_len; type and flags are the caller's, NLM_F_REQUEST and the sequence
 * number are added here) and hands each message of the answer to row, which
 * may not ask in turn. Nobody but the kernel can send some, and those that
 * answer an earlier request are passed over. After a dump that failed the
 * socket is a new one: nothing of the old answer is left.
 *
 * Returns 0; -ETIME when nl->deadline is over, which is looked at with each
 * message; -EAGAIN when the kernel says that the dump is inconsistent or
 * lost a part of it; -ETIMEDOUT after a second of silence; -EBADMSG for an
 * answer cut short; what row returned; or the kernel's error, such as
 * -EOPNOTSUPP, or -EPERM without CAP_NET_ADMIN.
 */
int MUST_CHECK netlink_ask(struct netlink *nl, int protocol,
			   struct nlmsghdr *request, netlink_row row,
			   void *arg);

/*
 * Hands each address of a family (AF_INET, AF_INET6) to row, as RTM_NEWADDR.
 * Returns what netlink_ask() does; -ENOENT where nl is NULL.
 */
int MUST_CHECK netlink_ask_addresses(struct netlink *nl, int family,
				     netlink_row row, void *arg);

/*
 * Has the kernel take requests to NETLINK_ROUTE strictly, and heed the filters
 * in dumps (Linux 4.20), or not, up to the next netlink_ask() that fails.
 * Returns 0 or negative errno.
 */
int MUST_CHECK netlink_be_strict(struct netlink *nl, bool strict);

/*
 * The parser behind netlink_ask(): walks the messages in bytes. Messages of
 * another sequence number are passed over, unless sequence is 0, which stands
 * for any. Returns 1 when the answer ended here, 0 when more is to come, or
 * negative errno as above. Pure; fit for recorded or hostile bytes.
 */
int netlink_walk(const void *bytes, size_t n, uint32_t sequence,
		 netlink_row row, void *arg);

/*
 * An ioctl about interfaces (a struct ifreq) of the namespace, on the socket of
 * NETLINK_ROUTE. Returns 0 or negative errno.
 */
int MUST_CHECK netlink_ioctl(const struct netlink *nl, unsigned long request,
			     void *arg);
/*
 * The name of an interface. Returns 0, -ENODEV when it is gone, or why it could
 * not be asked for.
 */
int MUST_CHECK netlink_ifname(const struct netlink *nl, int ifindex,
			      char name[16]);

/* What tells the namespace from all others of this boot; 0: unknown, before
 * Linux 5.14. */
uint64_t netlink_cookie(const struct netlink *nl);

#endif
