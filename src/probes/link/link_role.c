/* SPDX-License-Identifier: MIT */
/* What an interface is, from the facts of its configuration. */
#include <string.h>

#include "probes/link/link_private.h"

bool link_is_master(const struct sample *s, const char *place)
{
	const struct object *config = link_config_of(s, place);

	return config && link_is_bonding(object_label(s, config));
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

bool link_is_virtual(const struct sample *s, const char *place)
{
	const struct object *config = link_config_of(s, place);

	return config && (!link_is_real(s, place) ||
			  object_row(s, config, &link_fact_soft));
}

/* What the parts of rx_dropped tell of it. */
static uint64_t told_by_parts(const struct sample *s, const struct object *link,
			      const struct row *whole)
{
	uint64_t n = 0;

	EACH_ROW (s, link, row)
		if (row->counter->kind == KIND_PART && row_moved(row) &&
		    !strcmp(row->counter->in, whole->counter->name))
			n += row->delta;
	return n;
}

uint64_t link_unexplained(const struct sample *s, const struct loss *loss)
{
	const struct object *config = link_config_of(s, loss->place);
	const struct link_kind *kind = link_kind_in(s, config);
	uint32_t hint = 0;
	const struct object *link =
		sample_find(s, LAYER_LINK, loss->place, "", &hint);
	const struct row *dropped =
		link ? object_tagged(s, link, TAG_RX_DROPPED) : NULL;
	uint64_t told;

	if (loss->direction == DIR_TX)
		return link_for_nobody(s, loss);
	if (loss->direction != DIR_RX || !dropped || !row_moved(dropped) ||
	    !link_is_virtual(s, loss->place) || (kind && kind->only_ip) ||
	    (!loss->far_read && link_refuses(s, loss->place)))
		return 0;
	told = told_by_parts(s, link, dropped) + loss->elsewhere + loss->echoed;
	return dropped->delta > told ? dropped->delta - told : 0;
}

/* Its losses are those of its members, and nobody knows of which. */
static bool only_repeats(const struct sample *s, const char *place)
{
	return link_is_master(s, place) &&
	       !object_row(s, link_config_of(s, place), &link_fact_members_up);
}

enum limits_kind link_limits_kind(const struct sample *s,
				  const struct loss *loss)
{
	if (only_repeats(s, loss->place) ||
	    (link_is_real(s, loss->place) && !link_has_carrier(s, loss->place)))
		return LIMITS_REPEATED;
	if (loss->lost && link_unexplained(s, loss) >= loss->lost)
		return LIMITS_UNEXPLAINED;
	return link_is_wireless(s, loss->place) ? LIMITS_WIRELESS
						: LIMITS_PLAIN;
}
