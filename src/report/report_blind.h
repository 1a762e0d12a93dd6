/* SPDX-License-Identifier: MIT */
/* Tells that nothing is read any more: then no other alarm can come either. */
#ifndef PKTLOSS_REPORT_REPORT_BLIND_H
#define PKTLOSS_REPORT_REPORT_BLIND_H

#include "report/sink.h"

/* Intervals without anything that was read. Zeroed: there was none. */
struct blind_spell {
	unsigned n;
	bool told;
};

/*
 * Notes an interval: 0, something was read, or the negative errno of why
 * nothing was, -EINPROGRESS for a read that does not end. Notifies of a
 * FAILURE after three of them, and that it is over; logs the first, and what it
 * notifies of. Returns whether that FAILURE lasts.
 */
bool report_blind_note(struct blind_spell *spell, int error,
		       const struct sink *sink);

#endif
