/* SPDX-License-Identifier: MIT */
/*
 * The messages of nf_tables, one at a time: table, chain, rule, elements of a
 * map, counter object, generation. All functions are pure, fit for hostile
 * bytes, and return 0 or -EBADMSG; strings they give point into the message
 * and end in a NUL there. Counts are packets (skbs) and bytes.
 * Kernel: include/uapi/linux/netfilter/nf_tables.h, nf_tables_api.c.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_NFT_PARSE_H
#define PKTLOSS_PROBES_FIREWALL_NFT_PARSE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "probes/firewall/rule.h"

/*
 * NFTA_DATA_VERDICT of a nest of NFTA_DATA_*. Returns whether it holds one;
 * code is as the kernel's, calls is the chain it leads to or NULL.
 */
bool nft_parse_verdict(const struct nlattr *data, int32_t *ret_code,
		       const char **ret_calls);

/* Reads the NFTA_COUNTER_* in a nest. False when it has no such. */
bool nft_parse_counts(const struct nlattr *nest, struct firewall_counts *ret);

/* Where the kernel is in its changes: in the head of every message. */
int MUST_CHECK nft_parse_head(const struct nlmsghdr *h, uint8_t *ret_family,
			      uint16_t *ret_generation);

int MUST_CHECK nft_parse_generation(const struct nlmsghdr *h, uint32_t *ret);

struct nft_table {
	uint8_t family;
	const char *name;
	uint64_t handle; /* no two tables of a namespace ever share one */
	bool is_dormant; /* its chains are not hooked in */
};

int MUST_CHECK nft_parse_table(const struct nlmsghdr *h, struct nft_table *ret);

struct nft_chain {
	uint8_t family;
	const char *table;
	const char *name;
	uint64_t handle;
	bool is_base; /* a hook calls it */
	uint32_t hook;
	uint32_t uses; /* its rules, and what leads to it */
	bool drops;    /* its policy */
	bool counts_policy;
	struct firewall_counts policy; /* packets its policy decided about */
};

int MUST_CHECK nft_parse_chain(const struct nlmsghdr *h, struct nft_chain *ret);

/* What a rule does with a packet for which nothing in it says stop. */
enum nft_verdict {
	NFT_GOES_ON,
	NFT_DROPS,
	NFT_REJECTS,
	NFT_QUEUES,  /* without bypass: lost when nobody listens */
	NFT_PROXIES, /* iptables-nft's TPROXY: lost when nobody listens */
	NFT_ENDS,    /* accepted, or somebody else's now */
	NFT_RETURNS,
	NFT_CALLS, /* jump, goto */
};

/* What an expression took from the packet for the next one to look at. */
enum nft_load {
	LOAD_NOTHING,
	LOAD_OTHER,
	LOAD_NFPROTO,
	LOAD_ETHERTYPE,
	LOAD_L4PROTO,
	LOAD_DEVICE,
	LOAD_CT_STATE,
};

/* By what a rule picks packets: each takes fewer than the one before. */
enum nft_width {
	WIDTH_ALL,
	WIDTH_FAMILY,
	WIDTH_DEVICE,
	WIDTH_MATCH,
};

#define NFT_MAX_OBJECTS 4

struct nft_rule {
	uint8_t family;
	const char *table;
	const char *chain;
	enum nft_verdict verdict;
	bool feeds;		   /* a queue: rule.queue and more */
	bool is_conditional;	   /* the verdict holds for some packets only */
	struct firewall_rule rule; /* its comment is in the message */
	const char *calls;	   /* the chain, NFT_CALLS */
	const char *map;	   /* the verdict map it asks, or NULL */
	bool resets;		   /* rejects with a TCP reset */
	uint32_t modulus;	   /* a number below it was made up, or 0 */
	bool is_swapped;	   /* and is in network byte order now */
	uint8_t load;		   /* enum nft_load */
	uint8_t width;		   /* enum nft_width */
	uint32_t mask;		   /* of LOAD_CT_STATE, or 0 */
	/* named counters; exact: it has just what the verdict got */
	const char *objects[NFT_MAX_OBJECTS];
	bool exact[NFT_MAX_OBJECTS];
	unsigned n_objects;
};

int MUST_CHECK nft_parse_rule(const struct nlmsghdr *h, struct nft_rule *ret);

/* Hash of what the rule of that message looks like, its counts left out. */
uint64_t nft_rule_shape(const struct nlmsghdr *h);

/*
 * What a rule lets pass, if it does by a rate, and what a rule of that message
 * matches: see firewall_rule_behind().
 */
struct firewall_pass nft_rule_pass(const struct nft_rule *rule,
				   const struct nlmsghdr *h);
uint64_t nft_rule_matches(const struct nlmsghdr *h);

struct nft_element {
	bool has_verdict;
	bool drops;
	const char *calls; /* chain, or NULL */
	bool is_counted;
	struct firewall_counts counts;
	uint64_t key; /* hash of what it stands for */
};

struct nft_elements {
	uint8_t family;
	const char *table;
	const char *map;
};

/* Called for each element. 0 goes on, negative errno stops. */
typedef int (*nft_visit)(const struct nft_elements *of,
			 const struct nft_element *e, void *arg);

/* Visits the elements in a message. Returns what visit returned, too. */
int MUST_CHECK nft_parse_elements(const struct nlmsghdr *h, nft_visit visit,
				  void *arg);

struct nft_object {
	uint8_t family;
	const char *table;
	const char *name;
	bool is_counter;
	struct firewall_counts counts;
};

int MUST_CHECK nft_parse_object(const struct nlmsghdr *h,
				struct nft_object *ret);

#endif
