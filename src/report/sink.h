/* SPDX-License-Identifier: MIT */
/* What a report brings forth, and where it goes: to collectd, or to a test. */
#ifndef PKTLOSS_REPORT_SINK_H
#define PKTLOSS_REPORT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/alarm.h"

/* One value for collectd. The strings live until the call returns. */
struct series {
	const char *place;    /* plugin instance */
	const char *type;     /* of collectd's types.db */
	const char *instance; /* type instance */
	bool is_gauge;
	bool is_past;	  /* comes before the values of this report */
	bool is_second;	  /* and another of this series before it */
	uint64_t counter; /* is_gauge false: a DERIVE */
	double gauge;
	uint64_t time_ns; /* CLOCK_REALTIME */
};

/* One notification. The strings live until the call returns. */
struct notification {
	enum severity severity;
	const char *place, *type, *instance; /* as in struct series */
	const char *message;		     /* at most 255 bytes, ASCII */
	const char *namespace, *interface, *layer;
	const char *counter, *cause, *remedy; /* never "" */
	const char *reason;  /* the cause in docs/CAUSES.md, or "unknown" */
	const char *runbook; /* where that is: "CAUSES.md#unknown" */
	double percent, warning, failure; /* NAN: none */
	uint64_t time_ns;
};

enum log_level {
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO
};

struct sink {
	void *arg;
	void (*value)(void *arg, const struct series *series);
	/* past values are all sent: newer ones must not overtake them */
	void (*flush)(void *arg);
	void (*notify)(void *arg, const struct notification *notification);
	void (*log)(void *arg, enum log_level level, const char *text);
};

#endif
