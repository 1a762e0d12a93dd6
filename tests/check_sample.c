/* SPDX-License-Identifier: MIT */
/* The sample: appending, finding, comparing with the one before, carrying. */
#include <errno.h>

#include "testlib.h"

#define COUNTER(kind_, bits_)                                                  \
	{                                                                      \
		.name = #kind_ #bits_, .kind = (kind_), .bits = (bits_),       \
		.layer = LAYER_LINK,                                           \
	}

static const struct counter lost = COUNTER(KIND_LOST, 64);
static const struct counter lost32 = COUNTER(KIND_LOST, 32);
static const struct counter passed = COUNTER(KIND_PASSED, 64);
static const struct counter level = COUNTER(KIND_LEVEL, 64);
static const struct counter fact = COUNTER(KIND_FACT, 64);

static void eth0(struct sample *s, uint64_t identity)
{
	sample_object(s, LAYER_LINK, "eth0", "", identity);
}

/* A sample of eth0 with one row. */
static struct sample one_row(const struct counter *c, uint64_t value,
			     uint64_t identity)
{
	struct sample s = {0};

	eth0(&s, identity);
	sample_row(&s, c, value);
	ck_assert_int_eq(s.error, 0);
	return s;
}

static void check_object(const struct sample *s, const struct object *o,
			 const char *place, const char *name, const char *label)
{
	ck_assert_ptr_nonnull(o);
	ck_assert_str_eq(object_place(s, o), place);
	ck_assert_str_eq(object_name(s, o), name);
	ck_assert_str_eq(object_label(s, o), label);
}

CASE(objects);
CASE(comparison);
CASE(memory);

TEST(objects, objects_are_found_by_layer_place_and_name)
{
	struct sample s = {0};

	ck_assert_ptr_null(find_object(&s, LAYER_LINK, "", ""));
	sample_object(&s, LAYER_LINK, "eth0", "", 1);
	sample_object(&s, LAYER_LINK, "eth0", "config", 2);
	sample_label(&s, "veth eth1");
	sample_object(&s, LAYER_QDISC, "eth0", "", 3);
	sample_object(&s, LAYER_LINK, "", "eth0", 4);
	ck_assert_int_eq(s.error, 0);
	check_object(&s, find_object(&s, LAYER_LINK, "eth0", ""), "eth0", "",
		     "");
	check_object(&s, find_object(&s, LAYER_LINK, "eth0", "config"), "eth0",
		     "config", "veth eth1");
	ck_assert_uint_eq(find_object(&s, LAYER_QDISC, "eth0", "")->identity,
			  3);
	ck_assert_uint_eq(find_object(&s, LAYER_LINK, "", "eth0")->identity, 4);
	ck_assert_ptr_null(find_object(&s, LAYER_TCP, "eth0", ""));
	ck_assert_ptr_null(find_object(&s, LAYER_LINK, "eth", ""));
	ck_assert_ptr_null(find_object(&s, LAYER_LINK, "eth00", ""));
	sample_free(&s);
}

TEST(objects, hint_follows_the_order_and_never_hides_an_object)
{
	struct sample s = {0};
	uint32_t hint = 0;

	sample_object(&s, LAYER_LINK, "a", "", 1);
	sample_object(&s, LAYER_LINK, "b", "", 2);
	sample_object(&s, LAYER_LINK, "c", "", 3);
	ck_assert_ptr_nonnull(sample_find(&s, LAYER_LINK, "a", "", &hint));
	ck_assert_uint_eq(hint, 1);
	ck_assert_ptr_nonnull(sample_find(&s, LAYER_LINK, "c", "", &hint));
	ck_assert_uint_eq(hint, 3);
	ck_assert_ptr_nonnull(sample_find(&s, LAYER_LINK, "b", "", &hint));
	ck_assert_uint_eq(hint, 2);
	ck_assert_ptr_null(sample_find(&s, LAYER_LINK, "d", "", &hint));
	ck_assert_uint_eq(hint, 2);
	hint = 1000;
	ck_assert_ptr_nonnull(sample_find(&s, LAYER_LINK, "a", "", &hint));
	sample_free(&s);
}

TEST(objects, rows_belong_to_the_object_appended_last)
{
	struct sample s = {0};
	const struct object *a, *b;

	eth0(&s, 1);
	sample_row(&s, &lost, 10);
	sample_row(&s, &passed, 11);
	sample_object(&s, LAYER_LINK, "eth1", "", 2);
	sample_row(&s, &passed, 20);
	a = &s.objects[0];
	b = &s.objects[1];
	ck_assert_uint_eq(object_row(&s, a, &lost)->value, 10);
	ck_assert_uint_eq(object_row(&s, a, &passed)->value, 11);
	ck_assert_uint_eq(object_row(&s, b, &passed)->value, 20);
	ck_assert_ptr_null(object_row(&s, b, &lost));
	ck_assert_ptr_null(object_row(&s, a, &level));
	sample_free(&s);
}

TEST(comparison, first_sample_has_no_deltas)
{
	struct sample then = {0}, now = one_row(&lost, 1000, 1);

	sample_compare(&now, &then);
	ck_assert_uint_eq(now.rows[0].flags, 0);
	ck_assert_uint_eq(now.rows[0].delta, 0);
	ck_assert(!now.objects[0].same);
	ck_assert(!now.objects[0].awake);
	sample_free(&now);
}

static const struct {
	const struct counter *counter;
	uint64_t before, now;
	uint64_t identity; /* now; it was 1 */
	bool compared;
	uint64_t delta, value;
} comparisons[] = {
	{&lost, 10, 15, 1, true, 5, 15},
	{&lost, 10, 10, 1, true, 0, 10},
	{&lost, 10, 9, 1, false, 0, 9},
	{&lost, 10, 15, 2, false, 0, 15},
	{&lost32, 0xfffffff0, 16, 1, true, 32, 0x100000010},
	{&lost32, 0x1fffffff0, 16, 1, true, 32, 0x200000010},
	{&lost32, 0xfffffff0, 16, 2, false, 0, 16},
	{&lost32, 1000, 16, 1, false, 0, 16},
	{&passed, 10, 15, 1, true, 5, 15},
	{&level, 10, 15, 1, false, 0, 15},
	{&fact, 10, 15, 1, false, 0, 15},
};

TEST_EACH(comparison, same_thing_has_a_delta, ARRAY_SIZE(comparisons))
{
	struct sample then =
		one_row(comparisons[_i].counter, comparisons[_i].before, 1);
	struct sample now = one_row(comparisons[_i].counter,
				    comparisons[_i].now,
				    comparisons[_i].identity);

	sample_compare(&now, &then);
	ck_assert_int_eq(now.rows[0].flags,
			 comparisons[_i].compared ? ROW_COMPARED : 0);
	ck_assert_uint_eq(now.rows[0].delta, comparisons[_i].delta);
	ck_assert_uint_eq(now.rows[0].value, comparisons[_i].value);
	ck_assert(now.objects[0].same == (comparisons[_i].identity == 1));
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, identity_change_keeps_what_collectd_has)
{
	struct sample then = one_row(&lost, 10, 1);
	struct sample now = one_row(&lost, 500, 2);

	then.rows[0].flags = ROW_SENT | ROW_COMPARED;
	then.objects[0].awake = true;
	sample_compare(&now, &then);
	ck_assert_uint_eq(now.rows[0].flags, ROW_SENT);
	ck_assert(now.objects[0].awake);
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, row_that_was_absent_is_a_baseline)
{
	struct sample then = one_row(&passed, 10, 1);
	struct sample now = one_row(&passed, 15, 1);

	sample_row(&now, &lost, 99);
	sample_compare(&now, &then);
	ck_assert_uint_eq(now.rows[0].flags, ROW_COMPARED);
	ck_assert_uint_eq(now.rows[1].flags, 0);
	ck_assert_uint_eq(now.rows[1].delta, 0);
	ck_assert(!now.objects[0].awake);
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, rows_and_objects_in_another_order_are_matched)
{
	struct sample then = {0}, now = {0};

	for (uint64_t i = 0; i < 3; i++) {
		sample_object(&then, LAYER_LINK,
			      i == 0   ? "a"
			      : i == 1 ? "b"
				       : "c",
			      "", i);
		sample_row(&then, &lost, 100 * i);
		sample_row(&then, &passed, 1000 * i);
	}
	for (uint64_t i = 3; i-- > 0;) {
		sample_object(&now, LAYER_LINK,
			      i == 0   ? "a"
			      : i == 1 ? "b"
				       : "c",
			      "", i);
		sample_row(&now, &passed, 1000 * i + 7);
		sample_row(&now, &lost, 100 * i + 2);
	}
	sample_compare(&now, &then);
	for (uint32_t i = 0; i < 3; i++) {
		const struct object *o = &now.objects[i];

		ck_assert(o->same);
		ck_assert_uint_eq(object_row(&now, o, &passed)->delta, 7);
		ck_assert_uint_eq(object_row(&now, o, &lost)->delta, 2);
	}
	sample_free(&then);
	sample_free(&now);
}

/* As the engine does: the sample read becomes the one before. */
static void swap(struct sample *a, struct sample *b)
{
	struct sample c = *a;

	*a = *b;
	*b = c;
	sample_reset(a);
}

TEST(comparison, narrow_counter_is_widened_read_after_read)
{
	struct sample now = {0}, then = {0};
	uint64_t truth = 0xf0000000;

	for (int i = 0; i < 40; i++) {
		eth0(&now, 1);
		sample_row(&now, &lost32, (uint32_t)truth);
		sample_compare(&now, &then);
		ck_assert_uint_eq(now.rows[0].value, truth);
		if (i)
			ck_assert_uint_eq(now.rows[0].delta, 0x30000000);
		swap(&now, &then);
		truth += 0x30000000;
	}
	sample_free(&now);
	sample_free(&then);
}

static const struct {
	uint8_t kind;
	bool wakes;
} kinds[] = {
	{KIND_LOST, true},	 {KIND_RESENT, true},	 {KIND_PART, false},
	{KIND_UNCLAIMED, false}, {KIND_ECHO, false},	 {KIND_BENIGN, false},
	{KIND_SYMPTOM, false},	 {KIND_OVERLOAD, false}, {KIND_PASSED, false},
	{KIND_BYTES, false},	 {KIND_LEVEL, false},	 {KIND_FACT, false},
	{KIND_DETAIL, false},
};

TEST_EACH(comparison, only_a_loss_wakes_an_object, ARRAY_SIZE(kinds))
{
	const struct counter c = {
		.name = "x", .kind = kinds[_i].kind, .bits = 64};
	struct sample then = one_row(&c, 10, 1), now = one_row(&c, 15, 1);

	sample_compare(&now, &then);
	ck_assert(now.objects[0].awake == kinds[_i].wakes);
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, what_lost_once_stays_awake)
{
	struct sample now = {0}, then = {0};
	static const uint64_t values[] = {10, 10, 12, 12, 12};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		eth0(&now, 1);
		sample_row(&now, &lost, values[i]);
		sample_compare(&now, &then);
		ck_assert(now.objects[0].awake == (i >= 2));
		swap(&now, &then);
	}
	sample_free(&now);
	sample_free(&then);
}

TEST(comparison, reset_does_not_wake)
{
	struct sample then = one_row(&lost, 10, 1), now = one_row(&lost, 5, 1);

	sample_compare(&now, &then);
	ck_assert(!now.objects[0].awake);
	sample_free(&then);
	sample_free(&now);
}

/* Two sources: 1 left eth0 with two rows, 2 left eth1. */
static struct sample two_sources(void)
{
	struct sample s = {0};

	s.source = 1;
	eth0(&s, 7);
	sample_label(&s, "kept");
	sample_row(&s, &lost, 10);
	sample_row(&s, &passed, 20);
	s.source = 2;
	sample_object(&s, LAYER_LINK, "eth1", "x", 8);
	sample_row(&s, &lost, 30);
	s.objects[0].awake = s.objects[0].main = true;
	s.rows[0].flags = ROW_SENT | ROW_COMPARED;
	s.rows[0].delta = 5;
	return s;
}

TEST(comparison, carried_objects_are_stale_copies)
{
	struct sample then = two_sources(), now = {0};
	const struct object *o;

	now.source = 9;
	ck_assert(sample_carry(&now, &then, 1));
	ck_assert_int_eq(now.error, 0);
	ck_assert_uint_eq(now.n_objects, 1);
	ck_assert_uint_eq(now.n_rows, 2);
	o = find_object(&now, LAYER_LINK, "eth0", "");
	check_object(&now, o, "eth0", "", "kept");
	ck_assert(o->stale && o->awake && o->main);
	ck_assert_uint_eq(o->identity, 7);
	ck_assert_uint_eq(o->source, 1);
	ck_assert_uint_eq(now.rows[0].value, 10);
	ck_assert_uint_eq(now.rows[0].flags, ROW_SENT);
	ck_assert_uint_eq(now.rows[0].delta, 0);
	ck_assert_uint_eq(now.rows[1].value, 20);
	ck_assert_uint_eq(now.rows[1].flags, 0);
	sample_compare(&now, &then);
	ck_assert_uint_eq(now.rows[0].flags, ROW_SENT);
	ck_assert(!now.objects[0].same);
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, read_after_a_gap_counts_from_before_it)
{
	struct sample then = two_sources(), gap = {0}, twice = {0};
	struct sample now = one_row(&lost, 17, 7);

	sample_carry(&gap, &then, 1);
	sample_compare(&gap, &then);
	sample_carry(&twice, &gap, 1);
	sample_compare(&twice, &gap);
	ck_assert(twice.objects[0].stale);
	sample_compare(&now, &twice);
	ck_assert(now.objects[0].same && now.objects[0].awake);
	ck_assert(!now.objects[0].stale);
	ck_assert_uint_eq(now.rows[0].delta, 7);
	ck_assert_uint_eq(now.rows[0].flags, ROW_SENT | ROW_COMPARED);
	sample_free(&then);
	sample_free(&gap);
	sample_free(&twice);
	sample_free(&now);
}

TEST(comparison, compared_with_zeroes_all_that_counts_is_a_delta)
{
	struct sample zero = one_row(&lost, 5, 9), now = {0};

	eth0(&now, 1);
	sample_row(&now, &lost32, UINT32_MAX);
	sample_row(&now, &level, 7);
	sample_object(&now, LAYER_TCP, "", "", 2);
	sample_row(&now, &lost, UINT64_MAX);
	sample_zero(&zero, &now);
	ck_assert_int_eq(zero.error, 0);
	ck_assert_uint_ne(zero.time_ns, 0);
	sample_compare(&now, &zero);
	ck_assert_uint_eq(now.rows[0].delta, UINT32_MAX);
	ck_assert_int_eq(now.rows[0].flags, ROW_COMPARED);
	ck_assert_int_eq(now.rows[1].flags, 0);
	ck_assert_uint_eq(now.rows[2].delta, MAX_DELTA);
	ck_assert_int_eq(now.rows[2].flags, ROW_COMPARED);
	sample_free(&now);
	sample_free(&zero);
}

TEST(objects, rollback_takes_back_what_was_appended)
{
	struct sample s = two_sources();
	struct sample_mark mark = sample_mark(&s);

	sample_object(&s, LAYER_TCP, "place", "name", 1);
	sample_label(&s, "label");
	sample_row(&s, &lost, 1);
	s.error = -E2BIG;
	sample_rollback(&s, mark);
	ck_assert_int_eq(s.error, 0);
	ck_assert_uint_eq(s.n_objects, 2);
	ck_assert_uint_eq(s.n_rows, 3);
	ck_assert_uint_eq(s.n_text, mark.text);
	ck_assert_ptr_null(find_object(&s, LAYER_TCP, "place", "name"));
	sample_object(&s, LAYER_TCP, "other", "", 1);
	sample_row(&s, &passed, 5);
	ck_assert_uint_eq(s.objects[2].n, 1);
	ck_assert_uint_eq(s.rows[s.objects[2].first].value, 5);
	check_object(&s, find_object(&s, LAYER_LINK, "eth0", ""), "eth0", "",
		     "kept");
	sample_free(&s);
}

/* Whoever carries over what lacks something lacks it, too. */
TEST(objects, what_was_missed_goes_with_what_was_read)
{
	struct sample s = two_sources(), next = {0};
	struct sample_mark mark;

	sample_missed(&s, -E2BIG);
	sample_missed(&s, -EPERM);
	ck_assert_int_eq(s.missed, -E2BIG);
	mark = sample_mark(&s);
	s.missed = 0;
	sample_missed(&s, -EPERM);
	sample_rollback(&s, mark);
	ck_assert_int_eq(s.missed, -E2BIG);
	s.parts = 1u << s.objects[0].source;
	(void)sample_carry(&next, &s, s.objects[0].source);
	ck_assert_uint_eq(next.parts, s.parts);
	sample_reset(&s);
	ck_assert_int_eq(s.missed, 0);
	ck_assert_uint_eq(s.parts, 0);
	sample_free(&s);
	sample_free(&next);
}

#define MANY 5000
#define ROWS 7

static void fill(struct sample *s)
{
	char place[16], name[64];

	for (uint64_t i = 0; i < MANY; i++) {
		snprintf(place, sizeof(place), "eth%d", (int)i);
		snprintf(name, sizeof(name), "a name of its own %d", (int)i);
		sample_object(s, LAYER_LINK, place, name, i);
		sample_label(s, name + 2);
		for (uint64_t j = 0; j < ROWS; j++)
			sample_row(s, &lost, i * ROWS + j);
	}
	ck_assert_int_eq(s->error, 0);
}

CASE(size);

TEST(size, thousands_of_objects_keep_their_texts_and_rows)
{
	struct sample s = {0};
	char name[64];
	bool ok = true;

	fill(&s);
	ck_assert_uint_eq(s.n_objects, MANY);
	ck_assert_uint_eq(s.n_rows, MANY * ROWS);
	for (uint64_t i = 0; i < MANY; i++) {
		const struct object *o = &s.objects[i];

		snprintf(name, sizeof(name), "a name of its own %d", (int)i);
		ok &= !strcmp(object_name(&s, o), name) &&
		      !strcmp(object_label(&s, o), name + 2) &&
		      atoi(object_place(&s, o) + 3) == (int)i && o->n == ROWS;
		for (uint64_t j = 0; j < ROWS; j++)
			ok &= s.rows[o->first + j].value == i * ROWS + j;
	}
	ck_assert(ok);
	sample_free(&s);
}

TEST(size, steady_reads_use_their_memory_again)
{
	struct sample s = {0};
	struct row *rows;
	char *text;

	fill(&s);
	rows = s.rows;
	text = s.text;
	s.sources = 3;
	s.error = -ENOMEM;
	sample_reset(&s);
	ck_assert_uint_eq(s.n_objects + s.n_rows + s.n_text + s.sources, 0);
	ck_assert_int_eq(s.error, 0);
	fill(&s);
	ck_assert_ptr_eq(s.rows, rows);
	ck_assert_ptr_eq(s.text, text);
	sample_free(&s);
	ck_assert_ptr_null(s.rows);
	sample_free(&s);
}

TEST(size, comparison_of_thousands_costs_no_search)
{
	struct sample then = {0}, now = {0};

	fill(&then);
	fill(&now);
	for (int i = 0; i < 20; i++)
		sample_compare(&now, &then);
	ck_assert(now.objects[MANY - 1].same);
	sample_free(&then);
	sample_free(&now);
}

TEST(size, more_than_a_million_rows_are_refused)
{
	struct sample s = {0};
	uint32_t text;

	eth0(&s, 1);
	for (uint32_t i = 0; i < 1u << 20; i++)
		sample_row(&s, &lost, i);
	ck_assert_int_eq(s.error, 0);
	ck_assert_uint_eq(s.n_rows, 1u << 20);
	sample_row(&s, &lost, 1);
	ck_assert_int_eq(s.error, -E2BIG);
	text = s.n_text;
	sample_row(&s, &lost, 1);
	sample_object(&s, LAYER_LINK, "eth1", "", 2);
	sample_label(&s, "x");
	ck_assert_int_eq(s.error, -E2BIG);
	ck_assert_uint_eq(s.n_rows, 1u << 20);
	ck_assert_uint_eq(s.n_objects, 1);
	ck_assert_uint_eq(s.objects[0].n, 1u << 20);
	ck_assert_uint_eq(s.n_text, text);
	check_object(&s, &s.objects[0], "eth0", "", "");
	sample_free(&s);
}

TEST(size, text_without_end_is_refused)
{
	size_t n = 65u << 20;
	char *text = malloc(n);
	struct sample s = {0};

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	text[n - 1] = '\0';
	eth0(&s, 1);
	sample_label(&s, text);
	ck_assert_int_eq(s.error, -E2BIG);
	check_object(&s, &s.objects[0], "eth0", "", "");
	sample_object(&s, LAYER_LINK, text, "", 1);
	ck_assert_uint_eq(s.n_objects, 1);
	free(text);
	sample_free(&s);
}

TEST(size, object_whose_name_does_not_fit_is_not_appended)
{
	size_t n = 65u << 20;
	char *text = malloc(n);
	struct sample s = {0};

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	text[n - 1] = '\0';
	sample_object(&s, LAYER_LINK, "eth0", text, 1);
	ck_assert_int_eq(s.error, -E2BIG);
	sample_row(&s, &lost, 1);
	ck_assert_uint_eq(s.n_objects, 0);
	ck_assert_uint_eq(s.n_rows, 0);
	free(text);
	sample_free(&s);
}

/* Some interfaces in that order; each is its own layer's and has a name. */
static void append_shuffled(struct sample *s, const unsigned *order, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char place[16], name[16];

		snprintf(place, sizeof(place), "eth%u", order[i] / 3);
		snprintf(name, sizeof(name), "q%u", order[i] % 2);
		sample_object(s, order[i] % 3, place, name, order[i]);
	}
	ck_assert_int_eq(s->error, 0);
}

static void shuffle(unsigned *order, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned j = (unsigned)random() % n, swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
}

/* Whatever the order, and whatever comes and goes. */
TEST_EACH(comparison, object_is_found_in_the_sample_before, 90)
{
	struct sample then = {0}, now = {0};
	unsigned order[90];

	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		order[i] = i;
	srandom(_i);
	shuffle(order, ARRAY_SIZE(order));
	append_shuffled(&then, order, _i);
	if (_i % 4) /* else in the same order, but for what is new */
		shuffle(order, ARRAY_SIZE(order));
	sample_follow(&now, &then);
	append_shuffled(&now, order, 60);
	for (uint32_t i = 0; i < now.n_objects; i++) {
		const struct object *o = &now.objects[i];
		uint32_t hint = 0;

		ck_assert_ptr_eq(object_before(&now, o),
				 sample_find(&then, o->layer,
					     object_place(&now, o),
					     object_name(&now, o), &hint));
	}
	sample_free(&then);
	sample_free(&now);
}

static const char *memory_of(const struct sample *s, uint8_t source, size_t n)
{
	size_t is;
	const char *memory = sample_memory(s, source, &is);

	ck_assert_uint_eq(is, n);
	return memory;
}

TEST(memory, probe_remembers_what_it_put_there_and_no_other)
{
	struct sample s = {.source = 3};

	ck_assert_ptr_null(memory_of(&s, 3, 0));
	ck_assert_ptr_null(memory_of(NULL, 3, 0));
	sample_remember(&s, "first", 5);
	sample_remember(&s, "second", 6);
	s.source = 4;
	sample_remember(&s, "x", 1);
	ck_assert_mem_eq(memory_of(&s, 3, 11), "firstsecond", 11);
	ck_assert_mem_eq(memory_of(&s, 4, 1), "x", 1);
	ck_assert_uint_eq((uintptr_t)memory_of(&s, 4, 1) % 8, 0);
	ck_assert_ptr_null(memory_of(&s, 5, 0));
	sample_reset(&s);
	ck_assert_ptr_null(memory_of(&s, 3, 0));
	sample_free(&s);
}

TEST(memory, memory_that_is_too_large_is_an_error)
{
	struct sample s = {.source = 1};

	sample_remember(&s, "abc", 3);
	sample_remember(&s, "", SIZE_MAX);
	ck_assert_int_eq(s.error, -E2BIG);
	sample_remember(&s, "d", 1);
	ck_assert_int_eq(s.error, -E2BIG);
	ck_assert_mem_eq(memory_of(&s, 1, 3), "abc", 3);
	sample_free(&s);
}

TEST(memory, probe_remembers_in_one_go)
{
	struct sample s = {.source = 1};

	sample_remember(&s, "first", 5);
	sample_remember(&s, " and more", 9);
	s.source = 2;
	sample_remember(&s, "other", 5);
	ck_assert_int_eq(s.error, 0);
	s.source = 1;
	sample_remember(&s, "too late", 8);
	ck_assert_int_eq(s.error, -EINVAL);
	ck_assert_mem_eq(memory_of(&s, 1, 14), "first and more", 14);
	ck_assert_mem_eq(memory_of(&s, 2, 5), "other", 5);
	sample_free(&s);
}

TEST(memory, rollback_takes_back_what_was_remembered_since)
{
	struct sample s = {.source = 1};
	struct sample_mark mark;

	sample_remember(&s, "one", 3);
	mark = sample_mark(&s);
	sample_remember(&s, " that is taken back", 19);
	sample_rollback(&s, mark);
	ck_assert_mem_eq(memory_of(&s, 1, 3), "one", 3);
	sample_remember(&s, ", two", 5);
	ck_assert_int_eq(s.error, 0);
	ck_assert_mem_eq(memory_of(&s, 1, 8), "one, two", 8);
	sample_free(&s);
}

TEST(memory, memory_is_taken_back_and_carried_with_its_source)
{
	struct sample then = {.source = 1}, now = {.source = 1};
	struct sample_mark mark;

	sample_remember(&then, "old", 3);
	then.source = 2;
	sample_remember(&then, "other", 5);
	mark = sample_mark(&now);
	sample_remember(&now, "half a read", 11);
	sample_rollback(&now, mark);
	ck_assert_ptr_null(memory_of(&now, 1, 0));
	ck_assert(sample_carry(&now, &then, 1));
	ck_assert(!sample_carry(&now, &then, 7));
	ck_assert_mem_eq(memory_of(&now, 1, 3), "old", 3);
	ck_assert_ptr_null(memory_of(&now, 2, 0));
	sample_free(&then);
	sample_free(&now);
}

/* Whatever the values say, and whatever was there before. */
TEST_EACH(comparison, what_a_reader_counted_is_left_alone, 3)
{
	struct sample then = one_row(&lost, 50, _i == 0 ? 1 : 2);
	struct sample now = {0}, zero = {0};

	then.rows[0].flags = _i == 2 ? ROW_SENT : 0;
	sample_follow(&now, &then);
	eth0(&now, 1);
	sample_row(&now, &lost, 10);
	sample_counted(&now, 3);
	sample_compare(&now, &then);
	ck_assert_uint_eq(now.rows[0].delta, 3);
	ck_assert_int_eq(now.rows[0].flags,
			 ROW_COMPARED | (_i == 2 ? ROW_SENT : 0));
	ck_assert(now.objects[0].moved);
	ck_assert(now.objects[0].awake);
	sample_zero(&zero, &now); /* since ever: that is another question */
	sample_compare(&now, &zero);
	ck_assert_uint_eq(now.rows[0].delta, 10);
	sample_free(&zero);
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, directions_are_carried)
{
	struct sample then = one_row(&lost, 1, 1), now = {0};

	sample_reached(&then, 1u << DIR_RX | 1u << DIR_TX);
	ck_assert(sample_carry(&now, &then, 0));
	ck_assert_uint_eq(now.objects[0].reached, 1u << DIR_RX | 1u << DIR_TX);
	sample_free(&then);
	sample_free(&now);
}

TEST(comparison, sample_answers_what_moved_and_what_is_set)
{
	static const struct counter mtu = {.kind = KIND_FACT, .name = "mtu"};
	static const struct counter dropped = {
		.name = "rx_dropped", .bits = 64, .tag = TAG_RX_DROPPED};
	struct sample then = {0}, now = {0};
	uint64_t value = 7;

	for (int i = 0; i < 2; i++) {
		struct sample *s = i ? &now : &then;

		for (int j = 0; j < 2; j++) {
			sample_object(s, LAYER_LINK, j ? "eth1" : "eth0", "",
				      1);
			sample_row(s, &dropped, 10 + i * (5 + j));
		}
		sample_row(s, &mtu, 1500);
	}
	sample_compare(&now, &then);
	ck_assert_uint_eq(
		sample_moved(&now, LAYER_LINK, "eth0", TAG_RX_DROPPED), 5);
	ck_assert_uint_eq(sample_moved(&now, LAYER_LINK, NULL, TAG_RX_DROPPED),
			  11);
	ck_assert_uint_eq(sample_moved(&now, LAYER_IP, NULL, TAG_RX_DROPPED),
			  0);
	ck_assert_uint_eq(sample_moved(&then, LAYER_LINK, NULL, TAG_RX_DROPPED),
			  0);
	ck_assert(!object_get(&now, &now.objects[0], &mtu, &value));
	ck_assert_uint_eq(value, 7);
	ck_assert_uint_eq(object_value(&now, &now.objects[1], &mtu, 1), 1500);
	ck_assert_uint_eq(object_value(&now, NULL, &mtu, 1), 1);
	ck_assert_ptr_eq(object_tagged(&now, &now.objects[0], TAG_RX_DROPPED),
			 &now.rows[0]);
	ck_assert_ptr_null(object_tagged(&now, &now.objects[0], TAG_RP_FILTER));
	sample_free(&then);
	sample_free(&now);
}

TEST(objects, firewall_object_has_its_table_and_chain)
{
	struct sample then = {.source = 1}, now = {.source = 1};

	sample_object(&then, LAYER_NETFILTER, "", "a", 1);
	ck_assert_int_eq(then.objects[0].family, FAMILY_NONE);
	ck_assert_str_eq(object_table(&then, &then.objects[0]), "");
	sample_object(&then, LAYER_NETFILTER, "", "b", 2);
	sample_chain(&then, FAMILY_INET, "fw", "in");
	sample_object(&then, LAYER_NETFILTER, "", "c", 3);
	sample_chain(&then, FAMILY_IP6, "fw", "out");
	sample_carry(&now, &then, 1);
	ck_assert_uint_eq(now.n_objects, 3);
	ck_assert_int_eq(now.objects[0].family, FAMILY_NONE);
	ck_assert_int_eq(now.objects[1].family, FAMILY_INET);
	ck_assert_str_eq(object_table(&now, &now.objects[1]), "fw");
	ck_assert_str_eq(object_chain(&now, &now.objects[1]), "in");
	ck_assert_int_eq(now.objects[2].family, FAMILY_IP6);
	ck_assert_str_eq(object_chain(&now, &now.objects[2]), "out");
	sample_free(&then);
	sample_free(&now);
}
