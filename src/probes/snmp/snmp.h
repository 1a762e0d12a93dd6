/* SPDX-License-Identifier: MIT */
/* /proc/net/{snmp,netstat,snmp6}: the counters of IP and what is above it. */
#ifndef PKTLOSS_PROBES_SNMP_SNMP_H
#define PKTLOSS_PROBES_SNMP_SNMP_H

#include "model/probe.h"

extern const struct probe snmp_probe;

/*
 * Reads once more what the balance of IP rests on: appends an object of
 * LAYER_IP with its counters. Returns as the probe's read() does. columns are
 * the caller's own, see snmp_columns.h.
 */
struct snmp_columns;
int MUST_CHECK snmp_read_ip(const struct probe_env *env,
			    struct snmp_columns *columns, struct sample *out);

#endif
