/* SPDX-License-Identifier: MIT */
/*
 * Remedies as they are read: what stands in backquotes in them is a command,
 * and says where it is to be run, so that it may be pasted. Pure.
 */
#ifndef PKTLOSS_MODEL_REMEDY_H
#define PKTLOSS_MODEL_REMEDY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/token.h"

#define WAY_PREFIX 160
/* Bytes of a remedy whose commands have prefixes; longer ones are left out. */
#define REMEDY_TEXT 1024

/* How commands get into a network namespace. */
struct way {
	char prefix[WAY_PREFIX]; /* "ip netns exec web ", "": it is there */
	bool other;		 /* than that in which the remedies are read */
	bool none; /* it has no name that may be part of a command */
};

/*
 * Takes the next command off the front of a text; n is 0 at its end. A
 * backquote without another one is none.
 */
struct token remedy_command(const char **text);

/*
 * Whether a command is of the whole host, and not of a namespace: it is marked
 * as such by "host:", which is cut off, or it names a setting that other
 * namespaces do not have.
 */
bool remedy_is_of_host(struct token *command);

/*
 * Writes a remedy with its commands as they are to be run, in single quotes; an
 * only one that ends the text needs none. Writes "" where there is no way to
 * run them, or no room.
 */
void remedy_print(const char *remedy, const struct way *way, char *buffer,
		  size_t size);

#endif
