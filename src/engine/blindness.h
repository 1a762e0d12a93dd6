/* SPDX-License-Identifier: MIT */
/*
 * What could not be read, and why. Each thing is told to people once, as long
 * as the blindness is kept: by collectd's log, or below pktloss(8)'s summary.
 */
#ifndef PKTLOSS_ENGINE_BLINDNESS_H
#define PKTLOSS_ENGINE_BLINDNESS_H

#include "model/names.h"
#include "model/probe.h"
#include "model/settings.h"

#define BLINDNESS_TEXT 256
#define MAX_REASONS 8
#define MAX_SLOW_UNTOLD 8

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

/* A namespace that took too long. */
struct slow_read {
	char name[NAME_NAMESPACE + 1]; /* "" for collectd's own */
	uint8_t source;		       /* index of the probe */
};

/* Zeroed: nothing was missed yet. */
struct blindness {
	struct reasons sources[MAX_PROBES]; /* of probes[i] */
	struct reasons entering;	    /* network namespaces */
	struct reasons finding;		    /* those of processes */
	struct reasons naming;		    /* those of files */
	size_t n_skipped; /* namespaces that the newest read had no time for */
	bool crowded;	  /* a source was cut as there are too many of them */
	struct unwatched unwatched;
	bool settled; /* what the options name would have been found */
	bool told_skipped;
	bool told_unwatched, told_displaced, told_named;
	const struct settings *settings; /* NULL: what is set is not told */
	uint64_t lacking; /* capabilities, see kernel/capability.h */
	size_t n_slow;	  /* with a source that takes too long */
	struct slow_read untold[MAX_SLOW_UNTOLD];
	size_t n_untold;
	uint64_t share_ns; /* more is too long */
	bool brief;	   /* what the kernel was asked is not told */
	bool private_own;  /* collectd's own is not that of process 1 */
};

/* Notes a negative errno; more than MAX_REASONS are dropped. */
void reasons_note(struct reasons *reasons, int error);

/*
 * Notes a namespace that took too long, to be told. False: there is no room for
 * it as long as nobody takes what there is.
 */
bool blindness_note_slow(struct blindness *b, const char *name, uint8_t source);

/*
 * Writes a sentence that was not told yet, without a final stop. Returns
 * false: there is none.
 */
bool blindness_next(struct blindness *b, char text[BLINDNESS_TEXT]);

#endif
