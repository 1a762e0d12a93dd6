/* SPDX-License-Identifier: MIT */
/*
 * The parser of x_tables (legacy iptables, ip6tables) tables, apart from the
 * reader so that tests and the fuzzer can feed it.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_XT_CHAINS_H
#define PKTLOSS_PROBES_FIREWALL_XT_CHAINS_H

#include <linux/netfilter.h>

#include "base/deadline.h"
#include "base/token.h"
#include "model/sample.h"

/* Tables beyond this are refused. 10 000 rules take 3 MB. */
#define XT_MAX_SIZE (64u << 20)

/* One table as IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES describe it. */
struct xt_blob {
	enum family family; /* FAMILY_IP, _IP6 or _ARP */
	const char *table;  /* "filter" */
	bool is_legacy;	    /* nf_tables has a table of that name, too */
	uint32_t valid_hooks;
	uint32_t hook_entry[NF_INET_NUMHOOKS];
	uint32_t underflow[NF_INET_NUMHOOKS];
	struct token queues; /* text of nfnetlink_queue: who listens */
	const void *bytes;   /* the entries, at any alignment */
	size_t size;	     /* of bytes */
	void *scratch;	     /* n_scratch bytes for the parser, aligned to 8 */
	size_t n_scratch;
	struct deadline *deadline; /* or NULL */
};

/*
 * Appends an object for each chain that drops, and one for each of its
 * dropping rules (the first max_rules of a chain, and its policy). Chains that
 * no packet can reach are left out. Counts are skbs: a GSO bundle is one. They
 * go on from those of the read before, for which out remembers them.
 *
 * Returns 0 (look at out->error too), -EBADMSG for bytes that are no such
 * table, -E2BIG past XT_MAX_SIZE, -ETIME, or -ENOMEM. Pure; fit for hostile
 * bytes; time grows with the size of the table only.
 * Kernel: include/uapi/linux/netfilter/x_tables.h, ip_tables.h.
 */
int MUST_CHECK xt_parse(const struct xt_blob *blob, unsigned max_rules,
			struct sample *out);

#endif
