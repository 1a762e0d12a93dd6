/* SPDX-License-Identifier: MIT */
/* Standard output: summaries, as the options want them. */
#ifndef PKTLOSS_PROGRAM_OUTPUT_H
#define PKTLOSS_PROGRAM_OUTPUT_H

#include "program/command_line.h"

/* Zeroed but for .options nothing was printed yet. */
struct output {
	const struct options *options;
	unsigned long n; /* summaries that were printed */
	size_t n_notes;	 /* of the newest, those that were told */
};

/* Prints a summary, and what is new of its notes. Returns 0 or negative errno.
 */
int MUST_CHECK output_show(struct output *o, const struct summary *l);

/* Prints notes that were not told yet on standard error, if that is not both.
 */
void output_notes(struct output *o, const struct summary *l);

/* Returns 0, or what went wrong with standard output, negative errno. */
int MUST_CHECK output_flush(void);

/* Says what went wrong. Whoever reads it may have gone: then it ends here. */
void output_complain(int error);

#endif
