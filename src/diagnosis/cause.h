/* SPDX-License-Identifier: MIT */
/* Why packets were lost, and what to do: a pure function of a sample. */
#ifndef PKTLOSS_DIAGNOSIS_CAUSE_H
#define PKTLOSS_DIAGNOSIS_CAUSE_H

#include "model/loss.h"
#include "model/sample.h"

struct cause {
	char text[384];	     /* a clause: "netem is configured to lose 30%" */
	char remedy[160];    /* a sentence or command, without a final stop */
	const char *counter; /* the counter that lost most; static storage */
	uint64_t lost;	     /* packets it explains, or entries of a table */
	bool known;	     /* more than a guess from the counter's name */
	bool is_rule; /* somebody's firewall rule, which leaves it not to chance
		       */
};

#define MAX_CAUSES 4

struct causes {
	struct cause items[MAX_CAUSES]; /* the worst first; [0] is there even
					   for none, empty and not known */
	size_t n;
};

/*
 * Explains a loss found in a compared sample: several things may lose at one
 * place. Where no rule applies, the row of the counter explains itself.
 */
void cause_list(const struct sample *s, const struct loss *loss,
		struct causes *ret);

#endif
