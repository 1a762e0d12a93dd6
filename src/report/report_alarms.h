/* SPDX-License-Identifier: MIT */
/* Which losses become notifications, and what these say. */
#ifndef PKTLOSS_REPORT_REPORT_ALARMS_H
#define PKTLOSS_REPORT_REPORT_ALARMS_H

#include "report/report.h"

/* Judges the losses of r->ns and notifies of changes. */
void report_alarms_judge(struct report *r);
/* Takes back every alarm of r->ns, which is gone, and its losses. */
void report_alarms_end(struct report *r);
/*
 * Behind all others: takes back what was raised before a restart and is not
 * found again, has written what changed, and sums up what was not notified.
 */
void report_alarms_finish(struct report *r);

#endif
