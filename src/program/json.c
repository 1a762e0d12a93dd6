/* SPDX-License-Identifier: MIT */
#include "program/json.h"

#include <math.h>

#include "base/text.h"
#include "model/remedy.h"

/* What is printable needs no more than this. */
static void write_text(FILE *out, const char *text)
{
	char copy[REMEDY_TEXT];

	format_text(copy, sizeof(copy), "%s", text);
	text_make_printable(copy);
	putc('"', out);
	for (const char *c = copy; *c; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', out);
		putc(*c, out);
	}
	putc('"', out);
}

/* What stands before a value. */
static void begin_value(struct json *j, const char *key)
{
	if (j->follows)
		putc(',', j->out);
	j->follows = true;
	if (!key)
		return;
	write_text(j->out, key);
	putc(':', j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin_value(j, key);
	putc(bracket, j->out);
	j->follows = false;
}

void json_close(struct json *j, char bracket)
{
	putc(bracket, j->out);
	j->follows = true;
}

void json_put_text(struct json *j, const char *key, const char *text)
{
	begin_value(j, key);
	write_text(j->out, text);
}

void json_put_known(struct json *j, const char *key, const char *text)
{
	if (text[0])
		json_put_text(j, key, text);
	else
		json_put_null(j, key);
}

void json_put_count(struct json *j, const char *key, uint64_t n)
{
	begin_value(j, key);
	fprintf(j->out, "%llu", (unsigned long long)n);
}

void json_put_number(struct json *j, const char *key, uint64_t n)
{
	if (n)
		json_put_count(j, key, n);
	else
		json_put_null(j, key);
}

void json_put_real(struct json *j, const char *key, double value)
{
	begin_value(j, key);
	if (isfinite(value))
		fprintf(j->out, "%.6g", value);
	else
		fputs("null", j->out);
}

void json_put_bool(struct json *j, const char *key, bool value)
{
	begin_value(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_put_null(struct json *j, const char *key)
{
	begin_value(j, key);
	fputs("null", j->out);
}

void json_begin(struct json *j)
{
	json_open(j, NULL, '{');
	json_put_count(j, "version", JSON_VERSION);
}

void json_end(struct json *j)
{
	json_close(j, '}');
	putc('\n', j->out);
}

void json_put_notes(struct json *j, char *const *notes, size_t n)
{
	json_open(j, "notes", '[');
	for (size_t i = 0; i < n; i++)
		json_put_text(j, NULL, notes[i]);
	json_close(j, ']');
}
