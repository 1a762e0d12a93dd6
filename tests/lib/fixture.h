/* SPDX-License-Identifier: MIT */
/* What kernels really said: the files below tests/fixtures/<kernel>. */
#ifndef TESTS_LIB_FIXTURE_H
#define TESTS_LIB_FIXTURE_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>

/*
 * The path of a file of a kernel, or with "" of its directory, wherever the
 * test runs: srcdir in the environment, else the current directory, is the
 * source tree or its tests/.
 */
void fixture_path(const char *kernel, const char *name, char path[PATH_MAX]);

/* Opens such a file; NULL: there is none. */
FILE *fixture_open(const char *kernel, const char *name);

/* Reads it whole, and a NUL behind it; to be freed. NULL: there is none. */
char *fixture_read(const char *kernel, const char *name, size_t *ret_size);

#endif
