/* SPDX-License-Identifier: MIT */
/* A directory of one's own below /tmp, with files, as /proc and /sys have. */
#ifndef TESTS_LIB_TREE_H
#define TESTS_LIB_TREE_H

#include <stddef.h>

struct tree {
	char path[64];
};

/* Makes it, empty; the test fails where it cannot. */
void tree_make(struct tree *t);
/* Removes it and all that is in it; one that was not made is fine. */
void tree_remove(struct tree *t);

/*
 * Writes a file below it, and makes the directories on the way: "net/core/x".
 * tree_put() writes a text, tree_put_bytes() n bytes. Replaces what is there.
 */
void tree_put(const struct tree *t, const char *name, const char *text);
void tree_put_bytes(const struct tree *t, const char *name, const void *bytes,
		    size_t n);
/* Makes a directory, and those above it. */
void tree_mkdir(const struct tree *t, const char *name);

/* The path of a name below it; valid until the next call but three. */
const char *tree_path(const struct tree *t, const char *name);

#endif
