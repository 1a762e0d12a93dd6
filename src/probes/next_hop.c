/* SPDX-License-Identifier: MIT */
#include "probes/next_hop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"
#include "kernel/attr.h"
#include "kernel/netlink.h"
#include "probes/balance/balance.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/neigh.h"
#include "probes/snmp/snmp.h"

#define FACT .layer = LAYER_NEIGH, .kind = KIND_FACT, .bits = 64

const struct counter next_hop_fact_failed = {FACT, .name = "failed"};
const struct counter next_hop_fact_age = {FACT, .name = "age_ms"};
const struct counter next_hop_fact_no_carrier = {FACT, .name = "no_carrier"};

/* ---- reading ---- */

#define MAX_NEXT_HOPS 8 /* that are told apart */
/* Fewer may be no more than what moved while counters were read. */
#define MIN_REFUSED 10

struct dump {
	struct next_hop items[MAX_NEXT_HOPS];
	size_t n;
};

static uint64_t age_of(const struct nlattr *attr)
{
	struct nda_cacheinfo info = {.ndm_updated = 0};

	(void)attr_copy(&info, sizeof(info), attr);
	return (uint64_t)info.ndm_updated * 10; /* hundredths of a second */
}

int next_hop_parse(const struct nlmsghdr *h, struct next_hop *ret)
{
	const struct nlattr *attrs[NDA_CACHEINFO + 1];
	const size_t size = NLMSG_ALIGN(sizeof(struct ndmsg));
	struct ndmsg head;

	if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_HDRLEN + size)
		return -EBADMSG;
	memcpy(&head, (const char *)h + NLMSG_HDRLEN, sizeof(head));
	if (!(head.ndm_state & (NUD_INCOMPLETE | NUD_FAILED)))
		return -ENOENT;
	attrs_index((struct attrs) {(const char *)h + NLMSG_HDRLEN + size,
				    h->nlmsg_len - NLMSG_HDRLEN - size},
		    attrs, NDA_CACHEINFO);
	*ret = (struct next_hop) {
		.ifindex = head.ndm_ifindex,
		.failed = head.ndm_state & NUD_FAILED,
		.age_ms = age_of(attrs[NDA_CACHEINFO]),
	};
	if (!attr_is_size(attrs[NDA_DST], head.ndm_family == AF_INET ? 4 : 16))
		return -ENOENT;
	return inet_ntop(head.ndm_family, mnl_attr_get_payload(attrs[NDA_DST]),
			 ret->address, sizeof(ret->address))
		       ? 0
		       : -ENOENT;
}

static int on_neighbour(const struct nlmsghdr *h, void *arg)
{
	struct dump *dump = arg;

	if (dump->n < MAX_NEXT_HOPS &&
	    next_hop_parse(h, &dump->items[dump->n]) == 0)
		dump->n++;
	return 0;
}

/* What the rows of an object say of refused packets since the read before. */
static int64_t refused_in(const struct sample *out, const struct object *o)
{
	int64_t sum = 0;

	EACH_ROW (out, o, row)
		if (row->counter->refused)
			sum += row->counter->refused *
			       (int64_t)row_growth(out, o, row);
	return sum;
}

/* Whether ICMP refused more packets than the counters of the others tell. */
static bool refuses(const struct sample *out)
{
	int64_t sum = 0;

	EACH_OBJECT (out, o)
		if (o->layer == LAYER_ICMP)
			sum += refused_in(out, o);
	if (sum <= 0) /* most namespaces */
		return false;
	EACH_OBJECT (out, o)
		if (o->layer != LAYER_ICMP)
			sum += refused_in(out, o);
	return sum > 0;
}

/* Whether senders were told of packets, some of which may wait all the same. */
static bool tells_senders(const struct sample *out)
{
	EACH_OBJECT (out, o) {
		const struct row *row;

		if (o->layer != LAYER_IP)
			continue;
		row = object_tagged(out, o, TAG_OUT_DISCARDS);
		if (row)
			return row_growth(out, o, row) >= MIN_REFUSED;
	}
	return false;
}

static bool is_dump_due(const struct probe_env *env, const struct sample *out)
{
	return env->unresolved || refuses(out) || tells_senders(out);
}

/* As ip-link(8) says NO-CARRIER: it is up, and does not run. */
static bool lacks_carrier(const struct netlink *nl, const char *place)
{
	struct ifreq request = {.ifr_flags = 0};

	memcpy(request.ifr_name, place, IFNAMSIZ);
	return netlink_ioctl(nl, SIOCGIFFLAGS, &request) == 0 &&
	       (request.ifr_flags & (IFF_UP | IFF_RUNNING)) == IFF_UP;
}

static void append_next_hop(const struct probe_env *env,
			    const struct next_hop *hop, struct sample *out)
{
	char place[IFNAMSIZ];

	if (netlink_ifname(env->netlink, hop->ifindex, place) < 0)
		return;
	sample_object(out, LAYER_NEIGH, place, hop->address, 0);
	sample_row(out, &next_hop_fact_failed, hop->failed);
	sample_row(out, &next_hop_fact_age, hop->age_ms);
	if (lacks_carrier(env->netlink, place))
		sample_row(out, &next_hop_fact_no_carrier, 1);
}

static int next_hop_read(struct probe_env *env, struct sample *out)
{
	struct {
		struct nlmsghdr h;
		struct ndmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETNEIGH,
		      .nlmsg_flags = NLM_F_DUMP},
	};
	struct dump dump = {.n = 0};
	int r;

	if (!env->netlink || !is_dump_due(env, out))
		return 0;
	r = netlink_ask(env->netlink, NETLINK_ROUTE, &request.h, on_neighbour,
			&dump);
	for (size_t i = 0; r == 0 && i < dump.n; i++)
		append_next_hop(env, &dump.items[i], out);
	return r;
}

/* ---- what follows from it ---- */

/* One that answers at all does so in less. */
#define ANSWER_MS 100
#define SLACK_MS 50 /* clocks differ, and so do the times of two reads */

static bool is_dead(const struct sample *s, const struct object *o)
{
	uint64_t interval_ms = UINT64_MAX, failed, age;

	if (!object_get(s, o, &next_hop_fact_failed, &failed) ||
	    !object_get(s, o, &next_hop_fact_age, &age))
		return false;
	if (s->then && s->then->mono_ns)
		interval_ms = (s->mono_ns - s->then->mono_ns) / 1000000 +
			      SLACK_MS;
	return failed ? age <= interval_ms : age >= ANSWER_MS;
}

/* Of which families: a set. */
enum {
	OF_V4 = 1,
	OF_V6 = 2,
	OF_ANY = OF_V4 | OF_V6,
};

static unsigned family_bit(const char *address)
{
	return strchr(address, ':') ? OF_V6 : OF_V4;
}

static bool is_dead_of(const struct sample *s, const struct object *o,
		       unsigned families)
{
	return o->layer == LAYER_NEIGH && is_dead(s, o) &&
	       families & family_bit(object_name(s, o));
}

static const struct object *first_dead(const struct sample *s,
				       unsigned families)
{
	EACH_OBJECT (s, o)
		if (is_dead_of(s, o, families))
			return o;
	return NULL;
}

bool next_hop_is_dead(const struct sample *s)
{
	return first_dead(s, OF_ANY) != NULL;
}

bool next_hop_is_dead_of(const struct sample *s, bool v6)
{
	return first_dead(s, v6 ? OF_V6 : OF_V4) != NULL;
}

unsigned next_hop_asked(const struct sample *s)
{
	uint64_t failed;
	unsigned n = 0;

	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NEIGH &&
		    object_get(s, o, &next_hop_fact_failed, &failed))
			n += !failed;
	return n;
}

/* Packets that a rule refused, if it is one that does: a drop answers none. */
static uint64_t refused_by_rule(const struct sample *s, const struct object *o)
{
	uint64_t sum = 0;

	if (!firewall_answers(s, o))
		return 0;
	EACH_ROW (s, o, row)
		if ((row->counter->kind == KIND_PART ||
		     row->counter->kind == KIND_DETAIL) &&
		    row_moved(row))
			sum += row->delta;
	return sum;
}

/* Whether some that drops without a counter may have answered with ICMP. */
static bool may_have_refused(const struct sample *s)
{
	const struct object *o = NULL;

	if (balance_has_refusing_route(s))
		return true;
	while ((o = firewall_next_uncounted(s, o)))
		if (firewall_answers(s, o))
			return true;
	return false;
}

/* Packets that vanished without a counter, in whatever direction. */
static uint64_t vanished(const struct losses *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct loss *loss = &l->items[i];

		n += loss->uncounted;
		if (loss->layer == LAYER_UNEXPLAINED)
			n += less_by(loss->lost, loss->meant);
	}
	return n;
}

uint64_t next_hop_refused(const struct sample *s, const struct losses *l)
{
	uint64_t explained = 0;

	if (!l->refused) /* in most namespaces */
		return 0;
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_NETFILTER)
			explained += refused_by_rule(s, o);
	if (may_have_refused(s))
		explained += vanished(l);
	return l->refused > explained ? l->refused - explained : 0;
}

/*
 * No next hop, no rule and no counter: IP delivered them to a protocol that did
 * not want them. Which one it was, no counter tells.
 */
static void attribute_refusals(const struct sample *s, struct losses *l)
{
	uint64_t n = next_hop_is_dead(s) ? 0 : next_hop_refused(s, l);
	struct loss *loss;

	if (n < MIN_REFUSED || s->unread & 1u << LAYER_NETFILTER)
		return;
	loss = loss_get(l, LAYER_UNEXPLAINED, "", DIR_RX);
	if (!loss)
		return;
	loss->refused = n;
	loss_add(loss, n);
}

static const char *protocol_of(const char *address)
{
	return family_bit(address) == OF_V6 ? "neighbour discovery" : "ARP";
}

static void describe_dead(const struct sample *s, unsigned families,
			  char *buffer, size_t size)
{
	const struct object *first = first_dead(s, families);
	unsigned more = 0;

	if (size)
		buffer[0] = '\0';
	if (!first)
		return;
	for (const struct object *o = first + 1; o != objects_end(s); o++)
		more += is_dead_of(s, o, families);
	format_text(buffer, size, "%s on %s does not answer %s",
		    object_name(s, first), object_place(s, first),
		    protocol_of(object_name(s, first)));
	if (more)
		format_text(buffer, size,
			    "%s on %s does not answer %s, nor do %u more",
			    object_name(s, first), object_place(s, first),
			    protocol_of(object_name(s, first)), more);
}

void next_hop_describe(const struct sample *s, char *buffer, size_t size)
{
	describe_dead(s, OF_ANY, buffer, size);
}

/* ---- causes ---- */

enum {
	REASON_UNRESOLVED,
	REASON_NO_CARRIER,
	REASON_BURST,
	REASON_FULL,
	REASON_REFUSED,
};

static const struct reason next_hop_reasons[] = {
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

static bool explain_unresolved(const struct sample *s, const struct loss *loss,
			       struct cause *ret)
{
	const struct object *first = first_dead(s, OF_ANY);
	char dead[128];

	if (loss->refused)
		return explain_refusals(loss, ret);
	if (!loss->unresolved)
		return false;
	ret->reason = &next_hop_reasons[REASON_UNRESOLVED];
	ret->lost = loss->unresolved;
	ret->counter = counter_tagged(neigh_probe.counters, TAG_RES_FAILED);
	next_hop_describe(s, dead, sizeof(dead));
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
	char dead[128];

	if (suspect->row->counter->tag != TAG_UNRESOLVED_DISCARDS)
		return false;
	ret->reason = &next_hop_reasons[REASON_BURST];
	describe_dead(suspect->sample,
		      neigh_is_v6(object_name(suspect->sample, suspect->object))
			      ? OF_V6
			      : OF_V4,
		      dead, sizeof(dead));
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
static const struct explainer next_hop_explainers[] = {
	{LAYER_NEIGH, explain_discards},
	{LAYER_NEIGH, explain_full_table},
	{0, NULL},
};
/* clang-format on */

static const struct probe *const next_hop_after[] = {&neigh_probe, &snmp_probe,
						     NULL};

static const struct counter_table no_counters = {.n = 0};

const struct probe next_hop_probe = {
	.name = "next_hop",
	.reads = "RTM_GETNEIGH, once packets are refused that nothing explains",
	.layer = LAYER_NEIGH,
	.after = next_hop_after,
	.counters = &no_counters,
	.explainers = next_hop_explainers,
	.reasons = next_hop_reasons,
	.explain_hidden = explain_unresolved,
	.attribute = attribute_refusals,
	.read = next_hop_read,
};
