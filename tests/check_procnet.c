/* SPDX-License-Identifier: MIT */
/* Small files, and the words and numbers in them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare() */
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/token.h"
#include "kernel/file.h"
#include "kernel/procnet.h"
#include "testlib.h"

#define NO UINT64_C(0xbad)

static const struct {
	const char *text;
	unsigned base;
	bool is_number;
	uint64_t number;
} numbers[] = {
	{"0", 10, true, 0},
	{"7", 10, true, 7},
	{"0012", 10, true, 12},
	{"4294967296", 10, true, UINT64_C(1) << 32},
	{"18446744073709551615", 10, true, UINT64_MAX},
	{"18446744073709551616", 10, false, NO},
	{"18446744073709551620", 10, false, NO},
	{"28446744073709551615", 10, false, NO},
	{"99999999999999999999999", 10, false, NO},
	{"", 10, false, NO},
	{"-1", 10, false, NO},
	{"+1", 10, false, NO},
	{" 1", 10, false, NO},
	{"1 ", 10, false, NO},
	{"1\n", 10, false, NO},
	{"0x10", 10, false, NO},
	{"1.5", 10, false, NO},
	{"12a", 10, false, NO},
	{"/", 10, false, NO}, /* the neighbours of the digits */
	{":", 10, false, NO},
	{"\xb1", 10, false, NO},
	{"0000002a", 16, true, 42},
	{"ffffffffffffffff", 16, true, UINT64_MAX},
	{"10000000000000000", 16, false, NO},
	{"0aF", 16, true, 0xaf},
	{"g", 16, false, NO},
	{"@", 16, false, NO},
	{"G", 16, false, NO},
	{"`", 16, false, NO},
	{"0x1", 16, false, NO},
	{"", 16, false, NO},
};

CASE(tokens);

TEST_EACH(tokens, number_is_all_digits_and_fits, ARRAY_SIZE(numbers))
{
	struct token t = {numbers[_i].text, strlen(numbers[_i].text)};
	uint64_t value = NO;

	ck_assert(token_number(t, numbers[_i].base, &value) ==
		  numbers[_i].is_number);
	ck_assert_uint_eq(value, numbers[_i].number);
}

TEST(tokens, number_ends_at_its_length)
{
	uint64_t value = 0;

	ck_assert(token_number((struct token) {"123456", 3}, 10, &value));
	ck_assert_uint_eq(value, 123);
}

static void check_word(struct token *line, const char *word)
{
	struct token t = token_word(line);

	ck_assert_uint_eq(t.n, strlen(word));
	ck_assert(token_is(t, word));
}

TEST(tokens, words_stand_between_blanks)
{
	const char text[] = " one\t two  three";
	struct token line = {text, strlen(text) - 1};

	check_word(&line, "one");
	check_word(&line, "two");
	check_word(&line, "thre");
	check_word(&line, "");
	check_word(&line, "");
}

/* memchr() may not be given NULL, not even for no bytes. */
TEST(tokens, empty_token_needs_no_text)
{
	struct token t = {NULL, 0};

	ck_assert(token_is(t, ""));
	ck_assert(!token_is(t, "one"));
	ck_assert_uint_eq(token_line(&t).n, 0);
	ck_assert_uint_eq(token_word(&t).n, 0);
	ck_assert_ptr_null(t.at);
}

TEST(tokens, lines_end_at_newlines_and_at_the_end)
{
	static const char *const lines[] = {"one", "", "two words", "last"};
	const char text[] = "one\n\ntwo words\nlast";
	struct token rest = {text, strlen(text)};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct token line = token_line(&rest);

		ck_assert_uint_eq(line.n, strlen(lines[i]));
		ck_assert(!strncmp(line.at, lines[i], line.n));
	}
	ck_assert_uint_eq(rest.n, 0);
}

TEST(tokens, token_is_a_text_of_its_length)
{
	const struct token t = {"OutRequests", 3};

	ck_assert(token_is(t, "Out"));
	ck_assert(!token_is(t, "Ou"));
	ck_assert(!token_is(t, "OutRequests"));
	ck_assert(!token_is(t, "out"));
	ck_assert(!token_is(t, ""));
	ck_assert(token_is((struct token) {"x", 0}, ""));
	/* a NUL ends a text, not a token */
	ck_assert(!token_is((struct token) {"Ou\0xxxxx", 8}, "Ou"));
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

CASE(files, .setup = setup, .teardown = teardown);

TEST(files, file_is_read_to_its_end)
{
	char buffer[64];

	memset(buffer, 'x', sizeof(buffer));
	tree_put(&tree, "file", "one\ntwo\n");
	ck_assert_int_eq(
		file_read_text(tree.path, "file", buffer, sizeof(buffer)), 8);
	ck_assert_str_eq(buffer, "one\ntwo\n");
	tree_put(&tree, "file", "");
	ck_assert_int_eq(
		file_read_text(tree.path, "file", buffer, sizeof(buffer)), 0);
	ck_assert_str_eq(buffer, "");
}

TEST(files, file_that_does_not_fit_is_refused)
{
	char text[64], *buffer;

	memset(text, 'a', sizeof(text));
	for (size_t size = 1; size < sizeof(text); size++) {
		buffer = malloc(size); /* its end is watched */
		ck_assert_ptr_nonnull(buffer);
		tree_put_bytes(&tree, "file", text, size - 1);
		ck_assert_int_eq(
			file_read_text(tree.path, "file", buffer, size),
			size - 1);
		ck_assert_uint_eq(strlen(buffer), size - 1);
		tree_put_bytes(&tree, "file", text, size);
		ck_assert_int_eq(
			file_read_text(tree.path, "file", buffer, size),
			-E2BIG);
		free(buffer);
	}
}

TEST(files, missing_file_is_said_to_be_missing)
{
	char buffer[8], long_name[5000];
	uint64_t value = NO;

	ck_assert_int_eq(
		file_read_text(tree.path, "none", buffer, sizeof(buffer)),
		-ENOENT);
	ck_assert_int_eq(
		file_read_text("/nowhere", "file", buffer, sizeof(buffer)),
		-ENOENT);
	ck_assert_int_eq(file_read_text("/", "tmp", buffer, sizeof(buffer)),
			 -EISDIR);
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	ck_assert_int_eq(
		file_read_text(tree.path, long_name, buffer, sizeof(buffer)),
		-ENAMETOOLONG);
	ck_assert_int_eq(file_read_number(tree.path, "none", &value), -ENOENT);
	ck_assert_uint_eq(value, NO);
}

static int count_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void check_file(struct procnet *files, const char *text)
{
	char buffer[64];

	ck_assert_int_eq(procnet_read(files, "file", buffer, sizeof(buffer)),
			 strlen(text));
	ck_assert_str_eq(buffer, text);
}

TEST(files, only_the_files_of_own_stay_open)
{
	struct procnet files = PROCNET(tree.path);
	int before = count_files();

	for (int own = 0; own < 2; own++)
		for (int i = 0; i < 3; i++) {
			tree_put(&tree, "file", i == 1 ? "two two\n" : "one\n");
			procnet_enter(&files, own);
			check_file(&files, i == 1 ? "two two\n" : "one\n");
			check_file(&files, i == 1 ? "two two\n" : "one\n");
			procnet_leave(&files);
			/* the directory, and the file */
			ck_assert_int_eq(count_files(), before + 2 * own);
		}
	procnet_free(&files);
	ck_assert_int_eq(count_files(), before);
}

TEST(files, file_that_is_kept_and_fails_is_opened_again)
{
	struct procnet files = PROCNET(tree.path);

	tree_put(&tree, "file", "one\n");
	procnet_enter(&files, true);
	check_file(&files, "one\n");
	ck_assert_int_ge(dup2(open("/", O_PATH | O_CLOEXEC), files.kept[0].fd),
			 0);
	check_file(&files, "one\n");
	ck_assert_int_eq(procnet_read(&files, "none", (char[8]) {0}, 8),
			 -ENOENT);
	procnet_leave(&files);
	procnet_free(&files);
}

struct pieces {
	char text[64];
	size_t n;
	unsigned n_pieces, n_parts; /* of lines that did not fit */
	int ret;
};

static int add_piece(struct token lines, void *arg)
{
	struct pieces *p = arg;

	ck_assert_uint_le(p->n + lines.n, sizeof(p->text));
	memcpy(p->text + p->n, lines.at, lines.n);
	p->n += lines.n;
	p->n_pieces++;
	p->n_parts += lines.at[lines.n - 1] != '\n';
	return p->ret;
}

static int read_pieces(size_t size, size_t most, struct pieces *p)
{
	const struct procnet files = PROCNET(tree.path);
	struct procnet_window w = {.size = size, .most = most};
	int r;

	w.buffer = malloc(size); /* its end is watched */
	ck_assert_ptr_nonnull(w.buffer);
	r = procnet_lines(&files, "file", &w, add_piece, p);
	free(w.buffer);
	return r;
}

TEST(files, file_is_read_in_pieces_of_whole_lines)
{
	static const char text[] = "one\ntwo\n\nthirteen\nfour\nend";

	tree_put(&tree, "file", text);
	for (size_t size = 1; size < 2 * sizeof(text); size++) {
		struct pieces p = {.ret = 0};

		ck_assert_int_eq(read_pieces(size, 1000, &p), 0);
		ck_assert_uint_eq(p.n, strlen(text));
		ck_assert_mem_eq(p.text, text, p.n);
		if (size >= strlen("thirteen\n"))
			ck_assert_uint_eq(p.n_parts, 1); /* the end */
		if (size > strlen(text))
			ck_assert_uint_le(p.n_pieces, 2);
	}
}

TEST(files, pieces_end_at_the_most_and_at_an_error)
{
	struct pieces p = {.ret = 0}, none = {.ret = -ENOMEM}, empty = {0};

	tree_put(&tree, "file", "one\ntwo\nthree\n");
	ck_assert_int_eq(read_pieces(6, 6, &p), 1);
	ck_assert_uint_eq(p.n, 4); /* of the next line not all was read */
	ck_assert_int_eq(read_pieces(6, 1000, &none), -ENOMEM);
	ck_assert_uint_eq(none.n_pieces, 1);
	tree_put(&tree, "file", "");
	ck_assert_int_eq(read_pieces(6, 1000, &empty), 0);
	ck_assert_uint_eq(empty.n_pieces, 0);
	tree_remove(&tree);
	ck_assert_int_eq(read_pieces(6, 1000, &empty), -ENOENT);
	tree_make(&tree);
}

static uint64_t looks;

static uint64_t count_looks(void)
{
	return ++looks;
}

static int count_piece(struct token lines, void *arg)
{
	(void)lines;
	++*(unsigned *)arg;
	return 0;
}

TEST(files, pieces_end_when_their_time_is_over)
{
	struct deadline deadline = {.now = count_looks, .end_ns = 3};
	struct procnet files = PROCNET(tree.path);
	struct procnet_window w = {.size = 4, .most = 1000000};
	char text[2001], buffer[4];
	unsigned n = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tree_put(&tree, "file", text);
	files.deadline = &deadline;
	w.buffer = buffer;
	ck_assert_int_eq(procnet_lines(&files, "file", &w, count_piece, &n),
			 -ETIME);
	ck_assert_uint_eq(looks, 3);
	ck_assert_uint_eq(n, 3 * DEADLINE_STEPS - 1);
	ck_assert_int_eq(procnet_read(&files, "file", text, sizeof(text)),
			 -ETIME);
	deadline = (struct deadline) {.now = count_looks, .end_ns = 0};
	ck_assert_int_eq(procnet_read(&files, "file", text, sizeof(text)),
			 2000);
}

TEST(files, files_are_those_of_the_namespace)
{
	struct procnet files = PROCNET("/proc/thread-self/net");
	char text[4096];

	procnet_enter(&files, true);
	ck_assert_int_gt(procnet_read(&files, "dev", text, sizeof(text)), 0);
	procnet_leave(&files);
	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "SKIP: needs root\n");
	} else {
		ck_assert_int_eq(system("ip link add pkl0 type veth"), 0);
		procnet_enter(&files, false);
		ck_assert_int_gt(
			procnet_read(&files, "dev", text, sizeof(text)), 0);
		procnet_leave(&files);
		ck_assert_ptr_nonnull(strstr(text, "pkl0:"));
		procnet_enter(&files, true); /* kept */
		ck_assert_int_gt(
			procnet_read(&files, "dev", text, sizeof(text)), 0);
		procnet_leave(&files);
		ck_assert_ptr_null(strstr(text, "pkl0:"));
	}
	procnet_free(&files);
}

TEST(files, failed_reads_leave_no_file_open)
{
	char buffer[8];
	int before = dup(0), after;

	tree_put(&tree, "file", "long enough to be refused");
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(file_read_text(tree.path, "file", buffer, 8),
				 -E2BIG);
		ck_assert_int_eq(file_read_text("/", "tmp", buffer, 8),
				 -EISDIR);
	}
	after = dup(0);
	ck_assert_int_eq(after, before + 1);
	close(before);
	close(after);
}

static const struct {
	const char *text;
	int error;
	uint64_t number;
} files[] = {
	{"12\n", 0, 12},
	{"12", 0, 12},
	{"\n", -EBADMSG, NO},
	{"", -EBADMSG, NO},
	{"12\n\n", -EBADMSG, NO},
	{"12 13\n", -EBADMSG, NO},
	{"-1\n", -EBADMSG, NO},
	{"18446744073709551615\n", 0, UINT64_MAX},
	{"18446744073709551616\n", -EBADMSG, NO},
	{"00000000000000000000000000000000000000012\n", -E2BIG, NO},
};

TEST_EACH(files, file_with_a_number_holds_nothing_else, ARRAY_SIZE(files))
{
	uint64_t value = NO;

	tree_put(&tree, "file", files[_i].text);
	ck_assert_int_eq(file_read_number(tree.path, "file", &value),
			 files[_i].error);
	ck_assert_uint_eq(value, files[_i].number);
}
