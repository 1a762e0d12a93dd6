/* SPDX-License-Identifier: MIT */
/* Quiet network namespaces of one's own, to read again and again. */
#ifndef PKTLOSS_BENCH_STAGE_H
#define PKTLOSS_BENCH_STAGE_H

#include "base/util.h"
#include "engine/engine.h"
#include "model/settings.h"
#include "report/reporter.h"

/* A ProcRoot that shows the namespaces of the stage and no others. */
#define STAGE_ROOT "/run"
#define STAGE_NAMES STAGE_ROOT "/1/root/run/netns"

/*
 * Moves the calling thread into a network and a mount namespace of its own,
 * where /run is empty: whatever is put on the stage ends with the process.
 * Returns 0 or negative errno, -EPERM without root.
 */
int MUST_CHECK stage_open(void);

/*
 * Makes network namespaces until there are n, named n0, n1, ...: each has lo
 * and one end of a veth, both up. The other end is in its neighbour.
 * Returns 0 or negative errno.
 */
int MUST_CHECK stage_grow(unsigned n);

/* Makes veths in the caller's namespace, both ends up. As stage_grow(). */
int MUST_CHECK stage_veths(unsigned first, unsigned n);

/* Default settings that see the stage alone. Returns 0 or -ENOMEM. */
int MUST_CHECK stage_settings(struct settings *ret);

/* What a report is for that nobody reads; what it logs goes to stderr. */
struct sink stage_sink(void);

/* Reports what the engine has read. As reporter_report(). */
int MUST_CHECK stage_report(struct engine *e, struct reporter *r,
			    const struct sink *sink);

#endif
