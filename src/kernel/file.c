/* SPDX-License-Identifier: MIT */
#include "kernel/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/token.h"

_Static_assert(sizeof(off_t) == 8 && sizeof(ino_t) == 8,
	       "a file may have a number that does not fit");

ssize_t file_read_fd(int fd, char *buffer, size_t size)
{
	size_t length = 0;
	unsigned tries = 0;

	while (length < size) {
		ssize_t n = pread(fd, buffer + length, size - length, length);

		if (n == 0) {
			buffer[length] = '\0';
			return length;
		}
		if (n > 0)
			length += n;
		else if (!file_tries_again(&tries))
			return call_failure();
	}
	return -E2BIG;
}

static bool is_foreign(const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != geteuid();
}

static bool others_write(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH);
}

static ssize_t read_regular(const char *path, size_t max, bool trusted,
			    char **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
						    O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*ret = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (trusted && (is_foreign(&st) || others_write(&st)))
		return -EPERM;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	*ret = calloc(1, st.st_size + FILE_SPARE);
	return *ret ? file_read_fd(fd, *ret, st.st_size + 1) : -ENOMEM;
}

ssize_t file_read(const char *path, size_t max, char **ret)
{
	return read_regular(path, max, false, ret);
}

ssize_t file_read_trusted(const char *path, size_t max, char **ret)
{
	return read_regular(path, max, true, ret);
}

/* Goes up from a directory, whose path is without links, and is cut. */
static const char *distrust_above(char path[PATH_MAX])
{
	struct stat st;
	char *slash;

	do {
		if (lstat(path[0] ? path : "/", &st) < 0)
			return NULL; /* then nor can the file be opened */
		if (is_foreign(&st))
			return "somebody else owns a directory above it";
		if (others_write(&st) && !(st.st_mode & S_ISVTX))
			return "others may write a directory above it";
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return NULL;
}

const char *file_distrust(const char *path)
{
	const char *slash = strrchr(path, '/'), *why = NULL;
	char given[PATH_MAX], real[PATH_MAX];
	int n = slash ? (int)(slash - path) + 1 : 0;
	struct stat st;

	if (snprintf(given, sizeof(given), "%.*s.", n, path) < PATH_MAX &&
	    realpath(given, real))
		why = distrust_above(real);
	if (why || lstat(path, &st) < 0)
		return why;
	if (S_ISLNK(st.st_mode))
		return "it is a link";
	if (is_foreign(&st))
		return "somebody else owns it";
	return others_write(&st) ? "others may write it" : NULL;
}

ssize_t file_read_text(const char *dir, const char *name, char *buffer,
		       size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : file_read_fd(fd, buffer, size);
}

int file_read_number(const char *dir, const char *name, uint64_t *ret)
{
	char text[32] = "";
	ssize_t n = file_read_text(dir, name, text, sizeof(text));

	if (n < 0)
		return n;
	if (n && text[n - 1] == '\n')
		n--;
	return token_number((struct token) {text, n}, 10, ret) ? 0 : -EBADMSG;
}
