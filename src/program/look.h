/* SPDX-License-Identifier: MIT */
/* What pktloss(8) does if nothing else is asked for: it looks for losses. */
#ifndef PKTLOSS_PROGRAM_LOOK_H
#define PKTLOSS_PROGRAM_LOOK_H

#include "program/command_line.h"
#include "program/status.h"

enum status look_command(const struct options *o);

#endif
