/* SPDX-License-Identifier: MIT */
/*
 * The reporter: makes values and notifications of what was read. It is
 * arithmetic but for reporter_keep_alarms(), and may run on any thread, never
 * beside a read.
 */
#ifndef PKTLOSS_REPORT_REPORTER_H
#define PKTLOSS_REPORT_REPORTER_H

#include "engine/blindness.h"
#include "engine/ns.h"
#include "model/settings.h"
#include "report/sink.h"

struct reporter;

/* s must outlive the reporter. Returns NULL: out of memory. */
struct reporter *reporter_new(const struct settings *s);
void reporter_free(struct reporter *r);

/*
 * Reports what the reads since the last report found, and ends the interval.
 * Returns 0 or -ENOMEM, with as much reported as possible.
 */
int MUST_CHECK reporter_report(struct reporter *r, struct ns_list *list,
			       struct blindness *blindness,
			       const struct sink *sink);

/*
 * Reads StateFile at first; later writes it where a report has changed alarms.
 * Called before the first read and after a report that left some unsaved, by
 * who reads: not by who reports, because a disk may be slow.
 */
void reporter_keep_alarms(struct reporter *r, const struct ns_list *list);
bool reporter_has_unsaved(const struct reporter *r);

#endif
