/* SPDX-License-Identifier: MIT */
/* Reading files that somebody else may have put there. */
#ifndef PKTLOSS_KERNEL_FILE_H
#define PKTLOSS_KERNEL_FILE_H

#include <sys/types.h>

#include "base/util.h"

/* zeros after the text of a file: yajl once looked past an escape */
#define FILE_SPARE 16

/*
 * Reads a regular file of at most max bytes; *ret is to be freed. Nothing that
 * could make the caller wait is opened: no pipe, no device. Returns the length,
 * -EINVAL for what is no regular file (a link is none), -EFBIG, -ENOMEM, or the
 * negative errno of open() or read().
 */
ssize_t MUST_CHECK file_read(const char *path, size_t max, char **ret);

/*
 * Reads an open file from its beginning, whatever was read of it before, to
 * its end or until size bytes are full. Returns how many, or negative errno.
 */
ssize_t MUST_CHECK file_read_fd(int fd, char *buffer, size_t size);

#endif
