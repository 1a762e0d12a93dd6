/* SPDX-License-Identifier: MIT */
/* The tables in words: for the documents and for pktloss --list. */
#ifndef PKTLOSS_PROBES_CATALOGUE_H
#define PKTLOSS_PROBES_CATALOGUE_H

#include "model/probe.h"

/* What a counter counts, in a word or two: "lost", "part of". */
const char *kind_words(enum kind kind);

/* Facts and details are evidence for a cause, never series. */
bool is_series(const struct counter *c);

/*
 * Writes a counter's part of a series' name. The objects of some probes have
 * names of their own, which come first: "<name>", or "<name>_counter".
 */
void counter_pattern(const struct probe *p, const struct counter *c,
		     const char *name, char *buffer, size_t size);

/* Whether a pattern matches an optional counter ("tcp-TCPPureAcks"), a layer.
 */
struct pattern;
bool matches_counter(const struct pattern *p);
bool matches_layer(const struct pattern *p);

#endif
