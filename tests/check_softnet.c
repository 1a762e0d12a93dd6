/* SPDX-License-Identifier: MIT */
/* softnet_stat: its lines, and totals over CPUs that come, go and wrap. */
#include <errno.h>

#include "kernel/procnet.h"
#include "model/selection.h"
#include "probes/softnet.h"
#include "testlib.h"

#define COLUMNS 15

/* A line of so many columns: dropped and processed of a CPU. */
static const char *line_of(unsigned columns, unsigned cpu, unsigned processed,
			   unsigned dropped)
{
	static char lines[8][256];
	static unsigned next;
	char *line = lines[next++ % ARRAY_SIZE(lines)];
	unsigned value[COLUMNS] = {
		processed, dropped, 2, [9] = 3, [10] = 4, [12] = cpu};
	size_t n = 0;

	for (unsigned i = 0; i < columns; i++)
		n += snprintf(line + n, sizeof(lines[0]) - n, "%08x%c",
			      value[i], i + 1 < columns ? ' ' : '\n');
	return line;
}

/* Walks over a text; returns how it ended: 0 or -EBADMSG. */
static int walk(const char *text, size_t n, struct softnet_lines *lines)
{
	int r = softnet_begin(lines, text, n);

	if (r == 0)
		while ((r = softnet_next(lines)) > 0)
			;
	return r;
}

static size_t index_of(const char *name)
{
	return find_counter(&softnet_probe, name, NULL) -
	       softnet_probe.counters->rows;
}

CASE(lines);

TEST(lines, line_gives_the_columns)
{
	struct softnet_lines lines;
	const char *line = line_of(15, 5, 0xffffffff, 7);

	ck_assert_int_eq(softnet_begin(&lines, line, strlen(line)), 0);
	ck_assert_int_eq(softnet_next(&lines), 1);
	ck_assert_uint_eq(lines.cpu.number, 5);
	ck_assert_uint_eq(lines.cpu.value[index_of("processed")], 0xffffffff);
	ck_assert_uint_eq(lines.cpu.value[index_of("dropped")], 7);
	ck_assert_uint_eq(lines.cpu.value[index_of("time_squeeze")], 2);
	ck_assert_uint_eq(lines.cpu.value[index_of("received_rps")], 3);
	ck_assert_uint_eq(lines.cpu.value[index_of("flow_limit_count")], 4);
	ck_assert_int_eq(softnet_next(&lines), 0);
}

TEST(lines, old_kernels_have_fewer_columns)
{
	for (unsigned columns = 9; columns <= COLUMNS; columns++) {
		struct softnet_lines lines;
		char text[512];

		snprintf(text, sizeof(text), "%s%s", line_of(columns, 4, 1, 2),
			 line_of(columns, 6, 1, 2));
		ck_assert_int_eq(walk(text, strlen(text), &lines), 0);
		ck_assert_uint_eq(lines.n, 2);
		ck_assert_uint_eq(lines.n_columns, columns);
		ck_assert_uint_eq(lines.cpu.number, columns < 13 ? 1 : 6);
		ck_assert(softnet_has(&lines, index_of("dropped")));
		ck_assert(softnet_has(&lines, index_of("received_rps")) ==
			  (columns >= 10));
		ck_assert(softnet_has(&lines, index_of("flow_limit_count")) ==
			  (columns >= 11));
	}
}

TEST(lines, recordings_are_understood)
{
	static const struct {
		const char *kernel;
		unsigned columns;
	} kernels[] = {{"6.1", 13}, {"6.18", 15}};

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct softnet_lines lines;
		size_t n;
		char *text =
			fixture_read(kernels[i].kernel, "softnet_stat", &n);

		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(walk(text, n, &lines), 0);
		ck_assert_uint_eq(lines.n_columns, kernels[i].columns);
		ck_assert_uint_ge(lines.n, 1);
		ck_assert_uint_eq(lines.cpu.number, lines.n - 1);
		for (size_t j = 0; j < softnet_probe.counters->n; j++)
			ck_assert(softnet_has(&lines, j));
		free(text);
	}
}

TEST(lines, text_that_is_no_table_is_refused)
{
	const char *const bad[] = {
		"",
		"\n",
		"nonsense\n",
		"00000001 00000002\n",
		line_of(8, 0, 1, 2),
		line_of(13, 8192, 1, 2),
		"0000001 00000002 00000000 00000000 00000000 00000000 00000000 "
		"00000000 00000000\n",
		"100000001 00000002 00000000 00000000 00000000 00000000 "
		"00000000 00000000 00000000\n",
		"0000000g 00000002 00000000 00000000 00000000 00000000 "
		"00000000 00000000 00000000\n",
	};
	struct softnet_lines lines;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(walk(bad[i], strlen(bad[i]), &lines) == -EBADMSG,
			      "%s", bad[i]);
}

TEST(lines, lines_have_to_agree)
{
	struct {
		const char *first, *second;
	} bad[] = {
		{line_of(13, 0, 1, 2), line_of(12, 1, 1, 2)},
		{line_of(11, 0, 1, 2), line_of(13, 1, 1, 2)},
		{line_of(13, 1, 1, 2), line_of(13, 1, 1, 2)},
		{line_of(13, 1, 1, 2), line_of(13, 0, 1, 2)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct softnet_lines lines;
		char text[512];

		snprintf(text, sizeof(text), "%s%s", bad[i].first,
			 bad[i].second);
		ck_assert_int_eq(walk(text, strlen(text), &lines), -EBADMSG);
	}
}

TEST(lines, text_cut_anywhere_is_refused)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s", line_of(15, 0, 1, 2),
		 line_of(15, 1, 3, 4));
	for (size_t n = 0; n < strlen(text); n++) {
		bool whole = n && text[n - 1] == '\n';
		struct softnet_lines lines;
		char *copy = malloc(n ? n : 1); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, n);
		ck_assert_int_eq(walk(copy, n, &lines), whole ? 0 : -EBADMSG);
		free(copy);
	}
}

/* The probe, read after read, on a file of the test's own. */

static struct tree tree;
static char buffer[4096];
static struct sample then, now;
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
	sample_free(&then);
	sample_free(&now);
}

/* What is read becomes what was read before, as the engine does it. */
static int read_again(const char *text)
{
	struct sample read = then;
	int r;

	tree_put(&tree, "softnet_stat", text);
	then = now;
	now = read;
	sample_reset(&now);
	sample_follow(&now, then.n_objects ? &then : NULL);
	r = softnet_probe.read(&env, &now);
	ck_assert_int_eq(now.error, 0);
	if (r < 0) {
		sample_rollback(&now, (struct sample_mark) {0});
		sample_carry(&now, &then, 0);
	}
	sample_compare(&now, &then);
	return r;
}

static const struct row *total(const char *name)
{
	const struct object *o = find_object(&now, LAYER_SOFTNET, "", "");

	ck_assert_ptr_nonnull(o);
	return object_row(&now, o,
			  &softnet_probe.counters->rows[index_of(name)]);
}

struct cpu {
	unsigned cpu, processed, dropped;
};

/* A read of that many CPUs, that has to go well. */
static void read_cpus(unsigned columns, const struct cpu *cpus, size_t n)
{
	char text[1024];
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += snprintf(text + length, sizeof(text) - length, "%s",
				   line_of(columns, cpus[i].cpu,
					   cpus[i].processed, cpus[i].dropped));
	ck_assert_int_eq(read_again(text), 0);
}

#define READ(columns, ...)                                                     \
	read_cpus(columns, (struct cpu[]) {__VA_ARGS__},                       \
		  ARRAY_SIZE(((struct cpu[]) {__VA_ARGS__})))

static void check_totals(uint64_t processed, uint64_t dropped)
{
	ck_assert_uint_eq(total("processed")->value, processed);
	ck_assert_uint_eq(total("dropped")->value, dropped);
}

static void check_lost(uint64_t dropped)
{
	ck_assert(total("dropped")->flags & ROW_COMPARED);
	ck_assert_uint_eq(total("dropped")->delta, dropped);
}

CASE(probe, .setup = setup, .teardown = teardown);

TEST(probe, first_read_is_the_kernels_sum)
{
	READ(15, {0, 0xffffffff, 5}, {1, 0xfffffff0, 7});
	check_totals(UINT64_C(0x1ffffffef), 12);
	ck_assert_uint_eq(total("time_squeeze")->value, 4);
	ck_assert_uint_eq(total("flow_limit_count")->value, 8);
	ck_assert_ptr_null(total("received_rps"));
	ck_assert(!(total("dropped")->flags & ROW_COMPARED));
}

TEST(probe, total_grows_over_the_wrap_of_a_cpu)
{
	READ(15, {0, 0xfffffff0, 0xfffffffe}, {1, 100, 10});
	READ(15, {0, 16, 3}, {1, 101, 11});
	check_totals(UINT64_C(0xfffffff0) + 100 + 33,
		     UINT64_C(0xfffffffe) + 10 + 6);
	check_lost(6);
	READ(15, {0, 17, 4}, {1, 101, 11});
	check_lost(1);
}

TEST(probe, total_stands_while_a_cpu_is_offline)
{
	READ(15, {0, 100, 1}, {1, 200, 20}, {2, 300, 30});
	READ(15, {0, 110, 2}, {2, 310, 33});
	check_totals(620, 55);
	check_lost(4);
	READ(15, {0, 110, 2}, {2, 310, 33});
	check_lost(0);
	READ(15, {0, 110, 2}, {1, 205, 26}, {2, 310, 33});
	check_totals(625, 61);
	check_lost(6);
}

TEST(probe, first_and_last_cpu_may_go_offline)
{
	READ(15, {0, 100, 1}, {1, 200, 20}, {2, 300, 30});
	READ(15, {1, 201, 21});
	check_totals(601, 52);
	READ(15, {0, 102, 3}, {1, 201, 21}, {2, 303, 34});
	check_totals(606, 58);
	check_lost(6);
}

TEST(probe, cpu_that_was_never_seen_begins_with_its_next_read)
{
	READ(15, {0, 100, 1});
	READ(15, {0, 101, 2}, {3, 5000000, 4000000});
	check_totals(101, 2);
	check_lost(1);
	READ(15, {0, 101, 2}, {3, 5000010, 4000003});
	check_totals(111, 5);
	check_lost(3);
	READ(15, {0, 101, 2}, {1, 7000000, 6000000}, {3, 5000011, 4000004});
	check_totals(112, 6);
	check_lost(1);
}

/* flow_limit_count starts again when its mask is written. */
TEST(probe, counter_that_went_back_adds_nothing)
{
	READ(15, {0, 100, 1000}, {1, 0, 0});
	READ(15, {0, 100, 3}, {1, 0, 2});
	check_lost(2);
	READ(15, {0, 100, 5}, {1, 0, 2});
	check_lost(2);
}

TEST(probe, lines_without_numbers_are_cpus_in_order)
{
	READ(11, {0, 100, 1}, {1, 200, 20});
	READ(11, {0, 101, 2}, {1, 202, 23});
	check_totals(303, 25);
	check_lost(4);
}

/* The second line is CPU 2's now: nothing is known of the interval. */
TEST(probe, lines_without_numbers_that_moved_are_not_compared)
{
	READ(11, {0, 100, 1}, {1, 200, 20}, {2, 900, 900});
	READ(11, {0, 110, 2}, {2, 910, 903});
	check_totals(1200, 921);
	check_lost(0);
	READ(11, {0, 111, 3}, {2, 911, 905});
	check_totals(1202, 924);
	check_lost(3);
}

TEST(probe, failed_read_is_made_up_for)
{
	READ(15, {0, 100, 1}, {1, 200, 20});
	READ(15, {0, 100, 1});
	ck_assert_int_eq(read_again("nonsense\n"), -EBADMSG);
	READ(15, {0, 103, 2}, {1, 204, 26});
	check_totals(307, 28);
	check_lost(7);
}

TEST(probe, column_that_is_missing_is_no_row)
{
	READ(9, {0, 100, 1});
	check_totals(100, 1);
	ck_assert_ptr_nonnull(total("time_squeeze"));
	ck_assert_ptr_null(total("flow_limit_count"));
}

TEST(probe, optional_counter_is_read_when_asked_for)
{
	struct selection s = {0};

	ck_assert_int_eq(selection_add(&s, "softnet-received_rps"), 0);
	env.counters = &s;
	READ(15, {0, 100, 1});
	ck_assert_uint_eq(total("received_rps")->value, 3);
	env.counters = NULL;
	selection_free(&s);
}

TEST(probe, probe_refuses_what_it_cannot_read)
{
	char text[sizeof(buffer) + 256];

	ck_assert_int_eq(softnet_probe.read(&env, &now), -ENOENT);
	ck_assert_int_eq(read_again("nonsense\n"), -EBADMSG);
	memset(text, '0', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(read_again(text), -E2BIG);
	ck_assert_int_eq(read_again(line_of(15, 0, 1, 2)), 0);
}
