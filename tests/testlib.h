/* SPDX-License-Identifier: MIT */
/* What several test programs share, and looking into samples. */
#ifndef TESTLIB_H
#define TESTLIB_H

#include "diagnosis/cause.h"
#include "model/probe.h"
#include "lib/fixture.h"
#include "lib/message.h"
#include "lib/ns.h"
#include "lib/test.h"
#include "lib/tree.h"

static inline const struct object *find_object(const struct sample *s,
					       enum layer layer,
					       const char *place,
					       const char *name)
{
	uint32_t hint = 0;

	return sample_find(s, layer, place, name, &hint);
}

/* The row of a counter of a probe, by its name and type; never NULL. */
static inline const struct counter *find_counter(const struct probe *probe,
						 const char *name,
						 const char *type)
{
	for (size_t i = 0; i < probe->counters->n; i++) {
		const struct counter *c = &probe->counters->rows[i];

		if (!strcmp(c->name, name) &&
		    (!type || (c->type && !strcmp(c->type, type))))
			return c;
	}
	ck_abort_msg("probe %s has no counter %s", probe->name, name);
	return NULL;
}

/* Whether docs/CAUSES.md has a reason: some probe lists it. */
static inline bool reason_is_listed(const struct reason *reason)
{
	for (size_t i = 0; i < n_probes; i++) {
		const struct reason *r = probes[i]->reasons;

		for (; r && r->id; r++)
			if (r == reason)
				return true;
	}
	return false;
}

/* The worst cause of a loss; empty and not known where there is none. */
static inline void cause_find(const struct sample *s, const struct loss *loss,
			      struct cause *ret)
{
	struct causes list;

	cause_list(s, loss, CAUSE_ALL, &list);
	for (size_t i = 0; i < list.n; i++)
		ck_assert(!list.items[i].reason ||
			  reason_is_listed(list.items[i].reason));
	*ret = list.items[0];
}

/* A generator of numbers that are the same in every run. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 32;
}

#endif
