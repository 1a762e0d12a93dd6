/* SPDX-License-Identifier: MIT */
#include "program/summary_json.h"

#include <errno.h>
#include <math.h>

#include "program/json.h"

static void put_cause(yajl_gen g, const struct way *way,
		      const struct cause *cause)
{
	char remedy[REMEDY_TEXT], reason[COUNTER_OPTION];

	cause_name(cause, reason);
	remedy_print(cause->remedy, way, remedy, sizeof(remedy));
	json_put_pair(g, "counter", cause_counter(cause));
	json_put_pair(g, "reason", reason);
	json_put_pair(g, "cause", cause->text);
	json_put_pair(g, "remedy", remedy);
}

static void put_causes(yajl_gen g, const struct way *way,
		       const struct causes *causes)
{
	put_cause(g, way, &causes->items[0]);
	json_put_text(g, "causes");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < causes->n; i++) {
		yajl_gen_map_open(g);
		put_cause(g, way, &causes->items[i]);
		json_put_count(g, "lost", causes->items[i].lost);
		yajl_gen_map_close(g);
	}
	yajl_gen_array_close(g);
}

static void put_finding(yajl_gen g, const struct way *way,
			const struct finding *finding)
{
	yajl_gen_map_open(g);
	json_put_pair(g, "layer", layer_name(finding->layer));
	json_put_pair(g, "place", finding->place);
	json_put_pair(g, "direction", direction_name(finding->direction));
	json_put_pair(g, "class", class_name(finding->class));
	json_put_count(g, "lost", finding->lost);
	json_put_count(g, "total", finding->total);
	json_put_real(g, "percent", finding->percent);
	json_put_bool(g, "at_least", finding->at_least);
	put_causes(g, way, &finding->causes);
	json_put_text(g, "symptom_of");
	if (finding->below < 0)
		yajl_gen_null(g);
	else
		yajl_gen_integer(g, finding->below);
	yajl_gen_map_close(g);
}

static void put_namespace(yajl_gen g, const struct summary_ns *ns)
{
	yajl_gen_map_open(g);
	json_put_pair(g, "name", ns->name);
	json_put_text(g, "see");
	if (ns->see)
		json_put_text(g, ns->see->name);
	else
		yajl_gen_null(g);
	json_put_text(g, "findings");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < ns->findings.n; i++)
		put_finding(g, &ns->way, &ns->findings.items[i]);
	yajl_gen_array_close(g);
	yajl_gen_map_close(g);
}

static void put_all(yajl_gen g, const struct summary *l)
{
	yajl_gen_map_open(g);
	json_put_count(g, "time", l->time_ns / 1000000000);
	json_put_real(g, "interval", l->seconds);
	json_put_bool(g, "since_boot", isnan(l->seconds));
	json_put_bool(g, "drop_reasons", l->drop_reasons);
	json_put_text(g, "namespaces");
	yajl_gen_array_open(g);
	for (size_t i = 0; i < l->n; i++)
		put_namespace(g, &l->items[i]);
	yajl_gen_array_close(g);
	json_put_notes(g, l->notes, l->n_notes);
	yajl_gen_map_close(g);
}

int summary_json_print(FILE *out, const struct summary *l)
{
	yajl_gen g = yajl_gen_alloc(NULL);

	if (!g)
		return -ENOMEM;
	put_all(g, l);
	json_print(out, g);
	return 0;
}
