/* SPDX-License-Identifier: MIT */
/* What the files of the qdisc probe share; nobody else. */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_ROWS_H
#define PKTLOSS_PROBES_QDISC_QDISC_ROWS_H

#include "kernel/netlink.h"
#include "probes/qdisc/qdisc.h"

/* The rows that every qdisc or class can have, in their order. */
enum {
	ROOT_DROPS,
	ROOT_PACKETS,
	CHILD_DROPS,
	CHILD_PACKETS,
	CLASS_DROPS,
	CLASS_PACKETS,
	INGRESS_DROPS,
	INGRESS_PACKETS,
	MARKING_DROPS,
	OVERLIMITS,
	REQUEUES,
	QLEN,
	BACKLOG,
	OWN_ROWS, /* the first that only one kind has */
};

extern const struct counter qdisc_counters[];

/* Reads the qdiscs, and with env->classes the classes: see struct probe. */
int qdisc_read(struct probe_env *env, struct sample *out);

/* Sets the limit of a kind that tells one. options is TCA_OPTIONS. */
void qdisc_parse_limit(struct nlattr *options, struct qdisc_config *q);

/* Appends the rows that only this kind has. */
void qdisc_append_own(const struct probe_env *env, const struct qdisc_config *q,
		      struct sample *out);

#endif
