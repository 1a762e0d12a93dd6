/* SPDX-License-Identifier: MIT */
/*
 * What somebody wants to see of what was found. All is read and explained as
 * without: a cause may stand in another layer than the loss.
 */
#ifndef PKTLOSS_PROGRAM_FILTER_H
#define PKTLOSS_PROGRAM_FILTER_H

#include "model/selection.h"
#include "program/summary.h"

/* Zeroed wants everything. */
struct filter {
	uint32_t layers;	     /* bit: enum layer; 0: all */
	struct selection interfaces; /* what has none has the name "" */
	uint64_t min_lost;	     /* packets of a row, and */
	double min_share;	     /* its percent, if that is known */
};

/*
 * Adds the layers that a pattern matches. Returns 0, -ENOENT (there is none),
 * or as pattern_compile().
 */
int MUST_CHECK filter_add_layer(struct filter *f, const char *pattern);

/* The only layer that is wanted, N_LAYERS: all are, -1: several. */
int filter_layer(const struct filter *f);

/*
 * Takes out of a summary what is not wanted, and counts in .n_small the rows
 * that would be but for .min_lost and .min_share. Sort it then.
 */
void filter_apply(const struct filter *f, struct summary *l);

void filter_free(struct filter *f);

#endif
