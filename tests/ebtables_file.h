/* SPDX-License-Identifier: MIT */
/*
 * A recorded table of legacy ebtables: bridge.<table>.ebt below tests/fixtures,
 * as tests/record.c writes it and tests read it, in the byte order of x86.
 */
#ifndef EBTABLES_FILE_H
#define EBTABLES_FILE_H

#include <net/if.h> /* before the kernel's, or they clash */
#include <stdint.h>
#include <string.h>

#include <linux/netfilter_bridge/ebtables.h>

#include "probes/firewall/ebt_chains.h"

struct ebtables_file {
	char magic[8];
	uint32_t valid_hooks;
	uint32_t n_counters; /* these follow, then the entries */
	uint32_t size;	     /* of the entries */
	uint32_t unused;
};

#define EBTABLES_MAGIC "pktlebt"

/*
 * Turns the bytes of such a file into a blob that points into them. Returns
 * 0, or -1 for other bytes. The table is the caller's.
 */
static inline int ebtables_file_parse(const void *bytes, size_t n,
				      struct ebt_blob *ret)
{
	struct ebtables_file head;
	size_t counters;

	if (n < sizeof(head))
		return -1;
	memcpy(&head, bytes, sizeof(head));
	counters = (size_t)head.n_counters * sizeof(struct ebt_counter);
	if (memcmp(head.magic, EBTABLES_MAGIC, sizeof(head.magic)) ||
	    counters > n - sizeof(head) ||
	    head.size != n - sizeof(head) - counters)
		return -1;
	ret->valid_hooks = head.valid_hooks;
	ret->n_counters = head.n_counters;
	ret->counters = (const char *)bytes + sizeof(head);
	ret->bytes = (const char *)ret->counters + counters;
	ret->size = head.size;
	return 0;
}

#endif
