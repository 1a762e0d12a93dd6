/* SPDX-License-Identifier: MIT */
/* IPsec: what policies and states refused, and what failed in them. */
#ifndef PKTLOSS_PROBES_XFRM_H
#define PKTLOSS_PROBES_XFRM_H

#include "model/probe.h"

#define N_XFRM_COUNTERS 30

/* Reads /proc/net/xfrm_stat, which is of one namespace. */
extern const struct probe xfrm_probe;

/* Values by index of the counters; what is not found stays absent. */
struct xfrm_values {
	uint64_t value[N_XFRM_COUNTERS];
	bool found[N_XFRM_COUNTERS];
};

/*
 * Parses n bytes of xfrm_stat, lines "name number". Returns 0, or -EBADMSG for
 * what is no such list, empty or cut short. Pure.
 */
int MUST_CHECK xfrm_parse(const char *text, size_t n, struct xfrm_values *ret);

#endif
