/* SPDX-License-Identifier: MIT */
#include "lib/tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tree_make(struct tree *t)
{
	snprintf(t->path, sizeof(t->path), "/tmp/pktloss-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(t->path));
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_all(const char *path)
{
	ck_assert_int_eq(
		nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT),
		0);
}

void tree_remove(struct tree *t)
{
	if (t->path[0])
		remove_all(t->path);
	t->path[0] = '\0';
}

const char *tree_path(const struct tree *t, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", t->path, name);
	return path;
}

/* Makes what stands before each slash of a name. */
static void make_parents(const struct tree *t, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", tree_path(t, name));
	for (char *slash = path + strlen(t->path) + 1;
	     (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	}
}

void tree_mkdir(const struct tree *t, const char *name)
{
	make_parents(t, name);
	ck_assert(mkdir(tree_path(t, name), 0700) == 0 || errno == EEXIST);
}

void tree_put_bytes(const struct tree *t, const char *name, const void *bytes,
		    size_t n)
{
	FILE *f;

	make_parents(t, name);
	f = fopen(tree_path(t, name), "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

void tree_put(const struct tree *t, const char *name, const char *text)
{
	tree_put_bytes(t, name, text, strlen(text));
}

void tree_link(const struct tree *t, const char *name, const char *target)
{
	make_parents(t, name);
	ck_assert(unlink(tree_path(t, name)) == 0 || errno == ENOENT);
	ck_assert_int_eq(symlink(target, tree_path(t, name)), 0);
}

void tree_drop(const struct tree *t, const char *name)
{
	remove_all(tree_path(t, name));
}

void tree_make_old(const struct tree *t, const char *name)
{
	static const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	ck_assert_int_eq(utimensat(AT_FDCWD, tree_path(t, name), old, 0), 0);
}
