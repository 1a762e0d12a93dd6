/* SPDX-License-Identifier: MIT */
/* The alarm file: what is written comes back, what is damaged does not. */
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "report/alarm_file.h"
#include "testlib.h"

static char path[64];
static struct alarm_file alarms;

static void setup(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/pktloss-alarms-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	alarms = (struct alarm_file) {.n = 0};
}

static void teardown(void)
{
	unlink(path);
	alarm_file_free(&alarms);
}

static const struct saved_alarm examples[] = {
	{"", "", LAYER_TCP, DIR_LISTEN, SEVERITY_WARNING, TOLD_UNKNOWN, 0},
	{"nginx", "eth0", LAYER_LINK, DIR_RX, SEVERITY_FAILURE, TOLD_OTHERS,
	 0x12345},
	{"a-name.of_47_bytes_0123456789012345678901234567", "=odd;$()@name",
	 LAYER_QDISC, DIR_TX, SEVERITY_WARNING, TOLD_OTHERS, UINT32_MAX},
	{"x", "123456789012345", LAYER_CONNTRACK, DIR_NONE, SEVERITY_FAILURE,
	 TOLD_POLICY, 7},
};

/* Writes a file of which everything fits. */
static void save(void)
{
	size_t left = 7;

	ck_assert_int_eq(alarm_file_write(path, &alarms, &left), 0);
	ck_assert_uint_eq(left, 0);
}

static void write_examples(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		ck_assert_int_eq(alarm_file_add(&alarms, &examples[i]), 0);
	save();
}

/* All of the file, to be freed. */
static char *contents(size_t *n)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char *text = calloc(1, 4096);

	ck_assert(f && text);
	*n = fread(text, 1, 4095, f);
	return text;
}

CASE(file, .setup = setup, .teardown = teardown);

TEST(file, what_is_written_comes_back)
{
	struct alarm_file back;

	write_examples();
	ck_assert_int_eq(alarm_file_read(path, &back), 0);
	ck_assert_uint_eq(back.n, ARRAY_SIZE(examples));
	for (size_t i = 0; i < back.n; i++) {
		ck_assert_str_eq(back.items[i].namespace,
				 examples[i].namespace);
		ck_assert_str_eq(back.items[i].place, examples[i].place);
		ck_assert_uint_eq(back.items[i].layer, examples[i].layer);
		ck_assert_uint_eq(back.items[i].direction,
				  examples[i].direction);
		ck_assert_uint_eq(back.items[i].state, examples[i].state);
		ck_assert_uint_eq(back.items[i].part, examples[i].part);
		ck_assert_uint_eq(back.items[i].cause, examples[i].cause);
	}
	alarm_file_free(&back);
}

TEST(file, no_alarm_is_a_file_too)
{
	struct alarm_file back;

	save();
	ck_assert_int_eq(alarm_file_read(path, &back), 0);
	ck_assert_uint_eq(back.n, 0);
}

TEST(file, nobody_else_may_read_or_finds_the_half)
{
	struct stat st;
	char new[80];

	write_examples();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	snprintf(new, sizeof(new), "%s.new", path);
	ck_assert_int_eq(access(new, F_OK), -1);
}

TEST(file, any_byte_changed_is_noticed)
{
	_cleanup_free_ char *text = NULL;
	struct alarm_file back;
	size_t n;

	write_examples();
	text = contents(&n);
	for (size_t i = 0; i < n; i++) {
		text[i] ^= 1;
		ck_assert_int_eq(alarm_file_parse(text, n, &back), -EBADMSG);
		ck_assert_ptr_null(back.items);
		text[i] ^= 1;
	}
	ck_assert_int_eq(alarm_file_parse(text, n, &back), 0);
	alarm_file_free(&back);
}

TEST(file, any_cut_is_noticed)
{
	_cleanup_free_ char *text = NULL;
	struct alarm_file back;
	size_t n;

	write_examples();
	text = contents(&n);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(alarm_file_parse(text, i, &back), -EBADMSG);
}

/* Whole, with the right hash, but not what is ever written. */
static const char *const strange[] = {
	"OKAY link rx =eth0 =nginx\n",
	"FAILURE link up =eth0 =nginx\n",
	"FAILURE link rx eth0 =nginx\n",
	"FAILURE link rx =eth0\n",
	"FAILURE link rx =eth0 =nginx more\n",
	"FAILURE link rx =eth0 =nginx others\n",
	"FAILURE link rx =eth0 =nginx more 00012345\n",
	"FAILURE link rx =eth0 =nginx others 12345\n",
	"FAILURE link rx =eth0 =nginx others 0001234g\n",
	"FAILURE link rx =eth0 =nginx others 00012345 more\n",
	"FAILURE link rx =1234567890123456 =nginx\n",
	"FAILURE link rx =eth0 =\033[31mEVIL\033[m\n",
	"FAILURE link rx =eth0 =$(id)\n",
	"WARNING ip rx = =123456789012345678901234567890123456789012345678\n",
	"\n",
	"FAILURE link rx =eth0 =nginx\nFAILURE\n",
};

TEST_EACH(file, strange_lines_are_refused, ARRAY_SIZE(strange))
{
	char text[512];
	struct alarm_file back;
	int n;

	n = snprintf(text, sizeof(text), "pktloss alarms 1\n%s", strange[_i]);
	n += snprintf(text + n, sizeof(text) - n, "end %016llx\n",
		      (unsigned long long)hash_bytes(HASH_START, text, n));
	ck_assert_int_eq(alarm_file_parse(text, n, &back), -EBADMSG);
	ck_assert_ptr_null(back.items);
}

/* A file of a collectd that did not note what it told. */
TEST(file, old_file_is_read)
{
	char text[512];
	struct alarm_file back;
	int n = snprintf(text, sizeof(text), "pktloss alarms 1\n%s",
			 "FAILURE link rx =eth0 =nginx\n");

	n += snprintf(text + n, sizeof(text) - n, "end %016llx\n",
		      (unsigned long long)hash_bytes(HASH_START, text, n));
	ck_assert_int_eq(alarm_file_parse(text, n, &back), 0);
	ck_assert_uint_eq(back.n, 1);
	ck_assert_uint_eq(back.items[0].state, SEVERITY_FAILURE);
	ck_assert_uint_eq(back.items[0].part, TOLD_UNKNOWN);
	ck_assert_uint_eq(back.items[0].cause, 0);
	alarm_file_free(&back);
}

TEST(file, errors_are_told)
{
	struct alarm_file back;
	size_t left;

	ck_assert_int_eq(alarm_file_read("/nonexistent/alarms", &back),
			 -ENOENT);
	ck_assert_int_eq(alarm_file_read("/tmp", &back), -EINVAL);
	ck_assert_int_eq(
		alarm_file_write("/nonexistent/alarms", &alarms, &left),
		-ENOENT);
	ck_assert_int_eq(alarm_file_write("/tmp", &alarms, &left), -EINVAL);
	ck_assert_int_eq(access("/tmp.new", F_OK), -1);
}

/* What stands in the place of an alarm file, and must be left there. */
static void check_untouched(mode_t type)
{
	struct alarm_file back;
	struct stat st;
	size_t left;

	ck_assert_int_eq(alarm_file_read(path, &back), -EINVAL);
	ck_assert_ptr_null(back.items);
	ck_assert_int_eq(alarm_file_write(path, &alarms, &left), -EINVAL);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & S_IFMT, type);
}

TEST(file, only_a_regular_file_is_read_or_replaced)
{
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	check_untouched(S_IFIFO);
	unlink(path);
	ck_assert_int_eq(symlink("/dev/zero", path), 0);
	check_untouched(S_IFLNK);
}

/* Whoever put it there meanwhile: a directory may be everybody's. */
TEST(file, what_others_may_write_is_not_read)
{
	struct alarm_file f = {.n = 0}, back;
	size_t left;

	ck_assert_int_eq(alarm_file_write(path, &f, &left), 0);
	ck_assert_int_eq(chmod(path, 0660), 0);
	ck_assert_int_eq(alarm_file_read(path, &back), -EPERM);
	ck_assert_uint_eq(back.n, 0);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(alarm_file_read(path, &back), 0);
	if (geteuid())
		return;
	ck_assert_int_eq(chown(path, 65534, -1), 0);
	ck_assert_int_eq(alarm_file_read(path, &back), -EPERM);
}

CASE(device, .setup = setup, .teardown = teardown, .lacks = lacks_root);

TEST(device, device_is_not_overwritten)
{
	unlink(path);
	ck_assert_int_eq(mknod(path, S_IFCHR | 0600, makedev(1, 5)), 0);
	check_untouched(S_IFCHR);
}

/* What is written can be read again, however much there is. */
TEST(file, as_many_as_fit_are_kept)
{
	struct alarm_file back;
	struct stat st;
	size_t left;

	while (alarms.n < 20000)
		ck_assert_int_eq(alarm_file_add(&alarms, &examples[2]), 0);
	ck_assert_int_eq(alarm_file_write(path, &alarms, &left), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_size, (1 << 20) - 512);
	ck_assert_int_eq(alarm_file_read(path, &back), 0);
	ck_assert_uint_gt(left, 0);
	ck_assert_uint_eq(back.n + left, 20000);
	alarm_file_free(&back);
}

static bool disk_fails;
static unsigned n_synced;

/* In place of the C library's: the new file must not have a name yet. */
int fsync(int fd)
{
	struct stat st, now;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	ck_assert_int_eq(stat(path, &now), 0);
	ck_assert_uint_ne(st.st_ino, now.st_ino);
	n_synced++;
	errno = EIO;
	return disk_fails ? -1 : 0;
}

TEST(file, new_file_is_on_the_disk_before_the_old_one_goes)
{
	_cleanup_free_ char *before = NULL, *after = NULL;
	size_t n, m, left;

	write_examples();
	ck_assert_uint_eq(n_synced, 1);
	before = contents(&n);
	disk_fails = true;
	ck_assert_int_eq(alarm_file_add(&alarms, &examples[0]), 0);
	ck_assert_int_eq(alarm_file_write(path, &alarms, &left), -EIO);
	after = contents(&m);
	ck_assert_uint_eq(n, m);
	ck_assert_mem_eq(before, after, n);
}
