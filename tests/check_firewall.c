/* SPDX-License-Identifier: MIT */
/*
 * What firewalls say beyond counts: what is policy and what is chance or rate,
 * who is suspected where nothing counts, and queues to user space.
 */
#include <errno.h>
#include <sched.h>
#include <sys/utsname.h>

#include "diagnosis/cause.h"
#include "kernel/netlink.h"
#include "kernel/procnet.h"
#include "lib/fixture.h"
#include "lib/ns.h"
#include "lib/tree.h"
#include "model/tally.h"
#include "nft_file.h"
#include "probes/balance/balance.h"
#include "probes/conntrack.h"
#include "probes/dropreason/dropreason.h"
#include "probes/firewall/emit.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/ipvs.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/queue_feeds.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/rule_changes.h"
#include "probes/snmp/snmp.h"
#include "testlib.h"
#include "xtables_file.h"

static struct sample read_legacy(const char *name, const char *table)
{
	struct xt_blob blob = {.family = FAMILY_IP, .table = table};
	struct sample s = {0};
	_cleanup_free_ char *bytes = NULL;
	size_t n;

	bytes = fixture_read("6.18", name, &n);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(xtables_file_parse(bytes, n, &blob), 0);
	ck_assert_int_eq(xt_parse(&blob, 64, &s), 0);
	return s;
}

static struct sample read_native(void)
{
	_Alignas(8) static char bytes[65536];
	FILE *f = fixture_open("6.18", "nft_rates.nl");
	struct sample s = {0};
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	ck_assert_int_eq(nft_file_read(bytes, n, "", 64, NULL, &s), 0);
	return s;
}

/* The object of a rule by its number or handle. */
static const struct object *rule(const struct sample *s, const char *chain,
				 enum firewall_fact fact, uint64_t number)
{
	EACH_OBJECT (s, o)
		if (!strcmp(object_chain(s, o), chain) &&
		    object_value(s, o, &firewall_facts[fact], UINT64_MAX) ==
			    number)
			return o;
	ck_abort_msg("no rule %" PRIu64 " of %s", number, chain);
	return NULL;
}

static bool is_tagged(const struct sample *s, const struct object *o)
{
	return object_tagged(s, o, TAG_RULE_IS_POLICY);
}

struct expected {
	const char *chain;
	uint64_t number;
	const char *words; /* within the parentheses */
	bool is_policy;
};

static void check_rule(const struct sample *s, enum firewall_fact fact,
		       const struct expected *e)
{
	const struct object *o = rule(s, e->chain, fact, e->number);
	char text[256], words[128];

	ck_assert_int_eq(firewall_describe(s, o, text, sizeof(text)), 0);
	snprintf(words, sizeof(words), "(%s)", e->words);
	ck_assert_msg(strstr(text, words), "%s: %s", text, words);
	ck_assert_msg(firewall_is_policy(s, o) == e->is_policy, "%s", text);
	ck_assert_msg(is_tagged(s, o) == e->is_policy, "%s", text);
}

CASE(room);

#define MOST ((size_t)60 << 20) /* of what a probe may use */

/* A chain of one rule, and how often it has a comment of its own. */
static void write_chain(struct firewall_writer *w, unsigned number,
			unsigned n_comments)
{
	const struct firewall_rule rule = {.is_counted = true,
					   .counts = {.packets = 9}};
	struct firewall_chain chain = {
		.family = FAMILY_IP, .direction = DIR_RX, .table = "t"};
	char text[16];

	snprintf(chain.name, sizeof(chain.name), "c%u", number);
	firewall_begin(w, &chain);
	for (unsigned i = 0; i < n_comments; i++) {
		snprintf(text, sizeof(text), "%u", i);
		firewall_see(w, &(struct firewall_rule) {
					.comment = {text, strlen(text)}});
	}
	firewall_add(w, &rule);
}

/*
 * Appends n chains, and before them one with comments, if it is to have some,
 * as a probe does that has used so much memory.
 */
static void write_chains(struct sample *s, unsigned n, size_t used,
			 unsigned n_comments)
{
	struct arena arena = {.left = 0};
	struct firewall_writer w = {.out = s, .arena = &arena, .max_rules = 64};

	ck_assert_ptr_nonnull(arena_alloc(&arena, used));
	firewall_start(&w, 0);
	for (unsigned i = 0; i < n; i++)
		write_chain(&w, i, 0);
	if (n_comments)
		write_chain(&w, n, n_comments);
	firewall_finish(&w, 0);
	ck_assert_int_eq(arena.error, 0);
	ck_assert_int_eq(s->error, 0);
	arena_free(&arena);
}

/* Each with its total and its rule. Returns how many. */
static uint32_t count_whole_chains(const struct sample *s)
{
	ck_assert_uint_eq(s->n_objects % 2, 0);
	EACH_OBJECT (s, o)
		ck_assert_str_eq(
			object_chain(s, o),
			object_chain(s, &s->objects[(o - s->objects) & ~1]));
	return s->n_objects / 2;
}

TEST(room, chains_without_room_are_left_out)
{
	struct sample few = {0}, many = {0};

	write_chains(&few, 100, MOST, 0);
	ck_assert_int_eq(few.missed, 0);
	ck_assert_uint_eq(count_whole_chains(&few), 100);
	write_chains(&many, 50000, MOST, 0);
	ck_assert_int_eq(many.missed, -E2BIG);
	ck_assert_uint_gt(count_whole_chains(&many), 1000);
	ck_assert_uint_lt(count_whole_chains(&many), 50000);
	sample_free(&few);
	sample_free(&many);
}

/* Chains that are left out have not gone, whatever was told of them before. */
TEST(room, chains_that_are_left_out_are_not_replaced)
{
	struct sample then = {.sources = 1}, now = {.then = &then};

	write_chains(&then, 20000, 8, 0);
	ck_assert_int_eq(then.missed, 0);
	write_chains(&now, 20000, MOST, 0);
	ck_assert_int_eq(now.missed, -E2BIG);
	ck_assert_uint_lt(count_whole_chains(&now), 20000);
	EACH_OBJECT (&now, o)
		ck_assert_ptr_null(object_row(
			&now, o, &firewall_facts[FIREWALL_REPLACED]));
	sample_free(&now);
	/* but where none is left out */
	now.then = &then;
	write_chains(&now, 100, MOST, 0);
	ck_assert_int_eq(now.missed, 0);
	ck_assert_uint_eq(now.n_objects, 200 + 19900);
	sample_free(&now);
	sample_free(&then);
}

TEST(room, chain_that_turns_out_to_have_no_room_is_left_out)
{
	const unsigned n_comments = 16384;
	struct sample s = {0};

	write_chains(&s, 5, 8, n_comments);
	ck_assert_int_eq(s.missed, 0);
	ck_assert_uint_eq(count_whole_chains(&s), 6);
	sample_free(&s);
	write_chains(&s, 5, MOST + ((size_t)11 << 18), n_comments);
	ck_assert_int_eq(s.missed, -E2BIG);
	ck_assert_uint_eq(count_whole_chains(&s), 5);
	sample_free(&s);
}

#define ROWS ((1u << 20) / 8 * 7) /* that a sample takes before it is full */

TEST(room, some_of_a_sample_is_left_for_others)
{
	static const struct counter one = {.kind = KIND_FACT};
	struct sample s = {0};

	sample_object(&s, LAYER_LINK, "eth0", "", 0);
	for (unsigned i = 0; i < ROWS - 100; i++)
		sample_row(&s, &one, i);
	write_chains(&s, 100, 8, 0);
	ck_assert_int_eq(s.missed, -E2BIG);
	ck_assert_uint_gt(s.n_objects, 1);
	ck_assert_uint_lt(s.n_objects, 200);
	ck_assert_uint_le(s.n_rows, ROWS);
	ck_assert_str_eq(object_chain(&s, &s.objects[s.n_objects - 1]),
			 object_chain(&s, &s.objects[s.n_objects - 2]));
	sample_free(&s);
}

CASE(rates);

TEST(rates, legacy_matches_are_told_as_iptables_printed_them)
{
	static const struct expected rules[] = {
		{"INPUT", 1, "DROP, limit 10/s", false},
		{"INPUT", 2, "DROP, limit 90/min", false},
		{"INPUT", 3, "DROP, hashlimit over 20/s", false},
		{"INPUT", 4, "DROP, hashlimit 5/h", false},
		{"INPUT", 5, "DROP, hashlimit", false},
		{"INPUT", 6, "DROP, connlimit over 5", false},
		{"INPUT", 7, "DROP, connlimit 5", false},
		{"INPUT", 8, "DROP, quota 5000 bytes", false},
		{"INPUT", 9, "DROP, recent 10 hits in 60 s", false},
		{"INPUT", 10, "DROP", true},
		{"INPUT", 11, "DROP", true},
		{"INPUT", 13, "DROP, limit over 10/s, \"the rest\"", false},
		{"INPUT", 15, "DROP", true},
		{"flood", 2, "DROP, limit over 25/s", false},
	};
	struct sample s = read_legacy("rates.xt", "filter");

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_rule(&s, FIREWALL_NUMBER, &rules[i]);
	sample_free(&s);
}

TEST(rates, expressions_are_told_as_nft_printed_them)
{
	static const struct expected rules[] = {
		{"in", 9, "drop, limit 10/s", false},
		{"in", 10, "drop, limit over 10240 bytes/min", false},
		{"in", 11, "drop, ct count over 10", false},
		{"in", 12, "drop, quota over 5000 bytes", false},
		{"in", 14, "drop, meter ct count over 4", false},
		{"in", 15, "drop, limit", false},
		{"in", 16, "drop, quota", false},
		{"in", 17, "drop, statistic 0.3", false},
		{"in", 18, "drop, statistic 0.25", false},
		{"in", 22, "drop, statistic", false},
		{"in", 23, "drop", true},
		{"in", 24, "drop", true},
		{"in", 26, "drop, limit over 10/s", false},
		{"in", 28, "drop", true},
		{"flood", 8, "drop, limit over 25/s", false},
	};
	struct sample s = read_native();
	char text[128];
	const struct object *o;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_rule(&s, FIREWALL_HANDLE, &rules[i]);
	o = rule(&s, "in", FIREWALL_HANDLE, 13);
	ck_assert_int_eq(firewall_describe(&s, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "rule handle 13 of ip t in (drop, meter limit "
			       "over 10/s, no counter)");
	o = rule(&s, "in", FIREWALL_HANDLE, 20);
	ck_assert_int_eq(firewall_describe(&s, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "rule handle 20 of ip t in (drop by a verdict "
			       "map, statistic, no counter)");
	sample_free(&s);
}

/* The kernel's averages: one in so many parts of a second. */
TEST(rates, averages_are_told_in_the_unit_that_fits)
{
	static const struct {
		uint64_t avg, scale;
		const char *words;
	} cases[] = {
		{1, 10000, "limit 10000/s"},
		{1428, 10000, "limit 7/s"},
		{10000, 10000, "limit 1/s"},
		{6666, 10000, "limit 90/min"},
		{600000, 10000, "limit 1/min"},
		{36000000, 10000, "limit 1/h"},
		{864000000, 10000, "limit 1/day"},
		{50000, 1000000, "limit 20/s"},
		{720000000, 1000000, "limit 5/h"},
		{0, 10000, "limit"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct firewall_rate rate = {.kind = RATE_LIMIT};
		char text[64];

		firewall_rate_average(&rate, cases[i].avg, cases[i].scale);
		firewall_rate_words(&rate, false, text, sizeof(text));
		ck_assert_str_eq(text, cases[i].words);
	}
}

TEST(rates, facts_are_packed_and_unpacked)
{
	static const struct firewall_rate rates[] = {
		{.kind = RATE_QUOTA, .is_bytes = true, .amount = 1},
		{.kind = RATE_LIMIT, .seconds = 604800, .is_over = true},
		{.kind = RATE_CONNLIMIT, .is_each = true, .amount = UINT64_MAX},
	};
	struct firewall_rate hostile = firewall_rate_unpack(0xfe, 0);

	ck_assert_int_eq(hostile.kind, RATE_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct firewall_rate r = firewall_rate_unpack(
			firewall_rate_pack(&rates[i]), rates[i].amount);

		ck_assert_int_eq(r.kind, rates[i].kind);
		ck_assert_uint_eq(r.seconds, rates[i].seconds);
		ck_assert_uint_eq(r.amount, rates[i].amount);
		ck_assert(r.is_over == rates[i].is_over);
		ck_assert(r.is_bytes == rates[i].is_bytes);
		ck_assert(r.is_each == rates[i].is_each);
	}
}

TEST(rates, short_infos_are_survived)
{
	static const char *const names[] = {"limit", "hashlimit", "connlimit",
					    "quota", "recent",	  "rateest"};
	static const unsigned char info[4] = {1, 2, 3, 4};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (unsigned revision = 0; revision < 5; revision++)
			for (size_t n = 0; n <= sizeof(info); n++) {
				struct firewall_rate r = {0};

				(void)firewall_rate_match(names[i], revision,
							  info, n, &r);
				ck_assert_int_lt(r.kind, N_RATE_KINDS);
			}
}

/* Samples made by hand. */

static struct sample then, now;

static void setup(void)
{
	now = then = (struct sample) {0};
}

static void teardown(void)
{
	sample_free(&now);
	sample_free(&then);
}

static void compare(void)
{
	then.time_ns = 1;
	now.time_ns = 2;
	sample_compare(&now, &then);
	ck_assert_int_eq(then.error, 0);
	ck_assert_int_eq(now.error, 0);
}

/* The balance of IP of both families, that of one moved. */
static void missed(enum direction direction, uint64_t v4, uint64_t v6)
{
	enum tag tag = direction == DIR_RX ? TAG_IN_GAP : TAG_OUT_GAP;

	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		sample_object(s, LAYER_UNEXPLAINED, "", "", 0);
		for (size_t j = 0; j < balance_table.n; j++) {
			const struct counter *c = &balance_table.rows[j];

			if (c->tag == tag)
				sample_row(s, c, i * (c->v6 ? v6 : v4));
		}
	}
}

static void put_rule(struct sample *s, enum family family, const char *chain,
		     enum direction direction, struct firewall_rule rule)
{
	char name[64];

	snprintf(name, sizeof(name), "%d.t.%s#%d", family, chain,
		 (int)rule.handle);
	sample_object(s, LAYER_NETFILTER, "", name, 7);
	sample_chain(s, family, "t", chain);
	firewall_rule_append(&rule, direction, s);
}

/* Two reads of a rule without a counter. */
static void uncounted(enum family family, const char *chain,
		      enum direction direction, struct firewall_rule rule)
{
	rule.is_nft = true;
	rule.uncounted = 1;
	put_rule(&then, family, chain, direction, rule);
	put_rule(&now, family, chain, direction, rule);
}

static struct loss uncounted_loss(enum direction direction, uint64_t lost)
{
	return (struct loss) {
		.layer = LAYER_NETFILTER,
		.direction = direction,
		.lost = lost,
		.uncounted = lost,
	};
}

/* Of so many, what no proxy had. */
static struct cause explain_some(enum direction direction, uint64_t lost,
				 uint64_t some)
{
	struct loss loss = uncounted_loss(direction, lost);
	struct cause c = {.known = true};

	ck_assert(firewall_explain_uncounted(&now, &loss, &c));
	ck_assert_uint_eq(c.lost, some);
	ck_assert_ptr_nonnull(c.reason);
	return c;
}

static struct cause explain(enum direction direction, uint64_t lost)
{
	return explain_some(direction, lost, lost);
}

static struct cause explain_proxied(uint64_t lost, uint64_t some)
{
	struct loss loss = uncounted_loss(DIR_RX, lost);
	struct cause c = {.known = true};

	ck_assert(firewall_explain_proxied(&now, &loss, &c));
	ck_assert_uint_eq(c.lost, some);
	ck_assert_str_eq(c.reason->id, "tproxy-without-listener");
	return c;
}

#define BEFORE "lost between IP input and delivery without a counter: suspect "

CASE(suspects, .setup = setup, .teardown = teardown);

TEST(suspects, nobody_is_suspected_where_all_rules_count)
{
	struct cause c;

	missed(DIR_RX, 100, 0);
	put_rule(&now, FAMILY_IP, "in", DIR_RX,
		 (struct firewall_rule) {.is_counted = true});
	compare();
	c = explain(DIR_RX, 100);
	ck_assert_str_eq(c.reason->id, "lost-within-ip");
	ck_assert(!c.known);
	ck_assert(!c.is_rule);
	ck_assert_ptr_null(strstr(c.text, "suspect"));
}

TEST(suspects, what_the_kernel_says_is_no_suspicion)
{
	static const struct counter told = {.layer = LAYER_DROPREASON,
					    .kind = KIND_DETAIL,
					    .bits = 64,
					    .tag = TAG_DROPS_NETFILTER};
	struct cause c;

	for (unsigned n = 0; n < 2; n++) {
		sample_free(&then);
		sample_free(&now);
		missed(DIR_RX, 100, 0);
		uncounted(FAMILY_INET, "in", DIR_RX,
			  (struct firewall_rule) {.handle = 2});
		sample_object(&then, LAYER_DROPREASON, "", "sums", 0);
		sample_row(&then, &told, 7);
		sample_object(&now, LAYER_DROPREASON, "", "sums", 0);
		sample_row(&now, &told, 7 + 100 * n);
		compare();
		c = explain(DIR_RX, 100);
		ck_assert_ptr_nonnull(strstr(c.text, "rule handle 2 of inet"));
		ck_assert_int_eq(!strncmp(c.text, BEFORE, strlen(BEFORE)), !n);
		ck_assert_int_eq(strstr(c.text, "suspect") == NULL, n);
	}
}

static struct cause of_rules(unsigned first, unsigned second)
{
	struct cause c;

	sample_free(&then);
	sample_free(&now);
	missed(DIR_RX, 100, 0);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = first});
	if (second)
		uncounted(FAMILY_INET, "in", DIR_RX,
			  (struct firewall_rule) {.handle = second});
	compare();
	c = explain(DIR_RX, 100);
	c.counter = firewall_counter(FIREWALL_CHAIN, DIR_RX);
	return c;
}

/* Of two rules one is deleted: of the other one nothing was told. */
TEST(suspects, rule_without_a_counter_is_a_cause_of_its_own)
{
	struct cause c = of_rules(3, 4);
	uint32_t both = cause_id(&now, &c);

	c = of_rules(3, 0);
	ck_assert(cause_is(&now, &c, both));
	c = of_rules(4, 0);
	ck_assert(!cause_is(&now, &c, both));
	c = of_rules(4, 3); /* in another order, each may be the one */
	ck_assert(cause_is(&now, &c, both));
}

TEST(suspects, policy_without_a_counter_is_made_to_count)
{
	struct cause c;

	missed(DIR_RX, 100, 0);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.target = FIREWALL_POLICY});
	compare();
	c = explain(DIR_RX, 100);
	ck_assert_str_eq(c.text, BEFORE "policy of inet t in (drop, no "
					"counter)");
	ck_assert_str_eq(c.remedy, "Add a last rule that counts: `nft add rule "
				   "inet t in counter drop`");
	ck_assert_str_eq(c.reason->id, "firewall-policy-without-counter");
	ck_assert(!c.is_rule);
}

TEST(suspects, limit_is_named_before_rules_that_drop_all)
{
	struct cause c;

	missed(DIR_RX, 187, 0);
	uncounted(FAMILY_IP, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2});
	uncounted(FAMILY_IP, "in", DIR_RX,
		  (struct firewall_rule) {
			  .handle = 3,
			  .rate = {.kind = RATE_LIMIT,
				   .amount = 10,
				   .seconds = 1,
				   .is_over = true,
				   .is_each = true},
		  });
	compare();
	c = explain(DIR_RX, 187);
	ck_assert_str_eq(c.text, BEFORE "rule handle 3 of ip t in (drop, meter "
					"limit over 10/s, no counter), or rule "
					"handle 2 of ip t in (drop, no "
					"counter)");
	ck_assert_str_eq(c.remedy, "Put \"counter\" before its verdict (\"nft "
				   "replace rule\"): `nft -a list chain ip t "
				   "in  # handle 3`");
	ck_assert(!c.is_rule);
}

TEST(suspects, policy_of_the_loss_s_direction_is_named)
{
	missed(DIR_TX, 100, 0);
	uncounted(FAMILY_INET, "fwd", DIR_FWD,
		  (struct firewall_rule) {.handle = 2});
	uncounted(FAMILY_INET, "out", DIR_TX,
		  (struct firewall_rule) {.handle = 3});
	uncounted(FAMILY_INET, "out", DIR_TX,
		  (struct firewall_rule) {.target = FIREWALL_POLICY});
	compare();
	ck_assert_ptr_nonnull(
		strstr(explain(DIR_TX, 100).text,
		       "policy of inet t out (drop, no counter) or 2 more"));
}

/* Counters of others moved by so many, if the tag is one. */
static void others_moved(const struct counter_table *table, enum layer layer,
			 enum tag tag, uint64_t n)
{
	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		sample_object(s, layer, "", "", 0);
		sample_row(s, counter_tagged(table, tag), i * n);
	}
}

/* Of 100 that are missed: of equals who is named. */
TEST(suspects, last_rule_of_a_chain_is_named_of_equals)
{
	missed(DIR_RX, 100, 0);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2});
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 3,
					  .target = FIREWALL_REJECT,
					  .is_last = true});
	compare();
	ck_assert_ptr_nonnull(
		strstr(explain(DIR_RX, 100).text, "rule handle 3 of inet"));
	ck_assert_str_eq(explain(DIR_RX, 100).reason->id,
			 "firewall-policy-without-counter");
}

TEST_EACH(suspects, who_drops_the_invalid_is_named_if_as_many_were, 3)
{
	static const uint64_t invalid[] = {0, 80, 100};

	missed(DIR_RX, 100, 0);
	others_moved(conntrack_probe.counters, LAYER_CONNTRACK,
		     TAG_CONNTRACK_INVALID, invalid[_i]);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2, .is_last = true});
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 3, .is_invalid = true});
	compare();
	ck_assert_ptr_nonnull(
		strstr(explain(DIR_RX, 100).text,
		       invalid[_i] == 100 ? "rule handle 3" : "rule handle 2"));
}

/* Some of them were answered with ICMP, and no closed port tells why. */
TEST_EACH(suspects, who_rejects_is_named_if_most_were_answered, 3)
{
	static const uint64_t answered[] = {0, 49, 50};

	missed(DIR_RX, 100, 0);
	others_moved(snmp_probe.counters, LAYER_ICMP, TAG_OUT_DEST_UNREACHS,
		     answered[_i]);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2, .is_last = true});
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 3,
					  .target = FIREWALL_REJECT});
	compare();
	ck_assert_ptr_nonnull(
		strstr(explain(DIR_RX, 100).text,
		       answered[_i] == 50 ? "rule handle 3" : "rule handle 2"));
}

/* What IP misses of one family no rule of the other can have dropped. */
TEST_EACH(suspects, rule_of_inet_for_the_other_family_is_not_named, 2)
{
	missed(DIR_RX, _i ? 0 : 100, _i ? 100 : 0);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2, .only = FAMILY_IP6});
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 3, .only = FAMILY_IP});
	compare();
	ck_assert_ptr_nonnull(strstr(explain(DIR_RX, 100).text,
				     _i ? "suspect rule handle 2 of inet t in "
					  "(drop, no counter)"
					: "suspect rule handle 3 of inet t in "
					  "(drop, no counter)"));
	ck_assert_ptr_null(strstr(explain(DIR_RX, 100).text, "more"));
}

/* Since Linux 6.7 what FORWARD drops was received, as all can see. */
TEST(suspects, rule_of_another_direction_cannot_have_met_them)
{
	const struct counter *transmits =
		counter_tagged(snmp_probe.counters, TAG_OUT_TRANSMITS);

	missed(DIR_RX, 100, 0);
	uncounted(FAMILY_INET, "out", DIR_TX,
		  (struct firewall_rule) {.handle = 2});
	uncounted(FAMILY_INET, "fwd", DIR_FWD,
		  (struct firewall_rule) {.target = FIREWALL_POLICY});
	compare();
	ck_assert_ptr_nonnull(
		strstr(explain(DIR_RX, 100).text, "policy of inet t fwd"));
	ck_assert_ptr_null(strstr(explain(DIR_RX, 100).text, "more"));
	sample_object(&now, LAYER_IP, "", "", 0);
	sample_row(&now, transmits, 1);
	ck_assert_str_eq(explain(DIR_RX, 100).reason->id, "lost-within-ip");
}

/* IP knows that these were refused, and only rules behind it can be it. */
TEST(suspects, rule_behind_ip_is_named_for_what_was_refused_there)
{
	struct loss loss = uncounted_loss(DIR_TX, 100);
	struct cause c = {.known = true};

	loss.layer = LAYER_IP;
	missed(DIR_TX, 0, 0);
	uncounted(FAMILY_INET, "out", DIR_TX,
		  (struct firewall_rule) {.handle = 3});
	uncounted(FAMILY_NETDEV, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 4});
	compare();
	ck_assert(!firewall_explain_uncounted(&now, &loss, &c));
	uncounted(FAMILY_NETDEV, "e", DIR_TX,
		  (struct firewall_rule) {.handle = 5});
	ck_assert(firewall_explain_uncounted(&now, &loss, &c));
	ck_assert_str_eq(c.text, "refused below IP without a counter: suspect "
				 "rule handle 5 of netdev t e (drop, no "
				 "counter)");
	ck_assert_uint_eq(c.lost, 100);
	loss.direction = DIR_RX;
	ck_assert(!firewall_explain_uncounted(&now, &loss, &c));
}

/* Who sees other packets than IP misses: of another family, or no IP. */
TEST(suspects, rule_that_cannot_have_seen_them_is_not_suspected)
{
	static const enum family others[] = {FAMILY_IP6, FAMILY_ARP,
					     FAMILY_BRIDGE, FAMILY_NETDEV};

	missed(DIR_RX, 100, 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		uncounted(others[i], "in", DIR_RX,
			  (struct firewall_rule) {.handle = i});
	compare();
	ck_assert_str_eq(explain(DIR_RX, 100).reason->id, "lost-within-ip");
	sample_free(&now);
	sample_free(&then);
	missed(DIR_RX, 0, 100);
	uncounted(FAMILY_IP6, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 1});
	compare();
	ck_assert_ptr_nonnull(
		strstr(explain(DIR_RX, 100).text, "handle 1 of ip6 t in"));
}

/* A chain whose rules were replaced, of which so many had counted. */
static void replace(enum family family, const char *chain,
		    enum direction direction, uint64_t had_counted)
{
	char name[64];

	snprintf(name, sizeof(name), "%d.t.%s#replaced", family, chain);
	sample_object(&now, LAYER_NETFILTER, "", name, 7);
	sample_chain(&now, family, "t", chain);
	sample_reached(&now, 1u << direction);
	sample_row(&now, &firewall_facts[FIREWALL_REPLACED], had_counted);
}

static const enum family beside_ip[] = {FAMILY_ARP, FAMILY_BRIDGE,
					FAMILY_NETDEV, FAMILY_INGRESS};
static const enum family of_ip[] = {FAMILY_IP, FAMILY_IP6, FAMILY_INET};

/* What IP misses has come past these, or has yet to come to them. */
TEST_EACH(suspects, replaced_chain_beside_ip_is_not_suspected,
	  ARRAY_SIZE(beside_ip))
{
	static const enum direction directions[] = {DIR_RX, DIR_TX, DIR_FWD};

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		enum direction direction = directions[i];
		struct cause c = {.known = true};

		missed(direction, 100, 100);
		replace(beside_ip[_i], "x", direction, 1);
		compare();
		ck_assert(!firewall_suspect_replaced(&now, direction, &c));
		ck_assert_str_eq(explain(direction, 100).reason->id,
				 "lost-within-ip");
		replace(FAMILY_INET, "y", direction, 1);
		ck_assert(firewall_suspect_replaced(&now, direction, &c));
		ck_assert_ptr_nonnull(
			strstr(c.text, "rules of inet t y were replaced"));
		teardown();
	}
}

TEST_EACH(suspects, replaced_chain_of_ip_is_suspected, ARRAY_SIZE(of_ip))
{
	missed(DIR_RX, 100, 100);
	replace(of_ip[_i], "x", DIR_RX, 0);
	compare();
	ck_assert_str_eq(explain(DIR_RX, 100).reason->id,
			 "firewall-rules-replaced");
}

/*
 * Where a rule without a counter may have dropped them, one of IP, a chain that
 * had counted nothing is no suspect.
 */
TEST_EACH(suspects, rule_beside_ip_frees_no_replaced_chain,
	  ARRAY_SIZE(beside_ip))
{
	struct cause c = {.known = true};

	missed(DIR_RX, 100, 100);
	uncounted(beside_ip[_i], "x", DIR_RX,
		  (struct firewall_rule) {.handle = 2});
	replace(FAMILY_IP, "y", DIR_RX, 0);
	compare();
	ck_assert(firewall_suspect_replaced(&now, DIR_RX, &c));
	uncounted(FAMILY_IP, "z", DIR_RX, (struct firewall_rule) {.handle = 3});
	ck_assert(!firewall_suspect_replaced(&now, DIR_RX, &c));
	replace(FAMILY_IP, "z", DIR_RX, 1);
	ck_assert(firewall_suspect_replaced(&now, DIR_RX, &c));
	ck_assert_ptr_nonnull(strstr(c.text, "rules of ip t z were replaced"));
}

static void proxy(uint64_t before, uint64_t after)
{
	struct firewall_rule rule = {
		.target = FIREWALL_TPROXY,
		.number = 1,
		.port = 3128,
		.counts = {before, 0},
	};

	put_rule(&then, FAMILY_IP, "PREROUTING", DIR_RX, rule);
	rule.counts.packets = after;
	put_rule(&now, FAMILY_IP, "PREROUTING", DIR_RX, rule);
}

TEST(suspects, proxy_is_suspected_of_what_it_was_handed)
{
	struct cause c;

	missed(DIR_RX, 200, 0);
	proxy(50, 250);
	uncounted(FAMILY_IP, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2});
	compare();
	ck_assert(firewall_suspect_proxy(&now, DIR_RX, &c));
	ck_assert_uint_eq(c.lost, 200);
	c = explain_proxied(200, 200);
	ck_assert_str_eq(c.text,
			 BEFORE "rule 1 of ip t PREROUTING (TPROXY to port "
				"3128), which drops if nothing listens on port "
				"3128");
	ck_assert_ptr_nonnull(strstr(c.remedy, "`ss -lntu`"));
	ck_assert_ptr_nonnull(
		strstr(c.remedy, "`iptables-legacy -t t -L PREROUTING 1 -nv`"));
	/* more than it was handed: somebody else, too */
	c = explain_proxied(300, 200);
	c = explain_some(DIR_RX, 300, 100);
	ck_assert_ptr_nonnull(strstr(c.text, "handle 2"));
}

TEST(suspects, proxy_that_listens_is_above_suspicion)
{
	struct cause c;

	missed(DIR_RX, 200, 0);
	proxy(50, 250);
	sample_object(&now, LAYER_NETFILTER, "", "proxy3127", 0);
	sample_row(&now, &firewall_listening, 3127);
	compare();
	ck_assert(firewall_suspect_proxy(&now, DIR_RX, &c));
	sample_object(&now, LAYER_NETFILTER, "", "proxy3128", 0);
	sample_row(&now, &firewall_listening, 3128);
	ck_assert(!firewall_suspect_proxy(&now, DIR_RX, &c));
}

TEST(suspects, proxy_that_was_handed_nothing_is_not_suspected)
{
	struct cause c;

	missed(DIR_RX, 200, 0);
	proxy(50, 50);
	compare();
	ck_assert(!firewall_suspect_proxy(&now, DIR_RX, &c));
	ck_assert_str_eq(explain(DIR_RX, 200).reason->id, "lost-within-ip");
}

/* A line of nfnetlink_queue as the row of the probe. */
static void put_queue(struct sample *s, uint64_t waiting, uint64_t dropped,
		      uint64_t user, uint64_t sequence, const char *program)
{
	const struct counter *c = nfqueue_probe.counters->rows;
	const uint64_t values[] = {dropped, user, 5, waiting, sequence};

	ck_assert_uint_eq(nfqueue_probe.counters->n, ARRAY_SIZE(values));
	sample_object(s, LAYER_NETFILTER, "", "queue5", 1234);
	sample_label(s, program);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		sample_row(s, &c[i], values[i]);
}

TEST(suspects, queue_is_suspected_of_the_verdicts_it_gave)
{
	struct cause c;

	missed(DIR_RX, 100, 0);
	put_queue(&then, 0, 0, 0, 1000, "");
	put_queue(&now, 0, 0, 0, 1400, "suricata[42]");
	compare();
	c = explain(DIR_RX, 100);
	ck_assert_str_eq(c.text,
			 BEFORE "the verdicts of suricata[42] on packets of "
				"queue 5 (NFQUEUE), of which it got 400");
	ck_assert_str_eq(c.reason->id, "queue-verdict");
	ck_assert(firewall_suspect_queue(&now, DIR_RX, &c));
	ck_assert_uint_eq(c.lost, 400);
}

/* Found by tests/fuzz_message.c. */
TEST(suspects, queue_without_a_number_is_named_without)
{
	const struct counter *sequence = &nfqueue_probe.counters->rows[4];
	struct cause c;

	sample_object(&then, LAYER_NETFILTER, "", "q", 1);
	sample_row(&then, sequence, 0);
	sample_object(&now, LAYER_NETFILTER, "", "q", 1);
	sample_row(&now, sequence, 3);
	compare();
	ck_assert(firewall_suspect_queue(&now, DIR_RX, &c));
	ck_assert_ptr_nonnull(strstr(c.text, "of queue  (NFQUEUE)"));
}

/* Waiting ones are not lost, nor are those that never came to the program. */
TEST(suspects, verdicts_are_what_left_the_queue)
{
	static const struct {
		uint64_t waiting[2], user[2], sequence[2], verdicts;
	} cases[] = {
		{{0, 1024}, {0, 0}, {0, 1024}, 0},
		{{1024, 0}, {0, 0}, {1024, 1024}, 1024},
		{{10, 4}, {0, 0}, {100, 120}, 26},
		{{0, 0}, {3, 8}, {100, 120}, 15},
		{{0, 0}, {0, 0}, {UINT32_MAX, 9}, 10},
		{{0, 0}, {0, 0}, {7, 7}, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_queue(&then, cases[i].waiting[0], 0, cases[i].user[0],
			  cases[i].sequence[0], "");
		put_queue(&now, cases[i].waiting[1], 0, cases[i].user[1],
			  cases[i].sequence[1], "");
		compare();
		ck_assert_uint_eq(nfqueue_verdicts(&now, now.objects),
				  cases[i].verdicts);
		ck_assert_int_eq(
			nfqueue_waiting_more(&now),
			(int64_t)(cases[i].waiting[1] - cases[i].waiting[0]));
		teardown();
		setup();
	}
}

/* 476 of 1500 did not fit into the queue, 1024 wait: see case 20. */
TEST(suspects, waiting_packets_are_not_lost)
{
	struct losses l = {0};
	struct loss *gap;

	put_queue(&then, 0, 0, 0, 0, "");
	put_queue(&now, 1024, 476, 0, 1024, "");
	compare();
	gap = loss_get(&l, LAYER_UNEXPLAINED, "", DIR_RX);
	gap->lost = 1025;
	firewall_attribute(&now, &l);
	ck_assert_uint_eq(gap->lost, 1);
	ck_assert_ptr_null(loss_find(&l, LAYER_NETFILTER, "", DIR_RX));
	losses_free(&l);
}

/* A queue gave 30 verdicts, which may explain so many, a rule the rest. */
TEST(suspects, each_takes_what_it_can_have_lost)
{
	struct losses l = {0};
	struct loss *loss;

	missed(DIR_RX, 100, 0);
	put_queue(&then, 0, 0, 0, 10, "");
	put_queue(&now, 0, 0, 0, 40, "");
	compare();
	loss_get(&l, LAYER_UNEXPLAINED, "", DIR_RX)->lost = 100;
	firewall_attribute(&now, &l);
	loss = loss_find(&l, LAYER_NETFILTER, "", DIR_RX);
	ck_assert_uint_eq(loss->uncounted, 30);
	ck_assert_uint_eq(loss_find(&l, LAYER_UNEXPLAINED, "", DIR_RX)->lost,
			  70);
	losses_free(&l);
	sample_free(&now);
	sample_free(&then);
	missed(DIR_RX, 100, 0);
	uncounted(FAMILY_INET, "in", DIR_RX,
		  (struct firewall_rule) {.handle = 2});
	compare();
	loss_get(&l, LAYER_UNEXPLAINED, "", DIR_RX)->lost = 100;
	firewall_attribute(&now, &l);
	ck_assert_uint_eq(loss_find(&l, LAYER_NETFILTER, "", DIR_RX)->uncounted,
			  100);
	losses_free(&l);
}

/* Packets for everybody that came, and were let in though nobody read them. */
static void put_broadcasts(uint64_t came, uint64_t ignored)
{
	const struct counter *in =
		counter_tagged(snmp_probe.counters, TAG_IN_BCAST_PKTS);
	const struct counter *out =
		counter_tagged(snmp_probe.counters, TAG_UDP_IGNORED);

	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		sample_object(s, LAYER_IP, "", "", 0);
		sample_row(s, in, i * came);
		sample_object(s, LAYER_UDP, "", "", 0);
		sample_row(s, out, i * ignored);
	}
}

#define A_RULE                                                                 \
	{                                                                      \
		.handle = 2                                                    \
	}
#define A_POLICY                                                               \
	{                                                                      \
		.handle = 1, .target = FIREWALL_POLICY                         \
	}
#define A_LAST                                                                 \
	{                                                                      \
		.handle = 4, .is_last = true                                   \
	}
#define A_CHANCE                                                               \
	{                                                                      \
		.handle = 3, .is_random = true                                 \
	}

/* Of 1000 packets that came, and some that vanished without a counter. */
static const struct {
	uint64_t lost, broadcasts, ignored;
	struct firewall_rule rule;
	uint64_t meant;
} meant[] = {
	{100, 0, 0, A_POLICY, 100},   {101, 0, 0, A_POLICY, 0},
	{50, 0, 0, A_RULE, 0},	      {50, 0, 0, A_CHANCE, 0},
	{250, 250, 0, A_POLICY, 250}, {250, 250, 0, A_RULE, 0},
	{250, 250, 0, A_CHANCE, 0},   {250, 100, 0, A_POLICY, 100},
	{250, 100, 100, A_POLICY, 0}, /* these were let in */
	{250, 160, 0, A_POLICY, 250}, /* but for them it is not much */
	{100, 0, 0, A_LAST, 100},     {101, 0, 0, A_LAST, 0},
	{250, 250, 0, A_LAST, 250},
};

TEST_EACH(suspects, packets_are_meant_to_be_dropped, ARRAY_SIZE(meant))
{
	struct losses l = {0};
	struct loss *loss = loss_get(&l, LAYER_NETFILTER, "", DIR_RX);
	struct cause c = {.known = true};

	missed(DIR_RX, meant[_i].lost, 0);
	uncounted(FAMILY_INET, "in", DIR_RX, meant[_i].rule);
	put_broadcasts(meant[_i].broadcasts, meant[_i].ignored);
	compare();
	loss->measured = true;
	loss->came = 1000;
	loss_get(&l, LAYER_UNEXPLAINED, "", DIR_RX)->lost = meant[_i].lost;
	firewall_attribute(&now, &l);
	loss = loss_find(&l, LAYER_NETFILTER, "", DIR_RX);
	ck_assert_uint_eq(loss->uncounted, meant[_i].lost);
	ck_assert_uint_eq(loss->policy, meant[_i].meant);
	ck_assert_int_eq(firewall_explain_meant(&now, loss, &c),
			 meant[_i].meant > 0);
	ck_assert_uint_eq(c.lost, meant[_i].meant);
	ck_assert_int_eq(c.is_rule, meant[_i].meant > 0);
	c = (struct cause) {.known = true};
	ck_assert_int_eq(firewall_explain_uncounted(&now, loss, &c),
			 meant[_i].meant < meant[_i].lost);
	ck_assert_uint_eq(c.lost, meant[_i].lost - meant[_i].meant);
	ck_assert(!c.is_rule);
	losses_free(&l);
}

/* What vanished was IPv6, which has no broadcasts. */
TEST(suspects, broadcasts_are_of_ipv4)
{
	struct losses l = {0};

	missed(DIR_RX, 0, 250);
	uncounted(FAMILY_INET, "in", DIR_RX, (struct firewall_rule)A_POLICY);
	put_broadcasts(250, 0);
	compare();
	loss_get(&l, LAYER_UNEXPLAINED, "", DIR_RX)->lost = 250;
	firewall_attribute(&now, &l);
	ck_assert_uint_eq(loss_find(&l, LAYER_NETFILTER, "", DIR_RX)->policy,
			  0);
	losses_free(&l);
}

TEST(suspects, full_queue_is_told_with_its_program)
{
	struct suspect suspect = {.sample = &now};
	struct cause c = {.known = true};

	put_queue(&then, 0, 0, 0, 0, "");
	put_queue(&now, 1024, 476, 0, 1024, "snort[7]");
	compare();
	suspect.object = now.objects;
	suspect.row = object_tagged(&now, now.objects, TAG_QUEUE_DROPPED);
	ck_assert(nfqueue_explain(&suspect, &c));
	ck_assert_str_eq(c.text,
			 "queue 5 to user space was full, 1024 packets wait in "
			 "it now: snort[7] is too slow");
	ck_assert_str_eq(c.reason->id, "queue-full");
	suspect.row = object_tagged(&now, now.objects, TAG_USER_DROPPED);
	ck_assert(nfqueue_explain(&suspect, &c));
	ck_assert_str_eq(c.text, "queue 5 to user space: the socket of "
				 "snort[7] was full");
}

TEST(suspects, hostile_chain_is_in_no_command)
{
	missed(DIR_RX, 100, 0);
	uncounted(FAMILY_INET, "$(reboot)", DIR_RX,
		  (struct firewall_rule) {.target = FIREWALL_POLICY});
	compare();
	ck_assert_ptr_null(strstr(explain(DIR_RX, 100).remedy, "reboot"));
}

TEST(suspects, reasons_are_whole)
{
	const struct reason *reasons = nft_probe.reasons;
	size_t n = 0;

	for (const struct reason *r = reasons; r->id; r++, n++) {
		ck_assert(r->means[0] && r->confirm[0] && r->fix[0] &&
			  r->gone[0]);
		for (const struct reason *o = reasons; o < r; o++)
			ck_assert_str_ne(o->id, r->id);
	}
	ck_assert_uint_eq(n, N_FIREWALL_REASONS);
}

/* ---- what IP does not miss ---- */

static struct losses beside;

static void begin_beside(void)
{
	setup();
	beside = (struct losses) {.frames = 300, .bridged = 200};
}

static void end_beside(void)
{
	losses_free(&beside);
	teardown();
}

CASE(beside, .setup = begin_beside, .teardown = end_beside);

/* What the kernel said that it dropped in an interval: by rules, of nobody. */
static void kernel_said(uint64_t by_rules, uint64_t of_nobody)
{
	const struct counter_table *t = dropreason_probe.counters;

	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		sample_object(s, LAYER_DROPREASON, "", "sums", 0);
		sample_row(s, counter_tagged(t, TAG_DROPS_NOWHERE),
			   i * of_nobody);
		sample_row(s, counter_tagged(t, TAG_DROPS_NETFILTER),
			   i * by_rules);
	}
}

/* A chain that has counted so many, in the rows and as a loss. */
static void counted(enum family family, uint64_t packets)
{
	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		sample_object(s, LAYER_NETFILTER, "", "chain.drop", 1);
		sample_chain(s, family, "t", "chain");
		sample_row(s, firewall_counter(FIREWALL_CHAIN, DIR_RX),
			   i * packets);
	}
	loss_add(loss_get(&beside, LAYER_NETFILTER, "", DIR_RX), packets);
}

static void moved_in_ip(enum tag tag, uint64_t packets)
{
	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		sample_object(s, LAYER_IP, "", "", 0);
		sample_row(s, counter_tagged(snmp_probe.counters, tag),
			   i * packets);
	}
}

/* Attributes the interval to a loss of a direction: how many of it are. */
static uint64_t attributed(enum direction direction)
{
	struct loss *loss;

	compare();
	loss = loss_get(&beside, LAYER_NETFILTER, "", direction);
	loss->measured = true;
	loss->came += 100;
	firewall_attribute(&now, &beside);
	return loss_find(&beside, LAYER_NETFILTER, "", direction)->beside;
}

/* The same once more in the next interval, in which chains count no more. */
static uint64_t attributed_next(uint64_t by_rules)
{
	struct loss *loss = loss_find(&beside, LAYER_NETFILTER, "", DIR_RX);

	teardown();
	setup();
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	kernel_said(by_rules, 0);
	loss->lost = loss->beside = loss->came = 0;
	return attributed(DIR_RX);
}

static const struct {
	enum family family;
	enum direction direction;
	uint64_t total; /* of 100 that IP got, 300 frames, 200 bridged */
	const char *text;
} sides[] = {
	{FAMILY_NETDEV, DIR_RX, 300,
	 "dropped at a device, in front of IP, without a counter, by rule "
	 "handle 2 of netdev t c (drop, no counter)"},
	{FAMILY_INGRESS, DIR_RX, 300,
	 "dropped at a device, in front of IP, without a counter, by rule "
	 "handle 2 of inet t c (drop, no counter)"},
	{FAMILY_BRIDGE, DIR_FWD, 300,
	 "dropped in a bridge without a counter, by rule handle 2 of bridge t "
	 "c (drop, no counter)"},
};

TEST_EACH(beside, kernel_tells_what_ip_does_not_miss, ARRAY_SIZE(sides))
{
	struct cause c = {.known = true};
	struct loss *loss;

	uncounted(sides[_i].family, "c", sides[_i].direction,
		  (struct firewall_rule)A_RULE);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(sides[_i].direction), 40);
	loss = loss_find(&beside, LAYER_NETFILTER, "", sides[_i].direction);
	ck_assert_uint_eq(loss->lost, 40);
	ck_assert_uint_eq(loss->uncounted, 0);
	ck_assert_uint_eq(loss->policy, 0);
	ck_assert_uint_eq(loss_total(loss), sides[_i].total);
	ck_assert(firewall_explain_beside(&now, loss, &c));
	ck_assert_str_eq(c.text, sides[_i].text);
	ck_assert_str_eq(c.reason->id, "firewall-rule-without-counter");
	ck_assert_ptr_nonnull(strstr(c.remedy, "Put \"counter\""));
	ck_assert_uint_eq(c.lost, 40);
	ck_assert_uint_eq(c.n_blamed, 1);
	ck_assert(!firewall_explain_uncounted(&now, loss, &c));
}

/* As nft -a list shows them, and those of IP are none of them. */
TEST(beside, several_rules_are_named_by_the_first)
{
	struct cause c = {.known = true};

	uncounted(FAMILY_IP, "in", DIR_RX, (struct firewall_rule)A_CHANCE);
	uncounted(FAMILY_NETDEV, "a", DIR_RX, (struct firewall_rule)A_RULE);
	uncounted(FAMILY_NETDEV, "b", DIR_RX, (struct firewall_rule)A_RULE);
	missed(DIR_RX, 0, 0);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 40);
	ck_assert(firewall_explain_beside(
		&now, loss_find(&beside, LAYER_NETFILTER, "", DIR_RX), &c));
	ck_assert_ptr_nonnull(strstr(c.text, "netdev t a (drop, no counter) or "
					     "1 more"));
	ck_assert_uint_eq(c.n_blamed, 2);
}

TEST(beside, nothing_is_said_where_the_kernel_was_not_asked)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

/* In the first read that tells of it: since when is not known. */
TEST(beside, nothing_is_said_of_what_was_dropped_ever)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	kernel_said(40, 0);
	then.n_objects--;
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

TEST(beside, rules_of_ip_and_egress_are_not_blamed)
{
	uncounted(FAMILY_INET, "in", DIR_RX, (struct firewall_rule)A_RULE);
	uncounted(FAMILY_NETDEV, "out", DIR_TX, (struct firewall_rule)A_RULE);
	missed(DIR_RX, 0, 0);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	ck_assert_uint_eq(attributed(DIR_TX), 0);
}

/* What others have of 100 that the kernel said rules dropped. */
static const struct {
	uint64_t missed;	/* by IP, for which there is a rule */
	uint64_t counted_in_ip; /* a part of missed */
	uint64_t counted_at_device;
	uint64_t refused; /* by an egress rule, IP was told */
	uint64_t nowhere;
	uint64_t left; /* at once */
} others[] = {
	{0, 0, 0, 0, 0, 100}, {100, 0, 0, 0, 0, 0},  {95, 0, 0, 0, 0, 0},
	{30, 0, 0, 0, 0, 70}, {30, 30, 0, 0, 0, 70}, {60, 30, 0, 0, 0, 0},
	{0, 0, 100, 0, 0, 0}, {0, 0, 20, 0, 0, 80},  {0, 0, 91, 0, 0, 0},
	{30, 0, 20, 0, 0, 0}, /* as many are seen again by the next read */
	{0, 0, 0, 100, 0, 0}, {0, 0, 0, 25, 0, 75},  {0, 0, 0, 0, 99, 100},
	{0, 0, 0, 0, 100, 0},
};

TEST_EACH(beside, what_others_dropped_is_not_blamed, ARRAY_SIZE(others))
{
	struct loss *gap = loss_get(&beside, LAYER_UNEXPLAINED, "", DIR_RX);

	gap->lost = less_by(others[_i].missed, others[_i].counted_in_ip);
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	if (others[_i].missed)
		uncounted(FAMILY_INET, "in", DIR_RX,
			  (struct firewall_rule)A_RULE);
	missed(DIR_RX, others[_i].missed, 0);
	if (others[_i].counted_in_ip)
		counted(FAMILY_INET, others[_i].counted_in_ip);
	if (others[_i].counted_at_device)
		counted(FAMILY_NETDEV, others[_i].counted_at_device);
	if (others[_i].refused) {
		uncounted(FAMILY_NETDEV, "out", DIR_TX,
			  (struct firewall_rule)A_RULE);
		moved_in_ip(_i % 2 ? TAG_OUT_DISCARDS : TAG_OUT_TRANSMITS,
			    others[_i].refused);
	}
	kernel_said(100, others[_i].nowhere);
	ck_assert_uint_eq(attributed(DIR_RX), others[_i].left);
}

/* IP need not miss what came for many. */
TEST_EACH(beside, what_came_for_many_may_be_dropped_by_rules_of_ip, 2)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	if (_i)
		uncounted(FAMILY_INET, "in", DIR_RX,
			  (struct firewall_rule)A_RULE);
	put_broadcasts(40, 0);
	missed(DIR_RX, 0, 0);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), _i ? 0 : 40);
}

/* What IP misses is too little to be suspected of anybody. */
TEST(beside, little_that_ip_misses_is_none)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	uncounted(FAMILY_INET, "in", DIR_RX, (struct firewall_rule)A_RULE);
	missed(DIR_RX, 40, 0);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

/* A rule of IP drops them on its way out, where old kernels miss nothing. */
TEST(beside, what_ip_cannot_miss_is_not_known)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	uncounted(FAMILY_INET, "out", DIR_TX, (struct firewall_rule)A_RULE);
	missed(DIR_RX, 0, 0);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	missed(DIR_TX, 0, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 40);
}

/* The rules were read before, and tell of the rest the next time. */
TEST(beside, burst_between_two_reads_is_not_blamed)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	counted(FAMILY_INET, 100);
	kernel_said(130, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	ck_assert_uint_eq(attributed_next(0), 0);
}

/* They were read behind it, and the kernel's word follows the next time. */
TEST(beside, burst_that_rules_were_ahead_of_is_not_blamed)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	counted(FAMILY_INET, 100);
	kernel_said(60, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	ck_assert_uint_eq(attributed_next(40), 0);
	ck_assert_uint_eq(attributed_next(40), 40);
}

TEST(beside, what_is_left_over_again_is_blamed)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	counted(FAMILY_INET, 100);
	kernel_said(130, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	beside.rules_ahead = 0;
	loss_find(&beside, LAYER_NETFILTER, "", DIR_RX)->beside = 0;
	ck_assert_uint_eq(attributed(DIR_RX), 30);
}

/* One that may be but the time between two counters, of very many. */
TEST(beside, little_of_very_much_is_not_blamed)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	counted(FAMILY_INET, 1000);
	kernel_said(1099, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

TEST(beside, rules_that_could_not_be_read_may_have_counted_them)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	kernel_said(40, 0);
	now.unread = 1u << LAYER_NETFILTER;
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

/* Few, or few of what rules counted before the kernel's word had them. */
TEST(beside, few_are_not_blamed)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	kernel_said(9, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
	beside.rules_ahead = 1985;
	ck_assert_uint_eq(attributed_next(2000), 0);
	beside.rules_ahead = 1980;
	ck_assert_uint_eq(attributed_next(2000), 20);
}

TEST(beside, what_conntrack_refused_is_not_blamed)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	loss_add(loss_get(&beside, LAYER_CONNTRACK, "", DIR_NONE), 40);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

TEST(beside, rules_that_were_replaced_may_have_counted_them)
{
	uncounted(FAMILY_NETDEV, "dev", DIR_RX, (struct firewall_rule)A_RULE);
	sample_object(&now, LAYER_NETFILTER, "", "chain#replaced", 1);
	sample_row(&now, &firewall_facts[FIREWALL_REPLACED], 1);
	kernel_said(40, 0);
	ck_assert_uint_eq(attributed(DIR_RX), 0);
}

/* Of all frames, which are 300; in a bridge of 100 that IP got and 200. */
static const struct {
	enum family family;
	struct firewall_rule rule;
	uint64_t dropped, policy;
} ends[] = {
	{FAMILY_BRIDGE, A_POLICY, 30, 30}, {FAMILY_BRIDGE, A_POLICY, 31, 0},
	{FAMILY_BRIDGE, A_LAST, 30, 30},   {FAMILY_BRIDGE, A_RULE, 30, 0},
	{FAMILY_NETDEV, A_POLICY, 30, 30}, {FAMILY_NETDEV, A_POLICY, 31, 0},
};

TEST_EACH(beside, what_comes_to_the_end_of_a_chain_is_policy, ARRAY_SIZE(ends))
{
	struct cause c = {.known = true};
	struct loss *loss;

	uncounted(ends[_i].family, "c", DIR_RX, ends[_i].rule);
	kernel_said(ends[_i].dropped, 0);
	ck_assert_uint_eq(attributed(DIR_RX), ends[_i].dropped);
	loss = loss_find(&beside, LAYER_NETFILTER, "", DIR_RX);
	ck_assert_uint_eq(loss->policy, ends[_i].policy);
	ck_assert(firewall_explain_beside(&now, loss, &c));
	ck_assert_int_eq(c.is_rule, ends[_i].policy > 0);
}

/* The list of queues. */

CASE(queues);

/* Nobody is told not to listen because a list is long. */
TEST_EACH(queues, list_is_read_whole, 3)
{
	static const unsigned counts[] = {1, 100, 65536};
	_cleanup_free_ char *text = malloc(70 * 65536);
	_cleanup_free_ char *allocated = NULL;
	struct procnet net = {0};
	struct token list;
	struct arena arena = {.at = NULL};
	struct nfqueue_list listen = {.arena = &arena};
	struct tree tree;
	char buffer[4096];
	size_t n = 0;

	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < counts[_i]; i++)
		n += (size_t)sprintf(text + n,
				     "%5u %6u %5u %1u %5u %5u %5u %8u %2d\n", i,
				     1234 + i, 0, 2, 65531, 0, 0, i, 1);
	tree_make(&tree);
	tree_put(&tree, NFQUEUE_DIR "/" NFQUEUE_FILE, text);
	net = (struct procnet)PROCNET(tree.path);
	ck_assert_int_eq(nfqueue_read_file(&net, buffer, sizeof(buffer),
					   &allocated, &list),
			 0);
	ck_assert_uint_eq(list.n, n);
	listen.text = list;
	ck_assert_uint_eq(nfqueue_listeners(&listen, counts[_i] - 1, 1), 1);
	ck_assert_uint_eq(nfqueue_listeners(&listen, counts[_i], 1), 0);
	ck_assert_uint_eq(nfqueue_listeners(&listen, 1, counts[_i]),
			  counts[_i] - 1);
	ck_assert_uint_eq(nfqueue_listeners(&listen, 0, 0), counts[_i]);
	arena_free(&arena);
	tree_remove(&tree);
}

TEST(queues, absent_list_is_told_from_an_unreadable_one)
{
	_cleanup_free_ char *allocated = NULL;
	struct procnet net;
	struct token list;
	struct tree tree;
	char buffer[64];

	tree_make(&tree);
	net = (struct procnet)PROCNET(tree.path);
	ck_assert_int_eq(nfqueue_read_file(&net, buffer, sizeof(buffer),
					   &allocated, &list),
			 -ENOENT);
	ck_assert_uint_eq(list.n, 0);
	tree_put(&tree, NFQUEUE_DIR "/" NFQUEUE_FILE "/is_a_directory", "");
	ck_assert_int_eq(nfqueue_read_file(&net, buffer, sizeof(buffer),
					   &allocated, &list),
			 -EISDIR);
	tree_remove(&tree);
}

#define RX (1u << DIR_RX)
#define TX (1u << DIR_TX)
#define FWD (1u << DIR_FWD)

/* Rules that feed queues, and of which direction packets of queue 7 are. */
static const struct {
	struct {
		uint8_t family;
		uint16_t first, n;
		uint8_t reached;
	} feeds[3];
	uint8_t reached;
} fed[] = {
	{{{FAMILY_IP, 7, 1, TX}}, TX},
	{{{FAMILY_IP, 7, 1, TX}, {FAMILY_IP6, 7, 1, TX}}, TX},
	{{{FAMILY_IP, 7, 1, TX}, {FAMILY_INET, 6, 1, FWD}}, TX},
	{{{FAMILY_IP, 4, 4, FWD}, {FAMILY_IP, 8, 9, RX}}, FWD},
	{{{FAMILY_IP, 7, 1, TX}, {FAMILY_IP, 7, 1, FWD}}, TX | FWD},
	{{{FAMILY_IP, 7, 1, TX}, {FAMILY_IP, 0, 8, RX}}, RX | TX},
	{{{FAMILY_IP, 7, 1, TX}, {FAMILY_IP, 0, 0, RX}}, RX | TX}, /* any */
	{{{FAMILY_IP, 65535, 9, TX}, {FAMILY_IP, 7, 1, RX}}, RX},
	{{{FAMILY_BRIDGE, 7, 1, FWD}}, RX | TX | FWD},
	{{{FAMILY_IP, 8, 1, TX}}, 0},
};

static void put_feeds(struct sample *s, size_t i)
{
	struct queue_feeds feeds = {.n = 0};

	for (size_t j = 0; j < 3 && fed[i].feeds[j].family; j++)
		queue_feeds_add(&feeds, fed[i].feeds[j].family,
				fed[i].feeds[j].first, fed[i].feeds[j].n,
				fed[i].feeds[j].reached);
	queue_feeds_append(&feeds, "nft#queues", s);
}

TEST_EACH(queues, directions_are_those_of_the_rules_that_feed_it,
	  ARRAY_SIZE(fed))
{
	struct queue_feeds feeds = {.n = 0};
	struct sample s = {0};

	put_feeds(&s, _i);
	queue_feeds_collect(&feeds, &s);
	ck_assert_uint_eq(queue_feeds_reached(&feeds, 7), fed[_i].reached);
	sample_free(&s);
}

TEST(queues, more_rules_than_are_kept_feed_any_queue)
{
	struct queue_feeds feeds = {.n = 0};

	for (unsigned i = 0; i < MAX_QUEUE_FEEDS; i++)
		queue_feeds_add(&feeds, FAMILY_IP, (uint16_t)i, 1, TX);
	ck_assert_uint_eq(queue_feeds_reached(&feeds, 0), TX);
	queue_feeds_add(&feeds, FAMILY_IP, 99, 1, TX);
	ck_assert_uint_eq(queue_feeds_reached(&feeds, 0), RX | TX | FWD);
	ck_assert_uint_eq(feeds.n, MAX_QUEUE_FEEDS);
}

static void read_queue(struct tree *tree, size_t i, unsigned dropped,
		       unsigned user, const struct sample *before,
		       struct sample *ret)
{
	struct procnet net = (struct procnet)PROCNET(tree->path);
	char buffer[4096], text[128];
	struct probe_env env = {
		.net = &net,
		.proc = tree->path,
		.buffer = buffer,
		.size = sizeof(buffer),
	};

	snprintf(text, sizeof(text), "%5u %6u %5u %1u %5u %5u %5u %8u %2d\n", 7,
		 1234, 0, 2, 65531, dropped, user, 100, 1);
	tree_put(tree, NFQUEUE_DIR "/" NFQUEUE_FILE, text);
	sample_follow(ret, before);
	put_feeds(ret, i);
	ck_assert_int_eq(nfqueue_probe.read(&env, ret), 0);
	if (before)
		sample_compare(ret, before);
}

/* Only of those that it dropped in this interval somebody has to know it. */
TEST_EACH(queues, drops_have_a_direction_if_all_that_came_has, ARRAY_SIZE(fed))
{
	uint8_t one = fed[_i].reached;
	struct sample first = {0}, drops = {0}, idle = {0}, user = {0};
	struct losses l = {0};
	struct tree tree;

	if (one & (one - 1))
		one = 0;
	tree_make(&tree);
	read_queue(&tree, _i, 5, 0, NULL, &first);
	read_queue(&tree, _i, 25, 0, &first, &drops);
	read_queue(&tree, _i, 25, 0, &drops, &idle);
	read_queue(&tree, _i, 25, 9, &idle, &user);
	ck_assert_uint_eq(drops.objects[drops.n_objects - 1].reached, one);
	ck_assert_uint_eq(idle.objects[idle.n_objects - 1].reached, 0);
	ck_assert_uint_eq(user.objects[user.n_objects - 1].reached, one);
	ck_assert_int_eq(tally_losses(&l, &drops), 0);
	for (size_t i = 0; i < l.n; i++)
		ck_assert_uint_eq(
			l.items[i].lost,
			l.items[i].direction == __builtin_ctz(one | 1u << 6) ||
					(!one && !l.items[i].direction)
				? 20
				: 0);
	ck_assert_uint_ge(l.n, 1);
	losses_free(&l);
	sample_free(&first);
	sample_free(&drops);
	sample_free(&idle);
	sample_free(&user);
	tree_remove(&tree);
}

/* Tables of the kernel that runs. */

static const char *lacks_arptables(void)
{
	if (system("command -v arptables-legacy >/dev/null 2>&1"))
		return "arptables-legacy is not installed";
	return lacks_root();
}

static char buffer[65536];

/*
 * What a probe reads in a network namespace of this test's own, with modules
 * below root.
 */
static int read_below(const char *root, const struct probe *p,
		      struct sample *out)
{
	struct procnet net = PROCNET("/proc/thread-self/net");
	struct netlink nl;
	struct probe_env env = {
		.net = &net,
		.netlink = &nl,
		.probes = probes,
		.max_rules = 64,
		.proc = "/proc",
		.buffer = buffer,
		.size = sizeof(buffer),
	};
	int r;

	ck_assert_int_eq(netlink_alloc(&nl), 0);
	nl.kmods.root = root;
	ck_assert_int_eq(netlink_enter(&nl, false), 0);
	procnet_enter(&net, false);
	if (p->init)
		ck_assert_int_eq(p->init(&env, &env.state), 0);
	while (probes[out->source] != p)
		out->source++;
	r = p->read(&env, out);
	if (p->free)
		p->free(env.state);
	procnet_leave(&net);
	netlink_leave(&nl);
	netlink_free(&nl);
	return r;
}

static int read_here(const struct probe *p, struct sample *out)
{
	return read_below("", p, out);
}

static void unshare_net(void)
{
	setup();
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
}

CASE(live, .lacks = lacks_arptables, .setup = unshare_net,
     .teardown = teardown);

TEST(live, rules_of_arptables_are_read)
{
	char text[128];
	uint32_t hint = 0;
	const struct object *o;

	ck_assert_int_eq(system("arptables-legacy -A OUTPUT -j DROP"), 0);
	ck_assert_int_eq(read_here(&xt_probe, &now), 0);
	o = sample_find(&now, LAYER_NETFILTER, "", "arp.filter.OUTPUT.drop",
			&hint);
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(o->family, FAMILY_ARP);
	ck_assert_int_eq(object_rows(&now, o)->counter->direction, DIR_TX);
	o = rule(&now, "OUTPUT", FIREWALL_NUMBER, 1);
	ck_assert(firewall_is_policy(&now, o));
	ck_assert_int_eq(firewall_describe(&now, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "rule 1 of arp filter OUTPUT (DROP)");
	ck_assert_int_eq(firewall_remedy(&now, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text,
			 "arptables-legacy -t filter -nvL --line-numbers");
}

/* No module of it is there, or no table was made: either is no blindness. */
TEST(live, absent_ebtables_are_not_told)
{
	ck_assert_int_eq(read_here(&ebt_probe, &now), -ENOENT);
	ck_assert_uint_eq(now.n_objects, 0);
}

static const char *lacks_late_tables(void)
{
	struct utsname kernel;
	int major, minor;

	uname(&kernel);
	if (sscanf(kernel.release, "%d.%d", &major, &minor) != 2 ||
	    major * 100 + minor < 514)
		return "this kernel makes tables of ebtables early";
	return lacks_root();
}

CASE(late, .lacks = lacks_late_tables, .setup = unshare_net,
     .teardown = teardown);

/* A kernel that makes tables late, and has them built in. */
static void put_builtin(struct tree *root)
{
	struct utsname kernel;
	char name[128];

	tree_make(root);
	tree_put(root, "proc/modules", "");
	uname(&kernel);
	snprintf(name, sizeof(name), "lib/modules/%s/modules.builtin",
		 kernel.release);
	tree_put(root, name, "kernel/net/bridge/netfilter/ebtable_nat.ko\n");
}

TEST(late, ebtables_that_cannot_be_told_are_not_asked_but_said)
{
	struct tree root;

	put_builtin(&root);
	/* there is nothing that they could be for */
	ck_assert_int_eq(read_below(root.path, &ebt_probe, &now), -ENOENT);
	ck_assert_int_eq(system("ip link add br0 type bridge"), 0);
	ck_assert_int_eq(read_below(root.path, &ebt_probe, &now), -ENOTUNIQ);
	tree_remove(&root);
}

/* The kernel that runs has no such table, so that asking does no harm here. */
TEST(late, ebtables_are_asked_where_somebody_has_rules)
{
	struct tree root;

	tree_make(&root);
	tree_put(&root, "proc/modules", "");
	tree_put(&root, "sys/module/ebtable_filter/refcnt", "0\n");
	ck_assert_int_eq(system("ip link add br0 type bridge"), 0);
	ck_assert_int_eq(read_below(root.path, &ebt_probe, &now), -ENOENT);
	tree_put(&root, "sys/module/ebtable_filter/refcnt", "1\n");
	ck_assert_int_eq(read_below(root.path, &ebt_probe, &now), 0);
	ck_assert_int_eq(system("ip link del br0"), 0);
	ck_assert_int_eq(read_below(root.path, &ebt_probe, &now), -ENOENT);
	tree_remove(&root);
}

/* As Linux 6.1 writes them. */
#define IPVS_SERVERS                                                           \
	"IP Virtual Server version 1.2.1 (size=4096)\n"                        \
	"Prot LocalAddress:Port Scheduler Flags\n"                             \
	"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"        \
	"UDP  0A60000A:0035 rr \n"                                             \
	"  -> 0A090202:14E9      Masq    1      0          1         \n"       \
	"TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:0050 rr \n"            \
	"  -> [fd00:0000:0000:0000:0000:0000:0000:0002]:1F90      Masq    1  " \
	"    0          1         \n"                                          \
	"FWM  00000001 rr \n"                                                  \
	"  -> 0A090303:0000      Route   1      0          0         \n"
#define IPVS_CONNECTIONS                                                       \
	"Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires "   \
	"PEName PEData\n"
#define FROM_A "UDP 0A090101 8707 0A60000A 0035 "
#define FROM_SIX                                                               \
	"TCP fd00:0000:0000:0000:0000:0000:0000:0009 8707 "                    \
	"fd00:0000:0000:0000:0000:0000:0000:0001 0050 "                        \
	"fd00:0000:0000:0000:0000:0000:0000:"

static const struct {
	const char *connections;
	uint64_t n;
	const char *first;
} ipvs_tables[] = {
	{"", 0, ""},
	{IPVS_CONNECTIONS, 0, ""},
	{IPVS_CONNECTIONS FROM_A "0A090202 14E9 UDP             297\n", 0, ""},
	{IPVS_CONNECTIONS FROM_A "0A090202 14EA UDP             297\n", 1,
	 "10.9.2.2:5354"},
	{FROM_A "0A090202 14E9 UDP             297\n" FROM_A
		"0A090203 14E9 UDP             297\n" FROM_A
		"0A090204 14E9 UDP             297\n",
	 2, "10.9.2.3:5353"},
	/* a service by mark, whose servers are listed without a port */
	{FROM_A "0A090303 0035 UDP             297\n", 0, ""},
	{FROM_SIX "0002 1F90 ESTABLISHED     899\n", 0, ""},
	{FROM_SIX "0003 1F90 ESTABLISHED     899\n", 1, "[fd00::3]:8080"},
	/* not a connection, but where one of that client is to go */
	{"UDP 0A090101 0000 0A60000A 0035 0A090203 14E9 UDP   297\n", 0, ""},
	/* no such lines */
	{FROM_A "0A090203\n", 0, ""},
	{FROM_A "0A090203  UDP 297\n\n\n", 0, ""},
	{FROM_A "0A0902030A0902030A0902030A0902030A0902030A090203 14E9 UDP\n",
	 0, ""},
};

CASE(ipvs);

TEST_EACH(ipvs, connections_to_servers_that_are_gone, ARRAY_SIZE(ipvs_tables))
{
	const char *connections = ipvs_tables[_i].connections;
	struct ipvs_orphans found;

	ck_assert_int_eq(
		ipvs_find_orphans(
			(struct token) {IPVS_SERVERS, strlen(IPVS_SERVERS)},
			(struct token) {connections, strlen(connections)},
			&found),
		0);
	ck_assert_uint_eq(found.n, ipvs_tables[_i].n);
	ck_assert_str_eq(found.server, ipvs_tables[_i].first);
}

static const struct {
	unsigned n; /* connections that live; two more are at the end */
	uint64_t found, cut;
} ipvs_sizes[] = {
	{10, 2, 0},
	{12000, 2, 0},	/* several times the buffer */
	{100000, 1, 1}, /* of whose end nothing is read, but of the begin */
};

/* As read from a tree of files, where packets vanish in IP. */
static void read_ipvs(const char *connections, size_t n, struct sample *before,
		      struct sample *s)
{
	const struct counter *gap =
		find_counter(&balance_probe, "in_gap", NULL);
	struct tree tree;
	struct procnet net;
	struct probe_env env = {
		.net = &net, .buffer = buffer, .size = sizeof(buffer)};

	tree_make(&tree);
	net = (struct procnet)PROCNET(tree.path);
	tree_put(&tree, "ip_vs", IPVS_SERVERS);
	tree_put_bytes(&tree, "ip_vs_conn", connections, n);
	sample_object(before, LAYER_UNEXPLAINED, "", "", 0);
	sample_row(before, gap, 0);
	sample_follow(s, before);
	sample_object(s, LAYER_UNEXPLAINED, "", "", 0);
	sample_row(s, gap, 100);
	ck_assert_int_eq(ipvs_probe.read(&env, s), 0);
	tree_remove(&tree);
}

TEST_EACH(ipvs, connections_are_read_through_a_small_buffer,
	  ARRAY_SIZE(ipvs_sizes))
{
	static const char alive[] = FROM_A
		"0A090202 14E9 UDP             297\n";
	static const char gone[] = FROM_A "0A090203 14E9 UDP             297\n";
	struct sample before = {0}, s = {0};
	const struct object *o;
	uint32_t hint = 0;
	size_t n;
	char *text;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	fputs(ipvs_sizes[_i].cut ? gone : "", f);
	for (unsigned i = 0; i < ipvs_sizes[_i].n; i++)
		fputs(alive, f);
	fputs(gone, f);
	fputs(gone, f);
	ck_assert_int_eq(fclose(f), 0);
	read_ipvs(text, n, &before, &s);
	o = sample_find(&s, LAYER_NETFILTER, "", "ipvs", &hint);
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(object_label(&s, o), "10.9.2.3:5353");
	ck_assert_uint_eq(object_value(&s, o, &firewall_orphans, 0),
			  ipvs_sizes[_i].found);
	ck_assert_uint_eq(object_value(&s, o, &firewall_more_orphans, 0),
			  ipvs_sizes[_i].cut);
	free(text);
	sample_free(&before);
	sample_free(&s);
}

/* No service is left: then no server of any is. */
TEST(ipvs, without_services_all_are_gone)
{
	const char *one = FROM_A "0A090202 14E9 UDP             297\n";
	struct ipvs_orphans found;

	ck_assert_int_eq(ipvs_find_orphans((struct token) {NULL, 0},
					   (struct token) {one, strlen(one)},
					   &found),
			 0);
	ck_assert_uint_eq(found.n, 1);
}
