/* SPDX-License-Identifier: MIT */
#include "report/report_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Sections of docs/CAUSES.md have words of causes; this is of no cause. */
#define REASON_UNKNOWN "unknown"

static const char *text_or(const char *text, const char *otherwise)
{
	return text[0] ? text : otherwise;
}

/*
 * Drops of a qdisc or of firewall rules have no name of their own: these are
 * called as in the series, what has none there by what it is in.
 */
static void find_counter_name(struct cause_words *ret, const struct sample *s,
			      const struct cause *cause)
{
	const char *name = cause_counter(cause), *end = "";
	const struct object *o = s ? cause->object : NULL;

	if (o && (!name[0] || o->family)) {
		name = object_name(s, o);
		end = "#"; /* and the order of a rule without a comment */
	}
	if (!name[0])
		name = cause->counter ? "drops" : "none";
	format_text(ret->counter, sizeof(ret->counter), "%.*s",
		    (int)strcspn(name, end), name);
	text_make_printable(ret->counter);
}

void report_words_find(struct cause_words *ret, const struct sample *s,
		       const struct cause *cause, const char *remedy)
{
	static const struct cause unknown = {.counter = NULL};
	char reason[COUNTER_OPTION];

	if (!cause)
		cause = &unknown;
	cause_name(cause, reason);
	find_counter_name(ret, s, cause);
	format_text(ret->cause, sizeof(ret->cause), "%s",
		    text_or(cause->text, "the cause is not known"));
	format_text(ret->remedy, sizeof(ret->remedy), "%s",
		    text_or(remedy, "none"));
	format_text(ret->reason, sizeof(ret->reason), "%s",
		    text_or(reason, REASON_UNKNOWN));
	ret->percent = NAN;
	format_text(ret->runbook, sizeof(ret->runbook), RUNBOOK "#%s",
		    ret->reason);
}

void report_words_set(struct notification *n, const struct cause_words *words)
{
	n->counter = words->counter;
	n->cause = words->cause;
	n->remedy = words->remedy;
	n->reason = words->reason;
	n->runbook = words->runbook;
}

void report_words_keep(struct loss *loss, const struct cause_words *words)
{
	if (!loss->words)
		loss->words = malloc(sizeof(*loss->words));
	if (loss->words) /* else its OKAY does without */
		*loss->words = *words;
}

void report_words_kept(const struct loss *loss, struct cause_words *ret)
{
	if (loss->words)
		*ret = *loss->words;
	else
		report_words_find(ret, NULL, NULL, "");
}

void report_words_take(struct loss *loss, struct cause_words *ret)
{
	report_words_kept(loss, ret);
	free(loss->words);
	loss->words = NULL;
}
