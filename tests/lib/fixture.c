/* SPDX-License-Identifier: MIT */
#include "lib/fixture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"

/* What a program of 32 bits is told of iptables is of another layout. */
static bool path_of_32_bits(const char *top, const char *kernel,
			    const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/tests/fixtures/%s/32/%s", top, kernel,
		 name);
	return sizeof(void *) == 4 && *name && access(path, R_OK) == 0;
}

void fixture_path(const char *kernel, const char *name, char path[PATH_MAX])
{
	const char *srcdir = getenv("srcdir");
	const char *top = srcdir ? srcdir : ".";

	if (path_of_32_bits(top, kernel, name, path))
		return;
	snprintf(path, PATH_MAX, "%s/tests/fixtures/%s/%s", top, kernel, name);
	if (access(path, R_OK) < 0)
		snprintf(path, PATH_MAX, "%s/fixtures/%s/%s", top, kernel,
			 name);
}

FILE *fixture_open(const char *kernel, const char *name)
{
	char path[PATH_MAX];

	fixture_path(kernel, name, path);
	return fopen(path, "re");
}

char *fixture_read(const char *kernel, const char *name, size_t *ret_size)
{
	_cleanup_fclose_ FILE *f = fixture_open(kernel, name);
	char *bytes = NULL;
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		return NULL;
	rewind(f);
	bytes = calloc(1, (size_t)size + 1);
	if (bytes && fread(bytes, 1, (size_t)size, f) != (size_t)size) {
		free(bytes);
		return NULL;
	}
	*ret_size = (size_t)size;
	return bytes;
}
