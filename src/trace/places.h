/* SPDX-License-Identifier: MIT */
/* Namespaces by the cookies that the kernel knows them by, and their devices.
 */
#ifndef PKTLOSS_TRACE_PLACES_H
#define PKTLOSS_TRACE_PLACES_H

#include "engine/discovery.h"
#include "kernel/netlink.h"
#include "kernel/trace_source.h"

struct places {
	const struct settings *settings;
	struct discovery discovery;
	struct ns_list list;
	struct netlink netlink;
	int own; /* this process's own namespace */
	atomic_bool stop;
	size_t n_unknown; /* that could not be entered, and why */
	int error;
};

/*
 * s must outlive it. Returns 0 or a negative errno; free it with places_free(),
 * in either case.
 */
int MUST_CHECK places_init(struct places *p, const struct settings *s);
void places_free(struct places *p);

/*
 * Finds those that are wanted and were not there before, and has the source
 * look at them alone, if the settings name some. On a thread that is in its own
 * namespace, and is again unless this returns -ENOTRECOVERABLE. Returns 0 or
 * another negative errno.
 */
int MUST_CHECK places_update(struct places *p, struct trace_source *source);

/* The namespace of a cookie, or NULL. */
const struct ns *places_find(const struct places *p, uint64_t cookie);

/*
 * What the device of that number is called there; "" where that cannot be told
 * any more. Returns 0 or -ENOTRECOVERABLE, see above.
 */
int MUST_CHECK places_name_device(struct places *p, const struct ns *ns,
				  uint32_t ifindex, char ret[16]);

#endif
