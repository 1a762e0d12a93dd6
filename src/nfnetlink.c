/* SPDX-License-Identifier: MIT */
#include "nfnetlink.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>

/* The kernel fills 32 KiB of a dump at most, more gains nothing. */
#define BUFFER_SIZE (32 * 1024)
#define SILENCE_SECONDS 1

struct subsystem {
	const char *module;
	const char *file;     /* as modules.builtin ends its path */
	const char *function; /* that only this module has */
};

static const struct subsystem subsystems[NFNL_SUBSYS_COUNT] = {
	[NFNL_SUBSYS_CTNETLINK] = {"nf_conntrack_netlink",
				   "/nf_conntrack_netlink.ko",
				   "ctnetlink_get_conntrack"},
	[NFNL_SUBSYS_QUEUE] = {"nfnetlink_queue", "/nfnetlink_queue.ko",
			       "nfqnl_recv_verdict"},
	[NFNL_SUBSYS_NFTABLES] = {"nf_tables", "/nf_tables.ko",
				  "nf_tables_getgen"},
};

int nfnetlink_alloc(struct nfnetlink *nf)
{
	*nf = (struct nfnetlink) {.size = BUFFER_SIZE, .root = ""};
	nf->buffer = malloc(nf->size);
	return nf->buffer ? 0 : -ENOMEM;
}

void nfnetlink_free(struct nfnetlink *nf)
{
	nfnetlink_close(nf);
	free(nf->buffer);
	*nf = (struct nfnetlink) {0};
}

static bool exists(const struct nfnetlink *nf, const char *dir,
		   const char *name)
{
	char path[256];
	int n = snprintf(path, sizeof(path), "%s%s%s", nf->root, dir, name);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

/*
 * Whether the file at path holds text. Returns 1, 0, or negative errno when
 * it cannot be read. Reads it piece by piece into the receive buffer.
 */
static int file_holds(struct nfnetlink *nf, const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = strlen(text), kept = 0;
	char *buffer = nf->buffer;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer + kept, nf->size - kept)) > 0) {
		size_t all = kept + (size_t)n;

		if (memmem(buffer, all, text, length))
			return 1;
		kept = all < length ? all : length - 1;
		memmove(buffer, buffer + all - kept, kept);
	}
	return n < 0 ? -errno : 0;
}

/* Whether the running kernel was built with it. False when nobody says. */
static bool is_builtin(struct nfnetlink *nf, const struct subsystem *s)
{
	struct utsname kernel;
	char path[256];
	int r;

	if (uname(&kernel) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/lib/modules/%s/modules.builtin",
		 nf->root, kernel.release);
	r = file_holds(nf, path, s->file);
	if (r >= 0)
		return r;
	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", nf->root);
	return file_holds(nf, path, s->function) > 0;
}

int nfnetlink_available(struct nfnetlink *nf, unsigned subsystem)
{
	const struct subsystem *s;

	if (subsystem >= ARRAY_SIZE(subsystems) ||
	    !subsystems[subsystem].module)
		return -ENOENT;
	s = &subsystems[subsystem];
	if (nf->builtin & 1u << subsystem ||
	    exists(nf, "/sys/module/", s->module))
		return 0;
	if (nf->known & 1u << subsystem)
		return -ENOENT;
	nf->known |= 1u << subsystem;
	if ((!exists(nf, "/proc/modules", "") &&
	     exists(nf, "/proc/cmdline", "")) ||
	    is_builtin(nf, s))
		nf->builtin |= 1u << subsystem;
	return nf->builtin & 1u << subsystem ? 0 : -ENOENT;
}

int nfnetlink_open(struct nfnetlink *nf)
{
	const struct timeval silence = {.tv_sec = SILENCE_SECONDS};

	if (nf->is_open)
		return 0;
	/* not libmnl's: it allocates, binds and asks for the address */
	nf->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (nf->fd < 0)
		return -errno;
	nf->is_open = true;
	if (setsockopt(nf->fd, SOL_SOCKET, SO_RCVTIMEO, &silence,
		       sizeof(silence)) == 0)
		return 0;
	nfnetlink_close(nf);
	return -EIO;
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

static ssize_t receive(struct nfnetlink *nf)
{
	struct sockaddr_nl from;
	ssize_t n;

	do {
		socklen_t size = sizeof(from);

		n = recvfrom(nf->fd, nf->buffer, nf->size, MSG_TRUNC,
			     (struct sockaddr *)&from, &size);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0 && errno == ENOBUFS)
		return -EAGAIN;
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (size_t)n > nf->size ? -EBADMSG : n;
}

int nfnetlink_ask(struct nfnetlink *nf, struct nlmsghdr *request,
		  netlink_row row, void *arg)
{
	int r = 0;

	request->nlmsg_seq = ++nf->sequence ? nf->sequence : ++nf->sequence;
	if (send(nf->fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = receive(nf);

		if (n < 0)
			return (int)n;
		r = netlink_walk(nf->buffer, (size_t)n, nf->sequence, row, arg);
	}
	return r < 0 ? r : 0;
}
