/* SPDX-License-Identifier: MIT */
/* Which rows of the tables are read, and what they are called. */
#include "probes/catalogue.h"

#include <string.h>

#include "probes/link/link.h"
#include "model/selection.h"

/* As a Counter option names it. */
static void optional_name(const struct counter *c, char buffer[96])
{
	snprintf(buffer, 96, "%s-%s", layer_name(c->layer), c->name);
}

bool counter_wanted(const struct probe_env *env, const struct counter *c)
{
	char name[96];

	if (!c->optional)
		return true;
	if (!env->counters || !env->counters->n)
		return false;
	optional_name(c, name);
	return selection_names(env->counters, name);
}

static bool matches_any(const struct pattern *p, const struct counter *rows,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[96];

		optional_name(&rows[i], name);
		if (rows[i].optional && pattern_matches(p, name))
			return true;
	}
	return false;
}

bool matches_counter(const struct pattern *p)
{
	for (size_t i = 0; i < n_probes; i++)
		if (matches_any(p, probes[i]->counters,
				probes[i]->n_counters) ||
		    matches_any(p, probes[i]->optional, probes[i]->n_optional))
			return true;
	return false;
}

bool matches_layer(const struct pattern *p)
{
	for (int i = 0; i < N_LAYERS; i++)
		if (pattern_matches(p, layer_name(i)))
			return true;
	return false;
}

/* Without a default, so that the compiler misses a new kind. */
const char *kind_words(enum kind kind)
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

bool is_series(const struct counter *c)
{
	return c->type && c->kind != KIND_FACT && c->kind != KIND_DETAIL;
}

void counter_pattern(const struct counter *c, const char *name, char *buffer,
		     size_t size)
{
	bool has_objects = c->layer == LAYER_QDISC ||
			   c->layer == LAYER_NETFILTER ||
			   c->layer == LAYER_SOCKET;
	/* the one such object of links */
	bool is_carrier = c->section && !strcmp(c->section, LINK_CARRIER);

	format_text(buffer, size, "%s%s%s%s", has_objects ? "<name>" : "",
		    has_objects && name[0] ? "_" : "",
		    is_carrier ? LINK_CARRIER "_" : "", name);
}
