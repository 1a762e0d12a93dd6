/* SPDX-License-Identifier: MIT */
/*
 * Tests that register themselves:
 *
 *   CASE(file, .setup = make_tree, .teardown = remove_tree);
 *
 *   TEST(file, missing_file_is_told)
 *   {
 *           ck_assert_int_eq(...);
 *   }
 *
 * main() stands in test.c: it runs the tests of a program case by case, in the
 * order in which they stand, each in a process of its own.
 *
 * LEFT_OUT in the environment names a file of tests that cannot pass on the
 * machine that is built for: a line for each pattern, such as
 * "check_file:file:missing_*", and behind a blank why. One that fits no test
 * of its program fails it.
 */
#ifndef TESTS_LIB_TEST_H
#define TESTS_LIB_TEST_H

#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A group of tests that need the same around them; a program has 15 at most. */
struct test_case {
	const char *name;
	void (*setup)(void);	/* before each test, in its process */
	void (*teardown)(void); /* after each that has not failed */
	/*
	 * Asked once, before all tests: why these cannot run here, or NULL.
	 * A program in which some cannot, and none failed, is SKIPPED. For
	 * what there is see ns.h.
	 */
	const char *(*lacks)(void);
};

struct test {
	const TTest **test;
	const struct test_case *in;
	int line; /* where it stands */
	int n;	  /* how often it runs, with _i from 0 */
};

#define CASE(id, ...)                                                          \
	static const struct test_case case_##id = {.name = #id, __VA_ARGS__}

#define TEST(id, name) TEST_EACH(id, name, 1)

/* A test that runs n times; _i says which time it is. */
#define TEST_EACH(id, name, n)                                                 \
	static const TTest *name;                                              \
	static const struct test name##_entry = {&name, &case_##id, __LINE__,  \
						 n};                           \
	static const struct test *const name##_address                         \
		__attribute__((used, section("tests"))) = &name##_entry;       \
	START_TEST(name)

/* What a test program returns that could not test all it has. */
#define SKIPPED 77

#endif
