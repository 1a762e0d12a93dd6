/* SPDX-License-Identifier: MIT */
/*
 * The alarm of one loss ratio: a state machine, pure arithmetic. What it has to
 * remember is allocated while something was lost, so that silence is cheap.
 */
#ifndef PKTLOSS_MODEL_ALARM_H
#define PKTLOSS_MODEL_ALARM_H

#include "model/window.h"

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
	double window; /* seconds over which packets add up; 0: an interval */
	uint64_t minimum_lost; /* packets in the window; fewer never raise */
	unsigned hits;	       /* intervals that violate, to raise */
	unsigned hits_okay;    /* consecutive intervals to recover */
	double hysteresis;     /* percent below the limit to recover */
	double points;	       /* the same in percent points; larger wins */
	double repeat; /* seconds, then it is told again; 0: as others */
	bool persist;  /* notify in every interval while violated */
};

/* What there is to tell of an alarm. The more it is worth the later it stands
 */
enum due {
	DUE_NOTHING,
	DUE_REPEAT, /* what was told before is true still */
	DUE_CHANGE, /* on-call knows something else, or nothing, of it */
	N_DUE
};

/* Causes of an alarm that it remembers to have told. */
#define MAX_TOLD 4

/* What an alarm remembers while something was lost, or it is raised. */
struct history {
	struct window window;
	uint64_t clean;		 /* packets since the last that was lost */
	double relapse;		 /* seconds for which it would be a relapse */
	double since;		 /* seconds since it was told last */
	uint32_t told[MAX_TOLD]; /* causes, the newest first; 0: none */
	unsigned other;		 /* consecutive losses without the newest */
	double milder; /* seconds for which FAILURE would be one again */
	double calm;   /* seconds since the last interval that says FAILURE */
	bool relapsed;
	bool worse_again; /* a FAILURE that was milder for a while */
	bool by_sum;	  /* raised by the sum of the window */
};

/* Zeroed it is one that has not begun. Ends with alarm_forget(). */
struct alarm {
	struct history *history; /* or NULL: nothing to remember, no memory */
	uint8_t state;		 /* enum severity, starts OKAY */
	uint8_t told;		 /* that of the newest notification */
	uint8_t due;		 /* enum due, of the newest interval */
	unsigned run;  /* consecutive intervals that say something else */
	unsigned okay; /* consecutive ones that say OKAY */
};

/* Whether an interval without a loss would leave it as it is. */
static inline bool alarm_is_at_rest(const struct alarm *alarm)
{
	return !alarm->history && !alarm->state && !alarm->run && !alarm->due;
}

/*
 * Judges one interval, and what is in the window behind it. Returns whether a
 * notification is due; alarm->state then says which. Without a percentage
 * everything stays as it is. No level above cap is reached.
 *
 * Raises where the interval violates a limit and
 * - so did the ones before it, with minimum_lost packets in each: hits
 *   consecutive ones; from WARNING to FAILURE at once, or
 * - the window violates it, too, with minimum_lost packets in it and hits
 *   intervals that violate.
 * Recovers after hits_okay intervals without, as soon as the packets that
 * passed meanwhile would not have at the rate of the window. After a relapse,
 * within three windows of a recovery, not until all of a window is clean. From
 * FAILURE to WARNING likewise.
 */
bool alarm_step(struct alarm *alarm, const struct limits *limits,
		const struct evidence *interval, enum severity cap);

/*
 * What a raised alarm is to tell of, behind alarm_step(): of that interval, or
 * where that is too little, of all the window.
 */
struct evidence alarm_evidence(const struct alarm *alarm,
			       const struct limits *limits,
			       const struct evidence *interval);

/*
 * Whether a raised alarm whose state was told is to be told again, behind
 * alarm_step(): its cause is another one now (a number that tells it from
 * others, or 0: not known; is_told: the one told last loses still), or
 * limits->repeat is over. Causes of this alarm that were told before are told
 * once in a window. It is so in each interval until alarm_told(), or until it
 * is true no more.
 */
enum due alarm_tells_again(struct alarm *alarm, const struct limits *limits,
			   uint32_t cause, bool is_told);

/* Remembers that it was told, with that cause; 0: with none that is known. */
void alarm_told(struct alarm *alarm, uint32_t cause);

/* Is raised from now on, as it was before a restart, with what was told. */
void alarm_restore(struct alarm *alarm, enum severity state, uint32_t cause);

/* The cause that was told last, or 0. */
uint32_t alarm_cause(const struct alarm *alarm);

/*
 * Whether most of what was lost in the window, with so many more that are no
 * queue management's, was dropped by that.
 */
bool alarm_is_eased(const struct alarm *alarm, uint64_t lost);

/* Other packets are judged from now on: those before add nothing to them. */
void alarm_begin_anew(struct alarm *alarm);

/* Packets count for themselves from now on, those before as well: no ratio. */
void alarm_drop_totals(struct alarm *alarm);

/* Forgets what is behind the newest interval, and frees it. */
void alarm_forget(struct alarm *alarm);

#endif
