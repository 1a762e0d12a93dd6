/* SPDX-License-Identifier: MIT */
/*
 * A kernel that answers rtnetlink from recorded messages, and from messages
 * made by hand: the linker sends the calls of the library through here, with
 * --wrap=send,--wrap=recvfrom,--wrap=ioctl. It has two network namespaces.
 */
#ifndef RECORDED_KERNEL_H
#define RECORDED_KERNEL_H

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kernel/netlink.h"
#include "testlib.h"

#define MAX_MESSAGES 512

/* What a namespace answers with, in the order it is added. */
struct kernel_message {
	const struct nlmsghdr *head;
	unsigned namespace;
};

static struct {
	struct kernel_message messages[MAX_MESSAGES];
	size_t n_messages;
	unsigned namespace; /* the one the thread is in: 0 or 1 */
	_Alignas(8) unsigned char answer[32768];
	size_t n_answer;
	struct {
		unsigned long request; /* of ioctl() that fails, */
		int ifindex;	       /* where a name is asked: for this, */
		int error;	       /* with that */
	} fails;
} fake_kernel;

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags);
ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);
int __wrap_ioctl(int fd, unsigned long request, ...);

/* Lets a namespace have messages, which must stay where they are. */
static inline void kernel_add(unsigned namespace, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
		const struct nlmsghdr *h = (const void *)(p + at);

		ck_assert_uint_ge(h->nlmsg_len, sizeof(*h));
		ck_assert_uint_lt(fake_kernel.n_messages, MAX_MESSAGES);
		if (h->nlmsg_type != NLMSG_DONE)
			fake_kernel.messages[fake_kernel.n_messages++] =
				(struct kernel_message) {h, namespace};
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
}

/* The interface a message is about: always the second word of what it says. */
static inline int kernel_index(const struct nlmsghdr *h)
{
	int index;

	memcpy(&index, (const char *)(h + 1) + 4, sizeof(index));
	return index;
}

static inline void kernel_say(const struct nlmsghdr *h, uint16_t flags,
			      uint32_t sequence)
{
	struct nlmsghdr head = *h;

	ck_assert_uint_le(fake_kernel.n_answer + NLMSG_ALIGN(h->nlmsg_len),
			  sizeof(fake_kernel.answer));
	head.nlmsg_flags = flags;
	head.nlmsg_seq = sequence;
	memcpy(fake_kernel.answer + fake_kernel.n_answer, h, h->nlmsg_len);
	memcpy(fake_kernel.answer + fake_kernel.n_answer, &head, sizeof(head));
	fake_kernel.n_answer += NLMSG_ALIGN(h->nlmsg_len);
}

/* Ends an answer: a dump's with 0, what is not there with -ENODEV. */
static inline void kernel_end(uint16_t type, int error, uint32_t sequence)
{
	struct {
		struct nlmsghdr h;
		int error;
	} end = {{.nlmsg_len = sizeof(end), .nlmsg_type = type}, error};

	kernel_say(&end.h, type == NLMSG_DONE ? NLM_F_MULTI : 0, sequence);
}

static inline const struct nlmsghdr *kernel_find(unsigned namespace,
						 uint16_t type, int index)
{
	for (size_t i = 0; i < fake_kernel.n_messages; i++) {
		const struct kernel_message *m = &fake_kernel.messages[i];

		if (m->namespace == namespace && m->head->nlmsg_type == type &&
		    kernel_index(m->head) == index)
			return m->head;
	}
	return NULL;
}

/* What a request for RTM_GETxxx is answered with: RTM_NEWxxx. */
static inline uint16_t kernel_type(const struct nlmsghdr *request)
{
	return request->nlmsg_type - RTM_GETLINK + RTM_NEWLINK;
}

/* Whether a message is of the interface, and parent, that is asked for. */
static inline bool kernel_is_wanted(const struct nlmsghdr *request,
				    const struct nlmsghdr *h)
{
	const struct tcmsg *asked = (const void *)(request + 1);
	const struct tcmsg *tc = (const void *)(h + 1);

	switch (request->nlmsg_type) {
	case RTM_GETTFILTER:
		return tc->tcm_ifindex == asked->tcm_ifindex &&
		       tc->tcm_parent == asked->tcm_parent;
	case RTM_GETTCLASS:
		return tc->tcm_ifindex == asked->tcm_ifindex;
	default:
		return true;
	}
}

static inline void kernel_dump(const struct nlmsghdr *request)
{

	for (size_t i = 0; i < fake_kernel.n_messages; i++) {
		const struct kernel_message *m = &fake_kernel.messages[i];

		if (m->namespace == fake_kernel.namespace &&
		    m->head->nlmsg_type == kernel_type(request) &&
		    kernel_is_wanted(request, m->head))
			kernel_say(m->head, NLM_F_MULTI, request->nlmsg_seq);
	}
	kernel_end(NLMSG_DONE, 0, request->nlmsg_seq);
}

/* One interface: here, or where the id of a namespace leads to, over there. */
static inline void kernel_answer(const struct nlmsghdr *request)
{
	struct nlattr *nsid = nlmsg_find_attr((struct nlmsghdr *)request,
					      sizeof(struct ifinfomsg),
					      IFLA_TARGET_NETNSID);
	const struct nlmsghdr *found;

	found = kernel_find(nsid ? !fake_kernel.namespace
				 : fake_kernel.namespace,
			    kernel_type(request), kernel_index(request));
	if (found)
		kernel_say(found, 0, request->nlmsg_seq);
	else
		kernel_end(NLMSG_ERROR, -ENODEV, request->nlmsg_seq);
}

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags)
{
	const struct nlmsghdr *request = data;

	(void)fd;
	(void)flags;
	fake_kernel.n_answer = 0;
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		kernel_dump(request);
	else
		kernel_answer(request);
	return (ssize_t)n;
}

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	(void)fd;
	(void)flags;
	memset(from, 0, *size);
	ck_assert_uint_le(fake_kernel.n_answer, n);
	memcpy(buffer, fake_kernel.answer, fake_kernel.n_answer);
	return (ssize_t)fake_kernel.n_answer;
}

/* Names of interfaces. One that was not recorded is called by its number. */
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct nlmsghdr *h;
	struct ifreq *wanted;
	va_list args;

	(void)fd;
	va_start(args, request);
	wanted = va_arg(args, struct ifreq *);
	va_end(args);
	if (request && request == fake_kernel.fails.request &&
	    (request != SIOCGIFNAME ||
	     wanted->ifr_ifindex == fake_kernel.fails.ifindex))
		errno = fake_kernel.fails.error;
	else
		errno = request == SIOCGIFNAME || request == SIOCGIFFLAGS
				? 0
				: EOPNOTSUPP;
	if (errno)
		return -1;
	if (request == SIOCGIFFLAGS) { /* it is there, and does not run */
		wanted->ifr_flags = IFF_UP;
		return 0;
	}
	h = kernel_find(fake_kernel.namespace, RTM_NEWLINK,
			wanted->ifr_ifindex);
	if (h)
		nla_strlcpy(wanted->ifr_name,
			    nlmsg_find_attr((struct nlmsghdr *)h,
					    sizeof(struct ifinfomsg),
					    IFLA_IFNAME),
			    IFNAMSIZ);
	else
		snprintf(wanted->ifr_name, IFNAMSIZ, "dev%u",
			 (unsigned)wanted->ifr_ifindex % 1000);
	return 0;
}

#endif
