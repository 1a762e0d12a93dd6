/* SPDX-License-Identifier: MIT */
/*
 * The summary of pktloss(8): what was found in each namespace in one interval,
 * the worst first.
 */
#ifndef PKTLOSS_PROGRAM_SUMMARY_H
#define PKTLOSS_PROGRAM_SUMMARY_H

#include "engine/blindness.h"
#include "engine/ns.h"
#include "engine/resident.h"
#include "diagnosis/finding.h"
#include "model/names.h"
#include "model/remedy.h"

/* One namespace. */
struct summary_ns {
	char name[NAME_NAMESPACE + 1]; /* "" for the one of this process */
	struct resident resident;
	ino_t inode;
	uint64_t cookie; /* unique for the boot, 0: the kernel has none */
	bool ended;	 /* only the intervals before have it, see gone.h */
	struct way way;	 /* for the commands of remedies */
	struct findings findings;
	/* of the list, until interval_end(); NULL: it ended */
	const struct sample *sample;
	/* behind a wire from here, where what is only felt here is lost */
	const struct summary_ns *see;
};

/* Which namespace comes first. */
enum summary_order {
	ORDER_WORST, /* what its worst finding is */
	ORDER_LOST,  /* how many packets it lost */
	ORDER_SHARE, /* the greatest share that it lost */
	ORDER_NAME,
};

struct summary {
	enum summary_order order;
	struct summary_ns *items; /* by .order */
	size_t n, max;
	size_t n_small;		   /* rows that are left out, see filter.h */
	bool drop_reasons;	   /* the kernel said why it drops packets */
	uint64_t time_ns;	   /* CLOCK_REALTIME */
	double seconds;		   /* the interval, NAN: since boot */
	unsigned long n_intervals; /* that this is the sum of; 0, 1: of none */
	char **notes; /* what cannot be read, and why, or is not there */
	size_t n_notes, max_notes;
};

/*
 * Collects the findings of all namespaces after interval_compare(). Keeps the
 * notes that *l has and adds the new ones. Returns 0 or -ENOMEM.
 */
int MUST_CHECK summary_collect(struct summary *l, const struct ns_list *list,
			       struct blindness *blindness);
void summary_free(struct summary *l);

/* Adds a note; one that there is no memory for is left out. */
void summary_note(struct summary *l, const char *text);

/*
 * Puts the items in order, and sets .see where a wire joins them. Part of
 * summary_collect(), pure.
 */
void summary_sort(struct summary *l);

/* Whether packets are lost anywhere that should not be. */
bool summary_have_loss(const struct summary *l);

#endif
