/* SPDX-License-Identifier: MIT */
/* Why interfaces lose packets: their MTU, their state, XDP, their bridge. */
#include <string.h>

#include "base/text.h"
#include "probes/link/link.h"

struct wire {
	const char *kind;
	const char *peer; /* name */
	uint64_t mtu, peer_mtu, up, peer_up;
};

/* The two ends of a veth, when both are known. */
static bool get_wire(const struct suspect *suspect, struct wire *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *config;
	uint32_t hint = suspect->object - s->objects;

	config = sample_find(s, LAYER_LINK, suspect->loss->place, LINK_CONFIG,
			     &hint);
	if (!config ||
	    !object_get(suspect->sample, config, &link_fact_mtu, &ret->mtu) ||
	    !object_get(suspect->sample, config, &link_fact_up, &ret->up) ||
	    !object_get(suspect->sample, config, &link_fact_peer_mtu,
			&ret->peer_mtu) ||
	    !object_get(suspect->sample, config, &link_fact_peer_up,
			&ret->peer_up))
		return false;
	ret->peer = strchr(object_label(s, config), ' ');
	ret->peer = ret->peer ? ret->peer + 1 : "?";
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
	CAUSE_TEXT(ret,
		   "MTU mismatch: %s has MTU %llu, its veth peer %s has %llu",
		   place, (unsigned long long)wire.mtu, wire.peer,
		   (unsigned long long)wire.peer_mtu);
	CAUSE_REMEDY(ret, "Make both the same: ip link set dev %s mtu %llu",
		     place, (unsigned long long)wire.peer_mtu);
	return true;
}

static bool explain_down(const struct suspect *suspect, struct cause *ret)
{
	bool rx = suspect->loss->direction == DIR_RX;
	const char *down = suspect->loss->place;
	struct wire wire;

	if (!is_dropped(suspect) || !get_wire(suspect, &wire) ||
	    (rx ? wire.up : wire.peer_up))
		return false;
	if (!rx)
		down = wire.peer;
	CAUSE_TEXT(ret, "%s is down", down);
	if (text_is_plain(down))
		CAUSE_REMEDY(ret, "Bring it up: ip link set dev %s up", down);
	return true;
}

/* Each driver that tells has a counter of its own. */
static bool explain_xdp(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_XDP_DROPS)
		return false;
	CAUSE_TEXT(ret, "an XDP program on %s drops them",
		   suspect->loss->place);
	CAUSE_REMEDY(ret, "Look at it: ip link show dev %s; bpftool net",
		     suspect->loss->place);
	return true;
}

/*
 * A bridge that hands its frames to iptables fragments what is too big for a
 * port, or drops it. It tells nobody, where a router answers with ICMP.
 */
static bool explain_bridge(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	enum tag answer = TAG_OUT_DEST_UNREACHS;
	struct link_mismatch m;

	if (suspect->row->counter->tag == TAG_FRAG_FAILS6)
		answer = TAG_OUT_PKT_TOO_BIGS6;
	else if (suspect->row->counter->tag != TAG_FRAG_FAILS)
		return false;
	if (sample_moved(s, LAYER_ICMP, NULL, answer) * 2 >
		    suspect->row->delta ||
	    !link_find_mismatch(s, &m))
		return false;
	CAUSE_TEXT(ret, "bridge %s: port %s has MTU %llu, %s %llu", m.bridge,
		   m.larger, (unsigned long long)m.larger_mtu, m.smaller,
		   (unsigned long long)m.smaller_mtu);
	if (text_is_plain(m.smaller))
		CAUSE_REMEDY(
			ret,
			"Align both ports and what is behind them: ip link set "
			"dev %s mtu %llu",
			m.smaller, (unsigned long long)m.larger_mtu);
	return true;
}

const struct explainer link_explainers[] = {
	{LAYER_LINK, explain_xdp},
	{LAYER_LINK, explain_down},
	{LAYER_LINK, explain_mtu},
	{LAYER_IP, explain_bridge},
	{0, NULL},
};
