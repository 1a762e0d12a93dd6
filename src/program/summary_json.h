/* SPDX-License-Identifier: MIT */
/* A summary for machines. */
#ifndef PKTLOSS_PROGRAM_SUMMARY_JSON_H
#define PKTLOSS_PROGRAM_SUMMARY_JSON_H

#include <stdio.h>

#include "program/summary.h"

/* Prints one line of JSON. */
void summary_json_print(FILE *out, const struct summary *l);

#endif
