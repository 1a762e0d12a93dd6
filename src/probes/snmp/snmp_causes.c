/* SPDX-License-Identifier: MIT */
/*
 * Why IP, ICMP and TCP lost packets. Most counters of theirs have one cause
 * each, and say it in their row; what is here tells those apart that have more.
 */
#include "probes/snmp/snmp_private.h"

enum {
	REASON_LOOP,
	REASON_HEADERS,
	REASON_CHECKSUM,
	REASON_TCP_HEADERS,
	REASON_FRAGMENTS_LOST,
	REASON_REASSEMBLY,
	REASON_NOT_OURS,
	REASON_NO_ROUTE,
	REASON_REFUSING_ROUTE,
	REASON_NO_ROUTE_HERE,
	REASON_RP_FILTER,
	REASON_TOO_BIG,
	REASON_DISCARDS6,
};

const struct reason snmp_reasons[] = {
	[REASON_LOOP] =
		{.id = "routing-loop",
		 .means = "Routers send packets to each other in a circle "
			  "until their TTL, or hop limit, ends. Each of them "
			  "was forwarded here tens of times and left through "
			  "the interface it had come in by. None of them "
			  "arrives.",
		 .confirm = "`traceroute -n ADDRESS` shows the same routers "
			    "again and again. `tcpdump -nvi any 'ip[8] < 3'` "
			    "shows which addresses these packets are for.",
		 .fix = "The two routers disagree about where the destination "
			"is. `ip route get ADDRESS` on each of them shows the "
			"next hop. Often one has a default route to the "
			"other, which in turn has a route for a whole prefix "
			"back: give the first a route that discards what it "
			"does not use of that prefix, `ip route add blackhole "
			"PREFIX`.",
		 .gone = "InHdrErrors and OutTimeExcds stand still: `nstat -az "
			 "IpInHdrErrors IcmpOutTimeExcds`."},
	[REASON_HEADERS] =
		{.id = "bad-ip-header",
		 .means = "IP headers that cannot be right: version, length or "
			  "options; or packets whose TTL ended here and of "
			  "which nobody is told, such as multicast and ICMP "
			  "errors. Those whose sender was told are not in "
			  "this number, and wrong checksums are a cause of "
			  "their own.",
		 .confirm = "`tcpdump -nvi any 'ip[8] < 2 or ip[0] != 0x45'` "
			    "shows candidates.",
		 .fix = "Find who sends them by the MAC address that `tcpdump "
			"-nei any` shows.",
		 .gone = "InHdrErrors stands still: `nstat -az "
			 "IpInHdrErrors Ip6InHdrErrors`."},
	[REASON_CHECKSUM] =
		{.id = "wrong-checksum",
		 .means = "The checksum of these packets is wrong: their "
			  "contents changed on the way. A cable, a card or a "
			  "switch with bad memory damages them; or a device "
			  "that is to fill in checksums (offloading) did not.",
		 .confirm = "`tcpdump -nvvi any` says \"incorrect\" of such "
			    "packets as they come in. `nstat -az "
			    "TcpInCsumErrors UdpInCsumErrors "
			    "IcmpInCsumErrors` shows whether it is one "
			    "protocol or all.",
		 .fix = "Look at the hops one after the other for the first at "
			"which they come in damaged: `ip -s -s link` counts "
			"frames with errors. If it is a virtual machine or a "
			"tunnel, switch offloading off to see whether it is "
			"that: `ethtool -K INTERFACE rx off tx off`.",
		 .gone = "The counter of wrong checksums stands still."},
	[REASON_TCP_HEADERS] =
		{.id = "bad-tcp-header",
		 .means = "TCP segments whose header cannot be right, while "
			  "their checksum is not what is wrong. SYNs that come "
			  "again on an established connection are not in this "
			  "number: there, an ACK was lost on the way.",
		 .confirm = "`tcpdump -nvi any 'tcp[12] < 0x50'` shows headers "
			    "that are too short.",
		 .fix = "Find who sends them: a scanner, or a middlebox that "
			"rewrites TCP.",
		 .gone = "InErrs stands still: `nstat -az TcpInErrs`."},
	[REASON_FRAGMENTS_LOST] =
		{.id = "fragments-lost",
		 .means = "Datagrams came in fragments and one of them did not "
			  "come, so the whole datagram was given up when its "
			  "time was over, 30 seconds for IPv4 and 60 for IPv6: "
			  "they were lost that long ago.",
		 .confirm = "`nstat -az IpReasmReqds IpReasmTimeout "
			    "Ip6ReasmReqds Ip6ReasmTimeout` shows how many "
			    "fragments came. `tcpdump -ni any 'ip[6:2] & "
			    "0x3fff != 0'` shows who sends them.",
		 .fix = "The fragment was lost on the way: look at the other "
			"losses of this path, often a firewall that drops "
			"fragments, or a full queue that a burst of them "
			"meets. Better, avoid fragments: let the sender send "
			"smaller datagrams, or align the MTUs.",
		 .gone = "ReasmTimeout stands still for a minute of traffic."},
	[REASON_REASSEMBLY] =
		{.id = "reassembly-failed",
		 .means = "Fragments could not be put together: more of them "
			  "are waiting than there is memory for, or they do "
			  "not fit together.",
		 .confirm = "`cat /proc/net/sockstat` shows what is waiting "
			    "(FRAG memory), beside `sysctl "
			    "net.ipv4.ipfrag_high_thresh "
			    "net.ipv6.ip6frag_high_thresh`.",
		 .fix = "Let more wait: `sysctl -w "
			"net.ipv4.ipfrag_high_thresh=16777216`, or for a "
			"shorter time: `sysctl net.ipv4.ipfrag_time`. Better, "
			"avoid fragments.",
		 .gone = "ReasmFails stands still: `nstat -az IpReasmFails "
			 "Ip6ReasmFails`."},
	[REASON_NOT_OURS] =
		{.id = "not-our-address",
		 .means = "Packets came for an address that is not one of "
			  "this namespace's, and it does not forward, though "
			  "it once did. Where it never has, the same is said "
			  "as unexplained (not_ours): broadcasts of another "
			  "subnet come to every host on the wire.",
		 .confirm = "`sysctl net.ipv4.ip_forward "
			    "net.ipv6.conf.all.forwarding` is 0. `tcpdump -nei "
			    "any` shows who sends to which address.",
		 .fix = "If it is to be a router: `sysctl -w "
			"net.ipv4.ip_forward=1`. Else the sender has a wrong "
			"route or a stale neighbour, or an address was taken "
			"away here: `ip address`.",
		 .gone = "InAddrErrors stands still: `nstat -az IpInAddrErrors "
			 "Ip6InAddrErrors`."},
	[REASON_NO_ROUTE] =
		{.id = "no-route-to-forward",
		 .means = "Packets came to be forwarded and no route leads to "
			  "their destination. Their senders are told "
			  "(\"network unreachable\").",
		 .confirm = "`ip route get ADDRESS from SOURCE iif INTERFACE` "
			    "answers as the kernel does for such a packet.",
		 .fix = "Add the route, or stop the sender. A routing daemon "
			"may have lost a neighbour: `ip route show table "
			"all`.",
		 .gone = "InNoRoutes stands still: `nstat -az IpExtInNoRoutes "
			 "Ip6InNoRoutes`."},
	[REASON_REFUSING_ROUTE] =
		{.id = "refusing-route",
		 .means = "Packets came to be forwarded and were refused as if "
			  "no route led to their destination, and there are "
			  "routes, or rules of policy routing, that say so on "
			  "purpose: unreachable or prohibit. The kernel counts "
			  "both alike. Their senders are told.",
		 .confirm = "`ip -6 route get ADDRESS from SOURCE iif "
			    "INTERFACE` answers as the kernel does for such a "
			    "packet: \"unreachable\" or \"prohibit\" is a "
			    "route that refuses, \"Network is unreachable\" a "
			    "missing one. `ip -6 route show table all type "
			    "unreachable` and `ip -6 rule list` show what "
			    "refuses.",
		 .fix = "If the destination is to be reached, delete the route "
			"or rule, or add a route that is more specific. "
			"Routers put unreachable routes where a prefix that "
			"was delegated to them has no hosts: then find out who "
			"sends to it.",
		 .gone = "InNoRoutes stands still: `nstat -az IpExtInNoRoutes "
			 "Ip6InNoRoutes`."},
	[REASON_NO_ROUTE_HERE] =
		{.id = "no-route-to-send",
		 .means = "A program sends to a destination to which no route "
			  "leads. It is told (\"Network is unreachable\").",
		 .confirm = "`ip route get ADDRESS` says so for the address.",
		 .fix = "Add the route: `ip route add default via GATEWAY`. If "
			"it was there, its interface went down: `ip link`.",
		 .gone = "OutNoRoutes stands still: `nstat -az IpOutNoRoutes "
			 "Ip6OutNoRoutes`."},
	[REASON_RP_FILTER] =
		{.id = "reverse-path-filter",
		 .means = "Packets came in by an interface by which nothing "
			  "would be sent back to their source, and rp_filter "
			  "drops them: the route back leads elsewhere, or the "
			  "source is forged.",
		 .confirm = "`sysctl -w net.ipv4.conf.all.log_martians=1` has "
			    "the kernel log them: `host: dmesg`. `ip route get "
			    "SOURCE` shows which way an answer goes.",
		 .fix = "If both ways are meant to be used, filter loosely: "
			"`sysctl -w net.ipv4.conf.all.rp_filter=2`. Else mend "
			"the route of the sender, or the one back.",
		 .gone = "IPReversePathFilter stands still: `nstat -az "
			 "TcpExtIPReversePathFilter`."},
	[REASON_TOO_BIG] =
		{.id = "too-big-to-forward",
		 .means = "Packets are larger than the MTU of the interface "
			  "they are to leave by, and may not be split. Their "
			  "sender is told with ICMP (\"fragmentation needed\", "
			  "\"packet too big\") and sends smaller ones, if "
			  "that reaches it.",
		 .confirm = "`ip link` shows the MTUs. At the sender `ip route "
			    "get ADDRESS` shows the MTU that it has learnt.",
		 .fix = "Align the MTUs, or clamp the MSS of TCP: `iptables -t "
			"mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j "
			"TCPMSS --clamp-mss-to-pmtu`. Let ICMP errors through "
			"all firewalls on the way back.",
		 .gone = "FragFails stands still: `nstat -az IpFragFails "
			 "Ip6FragFails`."},
	[REASON_DISCARDS6] =
		{.id = "ipv6-discarded",
		 .means = "IPv6 packets were dropped by an interface that "
			  "speaks IPv6: an IPsec policy does not let them "
			  "through, or there was no memory. Packets that come "
			  "in where IPv6 is switched off are not in this "
			  "number.",
		 .confirm = "`grep -r Ip6InDiscards /proc/net/dev_snmp6` shows "
			    "which interface it is.",
		 .fix = "Look at the policies: `ip -s xfrm policy`; at the "
			"memory: `host: free -m`.",
		 .gone = "Ip6InDiscards stands still: `nstat -az "
			 "Ip6InDiscards`."},
	{.id = NULL},
};

/* By how much the rows of a tag moved that are of the same family. */
static uint64_t moved_like(const struct suspect *suspect, enum layer layer,
			   enum tag tag)
{
	const struct sample *s = suspect->sample;
	uint64_t sum = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != layer)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->tag == tag &&
			    row->counter->v6 == suspect->row->counter->v6 &&
			    row_moved(row))
				sum += row->delta;
	}
	return sum;
}

/*
 * Of packets whose TTL ended and whose sender was told nothing is left here,
 * unless they went round in circles, see ip_excuses.h.
 */
static bool explain_loop(const struct suspect *suspect, struct cause *ret)
{
	bool v6 = suspect->row->counter->v6;

	if (suspect->row->counter->tag != TAG_IN_HDR_ERRORS ||
	    moved_like(suspect, LAYER_IP, TAG_EXPIRED) ||
	    !moved_like(suspect, LAYER_ICMP, TAG_OUT_TIME_EXCDS))
		return false;
	ret->reason = &snmp_reasons[REASON_LOOP];
	CAUSE_TEXT(ret,
		   "a routing loop: packets go round between routers until "
		   "their %s ends (%llu were forwarded here meanwhile)",
		   v6 ? "hop limit" : "TTL",
		   (unsigned long long)moved_like(suspect, LAYER_IP,
						  TAG_FORW_DATAGRAMS));
	CAUSE_REMEDY(ret,
		     "See where they are bound for: `tcpdump -nvi any '%s'`; "
		     "then `traceroute%s -n ADDRESS`",
		     v6 ? "ip6[7] < 3" : "ip[8] < 3", v6 ? " -6" : "");
	return true;
}

/* A route that refuses counts as one that is missing. */
static bool explain_refusing(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	const struct counter *c = suspect->row->counter;
	const struct object *found = NULL;
	uint64_t n = 0;

	if (c->tag != TAG_IN_NO_ROUTES)
		return false;
	EACH_OBJECT (s, o) {
		const struct row *row =
			object_tagged(s, o, TAG_REFUSING_ROUTES);

		if (!row || row->counter->v6 != c->v6)
			continue;
		found = found ? found : o;
		n += row->value;
		cause_blame(ret, object_label(s, o));
	}
	if (!found)
		return false;
	ret->reason = &snmp_reasons[REASON_REFUSING_ROUTE];
	CAUSE_TEXT(ret,
		   "%s: suspect %s, which refuses; else a route is missing",
		   c->name, object_label(s, found));
	if (n > 1)
		CAUSE_TEXT(ret,
			   "%s: suspect %s or %llu more, which refuse; else a "
			   "route is missing",
			   c->name, object_label(s, found),
			   (unsigned long long)(n - 1));
	CAUSE_REMEDY(ret,
		     "See which it is: `ip%s route get ADDRESS`; `ip%s route "
		     "show table all`; `ip%s rule list`",
		     c->v6 ? " -6" : "", c->v6 ? " -6" : "",
		     c->v6 ? " -6" : "");
	return true;
}

/* Counters that have one cause each, in the words of their rows. */
static const struct {
	uint8_t tag;
	uint8_t reason;
} plain[] = {
	{TAG_IN_HDR_ERRORS, REASON_HEADERS},
	{TAG_HDR_CHECKSUM, REASON_CHECKSUM},
	{TAG_CHECKSUM, REASON_CHECKSUM},
	{TAG_IN_ERRS, REASON_TCP_HEADERS},
	{TAG_REASM_TIMEOUT, REASON_FRAGMENTS_LOST},
	{TAG_REASM_FAILS, REASON_REASSEMBLY},
	{TAG_IN_ADDR_ERRORS, REASON_NOT_OURS},
	{TAG_IN_NO_ROUTES, REASON_NO_ROUTE},
	{TAG_OUT_NO_ROUTES, REASON_NO_ROUTE_HERE},
	{TAG_RP_FILTER, REASON_RP_FILTER},
	{TAG_FRAG_FAILS, REASON_TOO_BIG},
	{TAG_FRAG_FAILS6, REASON_TOO_BIG},
	{TAG_DISCARDS6, REASON_DISCARDS6},
};

static bool explain_plain(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (c->tag != plain[i].tag)
			continue;
		ret->reason = &snmp_reasons[plain[i].reason];
		CAUSE_TEXT(ret, "%s: %s", c->name, c->cause);
		CAUSE_REMEDY(ret, "%s", c->remedy);
		return true;
	}
	return false;
}

/* clang-format off */
const struct explainer snmp_explainers[] = {
	{LAYER_IP, explain_loop},
	{LAYER_IP, explain_refusing},
	{LAYER_IP, explain_plain},
	{LAYER_ICMP, explain_plain},
	{LAYER_TCP, explain_plain},
	{0, NULL},
};
/* clang-format on */

/* The growth of a fact since the read before, over both families. */
static uint64_t grown_fact(const struct sample *s, enum tag tag)
{
	uint64_t sum = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_IP)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->tag == tag)
				sum += row_growth(s, o, row);
	}
	return sum;
}

/*
 * A datagram that lacks a fragment is given up half a minute later. Where fewer
 * fragments came than were given up, most were sent before this interval: its
 * traffic is none that they can be measured by.
 */
void snmp_attribute(const struct sample *s, struct losses *l)
{
	struct loss *loss = loss_find(l, LAYER_IP, "", DIR_RX);
	uint64_t given_up;

	if (!loss || !loss->lost)
		return;
	given_up = sample_moved(s, LAYER_IP, "", TAG_REASM_TIMEOUT);
	if (given_up * 2 > loss->lost &&
	    grown_fact(s, TAG_REASM_REQDS) < given_up)
		loss->blind = true;
}
