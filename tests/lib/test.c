/* SPDX-License-Identifier: MIT */
/* main() of all test programs, see test.h. */
#include "lib/test.h"

#include <err.h>
#include <fnmatch.h>

/* The linker gathers the tests of a program here. */
extern const struct test *const __start_tests[], *const __stop_tests[];

static int compare_lines(const void *a, const void *b)
{
	const struct test *const *x = a, *const *y = b;

	return (*x)->line - (*y)->line;
}

/*
 * Seconds after which a test is one that hangs: no test depends on speed, nor
 * on what else the machine does.
 */
#define HANGS 600

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
	tcase_set_timeout(ret->made, HANGS);
	suite_add_tcase(suite, ret->made);
}

/* Those of LEFT_OUT that are of this program. */
struct left_out {
	char patterns[64][128];
	size_t n;
	uint64_t fit; /* bit i: patterns[i] fits a test */
};

static void read_left_out(struct left_out *l, const char *program)
{
	const char *path = getenv("LEFT_OUT");
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t n = strlen(program);

	if (path && !f)
		err(EXIT_FAILURE, "%s", path);
	while (f && l->n < 64 &&
	       fscanf(f, "%127s%*[^\n]", l->patterns[l->n]) == 1)
		l->n += !strncmp(l->patterns[l->n], program, n) &&
			l->patterns[l->n][n] == ':';
	if (f)
		fclose(f);
}

static bool is_left_out(struct left_out *l, const char *program,
			const struct test *test)
{
	char name[256];

	snprintf(name, sizeof(name), "%s:%s:%s", program, test->in->name,
		 (*test->test)->name);
	for (size_t j = 0; j < l->n; j++) {
		if (fnmatch(l->patterns[j], name, 0))
			continue;
		l->fit |= UINT64_C(1) << j;
		printf("left out: %s\n", name);
		return true;
	}
	return false;
}

static void check_that_all_fit(const struct left_out *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!(l->fit & UINT64_C(1) << i))
			errx(EXIT_FAILURE, "no such test: %s", l->patterns[i]);
}

/* Adds all tests that can run here. Returns why some cannot, or NULL. */
static const char *add_tests(Suite *suite, const struct test **tests, size_t n,
			     const char *program)
{
	struct known_case known[16] = {0};
	struct left_out l = {.n = 0};
	const char *lacks = NULL;

	read_left_out(&l, program);
	for (size_t i = 0; i < n; i++) {
		struct known_case *k = known;

		while (k->is && k->is != tests[i]->in)
			k++;
		if (!k->is)
			make_case(suite, tests[i]->in, k);
		if (k->why)
			lacks = k->why;
		if (!is_left_out(&l, program, tests[i]) && k->made)
			tcase_add_loop_test(k->made, *tests[i]->test, 0,
					    tests[i]->n);
	}
	check_that_all_fit(&l);
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
	/* cppcheck-suppress comparePointers; both ends of one section */
	size_t n = __stop_tests - __start_tests;
	const struct test **tests = calloc(n, sizeof(*tests));
	const char *slash = strrchr(argv[0], '/'), *lacks;
	const char *program = slash ? slash + 1 : argv[0];
	Suite *suite = suite_create(program);

	(void)argc;
	if (!tests)
		return EXIT_FAILURE;
	memcpy(tests, __start_tests, n * sizeof(*tests));
	qsort(tests, n, sizeof(*tests), compare_lines);
	lacks = add_tests(suite, tests, n, program);
	free(tests);
	if (run(suite))
		return EXIT_FAILURE;
	if (lacks)
		printf("SKIP: %s\n", lacks);
	return lacks ? SKIPPED : EXIT_SUCCESS;
}
