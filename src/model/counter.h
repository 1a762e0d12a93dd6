/* SPDX-License-Identifier: MIT */
/*
 * What a counter is: a row of a constant table next to the probe that reads
 * it. Nothing here knows collectd or the wire format of a kernel interface.
 */
#ifndef PKTLOSS_MODEL_COUNTER_H
#define PKTLOSS_MODEL_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "model/tag.h"

enum layer {
	LAYER_LINK,
	LAYER_QDISC,
	LAYER_SOFTNET,
	LAYER_NETFILTER,
	LAYER_CONNTRACK,
	LAYER_NEIGH,
	LAYER_IP,
	LAYER_ICMP,
	LAYER_TCP,
	LAYER_UDP,
	LAYER_SOCKET,
	LAYER_XFRM,
	LAYER_DROPREASON, /* no loss of its own: what the kernel says of them */
	LAYER_UNEXPLAINED, /* IP misses them, and no layer is suspected */
	N_LAYERS,
};

enum direction {
	DIR_NONE,
	DIR_RX,
	DIR_TX,
	DIR_FWD,
	DIR_LISTEN, /* connections wanted from a listening socket */
	DIR_FILL,   /* entries of a table, against its limit */
	N_DIRECTIONS,
};

/* What a counter says about a packet. Only LOST (and RESENT) make a ratio. */
enum kind {
	KIND_LOST,   /* lost here: belongs to this layer's total */
	KIND_RESENT, /* sent again: a ratio of its own, a symptom elsewhere */
	KIND_PART,   /* counted in the counter named by .in as well */
	KIND_ECHO,   /* another layer lost it; counted here once more */
	KIND_BENIGN, /* discarded by design: graphed, never alerted */
	KIND_UNCLAIMED, /* in a loss, and most likely nobody wanted them */
	KIND_SYMPTOM,	/* points at loss elsewhere */
	KIND_OVERLOAD,	/* packets waited, or an emergency measure was taken */
	KIND_GAP, /* vanished between two counters, maybe counted elsewhere */
	KIND_PASSED, /* traffic: what losses are measured against */
	KIND_BYTES,  /* bytes beside a count of packets */
	KIND_LEVEL,  /* a level, not a count */
	KIND_FILL,   /* a level that has a limit: a ratio of its own */
	KIND_FACT,   /* configuration: evidence for a cause, never sent */
	KIND_DETAIL, /* names the culprit inside a total, never sent */
};

/* How a traffic counter relates to the losses it is the denominator of. */
enum relation {
	RELATION_NONE,
	RELATION_OUTSIDE, /* counts what passed: lost / (lost + this) */
	RELATION_INSIDE, /* counts what came, lost ones included: lost / this */
	/* the latter where OutTransmits exists (Linux 6.7), else the former */
	RELATION_SINCE67,
};

struct denominator {
	uint8_t layer;	   /* enum layer */
	uint8_t direction; /* enum direction */
	uint8_t relation;  /* enum relation */
};

#define MAX_DENOMINATORS 5

/*
 * section and offset tell the probe that reads a counter where it stands in
 * its source; each has its own use of them, and may have none of offset:
 *
 *   probe      section                           offset
 *   snmp       line of the file: "TcpExt";
 *              NULL: computed, see balance.h
 *   conntrack  column of the file; for a level,  attribute, CTA_STATS_...
 *              the file of the setting
 *   others of /proc/net/stat: column, where it is not called like the counter
 *   softnet                                      column
 *   nfqueue                                      member of struct nfqueue
 *   link       "ethtool": the driver's; NULL:    member of rtnl_link_stats64
 *   qdisc      kind, or "class " and the kind;   member of what that kind
 *              NULL: any has it                  sends, or its attribute
 */
struct counter {
	const char *name;    /* the kernel's spelling; "" names the object */
	const char *object;  /* the one object it stands in, NULL: any */
	const char *type;    /* collectd type, NULL for what is never sent */
	const char *section; /* where it stands, see above */
	uint16_t offset;     /* and where in that */
	uint8_t bits;	     /* width before it wraps: 32 or 64 */
	uint8_t layer;	     /* enum layer */
	uint8_t direction;   /* enum direction */
	uint8_t kind;	     /* enum kind */
	uint8_t tag;	     /* enum tag, where code looks for it */
	bool main;	     /* sent from the start for a real interface */
	bool optional;	     /* read only where a Counter option asks for it */
	bool inside;	     /* counted in what passed, too */
	bool v6;	     /* /proc/net: of IPv6, hence listed in snmp6 */
	int8_t in_gap;	/* sign in the balance of IP input, see balance.h */
	int8_t out_gap; /* and of IP output */
	int8_t refused; /* sign among packets refused without another counter */
	uint8_t rank;	/* with .symptom: the higher the more telling, not 0 */
	struct denominator of[MAX_DENOMINATORS]; /* KIND_PASSED only */
	/*
	 * The counter that holds it too: of KIND_PART it says why these are
	 * lost, of KIND_BENIGN, KIND_UNCLAIMED or KIND_SYMPTOM that these are
	 * not.
	 */
	const char *in;
	const char *means;  /* one sentence for the operator */
	const char *cause;  /* the likeliest reason, as a clause */
	const char *remedy; /* what to do, as a command where there is one */
	const char *source; /* where the kernel counts it */
	/* what it says where nothing is lost: where the loss is, as a clause */
	const char *symptom;
};

/* The rows of a probe. */
struct counter_table {
	const struct counter *rows;
	size_t n;
};
#define ONE_COUNTER(counter_)                                                  \
	{                                                                      \
		.rows = &(counter_), .n = 1                                    \
	}
#define COUNTER_TABLE(rows_)                                                   \
	{                                                                      \
		.rows = (rows_), .n = ARRAY_SIZE(rows_)                        \
	}

/* The first row of a table that carries a tag, or NULL. */
const struct counter *counter_tagged(const struct counter_table *table,
				     enum tag tag);

/* Bytes of the name that a Counter option has for it: "tcp-TCPPureAcks". */
#define COUNTER_OPTION 96
void counter_option(const struct counter *c, char buffer[COUNTER_OPTION]);

const char *layer_name(enum layer layer);
const char *direction_name(enum direction direction);
/* The layer of that name, or -EINVAL. */
int layer_parse(const char *name);

#endif
