/* SPDX-License-Identifier: MIT */
/*
 * Why packets were lost, and what to do: finds the suspects of a loss, asks
 * their layers for an explanation, and ranks what they say. A pure function of
 * a sample.
 */
#ifndef PKTLOSS_DIAGNOSIS_CAUSE_H
#define PKTLOSS_DIAGNOSIS_CAUSE_H

#include "model/explain.h"

#define MAX_CAUSES 8

struct causes {
	struct cause items[MAX_CAUSES]; /* the worst first; [0] is there even
					   for none, empty and not known */
	size_t n;
};

/* Of which packets of a loss: see loss->policy. */
enum cause_part {
	CAUSE_ALL,
	CAUSE_POLICY, /* those that rules dropped on purpose */
	CAUSE_OTHERS,
};

/*
 * Explains a loss found in a compared sample: several things may lose at one
 * place. Where no layer has an explanation, the row of the counter has.
 */
void cause_list(const struct sample *s, const struct loss *loss,
		enum cause_part part, struct causes *ret);

/*
 * The name of a cause in docs/CAUSES.md: of its reason, else of its counter;
 * "" for one that is not in there.
 */
void cause_name(const struct cause *c, char name[COUNTER_OPTION]);

/*
 * A number that stays the same from read to read while it is the same thing
 * that loses, whatever numbers its words have, and over restarts. Never 0.
 */
uint32_t cause_id(const struct sample *s, const struct cause *c);

/*
 * Whether it is, or may be, the cause of that number: of several that are
 * blamed each may be the one that was named then.
 */
bool cause_is(const struct sample *s, const struct cause *c, uint32_t id);

#endif
