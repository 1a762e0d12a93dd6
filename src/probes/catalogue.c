/* SPDX-License-Identifier: MIT */
#include "probes/catalogue.h"

#include <string.h>

#include "probes/link/link.h"
#include "model/selection.h"

static bool matches_any(const struct pattern *p, const struct counter *rows,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[COUNTER_OPTION];

		counter_option(&rows[i], name);
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

void counter_pattern(const struct probe *p, const struct counter *c,
		     const char *name, char *buffer, size_t size)
{
	bool has_objects = p->names_objects;
	/* the one such object of links */
	bool is_carrier = c->tag == TAG_CARRIER_CHANGES;

	format_text(buffer, size, "%s%s%s%s", has_objects ? "<name>" : "",
		    has_objects && name[0] ? "_" : "",
		    is_carrier ? LINK_CARRIER "_" : "", name);
}
