/* SPDX-License-Identifier: MIT */
/* What the files of the drop reasons share; nobody else. */
#ifndef PKTLOSS_PROBES_DROPREASON_DROPREASON_PRIVATE_H
#define PKTLOSS_PROBES_DROPREASON_DROPREASON_PRIVATE_H

#include "kernel/drops.h"
#include "probes/dropreason/dropreason.h"

/* The rows of the table: what is sent, and then what is evidence. */
enum dropreason_row {
	ROW_LOSS,
	ROW_HEALTHY,
	ROW_XDP,
	ROW_TC_INGRESS,
	ROW_TC_EGRESS,
	ROW_CGROUP_EGRESS,
	ROW_ROUTE,
	ROW_PROTOCOL,
	N_DROPREASON_ROWS,
};
extern const struct counter dropreason_counters[N_DROPREASON_ROWS];

/* So many of one name, which stand side by side, sorted as struct drops_ns. */
struct drop_group {
	const char *name; /* see dropreason_name() */
	const struct drop *items;
	size_t n;
};

/* Whether the read before told of drops: what is new then counts from 0. */
static inline bool dropreason_was_read(const struct sample *out)
{
	return out->then && out->then->sources & 1u << out->source;
}

/*
 * Appends what a group proves of other layers' losses, if it is such: of each
 * device, or of the namespace. Returns 0 or a negative errno.
 */
int MUST_CHECK dropreason_append_evidence(const struct probe_env *env,
					  const struct drop_group *group,
					  struct sample *out);

/* What struct probe has of them, see there. */
extern const struct explainer dropreason_explainers[];
extern const struct reason dropreason_reasons[];
void dropreason_attribute(const struct sample *s, struct losses *l);
void dropreason_confirm(const struct sample *s, struct losses *l);

#endif
