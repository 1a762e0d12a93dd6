/* SPDX-License-Identifier: MIT */
/*
 * The graph of devices: the two ends of a wire, and what stands on what, from
 * the facts of both.
 */
#include "probes/link/link_private.h"

/* Whether config is the far end of the veth that mine describes. */
static bool is_peer(const struct sample *s, const struct object *config,
		    const struct sample *my, const struct object *mine)
{
	return object_value(s, config, &link_fact_peer_index, 0) ==
		       mine->identity &&
	       object_value(s, config, &link_fact_mac, 0) ==
		       object_value(my, mine, &link_fact_peer_mac, 0);
}

const struct object *link_find_peer(const struct sample *s,
				    const struct sample *my,
				    const struct object *mine)
{
	uint64_t index = object_value(my, mine, &link_fact_peer_index, 0);

	if (!index)
		return NULL;
	EACH_OBJECT_OF (s, index, walk)
		if (is_peer(s, walk.object, my, mine))
			return walk.object;
	return NULL;
}

/* Whether config is what mine found below itself. */
static bool is_below(const struct sample *s, const struct object *config,
		     const struct sample *my, const struct object *mine)
{
	uint64_t mac;

	return object_get(s, config, &link_fact_mac, &mac) &&
	       mac == object_value(my, mine, &link_fact_lower_mac, 0) &&
	       link_hash_kind(object_label(s, config)) ==
		       object_value(my, mine, &link_fact_lower_kind, 0);
}

static const struct object *find_below(const struct sample *s,
				       const struct sample *my,
				       const struct object *mine)
{
	uint64_t index = object_value(my, mine, &link_fact_lower_index, 0);
	bool far = object_row(my, mine, &link_fact_lower_far);

	if (far == (s == my) || !index)
		return NULL;
	EACH_OBJECT_OF (s, index, walk)
		if (is_below(s, walk.object, my, mine))
			return walk.object;
	return NULL;
}

bool link_stands_on(const struct sample *s, const struct sample *my,
		    const struct object *mine, const struct object **ret)
{
	const struct link_kind *kind = link_kind_in(my, mine);
	uint8_t below = kind ? kind->below : BELOW_NOTHING;
	const struct object *found;

	*ret = NULL;
	if (below != BELOW_DEVICE && below != BELOW_ROUTE)
		return false;
	found = find_below(s, my, mine);
	if (found && !object_row(my, mine, &link_fact_witness))
		*ret = found;
	if (found)
		return true;
	/* a tunnel that has no route of its own: any way out of here */
	return below == BELOW_ROUTE && s == my &&
	       !object_row(my, mine, &link_fact_lower_index);
}

/* The counters of the interface of that index, or NULL. */
static const struct object *counters_of(const struct sample *s,
					uint64_t ifindex)
{
	EACH_OBJECT_OF (s, ifindex, walk)
		if (!object_name(s, walk.object)[0])
			return walk.object;
	return NULL;
}

const struct object *link_next_member(const struct sample *s,
				      const struct object *mine, uint32_t *row)
{
	const struct row *rows = object_rows(s, mine);
	const struct object *o = NULL;

	while (!o && *row < mine->n) {
		const struct row *at = &rows[(*row)++];

		if (at->counter == &link_fact_member)
			o = counters_of(s, at->value);
	}
	return o;
}

bool link_key_of(const struct sample *s, const struct object *config,
		 enum link_tie tie, struct link_key *ret)
{
	uint64_t mac = 0, peer;
	bool has_mac = object_get(s, config, &link_fact_mac, &mac);

	peer = object_value(s, config, &link_fact_peer_index, 0);
	*ret = (struct link_key) {{tie, config->identity, mac, peer}};
	if (tie == LINK_TIE_WIRE)
		return peer != 0;
	ret->words[3] = link_hash_kind(object_label(s, config));
	return has_mac;
}

bool link_key_sought(const struct sample *my, const struct object *mine,
		     enum link_tie tie, struct link_key *ret)
{
	if (tie == LINK_TIE_WIRE)
		*ret = (struct link_key) {
			{tie, object_value(my, mine, &link_fact_peer_index, 0),
			 object_value(my, mine, &link_fact_peer_mac, 0),
			 mine->identity}};
	else
		*ret = (struct link_key) {
			{tie, object_value(my, mine, &link_fact_lower_index, 0),
			 object_value(my, mine, &link_fact_lower_mac, 0),
			 object_value(my, mine, &link_fact_lower_kind, 0)}};
	return ret->words[1] && (tie == LINK_TIE_WIRE ||
				 object_row(my, mine, &link_fact_lower_far));
}

bool link_is_port(const struct sample *s, const struct object *mine)
{
	return object_row(s, mine, &link_fact_master) != NULL;
}

uint64_t link_flooded(const struct sample *s, const struct object *mine)
{
	uint64_t master = object_value(s, mine, &link_fact_master, 0);

	if (!master ||
	    object_value(s, mine, &link_fact_port_of, 0) != LINK_OF_BRIDGE)
		return 0;
	EACH_OBJECT_OF (s, master, walk)
		if (!object_name(s, walk.object)[0])
			return sample_moved(s, LAYER_LINK,
					    object_place(s, walk.object),
					    TAG_LINK_MULTICAST);
	return 0;
}

/* Whether something of a is wired to, or stands on, something of b. */
static bool reaches(const struct sample *a, const struct sample *b)
{
	EACH_OBJECT (a, o)
		if (o->layer == LAYER_LINK &&
		    (link_find_peer(b, a, o) || find_below(b, a, o)))
			return true;
	return false;
}

bool link_is_joined_to(const struct sample *a, const struct sample *b)
{
	return reaches(a, b) || reaches(b, a);
}

bool link_refuses(const struct sample *s, const char *place)
{
	const struct object *config = link_config_of(s, place);
	uint64_t peer = object_value(s, config, &link_fact_peer_mtu, 0);

	return config && (peer > object_value(s, config, &link_fact_mtu, 0) ||
			  !object_value(s, config, &link_fact_up, 0));
}

bool link_sends_through_members(const struct sample *s, const char *place)
{
	const struct link_kind *kind =
		link_kind_in(s, link_config_of(s, place));

	return kind && kind->below == BELOW_MEMBERS;
}

bool link_sums(const struct sample *s, const struct object *config)
{
	const struct link_kind *kind = link_kind_in(s, config);

	return kind && kind->sums;
}

bool link_sums_members(const struct sample *s, const char *place)
{
	return link_sums(s, link_config_of(s, place));
}

bool link_falls_through(const struct sample *s, const struct object *config)
{
	const struct link_kind *kind = link_kind_in(s, config);

	return kind && kind->falls_through;
}

bool link_is_tunnel(const struct sample *s, const char *place)
{
	const struct link_kind *kind =
		link_kind_in(s, link_config_of(s, place));

	return kind && kind->below == BELOW_ROUTE;
}

uint64_t link_refused_below(const struct sample *s, const char *place)
{
	const struct link_kind *kind =
		link_kind_in(s, link_config_of(s, place));
	uint64_t n = sample_moved(s, LAYER_LINK, place, TAG_TX_ABORTED_ERRORS);

	if (!kind || !kind->outer6)
		n += sample_moved(s, LAYER_LINK, place, TAG_TX_DROPPED);
	return n;
}
