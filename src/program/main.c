/* SPDX-License-Identifier: MIT */
/*
 * pktloss(8): reads twice, or since boot, and prints what was lost in between.
 * All that it finds it finds through the plugin's own engine.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "program/beat.h"
#include "program/command_line.h"
#include "program/counter_list.h"
#include "program/summary_json.h"
#include "program/trace_command.h"
#include "program/wanted.h"

#define CLEAR "\033[H\033[2J"

enum status {
	STATUS_NO_LOSS,
	STATUS_LOSS,
	STATUS_FAILED, /* could not read, or print, or was called wrongly */
	STATUS_PARTLY, /* no loss, but not everything could be read */
};

/* What is a descriptor of ours must not be taken for the output. */
static bool has_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd != STDOUT_FILENO && fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR) != fd)
			return false;
	return fcntl(STDOUT_FILENO, F_GETFD) >= 0;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec t = {ns / 1000000000, ns % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

static void print_new_notes(const struct options *o, const struct summary *l,
			    size_t from, FILE *out)
{
	for (size_t i = from; i < l->n_notes; i++)
		summary_text_wrap(out, &o->style, 0, 2, l->notes[i]);
}

/* Returns 0, or what went wrong with standard output. */
static int flush_output(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return errno ? -errno : -EIO;
}

/* Whoever reads it may have seen enough: then it ends as others do. */
static void complain_of_output(int error)
{
	if (error == -EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	complain("cannot write: %s", strerror(-error));
}

/* Prints one interval. Returns 0, or what went wrong with the output. */
static int show(const struct options *o, const struct summary *l,
		size_t old_notes)
{
	int r = 0;

	if (o->json) {
		summary_json_print(stdout, l);
	} else {
		if (o->watch && o->terminal)
			printf(CLEAR);
		summary_text_print(stdout, l, &o->style);
		/* on a screen that is cleared they would be lost */
		print_new_notes(o, l, o->watch ? 0 : old_notes,
				o->watch ? stdout : stderr);
		if (o->watch || o->counted)
			printf("\n");
	}
	return r < 0 ? r : flush_output();
}

struct run {
	struct options *options;
	struct engine *engine;
	struct summary summary;
	bool failed;   /* to read any namespace that was asked for */
	bool found;    /* a loss */
	bool had_rows; /* anything in the table */
};

/* Evaluates the newest read and prints it. Returns 0 or a negative errno. */
static int evaluate(struct run *run)
{
	struct ns_list *list = engine_namespaces(run->engine);
	size_t old_notes = run->summary.n_notes;
	int r = interval_compare(list);

	if (r == 0)
		r = summary_collect(&run->summary, list,
				    engine_blindness(run->engine));
	if (r < 0) {
		complain("%s", strerror(-r));
		return r;
	}
	filter_apply(&run->options->filter, &run->summary);
	summary_sort(&run->summary);
	run->found |= summary_have_loss(&run->summary);
	run->had_rows |= summary_text_has_rows(&run->summary);
	if (run->summary.n) {
		r = show(run->options, &run->summary, old_notes);
	} else {
		run->failed = true;
		complain("no network namespace could be looked at");
		print_new_notes(run->options, &run->summary, old_notes, stderr);
	}
	if (r < 0)
		complain_of_output(r);
	interval_end(list);
	return r;
}

static int read_namespaces(struct run *run)
{
	int r = engine_read(run->engine, 0);

	if (r < 0)
		complain("cannot look: %s", strerror(-r));
	return r;
}

/* Others may be there: then it stands in their summary as well. */
static int tell_missing(struct run *run)
{
	struct summary *l = &run->summary;
	int r = wanted_note(l, &run->options->settings,
			    engine_namespaces(run->engine));

	for (size_t i = 0; i < l->n_notes; i++)
		complain("%s", l->notes[i]);
	return r;
}

/* The first look shows what there is of what was asked for. */
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

static int read_once(struct run *run)
{
	int r = read_first(run);

	if (r < 0)
		return r;
	r = interval_since_boot(engine_namespaces(run->engine));
	if (r < 0) {
		complain("%s", strerror(-r));
		return r;
	}
	return evaluate(run);
}

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

static int read_often(struct run *run)
{
	const struct options *o = run->options;
	uint64_t interval = o->interval * 1e9, beat = now_ns(), looked = beat;
	int r;

	begin_with_drops(run);
	r = read_first(run);
	if (r < 0)
		return r;
	interval_end(engine_namespaces(run->engine));
	for (unsigned long i = 0; !o->count || i < o->count; i++) {
		beat = beat_next(beat, interval, looked, now_ns());
		sleep_until(beat);
		looked = now_ns();
		r = read_namespaces(run);
		if (r == 0)
			r = evaluate(run);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What could not be read is in the output, but that may be for a program. */
static enum status end_without_loss(const struct run *run)
{
	if (!run->summary.n_notes)
		return STATUS_NO_LOSS;
	if (run->options->json || run->options->watch)
		print_new_notes(run->options, &run->summary, 0, stderr);
	complain("%s", summary_text_partly(run->had_rows));
	return STATUS_PARTLY;
}

static enum status run_engine(struct options *o)
{
	struct run run = {.options = o, .engine = engine_new(&o->settings)};
	enum status status = STATUS_LOSS;
	int r;

	if (!run.engine) {
		complain("%s", strerror(ENOMEM));
		return STATUS_FAILED;
	}
	r = o->once ? read_once(&run) : read_often(&run);
	if (r < 0 || run.failed)
		status = STATUS_FAILED;
	else if (!run.found)
		status = end_without_loss(&run);
	summary_free(&run.summary);
	engine_free(run.engine);
	return status;
}

static enum status trace_namespaces(const struct options *o)
{
	switch (trace_command(o)) {
	case TRACE_NO_LOSS:
		return STATUS_NO_LOSS;
	case TRACE_LOSS:
		return STATUS_LOSS;
	case TRACE_PARTLY:
		return STATUS_PARTLY;
	default:
		return STATUS_FAILED;
	}
}

static enum status act(struct options *o)
{
	switch (o->action) {
	case ACTION_TRACE:
		return trace_namespaces(o);
	case ACTION_LOOK:
		return run_engine(o);
	case ACTION_LIST:
		counter_list_print(stdout, &o->style);
		return STATUS_NO_LOSS;
	case ACTION_END:
		return STATUS_NO_LOSS;
	default:
		return STATUS_FAILED;
	}
}

int main(int argc, char **argv)
{
	struct options o;
	enum status status;
	int r;

	signal(SIGPIPE, SIG_IGN);
	/* an interval in one piece, whoever else writes there */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ * 8);
	if (!has_descriptors()) {
		complain("cannot write: standard output is closed");
		return STATUS_FAILED;
	}
	if (options_init(&o, argc, argv) < 0) {
		complain("%s", strerror(ENOMEM));
		return STATUS_FAILED;
	}
	status = act(&o);
	options_free(&o);
	r = flush_output();
	if (r < 0 && status != STATUS_FAILED) {
		complain_of_output(r);
		status = STATUS_FAILED;
	}
	return status;
}
