/* SPDX-License-Identifier: MIT */
/* What is told of the reading itself: that it goes on, and what it misses. */
#ifndef PKTLOSS_REPORT_REPORT_HEALTH_H
#define PKTLOSS_REPORT_REPORT_HEALTH_H

#include "report/report.h"

/* Logs what could not be read, once for each reason. */
void report_health_log(struct report *r, struct blindness *b);

/*
 * Sends the heartbeat of r->ns, if it has one, which of its sources are or were
 * refused, and how much cannot be counted there. Where r->ago is not 0 only
 * room is taken for it.
 */
void report_health_send(struct report *r);

/* How many series that is, of no namespace: */
size_t report_health_shortfalls(const struct report *r,
				const struct blindness *b);
/* Sends how many namespaces were not read, once there were some. */
void report_health_send_shortfalls(struct report *r, const struct blindness *b);

#endif
