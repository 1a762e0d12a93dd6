/* SPDX-License-Identifier: MIT */
/* IPsec: the parser of xfrm_stat, and the probe. */
#include <errno.h>

#include "kernel/procnet.h"
#include "probes/xfrm.h"
#include "testlib.h"

static struct sample sample;

/* Parses n bytes into an object of their own. */
static int parse_n(const char *text, size_t n)
{
	const struct probe_env env = {.counters = NULL};

	sample_reset(&sample);
	sample_object(&sample, LAYER_XFRM, "", "", 0);
	return xfrm_parse(&env, text, n, &sample);
}

static int parse(const char *text)
{
	return parse_n(text, strlen(text));
}

/* The value of a counter, otherwise where it is not found. */
static uint64_t value(const char *name, uint64_t otherwise)
{
	return object_value(&sample, &sample.objects[0],
			    find_counter(&xfrm_probe, name, NULL), otherwise);
}

CASE(parser);

TEST(parser, numbers_stand_behind_their_names)
{
	ck_assert_int_eq(parse("XfrmOutPolBlock         \t20\n"
			       "XfrmInPolBlock          \t100\n"
			       "XfrmOfTomorrow          \t7\n"
			       "XfrmInNoStates 18446744073709551615\n"),
			 0);
	ck_assert_uint_eq(value("XfrmOutPolBlock", 0), 20);
	ck_assert_uint_eq(value("XfrmInPolBlock", 0), 100);
	ck_assert_uint_eq(value("XfrmInNoStates", 0), UINT64_MAX);
	ck_assert_uint_eq(value("XfrmOutNoStates", 99), 99);
	ck_assert_uint_eq(sample.n_rows, 3);
}

TEST(parser, text_that_is_no_list_is_refused)
{
	static const char *const bad[] = {
		"",
		"\n",
		"XfrmInError",
		"XfrmInError\n",
		"XfrmInError 1",
		"XfrmInError x\n",
		"XfrmInError -1\n",
		"XfrmInError 1 2\n",
		"XfrmInError 1\n\n",
		"XfrmInError 18446744073709551616\n",
		"1\n",
		"XfrmOfTomorrow x\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(parse(bad[i]) == -EBADMSG, "%s", bad[i]);
}

TEST(parser, text_cut_anywhere_is_refused)
{
	static const char text[] = "XfrmInError             \t12\n"
				   "XfrmInNoStates          \t34\n";

	for (size_t n = 0; n < strlen(text); n++) {
		bool whole = n && text[n - 1] == '\n';
		char *copy = malloc(n ? n : 1); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, n);
		ck_assert_int_eq(parse_n(copy, n), whole ? 0 : -EBADMSG);
		free(copy);
	}
}

static unsigned count_found(const char *kernel)
{
	size_t n;
	char *text = fixture_read(kernel, "xfrm_stat", &n);

	ck_assert_msg(text, "no recording of %s", kernel);
	ck_assert_int_eq(parse_n(text, n), 0);
	free(text);
	return sample.n_rows;
}

TEST(parser, counters_are_spelled_as_the_kernel_spells_them)
{
	ck_assert_uint_eq(count_found("6.1"), 26);
	ck_assert_uint_eq(value("XfrmInStateDirError", 99), 99);
	/* each of them once, and in the table's order */
	ck_assert_uint_eq(count_found("6.18"), xfrm_probe.counters->n);
	for (size_t i = 0; i < xfrm_probe.counters->n; i++)
		ck_assert_msg(sample.rows[i].counter ==
				      &xfrm_probe.counters->rows[i],
			      "%s is not where the kernel has it",
			      xfrm_probe.counters->rows[i].name);
}

TEST(parser, directions_are_in_the_names)
{
	for (size_t i = 0; i < xfrm_probe.counters->n; i++) {
		const struct counter *c = &xfrm_probe.counters->rows[i];
		bool out = !strncmp(c->name, "XfrmOut", 7);

		ck_assert_msg(c->direction == (out ? DIR_TX : DIR_RX), "%s",
			      c->name);
	}
}

static struct tree tree;

static void setup(void)
{
	tree_make(&tree);
}

static void teardown(void)
{
	tree_remove(&tree);
}

CASE(last_text);

/* Of a list that follows others. */
static int follow(struct xfrm_last *last, const char *text)
{
	const struct probe_env env = {.counters = NULL};

	sample_reset(&sample);
	return xfrm_append(&env, last, text, strlen(text), &sample);
}

TEST(last_text, same_text_brings_the_same_rows)
{
	static const char text[] = "XfrmInError 1\nXfrmInNoStates 2\n";
	struct xfrm_last last = {.n = 0};

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(follow(&last, text), 0);
		ck_assert_uint_eq(sample.n_objects, 1);
		ck_assert_uint_eq(sample.n_rows, 2);
		ck_assert_uint_eq(value("XfrmInError", 99), 1);
		ck_assert_uint_eq(value("XfrmInNoStates", 99), 2);
	}
}

TEST(last_text, any_other_text_is_parsed)
{
	struct xfrm_last last = {.n = 0};

	ck_assert_int_eq(follow(&last, "XfrmInError 1\n"), 0);
	ck_assert_int_eq(follow(&last, "XfrmInError 2\n"), 0);
	ck_assert_uint_eq(value("XfrmInError", 99), 2);
	ck_assert_int_eq(follow(&last, "XfrmInError 2\nXfrmInNoStates 3\n"), 0);
	ck_assert_uint_eq(value("XfrmInNoStates", 99), 3);
	ck_assert_int_eq(follow(&last, "XfrmInError 2"), -EBADMSG);
	ck_assert_int_eq(follow(&last, ""), -EBADMSG);
	ck_assert_int_eq(follow(&last, "XfrmInError 2\n"), 0);
	ck_assert_uint_eq(sample.n_rows, 1);
	ck_assert_uint_eq(value("XfrmInError", 99), 2);
}

TEST(last_text, text_without_room_is_parsed_each_time)
{
	static char text[2 * XFRM_MAX_TEXT];
	struct xfrm_last last = {.n = 0};

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "XfrmInError 1", 13);
	text[sizeof(text) - 2] = '\n';
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(follow(&last, text), 0);
		ck_assert_uint_eq(value("XfrmInError", 99), 1);
		ck_assert_uint_eq(last.n, 0);
	}
}

CASE(probe, .setup = setup, .teardown = teardown);

TEST(probe, probe_appends_what_is_there)
{
	static char buffer[4096];
	struct xfrm_last last = {.n = 0};
	struct probe_env env = {.net = &(struct procnet)PROCNET(tree.path),
				.state = &last,
				.buffer = buffer,
				.size = sizeof(buffer)};
	const struct object *o;

	sample_reset(&sample);
	ck_assert_int_eq(xfrm_probe.read(&env, &sample), -ENOENT);
	tree_put(&tree, "xfrm_stat", "XfrmInPolBlock 3\nXfrmNoSuchError 4\n");
	ck_assert_int_eq(xfrm_probe.read(&env, &sample), 0);
	o = find_object(&sample, LAYER_XFRM, "", "");
	ck_assert_ptr_nonnull(o);
	ck_assert_uint_eq(o->n, 1); /* no row knows the other one */
	ck_assert_str_eq(sample.rows[o->first].counter->name, "XfrmInPolBlock");
	ck_assert_uint_eq(sample.rows[o->first].value, 3);
	tree_put(&tree, "xfrm_stat", "XfrmInPolBlock 3\nXfr");
	ck_assert_int_eq(xfrm_probe.read(&env, &sample), -EBADMSG);
	sample_free(&sample);
}
