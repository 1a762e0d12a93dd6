/* SPDX-License-Identifier: MIT */
/* What the far ends of a namespace's veths know of what comes over them. */
#ifndef PKTLOSS_ENGINE_WIRE_H
#define PKTLOSS_ENGINE_WIRE_H

#include "engine/ns.h"

/*
 * The LINK_CONFIG of the far end of what mine, a LINK_CONFIG of my, describes,
 * and its namespace; NULL: it was not read, or mine is no veth. Pure.
 */
const struct object *wire_far_end(const struct ns_list *list,
				  const struct sample *my,
				  const struct object *mine, struct ns **ret);

/*
 * Has what may have come over veths for groups that nobody joined stay
 * unexplained: nobody is suspected of it. For all that were read in this
 * interval, behind their tally and before who is suspected. Pure.
 */
void wire_excuse_groups(struct ns_list *list);

/*
 * Whether all that comes to a namespace comes by wires whose far ends were read
 * and send for themselves alone; and then, in *ret, how many of these packets
 * were broadcasts for no subnet of it, at most. Pure.
 */
bool wire_tells_all(const struct ns_list *list, const struct ns *ns,
		    uint64_t *ret);

#endif
