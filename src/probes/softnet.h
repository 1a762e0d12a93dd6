/* SPDX-License-Identifier: MIT */
/* softnet: the queues of the CPUs through which packets come in. */
#ifndef PKTLOSS_PROBES_SOFTNET_H
#define PKTLOSS_PROBES_SOFTNET_H

#include "base/token.h"
#include "model/probe.h"

/*
 * Reads /proc/net/softnet_stat, which is the same in every namespace: -ENOENT
 * where this is not collectd's own. What the CPUs counted when first read is
 * added up; from then on each CPU's 32 bits may wrap and CPUs may come and go.
 */
extern const struct probe softnet_probe;

/* Room for its counters. */
#define MAX_SOFTNET_COUNTERS 8

/* More than any Linux is built for. */
#define MAX_SOFTNET_CPUS 8192

/* What a CPU counted; such are remembered, those of CPUs offline as well. */
struct softnet_cpu {
	uint32_t number;
	uint32_t value[MAX_SOFTNET_COUNTERS]; /* by index of the counters */
};

/* A walk over the lines of softnet_stat, one for each CPU that is online. */
struct softnet_lines {
	struct token rest;
	uint32_t n;		/* lines read */
	uint32_t n_columns;	/* 9 before Linux 2.6.35, 15 since 6.4 */
	bool numbered;		/* lines say their CPU: Linux 5.10 */
	struct softnet_cpu cpu; /* of the line read last */
};

/*
 * Begins to walk over n bytes of softnet_stat. Returns 0, or -EBADMSG for what
 * is empty or cut short. Pure.
 */
int MUST_CHECK softnet_begin(struct softnet_lines *lines, const char *text,
			     size_t n);

/*
 * Goes on to the next CPU; their numbers rise. Returns 1, 0 at the end, or
 * -EBADMSG. Pure.
 */
int MUST_CHECK softnet_next(struct softnet_lines *lines);

/* Whether this kernel has the column of a counter, by its index. */
bool softnet_has(const struct softnet_lines *lines, size_t counter);

#endif
