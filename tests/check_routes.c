/* SPDX-License-Identifier: MIT */
/*
 * Routes and rules that discard, and proxies that listen: what is asked where
 * packets vanish in IP, and what is said of it.
 */
#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "probes/balance/balance.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "probes/snmp/snmp.h"
#include "answering_kernel.h"

#define TABLE_MAIN 254

static struct message there; /* routes, rules and sockets */
static struct tree tree;
static struct netlink netlink;
static struct sample then, now;
static struct losses losses;
static int error; /* of rules */
static int routes_error;
static struct probe_env env = {.netlink = &netlink};

/* Whether a message is of the family and, of a route, the type asked for. */
static bool is_meant(const struct nlmsghdr *request, const struct nlmsghdr *h)
{
	const struct rtmsg *asked = (const void *)(request + 1);
	const struct rtmsg *said = (const void *)(h + 1);

	if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY)
		return request->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		       said->rtm_family == asked->rtm_family;
	return h->nlmsg_type == request->nlmsg_type - 2 &&
	       said->rtm_family == asked->rtm_family &&
	       (h->nlmsg_type != RTM_NEWROUTE ||
		said->rtm_type == asked->rtm_type);
}

static int answer(const struct nlmsghdr *request)
{
	if (error && request->nlmsg_type == RTM_GETRULE)
		return error;
	if (routes_error && request->nlmsg_type == RTM_GETROUTE)
		return routes_error;
	for (size_t at = 0; at < there.n;) {
		const struct nlmsghdr *h = (const void *)(there.bytes + at);

		if (is_meant(request, h))
			kernel_say(h);
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

static void setup(void)
{
	tree_make(&tree);
	tree_put(&tree, "proc/cmdline", "");
	tree_put(&tree, "proc/modules", "");
	tree_mkdir(&tree, "sys/module/inet_diag");
	tree_mkdir(&tree, "sys/module/udp_diag");
	tree_mkdir(&tree, "sys/module/tcp_diag");
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.kmods.root = tree.path;
	kernel.answer = answer;
}

static void teardown(void)
{
	netlink_leave(&netlink);
	netlink_free(&netlink);
	sample_free(&then);
	sample_free(&now);
	losses_free(&losses);
	tree_remove(&tree);
}

/* A route "10.55.0.0/16"; without a length the default one. */
static void put_route(int family, uint8_t type, const char *to, uint8_t bits,
		      uint8_t protocol)
{
	struct rtmsg head = {.rtm_family = (uint8_t)family,
			     .rtm_dst_len = bits,
			     .rtm_protocol = protocol,
			     .rtm_type = type};
	unsigned char bytes[16];

	message_begin(&there, RTM_NEWROUTE, 0, 0);
	message_put(&there, &head, sizeof(head));
	if (!to)
		return;
	ck_assert_int_eq(inet_pton(family, to, bytes), 1);
	attr_put(&there, RTA_DST, bytes, family == AF_INET ? 4 : 16);
}

static void put_rule(int family, uint8_t action, uint32_t priority)
{
	struct fib_rule_hdr head = {.family = (uint8_t)family,
				    .action = action,
				    .table = TABLE_MAIN};

	message_begin(&there, RTM_NEWRULE, 0, 0);
	message_put(&there, &head, sizeof(head));
	if (priority)
		attr_u32(&there, FRA_PRIORITY, priority);
}

static void put_listener(int family, uint16_t port)
{
	struct inet_diag_msg m = {.idiag_family = (uint8_t)family,
				  .id.idiag_sport = htons(port)};

	message_begin(&there, SOCK_DIAG_BY_FAMILY, 0, 0);
	message_put(&there, &m, sizeof(m));
}

/* So many packets have vanished, or found no route, since ever. */
static void append_ip(struct sample *s, uint64_t gap, uint64_t no_route)
{
	sample_object(s, LAYER_IP, "", "", 0);
	sample_row(s, find_counter(&snmp_probe, "InNoRoutes", NULL), no_route);
	sample_object(s, LAYER_UNEXPLAINED, "", "", 0);
	sample_row(s, counter_tagged(&balance_table, TAG_IN_GAP), gap);
}

/* A TPROXY rule that so many packets matched. */
static void append_proxy_rule(struct sample *s, uint16_t port, uint64_t packets)
{
	sample_object(s, LAYER_NETFILTER, "", "ip.mangle.PREROUTING", 1);
	sample_row(s, &firewall_facts[FIREWALL_MATCHED], packets);
	sample_row(s, &firewall_facts[FIREWALL_PORT], port);
}

static void begin_reads(void)
{
	sample_reset(&then);
	append_ip(&then, 0, 0);
	append_proxy_rule(&then, 3128, 0);
	append_proxy_rule(&then, 3129, 0);
	sample_reset(&now);
	sample_follow(&now, &then);
}

/* Of packets that vanished since, what was asked is appended. */
static int read_routes(uint64_t gap, uint64_t no_route)
{
	begin_reads();
	append_ip(&now, gap, no_route);
	kernel.n_asked = 0;
	return routes_probe.read(&env, &now);
}

static struct cause explain(uint64_t gap)
{
	struct loss loss = {.layer = LAYER_IP,
			    .direction = DIR_RX,
			    .lost = gap,
			    .uncounted = gap};
	struct cause c = {.known = true};

	ck_assert(routes_probe.explain_hidden(&now, &loss, &c));
	ck_assert_uint_eq(c.lost, gap);
	ck_assert(reason_is_listed(c.reason));
	return c;
}

static bool is_explained(enum layer layer, enum direction direction)
{
	struct loss loss = {.layer = layer,
			    .direction = direction,
			    .lost = 50,
			    .uncounted = 50};
	struct cause c = {.known = true};

	return routes_probe.explain_hidden(&now, &loss, &c);
}

CASE(routes, .setup = setup, .teardown = teardown);

TEST(routes, are_not_asked_for_where_nothing_vanishes)
{
	put_route(AF_INET, RTN_BLACKHOLE, "10.55.0.0", 16, RTPROT_STATIC);
	ck_assert_int_eq(read_routes(0, 0), 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
	ck_assert(!is_explained(LAYER_IP, DIR_RX));
	ck_assert(!balance_has_refusing_route(&now));
}

static const struct {
	int family;
	uint8_t type;
	const char *to;
	uint8_t bits;
	const char *text, *show;
	bool refuses;
} kinds[] = {
	{AF_INET, RTN_BLACKHOLE, "10.55.0.0", 16,
	 "route blackhole 10.55.0.0/16",
	 "`ip route show table all type blackhole`", false},
	{AF_INET, RTN_UNREACHABLE, "10.56.7.8", 32,
	 "route unreachable 10.56.7.8/32",
	 "`ip route show table all type unreachable`", true},
	{AF_INET, RTN_PROHIBIT, NULL, 0, "route prohibit default",
	 "`ip route show table all type prohibit`", true},
	{AF_INET6, RTN_BLACKHOLE, "fd00:55::", 32,
	 "route blackhole fd00:55::/32",
	 "`ip -6 route show table all type blackhole`", false},
};

TEST_EACH(routes, that_discard_are_suspected, ARRAY_SIZE(kinds))
{
	struct cause c;

	put_route(kinds[_i].family, kinds[_i].type, kinds[_i].to,
		  kinds[_i].bits, RTPROT_STATIC);
	put_route(AF_INET, RTN_UNICAST, "10.1.0.0", 16, RTPROT_STATIC);
	ck_assert_int_eq(read_routes(50, 0), 0);
	c = explain(50);
	ck_assert_ptr_nonnull(strstr(c.text, kinds[_i].text));
	ck_assert_ptr_null(strstr(c.text, "more"));
	ck_assert_ptr_nonnull(strstr(c.remedy, kinds[_i].show));
	ck_assert_int_eq(balance_has_refusing_route(&now), kinds[_i].refuses);
	ck_assert(!is_explained(LAYER_IP, DIR_TX));
	ck_assert(!is_explained(LAYER_TCP, DIR_RX));
}

TEST(routes, of_several_one_is_named)
{
	char to[16];

	for (int i = 0; i < 5; i++) {
		snprintf(to, sizeof(to), "10.%d.0.0", 60 + i);
		put_route(AF_INET, RTN_BLACKHOLE, to, 16, RTPROT_STATIC);
	}
	ck_assert_int_eq(read_routes(50, 0), 0);
	ck_assert_ptr_nonnull(strstr(explain(50).text,
				     "route blackhole 10.60.0.0/16 or 4 "
				     "more"));
}

TEST(routes, rules_of_policy_routing_discard_as_well)
{
	put_rule(AF_INET, FR_ACT_TO_TBL, 32766);
	put_rule(AF_INET, FR_ACT_BLACKHOLE, 100);
	ck_assert_int_eq(read_routes(50, 0), 0);
	ck_assert_ptr_nonnull(strstr(explain(50).text,
				     "rule 100 of policy routing (blackhole)"));
	ck_assert_ptr_nonnull(strstr(explain(50).remedy, "`ip rule list`"));
}

TEST(routes, null_route_of_ipv6_is_no_suspect)
{
	put_route(AF_INET6, RTN_BLACKHOLE, NULL, 0, RTPROT_KERNEL);
	ck_assert_int_eq(read_routes(50, 0), 0);
	ck_assert(!is_explained(LAYER_IP, DIR_RX));
}

TEST(routes, that_count_are_only_asked_for_where_no_route_was_found)
{
	put_rule(AF_INET, FR_ACT_UNREACHABLE, 7);
	ck_assert_int_eq(read_routes(50, 0), 0);
	ck_assert_uint_eq(now.n_objects, 2);
	ck_assert_int_eq(read_routes(0, 5), 0);
	ck_assert_uint_eq(kernel.n_asked, 1);
	ck_assert_uint_eq(now.n_objects, 3);
	ck_assert_str_eq(object_label(&now, &now.objects[2]),
			 "rule 7 of policy routing (unreachable)");
	ck_assert_ptr_nonnull(
		object_tagged(&now, &now.objects[2], TAG_REFUSING_ROUTES));
	ck_assert(!is_explained(LAYER_IP, DIR_RX)); /* InNoRoutes has them */
}

TEST(routes, kernel_without_policy_routing_has_routes)
{
	error = -EOPNOTSUPP;
	put_route(AF_INET6, RTN_BLACKHOLE, "fd00:55::", 32, RTPROT_STATIC);
	ck_assert_int_eq(read_routes(50, 0), 0);
	ck_assert(is_explained(LAYER_IP, DIR_RX));
}

TEST(routes, what_cannot_be_asked_fails)
{
	routes_error = -EOPNOTSUPP; /* all kernels have those of IPv4 */
	ck_assert_int_eq(read_routes(50, 0), -EOPNOTSUPP);
	ck_assert(!probe_is_absent(&routes_probe, false, -EOPNOTSUPP));
	routes_error = 0;
	error = -EPERM;
	ck_assert_int_eq(read_routes(50, 0), -EPERM);
	env.netlink = NULL;
	ck_assert_int_eq(read_routes(50, 0), 0);
	env.netlink = &netlink;
}

TEST(routes, messages_cut_short_are_refused)
{
	static const uint16_t types[] = {RTM_NEWROUTE, RTM_NEWRULE};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		there.n = 0;
		message_begin(&there, types[i], 0, 0);
		message_put(&there, (uint8_t[8]) {AF_INET, [7] = RTN_BLACKHOLE},
			    8);
		ck_assert_int_eq(read_routes(50, 0), -EBADMSG);
	}
	there.n = 0; /* an address of two bytes is none, but the route is one */
	put_route(AF_INET, RTN_BLACKHOLE, NULL, 16, RTPROT_STATIC);
	attr_put(&there, RTA_DST, "\012\067", 2);
	ck_assert_int_eq(read_routes(50, 0), 0);
	ck_assert(is_explained(LAYER_IP, DIR_RX));
}

TEST(routes, take_what_nothing_explains)
{
	struct loss *pool, *ip;

	put_route(AF_INET, RTN_BLACKHOLE, "10.55.0.0", 16, RTPROT_STATIC);
	ck_assert_int_eq(read_routes(50, 0), 0);
	pool = loss_get(&losses, LAYER_UNEXPLAINED, "", DIR_RX);
	pool->known = true;
	pool->lost = 50;
	routes_probe.attribute(&now, &losses);
	ip = loss_find(&losses, LAYER_IP, "", DIR_RX);
	ck_assert_ptr_nonnull(ip);
	ck_assert_uint_eq(ip->uncounted, 50);
	pool = loss_find(&losses, LAYER_UNEXPLAINED, "", DIR_RX);
	ck_assert_uint_eq(pool->lost, 0);
}

/* ---- proxies ---- */

static int read_proxies(uint64_t gap, uint64_t packets)
{
	begin_reads();
	append_ip(&now, gap, 0);
	append_proxy_rule(&now, 3128, packets);
	append_proxy_rule(&now, 3129, packets);
	kernel.n_asked = 0;
	return proxy_probe.read(&env, &now);
}

static bool listens(const char *name)
{
	return find_object(&now, LAYER_NETFILTER, "", name);
}

CASE(proxies, .setup = setup, .teardown = teardown);

TEST(proxies, are_not_looked_for_without_need)
{
	ck_assert_int_eq(read_proxies(0, 5), 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
	ck_assert_int_eq(read_proxies(50, 0), 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
}

TEST_EACH(proxies, that_listen_are_known, 2)
{
	put_listener(_i ? AF_INET6 : AF_INET, 3128);
	put_listener(AF_INET, 22);
	ck_assert_int_eq(read_proxies(50, 5), 0);
	ck_assert(listens("proxy3128"));
	ck_assert(!listens("proxy3129"));
	ck_assert(!listens("proxy22"));
	ck_assert_uint_eq(kernel.n_asked, 4);
}

/* The last of as many rules as there are ports. */
TEST(proxies, of_every_port_are_known)
{
	put_listener(AF_INET, UINT16_MAX);
	begin_reads();
	append_ip(&now, 50, 0);
	for (unsigned port = 1; port <= UINT16_MAX; port++)
		append_proxy_rule(&now, port, 5);
	ck_assert_int_eq(proxy_probe.read(&env, &now), 0);
	ck_assert(listens("proxy65535"));
	ck_assert(!listens("proxy65534"));
}

TEST(proxies, cannot_be_known_without_sock_diag)
{
	tree_drop(&tree, "sys/module/inet_diag");
	ck_assert_int_eq(read_proxies(50, 5), -ENOENT);
	ck_assert_uint_eq(kernel.n_asked, 0);
}

TEST(proxies, socket_cut_short_is_refused)
{
	message_begin(&there, SOCK_DIAG_BY_FAMILY, 0, 0);
	message_put(&there, (uint8_t[8]) {AF_INET}, 8);
	ck_assert_int_eq(read_proxies(50, 5), -EBADMSG);
}
