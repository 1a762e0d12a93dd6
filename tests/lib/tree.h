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
/* Makes a symbolic link, and what is above it; replaces a file or a link. */
void tree_link(const struct tree *t, const char *name, const char *target);
/* Removes a file, or a directory and all that is in it; it has to be there. */
void tree_drop(const struct tree *t, const char *name);
/* Dates what is there back to 1970, so that it seems not to change. */
void tree_make_old(const struct tree *t, const char *name);

/* The path of a name below it; valid until the next call but three. */
const char *tree_path(const struct tree *t, const char *name);

#endif
