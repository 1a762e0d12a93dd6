/* SPDX-License-Identifier: MIT */
/* Reads /proc/net/{snmp,netstat,snmp6}, and appends what is wanted of them. */
#ifndef PKTLOSS_PROBES_SNMP_SNMP_PRIVATE_H
#define PKTLOSS_PROBES_SNMP_SNMP_PRIVATE_H

#include "probes/snmp/snmp_columns.h"

/*
 * Values by index of the counters, but at that of the first one where two of
 * a section have the same name. What is not found, or not wanted, stays absent.
 */
struct snmp_values {
	uint64_t value[MAX_SNMP_COUNTERS];
	bool found[MAX_SNMP_COUNTERS];
};

/*
 * Parses n bytes of the format of snmp and netstat, pairs of lines "Ip: name
 * ..." and "Ip: number ...". Returns 0, -ENOMEM, or -EBADMSG when a pair does
 * not match; what was found before it stays. The result depends on the text
 * and on what is wanted, never on what the columns have seen before. The
 * numbers of a section of which nothing is wanted are not looked at.
 */
int MUST_CHECK snmp_parse_pairs(const char *text, size_t n,
				struct snmp_columns *columns,
				struct snmp_values *values);

/*
 * Parses n bytes of the format of snmp6, lines "name number". Returns 0 or
 * -EBADMSG as above.
 */
int MUST_CHECK snmp_parse_list(const char *text, size_t n,
			       struct snmp_columns *columns,
			       struct snmp_values *values);

extern const struct counter_table snmp_table; /* snmp_counters.c */

/* snmp_causes.c */
extern const struct reason snmp_reasons[];
extern const struct explainer snmp_explainers[];
void snmp_attribute(const struct sample *s, struct losses *l);

#endif
