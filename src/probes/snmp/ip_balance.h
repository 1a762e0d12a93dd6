/* SPDX-License-Identifier: MIT */
/*
 * The balance of IP: what came in has to be delivered, forwarded or counted
 * as lost, and what was to go out has to be handed to the interface. What is
 * missing vanished in between, most often by a firewall rule, and some of
 * these have no counter. The columns .in_gap and .out_gap of the table of
 * counters say which counter stands on which side.
 */
#ifndef PKTLOSS_PROBES_SNMP_IP_BALANCE_H
#define PKTLOSS_PROBES_SNMP_IP_BALANCE_H

#include "model/probe.h"

/*
 * Appends a gap, a row of KIND_GAP, to the object appended last, which has the
 * counters of the same read. It only grows; it is left out when its counters
 * are absent (that of output before Linux 6.7) or when IPVS moves packets past
 * them.
 */
void ip_balance_append(const struct probe_env *env, const struct counter *gap,
		       struct sample *out);

#endif
