/* SPDX-License-Identifier: MIT */
/* What the files of the qdisc probe share; nobody else. */
#ifndef PKTLOSS_PROBES_QDISC_QDISC_PRIVATE_H
#define PKTLOSS_PROBES_QDISC_QDISC_PRIVATE_H

#include "base/table.h"
#include "kernel/netlink.h"
#include "probes/qdisc/qdisc.h"
#include "probes/qdisc/tc_filter.h"

/* The rows that every qdisc or class can have: an index of the counters. */
enum {
	QDISC_ROOT_DROPS,
	QDISC_ROOT_PACKETS,
	QDISC_CHILD_DROPS,
	QDISC_CHILD_PACKETS,
	QDISC_CLASS_DROPS,
	QDISC_CLASS_PACKETS,
	QDISC_INGRESS_DROPS,
	QDISC_EGRESS_DROPS,
	QDISC_INGRESS_PACKETS,
	QDISC_MARKING_DROPS,
	QDISC_OVERLIMITS,
	QDISC_REQUEUES,
	QDISC_QLEN,
	QDISC_BACKLOG,
	QDISC_OWN_ROWS, /* the first that only one kind has */
};

/* What struct probe has of them, see there. */
extern const struct explainer qdisc_explainers[];
extern const struct reason qdisc_reasons[];
size_t qdisc_find_suspects(const struct sample *s, const struct loss *loss,
			   struct suspect *ret, size_t max);
void qdisc_attribute(const struct sample *s, struct losses *l);

/* What one RTM_NEWQDISC or RTM_NEWTCLASS message says. */
struct qdisc_config {
	int ifindex;
	uint32_t handle, parent;
	bool is_class; /* its id is the handle */
	char kind[16];
	bool has_loss;	/* netem with a loss model */
	uint32_t loss;	/* its mean loss, parts of 2^32 - 1 */
	bool ecn;	/* netem marks instead of dropping: drops are marks */
	bool has_limit; /* of its queue */
	bool in_bytes;	/* the limit, else it is in packets */
	uint32_t limit;
	uint64_t rate;		   /* tbf, bytes/s; 0: none */
	uint64_t burst;		   /* tbf, bytes; 0: not known */
	bool was_full, is_full;	   /* cake: its memory */
	uint32_t memory;	   /* that it may use, bytes */
	bool has_default;	   /* htb, hfsc: where unclassified ones go, */
	uint32_t default_class;	   /* the minor number of a class or 0 */
	bool has_basic, has_queue; /* which of the counters below are there */
	uint64_t packets, bytes;
	uint32_t qlen, backlog, drops, requeues, overlimits;
	const void *own; /* what only this kind sends, NULL: nothing; points */
	size_t own_size; /* into the message */
};

/* Parses one RTM_NEWQDISC or RTM_NEWTCLASS. Returns 0 or -EBADMSG. Pure. */
struct nlmsghdr;
int MUST_CHECK qdisc_parse(const struct nlmsghdr *h, struct qdisc_config *ret);

/*
 * The identity of an object, and the interface that it tells. One that was made
 * anew may have the same name, but not the same handle.
 */
static inline uint64_t qdisc_identity(const struct qdisc_config *q)
{
	uint64_t hash = hash_bytes(HASH_START, &q->parent, sizeof(q->parent));

	hash = hash_bytes(hash, &q->handle, sizeof(q->handle));
	return (uint64_t)q->ifindex << 32 | (uint32_t)hash;
}

static inline int qdisc_ifindex(const struct object *o)
{
	return o->identity >> 32;
}

#define QDISC_NAME 80

/*
 * Where the qdiscs of an interface stand that were read so far. Who sets but
 * the first two has table freed in the end.
 */
struct qdisc_names {
	const struct sample *sample;
	uint32_t from; /* index of an object: they are from there to the end */
	uint32_t n;    /* objects before that are in the table, or no qdiscs */
	struct table table; /* where there are many: by handle, and by name */
};

/*
 * Writes a name that no other qdisc or class of the interface has, hexadecimal
 * as tc prints it, a colon as a dot:
 *
 *   tbf_1            the handle, if somebody chose it
 *   tbf_root         else, from 8000: on, it stands at the root
 *   netem_1.10       or in the class 1:10,
 *   netem_root.10    or in 8001:10, and 8001: stands at the root
 *   htb_in_1.10      because htb_1.10 is the class itself, of htb
 *   pfifo_fast_0     a default qdisc has no handle; below mq there are
 *   fq_codel_0_0.1   some more of it, or fq_codel_0_root.1
 *
 * Returns false, with nothing written, if the qdisc whose class it stands in
 * was not read yet.
 */
bool MUST_CHECK qdisc_name(struct qdisc_names *names,
			   const struct qdisc_config *q,
			   char buffer[QDISC_NAME]);

/* The same by handles alone, whoever gave them. */
void qdisc_name_by_handle(const struct qdisc_config *q,
			  char buffer[QDISC_NAME]);

/*
 * Whether a qdisc of this kind drops to make senders slow down (active queue
 * management) or shares its queue among flows: both drop as they work.
 */
bool qdisc_is_aqm(const char *kind);

/*
 * Whether the classes of this kind count for themselves. Those of the others
 * (prio, mq) repeat the qdisc below, or stand for flows that come and go
 * (fq_codel).
 */
bool qdisc_has_classes(const char *kind);

/* Takes from TCA_OPTIONS what of it is known for q->kind. */
void qdisc_parse_options(struct nlattr *options, struct qdisc_config *q);
/* Sets q->own to the struct or attributes that this kind counts in. */
void qdisc_parse_own(struct nlattr *attr, struct qdisc_config *q);
/* Appends the rows that only this kind has. */
void qdisc_append_own(const struct probe_env *env, const struct qdisc_config *q,
		      struct sample *out);

/* Whether it puts packets into classes by filters. */
bool qdisc_is_classful(const char *kind);

extern const struct counter_table qdisc_table;	  /* qdisc_counters.c */
extern const struct counter_table qdisc_others[]; /* see struct probe */

/*
 * What stands in objects of their own, because it is asked only where packets
 * were lost. That a qdisc's classes or filters were, as the first row: how many
 * classes there are, and whether its default class is among them.
 */
extern const struct counter qdisc_fact_asked;
extern const struct counter qdisc_fact_undetermined; /* on either side */
/* A class, and an action of a filter, which has a fact_parent, too. */
extern const struct counter qdisc_class_drops;
extern const struct counter qdisc_filter_drops;
extern const struct counter qdisc_filter_failed;
extern const struct counter qdisc_fact_verdict; /* enum tc_verdict */
extern const struct counter qdisc_fact_share;	/* of TC_RANDOM */
/* of TC_MIRRED; the name of the interface is the object's table */
extern const struct counter qdisc_fact_target;

enum target {
	TARGET_GONE,
	TARGET_DOWN,
	TARGET_NO_CARRIER,
	TARGET_UP,
};

bool qdisc_filter_is(const struct sample *s, const struct object *o,
		     enum tc_verdict verdict);
/* Whether it drops all that it matches, as somebody has told it to. */
bool qdisc_filter_is_rule(const struct sample *s, const struct object *o);
/* Packets that clsact may as well have lost on its other side. */
uint64_t qdisc_undetermined(const struct sample *s, const struct object *o);
/* The kinds of causes: an index of qdisc_reasons. */
enum {
	REASON_NETEM,
	REASON_BLACKHOLE,
	REASON_QUEUE_FULL,
	REASON_AQM,
	REASON_MEMORY,
	REASON_SHAPER,
	REASON_BURST,
	REASON_CLASS,
	REASON_UNCLASSIFIED,
	REASON_POLICE,
	REASON_FILTER,
	REASON_FILTER_RANDOM,
	REASON_PROGRAM,
	REASON_MIRRED,
	REASON_ACTION,
	REASON_SIDE,
	N_QDISC_REASONS,
};

/* " (1.5 Mbit/s)" for a rate in bytes per second, without the brackets. */
void qdisc_describe_rate(uint64_t rate, char *buffer, size_t size);
/* Explain what filters dropped, or clsact without telling which did. */
bool qdisc_explain_filter(const struct suspect *suspect, struct cause *ret);
bool qdisc_explain_side(const struct suspect *suspect, struct cause *ret);

/*
 * Asks for a dump of the type RTM_GET..., of one interface and parent, or 0 for
 * all. Returns as netlink_ask().
 */
int MUST_CHECK qdisc_ask(struct probe_env *env, uint16_t type, int ifindex,
			 uint32_t parent, netlink_row row, void *arg);

/*
 * Behind the qdiscs, which are the objects from first on: asks for the classes
 * and filters of those that have lost something since the previous read, and
 * takes over what is known of those of others.
 */
int MUST_CHECK qdisc_look_closer(struct probe_env *env, struct sample *out,
				 uint32_t first);

#endif
