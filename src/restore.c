/* SPDX-License-Identifier: MIT */
/* Alarms over a restart: what the state file does to a report. */
#include <errno.h>
#include <string.h>

#include "watched.h"

/* After so long, what was raised should have been found again. */
#define PATIENCE_NS UINT64_C(120000000000)

static void log_error(struct report *r, const char *what, int error)
{
	char text[256];

	format_text(text, sizeof(text), "StateFile cannot be %s: %s", what,
		    error == -EBADMSG ? "it is damaged, and ignored"
				      : strerror(-error));
	r->sink->log(r->sink->arg, LOG_LEVEL_WARNING, text);
}

void restore_alarms(struct report *r)
{
	struct engine *e = r->engine;
	int error;

	if (e->restored || !e->settings->state_file)
		return;
	e->restored = true;
	error = state_read(e->settings->state_file, &e->raised);
	if (error < 0 && error != -ENOENT)
		log_error(r, "read", error);
}

static bool is_same(const struct raised *raised, const struct watched *w,
		    const struct loss *loss)
{
	return raised->layer == loss->layer &&
	       raised->direction == loss->direction &&
	       !strcmp(raised->place, loss->place) &&
	       !strcmp(raised->namespace, w->name);
}

void claim_alarm(struct report *r, struct loss *loss)
{
	struct state *s = &r->engine->raised;

	for (size_t i = 0; i < s->n; i++) {
		if (!is_same(&s->items[i], r->watched, loss))
			continue;
		loss->alert.state = s->items[i].state;
		s->items[i] = s->items[--s->n];
		return;
	}
}

/* An alarm from before the restart whose cause is nowhere to be seen. */
static void take_back(struct report *r, const struct raised *raised)
{
	struct watched gone = {.path = "gone"};
	struct loss loss = {
		.layer = raised->layer,
		.direction = raised->direction,
		.gone = true,
	};

	memcpy(gone.name, raised->namespace, sizeof(gone.name));
	memcpy(loss.place, raised->place, sizeof(loss.place));
	loss.limits = settings_limits(r->engine->settings, loss.layer,
				      loss.direction, gone.name, loss.place,
				      false);
	r->watched = &gone;
	notify_okay(r, &loss, "what lost them is gone");
	r->watched = NULL;
}

static void forget_raised(struct report *r)
{
	struct state *s = &r->engine->raised;

	for (size_t i = 0; i < s->n; i++)
		take_back(r, &s->items[i]);
	r->alarms_changed |= s->n > 0;
	s->n = 0;
}

static int collect(const struct watched *w, struct state *s)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < w->losses.n; i++) {
		const struct loss *loss = &w->losses.items[i];
		struct raised raised = {
			.layer = loss->layer,
			.direction = loss->direction,
			.state = loss->alert.state,
		};

		if (loss->alert.state == SEVERITY_OKAY)
			continue;
		memcpy(raised.place, loss->place, sizeof(raised.place));
		memcpy(raised.namespace, w->name, sizeof(raised.namespace));
		error = state_add(s, &raised);
	}
	return error;
}

static int write_state(const struct engine *e)
{
	struct state all = {.n = 0};
	int error = 0;

	for (size_t i = 0; error == 0 && i < e->n_watched; i++)
		error = collect(e->watched[i], &all);
	for (size_t i = 0; error == 0 && i < e->raised.n; i++)
		error = state_add(&all, &e->raised.items[i]);
	if (error == 0)
		error = state_write(e->settings->state_file, &all);
	state_free(&all);
	return error;
}

void save_alarms(struct report *r)
{
	struct engine *e = r->engine;
	int error;

	if (!e->first_ns)
		e->first_ns = r->time_ns;
	if (e->raised.n && r->time_ns - e->first_ns >= PATIENCE_NS)
		forget_raised(r);
	if (!(r->alarms_changed || e->said_state) || !e->settings->state_file)
		return;
	error = write_state(e);
	if (error < 0 && !e->said_state)
		log_error(r, "written", error);
	e->said_state = error < 0;
}
