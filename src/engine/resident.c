/* SPDX-License-Identifier: MIT */
#include "engine/resident.h"

#include <limits.h>
#include <string.h>

#include "engine/naming.h"

static bool is_resident(const struct ns *ns, const char *proc_root, pid_t pid)
{
	char path[PATH_MAX];
	const struct netns_found found = {.path = path, .id = ns->id};

	snprintf(path, sizeof(path), "%s/%d/ns/net", proc_root, (int)pid);
	return naming_check(&found) == 0;
}

struct resident resident_of(const struct ns *ns, const char *proc_root)
{
	struct resident r = {.pid = ns->pid ? ns->pid : ns->resident};
	struct container c;

	if (!r.pid || !is_resident(ns, proc_root, r.pid))
		return (struct resident) {0};
	if (naming_container(proc_root, r.pid, &c)) {
		r.kind = c.kind;
		memcpy(r.container, c.name, sizeof(r.container));
	}
	/* its number may be that of another process meanwhile */
	if (!is_resident(ns, proc_root, r.pid))
		return (struct resident) {0};
	return r;
}
