/* SPDX-License-Identifier: MIT */
/*
 * What IP counts among errors and nothing is lost by: packets that are meant to
 * die here (traceroute, mtr), and those of a protocol that is switched off, or
 * not spoken; or most likely nothing: packets for others that come to a host
 * which is no router. The kernel has no counters of them, so they are computed,
 * and stand in rows of KIND_BENIGN, or KIND_UNCLAIMED, that excuse them in the
 * kernel's (.in).
 */
#ifndef PKTLOSS_PROBES_SNMP_IP_EXCUSES_H
#define PKTLOSS_PROBES_SNMP_IP_EXCUSES_H

#include "probes/snmp/snmp_private.h"

struct nlmsghdr;

/*
 * Appends a computed row that is no gap to the object appended last, which has
 * the counters of IP of the same read. It only grows.
 */
void ip_excuse_append(const struct probe_env *env,
		      const struct snmp_columns *columns,
		      const struct snmp_values *values,
		      const struct counter *excuse, struct sample *out);

/*
 * Adds to the number at arg what an interface discarded, if it speaks IPv6: of
 * a message of a dump of RTM_GETLINK, AF_INET6. Returns 0 or -EBADMSG.
 */
int ip_excuse_parse(const struct nlmsghdr *h, void *arg);

/*
 * Sets the bool at arg where a message of a dump of RTM_GETADDR, AF_INET6, has
 * an address that is of more than a link. Returns 0 or -EBADMSG.
 */
int ip_excuse_parse_address(const struct nlmsghdr *h, void *arg);

/*
 * Whether so many packets whose TTL ended, of so many that were forwarded, went
 * round in circles: each of them was forwarded tens of times, and out where it
 * had come in. Looks at the interfaces of s, and at those of the sample before.
 */
bool ip_excuse_is_loop(const struct sample *s, uint64_t expired,
		       uint64_t forwarded);

/* A network that an interface has an address in, IPv4. */
struct ip_network {
	uint32_t address, index;
	uint8_t prefix;
};

struct ip_networks {
	struct ip_network items[64]; /* of further ones nothing is said */
	size_t n;
};

/*
 * Adds the network of an address to those at arg, struct ip_networks: of a
 * message of a dump of RTM_GETADDR, AF_INET. Returns 0 or -EBADMSG.
 */
int ip_twins_parse(const struct nlmsghdr *h, void *arg);

/*
 * How many copies of a broadcast come to the namespace that env is in, at most,
 * besides the one that it takes: 0 unless two interfaces are in one network.
 */
uint64_t ip_twins_ask(const struct probe_env *env);

#endif
