/* SPDX-License-Identifier: MIT */
#include "engine/resident.h"

#include <limits.h>
#include <string.h>

#include "engine/naming.h"

static bool is_resident(const struct ns *ns, const char *proc_root)
{
	char path[PATH_MAX];
	const struct netns_found found = {.path = path, .id = ns->id};

	snprintf(path, sizeof(path), "%s/%d/ns/net", proc_root,
		 (int)ns->resident);
	return naming_check(&found) == 0;
}

struct resident resident_of(const struct ns *ns, const char *proc_root)
{
	struct resident r = {0};

	if (!ns->resident || !is_resident(ns, proc_root))
		return r;
	naming_container(proc_root, ns->resident, r.container);
	/* its number may be that of another process meanwhile */
	if (!is_resident(ns, proc_root))
		return (struct resident) {0};
	r.pid = ns->resident;
	return r;
}
