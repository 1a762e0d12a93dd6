/* SPDX-License-Identifier: MIT */
/* Who lost, for people. */
#ifndef PKTLOSS_PROGRAM_TRACE_TEXT_H
#define PKTLOSS_PROGRAM_TRACE_TEXT_H

#include "program/summary_text.h"
#include "trace/trace.h"

/* Rows of drops, and rows of connections, that are shown without -v. */
#define TRACE_TEXT_ROWS 20

/* Prints printable ASCII, and colours where wanted. */
void trace_text_print(FILE *out, const struct trace *t,
		      const struct style *style);

#endif
