/* SPDX-License-Identifier: MIT */
/* What the files of this room share; nobody else includes it. */
#ifndef PKTLOSS_REPORT_REPORT_H
#define PKTLOSS_REPORT_REPORT_H

#include "report/alarm_memory.h"
#include "report/reporter.h"

/* What a namespace may have of MaxSeries, see report_room.h. */
struct series_share {
	size_t limit;	   /* SIZE_MAX: all that is due */
	size_t larger;	   /* the least that all newer reports have found */
	unsigned n_larger; /* so many reports, in a row */
};

/* For which series there is room, in this order. */
enum room_claim {
	ROOM_FIRST, /* ratios, and what tells of the reading */
	ROOM_HELD,  /* rows that collectd has already */
	ROOM_NEW,
	N_ROOM_CLAIMS,
};

/* A pass that sends nothing: what is due is counted. */
#define AGO_COUNT 3

/* What is kept from report to report. */
struct reporter {
	const struct settings *settings;
	uint32_t wanted_layers;		     /* bit i: enum layer i */
	struct series_share named, nameless; /* namespaces */
	uint64_t sums[N_LAYERS]; /* lost where there is no series for it */
	uint32_t sums_sent;	 /* bit i: collectd has the sum of layer i */
	bool was_skipped, was_slow,
		was_unwatched; /* some namespace, at some time */
	bool logged_max_series, logged_private_own;
	bool told_idle_namespaces, told_idle; /* see report_idle.h */
	struct said nameless_said; /* of all namespaces without a name */
	/* of CLOCK_MONOTONIC, when alarms waited last, and when that was told
	 */
	uint64_t waited_ns, summed_ns;
	bool was_waiting; /* the same of namespaces without a name */
	/* of the list, the namespace that tells first: of nameless, of named */
	size_t turn[2];
	struct alarm_memory alarms;
};

/* A report in progress. */
struct report {
	struct reporter *reporter;
	const struct sink *sink;
	uint64_t time_ns; /* of the newest sample, CLOCK_REALTIME; 0: none */
	uint64_t mono_ns; /* of it, CLOCK_MONOTONIC */
	struct ns *ns;	  /* the namespace that is reported now */
	/* 0, or only what was quiet, as of a read before, or AGO_COUNT */
	unsigned ago;
	bool any_quiet;		       /* something was that is due now */
	bool quiet_rows;	       /* of ns, maybe without room for it */
	bool any_past;		       /* was sent in this pass */
	size_t claimed[N_ROOM_CLAIMS]; /* by ns in this pass */
	size_t limit;		       /* of its series */
	bool alarms_changed;
};

static inline bool report_wants(const struct report *r, enum layer layer)
{
	return r->reporter->wanted_layers & 1u << layer;
}

static inline void report_warn(const struct report *r, const char *text)
{
	r->sink->log(r->sink->arg, LOG_LEVEL_WARNING, text);
}

#endif
