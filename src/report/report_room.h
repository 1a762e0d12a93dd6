/* SPDX-License-Identifier: MIT */
/*
 * How many series each namespace may have. While MaxSeries is enough for all
 * that are due there is no limit. Else none may have more than a share, which
 * is so large that all of them together fit: who wants less has all it wants.
 * Namespaces without a name, of which anybody can make thousands, are given
 * what those with names leave, and always as much as one of these has, or an
 * eighth of all where that is less.
 *
 * What a namespace has beyond its share ends, once: a share falls at once, but
 * rises only after many reports have found that it could, so that no series
 * comes and goes with each container that does.
 */
#ifndef PKTLOSS_REPORT_REPORT_ROOM_H
#define PKTLOSS_REPORT_REPORT_ROOM_H

#include "report/report.h"

/* A share of every namespace is without a limit at first. */
void report_room_init(struct reporter *r);

/* Begins with r->ns: it has taken nothing yet in this pass. */
void report_room_enter(struct report *r);

/*
 * Takes room for a series of r->ns, which is due. Returns false: there is
 * none. Which ones are lucky is the same in each pass of a report.
 */
bool report_room_take(struct report *r, enum room_claim claim);

/* Ends r->ns, in the pass that only counts. */
void report_room_count(struct report *r);

/*
 * After that pass: finds the shares, and says once that they are less than all.
 * n_others are series that no namespace has.
 */
void report_room_share(struct report *r, const struct ns_list *list,
		       size_t n_others);

#endif
