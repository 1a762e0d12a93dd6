/* SPDX-License-Identifier: MIT */
/* Connection tracking: how full its table is and what it dropped. */
#ifndef PKTLOSS_PROBES_CONNTRACK_H
#define PKTLOSS_PROBES_CONNTRACK_H

#include "../pktloss.h"

extern const struct probe conntrack_probe;

#define N_CONNTRACK_STATS 6

/* Sums over the CPUs, modulo 2^32; by index of the counters. */
struct conntrack_stats {
	uint32_t value[N_CONNTRACK_STATS];
	bool found[N_CONNTRACK_STATS];
};

/*
 * Parses n bytes of /proc/net/stat/nf_conntrack: a line of names, then a line
 * of hexadecimal numbers for each possible CPU. Returns 0 or -EBADMSG. Pure.
 */
int MUST_CHECK conntrack_parse(const char *text, size_t n,
			       struct conntrack_stats *ret);

/*
 * Adds one message of IPCTNL_MSG_CT_GET_STATS_CPU, which is of one CPU, to
 * *stats. Returns 0 or -EBADMSG. Pure.
 */
struct nlmsghdr;
int MUST_CHECK conntrack_parse_message(const struct nlmsghdr *h,
				       struct conntrack_stats *stats);

#endif
