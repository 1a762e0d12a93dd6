/* SPDX-License-Identifier: MIT */
/*
 * Shows packets that the kernel drops, sends again or refuses, by a program of
 * ours in the kernel: all are counted, some are looked at. It ends with this
 * process. Built with libbpf it is trace_bpf.c, else trace_absent.c.
 */
#ifndef PKTLOSS_KERNEL_TRACE_SOURCE_H
#define PKTLOSS_KERNEL_TRACE_SOURCE_H

#include "base/util.h"
#include "bpf/trace.h"

struct trace_source;

/*
 * Loads the program; nothing is looked at yet. Errors are those of
 * drop_source_open() (kernel/drop_source.h).
 */
int MUST_CHECK trace_source_open(struct trace_source **ret);
void trace_source_close(struct trace_source *source);

/* Drops of that reason are only counted. Returns 0 or a negative errno. */
int MUST_CHECK trace_source_skip(struct trace_source *source, uint32_t reason);

/*
 * Only what happens in the namespace of that cookie counts, and in others that
 * are wanted so, now or later. Returns 0 or a negative errno.
 */
int MUST_CHECK trace_source_want(struct trace_source *source, uint64_t cookie);

/*
 * Has it look at these kinds (bit i: enum trace_kind i) from now on, and no
 * more. Returns 0, or a negative errno as trace_source_open() does.
 */
int MUST_CHECK trace_source_begin(struct trace_source *source, uint32_t kinds);
void trace_source_end(struct trace_source *source);

/*
 * Shows what was looked at since the time before: to be called every few
 * milliseconds, else more is counted only. Returns 0 or a negative errno.
 */
typedef void (*trace_visit)(const struct trace_event *event, void *arg);
int MUST_CHECK trace_source_take(struct trace_source *source, trace_visit visit,
				 void *arg);

/* Packets of one key, whether they were looked at or not. */
struct trace_sum {
	struct trace_key key;
	uint64_t packets;
};

/*
 * What was counted since the beginning, in an array to be freed, in no order;
 * ret_unknown are packets of which no more is known, nor of which namespace.
 * Returns how many sums there are, or a negative errno.
 */
int MUST_CHECK trace_source_sums(struct trace_source *source,
				 struct trace_sum **ret, uint64_t *ret_unknown);

/*
 * The name of the i-th reason that this kernel has, and its number; NULL: there
 * are no more.
 */
const char *trace_source_reason_at(const struct trace_source *source, size_t i,
				   uint32_t *ret);
/* Names of a reason and of a function, as those of kernel/drop_source.h. */
const char *trace_source_reason(const struct trace_source *source,
				uint32_t reason);
void trace_source_symbol(struct trace_source *source, uint64_t location,
			 char ret[DROPS_SYMBOL]);

#endif
