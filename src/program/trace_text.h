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

/* What text and JSON call it; "#7" for a device that has no name any more. */
#define TRACE_ENDPOINT 64
void trace_text_endpoint(const struct flow *flow, enum packet_end end,
			 char ret[TRACE_ENDPOINT]);

#endif
