/* SPDX-License-Identifier: MIT */
/* Namespaces of a test's own: for .lacks of a case, see test.h. */
#ifndef TESTS_LIB_NS_H
#define TESTS_LIB_NS_H

/* Returns why there can be none, or NULL: the program runs as root. */
const char *lacks_root(void);

/*
 * Moves the program, and all that it starts, to where /run is empty: names of
 * namespaces made there meet no others, and end with it. Returns NULL, or why
 * that is not allowed.
 */
const char *lacks_own_run(void);

#endif
