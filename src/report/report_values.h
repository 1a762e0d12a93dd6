/* SPDX-License-Identifier: MIT */
/* Which counters and ratios of a namespace are sent. */
#ifndef PKTLOSS_REPORT_REPORT_VALUES_H
#define PKTLOSS_REPORT_REPORT_VALUES_H

#include "report/report.h"

/* Adds what r->ns lost to its sums, once before it is sent. */
void report_values_add_lost(struct report *r);
/*
 * Sends what is due of r->ns: first counts it, with r->ago AGO_COUNT, then what
 * was quiet with 2 and 1, then all with 0.
 */
void report_values_send(struct report *r);
/* And the sums of what is lost where there is no series for it. */
void report_values_send_sums(struct report *r);

#endif
