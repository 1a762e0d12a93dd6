/* SPDX-License-Identifier: MIT */
#include "engine/candidates.h"

#include <string.h>

#include "base/array.h"
#include "engine/naming.h"
#include "kernel/clock.h"

#define MAX_CANDIDATES 4096
#define MAX_ASKED 16 /* processes, for the name of one namespace */

void candidates_restart(struct candidates *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct candidate *item = &c->items[i];

		if (!item->found)
			continue;
		item->found = false;
		item->beside = 0;
		c->items[kept++] = *item;
	}
	c->n = kept;
}

void candidates_link(struct candidates *c, size_t *first, size_t i)
{
	c->items[i].beside = *first;
	*first = i + 1;
}

struct candidate *candidates_find(const struct candidates *c, size_t first)
{
	struct candidate *item, *any = NULL;

	for (size_t i = first; i; i = item->beside) {
		item = &c->items[i - 1];
		if (!item->found)
			continue;
		if (item->waits)
			return item;
		any = item;
	}
	return any;
}

static struct candidate *find_path(const struct candidates *c, size_t first,
				   const char *path)
{
	struct candidate *item;

	for (size_t i = first; i; i = item->beside) {
		item = &c->items[i - 1];
		if (!strcmp(item->path, path))
			return item;
	}
	return NULL;
}

struct candidate *candidates_keep(struct candidates *c, size_t *first,
				  const struct netns_found *found)
{
	struct candidate *item = find_path(c, *first, found->path);

	if (item) {
		item->found = true;
		return item;
	}
	if (strlen(found->path) >= sizeof(item->path) || c->n >= MAX_CANDIDATES)
		return NULL;
	item = ARRAY_ADD(c);
	if (!item)
		return NULL;
	*item = (struct candidate) {
		.id = found->id,
		.found = true,
		.waits = container_made_up(found->name),
		.since_ns = clock_ns(CLOCK_MONOTONIC),
	};
	snprintf(item->path, sizeof(item->path), "%s", found->path);
	snprintf(item->name, sizeof(item->name), "%s", found->name);
	candidates_link(c, first, c->n - 1);
	return item;
}

bool candidates_wait(const struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].found && c->items[i].waits)
			return true;
	return false;
}

bool candidate_ask(struct candidate *c, const char *proc_root, pid_t pid)
{
	char name[CONTAINER_NAME + 1];

	if (!c->waits || c->asked++ >= MAX_ASKED ||
	    !naming_by_process(proc_root, pid, name, sizeof(name)))
		return false;
	memcpy(c->name, name, sizeof(name));
	c->waits = false;
	return true;
}
