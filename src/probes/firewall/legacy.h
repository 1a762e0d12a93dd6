/* SPDX-License-Identifier: MIT */
/* What the readers of legacy tables, x_tables and ebtables, share. */
#ifndef PKTLOSS_PROBES_FIREWALL_LEGACY_H
#define PKTLOSS_PROBES_FIREWALL_LEGACY_H

#include "model/probe.h"

/* Whether nf_tables, which was read before, has a table of that name, too. */
bool legacy_is_in_nft(const struct probe_env *env, const struct sample *s,
		      enum family family, const char *table);

/* Reads one table and appends it. Returns 0 or negative errno. */
typedef int (*legacy_read)(const void *arg, const char *table,
			   struct sample *out);

/*
 * Reads a table with read, and once more where its counts seem to be on their
 * way back: a table that is replaced counts from 0 until its tool has put the
 * old counts back, in a second call. Returns what read returned last.
 */
int MUST_CHECK legacy_read_restored(const char *table, legacy_read read,
				    const void *arg, struct sample *out);

#endif
