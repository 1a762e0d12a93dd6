/* SPDX-License-Identifier: MIT */
#include "engine/naming.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "kernel/clock.h"
#include "kernel/file.h"

bool naming_has_time(struct naming *n)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (!n->deadline_ns)
		n->deadline_ns = now + n->budget_ns;
	else if (n->budget_ns && now >= n->deadline_ns)
		n->any_unnamed = true;
	return !n->any_unnamed;
}

/* Where the host's files are, as named namespaces are found there. */
static void host_root(const char *proc_root, char *root, size_t size)
{
	root[0] = '\0';
	if (strcmp(proc_root, "/proc"))
		snprintf(root, size, "%s/1/root", proc_root);
}

/* By the container, and the id of one within that: "web_0123456789ab". */
static enum naming_grade name_container(const char *proc_root,
					const struct container *c,
					char name[CONTAINER_NAME + 1])
{
	enum naming_grade grade = NAMING_RECORD;
	char root[PATH_MAX];
	size_t n;

	host_root(proc_root, root, sizeof(root));
	if (container_name(root, c, name) < 0) {
		format_text(name, CONTAINER_NAME + 1, "%.*s",
			    CONTAINER_SHORT_ID, c->name);
		grade = NAMING_ID;
	}
	if (c->kind == CONTAINER_NAMED)
		grade = NAMING_NAME;
	if (!c->inner[0])
		return grade;
	n = strlen(name);
	format_text(name + n, CONTAINER_NAME + 1 - n, "_%s", c->inner);
	return NAMING_ID;
}

int naming_check(const struct netns_found *found)
{
	struct netns_id id;
	int r = netns_identify(found->path, &id);

	if (r == -ENOENT || r == -ESRCH ||
	    (r == 0 && !netns_same(&id, &found->id)))
		return -ESTALE;
	return r;
}

static ssize_t read_cgroup(const char *proc_root, pid_t pid, char *buffer,
			   size_t size)
{
	char file[32];

	snprintf(file, sizeof(file), "%d/cgroup", (int)pid);
	return file_read_text(proc_root, file, buffer, size);
}

bool naming_container(const char *proc_root, pid_t pid, struct container *ret)
{
	char cgroup[4096];
	ssize_t n = read_cgroup(proc_root, pid, cgroup, sizeof(cgroup));

	/* one that is owned may be called as its owner likes */
	return n >= 0 && container_parse(cgroup, n, ret) &&
	       ret->kind != CONTAINER_OWNED;
}

enum naming_grade naming_by_process(const char *proc_root, pid_t pid,
				    char *name, size_t size)
{
	char cgroup[4096], full[CONTAINER_NAME + 1];
	enum naming_grade grade = NAMING_NONE;
	struct container c;
	ssize_t n = read_cgroup(proc_root, pid, cgroup, sizeof(cgroup));

	full[0] = '\0';
	if (n >= 0 && container_parse(cgroup, n, &c))
		grade = name_container(proc_root, &c, full);
	else if (n >= 0 && container_unit(cgroup, n, full))
		grade = NAMING_UNIT;
	snprintf(name, size, "%s", full);
	return grade;
}
