/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own word for each packet that it dropped: how many, by
 * namespace, reason, place in its code and device, since it was first asked.
 * The sums only grow, as long as their namespace is looked at.
 */
#ifndef PKTLOSS_KERNEL_DROPS_H
#define PKTLOSS_KERNEL_DROPS_H

#include <stdbool.h>

#include "kernel/drop_source.h"

/* Packets dropped in one namespace that have one reason and place. */
struct drop {
	uint64_t location;
	uint32_t reason;
	uint32_t ifindex;  /* of the device, 0: it had none */
	uint32_t for_many; /* 1: sent to a group, or to all */
	uint64_t packets;
	uint64_t grown_ns; /* when it last did, CLOCK_MONOTONIC */
};

/*
 * As many are told apart in a namespace. Where there are more, those that have
 * not grown for five minutes are told without their device: interfaces come and
 * go. What has no room then is told by reason alone.
 */
#define DROPS_OF_NAMESPACE 2048

struct drops_ns {
	uint64_t cookie;
	uint64_t asked_ns;   /* when somebody last asked, CLOCK_MONOTONIC */
	bool asked;	     /* ever; else asked_ns is when it first dropped */
	uint64_t untold;     /* packets since then */
	uint64_t thinned_ns; /* when there was last looked for room */
	struct drop *items;
	size_t n, max;
};

struct drops_symbol {
	uint64_t location;
	char name[DROPS_SYMBOL];
};

/* Zeroed, but for its source, is empty. */
struct drops {
	struct drop_source *source;
	struct {
		struct drops_ns *items;
		size_t n, max;
	} namespaces; /* sorted by cookie */
	struct {
		struct drops_symbol *items;
		size_t n, max;
	} symbols;	   /* sorted by location */
	uint64_t unknown;  /* packets of no namespace that is looked at */
	uint64_t nowhere;  /* part of unknown that may be of any namespace */
	uint64_t spilled;  /* those that there was no room for */
	uint64_t taken_ns; /* when the kernel was asked, CLOCK_MONOTONIC */
	uint64_t slow_ns;  /* the longest that there was between two times */
};

/* Errors are those of drop_source_open(). Free it with drops_close(). */
int MUST_CHECK drops_open(struct drops **ret);
/* From now on the kernel counts nothing for it any more. */
void drops_close(struct drops *d);

/*
 * Asks the kernel what was dropped since the time before, unless what is known
 * is younger than fresh_ns. Returns 0 or a negative errno.
 */
#define DROPS_FRESH_NS UINT64_C(20000000)
int MUST_CHECK drops_update(struct drops *d, uint64_t now_ns,
			    uint64_t fresh_ns);

/*
 * What was dropped in the namespace with that cookie, sorted by reason, then
 * place; NULL: nothing. Valid until the next update. Who has not asked for
 * an hour, or longest where there are too many, has those since counted as
 * unknown, and begins at 0 again.
 */
const struct drops_ns *drops_find(struct drops *d, uint64_t cookie,
				  uint64_t now_ns);

/* Packets of no namespace that anybody asks for; they only grow. */
uint64_t drops_unknown(const struct drops *d);
/* Those of them that may be of any namespace; they only grow, too. */
uint64_t drops_nowhere(const struct drops *d);

/* "NETFILTER_DROP": what this kernel calls a reason. */
const char *drops_reason(const struct drops *d, uint32_t reason);
/* "nft_do_chain": the function that a location is in, or "". */
const char *drops_symbol(struct drops *d, uint64_t location);

/*
 * Of drops_update(), for tests: adds packets that were taken at d->taken_ns; no
 * memory: unknown ones.
 */
void drops_add(struct drops *d, const struct drop_count *count);
/* Likewise: forgets who has not asked for so long. */
void drops_expire(struct drops *d, uint64_t now_ns);

#endif
