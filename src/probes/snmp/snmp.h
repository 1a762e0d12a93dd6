/* SPDX-License-Identifier: MIT */
/* /proc/net/{snmp,netstat,snmp6}: the counters of IP and what is above it. */
#ifndef PKTLOSS_PROBES_SNMP_SNMP_H
#define PKTLOSS_PROBES_SNMP_SNMP_H

#include "model/probe.h"

extern const struct probe snmp_probe;

#endif
