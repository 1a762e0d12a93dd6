/* SPDX-License-Identifier: MIT */
/* The balance of IP: what of it is a gap, and what is jitter. */
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

static void setup(void)
{
	tree_make(&tree);
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

/* A read; what was read before becomes the one before. */
static void read_balance(const char *counters)
{
	struct sample read = then;

	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	sample_object(&now, LAYER_IP, "", "", 0);
	append_rows(counters);
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
	read_balance("InReceives=180 InDelivers=10");
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
