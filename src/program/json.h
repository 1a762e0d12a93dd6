/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON, of texts that may be anything, as it is put: no memory is
 * needed that could be missing in the middle of a document.
 */
#ifndef PKTLOSS_PROGRAM_JSON_H
#define PKTLOSS_PROGRAM_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What each document says of itself. Keys may be added within a version; what
 * is there keeps its name, type and meaning: docs/json.md.
 */
#define JSON_VERSION 1

struct json {
	FILE *out;
	bool follows; /* a value stands before, in the same object or array */
};

/*
 * A value has a key in an object, and NULL in an array or where it is all.
 * Opens an object, '{', or an array, '['; closes it with '}' or ']'.
 */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/* A text, made printable; one that is too long is cut. */
void json_put_text(struct json *j, const char *key, const char *text);
/* null where the text is "". */
void json_put_known(struct json *j, const char *key, const char *text);
void json_put_count(struct json *j, const char *key, uint64_t n);
/* null where it is 0, which stands for what is not known. */
void json_put_number(struct json *j, const char *key, uint64_t n);
/* NAN is null. */
void json_put_real(struct json *j, const char *key, double value);
void json_put_bool(struct json *j, const char *key, bool value);
void json_put_null(struct json *j, const char *key);
/* '{' of the whole, with its version; and '}' with the end of the line. */
void json_begin(struct json *j);
void json_end(struct json *j);
/* "notes": what could not be read, or is not there. */
void json_put_notes(struct json *j, char *const *notes, size_t n);

#endif
