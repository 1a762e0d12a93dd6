/* SPDX-License-Identifier: MIT */
/* /proc/net/{snmp,netstat,snmp6}: the counters of IP and what is above it. */
#ifndef PKTLOSS_PROBES_SNMP_SNMP_H
#define PKTLOSS_PROBES_SNMP_SNMP_H

#include "model/probe.h"

#define N_SNMP_COUNTERS 124

/* Rows behind them that are computed, see ip_balance.h. */
#define N_IP_GAPS 8

#define N_SNMP_OPTIONAL 286

#define N_SNMP_SLOTS (N_SNMP_COUNTERS + N_SNMP_OPTIONAL)

extern const struct counter snmp_counters[N_SNMP_COUNTERS + N_IP_GAPS];
extern const struct counter snmp_optional[N_SNMP_OPTIONAL];
extern const struct probe snmp_probe;

/*
 * Values by index of snmp_counters, those of snmp_optional behind them, but
 * at the index of snmp_counters where that has the same name. What is not
 * found, or not wanted, stays absent.
 */
struct snmp_values {
	uint64_t value[N_SNMP_SLOTS];
	bool found[N_SNMP_SLOTS];
};

/*
 * What has been learnt of the kernel's columns, see snmp_columns.h. It serves
 * any namespace, and a read allocates only where it finds names that are new.
 * Of env it looks at counters alone. Returns NULL when out of memory.
 */
struct snmp_columns;
struct snmp_columns *snmp_columns_new(const struct probe_env *env);
void snmp_columns_free(struct snmp_columns *l);

/*
 * Parses n bytes of the format of snmp and netstat, pairs of lines "Ip: name
 * ..." and "Ip: number ...". Returns 0, -ENOMEM, or -EBADMSG when a pair does
 * not match; what was found before it stays. The result depends on the text
 * and on what is wanted, never on what the layout has seen before. The
 * numbers of a section of which nothing is wanted are not looked at.
 */
int MUST_CHECK snmp_parse_pairs(const char *text, size_t n,
				struct snmp_columns *layout,
				struct snmp_values *values);

/*
 * Parses n bytes of the format of snmp6, lines "name number". Returns 0 or
 * -EBADMSG as above.
 */
int MUST_CHECK snmp_parse_list(const char *text, size_t n,
			       struct snmp_columns *layout,
			       struct snmp_values *values);

#endif
