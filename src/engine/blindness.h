/* SPDX-License-Identifier: MIT */
/*
 * What could not be read, and why. Each thing is told to people once, as long
 * as the blindness is kept: by collectd's log, or below pktloss(8)'s summary.
 */
#ifndef PKTLOSS_ENGINE_BLINDNESS_H
#define PKTLOSS_ENGINE_BLINDNESS_H

#include "model/probe.h"

#define BLINDNESS_TEXT 256
#define MAX_REASONS 8

/* Why one thing could not be read, each reason once. */
struct reasons {
	int errors[MAX_REASONS]; /* negative errno, 0: free */
	unsigned n_told;	 /* of them, the first */
};

/* What MaxNamespaces leaves out. */
struct unwatched {
	size_t n;	    /* namespaces, by the newest discovery */
	size_t n_named;	    /* those of them that have a name */
	size_t n_displaced; /* that were read before, ever */
	size_t max;	    /* the limit */
};

/* Zeroed: nothing was missed yet. */
struct blindness {
	struct reasons sources[MAX_PROBES]; /* of probes[i] */
	struct reasons entering;	    /* network namespaces */
	struct reasons finding;		    /* those of processes */
	size_t n_skipped; /* namespaces that the newest read had no time for */
	struct unwatched unwatched;
	bool none_wanted; /* no namespace is what the options name */
	bool told_skipped, told_none;
	bool told_unwatched, told_displaced, told_named;
	bool private_own; /* collectd's own is not that of process 1 */
};

/* Notes a negative errno; more than MAX_REASONS are dropped. */
void reasons_note(struct reasons *reasons, int error);

/*
 * Writes a sentence that was not told yet, without a final stop. Returns
 * false: there is none.
 */
bool blindness_next(struct blindness *b, char text[BLINDNESS_TEXT]);

#endif
