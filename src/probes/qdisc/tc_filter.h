/* SPDX-License-Identifier: MIT */
/* What a filter of tc says of itself and of its actions. Pure. */
#ifndef PKTLOSS_PROBES_QDISC_TC_FILTER_H
#define PKTLOSS_PROBES_QDISC_TC_FILTER_H

#include "kernel/netlink.h"

/* What an action does with a packet that it drops. */
enum tc_verdict {
	TC_PROGRAM, /* the filter is a BPF program that decides itself */
	TC_POLICE,  /* too much of it */
	TC_DROP,    /* all that the filter matches */
	TC_RANDOM,  /* some of it, by chance or each so many */
	TC_BPF,	    /* an action that is a BPF program */
	TC_MIRRED,  /* it was to go out of another interface */
	TC_OTHER,   /* an action that could not do its work */
};

/* One RTM_NEWTFILTER message. The attributes point into it. */
struct tc_filter {
	int ifindex;
	uint32_t parent, handle, chain;
	uint16_t pref;
	char kind[16];
	char program[32];	/* name of a BPF program, or "" */
	bool decides;		/* a BPF program whose result is the verdict */
	struct nlattr *actions; /* or NULL */
	bool has_police;	/* one of the old kind, and what it counted: */
	struct nlattr *police;
	uint32_t police_drops;
};

/* One action of it. */
struct tc_action {
	uint8_t verdict; /* enum tc_verdict */
	char kind[16];
	uint32_t drops;	    /* packets that it dropped */
	uint32_t failed;    /* mirred: those that the other did not take */
	uint32_t share;	    /* TC_RANDOM: how much of all, of 2^32 - 1 */
	uint64_t rate;	    /* TC_POLICE: bytes per second, 0: none */
	uint32_t mtu;	    /* and no packet larger than this */
	int ifindex;	    /* TC_MIRRED: the other; 0: gone */
	bool is_redirected; /* and not copied */
};

/*
 * Parses a message. Returns 1; 0 for one that is not of a filter, but of what
 * holds filters; or -EBADMSG.
 */
int MUST_CHECK tc_filter_parse(const struct nlmsghdr *h, struct tc_filter *ret);

/* The n-th of its actions, from 0. False: there are less. */
bool tc_filter_action(const struct tc_filter *f, unsigned n,
		      struct tc_action *ret);

#endif
