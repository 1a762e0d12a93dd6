/* SPDX-License-Identifier: MIT */
#include "report/report_names.h"

#include "model/sample_index.h"

void report_names_place(const struct ns *ns, const char *interface,
			char place[NAME_PART + 1])
{
	name_place(place, interface, ns->name,
		   sample_places_collide(&ns->now, interface));
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
