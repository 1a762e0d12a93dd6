/* SPDX-License-Identifier: MIT */
/* Reading small files of /proc. */
#ifndef PKTLOSS_PROCNET_H
#define PKTLOSS_PROCNET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util.h"

/*
 * Reads <dir>/<name> to its end into buffer and terminates it with a NUL.
 * Returns its length, -E2BIG when size bytes do not hold it and the NUL, or
 * the negative errno of open() or read(). The file is closed again: an open
 * file below /proc/.../net keeps its namespace alive.
 */
ssize_t MUST_CHECK procnet_read(const char *dir, const char *name, char *buffer,
				size_t size);

/*
 * Parses the n bytes at text as one decimal number. False unless all of them
 * are digits and it fits.
 */
bool MUST_CHECK procnet_number(const char *text, size_t n, uint64_t *ret);

/*
 * Reads a file that holds one decimal number and a newline. Returns 0,
 * -EBADMSG when it holds something else, or as procnet_read() does.
 */
int MUST_CHECK procnet_read_number(const char *dir, const char *name,
				   uint64_t *ret);

#endif
