/* SPDX-License-Identifier: MIT */
/* IPsec: what policies and states refused, and what failed in them. */
#ifndef PKTLOSS_PROBES_XFRM_H
#define PKTLOSS_PROBES_XFRM_H

#include "model/probe.h"

/* Reads /proc/net/xfrm_stat, which is of one namespace. */
extern const struct probe xfrm_probe;

/*
 * Parses n bytes of xfrm_stat, lines "name number", and appends what is wanted
 * to the object appended last, in the kernel's order. Returns 0, or -EBADMSG
 * for what is no such list, empty or cut short; some rows are there then. Of
 * env it looks at counters alone. Pure.
 */
int MUST_CHECK xfrm_parse(const struct probe_env *env, const char *text,
			  size_t n, struct sample *out);

#endif
