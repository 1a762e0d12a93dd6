/* SPDX-License-Identifier: MIT */
/* Bonds and teams that have nothing to send by. */
#include <string.h>

#include "probes/link/link_private.h"

bool link_tell_no_port(const struct sample *s, const char *place,
		       struct cause *ret)
{
	const struct object *config = link_config_of(s, place);
	unsigned long long n = 0, up;

	EACH_ROW (s, config, row)
		n += row->counter == &link_fact_member;
	up = object_value(s, config, &link_fact_members_up, 0);
	ret->reason = &link_reasons[REASON_NO_PORT];
	CAUSE_TEXT(ret, "%s has no active port: of %llu members %llu %s up",
		   place, n, up, up == 1 ? "is" : "are");
	CAUSE_REMEDY(ret,
		     "Bring a member up, or see why none is used: `ip -d link "
		     "show master %s`",
		     place);
	return true;
}

/* The packets that IP handed to interfaces, where the kernel counts them. */
static uint64_t count_sent(const struct sample *s)
{
	EACH_OBJECT (s, o)
		if (o->layer == LAYER_IP &&
		    object_tagged(s, o, TAG_OUT_TRANSMITS))
			return sample_moved(s, LAYER_IP, "", TAG_OUT_TRANSMITS);
	return sample_moved(s, LAYER_IP, "", TAG_OUT_REQUESTS);
}

/*
 * What interfaces sent, those that stand on others included: at least that.
 * Those that sum up what their members sent are left out.
 */
static uint64_t count_went_out(const struct sample *s)
{
	uint64_t n = 0, twice = 0;
	uint32_t hint = 0;

	EACH_OBJECT (s, o) {
		const struct object *link;

		if (o->layer != LAYER_LINK)
			continue;
		if (!object_name(s, o)[0])
			n += object_moved(s, o, TAG_TX_PACKETS);
		else if (link_sums(s, o) &&
			 (link = link_of_config(s, o, &hint)))
			twice += object_moved(s, link, TAG_TX_PACKETS);
	}
	return less_by(n, twice);
}

/* What is lost on the way out for another reason. */
static uint64_t count_lost(const struct losses *l)
{
	static const uint8_t layers[] = {
		[LAYER_LINK] = 1,  [LAYER_QDISC] = 1, [LAYER_NETFILTER] = 1,
		[LAYER_NEIGH] = 1, [LAYER_XFRM] = 1,
	};
	uint64_t n = l->refused;

	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].layer < ARRAY_SIZE(layers) &&
		    layers[l->items[i].layer] &&
		    l->items[i].direction == DIR_TX)
			n += l->items[i].lost;
	return n;
}

/* Whether it is the configuration of a master that cannot send. */
static bool is_portless(const struct sample *s, const struct object *o)
{
	return o->layer == LAYER_LINK && object_name(s, o)[0] &&
	       !object_value(s, o, &link_fact_members_up, 1) &&
	       !object_value(s, o, &link_fact_carrier, 1) &&
	       object_value(s, o, &link_fact_up, 0) &&
	       link_is_bonding(object_label(s, o));
}

#define FEW 10 /* other packets may vanish without being counted, too */

void link_attribute_masters(const struct sample *s, struct losses *l)
{
	uint64_t sent = 0, known = UINT64_MAX;

	EACH_OBJECT (s, o) {
		struct loss *loss;

		if (!is_portless(s, o))
			continue;
		loss = loss_find(l, LAYER_LINK, object_place(s, o), DIR_TX);
		if (known == UINT64_MAX) { /* most have none */
			sent = count_sent(s);
			known = count_went_out(s) + count_lost(l);
		}
		/* most of all: it was the way out */
		if (!loss || !loss->known || known + FEW > sent ||
		    known > sent / 2)
			continue;
		loss_add(loss, sent - known);
		loss->uncounted = sent - known;
		return;
	}
}
