/* SPDX-License-Identifier: MIT */
#include "kernel/nfnetlink.h"

#include <libmnl/libmnl.h>

struct nlmsghdr *nfnetlink_request(void *buffer, unsigned subsystem,
				   unsigned message, uint8_t family,
				   uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;

	h->nlmsg_type = (uint16_t)(subsystem << 8 | message);
	h->nlmsg_flags = flags;
	head = mnl_nlmsg_put_extra_header(h, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	return h;
}
