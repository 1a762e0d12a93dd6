/* SPDX-License-Identifier: MIT */
#include "engine/attribution.h"

#include "base/text.h"
#include "engine/devices.h"
#include "engine/unresolved.h"
#include "engine/wire.h"
#include "probes/link/link.h"

/* Takes what the backlog lost from the interfaces of a namespace. */
static void take_backlog(struct ns *ns, uint64_t *left)
{
	for (size_t i = 0; i < ns->losses.n; i++) {
		struct loss *loss = &ns->losses.items[i];
		uint64_t n;

		if (loss->layer != LAYER_LINK || !loss->lost ||
		    loss->direction != DIR_RX ||
		    link_refuses(&ns->now, loss->place))
			continue;
		n = sample_moved(&ns->now, LAYER_LINK, loss->place,
				 TAG_RX_DROPPED);
		*left -= loss_take(loss, n < *left ? n : *left);
	}
}

/* A CPU whose backlog is full counts the packet, and so does the interface. */
static void attribute_backlog(struct ns_list *list, const struct ns *own)
{
	const struct loss *softnet =
		loss_find(&own->losses, LAYER_SOFTNET, "", DIR_RX);
	uint64_t left = softnet ? softnet->lost : 0;

	EACH_NS (list, ns)
		if (left && ns->was_read)
			take_backlog(ns, &left);
}

/* The same packets, counted at different times, may differ by so many. */
#define APART_PERCENT 2
#define APART_FAR_PERCENT 20 /* in namespaces that are read one by one */

/*
 * What was counted elsewhere is lost there, and told there. What is more than
 * that is lost here.
 */
static void settle_echo(struct loss *loss, uint64_t elsewhere, unsigned apart)
{
	if (elsewhere && elsewhere * 100 >= loss->lost * (100 - apart))
		loss->echo = loss->lost > 0;
	else
		loss_take(loss, elsewhere);
}

#define SECOND UINT64_C(1000000000)

/*
 * Whether this end of a wire has counted for longer than the other, which has
 * told the rest before, or the other could not be read, and will tell later.
 */
static bool counts_longer(const struct ns *ns, const struct loss *loss,
			  const struct ns *there, const struct loss *far)
{
	return !far->known ||
	       (far->awake &&
		(loss->blind ||
		 there->then.boot_ns > ns->then.boot_ns + SECOND));
}

/*
 * What a sending end has told while the other could not be read is not told a
 * second time by that, whose interval is as long.
 */
static void take_ahead(const struct ns *ns, struct loss *loss,
		       const struct ns *there, struct loss *far)
{
	if (far->known && there->then.boot_ns + SECOND <= ns->then.boot_ns)
		loss_take(far, smaller_of(loss->ahead, far->lost));
	loss->ahead = 0;
}

/*
 * A veth pair is one wire: what the receiving end refuses, the sending end
 * counts too. The receiving end is where it can be put right, so it is the
 * one that raises an alarm, if it is read at all.
 */
static void attribute_wire(const struct ns_list *list, struct ns *ns,
			   struct loss *loss, const struct object *mine)
{
	struct ns *there;
	const struct object *o = wire_far_end(list, &ns->now, mine, &there);
	struct loss *far = o ? loss_find(&there->losses, LAYER_LINK,
					 object_place(&there->now, o), DIR_RX)
			     : NULL;

	if (!o)
		loss->ahead += loss->lost;
	else if (!far)
		loss->ahead = 0;
	if (!far)
		return;
	far->echoed = loss->lost;
	loss_take(loss, far->elsewhere);
	settle_echo(loss,
		    counts_longer(ns, loss, there, far) ? loss->lost
							: far->lost,
		    APART_FAR_PERCENT);
	take_ahead(ns, loss, there, far);
}

/* Up to n packets that were lost there, and not told twice before. */
static uint64_t take_echo(struct loss *below, uint64_t n)
{
	uint64_t left;

	if (!below)
		return 0;
	left = below->lost + below->elsewhere;
	left -= below->echoed < left ? below->echoed : left;
	if (n > left)
		n = left;
	below->echoed += n;
	return n;
}

/* Up to n packets that an interface refused to send; so did its qdisc. */
static uint64_t take_refused(struct ns *ns, const char *place, uint64_t n)
{
	struct losses *l = &ns->losses;
	uint64_t taken = take_echo(loss_find(l, LAYER_QDISC, place, DIR_TX), n);

	return taken +
	       take_echo(loss_find(l, LAYER_LINK, place, DIR_TX), n - taken);
}

static bool is_way_out(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK && !object_name(s, o)[0] &&
	       !link_is_tunnel(s, object_place(s, o));
}

/*
 * Up to n packets refused by any interface that is no tunnel. Most of a
 * namespace may be tunnels: those of which all is taken are not asked again.
 */
static uint64_t take_any(struct ns *ns, uint64_t n)
{
	const struct sample *s = &ns->now;
	uint64_t taken = 0;

	for (uint32_t *i = &ns->settling.way_out; *i < s->n_objects; ++*i) {
		const struct object *o = &s->objects[*i];

		if (is_way_out(s, o))
			taken +=
				take_refused(ns, object_place(s, o), n - taken);
		if (taken == n)
			break;
	}
	return taken;
}

/*
 * Up to n packets refused by any member of master. Many devices may stand on
 * that: members of which all is taken are not asked again.
 */
static uint64_t take_members(struct ns *ns, const struct object *master,
			     uint64_t n)
{
	struct loss *whole = loss_find(&ns->losses, LAYER_LINK,
				       object_place(&ns->now, master), DIR_TX);
	uint32_t row = whole ? whole->spent : 0;
	const struct object *o;
	uint64_t taken = 0;

	while (taken < n && (o = link_next_member(&ns->now, master, &row))) {
		taken += take_refused(ns, object_place(&ns->now, o), n - taken);
		if (whole && taken < n)
			whole->spent = row;
	}
	return taken;
}

/* A master that only hands on what its members say counts nothing itself. */
static uint64_t take_device(struct ns *ns, const struct object *config,
			    uint64_t n)
{
	const char *place = object_place(&ns->now, config);
	uint64_t taken;

	if (!link_sums_members(&ns->now, place))
		return take_refused(ns, place, n);
	taken = take_echo(loss_find(&ns->losses, LAYER_QDISC, place, DIR_TX),
			  n);
	return taken + take_members(ns, config, n - taken);
}

/* What rules on the way from a qdisc to the device dropped. */
static uint64_t count_hooked(const struct sample *s)
{
	uint64_t n = 0;

	EACH_OBJECT_IN (s, LAYER_NETFILTER, o) {
		if (o->family != FAMILY_NETDEV)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_LOST &&
			    row->counter->direction == DIR_TX)
				n += row->delta;
	}
	return n;
}

/* Many devices may stand on one. */
static uint64_t hooked_in(struct ns *ns)
{
	if (!ns->settling.knows_hooked)
		ns->settling.hooked = count_hooked(&ns->now);
	ns->settling.knows_hooked = true;
	return ns->settling.hooked;
}

/* Up to n packets that never came to an interface: rules, and for IP more. */
static uint64_t take_before(struct ns *ns, bool routed, uint64_t n)
{
	static const uint8_t layers[] = {LAYER_IP, LAYER_XFRM};
	struct losses *l = &ns->losses;
	uint64_t taken, hooked = routed || !n ? n : hooked_in(ns);

	taken = take_echo(loss_find(l, LAYER_NETFILTER, "", DIR_TX),
			  hooked < n ? hooked : n);
	for (size_t i = 0; routed && i < ARRAY_SIZE(layers); i++)
		taken += take_echo(loss_find(l, layers[i], "", DIR_TX),
				   n - taken);
	return taken;
}

/* Up to n packets lost below a device, if that is in this namespace. */
static uint64_t take_below_in(struct ns *ns, const struct ns *upper,
			      const struct object *mine, uint64_t n)
{
	bool routed =
		link_is_tunnel(&upper->now, object_place(&upper->now, mine));
	const struct object *device;
	uint64_t taken;

	if (!link_stands_on(&ns->now, &upper->now, mine, &device))
		return 0;
	taken = device ? take_device(ns, device, n) : take_any(ns, n);
	return taken + take_before(ns, routed, n - taken);
}

/* The same, wherever that is. */
static uint64_t take_below(const struct ns_list *list, struct ns *upper,
			   const struct object *mine, uint64_t n)
{
	uint64_t taken = take_below_in(upper, upper, mine, n);

	EACH_NS_TIED (list, &upper->now, mine, LINK_TIE_BELOW, walk)
		if (walk.ns != upper)
			taken += take_below_in(walk.ns, upper, mine, n - taken);
	return taken;
}

/*
 * A device that stands on another counts as not sent what the lower one, its
 * qdisc or a rule refused.
 */
static void attribute_upper(const struct ns_list *list, struct ns *ns,
			    struct loss *loss, const struct object *mine)
{
	uint64_t n = link_refused_below(&ns->now, loss->place);

	if (n > loss->lost)
		n = loss->lost;
	if (!n)
		return;
	if (link_sends_through_members(&ns->now, loss->place))
		settle_echo(loss, take_members(ns, mine, n), APART_PERCENT);
	else
		settle_echo(loss, take_below(list, ns, mine, n), APART_PERCENT);
}

/* What the members of a bond count, it counts once more, both ways. */
static void attribute_sum(struct ns *ns, struct loss *loss,
			  const struct object *mine)
{
	const struct object *o;
	uint64_t n = 0;
	uint32_t row = 0;

	while ((o = link_next_member(&ns->now, mine, &row))) {
		const struct loss *of = loss_find(&ns->losses, LAYER_LINK,
						  object_place(&ns->now, o),
						  loss->direction);

		n += of ? of->lost + of->elsewhere : 0;
	}
	settle_echo(loss, n, APART_PERCENT);
}

static void attribute_link(const struct ns_list *list, struct ns *ns,
			   struct loss *loss)
{
	const struct object *mine = link_config_of(&ns->now, loss->place);

	if (!mine)
		return;
	if (link_sums_members(&ns->now, loss->place)) {
		attribute_sum(ns, loss, mine);
	} else if (loss->direction == DIR_TX) {
		attribute_wire(list, ns, loss, mine);
		attribute_upper(list, ns, loss, mine);
	}
}

static void attribute_links(const struct ns_list *list, struct ns *ns)
{
	for (size_t i = 0; i < ns->losses.n; i++) {
		struct loss *loss = &ns->losses.items[i];

		if (loss->layer == LAYER_LINK && (loss->lost || loss->ahead))
			attribute_link(list, ns, loss);
	}
}

/*
 * Where a loss is explained in part, its other packets are left out of it:
 * nobody knows whether anybody wanted those.
 */
static void leave_unexplained_out(const struct ns_list *list, struct ns *ns)
{
	for (size_t i = 0; i < ns->losses.n; i++) {
		struct loss *loss = &ns->losses.items[i];
		const struct object *mine;
		struct ns *there;
		uint64_t n;

		if (loss->layer != LAYER_LINK || !loss->lost)
			continue;
		mine = link_config_of(&ns->now, loss->place);
		loss->far_read = loss->direction == DIR_RX && mine &&
				 wire_far_end(list, &ns->now, mine, &there);
		n = link_unexplained(&ns->now, loss);
		if (n < loss->lost)
			loss_take(loss, n);
	}
}

void attribution_apply(struct ns_list *list)
{
	struct ns *own = ns_list_own(list);

	if (own)
		attribute_backlog(list, own);
	unresolved_place(list);
}

/* Has the namespace below know of an ipvlan, of whichever is the first. */
static void note_ipvlan(const struct ns_list *list, struct ns *ns,
			const struct object *o)
{
	const char *place = object_place(&ns->now, o);
	const struct object *device;

	if (link_stands_on(&ns->now, &ns->now, o, &device) &&
	    !ns->settling.ipvlan)
		ns->settling.ipvlan = place;
	EACH_NS_TIED (list, &ns->now, o, LINK_TIE_BELOW, walk)
		if (link_stands_on(&walk.ns->now, &ns->now, o, &device) &&
		    !walk.ns->settling.ipvlan)
			walk.ns->settling.ipvlan = place;
}

static void note_ipvlans(struct ns_list *list)
{
	list->devices.knows_ipvlans = true;
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		EACH_OBJECT (&ns->now, o)
			if (o->layer == LAYER_LINK &&
			    object_name(&ns->now, o)[0] &&
			    link_falls_through(&ns->now, o))
				note_ipvlan(list, ns, o);
	}
}

/* The ipvlan that stands on an interface of a namespace, or NULL. */
static const char *find_ipvlan(struct ns_list *list, const struct ns *below)
{
	if (!list->devices.knows_ipvlans)
		note_ipvlans(list);
	return below->settling.ipvlan;
}

static void begin_settling(struct ns_list *list)
{
	devices_forget(list);
	EACH_NS (list, ns)
		ns->settling = (struct settling) {.ipvlan = NULL};
}

/* All but n of IPv4 are missed after all. */
static void claim_but(const struct sample *s, uint64_t n)
{
	EACH_OBJECT (s, o) {
		EACH_ROW (s, o, row) {
			if (row->counter->tag != TAG_NOT_OURS)
				continue;
			object_row(s, o, row->counter)->delta =
				row->counter->v6 ? 0
						 : smaller_of(row->delta, n);
		}
	}
}

void attribution_claim_addresses(struct ns_list *list)
{
	begin_settling(list);
	EACH_NS (list, ns) {
		uint64_t called_out;

		if (!ns->was_read ||
		    !sample_moved(&ns->now, LAYER_IP, "", TAG_NOT_OURS))
			continue;
		if (find_ipvlan(list, ns))
			claim_but(&ns->now, 0);
		else if (wire_tells_all(list, ns, &called_out))
			claim_but(&ns->now, called_out);
	}
}

/* What is for an address that an ipvlan has comes here while that is down. */
static void name_ipvlan(struct ns_list *list, struct ns *ns)
{
	struct loss *loss = loss_find(&ns->losses, LAYER_IP, "", DIR_RX);
	const char *place;

	if (!loss || !loss->lost ||
	    !sample_moved(&ns->now, LAYER_IP, "", TAG_IN_ADDR_ERRORS))
		return;
	place = find_ipvlan(list, ns);
	if (place && text_is_plain(place))
		snprintf(loss->by, sizeof(loss->by), "%s", place);
}

void attribution_settle_devices(struct ns_list *list)
{
	begin_settling(list);
	EACH_NS (list, ns)
		if (ns->was_read)
			attribute_links(list, ns);
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		leave_unexplained_out(list, ns);
		name_ipvlan(list, ns);
	}
}
