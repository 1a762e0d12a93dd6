/* SPDX-License-Identifier: MIT */
/* pktloss --list: the tables that the probes read by. */
#ifndef PKTLOSS_PROGRAM_COUNTER_LIST_H
#define PKTLOSS_PROGRAM_COUNTER_LIST_H

#include <stdio.h>

#include "program/summary_text.h"

/* Prints every counter that there is, and what it means. */
void counter_list_print(FILE *out, const struct style *style);
/* The same as one line of JSON. */
void counter_list_print_json(FILE *out);

#endif
