/* SPDX-License-Identifier: MIT */
/*
 * What picks packets by how many come, whatever they are: limits, quotas,
 * connections at a time. A rule that drops by it loses packets of traffic that
 * it lets through otherwise, so that it is a fault, and no policy. Pure.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_RATE_H
#define PKTLOSS_PROBES_FIREWALL_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

enum firewall_rate_kind {
	RATE_NONE,
	RATE_LIMIT,	/* packets or bytes in a time */
	RATE_HASHLIMIT, /* the same, for each address or port */
	RATE_CONNLIMIT, /* connections at a time */
	RATE_QUOTA,	/* bytes in all */
	RATE_RECENT,	/* so many packets of one address */
	RATE_ESTIMATE,	/* the rate that an estimator measures */
	N_RATE_KINDS,
};

struct firewall_rate {
	uint64_t amount;  /* 0: not known */
	uint32_t seconds; /* in which so many may come; 0: it is no rate */
	uint8_t kind;	  /* enum firewall_rate_kind */
	bool is_over;	  /* it picks what is above the amount */
	bool is_bytes;	  /* not packets */
	bool is_each;	  /* nf_tables: for each element of a set, a meter */
};

/*
 * Takes over what a match of x_tables says, n bytes of a struct of its own, if
 * it is one of these. Returns whether it is.
 */
bool firewall_rate_match(const char *name, unsigned revision, const void *info,
			 size_t n, struct firewall_rate *ret);

/*
 * So many in a time, told as one in avg parts of a second of which there are
 * scale, as x_tables and ebtables do.
 */
void firewall_rate_average(struct firewall_rate *rate, uint64_t avg,
			   uint64_t scale);

/* All but the amount, as one number that is not 0, and back. */
uint64_t firewall_rate_pack(const struct firewall_rate *rate);
struct firewall_rate firewall_rate_unpack(uint64_t packed, uint64_t amount);

/* "limit over 10/s", "meter ct count over 5", as its owner would write it. */
void firewall_rate_words(const struct firewall_rate *rate, bool is_nft,
			 char *buffer, size_t size);

#endif
