/* SPDX-License-Identifier: MIT */
/* What engine.c (looking) and report.c (reporting) share; nobody else. */
#ifndef PKTLOSS_ENGINE_ENGINE_PRIVATE_H
#define PKTLOSS_ENGINE_ENGINE_PRIVATE_H

#include <limits.h>
#include <stdatomic.h>

#include "engine/container.h"
#include "engine/engine.h"
#include "model/probe.h"
#include "kernel/netlink.h"
#include "model/names.h"
#include "engine/processes.h"
#include "kernel/procnet.h"
#include "report/alarm_file.h"

/* A namespace that is watched. */
struct watched {
	struct netns_id id;
	uint64_t cookie; /* unique for the boot, 0: the kernel has none */
	char path[128];	 /* where it is entered, "" for collectd's own */
	char name[NAME_NAMESPACE + 1]; /* clean, "" for collectd's own */
	bool named;		       /* path is a name's, not a process's */
	pid_t pid;		       /* whose path it is, 0: a name's */
	bool present;		       /* found by the newest scan */
	bool hidden; /* not asked for: only what is of the whole host is read */
	bool fresh;  /* now was read and not reported yet */
	bool renewed;	    /* another namespace took over its inode number */
	uint32_t was_blind; /* bit i: probe i has been refused once */
	uint32_t is_blind;
	bool was_uncounted; /* rules that drop without a counter were seen */
	struct sample now, then;
	struct losses losses;
};

/*
 * A namespace that has a file and is not watched: a runtime made up the name of
 * the file and no process was asked yet for a better one, or it is not wanted.
 */
struct candidate {
	struct netns_id id;
	size_t beside; /* 1 + the next one of this namespace, 0: none */
	char path[128];
	char name[CONTAINER_NAME + 1]; /* the file's until there is a better */
	bool seen;		       /* by the newest scan of the names */
	bool waits;		       /* for a look at the processes */
	unsigned asked;		       /* processes without a better name */
	uint64_t since_ns;	       /* CLOCK_MONOTONIC, when it was found */
};

#define MAX_SAID_RULES 1024 /* uncounted ones that are logged */
#define MAX_SAID 8	    /* different errors of one probe that are logged */

/* The errors of one probe, each said once. */
struct blindness {
	int errors[MAX_SAID]; /* negative errno, 0: free */
	unsigned said;	      /* how many of them are in the log */
};

/* A namespace that discovery has come by; w is NULL: not watched. */
struct seen {
	struct netns_id id; /* all 0: a free slot */
	struct watched *w;
	size_t candidate; /* 1 + the first one in engine.candidates, 0: none */
	bool left_out;	  /* wanted, but one too many */
};

/* Those of one discovery by their identity: a hash table. */
struct seen_table {
	struct seen *slots;
	size_t n, max; /* max is 0 or a power of two, at least twice n */
};

struct engine {
	const struct settings *settings;
	uint32_t wanted_layers; /* bit i: enum layer */
	uint32_t wanted_probes; /* bit i: probes[i] */
	struct netlink netlink;
	struct procnet files;
	struct probe_env env;
	void *states[MAX_PROBES]; /* of the probes, see struct probe */
	struct watched **watched;
	size_t n_watched, max_watched;
	struct candidate *candidates;
	size_t n_candidates, max_candidates;
	struct netns_id own_id;
	int own; /* fd of collectd's own namespace, -1 before the first look */
	struct netns_names names;
	struct processes processes;
	struct seen_table seen;
	uint64_t processes_ns; /* CLOCK_MONOTONIC of the last scan of /proc */
	uint64_t scan_ns;      /* what it took */
	bool rescan;	       /* a process namespace has moved */
	bool rebuild;	       /* a name has, or there is room again */
	uint64_t naming_budget_ns; /* 0: none */
	uint64_t naming_ns; /* CLOCK_MONOTONIC, when to stop it, 0: not begun */
	bool any_unnamed;   /* a process was not asked, for lack of time */
	size_t next;	    /* the first to be read, behind the own one */
	size_t n_skipped;   /* namespaces that the last look left out */
	size_t n_unwatched; /* beyond MaxNamespaces */
	bool was_skipped, was_unwatched; /* there were some, and it was said */
	bool said_too_many_series;
	uint64_t other[N_LAYERS]; /* lost where there is no series for it */
	uint32_t other_sent;	  /* bit i: collectd has the sum of layer i */
	bool private_own, said_private_own;
	size_t n_series; /* that collectd has */
	struct blindness blindness[MAX_PROBES];
	struct blindness refused;	     /* entering namespaces */
	uint64_t said_rules[MAX_SAID_RULES]; /* hashes, 0: free */
	struct state raised;   /* before the restart, and not found again yet */
	bool restored;	       /* the state file was read */
	uint64_t first_ns;     /* time of the first read that was reported */
	bool unsaved;	       /* alarms are others than in the state file */
	const char *state_use; /* "read" or "written", and why it cannot be: */
	int state_error;
	bool said_state;
	atomic_bool stop;
};

void watched_free(struct watched *w);

uint64_t clock_ns(clockid_t clock);

/*
 * discover.c: finds what is to be watched, as cheaply as nothing changes:
 * names when their directory has changed, processes once a minute and when
 * one that showed the way into a namespace is gone or a namespace waits for
 * its name, all of it with every scan of processes. Half of the budget (0: no
 * limit) is for names of containers; what got none is watched later. Returns 0,
 * -ENOMEM, or -ECANCELED after engine_stop().
 */
int MUST_CHECK discover(struct engine *e, uint64_t budget_ns);
/*
 * Begins to watch a namespace, whose name is raw before it is made clean and
 * unique. *ret is NULL for what cannot be watched: a path too long to keep, a
 * namespace of another type. Returns 0 or -ENOMEM.
 */
int MUST_CHECK watch_namespace(struct engine *e,
			       const struct netns_found *found, const char *raw,
			       struct watched **ret);
static inline bool same_netns(const struct netns_id *a,
			      const struct netns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* Whether the configuration asks for a layer. */
bool wants_layer(const struct engine *e, enum layer layer);

/*
 * naming.c: the name of the container of a process. Returns false with name
 * the container's short id, or "" where it is in none.
 */
bool name_by_process(const struct engine *e, pid_t pid, char *name,
		     size_t size);
/* Whether there is time to ask for a name: for the first one there always is.
 */
bool naming_has_time(struct engine *e);
/* Forgets what the last scan of the names did not see; the others are kept, not
 * seen by the next one yet and beside none. */
void candidates_restart(struct engine *e);
/* Puts one, by its index, beside those of its namespace. */
void candidate_link(struct engine *e, struct seen *seen, size_t i);
/*
 * Keeps what has a file's name and is not watched until the names are scanned
 * again. NULL: there is no room for it.
 */
struct candidate *candidate_keep(struct engine *e, struct seen *seen,
				 const struct netns_found *found);
/* One of a namespace that the scan has seen, if possible one that waits. NULL:
 * there is none. */
struct candidate *candidate_find(const struct engine *e,
				 const struct seen *seen);
/* Whether that process had the name which c waits for; then c has it. */
bool candidate_ask(const struct engine *e, struct candidate *c, pid_t pid);
bool candidates_wait(const struct engine *e);

#define MAX_NOTIFICATIONS 20 /* in one report; the rest is summed up */
#define MESSAGE_SIZE 256

/* A report in progress. */
struct report {
	struct engine *engine;
	const struct sink *sink;
	struct watched *watched; /* the namespace that is reported now */
	unsigned ago;	 /* 0, or only what was quiet, as of a read before */
	bool any_quiet;	 /* something was */
	size_t n_new;	 /* series that collectd did not have before */
	size_t n_series; /* sent in this report */
	unsigned n_notifications;
	unsigned n_suppressed;
	enum severity worst_suppressed;
	uint64_t time_ns; /* of the newest sample, CLOCK_REALTIME */
	bool alarms_changed;
};

/* interval.c: the two halves of engine_next(). */
void engine_swap(struct engine *e);
void engine_forget_gone(struct engine *e);

/* attribute.c: where losses belong that no namespace alone can place. */
void attribute_losses(struct engine *e);

/* values.c: sends what is due of r->watched; first with r->ago 2, then 1. */
void send_values(struct report *r);
/* And the sums of what is lost where there is no series for it. */
void send_other(struct report *r);
/* The plugin instance of an interface, "" for none, of a namespace. */
void full_place(const struct watched *w, const char *interface,
		char place[NAME_PART + 1]);
/* Place and type instance of a ratio; its type is "percent". */
void loss_series(const struct watched *w, const struct loss *loss,
		 char place[NAME_PART + 1], char instance[NAME_PART + 1]);

/* alarms.c: judges the losses of r->watched and notifies of changes. */
void judge_losses(struct report *r);
/* Takes back every alarm of r->watched, which is gone, and its losses. */
void end_alarms(struct report *r);
/* restore.c: gives a loss that is seen for the first time its state back ... */
void claim_alarm(struct report *r, struct loss *loss);
/* ... takes back what is not found again, and has written what changed. */
void save_alarms(struct report *r);

/* Takes an alarm of r->watched back, for that reason. */
void notify_okay(struct report *r, const struct loss *loss, const char *why);
/* One notification for all that were too many. */
void notify_suppressed(struct report *r);

#endif
