/* SPDX-License-Identifier: MIT */
#include "probes/catalogue.h"

#include <string.h>

#include "model/selection.h"

/* Whether it may be for one of the objects of a row that has no name itself. */
static bool names_object(const struct pattern *p, const struct counter *c,
			 const char *option)
{
	return !c->name[0] && !p->is_regex &&
	       !strncmp(p->text, option, strlen(option));
}

static bool has_match(const struct pattern *p,
		      const struct counter_table *table, uint32_t layers)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct counter *c = &table->rows[i];
		char name[COUNTER_OPTION];

		counter_option(c, name);
		if (c->optional && layers & 1u << c->layer &&
		    (pattern_matches(p, name) || names_object(p, c, name)))
			return true;
	}
	return false;
}

bool catalogue_has_counter(const struct pattern *p, uint32_t layers)
{
	for (size_t i = 0; i < n_probes; i++)
		if (has_match(p, probes[i]->counters, layers))
			return true;
	return false;
}

/* Without a default, so that the compiler misses a new kind. */
const char *catalogue_kind(enum kind kind)
{
	switch (kind) {
	case KIND_LOST:
		return "lost";
	case KIND_RESENT:
		return "sent again";
	case KIND_PART:
		return "part of";
	case KIND_ECHO:
		return "echo";
	case KIND_BENIGN:
		return "benign";
	case KIND_UNCLAIMED:
		return "unexplained";
	case KIND_SYMPTOM:
		return "symptom";
	case KIND_OVERLOAD:
		return "overload";
	case KIND_GAP:
		return "gap";
	case KIND_PASSED:
		return "traffic";
	case KIND_BYTES:
		return "bytes";
	case KIND_LEVEL:
		return "level";
	case KIND_FILL:
		return "fill level";
	case KIND_FACT:
	case KIND_DETAIL:
		break;
	}
	return "not sent";
}

void catalogue_cause(const struct counter *c, char id[COUNTER_OPTION])
{
	snprintf(id, COUNTER_OPTION, "%s-%s", layer_name(c->layer),
		 c->name[0] ? c->name : "drops");
}

bool catalogue_is_series(const struct counter *c)
{
	return c->type && c->kind != KIND_FACT && c->kind != KIND_DETAIL;
}

void catalogue_series(const struct probe *p, const struct counter *c,
		      const char *name, char *buffer, size_t size)
{
	const char *object = p->names_objects ? "<name>" : c->object;

	if (!object)
		object = "";
	format_text(buffer, size, "%s%s%s", object,
		    object[0] && name[0] ? "_" : "", name);
}
