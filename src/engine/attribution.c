/* SPDX-License-Identifier: MIT */
#include "engine/attribution.h"

#include "base/text.h"
#include "engine/wire.h"
#include "probes/link/link.h"
#include "probes/neigh.h"
#include "probes/next_hop.h"

/* Collectd's own, where the host counts, if it was read. */
static struct ns *find_own(const struct ns_list *list)
{
	return list->n && ns_is_own(list->items[0]) && list->items[0]->was_read
		       ? list->items[0]
		       : NULL;
}

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

	if (!far)
		return;
	far->echoed = loss->lost;
	loss_take(loss, far->elsewhere);
	settle_echo(loss, far->lost, APART_FAR_PERCENT);
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

/* The interface is master's, if that is given; else no tunnel itself. */
static bool is_way_out(const struct ns *ns, const struct object *o,
		       const struct object *master)
{
	if (o->layer != LAYER_LINK || object_name(&ns->now, o)[0])
		return false;
	return master ? link_is_member(&ns->now, master, o->identity)
		      : !link_is_tunnel(&ns->now, object_place(&ns->now, o));
}

/* Up to n packets refused by any member of master; NULL: any interface. */
static uint64_t take_any(struct ns *ns, const struct object *master, uint64_t n)
{
	uint64_t taken = 0;

	EACH_OBJECT (&ns->now, o)
		if (taken < n && is_way_out(ns, o, master))
			taken += take_refused(ns, object_place(&ns->now, o),
					      n - taken);
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
	return taken + take_any(ns, config, n - taken);
}

/* What rules on the way from a qdisc to the device dropped. */
static uint64_t count_hooked(const struct sample *s)
{
	uint64_t n = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_NETFILTER || o->family != FAMILY_NETDEV)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->kind == KIND_LOST &&
			    row->counter->direction == DIR_TX)
				n += row->delta;
	}
	return n;
}

/* Up to n packets that never came to an interface: rules, and for IP more. */
static uint64_t take_before(struct ns *ns, bool routed, uint64_t n)
{
	static const uint8_t layers[] = {LAYER_IP, LAYER_XFRM};
	struct losses *l = &ns->losses;
	uint64_t taken, hooked = routed ? n : count_hooked(&ns->now);

	taken = take_echo(loss_find(l, LAYER_NETFILTER, "", DIR_TX),
			  hooked < n ? hooked : n);
	for (size_t i = 0; routed && i < ARRAY_SIZE(layers); i++)
		taken += take_echo(loss_find(l, layers[i], "", DIR_TX),
				   n - taken);
	return taken;
}

/* Up to n packets lost below a device, wherever that is. */
static uint64_t take_below(const struct ns_list *list, const struct ns *upper,
			   const struct object *mine, uint64_t n)
{
	bool routed =
		link_is_tunnel(&upper->now, object_place(&upper->now, mine));
	uint64_t taken = 0;

	EACH_NS (list, ns) {
		const struct object *device;

		if (!ns->was_read ||
		    !link_stands_on(&ns->now, &upper->now, mine, &device))
			continue;
		taken += device ? take_device(ns, device, n - taken)
				: take_any(ns, NULL, n - taken);
		taken += take_before(ns, routed, n - taken);
	}
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
		settle_echo(loss, take_any(ns, mine, n), APART_PERCENT);
	else
		settle_echo(loss, take_below(list, ns, mine, n), APART_PERCENT);
}

/* What the members of a bond count, it counts once more, both ways. */
static void attribute_sum(struct ns *ns, struct loss *loss,
			  const struct object *mine)
{
	uint64_t n = 0;

	EACH_OBJECT (&ns->now, o) {
		const struct loss *of;

		if (!is_way_out(ns, o, mine))
			continue;
		of = loss_find(&ns->losses, LAYER_LINK,
			       object_place(&ns->now, o), loss->direction);
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

		if (loss->layer == LAYER_LINK && loss->lost)
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

/*
 * What rp_filter drops is a martian to the host's counter, too, and no packet
 * that is missed: its namespace counts it.
 */
static uint64_t count_sources(const struct ns_list *list, const struct ns *own)
{
	uint64_t n = sample_moved(&own->now, LAYER_IP, "", TAG_MARTIAN_SRC);

	EACH_NS (list, ns) {
		uint64_t filtered = 0;

		if (n && ns->was_read)
			filtered = sample_moved(&ns->now, LAYER_IP, "",
						TAG_RP_FILTER);
		n -= filtered < n ? filtered : n;
	}
	return n;
}

/* Up to n martians among what nothing explains. Returns how many. */
static uint64_t take_unexplained(struct losses *l, uint64_t n)
{
	struct loss *ip = loss_find(l, LAYER_IP, "", DIR_RX);

	if (!ip)
		return 0;
	n = loss_suspect(l, DIR_RX, LAYER_IP, DIR_RX, n);
	ip = loss_find(l, LAYER_IP, "", DIR_RX);
	ip->uncounted -= n; /* the host counts them */
	ip->martians += n;
	return n;
}

/* Whether rules count nothing that they dropped on purpose. */
static bool is_only_suspected(const struct loss *firewall)
{
	return firewall && firewall->policy == firewall->meant;
}

static uint64_t take_from_firewall(struct loss *firewall, uint64_t n)
{
	n = loss_take(firewall, smaller_of(firewall->uncounted, n));
	firewall->uncounted -= n;
	firewall->meant = smaller_of(firewall->meant, firewall->uncounted);
	firewall->policy = firewall->meant;
	return n;
}

/* The same among what a firewall, or a route, is suspected of. */
static uint64_t take_suspected(struct losses *l, uint64_t n)
{
	struct loss *firewall = loss_find(l, LAYER_NETFILTER, "", DIR_RX);
	struct loss *ip = loss_find(l, LAYER_IP, "", DIR_RX);
	uint64_t dropped = 0, routed;

	if (!ip)
		return 0;
	if (is_only_suspected(firewall)) {
		dropped = take_from_firewall(firewall, n);
		loss_add(ip, dropped);
	}
	routed = smaller_of(ip->uncounted, n - dropped);
	ip->uncounted -= routed;
	ip->martians += dropped + routed;
	return dropped + routed;
}

/* What may be martians in a namespace: what take_unexplained() would take. */
static uint64_t unexplained_of(const struct losses *l)
{
	const struct loss *loss = loss_find(l, LAYER_UNEXPLAINED, "", DIR_RX);

	return loss ? less_by(loss->lost, loss->meant) : 0;
}

/*
 * The same for take_suspected(). What is still unexplained may be martians,
 * too: it was not given any because nobody knows which of it they were.
 */
static uint64_t missed_of(const struct losses *l)
{
	const struct loss *firewall = loss_find(l, LAYER_NETFILTER, "", DIR_RX);
	const struct loss *ip = loss_find(l, LAYER_IP, "", DIR_RX);

	return (is_only_suspected(firewall) ? firewall->uncounted : 0) +
	       (ip ? ip->uncounted : 0) + unexplained_of(l);
}

/* Counters of two moments: so much more may be missed than was counted. */
#define MARTIAN_SLACK_PERCENT 10

/*
 * Whether it can be told who lost the martians: only one namespace misses
 * packets, or all of them miss no more than there were martians. Else packets
 * are missed that were none, and nobody knows whose.
 */
static bool are_placed(const struct ns_list *list, uint64_t martians,
		       uint64_t (*missed)(const struct losses *l))
{
	uint64_t sum = 0;
	size_t n = 0;

	EACH_NS (list, ns) {
		uint64_t lost = ns->was_read ? missed(&ns->losses) : 0;

		sum += lost;
		n += lost > 0;
	}
	return n == 1 || sum * 100 <= martians * (100 + MARTIAN_SLACK_PERCENT);
}

static uint64_t give_martians(struct ns_list *list, uint64_t n, bool by_dst,
			      uint64_t (*take)(struct losses *l, uint64_t n))
{
	EACH_NS (list, ns) {
		uint64_t taken = n && ns->was_read ? take(&ns->losses, n) : 0;

		if (taken && by_dst) /* else it may be either */
			loss_find(&ns->losses, LAYER_IP, "", DIR_RX)
				->martian_dst = true;
		n -= taken;
	}
	return n;
}

/* Whether all is known that a namespace misses in this interval. */
static bool is_known_to_miss(const struct ns *ns)
{
	return ns_is_reported(ns) && !(ns->now.unread & 1u << LAYER_IP);
}

/*
 * Whether nobody else can have lost the martians. Where there are several now,
 * others may have ended since boot, and have counted there.
 */
static bool are_all_known(const struct ns_list *list)
{
	if (!list->whole)
		return false;
	EACH_NS (list, ns)
		if (!is_known_to_miss(ns) || (list->n > 1 && !ns->then.boot_ns))
			return false;
	return true;
}

static uint64_t sum_missed(const struct ns_list *list,
			   uint64_t (*missed)(const struct losses *l))
{
	uint64_t sum = 0;

	EACH_NS (list, ns)
		sum += ns->was_read ? missed(&ns->losses) : 0;
	return sum;
}

/* Two numbers that differ by no more count the same packets. */
#define AGREE_PERCENT 5
/* Intervals in which they have to agree again, once they did not. */
#define DOUBTS 3

static bool agree(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a : b;

	return less_by(more, smaller_of(a, b)) * 100 <= more * AGREE_PERCENT;
}

/*
 * Where namespaces are not read, the martians may be theirs. They are believed
 * to be of those that are read if these miss as many, neither more nor less:
 * now, and each time since other martians were seen.
 */
static bool are_believed(struct ns_list *list, uint64_t martians)
{
	if (!agree(martians, sum_missed(list, unexplained_of)) &&
	    !agree(martians, sum_missed(list, missed_of))) {
		list->doubts = DOUBTS;
		return false;
	}
	if (!list->doubts)
		return true;
	list->doubts--;
	return false;
}

/*
 * Martians are counted for the host alone, but what the balance of IP misses
 * tells in which namespace they came in: first where nobody else is suspected
 * of it. What is left of them is no more than the two counters being read at
 * different times.
 */
void attribution_place_martians(struct ns_list *list)
{
	const struct ns *own = find_own(list);
	uint64_t sources, n;

	if (!own)
		return;
	sources = count_sources(list, own);
	n = sources + sample_moved(&own->now, LAYER_IP, "", TAG_MARTIAN_DST);
	if (n && !are_all_known(list) && !are_believed(list, n))
		return;
	if (n && are_placed(list, n, unexplained_of))
		n = give_martians(list, n, !sources, take_unexplained);
	if (n && are_placed(list, n, missed_of))
		(void)give_martians(list, n, !sources, take_suspected);
}

/* What is sent to the namespace itself has no next hop to wait for. */
static void measure_next_hops(const struct sample *s, struct loss *loss)
{
	uint64_t to_itself = sample_moved(s, LAYER_LINK, "lo", TAG_TX_PACKETS);

	loss->came -= to_itself < loss->came ? to_itself : loss->came;
}

/*
 * Packets that wait for a next hop which never answers are dropped without a
 * counter, each with an ICMP error to its sender.
 */
static void attribute_refused(struct ns *ns)
{
	bool dead = next_hop_is_dead(&ns->now);
	struct loss *loss = loss_find(&ns->losses, LAYER_NEIGH, "", DIR_TX);

	if (!loss && dead)
		loss = loss_get(&ns->losses, LAYER_NEIGH, "", DIR_TX);
	if (!loss)
		return;
	if (dead) {
		loss->unresolved = next_hop_refused(&ns->now, &ns->losses);
		measure_next_hops(&ns->now, loss);
	}
	loss_add(loss, loss->unresolved);
}

/* The only namespace with a next hop that does not answer, or NULL. */
static struct ns *only_dead(const struct ns_list *list, bool v6)
{
	struct ns *found = NULL;

	EACH_NS (list, ns) {
		if (!ns->was_read || !next_hop_is_dead_of(&ns->now, v6))
			continue;
		if (found)
			return NULL;
		found = ns;
	}
	return found;
}

/* What the queues of the host's table of IPv4 or IPv6 had no room for. */
static uint64_t discarded_of(const struct sample *s, bool v6)
{
	uint64_t n = 0;

	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NEIGH &&
		    neigh_is_v6(object_name(s, o)) == v6)
			n += object_moved(s, o, TAG_UNRESOLVED_DISCARDS);
	return n;
}

/* A namespace loses no more than it sends. */
static bool may_have_lost(const struct loss *loss, uint64_t n)
{
	return !loss->measured || n <= loss->passed + loss->came;
}

/*
 * Those that find the queue for a next hop full are counted, but for the host:
 * where only one namespace has such a next hop, they are its own, unless they
 * are more than it sends: namespaces that are not read have next hops, too.
 */
static struct ns *place_discards(const struct ns_list *list, uint64_t n,
				 bool v6)
{
	struct ns *to = n ? only_dead(list, v6) : NULL;
	const struct loss *loss =
		to ? loss_get(&to->losses, LAYER_NEIGH, "", DIR_TX) : NULL;

	return loss && may_have_lost(loss, n) ? to : NULL;
}

static void move_discards(struct loss *counted, const struct ns *to, uint64_t n,
			  bool v6)
{
	struct loss *loss = loss_find(&to->losses, LAYER_NEIGH, "", DIR_TX);

	n = loss_take(counted, n);
	counted->placed |= 1u << v6;
	loss->unresolved += n;
	loss_add(loss, n);
}

static void attribute_discards(const struct ns_list *list, struct ns *own)
{
	uint64_t its_own = 0;
	struct loss *counted = NULL;

	if (!own->then.boot_ns)
		return;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		uint64_t n = discarded_of(&own->now, v6);
		struct ns *to = place_discards(list, n, v6);

		/* place_discards() may move it */
		counted = loss_find(&own->losses, LAYER_NEIGH, "", DIR_TX);
		if (to == own)
			its_own += n;
		else if (to && counted)
			move_discards(counted, to, n, v6);
	}
	if (counted)
		counted->host_wide &= counted->lost >
				      its_own + counted->unresolved;
}

/* The host alone counts these; any namespace may have sent them. */
static void note_table_fulls(struct ns_list *list, const struct ns *own)
{
	uint64_t n =
		own ? sample_moved(&own->now, LAYER_NEIGH, "", TAG_TABLE_FULLS)
		    : 0;

	EACH_NS (list, ns)
		ns->losses.table_fulls = ns == own ? 0 : n;
}

void attribution_apply(struct ns_list *list)
{
	struct ns *own = find_own(list);

	if (own)
		attribute_backlog(list, own);
	note_table_fulls(list, own);
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		attribute_refused(ns);
	}
	if (own)
		attribute_discards(list, own);
}

/* The ipvlan that stands on an interface of a namespace, or NULL. */
static const char *find_ipvlan(const struct ns_list *list,
			       const struct sample *below)
{
	const struct object *device;

	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		EACH_OBJECT (&ns->now, o)
			if (o->layer == LAYER_LINK &&
			    object_name(&ns->now, o)[0] &&
			    link_falls_through(&ns->now, o) &&
			    link_stands_on(below, &ns->now, o, &device))
				return object_place(&ns->now, o);
	}
	return NULL;
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
	EACH_NS (list, ns) {
		uint64_t called_out;

		if (!ns->was_read ||
		    !sample_moved(&ns->now, LAYER_IP, "", TAG_NOT_OURS))
			continue;
		if (find_ipvlan(list, &ns->now))
			claim_but(&ns->now, 0);
		else if (wire_tells_all(list, ns, &called_out))
			claim_but(&ns->now, called_out);
	}
}

/* What is for an address that an ipvlan has comes here while that is down. */
static void name_ipvlan(const struct ns_list *list, struct ns *ns)
{
	struct loss *loss = loss_find(&ns->losses, LAYER_IP, "", DIR_RX);
	const char *place;

	if (!loss || !loss->lost ||
	    !sample_moved(&ns->now, LAYER_IP, "", TAG_IN_ADDR_ERRORS))
		return;
	place = find_ipvlan(list, &ns->now);
	if (place && text_is_plain(place))
		snprintf(loss->by, sizeof(loss->by), "%s", place);
}

void attribution_settle_devices(struct ns_list *list)
{
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
