/* SPDX-License-Identifier: MIT */
#include "engine/candidates.h"

#include <string.h>

#include "base/array.h"
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

/* Whether docker made up the name of its file. */
static bool is_sandbox(const struct candidate *c)
{
	return strstr(c->path, "/run/docker/netns/") &&
	       container_made_up(strrchr(c->path, '/') + 1);
}

/* A file of a runtime that people see tells more than a unit. */
static bool is_better(const struct candidate *c, enum naming_grade grade)
{
	return grade > c->grade && (grade != NAMING_UNIT || is_sandbox(c));
}

bool candidate_ask(struct candidate *c, const char *proc_root,
		   const struct netns_found *found)
{
	char name[CONTAINER_NAME + 1];
	enum naming_grade grade;

	if (!c->waits || c->asked++ >= MAX_ASKED)
		return false;
	grade = naming_by_process(proc_root, found->pid, name, sizeof(name));
	if (!is_better(c, grade) || naming_check(found) < 0)
		return false;
	memcpy(c->name, name, sizeof(name));
	c->grade = grade;
	c->waits = grade < NAMING_NAME;
	return !c->waits;
}

void candidate_settle(struct candidate *c)
{
	c->waits = false;
	if (c->grade == NAMING_NONE && is_sandbox(c))
		snprintf(c->name, sizeof(c->name), "ns-%lu",
			 (unsigned long)c->id.ino);
}
