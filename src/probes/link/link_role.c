/* SPDX-License-Identifier: MIT */
/* What an interface is, from the facts of its configuration. */
#include <string.h>

#include "probes/link/link.h"

static const struct object *config_of(const struct sample *s, const char *place)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_LINK, place, LINK_CONFIG, &hint);
}

bool link_is_master(const struct sample *s, const char *place)
{
	const struct object *config = config_of(s, place);
	const char *kind = config ? object_label(s, config) : "";

	return !strcmp(kind, "bond") || !strcmp(kind, "team");
}

bool link_is_wireless(const struct sample *s, const char *place)
{
	return object_value(s, config_of(s, place), &link_fact_wireless, 0);
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

	return object_value(s, config, &link_fact_up, 1) &&
	       object_value(s, config, &link_fact_carrier, 1);
}

static bool is_port(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK &&
	       object_value(s, o, &link_fact_port_of, LINK_OF_OTHER) ==
		       LINK_OF_BRIDGE;
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
	uint64_t bridge = object_value(s, port, &link_fact_master, 0);
	const struct object *o = s->objects;

	while (o < port && (!is_port(s, o) ||
			    object_value(s, o, &link_fact_master, 0) != bridge))
		o++;
	return o;
}

static void describe(const struct sample *s, const struct object *larger,
		     const struct object *smaller, struct link_mismatch *ret)
{
	*ret = (struct link_mismatch) {
		.bridge = name_of(
			s, object_value(s, larger, &link_fact_master, 0)),
		.larger = object_place(s, larger),
		.smaller = object_place(s, smaller),
		.larger_mtu = object_value(s, larger, &link_fact_mtu, 0),
		.smaller_mtu = object_value(s, smaller, &link_fact_mtu, 0),
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
		mtu = object_value(s, a, &link_fact_mtu, 0);
		other = object_value(s, b, &link_fact_mtu, 0);
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

enum limits_kind link_limits_kind(const struct sample *s,
				  const struct loss *loss)
{
	if (link_is_master(s, loss->place) ||
	    (link_is_real(s, loss->place) && !link_has_carrier(s, loss->place)))
		return LIMITS_REPEATED;
	return link_is_wireless(s, loss->place) ? LIMITS_WIRELESS
						: LIMITS_PLAIN;
}
