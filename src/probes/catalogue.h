/* SPDX-License-Identifier: MIT */
/* The tables in words: for the documents and for pktloss --list. */
#ifndef PKTLOSS_PROBES_CATALOGUE_H
#define PKTLOSS_PROBES_CATALOGUE_H

#include "model/probe.h"

/* What a counter counts, in a word or two: "lost", "part of". */
const char *catalogue_kind(enum kind kind);

/*
 * Names the cause that is the counter itself, as docs/CAUSES.md does:
 * "tcp-ListenOverflows"; "qdisc-drops" where it has no name of its own.
 */
void catalogue_cause(const struct counter *c, char id[COUNTER_OPTION]);

/* Facts and details are evidence for a cause, never series. */
bool catalogue_is_series(const struct counter *c);

/*
 * Writes what stands for a counter of that name in the names of its series:
 * behind the object's name, where it has one: "<name>", "<name>_overlimits",
 * "carrier_changes". c is the counter, or the one that it is a part of.
 */
void catalogue_series(const struct probe *p, const struct counter *c,
		      const char *name, char *buffer, size_t size);

/*
 * Whether a pattern matches the Counter option of any optional counter of these
 * layers: bit i is enum layer i.
 */
struct pattern;
bool catalogue_has_counter(const struct pattern *p, uint32_t layers);

#endif
