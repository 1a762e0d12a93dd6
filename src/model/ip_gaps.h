/* SPDX-License-Identifier: MIT */
/*
 * What the balance of IP misses, and no counter explains. Part of loss_tally(),
 * which hands over what it has added up so far; nobody else's.
 */
#ifndef PKTLOSS_MODEL_IP_GAPS_H
#define PKTLOSS_MODEL_IP_GAPS_H

#include "model/loss.h"

/* The sums of one sample while they are made. */
struct tally {
	struct losses *losses;
	const struct sample *sample;
	size_t cursor;
	/* 1 + index of each loss of the place that is walked, 0: not known */
	uint32_t at[N_LAYERS][N_DIRECTIONS];
	const char *place;
	bool since67; /* OutTransmits exists, so OutRequests means what came */
	bool has_balance;
	uint64_t received;		/* frames, on all interfaces but lo */
	bool bridged[N_DIRECTIONS];	/* a bridge's firewall can drop */
	uint64_t gap[N_DIRECTIONS];	/* vanished in IP, wherever */
	uint64_t counted[N_DIRECTIONS]; /* of it, by firewall rules */
	int64_t refused;    /* answered with ICMP, less what counters explain */
	uint64_t udp_other; /* lost by UDP, not by a part that names why */
};

/*
 * The entry of a loss without a place, found or made. NULL: no memory. See
 * loss.c.
 */
struct loss *tally_get(struct tally *t, enum layer layer,
		       enum direction direction);

/*
 * Gives what is missed to those who have counted it: IPsec, firewall rules,
 * conntrack. What is left of it, if it is no jitter, was lost by a firewall
 * without a counter. Sets l->refused: packets that were answered with ICMP
 * and no counter tells why. Returns 0 or -ENOMEM.
 */
int MUST_CHECK ip_gaps_tally(struct tally *t);

#endif
