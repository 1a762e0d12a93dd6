/* SPDX-License-Identifier: MIT */
/* Cleanup attributes and the few macros every file wants; nothing else. */
#ifndef PKTLOSS_BASE_UTIL_H
#define PKTLOSS_BASE_UTIL_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* A file that cleanup_close() leaves open, as somebody else has it now. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))
#define _cleanup_fclose_ __attribute__((cleanup(cleanup_fclose)))

/* snprintf() for texts that may be cut: whoever reads them is a person. */
__attribute__((format(printf, 3, 4))) static inline void format_text(
	char *buffer, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(buffer, size, format, args);
	va_end(args);
}

/* from less n, but never below 0. */
static inline uint64_t less_by(uint64_t from, uint64_t n)
{
	return from > n ? from - n : 0;
}

static inline uint64_t smaller_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Whoever loads firewall rules sets their counters, so that sums and
 * differences may be anything: what would leave the range stays at its end.
 */
static inline int64_t add_bounded(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b < 0 ? INT64_MIN : INT64_MAX;
}

/* Adds n so many times, few of them, or takes it away. */
static inline void add_times(int64_t *sum, int times, uint64_t n)
{
	int64_t once = (int64_t)smaller_of(n, INT64_MAX / 16);

	*sum = add_bounded(*sum, times * once);
}

/* FNV-1a: identities and name suffixes, not a defence against an attacker. */
#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n--)
		hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
