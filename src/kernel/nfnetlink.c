/* SPDX-License-Identifier: MIT */
#include "kernel/nfnetlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>

/* The kernel fills 32 KiB of a dump at most, more gains nothing. */
#define BUFFER_SIZE (32 * 1024)

int nfnetlink_alloc(struct nfnetlink *nf)
{
	*nf = (struct nfnetlink) {.size = BUFFER_SIZE, .kmods.root = ""};
	nf->buffer = malloc(nf->size);
	return nf->buffer ? 0 : -ENOMEM;
}

void nfnetlink_free(struct nfnetlink *nf)
{
	nfnetlink_close(nf);
	free(nf->buffer);
	*nf = (struct nfnetlink) {0};
}

int nfnetlink_available(struct nfnetlink *nf, unsigned subsystem)
{
	enum kmod which;

	switch (subsystem) {
	case NFNL_SUBSYS_CTNETLINK:
		which = KMOD_CTNETLINK;
		break;
	case NFNL_SUBSYS_QUEUE:
		which = KMOD_QUEUE;
		break;
	case NFNL_SUBSYS_NFTABLES:
		which = KMOD_NFTABLES;
		break;
	default:
		return -ENOENT;
	}
	return kmod_available(&nf->kmods, which, nf->buffer, nf->size);
}

int nfnetlink_open(struct nfnetlink *nf)
{
	int fd;

	if (nf->is_open)
		return 0;
	fd = netlink_socket(NETLINK_NETFILTER);
	if (fd < 0)
		return fd;
	nf->fd = fd;
	nf->is_open = true;
	return 0;
}

void nfnetlink_close(struct nfnetlink *nf)
{
	if (nf->is_open)
		close(nf->fd);
	nf->is_open = false;
}

struct nlmsghdr *nfnetlink_request(void *buffer, unsigned subsystem,
				   unsigned message, uint8_t family,
				   uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;

	h->nlmsg_type = (uint16_t)(subsystem << 8 | message);
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	head = mnl_nlmsg_put_extra_header(h, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	return h;
}

int nfnetlink_ask(struct nfnetlink *nf, struct nlmsghdr *request,
		  netlink_row row, void *arg)
{
	request->nlmsg_seq = ++nf->sequence ? nf->sequence : ++nf->sequence;
	return netlink_exchange(nf->fd, request, nf->buffer, nf->size, row,
				arg);
}
