/* SPDX-License-Identifier: MIT */
/*
 * Why devices that the kernel makes itself lose packets. They use the counters
 * of hardware for something else, each kind in its own way: a tunnel's frame
 * error is a congestion mark, its FIFO error a sequence number.
 */
#include <string.h>

#include "base/text.h"
#include "probes/link/link_private.h"

/* What a row below is for. */
enum group {
	GROUP_WIREGUARD,
	GROUP_IPSEC,
	GROUP_MACSEC,
	GROUP_OUTER6,  /* tunnels over IPv6, always */
	GROUP_ONLY_IP, /* tunnels that take nothing but IP */
	GROUP_TUNNEL,  /* all whose packets travel in others */
	GROUP_STACKED, /* all that stand on one device */
	GROUP_VETH,
	GROUP_ANY,
};

static const char *const members_of[][4] = {
	[GROUP_WIREGUARD] = {"wireguard"},
	[GROUP_IPSEC] = {"vti", "vti6", "xfrm"},
	[GROUP_MACSEC] = {"macsec"},
	[GROUP_VETH] = {"veth"},
	[GROUP_ANY] = {NULL},
};

/* DEV stands for the interface. The first row that fits is the cause. */
static const struct meaning {
	uint8_t group;	/* enum group */
	uint8_t tag;	/* of the counter; TAG_NONE: any other */
	uint8_t reason; /* enum link_reason */
	const char *text;
	const char *remedy;
} meanings[] = {
	{GROUP_WIREGUARD, TAG_RX_FRAME_ERRORS, REASON_WIREGUARD_PEER,
	 "a peer of DEV sent from an address that is not among its allowed IPs",
	 "Align them with the peer's addresses: \"wg show DEV allowed-ips\""},
	{GROUP_WIREGUARD, TAG_RX_LENGTH_ERRORS, REASON_TUNNEL_DAMAGED,
	 "packets that came to DEV are cut short or no WireGuard packets",
	 "Look at what comes in: `ip -s -s link show dev DEV`"},
	{GROUP_WIREGUARD, TAG_TX_ERRORS, REASON_WIREGUARD_PEER,
	 "no peer of DEV has the destination among its allowed IPs, or that "
	 "peer has no endpoint",
	 "Give that peer the address and an endpoint: \"wg show DEV\""},
	{GROUP_WIREGUARD, TAG_TX_DROPPED, REASON_WIREGUARD_PEER,
	 "packets waited for a handshake of DEV with its peer that does not "
	 "come",
	 "See whether the peer is reached: \"wg show DEV latest-handshakes\""},
	{GROUP_IPSEC, TAG_RX_ERRORS, REASON_TUNNEL_IPSEC,
	 "IPsec refused what came for DEV: its key, state or policy",
	 "Compare the two ends: `ip -s xfrm state`, `ip xfrm policy`"},
	{GROUP_IPSEC, TAG_RX_DROPPED, REASON_TUNNEL_IPSEC,
	 "IPsec refused what came for DEV: its key, state or policy",
	 "Compare the two ends: `ip -s xfrm state`, `ip xfrm policy`"},
	{GROUP_IPSEC, TAG_TX_CARRIER_ERRORS, REASON_TUNNEL_IPSEC,
	 "no IPsec state fits what DEV is to send, or the outer packet has no "
	 "route",
	 "See what is missing: `ip xfrm state`, `ip -d link show dev DEV`"},
	{GROUP_MACSEC, TAG_NONE, REASON_MACSEC,
	 "MACsec on DEV refused them: no key, association or valid tag",
	 "See which: `ip -s macsec show DEV`"},
	{GROUP_TUNNEL, TAG_RX_FRAME_ERRORS, REASON_TUNNEL_ECN,
	 "congestion was marked (CE) on the outer packets, but the packets in "
	 "them do not do ECN: DEV has to drop them",
	 "Find what marks the outer packets, or use ECN inside: "
	 "`ip -s -s link show dev DEV`"},
	{GROUP_TUNNEL, TAG_RX_FIFO_ERRORS, REASON_TUNNEL_ORDER,
	 "packets came late or without a sequence number, and DEV insists on "
	 "their order",
	 "Switch sequence numbers off on both ends, or mend the path that "
	 "reorders: `ip -d link show dev DEV`"},
	{GROUP_TUNNEL, TAG_RX_CRC_ERRORS, REASON_TUNNEL_CHECKSUM,
	 "one end of the tunnel DEV uses checksums, the other does not",
	 "Set csum or nocsum alike on both ends: `ip -d link show dev DEV`"},
	{GROUP_TUNNEL, TAG_RX_LENGTH_ERRORS, REASON_TUNNEL_DAMAGED,
	 "packets in the tunnel DEV are too short for what they say to be",
	 "Look at what comes in: `ip -s -s link show dev DEV`"},
	{GROUP_ONLY_IP, TAG_RX_DROPPED, REASON_TUNNEL_QUEUE,
	 "a CPU has too many packets of the tunnel DEV waiting",
	 "Spread them over CPUs; for bursts a longer list: `sysctl "
	 "net.core.netdev_max_backlog`"},
	{GROUP_TUNNEL, TAG_RX_ERRORS, REASON_TUNNEL_DAMAGED,
	 "packets in the tunnel DEV are damaged, or from an address that may "
	 "not be in it",
	 "Look at what comes in: `ip -s -s link show dev DEV`"},
	{GROUP_TUNNEL, TAG_TX_CARRIER_ERRORS, REASON_TUNNEL_NO_ROUTE,
	 "no route for the outer packets of the tunnel DEV",
	 "See where the far end is, and the route to it: "
	 "`ip -d link show dev DEV`, `ip route get ADDRESS`"},
	{GROUP_TUNNEL, TAG_TX_FIFO_ERRORS, REASON_TUNNEL_NO_ROUTE,
	 "DEV, a tunnel with many far ends, was not told which one",
	 "Give routes through DEV a next hop: `ip route show dev DEV`"},
	{GROUP_TUNNEL, TAG_TX_ABORTED_ERRORS, REASON_TUNNEL_REFUSED,
	 "the outer packets of DEV were refused on their way out",
	 "See where they go, and what refuses them: "
	 "`ip -d link show dev DEV`, `tc -s qdisc show`"},
	{GROUP_TUNNEL, TAG_TX_DROPPED, REASON_TUNNEL_REFUSED,
	 "the outer packets of DEV were refused on their way out",
	 "See where they go, and what refuses them: "
	 "`ip -d link show dev DEV`, `tc -s qdisc show`"},
	{GROUP_OUTER6, TAG_TX_ERRORS, REASON_TUNNEL_NO_ROUTE,
	 "no route for the outer packets of the tunnel DEV, or they are too "
	 "large for the way",
	 "See where the far end is, and the route to it: "
	 "`ip -d link show dev DEV`, `ip route get ADDRESS`"},
	{GROUP_TUNNEL, TAG_TX_ERRORS, REASON_TUNNEL_TOO_LARGE,
	 "packets are too large for the way of the tunnel DEV, or it leads "
	 "into itself",
	 "Lower the MTU of DEV: `ip -d link show dev DEV`"},
	{GROUP_STACKED, TAG_TX_DROPPED, REASON_LOWER,
	 "the device below DEV, or its qdisc, refused them",
	 "See which, and what refuses them: `ip -d link show dev DEV`, "
	 "`tc -s qdisc show`"},
	{GROUP_VETH, TAG_TX_DROPPED, REASON_VIRTUAL,
	 "the peer of DEV refused them, or there is none",
	 "Look at it: `ip -s -d link show dev DEV`"},
	{GROUP_ANY, TAG_TX_DROPPED, REASON_VIRTUAL,
	 "DEV is a virtual device, and refused them",
	 "Look at it: `ip -s -d link show dev DEV`"},
	{GROUP_ANY, TAG_NONE, REASON_VIRTUAL,
	 "DEV is a virtual device, and counts an error of its own kind",
	 "Look at it: `ip -s -s -d link show dev DEV`"},
};

static bool belongs(enum group group, const struct link_kind *kind,
		    const char *name)
{
	size_t n = strcspn(name, " ");

	if (group == GROUP_TUNNEL || group == GROUP_STACKED)
		return kind &&
		       kind->below == (group == GROUP_TUNNEL ? BELOW_ROUTE
							     : BELOW_DEVICE);
	if (group == GROUP_OUTER6)
		return kind && kind->outer6;
	if (group == GROUP_ONLY_IP)
		return kind && kind->only_ip;
	if (group == GROUP_ANY)
		return true;
	for (size_t i = 0; i < 4 && members_of[group][i]; i++)
		if (!strncmp(members_of[group][i], name, n) &&
		    !members_of[group][i][n])
			return true;
	return false;
}

/* A text with the interface for each DEV. */
static void put_device(char *buffer, size_t size, const char *text,
		       const char *place)
{
	size_t n = 0;

	for (const char *dev; n < size && (dev = strstr(text, "DEV"));
	     text = dev + 3)
		n += snprintf(buffer + n, size - n, "%.*s%s", (int)(dev - text),
			      text, place);
	if (n < size)
		snprintf(buffer + n, size - n, "%s", text);
}

static bool tell_meaning(const struct suspect *suspect,
			 const struct meaning *meaning, struct cause *ret)
{
	size_t n = 0;

	ret->reason = &link_reasons[meaning->reason];
	if (meaning->reason == REASON_VIRTUAL) /* all that is known */
		n = snprintf(ret->text, sizeof(ret->text),
			     "%s: ", suspect->row->counter->name);
	put_device(ret->text + n, sizeof(ret->text) - n, meaning->text,
		   suspect->loss->place);
	put_device(ret->remedy, sizeof(ret->remedy), meaning->remedy,
		   suspect->loss->place);
	return true;
}

/* Whether all that was lost may be for groups: nobody need miss it. */
static bool is_for_nobody(const struct suspect *suspect)
{
	return link_for_nobody(suspect->sample, suspect->loss) >=
	       suspect->loss->lost;
}

static bool tell_unopened(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;

	ret->reason = &link_reasons[REASON_UNOPENED];
	ret->known = !is_for_nobody(suspect);
	CAUSE_TEXT(ret,
		   "no program or VM has %s open: nobody takes what is "
		   "sent there%s",
		   place,
		   ret->known ? ""
			      : ", most likely no more than multicast and "
				"broadcast of this host");
	CAUSE_REMEDY(ret,
		     "Start the program or VM that %s is for, or remove it: "
		     "`ip link delete dev %s`",
		     place, place);
	return true;
}

/* mDNS and the like; an overlay without a default remote carries none. */
static bool tell_no_group(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;

	ret->reason = &link_reasons[REASON_NO_GROUP];
	ret->known = false;
	CAUSE_TEXT(ret,
		   "most likely multicast and broadcast (mDNS, MLD, ...), "
		   "which %s has no remote end for",
		   place);
	CAUSE_REMEDY(ret, "See what is sent: `tcpdump -nei %s multicast`",
		     place);
	return true;
}

/* A program that has a tun, or a VM on a tap, reads frames from a queue. */
static bool tell_reader(const struct suspect *suspect,
			const struct object *config, struct cause *ret)
{
	const char *place = suspect->loss->place;

	ret->reason = &link_reasons[REASON_READER];
	CAUSE_TEXT(ret,
		   "the program or VM behind %s takes them too slowly: its "
		   "queue of %llu packets is full",
		   place,
		   (unsigned long long)object_value(suspect->sample, config,
						    &link_fact_queue, 0));
	CAUSE_REMEDY(ret,
		     "See why it is slow; a longer queue helps against bursts: "
		     "`ip link set dev %s txqueuelen 5000`",
		     place);
	return true;
}

/* vxlan without an entry for the receiver and without anywhere else to go. */
static bool tell_no_entry(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;

	ret->reason = &link_reasons[REASON_NO_ENTRY];
	CAUSE_TEXT(ret,
		   "%s has no forwarding entry for the receivers' MAC "
		   "addresses, and no default remote",
		   place);
	CAUSE_REMEDY(ret,
		     "See what is missing, then have the overlay's agent add "
		     "it: `bridge fdb show dev %s`",
		     place);
	return true;
}

/* Frames of LLDP, STP and the like: no fault, as far as one can tell. */
static bool tell_unknown(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;

	ret->reason = &link_reasons[REASON_UNKNOWN_PROTOCOL];
	ret->known = false;
	ret->lost = link_unexplained(suspect->sample, suspect->loss);
	CAUSE_TEXT(ret,
		   "rx_dropped: most likely frames of a protocol that nobody "
		   "here speaks (LLDP, STP, ...)");
	CAUSE_REMEDY(ret,
		     "See which: `tcpdump -nei %s not ip and not ip6 and not "
		     "arp`",
		     place);
	return true;
}

/* What only a packet that is lost on the way in or out of a queue counts. */
static bool is_queue_loss(const struct suspect *suspect, const char *kind)
{
	bool tun = !strcmp(kind, "tun");

	switch (suspect->row->counter->tag) {
	case TAG_TX_DROPPED:
		return tun;
	case TAG_RX_ERRORS:
	case TAG_RX_DROPPED:
		return !tun;
	default:
		return false;
	}
}

static bool explain_special(const struct suspect *suspect,
			    const struct object *config,
			    const struct link_kind *kind, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	bool tx_dropped = suspect->row->counter->tag == TAG_TX_DROPPED;

	if (tx_dropped && link_is_unopened(s, config))
		return tell_unopened(suspect, ret);
	if (kind->queue && is_queue_loss(suspect, kind->name))
		return tell_reader(suspect, config, ret);
	if (tx_dropped && link_is_master(s, suspect->loss->place))
		return link_tell_no_port(s, suspect->loss->place, ret);
	if (!tx_dropped || !link_has_far_ends(s, config))
		return false;
	if (is_for_nobody(suspect))
		return tell_no_group(suspect, ret);
	if (!strcmp(kind->name, "vxlan"))
		return tell_no_entry(suspect, ret);
	return false;
}

bool link_explain_kind(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const char *place = suspect->loss->place;
	const struct object *config = link_config_of(s, place);
	const struct link_kind *kind = link_kind_in(s, config);
	uint8_t tag = suspect->row->counter->tag;

	if (!link_is_virtual(s, place) || suspect->row->counter->section)
		return false; /* what its driver counts has words of its own */
	if (kind && explain_special(suspect, config, kind, ret))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (meanings[i].group == GROUP_ANY && tag == TAG_RX_DROPPED)
			return tell_unknown(suspect, ret);
		if ((!meanings[i].tag || meanings[i].tag == tag) &&
		    belongs(meanings[i].group, kind, object_label(s, config)))
			return tell_meaning(suspect, &meanings[i], ret);
	}
	return false;
}
