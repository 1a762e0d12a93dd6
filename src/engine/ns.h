/* SPDX-License-Identifier: MIT */
/* The network namespaces that are read, and what is known of each. */
#ifndef PKTLOSS_ENGINE_NS_H
#define PKTLOSS_ENGINE_NS_H

#include "base/table.h"
#include "engine/pace.h"
#include "kernel/netns.h"
#include "model/loss.h"
#include "model/names.h"
#include "model/probe.h"
#include "model/remedy.h"
#include "model/sample.h"

#define MAX_SAID 16 /* rules that are named in the log */

/*
 * Who goes first where there is no room for all. Anybody may make namespaces,
 * and many hosts let users make cgroups, whose names are theirs; a file is
 * made by who administers the host, or by a runtime.
 */
enum ns_rank {
	NS_NAMELESS,  /* nor has it one where another has that already */
	NS_BY_CGROUP, /* called after the cgroup of a process */
	NS_NAMED,     /* by a file; and collectd's own */
};

#define N_NS_RANKS (NS_NAMED + 1)

/* Rules that are in the log; the oldest that is gone makes room. */
struct said {
	uint8_t n; /* one more than there are: that there are more was said */
	uint64_t hash[MAX_SAID];
	uint32_t seen[MAX_SAID]; /* CLOCK_MONOTONIC in seconds, the last time */
};

/* What attribution.c has found out of a namespace, in one go. */
struct settling {
	const char *ipvlan; /* of any namespace that stands on one here */
	uint32_t way_out;   /* objects before this have no loss left to echo */
	bool knows_hooked;
	uint64_t hooked; /* what rules on the way to a device dropped */
};

struct ns {
	struct netns_id
		id;	  /* all 0: it ended, what has its number is another */
	uint64_t born_ns; /* CLOCK_BOOTTIME when it was not yet; 0: unknown */
	uint64_t cookie;  /* unique for the boot, 0: the kernel has none */
	char path[NETNS_PATH]; /* where it is entered, "" for collectd's own */
	pid_t pid;	       /* of the process whose path it is, 0: of none */
	pid_t resident; /* seen in it the last time, see resident.h; or 0 */
	char name[NAME_NAMESPACE + 1]; /* clean, "" for collectd's own */
	uint8_t rank;		       /* enum ns_rank */
	uint8_t grade;		       /* enum naming_grade: how good that is */
	bool host_only; /* own, not asked for: only host-wide things are read */
	bool gone;	/* the newest discovery has not found it */
	bool displaced; /* or has, but had no room for it any more: gone, too */
	bool replaced;	/* another one took over its inode number */
	bool was_read;	/* in this interval, into now */
	bool is_first;	/* that is the first read of it */
	uint32_t slow;	/* bit i: probe i takes too long */
	struct pace paces[MAX_PROBES]; /* of these */
	uint64_t cost_ns; /* what it took the last time; 0: it was not read */
	bool skipped;	  /* there was no time for it in the round before */
	bool dear;	  /* its part was too short for it */
	uint8_t class;	  /* when it is read in a round, see turns.c */
	bool was_slow;	  /* that was noted, to be told once */
	uint32_t known;	  /* bit i: probe i has read it, once */
	uint32_t refused; /* the same: it could not, now */
	uint32_t was_refused; /* the same, at any time */
	bool was_uncounted; /* a report saw rules that drop without a counter */
	struct said said;   /* of these, those in the log */
	bool was_waiting;   /* a summary of this backlog has named it */
	bool was_alive;	    /* a report sent its heartbeat */
	uint32_t n_due;	    /* series of it, by the newest report */
	uint32_t n_held;    /* of rows, those that collectd had before */
	struct sample now;  /* the newest read, until interval_swap() */
	struct sample then; /* and the one before */
	struct losses losses;
	struct settling settling;
};

/* Where devices are, of all that were read in an interval: see devices.h. */
struct devices {
	struct table table; /* their keys; the items are namespaces */
	unsigned n_asked;
	bool is_made;
	bool knows_ipvlans;
};

/* Zeroed is empty. */
struct ns_list {
	struct ns **items; /* collectd's own is the first */
	size_t n, max;
	size_t next;	    /* of those behind it, whose turn it is */
	size_t n_displaced; /* of all, those about to leave */
	/* no namespace of the host is known to be missing, nor may one be
	   hidden: what is counted for the host was counted in one of these */
	bool whole;
	/* so many intervals, what is counted for the host must yet agree with
	   what these miss before it is believed to be theirs again */
	unsigned doubts;
	struct hash_key key; /* of all that has to be found by a name */
	struct devices devices;
};

/* Walks a list: EACH_NS (list, ns) n += ns->was_read; */
#define EACH_NS(list, ns)                                                      \
	for (struct ns **ns##_at = (list)->items, *ns;                         \
	     ns##_at != ns_list_end(list) && (ns = *ns##_at, true); ns##_at++)

static inline struct ns **ns_list_end(const struct ns_list *list)
{
	return list->n ? list->items + list->n : list->items;
}

/* Appends a zeroed one, which the list owns. Returns NULL: out of memory. */
struct ns *ns_list_add(struct ns_list *list);
/* Has one leave the list, as it makes room for another. */
void ns_list_displace(struct ns_list *list, struct ns *ns);
/* Frees those that are gone. Whose turn it is stays. */
void ns_list_drop_gone(struct ns_list *list);
void ns_list_free(struct ns_list *list);

/* Whether it has a name that does not come from its number, or is collectd's.
 */
static inline bool ns_is_named(const struct ns *ns)
{
	return ns->rank != NS_NAMELESS;
}

static inline bool ns_is_own(const struct ns *ns)
{
	return !ns->path[0];
}

/* Collectd's own, where the host counts, if it was read; else NULL. */
static inline struct ns *ns_list_own(const struct ns_list *list)
{
	return list->n && ns_is_own(list->items[0]) && list->items[0]->was_read
		       ? list->items[0]
		       : NULL;
}

/* Whether it is entered by a file that gives it a name, not by a process. */
static inline bool ns_has_file(const struct ns *ns)
{
	return ns->path[0] && !ns->pid;
}

/* Whether a source that takes too long is to be tried again now. */
static inline bool ns_tries_again(const struct ns *ns)
{
	for (uint32_t slow = ns->slow; slow; slow &= slow - 1)
		if (!ns->paces[__builtin_ctz(slow)].wait)
			return true;
	return false;
}

/* Whether something is to be said of it in this interval. */
static inline bool ns_is_reported(const struct ns *ns)
{
	return ns->was_read && !ns->host_only;
}

/* How a command gets into it. */
struct way ns_way(const struct ns *ns);

#endif
