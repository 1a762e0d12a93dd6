/* SPDX-License-Identifier: MIT */
/* What the configuration names and nobody has, which may be a typing error. */
#ifndef PKTLOSS_REPORT_REPORT_IDLE_H
#define PKTLOSS_REPORT_REPORT_IDLE_H

#include "report/report.h"

/*
 * Logs each pattern of Namespace and Interface that matches nothing, those in
 * <Threshold> blocks, too: once, when all that there is has been looked at.
 */
void report_idle_log(struct report *r, const struct ns_list *list,
		     const struct blindness *b);

#endif
