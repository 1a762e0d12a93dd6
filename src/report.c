/* SPDX-License-Identifier: MIT */
/*
 * What is made of the samples: values and notifications. Values go first, so
 * that a notification speaks of a series that is already there.
 */
#include <errno.h>
#include <string.h>

#include "watched.h"

static void remove_gone(struct report *r)
{
	struct engine *e = r->engine;
	size_t kept = 0;

	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		r->watched = w;
		if (w->renewed || !w->present)
			end_alarms(r);
		w->renewed = false;
		if (w->present) {
			e->watched[kept++] = w;
			continue;
		}
		e->next -= e->next && kept <= e->next;
		e->rebuild |= e->n_unwatched > 0;
		watched_free(w);
	}
	e->n_watched = kept;
}

static int compare_all(struct engine *e)
{
	int result = 0;

	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		if (!w->fresh)
			continue;
		sample_compare(&w->now, &w->then);
		if (loss_tally(&w->losses, &w->now) < 0)
			result = -ENOMEM;
	}
	attribute_losses(e);
	return result;
}

static void swap_samples(struct watched *w)
{
	struct sample read = w->now;

	w->now = w->then;
	w->then = read;
	w->fresh = false;
}

static const char *explain_error(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return "not permitted";
	case -EBADMSG:
		return "the kernel's answer was not understood";
	case -EAGAIN:
		return "it changed while it was read, three times";
	default:
		return strerror(-error);
	}
}

/* One line for each lasting reason why something is not measured. */
static void log_errors(struct blindness *b, const struct sink *sink,
		       const char *what, const char *needs)
{
	for (; b->said < MAX_SAID && b->errors[b->said]; b->said++) {
		char text[256];

		int error = b->errors[b->said];
		bool denied = needs && (error == -EPERM || error == -EACCES);

		format_text(text, sizeof(text), "%s: %s%s%s", what,
			    explain_error(error), denied ? "; needs " : "",
			    denied ? needs : "");
		sink->log(sink->arg, LOG_LEVEL_WARNING, text);
	}
}

static void log_blindness(struct engine *e, const struct sink *sink)
{
	for (size_t i = 0; i < n_probes; i++) {
		char what[160];

		format_text(what, sizeof(what),
			    "layer %s cannot be read from %s",
			    layer_name(probes[i]->layer), probes[i]->reads);
		log_errors(&e->blindness[i], sink, what, probes[i]->needs);
	}
	log_errors(&e->refused, sink, "a network namespace cannot be entered",
		   "CAP_SYS_ADMIN");
	if (e->private_home && !e->said_private_home)
		sink->log(sink->arg, LOG_LEVEL_WARNING,
			  "collectd is not in the network namespace of "
			  "process 1: values without @ are those of "
			  "collectd's namespace, not of the host");
	e->said_private_home |= e->private_home;
}

/* How many namespaces were not read: sent, and said, once there are some. */
static void send_shortfall(struct report *r, size_t n, bool *known,
			   const char *instance, const char *text)
{
	struct series series = {
		.place = "all",
		.type = "gauge",
		.instance = instance,
		.is_gauge = true,
		.gauge = (double)n,
		.time_ns = r->time_ns,
	};

	if (!n && !*known)
		return;
	if (!*known)
		r->sink->log(r->sink->arg, LOG_LEVEL_WARNING, text);
	*known = true;
	r->sink->value(r->sink->arg, &series);
	r->n_series++;
}

static void send_shortfalls(struct report *r)
{
	struct engine *e = r->engine;

	if (!r->time_ns)
		return;
	send_shortfall(r, e->n_skipped, &e->was_skipped, "all-skipped",
		       "ReadBudget is too short to read every network "
		       "namespace in each interval: they are read in turns");
	send_shortfall(r, e->n_unwatched, &e->was_unwatched, "all-unwatched",
		       "MaxNamespaces is reached, further network "
		       "namespaces are left out");
}

static bool is_reported(const struct watched *w)
{
	return w->fresh && !w->hidden;
}

static void send_all(struct report *r, unsigned ago)
{
	r->ago = ago;
	for (size_t i = 0; i < r->engine->n_watched; i++) {
		r->watched = r->engine->watched[i];
		if (!is_reported(r->watched))
			continue;
		send_values(r);
	}
}

/*
 * What was quiet starts with two values of the past: the newer makes the rate
 * of the first loss right, the older fills the steps of a round-robin database
 * that the loss shares with the time before, which would be unknown and so
 * stretch the loss or swallow it.
 */
static void send_past(struct report *r, size_t n_new)
{
	for (unsigned ago = 2; ago > 0; ago--) {
		r->n_new = n_new;
		send_all(r, ago);
		if (r->n_new > n_new)
			r->sink->settle(r->sink->arg);
		if (!r->any_quiet)
			return;
	}
}

static void judge_all(struct report *r)
{
	for (size_t i = 0; i < r->engine->n_watched; i++) {
		r->watched = r->engine->watched[i];
		if (is_reported(r->watched))
			judge_losses(r);
	}
}

/* The newest read of all, also where nothing is sent of it. */
static uint64_t newest_ns(const struct engine *e)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < e->n_watched; i++)
		if (e->watched[i]->fresh && e->watched[i]->now.time_ns > newest)
			newest = e->watched[i]->now.time_ns;
	return newest;
}

/* Namespaces whose heartbeat is about to become a series. */
static size_t count_new(const struct engine *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n_watched; i++)
		n += is_reported(e->watched[i]) && !e->watched[i]->then.time_ns;
	return n;
}

int engine_report(struct engine *e, const struct sink *sink)
{
	struct report r = {.engine = e, .sink = sink};
	int result = compare_all(e);
	size_t n_new = count_new(e);

	r.time_ns = newest_ns(e);
	log_blindness(e, sink);
	restore_alarms(&r);
	send_past(&r, n_new);
	r.n_new = n_new;
	send_all(&r, 0);
	send_other(&r);
	send_shortfalls(&r);
	judge_all(&r);
	for (size_t i = 0; i < e->n_watched; i++)
		if (e->watched[i]->fresh)
			swap_samples(e->watched[i]);
	remove_gone(&r);
	save_alarms(&r);
	notify_suppressed(&r);
	e->n_series = r.n_series;
	return result;
}
