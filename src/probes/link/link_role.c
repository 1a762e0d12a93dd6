/* SPDX-License-Identifier: MIT */
/* What an interface is, from the facts of its configuration. */
#include <string.h>

#include "probes/link/link.h"

static const struct object *config_of(const struct sample *s, const char *place)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_LINK, place, LINK_CONFIG, &hint);
}

/* A fact of a configuration, or what stands for one that is not there. */
static uint64_t fact(const struct sample *s, const struct object *config,
		     const struct counter *counter, uint64_t otherwise)
{
	const struct row *row = config ? object_row(s, config, counter) : NULL;

	return row ? row->value : otherwise;
}

bool link_is_master(const struct sample *s, const char *place)
{
	const struct object *config = config_of(s, place);
	const char *kind = config ? object_label(s, config) : "";

	return !strcmp(kind, "bond") || !strcmp(kind, "team");
}

bool link_is_wireless(const struct sample *s, const char *place)
{
	return fact(s, config_of(s, place), &link_fact_wireless, 0);
}

bool link_is_real(const struct sample *s, const char *place)
{
	uint32_t hint = 0;
	const struct object *link =
		sample_find(s, LAYER_LINK, place, "", &hint);

	return link && link->main;
}

bool link_has_carrier(const struct sample *s, const char *place)
{
	const struct object *config = config_of(s, place);

	return fact(s, config, &link_fact_up, 1) &&
	       fact(s, config, &link_fact_carrier, 1);
}

static bool is_port(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK &&
	       fact(s, o, &link_fact_port_of, LINK_OF_OTHER) == LINK_OF_BRIDGE;
}

/* The name of the interface of that index, or "?". */
static const char *name_of(const struct sample *s, uint64_t ifindex)
{
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *o = &s->objects[i];

		if (o->layer == LAYER_LINK && o->identity == ifindex)
			return object_place(s, o);
	}
	return "?";
}

/* The first port of the bridge that a port belongs to: maybe itself. */
static const struct object *first_port(const struct sample *s,
				       const struct object *port)
{
	uint64_t bridge = fact(s, port, &link_fact_master, 0);
	const struct object *o = s->objects;

	while (o < port &&
	       (!is_port(s, o) || fact(s, o, &link_fact_master, 0) != bridge))
		o++;
	return o;
}

static void describe(const struct sample *s, const struct object *larger,
		     const struct object *smaller, struct link_mismatch *ret)
{
	*ret = (struct link_mismatch) {
		.bridge = name_of(s, fact(s, larger, &link_fact_master, 0)),
		.larger = object_place(s, larger),
		.smaller = object_place(s, smaller),
		.larger_mtu = fact(s, larger, &link_fact_mtu, 0),
		.smaller_mtu = fact(s, smaller, &link_fact_mtu, 0),
	};
}

bool link_find_mismatch(const struct sample *s, struct link_mismatch *ret)
{
	for (uint32_t i = 0; i < s->n_objects; i++) {
		const struct object *a = &s->objects[i], *b;
		uint64_t mtu, other;

		if (!is_port(s, a))
			continue;
		b = first_port(s, a);
		mtu = fact(s, a, &link_fact_mtu, 0);
		other = fact(s, b, &link_fact_mtu, 0);
		if (mtu == other)
			continue;
		if (mtu > other)
			describe(s, a, b, ret);
		else
			describe(s, b, a, ret);
		return true;
	}
	return false;
}
