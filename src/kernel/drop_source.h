/* SPDX-License-Identifier: MIT */
/*
 * What counts dropped packets in the kernel: a program of ours, of which there
 * is one per process that asks for it. It ends with the process, whatever
 * becomes of that. Built with libbpf it is drops_bpf.c, else drops_absent.c.
 */
#ifndef PKTLOSS_KERNEL_DROP_SOURCE_H
#define PKTLOSS_KERNEL_DROP_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "bpf/drops.h"

struct drop_source;

/* Packets that were dropped since the time before. */
struct drop_count {
	struct drops_key key;
	uint64_t packets;
};

/*
 * Loads the program and has it count from now on. Returns 0 or
 *   -ENOSYS      pktloss was built without libbpf
 *   -EOPNOTSUPP  the kernel tells no reasons, or nothing of itself (BTF)
 *   -EPERM       CAP_BPF or CAP_PERFMON, or CAP_SYS_ADMIN for both, is missing
 * or another negative errno.
 */
int MUST_CHECK drop_source_open(struct drop_source **ret);
void drop_source_close(struct drop_source *source);

/*
 * Takes what was counted since the time before: ret_counts is valid until the
 * next call. In ret_spilled are packets of which no more is known, of all the
 * time. Returns how many counts there are, or a negative errno, never -ENOENT:
 * then nothing is lost, and the next call tells of it.
 */
int MUST_CHECK drop_source_take(struct drop_source *source,
				const struct drop_count **ret_counts,
				uint64_t *ret_spilled);

/* What this kernel calls a reason: "NETFILTER_DROP"; never a number. */
const char *drop_source_reason(const struct drop_source *source,
			       uint32_t reason);

/*
 * What it calls the function that an address is in: "nft_do_chain", without
 * its module; "" where it does not tell.
 */
void drop_source_symbol(struct drop_source *source, uint64_t location,
			char ret[DROPS_SYMBOL]);

#endif
