/* SPDX-License-Identifier: MIT */
/* Why packets were lost, and what to do: a pure function of a sample. */
#ifndef PKTLOSS_CAUSE_H
#define PKTLOSS_CAUSE_H

#include "loss.h"
#include "pktloss.h"

struct cause {
	char text[192];	     /* a clause: "netem is configured to lose 30%" */
	char remedy[160];    /* a sentence or command, without a final stop */
	const char *counter; /* the counter that lost most; static storage */
	bool known;	     /* more than a guess from the counter's name */
};

/*
 * Explains a loss found in a compared sample. Always fills *ret: where no
 * rule applies, from the row of the counter that lost most.
 */
void cause_find(const struct sample *s, const struct loss *loss,
		struct cause *ret);

#endif
