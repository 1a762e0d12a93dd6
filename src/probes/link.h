/* SPDX-License-Identifier: MIT */
/* Interfaces: struct rtnl_link_stats64 and the configuration around it. */
#ifndef PKTLOSS_PROBES_LINK_H
#define PKTLOSS_PROBES_LINK_H

#include "../pktloss.h"

extern const struct probe link_probe;

/*
 * The configuration of an interface stands in an object of its own, of
 * LAYER_LINK, with the interface as its place and this name. Its label is the
 * link kind ("veth"), for a veth followed by a blank and its peer's name.
 */
#define LINK_CONFIG "config"

extern const struct counter link_fact_index;	  /* ifindex */
extern const struct counter link_fact_mtu;	  /* bytes */
extern const struct counter link_fact_up;	  /* IFF_UP: 0 or 1 */
extern const struct counter link_fact_mac;	  /* address, big-endian */
extern const struct counter link_fact_peer_index; /* veth only, as below */
extern const struct counter link_fact_peer_mtu;
extern const struct counter link_fact_peer_up;
extern const struct counter link_fact_peer_mac;

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
	char name[16];
	char kind[16]; /* "" for a device without one */
};

/* Parses one RTM_NEWLINK message. Returns 0 or -EBADMSG. Pure. */
int MUST_CHECK link_parse_config(const struct nlmsghdr *h,
				 struct link_config *ret);

#endif
