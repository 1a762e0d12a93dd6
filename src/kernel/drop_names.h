/* SPDX-License-Identifier: MIT */
/*
 * What the kernel that runs calls its reasons for dropping packets. Numbers
 * mean something else in each version, so names come from what it says of its
 * own types (BTF). Built with libbpf only.
 */
#ifndef PKTLOSS_KERNEL_DROP_NAMES_H
#define PKTLOSS_KERNEL_DROP_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct btf;

struct drop_name {
	uint32_t reason;
	char *name;
};

/* Zeroed is empty. Sorted by their reasons. */
struct drop_names {
	struct drop_name *items;
	size_t n, max;
};

/*
 * Reads those of the kernel, and of its modules as far as they are loaded.
 * Returns 0, -ENOENT (it has no such enum) or -ENOMEM; to be freed.
 */
int MUST_CHECK drop_names_read(struct drop_names *names,
			       const struct btf *kernel);
void drop_names_free(struct drop_names *names);

/*
 * The name of a reason; of one of a module that was loaded since, what the
 * kernel calls all of that module's; else "UNKNOWN".
 */
const char *drop_names_find(const struct drop_names *names, uint32_t reason);

#endif
