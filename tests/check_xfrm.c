/* SPDX-License-Identifier: MIT */
/* IPsec: the parser of xfrm_stat, and the probe. */
#include <errno.h>
#include <unistd.h>

#include "probes/xfrm.h"
#include "kernel/procnet.h"
#include "testlib.h"
#include "xtables_file.h"

static size_t index_of(const char *name)
{
	return find_counter(&xfrm_probe, name, NULL) - xfrm_probe.counters;
}

static int parse(const char *text, struct xfrm_values *ret)
{
	return xfrm_parse(text, strlen(text), ret);
}

START_TEST(numbers_stand_behind_their_names)
{
	struct xfrm_values v;
	size_t none = index_of("XfrmOutNoStates");

	ck_assert_int_eq(parse("XfrmOutPolBlock         \t20\n"
			       "XfrmInPolBlock          \t100\n"
			       "XfrmOfTomorrow          \t7\n"
			       "XfrmInNoStates 18446744073709551615\n",
			       &v),
			 0);
	ck_assert_uint_eq(v.value[index_of("XfrmOutPolBlock")], 20);
	ck_assert_uint_eq(v.value[index_of("XfrmInPolBlock")], 100);
	ck_assert_uint_eq(v.value[index_of("XfrmInNoStates")], UINT64_MAX);
	ck_assert(!v.found[none]);
}
END_TEST

START_TEST(text_that_is_no_list_is_refused)
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
	struct xfrm_values v;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(parse(bad[i], &v) == -EBADMSG, "%s", bad[i]);
}
END_TEST

START_TEST(text_cut_anywhere_is_refused)
{
	static const char text[] = "XfrmInError             \t12\n"
				   "XfrmInNoStates          \t34\n";

	for (size_t n = 0; n < strlen(text); n++) {
		bool whole = n && text[n - 1] == '\n';
		struct xfrm_values v;
		char *copy = malloc(n ? n : 1); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, n);
		ck_assert_int_eq(xfrm_parse(copy, n, &v), whole ? 0 : -EBADMSG);
		free(copy);
	}
}
END_TEST

static unsigned count_found(const char *kernel, bool found[N_XFRM_COUNTERS])
{
	struct xfrm_values v;
	unsigned count = 0;
	size_t n;
	char *text = fixture_read(kernel, "xfrm_stat", &n);

	ck_assert_msg(text, "no recording of %s", kernel);
	ck_assert_int_eq(xfrm_parse(text, n, &v), 0);
	free(text);
	for (size_t i = 0; i < N_XFRM_COUNTERS; i++) {
		found[i] |= v.found[i];
		count += v.found[i];
	}
	return count;
}

START_TEST(counters_are_spelled_as_the_kernel_spells_them)
{
	bool found[N_XFRM_COUNTERS] = {false};

	ck_assert_uint_eq(count_found("6.1", found), 26);
	ck_assert(!found[index_of("XfrmInStateDirError")]);
	ck_assert_uint_eq(count_found("6.18", found), N_XFRM_COUNTERS);
	for (size_t i = 0; i < N_XFRM_COUNTERS; i++)
		ck_assert_msg(found[i], "no kernel has %s",
			      xfrm_probe.counters[i].name);
}
END_TEST

START_TEST(directions_are_in_the_names)
{
	for (size_t i = 0; i < N_XFRM_COUNTERS; i++) {
		const struct counter *c = &xfrm_probe.counters[i];
		bool out = !strncmp(c->name, "XfrmOut", 7);

		ck_assert_msg(c->direction == (out ? DIR_TX : DIR_RX), "%s",
			      c->name);
	}
}
END_TEST

static char dir[] = "/tmp/pktloss-xfrm-XXXXXX";

static void put(const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/xfrm_stat", dir);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(probe_appends_what_is_there)
{
	static char buffer[4096];
	struct probe_env env = {.net = &(struct procnet)PROCNET(dir),
				.buffer = buffer,
				.size = sizeof(buffer)};
	struct sample s = {0};
	const struct object *o;

	ck_assert_int_eq(xfrm_probe.read(&env, &s), -ENOENT);
	put("XfrmInPolBlock 3\nXfrmNoSuchError 4\n");
	ck_assert_int_eq(xfrm_probe.read(&env, &s), 0);
	o = find_object(&s, LAYER_XFRM, "", "");
	ck_assert_ptr_nonnull(o);
	ck_assert_uint_eq(o->n, 1); /* no row knows the other one */
	ck_assert_str_eq(s.rows[o->first].counter->name, "XfrmInPolBlock");
	ck_assert_uint_eq(s.rows[o->first].value, 3);
	put("XfrmInPolBlock 3\nXfr");
	ck_assert_int_eq(xfrm_probe.read(&env, &s), -EBADMSG);
	sample_free(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("xfrm");
	TCase *t = tcase_create("parser");

	suite_add_tcase(s, t);
	tcase_add_test(t, numbers_stand_behind_their_names);
	tcase_add_test(t, text_that_is_no_list_is_refused);
	tcase_add_test(t, text_cut_anywhere_is_refused);
	tcase_add_test(t, counters_are_spelled_as_the_kernel_spells_them);
	tcase_add_test(t, directions_are_in_the_names);
	t = tcase_create("probe");
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, probe_appends_what_is_there);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
