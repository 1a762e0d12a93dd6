/* SPDX-License-Identifier: MIT */
/* What an interface is, from the facts of its configuration. */
#include <string.h>

#include "probes/link/link_private.h"

bool link_is_master(const struct sample *s, const char *place)
{
	const struct object *config = link_config_of(s, place);
	const char *kind = config ? object_label(s, config) : "";

	return !strcmp(kind, "bond") || !strcmp(kind, "team");
}

bool link_is_wireless(const struct sample *s, const char *place)
{
	return object_value(s, link_config_of(s, place), &link_fact_wireless,
			    0);
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
	const struct object *config = link_config_of(s, place);

	return object_value(s, config, &link_fact_up, 1) &&
	       object_value(s, config, &link_fact_carrier, 1);
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
