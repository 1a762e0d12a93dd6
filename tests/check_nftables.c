/* SPDX-License-Identifier: MIT */
/*
 * The parsers of nf_tables: against what nft and iptables-nft printed of the
 * recorded rulesets, and against messages made by hand, sane and not.
 */
#include <netinet/in.h>
#include <sys/utsname.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

#include "kernel/nfnetlink.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/queue_feeds.h"
#include "probes/firewall/rule.h"
#include "lib/fixture.h"
#include "lib/test.h"
#include "lib/tree.h"
#include "nft_file.h"

#define NATIVE "nft.nl"
#define COMPAT "nft_ipt.nl"
#define LISTENING "    5   1234     0 2 65531     0     0      100  1\n"

struct bytes {
	_Alignas(8) char at[65536];
	size_t n;
	uint8_t family; /* of what is made by hand; 0: IPv4 */
};

static struct bytes recorded(const char *name)
{
	FILE *f = fixture_open("6.18", name);
	struct bytes b;

	ck_assert_ptr_nonnull(f);
	b.n = fread(b.at, 1, sizeof(b.at), f);
	fclose(f);
	return b;
}

static struct sample read_bytes(const struct bytes *b, const char *queues,
				const struct sample *then)
{
	struct sample s = {0};

	ck_assert_int_eq(nft_file_read(b->at, b->n, queues, 64, then, &s), 0);
	return s;
}

static struct sample read_recorded(const char *name)
{
	struct bytes b = recorded(name);

	return read_bytes(&b, "", NULL);
}

static const struct object *find(const struct sample *s, const char *name)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_NETFILTER, "", name, &hint);
}

static uint64_t fact(const struct sample *s, const struct object *o,
		     const struct counter *counter)
{
	const struct row *row = object_row(s, o, counter);

	return row ? row->value : UINT64_MAX;
}

/* The rule of that chain ("inet.t.in") and handle, or NULL. */
static const struct object *rule(const struct sample *s, const char *chain,
				 unsigned handle)
{
	size_t n = strlen(chain);

	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];
		const char *name = object_name(s, o);

		if (!strncmp(name, chain, n) && strchr("#.", name[n]) &&
		    fact(s, o, &firewall_facts[FIREWALL_HANDLE]) == handle &&
		    fact(s, o, &firewall_facts[FIREWALL_TARGET]) !=
			    FIREWALL_POLICY)
			return o;
	}
	return NULL;
}

static bool is_counted(const struct sample *s, const struct object *o)
{
	return s->rows[o->first].counter->kind != KIND_FACT;
}

static uint64_t packets(const struct sample *s, const struct object *o)
{
	ck_assert_ptr_nonnull(o);
	ck_assert(is_counted(s, o));
	return s->rows[o->first].value;
}

static const struct counter *counter_of(const struct sample *s,
					const struct object *o)
{
	ck_assert_ptr_nonnull(o);
	return s->rows[o->first].counter;
}

/* Recorded: nft's and iptables-nft's word for it. */

/* What one line of "nft -a list ruleset" says of a rule that may drop. */
struct listed {
	char chain[128];
	unsigned handle;
	uint64_t packets;
	bool has_counter; /* straight before the verdict */
};

static bool is_drop(const char *line)
{
	return strstr(line, " drop") || strstr(line, " reject") ||
	       (strstr(line, " queue num") && !strstr(line, " bypass"));
}

static bool parse_line(const char *line, struct listed *ret)
{
	const char *handle = strstr(line, "# handle ");
	const char *counter = strstr(line, "counter packets ");
	const char *limit = strstr(line, "limit rate");

	if (!handle || !is_drop(line) || strstr(line, "type filter") ||
	    strstr(line, " vmap ") || strstr(line, "counter name"))
		return false;
	ret->handle = (unsigned)atoi(handle + strlen("# handle "));
	ret->has_counter = counter && !(limit && limit > counter);
	if (counter)
		ret->packets = strtoull(counter + strlen("counter packets "),
					NULL, 10);
	return true;
}

static void check_line(const struct sample *s, const struct listed *l)
{
	const struct object *o = rule(s, l->chain, l->handle);

	if (!strcmp(l->chain, "inet.t.dead") ||
	    !strncmp(l->chain, "ip.asleep", 9)) {
		ck_assert_ptr_null(o);
		return;
	}
	ck_assert_msg(o, "%s handle %u", l->chain, l->handle);
	if (l->has_counter)
		ck_assert_uint_eq(packets(s, o), l->packets);
	else
		ck_assert_uint_eq(
			fact(s, o, &firewall_facts[FIREWALL_UNCOUNTED]), 1);
}

/* Compares a listing with a sample. Returns how many rules it has. */
static int check_listing(const struct sample *s, const char *name)
{
	FILE *f = fixture_open("6.18", name);
	char line[512], family[16], table[32] = "", word[64];
	struct listed l = {0};
	int n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "table %15s %31s", family, table) == 2)
			continue;
		if (sscanf(line, " chain %63s {", word) == 1) {
			snprintf(l.chain, sizeof(l.chain), "%s.%s.%s", family,
				 table, word);
		} else if (parse_line(line, &l)) {
			check_line(s, &l);
			n++;
		}
	}
	fclose(f);
	return n;
}

CASE(recorded);

TEST(recorded, recorded_rules_count_as_nft_printed)
{
	struct sample s = read_recorded(NATIVE);

	ck_assert_int_ge(check_listing(&s, "nft.txt"), 12);
	sample_free(&s);
}

TEST(recorded, recorded_rules_count_as_iptables_nft_printed)
{
	struct sample s = read_recorded(COMPAT);
	unsigned long long n = 0;
	char line[256];
	FILE *f = fixture_open("6.18", "nft_ipt_list.txt");

	ck_assert_int_ge(check_listing(&s, "nft_ipt.txt"), 8);
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_int_eq(
		sscanf(line, "Chain INPUT (policy DROP %llu packets", &n), 1);
	fclose(f);
	ck_assert_uint_eq(packets(&s, find(&s, "ip.filter.INPUT#policy")), n);
	ck_assert_uint_eq(firewall_uncounted(&s), 0);
	sample_free(&s);
}

/* The object whose only rules are the uncounted part. */
static unsigned blind(const struct sample *s)
{
	const struct object *o = NULL;
	unsigned n = 0;

	while ((o = firewall_next_uncounted(s, o)))
		n += !is_counted(s, o);
	return n;
}

TEST(recorded, named_counters_and_maps_are_counted_once)
{
	struct sample s = read_recorded(NATIVE);
	uint64_t parts = 0;

	for (uint32_t i = 0; i < s.n_objects; i++) {
		const struct object *o = &s.objects[i];
		const struct counter *c = s.rows[o->first].counter;

		if (!strncmp(object_name(&s, o), "inet.t.in", 9) &&
		    (c->kind == KIND_PART || c->kind == KIND_DETAIL))
			parts += s.rows[o->first].value;
	}
	ck_assert_uint_eq(packets(&s, find(&s, "inet.t.in.drop")), parts);
	/* 5001 5005 5013+5014 5007 5008 5009 5012 and the map's 5020 */
	ck_assert_uint_ge(parts, 900);
	ck_assert_uint_lt(parts, 1000);
	/* 5002, "limited", shared, the anonymous map, the policy */
	ck_assert_uint_eq(firewall_uncounted(&s), 5);
	ck_assert_uint_eq(blind(&s), 5);
	ck_assert_ptr_nonnull(find(&s, "inet.t.fw#policy"));
	sample_free(&s);
}

TEST(recorded, chains_have_the_direction_they_are_reached_from)
{
	static const struct {
		const char *file, *object;
		enum direction direction;
		unsigned reached; /* 0: by that one alone */
	} wanted[] = {
		{NATIVE, "inet.t.in.drop", DIR_RX, 0},
		{NATIVE, "inet.t.sub.drop", DIR_RX, /* and from output */
		 1u << DIR_RX | 1u << DIR_TX},
		{NATIVE, "inet.t.viavm.drop", DIR_RX, 0},
		{NATIVE, "inet.t.out.drop", DIR_TX, 0},
		{NATIVE, "netdev.n.ing.drop", DIR_RX, 0},
		{COMPAT, "ip.filter.SVC.drop", DIR_RX, 0},
		{COMPAT, "ip.filter.OUTPUT.drop", DIR_TX, 0},
		{COMPAT, "ip.raw.PREROUTING.drop", DIR_RX, 0},
		{COMPAT, "bridge.filter.FORWARD.drop", DIR_FWD, 0},
		{COMPAT, "arp.filter.INPUT.drop", DIR_RX, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct sample s = read_recorded(wanted[i].file);
		const struct counter *c;

		c = counter_of(&s, find(&s, wanted[i].object));
		ck_assert_int_eq(c->direction, wanted[i].direction);
		ck_assert_int_eq(c->kind, KIND_LOST);
		ck_assert_uint_eq(find(&s, wanted[i].object)->reached,
				  wanted[i].reached);
		sample_free(&s);
	}
}

/* The words for the first object with that comment or target. */
static void check_words(const struct sample *s, const struct object *o,
			const char *words, const char *remedy)
{
	char text[256];

	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(firewall_describe(s, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text, words);
	ck_assert_int_eq(firewall_remedy(s, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text, remedy);
}

TEST(recorded, recorded_rules_are_put_into_words)
{
	struct sample s = read_recorded(NATIVE);

	check_words(&s, find(&s, "inet.t.in.my comment"),
		    "rule handle 16 of inet t in (drop, \"my comment\")",
		    "nft -a list chain inet t in  # handle 16");
	check_words(&s, rule(&s, "inet.t.in", 17),
		    "rule handle 17 of inet t in (drop, no counter)",
		    "nft -a list chain inet t in  # handle 17");
	check_words(&s, find(&s, "inet.t.fw#policy"),
		    "policy of inet t fw (drop, no counter)",
		    "nft list chain inet t fw");
	sample_free(&s);
	s = read_recorded(COMPAT);
	check_words(&s, find(&s, "ip.filter.INPUT.random"),
		    "rule handle 6 of ip filter INPUT "
		    "(drop, statistic 0.3, \"random\")",
		    "nft -a list chain ip filter INPUT  # handle 6");
	check_words(&s, rule(&s, "ip.filter.INPUT", 11),
		    "rule handle 11 of ip filter INPUT "
		    "(queue 5, nobody listens)",
		    "nft -a list chain ip filter INPUT  # handle 11");
	sample_free(&s);
}

TEST(recorded, tables_that_x_tables_has_too_are_known)
{
	struct sample s = read_recorded(COMPAT);

	ck_assert(nft_has_table(&s, 0, FAMILY_IP, "filter"));
	ck_assert(nft_has_table(&s, 0, FAMILY_ARP, "filter"));
	ck_assert(!nft_has_table(&s, 0, FAMILY_IP, "mangle"));
	ck_assert(!nft_has_table(&s, 0, FAMILY_IP6, "filter"));
	sample_free(&s);
}

TEST(recorded, queue_loses_only_while_nobody_listens)
{
	struct bytes b = recorded(COMPAT);
	struct sample off = read_bytes(&b, "", NULL);
	struct sample on = read_bytes(&b, LISTENING, NULL);
	struct sample again = read_bytes(&b, "", &on);
	const char *total = "ip.filter.INPUT.drop";

	ck_assert_uint_eq(packets(&off, rule(&off, "ip.filter.INPUT", 11)),
			  100);
	ck_assert_ptr_null(rule(&on, "ip.filter.INPUT", 11));
	ck_assert_uint_eq(packets(&off, find(&off, total)),
			  packets(&on, find(&on, total)) + 100);
	ck_assert_uint_eq(packets(&again, rule(&again, "ip.filter.INPUT", 11)),
			  100);
	sample_free(&off);
	sample_free(&on);
	sample_free(&again);
}

static void check_same(const struct sample *a, const struct sample *b)
{
	ck_assert_uint_eq(a->n_objects, b->n_objects);
	ck_assert_uint_eq(a->n_rows, b->n_rows);
	for (uint32_t i = 0; i < a->n_objects; i++) {
		const struct object *o = &a->objects[i];
		const struct object *p = &b->objects[i];

		ck_assert_str_eq(object_name(a, o), object_name(b, p));
		ck_assert_str_eq(object_label(a, o), object_label(b, p));
		ck_assert_int_eq(o->family, p->family);
		ck_assert_uint_eq(o->reached, p->reached);
		ck_assert_str_eq(object_table(a, o), object_table(b, p));
		ck_assert_str_eq(object_chain(a, o), object_chain(b, p));
		ck_assert_uint_eq(o->identity, p->identity);
		ck_assert_uint_eq(o->n, p->n);
		for (uint32_t j = 0; j < o->n; j++) {
			ck_assert_ptr_eq(a->rows[o->first + j].counter,
					 b->rows[p->first + j].counter);
			ck_assert_uint_eq(a->rows[o->first + j].value,
					  b->rows[p->first + j].value);
		}
	}
}

TEST(recorded, steady_read_says_what_the_first_one_said)
{
	static const char *const files[] = {NATIVE, COMPAT};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct bytes all = recorded(files[i]);
		struct sample first = read_bytes(&all, "", NULL);
		struct sample second = read_bytes(&all, "", &first);
		struct sample third = read_bytes(&all, "", &second);

		check_same(&first, &second);
		check_same(&second, &third);
		sample_free(&first);
		sample_free(&second);
		sample_free(&third);
	}
}

TEST(recorded, rules_beyond_the_limit_stay_in_the_total)
{
	struct bytes b = recorded(NATIVE);
	struct sample few = {0};
	struct sample all = read_bytes(&b, "", NULL);
	const char *total = "inet.t.in.drop";

	ck_assert_int_eq(nft_file_read(b.at, b.n, "", 1, NULL, &few), 0);
	ck_assert_uint_eq(packets(&few, find(&few, total)),
			  packets(&all, find(&all, total)));
	ck_assert_uint_eq(find(&few, total)->identity,
			  find(&all, total)->identity);
	ck_assert_uint_eq(firewall_uncounted(&few), 5);
	ck_assert_ptr_nonnull(find(&few, "inet.t.in#uncounted"));
	ck_assert_ptr_null(find(&all, "inet.t.in#uncounted"));
	sample_free(&few);
	sample_free(&all);
}

/* Messages made by hand. */

static struct nlmsghdr *begin(struct bytes *b, unsigned message)
{
	struct nlmsghdr *h;

	h = nfnetlink_request(b->at + b->n, NFNL_SUBSYS_NFTABLES, message,
			      b->family ? b->family : NFPROTO_IPV4,
			      NLM_F_MULTI);
	return h;
}

static void end(struct bytes *b, const struct nlmsghdr *h)
{
	b->n += NLMSG_ALIGN(h->nlmsg_len);
}

static void put_u32(struct nlmsghdr *h, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(h, type, htonl(value));
}

static void put_u64(struct nlmsghdr *h, uint16_t type, uint64_t value)
{
	mnl_attr_put_u64(h, type, htobe64(value));
}

static void add_generation(struct bytes *b, uint32_t generation)
{
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWGEN);

	put_u32(h, NFTA_GEN_ID, generation);
	end(b, h);
}

/* A chain of table "t"; hook is -1 for one that no hook calls. */
static void add_chain(struct bytes *b, const char *name, int hook, bool drops)
{
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWCHAIN);
	struct nlattr *nest;

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, "t");
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, name);
	if (hook >= 0) {
		nest = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
		put_u32(h, NFTA_HOOK_HOOKNUM, (uint32_t)hook);
		mnl_attr_nest_end(h, nest);
		put_u32(h, NFTA_CHAIN_POLICY, drops ? NF_DROP : NF_ACCEPT);
	}
	end(b, h);
}

static void put_verdict(struct nlmsghdr *h, uint16_t type, int code,
			const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(h, type);
	struct nlattr *verdict = mnl_attr_nest_start(h, NFTA_DATA_VERDICT);

	put_u32(h, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		mnl_attr_put_strz(h, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(h, verdict);
	mnl_attr_nest_end(h, data);
}

static void put_value(struct nlmsghdr *h, uint16_t type, const void *value,
		      size_t n)
{
	struct nlattr *nest = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, n, value);
	mnl_attr_nest_end(h, nest);
}

/* What loads something of a packet, or looks at it: see below. */
static void put_selector(struct nlmsghdr *h, char what)
{
	static const struct {
		char what;
		uint8_t key, op, n;
		unsigned char value[4];
	} all[] = {
		{'P', NFT_META_NFPROTO, 0, 0, {0}},
		{'E', NFT_META_PROTOCOL, 0, 0, {0}},
		{'L', NFT_META_L4PROTO, 0, 0, {0}},
		{'D', NFT_META_IIFNAME, 0, 0, {0}},
		{'4', 0, NFT_CMP_EQ, 1, {NFPROTO_IPV4}},
		{'6', 0, NFT_CMP_EQ, 1, {NFPROTO_IPV6}},
		{'!', 0, NFT_CMP_NEQ, 1, {NFPROTO_IPV4}},
		{'e', 0, NFT_CMP_EQ, 2, {0x86, 0xdd}},
		{'p', 0, NFT_CMP_EQ, 1, {IPPROTO_ICMPV6}},
		{'z', 0, NFT_CMP_NEQ, 4, {0}},
	};
	const uint32_t invalid = 1;

	if (what == 'S')
		put_u32(h, NFTA_CT_KEY, NFT_CT_STATE);
	if (what == 'I')
		put_value(h, NFTA_BITWISE_MASK, &invalid, sizeof(invalid));
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].what != what)
			continue;
		if (!all[i].n) {
			put_u32(h, NFTA_META_KEY, all[i].key);
			continue;
		}
		put_u32(h, NFTA_CMP_OP, all[i].op);
		put_value(h, NFTA_CMP_DATA, all[i].value, all[i].n);
	}
}

/*
 * An expression: c a counter of so many packets, d drop, a accept, m something
 * that may stop the rule, l log, v a look into the map "m", j jump, q queue 5,
 * Q the same with bypass, o over a rate, u over a quota, all of which is used
 * from 100 packets on, r reject, R the same with a TCP reset; t and T are these
 * of iptables-nft, t with ICMP of IPv4 that says 6, a reset of IPv6. b is below
 * a rate. P loads the family of a packet, E its ethertype, L its protocol, D
 * its device, S its state; 4 and 6 ask for a family, ! for what is not IPv4, e
 * and p for IPv6 by the other two; I takes the invalid ones of states, z asks
 * whether that leaves any.
 */
static void put_expression(struct nlmsghdr *h, char what, const char *chain,
			   uint64_t packets)
{
	static const char *const names[] = {
		['c'] = "counter",   ['d'] = "immediate", ['a'] = "immediate",
		['m'] = "cmp",	     ['l'] = "log",	  ['v'] = "lookup",
		['j'] = "immediate", ['q'] = "queue",	  ['o'] = "limit",
		['u'] = "quota",     ['Q'] = "queue",	  ['r'] = "reject",
		['R'] = "reject",    ['t'] = "target",	  ['T'] = "target",
		['b'] = "limit",     ['P'] = "meta",	  ['E'] = "meta",
		['L'] = "meta",	     ['D'] = "meta",	  ['S'] = "ct",
		['4'] = "cmp",	     ['6'] = "cmp",	  ['!'] = "cmp",
		['e'] = "cmp",	     ['p'] = "cmp",	  ['I'] = "bitwise",
		['z'] = "cmp",
	};
	struct nlattr *elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	struct nlattr *data;

	mnl_attr_put_strz(h, NFTA_EXPR_NAME, names[(unsigned char)what]);
	data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);
	if (what == 'c') {
		put_u64(h, NFTA_COUNTER_BYTES, packets * 100);
		put_u64(h, NFTA_COUNTER_PACKETS, packets);
	} else if (what == 'v') {
		mnl_attr_put_strz(h, NFTA_LOOKUP_SET, "m");
		put_u32(h, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
	} else if (what == 'q' || what == 'Q') {
		mnl_attr_put_u16(h, NFTA_QUEUE_NUM, htons(5));
		mnl_attr_put_u16(h, NFTA_QUEUE_FLAGS,
				 what == 'Q' ? htons(NFT_QUEUE_FLAG_BYPASS)
					     : 0);
	} else if (what == 'o' || what == 'b') {
		put_u64(h, NFTA_LIMIT_RATE, 5);
		put_u64(h, NFTA_LIMIT_UNIT, 1);
		put_u32(h, NFTA_LIMIT_FLAGS, what == 'o' ? NFT_LIMIT_F_INV : 0);
	} else if (what == 'u') {
		put_u64(h, NFTA_QUOTA_BYTES, 10000);
		put_u64(h, NFTA_QUOTA_CONSUMED, packets * 100);
		put_u32(h, NFTA_QUOTA_FLAGS,
			NFT_QUOTA_F_INV |
				(packets < 100 ? 0 : NFT_QUOTA_F_DEPLETED));
	} else if (what == 'r' || what == 'R') {
		put_u32(h, NFTA_REJECT_TYPE,
			what == 'R' ? NFT_REJECT_TCP_RST
				    : NFT_REJECT_ICMP_UNREACH);
	} else if (what == 't' || what == 'T') {
		mnl_attr_put_strz(h, NFTA_TARGET_NAME, "REJECT");
		mnl_attr_put_u32(h, NFTA_TARGET_INFO,
				 what == 'T' ? IPT_TCP_RESET : IP6T_TCP_RESET);
	} else if (strchr("daj", what)) {
		put_u32(h, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
		put_verdict(h, NFTA_IMMEDIATE_DATA,
			    what == 'd'	  ? NF_DROP
			    : what == 'a' ? NF_ACCEPT
					  : NFT_JUMP,
			    what == 'j' ? chain : NULL);
	}
	put_selector(h, what);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, elem);
}

static void add_rule_of(struct bytes *b, const char *chain, uint64_t handle,
			const char *what, const char *to, uint64_t packets)
{
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWRULE);
	struct nlattr *list;

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, "t");
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	put_u64(h, NFTA_RULE_HANDLE, handle);
	list = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
	for (; *what; what++)
		put_expression(h, *what, to, packets);
	mnl_attr_nest_end(h, list);
	end(b, h);
}

static void add_rule(struct bytes *b, const char *chain, uint64_t handle,
		     const char *what, const char *to)
{
	add_rule_of(b, chain, handle, what, to, 7);
}

/* An element of map "m"; to: the chain it jumps to; NULL: it drops. */
static void add_verdict(struct bytes *b, uint32_t key, const char *to,
			bool counted, uint64_t packets)
{
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWSETELEM);
	struct nlattr *list, *elem, *nest;

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, "t");
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, "m");
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	nest = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	mnl_attr_put_u32(h, NFTA_DATA_VALUE, key);
	mnl_attr_nest_end(h, nest);
	put_verdict(h, NFTA_SET_ELEM_DATA, to ? NFT_JUMP : NF_DROP, to);
	if (counted) {
		nest = mnl_attr_nest_start(h, NFTA_SET_ELEM_EXPR);
		mnl_attr_put_strz(h, NFTA_EXPR_NAME, "counter");
		struct nlattr *data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);

		put_u64(h, NFTA_COUNTER_PACKETS, packets);
		mnl_attr_nest_end(h, data);
		mnl_attr_nest_end(h, nest);
	}
	mnl_attr_nest_end(h, elem);
	mnl_attr_nest_end(h, list);
	end(b, h);
}

/* One that drops; key tells it from others. */
static void add_element_of(struct bytes *b, uint32_t key, bool counted,
			   uint64_t packets)
{
	add_verdict(b, key, NULL, counted, packets);
}

static void add_element(struct bytes *b, uint32_t key, bool counted)
{
	add_element_of(b, key, counted, 11);
}

CASE(made);

/* What becomes of one rule in a chain that input calls. */
TEST(made, counter_counts_only_what_comes_to_the_verdict)
{
	static const struct {
		const char *rule;
		int uncounted; /* -1: no loss at all */
	} wanted[] = {
		{"d", 1},    {"cd", 0},	 {"mcd", 0},  {"cmd", 1},
		{"cld", 0},  {"dc", 1},	 {"cmcd", 0}, {"ca", -1},
		{"cad", -1}, {"mm", -1}, {"c", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct bytes b = {.n = 0};
		struct sample s;

		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
		add_rule(&b, "in", 3, wanted[i].rule, NULL);
		s = read_bytes(&b, "", NULL);
		ck_assert_int_eq(!!rule(&s, "ip.t.in", 3),
				 wanted[i].uncounted >= 0);
		ck_assert_int_eq((int)firewall_uncounted(&s),
				 wanted[i].uncounted == 1);
		if (wanted[i].uncounted == 0)
			ck_assert_uint_eq(packets(&s, rule(&s, "ip.t.in", 3)),
					  7);
		sample_free(&s);
	}
}

/*
 * What drops all that no rule before let pass, in the chain of a hook or in one
 * that it calls, is as good as a policy: but not what is sent there to be
 * dropped.
 */
TEST(made, last_rule_of_a_chain_is_as_good_as_a_policy)
{
	static const struct {
		const char *call, *before, *rule;
		bool is_last;
	} wanted[] = {
		{NULL, NULL, "d", true},    {NULL, "ma", "d", true},
		{NULL, "ma", "r", true},    {NULL, "ma", "P4d", true},
		{NULL, "ma", "Eer", true},  {NULL, "ma", "md", false},
		{NULL, "ma", "Dmd", false}, {NULL, "ma", "P4Smd", false},
		{NULL, "ma", "Lpd", false}, {"j", NULL, "d", true},
		{"P4j", "ma", "d", true},   {"mj", NULL, "d", false},
		{"mj", "ma", "d", false},   {"Dmj", NULL, "d", false},
		{"Dmj", "l", "d", false},   {"Dmj", "ma", "d", true},
		{"Dmj", "ma", "md", false}, {"DmSmj", "ma", "d", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct bytes b = {.n = 0};
		struct sample s;
		const char *chain = wanted[i].call ? "to" : "in";
		const char *name = wanted[i].call ? "ip.t.to" : "ip.t.in";

		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
		add_chain(&b, "to", -1, false);
		if (wanted[i].call)
			add_rule(&b, "in", 3, wanted[i].call, "to");
		if (wanted[i].before)
			add_rule(&b, chain, 4, wanted[i].before, NULL);
		add_rule(&b, chain, 5, wanted[i].rule, NULL);
		s = read_bytes(&b, "", NULL);
		ck_assert_msg(fact(&s, rule(&s, name, 5),
				   &firewall_facts[FIREWALL_LAST]) ==
				      (wanted[i].is_last ? 1 : UINT64_MAX),
			      "%zu", i);
		sample_free(&s);
	}
}

/* An accept behind it: then others decide. */
TEST(made, rule_before_an_accept_is_not_the_last)
{
	struct bytes b = {.n = 0};
	struct sample s;

	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_rule(&b, "in", 3, "P6d", NULL);
	add_rule(&b, "in", 4, "ma", NULL);
	add_rule(&b, "in", 5, "P4d", NULL);
	add_rule(&b, "in", 6, "l", NULL);
	s = read_bytes(&b, "", NULL);
	ck_assert_uint_eq(fact(&s, rule(&s, "ip.t.in", 3),
			       &firewall_facts[FIREWALL_LAST]),
			  UINT64_MAX);
	ck_assert_uint_eq(fact(&s, rule(&s, "ip.t.in", 5),
			       &firewall_facts[FIREWALL_LAST]),
			  1);
	sample_free(&s);
}

/* Of what beyond MaxRules drops without a counter, too. */
TEST(made, last_rule_beyond_the_limit_is_one)
{
	for (int i = 0; i < 2; i++) {
		struct sample s = {0};
		struct bytes b = {.n = 0};

		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
		add_rule(&b, "in", 3, "md", NULL);
		add_rule(&b, "in", 4, i ? "d" : "md", NULL);
		ck_assert_int_eq(nft_file_read(b.at, b.n, "", 1, NULL, &s), 0);
		ck_assert_uint_eq(fact(&s, find(&s, "ip.t.in#uncounted"),
				       &firewall_facts[FIREWALL_LAST]),
				  i ? 1 : UINT64_MAX);
		sample_free(&s);
	}
}

/*
 * A limit below which packets are refused is one of the answers, if the others
 * are dropped as well. Also in a read of the counts alone.
 */
TEST(made, limit_of_answers_loses_nothing_by_a_rate)
{
	static const struct {
		const char *rule, *next;
		bool drops, is_policy;
	} wanted[] = {
		{"bcr", NULL, true, true},     {"bcr", NULL, false, false},
		{"bcr", "c", true, true},      {"bcr", "cd", false, true},
		{"bcr", "P4cd", false, false}, {"bcr", "ma", true, false},
		{"bcr", "mcd", true, true},    {"bcr", "mcd", false, false},
		{"ocr", NULL, true, false},    {"mbcd", "cd", false, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct bytes b = {.n = 0};
		struct sample s[2];

		add_chain(&b, "in", NF_INET_LOCAL_IN, wanted[i].drops);
		add_rule(&b, "in", 3, wanted[i].rule, NULL);
		if (wanted[i].next)
			add_rule(&b, "in", 4, wanted[i].next, NULL);
		s[0] = read_bytes(&b, "", NULL);
		s[1] = read_bytes(&b, "", &s[0]);
		for (int j = 0; j < 2; j++)
			ck_assert_msg(
				firewall_is_policy(&s[j],
						   rule(&s[j], "ip.t.in", 3)) ==
					wanted[i].is_policy,
				"%zu, read %d", i, j);
		sample_free(&s[0]);
		sample_free(&s[1]);
	}
}

/* But what drops what is above a limit, or below, does so by a rate. */
TEST_EACH(made, drop_behind_a_limit_is_by_a_rate, 2)
{
	struct bytes b = {.n = 0};
	struct sample s;

	add_chain(&b, "in", NF_INET_LOCAL_IN, true);
	add_rule(&b, "in", 3, _i ? "oa" : "ba", NULL);
	add_rule(&b, "in", 4, "cd", NULL);
	s = read_bytes(&b, "", NULL);
	ck_assert(!firewall_is_policy(&s, rule(&s, "ip.t.in", 4)));
	sample_free(&s);
}

/* In a table of both families, who comes to a rule, or to its chain. */
TEST(made, rule_of_inet_may_be_of_one_family)
{
	static const struct {
		const char *call, *rule;
		uint64_t only;
	} wanted[] = {
		{NULL, "md", UINT64_MAX},   {NULL, "P6md", FAMILY_IP6},
		{NULL, "P4d", FAMILY_IP},   {NULL, "P!md", FAMILY_IP6},
		{NULL, "Eemd", FAMILY_IP6}, {NULL, "Lpd", FAMILY_IP6},
		{"j", "md", UINT64_MAX},    {"P4j", "md", FAMILY_IP},
		{"P6mj", "d", FAMILY_IP6},  {"mj", "P4d", FAMILY_IP},
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(wanted); i++) {
		struct bytes b = {.family = i % 2 ? NFPROTO_INET : 0};
		const char *call = wanted[i / 2].call;
		const char *chain = call ? "to" : "in";
		char name[32];
		struct sample s;

		snprintf(name, sizeof(name), "%s.t.%s", i % 2 ? "inet" : "ip",
			 chain);
		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
		add_chain(&b, "to", -1, false);
		if (call)
			add_rule(&b, "in", 3, call, "to");
		add_rule(&b, chain, 5, wanted[i / 2].rule, NULL);
		s = read_bytes(&b, "", NULL);
		ck_assert_msg(fact(&s, rule(&s, name, 5),
				   &firewall_facts[FIREWALL_ONLY]) ==
				      (i % 2 ? wanted[i / 2].only : UINT64_MAX),
			      "%zu", i);
		sample_free(&s);
	}
}

/* A queue is read again each time: of the family of its chain. */
TEST(made, families_of_a_chain_are_remembered)
{
	struct bytes b = {.family = NFPROTO_INET};
	struct sample first, second;

	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_chain(&b, "to", -1, false);
	add_rule(&b, "in", 3, "P6j", "to");
	add_rule(&b, "to", 5, "mq", NULL);
	first = read_bytes(&b, "", NULL);
	second = read_bytes(&b, "", &first);
	ck_assert_uint_eq(fact(&second, rule(&second, "inet.t.to", 5),
			       &firewall_facts[FIREWALL_ONLY]),
			  FAMILY_IP6);
	check_same(&first, &second);
	sample_free(&first);
	sample_free(&second);
}

TEST(made, rule_that_drops_what_is_invalid_is_known)
{
	static const struct {
		const char *rule;
		bool is_invalid;
	} wanted[] = {
		{"SIzd", true},
		{"Szd", false},
		{"SIPzd", false},
		{"md", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct bytes b = {.n = 0};
		struct sample s;

		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
		add_rule(&b, "in", 3, wanted[i].rule, NULL);
		s = read_bytes(&b, "", NULL);
		ck_assert_msg(fact(&s, rule(&s, "ip.t.in", 3),
				   &firewall_facts[FIREWALL_INVALID]) ==
				      (wanted[i].is_invalid ? 1 : UINT64_MAX),
			      "%zu", i);
		sample_free(&s);
	}
}

/* Who rejects with a TCP reset sends no ICMP, whichever tool wrote the rule. */
TEST(made, reject_with_a_reset_answers_without_icmp)
{
	static const struct {
		const char *rule;
		bool answers;
	} wanted[] = {
		{"cr", true},  {"r", true},  {"cR", false}, {"R", false},
		{"ct", true},  {"t", true},  {"cT", false}, {"T", false},
		{"cd", false}, {"v", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct bytes b = {.n = 0};
		struct sample s;

		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
		add_rule(&b, "in", 3, wanted[i].rule, NULL);
		add_element(&b, 1, false);
		s = read_bytes(&b, "", NULL);
		ck_assert_ptr_nonnull(rule(&s, "ip.t.in", 3));
		ck_assert_int_eq(firewall_answers(&s, rule(&s, "ip.t.in", 3)),
				 wanted[i].answers);
		sample_free(&s);
	}
}

/* 64 rules of a sort are told apart; the 65th rejects, drops or resets. */
TEST_EACH(made, reject_beyond_the_limit_answers_with_icmp, 6)
{
	static const char *const last[] = {"mr",  "md",	 "mR",
					   "mcr", "mcd", "mcR"};
	struct bytes b = {.n = 0};
	const struct object *o;
	struct sample s;

	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	for (uint64_t i = 0; i < 64; i++)
		add_rule(&b, "in", 3 + i, _i < 3 ? "md" : "mcd", NULL);
	add_rule(&b, "in", 99, last[_i], NULL);
	s = read_bytes(&b, "", NULL);
	ck_assert_ptr_null(rule(&s, "ip.t.in", 99));
	o = find(&s, _i < 3 ? "ip.t.in#uncounted" : "ip.t.in#beyond");
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(firewall_answers(&s, o), _i % 3 == 0);
	sample_free(&s);
}

TEST(made, what_never_runs_is_no_blind_spot)
{
	struct bytes b = {.n = 0};
	struct sample s;

	add_chain(&b, "in", NF_INET_LOCAL_IN, true);
	add_rule(&b, "in", 3, "cd", NULL); /* nothing comes behind it */
	add_rule(&b, "in", 4, "d", NULL);
	s = read_bytes(&b, "", NULL);
	ck_assert_uint_eq(packets(&s, find(&s, "ip.t.in.drop")), 7);
	ck_assert_uint_eq(firewall_uncounted(&s), 0);
	sample_free(&s);
}

/* What is beyond the limit stands there once, though a queue is read again. */
TEST_EACH(made, steady_read_keeps_what_is_uncounted, 6)
{
	struct sample first = {0}, second = {0};
	struct bytes b = {.n = 0};

	add_chain(&b, "in", NF_INET_LOCAL_IN, true);
	add_rule(&b, "in", 3, "mq", NULL);
	add_rule(&b, "in", 4, "mq", NULL);
	add_rule(&b, "in", 5, "md", NULL);
	ck_assert_int_eq(nft_file_read(b.at, b.n, "", _i, NULL, &first), 0);
	ck_assert_int_eq(nft_file_read(b.at, b.n, "", _i, &first, &second), 0);
	ck_assert_uint_eq(firewall_uncounted(&first), 4);
	check_same(&first, &second);
	sample_free(&first);
	sample_free(&second);
}

TEST(made, jumps_in_a_circle_end)
{
	struct bytes b = {.n = 0};
	struct sample s;

	add_chain(&b, "out", NF_INET_LOCAL_OUT, false);
	add_chain(&b, "a", -1, false);
	add_chain(&b, "b", -1, false);
	add_rule(&b, "out", 1, "j", "a");
	add_rule(&b, "a", 2, "j", "b");
	add_rule(&b, "b", 3, "j", "a");
	add_rule(&b, "b", 4, "mcd", NULL);
	s = read_bytes(&b, "", NULL);
	ck_assert_int_eq(counter_of(&s, find(&s, "ip.t.b.drop"))->direction,
			 DIR_TX);
	sample_free(&s);
}

/* A chain that drops is called by rules like these, or by two. */
TEST_EACH(made, rate_is_that_of_the_rules_that_call, 6)
{
	static const struct {
		const char *first, *second;
		bool is_policy;
	} calls[] = {
		{"oj", NULL, false}, {"mj", NULL, true}, {"oj", "oj", false},
		{"oj", "mj", true},  {"mj", "oj", true}, {"uj", NULL, false},
	};
	struct sample first = {0}, second = {0};
	struct bytes b = {.n = 0};

	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_chain(&b, "a", -1, false);
	add_chain(&b, "b", -1, false);
	add_rule(&b, "in", 1, calls[_i].first, "a");
	if (calls[_i].second)
		add_rule(&b, "in", 2, calls[_i].second, "a");
	add_rule(&b, "a", 3, "mj", "b");
	add_rule(&b, "b", 4, "cd", NULL);
	ck_assert_int_eq(nft_file_read(b.at, b.n, "", 64, NULL, &first), 0);
	ck_assert_int_eq(nft_file_read(b.at, b.n, "", 64, &first, &second), 0);
	ck_assert_int_eq(firewall_is_policy(&first, rule(&first, "ip.t.b", 4)),
			 calls[_i].is_policy);
	check_same(&first, &second);
	sample_free(&first);
	sample_free(&second);
}

static void set_family(struct bytes *b, uint8_t family)
{
	for (size_t at = 0; at < b->n;) {
		struct nlmsghdr *h = (void *)(b->at + at);
		struct nfgenmsg *head = mnl_nlmsg_get_payload(h);

		head->nfgen_family = family;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
}

static void append_bytes(struct bytes *to, const struct bytes *from)
{
	memcpy(to->at + to->n, from->at, from->n);
	to->n += from->n;
}

/* What calls "b", a chain of inet that drops. Map "m" leads to "a". */
static const struct {
	struct {
		const char *from, *what, *to;
	} calls[4];
	bool is_of_ip;
} inet_calls[] = {
	{{{"dev", "j", "b"}}, false},
	{{{"dev", "mj", "a"}, {"a", "j", "b"}}, false},
	{{{"dev", "v", NULL}, {"a", "j", "b"}}, false},
	{{{"dev", "oj", "b"}, {"dev", "j", "b"}}, false},
	{{{"dev", "j", "a"}, {"in", "j", "b"}}, true},
	{{{"dev", "j", "b"}, {"in", "j", "b"}}, true},
	{{{"in", "j", "b"}, {"dev", "j", "b"}}, true},
	{{{"dev", "j", "a"}, {"a", "j", "b"}, {"in", "j", "a"}}, true},
	{{{"dev", "v", NULL}, {"a", "j", "b"}, {"in", "v", NULL}}, true},
	{{{"dev", "v", NULL}, {"a", "j", "b"}, {"in", "j", "a"}}, true},
	{{{"a", "j", "b"}, {"b", "mj", "a"}, {"dev", "j", "a"}}, false},
	{{{"a", "j", "b"}, {"b", "mj", "a"}, {"in", "j", "a"}}, true},
};

static struct bytes inet_chains(bool in_first)
{
	struct bytes b = {.n = 0};

	if (in_first)
		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_chain(&b, "dev", NF_INET_INGRESS, false);
	if (!in_first)
		add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_chain(&b, "a", -1, false);
	add_chain(&b, "b", -1, false);
	set_family(&b, NFPROTO_INET);
	return b;
}

/* The calls, and in "b", "dev" and "in" what drops with a counter and without.
 */
static struct bytes inet_rules(size_t nth)
{
	static const char *const chains[] = {"b", "dev", "in"};
	struct bytes b = {.n = 0};
	unsigned i = 0;

	for (; i < 4 && inet_calls[nth].calls[i].from; i++)
		add_rule(&b, inet_calls[nth].calls[i].from, i + 1,
			 inet_calls[nth].calls[i].what,
			 inet_calls[nth].calls[i].to);
	for (i = 0; i < ARRAY_SIZE(chains); i++) {
		add_rule(&b, chains[i], 11, "mcd", NULL);
		add_rule(&b, chains[i], 12, "mmd", NULL);
	}
	add_verdict(&b, 1, "a", false, 0);
	set_family(&b, NFPROTO_INET);
	return b;
}

static void check_family(const struct sample *s, const char *chain,
			 enum family family)
{
	char name[32];

	for (unsigned handle = 11; handle <= 12; handle++) {
		ck_assert_ptr_nonnull(rule(s, chain, handle));
		ck_assert_int_eq(rule(s, chain, handle)->family, family);
	}
	snprintf(name, sizeof(name), "%s.drop", chain);
	ck_assert_ptr_nonnull(find(s, name));
	ck_assert_int_eq(find(s, name)->family, family);
}

/* In whichever order it is dumped, and when only its rules are read again. */
TEST_EACH(made, chain_stands_in_front_of_ip_as_all_that_call_it,
	  2 * ARRAY_SIZE(inet_calls))
{
	struct bytes all = inet_chains(_i % 2), rules = inet_rules(_i / 2);
	struct sample first = {0}, second = {0}, third = {0};

	append_bytes(&all, &rules);
	first = read_bytes(&all, "", NULL);
	check_family(&first, "inet.t.b",
		     inet_calls[_i / 2].is_of_ip ? FAMILY_INET
						 : FAMILY_INGRESS);
	check_family(&first, "inet.t.dev", FAMILY_INGRESS);
	check_family(&first, "inet.t.in", FAMILY_INET);
	second = read_bytes(&rules, "", &first);
	third = read_bytes(&rules, "", &second);
	check_same(&first, &second);
	check_same(&first, &third);
	sample_free(&first);
	sample_free(&second);
	sample_free(&third);
}

TEST(made, map_is_counted_as_far_as_its_elements_are)
{
	struct bytes b = {.n = 0};
	struct sample s, t;
	uint64_t identity;

	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_rule(&b, "in", 3, "mv", NULL);
	add_rule(&b, "in", 4, "v", NULL); /* the same map once more */
	add_element(&b, 1, true);
	add_element(&b, 2, true);
	s = read_bytes(&b, "", NULL);
	ck_assert_uint_eq(packets(&s, find(&s, "ip.t.in.drop")), 22);
	ck_assert_uint_eq(firewall_uncounted(&s), 0);
	identity = rule(&s, "ip.t.in", 3)->identity;
	ck_assert_ptr_null(rule(&s, "ip.t.in", 4));
	add_element(&b, 3, false);
	t = read_bytes(&b, "", NULL);
	ck_assert_uint_eq(packets(&t, find(&t, "ip.t.in.drop")), 22);
	ck_assert_uint_eq(firewall_uncounted(&t), 1);
	ck_assert_uint_eq(rule(&t, "ip.t.in", 3)->identity, identity);
	sample_free(&s);
	sample_free(&t);
}

TEST(made, change_while_reading_is_noticed)
{
	struct bytes b = {.n = 0};
	struct sample s = {0};

	add_generation(&b, 5);
	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_generation(&b, 6);
	ck_assert_int_eq(nft_file_read(b.at, b.n, "", 64, NULL, &s), -EAGAIN);
	sample_free(&s);
}

/* Rules that live: one ruleset after the other. */

static void add_table(struct bytes *b, uint64_t handle)
{
	struct nlmsghdr *h = begin(b, NFT_MSG_NEWTABLE);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, "t");
	put_u64(h, NFTA_TABLE_HANDLE, handle);
	end(b, h);
}

/* A rule of chain "in": expressions as above, and their counter. */
struct live_rule {
	uint64_t handle;
	const char *what;
	uint64_t packets;
};

struct live {
	struct sample samples[2];
	int n; /* reads */
};

static struct bytes live_bytes(uint64_t table, const struct live_rule *rules,
			       size_t n)
{
	struct bytes b = {.n = 0};

	add_table(&b, table);
	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	for (size_t i = 0; i < n; i++)
		add_rule_of(&b, "in", rules[i].handle, rules[i].what, "sub",
			    rules[i].packets);
	return b;
}

static const struct sample *live_read_bytes(struct live *l,
					    const struct bytes *b,
					    bool same_generation)
{
	struct sample *now = &l->samples[l->n % 2];
	const struct sample *then = &l->samples[(l->n + 1) % 2];
	int r;

	sample_reset(now);
	if (same_generation)
		r = nft_file_read(b->at, b->n, "", 64, then, now);
	else
		r = nft_file_reread(b->at, b->n, "", 64, l->n ? then : NULL,
				    now);
	ck_assert_int_eq(r, 0);
	if (l->n++)
		sample_compare(now, then);
	return now;
}

#define LIVE_OF(l, table, same, ...)                                           \
	live_read_bytes(                                                       \
		l,                                                             \
		&(struct bytes[]) {live_bytes(                                 \
			table, (const struct live_rule[]) {__VA_ARGS__},       \
			sizeof((const struct live_rule[]) {__VA_ARGS__}) /     \
				sizeof(struct live_rule))}[0],                 \
		same)
#define LIVE(l, ...) LIVE_OF(l, 1, false, __VA_ARGS__)
#define STEADY(l, ...) LIVE_OF(l, 1, true, __VA_ARGS__)
#define RELOADED(l, table, ...) LIVE_OF(l, table, false, __VA_ARGS__)

static void live_end(struct live *l)
{
	sample_free(&l->samples[0]);
	sample_free(&l->samples[1]);
}

static uint64_t counted_of(const struct sample *s, const struct object *o)
{
	const struct row *row = o ? object_rows(s, o) : NULL;

	return row && row->flags & ROW_COMPARED ? row->delta : UINT64_MAX;
}

/* What chain "in" has counted since the read before. */
static uint64_t counted(const struct sample *s)
{
	return counted_of(s, find(s, "ip.t.in.drop"));
}

static uint64_t in_total(const struct sample *s)
{
	return packets(s, find(s, "ip.t.in.drop"));
}

static bool is_new(const struct sample *s, unsigned handle)
{
	const struct object *o = rule(s, "ip.t.in", handle);

	ck_assert_ptr_nonnull(o);
	return object_row(s, o, &firewall_facts[FIREWALL_NEW]);
}

CASE(live);

TEST(live, chain_goes_on_where_rules_are_inserted_and_deleted)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, {3, "mcd", 100}, {4, "cld", 5});
	s = STEADY(&l, {3, "mcd", 130}, {4, "cld", 5});
	ck_assert_uint_eq(counted(s), 30);
	s = LIVE(&l, {5, "mmcd", 2}, {3, "mcd", 131}, {4, "cld", 9});
	ck_assert_uint_eq(counted(s), 2 + 1 + 4);
	ck_assert(is_new(s, 5));
	ck_assert(!is_new(s, 3));
	ck_assert(!firewall_next_replaced(s, NULL));
	s = STEADY(&l, {5, "mmcd", 2}, {3, "mcd", 132}, {4, "cld", 9});
	ck_assert_uint_eq(counted(s), 1);
	ck_assert(is_new(s, 5)); /* for a while */
	ck_assert_uint_eq(in_total(s), 105 + 30 + 7 + 1);
	s = LIVE(&l, {5, "mmcd", 2}, {4, "cld", 12});
	ck_assert_uint_eq(counted(s), 3);
	ck_assert(firewall_next_replaced(s, NULL));
	ck_assert_uint_eq(in_total(s), 143 + 3);
	live_end(&l);
}

TEST(live, quota_that_is_used_up_is_the_same_rule)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, {3, "ucd", 10});
	s = STEADY(&l, {3, "ucd", 90});
	ck_assert_uint_eq(counted(s), 80);
	s = STEADY(&l, {3, "ucd", 130});
	ck_assert_uint_eq(counted(s), 40);
	ck_assert(!firewall_next_replaced(s, NULL));
	live_end(&l);
}

TEST(live, ruleset_that_is_loaded_anew_counts_from_0)
{
	struct live l = {0};
	const struct sample *s;

	RELOADED(&l, 1, {3, "mcd", 100}, {4, "cld", 0});
	s = RELOADED(&l, 2, {3, "mcd", 140}, {4, "cld", 6}); /* flush ruleset */
	ck_assert_uint_eq(counted(s), 146);
	ck_assert_uint_eq(in_total(s), 246);
	ck_assert(firewall_next_replaced(s, NULL));
	ck_assert(!is_new(s, 3));
	s = RELOADED(&l, 2, {5, "mcd", 1}, {6, "cld", 0}); /* flush table */
	ck_assert_uint_eq(counted(s), 1);
	ck_assert_uint_eq(in_total(s), 247);
	ck_assert(firewall_next_replaced(s, NULL));
	s = STEADY(&l, {5, "mcd", 3}, {6, "cld", 0});
	ck_assert_uint_eq(counted(s), 2);
	ck_assert(!firewall_next_replaced(s, NULL));
	live_end(&l);
}

/* "nft reset" changes no generation. */
TEST(live, counts_that_began_anew_go_on)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, {3, "mcd", 100}, {4, "mmcd", 5});
	s = STEADY(&l, {3, "mcd", 90}, {4, "mmcd", 6});
	ck_assert_uint_eq(counted(s), 91);
	ck_assert_uint_eq(counted_of(s, rule(s, "ip.t.in", 3)), 90);
	ck_assert_uint_eq(packets(s, rule(s, "ip.t.in", 3)), 190);
	ck_assert_uint_eq(in_total(s), 196);
	ck_assert(firewall_next_replaced(s, NULL));
	live_end(&l);
}

TEST(live, table_that_came_since_counts_from_0)
{
	struct bytes none = {.n = 0};
	struct live l = {0};
	const struct sample *s;

	live_read_bytes(&l, &none, false);
	s = LIVE(&l, {3, "mcd", 12});
	ck_assert_uint_eq(counted(s), 12);
	ck_assert(is_new(s, 3));
	ck_assert(!firewall_next_replaced(s, NULL));
	live_end(&l);
}

/* It had counted before, where nobody looked. */
TEST(live, old_rule_that_comes_to_light_has_lost_nothing)
{
	struct live l = {0};
	const struct sample *s;

	LIVE(&l, {3, "ca", 9}, {4, "mcd", 500}); /* never comes there */
	s = LIVE(&l, {4, "mcd", 502});
	ck_assert_uint_eq(counted(s), 0);
	ck_assert(!is_new(s, 4));
	ck_assert(firewall_next_replaced(s, NULL));
	s = STEADY(&l, {4, "mcd", 507});
	ck_assert_uint_eq(counted(s), 5);
	live_end(&l);
}

/* It may be that old counts were read with handles of an old kernel. */
TEST(live, without_handles_of_tables_nothing_is_known_to_be_new)
{
	struct live l = {0};
	const struct sample *s;

	RELOADED(&l, 0, {3, "mcd", 1});
	s = RELOADED(&l, 0, {3, "mcd", 2}, {9, "mmcd", 5});
	ck_assert_uint_eq(counted(s), 6); /* that of the rule is */
	live_end(&l);
}

static struct bytes map_bytes(const uint64_t *packets, size_t n)
{
	struct bytes b =
		live_bytes(1, (const struct live_rule[]) {{3, "mv", 0}}, 1);

	for (uint32_t i = 0; i < n; i++)
		if (packets[i])
			add_element_of(&b, i, true, packets[i]);
	return b;
}

TEST(live, elements_of_a_map_come_and_go)
{
	struct bytes b = map_bytes((const uint64_t[]) {100, 50, 0}, 3);
	struct live l = {0};
	const struct sample *s;

	live_read_bytes(&l, &b, false);
	b = map_bytes((const uint64_t[]) {0, 53, 8}, 3);
	s = live_read_bytes(&l, &b, false);
	ck_assert_uint_eq(counted(s), 11);
	ck_assert_uint_eq(counted_of(s, rule(s, "ip.t.in", 3)), 11);
	ck_assert_uint_eq(in_total(s), 161);
	ck_assert(!is_new(s, 3));
	ck_assert(firewall_next_replaced(s, NULL));
	b = map_bytes((const uint64_t[]) {1, 53, 8}, 3);
	s = live_read_bytes(&l, &b, true);
	ck_assert_uint_eq(counted(s), 1);
	live_end(&l);
}

/* A chain of inet, called at a device and, some day, from input. */
static struct bytes called_bytes(bool by_input, uint64_t packets)
{
	struct bytes b = {.n = 0};

	add_table(&b, 1);
	add_chain(&b, "dev", NF_INET_INGRESS, false);
	add_chain(&b, "in", NF_INET_LOCAL_IN, false);
	add_chain(&b, "sub", -1, false);
	add_rule(&b, "dev", 1, "mj", "sub");
	if (by_input)
		add_rule(&b, "in", 3, "mj", "sub");
	add_rule_of(&b, "sub", 2, "mcd", NULL, packets);
	set_family(&b, NFPROTO_INET);
	return b;
}

/* Who calls a chain is nothing that its counts depend on. */
TEST(live, chain_that_comes_to_be_of_ip_goes_on)
{
	static const struct {
		bool by_input;
		uint64_t packets;
	} reads[] = {{false, 100}, {true, 107}, {false, 109}};
	struct live l = {0};

	for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
		struct bytes b =
			called_bytes(reads[i].by_input, reads[i].packets);
		const struct sample *s = live_read_bytes(&l, &b, false);
		const struct object *o = find(s, "inet.t.sub.drop");

		ck_assert_ptr_nonnull(o);
		ck_assert_int_eq(o->family, reads[i].by_input ? FAMILY_INET
							      : FAMILY_INGRESS);
		ck_assert(!firewall_next_replaced(s, NULL));
		if (i)
			ck_assert_uint_eq(counted_of(s, o),
					  reads[i].packets -
						  reads[i - 1].packets);
	}
	live_end(&l);
}

/* A map may be older than the rule that asks it. */
TEST(live, old_map_that_is_asked_now_has_lost_nothing)
{
	struct live l = {0};
	const struct sample *s;
	struct bytes b;

	LIVE(&l, {2, "mcd", 0});
	b = map_bytes((const uint64_t[]) {100, 50}, 2);
	s = live_read_bytes(&l, &b, false);
	ck_assert_uint_eq(counted(s), 0);
	b = map_bytes((const uint64_t[]) {100, 51}, 2);
	s = live_read_bytes(&l, &b, true);
	ck_assert_uint_eq(counted(s), 1);
	live_end(&l);
}

/* Whoever listens to a queue or does not changes no rule. */
TEST(live, queue_that_is_left_alone_is_no_change_of_rules)
{
	struct bytes b = live_bytes(
		1, (const struct live_rule[]) {{3, "mcq", 70}, {4, "mcd", 5}},
		2);
	struct sample on = {0}, off = {0}, again = {0};

	ck_assert_int_eq(nft_file_read(b.at, b.n, LISTENING, 64, NULL, &on), 0);
	ck_assert_int_eq(nft_file_read(b.at, b.n, "", 64, &on, &off), 0);
	sample_compare(&off, &on);
	ck_assert_uint_eq(counted(&off), 0);
	ck_assert(!firewall_next_replaced(&off, NULL));
	ck_assert_int_eq(nft_file_read(b.at, b.n, LISTENING, 64, &off, &again),
			 0);
	sample_compare(&again, &off);
	ck_assert_uint_eq(counted(&again), 0);
	ck_assert(!firewall_next_replaced(&again, NULL));
	sample_free(&on);
	sample_free(&off);
	sample_free(&again);
}

static uint8_t fed_from(const struct sample *s)
{
	struct queue_feeds feeds = {.n = 0};

	queue_feeds_collect(&feeds, s);
	return queue_feeds_reached(&feeds, 5);
}

/* Queue 5 is fed from a chain that output calls, in later reads as well. */
TEST(live, rules_that_feed_queues_are_told_and_kept)
{
	struct bytes b = {.n = 0}, nothing = {.n = 0};
	struct sample first = {0}, again = {0}, both = {0};

	add_generation(&nothing, 1);
	add_generation(&b, 1);
	add_chain(&b, "out", NF_INET_LOCAL_OUT, false);
	add_chain(&b, "ips", -1, false);
	add_chain(&b, "idle", -1, false);
	add_chain(&b, "forward", NF_INET_FORWARD, false);
	add_rule(&b, "out", 3, "mj", "ips");
	add_rule(&b, "ips", 4, "mQ", NULL);
	add_rule(&b, "idle", 5, "mQ", NULL);
	first = read_bytes(&b, LISTENING, NULL);
	again = read_bytes(&nothing, LISTENING, &first);
	ck_assert_uint_eq(fed_from(&first), 1u << DIR_TX);
	ck_assert_uint_eq(fed_from(&again), 1u << DIR_TX);
	add_rule(&b, "forward", 6, "q", NULL);
	ck_assert_int_eq(
		nft_file_reread(b.at, b.n, LISTENING, 64, &again, &both), 0);
	ck_assert_uint_eq(fed_from(&both), 1u << DIR_TX | 1u << DIR_FWD);
	sample_free(&first);
	sample_free(&again);
	sample_free(&both);
}

/* Nonsense: nothing here may crash; sanitizers see the rest. */

static void survive(const void *bytes, size_t n)
{
	void *copy = malloc(n);
	struct sample s = {0};

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, n);
	ck_assert_int_le(nft_file_read(copy, n, LISTENING, 8, NULL, &s), 0);
	sample_free(&s);
	free(copy);
}

CASE(nonsense);

TEST_EACH(nonsense, truncated_messages_are_survived, 2)
{
	struct bytes b = recorded(_i ? COMPAT : NATIVE);

	for (size_t n = 1; n < b.n; n += n < 2000 ? 1 : 17)
		survive(b.at, n);
}

TEST_EACH(nonsense, damaged_messages_are_survived, 2)
{
	struct bytes b = recorded(_i ? COMPAT : NATIVE);

	for (size_t at = 0; at < b.n; at += 3) {
		char was = b.at[at];

		b.at[at] = (char)(was ^ 0xff);
		survive(b.at, b.n);
		b.at[at] = (char)(was + 1);
		survive(b.at, b.n);
		b.at[at] = was;
	}
}

TEST(nonsense, strange_names_do_no_harm)
{
	struct bytes b = {.n = 0};
	char name[250], remedy[128];
	const struct object *o;
	struct sample s;

	memset(name, 'x', sizeof(name));
	strcpy(name + sizeof(name) - 8, "`$(\n\"; ");
	add_chain(&b, name, NF_INET_LOCAL_IN, false);
	add_rule(&b, name, 3, "cd", NULL);
	add_chain(&b, "a;reboot", NF_INET_LOCAL_IN, false);
	add_rule(&b, "a;reboot", 4, "cd", NULL);
	s = read_bytes(&b, "", NULL);
	o = rule(&s, "ip.t.a;reboot", 4);
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(firewall_remedy(&s, o, remedy, sizeof(remedy)), 0);
	ck_assert_str_eq(remedy, "nft -a list table ip t");
	for (uint32_t i = 0; i < s.n_text; i++)
		if (s.text[i] == '\n')
			ck_assert_ptr_nonnull(memchr(s.text, '#', i));
	sample_free(&s);
}

TEST(made, lines_of_nfnetlink_queue_are_parsed)
{
	static const char lines[] =
		"    3   4242    17 2 65531    11    13     1234  1\n"
		"65535      1     0 0     0     0     0        0  1\n"
		"nonsense\n";
	struct token text = {lines, strlen(lines)};
	struct nfqueue q;

	ck_assert(nfqueue_next(&text, &q));
	ck_assert_uint_eq(q.number, 3);
	ck_assert_uint_eq(q.listener, 4242);
	ck_assert_uint_eq(q.waiting, 17);
	ck_assert_uint_eq(q.queue_dropped, 11);
	ck_assert_uint_eq(q.user_dropped, 13);
	ck_assert(nfqueue_next(&text, &q));
	ck_assert_uint_eq(q.number, 65535);
	ck_assert(!nfqueue_next(&text, &q));
	ck_assert_uint_gt(text.n, 0);
}

/* Whether a subsystem is there, below a root made for the test. */

static int available(const struct tree *root)
{
	struct netlink nl;
	int r, again;

	ck_assert_int_eq(netlink_alloc(&nl), 0);
	nl.kmods.root = root->path;
	r = netlink_available(&nl, KMOD_NFTABLES);
	again = netlink_available(&nl, KMOD_NFTABLES);
	ck_assert_int_eq(r, again);
	netlink_free(&nl);
	return r;
}

TEST(made, absent_subsystem_is_not_asked)
{
	struct tree root;
	struct utsname kernel;
	char name[128];

	tree_make(&root);
	ck_assert_int_eq(available(&root), -ENOPKG); /* nothing is seen */
	tree_put(&root, "proc/cmdline", "");
	ck_assert_int_eq(available(&root), 0); /* no modules */
	tree_put(&root, "proc/modules", "");
	ck_assert_int_eq(available(&root), -ENOPKG);
	tree_mkdir(&root, "sys/module/ip_tables");
	ck_assert_int_eq(available(&root), -ENOENT);
	tree_put(&root, "sys/kernel/btf/vmlinux", "\1nf_tables_getgen");
	ck_assert_int_eq(available(&root), 0);
	uname(&kernel);
	snprintf(name, sizeof(name), "lib/modules/%s/modules.builtin",
		 kernel.release);
	tree_put(&root, name, "kernel/net/netfilter/nfnetlink.ko\n");
	ck_assert_int_eq(available(&root), -ENOENT); /* it knows better */
	tree_put(&root, "sys/module/nf_tables/refcnt", "0\n");
	ck_assert_int_eq(available(&root), 0);
	tree_remove(&root);
	tree_make(&root);
	tree_put(&root, "proc/modules", "");
	tree_put(&root, name, "kernel/net/netfilter/nf_tables.ko\n");
	ck_assert_int_eq(available(&root), 0);
	tree_remove(&root);
}
