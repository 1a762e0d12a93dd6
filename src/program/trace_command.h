/* SPDX-License-Identifier: MIT */
/* pktloss --trace, from its options to what it prints. */
#ifndef PKTLOSS_PROGRAM_TRACE_COMMAND_H
#define PKTLOSS_PROGRAM_TRACE_COMMAND_H

#include "program/command_line.h"

/*
 * Looks, prints, and says what went wrong. Returns 1 if packets were dropped
 * that should not be, 0 if not, or a negative errno: something that was asked
 * for could not be done, or a namespace is not there.
 */
int MUST_CHECK trace_command(const struct options *o);

#endif
