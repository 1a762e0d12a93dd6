/* SPDX-License-Identifier: MIT */
/*
 * The ladder of pktloss(8): what was found in each namespace in one interval,
 * the worst first, and how it is printed.
 */
#ifndef PKTLOSS_LADDER_H
#define PKTLOSS_LADDER_H

#include <stdio.h>

#include "engine/engine.h"
#include "diagnosis/finding.h"
#include "model/names.h"

/* One namespace. */
struct ladder {
	char name[NAME_NAMESPACE + 1]; /* "" for the one of this process */
	struct findings findings;
	const struct sample *sample; /* the engine's, until engine_next() */
	/* behind a wire from here, where what is only felt here is lost */
	const struct ladder *see;
};

struct ladders {
	struct ladder *items; /* the worst first */
	size_t n;
	uint64_t time_ns; /* CLOCK_REALTIME */
	double seconds;	  /* the interval, NAN: since boot */
	char **notes;	  /* what cannot be looked at, and why; all so far */
	size_t n_notes;
};

/*
 * Collects the findings of all namespaces after engine_compare(). Keeps the
 * notes that *l has and adds the engine's new ones. Returns 0 or -ENOMEM.
 */
int MUST_CHECK ladders_collect(struct ladders *l, struct engine *e);
void ladders_free(struct ladders *l);

/*
 * Puts the items in order, and sets .see where a wire joins them. Part of
 * ladders_collect(), pure.
 */
void ladders_sort(struct ladders *l);

/* Whether packets are lost anywhere. */
bool ladders_have_loss(const struct ladders *l);

struct style {
	unsigned width; /* columns of the screen */
	bool colour;
	bool verbose; /* what is no loss, and every symptom, too */
};

/* Prints for people: printable ASCII, and colours where wanted. */
void ladders_print(FILE *out, const struct ladders *l,
		   const struct style *style);

/* Prints one line of JSON. Returns 0, or -ENOMEM without having printed. */
int MUST_CHECK ladders_print_json(FILE *out, const struct ladders *l);

/* Prints every counter that there is, and what it means. */
void counters_print(FILE *out, const struct style *style);

/*
 * Prints text from column on, broken at spaces before style->width, the lines
 * after the first behind indent spaces; ends the last line.
 */
void print_wrapped(FILE *out, const struct style *style, unsigned column,
		   unsigned indent, const char *text);

#endif
