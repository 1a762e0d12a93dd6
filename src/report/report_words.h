/* SPDX-License-Identifier: MIT */
/*
 * What the meta data of a notification say of the cause. They are kept until
 * the alarm recovers, so that its OKAY has those of what it takes back.
 */
#ifndef PKTLOSS_REPORT_REPORT_WORDS_H
#define PKTLOSS_REPORT_REPORT_WORDS_H

#include "diagnosis/cause.h"
#include "model/remedy.h"
#include "report/sink.h"

#define RUNBOOK "CAUSES.md"

/* None is empty: what is not known is said. */
struct cause_words {
	char counter[320]; /* as the kernel names it, else what it counts for */
	char cause[sizeof(((struct cause *)NULL)->text)];
	char remedy[REMEDY_TEXT]; /* with the way into the namespace */
	char reason[COUNTER_OPTION];
	char runbook[sizeof(RUNBOOK) + COUNTER_OPTION];
	double percent; /* that was told with them, NAN: not known */
};

/* Fills in all of *ret, of a cause in s; NULL: nothing is known of it. */
void report_words_find(struct cause_words *ret, const struct sample *s,
		       const struct cause *cause, const char *remedy);

/* Sets the members of a notification that are words; they must live on. */
void report_words_set(struct notification *n, const struct cause_words *words);

/* Keeps a copy with the loss, in place of another. */
void report_words_keep(struct loss *loss, const struct cause_words *words);

/* What was kept, or what is said of nothing known. */
void report_words_kept(const struct loss *loss, struct cause_words *ret);

/* Takes what was kept off the loss, or what is said of nothing known. */
void report_words_take(struct loss *loss, struct cause_words *ret);

#endif
