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
 * below, and as its label the link kind ("veth"; "" for a real device), where
 * its peer or lower device is known followed by a blank and that one's name.
 * LINK_CARRIER, of real devices, has how often the carrier changed.
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
/* the lower device, or one that tells its namespace from others */
extern const struct counter link_fact_lower_index;
extern const struct counter link_fact_lower_mac;
extern const struct counter link_fact_lower_kind; /* a hash of it */
extern const struct counter link_fact_lower_up;
extern const struct counter link_fact_lower_far;  /* in another namespace: 1 */
extern const struct counter link_fact_witness;	  /* it tells that only: 1 */
extern const struct counter link_fact_member;	  /* ifindex, a row for each */
extern const struct counter link_fact_members_up; /* how many can send */
extern const struct counter link_fact_active;	  /* of a bond: ifindex */
extern const struct counter link_fact_remote;	  /* a tunnel has one: 1 */
extern const struct counter link_fact_queue;	  /* packets, of a tun */
extern const struct counter link_fact_twins;	  /* see link_twins_mark(): 1 */
extern const struct counter link_fact_soft;	  /* no hardware at all: 1 */

/* What the master of an interface is. */
enum link_master {
	LINK_OF_OTHER,
	LINK_OF_BOND,
	LINK_OF_BRIDGE,
	LINK_OF_TEAM,
};

/* The LINK_CONFIG of an interface, or NULL: nothing is known of it. Pure. */
const struct object *link_config_of(const struct sample *s, const char *place);

/* What its peer or lower device is called, or NULL: that is not known. Pure. */
const char *link_below_name(const struct sample *s,
			    const struct object *config);

/*
 * The graph of devices, each in a sample of its own namespace. Pure.
 *
 * link_find_peer() looks in s for the LINK_CONFIG of the far end of what mine,
 * a LINK_CONFIG of my, describes; NULL: it is not there, or mine no veth.
 * link_stands_on() tells whether what is below mine is in s; then *ret is its
 * LINK_CONFIG, or NULL: it may be any there that an IP packet can leave by.
 * link_is_joined_to() tells whether a wire, or one that stands on the other,
 * joins the two namespaces.
 * link_next_member() is the next interface of mine that counts, or NULL: begin
 * with a *row of 0.
 */
const struct object *link_find_peer(const struct sample *s,
				    const struct sample *my,
				    const struct object *mine);
bool link_stands_on(const struct sample *s, const struct sample *my,
		    const struct object *mine, const struct object **ret);
bool link_is_joined_to(const struct sample *a, const struct sample *b);
const struct object *link_next_member(const struct sample *s,
				      const struct object *mine, uint32_t *row);

/* How devices of several namespaces belong together. */
enum link_tie {
	LINK_TIE_WIRE,	/* as link_find_peer() finds them */
	LINK_TIE_BELOW, /* and link_stands_on(), where that is elsewhere */
};

#define N_LINK_TIES (LINK_TIE_BELOW + 1)

/* The same for both: what may be found by it has to be compared yet. */
struct link_key {
	uint64_t words[4];
};

/*
 * What a LINK_CONFIG is found by from elsewhere; and what the other one is to
 * be found by that mine belongs to. Return false: there is none. Pure.
 */
bool link_key_of(const struct sample *s, const struct object *config,
		 enum link_tie tie, struct link_key *ret);
bool link_key_sought(const struct sample *my, const struct object *mine,
		     enum link_tie tie, struct link_key *ret);

/*
 * How many packets an interface counted as not sent because what is below it
 * may have refused them, in the interval. Pure.
 */
uint64_t link_refused_below(const struct sample *s, const char *place);

/*
 * How many packets of a loss nothing explains, and nobody need miss. On receipt
 * frames of protocols that nobody here speaks are counted as dropped, too; 0
 * for a real device, whose driver may have lost them. On sending it is
 * multicast and broadcast that the device has nobody for. Pure.
 */
uint64_t link_unexplained(const struct sample *s, const struct loss *loss);

/* It is a port of a bridge, bond or the like: IP does not get its frames. */
bool link_is_port(const struct sample *s, const struct object *mine);

/*
 * Whether the bridge that an interface is a port of is told to keep some of its
 * frames from other ports: the port is isolated, or one of them is not to be
 * flooded. It asks for each port of it in out. Returns 0 or what netlink_ask()
 * does.
 */
int MUST_CHECK link_is_kept_apart(struct netlink *nl, const struct sample *out,
				  int ifindex, bool *ret);

/*
 * How many frames for groups the bridge that an interface is a port of, if it
 * is of one, has flooded in the interval. mine is its LINK_CONFIG. Pure.
 */
uint64_t link_flooded(const struct sample *s, const struct object *mine);

/* How the losses of an interface repeat those of others. Pure. */
bool link_sends_through_members(const struct sample *s, const char *place);
bool link_sums_members(const struct sample *s, const char *place);
/*
 * An ipvlan: while it is down, what comes for its addresses falls to the
 * interface below. config is its LINK_CONFIG.
 */
bool link_falls_through(const struct sample *s, const struct object *config);
/* It is a tunnel: its packets travel in others. */
bool link_is_tunnel(const struct sample *s, const char *place);

/*
 * Whether an interface itself refuses what comes over its wire: it is down, or
 * its peer's MTU is larger. Pure.
 */
bool link_refuses(const struct sample *s, const char *place);

#endif
