/* SPDX-License-Identifier: MIT */
/* Cgroups of containers, and the files that hold their names. */
#include <errno.h>
#include <string.h>

#include "engine/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t room)
{
	if (!memchr(text, '\0', room) || !text[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container c = {.name = "0123456789abcdef"};
	char name[CONTAINER_NAME + 1];
	const char *text = (const char *)data;
	enum container_record record = size ? data[size - 1] % 4 : 0;
	int r = container_json(&c, record, text, size, name);

	if (r == 0)
		check_text(name, sizeof(name));
	else if (r != -ENOENT && r != -EBADMSG && r != -EFBIG)
		abort();
	if (container_parse(text, size, &c)) {
		check_text(c.name, sizeof(c.name));
		if (!memchr(c.inner, '\0', sizeof(c.inner)))
			abort();
	}
	if (container_unit(text, size, name))
		check_text(name, sizeof(name));
	return 0;
}
