/* SPDX-License-Identifier: MIT */
/* A summary for people, and text that fits their screen. */
#ifndef PKTLOSS_PROGRAM_SUMMARY_TEXT_H
#define PKTLOSS_PROGRAM_SUMMARY_TEXT_H

#include <stdio.h>

#include "program/summary.h"

struct style {
	unsigned width; /* columns of the screen */
	bool colour;
	bool verbose;	 /* what is no loss, and every symptom, too */
	unsigned height; /* lines of the screen that are to do, 0: no matter */
	size_t top;	 /* namespaces that are shown, 0: no matter how many */
};

#define RED "31"
#define YELLOW "33"
#define BOLD "1"

/* Prints a text in a colour, where colours are wanted. */
void summary_text_paint(FILE *out, const struct style *style,
			const char *colour, const char *text);

/*
 * Prints when it was and how long it took (NAN: since boot), in how many
 * intervals if these are several, and a free line.
 */
void summary_text_when(FILE *out, uint64_t time_ns, double seconds,
		       unsigned long n_intervals);

/*
 * Prints printable ASCII, and colours where wanted. What does not fit in the
 * height is shorter: without what to do, then without the least bad, which are
 * summed up in a line.
 */
void summary_text_print(FILE *out, const struct summary *l,
			const struct style *style);

/*
 * Prints text from column on, broken at spaces before style->width, the lines
 * after the first behind indent spaces; ends the last line.
 */
void summary_text_wrap(FILE *out, const struct style *style, unsigned column,
		       unsigned indent, const char *text);

/* Lines that a text takes on the screen, where long ones take several. */
unsigned summary_text_lines(const struct style *style, const char *text);

/* Whether there are packets in the table, if only such that are no loss. */
bool summary_text_has_rows(const struct summary *l);

/*
 * What is said in the end where nothing was lost that should not be, but not
 * everything could be read. had_rows: there were some in the table, ever.
 */
const char *summary_text_partly(bool had_rows);

#endif
