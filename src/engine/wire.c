/* SPDX-License-Identifier: MIT */
/*
 * IPv4 drops packets for groups that nobody joined without a counter. Where a
 * device counts multicast, the balance of IP leaves them out itself. A veth
 * does not; but what is at its far end does: a bridge counts what it floods
 * (net/bridge/br_input.c), IP what it sends (OutMcastPkts).
 */
#include "engine/wire.h"

#include "model/ip_gaps.h"
#include "probes/link/link.h"

const struct object *wire_far_end(const struct ns_list *list,
				  const struct sample *my,
				  const struct object *mine, struct ns **ret)
{
	EACH_NS (list, ns) {
		const struct object *o =
			ns->was_read ? link_find_peer(&ns->now, my, mine)
				     : NULL;

		*ret = ns;
		if (o)
			return o;
	}
	return NULL;
}

/*
 * Packets for IPv4 groups that can have come over the wires of a namespace and
 * that nobody there joined, at most. IPv6 counts all that came for a group,
 * IPv4 what somebody joined.
 */
static uint64_t came_unwanted(const struct ns_list *list, const struct ns *ns)
{
	uint64_t flooded = 0, sent = 0;

	EACH_OBJECT (&ns->now, o) {
		const struct object *end = NULL;
		struct ns *far;

		if (o->layer == LAYER_LINK && object_name(&ns->now, o)[0])
			end = wire_far_end(list, &ns->now, o, &far);
		if (!end)
			continue;
		flooded += link_flooded(&far->now, end);
		sent += sample_growth(&far->now, LAYER_IP, TAG_OUT_MCAST_PKTS,
				      false);
	}
	flooded = less_by(flooded, sample_growth(&ns->now, LAYER_IP,
						 TAG_IN_MCAST_PKTS, true));
	return less_by(flooded + sent, sample_growth(&ns->now, LAYER_IP,
						     TAG_IN_MCAST_PKTS, false));
}

void wire_excuse_groups(struct ns_list *list)
{
	EACH_NS (list, ns) {
		const struct loss *gap =
			ns->was_read ? loss_find(&ns->losses, LAYER_UNEXPLAINED,
						 "", DIR_RX)
				     : NULL;

		if (!gap || !gap->lost)
			continue;
		ip_gaps_excuse(
			&ns->losses,
			smaller_of(came_unwanted(list, ns),
				   sample_growth(&ns->now, LAYER_UNEXPLAINED,
						 TAG_IN_GAP, false)));
	}
}
