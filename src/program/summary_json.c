/* SPDX-License-Identifier: MIT */
#include "program/summary_json.h"

#include <math.h>

#include "program/json.h"

static void put_cause(struct json *j, const struct way *way,
		      const struct cause *cause)
{
	char remedy[REMEDY_TEXT], reason[COUNTER_OPTION];

	cause_name(cause, reason);
	remedy_print(cause->remedy, way, remedy, sizeof(remedy));
	json_put_known(j, "counter", cause_counter(cause));
	json_put_known(j, "reason", reason);
	json_put_text(j, "cause", cause->text);
	json_put_known(j, "remedy", remedy);
}

static void put_causes(struct json *j, const struct way *way,
		       const struct causes *causes)
{
	put_cause(j, way, &causes->items[0]);
	json_open(j, "causes", '[');
	for (size_t i = 0; i < causes->n; i++) {
		json_open(j, NULL, '{');
		put_cause(j, way, &causes->items[i]);
		json_put_count(j, "lost", causes->items[i].lost);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_finding(struct json *j, const struct way *way,
			const struct finding *finding)
{
	json_open(j, NULL, '{');
	json_put_text(j, "layer", layer_name(finding->layer));
	json_put_known(j, "place", finding->place);
	json_put_text(j, "direction", direction_name(finding->direction));
	json_put_text(j, "class", class_name(finding->class));
	json_put_count(j, "lost", finding->lost);
	json_put_number(j, "total", finding->total);
	json_put_real(j, "percent", finding->percent);
	json_put_bool(j, "at_least", finding->at_least);
	put_causes(j, way, &finding->causes);
	if (finding->below < 0)
		json_put_null(j, "symptom_of");
	else
		json_put_count(j, "symptom_of", finding->below);
	json_close(j, '}');
}

static void put_namespace(struct json *j, const struct summary_ns *ns)
{
	json_open(j, NULL, '{');
	json_put_text(j, "name", ns->name);
	json_put_number(j, "pid", ns->resident.pid);
	json_put_number(j, "inode", ns->inode);
	json_put_known(j, "container", ns->resident.container);
	json_put_bool(j, "ended", ns->ended);
	if (ns->see)
		json_put_text(j, "see", ns->see->name);
	else
		json_put_null(j, "see");
	json_open(j, "findings", '[');
	for (size_t i = 0; i < ns->findings.n; i++)
		put_finding(j, &ns->way, &ns->findings.items[i]);
	json_close(j, ']');
	json_close(j, '}');
}

void summary_json_print(FILE *out, const struct summary *l)
{
	struct json j = {.out = out};

	json_begin(&j);
	json_put_count(&j, "time", l->time_ns / 1000000000);
	json_put_real(&j, "interval", l->seconds);
	json_put_bool(&j, "since_boot", isnan(l->seconds));
	json_put_bool(&j, "drop_reasons", l->drop_reasons);
	json_open(&j, "namespaces", '[');
	for (size_t i = 0; i < l->n; i++)
		put_namespace(&j, &l->items[i]);
	json_close(&j, ']');
	json_put_notes(&j, l->notes, l->n_notes);
	json_end(&j);
}
