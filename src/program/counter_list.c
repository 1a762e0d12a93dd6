/* SPDX-License-Identifier: MIT */
#include "program/counter_list.h"

#include "probes/catalogue.h"
#include "program/json.h"

static void print_counter(FILE *out, const struct style *style,
			  const struct probe *p, const struct counter *c)
{
	char name[96], whole[96] = "";
	bool part = c->kind == KIND_PART;

	catalogue_series(p, c, c->name, name, sizeof(name));
	if (part && c->in[0])
		catalogue_series(p, c, c->in, whole, sizeof(whole));
	fprintf(out, "%s-%s-%s  (%s%s%s%s%s%s)\n", c->type,
		layer_name(c->layer), name, catalogue_kind(c->kind),
		part ? " " : "",
		part ? (whole[0] ? whole : "its parent's") : "",
		c->direction == DIR_NONE ? "" : ", ",
		c->direction == DIR_NONE ? "" : direction_name(c->direction),
		c->optional ? ", optional" : "");
	fprintf(out, "    ");
	summary_text_wrap(out, style, 4, 4, c->means);
}

void counter_list_print(FILE *out, const struct style *style)
{
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = probes[i];

		fprintf(out, "%s%s: %s (from %s)\n\n", i ? "\n" : "", p->name,
			p->what, p->reads);
		for (size_t j = 0; j < p->counters->n; j++)
			if (catalogue_is_series(&p->counters->rows[j]))
				print_counter(out, style, p,
					      &p->counters->rows[j]);
	}
}

static void put_series(struct json *j, const struct probe *p,
		       const struct counter *c)
{
	char name[96], series[160];

	catalogue_series(p, c, c->name, name, sizeof(name));
	format_text(series, sizeof(series), "%s-%s-%s", c->type,
		    layer_name(c->layer), name);
	json_put_text(j, "series", series);
}

static void put_counter(struct json *j, const struct probe *p,
			const struct counter *c)
{
	json_open(j, NULL, '{');
	put_series(j, p, c);
	json_put_text(j, "layer", layer_name(c->layer));
	json_put_known(j, "counter", c->name);
	json_put_text(j, "counts", catalogue_kind(c->kind));
	json_put_known(j, "counted_in", c->in ? c->in : "");
	json_put_text(j, "direction", direction_name(c->direction));
	json_put_bool(j, "optional", c->optional);
	json_put_text(j, "means", c->means);
	json_put_known(j, "cause", c->cause ? c->cause : "");
	json_put_known(j, "remedy", c->remedy ? c->remedy : "");
	json_put_text(j, "reads", p->reads);
	json_close(j, '}');
}

void counter_list_print_json(FILE *out)
{
	struct json j = {.out = out};

	json_begin(&j);
	json_open(&j, "counters", '[');
	for (size_t i = 0; i < n_probes; i++)
		for (size_t k = 0; k < probes[i]->counters->n; k++)
			if (catalogue_is_series(&probes[i]->counters->rows[k]))
				put_counter(&j, probes[i],
					    &probes[i]->counters->rows[k]);
	json_close(&j, ']');
	json_end(&j);
}
