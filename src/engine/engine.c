/* SPDX-License-Identifier: MIT */
#include "engine/engine.h"

#include <errno.h>

#include "engine/discovery.h"
#include "engine/reader.h"
#include "kernel/capability.h"
#include "kernel/clock.h"
#include "kernel/random.h"

struct engine {
	const struct settings *settings;
	struct ns_list namespaces;
	struct discovery discovery;
	struct reader reader;
	struct blindness blindness;
	bool is_short; /* the time of the read before was */
	atomic_bool stop;
};

struct engine *engine_new(const struct settings *s)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	random_key(&e->namespaces.key);
	e->settings = s;
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

/* One read of all. */
struct round {
	uint64_t deadline_ns; /* CLOCK_MONOTONIC, 0: there is none */
	uint64_t share_ns;    /* of a namespace */
	uint64_t most_ns;     /* of a source that is tried again */
	bool any_read;
	int error; /* why one could not be, negative errno */
};

static bool is_late(const struct round *round)
{
	return round->deadline_ns &&
	       clock_ns(CLOCK_MONOTONIC) >= round->deadline_ns;
}

/* What is tried again may take half of the time, if there is that much left. */
static uint64_t time_to_try(const struct round *round)
{
	uint64_t left;

	if (!round->deadline_ns)
		return round->most_ns;
	left = less_by(round->deadline_ns, clock_ns(CLOCK_MONOTONIC));
	left = smaller_of(left, round->most_ns);
	return left > round->share_ns ? left : round->share_ns;
}

static void read_one(struct engine *e, struct ns *ns, struct round *round)
{
	int r;

	e->reader.share_ns = round->share_ns;
	e->reader.deadline.last_ns = round->deadline_ns;
	if (ns->slow)
		e->reader.most_ns = time_to_try(round);
	r = reader_read(&e->reader, ns);
	round->any_read |= r == 0;
	if (r == -ESTALE || ns->gone) /* it ended, or its process did */
		discovery_retry(&e->discovery, ns);
	else if (r < 0)
		round->error = r;
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

/* Reads those that were put off, as far as the time goes. */
static void read_put_off(struct engine *e, struct round *round)
{
	EACH_NS (&e->namespaces, ns) {
		if (!ns->put_off)
			continue;
		ns->put_off = false;
		if (is_late(round))
			e->blindness.n_skipped++;
		else if (!e->stop)
			read_one(e, ns, round);
	}
}

/*
 * Reads the others in turns, at least one of them, until the time is over. One
 * with a slow source that is to be tried again waits for the rest, unless even
 * these were too many the time before. Returns whether they are again.
 */
static bool read_others(struct engine *e, struct round *round)
{
	struct ns_list *list = &e->namespaces;
	size_t others = list->n - 1;

	if (!round->deadline_ns || list->next >= others)
		list->next = 0;
	for (size_t i = 0; i < others && !e->stop; i++) {
		struct ns *ns = list->items[1 + (list->next + i) % others];

		if (i && is_late(round)) {
			skip_rest(e, i);
			return true;
		}
		ns->put_off = !ns->gone && !e->is_short && ns_tries_again(ns);
		if (!ns->gone && !ns->put_off)
			read_one(e, ns, round);
	}
	list->next = 0;
	return false;
}

static void read_all_namespaces(struct engine *e, struct round *round)
{
	e->blindness.n_skipped = 0;
	read_one(e, e->namespaces.items[0], round);
	e->is_short = read_others(e, round);
	read_put_off(e, round);
	e->blindness.n_slow = 0;
	EACH_NS (&e->namespaces, ns)
		e->blindness.n_slow += ns->slow && !ns->gone;
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
	if (e->discovery.names.error)
		reasons_note(&e->blindness.naming, e->discovery.names.error);
	e->blindness.unwatched = (struct unwatched) {
		.n = e->discovery.n_unwatched,
		.n_named = e->discovery.n_unwatched_named,
		.n_displaced = e->discovery.n_displaced,
		.max = e->discovery.settings->max_namespaces,
	};
	e->blindness.settled = discovery_is_settled(&e->discovery);
}

/* The shares of the time, where somebody waits for all of it, or nobody. */
#define SHARES 10
#define LEAST_NS UINT64_C(100000000)
#define UNHURRIED_NS UINT64_C(2000000000)

static struct round begin_round(const struct engine *e, uint64_t budget_ns)
{
	struct round round = {.share_ns = UNHURRIED_NS};

	if (budget_ns) {
		round.deadline_ns = clock_ns(CLOCK_MONOTONIC) + budget_ns;
		round.share_ns = budget_ns / SHARES;
		if (round.share_ns < LEAST_NS)
			round.share_ns = LEAST_NS;
	}
	if (e->settings->namespace_budget > 0)
		round.share_ns =
			(uint64_t)(e->settings->namespace_budget * 1e9);
	round.most_ns = budget_ns ? budget_ns / 2 : 4 * round.share_ns;
	return round;
}

int engine_read(struct engine *e, uint64_t budget_ns)
{
	struct round round = begin_round(e, budget_ns);
	int r = 0;

	e->blindness.share_ns = round.share_ns;
	if (!e->namespaces.n)
		r = find_own_ns(e);
	if (r == 0)
		r = discovery_run(&e->discovery, budget_ns);
	if (r == 0)
		note_discovery(e);
	if (r < 0)
		return r;
	read_all_namespaces(e, &round);
	r = reader_return(&e->reader, &e->namespaces.items[0]->id);
	if (r < 0)
		return r;
	return round.any_read ? 0 : round.error;
}
