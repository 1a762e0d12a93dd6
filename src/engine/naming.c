/* SPDX-License-Identifier: MIT */
#include "engine/naming.h"

#include <limits.h>
#include <string.h>

#include "engine/container.h"
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

enum naming_grade naming_by_process(const char *proc_root, pid_t pid,
				    char *name, size_t size)
{
	char file[32], cgroup[4096], root[PATH_MAX], full[CONTAINER_NAME + 1];
	enum naming_grade grade = NAMING_NONE;
	struct container c;
	ssize_t n;

	full[0] = '\0';
	snprintf(file, sizeof(file), "%d/cgroup", (int)pid);
	n = file_read_text(proc_root, file, cgroup, sizeof(cgroup));
	if (n >= 0 && container_parse(cgroup, n, &c)) {
		host_root(proc_root, root, sizeof(root));
		grade = container_name(root, &c, full) == 0 ? NAMING_NAME
							    : NAMING_ID;
		if (grade == NAMING_ID)
			snprintf(full, sizeof(full), "%.*s", CONTAINER_SHORT_ID,
				 c.name);
	} else if (n >= 0 && container_unit(cgroup, n, full)) {
		grade = NAMING_UNIT;
	}
	snprintf(name, size, "%s", full);
	return grade;
}
