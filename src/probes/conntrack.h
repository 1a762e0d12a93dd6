/* SPDX-License-Identifier: MIT */
#ifndef PKTLOSS_PROBES_CONNTRACK_H
#define PKTLOSS_PROBES_CONNTRACK_H

#include "../pktloss.h"

extern const struct probe conntrack_probe;

#endif
