/* SPDX-License-Identifier: MIT */
#include "kernel/kmod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel/file.h"

struct trace {
	const char *module;
	const char *file;     /* as modules.builtin ends its path */
	const char *function; /* that only this module has */
};

static const struct trace traces[N_KMODS] = {
	[KMOD_CTNETLINK] = {"nf_conntrack_netlink", "/nf_conntrack_netlink.ko",
			    "ctnetlink_get_conntrack"},
	[KMOD_QUEUE] = {"nfnetlink_queue", "/nfnetlink_queue.ko",
			"nfqnl_recv_verdict"},
	[KMOD_NFTABLES] = {"nf_tables", "/nf_tables.ko", "nf_tables_getgen"},
	[KMOD_INET_DIAG] = {"inet_diag", "/inet_diag.ko",
			    "inet_diag_handler_cmd"},
	[KMOD_UDP_DIAG] = {"udp_diag", "/udp_diag.ko", "udp_diag_dump"},
	[KMOD_TCP_DIAG] = {"tcp_diag", "/tcp_diag.ko", "tcp_diag_dump"},
	[KMOD_HOOK] = {"nfnetlink_hook", "/nfnetlink_hook.ko",
		       "nfnl_hook_dump"},
	[KMOD_EBTABLE_FILTER] = {"ebtable_filter", "/ebtable_filter.ko",
				 "frame_filter_table_init"},
	[KMOD_EBTABLE_NAT] = {"ebtable_nat", "/ebtable_nat.ko",
			      "frame_nat_table_init"},
	[KMOD_XFRM_USER] = {"xfrm_user", "/xfrm_user.ko", "xfrm_user_rcv_msg"},
	[KMOD_ESP4_OFFLOAD] = {"esp4_offload", "/esp4_offload.ko",
			       "esp4_gro_receive"},
	[KMOD_ESP6_OFFLOAD] = {"esp6_offload", "/esp6_offload.ko",
			       "esp6_gro_receive"},
};

/* Returns 0 where there is such a file, or negative errno. */
static int look_for(const struct kmods *m, const char *dir, const char *name)
{
	char path[256];

	format_text(path, sizeof(path), "%s%s%s", m->root, dir, name);
	return access(path, F_OK) < 0 ? -errno : 0;
}

static bool exists(const struct kmods *m, const char *dir, const char *name)
{
	return look_for(m, dir, name) == 0;
}

/*
 * Whether the file at path holds text. Returns 1, 0, or negative errno when
 * it cannot be read. Reads it piece by piece into buffer.
 */
static int file_holds(const char *path, const char *text, char *buffer,
		      size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = strlen(text), kept = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buffer + kept, size - kept)) > 0) {
		size_t all = kept + (size_t)n;

		if (memmem(buffer, all, text, length))
			return 1;
		kept = all < length ? all : length - 1;
		memmove(buffer, buffer + all - kept, kept);
	}
	return n < 0 ? -errno : 0;
}

/* Whether the running kernel was built with it. False when nobody says. */
static bool is_builtin(const struct kmods *m, const struct trace *t,
		       char *buffer, size_t size)
{
	struct utsname kernel;
	char path[256];
	int r;

	if (uname(&kernel) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/lib/modules/%s/modules.builtin",
		 m->root, kernel.release);
	r = file_holds(path, t->file, buffer, size);
	if (r >= 0)
		return r;
	snprintf(path, sizeof(path), "%s/sys/kernel/btf/vmlinux", m->root);
	return file_holds(path, t->function, buffer, size) > 0;
}

int kmod_available(struct kmods *m, enum kmod which, char *buffer, size_t size)
{
	const struct trace *t = &traces[which];
	uint32_t bit = 1u << which;
	int loaded = look_for(m, "/sys/module/", t->module);

	if (m->builtin & bit || loaded == 0)
		return 0;
	if (!(m->known & bit) && ((!exists(m, "/proc/modules", "") &&
				   exists(m, "/proc/cmdline", "")) ||
				  is_builtin(m, t, buffer, size)))
		m->builtin |= bit;
	m->known |= bit;
	if (m->builtin & bit)
		return 0;
	/* without /sys, nobody says which are loaded */
	return loaded == -ENOENT && exists(m, "/sys/module", "") ? -ENOENT
								 : -ENOPKG;
}

bool kmod_is_loaded(const struct kmods *m, enum kmod which)
{
	return exists(m, "/sys/module/", traces[which].module);
}

bool kmod_is_builtin(struct kmods *m, enum kmod which, char *buffer,
		     size_t size)
{
	uint32_t bit = 1u << which;

	if (!(m->known & bit) && is_builtin(m, &traces[which], buffer, size))
		m->builtin |= bit;
	m->known |= bit;
	return m->builtin & bit;
}

int kmod_users(const struct kmods *m, enum kmod which, uint64_t *ret)
{
	char dir[256];

	format_text(dir, sizeof(dir), "%s/sys/module/%s", m->root,
		    traces[which].module);
	return file_read_number(dir, "refcnt", ret) < 0 ? -ENOENT : 0;
}
