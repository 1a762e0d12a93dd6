/* SPDX-License-Identifier: MIT */
/* What the balance of IP misses, and no counter explains. Part of tally.c. */
#ifndef PKTLOSS_MODEL_IP_GAPS_H
#define PKTLOSS_MODEL_IP_GAPS_H

#include "model/ip_shares.h"

/* What the rows of a sample say of it. */
struct ip_gaps {
	bool since67;  /* OutTransmits exists, so OutRequests means what came */
	bool is_known; /* some balance is, and every firewall was read */
	uint64_t missed[N_DIRECTIONS];	/* vanished in IP, wherever */
	uint64_t counted[N_DIRECTIONS]; /* of it, by firewall rules */
	uint64_t fresh[N_DIRECTIONS];	/* of these, if counters began at 0 */
	uint64_t groups;	 /* may have come for groups, missed or not */
	struct ip_shares shares; /* counted by rules of any direction */
	uint64_t forwarded;	 /* packets that were to be forwarded */
	uint64_t refused_below;	 /* local ones that could not be sent */
	uint64_t bridged;   /* counted by FORWARD, but never packets of IP */
	int64_t refused;    /* answered with ICMP, less what counters explain */
	uint64_t udp_other; /* lost by UDP, not by a part that names why */
};

/*
 * Gives what is missed to those who have counted it: IPsec, firewall rules,
 * conntrack; *g is used up. What is left of it, if it is no jitter, becomes the
 * loss of LAYER_UNEXPLAINED, from which those who are suspected take it
 * afterwards (loss_suspect()). Sets l->refused: packets that were answered with
 * ICMP and no counter tells why. Returns 0 or -ENOMEM.
 */
int MUST_CHECK ip_gaps_tally(struct ip_gaps *g, struct losses *l);

/*
 * Of what input misses n packets may be such that nobody wanted: they stay
 * unexplained, and nobody is suspected of them. As they were counted in another
 * namespace, at another moment, what that explains by and large is explained.
 */
void ip_gaps_excuse(struct losses *l, uint64_t n);

/*
 * Whether more vanished since the read before than firewall rules have counted:
 * reason enough to look who may have taken it. Of a sample that is being read,
 * as far as it goes.
 */
bool ip_gaps_are_open(const struct sample *s);

/*
 * Whether firewall rules have counted something since the read before, be it
 * after IP was read: then IP has not missed it yet.
 */
bool ip_gaps_are_counted(const struct sample *s);

#endif
