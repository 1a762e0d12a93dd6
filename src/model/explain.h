/* SPDX-License-Identifier: MIT */
/*
 * What a layer says of its losses: why packets were lost, and what to do. The
 * layers' explainers are listed in their struct probe; diagnosis/cause.h finds
 * the suspects and asks them.
 */
#ifndef PKTLOSS_MODEL_EXPLAIN_H
#define PKTLOSS_MODEL_EXPLAIN_H

#include "model/loss.h"

/*
 * A kind of cause. docs/CAUSES.md is made of these, and a notification names
 * one. Whole sentences; what is to be pasted into a shell stands in backquotes,
 * nothing else does.
 */
struct reason {
	const char *id;	     /* "mtu-mismatch": unique, a word for an anchor */
	const char *means;   /* what has happened, and why packets are lost */
	const char *confirm; /* how to see by hand that it is so */
	const char *fix;     /* how to mend it */
	const char *gone;    /* how to see that it is mended */
};

/* As many things of one cause are told from others. */
#define MAX_BLAMED 8

struct cause {
	const struct reason *reason; /* NULL: the words of the counter */
	char text[384];	  /* a clause: "netem is configured to lose 30%" */
	char remedy[256]; /* a sentence, without a final stop; commands in it
			     stand in backquotes, as in struct reason */
	const struct counter *counter; /* that lost most, NULL: not known */
	const struct object *object;   /* and of what, NULL: no single one */
	uint64_t lost; /* packets it explains, or entries of a table */
	bool known;    /* more than a guess from the counter's name */
	bool is_rule;  /* a firewall rule drops each packet that it matches */
	uint8_t n_blamed;
	/* of what has no object here, as ports: see cause_blame() */
	uint32_t blamed[MAX_BLAMED];
};

/*
 * Says which of several things of one counter and reason it is, the one that
 * its text names first: another one is another cause. name is what it is called
 * as long as it is there: no level, no count, no process.
 */
void cause_blame(struct cause *c, const char *name);
void cause_blame_number(struct cause *c, uint64_t number);

/* The name of a cause's counter, or "". */
static inline const char *cause_counter(const struct cause *c)
{
	return c->counter ? c->counter->name : "";
}

/*
 * A loss with an object and a counter that lost some of it. A counter with
 * parts is a suspect only for what is in none of them.
 */
struct suspect {
	const struct sample *sample;
	const struct loss *loss;
	const struct object *object;
	const struct row *row;
	uint64_t lost;	/* packets of the loss, or entries of a table */
	bool is_policy; /* a layer that finds its suspects itself says so: it
			   drops what it is told to, see loss->policy */
};

/*
 * Whether this is what happened. If so, fills in reason, text and remedy, and
 * is_rule; the other members are there already. What the kernel itself says may
 * leave the text empty: then the words are those of the counter. Pure.
 */
typedef bool (*cause_explain)(const struct suspect *suspect, struct cause *ret);

/* One explanation of losses of a layer. The first that fits wins. */
struct explainer {
	uint8_t layer; /* enum layer */
	cause_explain explain;
};

/*
 * The same for what of a loss no row of its namespace counts: also fills in
 * counter and lost.
 */
typedef bool (*cause_explain_hidden)(const struct sample *s,
				     const struct loss *loss,
				     struct cause *ret);

/* Sets a text of a cause, cut where it is too long: a person reads it. */
#define CAUSE_TEXT(cause, ...)                                                 \
	format_text((cause)->text, sizeof((cause)->text), __VA_ARGS__)
#define CAUSE_REMEDY(cause, ...)                                               \
	format_text((cause)->remedy, sizeof((cause)->remedy), __VA_ARGS__)

#endif
