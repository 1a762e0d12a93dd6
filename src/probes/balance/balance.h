/* SPDX-License-Identifier: MIT */
/*
 * The balance of IP: what came in has to be delivered, forwarded or counted
 * as lost, and what was to go out has to be handed to the interface. What is
 * missing vanished in between: a firewall rule dropped it, counted or not, or
 * something took it on purpose. The columns .in_gap and .out_gap of the table
 * of snmp say which counter stands on which side.
 */
#ifndef PKTLOSS_PROBES_BALANCE_BALANCE_H
#define PKTLOSS_PROBES_BALANCE_BALANCE_H

#include "model/probe.h"

/*
 * Appends the gaps, rows of KIND_GAP that only grow, for the counters of IP in
 * out. One is left out when its counters are absent (that of output before
 * Linux 6.7).
 */
extern const struct probe balance_probe;

/* balance_ipsec.c: what IP counts twice; it is read before the balance. */
extern const struct probe ipsec_probe;

/* The suspects that only routes are: what routes of three types discard. */
extern const struct probe routes_probe;

/* Whether some of these, that no counter tells of, answer with ICMP. */
bool balance_has_refusing_route(const struct sample *s);

/*
 * A fact in an object of LAYER_UNEXPLAINED, where input misses packets: as many
 * came in since the read before, at most, by bridges that the host has no
 * address on. They are none of its own.
 */
extern const struct counter balance_strangers;

/* balance_counters.c: the gaps, and what was taken on purpose. */
extern const struct counter_table balance_table;

#endif
