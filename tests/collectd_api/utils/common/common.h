/* SPDX-License-Identifier: MIT */
/* See README.md. Its functions stand in functions.h. */
#ifndef RECORDED_COMMON_H
#define RECORDED_COMMON_H

#include "plugin.h"

#define STATIC_ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define sfree(p)                                                               \
	do {                                                                   \
		free(p);                                                       \
		(p) = NULL;                                                    \
	} while (0)

#endif
