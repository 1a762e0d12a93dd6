/* SPDX-License-Identifier: MIT */
#include "report/report_names.h"

#include <string.h>

bool report_names_collide(const struct sample *s, const struct object *o)
{
	char clean[NAME_PART + 1], other[NAME_PART + 1];
	const char *name = object_name(s, o);

	if (!name[0] || !name_clean(clean, NAME_PART, name, false))
		return false;
	EACH_OBJECT (s, p) {
		if (p == o || p->layer != o->layer ||
		    strcmp(object_place(s, p), object_place(s, o)))
			continue;
		name_clean(other, NAME_PART, object_name(s, p), false);
		if (!strcmp(clean, other))
			return true;
	}
	return false;
}

/* The same for interfaces: they are the places. */
static bool places_collide(const struct sample *s, const char *place)
{
	char clean[NAME_INTERFACE + 1], other[NAME_INTERFACE + 1];

	if (!place[0] || !name_clean(clean, NAME_INTERFACE, place, false))
		return false;
	EACH_OBJECT (s, o) {
		const char *p = object_place(s, o);

		if (!p[0] || !strcmp(p, place))
			continue;
		name_clean(other, NAME_INTERFACE, p, false);
		if (!strcmp(clean, other))
			return true;
	}
	return false;
}

void report_names_place(const struct ns *ns, const char *interface,
			char place[NAME_PART + 1])
{
	name_place(place, interface, ns->name,
		   places_collide(&ns->now, interface));
}

void report_names_loss(const struct ns *ns, const struct loss *loss,
		       char place[NAME_PART + 1], char instance[NAME_PART + 1])
{
	report_names_place(ns, loss->place, place);
	name_instance(instance, loss->layer, "",
		      direction_name(loss->direction), false);
}

void report_names_sum(const struct ns *ns, const struct loss *loss,
		      char place[NAME_PART + 1], char instance[NAME_PART + 1])
{
	report_names_place(ns, loss->place, place);
	name_instance(instance, loss->layer, "lost",
		      direction_name(loss->direction), false);
}
