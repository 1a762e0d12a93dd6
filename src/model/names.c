/* SPDX-License-Identifier: MIT */
#include "model/names.h"

#include <ctype.h>
#include <string.h>

#define SUFFIX 9 /* '_' and 8 digits */

static bool is_clean(unsigned char c, bool at_an_end)
{
	if (c == '.' || c == '-')
		return !at_an_end;
	return c < 0x80 && (isalnum(c) || c == '_');
}

bool name_clean(char *buffer, size_t max, const char *raw, bool unique)
{
	size_t length = strlen(raw);
	size_t n = length;

	unique |= length > max;
	if (unique && n > max - SUFFIX)
		n = max - SUFFIX;
	for (size_t i = 0; i < n; i++) {
		bool at_an_end = i == 0 || i + 1 == length;

		buffer[i] = is_clean(raw[i], at_an_end) ? raw[i] : '_';
	}
	if (!n)
		buffer[n++] = '_';
	buffer[n] = '\0';
	if (unique)
		snprintf(buffer + n, SUFFIX + 1, "_%08x",
			 (unsigned)hash_bytes(HASH_START, raw, length));
	return strcmp(buffer, raw) != 0;
}

void name_place(char buffer[NAME_PART + 1], const char *interface,
		const char *namespace, bool unique)
{
	char part[NAME_INTERFACE + 1] = "all";

	if (interface[0])
		name_clean(part, NAME_INTERFACE, interface, unique);
	snprintf(buffer, NAME_PART + 1, "%s%s%.*s", part,
		 namespace[0] ? "@" : "", NAME_NAMESPACE, namespace);
}

void name_instance(char buffer[NAME_PART + 1], enum layer layer,
		   const char *object, const char *counter, bool unique)
{
	char raw[512];
	int n;

	n = snprintf(buffer, NAME_PART + 1, "%s-", layer_name(layer));
	snprintf(raw, sizeof(raw), "%s%s%s", object,
		 object[0] && counter[0] ? "_" : "", counter);
	name_clean(buffer + n, NAME_PART - n, raw, unique);
}
