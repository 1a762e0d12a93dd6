/* SPDX-License-Identifier: MIT */
/* Interfaces: struct rtnl_link_stats64 and the configuration around it. */
#ifndef PKTLOSS_PROBES_LINK_LINK_H
#define PKTLOSS_PROBES_LINK_LINK_H

#include "model/probe.h"

extern const struct probe link_probe;

/*
 * An interface has up to three objects of LAYER_LINK, all with its name as
 * their place and its ifindex as their identity. One without a name has its
 * counters; main tells that it is a real device. LINK_CONFIG has the facts
 * below, and as its label the link kind ("veth"; "" for a real device), for a
 * veth followed by a blank and its peer's name. LINK_CARRIER, of real devices,
 * has how often the carrier changed.
 */
#define LINK_CONFIG "config"
#define LINK_CARRIER "carrier"

extern const struct counter link_fact_mtu;	/* bytes */
extern const struct counter link_fact_up;	/* IFF_UP: 0 or 1 */
extern const struct counter link_fact_mac;	/* address, big-endian */
extern const struct counter link_fact_carrier;	/* 0 or 1 */
extern const struct counter link_fact_wireless; /* 1, or no row */
extern const struct counter link_fact_xdp;	/* a program is attached: 1 */
extern const struct counter link_fact_master;	/* ifindex, or no row */
extern const struct counter link_fact_port_of;	/* enum link_master, likewise */
extern const struct counter link_fact_peer_index; /* veth only, as below */
extern const struct counter link_fact_peer_mtu;
extern const struct counter link_fact_peer_up;
extern const struct counter link_fact_peer_mac;

/* What the master of an interface is. */
enum link_master {
	LINK_OF_OTHER,
	LINK_OF_BOND,
	LINK_OF_BRIDGE,
	LINK_OF_TEAM,
};

/* The LINK_CONFIG of an interface, or NULL: nothing is known of it. Pure. */
const struct object *link_config_of(const struct sample *s, const char *place);

/*
 * Wires: the two ends of a veth, each in a sample of its own namespace. Pure.
 *
 * link_find_peer() looks in s for the LINK_CONFIG of the far end of what mine,
 * a LINK_CONFIG of my, describes; NULL: it is not there, or mine no veth.
 * link_is_wired_to() tells whether any veth joins the two namespaces.
 */
const struct object *link_find_peer(const struct sample *s,
				    const struct sample *my,
				    const struct object *mine);
bool link_is_wired_to(const struct sample *a, const struct sample *b);

/*
 * Whether an interface itself refuses what comes over its wire: it is down, or
 * its peer's MTU is larger. Pure.
 */
bool link_refuses(const struct sample *s, const char *place);

#endif
