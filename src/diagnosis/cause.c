/* SPDX-License-Identifier: MIT */
#include "diagnosis/cause.h"

#include <string.h>

#include "probes/link/link.h"
#include "probes/firewall/netfilter.h"
#include "probes/firewall/nft_read.h"
#include "probes/qdisc/qdisc.h"
#include "probes/socket/socket.h"
#include "probes/sysctl.h"
#include "kernel/procnet.h"

/* A loss with the object and the counter that lost most of it. */
struct suspect {
	const struct sample *sample;
	const struct loss *loss;
	const struct object *object;
	const struct row *row;
};

/* Kinds that can be to blame, as a set; some stand for a whole, some name. */
#define WHOLE (1u << KIND_LOST | 1u << KIND_RESENT | 1u << KIND_FILL)
#define PARTS (1u << KIND_PART | 1u << KIND_DETAIL)

static bool is_culprit(const struct row *row, const struct loss *loss,
		       unsigned kinds)
{
	return kinds & 1u << row->counter->kind &&
	       (row->counter->direction == loss->direction ||
		(loss->layer == LAYER_NETFILTER &&
		 row->counter->direction == DIR_NONE)) &&
	       (row->counter->kind == KIND_FILL ||
		(row->flags & ROW_COMPARED && row->delta));
}

/*
 * Of equals the later goes first: parts and leaves follow their totals. Only
 * classes follow their leaves, which say more.
 */
static bool is_worse(const struct row *row, const struct row *worst)
{
	if (row->delta != worst->delta)
		return row->delta > worst->delta;
	return !qdisc_is_class(row) || worst->counter->kind == KIND_LOST;
}

/* The suspects of one loss, the worst first. */
struct suspects {
	struct suspect items[MAX_CAUSES];
	size_t n;
};

static void insert_suspect(struct suspects *list, struct suspect suspect)
{
	size_t at = list->n;

	while (at && is_worse(suspect.row, list->items[at - 1].row))
		at--;
	if (at == MAX_CAUSES)
		return;
	if (list->n < MAX_CAUSES)
		list->n++;
	for (size_t i = list->n - 1; i > at; i--)
		list->items[i] = list->items[i - 1];
	list->items[at] = suspect;
}

static void search(struct suspects *list, const struct sample *s,
		   const struct loss *loss, unsigned kinds)
{
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];

		if (o->layer != loss->layer ||
		    strcmp(object_place(s, o), loss->place))
			continue;
		for (uint32_t j = 0; j < o->n; j++) {
			const struct row *row = &s->rows[o->first + j];

			if (is_culprit(row, loss, kinds))
				insert_suspect(list, (struct suspect) {s, loss,
								       o, row});
		}
	}
}

/*
 * A chain is the sum of its rules: rules are blamed where one is known. Qdiscs
 * repeat each other: the one that lost most is blamed alone.
 */
static void find_suspects(struct suspects *list, const struct sample *s,
			  const struct loss *loss)
{
	list->n = 0;
	if (loss->layer == LAYER_NETFILTER)
		search(list, s, loss, PARTS);
	if (list->n)
		return;
	search(list, s, loss,
	       loss->layer == LAYER_QDISC ? WHOLE | PARTS : WHOLE);
	if (!list->n) /* a driver that fills parts only */
		search(list, s, loss, PARTS);
	if (loss->layer == LAYER_QDISC && list->n > 1)
		list->n = 1;
}

/* The largest part of the suspect that explains at least half of it. */
static void prefer_part(struct suspect *suspect)
{
	const struct object *o = suspect->object;
	const struct row *whole = suspect->row;

	for (uint32_t i = 0; i < o->n; i++) {
		const struct row *row = &suspect->sample->rows[o->first + i];

		if (row->counter->kind == KIND_PART &&
		    is_culprit(row, suspect->loss, PARTS) &&
		    !strcmp(row->counter->in, whole->counter->name) &&
		    row->delta >= whole->delta / 2 &&
		    (suspect->row == whole || row->delta > suspect->row->delta))
			suspect->row = row;
	}
}

#define TEXT(cause, ...)                                                       \
	format_text((cause)->text, sizeof((cause)->text), __VA_ARGS__)
#define REMEDY(cause, ...)                                                     \
	format_text((cause)->remedy, sizeof((cause)->remedy), __VA_ARGS__)

static bool fact(const struct suspect *suspect, const struct object *o,
		 const struct counter *counter, uint64_t *ret)
{
	const struct row *row = object_row(suspect->sample, o, counter);

	if (row)
		*ret = row->value;
	return row;
}

struct wire {
	const char *kind;
	const char *peer; /* name */
	uint64_t mtu, peer_mtu, up, peer_up;
};

/* The two ends of a veth, when both are known. */
static bool get_wire(const struct suspect *suspect, struct wire *ret)
{
	const struct sample *s = suspect->sample;
	const struct object *config;
	uint32_t hint = suspect->object - s->objects;

	config = sample_find(s, LAYER_LINK, suspect->loss->place, LINK_CONFIG,
			     &hint);
	if (!config || !fact(suspect, config, &link_fact_mtu, &ret->mtu) ||
	    !fact(suspect, config, &link_fact_up, &ret->up) ||
	    !fact(suspect, config, &link_fact_peer_mtu, &ret->peer_mtu) ||
	    !fact(suspect, config, &link_fact_peer_up, &ret->peer_up))
		return false;
	ret->peer = strchr(object_label(s, config), ' ');
	ret->peer = ret->peer ? ret->peer + 1 : "?";
	return true;
}

/*
 * Whoever owns a namespace chooses the names in it, and remedies are pasted
 * into shells: a name that is not plain has none.
 */
static bool is_plain(const char *name)
{
	if (*name == '-')
		return false; /* an option */
	for (; *name; name++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
			    "yz"
			    "0123456789_.-",
			    *name))
			return false;
	return true;
}

static bool is_dropped(const struct suspect *suspect)
{
	const char *name = suspect->row->counter->name;

	return !strcmp(name, "rx_dropped") || !strcmp(name, "tx_dropped");
}

static bool explain_mtu(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;
	bool rx = suspect->loss->direction == DIR_RX;
	struct wire wire;

	if (!is_dropped(suspect) || !get_wire(suspect, &wire))
		return false;
	if (rx ? wire.peer_mtu <= wire.mtu : wire.peer_mtu >= wire.mtu)
		return false;
	TEXT(ret, "MTU mismatch: %s has MTU %llu, its veth peer %s has %llu",
	     place, (unsigned long long)wire.mtu, wire.peer,
	     (unsigned long long)wire.peer_mtu);
	REMEDY(ret, "Make both the same: ip link set dev %s mtu %llu", place,
	       (unsigned long long)wire.peer_mtu);
	return true;
}

static bool explain_down(const struct suspect *suspect, struct cause *ret)
{
	bool rx = suspect->loss->direction == DIR_RX;
	const char *down = suspect->loss->place;
	struct wire wire;

	if (!is_dropped(suspect) || !get_wire(suspect, &wire) ||
	    (rx ? wire.up : wire.peer_up))
		return false;
	if (!rx)
		down = wire.peer;
	TEXT(ret, "%s is down", down);
	if (is_plain(down))
		REMEDY(ret, "Bring it up: ip link set dev %s up", down);
	return true;
}

/* Each driver that tells has a counter of its own. */
static bool explain_xdp(const struct suspect *suspect, struct cause *ret)
{
	if (!strstr(suspect->row->counter->name, "xdp_drop"))
		return false;
	TEXT(ret, "an XDP program on %s drops them", suspect->loss->place);
	REMEDY(ret, "Look at it: ip link show dev %s; bpftool net",
	       suspect->loss->place);
	return true;
}

/* What a counter counted since the read before, whatever its object. */
static uint64_t delta_of_name(const struct sample *s, enum layer layer,
			      const char *name)
{
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];

		for (uint32_t j = 0; o->layer == layer && j < o->n; j++) {
			const struct row *row = &s->rows[o->first + j];

			if (row->flags & ROW_COMPARED &&
			    !strcmp(row->counter->name, name))
				return row->delta;
		}
	}
	return 0;
}

/*
 * A bridge that hands its frames to iptables fragments what is too big for a
 * port, or drops it. It tells nobody, where a router answers with ICMP.
 */
static bool explain_bridge(const struct suspect *suspect, struct cause *ret)
{
	const char *name = suspect->row->counter->name;
	const struct sample *s = suspect->sample;
	struct link_mismatch m;
	const char *answer = "OutDestUnreachs";

	if (!strcmp(name, "Ip6FragFails"))
		answer = "Icmp6OutPktTooBigs";
	else if (strcmp(name, "FragFails"))
		return false;
	if (delta_of_name(s, LAYER_ICMP, answer) * 2 > suspect->row->delta ||
	    !link_find_mismatch(s, &m))
		return false;
	TEXT(ret, "bridge %s: port %s has MTU %llu, %s %llu", m.bridge,
	     m.larger, (unsigned long long)m.larger_mtu, m.smaller,
	     (unsigned long long)m.smaller_mtu);
	if (is_plain(m.smaller))
		REMEDY(ret,
		       "Align both ports and what is behind them: ip link set "
		       "dev %s mtu %llu",
		       m.smaller, (unsigned long long)m.larger_mtu);
	return true;
}

/* "tc qdisc del dev eth0 root" and the like, for the suspected qdisc. */
static void qdisc_command(const struct suspect *suspect, const char *verb,
			  char *buffer, size_t size)
{
	uint64_t handle = 0, parent = 0;
	int n;

	fact(suspect, suspect->object, &qdisc_fact_handle, &handle);
	fact(suspect, suspect->object, &qdisc_fact_parent, &parent);
	n = snprintf(buffer, size, "tc qdisc %s dev %s ", verb,
		     suspect->loss->place);
	if (n < 0 || (size_t)n >= size)
		return;
	if (parent == UINT32_MAX)
		snprintf(buffer + n, size - n, "root");
	else
		snprintf(buffer + n, size - n,
			 "parent %x:%x handle %x:", (unsigned)(parent >> 16),
			 (unsigned)(parent & 0xffff), (unsigned)(handle >> 16));
}

static const char *qdisc_kind(const struct suspect *suspect)
{
	return object_label(suspect->sample, suspect->object);
}

static bool explain_netem(const struct suspect *suspect, struct cause *ret)
{
	char command[96];
	uint64_t loss;

	if (strcmp(qdisc_kind(suspect), "netem") ||
	    !fact(suspect, suspect->object, &qdisc_fact_netem_loss, &loss))
		return false;
	TEXT(ret, "netem is configured to lose %.4g%%",
	     100.0 * (double)loss / UINT32_MAX);
	qdisc_command(suspect, "del", command, sizeof(command));
	REMEDY(ret, "Remove it: %s", command);
	return true;
}

static bool is_in(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Whether what was dropped did not fit, and was not dropped early. */
static bool is_full(const struct suspect *suspect)
{
	static const char *const parts[] = {"drop_overlimit", "overlimit",
					    NULL};
	static const char *const plain[] = {"sfq", "fq", "hhf", NULL};
	const char *name = suspect->row->counter->name;

	if (name[0])
		return is_in(name, parts);
	return !qdisc_is_aqm(qdisc_kind(suspect)) ||
	       is_in(qdisc_kind(suspect), plain);
}

static bool explain_full(const struct suspect *suspect, struct cause *ret)
{
	const char *unit = "packets", *kind = qdisc_kind(suspect);
	const struct object *o = suspect->object;
	char command[96];
	uint64_t limit;

	if (!is_full(suspect))
		return false;
	if (fact(suspect, o, &qdisc_fact_limit_bytes, &limit))
		unit = "bytes";
	else if (!fact(suspect, o, &qdisc_fact_limit, &limit))
		return false;
	TEXT(ret, "%s's queue is full (limit %llu %s)", kind,
	     (unsigned long long)limit, unit);
	qdisc_command(suspect, "change", command, sizeof(command));
	REMEDY(ret, "Raise it: %s %s limit N", command, kind);
	return true;
}

static bool explain_aqm(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->name[0] ||
	    !qdisc_is_aqm(qdisc_kind(suspect)))
		return false;
	TEXT(ret,
	     "%s: dropped early by the AQM to slow senders down: normal for "
	     "TCP",
	     qdisc_kind(suspect));
	REMEDY(ret, "Send less or raise the rate: tc -s qdisc show dev %s",
	       suspect->loss->place);
	return true;
}

/* Where no qdisc of its own says more. */
static bool explain_class(const struct suspect *suspect, struct cause *ret)
{
	uint64_t id = 0;

	if (!qdisc_is_class(suspect->row))
		return false;
	fact(suspect, suspect->object, &qdisc_fact_handle, &id);
	TEXT(ret, "class %x:%x of %s is slower than what is sent",
	     (unsigned)(id >> 16), (unsigned)(id & 0xffff),
	     qdisc_kind(suspect));
	REMEDY(ret, "Raise its rate or send less: tc -s class show dev %s",
	       suspect->loss->place);
	return true;
}

/* " (1.5 Mbit/s)" for a rate in bytes per second. */
static void describe_rate(uint64_t rate, char *buffer, size_t size)
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s",
					    "Gbit/s"};
	double bits = (double)rate * 8;
	size_t i = 0;

	while (bits >= 1000 && i + 1 < ARRAY_SIZE(units)) {
		bits /= 1000;
		i++;
	}
	snprintf(buffer, size, " (%.4g %s)", bits, units[i]);
}

static bool explain_shaper(const struct suspect *suspect, struct cause *ret)
{
	static const char *const shapers[] = {"tbf", "htb", "hfsc", "cbq"};
	const struct object *o = suspect->object;
	const char *kind = qdisc_kind(suspect);
	char speed[32] = "";
	uint64_t rate;

	for (size_t i = 0; i < ARRAY_SIZE(shapers); i++) {
		if (strcmp(shapers[i], kind))
			continue;
		if (fact(suspect, o, &qdisc_fact_rate, &rate))
			describe_rate(rate, speed, sizeof(speed));
		TEXT(ret, "the shaper %s%s is slower than what is sent", kind,
		     speed);
		REMEDY(ret,
		       "Raise its rate or send less: tc -s qdisc show dev %s",
		       suspect->loss->place);
		return true;
	}
	return false;
}

static bool explain_rule(const struct suspect *suspect, struct cause *ret)
{
	const struct sample *s = suspect->sample;
	char command[128];

	if (netfilter_describe_rule(s, suspect->object, ret->text,
				    sizeof(ret->text)) < 0)
		return false;
	ret->is_rule =
		!object_row(s, suspect->object, &netfilter_rule_probability) &&
		!object_row(s, suspect->object, &netfilter_rule_every);
	if (netfilter_remedy(s, suspect->object, command, sizeof(command)) == 0)
		REMEDY(ret, "Look at it: %s", command);
	return true;
}

/*
 * What the balance of IP misses. The rules that have no counter are the first
 * suspects; there may be none, for XDP, tc and IPVS make packets vanish too.
 */
static void explain_uncounted(const struct sample *s, const struct loss *loss,
			      struct cause *ret)
{
	const char *where = loss->direction == DIR_RX
				    ? "between IP input and delivery"
				    : "between IP output and the interface";
	uint64_t n = nft_uncounted(s);
	const struct object *o;
	char rule[96];
	uint32_t at = 0;

	o = nft_next_uncounted(s, &at);
	if (!o || netfilter_describe_rule(s, o, rule, sizeof(rule)) < 0) {
		TEXT(ret,
		     "lost %s without a counter, most often by a "
		     "firewall rule without `counter`",
		     where);
		REMEDY(ret, "Look for a rule that drops: nft list ruleset");
		return;
	}
	TEXT(ret, "lost %s without a counter: suspect %s", where, rule);
	if (n > 1)
		TEXT(ret, "lost %s without a counter: suspect %s or %llu more",
		     where, rule, (unsigned long long)(n - 1));
	REMEDY(ret, "Add `counter` to it");
}

/* A level of the namespace's connection table: "count" or "max"; else 0. */
static uint64_t table_level(const struct suspect *suspect, const char *name)
{
	const struct object *o = suspect->object;

	for (uint32_t i = 0; i < o->n; i++) {
		const struct row *row = &suspect->sample->rows[o->first + i];

		if (!strcmp(row->counter->name, name))
			return row->value;
	}
	return 0;
}

/* A table that is full keeps a little below its limit by throwing out. */
#define NEARLY_FULL_PERCENT 90

static bool explain_conntrack(const struct suspect *suspect, struct cause *ret)
{
	unsigned long long count = table_level(suspect, "count");
	unsigned long long max = table_level(suspect, "max");

	if (!max || !strcmp(suspect->row->counter->name, "chaintoolong") ||
	    (suspect->loss->direction != DIR_FILL &&
	     count * 100 < max * NEARLY_FULL_PERCENT))
		return false;
	TEXT(ret, "the connection table is %s (%llu of %llu entries)",
	     suspect->loss->direction == DIR_FILL ? "filling up" : "full",
	     count, max);
	REMEDY(ret,
	       "Raise net.netfilter.nf_conntrack_max on the host, now "
	       "%llu",
	       max);
	return true;
}

/* " (nginx[42])", or nothing where the process is not known. */
static void describe_owner(const struct sample *s, const struct object *o,
			   char *buffer, size_t size)
{
	const char *label = object_label(s, o);

	snprintf(buffer, size, label[0] ? " (%.31s)" : "%s", label);
}

/* The port whose sockets dropped most; *ret_n: how many ports there are. */
static const struct object *worst_port(const struct sample *s, uint64_t *ret,
				       unsigned *ret_n)
{
	const struct object *worst = NULL;
	uint64_t most = 0;

	*ret = 0;
	*ret_n = 0;
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];
		const struct row *row = object_row(s, o, &socket_udp_drops);

		if (!row || o->stale || !(row->flags & ROW_COMPARED) ||
		    !row->delta)
			continue;
		*ret += row->delta;
		*ret_n += 1;
		if (row->delta <= most)
			continue;
		most = row->delta;
		worst = o;
	}
	return worst;
}

/* Sockets that dropped at least half of it; those that closed are not known. */
static bool explain_udp(const struct suspect *suspect, struct cause *ret)
{
	const char *counter = suspect->row->counter->name;
	uint64_t dropped, port = 0, rcvbuf = 0;
	char owner[48], others[48] = "";
	const struct object *o;
	unsigned n;

	if (strcmp(counter, "RcvbufErrors") &&
	    strcmp(counter, "Udp6RcvbufErrors"))
		return false;
	o = worst_port(suspect->sample, &dropped, &n);
	if (!o || dropped * 2 < suspect->row->delta ||
	    !fact(suspect, o, &socket_fact_port, &port) || !port ||
	    !fact(suspect, o, &socket_fact_rcvbuf, &rcvbuf))
		return false;
	describe_owner(suspect->sample, o, owner, sizeof(owner));
	if (n > 1)
		snprintf(others, sizeof(others), "; so are those of %u more",
			 n - 1);
	TEXT(ret,
	     "receive buffer of UDP port %llu%s is full: SO_RCVBUF %llu "
	     "bytes%s",
	     (unsigned long long)port, owner, (unsigned long long)rcvbuf,
	     others);
	REMEDY(ret, "Read faster or raise SO_RCVBUF; limit: "
		    "sysctl net.core.rmem_max");
	return true;
}

/* The listener whose accept queue is nearest to its limit, or over it. */
static const struct object *fullest_listener(const struct suspect *suspect,
					     uint64_t *ret_queue,
					     uint64_t *ret_limit)
{
	const struct sample *s = suspect->sample;
	const struct object *fullest = NULL;

	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];
		uint64_t queue, limit;

		if (o->stale || !fact(suspect, o, &socket_tcp_accept, &queue) ||
		    !fact(suspect, o, &socket_fact_limit, &limit) ||
		    (fullest &&
		     queue * (*ret_limit + 1) <= *ret_queue * (limit + 1)))
			continue;
		fullest = o;
		*ret_queue = queue;
		*ret_limit = limit;
	}
	return fullest;
}

static bool explain_listener(const struct suspect *suspect, struct cause *ret)
{
	const char *counter = suspect->row->counter->name;
	uint64_t port = 0, queue = 0, limit = 0;
	const struct object *o;
	char owner[48];

	if (strcmp(counter, "ListenDrops") &&
	    strcmp(counter, "ListenOverflows"))
		return false;
	o = fullest_listener(suspect, &queue, &limit);
	if (!o || !queue || queue * 2 < limit || /* another one was it */
	    !fact(suspect, o, &socket_fact_port, &port))
		return false;
	describe_owner(suspect->sample, o, owner, sizeof(owner));
	TEXT(ret, "accept queue of TCP port %llu%s %s: %llu of %llu",
	     (unsigned long long)port, owner,
	     queue > limit ? "is full" : "was full or is filling",
	     (unsigned long long)queue, (unsigned long long)limit);
	REMEDY(ret, "Accept faster or raise the backlog of listen() and "
		    "net.core.somaxconn");
	return true;
}

/* The rules, first match wins; what no rule explains, its counter does. */
static const struct {
	uint8_t layer;
	bool (*explain)(const struct suspect *suspect, struct cause *ret);
} rules[] = {
	{LAYER_LINK, explain_xdp},	 {LAYER_LINK, explain_down},
	{LAYER_LINK, explain_mtu},	 {LAYER_QDISC, explain_netem},
	{LAYER_QDISC, explain_class},	 {LAYER_QDISC, explain_shaper},
	{LAYER_QDISC, explain_full},	 {LAYER_QDISC, explain_aqm},
	{LAYER_NETFILTER, explain_rule}, {LAYER_CONNTRACK, explain_conntrack},
	{LAYER_IP, explain_bridge},	 {LAYER_UDP, explain_udp},
	{LAYER_TCP, explain_listener},
};

/* Copies a remedy, with the interface for the word DEV. */
static void copy_remedy(char *buffer, size_t size, const char *remedy,
			const char *place)
{
	const char *dev = place[0] ? strstr(remedy, "DEV") : NULL;

	if (dev)
		snprintf(buffer, size, "%.*s%s%s", (int)(dev - remedy), remedy,
			 place, dev + 3);
	else
		snprintf(buffer, size, "%s", remedy);
}

static void explain_counter(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;
	const char *label = object_label(suspect->sample, suspect->object);
	bool named = suspect->loss->layer == LAYER_QDISC && label[0];

	TEXT(ret, "%s%s%s", named ? label : c->name,
	     c->name[0] || named ? ": " : "", c->cause ? c->cause : c->means);
	if (c->remedy)
		copy_remedy(ret->remedy, sizeof(ret->remedy), c->remedy,
			    suspect->loss->place);
	ret->known = c->cause != NULL;
}

static void explain(const struct suspect *suspect, struct cause *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].layer == suspect->loss->layer &&
		    rules[i].explain(suspect, ret))
			return;
	explain_counter(suspect, ret);
}

/* Adds a cause of so many packets, the worst first; full lists lose theirs. */
static void insert_cause(struct causes *list, const struct cause *cause)
{
	size_t at = list->n;

	while (at && list->items[at - 1].lost < cause->lost)
		at--;
	if (at == MAX_CAUSES)
		return;
	if (list->n < MAX_CAUSES)
		list->n++;
	memmove(&list->items[at + 1], &list->items[at],
		(list->n - 1 - at) * sizeof(*cause));
	list->items[at] = *cause;
}

/* What no row of this namespace counts. */
static void explain_hidden(const struct sample *s, const struct loss *loss,
			   struct causes *list)
{
	struct cause c = {.known = true};

	if (loss->uncounted) {
		c.lost = loss->uncounted;
		c.counter = loss->direction == DIR_RX ? "in_gap" : "out_gap";
		explain_uncounted(s, loss, &c);
		insert_cause(list, &c);
	}
	if (loss->martians) {
		c.lost = loss->martians;
		c.counter = "in_martian_src";
		TEXT(&c, "martian packets: their source or destination "
			 "address cannot come from there");
		REMEDY(&c, "Find the sender: sysctl -w "
			   "net.ipv4.conf.all.log_martians=1, then dmesg");
		insert_cause(list, &c);
	}
	if (loss->unresolved) {
		c.lost = loss->unresolved;
		c.counter = "res_failed";
		TEXT(&c, "the next hop does not resolve: nobody answers ARP or "
			 "neighbour discovery for it");
		REMEDY(&c, "Is it up and on this wire? ip neigh show nud "
			   "failed");
		insert_cause(list, &c);
	}
}

/* Adds " (now 4096)" behind each setting of the kernel that is known. */
static void quote_settings(const struct sample *s, struct cause *c)
{
	char quoted[sizeof(c->remedy)] = "";
	const char *rest = c->remedy, *from = c->remedy;
	struct token name;
	size_t n = 0;

	while ((name = sysctl_next(&rest)).n) {
		const char *value = sysctl_value(s, name);
		int more = snprintf(quoted + n, sizeof(quoted) - n,
				    value ? "%.*s (now %s)" : "%.*s",
				    (int)(rest - from), from, value);

		if (more < 0 || n + more + strlen(rest) >= sizeof(quoted))
			return; /* better the whole remedy without */
		n += more;
		from = rest;
	}
	snprintf(quoted + n, sizeof(quoted) - n, "%s", from);
	memcpy(c->remedy, quoted, sizeof(c->remedy));
}

static void explain_suspect(struct suspect *suspect, struct causes *list)
{
	struct cause c = {.known = true};

	c.lost = suspect->row->counter->kind == KIND_FILL ? suspect->row->value
							  : suspect->row->delta;
	prefer_part(suspect);
	c.counter = suspect->row->counter->name;
	explain(suspect, &c);
	quote_settings(suspect->sample, &c);
	insert_cause(list, &c);
}

void cause_list(const struct sample *s, const struct loss *loss,
		struct causes *ret)
{
	struct suspects suspects;

	ret->n = 0;
	ret->items[0] = (struct cause) {.counter = ""};
	find_suspects(&suspects, s, loss);
	explain_hidden(s, loss, ret);
	for (size_t i = 0; i < suspects.n; i++)
		explain_suspect(&suspects.items[i], ret);
	for (size_t i = 0; i < ret->n && !is_plain(loss->place); i++)
		ret->items[i].remedy[0] = '\0';
}
