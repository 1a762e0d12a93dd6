/* SPDX-License-Identifier: MIT */
/*
 * Routes that discard what comes in for them, without a counter: blackhole,
 * and for IPv4 unreachable and prohibit, which answer with ICMP. They are only
 * asked for where packets vanish; the kernel sends no others (strict dumps,
 * Linux 4.20: net/ipv4/fib_frontend.c, net/ipv6/ip6_fib.c).
 */
#include <arpa/inet.h>
#include <errno.h>
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

static const struct {
	uint8_t type;
	const char *name;
} route_types[] = {
	{RTN_BLACKHOLE, "blackhole"},
	{RTN_UNREACHABLE, "unreachable"},
	{RTN_PROHIBIT, "prohibit"},
};

/* Those of one family and type, as they are counted. */
struct routes {
	const char *type;
	uint64_t n;
	char first[80]; /* "blackhole 10.55.0.0/16" */
};

static void describe_route(const struct rtmsg *head, struct nlattr *dst,
			   struct routes *ret)
{
	char address[INET6_ADDRSTRLEN] = "default";

	if (!dst || !head->rtm_dst_len) {
		format_text(ret->first, sizeof(ret->first), "%s default",
			    ret->type);
		return;
	}
	if (nla_len(dst) < (head->rtm_family == AF_INET ? 4 : 16) ||
	    !inet_ntop(head->rtm_family, nla_data(dst), address,
		       sizeof(address)))
		return;
	format_text(ret->first, sizeof(ret->first), "%s %s/%u", ret->type,
		    address, head->rtm_dst_len);
}

/* The route that IPv6 has for what it has no route for is no suspect. */
static bool is_null_route(const struct rtmsg *head, struct nlattr *dst)
{
	return head->rtm_family == AF_INET6 && !dst &&
	       head->rtm_protocol == RTPROT_KERNEL;
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
	if (!ret->n++)
		describe_route(&head, attrs[RTA_DST], ret);
	return ret->n < MAX_ROUTES ? 0 : -E2BIG;
}

/* The routes of one family and type. Returns 0 or as netlink_ask() does. */
static int ask_routes(struct netlink *nl, uint8_t family, uint8_t type,
		      struct routes *ret)
{
	struct {
		struct nlmsghdr h;
		struct rtmsg head;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETROUTE,
		      .nlmsg_flags = NLM_F_DUMP},
		.head = {.rtm_family = family, .rtm_type = type},
	};
	int r = netlink_be_strict(nl, true);

	if (r == 0)
		r = netlink_ask(nl, NETLINK_ROUTE, &request.h, on_route, ret);
	return r == -E2BIG ? 0 : r;
}

static void append_routes(const struct routes *routes, uint8_t family,
			  struct sample *out)
{
	char name[32];

	format_text(name, sizeof(name), OBJECT "_%s%s", routes->type,
		    family == AF_INET6 ? "6" : "");
	sample_object(out, LAYER_IP, "", name, 0);
	sample_label(out, routes->first);
	sample_row(out, &discarding, routes->n);
}

static int read_family(struct probe_env *env, uint8_t family,
		       struct sample *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(route_types); i++) {
		struct routes routes = {.type = route_types[i].name};

		r = ask_routes(env->netlink, family, route_types[i].type,
			       &routes);
		if (r == 0 && routes.n)
			append_routes(&routes, family, out);
	}
	return r;
}

static int routes_read(struct probe_env *env, struct sample *out)
{
	int r;

	if (!env->netlink || !ip_gaps_are_open(out))
		return 0;
	r = read_family(env, AF_INET, out);
	if (r == 0)
		r = read_family(env, AF_INET6, out);
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
				 "route is of type blackhole, unreachable or "
				 "prohibit. The kernel discards them, and has "
				 "no counter for it.",
			.confirm = "`ip route show table all type blackhole` "
				   "lists such routes (also type unreachable "
				   "and prohibit, and `ip -6 route show table "
				   "all type blackhole`). `ip route get "
				   "ADDRESS` says what becomes of one "
				   "destination.",
			.fix = "Delete the route, or give the destination a "
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

	if (loss->layer != LAYER_IP || loss->direction != DIR_RX ||
	    !loss->uncounted || !s->n_objects)
		return false;
	o = next_routes(s, NULL);
	if (!o)
		return false;
	for (const struct object *each = o; each; each = next_routes(s, each))
		n += object_value(s, each, &discarding, 0);
	ret->reason = &routes_reasons[REASON_ROUTE];
	ret->lost = loss->uncounted;
	ret->counter = counter_tagged(&balance_table, TAG_IN_GAP);
	CAUSE_TEXT(ret, "gone between IP input and delivery: suspect route %s",
		   object_label(s, o));
	if (n > 1)
		CAUSE_TEXT(ret,
			   "gone between IP input and delivery: suspect route "
			   "%s or %llu more",
			   object_label(s, o), (unsigned long long)(n - 1));
	CAUSE_REMEDY(ret, "Look at it: `ip route show table all type %.*s`",
		     (int)strcspn(object_label(s, o), " "), object_label(s, o));
	return true;
}

static const struct counter_table no_counters = {.n = 0};
static const struct probe *const routes_after[] = {&balance_probe, NULL};

const struct probe routes_probe = {
	.name = "routes",
	.reads = "rtnetlink RTM_GETROUTE for routes that discard, where "
		 "packets vanish in IP",
	.layer = LAYER_IP,
	.counters = &no_counters,
	.after = routes_after,
	.read = routes_read,
	.reasons = routes_reasons,
	.explain_hidden = explain_routes,
	.attribute = attribute_routes,
};
