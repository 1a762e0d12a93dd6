/* SPDX-License-Identifier: MIT */
/* What the files of the drop reasons share; nobody else. */
#ifndef PKTLOSS_PROBES_DROPREASON_DROPREASON_PRIVATE_H
#define PKTLOSS_PROBES_DROPREASON_DROPREASON_PRIVATE_H

#include "kernel/drops.h"
#include "probes/dropreason/dropreason.h"

enum drop_class dropreason_class(const char *name, bool for_many);

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
	ROW_MARTIAN,
	ROW_TCP_FILTER,
	ROW_BRIDGE_MTU,
	ROW_BRIDGE_VLAN,
	ROW_APART,
	ROW_BRIDGED,
	/* sums of a namespace: of one class each, and of no namespace */
	ROW_NOWHERE,
	ROW_SUM_NETFILTER,
	ROW_SUM_NEIGH,
	ROW_SUM_NEIGH_FULL,
	ROW_SUM_HIDDEN,
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

/* Packets of each class. */
struct drop_sums {
	uint64_t of[N_DROP_CLASSES];
};

/* dropreason_bounds.c: what the sums of a namespace say of others' guesses. */

/*
 * Appends the sums; nowhere are packets of no namespace. Those are there in
 * every read: no drop is a fact, too.
 */
void dropreason_append_sums(const struct drop_sums *sums, uint64_t nowhere,
			    struct sample *out);
/*
 * Nobody misses more packets than the kernel dropped: what IP misses beyond
 * that, it counts wrongly, or nobody wanted it. Returns packets dropped in the
 * interval before that IP did not miss by then.
 */
uint64_t dropreason_bound_gaps(const struct sample *s, struct losses *l);
/*
 * And of what is left firewalls are suspected of no more than they dropped, or
 * of so many from before.
 */
void dropreason_bound_rules(const struct sample *s, struct losses *l,
			    uint64_t before);

/* The reasons of most packets of the interval that IP may miss. */
struct hidden_reasons {
	struct {
		const char *name; /* of dropreason_name() */
		uint64_t packets;
	} items[3]; /* the worst first */
	size_t n;
};
void dropreason_hidden(const struct sample *s, struct hidden_reasons *ret);

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
bool dropreason_explain_hidden(const struct sample *s, const struct loss *loss,
			       struct cause *ret);
void dropreason_prove(const struct sample *s, struct losses *l);
void dropreason_confirm(const struct sample *s, struct losses *l);

#endif
