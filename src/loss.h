/* SPDX-License-Identifier: MIT */
/*
 * From counters to ratios: how many packets a layer lost in one direction at
 * one place, of how many. Pure arithmetic on a compared sample.
 */
#ifndef PKTLOSS_LOSS_H
#define PKTLOSS_LOSS_H

#include "pktloss.h"
#include "threshold.h"

/* One rung of the ladder, kept from read to read for its alert. */
struct loss {
	char place[16];	    /* interface, or "" */
	uint8_t layer;	    /* enum layer */
	uint8_t direction;  /* enum direction */
	bool known;	    /* something that can lose was counted twice */
	bool measured;	    /* and so was something to measure it against */
	bool blind;	    /* a denominator is a new baseline */
	bool awake;	    /* has lost since we look: its ratio is sent */
	bool sent;	    /* collectd has the ratio's series */
	bool symptom;	    /* counts packets sent again, not lost here */
	bool gone;	    /* nothing that can lose was in the newest sample */
	bool idle;	    /* and nothing that is measured against it */
	uint64_t lost;	    /* packets in the interval */
	uint64_t inside;    /* part of lost that is in passed, too */
	uint64_t passed;    /* packets, without the lost ones */
	uint64_t came;	    /* packets, with the lost ones */
	uint64_t uncounted; /* part of lost that no counter tells of */
	double percent;	    /* of the read before, NAN: unknown */
	struct alert alert;
	uint8_t built_in;	     /* enum built_in that limits are for */
	const struct limits *limits; /* NULL before they are chosen */
};

struct losses {
	struct loss *items;
	size_t n, max;
};

void losses_free(struct losses *l);

/*
 * Adds up a sample that went through sample_compare(). Entries that are not
 * in it stay, marked gone. Returns 0 or -ENOMEM.
 */
int MUST_CHECK loss_tally(struct losses *l, const struct sample *s);

/* Packets that the ratio is of: lost and passed ones. */
uint64_t loss_total(const struct loss *loss);

/*
 * Percent lost in the interval, 0 to 100, or NAN: nothing is known, or there
 * was no traffic.
 */
double loss_percent(const struct loss *loss);

/*
 * Packets lost by one row, which is of KIND_LOST or KIND_RESENT: its delta, or
 * the sum of its parts where a driver fills only those.
 */
uint64_t loss_of_row(const struct sample *s, const struct object *o,
		     const struct row *row);

#endif
