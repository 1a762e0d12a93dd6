/* SPDX-License-Identifier: MIT */
/*
 * Whether a part of the kernel is there, found out without asking for it: a
 * netlink message to an absent one makes the kernel run modprobe.
 */
#ifndef PKTLOSS_KERNEL_KMOD_H
#define PKTLOSS_KERNEL_KMOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

enum kmod {
	KMOD_CTNETLINK,
	KMOD_QUEUE,
	KMOD_NFTABLES,
	KMOD_INET_DIAG,
	KMOD_UDP_DIAG,
	KMOD_TCP_DIAG,
	KMOD_HOOK,
	KMOD_EBTABLE_FILTER,
	KMOD_EBTABLE_NAT,
	KMOD_XFRM_USER,
	KMOD_ESP4_OFFLOAD,
	KMOD_ESP6_OFFLOAD,
	N_KMODS,
};

struct kmods {
	const char *root; /* where /proc and /sys are found, "": as usual */
	uint32_t builtin; /* bit i: module i is part of the kernel */
	uint32_t known;	  /* bit i: bit i of builtin has been found out */
};

/*
 * Whether a module may be asked. Asking is harmless where
 *  - /sys/module/<module> exists: it is loaded, or built in with parameters;
 *  - there is no /proc/modules though /proc is whole (it has a cmdline): this
 *    kernel has no modules, so it has no request_module() either;
 *  - /lib/modules/<release>/modules.builtin lists it, or, where that file is
 *    out of sight (a container), the kernel's BTF names one of its functions.
 *    A kernel does not change: this is looked up once for each module.
 * buffer of size bytes is scratch, 4096 are plenty.
 *
 * Returns 0, -ENOENT: it is not there; or -ENOPKG: nobody knows, as /sys/module
 * is out of sight.
 */
int MUST_CHECK kmod_available(struct kmods *m, enum kmod which, char *buffer,
			      size_t size);

/* Whether it is loaded. */
bool kmod_is_loaded(const struct kmods *m, enum kmod which);

/*
 * Whether it is built in, by the same lists; false where nobody says. Not to be
 * asked of one that kmod_available() is asked of.
 */
bool kmod_is_builtin(struct kmods *m, enum kmod which, char *buffer,
		     size_t size);

/*
 * How many use a loaded module. Returns 0, or -ENOENT where it is not loaded.
 */
int MUST_CHECK kmod_users(const struct kmods *m, enum kmod which,
			  uint64_t *ret);

#endif
