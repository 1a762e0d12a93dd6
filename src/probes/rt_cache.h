/* SPDX-License-Identifier: MIT */
/* Route lookups of the whole host: packets with impossible addresses. */
#ifndef PKTLOSS_PROBES_RT_CACHE_H
#define PKTLOSS_PROBES_RT_CACHE_H

#include "model/probe.h"

/*
 * Reads /proc/net/stat/rt_cache, which is the same in every namespace: -ENOENT
 * where this is not collectd's own.
 */
extern const struct probe rt_cache_probe;

#endif
