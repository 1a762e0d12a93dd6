/* SPDX-License-Identifier: MIT */
/*
 * Whose alarms are told in this report, where they are more than on-call can
 * read: each namespace has its share, those without a name one together, and
 * what is left waits for its turn.
 */
#ifndef PKTLOSS_REPORT_REPORT_QUEUE_H
#define PKTLOSS_REPORT_REPORT_QUEUE_H

#include "report/report.h"

/*
 * Tells what report_alarms_judge() found to be due: all that recovered, at
 * once, as these are no more than were raised; of what was raised 20 a report,
 * and once for each namespace and backlog that its alarms wait.
 */
void report_queue_tell(struct report *r, const struct ns_list *list);

#endif
