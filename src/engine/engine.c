/* SPDX-License-Identifier: MIT */
#include "engine/engine.h"

#include <errno.h>

#include "engine/discovery.h"
#include "engine/reader.h"
#include "kernel/capability.h"
#include "kernel/clock.h"
#include "kernel/random.h"

struct engine {
	struct ns_list namespaces;
	struct discovery discovery;
	struct reader reader;
	struct blindness blindness;
	atomic_bool stop;
};

struct engine *engine_new(const struct settings *s)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	random_key(&e->namespaces.key);
	e->discovery = (struct discovery) {
		.sightings = {.key = &e->namespaces.key},
		.settings = s,
		.list = &e->namespaces,
		.stop = &e->stop,
	};
	e->blindness.settings = s;
	e->blindness.lacking = capabilities_lacking();
	if (reader_init(&e->reader, s, &e->stop, &e->blindness) == 0)
		return e;
	engine_free(e);
	return NULL;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	discovery_free(&e->discovery);
	reader_free(&e->reader);
	ns_list_free(&e->namespaces);
	free(e);
}

void engine_stop(struct engine *e)
{
	e->stop = true;
}

struct ns_list *engine_namespaces(struct engine *e)
{
	return &e->namespaces;
}

struct blindness *engine_blindness(struct engine *e)
{
	return &e->blindness;
}

/* Of one read of all. */
struct outcome {
	bool any_read;
	int error; /* why one could not be, negative errno */
};

static void read_one(struct engine *e, struct ns *ns, struct outcome *ret)
{
	int r = reader_read(&e->reader, ns);

	ret->any_read |= r == 0;
	if (r == -ESTALE || ns->gone) /* it ended, or its process did */
		discovery_retry(&e->discovery, ns);
	else if (r < 0)
		ret->error = r;
}

/* What is not read any more is the first to be read next time. */
static void skip_rest(struct engine *e, size_t n_read)
{
	struct ns_list *list = &e->namespaces;
	size_t others = list->n - 1;

	list->next = (list->next + n_read) % others;
	for (size_t i = n_read; i < others; i++) {
		size_t at = (list->next + i - n_read) % others;

		e->blindness.n_skipped += !list->items[1 + at]->gone;
	}
}

/*
 * Reads collectd's own, and then the others in turns, at least one of them,
 * until the time is over.
 */
static void read_in_turns(struct engine *e, uint64_t deadline_ns,
			  struct outcome *ret)
{
	struct ns_list *list = &e->namespaces;
	size_t others = list->n - 1;

	read_one(e, list->items[0], ret);
	e->blindness.n_skipped = 0;
	if (!deadline_ns || list->next >= others)
		list->next = 0;
	for (size_t i = 0; i < others && !e->stop; i++) {
		struct ns *ns = list->items[1 + (list->next + i) % others];

		if (i && deadline_ns &&
		    clock_ns(CLOCK_MONOTONIC) >= deadline_ns) {
			skip_rest(e, i);
			return;
		}
		if (!ns->gone)
			read_one(e, ns, ret);
	}
	list->next = 0;
}

/* Finds out which namespace is collectd's own. */
static int find_own_ns(struct engine *e)
{
	int r = reader_open_own(&e->reader);

	if (r == 0)
		r = discovery_add_own(&e->discovery, &e->blindness.private_own);
	return r;
}

/* What the newest discovery may have missed. */
static void note_discovery(struct engine *e)
{
	int error = discovery_blindness(&e->discovery);

	if (error)
		reasons_note(&e->blindness.finding, error);
	e->blindness.unwatched = (struct unwatched) {
		.n = e->discovery.n_unwatched,
		.n_named = e->discovery.n_unwatched_named,
		.n_displaced = e->discovery.n_displaced,
		.max = e->discovery.settings->max_namespaces,
	};
	e->blindness.settled = discovery_is_settled(&e->discovery);
}

int engine_read(struct engine *e, uint64_t budget_ns)
{
	struct outcome outcome = {.error = 0};
	uint64_t deadline = 0;
	int r = 0;

	if (budget_ns)
		deadline = clock_ns(CLOCK_MONOTONIC) + budget_ns;
	if (!e->namespaces.n)
		r = find_own_ns(e);
	if (r == 0)
		r = discovery_run(&e->discovery, budget_ns);
	if (r == 0)
		note_discovery(e);
	if (r < 0)
		return r;
	read_in_turns(e, deadline, &outcome);
	r = reader_return(&e->reader, &e->namespaces.items[0]->id);
	if (r < 0)
		return r;
	return outcome.any_read ? 0 : outcome.error;
}
