/* SPDX-License-Identifier: MIT */
#include "model/ip_shares.h"

#include <errno.h>

#include "model/ip_gaps.h"

#define HAS(set, direction) ((set)&1u << (direction))

/* A set of directions while its packets are dealt out. */
struct deal {
	unsigned set;
	uint64_t left;
	uint64_t n[N_DIRECTIONS];
};

static uint64_t take(uint64_t *from, uint64_t n)
{
	uint64_t taken = n < *from ? n : *from;

	*from -= taken;
	return taken;
}

/* What devices and qdiscs lost: their senders were told as well. */
static uint64_t lost_below(const struct losses *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].direction == DIR_TX &&
		    (l->items[i].layer == LAYER_QDISC ||
		     l->items[i].layer == LAYER_LINK))
			n += l->items[i].lost;
	return n;
}

uint64_t ip_shares_forwarded(const struct ip_gaps *g, const struct losses *l)
{
	uint64_t told = g->refused_below, left = g->missed[DIR_TX];

	(void)take(&told, lost_below(l));
	(void)take(&told, g->counted[DIR_TX]);
	(void)take(&left, told);
	return left < g->forwarded ? left : g->forwarded;
}

uint64_t ip_shares_disbelieved(const struct ip_gaps *g, uint64_t n)
{
	return n > g->groups ? n - g->groups : 0;
}

static void give(struct deal *d, enum direction direction, uint64_t n)
{
	n = n < d->left ? n : d->left;
	d->n[direction] += n;
	d->left -= n;
}

/*
 * Before Linux 6.7 both what INPUT and what FORWARD dropped is missed on input:
 * it is taken to be of where more of the others went.
 */
static enum direction missed_on_input(const struct ip_gaps *g,
				      const struct losses *l, unsigned set)
{
	const struct loss *rx = loss_find(l, LAYER_NETFILTER, "", DIR_RX);
	uint64_t delivered = rx ? rx->came : 0;

	if (!HAS(set, DIR_FWD) || g->since67)
		return DIR_RX;
	(void)take(&delivered,
		   g->forwarded + g->missed[DIR_RX] + g->counted[DIR_RX]);
	return !HAS(set, DIR_RX) || (g->forwarded && g->forwarded >= delivered)
		       ? DIR_FWD
		       : DIR_RX;
}

static void deal_input(struct ip_gaps *g, const struct losses *l,
		       struct deal *d)
{
	enum direction to = missed_on_input(g, l, d->set);

	if (HAS(d->set, to))
		give(d, to, take(&g->missed[DIR_RX], d->left));
}

/* The sender of a local packet was told, or it was one to forward. */
static void deal_output(struct ip_gaps *g, const struct losses *l,
			struct deal *d)
{
	uint64_t n, forwarded = ip_shares_forwarded(g, l);

	if (!HAS(d->set, DIR_TX) && !HAS(d->set, DIR_FWD))
		return;
	n = take(&g->missed[DIR_TX], d->left);
	if (!HAS(d->set, DIR_FWD))
		forwarded = 0;
	else if (!HAS(d->set, DIR_TX) || forwarded > n)
		forwarded = n;
	give(d, DIR_FWD, forwarded);
	give(d, DIR_TX, n - forwarded);
}

static bool is_likely_forwarded(const struct ip_gaps *g, unsigned set)
{
	return HAS(set, DIR_FWD) && g->forwarded && !g->refused_below;
}

/* Which direction the packets have that IP does not miss, most likely. */
static enum direction likeliest(const struct ip_gaps *g, const struct deal *d)
{
	enum direction best = DIR_RX;

	/* local ones, or those of POSTROUTING, before Linux 6.7 */
	if (HAS(d->set, DIR_TX) && g->is_known && !g->since67)
		return is_likely_forwarded(g, d->set) ? DIR_FWD : DIR_TX;
	for (int i = 0; i < N_DIRECTIONS; i++)
		if (d->n[i] > d->n[best])
			best = i;
	if (d->n[best] >= d->left) /* few, which IP will miss next time */
		return best;
	if (HAS(d->set, DIR_RX))
		return DIR_RX;
	return !HAS(d->set, DIR_TX) || is_likely_forwarded(g, d->set) ? DIR_FWD
								      : DIR_TX;
}

static int add_share(struct ip_gaps *g, struct losses *l, const struct deal *d,
		     enum direction direction)
{
	uint64_t n = d->n[direction];
	struct loss *loss;

	if (!n)
		return 0;
	loss = loss_get(l, LAYER_NETFILTER, "", direction);
	if (!loss)
		return -ENOMEM;
	loss_add(loss, n);
	loss->shared += n;
	loss->policy += take(&g->shares.policy[d->set], n);
	g->counted[direction] += n;
	return 0;
}

static int deal_out(struct ip_gaps *g, struct losses *l, unsigned set)
{
	struct deal d = {.set = set, .left = g->shares.lost[set]};
	int r = 0;

	if (g->is_known) {
		deal_input(g, l, &d);
		deal_output(g, l, &d);
		/* before Linux 6.7 IP does not miss what is sent */
		if (g->since67 || !HAS(set, DIR_TX))
			d.left -= take(&g->shares.fresh[set],
				       ip_shares_disbelieved(g, d.left));
	}
	give(&d, likeliest(g, &d), d.left);
	for (int i = 0; i < N_DIRECTIONS && r == 0; i++)
		r = add_share(g, l, &d, i);
	return r;
}

int ip_shares_tally(struct ip_gaps *g, struct losses *l)
{
	int r = 0;

	for (unsigned set = 0; set < N_DIRECTION_SETS && r == 0; set++)
		if (g->shares.lost[set])
			r = deal_out(g, l, set);
	return r;
}
