/* SPDX-License-Identifier: MIT */
#include "engine/ns.h"

#include "base/array.h"

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
	*added = ns;
	return ns;
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
}

void ns_list_free(struct ns_list *list)
{
	EACH_NS (list, ns)
		free_ns(ns);
	free(list->items);
	*list = (struct ns_list) {0};
}
