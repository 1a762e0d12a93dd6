/* SPDX-License-Identifier: MIT */
/* /proc/net/{snmp,netstat,snmp6}: the counters of IP and what is above it. */
#ifndef PKTLOSS_PROBES_SNMP_H
#define PKTLOSS_PROBES_SNMP_H

#include "../pktloss.h"

#define N_SNMP_COUNTERS 121

/* Rows behind them that are computed, see ip_balance.h. */
#define N_IP_GAPS 8

extern const struct counter snmp_counters[N_SNMP_COUNTERS + N_IP_GAPS];
extern const struct probe snmp_probe;

/* Values by index of snmp_counters; what is not found stays absent. */
struct snmp_values {
	uint64_t value[N_SNMP_COUNTERS];
	bool found[N_SNMP_COUNTERS];
};

/*
 * Parses n bytes of the format of snmp and netstat, pairs of lines "Ip: name
 * ..." and "Ip: number ...". Returns 0, or -EBADMSG when a pair does not
 * match; what was found before it stays. Pure.
 */
int MUST_CHECK snmp_parse_pairs(const char *text, size_t n,
				struct snmp_values *values);

/*
 * Parses n bytes of the format of snmp6, lines "name number". Returns 0 or
 * -EBADMSG as above. Pure.
 */
int MUST_CHECK snmp_parse_list(const char *text, size_t n,
			       struct snmp_values *values);

#endif
