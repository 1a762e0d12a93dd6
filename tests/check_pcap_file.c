/* SPDX-License-Identifier: MIT */
/* Where the packets of a trace are written. A test that waits fails. */
#include "trace/pcap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "lib/test.h"
#include "lib/tree.h"
#include "trace/pcap.h"

#define PACKET 100

static struct tree tree;
static FILE *file;

static void setup(void)
{
	tree_make(&tree);
	signal(SIGPIPE, SIG_IGN); /* as the program does */
	alarm(60);		  /* what waits for a reader waits for ever */
}

static void teardown(void)
{
	tree_remove(&tree);
}

CASE(pcap_file, .setup = setup, .teardown = teardown);

/* Makes a pipe and returns its end that is read, which does not wait. */
static int make_pipe(const char *path)
{
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool write_one(void)
{
	const uint8_t packet[PACKET] = {0};

	errno = 0;
	return fwrite(packet, 1, sizeof(packet), file) == sizeof(packet);
}

static size_t read_all(int fd)
{
	char bytes[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		all += n;
	return all;
}

static void check_file(const char *path, unsigned packets)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_size, PCAP_HEADER + packets * PACKET);
}

TEST(pcap_file, new_one_is_its_owners_alone)
{
	const char *path = tree_path(&tree, "lost.pcap");

	umask(0);
	ck_assert_int_eq(pcap_file_open(path, &file), 0);
	ck_assert(write_one());
	ck_assert_int_eq(pcap_file_close(file), 0);
	check_file(path, 1);
}

TEST(pcap_file, one_of_before_is_emptied_and_its_owners_alone)
{
	const char *path = tree_path(&tree, "lost.pcap");
	const char before[1000] = {0};

	tree_put_bytes(&tree, "lost.pcap", before, sizeof(before));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(pcap_file_open(path, &file), 0);
	ck_assert_int_eq(pcap_file_close(file), 0);
	check_file(path, 0);
}

/* Its owner could read it. */
TEST(pcap_file, one_of_another_user_is_left_as_it_is)
{
	const char *path = tree_path(&tree, "theirs");
	struct stat st;

	tree_put(&tree, "theirs", "text");
	if (geteuid() || chown(path, 65534, -1) < 0 || chmod(path, 0644) < 0)
		return; /* ours is in the test above */
	ck_assert_int_eq(pcap_file_open(path, &file), -EOPNOTSUPP);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_uint_eq(st.st_size, 4);
}

TEST(pcap_file, what_cannot_be_opened_has_its_error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(pcap_file_open(tree_path(&tree, "no/x"), &file),
			 -ENOENT);
	ck_assert_int_eq(pcap_file_open(tree.path, &file), -EISDIR);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 tree_path(&tree, "socket"));
	ck_assert_int_eq(bind(fd, (void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(pcap_file_open(address.sun_path, &file), -ENXIO);
	close(fd);
}

TEST(pcap_file, full_disk_is_told_at_the_end)
{
	ck_assert_int_eq(pcap_file_open("/dev/full", &file), 0);
	ck_assert_int_eq(pcap_file_close(file), -ENOSPC);
}

TEST(pcap_file, pipe_that_nobody_reads_is_told_at_once)
{
	const char *path = tree_path(&tree, "pipe");

	close(make_pipe(path));
	ck_assert_int_eq(pcap_file_open(path, &file), -EPIPE);
}

TEST(pcap_file, pipe_has_each_packet_as_it_comes)
{
	const char *path = tree_path(&tree, "pipe");
	int fd = make_pipe(path);

	ck_assert_int_eq(pcap_file_open(path, &file), 0);
	ck_assert_uint_eq(read_all(fd), PCAP_HEADER);
	ck_assert(write_one());
	ck_assert_uint_eq(read_all(fd), PACKET);
	ck_assert_int_eq(pcap_file_close(file), 0);
	close(fd);
}

TEST(pcap_file, full_pipe_has_whole_packets)
{
	const char *path = tree_path(&tree, "pipe");
	int fd = make_pipe(path);
	unsigned n = 0;

	ck_assert_int_eq(pcap_file_open(path, &file), 0);
	while (write_one())
		n++;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(read_all(fd), PCAP_HEADER + n * PACKET);
	ck_assert_int_lt(pcap_file_close(file), 0);
	close(fd);
}

/* Who reads it is given the time that the kernel's own room gives us. */
TEST(pcap_file, pipe_has_room_for_one_look)
{
	const char *path = tree_path(&tree, "pipe");
	int fd = make_pipe(path), size;

	ck_assert_int_eq(pcap_file_open(path, &file), 0);
	size = fcntl(fd, F_GETPIPE_SZ);
	ck_assert_int_eq(pcap_file_close(file), 0);
	ck_assert(size >= TRACE_RING ||
		  fcntl(fd, F_SETPIPE_SZ, TRACE_RING) < 0);
	close(fd);
}

TEST(pcap_file, pipe_that_is_full_already_is_told_at_once)
{
	const char *path = tree_path(&tree, "pipe"), bytes[PIPE_BUF] = {0};
	int fd = make_pipe(path);
	int other = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	fcntl(fd, F_SETPIPE_SZ, TRACE_RING);
	while (write(other, bytes, sizeof(bytes)) > 0)
		;
	ck_assert_int_eq(pcap_file_open(path, &file), -EAGAIN);
	close(other);
	close(fd);
}

TEST(pcap_file, reader_that_leaves_is_told)
{
	const char *path = tree_path(&tree, "pipe");
	int fd = make_pipe(path);

	ck_assert_int_eq(pcap_file_open(path, &file), 0);
	ck_assert(write_one());
	close(fd);
	ck_assert(!write_one());
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_lt(pcap_file_close(file), 0);
}
