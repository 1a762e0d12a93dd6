/* SPDX-License-Identifier: MIT */
/* Which names namespaces get that have none, or one that somebody made up. */
#include <errno.h>
#include <string.h>

#include "kernel/file.h"
#include "engine/engine_private.h"

#define MAX_CANDIDATES 4096
#define MAX_ASKED 16 /* processes, for the name of one namespace */

/* Where the host's files are, as named namespaces are found there. */
static void host_root(const struct engine *e, char *root, size_t size)
{
	const char *proc = e->settings->proc_root;

	root[0] = '\0';
	if (strcmp(proc, "/proc"))
		snprintf(root, size, "%s/1/root", proc);
}

bool name_by_process(const struct engine *e, pid_t pid, char *name, size_t size)
{
	char file[32], cgroup[4096], root[PATH_MAX], full[CONTAINER_NAME + 1];
	struct container c;
	ssize_t n;

	name[0] = '\0';
	snprintf(file, sizeof(file), "%d/cgroup", (int)pid);
	n = file_read_text(e->settings->proc_root, file, cgroup,
			   sizeof(cgroup));
	if (n < 0 || !container_parse(cgroup, n, &c))
		return false;
	host_root(e, root, sizeof(root));
	if (container_name(root, &c, full) == 0) {
		snprintf(name, size, "%s", full);
		return true;
	}
	snprintf(name, size, "%.*s", CONTAINER_SHORT_ID, c.name);
	return false;
}

bool naming_has_time(struct engine *e)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (!e->naming_ns)
		e->naming_ns = now + e->naming_budget_ns;
	else if (e->naming_budget_ns && now >= e->naming_ns)
		e->any_unnamed = true;
	return !e->any_unnamed;
}

void candidates_restart(struct engine *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n_candidates; i++) {
		struct candidate *c = &e->candidates[i];

		if (!c->seen)
			continue;
		c->seen = false;
		c->beside = 0;
		e->candidates[kept++] = *c;
	}
	e->n_candidates = kept;
}

void candidate_link(struct engine *e, struct seen *seen, size_t i)
{
	e->candidates[i].beside = seen->candidate;
	seen->candidate = i + 1;
}

struct candidate *candidate_find(const struct engine *e,
				 const struct seen *seen)
{
	struct candidate *c, *any = NULL;

	for (size_t i = seen->candidate; i; i = c->beside) {
		c = &e->candidates[i - 1];
		if (!c->seen)
			continue;
		if (c->waits)
			return c;
		any = c;
	}
	return any;
}

static struct candidate *add_candidate(struct engine *e)
{
	if (e->n_candidates == e->max_candidates) {
		size_t max = e->max_candidates ? e->max_candidates * 2 : 16;
		struct candidate *grown;

		if (max > MAX_CANDIDATES)
			return NULL;
		grown = realloc(e->candidates, max * sizeof(*grown));
		if (!grown)
			return NULL;
		e->candidates = grown;
		e->max_candidates = max;
	}
	return &e->candidates[e->n_candidates++];
}

struct candidate *candidate_keep(struct engine *e, struct seen *seen,
				 const struct netns_found *found)
{
	struct candidate *c;

	for (size_t i = seen->candidate; i; i = c->beside) {
		c = &e->candidates[i - 1];
		if (!strcmp(c->path, found->path)) {
			c->seen = true;
			return c;
		}
	}
	if (strlen(found->path) >= sizeof(c->path))
		return NULL;
	c = add_candidate(e);
	if (!c)
		return NULL;
	*c = (struct candidate) {.id = found->id, .seen = true};
	snprintf(c->path, sizeof(c->path), "%s", found->path);
	snprintf(c->name, sizeof(c->name), "%s", found->name);
	c->waits = container_made_up(found->name);
	c->since_ns = clock_ns(CLOCK_MONOTONIC);
	candidate_link(e, seen, e->n_candidates - 1);
	return c;
}

bool candidate_ask(const struct engine *e, struct candidate *c, pid_t pid)
{
	char name[CONTAINER_NAME + 1];

	if (!c->waits || c->asked++ >= MAX_ASKED ||
	    !name_by_process(e, pid, name, sizeof(name)))
		return false;
	memcpy(c->name, name, sizeof(name));
	c->waits = false;
	return true;
}

bool candidates_wait(const struct engine *e)
{
	for (size_t i = 0; i < e->n_candidates; i++)
		if (e->candidates[i].seen && e->candidates[i].waits)
			return true;
	return false;
}
