/* SPDX-License-Identifier: MIT */
/*
 * What a driver counts beside the kernel's own counters: `ethtool -S`. Which
 * of its numbers stand for a loss is learnt once for a driver and its list of
 * names, and kept; a steady read then costs one ioctl for an interface whose
 * driver has such numbers, and none for the others.
 *
 * That ioctl costs three times what the kernel's own counters do, and there
 * may be thousands of veths, whose numbers are those of XDP. They are asked at
 * each read once XDP is known to be at work there, before that once a minute.
 */
#ifndef PKTLOSS_PROBES_LINK_ETHTOOL_H
#define PKTLOSS_PROBES_LINK_ETHTOOL_H

#include "model/probe.h"

struct ethtool_cache;

/* Returns NULL when out of memory. Free with ethtool_free(); NULL is fine. */
struct ethtool_cache *ethtool_new(void);
void ethtool_free(struct ethtool_cache *cache);

/* A row of the interface's object: which layout it has, 0 for none. */
extern const struct counter link_fact_ethtool;

/*
 * Appends to the object appended last, which is the interface of that name:
 * one row for each of link_counters that the driver counts, its queues summed
 * up, and link_fact_ethtool. before is that object in out->then, or NULL; xdp
 * tells that a program is attached. Without env->state, and for what the
 * driver will not tell, appends nothing. Numbers whose names changed under way
 * are left out of this read.
 */
void ethtool_append(struct probe_env *env, const char *name,
		    const struct object *before, bool xdp, struct sample *out);

#define ETHTOOL_NAME 32	 /* bytes of a name, with or without a final NUL */
#define ETHTOOL_MAX 4096 /* numbers of an interface; more are not read */

/*
 * The parts behind it, pure. Learns a driver's list of n names, ETHTOOL_NAME
 * bytes each. Returns what stands for it in ethtool_sum(), or 0 when none of
 * the names means a loss, n is over ETHTOOL_MAX, or there is no memory.
 */
uint64_t ethtool_learn(struct ethtool_cache *cache, const char *driver,
		       const char *names, uint32_t n);

/*
 * Appends the rows for n numbers to the object appended last. Returns 0, or
 * -ESTALE when they do not belong to id: forgotten, or another number of them.
 */
int MUST_CHECK ethtool_sum(struct ethtool_cache *cache, uint64_t id,
			   const uint64_t *values, uint32_t n,
			   struct sample *out);

/* Whether a name fits a pattern, in which '#' stands for a number. */
bool ethtool_matches(const char *pattern, const char *name, size_t size);

#endif
