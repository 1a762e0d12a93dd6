/* SPDX-License-Identifier: MIT */
/* Why packets did not come to their next hop. */
#include <string.h>

#include "base/text.h"
#include "probes/link/link.h"
#include "probes/neigh/neigh.h"
#include "probes/neigh/next_hop_private.h"
#include "probes/snmp/snmp.h"

enum {
	REASON_UNRESOLVED,
	REASON_NO_CARRIER,
	REASON_BURST,
	REASON_FULL,
	REASON_REFUSED,
};

const struct reason next_hop_reasons[] = {
	[REASON_UNRESOLVED] =
		{.id = "next-hop-unresolved",
		 .means = "Nobody answers ARP, or neighbour discovery, for "
			  "the next hop of these packets. They wait for it "
			  "for some seconds, as many as its queue holds, and "
			  "are dropped; their sender is told with ICMP, as "
			  "far as its rate limit allows. No counter of the "
			  "namespace has them.",
		 .confirm = "`ip neigh show nud failed` and `ip neigh show nud "
			    "incomplete` list who does not answer. `ip route "
			    "get ADDRESS` says which next hop an address has. "
			    "`tcpdump -ni any arp or icmp6` shows that it is "
			    "asked, and whether an answer comes.",
		 .fix = "Is the next hop up, on this wire, in this VLAN, and "
			"is its address right? If the route is wrong, change "
			"it. If answers come in but are not accepted, look "
			"for a rule that drops them: `nft list ruleset` and "
			"`arptables -nvL`.",
		 .gone = "`ip neigh show nud reachable` lists the next hop, "
			 "and percent-neigh-tx falls to 0."},
	[REASON_NO_CARRIER] =
		{.id = "next-hop-no-carrier",
		 .means = "The interface to the next hop of these packets has "
			  "no carrier, so nobody can answer ARP, or neighbour "
			  "discovery, by it: the other end of a veth is down, "
			  "a cable is out, or what the interface stands on "
			  "does not run. The route over it is used all the "
			  "same.",
		 .confirm = "`ip link show dev DEV` says NO-CARRIER. Of a veth "
			    "its other end says DOWN: `ip link show dev DEV`, "
			    "in its own namespace.",
		 .fix = "Bring the other end up: `ip link set dev DEV up`. "
			"Where another route should take over, let routes "
			"without a carrier be ignored: `sysctl -w "
			"net.ipv4.conf.all.ignore_routes_with_linkdown=1`, "
			"for IPv6 "
			"net.ipv6.conf.all.ignore_routes_with_linkdown.",
		 .gone = "`ip neigh show nud reachable` lists the next hop, "
			 "and percent-neigh-tx falls to 0."},
	[REASON_BURST] =
		{.id = "next-hop-queue-full",
		 .means = "Packets to a next hop whose link-layer address is "
			  "not known yet wait until it answers. The queue of "
			  "each next hop is short, and these found it full. "
			  "The kernel counts them for all namespaces together.",
		 .confirm = "`host: cat /proc/net/stat/arp_cache` and `host: "
			    "cat /proc/net/stat/ndisc_cache` count them "
			    "(unresolved_discards, hexadecimal). `ip neigh "
			    "show nud incomplete nud failed` in each namespace "
			    "shows whose next hop it is, if it never answers.",
		 .fix = "If the next hop never answers, see why: is it up and "
			"on this wire? If it answers late and bursts are "
			"sent, let more packets wait: `sysctl -w "
			"net.ipv4.neigh.default.unres_qlen_bytes=N` with a "
			"larger N; for IPv6, "
			"net.ipv6.neigh.default.unres_qlen_bytes.",
		 .gone = "unresolved_discards stands still."},
	[REASON_FULL] =
		{.id = "neighbour-table-full",
		 .means = "The kernel keeps one table of IPv4 neighbours, and "
			  "one of IPv6, for all namespaces of the host. It is "
			  "full of entries that are in use, so there is none "
			  "for the next hop of these packets.",
		 .confirm = "`host: dmesg` says \"neighbour: arp_cache: "
			    "neighbor table overflow\". The column entries of "
			    "`host: cat /proc/net/stat/arp_cache` is near "
			    "`host: sysctl net.ipv4.neigh.default.gc_thresh3`.",
		 .fix = "Raise the limits: `host: sysctl -w "
			"net.ipv4.neigh.default.gc_thresh3=8192` with "
			"gc_thresh2 a little below, for IPv6 the same in "
			"net.ipv6, and persist it in /etc/sysctl.d. If there "
			"should not be so many, look for somebody who scans a "
			"whole network: `ip neigh`.",
		 .gone = "table_fulls stands still."},
	[REASON_REFUSED] =
		{.id = "refused-after-delivery",
		 .means = "IP delivered these packets to a protocol, which "
			  "refused them with ICMP \"unreachable\". It is not "
			  "UDP, which counts such packets, no firewall rule "
			  "and no next hop. Mostly they are for a tunnel (GRE, "
			  "IPIP, SIT) that does not exist here for their "
			  "sender, or with another key; or for a service of "
			  "IPVS without a server.",
		 .confirm = "`tcpdump -ni any 'ip proto 47 or ip proto 4 or ip "
			    "proto 41'` shows packets of tunnels; `ip -d "
			    "tunnel show` which tunnels there are, with their "
			    "ends and keys; `ipvsadm -Ln` services and "
			    "servers.",
		 .fix = "Let the ends of the tunnel agree: each has the other "
			"one's address as remote, and both the same key. Or "
			"stop the sender.",
		 .gone = "OutDestUnreachs stands still: `nstat -az "
			 "IcmpOutDestUnreachs`."},
	{.id = NULL},
};

static bool explain_refusals(const struct loss *loss, struct cause *ret)
{
	ret->reason = &next_hop_reasons[REASON_REFUSED];
	ret->lost = loss->refused;
	ret->known = false;
	ret->counter =
		counter_tagged(snmp_probe.counters, TAG_OUT_DEST_UNREACHS);
	CAUSE_TEXT(ret, "refused with ICMP unreachable, by no counter, rule or "
			"next hop: mostly for a tunnel (GRE, IPIP) that does "
			"not exist here");
	CAUSE_REMEDY(ret, "Which tunnels there are: `ip -d tunnel show`; what "
			  "comes: `tcpdump -ni any 'ip proto 47 or ip proto "
			  "4'`");
	return true;
}

static bool is_veth(const struct sample *s, const struct object *config)
{
	return config && !strncmp(object_label(s, config), "veth", 4);
}

/* Of a veth that is up and has no carrier the peer is down: that is sure. */
static void say_no_carrier(const struct sample *s, const char *place,
			   struct cause *ret)
{
	const struct object *config = link_config_of(s, place);
	const char *peer = link_below_name(s, config);
	size_t n = strlen(ret->text);

	ret->reason = &next_hop_reasons[REASON_NO_CARRIER];
	if (is_veth(s, config)) {
		snprintf(ret->text + n, sizeof(ret->text) - n,
			 ": %s has no carrier, its peer %s%sis down", place,
			 peer ? peer : "", peer ? " " : "");
		CAUSE_REMEDY(ret, "Bring that up, in its own namespace");
		return;
	}
	snprintf(ret->text + n, sizeof(ret->text) - n, ": %s has no carrier",
		 place);
	if (text_is_plain(place))
		CAUSE_REMEDY(ret, "See why: `ip link show dev %s`", place);
}

bool next_hop_explain(const struct sample *s, const struct loss *loss,
		      struct cause *ret)
{
	const struct object *first;
	char dead[128];

	if (loss->refused)
		return explain_refusals(loss, ret);
	if (!loss->unresolved)
		return false;
	first = next_hop_first(s, OF_ANY);
	ret->reason = &next_hop_reasons[REASON_UNRESOLVED];
	ret->lost = loss->unresolved;
	ret->counter = counter_tagged(neigh_probe.counters, TAG_RES_FAILED);
	next_hop_describe(s, dead, sizeof(dead));
	next_hop_blame(s, OF_ANY, ret);
	CAUSE_TEXT(ret, "the next hop does not resolve: %s",
		   dead[0] ? dead : "it does not answer");
	if (first && object_row(s, first, &next_hop_fact_no_carrier))
		say_no_carrier(s, object_place(s, first), ret);
	else
		CAUSE_REMEDY(ret, "Is it up and on this wire? `ip neigh show "
				  "nud failed`");
	return true;
}

/*
 * The kernel counts for the host; where a next hop of this namespace is dead
 * the packets were meant for it.
 */
static bool explain_discards(const struct suspect *suspect, struct cause *ret)
{
	unsigned families =
		neigh_is_v6(object_name(suspect->sample, suspect->object))
			? OF_V6
			: OF_V4;
	char dead[128];

	if (suspect->row->counter->tag != TAG_UNRESOLVED_DISCARDS)
		return false;
	ret->reason = &next_hop_reasons[REASON_BURST];
	next_hop_describe_of(suspect->sample, families, dead, sizeof(dead));
	next_hop_blame(suspect->sample, families, ret);
	if (dead[0])
		CAUSE_TEXT(ret,
			   "%s: more packets wait for it than its queue "
			   "holds",
			   dead);
	else
		CAUSE_TEXT(ret,
			   "in all namespaces together, packets to next hops "
			   "that do not answer, or not fast enough for the "
			   "burst");
	CAUSE_REMEDY(ret, "%s", suspect->row->counter->remedy);
	return true;
}

static bool explain_full_table(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_TABLE_FULLS)
		return false;
	ret->reason = &next_hop_reasons[REASON_FULL];
	CAUSE_TEXT(ret, "the table of neighbours is full: its limit is for all "
			"namespaces together");
	CAUSE_REMEDY(ret, "%s", suspect->row->counter->remedy);
	return true;
}

/* clang-format off */
const struct explainer next_hop_explainers[] = {
	{LAYER_NEIGH, explain_discards},
	{LAYER_NEIGH, explain_full_table},
	{0, NULL},
};
/* clang-format on */
