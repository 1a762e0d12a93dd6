/* SPDX-License-Identifier: MIT */
#include "engine/martians.h"

#include "probes/dropreason/dropreason.h"

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

/* Where the kernel tells why it drops packets nothing else is a martian. */
static bool is_guessed(const struct ns *ns)
{
	return ns->was_read && !dropreason_tells(&ns->now);
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
		uint64_t lost = is_guessed(ns) ? missed(&ns->losses) : 0;

		sum += lost;
		n += lost > 0;
	}
	return n == 1 || sum * 100 <= martians * (100 + MARTIAN_SLACK_PERCENT);
}

static uint64_t give_martians(struct ns_list *list, uint64_t n, bool by_dst,
			      uint64_t (*take)(struct losses *l, uint64_t n))
{
	EACH_NS (list, ns) {
		uint64_t taken = n && is_guessed(ns) ? take(&ns->losses, n) : 0;

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
		sum += is_guessed(ns) ? missed(&ns->losses) : 0;
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
 * Those that the kernel itself has placed, see dropreason_evidence.c. by_dst:
 * all martians are by their destination.
 */
static uint64_t count_told(const struct ns_list *list, bool by_dst)
{
	uint64_t sum = 0;

	EACH_NS (list, ns) {
		struct loss *ip = ns->was_read ? loss_find(&ns->losses,
							   LAYER_IP, "", DIR_RX)
					       : NULL;

		if (!ip || !ip->martians)
			continue;
		ip->martian_dst |= by_dst;
		sum += ip->martians;
	}
	return sum;
}

/*
 * Martians are counted for the host alone, but what the balance of IP misses
 * tells in which namespace they came in: first where nobody else is suspected
 * of it. What is left of them is no more than the two counters being read at
 * different times.
 */
void martians_place(struct ns_list *list)
{
	const struct ns *own = ns_list_own(list);
	uint64_t sources, n;

	if (!own)
		return;
	sources = count_sources(list, own);
	n = sources + sample_moved(&own->now, LAYER_IP, "", TAG_MARTIAN_DST);
	n = less_by(n, count_told(list, !sources));
	if (n && !are_all_known(list) && !are_believed(list, n))
		return;
	if (n && are_placed(list, n, unexplained_of))
		n = give_martians(list, n, !sources, take_unexplained);
	if (n && are_placed(list, n, missed_of))
		(void)give_martians(list, n, !sources, take_suspected);
}
