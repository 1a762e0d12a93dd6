/* SPDX-License-Identifier: MIT */
/* A summary for a spreadsheet: a line for each row of the table. */
#ifndef PKTLOSS_PROGRAM_SUMMARY_CSV_H
#define PKTLOSS_PROGRAM_SUMMARY_CSV_H

#include <stdio.h>

#include "program/summary.h"

/* What the columns are called. */
void summary_csv_print_head(FILE *out);

/*
 * Prints the rows, and with verbose what is no loss, too: printable ASCII,
 * quoted as RFC 4180 has it. What is not known is empty.
 */
void summary_csv_print(FILE *out, const struct summary *l, bool verbose);

#endif
