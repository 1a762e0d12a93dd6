/* SPDX-License-Identifier: MIT */
/*
 * What fuzz targets share: the input taken apart, files of a kernel that holds
 * what is in it, and samples made of it. Whatever must not be aborts.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>

#include "base/token.h"
#include "kernel/netlink.h"
#include "model/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool condition)
{
	if (!condition)
		abort();
}

/* What a parser may return: it read all, or understood nothing. */
static inline void require_parsed(int r)
{
	require(r == 0 || r == -EBADMSG);
}

/* What is left of the input. Behind its end there are zeroes. */
struct fuzz {
	const uint8_t *at;
	size_t n;
};

uint8_t fuzz_byte(struct fuzz *f);
/* A small one, any one, or one close to a power of two. */
uint64_t fuzz_number(struct fuzz *f);
/* What stands before the next NUL, which is passed over. */
struct token fuzz_piece(struct fuzz *f);
/* The same, cut to the buffer, as a string. */
void fuzz_string(struct fuzz *f, char *buffer, size_t size);

/* To be freed; it ends where it ends, so that a byte more is found. */
void *fuzz_copy(const void *bytes, size_t n);

/* Hands each message in the input to row, as a socket would. */
void fuzz_messages(const uint8_t *data, size_t size, netlink_row row,
		   void *arg);

/*
 * From now on each file below /proc/net and /proc/sys that is read holds the
 * next piece of f, whatever it is called; an empty piece: there is none.
 */
void fuzz_files(struct fuzz *f);

/*
 * Appends objects with counters of any probes, as far as the input goes; the
 * same input makes the same objects with other values, if values differ. None
 * is of the probe that is excepted.
 */
void fuzz_sample(struct fuzz *objects, struct fuzz *values,
		 const struct probe *except, struct sample *out);

/* Rules and chains that were found have to be put into words as well. */
void fuzz_describe(const struct sample *s);

/* Printable ASCII of less than size bytes. */
void require_text(const char *text, size_t size);

#endif
