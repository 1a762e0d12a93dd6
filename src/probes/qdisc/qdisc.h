/* SPDX-License-Identifier: MIT */
/* Queueing disciplines: what `tc -s qdisc` shows, and what they are set to. */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_H
#define PKTLOSS_PROBES_QDISC_QDISC_H

#include "model/probe.h"

extern const struct probe qdisc_probe;

/*
 * Each qdisc is an object, and each class; its label is the kind ("netem"),
 * and these facts stand among its rows.
 */
extern const struct counter qdisc_fact_handle; /* as the kernel, 0x80010000 */
extern const struct counter qdisc_fact_parent;
extern const struct counter qdisc_fact_rate;	   /* bytes/s of a shaper */
extern const struct counter qdisc_fact_netem_loss; /* mean, of 2^32 - 1 */
extern const struct counter qdisc_fact_limit;	   /* packets */
extern const struct counter qdisc_fact_limit_bytes;
extern const struct counter qdisc_fact_burst; /* bytes, of tbf */
/* Bytes that cake may use, if it has ever had more; 1: it has as many now. */
extern const struct counter qdisc_fact_memory, qdisc_fact_memory_full;
extern const struct counter qdisc_fact_default; /* a minor number, 0: none */

/* Labels the object appended last, which is a qdisc or class of this kind. */
void qdisc_label(struct sample *s, const char *kind);

#endif
