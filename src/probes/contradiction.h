/* SPDX-License-Identifier: MIT */
/* Options that do nothing, or what nobody meant, beside the others. */
#ifndef PKTLOSS_PROBES_CONTRADICTION_H
#define PKTLOSS_PROBES_CONTRADICTION_H

#include "model/settings.h"

/*
 * Tells a sentence for each, without a final stop; interval is the time from
 * read to read, in seconds. Pure but for that.
 */
void contradictions_tell(const struct settings *s, double interval,
			 void (*tell)(const char *text));

#endif
