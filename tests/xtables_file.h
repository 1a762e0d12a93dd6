/* SPDX-License-Identifier: MIT */
/*
 * A recorded x_tables table: <family>.<table>.xt below tests/fixtures, as
 * tests/record.c writes it and tests read it, in the byte order of x86.
 */
#ifndef XTABLES_FILE_H
#define XTABLES_FILE_H

#include <stdint.h>
#include <string.h>
#include <linux/netfilter_arp.h>

#include "probes/firewall/xt_chains.h"

struct xtables_file {
	char magic[8];
	uint32_t valid_hooks;
	uint32_t hook_entry[NF_INET_NUMHOOKS];
	uint32_t underflow[NF_INET_NUMHOOKS];
	uint32_t size; /* of the entries that follow */
};

#define XTABLES_MAGIC "pktloss"

/* arptables has hooks 0, 1 and 2: in the file they are those of iptables. */
static inline unsigned xtables_hook_of_arp(unsigned i)
{
	static const unsigned hooks[NF_ARP_NUMHOOKS] = {
		NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_FORWARD};

	return hooks[i];
}

/*
 * Turns the bytes of such a file into a blob that points into them. Returns
 * 0, or -1 for other bytes. family and table are the caller's.
 */
static inline int xtables_file_parse(const void *bytes, size_t n,
				     struct xt_blob *ret)
{
	struct xtables_file head;

	if (n < sizeof(head))
		return -1;
	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.magic, XTABLES_MAGIC, sizeof(head.magic)) ||
	    head.size != n - sizeof(head))
		return -1;
	ret->valid_hooks = head.valid_hooks;
	memcpy(ret->hook_entry, head.hook_entry, sizeof(head.hook_entry));
	memcpy(ret->underflow, head.underflow, sizeof(head.underflow));
	ret->bytes = (const char *)bytes + sizeof(head);
	ret->size = head.size;
	return 0;
}

#endif
