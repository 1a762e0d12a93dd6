/* SPDX-License-Identifier: MIT */
/* What the files of the qdisc probe share; nobody else. */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_PRIVATE_H
#define PKTLOSS_PROBES_QDISC_QDISC_PRIVATE_H

#include "kernel/netlink.h"
#include "probes/qdisc/qdisc.h"

/* The rows that every qdisc or class can have: an index of the counters. */
enum {
	QDISC_ROOT_DROPS,
	QDISC_ROOT_PACKETS,
	QDISC_CHILD_DROPS,
	QDISC_CHILD_PACKETS,
	QDISC_CLASS_DROPS,
	QDISC_CLASS_PACKETS,
	QDISC_INGRESS_DROPS,
	QDISC_INGRESS_PACKETS,
	QDISC_MARKING_DROPS,
	QDISC_OVERLIMITS,
	QDISC_REQUEUES,
	QDISC_QLEN,
	QDISC_BACKLOG,
	QDISC_OWN_ROWS, /* the first that only one kind has */
};

/* What struct probe has of them, see there. */
extern const struct explainer qdisc_explainers[];

/* What one RTM_NEWQDISC or RTM_NEWTCLASS message says. */
struct qdisc_config {
	int ifindex;
	uint32_t handle, parent;
	bool is_class; /* its id is the handle */
	char kind[16];
	bool has_loss;	/* netem with a loss model */
	uint32_t loss;	/* its mean loss, parts of 2^32 - 1 */
	bool ecn;	/* netem marks instead of dropping: drops are marks */
	bool has_limit; /* of its queue */
	bool in_bytes;	/* the limit, else it is in packets */
	uint32_t limit;
	uint64_t rate;		   /* tbf, bytes/s; 0: none */
	bool has_basic, has_queue; /* which of the counters below are there */
	uint64_t packets, bytes;
	uint32_t qlen, backlog, drops, requeues, overlimits;
	const void *own; /* what only this kind sends, NULL: nothing; points */
	size_t own_size; /* into the message */
};

/* Parses one RTM_NEWQDISC or RTM_NEWTCLASS. Returns 0 or -EBADMSG. Pure. */
struct nlmsghdr;
int MUST_CHECK qdisc_parse(const struct nlmsghdr *h, struct qdisc_config *ret);

/*
 * Writes "kind_handle", or "kind_handle_parent" for the children of mq, whose
 * handles are all 0, or "kind_major.minor" of a class; hexadecimal as tc prints
 * it, a colon as a dot.
 */
void qdisc_name(const struct qdisc_config *q, char *buffer, size_t size);

/*
 * Whether a qdisc of this kind drops to make senders slow down (active queue
 * management) or shares its queue among flows: both drop as they work.
 */
bool qdisc_is_aqm(const char *kind);

/*
 * Whether the classes of this kind count for themselves. Those of the others
 * (prio, mq) repeat the qdisc below, or stand for flows that come and go
 * (fq_codel).
 */
bool qdisc_has_classes(const char *kind);

/* Takes from TCA_OPTIONS what of it is known for q->kind. */
void qdisc_parse_options(struct nlattr *options, struct qdisc_config *q);
/* Sets q->own to the struct or attributes that this kind counts in. */
void qdisc_parse_own(struct nlattr *attr, struct qdisc_config *q);
/* Appends the rows that only this kind has. */
void qdisc_append_own(const struct probe_env *env, const struct qdisc_config *q,
		      struct sample *out);

extern const struct counter_table qdisc_table; /* qdisc_counters.c */

#endif
