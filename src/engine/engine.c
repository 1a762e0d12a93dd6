/* SPDX-License-Identifier: MIT */
#include "engine/engine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "engine/engine_private.h"

#define BUFFER_SIZE (256 * 1024)
#define TRIES 3

uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool wants_layer(const struct engine *e, enum layer layer)
{
	return e->wanted_layers & 1u << layer;
}

/* Whether a row is of a wanted layer, or what one of these is measured by. */
static bool is_needed(const struct engine *e, const struct counter *c)
{
	if (wants_layer(e, c->layer))
		return counter_wanted(&e->env, c);
	/* these say when sockets are to be looked at */
	if (!c->optional && wants_layer(e, LAYER_SOCKET) &&
	    (c->layer == LAYER_UDP || c->layer == LAYER_TCP))
		return true;
	for (int i = 0; i < MAX_DENOMINATORS; i++)
		if (c->of[i].relation != RELATION_NONE &&
		    wants_layer(e, c->of[i].layer))
			return true;
	return false;
}

static bool any_needed(const struct engine *e, const struct counter *rows,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_needed(e, &rows[i]))
			return true;
	return false;
}

static void choose_sources(struct engine *e)
{
	for (int i = 0; i < N_LAYERS; i++)
		if (selection_wants(&e->settings->layers, layer_name(i)))
			e->wanted_layers |= 1u << i;
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = probes[i];

		/* one without counters reads what the others ask for */
		if (!p->n_counters ||
		    any_needed(e, p->counters, p->n_counters) ||
		    any_needed(e, p->optional, p->n_optional))
			e->wanted_probes |= 1u << i;
	}
}

static int init_probes(struct engine *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_probes; i++)
		if (probes[i]->init)
			r = probes[i]->init(&e->env, &e->states[i]);
	return r;
}

static void free_probes(struct engine *e)
{
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->free)
			probes[i]->free(e->states[i]);
}

int engine_new(struct engine **ret, const struct settings *s)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->settings = s;
	e->own = -1;
	e->files = (struct procnet)PROCNET("/proc/thread-self/net");
	e->env = (struct probe_env) {
		.net = &e->files,
		.netlink = &e->netlink,
		.sys = "/proc/sys",
		.proc = s->proc_root,
		.devices = "/sys/class/net",
		.interfaces = &s->interfaces,
		.counters = &s->counters,
		.max_rules = s->max_rules,
		.max_sockets = s->max_sockets,
		.classes = s->classes,
		.buffer = malloc(BUFFER_SIZE),
		.size = BUFFER_SIZE,
	};
	choose_sources(e);
	/* they also tell which packets are martians, or have no neighbour */
	e->env.gaps = wants_layer(e, LAYER_NETFILTER) ||
		      wants_layer(e, LAYER_IP) || wants_layer(e, LAYER_NEIGH);
	if (netlink_alloc(&e->netlink) < 0 || !e->env.buffer ||
	    init_probes(e) < 0) {
		engine_free(e);
		return -ENOMEM;
	}
	*ret = e;
	return 0;
}

void watched_free(struct watched *w)
{
	sample_free(&w->now);
	sample_free(&w->then);
	losses_free(&w->losses);
	free(w);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_watched; i++)
		watched_free(e->watched[i]);
	free(e->watched);
	free(e->candidates);
	free(e->seen.slots);
	processes_free(&e->processes);
	state_free(&e->raised);
	netlink_free(&e->netlink);
	procnet_free(&e->files);
	free_probes(e);
	free(e->env.buffer);
	cleanup_close(&e->own);
	free(e);
}

void engine_stop(struct engine *e)
{
	e->stop = true;
}

/* Keeps an error to be said, once. */
static void note_error(struct blindness *b, int error)
{
	for (int i = 0; i < MAX_SAID; i++) {
		if (b->errors[i] == error)
			return;
		if (!b->errors[i]) {
			b->errors[i] = error;
			return;
		}
	}
}

static void note_blindness(struct engine *e, struct watched *w, size_t probe,
			   int error)
{
	if (error == -ENOENT || error == -EOPNOTSUPP)
		return;
	w->was_blind |= 1u << probe;
	w->is_blind |= 1u << probe;
	note_error(&e->blindness[probe], error);
}

/* Reads one source of the namespace the thread is in. */
static int take(struct engine *e, struct watched *w, size_t probe)
{
	struct sample_mark mark = sample_mark(&w->now);
	int r = -EAGAIN;

	w->now.source = probe;
	e->env.state = e->states[probe];
	for (int i = 0; r == -EAGAIN && i < TRIES && !e->stop; i++) {
		sample_rollback(&w->now, mark);
		r = probes[probe]->read(&e->env, &w->now);
		if (w->now.error)
			r = w->now.error;
	}
	if (r == 0) {
		w->now.sources |= 1u << probe;
		w->is_blind &= ~(1u << probe);
		return 0;
	}
	sample_rollback(&w->now, mark);
	note_blindness(e, w, probe, r);
	if (r != -ENOENT && r != -EOPNOTSUPP)
		sample_carry(&w->now, &w->then, probe);
	return w->now.error;
}

/* What is of the whole host is read in collectd's own namespace alone. */
static bool is_read(const struct engine *e, const struct watched *w,
		    size_t probe)
{
	bool fits = probes[probe]->host_wide ? !w->path[0] : !w->hidden;

	return fits && e->wanted_probes & 1u << probe;
}

static void take_all(struct engine *e, struct watched *w)
{
	sample_reset(&w->now);
	sample_follow(&w->now, w->then.time_ns ? &w->then : NULL);
	e->env.own = !w->path[0];
	w->now.time_ns = clock_ns(CLOCK_REALTIME);
	w->now.mono_ns = clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < n_probes && !e->stop; i++)
		if (is_read(e, w, i) && take(e, w, i) < 0)
			return;
	w->fresh = w->now.sources && !e->stop;
}

/* A namespace that was made anew may have the inode of one that ended.
 */
static void check_cookie(struct engine *e, struct watched *w)
{
	uint64_t cookie = netlink_cookie(&e->netlink);

	if (!cookie)
		return;
	if (w->cookie && w->cookie != cookie) {
		sample_reset(&w->then);
		w->then.time_ns = 0;
		w->renewed = true;
		if (!w->named) { /* nor is it the same container */
			w->id = (struct netns_id) {0};
			w->present = false;
			processes_forget(&e->processes, w->pid);
			e->rescan = true;
		}
	}
	w->cookie = cookie;
}

/*
 * Reads one namespace; *away tells that the thread is in another one
 * than collectd's own. Returns 0 or why it could not be read.
 */
static int look_into(struct engine *e, struct watched *w, bool *away)
{
	bool own = !w->path[0];
	int r = own ? 0 : netns_enter(w->path, &w->id);

	if (r < 0)
		return r;
	*away |= !own;
	procnet_enter(&e->files, own);
	r = netlink_enter(&e->netlink, own);
	if (r == 0) {
		check_cookie(e, w);
		if (w->present)
			take_all(e, w);
	}
	/* nothing stays open but what is of collectd's own namespace */
	netlink_leave(&e->netlink);
	procnet_leave(&e->files);
	return r;
}

/* Finds out which namespace is collectd's own, and watches it. */
static int settle(struct engine *e)
{
	struct netns_found own = {.path = ""};
	struct netns_id init;
	struct watched *w;
	char path[256];
	int r = netns_identify("/proc/thread-self/ns/net", &own.id);

	if (r < 0)
		return r;
	e->own = netns_open_own();
	if (e->own < 0)
		return e->own;
	e->own_id = own.id;
	snprintf(path, sizeof(path), "%s/1/ns/net", e->settings->proc_root);
	e->private_own = netns_identify(path, &init) == 0 &&
			 !same_netns(&init, &own.id);
	r = watch_namespace(e, &own, "", &w);
	if (r == 0)
		w->hidden = !selection_wants(&e->settings->namespaces, "");
	return r;
}

/* Returns to collectd's own namespace, or finds that the thread never left:
 * 0, or it is lost.
 */
static int return_to_own(const struct engine *e)
{
	struct netns_id here;

	if (netns_return(e->own) == 0 ||
	    (netns_identify("/proc/thread-self/ns/net", &here) == 0 &&
	     same_netns(&here, &e->own_id)))
		return 0;
	return -ENOTRECOVERABLE;
}

/* Reads one namespace. *read and *error are of all of them. */
static void look_at(struct engine *e, struct watched *w, bool *away, bool *read,
		    int *error)
{
	int r = look_into(e, w, away);

	*read |= r == 0;
	if (r == -ESTALE) { /* it ended, or its process did */
		processes_forget(&e->processes, w->pid);
		*(w->named ? &e->rebuild : &e->rescan) = true;
	} else if (r < 0) {
		note_error(&e->refused, r);
		*error = r;
	}
}

/* What is not read any more is the first to be read next time. */
static void skip_rest(struct engine *e, size_t read)
{
	size_t others = e->n_watched - 1;

	e->next = (e->next + read) % others;
	for (size_t i = read; i < others; i++)
		e->n_skipped +=
			e->watched[1 + (e->next + i - read) % others]->present;
}

/*
 * Reads collectd's own, and then the others in turns, at least one of them,
 * until the time is over.
 */
static void look_around(struct engine *e, uint64_t deadline_ns, bool *away,
			bool *read, int *error)
{
	size_t others = e->n_watched - 1;

	look_at(e, e->watched[0], away, read, error);
	e->n_skipped = 0;
	if (!deadline_ns || e->next >= others)
		e->next = 0;
	for (size_t i = 0; i < others && !e->stop; i++) {
		struct watched *w = e->watched[1 + (e->next + i) % others];

		if (i && deadline_ns &&
		    clock_ns(CLOCK_MONOTONIC) >= deadline_ns) {
			skip_rest(e, i);
			return;
		}
		if (w->present)
			look_at(e, w, away, read, error);
	}
	e->next = 0;
}

int engine_read(struct engine *e, uint64_t budget_ns)
{
	uint64_t deadline = 0;
	bool away = false, read = false;
	int r, error = 0;

	if (budget_ns)
		deadline = clock_ns(CLOCK_MONOTONIC) + budget_ns;
	r = e->own < 0 ? settle(e) : 0;
	if (r == 0)
		r = discover(e, budget_ns);
	if (r < 0)
		return r;
	look_around(e, deadline, &away, &read, &error);
	if (away && return_to_own(e) < 0)
		return -ENOTRECOVERABLE;
	return read ? 0 : error;
}
