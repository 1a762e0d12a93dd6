/* SPDX-License-Identifier: MIT */
/* The alarm of one loss ratio: a state machine, pure arithmetic. */
#ifndef PKTLOSS_MODEL_ALARM_H
#define PKTLOSS_MODEL_ALARM_H

#include <stdbool.h>
#include <stdint.h>

enum severity {
	SEVERITY_OKAY,
	SEVERITY_WARNING,
	SEVERITY_FAILURE
};

/* What a loss is like: the limits that are built in differ. */
enum limits_kind {
	LIMITS_PLAIN,
	LIMITS_SYMPTOM,	    /* packets sent again: lost elsewhere */
	LIMITS_AQM,	    /* dropped by a qdisc that works by dropping */
	LIMITS_WIRELESS,    /* loses a little all the time */
	LIMITS_REPEATED,    /* its members alarm, or it is out of use */
	LIMITS_POLICY,	    /* a rule drops each packet that it matches */
	LIMITS_UNEXPLAINED, /* nothing tells why, and nothing is suspected */
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

struct alarm {
	uint8_t state; /* enum severity, starts OKAY */
	unsigned run;  /* consecutive intervals that say something else */
	unsigned okay; /* consecutive ones that say OKAY */
};

/*
 * Judges one interval: percent lost, 0 to 100, and packets lost. Returns
 * whether a notification is due; alarm->state then says which. NAN leaves
 * everything as it is. A rise from WARNING to FAILURE is immediate. No level
 * above cap is reached.
 */
bool alarm_step(struct alarm *alarm, const struct limits *limits,
		double percent, uint64_t lost, enum severity cap);

#endif
