/* SPDX-License-Identifier: MIT */
/* How much netem is set to lose. */
#ifndef PKTLOSS_PROBES_QDISC_NETEM_H
#define PKTLOSS_PROBES_QDISC_NETEM_H

#include "probes/qdisc/qdisc_private.h"

/*
 * Takes loss and ecn of a qdisc_config from netem's TCA_OPTIONS, a struct with
 * attributes right behind it. What is cut short is not there. Pure.
 */
void netem_parse(struct nlattr *options, struct qdisc_config *q);

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
