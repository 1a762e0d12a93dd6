/* SPDX-License-Identifier: MIT */
/* Which losses become notifications, and what these say. */
#ifndef PKTLOSS_REPORT_REPORT_ALARMS_H
#define PKTLOSS_REPORT_REPORT_ALARMS_H

#include "report/report.h"

/* Judges the losses of r->ns. What is to be told of them is due then. */
void report_alarms_judge(struct report *r);
/* Raised alarms of a namespace of which there are such news now. */
unsigned report_alarms_waiting(const struct ns *ns, enum due news);
/* Tells up to so many of those of r->ns, in turn. Returns how many. */
unsigned report_alarms_raise(struct report *r, enum due news, unsigned max);
/* Tells of all of r->ns that recovered, and forgets what is gone. */
void report_alarms_recover(struct report *r);
/* Takes back every alarm of r->ns, which is gone, and its losses. */
void report_alarms_end(struct report *r);
/*
 * Behind all others: takes back what was raised before a restart and is not
 * found again, and has written what changed.
 */
void report_alarms_finish(struct report *r);

#endif
