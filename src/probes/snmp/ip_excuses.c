/* SPDX-License-Identifier: MIT */
#include "probes/snmp/ip_excuses.h"

#include <netinet/in.h> /* before the kernel's own, for musl */

#include <errno.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/snmp.h>
#include <string.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"

/* ---- what was counted before ---- */

/* The first row of an object with that tag and of that family, or NULL. */
static const struct row *row_like(const struct sample *s,
				  const struct object *o,
				  const struct counter *like, enum tag tag)
{
	EACH_ROW (s, o, row)
		if (row->counter->tag == tag && row->counter->v6 == like->v6)
			return row;
	return NULL;
}

/* A row of the object appended last, and what it was the read before, or 0. */
struct pair {
	const struct row *now; /* NULL: there is none */
	uint64_t value, before;
};

static struct pair pair_like(const struct sample *out,
			     const struct counter *like, enum tag tag)
{
	const struct object *o = &out->objects[out->n_objects - 1];
	struct pair pair = {.now = row_like(out, o, like, tag)};
	const struct row *before;

	if (!pair.now)
		return pair;
	pair.value = pair.now->value;
	before = row_before(out, o, pair.now - object_rows(out, o),
			    pair.now->counter);
	pair.before = before ? before->value : 0;
	return pair;
}

/* By how much the first row of a tag has grown in this read. */
static uint64_t grown(const struct sample *s, const struct object *o,
		      enum tag tag)
{
	const struct object *p = object_before(s, o);
	const struct row *row = object_tagged(s, o, tag);
	const struct row *before = p ? object_tagged(s->then, p, tag) : NULL;

	return row ? less_by(row->value, before ? before->value : 0) : 0;
}

/* ---- packets that are meant to die ---- */

/*
 * A packet in a circle of two routers is forwarded by each of them once for
 * each two of its TTL, which is 255 at most; few circles have more than six.
 */
#define MIN_ROUNDS 10
#define MAX_ROUNDS 130

static bool is_interface(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK && !object_name(s, o)[0] &&
	       strcmp(object_place(s, o), "lo");
}

/* What interfaces did with packets in this read. */
struct traffic {
	uint64_t received; /* by all of them */
	uint64_t at_ip;	   /* the same, each packet once */
	uint64_t back; /* sent by those that had received it, at the least */
	uint64_t most; /* and by one of them, were none stacked */
};

static void sum_received(const struct sample *s, struct traffic *t)
{
	EACH_OBJECT (s, o) {
		if (is_interface(s, o))
			t->received += grown(s, o, TAG_RX_PACKETS);
		if (o->layer != LAYER_IP)
			continue;
		EACH_ROW (s, o, row)
			if (row->counter->tag == TAG_IN_RECEIVES)
				t->at_ip += row_growth(s, o, row);
	}
}

/*
 * The least that an interface sent of what it had itself received: what it sent
 * beyond all that came in elsewhere.
 */
static void sum_turned_back(const struct sample *s, struct traffic *t)
{
	EACH_OBJECT (s, o) {
		uint64_t rx, tx, most;

		if (!is_interface(s, o))
			continue;
		rx = grown(s, o, TAG_RX_PACKETS);
		tx = grown(s, o, TAG_TX_PACKETS);
		most = less_by(rx + tx, t->received);
		t->most = most > t->most ? most : t->most;
		t->back += smaller_of(less_by(rx + tx, t->at_ip),
				      smaller_of(rx, tx));
	}
}

/*
 * A VLAN's packets are its lower device's, too: there each of both has to turn
 * most of them back. A lower device that routes between its VLANs does, but
 * these do not. Where frames are merged before IP sees them, nothing is known.
 */
static bool turns_back(const struct traffic *t, uint64_t forwarded)
{
	if (t->most * 2 >= forwarded)
		return true;
	return t->received <= t->at_ip * 3 && forwarded * 4 >= t->at_ip * 3 &&
	       t->back * 3 >= t->received * 2;
}

bool ip_excuse_is_loop(const struct sample *s, uint64_t expired,
		       uint64_t forwarded)
{
	struct traffic t = {.received = 0};

	if (forwarded < expired * MIN_ROUNDS ||
	    forwarded > expired * MAX_ROUNDS)
		return false;
	sum_received(s, &t);
	if (!t.received) /* no interface is read: the rounds have to do */
		return true;
	sum_turned_back(s, &t);
	return turns_back(&t, forwarded);
}

/* What of one family tells of packets whose TTL ended. */
struct expiries {
	uint64_t errors, damaged, answered, held_back, forwarded;
	bool tells_held_back;
};

static void add_to(struct expiries *e, const struct counter *c,
		   const struct counter *like, uint64_t value)
{
	if (c->v6 != like->v6 && c->tag != TAG_RATE_LIMIT_ALL)
		return;
	switch (c->tag) {
	case TAG_IN_HDR_ERRORS:
		e->errors += value;
		break;
	case TAG_HDR_CHECKSUM:
		e->damaged += value;
		break;
	case TAG_FORW_DATAGRAMS:
		e->forwarded += value;
		break;
	case TAG_OUT_TIME_EXCDS:
		e->answered += value;
		break;
	case TAG_RATE_LIMIT:
	case TAG_RATE_LIMIT_ALL:
		e->held_back += value;
		e->tells_held_back = true;
		break;
	}
}

static struct expiries expiries_now(const struct snmp_columns *columns,
				    const struct snmp_values *values,
				    const struct counter *like)
{
	struct expiries e = {.errors = 0};

	for (size_t i = 0; i < columns->first[N_LAYERS]; i++) {
		const struct snmp_wanted *w = &columns->wanted[i];

		if (w->counter->tag && values->found[w->slot])
			add_to(&e, w->counter, like, values->value[w->slot]);
	}
	return e;
}

static struct expiries expiries_then(const struct sample *then,
				     const struct counter *like)
{
	struct expiries e = {.errors = 0};

	for (uint32_t i = 0; then && i < then->n_objects; i++) {
		const struct object *o = &then->objects[i];

		if (o->layer != LAYER_IP && o->layer != LAYER_ICMP)
			continue;
		EACH_ROW (then, o, row)
			if (row->counter->tag)
				add_to(&e, row->counter, like, row->value);
	}
	return e;
}

/*
 * Packets whose TTL ended and whose sender was told, or would have been if it
 * had not been told so often: before Linux 5.18 that is not counted, and any
 * answer stands for the others. What goes round in circles is lost.
 */
static uint64_t count_expired(const struct expiries *now,
			      const struct expiries *then,
			      const struct sample *s)
{
	uint64_t errors = less_by(now->errors, then->errors);
	uint64_t damaged = less_by(now->damaged, then->damaged);
	uint64_t expired = less_by(errors, damaged);
	uint64_t told = less_by(now->answered, then->answered);

	if (now->tells_held_back)
		told += less_by(now->held_back, then->held_back);
	else if (told)
		told = expired;
	if (told < expired)
		expired = told;
	if (ip_excuse_is_loop(s, expired,
			      less_by(now->forwarded, then->forwarded)))
		return 0;
	return expired;
}

static uint64_t expired_since(const struct snmp_columns *columns,
			      const struct snmp_values *values,
			      const struct counter *excuse,
			      const struct sample *out)
{
	struct expiries now = expiries_now(columns, values, excuse);
	struct expiries then = expiries_then(out->then, excuse);

	return count_expired(&now, &then, out);
}

/* ---- a protocol that is switched off ---- */

/* The number at an index of an array of them, 0 where it is shorter. */
static uint64_t number_at(const struct nlattr *attr, size_t size, size_t index)
{
	uint64_t value = 0;

	if (attr && mnl_attr_get_payload_len(attr) >= (index + 1) * size)
		memcpy(&value,
		       (const char *)mnl_attr_get_payload(attr) + index * size,
		       size);
	return value;
}

int ip_excuse_parse(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[IFLA_PROTINFO + 1];
	const struct nlattr *inet6[IFLA_INET6_MAX + 1];
	const size_t head = NLMSG_ALIGN(sizeof(struct ifinfomsg));
	uint64_t *discards = arg;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_HDRLEN + head)
		return -EBADMSG;
	attrs_index((struct attrs) {(const char *)h + NLMSG_HDRLEN + head,
				    h->nlmsg_len - NLMSG_HDRLEN - head},
		    attrs, IFLA_PROTINFO);
	attrs_index(attrs_in(attrs[IFLA_PROTINFO]), inet6, IFLA_INET6_MAX);
	if (!number_at(inet6[IFLA_INET6_CONF], 4, DEVCONF_DISABLE_IPV6))
		*discards += number_at(inet6[IFLA_INET6_STATS], 8,
				       IPSTATS_MIB_INDISCARDS);
	return 0;
}

/* What interfaces discarded that speak IPv6. Returns 0 or negative errno. */
static int ask_discards(const struct probe_env *env, uint64_t *ret)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_DUMP},
		.m = {.ifi_family = AF_INET6},
	};

	*ret = 0;
	if (!env->netlink)
		return -ENOENT;
	return netlink_ask(env->netlink, NETLINK_ROUTE, &request.h,
			   ip_excuse_parse, ret);
}

/*
 * The fact that it rests on: asked when a packet was discarded, and absent
 * where it could not be.
 */
static void append_discards_on(const struct probe_env *env,
			       const struct pair *all, const struct row *before,
			       const struct counter *fact, struct sample *out)
{
	uint64_t on = 0;

	if (before && all->value == all->before)
		sample_row(out, fact, before->value);
	else if (!all->value || ask_discards(env, &on) == 0)
		sample_row(out, fact, on);
}

/* Discarded in this read, less by interfaces that speak IPv6. */
static uint64_t disabled_since(const struct pair *all,
			       const struct counter *excuse,
			       const struct sample *out)
{
	struct pair on = pair_like(out, excuse, TAG_DISCARDS6_ON);
	const struct object *o = &out->objects[out->n_objects - 1];
	const struct object *p = object_before(out, o);

	if (!on.now || (p && !object_tagged(out->then, p, TAG_DISCARDS6_ON)))
		return 0;
	return less_by(less_by(all->value, all->before),
		       less_by(on.value, on.before));
}

/* ---- a protocol that is not spoken ---- */

int ip_excuse_parse_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	bool *is_global = arg;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    h->nlmsg_len < NLMSG_HDRLEN + sizeof(*m))
		return -EBADMSG;
	if (m->ifa_scope < RT_SCOPE_LINK)
		*is_global = true;
	return 0;
}

/* Whether it has an address that others than its neighbours know. */
static bool may_speak6(const struct probe_env *env)
{
	bool is_global = false;
	int r = netlink_ask_addresses(env->netlink, AF_INET6,
				      ip_excuse_parse_address, &is_global);

	return is_global || r < 0; /* as far as is known */
}

/* ---- a host that is no router ---- */

/*
 * Whether it has ever forwarded a packet of a family. Then forwarding was
 * switched off, and what comes is missed; else it may be any frame that a wire
 * brings to all: broadcasts of another subnet, Wake-on-LAN, flooded unicast.
 */
static bool has_forwarded(const struct sample *out, const struct counter *like)
{
	struct pair forwarded = pair_like(out, like, TAG_FORW_DATAGRAMS);

	return !forwarded.now || forwarded.value;
}

/* ---- packets that come twice ---- */

static uint64_t grown_like(const struct sample *out, const struct counter *like,
			   enum tag tag)
{
	struct pair p = pair_like(out, like, tag);

	return less_by(p.value, p.before);
}

/* No more than were taken at another interface. */
static uint64_t count_copies(const struct probe_env *env,
			     const struct counter *excuse,
			     const struct pair *errors,
			     const struct sample *out)
{
	uint64_t taken = grown_like(out, excuse, TAG_IN_BCAST_PKTS) +
			 grown_like(out, excuse, TAG_IN_MCAST_PKTS);

	if (!taken)
		return 0;
	return smaller_of(taken * ip_twins_ask(env),
			  less_by(errors->value, errors->before));
}

/* ---- */

static enum tag excused_by(enum tag excuse)
{
	switch (excuse) {
	case TAG_EXPIRED:
		return TAG_IN_HDR_ERRORS;
	case TAG_UNSPOKEN6:
		return TAG_OUT_NO_ROUTES;
	case TAG_NOT_OURS:
		return TAG_IN_ADDR_ERRORS;
	case TAG_COPIES:
		return TAG_RP_FILTER;
	default:
		return TAG_DISCARDS6;
	}
}

/* Of the errors that moved. */
static uint64_t count_excused(const struct probe_env *env,
			      const struct snmp_columns *columns,
			      const struct snmp_values *values,
			      const struct counter *excuse,
			      const struct pair *errors, struct sample *out)
{
	switch (excuse->tag) {
	case TAG_EXPIRED:
		return expired_since(columns, values, excuse, out);
	case TAG_UNSPOKEN6:
		return may_speak6(env) ? 0
				       : less_by(errors->value, errors->before);
	case TAG_COPIES:
		return count_copies(env, excuse, errors, out);
	case TAG_NOT_OURS:
		return has_forwarded(out, excuse)
			       ? 0
			       : less_by(errors->value, errors->before);
	default:
		return disabled_since(errors, excuse, out);
	}
}

void ip_excuse_append(const struct probe_env *env,
		      const struct snmp_columns *columns,
		      const struct snmp_values *values,
		      const struct counter *excuse, struct sample *out)
{
	const struct object *last;
	const struct row *before;
	struct pair errors;
	uint64_t n = 0;

	if (out->error)
		return;
	last = &out->objects[out->n_objects - 1];
	errors = pair_like(out, excuse, excused_by(excuse->tag));
	if (!errors.now)
		return;
	before = row_before(out, last, last->n, excuse);
	if (excuse->tag == TAG_DISCARDS6_ON) {
		append_discards_on(env, &errors, before, excuse, out);
		return;
	}
	if (errors.value != errors.before)
		n = count_excused(env, columns, values, excuse, &errors, out);
	sample_row(out, excuse, (before ? before->value : 0) + n);
}
