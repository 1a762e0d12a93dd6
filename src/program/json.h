/* SPDX-License-Identifier: MIT */
/* Values of JSON, of texts that may be anything. */
#ifndef PKTLOSS_PROGRAM_JSON_H
#define PKTLOSS_PROGRAM_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <yajl/yajl_gen.h>

/* A text or a key, made printable; one that is too long is cut. */
void json_put_text(yajl_gen g, const char *text);
/* A key with its value. */
void json_put_pair(yajl_gen g, const char *key, const char *text);
void json_put_count(yajl_gen g, const char *key, uint64_t n);
void json_put_real(yajl_gen g, const char *key, double value); /* NAN: null */
void json_put_bool(yajl_gen g, const char *key, bool value);
void json_put_null(yajl_gen g, const char *key);
/* "notes": what could not be read, or is not there. */
void json_put_notes(yajl_gen g, char *const *notes, size_t n);

/* Writes what was put, as one line, and frees it. */
void json_print(FILE *out, yajl_gen g);

#endif
