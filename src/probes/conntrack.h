/* SPDX-License-Identifier: MIT */
/* Connection tracking: how full its table is and what it dropped. */
#ifndef PKTLOSS_PROBES_CONNTRACK_H
#define PKTLOSS_PROBES_CONNTRACK_H

#include "cpustat.h"

extern const struct probe conntrack_probe;

/* The first so many counters are columns of /proc/net/stat/nf_conntrack. */
#define N_CONNTRACK_STATS 6

/*
 * Adds one message of IPCTNL_MSG_CT_GET_STATS_CPU, which is of one CPU, to
 * *stats, modulo 2^32; by index of the counters. Returns 0 or -EBADMSG. Pure.
 */
struct nlmsghdr;
int MUST_CHECK conntrack_parse_message(const struct nlmsghdr *h,
				       struct cpustat *stats);

#endif
