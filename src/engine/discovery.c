/* SPDX-License-Identifier: MIT */
#include "engine/discovery.h"

#include <errno.h>
#include <string.h>

#include "kernel/clock.h"

#define PROCESSES_NS UINT64_C(60000000000)
/*
 * For the name of a namespace: of one whose container is known its runtime has
 * written the files before. Who waits for an answer waits no longer than that.
 */
#define WAIT_NS UINT64_C(60000000000)
#define SHORT_WAIT_NS UINT64_C(3000000000)
/* Scans on demand take at most a hundredth of the time. */
#define SCAN_PAUSE 100

/* ---- what is known already ---- */

static int sight_candidates(struct discovery *d)
{
	candidates_restart(&d->candidates);
	for (size_t i = 0; i < d->candidates.n; i++) {
		struct sighting *s = sightings_get(&d->sightings,
						   &d->candidates.items[i].id);

		if (!s)
			return -ENOMEM;
		candidates_link(&d->candidates, &s->candidate, i);
	}
	return 0;
}

static size_t watched(const struct ns_list *list)
{
	return list->n - list->items[0]->host_only - list->n_displaced;
}

static bool has_room(const struct discovery *d)
{
	return watched(d->list) < d->settings->max_namespaces;
}

static void count_ranks(struct discovery *d)
{
	size_t n = watched(d->list), max = d->settings->max_namespaces;

	d->n_over = n > max ? n - max : 0;
	memset(d->n_of_rank, 0, sizeof(d->n_of_rank));
	EACH_NS (d->list, ns)
		d->n_of_rank[ns->rank] += !ns->displaced;
}

static int restart_sightings(struct discovery *d)
{
	sightings_clear(&d->sightings);
	count_ranks(d);
	EACH_NS (d->list, ns) {
		struct sighting *s;

		if (!ns->id.ino)
			continue;
		s = sightings_get(&d->sightings, &ns->id);
		if (!s)
			return -ENOMEM;
		s->ns = ns;
	}
	return sight_candidates(d);
}

/* ---- names ---- */

/* Before it is clean and unique. */
struct raw {
	const char *name; /* "" for collectd's own */
	enum naming_grade grade;
	enum ns_rank rank;
};

/* The name of a namespace without a file, before it is clean and unique. */
static enum naming_grade raw_name(const struct discovery *d,
				  const struct netns_found *found, char *name,
				  size_t size)
{
	enum naming_grade grade = naming_by_process(d->settings->proc_root,
						    found->pid, name, size);

	if (!name[0])
		snprintf(name, size, "ns-%lu", (unsigned long)found->id.ino);
	return grade;
}

/* Another one that still exists: the scan may not have come to it yet. */
static struct ns *find_name(const struct ns_list *list, const char *name)
{
	struct netns_id id;

	EACH_NS (list, ns)
		if (!strcmp(ns->name, name) &&
		    netns_identify(ns->path, &id) == 0 &&
		    netns_same(&ns->id, &id))
			return ns;
	return NULL;
}

/* Any process of a container can make further namespaces of its name. */
static enum ns_rank rank_by_name(const struct discovery *d, const char *raw,
				 enum naming_grade grade)
{
	char name[NAME_NAMESPACE + 1];
	const struct ns *other;

	if (grade == NAMING_NONE)
		return NS_NAMELESS;
	name_clean(name, NAME_NAMESPACE, raw, false);
	other = find_name(d->list, name);
	return other && other->grade >= grade ? NS_NAMELESS : NS_BY_CGROUP;
}

/*
 * Has ns end, as its name is another's: it is found anew, at the latest by the
 * next discovery, and called otherwise.
 */
static void take_name(struct discovery *d, struct ns *ns)
{
	ns->id = (struct netns_id) {0};
	ns->gone = true;
	d->n_of_rank[ns->rank]--;
	d->naming.any_unnamed = true;
}

/*
 * Two names that look alike once clean are told apart by their paths, unless
 * this one is better: whoever made up a name first does not keep it.
 */
static void make_name(struct discovery *d, const struct raw *raw,
		      const char *path, char name[NAME_NAMESPACE + 1])
{
	struct ns *other;
	char longer[512];

	name_clean(name, NAME_NAMESPACE, raw->name, false);
	other = find_name(d->list, name);
	if (!other)
		return;
	if (other->grade < raw->grade) {
		take_name(d, other);
		return;
	}
	snprintf(longer, sizeof(longer), "%s %s", raw->name, path);
	name_clean(name, NAME_NAMESPACE, longer, true);
}

/*
 * Adds a namespace. *ret is NULL for what cannot be read: a path too long to
 * keep, a namespace of another type.
 */
static int add_ns(struct discovery *d, const struct netns_found *found,
		  struct raw raw, struct ns **ret)
{
	char name[NAME_NAMESPACE + 1] = "";
	struct ns *ns;

	*ret = NULL;
	if (strlen(found->path) >= sizeof(ns->path)) {
		d->too_long = true;
		return 0;
	}
	if (found->name && !netns_may_be_network(found->path))
		return 0;
	if (found->path[0])
		make_name(d, &raw, found->path, name);
	ns = ns_list_add(d->list);
	if (!ns)
		return -ENOMEM;
	ns->id = found->id;
	ns->pid = found->pid;
	ns->grade = raw.grade;
	ns->born_ns = d->complete_ns;
	ns->rank = raw.rank;
	d->n_of_rank[raw.rank]++;
	memcpy(ns->name, name, sizeof(name));
	snprintf(ns->path, sizeof(ns->path), "%s", found->path);
	*ret = ns;
	return 0;
}

int discovery_add_own(struct discovery *d, bool *ret_private)
{
	struct netns_found own = {.path = ""};
	struct netns_id init;
	struct ns *ns;
	char path[256];
	int r = netns_identify("/proc/thread-self/ns/net", &own.id);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/1/ns/net", d->settings->proc_root);
	*ret_private = netns_identify(path, &init) == 0 &&
		       !netns_same(&init, &own.id);
	d->shows_host = netns_shows_host(d->settings->proc_root);
	r = add_ns(d, &own, (struct raw) {"", NAMING_FILE, NS_NAMED}, &ns);
	if (ns)
		ns->host_only = !selection_wants(&d->settings->namespaces, "");
	return r;
}

/* ---- what is found ---- */

/* Whether found has the inode number of ns, which ended, but another name. */
static bool is_successor(const struct ns *ns, const struct netns_found *found)
{
	struct netns_id id;

	return ns_has_file(ns) && ns->gone && found->name &&
	       strcmp(ns->path, found->path) &&
	       (netns_identify(ns->path, &id) < 0 || !netns_same(&id, &ns->id));
}

/* The way in may be another now; a name is better than a process. */
static void find_again(struct ns *ns, const struct netns_found *found)
{
	if ((!ns->gone && (ns_has_file(ns) || !found->name)) ||
	    strlen(found->path) >= sizeof(ns->path))
		return;
	ns->gone = false;
	if (found->name)
		ns->rank = NS_NAMED;
	ns->pid = found->pid;
	snprintf(ns->path, sizeof(ns->path), "%s", found->path);
}

/* By its name, or by the file name that it has in place of. */
static bool is_wanted_ns(const struct selection *s,
			 const struct netns_found *found, const char *name)
{
	if (found->name && selection_names(s, found->name))
		name = found->name;
	return selection_wants(s, name);
}

static void leave_out(struct discovery *d, struct sighting *s,
		      enum ns_rank rank)
{
	if (s->left_out)
		return;
	s->left_out = true;
	d->n_unwatched++;
	d->n_unwatched_named += rank > NS_NAMELESS;
}

/*
 * Whether one of a lower rank is to make room. Which one it is cannot be told
 * before all have been visited: some may have ended.
 */
static bool outranks(const struct discovery *d, enum ns_rank rank)
{
	size_t lower = 0;

	for (unsigned i = NS_NAMELESS; i < rank; i++)
		lower += d->n_of_rank[i];
	return lower > d->n_over;
}

/*
 * Adds a namespace if there is room, or is to be. Returns a hint for the visit:
 * NETNS_IN_VAIN where it is not wanted.
 */
static int admit(struct discovery *d, const struct netns_found *found,
		 struct raw raw, struct sighting *s)
{
	bool is_full = !has_room(d);
	int r;

	if (!is_wanted_ns(&d->settings->namespaces, found, raw.name)) {
		d->unwanted = true; /* for good: where one was, others come */
		return NETNS_IN_VAIN;
	}
	if (is_full && !outranks(d, raw.rank)) {
		leave_out(d, s, raw.rank);
		return raw.rank == NS_NAMELESS ? NETNS_NAMELESS : 0;
	}
	r = add_ns(d, found, raw, &s->ns);
	d->n_over += is_full && s->ns;
	return r;
}

/* One that was read once may not be taken for one that is new. */
static void displace(struct discovery *d, struct ns *ns)
{
	bool was_read = ns->then.time_ns;

	ns_list_displace(d->list, ns);
	d->n_of_rank[ns->rank]--;
	d->n_over--;
	d->n_unwatched++;
	d->n_unwatched_named += ns->rank > NS_NAMELESS;
	d->n_displaced += was_read;
	if (was_read)
		d->complete_ns = 0;
}

/* Has the newest of the lowest rank make room for those that outrank them. */
static void make_room(struct discovery *d)
{
	struct ns_list *list = d->list;
	size_t there = 0, max = d->settings->max_namespaces;

	if (!d->n_over)
		return;
	EACH_NS (list, ns)
		there += !ns->gone && !ns->host_only;
	for (unsigned rank = NS_NAMELESS; rank < NS_NAMED; rank++)
		for (size_t i = list->n; there > max && i-- > 1;) {
			struct ns *ns = list->items[i];

			if (ns->gone || ns->rank != rank)
				continue;
			displace(d, ns);
			there--;
		}
}

static int admit_candidate(struct discovery *d, const struct candidate *c,
			   struct sighting *s)
{
	const struct netns_found found = {
		.path = c->path,
		.name = strrchr(c->path, '/') + 1,
		.id = c->id,
	};

	int r;

	if (c->waits || s->ns)
		return 0;
	r = admit(d, &found,
		  (struct raw) {c->name, c->grade ? c->grade : NAMING_FILE,
				NS_NAMED},
		  s);
	if (s->ns)
		s->ns->resident = c->resident;
	return r;
}

static int on_new_file(struct discovery *d, const struct netns_found *found,
		       struct sighting *s)
{
	struct candidate *c =
		candidates_keep(&d->candidates, &s->candidate, found);

	return c ? admit_candidate(d, c, s)
		 : admit(d, found,
			 (struct raw) {found->name, NAMING_FILE, NS_NAMED}, s);
}

/* As naming_check(); what cannot be told now is asked again soon. */
static bool is_up_to_date(struct discovery *d, const struct netns_found *found)
{
	int r = naming_check(found);

	if (r < 0 && r != -ESTALE) {
		d->processes.error = r;
		d->rescan = true;
	}
	return r == 0;
}

/*
 * A namespace that has a file is never one to be passed over from now on: it
 * may lose that file, or the file's name may still wait.
 */
static int on_new_process(struct discovery *d, const struct netns_found *found,
			  struct sighting *s)
{
	struct candidate *c = candidates_find(&d->candidates, s->candidate);
	char name[CONTAINER_NAME + 1];
	struct raw raw = {.name = name};
	int r;

	if (s->left_out || (c && !c->waits))
		return 0;
	if (!c && found->nameless && !has_room(d)) {
		leave_out(d, s, NS_NAMELESS);
		return 0;
	}
	if (!is_up_to_date(d, found) || !naming_has_time(&d->naming))
		return 0;
	if (c) {
		c->resident = found->pid;
		if (!candidate_ask(c, d->settings->proc_root, found))
			return 0;
		r = admit_candidate(d, c, s);
		return r < 0 ? r : 0;
	}
	raw.grade = raw_name(d, found, name, sizeof(name));
	if (!is_up_to_date(d, found))
		return 0;
	raw.rank = rank_by_name(d, name, raw.grade);
	return admit(d, found, raw, s);
}

/* Whom a namespace found belongs to, or how it joins the list. */
static int on_sighting(struct discovery *d, const struct netns_found *found,
		       struct sighting *s)
{
	if (s->ns && is_successor(s->ns, found))
		s->ns->id = (struct netns_id) {0}; /* its alarms will end */
	if (s->ns && !s->ns->id.ino)
		s->ns = NULL;
	if (!s->ns)
		return found->name ? on_new_file(d, found, s)
				   : on_new_process(d, found, s);
	if (s->ns->displaced)
		leave_out(d, s, s->ns->rank);
	else
		find_again(s->ns, found);
	return 0;
}

static int on_found(const struct netns_found *found, void *arg)
{
	struct discovery *d = arg;
	struct sighting *s;
	int r;

	if (*d->stop)
		return -ECANCELED;
	if (netns_same(&found->id, &d->list->items[0]->id))
		return 1;
	s = sightings_get(&d->sightings, &found->id);
	if (!s)
		return -ENOMEM;
	r = on_sighting(d, found, s);
	if (s->ns && found->pid)
		s->ns->resident = found->pid;
	return r;
}

/* ---- when to look for what ---- */

static bool processes_are_due(const struct discovery *d, uint64_t now)
{
	uint64_t age = now - d->processes_ns;

	return !d->processes_ns || age >= PROCESSES_NS ||
	       ((d->rescan || candidates_wait(&d->candidates)) &&
		age >= SCAN_PAUSE * d->scan_ns);
}

static bool names_are_due(const struct discovery *d)
{
	return d->rebuild || (d->n_unwatched && has_room(d)) ||
	       netns_names_changed(d->settings->proc_root, &d->names);
}

/*
 * A /proc that cannot be listed hides processes, not names; those known before
 * are where they were. Then it is scanned again soon.
 */
static void scan_processes(struct discovery *d)
{
	d->processes_ns = clock_ns(CLOCK_MONOTONIC);
	d->rescan = processes_scan(&d->processes, d->settings->proc_root) < 0 ||
		    d->processes.error;
	d->scan_ns = clock_ns(CLOCK_MONOTONIC) - d->processes_ns;
}

/* What may not have been visited is not gone for that. */
static void keep(struct discovery *d, bool only_named)
{
	EACH_NS (d->list, ns)
		if (ns->id.ino && !ns->displaced &&
		    (ns_has_file(ns) || !only_named))
			ns->gone = false;
}

/*
 * Visits all that is known. Where a scan of processes is still wanted, those
 * that are found by a process are not given up before.
 */
static int visit_all(struct discovery *d)
{
	const char *proc_root = d->settings->proc_root;
	int r;

	EACH_NS (d->list, ns)
		if (!ns_is_own(ns) && (ns_has_file(ns) || !d->rescan))
			ns->gone = true;
	d->n_unwatched = d->n_unwatched_named = 0;
	d->too_long = false;
	r = restart_sightings(d);
	if (r == 0)
		r = netns_scan_names(proc_root, &d->names, on_found, d);
	if (d->names.error)
		keep(d, true);
	if (r == 0)
		r = processes_visit(&d->processes, proc_root, on_found, d);
	if (r == 0)
		make_room(d);
	else
		keep(d, false);
	return r;
}

/* How long a candidate may wait; what was there first needs not. */
static uint64_t patience(const struct discovery *d, const struct candidate *c)
{
	if (d->settings->names_at_once && !d->has_run)
		return 0;
	if (d->settings->names_at_once || c->grade == NAMING_ID)
		return SHORT_WAIT_NS;
	return WAIT_NS;
}

/*
 * What no process has a name for keeps that of its file, though not at once: a
 * runtime makes the namespace before it starts the first process there.
 */
static int give_up_waiting(struct discovery *d)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < d->candidates.n; i++) {
		struct candidate *c = &d->candidates.items[i];
		struct sighting *s;

		if (!c->found || !c->waits ||
		    now - c->since_ns < patience(d, c))
			continue;
		s = sightings_get(&d->sightings, &c->id);
		if (!s)
			return -ENOMEM;
		candidate_settle(c);
		r = admit_candidate(d, c, s);
	}
	make_room(d);
	return r < 0 ? r : 0;
}

/* Whether no namespace is known to exist that is not in the list. */
static bool is_complete(const struct discovery *d)
{
	return !d->n_unwatched && !d->naming.any_unnamed && !d->names.error &&
	       !d->processes.error && !candidates_wait(&d->candidates);
}

static int discover_all(struct discovery *d)
{
	uint64_t begun = clock_ns(CLOCK_BOOTTIME);
	int r;

	scan_processes(d);
	r = visit_all(d);
	if (r == 0)
		r = give_up_waiting(d);
	if (r == 0 && is_complete(d))
		d->complete_ns = begun;
	d->has_run |= r == 0;
	return r;
}

/* Namespaces whose processes may not be asked are hidden. */
static bool is_whole(const struct discovery *d)
{
	return d->has_run && d->shows_host && !d->unwanted &&
	       !d->processes.denied && is_complete(d);
}

/* Looks for what may have changed. Returns 0 or negative errno. */
static int discover(struct discovery *d, uint64_t now)
{
	int r;

	if (processes_are_due(d, now))
		return discover_all(d);
	r = visit_all(d);
	/* a new file's name may have to wait */
	return r == 0 && processes_are_due(d, now) ? discover_all(d) : r;
}

int discovery_run(struct discovery *d, uint64_t budget_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int r;

	if (!d->begun_ns)
		d->begun_ns = now;
	d->naming = (struct naming) {.budget_ns = budget_ns ? budget_ns / 2 + 1
							    : 0};
	if (!processes_are_due(d, now) && !names_are_due(d))
		return 0;
	r = discover(d, now);
	d->rebuild = r < 0 || d->naming.any_unnamed;
	d->list->whole = r == 0 && is_whole(d);
	return r;
}

/* Who wants some by their names, and has them all, misses none. */
static bool has_all_wanted(const struct discovery *d)
{
	const struct selection *s = &d->settings->namespaces;
	size_t found = d->list->n - d->list->items[0]->host_only;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].is_regex || !s->items[i].text)
			return false;
	return s->n && !s->ignore && found >= s->n;
}

int discovery_blindness(const struct discovery *d)
{
	if (!d->has_run)
		return 0;
	if (!d->processes.now.n) /* at least our own would be there */
		return -ENOENT;
	if (d->processes.denied && !netns_may_ask() && !has_all_wanted(d))
		return -EACCES;
	return d->too_long ? -ENAMETOOLONG : d->processes.error;
}

bool discovery_is_settled(const struct discovery *d)
{
	return (d->has_run && is_complete(d)) ||
	       clock_ns(CLOCK_MONOTONIC) - d->begun_ns >= PROCESSES_NS;
}

void discovery_retry(struct discovery *d, const struct ns *ns)
{
	processes_forget(&d->processes, ns->pid);
	*(ns_has_file(ns) ? &d->rebuild : &d->rescan) = true;
}

void discovery_free(struct discovery *d)
{
	free(d->candidates.items);
	sightings_free(&d->sightings);
	processes_free(&d->processes);
}
