/* SPDX-License-Identifier: MIT */
/*
 * What a probe is: all that the rest of the program knows of one kernel
 * source. A layer of several files is a folder below probes/, one that needs
 * only one is a file there; this is what each of them hands out.
 */
#ifndef PKTLOSS_MODEL_PROBE_H
#define PKTLOSS_MODEL_PROBE_H

#include "model/explain.h"
#include "model/sample_memory.h"

/*
 * What a probe may touch, all of it belonging to one namespace and valid only
 * while the reading thread is in it. A test builds the same from recordings.
 */
struct drops;
struct procnet;
struct deadline;
struct netlink;
struct probe;
struct selection;

struct probe_env {
	void *state; /* of this probe, see struct probe */
	/* all, in the order of the reads: a source is an index of them */
	const struct probe *const *probes;
	struct procnet *net; /* /proc/thread-self/net */
	const char *sys;     /* "/proc/sys" */
	const char *proc;    /* ProcRoot: processes by number */
	const char *devices; /* "/sys/class/net", of collectd's own; or NULL */
	bool own; /* collectd's own: the one that host-wide things stand in */
	struct drops *drops; /* why packets were dropped, or NULL: */
	int drops_error;     /* where somebody wants to know, negative errno */
	struct netlink *netlink;   /* in the namespace, or NULL */
	struct deadline *deadline; /* of netlink and net, too, or NULL */
	const struct selection *interfaces; /* which are wanted */
	const struct selection *counters;   /* optional ones asked for */
	unsigned max_rules;   /* firewall rules kept apart, per chain */
	unsigned max_sockets; /* that dropped, told apart per namespace */
	bool classes;	      /* the classes of qdiscs are wanted, too */
	bool gaps;	 /* look for packets that vanish without a counter */
	bool unresolved; /* the host, read before, dropped what waited for one
			    of its next hops since its read before */
	char *buffer;	 /* scratch, never kept between probes */
	size_t size;	 /* of buffer, bytes */
};

/* What says that there is no such source, and so is no blindness. */
enum absence {
	ABSENT_NO_ENTRY = 1 << 0,   /* -ENOENT */
	ABSENT_NO_SUPPORT = 1 << 1, /* -EOPNOTSUPP */
	ABSENT_AGAIN = 1 << 2, /* also where it was there: modules go, too */
};

/*
 * One kernel source. read() is stateless: it appends what it finds, an absent
 * counter is not appended (never 0); out->then tells what it found the time
 * before. Returns 0 or
 *   -ENOENT, -EOPNOTSUPP  this kernel or namespace has no such source, if
 *                         .absent has that error; else it could not be read
 *   -EPERM, -EACCES       a capability is missing
 *   -EBADMSG              the kernel's text or bytes were not understood
 *   -EAGAIN               interrupted or changed while reading: read again
 *   -ENOTUNIQ             it may be there, but asking would make it
 *   -ETIME                env->deadline is over
 * or another negative errno. The caller takes back what a failed read left. One
 * that could read most of it says so by sample_missed(), and returns 0.
 */
struct probe {
	const char *name;
	const char *what;   /* it brings, for who knows no kernel */
	const char *reads;  /* the kernel source, for people */
	uint64_t needs;	    /* capabilities, as kernel/capability.h has them */
	uint8_t layer;	    /* its <layer> in gauge-<layer>-available */
	bool host_wide;	    /* the same in every namespace: read in one */
	uint8_t absent;	    /* enum absence; 0: each namespace has it */
	bool names_objects; /* their names come first in those of series */
	/*
	 * Those whose rows of the same read it looks at, hence are read before;
	 * NULL: none, else ended by NULL.
	 */
	const struct probe *const *after;
	bool is_last; /* it looks at the rows of all the others */

	const struct counter_table *counters; /* n is 0 for one without */
	/* What else its rows may be of, facts; the last is empty, NULL: none.
	 */
	const struct counter_table *others;

	/*
	 * What it learns of the kernel and keeps from read to read, for any
	 * namespace: init() makes env->state, of env it looks at options alone;
	 * returns 0 or -ENOMEM. free() takes what init() made, or NULL. Both
	 * NULL: it keeps nothing.
	 */
	int (*init)(const struct probe_env *env, void **ret);
	void (*free)(void *state);
	int (*read)(struct probe_env *env, struct sample *out);

	/* What it knows of causes; any may be NULL. See explain.h. */
	const struct explainer *explainers; /* the last has no function */
	const struct reason *reasons; /* that they name; the last has no id */
	/*
	 * Who is to blame for a loss of its layer, where things of that layer
	 * repeat each other: up to max of them, the worst first. Returns how
	 * many. NULL: whoever has a row that moved. Pure.
	 */
	size_t (*find_suspects)(const struct sample *s, const struct loss *loss,
				struct suspect *ret, size_t max);
	cause_explain_hidden explain_hidden;
	/*
	 * The same as the next one, of what is a fact: before anybody is
	 * suspected. Pure.
	 */
	void (*prove)(const struct sample *s, struct losses *l);
	/*
	 * Moves packets between the losses of a namespace, once these are
	 * summed up: what nothing explains (LAYER_UNEXPLAINED) to where this
	 * probe suspects it was lost, with loss_suspect(), or what its layer
	 * lost and need not have. In the order of the probes. Pure.
	 */
	void (*attribute)(const struct sample *s, struct losses *l);
	/*
	 * Behind all of these: which suspects are facts. Their packets are no
	 * uncounted ones any more, but those of a row. Pure.
	 */
	void (*confirm)(const struct sample *s, struct losses *l);
	/* the kind of limits for a loss of its layer, by what lost most */
	enum limits_kind (*limits_kind)(const struct sample *s,
					const struct loss *loss);
};

#define MAX_PROBES 32
/* The list, see probes/probes.c. */
extern const struct probe *const probes[];
extern const size_t n_probes;

/*
 * A counter of a row by a number that holds from run to run of one program:
 * -ENOENT, or NULL, where it is none of this probe's. Pure.
 */
int probe_number_of(const struct probe *p, const struct counter *c);
const struct counter *probe_counter(const struct probe *p, uint64_t number);

/* Whether a row is wanted: it is not optional, or env->counters names it. */
bool counter_wanted(const struct probe_env *env, const struct counter *c);

/*
 * Whether an error of read() says that there is no such source: that is no
 * blindness. But what all have is not absent, nor is what was there once
 * (was_there) and cannot go. Pure.
 */
bool probe_is_absent(const struct probe *p, bool was_there, int error);

#endif
