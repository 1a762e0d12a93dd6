/* SPDX-License-Identifier: MIT */
/* Built without libbpf: nothing can be looked at. */
#include "kernel/trace_source.h"

#include <errno.h>

int trace_source_open(struct trace_source **ret)
{
	*ret = NULL;
	return -ENOSYS;
}

void trace_source_close(struct trace_source *source)
{
	(void)source;
}

int trace_source_skip(struct trace_source *source, uint32_t reason)
{
	(void)source;
	(void)reason;
	return -ENOSYS;
}

int trace_source_want(struct trace_source *source, uint64_t cookie)
{
	(void)source;
	(void)cookie;
	return -ENOSYS;
}

int trace_source_begin(struct trace_source *source, uint32_t kinds)
{
	(void)source;
	(void)kinds;
	return -ENOSYS;
}

void trace_source_end(struct trace_source *source)
{
	(void)source;
}

int trace_source_take(struct trace_source *source, trace_visit visit, void *arg)
{
	(void)source;
	(void)visit;
	(void)arg;
	return -ENOSYS;
}

int trace_source_sums(struct trace_source *source, struct trace_sum **ret,
		      uint64_t *ret_unknown)
{
	(void)source;
	*ret = NULL;
	*ret_unknown = 0;
	return -ENOSYS;
}

const char *trace_source_reason_at(const struct trace_source *source, size_t i,
				   uint32_t *ret)
{
	(void)source;
	(void)i;
	*ret = 0;
	return NULL;
}

const char *trace_source_reason(const struct trace_source *source,
				uint32_t reason)
{
	(void)source;
	(void)reason;
	return "";
}

void trace_source_symbol(struct trace_source *source, uint64_t location,
			 char ret[DROPS_SYMBOL])
{
	(void)source;
	(void)location;
	ret[0] = '\0';
}
