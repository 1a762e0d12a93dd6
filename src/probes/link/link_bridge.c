/* SPDX-License-Identifier: MIT */
/* Bridges whose ports differ in MTU, or are kept apart. */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "probes/link/link_private.h"

static bool is_port(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK && object_name(s, o)[0] &&
	       object_value(s, o, &link_fact_port_of, LINK_OF_OTHER) ==
		       LINK_OF_BRIDGE;
}

static bool is_bridge_port(const struct sample *s, const struct object *o,
			   uint64_t bridge)
{
	return is_port(s, o) &&
	       object_value(s, o, &link_fact_master, 0) == bridge;
}

/*
 * The first port of the bridge that a port belongs to: maybe itself. before is
 * that of the port before, or NULL: most belong to one bridge.
 */
static const struct object *first_port(const struct sample *s,
				       const struct object *port,
				       const struct object *before)
{
	uint64_t bridge = object_value(s, port, &link_fact_master, 0);

	if (before && is_bridge_port(s, before, bridge))
		return before;
	EACH_OBJECT (s, o)
		if (is_bridge_port(s, o, bridge))
			return o;
	return port;
}

/* The name of the interface of that index, or "?". */
static const char *name_of(const struct sample *s, uint64_t ifindex)
{
	EACH_OBJECT_OF (s, ifindex, walk)
		return object_place(s, walk.object);
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
	const struct object *first = NULL;

	EACH_OBJECT (s, port) {
		uint64_t mtu, first_mtu;

		if (!is_port(s, port))
			continue;
		first = first_port(s, port, first);
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

static void tell_mismatch(const struct sample *s, const struct mismatch *m,
			  struct cause *ret)
{
	const char *smaller = object_place(s, m->smaller);

	ret->reason = &link_reasons[REASON_BRIDGE_MTU];
	cause_blame(ret, object_place(s, m->larger));
	CAUSE_TEXT(ret, "bridge %s: port %s has MTU %llu, %s %llu",
		   name_of(s, object_value(s, m->larger, &link_fact_master, 0)),
		   object_place(s, m->larger),
		   (unsigned long long)m->larger_mtu, smaller,
		   (unsigned long long)m->smaller_mtu);
	if (text_is_plain(smaller))
		CAUSE_REMEDY(
			ret,
			"Align both ports and what is behind them: `ip link "
			"set dev %s mtu %llu`",
			smaller, (unsigned long long)m->larger_mtu);
}

/*
 * A bridge that hands its frames to iptables fragments what is too big for a
 * port, or drops it. It tells nobody, where a router answers with ICMP. Returns
 * whether most of so many packets of a counter were such ones.
 */
static bool are_bridged(const struct sample *s, enum tag tag, uint64_t lost)
{
	enum tag answer = TAG_OUT_DEST_UNREACHS;

	if (tag == TAG_FRAG_FAILS6)
		answer = TAG_OUT_PKT_TOO_BIGS6;
	else if (tag != TAG_FRAG_FAILS)
		return false;
	return sample_moved(s, LAYER_ICMP, NULL, answer) * 2 <= lost;
}

bool link_explain_bridge(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	struct mismatch m;
	enum tag tag = suspect->row->counter->tag;

	if ((tag != TAG_DROPS_BRIDGED && !are_bridged(s, tag, suspect->lost)) ||
	    !find_mismatch(s, &m))
		return false;
	tell_mismatch(s, &m, ret);
	return true;
}

/* Frames that went into a bridge and did not come out; less than 0: flooded. */
struct missing {
	int64_t frames, bytes;
};

/* in is what an interface hands to its bridge: 1 for a port, -1 for br0. */
static void add_traffic(const struct sample *s, const struct object *link,
			int in, struct missing *ret)
{
	add_times(&ret->frames, in, object_moved(s, link, TAG_RX_PACKETS));
	add_times(&ret->frames, -in, object_moved(s, link, TAG_TX_PACKETS));
	add_times(&ret->bytes, in, object_moved(s, link, TAG_RX_BYTES));
	add_times(&ret->bytes, -in, object_moved(s, link, TAG_TX_BYTES));
}

/* Of all that pass the bridge. */
static void add_interfaces(const struct sample *s, uint64_t bridge,
			   struct missing *ret)
{
	uint32_t hint = 0;

	EACH_OBJECT (s, o) {
		const struct object *link = NULL;

		if (o->layer != LAYER_LINK)
			continue;
		if (o->identity == bridge && !object_name(s, o)[0])
			add_traffic(s, o, -1, ret);
		else if (is_bridge_port(s, o, bridge))
			link = link_of_config(s, o, &hint);
		if (link)
			add_traffic(s, link, 1, ret);
	}
}

/* What is known to be lost by the ports themselves. */
static uint64_t count_known(const struct sample *s, const struct losses *l,
			    uint64_t bridge)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct loss *loss = &l->items[i];
		const struct object *config;

		if (!loss->lost || loss->direction != DIR_TX ||
		    (loss->layer != LAYER_QDISC && loss->layer != LAYER_LINK))
			continue;
		config = link_config_of(s, loss->place);
		if (config && is_bridge_port(s, config, bridge))
			n += loss->lost;
	}
	return n;
}

/* Less what is known to be lost by its ports, or by rules of a bridge. */
static struct missing find_missing(const struct sample *s,
				   const struct losses *l, uint64_t bridge)
{
	static const uint8_t directions[] = {DIR_RX, DIR_FWD, DIR_TX};
	struct missing missing = {0, 0};

	add_interfaces(s, bridge, &missing);
	add_times(&missing.frames, -1, count_known(s, l, bridge));
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		const struct loss *rules =
			loss_find(l, LAYER_NETFILTER, "", directions[i]);

		add_times(&missing.frames, -1, rules ? rules->lost : 0);
	}
	/* a bridge with a firewall has IP count them */
	add_times(&missing.frames, -1,
		  sample_moved(s, LAYER_IP, "", TAG_FRAG_FAILS));
	add_times(&missing.frames, -1,
		  sample_moved(s, LAYER_IP, "", TAG_FRAG_FAILS6));
	return missing;
}

/* Frames that came in by the ports of a bridge, and not for itself. */
static uint64_t count_bridged(const struct sample *s, uint64_t bridge)
{
	uint64_t came = 0, taken = 0;
	uint32_t hint = 0;

	EACH_OBJECT (s, o) {
		const struct object *link = NULL;

		if (o->layer != LAYER_LINK)
			continue;
		if (o->identity == bridge && !object_name(s, o)[0])
			taken = object_moved(s, o, TAG_RX_PACKETS);
		else if (is_bridge_port(s, o, bridge))
			link = link_of_config(s, o, &hint);
		if (link)
			came += object_moved(s, link, TAG_RX_PACKETS);
	}
	return less_by(came, taken);
}

/* What a bridge has IP drop was never to be forwarded by IP. */
static void measure_by_frames(const struct sample *s, struct losses *l,
			      uint64_t bridge)
{
	static const uint8_t tags[] = {TAG_FRAG_FAILS, TAG_FRAG_FAILS6};

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		uint64_t lost = sample_moved(s, LAYER_IP, "", tags[i]);
		struct loss *loss = NULL;

		if (lost && are_bridged(s, tags[i], lost))
			loss = loss_find(l, LAYER_IP, "", DIR_FWD);
		if (!loss)
			continue;
		loss->came += count_bridged(s, bridge);
		return;
	}
}

#define FRAME_HEADERS 18 /* addresses, type, and a VLAN tag */

/*
 * A bridge discards frames for other reasons, too: for a MAC address behind
 * the port that they came in by, for itself. Those are of any size. Here they
 * are too large on the average.
 */
void link_attribute_bridges(const struct sample *s, struct losses *l)
{
	struct missing missing;
	struct loss *loss;
	struct mismatch m;
	uint64_t bridge;

	if (!find_mismatch(s, &m))
		return;
	bridge = object_value(s, m.smaller, &link_fact_master, 0);
	measure_by_frames(s, l, bridge);
	missing = find_missing(s, l, bridge);
	if (missing.frames <= 0 ||
	    missing.bytes / missing.frames <=
		    (int64_t)m.smaller_mtu + FRAME_HEADERS)
		return;
	loss = loss_find(l, LAYER_LINK, object_place(s, m.smaller), DIR_TX);
	if (!loss || !loss->known)
		return;
	loss_add(loss, missing.frames);
	loss->uncounted = missing.frames;
}

bool link_explain_bridged(const struct sample *s, const struct loss *loss,
			  struct cause *ret)
{
	struct mismatch m;

	if (!find_mismatch(s, &m))
		return false;
	ret->lost = loss->uncounted;
	tell_mismatch(s, &m, ret);
	return true;
}

int link_is_kept_apart(struct netlink *nl, const struct sample *out,
		       int ifindex, bool *ret)
{
	struct link_config config = {.index = 0};
	int r = link_config_read(nl, ifindex, NULL, &config);
	uint64_t bridge = config.master;

	*ret = r == 0 && config.isolated;
	if (r < 0 || *ret || strcmp(config.master_kind, "bridge") != 0)
		return r;
	EACH_OBJECT (out, port) {
		if (!is_bridge_port(out, port, bridge) ||
		    port->identity == (uint64_t)ifindex)
			continue;
		r = link_config_read(nl, (int)port->identity, NULL, &config);
		if (r < 0 && r != -ENODEV)
			return r;
		*ret |= r == 0 && config.no_flood;
	}
	return 0;
}
