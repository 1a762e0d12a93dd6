/* SPDX-License-Identifier: MIT */
#include "program/json.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "model/remedy.h"

void json_put_text(yajl_gen g, const char *text)
{
	char copy[REMEDY_TEXT];

	format_text(copy, sizeof(copy), "%s", text);
	text_make_printable(copy);
	yajl_gen_string(g, (const unsigned char *)copy, strlen(copy));
}

void json_put_pair(yajl_gen g, const char *key, const char *text)
{
	json_put_text(g, key);
	json_put_text(g, text);
}

/* yajl's integers are signed. */
void json_put_count(yajl_gen g, const char *key, uint64_t n)
{
	char digits[24];
	int length =
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	json_put_text(g, key);
	yajl_gen_number(g, digits, length);
}

/* JSON knows no NAN. */
void json_put_real(yajl_gen g, const char *key, double value)
{
	char digits[32];
	int length = snprintf(digits, sizeof(digits), "%.6g", value);

	json_put_text(g, key);
	if (isnan(value))
		yajl_gen_null(g);
	else
		yajl_gen_number(g, digits, length);
}

void json_put_bool(yajl_gen g, const char *key, bool value)
{
	json_put_text(g, key);
	yajl_gen_bool(g, value);
}

void json_put_null(yajl_gen g, const char *key)
{
	json_put_text(g, key);
	yajl_gen_null(g);
}

void json_put_notes(yajl_gen g, char *const *notes, size_t n)
{
	json_put_text(g, "notes");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < n; i++)
		json_put_text(g, notes[i]);
	yajl_gen_array_close(g);
}

void json_print(FILE *out, yajl_gen g)
{
	const unsigned char *text;
	size_t n;

	if (yajl_gen_get_buf(g, &text, &n) == yajl_gen_status_ok)
		fwrite(text, 1, n, out);
	fputc('\n', out);
	yajl_gen_free(g);
}
