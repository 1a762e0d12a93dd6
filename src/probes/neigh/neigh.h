/* SPDX-License-Identifier: MIT */
/* The tables of neighbours of the whole host: ARP and neighbour discovery. */
#ifndef PKTLOSS_PROBES_NEIGH_NEIGH_H
#define PKTLOSS_PROBES_NEIGH_NEIGH_H

#include "model/probe.h"

/*
 * Reads /proc/net/stat/{arp,ndisc}_cache, an object each. The kernel shows
 * them in its first namespace only: -ENOENT elsewhere, and where this is not
 * collectd's own.
 */
extern const struct probe neigh_probe;

/* Whether an object of that name is the table of IPv6. */
bool neigh_is_v6(const char *name);

#endif
