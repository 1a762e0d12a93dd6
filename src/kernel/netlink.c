/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dup3() */
#endif
#include "kernel/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel fills 32 KiB of a dump at most, more gains nothing. */
#define BUFFER_SIZE (32 * 1024)
#define SILENCE_SECONDS 1

int netlink_alloc(struct netlink *nl)
{
	*nl = (struct netlink) {.fd = -1, .size = BUFFER_SIZE};
	nl->buffer = malloc(nl->size);
	return nl->buffer ? 0 : -ENOMEM;
}

void netlink_free(struct netlink *nl)
{
	netlink_disconnect(nl);
	free(nl->buffer);
	*nl = (struct netlink) {.fd = -1};
}

int netlink_connect(struct netlink *nl)
{
	nl->fd = netlink_socket(NETLINK_ROUTE);
	return nl->fd < 0 ? nl->fd : 0;
}

void netlink_stay(struct netlink *nl)
{
	const struct sockaddr_nl own = {.nl_family = AF_NETLINK,
					.nl_pid = (uint32_t)gettid()};

	(void)!bind(nl->fd, (const struct sockaddr *)&own, sizeof(own));
}

void netlink_disconnect(struct netlink *nl)
{
	cleanup_close(&nl->fd);
	nl->fd = -1;
}

static int end_of_answer(const struct nlmsghdr *h)
{
	int error = 0;

	if (nlmsg_datalen(h) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(h), sizeof(error));
	else if (h->nlmsg_type == NLMSG_ERROR)
		return -EBADMSG;
	return error < 0 ? error : 1;
}

static int walk_message(const struct nlmsghdr *h, netlink_row row, void *arg)
{
	int r;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EAGAIN;
	switch (h->nlmsg_type) {
	case NLMSG_DONE:
	case NLMSG_ERROR:
		return end_of_answer(h);
	case NLMSG_OVERRUN:
		return -EAGAIN;
	case NLMSG_NOOP:
		return 0;
	default:
		r = row(h, arg);
		if (r < 0)
			return r;
		return !(h->nlmsg_flags & NLM_F_MULTI);
	}
}

int netlink_walk(const void *bytes, size_t n, uint32_t sequence,
		 netlink_row row, void *arg)
{
	const char *p = bytes;

	while (n >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		size_t step;

		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > n)
			return -EBADMSG;
		if (!sequence || h.nlmsg_seq == sequence) {
			int r = walk_message((const void *)p, row, arg);

			if (r)
				return r;
		}
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (step >= n)
			return 0;
		p += step;
		n -= step;
	}
	return n ? -EBADMSG : 0;
}

static ssize_t receive(int fd, void *buffer, size_t size)
{
	struct sockaddr_nl from;
	ssize_t n;

	do {
		socklen_t length = sizeof(from);

		n = recvfrom(fd, buffer, size, MSG_TRUNC,
			     (struct sockaddr *)&from, &length);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0 && errno == ENOBUFS)
		return -EAGAIN;
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)n > size ? -EBADMSG : n;
}

/*
 * A dump that was not read to its end goes on, and until then the kernel
 * refuses the next one (-EBUSY): another socket takes the number of this one.
 */
static void renew(int fd)
{
	_cleanup_close_ int fresh = -1;
	struct sockaddr_nl name;
	int protocol;
	socklen_t size = sizeof(protocol), name_size = sizeof(name);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &name_size) < 0)
		return;
	fresh = netlink_socket(protocol);
	if (fresh >= 0 && dup3(fresh, fd, O_CLOEXEC) >= 0)
		(void)!bind(fd, (struct sockaddr *)&name, name_size);
}

static int exchange(int fd, const struct nlmsghdr *request, void *buffer,
		    size_t size, netlink_row row, void *arg)
{
	int r = 0;

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = receive(fd, buffer, size);

		if (n < 0)
			return (int)n;
		r = netlink_walk(buffer, (size_t)n, request->nlmsg_seq, row,
				 arg);
	}
	return r < 0 ? r : 0;
}

int netlink_exchange(int fd, const struct nlmsghdr *request, void *buffer,
		     size_t size, netlink_row row, void *arg)
{
	int r = exchange(fd, request, buffer, size, row, arg);

	if (r < 0 && (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		renew(fd);
	return r;
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *request, netlink_row row,
		void *arg)
{
	request->nlmsg_flags |= NLM_F_REQUEST;
	request->nlmsg_seq = ++nl->sequence ? nl->sequence : ++nl->sequence;
	return netlink_exchange(nl->fd, request, nl->buffer, nl->size, row,
				arg);
}

/* Not libnl's or libmnl's: they allocate, bind and ask for the address. */
int netlink_socket(int protocol)
{
	const struct timeval silence = {.tv_sec = SILENCE_SECONDS};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence,
		       sizeof(silence)) == 0)
		return fd;
	close(fd);
	return -EIO;
}

int netlink_ifname(struct netlink *nl, int ifindex, char name[16])
{
	struct ifreq request = {.ifr_ifindex = ifindex};

	_Static_assert(IFNAMSIZ == 16, "name[16] holds an interface name");
	if (ioctl(nl->fd, SIOCGIFNAME, &request) < 0)
		return -errno;
	memcpy(name, request.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return 0;
}
