/* SPDX-License-Identifier: MIT */
/* What the files of this room share; nobody else includes it. */
#ifndef PKTLOSS_REPORT_REPORT_H
#define PKTLOSS_REPORT_REPORT_H

#include "report/alarm_memory.h"
#include "report/reporter.h"

/* What is kept from report to report. */
struct reporter {
	const struct settings *settings;
	uint32_t wanted_layers;	 /* bit i: enum layer i */
	size_t n_series;	 /* that collectd has */
	uint64_t sums[N_LAYERS]; /* lost where there is no series for it */
	uint32_t sums_sent;	 /* bit i: collectd has the sum of layer i */
	bool was_skipped, was_unwatched; /* some namespace, at some time */
	bool logged_max_series, logged_private_own;
	bool had_waiting; /* alarms, in the newest report */
	size_t turn;	  /* of the list, the namespace that tells first */
	struct alarm_memory alarms;
};

/* A report in progress. */
struct report {
	struct reporter *reporter;
	const struct sink *sink;
	uint64_t time_ns; /* of the newest sample, CLOCK_REALTIME; 0: none */
	uint64_t mono_ns; /* of it, CLOCK_MONOTONIC */
	struct ns *ns;	  /* the namespace that is reported now */
	unsigned ago;	  /* 0, or only what was quiet, as of a read before */
	bool any_quiet;	  /* something was */
	size_t n_new;	  /* series that collectd did not have before */
	size_t n_series;  /* sent in this report */
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
