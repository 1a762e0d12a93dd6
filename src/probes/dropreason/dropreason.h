/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own word for each packet that it dropped. Most of them another
 * counter has as well, and what has none is nobody's loss by itself: so it is
 * evidence, and no loss of its own.
 */
#ifndef PKTLOSS_PROBES_DROPREASON_DROPREASON_H
#define PKTLOSS_PROBES_DROPREASON_DROPREASON_H

#include "model/probe.h"

extern const struct probe dropreason_probe;

/*
 * What the kernel calls NOT_SPECIFIED is told apart by the function that it
 * was dropped in, as "NOT_SPECIFIED.ip_error". Names are cut where they are
 * longer than any that the kernel has.
 */
#define DROPREASON_NAME 96

struct drops;
struct drop;
void dropreason_name(struct drops *d, const struct drop *drop,
		     char ret[DROPREASON_NAME]);

/*
 * Whether packets are dropped for that reason where nothing is lost: sockets
 * that are closed, segments that came twice, broadcasts for others. for_many:
 * they were sent to a group, or to all. Pure.
 */
bool dropreason_is_healthy(const char *name, bool for_many);

/* Who misses packets that were dropped for a reason. */
enum drop_class {
	CLASS_HEALTHY,	  /* nobody, or they were for nobody here */
	CLASS_NETFILTER,  /* IP, where no rule has counted them */
	CLASS_NEIGH,	  /* nobody: they waited for a next hop */
	CLASS_NEIGH_FULL, /* the host's table, for no namespace by itself */
	CLASS_COUNTED,	  /* a counter has them, or IP does not miss them */
	CLASS_HIDDEN,	  /* IP: whatever else it is, and is not known */
	N_DROP_CLASSES,
};

struct known_drop {
	const char *name;  /* one that ends in '*': all that begin so */
	uint8_t class;	   /* enum drop_class */
	bool for_many;	   /* only of what was sent to a group, or to all */
	const char *means; /* a clause, for docs/COUNTERS.md */
};

/* The reasons of which something is known; NULL behind the last. */
const struct known_drop *dropreason_known(size_t i);

/* Whether the kernel told why it dropped packets in the interval. As below. */
bool dropreason_tells(const struct sample *s);

/*
 * How many packets of the interval met a next hop that does not resolve, and
 * how many the full queue for one, by the kernel's own word. False: it was not
 * asked. Behind sample_compare(), pure.
 */
struct dropreason_neigh {
	uint64_t failed, full;
};
bool dropreason_neigh(const struct sample *s, struct dropreason_neigh *ret);

#endif
