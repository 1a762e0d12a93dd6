/* SPDX-License-Identifier: MIT */
#include "program/summary_csv.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

void summary_csv_print_head(FILE *out)
{
	fprintf(out, "time,interval,namespace,layer,place,direction,class,"
		     "passed,lost,percent,reason,cause\n");
}

/* A comma and a text behind it. */
static void put_field(FILE *out, const char *text)
{
	char copy[sizeof(((struct cause *)0)->text)];

	format_text(copy, sizeof(copy), "%s", text);
	text_make_printable(copy);
	if (!strpbrk(copy, "\",")) {
		fprintf(out, ",%s", copy);
		return;
	}
	fprintf(out, ",\"");
	for (const char *c = copy; *c; c++)
		fprintf(out, "%s%c", *c == '"' ? "\"" : "", *c);
	putc('"', out);
}

/* Likewise, empty where it is not known. */
static void put_real(FILE *out, double number)
{
	if (isnan(number))
		putc(',', out);
	else
		fprintf(out, ",%.6g", number);
}

static void put_count(FILE *out, uint64_t n)
{
	fprintf(out, ",%llu", (unsigned long long)n);
}

static void print_csv_row(FILE *out, const struct summary *l,
			  const char *namespace, const struct finding *f)
{
	const struct cause *cause = &f->causes.items[0];
	char reason[COUNTER_OPTION];

	fprintf(out, "%llu", (unsigned long long)(l->time_ns / 1000000000));
	put_real(out, l->seconds);
	put_field(out, namespace);
	put_field(out, layer_name(f->layer));
	put_field(out, f->place);
	put_field(out, direction_name(f->direction));
	put_field(out, class_name(f->class));
	if (f->total)
		put_count(out, f->total > f->lost ? f->total - f->lost : 0);
	else
		put_field(out, "");
	put_count(out, f->lost);
	put_real(out, f->percent);
	cause_name(cause, reason);
	put_field(out, reason);
	put_field(out, cause->text);
	putc('\n', out);
}

void summary_csv_print(FILE *out, const struct summary *l, bool verbose)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct summary_ns *ns = &l->items[i];

		for (size_t j = 0; j < ns->findings.n; j++)
			if (verbose || finding_is_row(&ns->findings.items[j]))
				print_csv_row(out, l, ns->name,
					      &ns->findings.items[j]);
	}
}
