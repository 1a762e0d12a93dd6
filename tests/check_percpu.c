/* SPDX-License-Identifier: MIT */
/* /proc/net/stat: its parser, and the probes of neighbours and routes. */
#include <errno.h>

#include "kernel/procnet.h"
#include "probes/neigh/neigh.h"
#include "probes/percpu.h"
#include "probes/rt_cache.h"
#include "testlib.h"

static const struct counter rows[] = {
	{.name = "level", .kind = KIND_LEVEL, .bits = 32},
	{.name = "narrow", .kind = KIND_LOST, .bits = 32},
	{.name = "wide", .kind = KIND_LOST, .bits = 64, .section = "old_wide"},
};

static int parse(const char *text, struct percpu *ret)
{
	return percpu_parse(text, strlen(text), rows, ARRAY_SIZE(rows), ret);
}

CASE(parser);

TEST(parser, counts_are_added_up_and_levels_are_not)
{
	struct percpu stats;

	ck_assert_int_eq(parse("level  other\tnarrow wide\n"
			       "00000007 00000001 00000002   00000003\n"
			       "00000007 00000010\t00000020   00000030\n",
			       &stats),
			 0);
	ck_assert(stats.found[0] && stats.found[1] && stats.found[2]);
	ck_assert_uint_eq(stats.value[0], 7);
	ck_assert_uint_eq(stats.value[1], 0x22);
	ck_assert_uint_eq(stats.value[2], 0x33);
}

TEST(parser, missing_column_is_absent)
{
	struct percpu stats;

	ck_assert_int_eq(parse("old_wide wider\n00000004 00000005\n", &stats),
			 0);
	ck_assert(!stats.found[0] && !stats.found[1] && stats.found[2]);
	ck_assert_uint_eq(stats.value[2], 4);
}

TEST(parser, sum_wraps_as_the_counters_do)
{
	struct percpu stats;

	ck_assert_int_eq(parse("narrow wide\n"
			       "ffffffff ffffffff\n"
			       "00000003 00000003\n",
			       &stats),
			 0);
	ck_assert_uint_eq(stats.value[1], 2);
	ck_assert_uint_eq(stats.value[2], UINT64_C(0x100000002));
	ck_assert_int_eq(parse("wide\nffffffffffffffff\n00000003\n", &stats),
			 0);
	ck_assert_uint_eq(stats.value[2], 2);
}

TEST(parser, text_that_is_no_table_is_refused)
{
	static const char *const bad[] = {
		"",
		"\n",
		"narrow\n",
		"narrow",
		"narrow wide\n1\n",
		"narrow wide\n1 2\n3\n",
		"narrow\nx\n",
		"narrow\n-1\n",
		"narrow\n0x1\n",
		"narrow\n\n",
		"narrow\n100000000\n",
		"level\n100000000\n",
		"wide\n10000000000000000\n",
		"other\n10000000000000000\n",
		"\n1\n",
	};
	struct percpu stats;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(parse(bad[i], &stats) == -EBADMSG, "%s", bad[i]);
}

/* Only what ends where a line ends can be whole. */
TEST(parser, text_cut_anywhere_is_refused)
{
	static const char text[] = "level narrow wide\n"
				   "00000007 00000001 00000002\n"
				   "00000007 00000010 00000020\n";

	for (size_t n = 0; n < strlen(text); n++) {
		bool whole = n > 18 && text[n - 1] == '\n';
		struct percpu stats;
		char *copy = malloc(n ? n : 1); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, n);
		ck_assert_int_eq(
			percpu_parse(copy, n, rows, ARRAY_SIZE(rows), &stats),
			whole ? 0 : -EBADMSG);
		free(copy);
	}
}

TEST(parser, more_columns_than_are_known_are_passed_over)
{
	char text[4096] = "";
	struct percpu stats;

	strcat(text, "narrow");
	for (int i = 0; i < 100; i++)
		strcat(text, " other");
	strcat(text, "\n00000005");
	for (int i = 0; i < 100; i++)
		strcat(text, " 00000001");
	strcat(text, "\n");
	ck_assert_int_eq(parse(text, &stats), 0);
	ck_assert_uint_eq(stats.value[1], 5);
}

/* The probes, on files of the test's own. */

static struct tree tree;
static char buffer[8192];
static struct sample sample;
static struct probe_env env = {.net = &(struct procnet)PROCNET(tree.path),
			       .buffer = buffer,
			       .size = sizeof(buffer)};

static void setup(void)
{
	tree_make(&tree);
}

static void teardown(void)
{
	tree_remove(&tree);
	sample_free(&sample);
}

/* The value of a counter, UINT64_MAX: it is absent. */
static uint64_t value(const struct probe *probe, const char *object,
		      const char *counter)
{
	const struct object *o = find_object(&sample, probe->layer, "", object);
	const struct row *row;

	ck_assert_ptr_nonnull(o);
	row = object_row(&sample, o, find_counter(probe, counter, NULL));
	return row ? row->value : UINT64_MAX;
}

#define CACHE                                                                  \
	"entries  allocs   destroys hash_grows lookups  hits     res_failed "  \
	"rcv_probes_mcast rcv_probes_ucast periodic_gc_runs forced_gc_runs "   \
	"unresolved_discards table_fulls\n"
#define ARP                                                                    \
	CACHE "00000009 1 2 3 4 5 00000006 7 8 9 0000000a 0000000b 0000000c\n" \
	      "00000009 1 2 3 4 5 00000060 7 8 9 000000a0 000000b0 000000c0\n"
#define NDISC CACHE "00000001 1 2 3 4 5 2 7 8 9 3 4 5\n"

CASE(probes, .setup = setup, .teardown = teardown);

TEST(probes, neighbours_of_both_families_are_read)
{
	tree_put(&tree, "stat/arp_cache", ARP);
	tree_put(&tree, "stat/ndisc_cache", NDISC);
	ck_assert_int_eq(neigh_probe.read(&env, &sample), 0);
	ck_assert_uint_eq(value(&neigh_probe, "arp_cache", "entries"), 9);
	ck_assert_uint_eq(value(&neigh_probe, "arp_cache", "res_failed"), 0x66);
	ck_assert_uint_eq(value(&neigh_probe, "arp_cache", "forced_gc_runs"),
			  0xaa);
	ck_assert_uint_eq(
		value(&neigh_probe, "arp_cache", "unresolved_discards"), 0xbb);
	ck_assert_uint_eq(value(&neigh_probe, "arp_cache", "table_fulls"),
			  0xcc);
	ck_assert_uint_eq(value(&neigh_probe, "arp_cache", "lookups"),
			  UINT64_MAX);
	ck_assert_uint_eq(value(&neigh_probe, "ndisc_cache", "table_fulls"), 5);
}

TEST(probes, one_family_of_neighbours_will_do)
{
	ck_assert_int_eq(neigh_probe.read(&env, &sample), -ENOENT);
	tree_put(&tree, "stat/arp_cache", ARP);
	ck_assert_int_eq(neigh_probe.read(&env, &sample), 0);
	ck_assert_uint_eq(sample.n_objects, 1);
	tree_put(&tree, "stat/ndisc_cache", "nonsense\n");
	ck_assert_int_eq(neigh_probe.read(&env, &sample), -EBADMSG);
}

#define ROUTES                                                                 \
	"entries  in_hit   in_slow_tot in_slow_mc in_no_route in_brd   "       \
	"in_martian_dst in_martian_src out_hit  out_slow_tot out_slow_mc "     \
	"gc_total gc_ignored gc_goal_miss gc_dst_overflow in_hlist_search "    \
	"out_hlist_search\n"                                                   \
	"00000004 0 3 0 1 0 00000005 ffffffff 0 8 0 0 0 0 0 0 0\n"             \
	"00000004 0 4 0 1 0 00000050 00000007 0 9 0 0 0 0 0 0 0\n"

TEST(probes, martians_are_read)
{
	tree_put(&tree, "stat/rt_cache", ROUTES);
	ck_assert_int_eq(rt_cache_probe.read(&env, &sample), 0);
	ck_assert_uint_eq(value(&rt_cache_probe, "rt_cache", "in_martian_src"),
			  6);
	ck_assert_uint_eq(value(&rt_cache_probe, "rt_cache", "in_martian_dst"),
			  0x55);
	ck_assert_uint_eq(sample.n_rows, 2);
}

/* Every row is a column of a kernel that was recorded. */
static void check_spelling(const struct probe *probe, const char *file)
{
	static const char *const kernels[] = {"6.1", "6.18"};
	bool found[MAX_PERCPU] = {false};

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct percpu stats;
		size_t n;
		char *text = fixture_read(kernels[i], file, &n);

		ck_assert_msg(text, "no recording %s/%s", kernels[i], file);
		ck_assert_int_eq(percpu_parse(text, n, probe->counters->rows,
					      probe->counters->n, &stats),
				 0);
		for (size_t j = 0; j < probe->counters->n; j++)
			found[j] |= stats.found[j];
		free(text);
	}
	for (size_t j = 0; j < probe->counters->n; j++)
		ck_assert_msg(found[j], "no kernel has %s %s", file,
			      probe->counters->rows[j].name);
}

TEST(parser, columns_are_spelled_as_the_kernel_spells_them)
{
	check_spelling(&neigh_probe, "stat/arp_cache");
	check_spelling(&neigh_probe, "stat/ndisc_cache");
	check_spelling(&rt_cache_probe, "stat/rt_cache");
}
