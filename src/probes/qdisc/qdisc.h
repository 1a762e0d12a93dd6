/* SPDX-License-Identifier: MIT */
/* Queueing disciplines: what `tc -s qdisc` shows, and what they are set to. */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_H
#define PKTLOSS_PROBES_QDISC_QDISC_H

#include "model/probe.h"

extern const struct probe qdisc_probe;

extern const struct explainer qdisc_explainers[];

/* An object's label is the kind ("netem"); these facts stand among its rows. */
extern const struct counter qdisc_fact_handle; /* as the kernel, 0x80010000 */
extern const struct counter qdisc_fact_parent;
extern const struct counter qdisc_fact_rate;	   /* bytes/s of a shaper */
extern const struct counter qdisc_fact_netem_loss; /* mean, of 2^32 - 1 */
extern const struct counter qdisc_fact_limit;	   /* packets */
extern const struct counter qdisc_fact_limit_bytes;
extern const struct counter qdisc_fact_index; /* of an interface with classes */

/*
 * Whether a qdisc of this kind drops to make senders slow down (active queue
 * management) or shares its queue among flows: both drop as they work.
 */
bool qdisc_is_aqm(const char *kind);

/* Labels the object appended last, which is a qdisc or class of this kind. */
void qdisc_label(struct sample *s, const char *kind);

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
 * Mean loss of netem's models, parts of 2^32 - 1: Gilbert-Elliott (p, r, h:
 * the chance to survive in the bad state, k1) and the 4-state chain; the
 * arguments are the kernel's, in the order of its structs. Pure.
 */
struct tc_netem_gemodel;
struct tc_netem_gimodel;
uint32_t netem_mean_gemodel(const struct tc_netem_gemodel *m);
uint32_t netem_mean_4state(const struct tc_netem_gimodel *m);

#endif
