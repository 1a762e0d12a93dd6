/* SPDX-License-Identifier: MIT */
/* Which capabilities reading needs, and which of them this thread lacks. */
#ifndef PKTLOSS_KERNEL_CAPABILITY_H
#define PKTLOSS_KERNEL_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of them: NEEDS(NET_ADMIN) | NEEDS(NET_RAW). */
#define NEEDS(name) (UINT64_C(1) << CAP_##name)

/* What there are names for: all that anything of pktloss needs. */
#define NEEDS_ALL                                                              \
	(NEEDS(SYS_ADMIN) | NEEDS(SYS_PTRACE) | NEEDS(NET_ADMIN) |             \
	 NEEDS(NET_RAW) | NEEDS(DAC_READ_SEARCH) | NEEDS(BPF) |                \
	 NEEDS(PERFMON))

/*
 * Those of NEEDS_ALL that are not in effect. Who is root, or may write every
 * file, lacks no CAP_DAC_READ_SEARCH: what is read belongs to root. Who has
 * CAP_SYS_ADMIN lacks neither CAP_BPF nor CAP_PERFMON, which are parts of it.
 */
uint64_t capabilities_lacking(void);

/*
 * Whether this thread is in a user namespace that is not the host's: what it
 * may do, it may do to what that owns.
 */
bool capabilities_are_local(void);

/*
 * Whether a filter (seccomp, as of a unit with SystemCallFilter=) decides what
 * this thread may call: for what it does not allow it may end the process. Who
 * cannot find out takes it for filtered.
 */
bool capabilities_are_filtered(void);

/* Writes their names: "CAP_NET_ADMIN and CAP_NET_RAW"; "" for none. Pure. */
void capabilities_print(uint64_t set, char *buffer, size_t size);

#endif
