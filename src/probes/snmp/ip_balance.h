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

#include "probes/snmp/snmp.h"

/*
 * Appends the gaps to the object appended last, given the values of the same
 * read. They only grow; a gap is left out when its counters are absent (that
 * of output before Linux 6.7) or when IPVS moves packets past them.
 */
void ip_balance_append(const struct probe_env *env,
		       const struct snmp_values *values, struct sample *out);

#endif
