/* SPDX-License-Identifier: MIT */
/* The alarm of one loss ratio: a state machine, pure arithmetic. */
#ifndef PKTLOSS_THRESHOLD_H
#define PKTLOSS_THRESHOLD_H

#include <stdbool.h>
#include <stdint.h>

enum severity {
	SEVERITY_OKAY,
	SEVERITY_WARNING,
	SEVERITY_FAILURE
};

/* What a loss is like: the limits that are built in differ. */
enum character {
	CHARACTER_PLAIN,
	CHARACTER_SYMPTOM,  /* packets sent again: lost elsewhere */
	CHARACTER_AQM,	    /* dropped by a qdisc that works by dropping */
	CHARACTER_WIRELESS, /* loses a little all the time */
	CHARACTER_REPEATED, /* its members alert, or it is out of use */
};

struct limits {
	double warning; /* percent lost; above it is a violation. NAN: never */
	double failure;
	uint64_t minimum_lost; /* packets in the interval; fewer never raise */
	unsigned hits;	       /* consecutive intervals to raise */
	unsigned hits_okay;    /* consecutive intervals to recover */
	double hysteresis;     /* percent below the limit to recover */
	double points;	       /* the same in percent points; larger wins */
	bool persist;	       /* notify in every interval while violated */
};

struct alert {
	uint8_t state; /* enum severity, starts OKAY */
	unsigned run;  /* consecutive intervals that say something else */
	unsigned okay; /* consecutive ones that say OKAY */
};

/*
 * Judges one interval: percent lost, 0 to 100, and packets lost. Returns
 * whether a notification is due; alert->state then says which. NAN leaves
 * everything as it is. A rise from WARNING to FAILURE is immediate. No level
 * above cap is reached.
 */
bool alert_step(struct alert *alert, const struct limits *limits,
		double percent, uint64_t lost, enum severity cap);

#endif
