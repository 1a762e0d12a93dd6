/* SPDX-License-Identifier: MIT */
#include "engine/attribution.h"

#include "probes/link/link.h"
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

/* What the far end of a wire lost on receipt, or NULL. */
static const struct loss *find_far_end(const struct ns_list *list,
				       const struct sample *my,
				       const struct object *mine)
{
	if (!mine)
		return NULL;
	EACH_NS (list, ns) {
		const struct object *o =
			ns->was_read ? link_find_peer(&ns->now, my, mine)
				     : NULL;

		if (o)
			return loss_find(&ns->losses, LAYER_LINK,
					 object_place(&ns->now, o), DIR_RX);
	}
	return NULL;
}

/*
 * A veth pair is one wire: what the receiving end refuses, the sending end
 * counts too. The receiving end is where it can be put right, so it is the
 * one that raises an alarm, if it is read at all.
 */
static void attribute_wires(const struct ns_list *list, struct ns *ns)
{
	for (size_t i = 0; i < ns->losses.n; i++) {
		struct loss *loss = &ns->losses.items[i];
		const struct loss *far;

		if (loss->layer != LAYER_LINK || loss->direction != DIR_TX ||
		    !loss->lost)
			continue;
		far = find_far_end(list, &ns->now,
				   link_config_of(&ns->now, loss->place));
		if (!far)
			continue;
		loss_take(loss, far->elsewhere);
		loss->echo = far->lost > 0;
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

/* Up to n martians among what vanished in a namespace. Returns how many. */
static uint64_t take_martians(struct losses *l, uint64_t n)
{
	struct loss *ip = loss_find(l, LAYER_IP, "", DIR_RX);

	if (!ip)
		return 0;
	n = loss_suspect(l, DIR_RX, LAYER_IP, DIR_RX, n);
	ip = loss_find(l, LAYER_IP, "", DIR_RX);
	ip->uncounted -= n; /* the host counts them */
	ip->martians = n;
	return n;
}

/*
 * Martians are counted for the host alone, but what the balance of IP misses
 * tells in which namespace they came in. What is left of it is no more than
 * the two counters being read at different times.
 */
static void attribute_martians(struct ns_list *list, const struct ns *own)
{
	uint64_t sources = count_sources(list, own);
	uint64_t destinations =
		sample_moved(&own->now, LAYER_IP, "", TAG_MARTIAN_DST);
	uint64_t left = sources + destinations;

	EACH_NS (list, ns) {
		uint64_t n = 0;

		if (left && ns->was_read)
			n = take_martians(&ns->losses, left);
		if (n && !sources) /* else it may be either */
			loss_find(&ns->losses, LAYER_IP, "", DIR_RX)
				->martian_dst = true;
		left -= n;
	}
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
static struct ns *only_dead(const struct ns_list *list)
{
	struct ns *found = NULL;

	EACH_NS (list, ns) {
		if (!ns->was_read || !next_hop_is_dead(&ns->now))
			continue;
		if (found)
			return NULL;
		found = ns;
	}
	return found;
}

/*
 * Those that find the queue for a next hop full are counted, but for the host:
 * where only one namespace has such a next hop, they are its own.
 */
static void attribute_discards(const struct ns_list *list, struct ns *own)
{
	uint64_t n = sample_moved(&own->now, LAYER_NEIGH, "",
				  TAG_UNRESOLVED_DISCARDS);
	struct loss *counted = loss_find(&own->losses, LAYER_NEIGH, "", DIR_TX);
	struct ns *to = n ? only_dead(list) : NULL;
	struct loss *loss;

	if (!to || !counted || !own->then.mono_ns)
		return;
	counted->host_wide = counted->lost > n;
	loss = loss_get(&to->losses, LAYER_NEIGH, "", DIR_TX);
	if (to == own || !loss)
		return;
	n = loss_take(counted, n);
	loss->unresolved += n;
	loss_add(loss, n);
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

	if (own) {
		attribute_backlog(list, own);
		attribute_martians(list, own);
	}
	note_table_fulls(list, own);
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		attribute_wires(list, ns);
		attribute_refused(ns);
	}
	if (own)
		attribute_discards(list, own);
}
