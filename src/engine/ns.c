/* SPDX-License-Identifier: MIT */
#include "engine/ns.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"

static void free_ns(struct ns *ns)
{
	sample_free(&ns->now);
	sample_free(&ns->then);
	losses_free(&ns->losses);
	free(ns);
}

struct ns *ns_list_add(struct ns_list *list)
{
	struct ns *ns = calloc(1, sizeof(*ns));
	struct ns **added = ns ? ARRAY_ADD(list) : NULL;

	if (!added) {
		free(ns);
		return NULL;
	}
	ns->now.key = ns->then.key = ns->losses.key = &list->key;
	*added = ns;
	return ns;
}

void ns_list_displace(struct ns_list *list, struct ns *ns)
{
	list->n_displaced += !ns->displaced;
	ns->gone = ns->displaced = true;
}

void ns_list_drop_gone(struct ns_list *list)
{
	size_t kept = 0;

	EACH_NS (list, ns) {
		if (!ns->gone) {
			list->items[kept++] = ns;
			continue;
		}
		/* kept is its place, of which the own one is the first */
		list->next -= list->next && kept <= list->next;
		free_ns(ns);
	}
	list->n = kept;
	list->n_displaced = 0;
}

void ns_list_free(struct ns_list *list)
{
	EACH_NS (list, ns)
		free_ns(ns);
	free(list->items);
	table_free(&list->devices.table);
	*list = (struct ns_list) {0};
}

/* Whether that file is in a directory, maybe of the host seen from elsewhere */
static bool is_in_directory(const char *path, const char *directory)
{
	const char *at = strstr(path, directory);

	return at && !strchr(at + strlen(directory), '/');
}

struct way ns_way(const struct ns *ns)
{
	const char *slash = strrchr(ns->path, '/');
	struct way way = {.other = !ns_is_own(ns)};
	const char *file = slash ? slash + 1 : "";

	if (ns_is_own(ns))
		return way;
	way.none = !ns->pid && (!*file || !text_is_plain(file));
	if (way.none)
		return way;
	if (ns->pid)
		snprintf(way.prefix, sizeof(way.prefix), "nsenter -n -t %d ",
			 (int)ns->pid);
	else if (is_in_directory(ns->path, "/run/docker/netns/"))
		snprintf(way.prefix, sizeof(way.prefix),
			 "nsenter --net=/run/docker/netns/%s ", file);
	else
		snprintf(way.prefix, sizeof(way.prefix), "ip netns exec %s ",
			 file);
	return way;
}
