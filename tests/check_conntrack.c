/* SPDX-License-Identifier: MIT */
/* Connection tracking: the parser of its statistics, and the whole probe. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/nfnetlink.h"
#include "kernel/procnet.h"
#include "probes/conntrack.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"

/* As Linux 6.1 prints it. */
#define HEAD                                                                   \
	"entries  clashres found new invalid ignore delete chainlength "       \
	"insert insert_failed drop early_drop icmp_error  expect_new "         \
	"expect_create expect_delete search_restart\n"
#define CPU0                                                                   \
	"00000007  00000001 00000002 00000000 00000003 00000004 00000000 "     \
	"00000005 00000000 0000000a 0000000b 0000000c 00000000  00000000 "     \
	"00000000 00000000 00000000\n"
#define CPU1                                                                   \
	"00000007  00000010 00000000 00000000 00000030 00000000 00000000 "     \
	"00000050 00000000 000000a0 000000b0 000000c0 00000000  00000000 "     \
	"00000000 00000000 00000000\n"

static size_t index_of(const char *name)
{
	return find_counter(&conntrack_probe, name, NULL) -
	       conntrack_probe.counters->rows;
}

static int parse(const char *text, struct percpu *ret)
{
	return percpu_parse(text, strlen(text), conntrack_probe.counters->rows,
			    conntrack_probe.counters->n, ret);
}

static const struct {
	const char *name;
	uint32_t sum;
} sums[] = {
	{"drop", 0xbb},	      {"chaintoolong", 0x55}, {"insert_failed", 0xaa},
	{"early_drop", 0xcc}, {"invalid", 0x33},      {"clash_resolve", 0x11},
	{"found", 0x02},      {"insert", 0},	      {"ignore", 0x04},
	{"delete", 0},	      {"icmp_error", 0},      {"search_restart", 0},
};

CASE(statistics);

TEST(statistics, columns_are_added_up_over_the_cpus)
{
	static const char text[] = HEAD CPU0 CPU1;
	struct percpu stats;

	/* and two levels */
	ck_assert_uint_eq(ARRAY_SIZE(sums) + 2, conntrack_probe.counters->n);
	ck_assert_int_eq(parse(text, &stats), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		size_t at = index_of(sums[i].name);

		ck_assert(stats.found[at]);
		ck_assert_uint_eq(stats.value[at], sums[i].sum);
	}
}

TEST(statistics, newer_name_of_a_column_is_known)
{
	static const char text[] = "entries clash_resolve chaintoolong\n"
				   "00000007 00000002 00000003\n";
	struct percpu stats;

	ck_assert_int_eq(parse(text, &stats), 0);
	ck_assert_uint_eq(stats.value[index_of("clash_resolve")], 2);
	ck_assert_uint_eq(stats.value[index_of("chaintoolong")], 3);
	ck_assert(!stats.found[index_of("drop")]);
}

/* A message of ctnetlink: one CPU's counts. */
struct cpu_message {
	struct nlmsghdr h;
	struct nfgenmsg m;
	struct {
		struct nlattr head;
		uint32_t value;
	} attrs[3];
};

static struct cpu_message message_of(uint32_t drop, uint32_t toolong)
{
	const struct nlattr head = {.nla_len = 8};
	struct cpu_message m = {
		.h = {.nlmsg_len = sizeof(m)},
		.attrs = {{head, htonl(77)},
			  {head, htonl(drop)},
			  {head, htonl(toolong)}},
	};

	m.attrs[0].head.nla_type = CTA_STATS_FOUND;
	m.attrs[1].head.nla_type = CTA_STATS_DROP;
	m.attrs[2].head.nla_type = CTA_STATS_CHAIN_TOOLONG;
	return m;
}

TEST(statistics, messages_of_cpus_are_added_up)
{
	struct cpu_message first = message_of(3, 0xffffffff);
	struct cpu_message second = message_of(4, 2);
	struct percpu stats = {0};

	ck_assert_int_eq(conntrack_parse_message(&first.h, &stats), 0);
	ck_assert_int_eq(conntrack_parse_message(&second.h, &stats), 0);
	ck_assert_uint_eq(stats.value[index_of("drop")], 7);
	ck_assert_uint_eq(stats.value[index_of("chaintoolong")], 1);
	ck_assert(!stats.found[index_of("invalid")]);
}

TEST(statistics, message_cut_short_is_understood_or_refused)
{
	struct percpu stats = {0};

	for (uint32_t n = sizeof(struct nlmsghdr);
	     n < sizeof(struct cpu_message) - 3; n++) {
		struct cpu_message whole = message_of(3, 4), *cut = malloc(n);

		ck_assert_ptr_nonnull(cut);
		whole.h.nlmsg_len = n;
		memcpy(cut, &whole, n);
		(void)!conntrack_parse_message(&cut->h, &stats);
		ck_assert(!stats.found[index_of("chaintoolong")]);
		free(cut);
	}
}

TEST(statistics, levels_are_parsed_and_need_both)
{
	struct cpu_message m = message_of(100, 0);
	struct conntrack_levels levels;

	m.attrs[0].head.nla_type = CTA_STATS_GLOBAL_ENTRIES;
	m.attrs[1].head.nla_type = CTA_STATS_GLOBAL_MAX_ENTRIES;
	ck_assert_int_eq(conntrack_parse_levels(&m.h, &levels), 0);
	ck_assert_uint_eq(levels.count, 77);
	ck_assert_uint_eq(levels.max, 100);
	m.attrs[1].head.nla_type = CTA_STATS_GLOBAL_MAX + 1;
	ck_assert_int_eq(conntrack_parse_levels(&m.h, &levels), -EOPNOTSUPP);
	m.h.nlmsg_len = sizeof(m.h);
	ck_assert_int_eq(conntrack_parse_levels(&m.h, &levels), -EBADMSG);
}

/* The probe, on files of the test's own. */

static struct tree tree;
static char buffer[8192];
static struct probe_env env = {.net = &(struct procnet)PROCNET(tree.path),
			       .sys = tree.path,
			       .buffer = buffer,
			       .size = sizeof(buffer)};

static void setup(void)
{
	tree_make(&tree);
}

static void teardown(void)
{
	tree_remove(&tree);
}

static const struct row *row_of(const struct sample *s, const char *name)
{
	const struct object *o = find_object(s, LAYER_CONNTRACK, "", "");

	ck_assert_ptr_nonnull(o);
	return object_row(s, o, find_counter(&conntrack_probe, name, NULL));
}

#define COUNT "net/netfilter/nf_conntrack_count"
#define MAX "net/netfilter/nf_conntrack_max"

CASE(probe, .setup = setup, .teardown = teardown);

TEST(probe, probe_reads_levels_and_losses)
{
	struct sample s = {0};

	tree_put(&tree, COUNT, "12\n");
	tree_put(&tree, MAX, "100\n");
	tree_put(&tree, "stat/nf_conntrack", HEAD CPU0);
	ck_assert_int_eq(conntrack_probe.read(&env, &s), 0);
	ck_assert_uint_eq(row_of(&s, "count")->value, 12);
	ck_assert_uint_eq(row_of(&s, "max")->value, 100);
	ck_assert_uint_eq(row_of(&s, "drop")->value, 11);
	sample_free(&s);
}

TEST(probe, no_limit_is_no_row)
{
	struct sample s = {0};

	tree_put(&tree, COUNT, "12\n");
	tree_put(&tree, MAX, "0\n");
	ck_assert_int_eq(conntrack_probe.read(&env, &s), 0);
	ck_assert_uint_eq(row_of(&s, "count")->value, 12);
	ck_assert_ptr_null(row_of(&s, "max"));
	ck_assert_ptr_null(row_of(&s, "drop"));
	sample_free(&s);
}

TEST(probe, missing_module_is_no_source)
{
	struct sample s = {0};

	ck_assert_int_eq(conntrack_probe.read(&env, &s), -ENOENT);
	tree_put(&tree, COUNT, "twelve\n");
	tree_put(&tree, MAX, "100\n");
	ck_assert_int_eq(conntrack_probe.read(&env, &s), -EBADMSG);
	sample_free(&s);
}

static int refusal; /* of a socket */

/* Stands before the C library's. */
int socket(int domain, int type, int protocol)
{
	errno = refusal;
	return refusal ? -1 : (int)syscall(SYS_socket, domain, type, protocol);
}

/* Drops that may not be counted are not 0. */
TEST(probe, counts_that_ctnetlink_refuses_are_in_a_file_or_not_known)
{
	struct netlink netlink;
	struct sample s = {0};

	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	netlink.kmods.root = tree.path;
	tree_mkdir(&tree, "sys/module/nf_conntrack_netlink");
	env.netlink = &netlink;
	refusal = EPERM;
	ck_assert_int_eq(conntrack_probe.read(&env, &s), -EPERM);
	tree_put(&tree, COUNT, "12\n");
	tree_put(&tree, MAX, "100\n");
	ck_assert_int_eq(conntrack_probe.read(&env, &s), -EPERM);
	tree_put(&tree, "stat/nf_conntrack", HEAD CPU0);
	ck_assert_int_eq(conntrack_probe.read(&env, &s), 0);
	ck_assert_uint_eq(row_of(&s, "drop")->value, 11);
	tree_drop(&tree, "stat");
	tree_drop(&tree, "sys/module"); /* perhaps somebody could be asked */
	sample_reset(&s);
	ck_assert_int_eq(conntrack_probe.read(&env, &s), -ENOPKG);
	tree_mkdir(&tree, "sys/module/ip_tables"); /* nobody could */
	sample_reset(&s);
	ck_assert_int_eq(conntrack_probe.read(&env, &s), 0);
	ck_assert_ptr_null(row_of(&s, "drop"));
	refusal = 0;
	env.netlink = NULL;
	netlink_free(&netlink);
	sample_free(&s);
}

/* The kernel's two ways of telling agree, and the first one does not wait. */
TEST(statistics, ctnetlink_says_what_the_files_say)
{
	struct netlink netlink;
	struct procnet net = PROCNET("/proc/thread-self/net");
	struct probe_env real = {.net = &net,
				 .sys = "/proc/sys",
				 .buffer = buffer,
				 .size = sizeof(buffer)};
	struct sample files = {0}, asked = {0};
	int r = conntrack_probe.read(&real, &files);

	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	real.netlink = &netlink;
	if (r < 0 || geteuid() != 0 ||
	    netlink_available(&netlink, KMOD_CTNETLINK) < 0) {
		fprintf(stderr, "SKIP: needs root, conntrack and ctnetlink\n");
	} else {
		real.sys = net.path = "/nowhere";
		ck_assert_int_eq(conntrack_probe.read(&real, &asked), 0);
		ck_assert_uint_eq(asked.n_rows, files.n_rows);
		for (uint32_t i = 0; i < asked.n_rows; i++)
			ck_assert_ptr_eq(asked.rows[i].counter,
					 files.rows[i].counter);
		ck_assert_uint_eq(row_of(&asked, "max")->value,
				  row_of(&files, "max")->value);
		ck_assert_uint_eq(row_of(&asked, "drop")->value,
				  row_of(&files, "drop")->value);
	}
	netlink_free(&netlink);
	sample_free(&files);
	sample_free(&asked);
}

/* What is said of packets lost, by the counters and levels beside. */

static const struct {
	const char *what;
	uint64_t count, drop, insert_failed, found, chains;
	const char *reason; /* NULL: what the counter itself says */
	const char *text;
} lost[] = {
	{"20 ports of NAT for 200 flows", 20, 180, 180, 3637, 0,
	 "nat-ports-exhausted",
	 "NAT has no free port left for new flows to this destination (20 of "
	 "262144 entries in the table)"},
	{"two queries at once", 20, 12, 12, 12, 0, "conntrack-clash",
	 "no free port or address for NAT, or two packets of one new flow at "
	 "once"},
	{"a full table", 262100, 180, 0, 0, 0, "conntrack-full",
	 "the connection table is full (262100 of 262144 entries)"},
	{"a full table, and a chain too long", 262100, 180, 170, 0, 170,
	 "conntrack-full",
	 "the connection table is full (262100 of 262144 entries)"},
	{"a helper", 20, 180, 0, 0, 0, NULL,
	 "drop: a helper or NAT failed, or there was no memory for an entry"},
	{"chains too long", 20, 0, 40, 0, 40, "conntrack-buckets",
	 "the hash table of connections has too few buckets for its entries"},
};

static void counted(struct sample *s, const char *name, uint64_t value)
{
	sample_row(s, find_counter(&conntrack_probe, name, NULL), value);
	s->rows[s->n_rows - 1].delta = value;
	s->rows[s->n_rows - 1].flags = ROW_COMPARED;
}

CASE(causes);

static const struct {
	uint64_t received, received6;
	const char *remedy;
} families[] = {
	{900, 12, "`iptables-save -t nat`, `nft list ruleset`"},
	{40, 900, "`ip6tables-save -t nat`, `nft list ruleset`"},
	{900, 180,
	 "`iptables-save -t nat`, `ip6tables-save -t nat`, `nft list "
	 "ruleset`"},
	{0, 0, /* on a bridge */
	 "`iptables-save -t nat`, `ip6tables-save -t nat`, `nft list "
	 "ruleset`"},
};

static void received(struct sample *s, const char *name, uint64_t n)
{
	sample_row(s, find_counter(&snmp_probe, name, NULL), n);
	s->rows[s->n_rows - 1].delta = n;
	s->rows[s->n_rows - 1].flags = ROW_COMPARED;
}

TEST_EACH(causes, rules_of_nat_are_of_the_family_that_may_have_lost,
	  ARRAY_SIZE(families))
{
	struct loss loss = {.layer = LAYER_CONNTRACK, .lost = 180};
	char remedy[256];
	struct sample s = {0};
	struct cause c;

	sample_object(&s, LAYER_IP, "", "", 0);
	received(&s, "InReceives", families[_i].received);
	received(&s, "Ip6InReceives", families[_i].received6);
	sample_object(&s, LAYER_CONNTRACK, "", "", 0);
	counted(&s, "drop", 180);
	counted(&s, "insert_failed", 180);
	counted(&s, "found", 3637);
	cause_find(&s, &loss, &c);
	snprintf(remedy, sizeof(remedy),
		 "Give the rule of NAT more ports or addresses: %s",
		 families[_i].remedy);
	ck_assert_str_eq(c.remedy, remedy);
	sample_free(&s);
}

TEST_EACH(causes, full_is_said_of_a_table_that_is, ARRAY_SIZE(lost))
{
	struct loss loss = {.layer = LAYER_CONNTRACK,
			    .lost = lost[_i].drop + lost[_i].chains};
	struct sample s = {0};
	struct cause c;

	sample_object(&s, LAYER_CONNTRACK, "", "", 0);
	sample_row(&s, find_counter(&conntrack_probe, "count", NULL),
		   lost[_i].count);
	sample_row(&s, find_counter(&conntrack_probe, "max", NULL), 262144);
	counted(&s, "drop", lost[_i].drop);
	counted(&s, "chaintoolong", lost[_i].chains);
	counted(&s, "insert_failed", lost[_i].insert_failed);
	counted(&s, "found", lost[_i].found);
	cause_find(&s, &loss, &c);
	ck_assert_str_eq(c.text, lost[_i].text);
	ck_assert_str_eq(c.reason ? c.reason->id : "-",
			 lost[_i].reason ? lost[_i].reason : "-");
	ck_assert(c.remedy[0]);
	sample_free(&s);
}
