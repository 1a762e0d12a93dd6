/* SPDX-License-Identifier: MIT */
/* Built without libbpf: there is nothing to be asked. */
#include "kernel/drop_source.h"

#include <errno.h>

int drop_source_open(struct drop_source **ret)
{
	*ret = NULL;
	return -ENOSYS;
}

void drop_source_close(struct drop_source *source)
{
	(void)source;
}

int drop_source_take(struct drop_source *source,
		     const struct drop_count **ret_counts,
		     uint64_t *ret_spilled)
{
	(void)source;
	*ret_counts = NULL;
	*ret_spilled = 0;
	return -ENOSYS;
}

const char *drop_source_reason(const struct drop_source *source,
			       uint32_t reason)
{
	(void)source;
	(void)reason;
	return "";
}

void drop_source_symbol(struct drop_source *source, uint64_t location,
			char ret[DROPS_SYMBOL])
{
	(void)source;
	(void)location;
	ret[0] = '\0';
}
