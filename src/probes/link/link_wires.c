/* SPDX-License-Identifier: MIT */
/* The two ends of a veth, from the facts of both. */
#include "probes/link/link.h"

/* Whether config is the far end of the veth that mine describes. */
static bool is_peer(const struct sample *s, const struct object *config,
		    const struct sample *my, const struct object *mine)
{
	uint64_t index = object_value(my, mine, &link_fact_peer_index, 0);

	return index && config->identity == index &&
	       object_value(s, config, &link_fact_peer_index, 0) ==
		       mine->identity &&
	       object_value(s, config, &link_fact_mac, 0) ==
		       object_value(my, mine, &link_fact_peer_mac, 0);
}

const struct object *link_find_peer(const struct sample *s,
				    const struct sample *my,
				    const struct object *mine)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_LINK && is_peer(s, o, my, mine))
			return o;
	return NULL;
}

bool link_is_wired_to(const struct sample *a, const struct sample *b)
{
	EACH_OBJECT (a, o)
		if (o->layer == LAYER_LINK && link_find_peer(b, a, o))
			return true;
	return false;
}

bool link_refuses(const struct sample *s, const char *place)
{
	const struct object *config = link_config_of(s, place);
	uint64_t peer = object_value(s, config, &link_fact_peer_mtu, 0);

	return config && (peer > object_value(s, config, &link_fact_mtu, 0) ||
			  !object_value(s, config, &link_fact_up, 0));
}
