/* SPDX-License-Identifier: MIT */
#include "kernel/sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

int sockdiag_available(struct netlink *nl, int protocol)
{
	int r = netlink_available(nl, KMOD_INET_DIAG);

	if (r == 0)
		r = netlink_available(nl, protocol == IPPROTO_UDP
						  ? KMOD_UDP_DIAG
						  : KMOD_TCP_DIAG);
	if (r == 0)
		nl->diag_offered = 0;
	return r;
}

int sockdiag_offered(struct netlink *nl)
{
	int r;

	if (nl->diag_offered > 0 && sockdiag_available(nl, IPPROTO_UDP) < 0) {
		r = sockdiag_available(nl, IPPROTO_TCP);
		if (r < 0)
			nl->diag_offered = r;
	}
	return nl->diag_offered;
}

int sockdiag_dump(struct netlink *nl, int protocol, uint32_t states,
		  unsigned extension, netlink_row row, void *arg)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 wanted;
	} request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_DUMP},
		.wanted = {.sdiag_family = AF_INET,
			   .sdiag_protocol = (uint8_t)protocol,
			   .idiag_states = states},
	};
	int r;

	if (extension)
		request.wanted.idiag_ext = (uint8_t)(1u << (extension - 1));
	r = netlink_ask(nl, NETLINK_SOCK_DIAG, &request.head, row, arg);
	if (r < 0)
		return r;
	request.wanted.sdiag_family = AF_INET6;
	return netlink_ask(nl, NETLINK_SOCK_DIAG, &request.head, row, arg);
}
