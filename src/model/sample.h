/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary of pktloss: what a counter, a sample and a probe are.
 *
 * A counter is a row of a constant table next to the probe that reads it. A
 * probe fills a sample: the objects of one network namespace (its interfaces,
 * qdiscs, firewall rules, and the namespace itself) with a row per counter.
 * Everything after that is arithmetic on two samples of one namespace.
 *
 * Nothing here knows collectd or the wire format of a kernel interface.
 */
#ifndef PKTLOSS_MODEL_SAMPLE_H
#define PKTLOSS_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

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
	LAYER_DROPREASON,
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
	KIND_LOST,     /* lost here: belongs to this layer's total */
	KIND_RESENT,   /* sent again: a ratio of its own, a symptom elsewhere */
	KIND_PART,     /* counted in the counter named by .in as well */
	KIND_ECHO,     /* another layer lost it; counted here once more */
	KIND_BENIGN,   /* discarded by design: graphed, never alerted */
	KIND_SYMPTOM,  /* points at loss elsewhere */
	KIND_OVERLOAD, /* packets waited, or an emergency measure was taken */
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
	RELATION_SINCE67, /* RELATION_INSIDE where OutTransmits exists
			   * (Linux 6.7), else RELATION_OUTSIDE
			   */
};

struct denominator {
	uint8_t layer;	   /* enum layer */
	uint8_t direction; /* enum direction */
	uint8_t relation;  /* enum relation */
};

#define MAX_DENOMINATORS 4

struct counter {
	const char *name;    /* the kernel's spelling; "" names the object */
	const char *type;    /* collectd type, NULL for what is never sent */
	const char *section; /* /proc/net: the line it stands in, "TcpExt" */
	uint16_t offset;     /* kernel struct: where it stands */
	uint8_t bits;	     /* width before it wraps: 32 or 64 */
	uint8_t layer;	     /* enum layer */
	uint8_t direction;   /* enum direction */
	uint8_t kind;	     /* enum kind */
	bool main;	     /* sent from the start for a real interface */
	bool optional;	     /* read only where a Counter option asks for it */
	bool inside;	     /* counted in what passed, too */
	int8_t in_gap;	/* sign in the balance of IP input, see ip_balance.h */
	int8_t out_gap; /* and of IP output */
	int8_t refused; /* sign among packets refused without another counter */
	struct denominator of[MAX_DENOMINATORS]; /* KIND_PASSED only */
	const char *in;	    /* KIND_PART: the counter that holds it too */
	const char *means;  /* one sentence for the operator */
	const char *cause;  /* the likeliest reason, as a clause */
	const char *remedy; /* what to do, as a command where there is one */
	const char *source; /* where the kernel counts it */
};

/* One value. delta and the flags are filled in by sample_compare(). */
struct row {
	const struct counter *counter;
	uint64_t value; /* unit of the counter: packets unless its name says */
	uint64_t delta : 62; /* since the previous read, with ROW_COMPARED */
	uint64_t flags : 2;  /* here for size: most memory is rows */
};

#define MAX_DELTA ((UINT64_C(1) << 62) - 1) /* more is told as this */

#define ROW_COMPARED 1 /* delta is known: the same thing was there before */
#define ROW_SENT 2     /* collectd has this series */

/*
 * A thing that counts. place is the interface ("" for the namespace itself),
 * name tells objects of one place and layer apart ("netem_8001"), identity
 * tells that it is still the same thing under that name.
 */
struct object {
	uint64_t identity;
	uint32_t place; /* offsets into the sample's text */
	uint32_t name;
	uint32_t label; /* free text for a cause: kind, rule comment */
	uint32_t first; /* its rows: rows[first .. first + n - 1] */
	uint32_t n;
	uint32_t before; /* 1 + its index in the sample before, 0: not there */
	uint8_t layer;
	bool same;  /* was there in the previous sample, with this identity */
	bool main;  /* a real interface: its main counters are always sent */
	bool awake; /* has lost something since we look: its rows are sent */
	bool stale; /* carried over, because its source could not be read */
	bool late;  /* was stale: its deltas are of more than this interval */
	bool parts_moved; /* one of KIND_PART did: worth a look at them */
	bool moved;	  /* something did that is no traffic */
	bool sent;	  /* one of its rows has ROW_SENT */
	uint8_t source;	  /* index of its probe */
};

/* All that one read of one namespace brought. Reused read after read. */
struct sample {
	struct row *rows;
	struct object *objects;
	char *text;
	uint32_t n_rows, n_objects, n_text;
	uint32_t max_rows, max_objects, max_text; /* allocated */
	uint32_t sources;   /* bit i: probe i was read completely */
	uint8_t source;	    /* the probe that appends now, for its objects */
	int error;	    /* first failure to append, negative errno, or 0 */
	uint64_t time_ns;   /* CLOCK_REALTIME of the read, 0: no read yet */
	uint64_t before_ns; /* and of the one it was compared with */
	uint64_t mono_ns;   /* CLOCK_MONOTONIC of the read */
	const struct sample *then; /* the one before, or NULL */
	uint32_t hint;	  /* its object behind the one found there last */
	uint32_t *index;  /* its objects by their hash, made when needed */
	uint32_t n_index; /* slots in use, 0: not made; a power of two */
	uint32_t max_index;
};

struct sample_mark {
	uint32_t rows, objects, text;
};

/* Empties a sample, keeps its memory. */
void sample_reset(struct sample *s);
/*
 * What is appended from now on is looked for in the sample before, too, which
 * is to stay as it is as long as s is used; NULL: there is none.
 */
void sample_follow(struct sample *s, const struct sample *then);
/* Frees what a sample holds; a zeroed sample is fine. */
void sample_free(struct sample *s);

/*
 * Appending. None returns an error: the first failure (-ENOMEM; -E2BIG past
 * the limit of a million rows) stays in s->error and turns the rest into
 * nothing, so that a parser stays readable and the reader checks once.
 */
void sample_object(struct sample *s, enum layer layer, const char *place,
		   const char *name, uint64_t identity);
/* Sets the label of the object appended last. */
void sample_label(struct sample *s, const char *label);
/* Appends a row to the object appended last. */
void sample_row(struct sample *s, const struct counter *counter,
		uint64_t value);

/*
 * Tells that the row appended last counts from 0 since the previous read, in
 * which its object was not: its first loss is known.
 */
void sample_began(struct sample *s);

/* Remember where a sample ends, and take back what was appended since. */
struct sample_mark sample_mark(const struct sample *s);
void sample_rollback(struct sample *s, struct sample_mark mark);

static inline const char *object_place(const struct sample *s,
				       const struct object *o)
{
	return s->text + o->place;
}

static inline const char *object_name(const struct sample *s,
				      const struct object *o)
{
	return s->text + o->name;
}

static inline const char *object_label(const struct sample *s,
				       const struct object *o)
{
	return s->text + o->label;
}

/* The same object in the sample before, or NULL. */
static inline const struct object *object_before(const struct sample *s,
						 const struct object *o)
{
	return o->before ? &s->then->objects[o->before - 1] : NULL;
}

/*
 * Looks an object up in the sample before. Returns it, or NULL: it was not
 * there. Samples keep their order, so most are found behind the last one.
 */
const struct object *sample_before(struct sample *s, enum layer layer,
				   const char *place, const char *name);

/*
 * The object of that layer, place and name, or NULL. hint is the index to
 * look at first and is moved behind the find: samples keep their order, so
 * walking two of them side by side costs one comparison an object.
 */
const struct object *sample_find(const struct sample *s, enum layer layer,
				 const char *place, const char *name,
				 uint32_t *hint);

/* The row of an object for a counter, or NULL. Any sample, any thread. */
struct row *object_row(const struct sample *s, const struct object *o,
		       const struct counter *counter);

/*
 * Appends the objects that a probe left in the previous sample, marked stale:
 * a source that could not be read this time goes on where it was the next.
 */
void sample_carry(struct sample *s, const struct sample *then, uint8_t source);

/*
 * Makes s what of was when all of its counters were 0: compared with it, of
 * tells totals. Errors as in appending.
 */
void sample_zero(struct sample *s, const struct sample *of);

/*
 * Compares a sample with the one before: fills in delta and ROW_COMPARED
 * where the counter of the same thing went on counting, carries awake and
 * ROW_SENT over, wakes what lost, and widens 32-bit counters that wrapped to
 * a value that keeps growing.
 */
void sample_compare(struct sample *now, const struct sample *then);

/*
 * What a probe may touch, all of it belonging to one namespace and valid only
 * while the reading thread is in it. A test builds the same from recordings.
 */
struct netfiles;
struct netlink;
struct nfnetlink;
struct selection;
struct snmp_columns;
struct sock_diag;
struct ethtool_cache;

struct probe_env {
	struct netfiles *net; /* /proc/thread-self/net */
	const char *sys;      /* "/proc/sys" */
	const char *proc;     /* ProcRoot: processes by number */
	const char *devices;  /* "/sys/class/net", true at own; or NULL */
	bool own; /* collectd's own: the one that host-wide things stand in */
	struct netlink *route;		    /* NETLINK_ROUTE, opened */
	struct nfnetlink *netfilter;	    /* a probe opens it, if at all */
	struct sock_diag *diag;		    /* dumps sockets, or NULL */
	struct ethtool_cache *ethtool;	    /* or NULL: do not ask drivers */
	const struct selection *interfaces; /* which are wanted */
	const struct selection *counters;   /* optional ones asked for */
	struct snmp_columns *snmp; /* what was learnt of its columns, or NULL */
	unsigned max_rules;	   /* firewall rules kept apart, per chain */
	unsigned max_sockets;	   /* that dropped, told apart per namespace */
	bool classes;		   /* the classes of qdiscs are wanted, too */
	bool gaps;    /* look for packets that vanish without a counter */
	char *buffer; /* scratch, never kept between probes */
	size_t size;  /* of buffer, bytes */
};

/*
 * One kernel source. read() is stateless: it appends what it finds, an absent
 * counter is not appended (never 0); out->then tells what it found the time
 * before. Returns 0 or
 *   -ENOENT, -EOPNOTSUPP  this kernel or namespace has no such source
 *   -EPERM, -EACCES       a capability is missing
 *   -EBADMSG              the kernel's text or bytes were not understood
 *   -EAGAIN               interrupted or changed while reading: read again
 * or another negative errno. The caller takes back what a failed read left.
 */
struct probe {
	const char *name;
	const char *reads; /* the kernel source, for people */
	const char *needs; /* the capability it needs, or NULL */
	uint8_t layer;	   /* its <layer> in gauge-<layer>-available */
	bool host_wide;	   /* the same in every namespace: read in one */
	const struct counter *counters;
	size_t n_counters;
	const struct counter *optional; /* more rows, all optional, or NULL */
	size_t n_optional;
	int (*read)(struct probe_env *env, struct sample *out);
};

#define MAX_PROBES 32
extern const struct probe *const probes[];
extern const size_t n_probes;

/* Whether a row is wanted: it is not optional, or env->counters names it. */
bool counter_wanted(const struct probe_env *env, const struct counter *c);

const char *layer_name(enum layer layer);
const char *direction_name(enum direction direction);
/* The layer of that name, or -EINVAL. */
int layer_parse(const char *name);

#endif
