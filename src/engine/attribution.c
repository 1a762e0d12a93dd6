/* SPDX-License-Identifier: MIT */
/*
 * Puts losses where they belong that one namespace alone cannot place: the
 * kernel counts some packets in two namespaces, others only for the host.
 */
#include "probes/link/link.h"
#include "engine/engine_private.h"

static const struct watched *find_host(const struct engine *e)
{
	for (size_t i = 0; i < e->n_watched; i++)
		if (!e->watched[i]->path[0] && e->watched[i]->fresh)
			return e->watched[i];
	return NULL;
}

/* A CPU whose backlog is full counts the packet, and so does the interface. */
static void settle_backlog(struct engine *e, const struct watched *host)
{
	const struct loss *softnet =
		loss_find(&host->losses, LAYER_SOFTNET, "", DIR_RX);
	uint64_t left = softnet ? softnet->lost : 0;

	for (size_t i = 0; left && i < e->n_watched; i++) {
		struct watched *w = e->watched[i];

		for (size_t j = 0; w->fresh && j < w->losses.n; j++) {
			struct loss *loss = &w->losses.items[j];
			uint64_t n;

			if (loss->layer != LAYER_LINK || !loss->lost ||
			    loss->direction != DIR_RX ||
			    link_refuses(&w->now, loss->place))
				continue;
			n = sample_moved(&w->now, LAYER_LINK, loss->place,
					 TAG_RX_DROPPED);
			left -= loss_take(loss, n < left ? n : left);
		}
	}
}

/* What the far end of a wire lost on receipt, or NULL. */
static const struct loss *find_far_end(const struct engine *e,
				       const struct sample *my,
				       const struct object *mine)
{
	for (size_t i = 0; mine && i < e->n_watched; i++) {
		const struct watched *w = e->watched[i];
		const struct object *o = NULL;

		if (w->fresh)
			o = link_find_peer(&w->now, my, mine);
		if (o)
			return loss_find(&w->losses, LAYER_LINK,
					 object_place(&w->now, o), DIR_RX);
	}
	return NULL;
}

/*
 * A veth pair is one wire: what the receiving end refuses, the sending end
 * counts too. The receiving end is where it can be put right, so it is the
 * one that alerts, if it is watched at all.
 */
static void settle_wires(struct engine *e, struct watched *w)
{
	for (size_t i = 0; i < w->losses.n; i++) {
		struct loss *loss = &w->losses.items[i];
		const struct loss *far;

		if (loss->layer != LAYER_LINK || loss->direction != DIR_TX ||
		    !loss->lost)
			continue;
		far = find_far_end(e, &w->now,
				   link_config_of(&w->now, loss->place));
		if (!far)
			continue;
		loss_take(loss, far->elsewhere);
		loss->echo = far->lost > 0;
	}
}

/* Adds to a loss that no row of this namespace counts. */
static void add_lost(struct loss *loss, uint64_t n)
{
	loss->lost += n;
	loss->awake |= n > 0;
	if (loss->awake) {
		loss->known = true;
		loss->gone = false;
	}
}

/*
 * What rp_filter drops is a martian to the host's counter, too, and no packet
 * that is missed: its namespace counts it.
 */
static uint64_t count_martians(const struct engine *e,
			       const struct watched *host)
{
	uint64_t n = sample_moved(&host->now, LAYER_IP, "", TAG_MARTIAN_SRC);

	for (size_t i = 0; n && i < e->n_watched; i++) {
		const struct watched *w = e->watched[i];
		uint64_t filtered = 0;

		if (w->fresh)
			filtered = sample_moved(&w->now, LAYER_IP, "",
						TAG_RP_FILTER);
		n -= filtered < n ? filtered : n;
	}
	return n + sample_moved(&host->now, LAYER_IP, "", TAG_MARTIAN_DST);
}

/*
 * Martians are counted for the host alone, but what the balance of IP misses
 * tells in which namespace they came in. What is left of it is no more than
 * the two counters being read at different times.
 */
static void settle_martians(struct engine *e, const struct watched *host)
{
	uint64_t left = count_martians(e, host);

	for (size_t i = 0; left && i < e->n_watched; i++) {
		struct losses *l = &e->watched[i]->losses;
		struct loss *vanished =
			loss_find(l, LAYER_NETFILTER, "", DIR_RX);
		struct loss *ip = loss_find(l, LAYER_IP, "", DIR_RX);
		uint64_t n;

		if (!e->watched[i]->fresh || !ip || !vanished)
			continue;
		n = vanished->uncounted < left ? vanished->uncounted : left;
		n = loss_take(vanished, n);
		vanished->uncounted -= n;
		ip->martians = n;
		add_lost(ip, n);
		left -= n;
	}
}

/*
 * Packets that wait for a next hop which never answers are dropped without a
 * counter, each with an ICMP error to its sender. Only the host counts that
 * next hops failed, so the two together tell.
 */
static void settle_unresolved(struct watched *w, bool any_failed)
{
	struct loss *loss;

	if (!any_failed && !loss_find(&w->losses, LAYER_NEIGH, "", DIR_TX))
		return;
	loss = loss_get(&w->losses, LAYER_NEIGH, "", DIR_TX);
	if (!loss)
		return;
	loss->unresolved = any_failed ? w->losses.refused : 0;
	add_lost(loss, loss->unresolved);
}

void attribute_losses(struct engine *e)
{
	const struct watched *host = find_host(e);
	bool any_failed = false;

	if (host) {
		settle_backlog(e, host);
		settle_martians(e, host);
		any_failed = sample_moved(&host->now, LAYER_NEIGH, "",
					  TAG_RES_FAILED);
	}
	for (size_t i = 0; i < e->n_watched; i++) {
		if (!e->watched[i]->fresh)
			continue;
		settle_wires(e, e->watched[i]);
		settle_unresolved(e->watched[i], any_failed);
	}
}
