/* SPDX-License-Identifier: MIT */
#include "program/look.h"

#include <errno.h>
#include <string.h>

#include "engine/engine.h"
#include "program/baseline.h"
#include "program/beat.h"
#include "program/gone.h"
#include "program/interrupt.h"
#include "program/output.h"
#include "program/since.h"
#include "program/wanted.h"

struct run {
	const struct options *options;
	struct engine *engine;
	struct summary summary;
	struct baseline baseline;
	struct gone gone;
	struct output output;
	unsigned long n_intervals;
	bool failed;   /* to read any namespace that was asked for */
	bool found;    /* a loss */
	bool had_rows; /* anything in the table */
};

/* ---- one interval ---- */

/* What follows the intervals, or tells of them what is gone in the end. */
typedef int (*gone_step)(struct run *run);

static int follow_gone(struct run *run)
{
	return gone_follow(&run->gone, &run->summary);
}

static int tell_gone(struct run *run)
{
	return gone_tell(&run->gone, &run->summary);
}

/*
 * Compares the newest read, and takes that step, if any, before the filter.
 * Returns 0 or a negative errno, and has said it.
 */
static int compare_newest(struct run *run, gone_step step)
{
	struct ns_list *list = engine_namespaces(run->engine);
	int r = interval_compare(list);

	if (r == 0)
		r = summary_collect(&run->summary, list,
				    engine_blindness(run->engine));
	if (r == 0 && step)
		r = step(run);
	if (r < 0) {
		complain("%s", strerror(-r));
		return r;
	}
	filter_apply(&run->options->filter, &run->summary);
	summary_sort(&run->summary);
	return 0;
}

/* What reads it adds up itself. */
static bool is_for_programs(const struct options *o)
{
	return o->json || o->csv;
}

/* Without a table there are notes all the same. */
static int show(struct run *run, bool wanted)
{
	int r = 0;

	if (wanted && !run->options->quiet)
		r = output_show(&run->output, &run->summary);
	else if (!run->options->watch && !is_for_programs(run->options))
		output_notes(&run->output, &run->summary);
	if (r < 0)
		output_complain(r);
	return r;
}

/* Evaluates what was collected, and prints it where that is wanted. */
static int evaluate(struct run *run, bool wanted)
{
	if (!run->summary.n) {
		run->failed = true;
		complain("no network namespace could be looked at");
		output_notes(&run->output, &run->summary);
		return 0;
	}
	if (wanted) {
		run->found |= summary_have_loss(&run->summary);
		run->had_rows |= summary_text_has_rows(&run->summary);
	}
	return show(run, wanted);
}

static int read_namespaces(struct run *run)
{
	int r = engine_read(run->engine, 0);

	if (r < 0)
		complain("cannot look: %s", strerror(-r));
	return r;
}

/* ---- the first look ---- */

/* Others may be there: then it stands in their summary as well. */
static int tell_missing(struct run *run)
{
	struct summary *l = &run->summary;
	int r = wanted_note(l, &run->options->settings,
			    engine_namespaces(run->engine));

	for (size_t i = 0; i < l->n_notes; i++)
		complain("%s", l->notes[i]);
	run->output.n_notes = l->n_notes;
	return r;
}

/* It shows what there is of what was asked for. */
static int read_first(struct run *run)
{
	const struct settings *s = &run->options->settings;
	int r = read_namespaces(run);
	size_t missing;

	if (r < 0)
		return r;
	missing = wanted_missing(s, engine_namespaces(run->engine));
	if (!missing)
		return 0;
	run->failed = true;
	r = tell_missing(run);
	return r == 0 && missing == s->namespaces.n ? -ENOENT : r;
}

/* Then one that is found later is new. */
static bool have_all_been_found(const struct run *run)
{
	const struct blindness *b = engine_blindness(run->engine);

	return !run->failed && !b->entering.errors[0] &&
	       !b->finding.errors[0] && !b->naming.errors[0];
}

/* Has the read compared with zeroes, or what a file has. */
static int prepare_once(struct run *run, struct since *since)
{
	int r;

	if (since->path)
		return since_compare(since, run->engine,
				     have_all_been_found(run));
	r = interval_since_boot(engine_namespaces(run->engine));
	if (r < 0)
		complain("%s", strerror(-r));
	return r;
}

/* Where none is in the file yet, they were looked at all the same. */
static int evaluate_once(struct run *run, const struct since *since)
{
	since_note(since, &run->summary);
	return since->n_new && !run->summary.n ? 0 : evaluate(run, true);
}

static int look_once(struct run *run)
{
	struct since since = {.path = run->options->since};
	int r = since.path ? since_begin(&since, run->engine) : 0;

	if (r == 0)
		r = read_first(run);
	if (r == 0)
		r = prepare_once(run, &since);
	if (r == 0)
		r = compare_newest(run, NULL);
	if (r == 0)
		r = evaluate_once(run, &since);
	if (r == 0 && since.path)
		r = since_end(&since);
	since_free(&since);
	interval_end(engine_namespaces(run->engine));
	return r;
}

/* ---- look after look ---- */

/* Where somebody insists on them the reads say so. */
static void begin_with_drops(struct run *run)
{
	const struct options *o = run->options;
	int r = engine_watch_drops(run->engine);

	run->summary.drop_reasons = r == 0 &&
				    o->settings.drop_reasons != CHOICE_FALSE;
	if (r < 0 && o->style.verbose &&
	    o->settings.drop_reasons == CHOICE_AUTO)
		complain("the kernel's reasons for dropping packets are not "
			 "read: %s",
			 engine_drops_complaint(r));
}

/* Returns whether to go on, or a negative errno. */
static int wait_until(struct run *run, uint64_t beat)
{
	const struct options *o = run->options;

	for (;;) {
		enum wait_result result = interrupt_wait(beat);
		int r = 0;

		if (result != WAIT_RESIZED)
			return result == WAIT_OVER;
		if (o->watch && o->terminal && !is_for_programs(o) &&
		    run->n_intervals)
			r = show(run, !o->summary);
		if (r < 0)
			return r;
	}
}

/* Whether one more table is to tell what was lost in all. */
static bool wants_sum(const struct options *o)
{
	return o->summary || ((o->watch || o->count != 1) &&
			      !is_for_programs(o) && !o->quiet);
}

/* What was lost since the first look: news, unless the intervals were told. */
static int tell_sum(struct run *run)
{
	bool found = run->found;
	int r;

	baseline_restore(&run->baseline, engine_namespaces(run->engine));
	r = compare_newest(run, tell_gone);
	if (r < 0)
		return r;
	run->summary.n_intervals = run->n_intervals;
	r = evaluate(run, true);
	if (!run->options->summary)
		run->found = found;
	return r;
}

static int tell_interval(struct run *run, bool is_last)
{
	const struct options *o = run->options;
	struct ns_list *list = engine_namespaces(run->engine);
	int r = compare_newest(run, wants_sum(o) ? follow_gone : NULL);

	run->n_intervals++;
	if (r == 0)
		r = evaluate(run, !o->summary);
	if (r == 0 && wants_sum(o)) {
		if (!is_last)
			r = baseline_follow(&run->baseline, list);
		else if (run->n_intervals > 1 || o->summary)
			r = tell_sum(run);
	}
	interval_end(list);
	return r;
}

static int look_often(struct run *run)
{
	const struct options *o = run->options;
	uint64_t interval = o->interval * 1e9, beat = interrupt_clock_ns();
	uint64_t looked = beat;
	bool is_last = false;
	int r;

	begin_with_drops(run);
	interrupt_begin();
	r = read_first(run);
	if (r < 0)
		return r;
	interval_end(engine_namespaces(run->engine));
	for (unsigned long i = 1; r >= 0 && !is_last; i++) {
		beat = beat_next(beat, interval, looked, interrupt_clock_ns());
		r = wait_until(run, beat);
		is_last = r == 0 || i == o->count;
		looked = interrupt_clock_ns();
		if (r >= 0)
			r = read_namespaces(run);
		is_last |= interrupt_is_pending();
		if (r >= 0)
			r = tell_interval(run, is_last);
	}
	return r;
}

/* What could not be read is in the output, but that may be for a program. */
static enum status end_without_loss(struct run *run)
{
	if (!run->summary.n_notes)
		return STATUS_NO_LOSS;
	output_notes(&run->output, &run->summary);
	complain("%s", summary_text_partly(run->had_rows));
	return STATUS_PARTLY;
}

enum status look_command(const struct options *o)
{
	struct run run = {
		.options = o,
		.engine = engine_new(&o->settings),
		.output = {.options = o},
		.summary = {.order = o->order},
	};
	enum status status = STATUS_LOSS;
	int r;

	if (!run.engine) {
		complain("%s", strerror(ENOMEM));
		return STATUS_FAILED;
	}
	engine_blindness(run.engine)->brief = !o->style.verbose;
	r = o->once || o->since ? look_once(&run) : look_often(&run);
	if (r < 0 || run.failed)
		status = STATUS_FAILED;
	else if (!run.found)
		status = end_without_loss(&run);
	baseline_free(&run.baseline);
	gone_free(&run.gone);
	summary_free(&run.summary);
	engine_free(run.engine);
	return status;
}
