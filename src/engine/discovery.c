/* SPDX-License-Identifier: MIT */
/* Which namespaces there are: see discover() in watched.h. */
#include <errno.h>
#include <string.h>

#include "engine/engine_private.h"

#define PROCESSES_NS UINT64_C(60000000000)
#define WAIT_NS UINT64_C(60000000000) /* for the name of a namespace */
/* Scans on demand take at most a hundredth of the time. */
#define SCAN_PAUSE 100

/* ---- what discovery has come by ---- */

static struct seen *find_slot(const struct seen_table *t,
			      const struct netns_id *id)
{
	size_t i = hash_bytes(HASH_START, &id->ino, sizeof(id->ino));

	for (;; i++) {
		struct seen *slot = &t->slots[i & (t->max - 1)];

		if (!slot->id.ino || same_netns(&slot->id, id))
			return slot;
	}
}

static int grow_table(struct seen_table *t)
{
	struct seen_table larger = {.n = t->n, .max = t->max ? t->max * 2 : 64};

	larger.slots = calloc(larger.max, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->max; i++)
		if (t->slots[i].id.ino)
			*find_slot(&larger, &t->slots[i].id) = t->slots[i];
	free(t->slots);
	*t = larger;
	return 0;
}

/* The slot of a namespace, found or new; NULL: out of memory. */
static struct seen *take_slot(struct seen_table *t, const struct netns_id *id)
{
	struct seen *slot;

	if (2 * (t->n + 1) > t->max && grow_table(t) < 0)
		return NULL;
	slot = find_slot(t, id);
	t->n += !slot->id.ino;
	slot->id = *id;
	return slot;
}

static int enter_candidates(struct engine *e)
{
	candidates_restart(e);
	for (size_t i = 0; i < e->n_candidates; i++) {
		struct seen *slot = take_slot(&e->seen, &e->candidates[i].id);

		if (!slot)
			return -ENOMEM;
		candidate_link(e, slot, i);
	}
	return 0;
}

/* Begins a discovery with what is known already. */
static int restart_table(struct engine *e)
{
	struct seen_table *t = &e->seen;

	if (t->slots)
		memset(t->slots, 0, t->max * sizeof(*t->slots));
	t->n = 0;
	for (size_t i = 0; i < e->n_watched; i++) {
		struct seen *slot;

		if (!e->watched[i]->id.ino)
			continue;
		slot = take_slot(t, &e->watched[i]->id);
		if (!slot)
			return -ENOMEM;
		slot->w = e->watched[i];
	}
	return enter_candidates(e);
}

/* ---- names ---- */

/* The name of a namespace without a file, before it is clean and unique. */
static void raw_name(const struct engine *e, const struct netns_found *found,
		     char *name, size_t size)
{
	name_by_process(e, found->pid, name, size);
	if (!name[0])
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
		    netns_identify(w->path, &id) == 0 &&
		    same_netns(&w->id, &id))
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

int watch_namespace(struct engine *e, const struct netns_found *found,
		    const char *raw, struct watched **ret)
{
	struct watched *w;

	*ret = NULL;
	if (strlen(found->path) >= sizeof(w->path) ||
	    (found->name && !netns_is_network(found->path)))
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->id = found->id;
	w->pid = found->pid;
	w->named = found->name != NULL;
	w->present = true;
	snprintf(w->path, sizeof(w->path), "%s", found->path);
	if (found->path[0])
		give_name(e, w, raw);
	if (add_watched(e, w) < 0) {
		watched_free(w);
		return -ENOMEM;
	}
	*ret = w;
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
	       (netns_identify(w->path, &id) < 0 || !same_netns(&id, &w->id));
}

/* The way in may be another now; a name is better than a process. */
static void found_again(struct watched *w, const struct netns_found *found)
{
	if ((w->present && (w->named || !found->name)) ||
	    strlen(found->path) >= sizeof(w->path))
		return;
	w->present = true;
	w->pid = found->pid;
	w->named = found->name != NULL;
	snprintf(w->path, sizeof(w->path), "%s", found->path);
}

/* By its name, or by the file name that it has in place of. */
static bool is_wanted(const struct selection *s,
		      const struct netns_found *found, const char *name)
{
	if (found->name && selection_names(s, found->name))
		return !s->ignore;
	return selection_wants(s, name);
}

/* Watches a namespace if there is room; 1 where it is not wanted. */
static int admit(struct engine *e, const struct netns_found *found,
		 const char *name, struct seen *seen)
{
	if (!is_wanted(&e->settings->namespaces, found, name))
		return 1;
	if (e->n_watched - e->watched[0]->hidden < e->settings->max_namespaces)
		return watch_namespace(e, found, name, &seen->w);
	e->n_unwatched += !seen->left_out;
	seen->left_out = true;
	return 0;
}

static int admit_candidate(struct engine *e, const struct candidate *c,
			   struct seen *seen)
{
	const struct netns_found found = {
		.path = c->path,
		.name = strrchr(c->path, '/') + 1,
		.id = c->id,
	};

	if (c->waits || seen->w)
		return 0;
	return admit(e, &found, c->name, seen);
}

static int on_new_file(struct engine *e, const struct netns_found *found,
		       struct seen *seen)
{
	struct candidate *c = candidate_keep(e, seen, found);

	return c ? admit_candidate(e, c, seen)
		 : admit(e, found, found->name, seen);
}

/* What was remembered of a process may be out of date, and its pid another's.
 */
static bool is_up_to_date(const struct netns_found *found)
{
	struct netns_id id;

	return netns_identify(found->path, &id) == 0 &&
	       same_netns(&id, &found->id);
}

/*
 * A namespace that has a file is never one to be passed over from now on: it
 * may lose that file, or the file's name may still wait.
 */
static int on_new_process(struct engine *e, const struct netns_found *found,
			  struct seen *seen)
{
	struct candidate *c = candidate_find(e, seen);
	char name[CONTAINER_NAME + 1];
	int r;

	if (seen->left_out || (c && !c->waits) || !is_up_to_date(found) ||
	    !naming_has_time(e))
		return 0;
	if (c) {
		if (!candidate_ask(e, c, found->pid))
			return 0;
		r = admit_candidate(e, c, seen);
		return r < 0 ? r : 0;
	}
	raw_name(e, found, name, sizeof(name));
	return admit(e, found, name, seen);
}

static int on_found(const struct netns_found *found, void *arg)
{
	struct engine *e = arg;
	struct seen *seen;

	if (e->stop)
		return -ECANCELED;
	if (same_netns(&found->id, &e->own_id))
		return 1;
	seen = take_slot(&e->seen, &found->id);
	if (!seen)
		return -ENOMEM;
	if (seen->w && is_successor(seen->w, found)) {
		seen->w->id = (struct netns_id) {
			0}; /* ended, as the report will say */
		seen->w = NULL;
	}
	if (!seen->w)
		return found->name ? on_new_file(e, found, seen)
				   : on_new_process(e, found, seen);
	found_again(seen->w, found);
	return 0;
}

/* ---- when to look for what ---- */

static bool processes_are_due(const struct engine *e, uint64_t now)
{
	uint64_t age = now - e->processes_ns;

	return !e->processes_ns || age >= PROCESSES_NS ||
	       ((e->rescan || candidates_wait(e)) &&
		age >= SCAN_PAUSE * e->scan_ns);
}

/* A /proc that cannot be listed hides processes, not names. */
static int scan_processes(struct engine *e)
{
	int r;

	e->rescan = false;
	e->processes_ns = clock_ns(CLOCK_MONOTONIC);
	r = processes_scan(&e->processes, e->settings->proc_root);
	e->scan_ns = clock_ns(CLOCK_MONOTONIC) - e->processes_ns;
	return r == -ENOMEM ? r : 0;
}

/*
 * Visits all that is known. Where a scan of processes is still wanted, those
 * that are found by a process are not given up before.
 */
static int visit_all(struct engine *e)
{
	const char *proc_root = e->settings->proc_root;
	int r;

	for (size_t i = 0; i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		if (w->path[0] && (w->named || !e->rescan))
			w->present = false;
	}
	e->n_unwatched = 0;
	r = restart_table(e);
	if (r == 0)
		r = netns_scan_names(proc_root, &e->names, on_found, e);
	if (r == 0)
		r = processes_visit(&e->processes, proc_root, on_found, e);
	return r;
}

/*
 * What no process has a name for keeps that of its file, though not at once: a
 * runtime makes the namespace before it starts the first process there.
 */
static int give_up_waiting(struct engine *e)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < e->n_candidates; i++) {
		struct candidate *c = &e->candidates[i];
		struct seen *seen;

		if (!c->seen || !c->waits || now - c->since_ns < WAIT_NS)
			continue;
		seen = take_slot(&e->seen, &c->id);
		if (!seen)
			return -ENOMEM;
		c->waits = false;
		r = admit_candidate(e, c, seen);
	}
	return r < 0 ? r : 0;
}

static int discover_all(struct engine *e)
{
	int r = scan_processes(e);

	if (r == 0)
		r = visit_all(e);
	if (r == 0)
		r = give_up_waiting(e);
	return r;
}

int discover(struct engine *e, uint64_t budget_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int r;

	e->naming_budget_ns = budget_ns ? budget_ns / 2 + 1 : 0;
	e->naming_ns = 0;
	e->any_unnamed = false;
	if (processes_are_due(e, now)) {
		r = discover_all(e);
	} else if (e->rebuild ||
		   netns_names_changed(e->settings->proc_root, &e->names)) {
		r = visit_all(e);
		/* a new file's name may have to wait */
		if (r == 0 && processes_are_due(e, now))
			r = discover_all(e);
	} else {
		return 0;
	}
	e->rebuild = r < 0 || e->any_unnamed;
	return r;
}
