/* SPDX-License-Identifier: MIT */
/*
 * One rule of a table of ebtables: where its parts are, what it does, and what
 * it matches. Every offset from the kernel is checked here, so that the walk
 * over chains needs not look at bytes. Pure.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_EBT_ENTRY_H
#define PKTLOSS_PROBES_FIREWALL_EBT_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <net/if.h> /* before the kernel's, or they clash */
#include <linux/netfilter_bridge/ebtables.h>

#include "base/util.h"
#include "probes/firewall/rule.h"

/* The entries of a table, at any alignment. */
struct ebt_bytes {
	const unsigned char *bytes;
	uint32_t size;
};

/* A rule whose bounds are checked. All are offsets into the table. */
struct ebt_rule {
	uint32_t at;
	uint32_t watchers; /* end of its matches */
	uint32_t target;
	uint32_t next;
	bool is_standard;
	int32_t verdict; /* EBT_DROP, or a jump; is_standard */
};

/* A number of the kernel's at an offset that is known to be good. */
uint32_t ebt_u32(const struct ebt_bytes *t, uint32_t at);

/*
 * Reads the rule that begins at an offset, not above the size. Returns 0 or
 * -EBADMSG.
 */
int MUST_CHECK ebt_read_rule(const struct ebt_bytes *t, uint32_t at,
			     struct ebt_rule *ret);

/* Whether a rule matches every frame. */
bool ebt_matches_all(const struct ebt_bytes *t, const struct ebt_rule *r);

/*
 * Hash of what a rule matches, but its rate, which is taken over. Returns 0 or
 * -EBADMSG.
 */
int MUST_CHECK ebt_read_matches(const struct ebt_bytes *t,
				const struct ebt_rule *r,
				struct firewall_pass *ret);

#endif
