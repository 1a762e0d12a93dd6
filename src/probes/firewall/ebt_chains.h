/* SPDX-License-Identifier: MIT */
/*
 * The parser of legacy ebtables' tables, apart from the reader so that tests
 * and the fuzzer can feed it.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_EBT_CHAINS_H
#define PKTLOSS_PROBES_FIREWALL_EBT_CHAINS_H

#include "base/deadline.h"
#include "model/sample.h"

/* Tables beyond this are refused. */
#define EBT_MAX_SIZE (64u << 20)

/* One table as EBT_SO_GET_INFO and EBT_SO_GET_ENTRIES describe it. */
struct ebt_blob {
	const char *table; /* "filter" */
	bool is_legacy;	   /* nf_tables has a table of that name, too */
	uint32_t valid_hooks;
	uint32_t n_counters;  /* as many as there are rules */
	const void *counters; /* struct ebt_counter, at any alignment */
	const void *bytes;    /* the entries, at any alignment */
	size_t size;	      /* of bytes */
	void *scratch;	      /* n_scratch bytes, aligned to 8 */
	size_t n_scratch;
	struct deadline *deadline; /* or NULL */
};

/*
 * Appends an object for each chain with rules that drop, and for each of these
 * rules (the first max_rules of a chain), as xt_parse() does. A policy that
 * drops has no counter. Chains that no frame can reach are left out, and so is
 * BROUTING, whose DROP means to route a frame.
 *
 * Returns 0 (look at out->error too), -EBADMSG for bytes that are no such
 * table, -E2BIG past EBT_MAX_SIZE, -ETIME, or -ENOMEM. Pure; fit for hostile
 * bytes; time grows with the size of the table only. Kernel:
 * include/uapi/linux/netfilter_bridge/ebtables.h.
 */
int MUST_CHECK ebt_parse(const struct ebt_blob *blob, unsigned max_rules,
			 struct sample *out);

#endif
