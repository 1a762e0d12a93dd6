/* SPDX-License-Identifier: MIT */
#include "program/trace_command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "program/trace_json.h"
#include "program/trace_text.h"
#include "program/wanted.h"
#include "trace/pcap_file.h"

/* ---- what went wrong ---- */

static const char *why_not(int error)
{
	switch (error) {
	case -ENOSYS:
		return "pktloss was built without libbpf";
	case -EOPNOTSUPP:
		return "this kernel does not tell why it drops packets, or "
		       "nothing of itself: it takes Linux 5.17 with BTF";
	case -EPERM:
		return "it needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN";
	case -ESRCH:
		return "none of the namespaces may be entered, which needs "
		       "CAP_SYS_ADMIN";
	default:
		return strerror(-error);
	}
}

static int complain_of_trace(int error)
{
	complain("cannot trace: %s", why_not(error));
	return error;
}

/*
 * Notes which of the namespaces that are asked for are not there. Returns 0,
 * -ENOENT (some are not) or -ENOMEM.
 */
static int note_missing_names(const struct options *o, const struct trace *t,
			      struct summary *notes)
{
	const struct settings *s = &o->settings;
	int r;

	if (!wanted_missing(s, &t->places.list))
		return 0;
	r = wanted_note(notes, s, &t->places.list);
	return r < 0 ? r : -ENOENT;
}

/* Without a choice those are looked at all the same, and have no name. */
static void note_unknown_names(const struct options *o, const struct trace *t,
			       struct summary *notes)
{
	char text[160];

	if (!t->places.n_unknown)
		return;
	format_text(text, sizeof(text),
		    "%zu namespaces %s, as they could not be entered: %s",
		    t->places.n_unknown,
		    o->settings.namespaces.n ? "were not looked at"
					     : "have no name here",
		    strerror(-t->places.error));
	summary_note(notes, text);
}

static void complain_of_notes(const struct summary *notes, size_t from)
{
	for (size_t i = from; i < notes->n_notes; i++)
		complain("%s", notes->notes[i]);
}

/* ---- the file ---- */

static const char *why_not_written(int error)
{
	switch (error) {
	case -EPIPE:
		return "it is a pipe that nobody reads";
	case -EOPNOTSUPP:
		return "it is there already, and belongs to another user";
	case -EAGAIN:
		return "the pipe is full, whoever reads it is too slow";
	default:
		return strerror(-error);
	}
}

static int complain_of_file(const char *path, int error)
{
	complain("cannot write %s: %s", path, why_not_written(error));
	return error;
}

static int close_pcap(FILE *f, const struct options *o, const struct trace *t)
{
	int closed = pcap_file_close(f), r = t->pcap_error;

	if (r == -EFBIG)
		complain("%s has the first %llu packets", o->pcap,
			 (unsigned long long)t->written);
	if (r == 0 || r == -EFBIG)
		r = closed;
	return r < 0 ? complain_of_file(o->pcap, r) : 0;
}

/* ---- looking ---- */

/* What ends it early. */
static void end_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

/* To be read when somebody wants it to end; or negative errno. */
static int catch_signals(void)
{
	sigset_t set;
	int fd;

	end_signals(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &set, NULL);
	return fd;
}

/* Those that come from now on, while it prints, end the program. */
static void release_signals(int fd)
{
	struct signalfd_siginfo signal;
	sigset_t set;

	end_signals(&set);
	while (read(fd, &signal, sizeof(signal)) > 0)
		;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static bool have_loss(const struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].place->key.kind == TRACE_DROP &&
		    !t->rows[i].healthy)
			return true;
	return false;
}

static int show_trace(const struct options *o, const struct trace *t,
		      struct summary *notes)
{
	size_t old_notes = notes->n_notes;

	note_unknown_names(o, t, notes);
	if (o->json)
		trace_json_print(stdout, t, notes);
	else
		trace_text_print(stdout, t, &o->style);
	complain_of_notes(notes, old_notes);
	if (have_loss(t))
		return TRACE_LOSS;
	return t->places.n_unknown && o->settings.namespaces.n ? TRACE_PARTLY
							       : TRACE_NO_LOSS;
}

/* Who waits wants to know for what. */
static void tell_how_long(const struct options *o)
{
	if (o->terminal && isatty(STDERR_FILENO))
		complain("looking for %g s, or until Ctrl-C", o->seconds);
}

static int look_and_show(const struct options *o, struct trace *t,
			 struct summary *notes)
{
	int missing = note_missing_names(o, t, notes), r;

	complain_of_notes(notes, 0);
	tell_how_long(o);
	r = trace_run(t);
	release_signals(t->options->stop);
	if (r == 0)
		r = show_trace(o, t, notes);
	else if (missing == 0 || r != -ESRCH)
		complain_of_trace(r);
	return missing < 0 ? missing : r;
}

/* What can find nothing is a mistake. Returns 0 or -EINVAL. */
static int check_reason(const struct options *o, const struct trace *t)
{
	const char *reason = o->choice.reason;

	if (!trace_knows_reason(t))
		complain("this kernel has no reason that is called '%s'",
			 reason);
	else if (!trace_has_reason_in_layer(t))
		complain("nothing that is called '%s' is of the layer '%s'",
			 reason, layer_name(o->choice.layer));
	else
		return 0;
	return -EINVAL;
}

static int run_trace(const struct options *o, struct trace *t)
{
	struct summary notes = {0};
	int r = look_and_show(o, t, &notes);

	summary_free(&notes);
	return r;
}

int trace_command(const struct options *o)
{
	struct trace_options options = {
		.settings = &o->settings,
		.choice = o->choice,
		.seconds = o->seconds,
		.stop = catch_signals(),
	};
	struct trace t;
	int r, closed = 0;

	r = trace_open(&t, &options);
	if (r < 0)
		complain_of_trace(r);
	else
		r = check_reason(o, &t);
	if (r == 0 && o->pcap) {
		r = pcap_file_open(o->pcap, &options.pcap);
		if (r < 0)
			complain_of_file(o->pcap, r);
	}
	if (r == 0)
		r = run_trace(o, &t);
	if (options.pcap)
		closed = close_pcap(options.pcap, o, &t);
	trace_close(&t);
	cleanup_close(&options.stop);
	return closed < 0 ? closed : r;
}
