/* SPDX-License-Identifier: MIT */
#include "engine/processes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/array.h"
#include "kernel/file.h"

/* The process in the list before; at walks through it, as both are sorted. */
static const struct process *find_before(const struct process_list *before,
					 size_t *at, pid_t pid)
{
	while (*at < before->n && before->items[*at].pid < pid)
		(*at)++;
	return *at < before->n && before->items[*at].pid == pid
		       ? &before->items[*at]
		       : NULL;
}

/* Asks which namespace a process is in, unless that is known. */
static void find_namespace(struct processes *p, const char *proc_root,
			   const struct process *before, struct process *now)
{
	bool same = before && before->entry == now->entry;
	char file[PATH_MAX];
	int r;

	if (same && !before->young &&
	    (unsigned)now->pid % PROCESSES_TURNS != p->turn) {
		*now = *before;
		return;
	}
	now->young = !same;
	if (snprintf(file, sizeof(file), "%s/%d/ns/net", proc_root,
		     (int)now->pid) >= (int)sizeof(file))
		return;
	r = netns_identify(file, &now->id);
	if (r == 0 || r == -ENOENT || r == -ESRCH)
		return;
	if (r == -EACCES || r == -EPERM)
		p->denied = true;
	else
		p->error = r;
	if (same) /* until that can be told, it is where it was */
		now->id = before->id;
	now->young |= p->error == r;
}

/* The list before becomes the list, and its memory is used for the next. */
static void swap_lists(struct processes *p)
{
	struct process_list list = p->now;

	p->now = p->before;
	p->before = list;
}

static int scan(struct processes *p, const char *proc_root, DIR *dir)
{
	struct dirent *entry;
	size_t at = 0;

	for (;;) {
		struct process *added;
		pid_t pid;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno; /* 0 at the end */
		pid = netns_pid_of(entry->d_name);
		if (!pid)
			continue;
		added = ARRAY_ADD(&p->now);
		if (!added)
			return -ENOMEM;
		*added = (struct process) {.pid = pid, .entry = entry->d_ino};
		find_namespace(p, proc_root, find_before(&p->before, &at, pid),
			       added);
	}
}

int processes_scan(struct processes *p, const char *proc_root)
{
	_cleanup_closedir_ DIR *dir = opendir(proc_root);
	int r;

	if (!dir)
		return p->error = -errno;
	swap_lists(p);
	p->now.n = 0;
	p->error = 0;
	p->turn = (p->turn + 1) % PROCESSES_TURNS;
	r = scan(p, proc_root, dir);
	if (r < 0) {
		swap_lists(p);
		p->error = r;
	}
	return r;
}

int processes_visit(struct processes *p, const char *proc_root,
		    netns_visit visit, void *arg)
{
	for (size_t i = 0; i < p->now.n; i++) {
		struct process *process = &p->now.items[i];
		char file[PATH_MAX];
		struct netns_found found = {
			.path = file,
			.id = process->id,
			.pid = process->pid,
			.nameless = process->nameless,
		};
		int r;

		if (!process->id.ino || process->skipped ||
		    snprintf(file, sizeof(file), "%s/%d/ns/net", proc_root,
			     (int)process->pid) >= (int)sizeof(file))
			continue;
		r = visit(&found, arg);
		if (r < 0)
			return r;
		process->skipped = r == NETNS_IN_VAIN;
		process->nameless |= r == NETNS_NAMELESS;
	}
	return 0;
}

void processes_forget(struct processes *p, pid_t pid)
{
	for (size_t i = 0; i < p->now.n; i++)
		if (p->now.items[i].pid == pid)
			p->now.items[i] = (struct process) {.pid = pid};
}

void processes_free(struct processes *p)
{
	free(p->now.items);
	free(p->before.items);
	*p = (struct processes) {0};
}
