/* SPDX-License-Identifier: MIT */
/* Namespaces that were asked for by name and are not there. */
#ifndef PKTLOSS_PROGRAM_WANTED_H
#define PKTLOSS_PROGRAM_WANTED_H

#include "model/settings.h"
#include "program/summary.h"

/* How many of the patterns of s->namespaces no namespace of the list fits. */
size_t wanted_missing(const struct settings *s, const struct ns_list *list);

/*
 * Adds a note for each of those, with the names that are near it: looks for all
 * that there are, on a thread that is in its own namespace. Returns 0 or
 * -ENOMEM.
 */
int MUST_CHECK wanted_note(struct summary *l, const struct settings *s,
			   const struct ns_list *list);

/*
 * How many letters one has to add, drop or replace to make b of a; what is too
 * long for that counts as far. Pure.
 */
unsigned wanted_distance(const char *a, const char *b);

#endif
