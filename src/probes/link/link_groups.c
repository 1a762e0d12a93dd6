/* SPDX-License-Identifier: MIT */
/*
 * Multicast and broadcast that a device has nobody to hand to. A host sends
 * mDNS, MLD reports and the like by each of its interfaces: an overlay that is
 * told of each far end sends none of them on, by design, and of a tap without
 * a VM nobody expects it. Both count them as dropped. A device does not say for
 * whom its frames were, but IP counts what it sent to groups and to all, of all
 * interfaces: of what was dropped, that many may be such ones. More is a loss.
 */
#include <string.h>

#include "probes/link/link_private.h"

bool link_is_unopened(const struct sample *s, const struct object *config)
{
	const struct link_kind *kind = link_kind_in(s, config);

	return kind && !strcmp(kind->name, "tun") &&
	       object_value(s, config, &link_fact_up, 1) &&
	       !object_value(s, config, &link_fact_carrier, 1);
}

bool link_has_far_ends(const struct sample *s, const struct object *config)
{
	const struct link_kind *kind = link_kind_in(s, config);

	return kind && kind->below == BELOW_ROUTE && !kind->only_ip &&
	       !object_row(s, config, &link_fact_remote);
}

/* What IP sent to groups and to all, and what a bridge had for its port. */
static uint64_t count_for_many(const struct sample *s,
			       const struct object *config)
{
	return sample_growth(s, LAYER_IP, TAG_OUT_MCAST_PKTS, false) +
	       sample_growth(s, LAYER_IP, TAG_OUT_MCAST_PKTS, true) +
	       sample_growth(s, LAYER_IP, TAG_OUT_BCAST_PKTS, false) +
	       link_flooded(s, config);
}

uint64_t link_for_nobody(const struct sample *s, const struct loss *loss)
{
	const struct object *config = link_config_of(s, loss->place);
	/* of these no packet is asked for twice */
	uint64_t told = loss->elsewhere + loss->echoed;

	if (loss->direction != DIR_TX ||
	    (!link_is_unopened(s, config) && !link_has_far_ends(s, config)))
		return 0;
	return less_by(smaller_of(sample_moved(s, LAYER_LINK, loss->place,
					       TAG_TX_DROPPED),
				  count_for_many(s, config)),
		       told);
}
