/* SPDX-License-Identifier: MIT */
/* What all who load a program into the kernel need. Built with libbpf only. */
#ifndef PKTLOSS_KERNEL_BPF_PARTS_H
#define PKTLOSS_KERNEL_BPF_PARTS_H

#include <bpf/libbpf.h>
#include <stdint.h>

#include "base/util.h"
#include "bpf/drops.h"

struct btf;

/*
 * How many arguments a tracepoint of the kernel has: "kfree_skb". Returns
 * -ENOENT where there is none.
 */
int MUST_CHECK bpf_count_arguments(const struct btf *btf,
				   const char *tracepoint);

/*
 * Keeps libbpf from writing to standard error, which is not ours. Returns what
 * is to be given to libbpf_set_print() afterwards.
 */
libbpf_print_fn_t bpf_hush(void);

/*
 * What was returned for a program that could not be loaded, as one of those of
 * kernel/drop_source.h. Who lacks a part of the rights hears that something is
 * not valid; who has all, that it is forbidden, of what is not understood.
 */
int bpf_load_error(int r);

/*
 * Has name_symbol of bpf/common.h put the name of an address into symbol, which
 * it has in common with us, and copies it: without its module, "" where the
 * kernel does not tell.
 */
void bpf_ask_symbol(const struct bpf_program *name_symbol, const char *symbol,
		    uint64_t location, char ret[DROPS_SYMBOL]);

#endif
