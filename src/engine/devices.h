/* SPDX-License-Identifier: MIT */
/*
 * In which namespace a device is that one of another namespace belongs to. Who
 * asks seldom has all of them looked at; from then on there is an index, so
 * that many devices in many namespaces do not cost their product. Where there
 * is no memory for it, all are looked at. Pure.
 */
#ifndef PKTLOSS_ENGINE_DEVICES_H
#define PKTLOSS_ENGINE_DEVICES_H

#include "engine/ns.h"
#include "probes/link/link.h"

/* What was read may be another now. */
void devices_forget(struct ns_list *list);

/*
 * Walks the namespaces that were read and may have what mine, a LINK_CONFIG of
 * my, belongs to, in no more than a few steps:
 *
 *   EACH_NS_TIED (list, my, mine, LINK_TIE_WIRE, walk)
 *           o = link_find_peer(&walk.ns->now, my, mine);
 */
#define EACH_NS_TIED(list, my, mine, tie, walk)                                \
	for (struct devices_walk walk = devices_begin(list, my, mine, tie);    \
	     devices_next(list, &walk);)

struct devices_walk {
	struct ns *ns;
	uint64_t hash;
	uint32_t at;
	bool is_indexed, is_none;
};

struct devices_walk devices_begin(const struct ns_list *list,
				  const struct sample *my,
				  const struct object *mine, enum link_tie tie);
bool devices_next(const struct ns_list *list, struct devices_walk *walk);

#endif
