/* SPDX-License-Identifier: MIT */
#include "engine/engine.h"

#include <errno.h>
#include <string.h>

#include "engine/discovery.h"
#include "engine/reader.h"
#include "engine/turns.h"
#include "kernel/capability.h"
#include "kernel/clock.h"
#include "kernel/drops.h"
#include "kernel/random.h"

struct engine {
	const struct settings *settings;
	struct ns_list namespaces;
	struct discovery discovery;
	struct reader reader;
	struct blindness blindness;
	int drops_failed; /* why the kernel does not count, negative errno */
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
	drops_close(e->reader.env.drops);
	reader_free(&e->reader);
	ns_list_free(&e->namespaces);
	free(e);
}

/* A source that is wanted is not just absent. */
static int wanted_error(int error)
{
	return error == -EOPNOTSUPP ? -ENODATA : error;
}

int engine_watch_drops(struct engine *e)
{
	struct probe_env *env = &e->reader.env;
	int r;

	if (env->drops || e->settings->drop_reasons == CHOICE_FALSE ||
	    !(settings_layers(e->settings) & 1u << LAYER_DROPREASON))
		return 0;
	if (e->settings->drop_reasons == CHOICE_AUTO &&
	    capabilities_are_filtered())
		return -ECANCELED;
	r = drops_open(&env->drops);
	e->drops_failed = r;
	env->drops_error = 0;
	if (r < 0 && e->settings->drop_reasons == CHOICE_TRUE)
		env->drops_error = wanted_error(r);
	return r;
}

const char *engine_drops_complaint(int error)
{
	switch (-error) {
	case ENOSYS:
		return "pktloss was built without libbpf";
	case EOPNOTSUPP:
		return "this kernel does not tell them (BTF)";
	case ECANCELED:
		return "a filter of system calls (seccomp) may kill this "
		       "process for it; with true it is tried";
	default:
		return strerror(-error);
	}
}

/* What the host has none of now it may have later. */
static void watch_drops_again(struct engine *e)
{
	switch (-e->drops_failed) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case EINTR:
	case EBUSY:
		engine_watch_drops(e);
		break;
	default:
		break;
	}
}

void engine_set_recaller(struct engine *e, const struct recaller *recaller)
{
	e->reader.recaller = recaller;
}

const struct sightings *engine_sightings(const struct engine *e)
{
	return &e->discovery.sightings;
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
	struct engine *engine;
	struct turns turns;
	bool any_read;
	int error; /* why one could not be, negative errno */
};

static void read_one(void *arg, struct ns *ns,
		     const struct allowance *allowance)
{
	struct round *round = arg;
	struct engine *e = round->engine;
	int r;

	e->reader.allowance = *allowance;
	r = reader_read(&e->reader, ns);
	round->any_read |= r == 0;
	if (r == -ESTALE || ns->gone) /* it ended, or its process did */
		discovery_retry(&e->discovery, ns);
	else if (r < 0)
		round->error = r;
}

static void read_all_namespaces(struct engine *e, struct round *round)
{
	e->reader.share_ns = e->blindness.share_ns = round->turns.share_ns;
	e->reader.most_ns = round->turns.most_ns;
	e->blindness.n_skipped = turns_take(&round->turns);
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

static struct round begin_round(struct engine *e, uint64_t budget_ns)
{
	struct round round = {
		.engine = e,
		.turns = {.list = &e->namespaces,
			  .share_ns = UNHURRIED_NS,
			  .now = clock_monotonic_ns,
			  .read = read_one,
			  .stop = &e->stop},
	};
	struct turns *t = &round.turns;

	if (budget_ns) {
		t->end_ns = clock_monotonic_ns() + budget_ns;
		t->share_ns = budget_ns / SHARES;
		if (t->share_ns < LEAST_NS)
			t->share_ns = LEAST_NS;
	}
	if (e->settings->namespace_budget > 0)
		t->share_ns = (uint64_t)(e->settings->namespace_budget * 1e9);
	t->most_ns = budget_ns ? budget_ns / 2 : 4 * t->share_ns;
	return round;
}

int engine_read(struct engine *e, uint64_t budget_ns)
{
	struct round round = begin_round(e, budget_ns);
	int r = 0;

	round.turns.arg = &round;
	watch_drops_again(e);
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
