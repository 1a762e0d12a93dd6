/* SPDX-License-Identifier: MIT */
/* Who lost, for machines. */
#ifndef PKTLOSS_PROGRAM_TRACE_JSON_H
#define PKTLOSS_PROGRAM_TRACE_JSON_H

#include <stdio.h>

#include "program/summary.h"
#include "trace/trace.h"

/* Prints one line of JSON, with the notes that a summary has. */
void trace_json_print(FILE *out, const struct trace *t,
		      const struct summary *notes);

#endif
