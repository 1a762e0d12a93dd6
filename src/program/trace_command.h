/* SPDX-License-Identifier: MIT */
/* pktloss --trace, from its options to what it prints. */
#ifndef PKTLOSS_PROGRAM_TRACE_COMMAND_H
#define PKTLOSS_PROGRAM_TRACE_COMMAND_H

#include "program/command_line.h"

enum trace_result {
	TRACE_NO_LOSS,
	TRACE_LOSS,   /* packets were dropped that should not be */
	TRACE_PARTLY, /* none were, but not all that was asked for was seen */
};

/*
 * Looks, prints, and says what went wrong. Returns enum trace_result, or a
 * negative errno: something that was asked for could not be done, or a
 * namespace is not there.
 */
int MUST_CHECK trace_command(const struct options *o);

#endif
