/* SPDX-License-Identifier: MIT */
#include "program/summary_json.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/text.h"

static void put_text(yajl_gen g, const char *text)
{
	char copy[REMEDY_TEXT];

	format_text(copy, sizeof(copy), "%s", text);
	text_make_printable(copy);
	yajl_gen_string(g, (const unsigned char *)copy, strlen(copy));
}

static void put_pair(yajl_gen g, const char *key, const char *text)
{
	put_text(g, key);
	put_text(g, text);
}

/* yajl's integers are signed. */
static void put_count(yajl_gen g, const char *key, uint64_t n)
{
	char digits[24];
	int length =
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	put_text(g, key);
	yajl_gen_number(g, digits, length);
}

/* JSON knows no NAN. */
static void put_real(yajl_gen g, const char *key, double value)
{
	char digits[32];
	int length = snprintf(digits, sizeof(digits), "%.6g", value);

	put_text(g, key);
	if (isnan(value))
		yajl_gen_null(g);
	else
		yajl_gen_number(g, digits, length);
}

static void put_bool(yajl_gen g, const char *key, bool value)
{
	put_text(g, key);
	yajl_gen_bool(g, value);
}

static void put_cause(yajl_gen g, const struct way *way,
		      const struct cause *cause)
{
	char remedy[REMEDY_TEXT], reason[COUNTER_OPTION];

	cause_name(cause, reason);
	remedy_print(cause->remedy, way, remedy, sizeof(remedy));
	put_pair(g, "counter", cause_counter(cause));
	put_pair(g, "reason", reason);
	put_pair(g, "cause", cause->text);
	put_pair(g, "remedy", remedy);
}

static void put_causes(yajl_gen g, const struct way *way,
		       const struct causes *causes)
{
	put_cause(g, way, &causes->items[0]);
	put_text(g, "causes");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < causes->n; i++) {
		yajl_gen_map_open(g);
		put_cause(g, way, &causes->items[i]);
		put_count(g, "lost", causes->items[i].lost);
		yajl_gen_map_close(g);
	}
	yajl_gen_array_close(g);
}

static void put_finding(yajl_gen g, const struct way *way,
			const struct finding *finding)
{
	yajl_gen_map_open(g);
	put_pair(g, "layer", layer_name(finding->layer));
	put_pair(g, "place", finding->place);
	put_pair(g, "direction", direction_name(finding->direction));
	put_pair(g, "class", class_name(finding->class));
	put_count(g, "lost", finding->lost);
	put_count(g, "total", finding->total);
	put_real(g, "percent", finding->percent);
	put_bool(g, "at_least", finding->at_least);
	put_causes(g, way, &finding->causes);
	put_text(g, "symptom_of");
	if (finding->below < 0)
		yajl_gen_null(g);
	else
		yajl_gen_integer(g, finding->below);
	yajl_gen_map_close(g);
}

static void put_namespace(yajl_gen g, const struct summary_ns *ns)
{
	yajl_gen_map_open(g);
	put_pair(g, "name", ns->name);
	put_text(g, "see");
	if (ns->see)
		put_text(g, ns->see->name);
	else
		yajl_gen_null(g);
	put_text(g, "findings");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < ns->findings.n; i++)
		put_finding(g, &ns->way, &ns->findings.items[i]);
	yajl_gen_array_close(g);
	yajl_gen_map_close(g);
}

static void put_all(yajl_gen g, const struct summary *l)
{
	yajl_gen_map_open(g);
	put_count(g, "time", l->time_ns / 1000000000);
	put_real(g, "interval", l->seconds);
	put_bool(g, "since_boot", isnan(l->seconds));
	put_text(g, "namespaces");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < l->n; i++)
		put_namespace(g, &l->items[i]);
	yajl_gen_array_close(g);
	put_text(g, "notes");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < l->n_notes; i++)
		put_text(g, l->notes[i]);
	yajl_gen_array_close(g);
	yajl_gen_map_close(g);
}

int summary_json_print(FILE *out, const struct summary *l)
{
	yajl_gen g = yajl_gen_alloc(NULL);
	const unsigned char *text;
	size_t n;

	if (!g)
		return -ENOMEM;
	put_all(g, l);
	if (yajl_gen_get_buf(g, &text, &n) == yajl_gen_status_ok)
		fwrite(text, 1, n, out);
	fputc('\n', out);
	yajl_gen_free(g);
	return 0;
}
