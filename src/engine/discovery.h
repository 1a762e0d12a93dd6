/* SPDX-License-Identifier: MIT */
/*
 * Finds the namespaces that are to be read, as cheaply as nothing changes:
 * names when their directory has changed, processes once a minute and when one
 * that led into a namespace is gone or a namespace waits for its name, all of
 * it with every scan of processes. None is entered.
 */
#ifndef PKTLOSS_ENGINE_DISCOVERY_H
#define PKTLOSS_ENGINE_DISCOVERY_H

#include <stdatomic.h>

#include "engine/candidates.h"
#include "engine/naming.h"
#include "engine/ns.h"
#include "engine/processes.h"
#include "engine/sightings.h"
#include "model/settings.h"

/* Zeroed, with the first three set, it has not begun. */
struct discovery {
	const struct settings *settings;
	struct ns_list *list;	 /* what is to be read, and it adds to */
	const atomic_bool *stop; /* somebody wants it to return early */
	struct candidates candidates;
	struct sightings sightings;
	struct netns_names names;
	struct processes processes;
	struct naming naming;
	uint64_t processes_ns; /* CLOCK_MONOTONIC of the last scan of /proc */
	uint64_t scan_ns;      /* what it took */
	uint64_t begun_ns;     /* CLOCK_MONOTONIC of the first discovery */
	bool has_run;	       /* all was looked for once */
	bool rescan;	       /* a process has left its namespace, or ended */
	bool rebuild;	    /* a name leads elsewhere, or was not found out */
	bool shows_host;    /* ProcRoot is not that of a container alone */
	bool unwanted;	    /* a namespace was found that is not wanted */
	bool too_long;	    /* a path to a namespace is, to be kept */
	size_t n_unwatched; /* namespaces beyond MaxNamespaces */
	size_t n_unwatched_named; /* of these, those with a name */
	size_t n_displaced;	  /* that were read and made room, ever */
	size_t n_over; /* in the list beyond it, until some make room */
	size_t n_of_rank[N_NS_RANKS]; /* in the list, those displaced not */
	uint64_t
		complete_ns; /* CLOCK_BOOTTIME when all there were were known */
};

/*
 * Puts the namespace of the calling thread into the empty list. *ret_private
 * is whether process 1 is in another. Returns 0 or negative errno.
 */
int MUST_CHECK discovery_add_own(struct discovery *d, bool *ret_private);

/*
 * Brings the list, which begins with collectd's own, up to date: adds what is
 * new, marks as .gone what is not there any more, says whether it is .whole.
 * Where MaxNamespaces is not enough those of a higher rank take the place of
 * the newest of a lower one, whenever they come: these are .displaced. Half of
 * the budget (0: no limit) is for names of containers; what got none is added
 * later. Returns 0, -ENOMEM, or -ECANCELED when it was stopped.
 */
int MUST_CHECK discovery_run(struct discovery *d, uint64_t budget_ns);

/*
 * Why namespaces may be hidden that are wanted: -EACCES, it may not be known of
 * some processes which ones they are in; -ENOENT, ProcRoot shows no processes;
 * -ENAMETOOLONG, so are paths; or why processes could not be listed; or 0.
 * Why names could not be is names.error.
 */
int MUST_CHECK discovery_blindness(const struct discovery *d);

/*
 * Whether what there is was found: all of it, or a minute has passed. As long
 * as a namespace waits for its name, or for room, it is not.
 */
bool discovery_is_settled(const struct discovery *d);

/* The way into a namespace led nowhere, or elsewhere: looks for another. */
void discovery_retry(struct discovery *d, const struct ns *ns);

void discovery_free(struct discovery *d);

#endif
