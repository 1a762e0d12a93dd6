/* SPDX-License-Identifier: MIT */
/*
 * IPv4 drops packets for groups that nobody joined without a counter. Where a
 * device counts multicast, the balance of IP leaves them out itself. A veth
 * does not; but what is at its far end does: a bridge counts what it floods
 * (net/bridge/br_input.c), IP what it sends (OutMcastPkts).
 */
#include "engine/wire.h"

#include <string.h>

#include "engine/devices.h"
#include "model/ip_gaps.h"
#include "probes/balance/balance.h"
#include "probes/link/link.h"

const struct object *wire_far_end(const struct ns_list *list,
				  const struct sample *my,
				  const struct object *mine, struct ns **ret)
{
	EACH_NS_TIED (list, my, mine, LINK_TIE_WIRE, walk) {
		const struct object *o =
			link_find_peer(&walk.ns->now, my, mine);

		*ret = walk.ns;
		if (o)
			return o;
	}
	return NULL;
}

/* Frames for groups of a family that a namespace sent, or got from others. */
static uint64_t spoke(const struct ns *ns, bool v6)
{
	return sample_growth(&ns->now, LAYER_IP, TAG_OUT_MCAST_PKTS, v6);
}

static uint64_t heard(const struct ns *ns, bool v6)
{
	uint64_t n = sample_growth(&ns->now, LAYER_IP, TAG_IN_MCAST_PKTS, v6);

	/* where IPv6 is switched off, it counts all as discarded */
	return v6 ? n + sample_growth(&ns->now, LAYER_IP, TAG_DISCARDS6, v6)
		  : n;
}

/* What a bridge flooded and its port's far end did not send itself, of IPv4. */
static uint64_t flooded_by_others(const struct ns *ns, uint64_t flooded)
{
	return less_by(flooded,
		       spoke(ns, false) + spoke(ns, true) + heard(ns, true));
}

/*
 * Packets for IPv4 groups that can have come over the wires of a namespace and
 * that nobody there joined, at most: no more than were sent over the wire. IPv6
 * counts all that came for a group, IPv4 what somebody joined.
 */
static uint64_t came_unwanted(const struct ns_list *list, const struct ns *ns)
{
	const struct ns *before = NULL;
	uint64_t n = 0;

	EACH_OBJECT (&ns->now, o) {
		const struct object *end = NULL;
		uint64_t came;
		struct ns *far;

		if (o->layer == LAYER_LINK && object_name(&ns->now, o)[0] &&
		    !link_is_port(&ns->now, o))
			end = wire_far_end(list, &ns->now, o, &far);
		if (!end)
			continue;
		came = flooded_by_others(ns, link_flooded(&far->now, end));
		if (!before ||
		    far != before) /* it sends each over one of its wires */
			came += spoke(far, false);
		n += smaller_of(came, sample_moved(&far->now, LAYER_LINK,
						   object_place(&far->now, end),
						   TAG_TX_PACKETS));
		before = far;
	}
	return less_by(n, heard(ns, false));
}

/*
 * Broadcasts that the far ends of wires sent, ports of bridges included, and
 * that were for no subnet of this namespace, at most: a router drops them.
 */
static uint64_t came_called_out(const struct ns_list *list, const struct ns *ns)
{
	const struct ns *before = ns;
	uint64_t n = 0;

	EACH_OBJECT (&ns->now, o) {
		const struct object *end = NULL;
		struct ns *far;

		if (o->layer == LAYER_LINK && object_name(&ns->now, o)[0])
			end = wire_far_end(list, &ns->now, o, &far);
		if (!end || far == before || far == ns)
			continue;
		n += smaller_of(sample_growth(&far->now, LAYER_IP,
					      TAG_OUT_BCAST_PKTS, false),
				sample_moved(&far->now, LAYER_LINK,
					     object_place(&far->now, end),
					     TAG_TX_PACKETS));
		before = far;
	}
	return less_by(
		n, sample_growth(&ns->now, LAYER_IP, TAG_IN_BCAST_PKTS, false));
}

static bool is_in_use(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK &&
	       !strcmp(object_name(s, o), LINK_CONFIG) &&
	       strcmp(object_place(s, o), "lo") &&
	       object_value(s, o, &link_fact_up, 0);
}

bool wire_tells_all(const struct ns_list *list, const struct ns *ns,
		    uint64_t *ret)
{
	bool any = false;

	EACH_OBJECT (&ns->now, o) {
		const struct object *end;
		struct ns *far;

		if (!is_in_use(&ns->now, o))
			continue;
		end = wire_far_end(list, &ns->now, o, &far);
		if (!end || object_row(&far->now, end, &link_fact_port_of))
			return false;
		any = true;
	}
	*ret = came_called_out(list, ns);
	return any;
}

/* What came by bridges that the namespace has no address on. */
static uint64_t came_for_strangers(const struct sample *s)
{
	uint64_t n = 0;

	EACH_OBJECT (s, o)
		if (o->layer == LAYER_UNEXPLAINED && !o->stale)
			n += object_value(s, o, &balance_strangers, 0);
	return n;
}

/* Those may be the same packets. */
static uint64_t came_for_nobody(const struct ns_list *list, const struct ns *ns)
{
	uint64_t called = came_called_out(list, ns);
	uint64_t strange = came_for_strangers(&ns->now);

	return came_unwanted(list, ns) + (called > strange ? called : strange);
}

void wire_excuse_groups(struct ns_list *list)
{
	devices_forget(list);
	EACH_NS (list, ns) {
		const struct loss *gap =
			ns->was_read ? loss_find(&ns->losses, LAYER_UNEXPLAINED,
						 "", DIR_RX)
				     : NULL;

		if (!gap || !gap->lost)
			continue;
		ip_gaps_excuse(
			&ns->losses,
			smaller_of(came_for_nobody(list, ns),
				   sample_growth(&ns->now, LAYER_UNEXPLAINED,
						 TAG_IN_GAP, false)));
	}
}
