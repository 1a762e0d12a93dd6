/* SPDX-License-Identifier: MIT */
#include "engine/reader.h"

#include <errno.h>
#include <string.h>

#include "kernel/clock.h"

#define BUFFER_SIZE ((size_t)256 * 1024)
#define TRIES 3

static uint64_t thread_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* ---- which probes are wanted ---- */

/* Whether a row is of a wanted layer, or what one of these is measured by. */
static bool is_needed(const struct probe_env *env, uint32_t layers,
		      const struct counter *c)
{
	if (layers & 1u << c->layer)
		return counter_wanted(env, c);
	/* these say when sockets are to be looked at */
	if (!c->optional && layers & 1u << LAYER_SOCKET &&
	    (c->layer == LAYER_UDP || c->layer == LAYER_TCP))
		return true;
	for (int i = 0; i < MAX_DENOMINATORS; i++)
		if (c->of[i].relation != RELATION_NONE &&
		    layers & 1u << c->of[i].layer)
			return true;
	return false;
}

static bool any_needed(const struct probe_env *env, uint32_t layers,
		       const struct counter_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (is_needed(env, layers, &table->rows[i]))
			return true;
	return false;
}

static uint32_t choose_probes(const struct probe_env *env, uint32_t layers)
{
	uint32_t wanted = 0;

	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = probes[i];

		/* one without counters reads what the others ask for */
		if (!p->counters->n || any_needed(env, layers, p->counters))
			wanted |= 1u << i;
	}
	return wanted;
}

static int init_probes(struct reader *r)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < n_probes; i++)
		if (probes[i]->init)
			error = probes[i]->init(&r->env, &r->states[i]);
	return error;
}

static void free_probes(struct reader *r)
{
	for (size_t i = 0; i < n_probes; i++)
		if (probes[i]->free)
			probes[i]->free(r->states[i]);
}

/* ---- life ---- */

/* They also tell which packets are martians, or have no neighbour. */
#define NEED_GAPS (1u << LAYER_NETFILTER | 1u << LAYER_IP | 1u << LAYER_NEIGH)

int reader_init(struct reader *r, const struct settings *s,
		const atomic_bool *stop, struct blindness *blindness)
{
	uint32_t layers = settings_layers(s);

	*r = (struct reader) {
		.stop = stop,
		.blindness = blindness,
		.own = -1,
		.files = PROCNET("/proc/thread-self/net"),
		.deadline = {.now = clock_monotonic_ns,
			     .worked = thread_ns,
			     .stop = stop},
	};
	r->env = (struct probe_env) {
		.net = &r->files,
		.netlink = &r->netlink,
		.deadline = &r->deadline,
		.sys = "/proc/sys",
		.probes = probes,
		.proc = s->proc_root,
		.devices = "/sys/class/net",
		.interfaces = &s->interfaces,
		.counters = &s->counters,
		.max_rules = s->max_rules,
		.max_sockets = s->max_sockets,
		.classes = s->classes,
		.gaps = layers & NEED_GAPS,
		.buffer = malloc(BUFFER_SIZE),
		.size = BUFFER_SIZE,
	};
	r->wanted_probes = choose_probes(&r->env, layers);
	if (netlink_alloc(&r->netlink) < 0 || !r->env.buffer ||
	    init_probes(r) < 0)
		return -ENOMEM;
	r->netlink.deadline = r->files.deadline = &r->deadline;
	return 0;
}

void reader_free(struct reader *r)
{
	netlink_free(&r->netlink);
	procnet_free(&r->files);
	free_probes(r);
	free(r->env.buffer);
	cleanup_close(&r->own);
}

int reader_open_own(struct reader *r)
{
	if (r->own < 0)
		r->own = netns_open_own();
	return r->own < 0 ? r->own : 0;
}

int reader_return(struct reader *r, const struct netns_id *own)
{
	struct netns_id here;

	/* it may also be that the thread never left */
	if (r->away && netns_return(r->own) < 0 &&
	    (netns_identify("/proc/thread-self/ns/net", &here) < 0 ||
	     !netns_same(&here, own))) {
		procnet_free(&r->files); /* the directory is the thread's */
		r->away = false;
		return -ENOTRECOVERABLE;
	}
	r->away = false;
	return 0;
}

/* ---- in a namespace ---- */

/*
 * Reads one source again and again while it changes. What was not finished in
 * time may lack anything, also where the probe can do without it; but one that
 * says that it lacks something has seen to that.
 */
static int try_probe(struct reader *r, struct ns *ns, size_t probe,
		     struct sample_mark mark)
{
	int error = -EAGAIN;

	for (int i = 0; error == -EAGAIN && i < TRIES && !r->deadline.is_over;
	     i++) {
		if (i > 0)
			sample_rollback(&ns->now, mark);
		error = probes[probe]->read(&r->env, &ns->now);
		if (ns->now.error)
			error = ns->now.error;
	}
	if (error == 0 && ns->now.missed)
		return 0;
	return r->deadline.is_over ? -ETIME : error;
}

/* ---- in time ---- */

/*
 * Notes how long a source took, or after which time it was cut, else 0. Whose
 * time was shorter than its share, for they are many, is not to blame.
 */
static void note_pace(struct reader *r, struct ns *ns, size_t probe,
		      uint64_t cut_ns, uint64_t took_ns)
{
	struct pace *pace = &ns->paces[probe];
	uint32_t bit = 1u << probe;

	pace_note(pace, cut_ns, took_ns, r->share_ns);
	ns->slow = pace->n ? ns->slow | bit : ns->slow & ~bit;
	if (cut_ns && cut_ns < r->share_ns)
		r->blindness->crowded = true;
	else if (cut_ns && !ns->was_slow)
		ns->was_slow = blindness_note_slow(r->blindness, ns->name,
						   (uint8_t)probe);
}

/* 0: it has to wait until it is its turn. */
static uint64_t try_time(const struct reader *r, const struct pace *pace,
			 uint64_t now)
{
	uint64_t time = smaller_of(pace_time(pace, r->share_ns), r->most_ns);

	return smaller_of(time, less_by(r->allowance.try_last_ns, now));
}

/* A source that took too long before, in a time of its own. */
static int try_again(struct reader *r, struct ns *ns, size_t probe,
		     struct sample_mark mark)
{
	struct pace *pace = &ns->paces[probe];
	struct deadline others = r->deadline;
	uint64_t begun, worked, given;
	int error;

	if (pace->wait) {
		pace->wait--;
		return -ETIME;
	}
	begun = r->deadline.now();
	given = try_time(r, pace, begun);
	if (!given)
		return -ETIME;
	worked = deadline_worked(&r->deadline);
	r->deadline.last_ns = r->allowance.try_last_ns;
	deadline_give(&r->deadline, given);
	error = try_probe(r, ns, probe, mark);
	worked = deadline_worked(&r->deadline) - worked;
	note_pace(r, ns, probe, deadline_is_over(&r->deadline) ? given : 0,
		  worked);
	if (others.end_ns)
		others.end_ns += r->deadline.now() - begun;
	others.work_end_ns += worked;
	r->deadline = others;
	return error;
}

/*
 * One that is whole, but too late for those behind it, is slow as well; but
 * where a crowd left it less than its share, there is no time for all of the
 * namespace together.
 */
static void note_late(struct reader *r, struct ns *ns, size_t probe)
{
	if (r->allowance.work_ns < r->share_ns)
		ns->dear = r->blindness->crowded = true;
	else
		note_pace(r, ns, probe, r->allowance.work_ns, 0);
}

static int read_in_time(struct reader *r, struct ns *ns, size_t probe,
			struct sample_mark mark)
{
	int error;

	if (ns->slow & 1u << probe)
		return try_again(r, ns, probe, mark);
	if (r->deadline.is_over)
		return -ETIME;
	error = try_probe(r, ns, probe, mark);
	if (deadline_is_over(&r->deadline) && !*r->stop)
		note_late(r, ns, probe);
	return error;
}

/* Notes that a source could not be read, or not all of it. */
static void note_refused(struct reader *r, struct ns *ns, size_t probe,
			 int error)
{
	ns->refused |= 1u << probe;
	ns->was_refused |= 1u << probe;
	if (error != -ETIME) /* that is told of the namespace */
		reasons_note(&r->blindness->sources[probe], error);
}

/* Keeps what was read of a source. */
static void keep_read(struct reader *r, struct ns *ns, size_t probe)
{
	int missed = ns->now.missed;

	ns->known |= 1u << probe;
	ns->now.missed = 0;
	if (!missed) {
		ns->now.sources |= 1u << probe;
		ns->refused &= ~(1u << probe);
		return;
	}
	ns->now.parts |= 1u << probe;
	ns->now.unread |= 1u << probes[probe]->layer;
	note_refused(r, ns, probe, missed);
}

/* Keeps what the read before left of one that could not be read. */
static void keep_before(struct reader *r, struct ns *ns, size_t probe,
			int error)
{
	note_refused(r, ns, probe, error);
	if (sample_carry(&ns->now, &ns->then, probe) || error == -ETIME)
		ns->now.unread |= 1u << probes[probe]->layer;
}

/* Reads one source. Returns 0, or that the sample can take no more. */
static int run_probe(struct reader *r, struct ns *ns, size_t probe)
{
	struct sample_mark mark = sample_mark(&ns->now);
	int error;

	ns->now.source = probe;
	r->env.state = r->states[probe];
	error = read_in_time(r, ns, probe, mark);
	if (error == 0) {
		keep_read(r, ns, probe);
		return 0;
	}
	sample_rollback(&ns->now, mark);
	if (probe_is_absent(probes[probe], ns->known & 1u << probe, error))
		ns->refused &= ~(1u << probe);
	else
		keep_before(r, ns, probe, error);
	return ns->now.error;
}

/* What is of the whole host is read in collectd's own namespace alone. */
static bool is_read(const struct reader *r, const struct ns *ns, size_t probe)
{
	bool fits = probes[probe]->host_wide ? ns_is_own(ns) : !ns->host_only;

	return fits && r->wanted_probes & 1u << probe;
}

static void run_probes(struct reader *r, struct ns *ns)
{
	sample_reset(&ns->now);
	sample_follow(&ns->now, ns->then.time_ns ? &ns->then : NULL);
	r->env.own = ns_is_own(ns);
	r->deadline.last_ns = r->allowance.last_ns;
	deadline_give(&r->deadline, r->allowance.work_ns);
	ns->now.time_ns = clock_ns(CLOCK_REALTIME);
	ns->now.boot_ns = clock_ns(CLOCK_BOOTTIME);
	ns->now.mono_ns = clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < n_probes && !*r->stop; i++)
		if (is_read(r, ns, i) && run_probe(r, ns, i) < 0)
			return;
	ns->was_read = (ns->now.sources | ns->now.parts) && !*r->stop;
}

/* Whether its name is that of its file, so that any namespace there has it. */
static bool has_name_of_file(const struct ns *ns)
{
	const char *file = strrchr(ns->path, '/');
	char name[NAME_NAMESPACE + 1];

	if (!ns_has_file(ns) || !file)
		return false;
	name_clean(name, NAME_NAMESPACE, file + 1, false);
	return !strcmp(name, ns->name);
}

/* A namespace that was made anew may have the inode of one that ended. */
static void check_cookie(const struct reader *r, struct ns *ns)
{
	uint64_t cookie = netlink_cookie(&r->netlink);

	if (!cookie)
		return;
	if (ns->cookie && ns->cookie != cookie) {
		ns->born_ns = ns->then.boot_ns;
		sample_reset(&ns->then);
		ns->then.time_ns = 0;
		ns->replaced = true;
		ns->said = (struct said) {.n = 0};
		ns->known = ns->slow = 0;
		ns->was_slow = ns->dear = false;
		memset(ns->paces, 0, sizeof(ns->paces));
		if (!has_name_of_file(ns)) { /* nor the same container */
			ns->id = (struct netns_id) {0};
			ns->gone = true;
		}
	}
	ns->cookie = cookie;
}

static int enter_and_read(struct reader *r, struct ns *ns)
{
	bool own = ns_is_own(ns);
	int error = own ? 0 : netns_enter(ns->path, &ns->id);

	if (error < 0)
		return error;
	r->away |= !own;
	procnet_enter(&r->files, own);
	error = netlink_enter(&r->netlink, own);
	if (error == 0) {
		check_cookie(r, ns);
		if (!ns->then.time_ns && r->recaller)
			r->recaller->recall(r->recaller->arg, ns);
		if (!ns->gone)
			run_probes(r, ns);
	}
	/* nothing stays open but what is of collectd's own namespace */
	netlink_leave(&r->netlink);
	procnet_leave(&r->files);
	return error;
}

int reader_read(struct reader *r, struct ns *ns)
{
	int error = enter_and_read(r, ns);

	if (error < 0 && error != -ESTALE)
		reasons_note(&r->blindness->entering, error);
	return error;
}
