/* SPDX-License-Identifier: MIT */
/* Connections of IPVS whose real server is gone. Part of ipvs.c. */
#ifndef PKTLOSS_PROBES_FIREWALL_IPVS_H
#define PKTLOSS_PROBES_FIREWALL_IPVS_H

#include "base/token.h"

struct ipvs_orphans {
	uint64_t n;
	char server[56]; /* that of the first: "10.9.2.2:53", "[fd00::2]:53" */
};

/*
 * Connections to servers that no service has, from the texts of /proc/net/ip_vs
 * and ip_vs_conn (net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_conn.c). Lines that
 * are none are left out. Returns 0 or -ENOMEM. Pure.
 */
int MUST_CHECK ipvs_find_orphans(struct token servers, struct token connections,
				 struct ipvs_orphans *ret);

#endif
