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
enum limits_kind link_limits_kind(const struct sample *s,
				  const struct loss *loss);

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

/*
 * Whether a device is a Wi-Fi one, by its directory in /sys/class/net, which
 * is that of the namespace where it was mounted. No netlink message says it;
 * the wireless ioctls fail for the newest devices and make the kernel log.
 */
bool link_is_wireless_device(const char *devices, const char *place);

/*
 * What an interface is; false, and carrier true, where nothing is known of
 * it. Pure.
 *
 * A bond or a team counts once more what its members count.
 */
bool link_is_master(const struct sample *s, const char *place);
/* A Wi-Fi device. Known in collectd's own namespace only. */
bool link_is_wireless(const struct sample *s, const char *place);
/* A device that is neither virtual nor the loopback. */
bool link_is_real(const struct sample *s, const char *place);
/* It is up, and has a carrier. */
bool link_has_carrier(const struct sample *s, const char *place);

extern const struct counter_table link_table; /* link_counters.c */

#endif
