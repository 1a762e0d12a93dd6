/* SPDX-License-Identifier: MIT */
/* --namespaces: all there are, and who is in them. */
#ifndef PKTLOSS_PROGRAM_NAMESPACE_LIST_H
#define PKTLOSS_PROGRAM_NAMESPACE_LIST_H

#include "program/command_line.h"
#include "program/status.h"

enum status namespace_list_command(const struct options *o);

#endif
