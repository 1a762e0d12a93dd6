/* SPDX-License-Identifier: MIT */
#include "base/token.h"

#include <string.h>

bool token_is(struct token t, const char *text)
{
	return strlen(text) == t.n && (!t.n || !memcmp(t.at, text, t.n));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct token token_word(struct token *line)
{
	const char *at = line->at, *end;
	struct token word;

	if (!line->n) /* at may be NULL */
		return *line;
	end = at + line->n;
	while (at < end && is_blank(*at))
		at++;
	word.at = at;
	while (at < end && !is_blank(*at))
		at++;
	word.n = at - word.at;
	*line = (struct token) {at, end - at};
	return word;
}

struct token token_line(struct token *text)
{
	struct token line = *text;
	const char *end;
	size_t taken;

	if (!text->n) /* at may be NULL */
		return line;
	end = memchr(text->at, '\n', text->n);
	if (end)
		line.n = end - text->at;
	taken = line.n + (end != NULL);
	text->at += taken;
	text->n -= taken;
	return line;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* letters of ASCII: lower case */
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

bool token_number(struct token t, unsigned base, uint64_t *ret)
{
	uint64_t value = 0;

	if (!t.n)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		unsigned digit = digit_of(t.at[i]);

		if (digit >= base ||
		    (value >> 59 && value > (UINT64_MAX - digit) / base))
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}
