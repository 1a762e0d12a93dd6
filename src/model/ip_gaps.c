/* SPDX-License-Identifier: MIT */
#include "model/ip_gaps.h"

#include <errno.h>

/* Fewer are no more than packets on their way while counters are read. */
#define MIN_UNCOUNTED 10
#define MIN_UNCOUNTED_PERCENT 1

/* Takes from *gap what is explained, returns what of it is left over. */
static uint64_t take_from_gap(uint64_t *gap, uint64_t counted)
{
	uint64_t taken = counted < *gap ? counted : *gap;

	*gap -= taken;
	return counted - taken;
}

/*
 * Adds what is left of a gap to the firewall's losses: what full queues to
 * user space lost, whose direction nobody counts, then what nobody counted.
 */
static int add_gap(struct losses *l, enum direction direction, uint64_t gap,
		   uint64_t *queued)
{
	struct loss *loss = loss_get(l, LAYER_NETFILTER, "", direction);
	uint64_t left = take_from_gap(&gap, *queued);

	if (!loss)
		return -ENOMEM;
	loss->lost += *queued - left;
	*queued = left;
	if (gap >= MIN_UNCOUNTED &&
	    gap * 100 >= loss_total(loss) * MIN_UNCOUNTED_PERCENT) {
		loss->uncounted = gap;
		loss->lost += gap;
	}
	loss->awake |= loss->lost > 0;
	if (loss->awake) { /* and as long as the balance is known */
		loss->known = true;
		loss->gone = false;
	}
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
 * What the balance of IP misses and neither a firewall rule nor conntrack
 * counted. Before Linux 6.7 a packet that FORWARD drops is missed on input.
 */
static int tally_gaps(struct ip_gaps *g, struct losses *l, uint64_t ipsec)
{
	struct loss *conntrack = loss_get(l, LAYER_CONNTRACK, "", DIR_NONE);
	const struct loss *sent = loss_find(l, LAYER_XFRM, "", DIR_TX);
	uint64_t *in = &g->missed[DIR_RX], *out = &g->missed[DIR_TX];
	uint64_t left, queued = g->counted[DIR_NONE];
	int r;

	if (!conntrack)
		return -ENOMEM;
	(void)take_from_gap(in, ipsec);
	(void)take_from_gap(out, sent ? sent->lost : 0);
	(void)take_from_gap(in, g->counted[DIR_RX]);
	(void)take_from_gap(g->since67 ? out : in, g->counted[DIR_FWD]);
	(void)take_from_gap(out, g->counted[DIR_TX]);
	left = take_from_gap(in, conntrack->lost);
	(void)take_from_gap(out, left);
	r = add_gap(l, DIR_RX, *in, &queued);
	return r < 0 ? r : add_gap(l, DIR_TX, *out, &queued);
}

/*
 * Firewall rules may answer what they drop (REJECT), or not. So may those
 * without a counter, whose packets are what is left of the gaps.
 */
static uint64_t not_refused_by_rules(const struct ip_gaps *g)
{
	int64_t n = g->refused;

	for (int i = 0; i < N_DIRECTIONS; i++)
		n -= (int64_t)(g->counted[i] + g->missed[i]);
	return n > 0 ? (uint64_t)n : 0;
}

int ip_gaps_tally(struct ip_gaps *g, struct losses *l)
{
	uint64_t ipsec = take_from_udp(g, l);
	int r = 0;

	if (g->is_known)
		r = tally_gaps(g, l, ipsec);
	l->refused = not_refused_by_rules(g);
	return r;
}
