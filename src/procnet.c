/* SPDX-License-Identifier: MIT */
#include "procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

static int open_below(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t procnet_read(const char *dir, const char *name, char *buffer,
		     size_t size)
{
	_cleanup_close_ int fd = open_below(dir, name);
	size_t length = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t n = read(fd, buffer + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		length += n;
		if (length == size)
			return -E2BIG;
		if (n == 0)
			break;
	}
	buffer[length] = '\0';
	return length;
}

bool procnet_number(const char *text, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	if (!n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned char)text[i] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

int procnet_read_number(const char *dir, const char *name, uint64_t *ret)
{
	char text[32];
	ssize_t n = procnet_read(dir, name, text, sizeof(text));

	if (n < 0)
		return n;
	if (n && text[n - 1] == '\n')
		n--;
	return procnet_number(text, n, ret) ? 0 : -EBADMSG;
}
