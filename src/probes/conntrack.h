/* SPDX-License-Identifier: MIT */
/* Connection tracking: how full its table is and what it dropped. */
#ifndef PKTLOSS_PROBES_CONNTRACK_H
#define PKTLOSS_PROBES_CONNTRACK_H

#include "probes/percpu.h"

extern const struct probe conntrack_probe;

/*
 * Adds one message of IPCTNL_MSG_CT_GET_STATS_CPU, which is of one CPU, to
 * *stats, modulo 2^32; by index of the counters. Returns 0 or -EBADMSG. Pure.
 */
struct nlmsghdr;
int MUST_CHECK conntrack_parse_message(const struct nlmsghdr *h,
				       struct percpu *stats);

struct conntrack_levels {
	uint64_t count; /* entries of this namespace */
	uint64_t max;	/* 0: no limit */
};

/*
 * Parses the answer to IPCTNL_MSG_CT_GET_STATS. Returns 0, -EBADMSG, or
 * -EOPNOTSUPP when it does not tell the limit (before Linux 4.18). Pure.
 */
int MUST_CHECK conntrack_parse_levels(const struct nlmsghdr *h,
				      struct conntrack_levels *ret);

#endif
