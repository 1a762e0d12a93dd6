/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow: a pointer to the items, how many there are, and for how
 * many there is room. Any struct that has the three may use it.
 */
#ifndef PKTLOSS_BASE_ARRAY_H
#define PKTLOSS_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/*
 * Makes room for wanted items of that size; most times there is room already,
 * and else for an eighth more than is wanted, so that what there are thousands
 * of wastes little. Returns false, with all as it was, when there is no memory.
 */
static inline bool MUST_CHECK array_reserve(void **items, size_t *max,
					    size_t wanted, size_t size)
{
	size_t grown = wanted + wanted / 8 + 4;
	void *p;

	if (wanted <= *max)
		return true;
	if (grown < wanted || grown > SIZE_MAX / size)
		return false;
	p = realloc(*items, grown * size);
	if (!p)
		return false;
	*items = p;
	*max = grown;
	return true;
}

/*
 * Room for one more of a's .items, which a's .n and .max tell of: the address
 * of the new item, whose bytes are not set, or NULL when there is no memory.
 *
 *   struct finding *f = ARRAY_ADD(findings);
 */
#define ARRAY_ADD(a)                                                           \
	(array_reserve((void **)&(a)->items, &(a)->max, (a)->n + 1,            \
		       sizeof(*(a)->items))                                    \
		 ? &(a)->items[(a)->n++]                                       \
		 : NULL)

#endif
