/* SPDX-License-Identifier: MIT */
/*
 * Packets that could not be sent and whose sender was told: OutDiscards. They
 * are an echo of what a qdisc, a device or a firewall lost and counted, or of
 * a send buffer that was full, which loses nothing: mostly what filled it waits
 * in a qdisc or for a next hop. What is neither was refused by a program that
 * does not count.
 */
#include "probes/neigh/next_hop.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket_private.h"

/* Fewer are no more than packets on their way while counters are read. */
#define MIN_REFUSED 10
#define MIN_REFUSED_PERCENT 1

static uint64_t ip_moved(const struct sample *s, enum tag tag)
{
	return sample_moved(s, LAYER_IP, "", tag);
}

/* What was lost behind IP and is counted, wherever that is. */
static uint64_t lost_in(const struct losses *l, unsigned layers)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct loss *loss = &l->items[i];

		if (layers & 1u << loss->layer &&
		    (loss->direction == DIR_TX || loss->direction == DIR_NONE))
			sum += loss->lost + loss->elsewhere;
	}
	return sum;
}

#define BELOW (1u << LAYER_LINK | 1u << LAYER_QDISC | 1u << LAYER_NEIGH)
#define IN_IP (1u << LAYER_NETFILTER | 1u << LAYER_CONNTRACK | 1u << LAYER_XFRM)

/* In a quiet namespace not even that is looked for. */
static uint64_t discarded(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_IP && o->moved)
			return ip_moved(s, TAG_OUT_DISCARDS);
	return 0;
}

/* What senders were told of and nothing explains that counts. */
static uint64_t told_of(const struct sample *s, const struct losses *l)
{
	uint64_t told = discarded(s);

	if (told < MIN_REFUSED)
		return 0;
	told = less_by(told, lost_in(l, BELOW | IN_IP));
	told = less_by(told, l->table_fulls);
	told = less_by(told, ip_moved(s, TAG_FRAG_FAILS));
	return less_by(told, ip_moved(s, TAG_FRAG_FAILS6));
}

/*
 * Packets that IP has handed on and no interface has sent, at least: they were
 * not refused for a full send buffer. Interfaces may send more than IP gave
 * them (bridges, GSO), then this cannot tell.
 */
static uint64_t missed_below(const struct sample *s, const struct losses *l)
{
	uint64_t n = ip_moved(s, TAG_OUT_TRANSMITS);

	n = less_by(n, sample_moved(s, LAYER_LINK, NULL, TAG_TX_PACKETS));
	n = less_by(n, lost_in(l, BELOW));
	return less_by(n, l->table_fulls);
}

/*
 * The same for kernels that do not count what IP hands on, before Linux 6.7:
 * packets to send that no protocol has sent, at least.
 */
static uint64_t missed_above(const struct sample *s, const struct losses *l)
{
	static const struct {
		uint8_t layer, tag;
	} sent[] = {
		{LAYER_IP, TAG_FORW_DATAGRAMS},
		{LAYER_UDP, TAG_UDP_SENT},
		{LAYER_TCP, TAG_TCP_SENT},
		{LAYER_TCP, TAG_TCP_RESENT},
		{LAYER_ICMP, TAG_ICMP_RECEIVED}, /* as many as are answered */
		{LAYER_ICMP, TAG_OUT_DEST_UNREACHS},
	};
	uint64_t n = ip_moved(s, TAG_OUT_REQUESTS);

	for (size_t i = 0; i < ARRAY_SIZE(sent); i++)
		n = less_by(n, sample_moved(s, sent[i].layer, "", sent[i].tag));
	return less_by(n, lost_in(l, BELOW) + l->table_fulls);
}

/* Whether this kernel counts what IP hands on. */
static bool is_handing_counted(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_IP &&
		    object_tagged(s, o, TAG_OUT_TRANSMITS))
			return true;
	return false;
}

/* Small packets that the queue of a next hop holds by default. */
#define MOST_FOR_A_NEXT_HOP 277

/*
 * Packets that no interface has sent because they wait, at most: more in qdiscs
 * than before, and for each next hop that has yet to answer a full queue.
 */
static uint64_t waiting(const struct sample *s)
{
	uint64_t n = MOST_FOR_A_NEXT_HOP * (uint64_t)next_hop_asked(s);

	EACH_OBJECT (s, o) {
		const struct row *row = object_tagged(s, o, TAG_QDISC_WAITING);

		if (row)
			n += row_growth(s, o, row);
	}
	return n;
}

/* What of it did not reach the devices, or whatever refuses before them. */
static uint64_t refused_below(const struct sample *s, const struct losses *l,
			      const struct loss *loss, uint64_t told)
{
	uint64_t n = is_handing_counted(s) ? missed_below(s, l)
					   : missed_above(s, l);

	n = smaller_of(told, less_by(n, waiting(s)));
	return n >= MIN_REFUSED &&
			       n * 100 >= loss_total(loss) * MIN_REFUSED_PERCENT
		       ? n
		       : 0;
}

/* Whether all that is compared was counted in the same time. */
static bool is_of_one_interval(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->stale || o->late)
			return false;
	return true;
}

void socket_attribute_refused(const struct sample *s, struct losses *l)
{
	uint64_t told = told_of(s, l), in_ip, below;
	struct loss *loss;

	if (told < MIN_REFUSED || !is_of_one_interval(s))
		return;
	/* the balance of IP misses them, and their senders were told */
	in_ip = loss_suspect(l, DIR_TX, LAYER_IP, DIR_TX, told);
	loss = loss_find(l, LAYER_IP, "", DIR_TX);
	if (!loss)
		return;
	below = refused_below(s, l, loss, told - in_ip);
	loss->uncounted += below;
	loss->inside += in_ip + below; /* OutRequests has them */
	loss_add(loss, below);
}

/* Whether a firewall has a rule that it can name as a suspect. */
static bool is_rule_suspected(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NETFILTER &&
		    object_tagged(s, o, TAG_RULE_BELOW_IP))
			return true;
	return false;
}

bool socket_explain_refused(const struct sample *s, const struct loss *loss,
			    struct cause *ret)
{
	if (loss->layer != LAYER_IP || loss->direction != DIR_TX ||
	    !loss->uncounted || is_rule_suspected(s))
		return false;
	ret->reason = &socket_reasons[SOCKET_SEND_REFUSED];
	ret->counter = counter_tagged(snmp_probe.counters, TAG_OUT_DISCARDS);
	ret->lost = loss->uncounted;
	ret->known = false;
	CAUSE_TEXT(ret,
		   "refused below IP without a counter: a tcx or cgroup BPF "
		   "program on egress (systemd IPAddressDeny=), or an nft "
		   "egress rule without a counter");
	CAUSE_REMEDY(ret, "See what is attached: `bpftool net`, `bpftool "
			  "cgroup tree`, `nft list ruleset`");
	return true;
}
