/* SPDX-License-Identifier: MIT */
/*
 * All options of pktloss(8): getopt's lists and --help are made from one table,
 * and what bash completes from --help.
 */
#ifndef PKTLOSS_PROGRAM_OPTIONS_TABLE_H
#define PKTLOSS_PROGRAM_OPTIONS_TABLE_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "base/util.h"

/* Of options that have no letter. */
enum long_option {
	OPTION_FIRST = 256,
	OPTION_SECONDS = OPTION_FIRST,
	OPTION_REASON,
	OPTION_PCAP,
	OPTION_COLOUR,
	OPTION_MIN_LOST,
	OPTION_MIN_SHARE,
	OPTION_TOP,
	OPTION_SINCE,
	OPTION_CSV,
	OPTION_SORT,
	OPTION_NAMESPACES,
};

struct option_row {
	const char *name;
	int letter;	      /* or enum long_option */
	const char *argument; /* NULL: it has none; "[...": it may have one */
	const char *help;     /* NULL: another name of an option that has */
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

#define MAX_OPTIONS 48

/* What getopt_long() takes. */
struct option_lists {
	char letters[2 * MAX_OPTIONS + 1];
	struct option names[MAX_OPTIONS + 1];
};

void options_list(struct option_lists *ret);

/* The bit of an option in a set of them, by its letter or enum long_option. */
uint64_t options_bit(int letter);

/* Prints what --help does. */
void options_print_usage(FILE *out);

#endif
