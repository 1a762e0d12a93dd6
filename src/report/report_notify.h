/* SPDX-License-Identifier: MIT */
/* What notifications say, and how many there are. */
#ifndef PKTLOSS_REPORT_REPORT_NOTIFY_H
#define PKTLOSS_REPORT_REPORT_NOTIFY_H

#include "diagnosis/cause.h"
#include "report/report.h"

#define MESSAGE_SIZE 256 /* of a notification, as collectd has it */

/*
 * The packets that are judged: of a firewall those that rules dropped on
 * purpose, or the others. Percent of all that came, NAN: that is not known.
 */
uint64_t report_judged_lost(const struct loss *loss);
double report_judged_percent(const struct loss *loss);

/* Tells the alarm of a loss of r->ns: of so many packets, and why. */
void report_notify_loss(struct report *r, struct loss *loss,
			const struct evidence *told,
			const struct causes *causes);
/* Tells it once more, as it was told, while nothing is lost. */
void report_notify_again(struct report *r, const struct loss *loss,
			 const struct evidence *now);
/* Takes it back, for that reason, or because of the newest interval. */
void report_notify_okay(struct report *r, struct loss *loss, const char *why);
void report_notify_recovered(struct report *r, struct loss *loss,
			     const struct evidence *now);

/*
 * What is common to notifications of no single loss: they are of collectd's own
 * namespace, on the series that is always there. message has to last as long;
 * cause, remedy, reason and runbook are the caller's to add.
 */
struct notification report_notice(enum severity severity, const char *message);
#endif
