/* SPDX-License-Identifier: MIT */
/* The command line of pktloss(8). */
#ifndef PKTLOSS_PROGRAM_COMMAND_LINE_H
#define PKTLOSS_PROGRAM_COMMAND_LINE_H

#include "model/settings.h"
#include "program/filter.h"
#include "program/screen.h"
#include "trace/choice.h"

enum action {
	ACTION_LOOK,
	ACTION_LIST,
	ACTION_NAMESPACES,
	ACTION_TRACE,
	ACTION_END, /* all is said */
	ACTION_FAIL,
};

struct options {
	struct settings settings;
	struct style style;
	struct filter filter;
	enum summary_order order;
	enum colour_choice colour;
	double interval;
	unsigned long count; /* of intervals, 0: no end */
	bool counted;	     /* -c was given */
	bool json, csv, once, watch, terminal;
	bool summary;	  /* one table, in the end */
	bool quiet;	  /* none at all */
	bool timed;	  /* -i was given */
	bool trace_tuned; /* an option was given that only --trace has */
	struct trace_choice choice; /* these three are of --trace */
	double seconds;
	const char *pcap;  /* path, or NULL */
	const char *since; /* the same */
	enum action action;
	uint64_t given; /* set of options_bit() */
};

/*
 * Fills in defaults, what the terminal is like, and what the arguments say;
 * what is wrong with them is told, and is ACTION_FAIL. Returns 0 or -ENOMEM.
 */
int MUST_CHECK options_init(struct options *o, int argc, char **argv);
void options_free(struct options *o);

/* Prints a message on standard error, as one line of printable ASCII. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif
