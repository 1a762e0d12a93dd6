/* SPDX-License-Identifier: MIT */
/* What only the files about next hops need. */
#ifndef PKTLOSS_PROBES_NEIGH_NEXT_HOP_PRIVATE_H
#define PKTLOSS_PROBES_NEIGH_NEXT_HOP_PRIVATE_H

#include "probes/neigh/next_hop.h"

/* Fewer may be no more than what moved while counters were read. */
#define MIN_REFUSED 10

/* Of which families: a set. */
enum {
	OF_V4 = 1,
	OF_V6 = 2,
	OF_ANY = OF_V4 | OF_V6,
};

/* That of an address. */
unsigned next_hop_family(const char *address);

/* The first that is dead of some families, or NULL. */
const struct object *next_hop_first(const struct sample *s, unsigned families);

/* As next_hop_describe(), of some families. */
void next_hop_describe_of(const struct sample *s, unsigned families,
			  char *buffer, size_t size);

/* Blames all that are dead of some families. */
void next_hop_blame(const struct sample *s, unsigned families,
		    struct cause *ret);

/* See struct probe: next_hop_dead.c, and next_hop_causes.c. */
void next_hop_attribute(const struct sample *s, struct losses *l);
bool next_hop_explain(const struct sample *s, const struct loss *loss,
		      struct cause *ret);
extern const struct explainer next_hop_explainers[];
extern const struct reason next_hop_reasons[];

#endif
