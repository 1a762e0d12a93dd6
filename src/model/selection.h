/* SPDX-License-Identifier: MIT */
/*
 * Patterns and selections: collectd's ignore list semantics (an exact string,
 * or an unanchored extended regular expression between slashes).
 */
#ifndef PKTLOSS_MODEL_SELECTION_H
#define PKTLOSS_MODEL_SELECTION_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct pattern {
	char *text; /* as configured, or NULL: matches everything */
	bool is_regex;
	bool used; /* something matched it, asked by selection_wants() */
	regex_t regex;
};

/*
 * Compiles "name" or "/regex/" into *ret, to be freed with pattern_free().
 * Returns 0, -ENOMEM or -EINVAL; *ret is then empty. Refused is a regular
 * expression that does not compile, or would be found in every text without
 * saying so, and what only begins with a slash.
 */
int MUST_CHECK pattern_compile(const char *text, struct pattern *ret);
void pattern_free(struct pattern *p);
/* Says what is wrong with that as a pattern, "" if nothing is. */
void pattern_complain(const char *text, char *buffer, size_t size);
bool pattern_matches(const struct pattern *p, const char *text);

struct selection {
	struct pattern *items;
	size_t n, max;
	bool ignore;  /* the patterns name what is left out */
	bool refused; /* besides these there was one that cannot be used */
};

/* Adds a pattern. Returns as pattern_compile() does. */
int MUST_CHECK selection_add(struct selection *s, const char *text);
void selection_free(struct selection *s);
/*
 * Whether text is wanted. An empty selection, or NULL, wants everything, unless
 * a pattern was refused: that is one which nothing matches.
 */
bool selection_wants(const struct selection *s, const char *text);

/* Whether a pattern matches: false for an empty selection, or NULL. */
bool selection_names(const struct selection *s, const char *text);

#endif
