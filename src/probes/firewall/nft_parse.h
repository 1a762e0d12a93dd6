/* SPDX-License-Identifier: MIT */
/*
 * The messages of nf_tables, one at a time: table, chain, rule, elements of a
 * map, counter object, generation. All functions are pure, fit for hostile
 * bytes, and return 0 or -EBADMSG; strings they give point into the message
 * and end in a NUL there. Counts are packets (skbs) and bytes.
 * Kernel: include/uapi/linux/netfilter/nf_tables.h, nf_tables_api.c.
 */
#ifndef PKTLOSS_NFTABLES_PARSE_H
#define PKTLOSS_NFTABLES_PARSE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/* Longest name, its NUL included; the kernel's NFT_NAME_MAXLEN. */
#define NFTABLES_NAME 256

struct nftables_counts {
	uint64_t packets;
	uint64_t bytes;
};

/* Where the kernel is in its changes: in the head of every message. */
int MUST_CHECK nftables_parse_head(const struct nlmsghdr *h,
				   uint8_t *ret_family,
				   uint16_t *ret_generation);

int MUST_CHECK nftables_parse_generation(const struct nlmsghdr *h,
					 uint32_t *ret);

struct nftables_table {
	uint8_t family;
	const char *name;
	uint64_t handle; /* no two tables of a namespace ever share one */
	bool is_dormant; /* its chains are not hooked in */
};

int MUST_CHECK nftables_parse_table(const struct nlmsghdr *h,
				    struct nftables_table *ret);

struct nftables_chain {
	uint8_t family;
	const char *table;
	const char *name;
	uint64_t handle;
	bool is_base; /* a hook calls it */
	uint32_t hook;
	bool drops; /* its policy */
	bool counts_policy;
	struct nftables_counts policy; /* packets its policy decided about */
};

int MUST_CHECK nftables_parse_chain(const struct nlmsghdr *h,
				    struct nftables_chain *ret);

/* What a rule does with a packet for which nothing in it says stop. */
enum nftables_verdict {
	NFTABLES_GOES_ON,
	NFTABLES_DROPS,
	NFTABLES_REJECTS,
	NFTABLES_QUEUES, /* without bypass: lost when nobody listens */
	NFTABLES_ENDS,	 /* accepted, or somebody else's now */
	NFTABLES_RETURNS,
	NFTABLES_CALLS, /* jump, goto */
};

#define NFTABLES_MAX_OBJECTS 4

struct nftables_rule {
	uint8_t family;
	const char *table;
	const char *chain;
	uint64_t handle;
	enum nftables_verdict verdict;
	bool is_conditional; /* the verdict holds for some packets only */
	bool is_counted;     /* counts has just what the verdict got */
	struct nftables_counts counts;
	const char *calls; /* the chain, NFTABLES_CALLS */
	const char *map;   /* the verdict map it asks, or NULL */
	/* named counters; exact as is_counted */
	const char *objects[NFTABLES_MAX_OBJECTS];
	bool exact[NFTABLES_MAX_OBJECTS];
	unsigned n_objects;
	uint16_t queue;	      /* NFTABLES_QUEUES: this and n_queues - 1 more */
	uint16_t n_queues;    /* 0: any, it is computed */
	bool is_random;	      /* a match picks packets by chance: */
	uint32_t probability; /* the share it picks, in 2^-31 */
	uint32_t every;	      /* a match picks one packet in that many, or 0 */
	const char *comment;  /* not terminated, or NULL */
	size_t comment_length;
};

int MUST_CHECK nftables_parse_rule(const struct nlmsghdr *h,
				   struct nftables_rule *ret);

/* Hash of what the rule of that message looks like, its counts left out. */
uint64_t nftables_rule_shape(const struct nlmsghdr *h);

struct nftables_element {
	bool has_verdict;
	bool drops;
	const char *calls; /* chain, or NULL */
	bool is_counted;
	struct nftables_counts counts;
	uint64_t key; /* hash of what it stands for */
};

struct nftables_elements {
	uint8_t family;
	const char *table;
	const char *map;
};

/* Called for each element. 0 goes on, negative errno stops. */
typedef int (*nftables_visit)(const struct nftables_elements *of,
			      const struct nftables_element *e, void *arg);

/* Visits the elements in a message. Returns what visit returned, too. */
int MUST_CHECK nftables_parse_elements(const struct nlmsghdr *h,
				       nftables_visit visit, void *arg);

struct nftables_object {
	uint8_t family;
	const char *table;
	const char *name;
	bool is_counter;
	struct nftables_counts counts;
};

int MUST_CHECK nftables_parse_object(const struct nlmsghdr *h,
				     struct nftables_object *ret);

#endif
