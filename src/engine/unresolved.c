/* SPDX-License-Identifier: MIT */
#include "engine/unresolved.h"

#include "probes/dropreason/dropreason.h"
#include "probes/neigh/neigh.h"
#include "probes/neigh/next_hop.h"

/* What is sent to the namespace itself has no next hop to wait for. */
static void measure_next_hops(const struct sample *s, struct loss *loss)
{
	uint64_t to_itself = sample_moved(s, LAYER_LINK, "lo", TAG_TX_PACKETS);

	loss->came -= to_itself < loss->came ? to_itself : loss->came;
}

/* So few of so many are answers for somebody who has just gone. */
#define FEW 10
#define FEW_PERCENT 1

static bool are_few(const struct loss *loss, uint64_t n)
{
	return n < FEW && n * 100 < (loss_total(loss) + n) * FEW_PERCENT;
}

/*
 * Packets that wait for a next hop which never answers are dropped without a
 * counter, each with an ICMP error to its sender.
 */
static void attribute_refused(struct ns *ns)
{
	struct dropreason_neigh told;
	bool is_told = dropreason_neigh(&ns->now, &told);
	bool dead = is_told ? told.failed > 0 : next_hop_is_dead(&ns->now);
	struct loss *loss = loss_find(&ns->losses, LAYER_NEIGH, "", DIR_TX);

	if (!loss && dead)
		loss = loss_get(&ns->losses, LAYER_NEIGH, "", DIR_TX);
	if (!loss)
		return;
	if (dead) {
		loss->unresolved =
			is_told ? told.failed
				: next_hop_refused(&ns->now, &ns->losses);
		measure_next_hops(&ns->now, loss);
		if (is_told && are_few(loss, loss->unresolved))
			loss->unresolved = 0;
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

static void move_discards(struct loss *counted, const struct ns *to, uint64_t n)
{
	struct loss *loss = loss_find(&to->losses, LAYER_NEIGH, "", DIR_TX);

	n = loss_take(counted, n);
	loss->unresolved += n;
	loss_add(loss, n);
}

static void guess_discards(const struct ns_list *list, struct ns *own)
{
	uint64_t its_own = 0;
	struct loss *counted = NULL;

	for (unsigned v6 = 0; v6 < 2; v6++) {
		uint64_t n = discarded_of(&own->now, v6);
		struct ns *to = place_discards(list, n, v6);

		/* place_discards() may move it */
		counted = loss_find(&own->losses, LAYER_NEIGH, "", DIR_TX);
		if (to == own)
			its_own += n;
		else if (to && counted) {
			move_discards(counted, to, n);
			counted->placed |= 1u << v6;
		}
	}
	if (counted)
		counted->host_wide &= counted->lost >
				      its_own + counted->unresolved;
}

/* Whose they are, where the kernel says so. */
static void place_told(const struct ns_list *list, const struct ns *own,
		       uint64_t its_own)
{
	struct loss *counted = loss_find(&own->losses, LAYER_NEIGH, "", DIR_TX);
	struct dropreason_neigh told;
	uint64_t before;

	if (!counted)
		return;
	before = counted->lost;
	EACH_NS (list, ns)
		if (ns != own && ns->was_read &&
		    dropreason_neigh(&ns->now, &told) && told.full &&
		    loss_get(&ns->losses, LAYER_NEIGH, "", DIR_TX))
			move_discards(counted, ns, told.full);
	if (counted->lost < before && counted->lost <= its_own)
		counted->placed = 1u << 0 | 1u << 1;
	counted->host_wide &= counted->lost > its_own + counted->unresolved;
}

static void attribute_discards(const struct ns_list *list, struct ns *own)
{
	struct dropreason_neigh told;

	if (!own->then.boot_ns)
		return;
	if (dropreason_neigh(&own->now, &told))
		place_told(list, own, told.full);
	else
		guess_discards(list, own);
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

void unresolved_place(struct ns_list *list)
{
	struct ns *own = ns_list_own(list);

	note_table_fulls(list, own);
	EACH_NS (list, ns) {
		if (!ns->was_read)
			continue;
		attribute_refused(ns);
	}
	if (own)
		attribute_discards(list, own);
}
