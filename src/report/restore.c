/* SPDX-License-Identifier: MIT */
/* Alarms over a restart: what the state file does to a report. */
#include <errno.h>
#include <string.h>

#include "engine/engine_private.h"

/* After so long, what was raised should have been found again. */
#define PATIENCE_NS UINT64_C(120000000000)

static const char *explain(int error)
{
	switch (error) {
	case -EBADMSG:
		return "it is damaged, and ignored";
	case -EINVAL:
		return "it is no regular file";
	case -EFBIG:
		return "it is larger than 1 MiB";
	default:
		return strerror(-error);
	}
}

/* What is wrong with the state file is said once, and again when it was well.
 */
static void log_state(struct report *r)
{
	struct engine *e = r->engine;
	char text[256];

	if (e->state_error && !e->said_state) {
		format_text(text, sizeof(text), "StateFile cannot be %s: %s",
			    e->state_use, explain(e->state_error));
		r->sink->log(r->sink->arg, LOG_LEVEL_WARNING, text);
	}
	e->said_state = e->state_error != 0;
}

static void note_state(struct engine *e, const char *use, int error)
{
	if (error != e->state_error)
		e->said_state = false;
	e->state_use = use;
	e->state_error = error;
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
		loss->alarm.state = s->items[i].state;
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
			.state = loss->alarm.state,
		};

		if (loss->alarm.state == SEVERITY_OKAY)
			continue;
		memcpy(raised.place, loss->place, sizeof(raised.place));
		memcpy(raised.namespace, w->name, sizeof(raised.namespace));
		error = state_add(s, &raised);
	}
	return error;
}

static int collect_all(const struct engine *e, struct state *s)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < e->n_watched; i++)
		error = collect(e->watched[i], s);
	for (size_t i = 0; error == 0 && i < e->raised.n; i++)
		error = state_add(s, &e->raised.items[i]);
	return error;
}

static void write_state(struct engine *e)
{
	struct state all = {.n = 0};
	size_t left = 0;
	int error = collect_all(e, &all);

	if (error == 0)
		error = state_write(e->settings->state_file, &all, &left);
	state_free(&all);
	e->unsaved = error < 0; /* tried again */
	if (error == 0 && left)
		note_state(e, "written whole", -EFBIG);
	else
		note_state(e, "written", error);
}

bool engine_has_unsaved(const struct engine *e)
{
	return e->settings->state_file && e->unsaved;
}

void engine_keep_alarms(struct engine *e)
{
	const char *path = e->settings->state_file;
	int error;

	if (path && !e->restored) {
		error = state_read(path, &e->raised);
		note_state(e, "read", error == -ENOENT ? 0 : error);
	} else if (engine_has_unsaved(e)) {
		write_state(e);
	}
	e->restored = true;
}

void save_alarms(struct report *r)
{
	struct engine *e = r->engine;

	if (!e->first_ns)
		e->first_ns = r->time_ns;
	if (e->raised.n && r->time_ns - e->first_ns >= PATIENCE_NS)
		forget_raised(r);
	e->unsaved |= r->alarms_changed;
	log_state(r);
}
