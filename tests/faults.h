/* SPDX-License-Identifier: MIT */
/*
 * Faults of the kernel and of memory. The linker sends each call of the table
 * in faults.c through there (--wrap), where it is counted, and fails when a
 * plan says so.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a call fails, besides with an errno, which is greater than 0. */
enum fault {
	FAULT_NONE = 0,
	FAULT_SHORT = -1,    /* brings half of what there is */
	FAULT_INTR = -2,     /* the kernel says NLM_F_DUMP_INTR */
	FAULT_OVERRUN = -3,  /* or NLMSG_OVERRUN */
	FAULT_STRANGER = -4, /* another message first, not from the kernel */
};

/* Calls by their place in the table, from 0; NULL behind the last. */
const char *faults_call(size_t call);
/* How a call can fail, by i from 0; FAULT_NONE behind the last. */
int faults_kind(size_t call, size_t i);
void faults_describe(int fault, char text[32]);

/*
 * From now on the nth call (from 0) of that kind fails so, and with all those
 * behind it, too. Calls are counted from 0.
 */
struct fault_plan {
	size_t call;
	int fault; /* enum fault, or an errno */
	unsigned nth;
	bool all;
	bool endless; /* even signals and strangers */
};
/*
 * Whether ENOENT was said, since the reset, where the kernel may say so: of a
 * path that need not be there.
 */
void faults_reset(void);
bool faults_answered(void);
void faults_begin(const struct fault_plan *plan);
/* No call fails, until the next begin. Returns how many have. */
unsigned faults_end(void);
/* How many calls there were between begin and end. */
unsigned faults_counted(size_t call);

/* Blocks of memory that were taken and not given back. */
long faults_blocks(void);

/* The clocks stand so much later than they do. */
void faults_set_clock(uint64_t later_ns);

#endif
