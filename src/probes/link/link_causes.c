/* SPDX-License-Identifier: MIT */
/* Why interfaces lose packets: their MTU, their state, XDP, their bridge. */
#include <string.h>

#include "base/text.h"
#include "probes/link/link_private.h"

struct wire {
	const char *peer; /* name */
	uint64_t mtu, peer_mtu, up, peer_up;
};

/* The two ends of a veth, when both are known. */
static bool get_wire(const struct suspect *suspect, struct wire *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *config = link_config_of(s, suspect->loss->place);

	if (!object_get(s, config, &link_fact_mtu, &ret->mtu) ||
	    !object_get(s, config, &link_fact_up, &ret->up) ||
	    !object_get(s, config, &link_fact_peer_mtu, &ret->peer_mtu) ||
	    !object_get(s, config, &link_fact_peer_up, &ret->peer_up))
		return false;
	ret->peer = link_below_name(s, config);
	ret->peer = ret->peer ? ret->peer : "?";
	return true;
}

static bool is_dropped(const struct suspect *suspect)
{
	uint8_t tag = suspect->row->counter->tag;

	return tag == TAG_RX_DROPPED || tag == TAG_TX_DROPPED;
}

static bool explain_mtu(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;
	bool rx = suspect->loss->direction == DIR_RX;
	struct wire wire;

	if (!is_dropped(suspect) || !get_wire(suspect, &wire))
		return false;
	if (rx ? wire.peer_mtu <= wire.mtu : wire.peer_mtu >= wire.mtu)
		return false;
	ret->reason = &link_reasons[REASON_MTU];
	CAUSE_TEXT(ret,
		   "MTU mismatch: %s has MTU %llu, its veth peer %s has %llu",
		   place, (unsigned long long)wire.mtu, wire.peer,
		   (unsigned long long)wire.peer_mtu);
	CAUSE_REMEDY(ret, "Make both the same: `ip link set dev %s mtu %llu`",
		     place, (unsigned long long)wire.peer_mtu);
	return true;
}

/* A command for what is far away would be run in the namespace of the loss. */
static bool tell_down(const char *place, bool far, struct cause *ret)
{
	ret->reason = &link_reasons[REASON_DOWN];
	CAUSE_TEXT(ret, "%s is down", place);
	if (far)
		CAUSE_REMEDY(ret, "Bring it up in its own namespace");
	else if (text_is_plain(place))
		CAUSE_REMEDY(ret, "Bring it up: `ip link set dev %s up`",
			     place);
	return true;
}

static bool is_down(const struct sample *s, const struct object *config)
{
	return !object_value(s, config, &link_fact_up, 1);
}

/*
 * The peer's end takes nothing, nor does what is down below. Nobody sends by an
 * interface that is down itself, but by lo: routes to own addresses stay.
 */
static bool explain_down(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const char *place = suspect->loss->place;
	const struct object *config = link_config_of(s, place);
	const char *below = link_below_name(s, config);
	struct wire wire;

	if (!is_dropped(suspect) || !link_is_virtual(s, place))
		return false;
	if (suspect->loss->direction == DIR_RX)
		return is_down(s, config) && tell_down(place, false, ret);
	if (get_wire(suspect, &wire))
		return !wire.peer_up &&
		       tell_down(wire.peer, !link_find_peer(s, s, config), ret);
	if (below && !object_value(s, config, &link_fact_lower_up, 1))
		return tell_down(below,
				 object_row(s, config, &link_fact_lower_far),
				 ret);
	return is_down(s, config) && tell_down(place, false, ret);
}

/*
 * What a device that stands on another repeats. Its remedy is that of the
 * loss below.
 */
static bool explain_echo(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const char *place = suspect->loss->place;
	const struct object *config = link_config_of(s, place);
	const char *below = link_below_name(s, config);

	if (!suspect->loss->echo || !link_is_virtual(s, place))
		return false;
	ret->reason = &link_reasons[REASON_LOWER];
	if (link_sends_through_members(s, place))
		CAUSE_TEXT(ret, "its members lost them; %s counts them again",
			   place);
	else
		CAUSE_TEXT(ret, "lost below, %s%s%s; %s counts them again",
			   below ? "at " : "on the way of its outer packets",
			   below ? below : "",
			   object_row(s, config, &link_fact_lower_far)
				   ? ", in another namespace"
				   : "",
			   place);
	return true;
}

/* Each driver that tells has a counter of its own. */
static bool explain_xdp(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_XDP_DROPS)
		return false;
	ret->reason = &link_reasons[REASON_XDP];
	CAUSE_TEXT(ret, "an XDP program on %s drops them",
		   suspect->loss->place);
	CAUSE_REMEDY(ret, "Look at it: `ip link show dev %s`, `bpftool net`",
		     suspect->loss->place);
	return true;
}

/* attribution.c found an ipvlan on an interface here. */
static bool explain_fallen(const struct suspect *suspect, struct cause *ret)
{
	const char *by = suspect->loss->by;

	if (!by[0] || suspect->row->counter->tag != TAG_IN_ADDR_ERRORS)
		return false;
	ret->reason = &link_reasons[REASON_IPVLAN_DOWN];
	CAUSE_TEXT(ret,
		   "they are for an address that is not ours: for one of %s, "
		   "an ipvlan on an interface of this namespace, if "
		   "that is down",
		   by);
	CAUSE_REMEDY(ret,
		     "Bring %s up in its namespace, or fix the sender's "
		     "route",
		     by);
	return true;
}

/* clang-format off */
const struct explainer link_explainers[] = {
	{LAYER_LINK, link_explain_bridge},
	{LAYER_LINK, explain_xdp},
	{LAYER_LINK, explain_down},
	{LAYER_LINK, explain_mtu},
	{LAYER_LINK, explain_echo},
	{LAYER_LINK, link_explain_kind},
	{LAYER_IP, link_explain_bridge},
	{LAYER_IP, explain_fallen},
	{0, NULL},
};
/* clang-format on */
