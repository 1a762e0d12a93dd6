/* SPDX-License-Identifier: MIT */
#include "engine/processes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "kernel/file.h"

/* The pid that a name in /proc is, or 0. */
static pid_t parse_pid(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n && n < 10 && !name[n] ? atoi(name) : 0;
}

static int grow(struct processes *p)
{
	size_t max = p->max ? p->max * 2 : 256;
	struct process *grown;

	if (p->n < p->max)
		return 0;
	grown = realloc(p->items, max * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	p->items = grown;
	p->max = max;
	return 0;
}

/* The process in the list before; at walks through it, as both are sorted. */
static const struct process *find_before(const struct processes *p, size_t *at,
					 pid_t pid)
{
	while (*at < p->n_before && p->before[*at].pid < pid)
		(*at)++;
	return *at < p->n_before && p->before[*at].pid == pid ? &p->before[*at]
							      : NULL;
}

/* Asks which namespace a process is in, unless that is known. */
static void look_at(const struct processes *p, const char *proc_root,
		    const struct process *before, struct process *now)
{
	bool same = before && before->entry == now->entry;
	char file[PATH_MAX];

	if (same && !before->young &&
	    (unsigned)now->pid % PROCESSES_TURNS != p->turn) {
		*now = *before;
		return;
	}
	now->young = !same;
	if (snprintf(file, sizeof(file), "%s/%d/ns/net", proc_root,
		     (int)now->pid) >= (int)sizeof(file) ||
	    netns_identify(file, &now->id) < 0)
		now->id = (struct netns_id) {0};
}

/* The list before becomes the list, and its memory is used for the next. */
static void swap_lists(struct processes *p)
{
	struct process *items = p->items;
	size_t n = p->n, max = p->max;

	p->items = p->before;
	p->n = p->n_before;
	p->max = p->max_before;
	p->before = items;
	p->n_before = n;
	p->max_before = max;
}

static int scan(struct processes *p, const char *proc_root, DIR *dir)
{
	struct dirent *entry;
	size_t at = 0;

	while ((entry = readdir(dir)) && p->n < MAX_PROCESSES) {
		struct process now = {.pid = parse_pid(entry->d_name),
				      .entry = entry->d_ino};

		if (!now.pid)
			continue;
		if (grow(p) < 0)
			return -ENOMEM;
		look_at(p, proc_root, find_before(p, &at, now.pid), &now);
		p->items[p->n++] = now;
	}
	return 0;
}

int processes_scan(struct processes *p, const char *proc_root)
{
	_cleanup_closedir_ DIR *dir = opendir(proc_root);
	int r;

	if (!dir)
		return -errno;
	swap_lists(p);
	p->n = 0;
	p->turn = (p->turn + 1) % PROCESSES_TURNS;
	r = scan(p, proc_root, dir);
	if (r < 0)
		swap_lists(p);
	return r;
}

int processes_visit(struct processes *p, const char *proc_root,
		    netns_visit visit, void *arg)
{
	for (size_t i = 0; i < p->n; i++) {
		struct process *process = &p->items[i];
		char file[PATH_MAX];
		struct netns_found found = {
			.path = file, .id = process->id, .pid = process->pid};
		int r;

		if (!process->id.ino || process->dull ||
		    snprintf(file, sizeof(file), "%s/%d/ns/net", proc_root,
			     (int)process->pid) >= (int)sizeof(file))
			continue;
		r = visit(&found, arg);
		if (r < 0)
			return r;
		process->dull = r > 0;
	}
	return 0;
}

void processes_forget(struct processes *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].pid == pid)
			p->items[i] = (struct process) {.pid = pid};
}

void processes_free(struct processes *p)
{
	free(p->items);
	free(p->before);
	*p = (struct processes) {0};
}
