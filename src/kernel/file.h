/* SPDX-License-Identifier: MIT */
/* Reading files, also those that somebody else may have put there. */
#ifndef PKTLOSS_KERNEL_FILE_H
#define PKTLOSS_KERNEL_FILE_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/util.h"

static inline void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define _cleanup_closedir_ __attribute__((cleanup(cleanup_closedir)))

/* zeros after the text of a file, for parsers that look further */
#define FILE_SPARE 16

/*
 * So often a call is tried again that a signal interrupts (EINTR), or messages
 * of strangers: whatever goes on for ever is no reason to hang.
 */
#define FILE_TRIES 1000

/*
 * Why a call failed that is about no path. That there is no such thing is what
 * the kernel says of paths, and in its answers: whatever could not be asked is
 * not absent.
 */
static inline int call_failure(void)
{
	return errno == ENOENT || errno == EOPNOTSUPP ? -EIO : -errno;
}

/* Whether a call that failed is to be tried again; counts that, from 0. */
static inline bool file_tries_again(unsigned *tries)
{
	return errno == EINTR && ++*tries < FILE_TRIES;
}

/*
 * Reads a regular file of at most max bytes; *ret is to be freed. Nothing that
 * could make the caller wait is opened: no pipe, no device. Returns the length,
 * -EINVAL for what is no regular file (a link is none), -EFBIG, -E2BIG when it
 * grew meanwhile, -ENOMEM, or the negative errno of open() or read().
 */
ssize_t MUST_CHECK file_read(const char *path, size_t max, char **ret);

/*
 * The same, but -EPERM where others than root and the user we run as own the
 * file or may write it: it may not be the one that file_distrust() looked at.
 */
ssize_t MUST_CHECK file_read_trusted(const char *path, size_t max, char **ret);

/*
 * Why a file must not be believed: others than root and the user we run as own
 * it or may write it, or may put another one in its place, by way of any
 * directory above it. That one is sticky is enough: there nobody replaces what
 * is not theirs. Returns NULL where it may be used; where there is none, that
 * is of its directories. A link in its place is never followed.
 */
const char *file_distrust(const char *path);

/*
 * Reads an open file from its beginning, whatever was read of it before, to
 * its end, and terminates it with a NUL. Returns its length, -E2BIG when size
 * bytes do not hold it and the NUL, or the negative errno of read().
 */
ssize_t MUST_CHECK file_read_fd(int fd, char *buffer, size_t size);

/*
 * Reads <dir>/<name>, a small file of /proc or /sys. Returns as file_read_fd()
 * does, or the negative errno of open().
 */
ssize_t MUST_CHECK file_read_text(const char *dir, const char *name,
				  char *buffer, size_t size);

/*
 * Reads one that holds one decimal number and a newline. Returns 0, -EBADMSG
 * when it holds something else, or as file_read_text() does.
 */
int MUST_CHECK file_read_number(const char *dir, const char *name,
				uint64_t *ret);

#endif
