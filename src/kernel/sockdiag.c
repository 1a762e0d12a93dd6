/* SPDX-License-Identifier: MIT */
#include "kernel/sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* The kernel fills 32 KiB of a dump at most, more gains nothing. */
#define BUFFER_SIZE (32 * 1024)

int sock_diag_alloc(struct sock_diag *d)
{
	*d = (struct sock_diag) {
		.size = BUFFER_SIZE, .kmods.root = "", .offered = 1};
	d->buffer = malloc(d->size);
	return d->buffer ? 0 : -ENOMEM;
}

void sock_diag_free(struct sock_diag *d)
{
	free(d->buffer);
	*d = (struct sock_diag) {0};
}

int sock_diag_available(struct sock_diag *d, int protocol)
{
	enum kmod which = protocol == IPPROTO_UDP ? KMOD_UDP_DIAG
						  : KMOD_TCP_DIAG;
	int r = kmod_available(&d->kmods, KMOD_INET_DIAG, d->buffer, d->size);

	if (r == 0)
		r = kmod_available(&d->kmods, which, d->buffer, d->size);
	if (r == 0)
		d->offered = 0;
	return r;
}

int sock_diag_offered(struct sock_diag *d)
{
	if (d->offered > 0 && sock_diag_available(d, IPPROTO_UDP) < 0 &&
	    sock_diag_available(d, IPPROTO_TCP) < 0)
		d->offered = -ENOENT;
	return d->offered;
}

static int dump_family(struct sock_diag *d, int fd,
		       const struct inet_diag_req_v2 *wanted, netlink_row row,
		       void *arg)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 wanted;
	} request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.wanted = *wanted,
	};

	request.head.nlmsg_seq = ++d->sequence ? d->sequence : ++d->sequence;
	return netlink_exchange(fd, &request.head, d->buffer, d->size, row,
				arg);
}

int sock_diag_dump(struct sock_diag *d, int protocol, uint32_t states,
		   unsigned extension, netlink_row row, void *arg)
{
	_cleanup_close_ int fd = netlink_socket(NETLINK_SOCK_DIAG);
	struct inet_diag_req_v2 wanted = {
		.sdiag_family = AF_INET,
		.sdiag_protocol = (uint8_t)protocol,
		.idiag_states = states,
		.idiag_ext = (uint8_t)(extension ? 1u << (extension - 1) : 0),
	};
	int r;

	if (fd < 0)
		return fd;
	r = dump_family(d, fd, &wanted, row, arg);
	wanted.sdiag_family = AF_INET6;
	return r < 0 ? r : dump_family(d, fd, &wanted, row, arg);
}
