/* SPDX-License-Identifier: MIT */
/*
 * What firewalls say beyond counts: what is policy and what is chance or rate.
 */
#include "lib/fixture.h"
#include "nft_file.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
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
