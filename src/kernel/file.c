/* SPDX-License-Identifier: MIT */
#include "kernel/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/token.h"

ssize_t file_read_fd(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = pread(fd, buffer + length, size - length, length);

		if (n == 0) {
			buffer[length] = '\0';
			return length;
		}
		if (n > 0)
			length += n;
		else if (errno != EINTR)
			return -errno;
	}
	return -E2BIG;
}

ssize_t file_read(const char *path, size_t max, char **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
						    O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*ret = NULL;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ELOOP ? -EINVAL : -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	*ret = calloc(1, st.st_size + FILE_SPARE);
	return *ret ? file_read_fd(fd, *ret, st.st_size + 1) : -ENOMEM;
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
	char text[32];
	ssize_t n = file_read_text(dir, name, text, sizeof(text));

	if (n < 0)
		return n;
	if (n && text[n - 1] == '\n')
		n--;
	return token_number((struct token) {text, n}, 10, ret) ? 0 : -EBADMSG;
}
