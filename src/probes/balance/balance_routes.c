/* SPDX-License-Identifier: MIT */
/*
 * Routes and rules of policy routing that discard what comes in for them,
 * without a counter. They are only asked for where packets vanish; the kernel
 * sends no routes of other types (strict dumps, Linux 4.20:
 * net/ipv4/fib_frontend.c, net/ipv6/ip6_fib.c).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/netlink.h"
#include "model/ip_gaps.h"
#include "probes/balance/balance_private.h"

#define OBJECT "routes"
#define MAX_ROUTES 1000 /* enough to say that there are many */

static const struct counter discarding = {
	.name = "discarding",
	.layer = LAYER_IP,
	.bits = 64,
	.kind = KIND_FACT,
};

/* Its label is what one of them is called. */
#define REFUSING                                                               \
	.name = "refusing", .layer = LAYER_IP, .bits = 64, .kind = KIND_FACT,  \
	.tag = TAG_REFUSING_ROUTES
static const struct counter refusing[] = {{REFUSING}, {REFUSING, .v6 = true}};

/*
 * Those that no counter tells of; and, behind them, those that count as if
 * there were no route: what unreachable and prohibit refuse of IPv6
 * (Ip6InNoRoutes), and what a rule calls unreachable (IPv4: InNoRoutes).
 */
static const struct discarder {
	uint8_t family;
	uint16_t request; /* what it is asked for with */
	uint8_t type;	  /* RTN_*, FR_ACT_* */
	const char *name, *show;
	bool counts;
} discarders[] = {
	{AF_INET, RTM_GETROUTE, RTN_BLACKHOLE, "blackhole",
	 "ip route show table all type blackhole", false},
	{AF_INET, RTM_GETROUTE, RTN_UNREACHABLE, "unreachable",
	 "ip route show table all type unreachable", false},
	{AF_INET, RTM_GETROUTE, RTN_PROHIBIT, "prohibit",
	 "ip route show table all type prohibit", false},
	{AF_INET, RTM_GETRULE, FR_ACT_BLACKHOLE, "blackhole", "ip rule list",
	 false},
	{AF_INET, RTM_GETRULE, FR_ACT_PROHIBIT, "prohibit", "ip rule list",
	 false},
	{AF_INET6, RTM_GETROUTE, RTN_BLACKHOLE, "blackhole",
	 "ip -6 route show table all type blackhole", false},
	{AF_INET6, RTM_GETRULE, FR_ACT_BLACKHOLE, "blackhole",
	 "ip -6 rule list", false},
	{AF_INET, RTM_GETRULE, FR_ACT_UNREACHABLE, "unreachable",
	 "ip rule list", true},
	{AF_INET6, RTM_GETROUTE, RTN_UNREACHABLE, "unreachable",
	 "ip -6 route show table all type unreachable", true},
	{AF_INET6, RTM_GETROUTE, RTN_PROHIBIT, "prohibit",
	 "ip -6 route show table all type prohibit", true},
	{AF_INET6, RTM_GETRULE, FR_ACT_UNREACHABLE, "unreachable",
	 "ip -6 rule list", true},
	{AF_INET6, RTM_GETRULE, FR_ACT_PROHIBIT, "prohibit", "ip -6 rule list",
	 true},
};

/* Those of one kind, as they are counted. */
struct routes {
	const struct discarder *kind;
	uint64_t n;
	char first[80]; /* "route blackhole 10.55.0.0/16" */
};

static void describe_route(const struct rtmsg *head, struct nlattr *dst,
			   struct routes *ret)
{
	const char *type = ret->kind->name;
	char address[INET6_ADDRSTRLEN];

	if (!dst || !head->rtm_dst_len) {
		format_text(ret->first, sizeof(ret->first), "route %s default",
			    type);
		return;
	}
	if (nla_len(dst) < (head->rtm_family == AF_INET ? 4 : 16) ||
	    !inet_ntop(head->rtm_family, nla_data(dst), address,
		       sizeof(address)))
		return;
	format_text(ret->first, sizeof(ret->first), "route %s %s/%u", type,
		    address, head->rtm_dst_len);
}

/* The route that IPv6 has for what it has no route for is no suspect. */
static bool is_null_route(const struct rtmsg *head, struct nlattr *dst)
{
	return head->rtm_family == AF_INET6 && !dst &&
	       head->rtm_protocol == RTPROT_KERNEL;
}

static int count_route(struct routes *ret)
{
	return ++ret->n < MAX_ROUTES ? 0 : -E2BIG;
}

static int on_route(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *attrs[RTA_MAX + 1];
	struct routes *ret = arg;
	struct rtmsg head;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs, RTA_MAX,
			NULL) < 0)
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	if (is_null_route(&head, attrs[RTA_DST]))
		return 0;
	if (!ret->n)
		describe_route(&head, attrs[RTA_DST], ret);
	return count_route(ret);
}

static int on_rule(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *attrs[FRA_MAX + 1], *priority;
	struct routes *ret = arg;
	struct fib_rule_hdr head;

	if (h->nlmsg_type != RTM_NEWRULE ||
	    nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs, FRA_MAX,
			NULL) < 0)
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	if (head.action != ret->kind->type)
		return 0;
	priority = attrs[FRA_PRIORITY];
	if (!ret->n)
		format_text(ret->first, sizeof(ret->first),
			    "rule %u of policy routing (%s)",
			    priority && nla_len(priority) >= 4
				    ? nla_get_u32(priority)
				    : 0,
			    ret->kind->name);
	return count_route(ret);
}

/* The routes or rules of one kind. Returns 0 or as netlink_ask() does. */
static int ask_routes(struct netlink *nl, const struct discarder *kind,
		      struct routes *ret)
{
	bool is_rule = kind->request == RTM_GETRULE;
	struct {
		struct nlmsghdr h;
		union {
			struct rtmsg route;
			struct fib_rule_hdr rule;
		};
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = kind->request,
		      .nlmsg_flags = NLM_F_DUMP},
		.route = {.rtm_family = kind->family},
	};
	int r = netlink_be_strict(nl, true);

	if (r < 0)
		return r;
	if (!is_rule)
		request.route.rtm_type = kind->type;
	r = netlink_ask(nl, NETLINK_ROUTE, &request.h,
			is_rule ? on_rule : on_route, ret);
	return r == -E2BIG ? 0 : r;
}

/* The label is what one is called; the name tells the kind. */
static void append_routes(const struct routes *routes, struct sample *out)
{
	bool v6 = routes->kind->family == AF_INET6;
	char name[16];

	format_text(name, sizeof(name), OBJECT "%d",
		    (int)(routes->kind - discarders));
	sample_object(out, LAYER_IP, "", name, 0);
	sample_label(out, routes->first);
	sample_row(out, routes->kind->counts ? &refusing[v6] : &discarding,
		   routes->n);
}

/* Packets vanished, or found no route. */
struct reasons_to_ask {
	bool gap, refused, refused6;
};

/* Whether more found no route since the read before. */
static void find_refused(const struct sample *out, struct reasons_to_ask *ret)
{
	uint32_t hint = 0;
	const struct object *ip = sample_find(out, LAYER_IP, "", "", &hint);

	if (!ip)
		return;
	EACH_ROW (out, ip, row) {
		if (row->counter->tag != TAG_IN_NO_ROUTES ||
		    !row_growth(out, ip, row))
			continue;
		if (row->counter->v6)
			ret->refused6 = true;
		else
			ret->refused = true;
	}
}

static bool is_due(const struct reasons_to_ask *why,
		   const struct discarder *kind)
{
	if (!kind->counts)
		return why->gap;
	return kind->family == AF_INET6 ? why->refused6 : why->refused;
}

/* A kernel without policy routing, or IPv6. All have routes of IPv4. */
static bool has_none(const struct discarder *kind, int error)
{
	return (error == -EOPNOTSUPP || error == -EAFNOSUPPORT) &&
	       (kind->request == RTM_GETRULE || kind->family == AF_INET6);
}

static int read_kinds(struct netlink *nl, const struct reasons_to_ask *why,
		      struct sample *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(discarders); i++) {
		struct routes routes = {.kind = &discarders[i]};

		if (!is_due(why, routes.kind))
			continue;
		r = ask_routes(nl, routes.kind, &routes);
		if (has_none(routes.kind, r))
			r = 0;
		if (r == 0 && routes.n)
			append_routes(&routes, out);
	}
	return r;
}

static int routes_read(struct probe_env *env, struct sample *out)
{
	struct reasons_to_ask why = {.gap = false};
	int r;

	if (!env->netlink)
		return 0;
	why.gap = ip_gaps_are_open(out);
	find_refused(out, &why);
	if (!why.gap && !why.refused && !why.refused6)
		return 0;
	r = read_kinds(env->netlink, &why, out);
	if (netlink_be_strict(env->netlink, false) < 0)
		return -EIO;
	return r;
}

/* The next object that stands for such routes, or NULL. */
static const struct object *next_routes(const struct sample *s,
					const struct object *behind)
{
	const struct object *o = behind ? behind + 1 : s->objects;

	for (; o != objects_end(s); o++)
		if (o->layer == LAYER_IP && object_row(s, o, &discarding))
			return o;
	return NULL;
}

/* Which of the discarders an object is of: its name tells. */
static size_t discarder_of(const struct sample *s, const struct object *o)
{
	return strtoul(object_name(s, o) + strlen(OBJECT), NULL, 10);
}

bool balance_has_refusing_route(const struct sample *s)
{
	const struct object *o = s->n_objects ? next_routes(s, NULL) : NULL;

	for (; o; o = next_routes(s, o)) {
		size_t kind = discarder_of(s, o);

		if (kind < ARRAY_SIZE(discarders) &&
		    strcmp(discarders[kind].name, "blackhole"))
			return true;
	}
	return false;
}

static void attribute_routes(const struct sample *s, struct losses *l)
{
	if (s->n_objects && next_routes(s, NULL))
		loss_suspect(l, DIR_RX, LAYER_IP, DIR_RX, UINT64_MAX);
}

enum {
	REASON_ROUTE,
};

static const struct reason routes_reasons[] = {
	[REASON_ROUTE] =
		{
			.id = "discarding-route",
			.means = "Packets came in for a destination whose "
				 "route, or a rule of policy routing, says "
				 "blackhole, unreachable or prohibit. The "
				 "kernel discards them, and has no counter for "
				 "it.",
			.confirm = "`ip route show table all type blackhole` "
				   "lists such routes (also type unreachable "
				   "and prohibit, and `ip -6 route show table "
				   "all type blackhole`); `ip rule list` and "
				   "`ip -6 rule list` show rules that say so. "
				   "`ip route get ADDRESS` says what becomes "
				   "of one destination.",
			.fix = "Delete the route or rule, or give the "
			       "destination a "
			       "better one. Routing daemons and container "
			       "networks put blackhole routes where an "
			       "address block has no hosts: then find out who "
			       "sends to it.",
			.gone = "`pktloss` shows no row for ip rx of that "
				"cause, and `ip route get ADDRESS` shows a "
				"next hop.",
		},
	{.id = NULL},
};

static bool explain_routes(const struct sample *s, const struct loss *loss,
			   struct cause *ret)
{
	const struct object *o;
	uint64_t n = 0;
	size_t kind;

	if (loss->layer != LAYER_IP || loss->direction != DIR_RX ||
	    !loss->uncounted || !s->n_objects)
		return false;
	o = next_routes(s, NULL);
	if (!o)
		return false;
	for (const struct object *each = o; each; each = next_routes(s, each)) {
		n += object_value(s, each, &discarding, 0);
		cause_blame(ret, object_label(s, each));
	}
	kind = discarder_of(s, o);
	ret->reason = &routes_reasons[REASON_ROUTE];
	ret->lost = loss->uncounted;
	ret->counter = counter_tagged(&balance_table, TAG_IN_GAP);
	CAUSE_TEXT(ret, "gone between IP input and delivery: suspect %s",
		   object_label(s, o));
	if (n > 1)
		CAUSE_TEXT(ret,
			   "gone between IP input and delivery: suspect %s or "
			   "%llu more",
			   object_label(s, o), (unsigned long long)(n - 1));
	if (kind < ARRAY_SIZE(discarders))
		CAUSE_REMEDY(ret, "Look at it: `%s`", discarders[kind].show);
	return true;
}

static const struct counter_table routes_table = COUNTER_TABLE(refusing);
static const struct counter_table routes_others[] = {
	ONE_COUNTER(discarding),
	{.n = 0},
};
static const struct probe *const routes_after[] = {&balance_probe, NULL};

const struct probe routes_probe = {
	.name = "routes",
	.what = "routes that discard packets",
	.reads = "rtnetlink RTM_GETROUTE and RTM_GETRULE for what discards, "
		 "where packets vanish in IP or find no route",
	.layer = LAYER_IP,
	.counters = &routes_table,
	.others = routes_others,
	.after = routes_after,
	.read = routes_read,
	.reasons = routes_reasons,
	.explain_hidden = explain_routes,
	.attribute = attribute_routes,
};
