/* SPDX-License-Identifier: MIT */
/* main() of all test programs, see test.h. */
#include "lib/test.h"

/* The linker gathers the tests of a program here. */
extern const struct test *const __start_tests[], *const __stop_tests[];

static int compare_lines(const void *a, const void *b)
{
	const struct test *const *x = a, *const *y = b;

	return (*x)->line - (*y)->line;
}

/* A case that has come by, and what became of it. */
struct known_case {
	const struct test_case *is;
	TCase *made;	 /* NULL where it cannot run: */
	const char *why; /* it cannot */
};

static void make_case(Suite *suite, const struct test_case *is,
		      struct known_case *ret)
{
	*ret = (struct known_case) {.is = is};
	ret->why = is->lacks ? is->lacks() : NULL;
	if (ret->why)
		return;
	ret->made = tcase_create(is->name);
	if (is->setup || is->teardown)
		tcase_add_checked_fixture(ret->made, is->setup, is->teardown);
	if (is->timeout)
		tcase_set_timeout(ret->made, is->timeout);
	suite_add_tcase(suite, ret->made);
}

/* Adds all tests that can run here. Returns why some cannot, or NULL. */
static const char *add_tests(Suite *suite, const struct test **tests, size_t n)
{
	struct known_case known[16] = {0};
	const char *lacks = NULL;

	for (size_t i = 0; i < n; i++) {
		struct known_case *k = known;

		while (k->is && k->is != tests[i]->in)
			k++;
		if (!k->is)
			make_case(suite, tests[i]->in, k);
		if (k->why)
			lacks = k->why;
		else
			tcase_add_loop_test(k->made, *tests[i]->test, 0,
					    tests[i]->n);
	}
	return lacks;
}

static int run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}

int main(int argc, char **argv)
{
	size_t n = __stop_tests - __start_tests;
	const struct test **tests = calloc(n, sizeof(*tests));
	const char *slash = strrchr(argv[0], '/'), *lacks;
	Suite *suite = suite_create(slash ? slash + 1 : argv[0]);

	(void)argc;
	if (!tests)
		return EXIT_FAILURE;
	memcpy(tests, __start_tests, n * sizeof(*tests));
	qsort(tests, n, sizeof(*tests), compare_lines);
	lacks = add_tests(suite, tests, n);
	free(tests);
	if (run(suite))
		return EXIT_FAILURE;
	if (lacks)
		printf("SKIP: %s\n", lacks);
	return lacks ? SKIPPED : EXIT_SUCCESS;
}
