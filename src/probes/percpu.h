/* SPDX-License-Identifier: MIT */
/* Files of /proc/net/stat: a line of names, then a line of each CPU. */
#ifndef PKTLOSS_PROBES_PERCPU_H
#define PKTLOSS_PROBES_PERCPU_H

#include "model/probe.h"

#define MAX_PERCPU 32

/* Values by index of a table of counters. */
struct percpu {
	uint64_t value[MAX_PERCPU];
	bool found[MAX_PERCPU];
};

/*
 * Parses n bytes of such a file for the first n_rows of a table, at most
 * MAX_PERCPU. A row is found by the column's name: its .section, or its
 * .name. Counts are added up over the CPUs, modulo 2 to the row's bits; a
 * KIND_LEVEL is the host's, the same in every line, and taken from the first.
 * Returns 0, or -EBADMSG for text that is no such table or is cut short. Pure.
 */
int MUST_CHECK percpu_parse(const char *text, size_t n,
			    const struct counter *rows, size_t n_rows,
			    struct percpu *ret);

/*
 * Reads stat/<file> and appends an object of that layer and name, without a
 * place, with those of the rows that are found and wanted. Returns 0, -ENOENT
 * where there is no such file, or as file_read_text() and percpu_parse() do.
 */
int MUST_CHECK percpu_append(const struct probe_env *env, const char *file,
			     enum layer layer, const char *name,
			     const struct counter *rows, size_t n_rows,
			     struct sample *out);

#endif
