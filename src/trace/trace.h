/* SPDX-License-Identifier: MIT */
/*
 * Looks for a while at what the kernel drops, sends again and refuses, and
 * reports who lost most: of pktloss --trace, never of the plugin.
 */
#ifndef PKTLOSS_TRACE_TRACE_H
#define PKTLOSS_TRACE_TRACE_H

#include "trace/choice.h"
#include "trace/flows.h"
#include "trace/places.h"

#define TRACE_MAX_ROWS 1000 /* that are reported at most */

struct trace_options {
	const struct settings *settings; /* which namespaces */
	struct trace_choice choice;
	double seconds;
	int stop;   /* a descriptor: to be read, it ends early; -1: never */
	FILE *pcap; /* where packets that were looked at are written, or NULL */
};

/* One row. Texts are the kernel's own, as long as its trace lives. */
struct trace_row {
	const struct ns *ns; /* NULL: it has no name that is known */
	const struct flow_place *place;
	const struct flow *flow;
	bool is_estimated;  /* its packets */
	char interface[16]; /* "": none, or it is gone; see its ifindex */
	enum layer layer;   /* N_LAYERS: not known */
	bool healthy;
};

struct trace {
	const struct trace_options *options;
	struct trace_source *source;
	struct places places;
	struct flows flows;
	uint64_t time_ns; /* CLOCK_REALTIME when it began */
	double seconds;	  /* that it took */
	struct trace_count {
		uint64_t packets, looked_at; /* of these */
	} drops, others;		     /* of what is shown */
	uint64_t hidden;	/* drops that are no loss, and not shown */
	uint64_t unknown;	/* of which only the number is known */
	struct trace_row *rows; /* the worst first */
	size_t n;
	uint64_t real_ns; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	uint64_t written; /* packets in pcap */
	int pcap_error;	  /* negative errno; the rest is not in it then */
	int error;	  /* what went wrong in a callback */
};

/*
 * Loads what looks, and finds the namespaces: a thread that is in its own one
 * is so again unless this, or trace_run(), returns -ENOTRECOVERABLE. Errors are
 * those of drop_source_open() (drop_source.h) and of places_init(). Free it
 * with trace_close(), in either case.
 */
int MUST_CHECK trace_open(struct trace *t, const struct trace_options *o);
void trace_close(struct trace *t);

/*
 * Whether this kernel knows a reason of the choice's name, or something else is
 * called so, in whatever layer; and whether one of them may be of its layer.
 * Both are true where it has no name.
 */
bool trace_knows_reason(const struct trace *t);
bool trace_has_reason_in_layer(const struct trace *t);

/*
 * Looks for that long, or until it is stopped, and fills in what it has found.
 * Returns 0 or a negative errno: -ESRCH, none of the namespaces that are asked
 * for can be entered.
 */
int MUST_CHECK trace_run(struct trace *t);

#endif
