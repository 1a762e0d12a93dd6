/* SPDX-License-Identifier: MIT */
/* What takes packets out of IP on purpose, and is not lost. */
#ifndef PKTLOSS_PROBES_BALANCE_BALANCE_PRIVATE_H
#define PKTLOSS_PROBES_BALANCE_BALANCE_PRIVATE_H

#include "probes/balance/balance.h"

#define N_BALANCE_GAPS 4 /* input and output, of two families */

/* Packets that were taken so far, of both families. */
struct balance_taken {
	uint64_t in;  /* on input */
	uint64_t out; /* to send or forward */
};

/*
 * What IPVS and SYNPROXY have taken in the namespace that env is in. What is
 * not there, or not understood, has taken nothing.
 */
struct balance_taken balance_read_taken(const struct probe_env *env);

/*
 * Parses n bytes of /proc/net/ip_vs_stats and of /proc/net/stat/synproxy, and
 * adds what they say. False for text that is no such file. Pure.
 */
bool balance_parse_ipvs(const char *text, size_t n,
			struct balance_taken *taken);
bool balance_parse_synproxy(const char *text, size_t n,
			    struct balance_taken *taken);

#endif
