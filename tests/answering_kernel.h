/* SPDX-License-Identifier: MIT */
/*
 * A kernel that answers netlink as a test says: the linker sends the calls of
 * the library through here, with --wrap=send,--wrap=recvfrom. Each request is
 * handed to kernel.answer, which says messages or fails.
 */
#ifndef ANSWERING_KERNEL_H
#define ANSWERING_KERNEL_H

#include <errno.h>
#include <sys/socket.h>

#include "kernel/netlink.h"
#include "testlib.h"

static struct {
	/* Returns 0, or the negative errno that the kernel answers with. */
	int (*answer)(const struct nlmsghdr *request);
	unsigned n_asked;
	const struct nlmsghdr *request;
	_Alignas(8) unsigned char bytes[65536];
	size_t n;
} kernel;

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags);
ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);

static inline bool kernel_is_dump(void)
{
	return (kernel.request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* Says a message, wherever it is from, as part of the answer. */
static inline void kernel_say(const struct nlmsghdr *h)
{
	struct nlmsghdr head = *h;

	ck_assert_uint_le(kernel.n + NLMSG_ALIGN(h->nlmsg_len),
			  sizeof(kernel.bytes));
	head.nlmsg_flags = kernel_is_dump() ? NLM_F_MULTI : 0;
	head.nlmsg_seq = kernel.request->nlmsg_seq;
	memcpy(kernel.bytes + kernel.n, h, h->nlmsg_len);
	memcpy(kernel.bytes + kernel.n, &head, sizeof(head));
	kernel.n += NLMSG_ALIGN(h->nlmsg_len);
}

/* Says all messages made by hand. */
static inline void kernel_say_all(const struct message *m)
{
	for (size_t at = 0; at < m->n;) {
		const struct nlmsghdr *h = (const void *)(m->bytes + at);

		kernel_say(h);
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
}

static inline void kernel_end(uint16_t type, int error)
{
	struct {
		struct nlmsghdr h;
		int error;
	} end = {{.nlmsg_len = sizeof(end), .nlmsg_type = type}, error};

	kernel_say(&end.h);
}

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags)
{
	int r;

	(void)fd;
	(void)flags;
	kernel.request = data;
	kernel.n = 0;
	kernel.n_asked++;
	r = kernel.answer(data);
	if (r < 0)
		kernel_end(NLMSG_ERROR, r);
	else if (kernel_is_dump())
		kernel_end(NLMSG_DONE, 0);
	else if (!kernel.n)
		kernel_end(NLMSG_ERROR, -ENOENT);
	return (ssize_t)n;
}

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	(void)fd;
	(void)flags;
	memset(from, 0, *size);
	ck_assert_uint_le(kernel.n, n);
	memcpy(buffer, kernel.bytes, kernel.n);
	return (ssize_t)kernel.n;
}

#endif
