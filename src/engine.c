/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "probes/ethtool.h"
#include "probes/snmp.h"
#include "procnet.h"
#include "watched.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define BUFFER_SIZE (256 * 1024)
#define TRIES 3
/* Looking at every process costs more than reading a namespace. */
#define PROCESSES_NS UINT64_C(60000000000)

static uint64_t clock_ns(clockid_t clock)
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
		if (c->of[i].relation != UNRELATED &&
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
	for (size_t i = 0; i < n_probes; i++)
		if (any_needed(e, probes[i]->counters, probes[i]->n_counters) ||
		    any_needed(e, probes[i]->optional, probes[i]->n_optional))
			e->wanted_probes |= 1u << i;
}

int engine_new(struct engine **ret, const struct settings *s)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->settings = s;
	e->home = -1;
	e->route.fd = e->netfilter.fd = -1;
	e->env = (struct probe_env) {
		.net = "/proc/thread-self/net",
		.sys = "/proc/sys",
		.proc = s->proc_root,
		.devices = "/sys/class/net",
		.route = &e->route,
		.netfilter = &e->netfilter,
		.diag = &e->diag,
		.interfaces = &s->interfaces,
		.counters = &s->counters,
		.max_rules = s->max_rules,
		.max_sockets = s->max_sockets,
		.classes = s->classes,
		.gaps = selection_wants(&s->layers,
					layer_name(LAYER_NETFILTER)),
		.buffer = malloc(BUFFER_SIZE),
		.size = BUFFER_SIZE,
	};
	choose_sources(e);
	if (!e->env.buffer || netlink_alloc(&e->route) < 0 ||
	    nfnetlink_alloc(&e->netfilter) < 0 ||
	    snmp_layout_new(&e->env.snmp, &e->env) < 0 ||
	    ethtool_new(&e->env.ethtool) < 0 || sock_diag_alloc(&e->diag) < 0) {
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
	state_free(&e->raised);
	netlink_free(&e->route);
	nfnetlink_free(&e->netfilter);
	snmp_layout_free(e->env.snmp);
	sock_diag_free(&e->diag);
	ethtool_free(e->env.ethtool);
	free(e->env.buffer);
	cleanup_close(&e->home);
	free(e);
}

void engine_stop(struct engine *e)
{
	e->stop = true;
}

static bool same_id(const struct netns_id *a, const struct netns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static struct watched *find_watched(const struct engine *e,
				    const struct netns_id *id)
{
	for (size_t i = 0; i < e->n_watched; i++)
		if (same_id(&e->watched[i]->id, id))
			return e->watched[i];
	return NULL;
}

/* The name a namespace would have, before it is made clean and unique.
 */
static void raw_name(const struct engine *e, const struct netns_found *found,
		     char *name, size_t size)
{
	char file[32], cgroup[4096], id[13];
	ssize_t n = -1;

	if (found->name) {
		snprintf(name, size, "%s", found->name);
		return;
	}
	snprintf(file, sizeof(file), "%d/cgroup", (int)found->pid);
	n = procnet_read(e->settings->proc_root, file, cgroup, sizeof(cgroup));
	if (n >= 0 && netns_container_id(cgroup, n, id))
		snprintf(name, size, "%s", id);
	else
		snprintf(name, size, "ns-%lu", (unsigned long)found->id.ino);
}

/* By another one that still exists: the scan may not have come to it
 * yet. */
static bool name_is_taken(const struct engine *e, const char *name)
{
	struct netns_id id;

	for (size_t i = 0; i < e->n_watched; i++) {
		const struct watched *w = e->watched[i];

		if (!strcmp(w->name, name) &&
		    netns_identify(w->path, &id) == 0 && same_id(&w->id, &id))
			return true;
	}
	return false;
}

/* Two names that look alike once clean are told apart by their paths.
 */
static void give_name(const struct engine *e, struct watched *w,
		      const char *raw)
{
	char longer[512];

	name_clean(w->name, NAME_NAMESPACE, raw, false);
	if (!name_is_taken(e, w->name))
		return;
	snprintf(longer, sizeof(longer), "%s %s", raw, w->path);
	name_clean(w->name, NAME_NAMESPACE, longer, true);
}

static int add_watched(struct engine *e, struct watched *w)
{
	if (e->n_watched == e->max_watched) {
		size_t max = e->max_watched ? e->max_watched * 2 : 16;
		struct watched **grown;

		grown = realloc(e->watched, max * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		e->watched = grown;
		e->max_watched = max;
	}
	e->watched[e->n_watched++] = w;
	return 0;
}

/* Begins to watch a namespace; a path too long to keep is passed over.
 */
static int watch(struct engine *e, const struct netns_found *found,
		 const char *raw)
{
	struct watched *w;

	if (strlen(found->path) >= sizeof(w->path) ||
	    (found->name && !netns_is_network(found->path)))
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->id = found->id;
	w->named = found->name != NULL;
	w->present = true;
	snprintf(w->path, sizeof(w->path), "%s", found->path);
	if (found->path[0])
		give_name(e, w, raw);
	if (add_watched(e, w) < 0) {
		watched_free(w);
		return -ENOMEM;
	}
	return 0;
}

/* Whether found has the inode number of w, which ended, but another
 * name. */
static bool is_successor(const struct watched *w,
			 const struct netns_found *found)
{
	struct netns_id id;

	return w->named && !w->present && found->name &&
	       strcmp(w->path, found->path) &&
	       (netns_identify(w->path, &id) < 0 || !same_id(&id, &w->id));
}

/* The way in may be another now; a name is better than a process. */
static void found_again(struct watched *w, const struct netns_found *found)
{
	if ((w->present && (w->named || !found->name)) ||
	    strlen(found->path) >= sizeof(w->path))
		return;
	w->present = true;
	w->named = found->name != NULL;
	snprintf(w->path, sizeof(w->path), "%s", found->path);
}

static int on_found(const struct netns_found *found, void *arg)
{
	struct engine *e = arg;
	struct watched *w = find_watched(e, &found->id);
	char name[512];

	if (e->stop)
		return -ECANCELED;
	if (same_id(&found->id, &e->home_id))
		return 0;
	if (w && is_successor(w, found)) {
		w->id = (struct netns_id) {
			0}; /* ended, as the report will say */
		w = NULL;
	}
	if (w) {
		found_again(w, found);
		return 0;
	}
	raw_name(e, found, name, sizeof(name));
	if (!selection_wants(&e->settings->namespaces, name))
		return 0;
	if (e->n_watched - e->watched[0]->hidden >=
	    e->settings->max_namespaces) {
		e->too_many = true;
		return 0;
	}
	return watch(e, found, name);
}

/*
 * Finds namespaces by name at every look, by process once a minute and
 * when a process that showed the way into one is gone.
 */
static int discover(struct engine *e)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	bool processes = e->rescan || !e->processes_ns ||
			 now - e->processes_ns >= PROCESSES_NS;
	int r;

	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		if (w->path[0] && (w->named || processes))
			w->present = false;
	}
	r = netns_scan_names(e->settings->proc_root, on_found, e);
	if (r < 0 || !processes)
		return r;
	e->rescan = false;
	e->processes_ns = now;
	r = netns_scan_processes(e->settings->proc_root, on_found, e);
	/* a /proc that cannot be listed hides processes, not names */
	return r == -ENOMEM || r == -ECANCELED ? r : 0;
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
	e->env.home = !w->path[0];
	e->env.then = w->then.time_ns ? &w->then : NULL;
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
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(e->route.fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie,
		       &size) < 0)
		return;
	if (w->cookie && w->cookie != cookie) {
		sample_reset(&w->then);
		w->then.time_ns = 0;
		w->renewed = true;
		if (!w->named) { /* nor is it the same container */
			w->id = (struct netns_id) {0};
			w->present = false;
			e->rescan = true;
		}
	}
	w->cookie = cookie;
}

/*
 * Reads one namespace; *away tells that the thread is in another one
 * than at home. Returns 0 or why it could not be read.
 */
static int look_into(struct engine *e, struct watched *w, bool *away)
{
	int r = 0;

	if (w->path[0])
		r = netns_enter(w->path, &w->id);
	if (r < 0)
		return r;
	*away |= w->path[0] != '\0';
	r = netlink_connect(&e->route);
	if (r == 0) {
		check_cookie(e, w);
		if (w->present)
			take_all(e, w);
	}
	netlink_disconnect(&e->route);
	nfnetlink_close(&e->netfilter);
	return r;
}

/* Finds out where home is, and that it is to be watched. */
static int settle(struct engine *e)
{
	struct netns_found home = {.path = ""};
	struct netns_id init;
	char path[256];
	int r = netns_identify("/proc/thread-self/ns/net", &home.id);

	if (r < 0)
		return r;
	e->home = netns_open_home();
	if (e->home < 0)
		return e->home;
	e->home_id = home.id;
	snprintf(path, sizeof(path), "%s/1/ns/net", e->settings->proc_root);
	e->private_home = netns_identify(path, &init) == 0 &&
			  !same_id(&init, &home.id);
	r = watch(e, &home, "");
	if (r == 0)
		e->watched[0]->hidden =
			!selection_wants(&e->settings->namespaces, "");
	return r;
}

/* Returns home, or finds that the thread never left: 0, or it is lost.
 */
static int go_home(const struct engine *e)
{
	struct netns_id here;

	if (netns_return(e->home) == 0 ||
	    (netns_identify("/proc/thread-self/ns/net", &here) == 0 &&
	     same_id(&here, &e->home_id)))
		return 0;
	return -ENOTRECOVERABLE;
}

int engine_look(struct engine *e)
{
	bool away = false, read = false;
	int r, error = 0;

	r = e->home < 0 ? settle(e) : 0;
	if (r == 0)
		r = discover(e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < e->n_watched && !e->stop; i++) {
		struct watched *w = e->watched[i];

		if (!w->present)
			continue;
		r = look_into(e, w, &away);
		read |= r == 0;
		if (r == -ESTALE) { /* it ended, or its process did */
			e->rescan = true;
		} else if (r < 0) {
			note_error(&e->refused, r);
			error = r;
		}
	}
	if (away && go_home(e) < 0)
		return -ENOTRECOVERABLE;
	return read ? 0 : error;
}
