/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

void text_make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

bool text_is_plain(const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789_.-";

	/* one that begins with a dash is an option */
	return *name != '-' && !name[strspn(name, plain)];
}

bool text_is_among(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(text, *list))
			return true;
	return false;
}
