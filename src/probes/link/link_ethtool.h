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
#ifndef PKTLOSS_PROBES_LINK_LINK_ETHTOOL_H
#define PKTLOSS_PROBES_LINK_LINK_ETHTOOL_H

#include "model/probe.h"

struct link_ethtool;

/* The state of the probe, a struct link_ethtool: see struct probe. */
int MUST_CHECK link_ethtool_init(const struct probe_env *env, void **ret);
void link_ethtool_free(void *state);

/*
 * The probe's memory, see sample_memory.h: one of these for each interface
 * whose driver has been asked, in their order.
 */
struct link_ethtool_note {
	uint64_t ifindex;
	uint64_t layout; /* of link_ethtool_learn() */
};

/*
 * To be called before anything is asked: gives back what asking a driver has
 * taken from the thread, where that could not be done at once. Returns 0 or
 * negative errno.
 */
int MUST_CHECK link_ethtool_begin(struct probe_env *env);

/*
 * Appends to the object appended last, which is the interface of that name,
 * one row for each counter of the probe that the driver counts, its queues
 * summed up. before is that object in out->then, or NULL; xdp tells that a
 * program is attached. Without env->state, and for what has no such numbers,
 * appends nothing. Numbers whose names changed under way are left out of this
 * read, as are those of a driver with more than LINK_ETHTOOL_MAX, which
 * sample_missed() is told. Returns 0, or the negative errno of why they are not
 * known.
 */
int MUST_CHECK link_ethtool_append(struct probe_env *env, const char *name,
				   const struct object *before, bool xdp,
				   struct sample *out);

#define LINK_ETHTOOL_NAME 32 /* bytes of a name, maybe without a final NUL */
/*
 * Numbers of an interface; of one that has more none is read. A veth has 10 for
 * each of its queues, of which there can be 4096.
 */
#define LINK_ETHTOOL_MAX 65536

/*
 * The parts behind it, pure. Learns a driver's list of n names,
 * LINK_ETHTOOL_NAME bytes each. Returns what stands for it in
 * link_ethtool_sum(), or 0 when none of the names means a loss, n is over
 * LINK_ETHTOOL_MAX, or there is no memory.
 */
uint64_t link_ethtool_learn(struct link_ethtool *e, const char *driver,
			    const char *names, uint32_t n);

/*
 * Appends the rows for n numbers to the object appended last. Returns 0, or
 * -ESTALE when they do not belong to layout: forgotten, or another number.
 */
int MUST_CHECK link_ethtool_sum(struct link_ethtool *e, uint64_t layout,
				const uint64_t *values, uint32_t n,
				struct sample *out);

/* Whether a name fits a pattern, in which '#' stands for a number. */
bool link_ethtool_matches(const char *pattern, const char *name, size_t size);

#endif
