/* SPDX-License-Identifier: MIT */
/* What the files of the link probe share; nobody else. */
#ifndef PKTLOSS_PROBES_LINK_LINK_PRIVATE_H
#define PKTLOSS_PROBES_LINK_LINK_PRIVATE_H

#include "kernel/netlink.h"
#include "probes/link/link.h"

/* At least as many as the probe has counters: see link_counters.c. */
#define LINK_MAX_COUNTERS 64

/* A read in progress. */
struct link_reader {
	struct probe_env *env;
	struct sample *out;
	bool fragile; /* something was too big for a bridge, or a route */
};

/* What struct probe has of them, see there. */
extern const struct explainer link_explainers[];
extern const struct reason link_reasons[];
enum limits_kind link_limits_kind(const struct sample *s,
				  const struct loss *loss);

/* The rows of link_reasons. */
enum link_reason {
	REASON_MTU,
	REASON_DOWN,
	REASON_XDP,
	REASON_BRIDGE_MTU,
	REASON_LOWER,
	REASON_NO_PORT,
	REASON_IPVLAN_DOWN,
	REASON_NO_ENTRY,
	REASON_NO_GROUP,
	REASON_READER,
	REASON_UNOPENED,
	REASON_TUNNEL_ECN,
	REASON_TUNNEL_ORDER,
	REASON_TUNNEL_CHECKSUM,
	REASON_TUNNEL_DAMAGED,
	REASON_TUNNEL_NO_ROUTE,
	REASON_TUNNEL_TOO_LARGE,
	REASON_TUNNEL_REFUSED,
	REASON_TUNNEL_QUEUE,
	REASON_TUNNEL_IPSEC,
	REASON_WIREGUARD_PEER,
	REASON_MACSEC,
	REASON_UNKNOWN_PROTOCOL,
	REASON_VIRTUAL,
};

/* Explains by what kind of virtual device it is. */
bool link_explain_kind(const struct suspect *suspect, struct cause *ret);

/*
 * A bridge whose ports differ in MTU discards what is too large for one: with
 * its firewall IP counts that, without it nobody. Then what came in and did
 * not go out is a loss of the smaller port, if it is frames of such a size.
 */
bool link_explain_bridge(const struct suspect *suspect, struct cause *ret);
void link_attribute_bridges(const struct sample *s, struct losses *l);
bool link_explain_bridged(const struct sample *s, const struct loss *loss,
			  struct cause *ret);

/*
 * A bond or a team without a member that it may send by has no carrier, and
 * up to Linux 6.11 or so nobody counts what is sent to it then. It is what IP
 * sent and no interface did.
 */
void link_attribute_masters(const struct sample *s, struct losses *l);
/* Explains it, and what such a master counts itself. */
bool link_tell_no_port(const struct sample *s, const char *place,
		       struct cause *ret);

/*
 * A tun or tap that no program has open: nobody takes what is sent by it. And a
 * tunnel with many far ends, none of which takes what is for a group. config is
 * the LINK_CONFIG, or NULL.
 */
bool link_is_unopened(const struct sample *s, const struct object *config);
bool link_has_far_ends(const struct sample *s, const struct object *config);
/*
 * How many packets of a loss may be multicast and broadcast that such a device
 * has nobody to hand to; no more than were sent. Pure.
 */
uint64_t link_for_nobody(const struct sample *s, const struct loss *loss);

/* The object before, if it is still of the same interface, or NULL. */
static inline const struct object *link_before(const struct sample *s,
					       const struct object *o)
{
	const struct object *p = object_before(s, o);

	return p && p->identity == o->identity ? p : NULL;
}

/*
 * Parses one RTM_NEWSTATS message. Sets *ret_ifindex and copies as much of
 * the counters as the kernel sent: *ret_size is the length of *ret. Returns
 * 0, or -EBADMSG for a message cut short or without IFLA_STATS_LINK_64. Pure.
 */
struct rtnl_link_stats64;
int MUST_CHECK link_parse_stats(const struct nlmsghdr *h, int *ret_ifindex,
				struct rtnl_link_stats64 *ret,
				size_t *ret_size);

/* What an interface stands on: where the packets go that it was given. */
enum link_below {
	BELOW_NOTHING, /* hardware, or what nobody knows of */
	BELOW_PEER,    /* the other end of its wire */
	BELOW_DEVICE,  /* one lower interface */
	BELOW_MEMBERS, /* its members */
	BELOW_ROUTE,   /* where the route of its outer packet leads */
};

/* A kind of link, and how its driver counts; see link_kind.c. */
struct link_kind {
	const char *name;   /* IFLA_INFO_KIND */
	uint8_t below;	    /* enum link_below */
	bool sums;	    /* counts once more what its members count */
	bool only_ip;	    /* nothing but IP packets travel in it */
	bool falls_through; /* while it is down its packets go to the lower */
	bool queue;	    /* a program takes packets from a queue of it */
	bool outer6;	    /* its outer packets are IPv6 ones, always */
	/* the same packet in two counters: which is in which */
	bool rx_errors_dropped, tx_errors_dropped, tx_dropped_errors;
	/* attributes of IFLA_INFO_DATA, 0: none */
	uint8_t link, remote, remote6;
};

/* The kind of that name, which may go on behind a blank, or NULL. Pure. */
const struct link_kind *link_kind_of(const char *name);
/* It makes one link of several: "bond" or "team". */
bool link_is_bonding(const char *kind);
/* A number for a kind, which goes on as above. Pure. */
uint64_t link_hash_kind(const char *kind);
/* The kind that a LINK_CONFIG is of, or NULL; config may be NULL. Pure. */
const struct link_kind *link_kind_in(const struct sample *s,
				     const struct object *config);

/*
 * Some drivers add the same packet to two counters of the device. Those of a
 * kind that does so get, for the counter of the two that is within the other,
 * a row that says so: one drop is one loss. Pure.
 */
extern const struct counter link_twin_rx_errors, link_twin_tx_errors;
extern const struct counter link_twin_rx_dropped, link_twin_tx_dropped;
bool link_kind_has_twins(const struct link_kind *kind);
void link_twins_mark(struct sample *s, const struct object *link,
		     const struct link_kind *kind);
/* What RTM_NEWLINK says of an interface. */
struct link_config {
	int index;
	uint32_t mtu, txqlen;
	bool up, loopback;
	bool has_peer;	    /* IFLA_LINK */
	int peer_index;	    /* in the peer's namespace */
	bool has_nsid;	    /* the peer is in another namespace: */
	int32_t nsid;	    /* its id, as seen from here */
	bool has_parent;    /* a device on a bus */
	int lower;	    /* ifindex, as far as the kernel says; 0: none */
	int active;	    /* ifindex of a bond's active port, 0: none */
	uint8_t remote[16]; /* of a tunnel */
	uint8_t n_remote;   /* bytes of it: 0, 4 or 16 */
	uint64_t mac;
	bool has_carrier; /* IFLA_CARRIER, a change of which is counted: */
	bool carrier;
	bool has_changes;
	uint32_t changes;
	bool xdp; /* a program is attached */
	/* of a port of a bridge, that hands it nothing: */
	bool isolated; /* of other such ports */
	bool no_flood; /* that is for an unknown address */
	int master;    /* ifindex, 0: none */
	char name[16];
	char kind[16];	      /* "" for a device without one */
	char master_kind[16]; /* "bridge", as far as the kernel says */
};

/* Parses one RTM_NEWLINK message. Returns 0 or -EBADMSG. Pure. */
int MUST_CHECK link_config_parse(const struct nlmsghdr *h,
				 struct link_config *ret);

/*
 * The LINK_CONFIG that an interface had in the sample before, where it is
 * before or NULL. NULL: nothing was known, or it is to be asked at each read.
 */
const struct object *link_config_before(struct sample *s,
					const struct object *before);

/*
 * Takes that configuration over for the interface appended last, unless it is
 * NULL or may have changed: then it does nothing.
 */
void link_config_carry(struct link_reader *reader, const struct object *before,
		       const struct object *config);

/*
 * Asks the kernel for the configuration of the interface whose counters are
 * objects[index]. Returns 0, also when it is gone; or as netlink_ask() does.
 */
int MUST_CHECK link_config_append(struct link_reader *reader, uint32_t index);

/* The same of one interface; nsid NULL: of this namespace. */
int MUST_CHECK link_config_read(struct netlink *nl, int ifindex,
				const int32_t *nsid, struct link_config *ret);

/*
 * Appends to the LINK_CONFIG appended last what the interface stands on, as
 * far as it can be found out. Returns 0, or the negative errno of why the
 * members of a bond are not known.
 */
int MUST_CHECK link_stack_append(struct netlink *nl,
				 const struct link_config *config,
				 struct sample *out);

/*
 * Whether a device is a Wi-Fi one, by its directory in /sys/class/net, which
 * is that of the namespace where it was mounted. No netlink message says it;
 * the wireless ioctls fail for the newest devices and make the kernel log.
 */
bool link_is_wireless_device(const char *devices, const char *place);

/*
 * The counters of the interface that a LINK_CONFIG is of, or NULL. hint as in
 * sample_find(): both stand in one order. Pure.
 */
const struct object *link_of_config(const struct sample *s,
				    const struct object *config,
				    uint32_t *hint);
/* Whether it counts once more what the devices below it count. Pure. */
bool link_sums(const struct sample *s, const struct object *config);

/*
 * What an interface is; false, and carrier true, where nothing is known of
 * it. Pure.
 *
 * A bond or a team counts once more what its members count.
 */
bool link_is_master(const struct sample *s, const char *place);
/* A Wi-Fi device. Known in collectd's own namespace only. */
bool link_is_wireless(const struct sample *s, const char *place);
/* Made by the kernel: no cable, no ring. False where nothing is known. */
bool link_is_virtual(const struct sample *s, const char *place);
/* A device that is neither virtual nor the loopback. */
bool link_is_real(const struct sample *s, const char *place);
/* It is up, and has a carrier. */
bool link_has_carrier(const struct sample *s, const char *place);

extern const struct counter_table link_table;	 /* link_counters.c */
extern const struct counter_table link_others[]; /* see struct probe */

#endif
