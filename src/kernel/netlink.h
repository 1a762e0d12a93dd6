/* SPDX-License-Identifier: MIT */
/*
 * The rtnetlink transport: libnl's messages and attributes, none of its
 * sockets and object caches. A socket lives as long as one read of one
 * namespace, because an open one would keep the namespace alive; only that of
 * collectd's own stays.
 */
#ifndef PKTLOSS_KERNEL_NETLINK_H
#define PKTLOSS_KERNEL_NETLINK_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stddef.h>

#include "base/util.h"

struct netlink {
	int fd;	      /* while it is connected, else negative */
	void *buffer; /* receives a part of a dump */
	size_t size;
	uint32_t sequence;
};

/* Called for each message of an answer. 0 goes on, negative errno stops. */
typedef int (*netlink_row)(const struct nlmsghdr *h, void *arg);

/* Returns 0 or -ENOMEM. Free with netlink_free(); one that holds
 * nothing has the fd -1. */
int MUST_CHECK netlink_alloc(struct netlink *nl);
void netlink_free(struct netlink *nl);

/*
 * Connects to NETLINK_ROUTE of the calling thread's network namespace.
 * Returns 0 or negative errno. Undo with netlink_disconnect().
 */
int MUST_CHECK netlink_connect(struct netlink *nl);
/*
 * For a socket that stays connected: takes the calling thread's id as its port.
 * Otherwise it would have the process's, which others may want for their own.
 */
void netlink_stay(struct netlink *nl);
void netlink_disconnect(struct netlink *nl);

/*
 * Sends a request (its length in nlmsg_len; type and flags are the caller's,
 * NLM_F_REQUEST and the sequence number are added here) and hands each
 * message of the answer to row.
 *
 * Returns 0; -EAGAIN when the kernel says that the dump is inconsistent or
 * lost a part of it; -ETIMEDOUT after a second of silence; -EBADMSG for an
 * answer cut short; what row returned; or the kernel's error, such as
 * -EOPNOTSUPP.
 */
int MUST_CHECK netlink_ask(struct netlink *nl, struct nlmsghdr *request,
			   netlink_row row, void *arg);

/*
 * The parser behind netlink_ask(): walks the messages in bytes. Messages of
 * another sequence number are passed over, unless sequence is 0, which stands
 * for any. Returns 1 when the answer ended here, 0 when more is to come, or
 * negative errno as above. Pure; fit for recorded or hostile bytes.
 */
int netlink_walk(const void *bytes, size_t n, uint32_t sequence,
		 netlink_row row, void *arg);

/*
 * The transport below netlink_ask(), for other netlink protocols.
 *
 * netlink_socket() opens a socket of that protocol (NETLINK_NETFILTER, ...)
 * in the calling thread's network namespace, on which nothing waits longer
 * than a second. Returns it, to be closed, or negative errno.
 */
int MUST_CHECK netlink_socket(int protocol);

/*
 * Sends a request (length, type, flags and sequence are the caller's) and
 * hands each message of the answer to row. buffer of size bytes, 32 KiB for a
 * dump, receives it piece by piece. Returns as netlink_ask() does. After a dump
 * that failed, fd is a new socket: nothing of the old answer is left.
 */
int MUST_CHECK netlink_exchange(int fd, const struct nlmsghdr *request,
				void *buffer, size_t size, netlink_row row,
				void *arg);

/*
 * Name of an interface in the calling thread's network namespace, by ioctl on
 * the connected socket. Returns 0, or -ENODEV when it is gone.
 */
int MUST_CHECK netlink_ifname(struct netlink *nl, int ifindex, char name[16]);

#endif
