/* SPDX-License-Identifier: MIT */
#include "kernel/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "kernel/file.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/*
 * The kernel fills 32 KiB of a dump at most, but for one message that is
 * larger: of an interface with hundreds of other names 64 KiB, which is all
 * that fits into an attribute, and its rest. What is never written takes no
 * memory.
 */
#define BUFFER_SIZE ((size_t)256 * 1024)
#define SILENCE_SECONDS 1

int netlink_alloc(struct netlink *nl)
{
	*nl = (struct netlink) {
		.own_route = -1,
		.buffer = malloc(BUFFER_SIZE),
		.size = BUFFER_SIZE,
		.kmods.root = "",
		.diag_offered = 1,
	};
	memset(nl->fds, -1, sizeof(nl->fds));
	return nl->buffer ? 0 : -ENOMEM;
}

void netlink_free(struct netlink *nl)
{
	netlink_leave(nl);
	cleanup_close(&nl->own_route);
	free(nl->buffer);
	nl->own_route = -1;
	nl->buffer = NULL;
}

static void close_socket(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

/*
 * The kernel is whom a socket talks with, so that nobody else can send there:
 * not even who is root in the namespace.
 */
static int connect_to_kernel(int fd)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	return connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel));
}

/*
 * A socket that stays open takes the calling thread's id as its port. Otherwise
 * it would have the process's, which others may want for their own.
 */
static void bind_to_thread(int fd)
{
	const struct sockaddr_nl own = {.nl_family = AF_NETLINK,
					.nl_pid = (uint32_t)gettid()};

	(void)!bind(fd, (const struct sockaddr *)&own, sizeof(own));
}

/*
 * Opens the socket of a protocol, unless it is open. Not libnl's or libmnl's:
 * they allocate, bind and ask for the address.
 */
static int open_socket(struct netlink *nl, int protocol)
{
	const struct timeval silence = {.tv_sec = SILENCE_SECONDS};
	int *fd = &nl->fds[protocol];

	if (*fd >= 0)
		return 0;
	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (*fd < 0)
		return call_failure();
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &silence,
		       sizeof(silence)) < 0) {
		close_socket(fd);
		return -EIO;
	}
	if (nl->own && protocol == NETLINK_ROUTE)
		bind_to_thread(*fd);
	if (connect_to_kernel(*fd) < 0) {
		close_socket(fd);
		return -EIO;
	}
	return 0;
}

int netlink_enter(struct netlink *nl, bool own)
{
	nl->own = own;
	if (own)
		nl->fds[NETLINK_ROUTE] = nl->own_route;
	return open_socket(nl, NETLINK_ROUTE);
}

void netlink_leave(struct netlink *nl)
{
	if (nl->own) {
		nl->own_route = nl->fds[NETLINK_ROUTE];
		nl->fds[NETLINK_ROUTE] = -1;
		nl->own = false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(nl->fds); i++)
		if (nl->fds[i] >= 0)
			close_socket(&nl->fds[i]);
}

int netlink_be_strict(struct netlink *nl, bool strict)
{
	int on = strict, r = open_socket(nl, NETLINK_ROUTE);

	if (r < 0)
		return r;
	return setsockopt(nl->fds[NETLINK_ROUTE], SOL_NETLINK,
			  NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0
		       ? call_failure()
		       : 0;
}

int netlink_available(struct netlink *nl, enum kmod which)
{
	return kmod_available(&nl->kmods, which, nl->buffer, nl->size);
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

/* The next message; -EINTR: there was none, or it is not the kernel's. */
static ssize_t hear(struct netlink *nl, int fd)
{
	struct sockaddr_nl from = {0};
	socklen_t length = sizeof(from);
	ssize_t n = recvfrom(fd, nl->buffer, nl->size, MSG_TRUNC,
			     (struct sockaddr *)&from, &length);

	if (n >= 0)
		return from.nl_pid ? -EINTR : n;
	switch (errno) {
	case ENOBUFS:
		return -EAGAIN;
	case EAGAIN:
		return -ETIMEDOUT;
	default:
		return call_failure();
	}
}

static ssize_t receive(struct netlink *nl, int fd)
{
	ssize_t n = -EINTR;

	for (unsigned i = 0; n == -EINTR && i < FILE_TRIES; i++)
		n = deadline_step(nl->deadline) ? -ETIME : hear(nl, fd);
	if (n < 0)
		return n;
	if ((size_t)n > nl->size)
		return -EMSGSIZE;
	if ((size_t)n > nl->filled)
		nl->filled = (size_t)n;
	return n;
}

/* A row, unless it is too late. */
struct rows {
	struct deadline *deadline;
	netlink_row row;
	void *arg;
};

static int next_row(const struct nlmsghdr *h, void *arg)
{
	const struct rows *rows = arg;

	return deadline_step(rows->deadline) ? -ETIME : rows->row(h, rows->arg);
}

static int exchange(struct netlink *nl, int fd, struct nlmsghdr *request,
		    netlink_row row, void *arg)
{
	struct rows rows = {nl->deadline, row, arg};
	int r = 0;

	request->nlmsg_flags |= NLM_F_REQUEST;
	request->nlmsg_seq = ++nl->sequence ? nl->sequence : ++nl->sequence;
	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return call_failure();
	while (r == 0) {
		ssize_t n = receive(nl, fd);

		if (n < 0)
			return (int)n;
		r = netlink_walk(nl->buffer, (size_t)n, request->nlmsg_seq,
				 next_row, &rows);
	}
	return r < 0 ? r : 0;
}

int netlink_ask(struct netlink *nl, int protocol, struct nlmsghdr *request,
		netlink_row row, void *arg)
{
	int r = open_socket(nl, protocol);

	if (r < 0)
		return r;
	r = exchange(nl, nl->fds[protocol], request, row, arg);
	if (r == 0 || (request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return r;
	/* a dump that was not read to its end goes on, and until then the
	 * kernel refuses the next one (-EBUSY) */
	close_socket(&nl->fds[protocol]);
	(void)!open_socket(nl, protocol); /* else the next one to ask does */
	return r;
}

int netlink_renew(struct netlink *nl)
{
	if (!nl->own)
		close_socket(&nl->own_route);
	close_socket(&nl->fds[NETLINK_ROUTE]);
	return open_socket(nl, NETLINK_ROUTE);
}

int netlink_ioctl(const struct netlink *nl, unsigned long request, void *arg)
{
	return ioctl(nl->fds[NETLINK_ROUTE], request, arg) < 0 ? -errno : 0;
}

int netlink_ifname(const struct netlink *nl, int ifindex, char name[16])
{
	struct ifreq request = {.ifr_ifindex = ifindex};
	int r = netlink_ioctl(nl, SIOCGIFNAME, &request);

	_Static_assert(IFNAMSIZ == 16, "name[16] holds an interface name");
	if (r < 0)
		return r == -ENXIO ? -ENODEV : r;
	memcpy(name, request.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return 0;
}

uint64_t netlink_cookie(const struct netlink *nl)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(nl->fds[NETLINK_ROUTE], SOL_SOCKET, SO_NETNS_COOKIE,
		       &cookie, &size) < 0)
		return 0;
	return cookie;
}

int netlink_ask_addresses(struct netlink *nl, int family, netlink_row row,
			  void *arg)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETADDR,
		      .nlmsg_flags = NLM_F_DUMP},
		.m = {.ifa_family = (unsigned char)family},
	};

	return nl ? netlink_ask(nl, NETLINK_ROUTE, &request.h, row, arg)
		  : -ENOENT;
}
