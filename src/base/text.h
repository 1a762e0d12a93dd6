/* SPDX-License-Identifier: MIT */
/* Texts that somebody else made up: fit for a screen, fit for a shell. Pure. */
#ifndef PKTLOSS_BASE_TEXT_H
#define PKTLOSS_BASE_TEXT_H

#include <stdbool.h>

/*
 * Puts '?' for all that is not printable ASCII: what came from a rule or an
 * interface name may be anything.
 */
void text_make_printable(char *text);

/*
 * Whether a name may be part of a command: whoever owns a namespace chooses
 * the names in it, and remedies are pasted into shells. A name that is not
 * plain has no remedy; "" is plain.
 */
bool text_is_plain(const char *name);

/* Whether a list that ends with NULL has that text. */
bool text_is_among(const char *text, const char *const *list);

#endif
