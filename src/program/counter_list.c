/* SPDX-License-Identifier: MIT */
#include "program/counter_list.h"

#include "probes/catalogue.h"

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
