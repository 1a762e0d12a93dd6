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
/* NAN is null. */
void json_put_real(struct json *j, const char *key, double value);
void json_put_bool(struct json *j, const char *key, bool value);
void json_put_null(struct json *j, const char *key);
/* "notes": what could not be read, or is not there. */
void json_put_notes(struct json *j, char *const *notes, size_t n);

#endif
