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

static bool tell_down(const char *place, struct cause *ret)
{
	ret->reason = &link_reasons[REASON_DOWN];
	CAUSE_TEXT(ret, "%s is down", place);
	if (text_is_plain(place))
		CAUSE_REMEDY(ret, "Bring it up: `ip link set dev %s up`",
			     place);
	return true;
}

/* The peer's end takes nothing, nor does what is down below. */
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
		return !object_value(s, config, &link_fact_up, 1) &&
		       tell_down(place, ret);
	if (get_wire(suspect, &wire))
		return !wire.peer_up && tell_down(wire.peer, ret);
	return below && !object_value(s, config, &link_fact_lower_up, 1) &&
	       tell_down(below, ret);
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
	CAUSE_REMEDY(ret, "Look at it: `ip link show dev %s`; `bpftool net`",
		     suspect->loss->place);
	return true;
}

static bool is_port(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK &&
	       object_value(s, o, &link_fact_port_of, LINK_OF_OTHER) ==
		       LINK_OF_BRIDGE;
}

/* The first port of the bridge that a port belongs to: maybe itself. */
static const struct object *first_port(const struct sample *s,
				       const struct object *port)
{
	uint64_t bridge = object_value(s, port, &link_fact_master, 0);

	EACH_OBJECT (s, o)
		if (is_port(s, o) &&
		    object_value(s, o, &link_fact_master, 0) == bridge)
			return o;
	return port;
}

/* The name of the interface of that index, or "?". */
static const char *name_of(const struct sample *s, uint64_t ifindex)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_LINK && o->identity == ifindex)
			return object_place(s, o);
	return "?";
}

/* Two ports of one bridge that differ in MTU. */
struct mismatch {
	const struct object *larger, *smaller;
	uint64_t larger_mtu, smaller_mtu;
};

/* Looks for such a pair. Returns whether there is one. */
static bool find_mismatch(const struct sample *s, struct mismatch *ret)
{
	EACH_OBJECT (s, port) {
		const struct object *first;
		uint64_t mtu, first_mtu;

		if (!is_port(s, port))
			continue;
		first = first_port(s, port);
		mtu = object_value(s, port, &link_fact_mtu, 0);
		first_mtu = object_value(s, first, &link_fact_mtu, 0);
		if (mtu > first_mtu)
			*ret = (struct mismatch) {port, first, mtu, first_mtu};
		else if (mtu < first_mtu)
			*ret = (struct mismatch) {first, port, first_mtu, mtu};
		else
			continue;
		return true;
	}
	return false;
}

/*
 * A bridge that hands its frames to iptables fragments what is too big for a
 * port, or drops it. It tells nobody, where a router answers with ICMP.
 */
static bool explain_bridge(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	enum tag answer = TAG_OUT_DEST_UNREACHS;
	const char *smaller;
	struct mismatch m;

	if (suspect->row->counter->tag == TAG_FRAG_FAILS6)
		answer = TAG_OUT_PKT_TOO_BIGS6;
	else if (suspect->row->counter->tag != TAG_FRAG_FAILS)
		return false;
	if (sample_moved(s, LAYER_ICMP, NULL, answer) * 2 > suspect->lost ||
	    !find_mismatch(s, &m))
		return false;
	smaller = object_place(s, m.smaller);
	ret->reason = &link_reasons[REASON_BRIDGE_MTU];
	CAUSE_TEXT(ret, "bridge %s: port %s has MTU %llu, %s %llu",
		   name_of(s, object_value(s, m.larger, &link_fact_master, 0)),
		   object_place(s, m.larger), (unsigned long long)m.larger_mtu,
		   smaller, (unsigned long long)m.smaller_mtu);
	if (text_is_plain(smaller))
		CAUSE_REMEDY(
			ret,
			"Align both ports and what is behind them: `ip link "
			"set dev %s mtu %llu`",
			smaller, (unsigned long long)m.larger_mtu);
	return true;
}

/* clang-format off */
const struct explainer link_explainers[] = {
	{LAYER_LINK, explain_xdp},
	{LAYER_LINK, explain_down},
	{LAYER_LINK, explain_mtu},
	{LAYER_LINK, explain_echo},
	{LAYER_LINK, link_explain_kind},
	{LAYER_IP, explain_bridge},
	{0, NULL},
};
/* clang-format on */
