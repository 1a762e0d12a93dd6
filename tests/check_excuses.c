/* SPDX-License-Identifier: MIT */
/* What IP counts among errors and nothing is lost by. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/snmp.h>
#include <sys/socket.h>

#include "kernel/netlink.h"
#include "kernel/procnet.h"
#include "model/tally.h"
#include "probes/link/link.h"
#include "probes/snmp/ip_excuses.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

/* ---- a kernel of our own: files, and interfaces that speak IPv6 or not ----
 */

static struct tree tree;
static char buffer[8192];
static struct sample then, now;
static struct losses losses;
static struct netlink netlink;
static struct probe_env env = {.net = &(struct procnet)PROCNET(tree.path),
			       .gaps = true,
			       .buffer = buffer,
			       .size = sizeof(buffer)};

static struct {
	uint32_t disabled;
	uint64_t discards;
} interfaces[4];
static size_t n_interfaces;
static uint8_t scopes[4]; /* of addresses */
static size_t n_addresses;
static unsigned n_asked;
static struct message answer;

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);

static void put_interface(struct message *m, uint32_t sequence, size_t i)
{
	struct ifinfomsg head = {.ifi_family = AF_INET6};
	uint32_t conf[DEVCONF_DISABLE_IPV6 + 5] = {0};
	uint64_t stats[__IPSTATS_MIB_MAX] = {0};
	size_t nest;

	conf[DEVCONF_DISABLE_IPV6] = interfaces[i].disabled;
	stats[IPSTATS_MIB_INDISCARDS] = interfaces[i].discards;
	message_begin(m, RTM_NEWLINK, NLM_F_MULTI, sequence);
	message_put(m, &head, sizeof(head));
	attr_put(m, IFLA_IFNAME, "eth0", 5);
	nest = attr_begin(m, IFLA_PROTINFO);
	attr_put(m, IFLA_INET6_CONF, conf, sizeof(conf));
	attr_put(m, IFLA_INET6_STATS, stats, sizeof(stats));
	attr_end(m, nest);
}

static void put_address(struct message *m, uint32_t sequence, uint8_t scope)
{
	struct ifaddrmsg head = {.ifa_family = AF_INET6, .ifa_scope = scope};

	message_begin(m, RTM_NEWADDR, NLM_F_MULTI, sequence);
	message_put(m, &head, sizeof(head));
}

/* Addresses of IPv4. */
struct own_address {
	const char *address; /* NULL: none */
	uint8_t prefix;
	uint32_t index;
};
static const struct own_address *own;

static void put_own(struct message *m, uint32_t sequence,
		    const struct own_address *own_)
{
	struct ifaddrmsg head = {.ifa_family = AF_INET,
				 .ifa_prefixlen = own_->prefix,
				 .ifa_index = own_->index};
	struct in_addr address;

	ck_assert_int_eq(inet_pton(AF_INET, own_->address, &address), 1);
	message_begin(m, RTM_NEWADDR, NLM_F_MULTI, sequence);
	message_put(m, &head, sizeof(head));
	attr_put(m, IFA_ADDRESS, &address, sizeof(address));
}

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags)
{
	const struct nlmsghdr *h = data;
	bool is_addresses = h->nlmsg_type == RTM_GETADDR;
	bool is_own = ((const unsigned char *)(h + 1))[0] == AF_INET;
	int done = 0;

	(void)fd;
	(void)flags;
	ck_assert(is_addresses || h->nlmsg_type == RTM_GETLINK);
	ck_assert(is_own ? is_addresses
			 : ((const unsigned char *)(h + 1))[0] == AF_INET6);
	n_asked++;
	answer.n = 0;
	for (size_t i = 0; i < n_interfaces && !is_addresses; i++)
		put_interface(&answer, h->nlmsg_seq, i);
	for (size_t i = 0; i < n_addresses && is_addresses && !is_own; i++)
		put_address(&answer, h->nlmsg_seq, scopes[i]);
	for (const struct own_address *a = own; is_own && a->address; a++)
		put_own(&answer, h->nlmsg_seq, a);
	message_begin(&answer, NLMSG_DONE, NLM_F_MULTI, h->nlmsg_seq);
	message_put(&answer, &done, sizeof(done));
	return (ssize_t)n;
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	(void)fd;
	(void)flags;
	memset(from, 0, *size);
	ck_assert_uint_le(answer.n, n);
	memcpy(bytes, answer.bytes, answer.n);
	return (ssize_t)answer.n;
}

static void setup(void)
{
	tree_make(&tree);
	tree_put(&tree, "snmp", "Ip: InReceives\nIp: 0\n");
	tree_put(&tree, "netstat", "TcpExt: ListenDrops\nTcpExt: 0\n");
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.fds[NETLINK_ROUTE] = 0; /* open: nobody looks */
	env.netlink = &netlink;
	ck_assert_int_eq(snmp_probe.init(&env, &env.state), 0);
}

static void teardown(void)
{
	netlink.fds[NETLINK_ROUTE] = -1;
	netlink_free(&netlink);
	snmp_probe.free(env.state);
	tree_remove(&tree);
	sample_free(&then);
	sample_free(&now);
	losses_free(&losses);
}

/* What a kernel counts, of IPv4. */
struct counts {
	uint64_t receives, errors, damaged, forwarded, answered, held_back;
	uint64_t rx[3], tx[3]; /* of three interfaces */
};

static void put_counts(const struct counts *c)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "Ip: InReceives InHdrErrors ForwDatagrams\n"
		 "Ip: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n"
		 "Icmp: OutRateLimitGlobal OutRateLimitHost OutTimeExcds\n"
		 "Icmp: 0 %" PRIu64 " %" PRIu64 "\n",
		 c->receives, c->errors, c->forwarded, c->held_back,
		 c->answered);
	tree_put(&tree, "snmp", text);
	snprintf(text, sizeof(text),
		 "IpExt: InCsumErrors\nIpExt: %" PRIu64 "\n", c->damaged);
	tree_put(&tree, "netstat", text);
}

static void append_interfaces(const struct counts *c)
{
	static const char *const names[] = {"r0", "r1", "r1.5"};

	for (size_t i = 0; c && i < ARRAY_SIZE(names); i++) {
		sample_object(&now, LAYER_LINK, names[i], "", i + 1);
		sample_row(&now, find_counter(&link_probe, "rx_packets", NULL),
			   c->rx[i]);
		sample_row(&now, find_counter(&link_probe, "tx_packets", NULL),
			   c->tx[i]);
	}
}

/* A read; what was read before becomes the one before. */
static void read_all(const struct counts *c)
{
	struct sample read = then;

	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	append_interfaces(c);
	ck_assert_int_eq(snmp_probe.read(&env, &now), 0);
	ck_assert_int_eq(now.error, 0);
	sample_compare(&now, &then);
	ck_assert_int_eq(tally_losses(&losses, &now), 0);
}

static void read_counts(const struct counts *c)
{
	put_counts(c);
	read_all(c);
}

static uint64_t lost_in(enum direction direction)
{
	const struct loss *loss = loss_find(&losses, LAYER_IP, "", direction);

	return loss ? loss->lost : 0;
}

static uint64_t lost(void)
{
	return lost_in(DIR_RX);
}

static uint64_t excused(const char *name)
{
	const struct counter *c = find_counter(&snmp_probe, name, NULL);
	const struct object *o = find_object(&now, LAYER_IP, "", "");
	const struct row *row = object_row(&now, o, c);

	return row ? row->delta : UINT64_MAX;
}

CASE(expired, .setup = setup, .teardown = teardown);

static const struct {
	const char *what;
	struct counts counts;
	uint64_t lost, expired;
} expiries[] = {
	{"traceroute through a router, most answers held back",
	 {.receives = 300,
	  .errors = 50,
	  .forwarded = 250,
	  .answered = 6,
	  .held_back = 44,
	  .rx = {300, 0},
	  .tx = {6, 250}},
	 0,
	 50},
	{"wrong checksums",
	 {.receives = 300, .errors = 50, .damaged = 50, .forwarded = 250},
	 50,
	 0},
	{"wrong checksums beside it",
	 {.receives = 300,
	  .errors = 80,
	  .damaged = 30,
	  .forwarded = 220,
	  .answered = 6,
	  .held_back = 44},
	 30,
	 50},
	{"headers that nobody answers beside it",
	 {.receives = 300,
	  .errors = 70,
	  .forwarded = 230,
	  .answered = 6,
	  .held_back = 44},
	 20,
	 50},
	{"a circle of two routers: 40 packets of TTL 64",
	 {.receives = 1300,
	  .errors = 40,
	  .forwarded = 1260,
	  .answered = 6,
	  .held_back = 34,
	  .rx = {40, 1260},
	  .tx = {6, 1260}},
	 40,
	 0},
	{"traceroute through a router that forwards as much",
	 {.receives = 1300,
	  .errors = 40,
	  .forwarded = 1260,
	  .answered = 6,
	  .held_back = 34,
	  .rx = {1300, 0},
	  .tx = {6, 1260}},
	 0,
	 40},
	{"the same with traffic both ways",
	 {.receives = 1340,
	  .errors = 40,
	  .forwarded = 1300,
	  .answered = 40,
	  .rx = {690, 650},
	  .tx = {690, 650}},
	 0,
	 40},
	{"a circle over a VLAN: its lower device counts all of it, too",
	 {.receives = 1280,
	  .errors = 40,
	  .forwarded = 1240,
	  .answered = 6,
	  .held_back = 34,
	  .rx = {0, 1280, 1280},
	  .tx = {0, 1246, 1246}},
	 40,
	 0},
	{"traceroute through a router with a VLAN",
	 {.receives = 1240,
	  .errors = 40,
	  .forwarded = 1200,
	  .answered = 6,
	  .held_back = 34,
	  .rx = {600, 641, 641},
	  .tx = {600, 607, 607}},
	 0,
	 40},
	{"one that routes between a device and its VLAN, for many",
	 {.receives = 1240,
	  .errors = 40,
	  .forwarded = 1200,
	  .answered = 40,
	  .rx = {620, 1240, 620},
	  .tx = {620, 1240, 620}},
	 0,
	 40},
	{"a circle beside other traffic",
	 {.receives = 2280,
	  .errors = 40,
	  .forwarded = 2240,
	  .answered = 6,
	  .held_back = 34,
	  .rx = {1040, 1240, 0},
	  .tx = {6, 2240, 0}},
	 40,
	 0},
	{"a router that forwards much more",
	 {.receives = 20040,
	  .errors = 40,
	  .forwarded = 20000,
	  .answered = 40,
	  .rx = {40, 20000},
	  .tx = {40, 20000}},
	 0,
	 40},
};

TEST_EACH(expired, what_is_meant_to_die_is_not_lost, ARRAY_SIZE(expiries))
{
	read_counts(&(struct counts) {.errors = 0});
	read_counts(&expiries[_i].counts);
	ck_assert_msg(lost() == expiries[_i].lost &&
			      excused("expired") == expiries[_i].expired,
		      "%s: lost %" PRIu64 ", expired %" PRIu64,
		      expiries[_i].what, lost(), excused("expired"));
}

/* pktloss --once: there is no read before. */
TEST(expired, totals_since_boot_are_told_apart_too)
{
	read_counts(&expiries[0].counts);
	sample_zero(&then, &now);
	sample_follow(&now, NULL);
	sample_compare(&now, &then);
	ck_assert_int_eq(tally_losses(&losses, &now), 0);
	ck_assert_uint_eq(lost(), 0);
	ck_assert_uint_eq(excused("expired"), 50);
}

TEST(expired, count_goes_on_and_rests)
{
	struct counts c = expiries[0].counts;

	read_counts(&(struct counts) {.errors = 0});
	read_counts(&c);
	c.receives += 100;
	read_counts(&c);
	ck_assert_uint_eq(excused("expired"), 0);
	c.errors += 5;
	c.answered += 5;
	read_counts(&c);
	ck_assert_uint_eq(excused("expired"), 5);
	c.errors += 5; /* and nobody is told */
	read_counts(&c);
	ck_assert_uint_eq(excused("expired"), 0);
	ck_assert_uint_eq(lost(), 5);
}

/* Before Linux 5.18 the answers held back are not counted. */
TEST(expired, any_answer_stands_for_those_not_counted)
{
	for (int answered = 0; answered < 2; answered++) {
		char text[256];

		for (int i = 0; i < 2; i++) {
			snprintf(text, sizeof(text),
				 "Ip: InReceives InHdrErrors\nIp: %d %d\n"
				 "Icmp: OutTimeExcds\nIcmp: %d\n",
				 300 * i, 50 * i, i * answered);
			tree_put(&tree, "snmp", text);
			read_all(NULL);
		}
		ck_assert_uint_eq(lost(), answered ? 0 : 50);
	}
}

static void put_six(uint64_t receives, uint64_t errors, uint64_t discards,
		    uint64_t answered)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "Ip6InReceives %" PRIu64 "\nIp6InHdrErrors %" PRIu64 "\n"
		 "Ip6InDiscards %" PRIu64 "\nIcmp6OutTimeExcds %" PRIu64 "\n"
		 "Icmp6OutRateLimitHost 0\n",
		 receives, errors, discards, answered);
	tree_put(&tree, "snmp6", text);
	read_all(NULL);
}

TEST(expired, families_are_told_apart)
{
	put_counts(&(struct counts) {.errors = 0});
	put_six(0, 0, 0, 0);
	put_counts(&(struct counts) {.receives = 100, .answered = 30});
	put_six(300, 30, 0, 10);
	ck_assert_uint_eq(excused("Ip6expired"), 10);
	ck_assert_uint_eq(excused("expired"), 0);
	ck_assert_uint_eq(lost(), 20);
}

TEST(expired, counter_that_is_not_there_has_no_excuse)
{
	tree_put(&tree, "snmp", "Ip: InReceives\nIp: 1\n");
	read_all(NULL);
	ck_assert_uint_eq(excused("expired"), UINT64_MAX);
	ck_assert_uint_eq(excused("Ip6expired"), UINT64_MAX);
	ck_assert_uint_eq(excused("Ip6disabled"), UINT64_MAX);
}

CASE(disabled, .setup = setup, .teardown = teardown);

TEST(disabled, what_comes_in_where_ipv6_is_off_is_not_lost)
{
	n_interfaces = 2;
	interfaces[0].disabled = interfaces[1].disabled = 1;
	put_six(0, 0, 0, 0);
	ck_assert_uint_eq(n_asked, 0);
	interfaces[1].discards = 50;
	put_six(50, 0, 50, 0);
	ck_assert_uint_eq(lost(), 0);
	ck_assert_uint_eq(excused("Ip6disabled"), 50);
	ck_assert_uint_eq(n_asked, 1);
	put_six(60, 0, 50, 0); /* quiet: not asked again */
	ck_assert_uint_eq(n_asked, 1);
	ck_assert_uint_eq(excused("Ip6disabled"), 0);
}

TEST(disabled, what_an_interface_discards_that_speaks_ipv6_is_lost)
{
	n_interfaces = 2;
	interfaces[0].disabled = 1;
	interfaces[0].discards = 1000;
	interfaces[1].discards = 7;
	put_six(5000, 0, 1007, 0);
	interfaces[0].discards += 30;
	interfaces[1].discards += 20;
	put_six(5100, 0, 1057, 0);
	ck_assert_uint_eq(excused("Ip6disabled"), 30);
	ck_assert_uint_eq(lost(), 20);
}

TEST(disabled, interface_that_ends_takes_its_counts_with_it)
{
	n_interfaces = 2;
	interfaces[0].discards = 700;
	put_six(5000, 0, 700, 0);
	n_interfaces = 1;
	interfaces[0].discards = 0;
	interfaces[0].disabled = 1;
	put_six(5000, 0, 710, 0);
	interfaces[0].disabled = 0;
	interfaces[0].discards = 5;
	put_six(5000, 0, 715, 0);
	ck_assert_uint_eq(lost(), 5);
}

TEST(disabled, what_cannot_be_asked_excuses_nothing)
{
	env.netlink = NULL;
	put_six(0, 0, 0, 0);
	put_six(50, 0, 50, 0);
	ck_assert_uint_eq(lost(), 50);
	env.netlink = &netlink; /* from here on it is known again */
	n_interfaces = 1;
	interfaces[0].disabled = 1;
	put_six(60, 0, 60, 0);
	put_six(70, 0, 70, 0);
	ck_assert_uint_eq(lost(), 0);
}

TEST(disabled, message_cut_short_is_understood_or_refused)
{
	uint64_t sum = 0;

	n_interfaces = 1;
	interfaces[0].discards = 9;
	answer.n = 0;
	put_interface(&answer, 1, 0);
	for (size_t n = sizeof(struct nlmsghdr); n <= answer.n; n++) {
		struct nlmsghdr *copy = malloc(n); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, answer.bytes, n);
		copy->nlmsg_len = (uint32_t)n;
		ck_assert_int_eq(ip_excuse_parse(copy, &sum),
				 n < 32 ? -EBADMSG : 0);
		free(copy);
	}
	ck_assert_uint_eq(sum, 9);
}

/* ---- a protocol that is not spoken ---- */

CASE(unspoken, .setup = setup, .teardown = teardown);

static void put_no_routes(uint64_t n)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "Ip6OutRequests 9\nIp6OutNoRoutes %" PRIu64 "\n", n);
	tree_put(&tree, "snmp6", text);
	read_all(NULL);
}

static const struct {
	uint8_t scopes[3];
	size_t n;
	uint64_t lost;
} spoken[] = {
	{{0}, 0, 0},
	{{RT_SCOPE_HOST, RT_SCOPE_LINK}, 2, 0},
	{{RT_SCOPE_HOST, RT_SCOPE_LINK, RT_SCOPE_UNIVERSE}, 3, 12},
	{{RT_SCOPE_SITE}, 1, 12},
};

TEST_EACH(unspoken, host_without_a_global_address_loses_no_route,
	  ARRAY_SIZE(spoken))
{
	memcpy(scopes, spoken[_i].scopes, sizeof(spoken[_i].scopes));
	n_addresses = spoken[_i].n;
	put_no_routes(100);
	n_asked = 0;
	put_no_routes(112);
	ck_assert_uint_eq(n_asked, 1);
	ck_assert_uint_eq(lost_in(DIR_TX), spoken[_i].lost);
	ck_assert_uint_eq(excused("Ip6unspoken"), 12 - spoken[_i].lost);
	put_no_routes(112); /* quiet: not asked again */
	ck_assert_uint_eq(n_asked, 1);
}

TEST(unspoken, what_cannot_be_asked_is_lost)
{
	env.netlink = NULL;
	put_no_routes(0);
	put_no_routes(12);
	ck_assert_uint_eq(lost_in(DIR_TX), 12);
}

TEST(unspoken, address_cut_short_is_understood_or_refused)
{
	for (size_t n = sizeof(struct nlmsghdr); n <= 24; n++) {
		struct nlmsghdr *copy;
		bool is_global = false;

		answer.n = 0;
		put_address(&answer, 1, RT_SCOPE_UNIVERSE);
		copy = malloc(n); /* its end is watched */
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, answer.bytes, n);
		copy->nlmsg_len = (uint32_t)n;
		ck_assert_int_eq(ip_excuse_parse_address(copy, &is_global),
				 n < 24 ? -EBADMSG : 0);
		ck_assert(is_global == (n == 24));
		free(copy);
	}
}

/* ---- a host that is no router ---- */

CASE(not_ours, .setup = setup, .teardown = teardown);

static void put_not_ours(uint64_t n, uint64_t damaged, uint64_t forwarded,
			 bool v6)
{
	char text[256];

	snprintf(text, sizeof(text),
		 v6 ? "Ip6InReceives 900\nIp6InHdrErrors %" PRIu64
		      "\nIp6InAddrErrors %" PRIu64
		      "\nIp6OutForwDatagrams %" PRIu64 "\n"
		    : "Ip: InReceives InHdrErrors InAddrErrors ForwDatagrams\n"
		      "Ip: 900 %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		 damaged, n, forwarded);
	tree_put(&tree, v6 ? "snmp6" : "snmp", text);
	read_all(NULL);
}

static const struct {
	uint64_t forwarded, lost;
	bool v6;
	const char *name;
} others[] = {
	{0, 0, false, "not_ours"},
	{1, 12, false, "not_ours"}, /* forwarding was switched off */
	{0, 0, true, "Ip6not_ours"},
	{1, 12, true, "Ip6not_ours"},
};

TEST_EACH(not_ours, what_comes_for_others_is_no_loss_of_a_host,
	  ARRAY_SIZE(others))
{
	put_not_ours(100, 0, others[_i].forwarded, others[_i].v6);
	put_not_ours(112, 7, others[_i].forwarded, others[_i].v6);
	/* what is lost beside it stays */
	ck_assert_uint_eq(lost(), others[_i].lost + 7);
	ck_assert_uint_eq(excused(others[_i].name), 12 - others[_i].lost);
}

TEST(not_ours, it_is_a_loss_once_packets_were_forwarded)
{
	put_not_ours(100, 0, 0, false);
	put_not_ours(112, 0, 0, false);
	ck_assert_uint_eq(lost(), 0);
	put_not_ours(124, 0, 5, false);
	ck_assert_uint_eq(lost(), 12);
	ck_assert_uint_eq(excused("not_ours"), 0);
}

/* ---- packets that come twice ---- */

CASE(copies, .setup = setup, .teardown = teardown);

static void put_filtered(uint64_t filtered, uint64_t broadcasts,
			 uint64_t joined)
{
	char text[256];

	tree_put(&tree, "snmp", "Ip: InReceives\nIp: 900\n");
	snprintf(text, sizeof(text),
		 "TcpExt: IPReversePathFilter\nTcpExt: %" PRIu64 "\n"
		 "IpExt: InMcastPkts InBcastPkts\n"
		 "IpExt: %" PRIu64 " %" PRIu64 "\n",
		 filtered, joined, broadcasts);
	tree_put(&tree, "netstat", text);
	read_all(NULL);
}

static const struct {
	struct own_address own[4];
	uint64_t filtered, broadcasts, joined, lost;
} twins[] = {
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 24, 3}}, 40, 40, 0, 0},
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 24, 3}}, 40, 10, 30, 0},
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 24, 3}}, 80, 40, 0, 40},
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 24, 3}, {"10.9.0.9", 24, 4}},
	 80,
	 40,
	 0,
	 0},
	/* two addresses of one interface; others; none that has neighbours */
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 24, 2}}, 40, 40, 0, 40},
	{{{"10.9.0.2", 24, 2}, {"10.9.1.2", 24, 3}}, 40, 40, 0, 40},
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 16, 3}}, 40, 40, 0, 40},
	{{{"10.9.0.2", 32, 2}, {"10.9.0.2", 32, 3}}, 40, 40, 0, 40},
	{{{NULL, 0, 0}}, 40, 40, 0, 40},
	{{{"10.9.0.2", 24, 2}, {"10.9.0.12", 24, 3}}, 40, 0, 0, 40},
};

TEST_EACH(copies, twin_interfaces_lose_no_broadcast, ARRAY_SIZE(twins))
{
	own = twins[_i].own;
	put_filtered(100, 500, 500);
	n_asked = 0;
	put_filtered(100 + twins[_i].filtered, 500 + twins[_i].broadcasts,
		     500 + twins[_i].joined);
	ck_assert_uint_eq(n_asked, twins[_i].broadcasts > 0);
	ck_assert_uint_eq(lost(), twins[_i].lost);
	ck_assert_uint_eq(excused("copies"),
			  twins[_i].filtered - twins[_i].lost);
}

TEST(copies, twins_that_cannot_be_asked_excuse_nothing)
{
	env.netlink = NULL;
	put_filtered(0, 0, 0);
	put_filtered(40, 40, 0);
	ck_assert_uint_eq(lost(), 40);
}

TEST(copies, own_address_cut_short_is_understood_or_refused)
{
	static const struct own_address a = {"10.9.0.2", 24, 2};

	for (size_t n = sizeof(struct nlmsghdr); n <= 32; n++) {
		struct ip_networks list = {.n = 0};
		struct nlmsghdr *copy;

		answer.n = 0;
		put_own(&answer, 1, &a);
		copy = malloc(n); /* its end is watched */
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, answer.bytes, n);
		copy->nlmsg_len = (uint32_t)n;
		ck_assert_int_eq(ip_twins_parse(copy, &list),
				 n < 24 ? -EBADMSG : 0);
		ck_assert_uint_eq(list.n, n == 32);
		free(copy);
	}
}
