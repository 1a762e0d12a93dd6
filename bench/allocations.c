/* SPDX-License-Identifier: MIT */
#include "allocations.h"

#include <stdlib.h>

/* glibc's own; those below take their names, for shared libraries, too. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static unsigned long n_allocations;

unsigned long allocations_counted(void)
{
	return n_allocations;
}

void *malloc(size_t size)
{
	n_allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	n_allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	n_allocations++;
	return __libc_realloc(p, size);
}
