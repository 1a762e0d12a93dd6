/* SPDX-License-Identifier: MIT */
/*
 * Where the wanted counters stand in /proc/net/{snmp,netstat,snmp6}: learnt
 * from the names there, and believed only where the same bytes stand again.
 * So a column that comes or goes (IcmpMsg has such) is seen at once, and only
 * its line is learnt anew.
 */
#ifndef PKTLOSS_PROBES_SNMP_SNMP_COLUMNS_H
#define PKTLOSS_PROBES_SNMP_SNMP_COLUMNS_H

#include "base/token.h"
#include "model/probe.h"

#define MAX_SNMP_COUNTERS 512 /* of the probe */
#define SNMP_NO_SLOT UINT16_MAX
#define MAX_SNMP_LINES 16  /* the kernel has 9 sections */
#define MAX_SNMP_NAMES 256 /* the kernel has about 100 lines in snmp6 */

/* Where a value goes: its index in struct snmp_values. */
struct snmp_column {
	uint32_t at; /* in its line, from 0 */
	uint16_t slot;
};

/* A line of names, "Udp: InDatagrams NoPorts ...". */
struct snmp_line {
	char *names; /* the line; of one that is skipped its section alone */
	size_t n, max_names;
	bool skipped; /* no counter of its section is wanted */
	struct snmp_column *wanted;
	size_t n_wanted, max_wanted;
	uint32_t n_columns;
};

/* What stands before a number of snmp6, "Ip6InReceives  \t". */
struct snmp_name {
	char text[46];
	uint16_t n;
	uint16_t slot; /* or SNMP_NO_SLOT */
};

struct snmp_wanted {
	const struct counter *counter;
	uint16_t slot;
};

/*
 * What has been learnt of the kernel's columns. It serves any namespace, and a
 * read allocates only where it finds names that are new.
 */
struct snmp_columns {
	/* by layer, and then those that are computed */
	struct snmp_wanted wanted[MAX_SNMP_COUNTERS];
	uint16_t first[N_LAYERS + 1]; /* of a layer; of those computed */
	uint16_t n_wanted;
	struct snmp_line lines[MAX_SNMP_LINES];
	size_t n_lines, next_line;
	struct snmp_name names[MAX_SNMP_NAMES]; /* in the kernel's order */
	size_t n_names, next_name;
};

/*
 * Of env it looks at counters alone. Returns NULL when out of memory.
 */
struct snmp_columns *snmp_columns_new(const struct probe_env *env);
void snmp_columns_free(struct snmp_columns *cols);

/*
 * Where the value of the counter of that index goes: an optional one may name
 * what another row is read for.
 */
uint16_t snmp_columns_slot(size_t counter);

/*
 * The line of these names, learnt if it is not known. Returns 0 or -ENOMEM;
 * *ret is valid until the next call.
 */
int MUST_CHECK snmp_columns_line(struct snmp_columns *cols,
				 struct token section, struct token names,
				 const struct snmp_line **ret);

/* What text begins with, if that is known, or NULL. */
const struct snmp_name *snmp_columns_known(struct snmp_columns *cols,
					   struct token text);

/*
 * The slot of a name of snmp6, or SNMP_NO_SLOT. Keeps it for
 * snmp_columns_known(); before is all that stands before the number.
 */
uint16_t snmp_columns_name(struct snmp_columns *cols, struct token name,
			   struct token before);

#endif
