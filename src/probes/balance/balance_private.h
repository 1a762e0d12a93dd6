/* SPDX-License-Identifier: MIT */
/* What takes packets out of IP on purpose, and is not lost. */
#ifndef PKTLOSS_PROBES_BALANCE_BALANCE_PRIVATE_H
#define PKTLOSS_PROBES_BALANCE_BALANCE_PRIVATE_H

#include <linux/netlink.h>

#include "probes/balance/balance.h"

#define N_BALANCE_GAPS 4 /* input and output, of two families */

/* Packets that were taken so far, of both families. */
struct balance_taken {
	uint64_t in;  /* on input */
	uint64_t out; /* to send or forward */
};

/*
 * What IPVS and SYNPROXY have taken in the namespace that env is in. What is
 * not there has taken nothing. Returns 0, or negative errno: it is not known.
 */
int MUST_CHECK balance_read_taken(const struct probe_env *env,
				  struct balance_taken *ret);

/*
 * Parses n bytes of /proc/net/ip_vs_stats and of /proc/net/stat/synproxy, and
 * adds what they say. False for text that is no such file. Pure.
 */
bool balance_parse_ipvs(const char *text, size_t n,
			struct balance_taken *taken);
bool balance_parse_synproxy(const char *text, size_t n,
			    struct balance_taken *taken);

/* ---- what comes in by bridges without an address ---- */

struct balance_bridges {
	struct {
		uint64_t index, packets;
	} items[64]; /* of further ones nothing is said */
	size_t n;
};

/* The value of balance_strangers; asks for addresses where it may not be 0. */
uint64_t balance_count_strangers(const struct probe_env *env,
				 const struct sample *s);

/*
 * Sets the packets of the bridge to 0 whose address a message of RTM_NEWADDR
 * is, of those at arg. Returns 0 or -EBADMSG. Pure.
 */
int balance_parse_address(const struct nlmsghdr *h, void *arg);

/* ---- IPsec, whose packets IP counts twice ---- */

#define BALANCE_IPSEC "ipsec" /* an object of LAYER_UNEXPLAINED */

/* Its rows: packets, ever more. */
enum balance_twice {
	BALANCE_DELIVERED,
	BALANCE_DELIVERED6,
	BALANCE_REQUESTED,
	N_BALANCE_TWICE,
};

/* A further one, where a part of those since the read before is not known. */
extern const struct counter balance_ipsec_unknown;

/* A state of IPsec that counts such packets. */
struct ipsec_state {
	struct ipsec_key {
		uint8_t address[16];
		uint32_t spi;
		uint8_t row; /* enum balance_twice */
		uint8_t protocol;
		uint16_t unused; /* 0: keys are compared as bytes */
	} key;
	uint64_t packets;
};

struct ipsec_states {
	struct ipsec_state *items; /* NULL: nobody has asked */
	size_t n, max;
};

/*
 * Takes a message of NETLINK_XFRM apart (struct xfrm_usersa_info and its
 * attributes, net/xfrm/xfrm_user.c). False for what is no such state. Pure.
 */
bool balance_parse_state(const struct nlmsghdr *h, struct ipsec_state *ret);

/*
 * Adds up what states counted since the read before, by rows. False where one
 * of these is gone, and nobody knows what it counted last. Pure.
 */
bool balance_count_states(const struct ipsec_states *now,
			  const struct ipsec_states *then,
			  uint64_t ret[N_BALANCE_TWICE]);

/*
 * Takes out what may be delivered only once: where the kernel can take ESP out
 * of packets before IP sees them, states count those, too. buffer is scratch.
 */
struct kmods;
void balance_leave_offloaded(struct kmods *kmods, char *buffer, size_t size,
			     uint64_t more[N_BALANCE_TWICE]);

/* The object of those rows, or NULL: IPsec has counted nothing. */
const struct object *balance_find_ipsec(const struct sample *s);

#endif
