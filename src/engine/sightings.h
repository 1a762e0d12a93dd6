/* SPDX-License-Identifier: MIT */
/* The namespaces that one discovery comes by, by identity: a hash table. */
#ifndef PKTLOSS_ENGINE_SIGHTINGS_H
#define PKTLOSS_ENGINE_SIGHTINGS_H

#include "engine/ns.h"

struct sighting {
	struct netns_id id; /* all 0: a free slot */
	struct ns *ns;	    /* as which it is read, NULL: it is not */
	size_t candidate;   /* 1 + the first one for its name, 0: none */
	bool left_out;	    /* wanted, but one too many */
};

/* Zeroed is empty. */
struct sightings {
	struct sighting *slots;
	size_t n, max; /* max is 0 or a power of two, at least twice n */
	const struct hash_key *key; /* NULL: no secret */
};

/* That of a namespace, found or new. Returns NULL: out of memory. */
struct sighting *sightings_get(struct sightings *s, const struct netns_id *id);
/* Empties the table, keeps its memory. */
void sightings_clear(struct sightings *s);
void sightings_free(struct sightings *s);

#endif
