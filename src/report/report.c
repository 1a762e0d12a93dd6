/* SPDX-License-Identifier: MIT */
/*
 * What is made of the samples: values and notifications. Values go first, so
 * that a notification speaks of a series that is already there.
 */
#include <errno.h>
#include <string.h>

#include "engine/engine_private.h"

static void end_gone(struct report *r)
{
	struct engine *e = r->engine;

	for (size_t i = 0; i < e->n_watched; i++) {
		r->watched = e->watched[i];
		if (r->watched->renewed || !r->watched->present)
			end_alarms(r);
	}
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

static void log_shortfalls(struct engine *e, const struct sink *sink)
{
	if (e->n_skipped && !e->was_skipped)
		sink->log(sink->arg, LOG_LEVEL_WARNING,
			  "ReadBudget is too short to read every network "
			  "namespace in each interval: they are read in turns");
	e->was_skipped |= e->n_skipped > 0;
	if (e->n_unwatched && !e->was_unwatched)
		sink->log(sink->arg, LOG_LEVEL_WARNING,
			  "MaxNamespaces is reached, further network "
			  "namespaces are left out");
	e->was_unwatched |= e->n_unwatched > 0;
}

void engine_log_blindness(struct engine *e, const struct sink *sink)
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
	log_shortfalls(e, sink);
}

static void log_private_home(struct engine *e, const struct sink *sink)
{
	if (e->private_own && !e->said_private_own)
		sink->log(sink->arg, LOG_LEVEL_WARNING,
			  "collectd is not in the network namespace of "
			  "process 1: values without @ are those of "
			  "collectd's namespace, not of the host");
	e->said_private_own |= e->private_own;
}

/* How many namespaces were not read: sent once there were some. */
static void send_shortfall(struct report *r, const char *instance, size_t n)
{
	const struct series series = {
		.place = "all",
		.type = "gauge",
		.instance = instance,
		.is_gauge = true,
		.gauge = (double)n,
		.time_ns = r->time_ns,
	};

	r->sink->value(r->sink->arg, &series);
	r->n_series++;
}

static void send_shortfalls(struct report *r)
{
	const struct engine *e = r->engine;

	if (!r->time_ns)
		return;
	if (e->was_skipped)
		send_shortfall(r, "all-skipped", e->n_skipped);
	if (e->was_unwatched)
		send_shortfall(r, "all-unwatched", e->n_unwatched);
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
	int result = engine_compare(e);
	size_t n_new = count_new(e);

	r.time_ns = newest_ns(e);
	engine_log_blindness(e, sink);
	log_private_home(e, sink);
	send_past(&r, n_new);
	r.n_new = n_new;
	send_all(&r, 0);
	send_other(&r);
	send_shortfalls(&r);
	judge_all(&r);
	engine_swap(e);
	end_gone(&r);
	engine_forget_gone(e);
	save_alarms(&r);
	notify_suppressed(&r);
	e->n_series = r.n_series;
	return result;
}
