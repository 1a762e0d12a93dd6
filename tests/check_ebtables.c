/* SPDX-License-Identifier: MIT */
/*
 * The parser of legacy ebtables' tables: against what ebtables-legacy printed
 * of the recorded ones, and against damaged ones.
 */
#include <errno.h>

#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "ebtables_file.h"
#include "lib/fixture.h"
#include "testlib.h"

/* A table of the kernel that has them, and the bytes it points into. */
struct recorded {
	struct ebt_blob blob;
	char *bytes;
	struct sample sample;
};

static struct recorded load(const char *table)
{
	struct recorded r = {.blob = {.table = table}};
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "bridge.%s.ebt", table);
	r.bytes = fixture_read("6.1", name, &n);
	ck_assert_ptr_nonnull(r.bytes);
	ck_assert_int_eq(ebtables_file_parse(r.bytes, n, &r.blob), 0);
	return r;
}

static struct recorded parse(const char *table)
{
	struct recorded r = load(table);

	ck_assert_int_eq(ebt_parse(&r.blob, 64, &r.sample), 0);
	ck_assert_int_eq(r.sample.error, 0);
	return r;
}

static void unload(struct recorded *r)
{
	sample_free(&r->sample);
	free(r->bytes);
}

static const struct object *find(const struct sample *s, const char *name)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_NETFILTER, "", name, &hint);
}

/* The object of a rule of a chain by its number, from 1. */
static const struct object *rule(const struct sample *s, const char *chain,
				 uint64_t number)
{
	EACH_OBJECT (s, o)
		if (!strcmp(object_chain(s, o), chain) &&
		    object_value(s, o, &firewall_facts[FIREWALL_NUMBER],
				 UINT64_MAX) == number)
			return o;
	return NULL;
}

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

CASE(recorded);

/* Each line of a DROP has its packets in a rule, and these are the chain's. */
TEST_EACH(recorded, tables_count_as_ebtables_printed, 2)
{
	const char *table = _i ? "nat" : "filter";
	struct recorded r = parse(table);
	const struct sample *s = &r.sample;
	char line[256], name[64], chain[32] = "";
	unsigned long long number, packets, all = 0;
	_cleanup_fclose_ FILE *f = NULL;
	int n = 0;

	snprintf(name, sizeof(name), "bridge.%s.txt", table);
	f = fixture_open("6.1", name);
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		const struct object *o;

		if (sscanf(line, "Bridge chain: %31[^,]", chain) == 1)
			all = 0;
		if (!strstr(line, "-j DROP") || !strcmp(chain, "unused"))
			continue;
		ck_assert_int_eq(sscanf(line, "%llu.", &number), 1);
		ck_assert_int_eq(
			sscanf(strstr(line, "pcnt"), "pcnt = %llu", &packets),
			1);
		o = rule(s, chain, number);
		ck_assert_msg(o, "%s %llu", chain, number);
		ck_assert_uint_eq(object_rows(s, o)->value, packets);
		all += packets;
		snprintf(name, sizeof(name), "bridge.%s.%s.drop", table, chain);
		ck_assert_uint_ge(object_rows(s, find(s, name))->value, all);
		n++;
	}
	ck_assert_int_eq(n, _i ? 1 : 4);
	unload(&r);
}

TEST(recorded, rules_are_put_into_words)
{
	struct recorded r = parse("filter");
	const struct sample *s = &r.sample;

	check_words(s, rule(s, "FORWARD", 1),
		    "rule 1 of bridge filter FORWARD (DROP)",
		    "ebtables-legacy -t filter -L FORWARD --Ln --Lc");
	check_words(s, rule(s, "FORWARD", 3),
		    "rule 3 of bridge filter FORWARD (DROP, limit over 5/s)",
		    "ebtables-legacy -t filter -L FORWARD --Ln --Lc");
	check_words(s, rule(s, "FORWARD", 4),
		    "rule 4 of bridge filter FORWARD (DROP, limit 1/s)",
		    "ebtables-legacy -t filter -L FORWARD --Ln --Lc");
	ck_assert(firewall_is_policy(s, rule(s, "FORWARD", 1)));
	ck_assert(!firewall_is_policy(s, rule(s, "FORWARD", 3)));
	ck_assert(!firewall_is_policy(s, rule(s, "FORWARD", 4)));
	unload(&r);
}

/* That of INPUT is never asked, as its only rule takes all. */
TEST(recorded, policies_have_no_counter)
{
	struct recorded r = parse("filter");
	const struct sample *s = &r.sample;
	const struct object *o = find(s, "bridge.filter.OUTPUT#policy");
	char text[128];

	check_words(s, o, "policy of bridge filter OUTPUT (DROP, no counter)",
		    "ebtables-legacy -t filter -L OUTPUT --Ln --Lc");
	ck_assert(!firewall_is_policy(s, o));
	ck_assert_int_eq(firewall_count_policy(s, o, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "ebtables-legacy -t filter -A OUTPUT -j DROP");
	ck_assert_ptr_null(find(s, "bridge.filter.INPUT#policy"));
	ck_assert_uint_eq(firewall_uncounted(s), 1);
	unload(&r);
}

static enum direction direction(const struct sample *s, const char *name)
{
	const struct object *o = find(s, name);

	ck_assert_msg(o, "no %s", name);
	return object_rows(s, o)->counter->direction;
}

TEST(recorded, chains_have_the_direction_they_are_reached_from)
{
	struct recorded r = parse("filter"), n = parse("nat");

	ck_assert_int_eq(direction(&r.sample, "bridge.filter.FORWARD.drop"),
			 DIR_FWD);
	ck_assert_int_eq(direction(&r.sample, "bridge.filter.OUTPUT.drop"),
			 DIR_TX);
	ck_assert_int_eq(direction(&n.sample, "bridge.nat.deep.drop"), DIR_RX);
	ck_assert_ptr_null(find(&r.sample, "bridge.filter.unused.drop"));
	EACH_OBJECT (&r.sample, o)
		ck_assert_int_eq(o->family, FAMILY_BRIDGE);
	unload(&r);
	unload(&n);
}

TEST(recorded, rules_beyond_the_limit_are_told_as_two)
{
	struct recorded r = load("filter");
	const struct sample *s = &r.sample;
	const struct object *o;

	ck_assert_int_eq(ebt_parse(&r.blob, 0, &r.sample), 0);
	o = find(s, "bridge.filter.FORWARD#beyond");
	ck_assert_ptr_nonnull(o);
	ck_assert(firewall_is_policy(s, o));
	ck_assert_uint_eq(object_rows(s, o)->value, 100);
	o = find(s, "bridge.filter.FORWARD#beyond_chance");
	ck_assert(!firewall_is_policy(s, o));
	ck_assert_uint_eq(object_rows(s, o)->value, 110);
	unload(&r);
}

CASE(nonsense);

/* Parses a copy that ends where its memory does, for the sanitizer to see. */
static int parse_copy(const struct ebt_blob *blob, size_t size)
{
	struct ebt_blob copy = *blob;
	_cleanup_free_ unsigned char *bytes = malloc(size + 1);
	struct sample s = {0};
	char text[256];
	int r;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes + 1, blob->bytes, size); /* misaligned, too */
	copy.bytes = bytes + 1;
	copy.size = size;
	r = ebt_parse(&copy, 64, &s);
	ck_assert(r == 0 || r == -EBADMSG);
	EACH_OBJECT (&s, o)
		ck_assert_int_le(firewall_describe(&s, o, text, sizeof(text)),
				 0);
	sample_free(&s);
	return r;
}

static uint64_t looks;

static uint64_t count_looks(void)
{
	return ++looks;
}

TEST(nonsense, parse_ends_when_its_time_is_over)
{
	struct deadline deadline = {.now = count_looks};
	struct recorded r = load("filter");
	unsigned n_cut = 0;
	int result;

	r.blob.deadline = &deadline;
	do {
		struct sample s = {0};

		looks = 0;
		deadline = (struct deadline) {.now = count_looks,
					      .end_ns = n_cut + 1};
		result = ebt_parse(&r.blob, 64, &s);
		if (result == -ETIME)
			ck_assert_uint_eq(looks, ++n_cut);
		sample_free(&s);
	} while (result == -ETIME);
	ck_assert_int_eq(result, 0);
	ck_assert_uint_ge(n_cut, 2);
	unload(&r);
}

TEST(nonsense, truncated_tables_are_refused)
{
	struct recorded r = load("filter");

	for (size_t n = 1; n < r.blob.size; n++)
		ck_assert_int_eq(parse_copy(&r.blob, n), -EBADMSG);
	ck_assert_int_eq(parse_copy(&r.blob, r.blob.size), 0);
	unload(&r);
}

TEST(nonsense, damaged_tables_are_survived)
{
	static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
	struct recorded r = load("nat");
	unsigned char *bytes =
		(unsigned char *)r.bytes +
		((const char *)r.blob.bytes - (const char *)r.bytes);
	int bad = 0;

	for (size_t i = 0; i < r.blob.size; i++) {
		unsigned char kept = bytes[i];

		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			bytes[i] = values[v];
			bad += parse_copy(&r.blob, r.blob.size) < 0;
		}
		bytes[i] = kept;
	}
	ck_assert_int_gt(bad, 100);
	unload(&r);
}

/* port-a jumps to deep: let it jump to itself. */
TEST(nonsense, jumps_in_a_circle_end)
{
	struct recorded r = load("nat");
	char *bytes = r.bytes + ((const char *)r.blob.bytes - r.bytes);
	const struct ebt_standard_target *t;
	int changed = 0;

	for (size_t i = 0; i + sizeof(*t) <= r.blob.size; i += 8) {
		int32_t self = (int32_t)(r.blob.size - sizeof(*t) -
					 sizeof(struct ebt_entries));

		if (strcmp(bytes + i, EBT_STANDARD_TARGET))
			continue;
		memcpy(&self, bytes + i + offsetof(typeof(*t), verdict), 4);
		if (self <= 0)
			continue;
		self = 0; /* PREROUTING itself */
		memcpy(bytes + i + offsetof(typeof(*t), verdict), &self, 4);
		changed++;
	}
	ck_assert_int_ge(changed, 2);
	ck_assert_int_eq(parse_copy(&r.blob, r.blob.size), 0);
	unload(&r);
}

TEST(nonsense, numbers_that_do_not_fit_are_refused)
{
	struct recorded r = load("nat");
	struct ebt_blob b = r.blob;

	b.n_counters++;
	ck_assert_int_eq(ebt_parse(&b, 64, &r.sample), -EBADMSG);
	b = r.blob;
	b.valid_hooks = 1u << 6;
	ck_assert_int_eq(ebt_parse(&b, 64, &r.sample), -EBADMSG);
	b = r.blob;
	b.size = EBT_MAX_SIZE + 1;
	ck_assert_int_eq(ebt_parse(&b, 64, &r.sample), -E2BIG);
	ck_assert_uint_eq(r.sample.n_objects, 0);
	unload(&r);
}
