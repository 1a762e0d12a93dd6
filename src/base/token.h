/* SPDX-License-Identifier: MIT */
/* Words, lines and numbers of a text, without copying it. Pure. */
#ifndef PKTLOSS_BASE_TOKEN_H
#define PKTLOSS_BASE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/* A stretch of text that is not terminated; at may be NULL where n is 0. */
struct token {
	const char *at;
	size_t n;
};

bool token_is(struct token t, const char *text);
/* Takes the next word off the front of line; n is 0 at its end. */
struct token token_word(struct token *line);
/* Takes the next line off the front of text, without its newline. */
struct token token_line(struct token *text);
/*
 * Parses a token as one number in base 10 or 16. False unless all of it is
 * digits and fits.
 */
bool MUST_CHECK token_number(struct token t, unsigned base, uint64_t *ret);

#endif
