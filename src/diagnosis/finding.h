/* SPDX-License-Identifier: MIT */
/*
 * What is to be said of a namespace: one finding for each layer, place and
 * direction that lost packets, and what else moved, the worst first. Pure
 * arithmetic on a compared and tallied sample; notifications and the program
 * pktloss(8) both speak through it.
 */
#ifndef PKTLOSS_DIAGNOSIS_FINDING_H
#define PKTLOSS_DIAGNOSIS_FINDING_H

#include "diagnosis/cause.h"
#include "model/loss.h"

enum finding_class {
	CLASS_LOSS,	   /* packets are lost that should not be */
	CLASS_POLICY,	   /* a rule was told to drop or refuse them */
	CLASS_UNEXPLAINED, /* gone, and nothing that is read tells where */
	CLASS_OVERLOAD,	   /* nothing is lost yet, but it is tight */
	CLASS_SYMPTOM,	   /* packets are lost elsewhere */
	CLASS_BENIGN,	   /* discarded by design */
	N_CLASSES,
};

struct finding {
	char place[16];	   /* interface, or "" */
	uint8_t layer;	   /* enum layer */
	uint8_t direction; /* enum direction */
	uint8_t class;	   /* enum finding_class */
	bool at_least;	   /* units differ: percent is a lower bound */
	uint64_t lost;	   /* packets in the interval; of a symptom: events */
	uint64_t total;	   /* packets that percent is of, 0: not known */
	double percent;	   /* NAN: not known */
	struct causes causes;
	/* a symptom of the finding of this index, -1: of nothing seen here */
	int below;
};

struct findings {
	struct finding *items; /* the worst first; symptoms come after */
	size_t n, max;
};

/* What a loss is like: it may change with what loses most, and where. */
enum limits_kind loss_limits_kind(const struct sample *s,
				  const struct loss *loss);

/*
 * Whether something else has lost these packets, and tells of them: so that a
 * sum of all losses has each of them once.
 */
bool loss_is_repeated(const struct sample *s, const struct loss *loss);

/*
 * Finds all there is to say. Reuses what *f holds. Returns 0 or -ENOMEM. Free
 * with findings_free(); zeroes are fine, too.
 */
int MUST_CHECK findings_collect(struct findings *f, const struct sample *s,
				const struct losses *l);
void findings_free(struct findings *f);

/* For qsort(): less than 0 where finding a is worse than b. */
int finding_compare(const void *a, const void *b);

/* Whether packets are gone: what has a row of a table. */
static inline bool finding_is_row(const struct finding *f)
{
	return f->class <= CLASS_UNEXPLAINED;
}

/*
 * Whether packets are lost that should not be: the first finding says, for it
 * is the worst.
 */
bool findings_have_loss(const struct findings *f);
/* The same, or that rules dropped some on purpose. */
bool findings_have_drops(const struct findings *f);

/* "loss", "policy", ... for people and machines. */
const char *class_name(enum finding_class class);

#endif
