/* SPDX-License-Identifier: MIT */
/* The balance of IP: what of it is a gap, and what is jitter. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "kernel/netlink.h"
#include "kernel/procnet.h"
#include "probes/balance/balance_private.h"
#include "probes/firewall/rule.h"
#include "probes/link/link.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

static struct tree tree;
static char buffer[8192];
static struct sample then, now;
static struct probe_env env = {.net = &(struct procnet)PROCNET(tree.path),
			       .gaps = true,
			       .buffer = buffer,
			       .size = sizeof(buffer)};

static struct {
	uint64_t requested, delivered; /* 0: no state has counted anything */
	bool unknown, stale;
} ipsec;

static bool ip_is_unread;

#define BALANCE 1 /* index of the probe, behind all others */

/* What a rule of that family has dropped so far; 0: there is none. */
static struct {
	enum family family;
	uint64_t packets;
} dropped;

static void setup(void)
{
	tree_make(&tree);
	tree_mkdir(&tree, "sys/module/ip_tables");
	memset(&ipsec, 0, sizeof(ipsec));
	memset(&dropped, 0, sizeof(dropped));
	ck_assert_int_eq(balance_probe.init(&env, &env.state), 0);
}

static void teardown(void)
{
	tree_remove(&tree);
	balance_probe.free(env.state);
	sample_free(&then);
	sample_free(&now);
}

/* Appends rows like "InReceives=100 InDelivers=90". */
static void append_rows(const char *counters)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", counters);
	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		const struct counter *c = snmp_probe.counters->rows;
		char *value = strchr(word, '=');

		*value++ = '\0';
		while (c->layer != LAYER_IP || strcmp(c->name, word))
			ck_assert(++c < snmp_probe.counters->rows +
						snmp_probe.counters->n);
		sample_row(&now, c, strtoull(value, NULL, 10));
	}
}

/* What IPsec adds to the balance, as ipsec_probe appends it. */
static const struct counter requested_twice = {
	.name = "requested_twice",
	.layer = LAYER_UNEXPLAINED,
	.bits = 64,
	.kind = KIND_FACT,
	.out_gap = -1,
};

static const struct counter delivered_twice = {
	.name = "delivered_twice",
	.layer = LAYER_UNEXPLAINED,
	.bits = 64,
	.kind = KIND_FACT,
	.in_gap = 1,
};

static void append_ipsec(void)
{
	if (!ipsec.requested && !ipsec.delivered)
		return;
	sample_object(&now, LAYER_UNEXPLAINED, "", BALANCE_IPSEC, 0);
	now.objects[now.n_objects - 1].stale = ipsec.stale;
	sample_row(&now, &delivered_twice, ipsec.delivered);
	sample_row(&now, &requested_twice, ipsec.requested);
	if (ipsec.unknown)
		sample_row(&now, &balance_ipsec_unknown, 1);
}

static void append_dropped(void)
{
	if (!dropped.packets)
		return;
	sample_object(&now, LAYER_NETFILTER, "", "x.filter.INPUT.drop", 0);
	sample_chain(&now, dropped.family, "filter", "INPUT");
	sample_row(&now, firewall_counter(FIREWALL_CHAIN, DIR_RX),
		   dropped.packets);
}

/* A read; what was read before becomes the one before. */
static void read_balance(const char *counters)
{
	struct sample read = then;

	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	now.source = 0;
	sample_object(&now, LAYER_IP, "", "", 0);
	append_rows(counters);
	now.objects[0].stale = ip_is_unread;
	append_ipsec();
	append_dropped();
	now.source = BALANCE;
	(void)!balance_probe.read(&env, &now); /* -ENOENT: no gap is known */
	ck_assert_int_eq(now.error, 0);
}

/* A gap by its name; v6 for the second family's. UINT64_MAX: absent. */
static uint64_t gap(const char *name, bool v6)
{
	for (uint32_t i = 0; i < now.n_rows; i++) {
		const struct counter *c = now.rows[i].counter;
		const char *own = c->name +
				  (strncmp(c->name, "Ip6", 3) ? 0 : 3);
		bool six = own != c->name || strchr(c->name, '6');

		if (c->kind == KIND_GAP && six == v6 && strstr(c->name, name))
			return now.rows[i].value;
	}
	return UINT64_MAX;
}

CASE(balance, .setup = setup, .teardown = teardown);

TEST(balance, first_read_has_no_gap_yet)
{
	read_balance("InReceives=1000 InDelivers=400");
	ck_assert_uint_eq(gap("in_gap", false), 0);
	ck_assert_uint_eq(gap("out_gap", false), UINT64_MAX);
	ck_assert_uint_eq(gap("in_gap", true), UINT64_MAX);
}

static const struct {
	const char *before, *after;
	uint64_t in, out;
} balances[] = {
	/* kernel-facts, section 2: what was checked there by measurement */
	{"InReceives=0 InDelivers=0", "InReceives=100 InDelivers=100", 0,
	 UINT64_MAX},
	{"InReceives=0 InDelivers=0", "InReceives=100 InDelivers=0", 100,
	 UINT64_MAX},
	{"InReceives=0 InDelivers=0 InHdrErrors=0 InAddrErrors=0 InDiscards=0 "
	 "InNoRoutes=0 InTruncatedPkts=0 InUnknownProtos=0 "
	 "IPReversePathFilter=0 ForwDatagrams=0",
	 "InReceives=100 InDelivers=10 InHdrErrors=10 InAddrErrors=10 "
	 "InDiscards=10 InNoRoutes=10 InTruncatedPkts=10 InUnknownProtos=10 "
	 "IPReversePathFilter=10 ForwDatagrams=10",
	 10, UINT64_MAX},
	/* for groups that somebody joined: IPv4 counts no others */
	{"InReceives=0 InDelivers=0 InMcastPkts=7",
	 "InReceives=100 InDelivers=0 InMcastPkts=67", 100, UINT64_MAX},
	{"InReceives=0 InDelivers=0 ReasmReqds=0 ReasmOKs=0",
	 "InReceives=300 InDelivers=100 ReasmReqds=300 ReasmOKs=100", 0,
	 UINT64_MAX},
	{"InReceives=0 ForwDatagrams=0 OutRequests=0 OutTransmits=0",
	 "InReceives=100 ForwDatagrams=100 OutRequests=5 OutTransmits=5", 0,
	 100},
	{"OutRequests=0 OutTransmits=0 FragCreates=0 FragOKs=0",
	 "OutRequests=100 OutTransmits=300 FragCreates=300 FragOKs=100",
	 UINT64_MAX, 0},
	{"OutRequests=0 OutTransmits=0 ForwDatagrams=0 FragFails=0",
	 "OutRequests=0 OutTransmits=80 ForwDatagrams=100 FragFails=20",
	 UINT64_MAX, 0},
};

TEST_EACH(balance, what_is_missing_is_the_gap, ARRAY_SIZE(balances))
{
	read_balance(balances[_i].before);
	read_balance(balances[_i].after);
	ck_assert_uint_eq(gap("in_gap", false), balances[_i].in);
	ck_assert_uint_eq(gap("out_gap", false), balances[_i].out);
}

TEST(balance, families_have_gaps_of_their_own)
{
	read_balance("InReceives=0 InDelivers=0 Ip6InReceives=0 "
		     "Ip6InDelivers=0 Ip6OutRequests=0 Ip6OutTransmits=0");
	read_balance("InReceives=9 InDelivers=9 Ip6InReceives=50 "
		     "Ip6InDelivers=20 Ip6OutRequests=7 Ip6OutTransmits=0");
	ck_assert_uint_eq(gap("in_gap", false), 0);
	ck_assert_uint_eq(gap("in_gap", true), 30);
	ck_assert_uint_eq(gap("out_gap", true), 7);
}

TEST(balance, packets_for_groups_of_ipv6_are_not_missed)
{
	read_balance("Ip6InReceives=0 Ip6InDelivers=0 Ip6InMcastPkts=7");
	read_balance("Ip6InReceives=100 Ip6InDelivers=0 Ip6InMcastPkts=67");
	ck_assert_uint_eq(gap("in_gap", true), 40);
}

TEST(balance, gap_only_grows)
{
	static const struct {
		const char *counters;
		uint64_t gap;
	} steps[] = {
		{"InReceives=100 InDelivers=0", 0},
		{"InReceives=150 InDelivers=0", 50},
		{"InReceives=150 InDelivers=30", 50}, /* 30 were on their way */
		{"InReceives=180 InDelivers=30", 50},
		{"InReceives=185 InDelivers=30", 55},
		{"InReceives=185 InDelivers=985", 55}, /* delivered twice */
		{"InReceives=285 InDelivers=985", 55}, /* 100 of it is owed */
		{"InReceives=286 InDelivers=985", 56},
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		read_balance(steps[i].counters);
		ck_assert_msg(gap("in_gap", false) == steps[i].gap,
			      "%s: %" PRIu64, steps[i].counters,
			      gap("in_gap", false));
	}
}

/* No sum of these may overflow; 100 of the last 200 are owed, as ever. */
TEST(balance, counters_may_be_anything)
{
	static const char *const steps[] = {
		"InReceives=9223372036854775807 InDelivers=0 FragCreates=0",
		"InReceives=0 InDelivers=9223372036854775807 FragCreates=-1",
		"InReceives=18446744073709551615 InDelivers=1 FragCreates=3",
		"InReceives=1 InDelivers=9223372036854775807 FragCreates=9",
		"InReceives=201 InDelivers=9223372036854775807 FragCreates=9",
	};
	uint64_t before;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		before = i ? gap("in_gap", false) : 0;
		read_balance(steps[i]);
	}
	ck_assert_uint_eq(gap("in_gap", false), before + 100);
}

TEST(balance, gap_goes_on_after_a_read_that_failed)
{
	struct sample read;

	read_balance("InReceives=100 InDelivers=0");
	read_balance("InReceives=150 InDelivers=0");
	read = then;
	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, &then);
	sample_carry(&now, &then, 0);
	sample_carry(&now, &then, BALANCE);
	read_balance("InReceives=180 InDelivers=10");
	ck_assert_uint_eq(gap("in_gap", false), 70);
}

static bool is_gap_stale(void)
{
	EACH_OBJECT (&now, o)
		if (o->source == BALANCE)
			return o->stale;
	ck_abort_msg("there is no gap");
	return false;
}

/* What is in it is of the read before, as what IP counts. */
TEST(balance, gap_is_as_unread_as_ip)
{
	read_balance("InReceives=100 InDelivers=0");
	read_balance("InReceives=150 InDelivers=0");
	ck_assert(!is_gap_stale());
	ip_is_unread = true;
	read_balance("InReceives=150 InDelivers=0");
	ck_assert(is_gap_stale());
	ck_assert_uint_eq(gap("in_gap", false), 50);
	ip_is_unread = false;
	read_balance("InReceives=180 InDelivers=10");
	ck_assert(!is_gap_stale());
	ck_assert_uint_eq(gap("in_gap", false), 70);
}

/* A device that counts multicast frames. */
static void read_with_frames(const char *counters, uint64_t frames)
{
	const struct counter *multicast =
		counter_tagged(link_probe.counters, TAG_LINK_MULTICAST);
	struct sample read = then;

	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	sample_object(&now, LAYER_LINK, "eth0", "", 2);
	sample_row(&now, multicast, frames);
	sample_object(&now, LAYER_IP, "", "", 0);
	append_rows(counters);
	ck_assert_int_eq(balance_probe.read(&env, &now), 0);
}

TEST(balance, frames_for_groups_that_nobody_joined_are_not_missed)
{
	read_with_frames("InReceives=0 InDelivers=0 InMcastPkts=0", 0);
	read_with_frames("InReceives=100 InDelivers=10 InMcastPkts=10", 60);
	ck_assert_uint_eq(gap("in_gap", false), 40);
}

TEST(balance, delivered_multicast_hides_no_gap)
{
	read_with_frames("InReceives=0 InDelivers=0 InMcastPkts=0", 0);
	read_with_frames("InReceives=500 InDelivers=300 InMcastPkts=300", 300);
	ck_assert_uint_eq(gap("in_gap", false), 200);
}

/*
 * As recorded: 120 datagrams in three fragments each pass a bridge with
 * br_netfilter and conntrack; then IP sends 160, 40 of which vanish.
 */
TEST(balance, fragments_that_are_bridged_are_not_missed)
{
	read_balance("InReceives=0 InDelivers=0 ReasmReqds=0 ReasmOKs=0 "
		     "OutRequests=0 OutTransmits=0 FragOKs=0 FragCreates=0");
	read_balance("InReceives=0 InDelivers=0 ReasmReqds=360 ReasmOKs=120 "
		     "OutRequests=0 OutTransmits=0 FragOKs=120 "
		     "FragCreates=360");
	ck_assert_uint_eq(gap("out_gap", false), 0);
	read_balance("InReceives=0 InDelivers=0 ReasmReqds=720 ReasmOKs=240 "
		     "OutRequests=160 OutTransmits=120 FragOKs=240 "
		     "FragCreates=720");
	ck_assert_uint_eq(gap("out_gap", false), 40);
}

static const struct {
	enum family family;
	uint64_t gap;
} fragments_and_rule[] = {
	{FAMILY_IP, 0},	     /* its packets are missed on input, too */
	{FAMILY_NETDEV, 40}, /* IP has never seen them */
};

/* The same, while a rule drops 40 of what IP receives. */
TEST_EACH(balance, fragments_are_bridged_while_rules_drop,
	  ARRAY_SIZE(fragments_and_rule))
{
	dropped.family = fragments_and_rule[_i].family;
	dropped.packets = 1000;
	read_balance("InReceives=0 InDelivers=0 ReasmReqds=0 ReasmOKs=0 "
		     "OutRequests=0 OutTransmits=0 FragOKs=0 FragCreates=0");
	dropped.packets += 40;
	read_balance("InReceives=40 InDelivers=0 ReasmReqds=360 ReasmOKs=120 "
		     "OutRequests=0 OutTransmits=0 FragOKs=120 "
		     "FragCreates=360");
	ck_assert_uint_eq(gap("out_gap", false), fragments_and_rule[_i].gap);
}

/* A router puts them together, too, and has received and sends them. */
TEST(balance, fragments_that_are_routed_hide_nothing)
{
	read_balance("InReceives=0 InDelivers=0 ReasmReqds=0 ReasmOKs=0 "
		     "ForwDatagrams=0 OutTransmits=0 FragOKs=0 FragCreates=0");
	read_balance("InReceives=360 InDelivers=0 ReasmReqds=360 ReasmOKs=120 "
		     "ForwDatagrams=120 OutTransmits=240 FragOKs=80 "
		     "FragCreates=240");
	ck_assert_uint_eq(gap("out_gap", false), 40);
}

#define IP_VS_STATS                                                            \
	"   Total Incoming Outgoing         Incoming         Outgoing\n"       \
	"   Conns  Packets  Packets            Bytes            Bytes\n"

/* What IPVS forwarded is gone on purpose, what it discarded is not. */
TEST(balance, what_ipvs_takes_is_not_missed)
{
	tree_put(&tree, "ip_vs_stats", IP_VS_STATS "1 0 0 0 0\n");
	read_balance("InReceives=0 InDelivers=0");
	tree_put(&tree, "ip_vs_stats", IP_VS_STATS "3 12C 0 9600 0\n");
	read_balance("InReceives=500 InDelivers=0");
	ck_assert_uint_eq(gap("in_gap", false), 200);
}

/* What was taken of one family hides no packet of the other. */
TEST(balance, what_was_taken_counts_once)
{
	tree_put(&tree, "ip_vs_stats", IP_VS_STATS "1 0 0 0 0\n");
	read_balance("InReceives=0 InDelivers=0 Ip6InReceives=0 "
		     "Ip6InDelivers=0");
	tree_put(&tree, "ip_vs_stats", IP_VS_STATS "3 12C 0 9600 0\n");
	read_balance("InReceives=300 InDelivers=0 Ip6InReceives=0 "
		     "Ip6InDelivers=0");
	ck_assert_uint_eq(gap("in_gap", false), 0);
	read_balance("InReceives=300 InDelivers=0 Ip6InReceives=80 "
		     "Ip6InDelivers=0");
	ck_assert_uint_eq(gap("in_gap", true), 80);
}

#define SYNPROXY                                                               \
	"entries\t\tsyn_received\tcookie_invalid\tcookie_valid\t"              \
	"cookie_retrans\tconn_reopened\n"

TEST(balance, what_synproxy_takes_is_not_missed)
{
	tree_put(&tree, "stat/synproxy",
		 SYNPROXY "00000000 00000010 00000000 00000010 00000000 "
			  "00000000\n");
	read_balance("InReceives=0 InDelivers=0 OutRequests=0 OutTransmits=0");
	tree_put(&tree, "stat/synproxy",
		 SYNPROXY "00000000 00000010 00000000 00000010 00000000 "
			  "00000000\n"
			  "00000000 00000096 00000000 00000096 00000000 "
			  "00000000\n");
	read_balance("InReceives=700 InDelivers=400 OutRequests=650 "
		     "OutTransmits=500");
	ck_assert_uint_eq(gap("in_gap", false), 0);
	ck_assert_uint_eq(gap("out_gap", false), 0);
}

TEST(balance, other_text_is_nothing_taken)
{
	struct balance_taken taken = {0};

	ck_assert(!balance_parse_ipvs("", 0, &taken));
	ck_assert(!balance_parse_ipvs("a\nb\nc\n", 6, &taken));
	ck_assert(!balance_parse_ipvs("a\nb\n1 G\n", 8, &taken));
	ck_assert(!balance_parse_synproxy("entries\n0\n", 10, &taken));
	ck_assert_uint_eq(taken.in + taken.out, 0);
}

/* Else what was forwarded would be a loss, and hide one in the next read. */
TEST(balance, what_is_taken_is_never_guessed)
{
	tree_put(&tree, "ip_vs_stats", IP_VS_STATS "1 64 0 0 0\n");
	read_balance("InReceives=0 InDelivers=0");
	tree_drop(&tree, "ip_vs_stats");
	tree_mkdir(&tree, "ip_vs_stats");
	read_balance("InReceives=300 InDelivers=0");
	ck_assert_uint_eq(gap("in_gap", false), UINT64_MAX);
	ck_assert_int_eq(balance_probe.read(&env, &now), -EISDIR);
	tree_drop(&tree, "ip_vs_stats");
	tree_put(&tree, "ip_vs_stats", "of a kernel to come\n");
	ck_assert_int_eq(balance_probe.read(&env, &now), -EBADMSG);
	tree_drop(&tree, "ip_vs_stats"); /* as most kernels are */
	ck_assert_int_eq(balance_probe.read(&env, &now), 0);
}

#define SNMP "Ip: InReceives InDelivers\nIp: %u 0\n"

/* A read of IP, then of a rule, and IP as it stands behind that. */
static void read_with_rule(unsigned received, unsigned counted, unsigned behind)
{
	struct sample read = then;
	char text[64];

	then = now;
	now = read;
	snprintf(text, sizeof(text), SNMP, behind);
	tree_put(&tree, "snmp", text);
	tree_put(&tree, "netstat", "TcpExt: ListenDrops\nTcpExt: 0\n");
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	snprintf(text, sizeof(text), "InReceives=%u InDelivers=0", received);
	sample_object(&now, LAYER_IP, "", "", 0);
	append_rows(text);
	sample_object(&now, LAYER_NETFILTER, "", "ip.filter.INPUT.drop", 0);
	sample_row(&now, firewall_counter(FIREWALL_CHAIN, DIR_RX), counted);
	ck_assert_int_eq(balance_probe.read(&env, &now), 0);
}

/* What a rule counts while it is read is not missed in the next interval. */
TEST(balance, what_came_between_two_sources_is_in_no_gap)
{
	read_with_rule(1000, 0, 1000);
	read_with_rule(2000, 1050, 2050);
	ck_assert_uint_eq(gap("in_gap", false), 1000);
	read_with_rule(3000, 2000, 3000);
	ck_assert_uint_eq(gap("in_gap", false), 1950);
}

/* A rule may count between the two for the first time. */
TEST(balance, what_came_only_between_two_sources_is_in_no_gap)
{
	read_with_rule(1000, 0, 1000);
	read_with_rule(1000, 50, 1050);
	ck_assert_uint_eq(gap("in_gap", false), 0);
	read_with_rule(2000, 1000, 2000);
	ck_assert_uint_eq(gap("in_gap", false), 950);
}

/* Where no rule counts, nothing is between two sources: all of it is missed. */
TEST(balance, without_a_rule_nothing_is_left_out)
{
	read_with_rule(1000, 0, 1000);
	read_with_rule(2000, 0, 2050);
	read_with_rule(3000, 0, 3000);
	ck_assert_uint_eq(gap("in_gap", false), 2000);
}

/* ---- IPsec ---- */

/* A message of XFRM_MSG_NEWSA with one attribute, as Linux 6.1 sends it. */
struct state_message {
	struct nlmsghdr head;
	struct xfrm_usersa_info sa;
	struct nlattr attr;
	union {
		struct xfrm_replay_state replay;
		struct xfrm_replay_state_esn esn;
	};
};

static struct state_message state_message(uint16_t family, uint8_t proto,
					  uint8_t mode, bool esn, uint32_t sent)
{
	struct state_message m = {
		.head = {.nlmsg_len = sizeof(m), .nlmsg_type = XFRM_MSG_NEWSA},
		.sa = {.family = family,
		       .mode = mode,
		       .id = {.proto = proto, .spi = 7, .daddr = {.a4 = 9}},
		       .curlft = {.packets = 120}},
		.attr = {.nla_type = esn ? XFRMA_REPLAY_ESN_VAL
					 : XFRMA_REPLAY_VAL,
			 .nla_len = NLA_HDRLEN +
				    (esn ? sizeof(m.esn) : sizeof(m.replay))},
	};

	if (esn)
		m.esn.oseq = sent;
	else
		m.replay.oseq = sent;
	return m;
}

static const struct {
	uint16_t family;
	uint8_t proto, mode;
	bool esn;
	uint32_t sent;
	int row; /* -1: of no interest */
} ipsec_kinds[] = {
	{AF_INET, IPPROTO_ESP, XFRM_MODE_TRANSPORT, false, 0,
	 BALANCE_DELIVERED},
	{AF_INET, IPPROTO_AH, XFRM_MODE_TRANSPORT, true, 0, BALANCE_DELIVERED},
	{AF_INET6, IPPROTO_ESP, XFRM_MODE_TRANSPORT, true, 0,
	 BALANCE_DELIVERED6},
	{AF_INET, IPPROTO_ESP, XFRM_MODE_TRANSPORT, false, 5,
	 BALANCE_REQUESTED},
	{AF_INET, IPPROTO_ESP, XFRM_MODE_TUNNEL, true, 5, BALANCE_REQUESTED},
	/* what was in a tunnel is received again */
	{AF_INET, IPPROTO_ESP, XFRM_MODE_TUNNEL, false, 0, -1},
	{AF_INET, IPPROTO_ESP, XFRM_MODE_BEET, false, 0, -1},
	/* IPv6 counts once what it sends */
	{AF_INET6, IPPROTO_ESP, XFRM_MODE_TRANSPORT, false, 5, -1},
	/* numbers no packets, so nobody knows who sent them */
	{AF_INET, IPPROTO_COMP, XFRM_MODE_TRANSPORT, false, 0, -1},
	{AF_UNIX, IPPROTO_ESP, XFRM_MODE_TRANSPORT, false, 0, -1},
};

TEST_EACH(balance, states_of_ipsec_count_what_ip_counts_twice,
	  ARRAY_SIZE(ipsec_kinds))
{
	struct state_message m =
		state_message(ipsec_kinds[_i].family, ipsec_kinds[_i].proto,
			      ipsec_kinds[_i].mode, ipsec_kinds[_i].esn,
			      ipsec_kinds[_i].sent);
	struct ipsec_state state;

	ck_assert(balance_parse_state(&m.head, &state) ==
		  (ipsec_kinds[_i].row >= 0));
	if (ipsec_kinds[_i].row < 0)
		return;
	ck_assert_int_eq(state.key.row, ipsec_kinds[_i].row);
	ck_assert_uint_eq(state.key.spi, 7);
	ck_assert_uint_eq(state.packets, 120);
}

TEST(balance, messages_cut_short_are_no_states)
{
	struct state_message m = state_message(AF_INET, IPPROTO_ESP,
					       XFRM_MODE_TRANSPORT, false, 5);
	struct ipsec_state state;

	m.attr.nla_len = NLA_HDRLEN + 2; /* nobody knows whether it sends */
	ck_assert(!balance_parse_state(&m.head, &state));
	m.attr.nla_len = NLA_HDRLEN + sizeof(m.replay);
	m.attr.nla_type = XFRMA_REPLAY_ESN_VAL;
	ck_assert(!balance_parse_state(&m.head, &state));
	m.attr.nla_type = XFRMA_MARK;
	ck_assert(!balance_parse_state(&m.head, &state));
	m.head.nlmsg_len = NLMSG_HDRLEN + sizeof(m.sa) - 1;
	ck_assert(!balance_parse_state(&m.head, &state));
	m.head.nlmsg_len = sizeof(m);
	m.head.nlmsg_type = XFRM_MSG_NEWPOLICY;
	ck_assert(!balance_parse_state(&m.head, &state));
}

/* GRO may have decrypted them: then IP delivered them once. */
TEST(balance, what_may_have_come_decrypted_is_not_counted_twice)
{
	struct kmods kmods = {.root = tree.path};
	uint64_t more[N_BALANCE_TWICE] = {50, 60, 70};

	balance_leave_offloaded(&kmods, buffer, sizeof(buffer), more);
	ck_assert_uint_eq(more[BALANCE_DELIVERED], 50);
	ck_assert_uint_eq(more[BALANCE_DELIVERED6], 60);
	tree_put(&tree, "sys/module/esp6_offload/refcnt", "0\n");
	balance_leave_offloaded(&kmods, buffer, sizeof(buffer), more);
	ck_assert_uint_eq(more[BALANCE_DELIVERED], 50);
	ck_assert_uint_eq(more[BALANCE_DELIVERED6], 0);
	ck_assert_uint_eq(more[BALANCE_REQUESTED], 70);
}

/* The states that the kernel has. */
static struct {
	struct state_message states[4];
	size_t n, n_asked;
	uint32_t addressed; /* interface that has an address, 0: none has */
	int error;	    /* of an answer, 0 or negative errno */
} kernel;

struct address_message {
	struct nlmsghdr head;
	struct ifaddrmsg m;
};

/* Puts that address, where addresses are what was asked for. */
static struct address_message address_message(uint32_t sequence)
{
	return (struct address_message) {
		.head = {.nlmsg_len = sizeof(struct address_message),
			 .nlmsg_type = RTM_NEWADDR,
			 .nlmsg_flags = NLM_F_MULTI,
			 .nlmsg_seq = sequence},
		.m = {.ifa_family = AF_INET, .ifa_index = kernel.addressed},
	};
}

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);

static uint32_t asked; /* sequence number */
static bool asks_addresses;

ssize_t __wrap_send(int fd, const void *data, size_t n, int flags)
{
	const struct nlmsghdr *h = data;

	(void)fd;
	(void)flags;
	ck_assert(h->nlmsg_type == XFRM_MSG_GETSA ||
		  h->nlmsg_type == RTM_GETADDR);
	asks_addresses = h->nlmsg_type == RTM_GETADDR;
	asked = h->nlmsg_seq;
	kernel.n_asked++;
	return (ssize_t)n;
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	const struct {
		struct nlmsghdr head;
		int error;
	} done = {.head = {.nlmsg_len = sizeof(done),
			   .nlmsg_type = NLMSG_DONE,
			   .nlmsg_flags = NLM_F_MULTI,
			   .nlmsg_seq = asked},
		  .error = kernel.error};
	char *end = bytes;

	(void)fd;
	(void)flags;
	memset(from, 0, *size);
	ck_assert_uint_le(sizeof(kernel.states) + sizeof(done), n);
	if (asks_addresses && kernel.addressed) {
		const struct address_message m = address_message(asked);

		memcpy(end, &m, sizeof(m));
		end += sizeof(m);
	}
	for (size_t i = 0; i < kernel.n && !asks_addresses; i++) {
		struct state_message *m = &kernel.states[i];

		m->head.nlmsg_flags = NLM_F_MULTI;
		m->head.nlmsg_seq = asked;
		memcpy(end, m, sizeof(*m));
		end += sizeof(*m);
	}
	memcpy(end, &done, sizeof(done));
	return end + sizeof(done) - (char *)bytes;
}

/* A state with an SPI of its own that has received some. */
static void put_state(uint32_t spi, uint64_t packets)
{
	struct state_message m = state_message(AF_INET, IPPROTO_ESP,
					       XFRM_MODE_TRANSPORT, false, 0);

	m.sa.id.spi = spi;
	m.sa.curlft.packets = packets;
	kernel.states[kernel.n++] = m;
}

/* A read of IP and then of the states, of which so many fit; how many packets
 * these have told of since the first one. */
static uint64_t read_states(const char *counters, size_t fit)
{
	struct ipsec_state room[4];
	struct netlink nl = {.own_route = -1};
	struct probe_env own = {.netlink = &nl,
				.gaps = true,
				.buffer = (char *)room,
				.size = fit * sizeof(*room)};
	struct sample read = then;
	const struct object *o;
	uint64_t n = 0;

	ck_assert_int_eq(netlink_alloc(&nl), 0);
	nl.kmods.root = tree.path;
	nl.fds[NETLINK_XFRM] = dup(STDERR_FILENO);
	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	sample_object(&now, LAYER_IP, "", "", 0);
	append_rows(counters);
	ck_assert_int_eq(ipsec_probe.read(&own, &now), kernel.error);
	now.sources = !kernel.error;
	o = balance_find_ipsec(&now);
	if (o)
		EACH_ROW (&now, o, row)
			if (!strcmp(row->counter->name, "delivered_twice"))
				n = row->value;
	netlink_free(&nl);
	return n;
}

/* Who may not ask is told so in each read: nothing is known of them. */
TEST(balance, states_that_may_not_be_asked_for_are_not_absent)
{
	memset(&kernel, 0, sizeof(kernel));
	tree_put(&tree, "sys/module/xfrm_user/refcnt", "0\n");
	put_state(1, 1000);
	kernel.error = -EPERM;
	for (size_t i = 0; i < 3; i++) {
		(void)read_states("InReceives=1 InDelivers=1", 4);
		ck_assert_uint_eq(kernel.n_asked, i + 1);
	}
	ck_assert(!probe_is_absent(&ipsec_probe, false, -EPERM));
	kernel.error = 0;
	(void)read_states("InReceives=1 InDelivers=1", 4);
	(void)read_states("InReceives=1 InDelivers=1", 4);
	ck_assert_uint_eq(kernel.n_asked, 4);
}

TEST(balance, states_are_not_asked_where_nothing_came)
{
	memset(&kernel, 0, sizeof(kernel));
	tree_put(&tree, "sys/module/xfrm_user/refcnt", "0\n");
	put_state(1, 1000);
	ck_assert_uint_eq(read_states("InReceives=1 InDelivers=1", 4), 0);
	ck_assert_uint_eq(kernel.n_asked, 1);
	ck_assert_uint_eq(read_states("InReceives=1 InDelivers=1", 4), 0);
	ck_assert_uint_eq(kernel.n_asked, 1);
	kernel.n = 0;
	put_state(1, 1040);
	ck_assert_uint_eq(read_states("InReceives=41 InDelivers=81", 4), 40);
	kernel.n = 0;
	ck_assert_uint_eq(read_states("InReceives=41 InDelivers=81", 4), 40);
	ck_assert_uint_eq(kernel.n_asked, 2);
}

/* Nothing that could load a module. */
TEST(balance, states_are_not_asked_where_nobody_has_any)
{
	memset(&kernel, 0, sizeof(kernel));
	tree_put(&tree, "proc/modules", "");
	ck_assert_uint_eq(read_states("InReceives=1 InDelivers=1", 4), 0);
	ck_assert_uint_eq(read_states("InReceives=1 InDelivers=9", 4), 0);
	ck_assert_uint_eq(kernel.n_asked, 0);
}

/* A state that did not fit before is not new. */
TEST(balance, more_states_than_fit_are_not_known)
{
	memset(&kernel, 0, sizeof(kernel));
	tree_put(&tree, "sys/module/xfrm_user/refcnt", "0\n");
	put_state(1, 10);
	put_state(2, 20);
	put_state(3, 5000);
	ck_assert_uint_eq(read_states("InReceives=1 InDelivers=1", 2), 0);
	kernel.states[0] = kernel.states[2];
	kernel.n = 2;
	ck_assert_uint_eq(read_states("InReceives=9 InDelivers=17", 2), 0);
	kernel.states[0].sa.curlft.packets += 7;
	ck_assert_uint_eq(read_states("InReceives=16 InDelivers=31", 2), 7);
}

/* Since Linux 6.7: 120 of IPsec, and 80 that a rule dropped. */
TEST(balance, what_ipsec_requests_twice_is_not_missed)
{
	read_balance("OutRequests=0 OutTransmits=0");
	ipsec.requested = 120;
	read_balance("OutRequests=320 OutTransmits=120");
	ck_assert_uint_eq(gap("out_gap", false), 80);
	read_balance("OutRequests=320 OutTransmits=120");
	ck_assert_uint_eq(gap("out_gap", false), 80);
	/* a state is gone, with what it sent last */
	ipsec.requested = 150;
	ipsec.unknown = true;
	read_balance("OutRequests=420 OutTransmits=170");
	ck_assert_uint_eq(gap("out_gap", false), 80);
	ipsec.unknown = false;
	read_balance("OutRequests=430 OutTransmits=170");
	ck_assert_uint_eq(gap("out_gap", false), 90);
}

TEST(balance, what_ipsec_delivers_twice_hides_nothing)
{
	read_balance("InReceives=0 InDelivers=0");
	ipsec.delivered = 1000;
	read_balance("InReceives=1040 InDelivers=2000");
	ck_assert_uint_eq(gap("in_gap", false), 40);
}

/* What the states counted meanwhile is told by the next read of them. */
TEST(balance, states_that_could_not_be_read_are_no_gap_later)
{
	ipsec.delivered = 1000;
	read_balance("InReceives=1000 InDelivers=2000");
	ipsec.stale = true;
	read_balance("InReceives=2000 InDelivers=4000");
	ck_assert_uint_eq(gap("in_gap", false), 0);
	ipsec.stale = false;
	ipsec.delivered = 3000;
	read_balance("InReceives=3000 InDelivers=5960");
	ck_assert_uint_eq(gap("in_gap", false), 40);
}

#define IPSEC_STATE(spi_, row_, protocol_, packets_)                           \
	{                                                                      \
		.key = {.spi = (spi_),                                         \
			.row = (row_),                                         \
			.protocol = (protocol_)},                              \
		.packets = (packets_)                                          \
	}

static void fill_states(struct ipsec_states *list, size_t n, uint32_t first,
			int32_t step, uint64_t packets)
{
	list->items = calloc(n, sizeof(*list->items));
	ck_assert_ptr_nonnull(list->items);
	list->n = list->max = n;
	for (size_t i = 0; i < n; i++) {
		list->items[i].key.row = BALANCE_DELIVERED;
		list->items[i].key.spi = first + (uint32_t)step * (uint32_t)i;
		list->items[i].packets = packets;
	}
}

static const struct {
	const char *what;
	uint32_t first;
	int32_t step;
	uint64_t more;
	bool all_found;
} replaced[] = {
	{"the same order", 1, 1, 60000 * UINT64_C(7), true},
	{"the other way round", 60000, -1, 60000 * UINT64_C(7), true},
	{"all replaced", 100000, 1, 60000 * UINT64_C(27), false},
	{"each second one replaced", 1, 2, 30000 * UINT64_C(34), false},
};

/* Each compared with each takes longer than a test may. */
TEST_EACH(balance, many_states_may_be_replaced_at_once, ARRAY_SIZE(replaced))
{
	struct ipsec_states before, after;
	uint64_t more[N_BALANCE_TWICE];

	fill_states(&before, 60000, 1, 1, 20);
	fill_states(&after, 60000, replaced[_i].first, replaced[_i].step, 27);
	ck_assert_msg(balance_count_states(&after, &before, more) ==
			      replaced[_i].all_found,
		      "%s", replaced[_i].what);
	ck_assert_uint_eq(more[BALANCE_DELIVERED], replaced[_i].more);
	free(before.items);
	free(after.items);
}

TEST(balance, states_add_up_what_is_new)
{
	struct ipsec_state before[] = {
		IPSEC_STATE(1, BALANCE_DELIVERED, 0, 1000),
		IPSEC_STATE(2, BALANCE_DELIVERED, 0, 50),
		IPSEC_STATE(3, BALANCE_REQUESTED, 0, 7),
	};
	struct ipsec_state after[] = {
		IPSEC_STATE(2, BALANCE_DELIVERED, 0, 80),
		IPSEC_STATE(1, BALANCE_DELIVERED, 0, 1000),
		IPSEC_STATE(4, BALANCE_DELIVERED, 0, 5), /* rekeyed */
		/* the same packets, wrapped twice */
		IPSEC_STATE(5, BALANCE_DELIVERED, 1, 30),
		IPSEC_STATE(3, BALANCE_REQUESTED, 0, 9),
	};
	struct ipsec_states then_ = {before, 3, 3}, now_ = {after, 5, 5};
	uint64_t more[N_BALANCE_TWICE];

	ck_assert(balance_count_states(&now_, &then_, more));
	ck_assert_uint_eq(more[BALANCE_DELIVERED], 35);
	ck_assert_uint_eq(more[BALANCE_DELIVERED6], 0);
	ck_assert_uint_eq(more[BALANCE_REQUESTED], 2);
	now_.n--; /* 3 is gone: what it sent last is not known */
	ck_assert(!balance_count_states(&now_, &then_, more));
	ck_assert_uint_eq(more[BALANCE_DELIVERED], 35);
	then_ = (struct ipsec_states) {.n = 0}; /* the first read */
	ck_assert(balance_count_states(&now_, &then_, more));
	ck_assert_uint_eq(more[BALANCE_DELIVERED], 0);
}

/* ---- what comes in by bridges without an address ---- */

struct strange {
	const char *kind;	     /* of br0 */
	uint32_t addressed, stacked; /* indices */
	bool mute;		     /* addresses cannot be asked */
	uint64_t strangers;
};

/* Appends br0 and what stands on the interface of an index. */
static void append_bridge(const struct strange *c, uint64_t packets,
			  uint64_t groups)
{
	const struct counter_table *table = link_probe.counters;

	sample_object(&now, LAYER_LINK, "br0", "", 9);
	sample_row(&now, counter_tagged(table, TAG_RX_PACKETS), packets);
	sample_row(&now, counter_tagged(table, TAG_LINK_MULTICAST), groups);
	sample_object(&now, LAYER_LINK, "br0", LINK_CONFIG, 9);
	sample_label(&now, c->kind);
	sample_row(&now, &link_fact_mtu, 1500);
	sample_object(&now, LAYER_LINK, "v5", LINK_CONFIG, 12);
	sample_label(&now, "vlan");
	sample_row(&now, &link_fact_lower_index, c->stacked);
}

/* A read in which so many were missed, of so many that came by br0. */
static void read_bridge(const struct strange *c, uint64_t missed,
			uint64_t packets, uint64_t groups)
{
	struct netlink nl = {.own_route = -1};
	struct probe_env own = env;
	struct sample read = then;
	char counters[64];

	ck_assert_int_eq(netlink_alloc(&nl), 0);
	nl.fds[NETLINK_ROUTE] = dup(STDERR_FILENO);
	own.netlink = c->mute ? NULL : &nl;
	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	append_bridge(c, packets, groups);
	sample_object(&now, LAYER_IP, "", "", 0);
	snprintf(counters, sizeof(counters),
		 "InReceives=%" PRIu64 " InDelivers=100", 100 + missed);
	append_rows(counters);
	ck_assert_int_eq(balance_probe.read(&own, &now), 0);
	netlink_free(&nl);
}

static const struct strange strange[] = {
	{.kind = "bridge", .strangers = 50},
	{.kind = "bridge", .addressed = 3, .strangers = 50},
	{.kind = "bridge", .addressed = 9},
	{.kind = "bridge", .stacked = 9}, /* whose frames br0 counts, too */
	{.kind = "bridge", .stacked = 3, .strangers = 50},
	{.kind = "bridge", .mute = true},
	{.kind = "bond"},
	{.kind = ""},
};

TEST_EACH(balance, bridge_without_an_address_brings_strangers,
	  ARRAY_SIZE(strange))
{
	const struct strange *c = &strange[_i];
	const struct object *o;

	kernel.addressed = c->addressed;
	kernel.n_asked = 0;
	read_bridge(c, 0, 500, 10);
	read_bridge(c, 5, 560, 20);
	ck_assert_uint_eq(kernel.n_asked, 0); /* nothing to speak of */
	read_bridge(c, 65, 615, 25);
	o = find_object(&now, LAYER_UNEXPLAINED, "", "");
	ck_assert_uint_eq(object_value(&now, o, &balance_strangers, 0),
			  c->strangers);
	kernel.addressed = 0;
}

TEST(balance, address_cut_short_is_understood_or_refused)
{
	const struct address_message m = address_message(1);

	for (size_t n = sizeof(m.head); n <= sizeof(m); n++) {
		struct balance_bridges b = {.n = 1, .items = {{0, 5}}};
		struct nlmsghdr *copy = malloc(n); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, &m, n);
		copy->nlmsg_len = (uint32_t)n;
		ck_assert_int_eq(balance_parse_address(copy, &b),
				 n < sizeof(m) ? -EBADMSG : 0);
		ck_assert_uint_eq(b.items[0].packets, n < sizeof(m) ? 5 : 0);
		free(copy);
	}
}
