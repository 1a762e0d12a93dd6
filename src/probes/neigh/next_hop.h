/* SPDX-License-Identifier: MIT */
/*
 * Next hops of a namespace that do not answer ARP or neighbour discovery. The
 * kernel counts for the host that there are such; which namespace's packets are
 * lost by it, only its own table of neighbours tells.
 */
#ifndef PKTLOSS_PROBES_NEIGH_NEXT_HOP_H
#define PKTLOSS_PROBES_NEIGH_NEXT_HOP_H

#include "model/probe.h"

/*
 * Reads RTM_GETNEIGH, where packets were refused and no counter of the same
 * read tells why, senders were told that some could not be sent, or the host
 * dropped some that waited for a next hop: an object for each that does not
 * answer, with the interface as its place and the address as its name.
 */
extern const struct probe next_hop_probe;

/* Rows of such an object: 1 if it was given up, and how long ago. */
extern const struct counter_table next_hop_facts[]; /* all, see struct probe */
extern const struct counter next_hop_fact_failed, next_hop_fact_age;
/* Its interface has none: 1, else no row. */
extern const struct counter next_hop_fact_no_carrier;

struct nlmsghdr;

/* One that does not answer. */
struct next_hop {
	int ifindex;
	char address[46];
	bool failed;	 /* given up; otherwise it is still being asked */
	uint64_t age_ms; /* since then, or since it was asked */
};

/*
 * Takes a message of the dump apart. Returns 0, -ENOENT for one that answers,
 * or whose address is none of IP, or -EBADMSG. Pure.
 */
int MUST_CHECK next_hop_parse(const struct nlmsghdr *h, struct next_hop *ret);

/*
 * Whether a next hop of this namespace did not answer in the interval. Behind
 * sample_compare(), as all that follows.
 */
bool next_hop_is_dead(const struct sample *s);

/* The same of IPv4 or IPv6 alone. */
bool next_hop_is_dead_of(const struct sample *s, bool v6);

/* How many have yet to answer: packets for them wait. */
unsigned next_hop_asked(const struct sample *s);

/*
 * Packets refused with ICMP that neither a counter nor a firewall rule
 * explains: they waited for a next hop, if one is dead.
 */
uint64_t next_hop_refused(const struct sample *s, const struct losses *l);

/* "10.9.0.77 on a0 does not answer ARP", of the first that is dead, or "". */
void next_hop_describe(const struct sample *s, char *buffer, size_t size);

#endif
