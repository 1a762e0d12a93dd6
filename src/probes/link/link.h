/* SPDX-License-Identifier: MIT */
/* Interfaces: struct rtnl_link_stats64 and the configuration around it. */
#ifndef PKTLOSS_PROBES_LINK_LINK_H
#define PKTLOSS_PROBES_LINK_LINK_H

#include "model/probe.h"

extern const struct probe link_probe;

extern const struct explainer link_explainers[];

/*
 * The configuration of an interface stands in an object of its own, of
 * LAYER_LINK, with the interface as its place and this name. Its label is the
 * link kind ("veth"), for a veth followed by a blank and its peer's name.
 */
#define LINK_CONFIG "config"

/* How often the carrier of a real device changed: an object of this name. */
#define LINK_CARRIER "carrier"

/* The kernel's, those of drivers ("ethtool"), and that of LINK_CARRIER. */
#define N_LINK_COUNTERS 42
extern const struct counter link_counters[N_LINK_COUNTERS];

extern const struct counter link_fact_index;	/* ifindex */
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

/*
 * What an interface is, from a sample in which link_probe looked; false, and
 * carrier true, where nothing is known of it. Pure.
 *
 * A bond or a team counts once more what its members count.
 */
bool link_is_master(const struct sample *s, const char *place);
/* A Wi-Fi device. Known in collectd's own namespace only. */
bool link_is_wireless(const struct sample *s, const char *place);
/* A device that is neither virtual nor the loopback. */
bool link_is_real(const struct sample *s, const char *place);
/* What kind of limits fits a loss of LAYER_LINK, see struct probe. */
enum limits_kind link_limits_kind(const struct sample *s,
				  const struct loss *loss);
/* It is up, and has a carrier. */
bool link_has_carrier(const struct sample *s, const char *place);

/*
 * Whether a device is a Wi-Fi one, by its directory in /sys/class/net, which
 * is that of the namespace where it was mounted. No netlink message says it;
 * the wireless ioctls fail for the newest devices and make the kernel log.
 */
bool link_is_wireless_device(const char *devices, const char *place);

/* Two ports of one bridge that differ in MTU. */
struct link_mismatch {
	const char *bridge, *larger, *smaller; /* in the sample's text */
	uint64_t larger_mtu, smaller_mtu;
};

/* Looks for such a pair. Returns whether there is one. Pure. */
bool link_find_mismatch(const struct sample *s, struct link_mismatch *ret);

/*
 * Parses one RTM_NEWSTATS message. Sets *ret_ifindex and copies as much of
 * the counters as the kernel sent: *ret_size is the length of *ret. Returns
 * 0, or -EBADMSG for a message cut short or without IFLA_STATS_LINK_64. Pure.
 */
struct rtnl_link_stats64;
struct nlmsghdr;
int MUST_CHECK link_parse_stats(const struct nlmsghdr *h, int *ret_ifindex,
				struct rtnl_link_stats64 *ret,
				size_t *ret_size);

/* What RTM_NEWLINK says of an interface. */
struct link_config {
	int index;
	uint32_t mtu;
	bool up, loopback;
	bool has_peer;	/* IFLA_LINK */
	int peer_index; /* in the peer's namespace */
	bool has_nsid;	/* the peer is in another namespace: */
	int32_t nsid;	/* its id, as seen from here */
	uint64_t mac;
	bool has_carrier; /* IFLA_CARRIER, a change of which is counted: */
	bool carrier;
	bool has_changes;
	uint32_t changes;
	bool xdp;   /* a program is attached */
	int master; /* ifindex, 0: none */
	char name[16];
	char kind[16];	      /* "" for a device without one */
	char master_kind[16]; /* "bridge", as far as the kernel says */
};

/* Parses one RTM_NEWLINK message. Returns 0 or -EBADMSG. Pure. */
int MUST_CHECK link_parse_config(const struct nlmsghdr *h,
				 struct link_config *ret);

#endif
