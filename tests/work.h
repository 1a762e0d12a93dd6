/* SPDX-License-Identifier: MIT */
#ifndef WORK_H
#define WORK_H

#include "model/sample.h"

/* Leaves of one qdisc, whose handles the kernel gave: each drops. */
void work_qdiscs(struct sample *s, unsigned n, unsigned read);

#endif
