/* SPDX-License-Identifier: MIT */
#include "model/ip_gaps.h"

#include <errno.h>

/* Fewer are no more than packets on their way while counters are read. */
#define MIN_UNCOUNTED 10
#define MIN_UNCOUNTED_PERCENT 1
/* The same packets, counted by who sends and who misses them, differ so much.
 */
#define APART_EXCUSED_PERCENT 10

/* Takes from *gap what is explained, returns what of it is left over. */
static uint64_t take_from_gap(uint64_t *gap, uint64_t counted)
{
	uint64_t taken = counted < *gap ? counted : *gap;

	*gap -= taken;
	return counted - taken;
}

static void be_known(struct loss *loss)
{
	loss->awake |= loss->lost > 0;
	if (loss->awake) { /* and as long as the balance is known */
		loss->known = true;
		loss->gone = false;
	}
}

/*
 * What full queues to user space lost, whose direction nobody counts, belongs
 * to the firewall's losses of the gap that misses it.
 */
static int add_queued(struct losses *l, enum direction direction, uint64_t *gap,
		      uint64_t *queued)
{
	struct loss *loss = loss_get(l, LAYER_NETFILTER, "", direction);
	uint64_t left = take_from_gap(gap, *queued);

	if (!loss)
		return -ENOMEM;
	loss->lost += *queued - left;
	*queued = left;
	be_known(loss);
	return 0;
}

static int add_unexplained(struct losses *l, enum direction direction,
			   uint64_t gap)
{
	struct loss *loss;

	if (!gap)
		return 0;
	loss = loss_get(l, LAYER_UNEXPLAINED, "", direction);
	if (!loss)
		return -ENOMEM;
	loss->lost = gap;
	if (gap < MIN_UNCOUNTED ||
	    gap * 100 < loss_total(loss) * MIN_UNCOUNTED_PERCENT)
		loss->lost = 0;
	be_known(loss);
	return 0;
}

/*
 * What IPsec lost: UDP counts what a policy forbids once more. Returns what of
 * it the balance of IP misses.
 */
static uint64_t take_from_udp(const struct ip_gaps *g, struct losses *l)
{
	const struct loss *ipsec = loss_find(l, LAYER_XFRM, "", DIR_RX);
	struct loss *udp = loss_find(l, LAYER_UDP, "", DIR_RX);
	uint64_t lost = ipsec ? ipsec->lost : 0;

	if (lost && udp)
		lost -= loss_take(udp,
				  lost < g->udp_other ? lost : g->udp_other);
	return lost;
}

/*
 * What rules of a direction have counted of a gap. Returns what is left over,
 * which none of the packets are that were there before the rules.
 */
static uint64_t take_rules(struct ip_gaps *g, struct losses *l,
			   enum direction direction, uint64_t *gap)
{
	struct loss *loss = loss_find(l, LAYER_NETFILTER, "", direction);
	uint64_t left, over, fresh = g->fresh[direction];

	left = take_from_gap(gap, g->counted[direction] - fresh);
	over = ip_shares_disbelieved(g, take_from_gap(gap, fresh));
	if (loss && over) {
		loss->lost -= over;
		g->counted[direction] -= over;
	}
	return left;
}

/*
 * What is counted already. Before Linux 6.7 a packet that FORWARD drops is
 * missed on input. What FORWARD dropped and IP does not miss was bridged.
 */
static void take_counted(struct ip_gaps *g, struct losses *l, uint64_t ipsec)
{
	const struct loss *conntrack =
		loss_find(l, LAYER_CONNTRACK, "", DIR_NONE);
	const struct loss *sent = loss_find(l, LAYER_XFRM, "", DIR_TX);
	uint64_t *in = &g->missed[DIR_RX], *out = &g->missed[DIR_TX];
	uint64_t left;

	(void)take_from_gap(in, ipsec);
	(void)take_from_gap(out, sent ? sent->lost : 0);
	(void)take_rules(g, l, DIR_RX, in);
	g->bridged = take_rules(g, l, DIR_FWD, g->since67 ? out : in);
	if (g->bridged * 2 < g->counted[DIR_FWD])
		g->bridged = 0; /* read a little later, no more */
	if (g->since67)
		(void)take_rules(g, l, DIR_TX, out);
	left = take_from_gap(in, conntrack ? conntrack->lost : 0);
	(void)take_from_gap(out, left);
}

static int tally_gaps(struct ip_gaps *g, struct losses *l, uint64_t ipsec)
{
	uint64_t queued = g->counted[DIR_NONE], forwarded, sent;
	int r;

	take_counted(g, l, ipsec);
	r = ip_shares_tally(g, l);
	if (r == 0)
		r = add_queued(l, DIR_RX, &g->missed[DIR_RX], &queued);
	forwarded = ip_shares_forwarded(g, l);
	sent = g->missed[DIR_TX] - forwarded;
	if (r == 0)
		r = add_queued(l, DIR_FWD, &forwarded, &queued);
	if (r == 0)
		r = add_queued(l, DIR_TX, &sent, &queued);
	if (r == 0)
		r = add_unexplained(l, DIR_RX, g->missed[DIR_RX]);
	if (r == 0)
		r = add_unexplained(l, DIR_TX, sent);
	if (r == 0)
		r = add_unexplained(l, DIR_FWD, forwarded);
	for (size_t i = 0; i < l->n; i++) /* those of intervals before, too */
		if (l->items[i].layer == LAYER_UNEXPLAINED)
			be_known(&l->items[i]);
	return r;
}

int ip_gaps_tally(struct ip_gaps *g, struct losses *l)
{
	uint64_t ipsec = take_from_udp(g, l);
	int r = g->is_known ? tally_gaps(g, l, ipsec) : ip_shares_tally(g, l);

	l->refused = g->refused > 0 ? (uint64_t)g->refused : 0;
	return r;
}

void ip_gaps_excuse(struct losses *l, uint64_t n)
{
	struct loss *gap = loss_find(l, LAYER_UNEXPLAINED, "", DIR_RX);
	uint64_t rest = gap ? less_by(gap->lost, n) : 0;

	if (!gap || !n)
		return;
	if (rest < MIN_UNCOUNTED || rest * 100 < n * APART_EXCUSED_PERCENT)
		rest = 0;
	gap->meant = gap->lost - rest;
}

/*
 * By how much the rows of one kind and layer grew since the read before; of a
 * firewall those of the families that IP's packets come to.
 */
static uint64_t sum_growth(const struct sample *s, enum layer layer,
			   enum kind kind)
{
	uint64_t sum = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != layer ||
		    (layer == LAYER_NETFILTER && o->family &&
		     !family_is_of_ip(o->family)))
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->kind == kind)
				sum += row_growth(s, o, row);
	}
	return sum;
}

bool ip_gaps_are_open(const struct sample *s)
{
	uint64_t missed = sum_growth(s, LAYER_UNEXPLAINED, KIND_GAP);

	return missed >= MIN_UNCOUNTED &&
	       missed >= sum_growth(s, LAYER_NETFILTER, KIND_LOST) +
				 MIN_UNCOUNTED;
}

bool ip_gaps_are_counted(const struct sample *s)
{
	return sum_growth(s, LAYER_NETFILTER, KIND_LOST);
}
