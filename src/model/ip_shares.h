/* SPDX-License-Identifier: MIT */
/*
 * What firewall chains lost that packets of several directions come to: a chain
 * LOGDROP that INPUT and FORWARD jump to. Its counters do not tell whose they
 * were, but the balance of IP does. Part of ip_gaps.c.
 */
#ifndef PKTLOSS_MODEL_IP_SHARES_H
#define PKTLOSS_MODEL_IP_SHARES_H

#include "model/loss.h"

struct ip_gaps;

/* Sets of 1 << DIR_RX, DIR_TX, DIR_FWD: see sample_reached(). */
#define N_DIRECTION_SETS 16

/* Packets, by the set of directions that they may be of. */
struct ip_shares {
	uint64_t lost[N_DIRECTION_SETS];
	uint64_t policy[N_DIRECTION_SETS]; /* of these, by rules on purpose */
	uint64_t fresh[N_DIRECTION_SETS];  /* of these, by fresh counters */
};

/*
 * Gives packets to the losses of the directions that miss them, and takes them
 * from what is missed; to the likeliest where none does, or no balance is
 * known. Returns 0 or -ENOMEM.
 */
int MUST_CHECK ip_shares_tally(struct ip_gaps *g, struct losses *l);

/*
 * Of what is missed on output, how much was to be forwarded, at most: nobody
 * told a local sender of it.
 */
uint64_t ip_shares_forwarded(const struct ip_gaps *g, const struct losses *l);

/*
 * Of n packets that fresh counters tell and IP does not miss, how many are not
 * believed: whoever loads rules may have their counters begin above 0.
 */
uint64_t ip_shares_disbelieved(const struct ip_gaps *g, uint64_t n);

#endif
