/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces: where they are found, what they are called, and the
 * only place that enters one.
 */
#ifndef PKTLOSS_KERNEL_NETNS_H
#define PKTLOSS_KERNEL_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/util.h"

/* Two paths with one identity are one namespace. */
struct netns_id {
	dev_t dev;
	ino_t ino;
};

static inline bool netns_same(const struct netns_id *a,
			      const struct netns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* Bytes kept of a path to one: ProcRoot may be long, and a file's name 255. */
#define NETNS_PATH 512

/* The identity of what path names. Returns 0 or negative errno. */
int MUST_CHECK netns_identify(const char *path, struct netns_id *ret);

/*
 * Whether this thread may ask which namespaces the processes of others are in:
 * of one that has more capabilities it may not even so.
 */
bool netns_may_ask(void);

/*
 * Whether proc_root shows the processes of the whole host, so that its process
 * 1 is the host's. What may not be asked is none.
 */
bool netns_shows_host(const char *proc_root);

/*
 * Whether path names a network namespace, and not one of another type, or
 * something else, or nothing any more. Where that cannot be told it may be one:
 * whoever enters it sees, and says so.
 */
bool netns_may_be_network(const char *path);

/*
 * Moves the calling thread into the namespace that path names, if it still
 * is the one with that identity. Nothing stays open. Returns 0, -ESTALE when
 * path names another or nothing that is a namespace, -EPERM without
 * CAP_SYS_ADMIN, or another negative errno.
 */
int MUST_CHECK netns_enter(const char *path, const struct netns_id *id);

/*
 * Opens the calling thread's own namespace, to return to it with
 * netns_return(). Returns a file descriptor or negative errno. It keeps that
 * namespace alive, so open it only of collectd's own.
 */
int MUST_CHECK netns_open_own(void);
/* Returns 0 or negative errno; then the thread must not go on. */
int MUST_CHECK netns_return(int own);

/* One namespace that was found. name is a file's, or NULL: it has none. */
struct netns_found {
	const char *path;
	const char *name;
	struct netns_id id;
	pid_t pid;     /* of a process in it, or 0 */
	bool nameless; /* an earlier visit of that process has found out */
};

/*
 * Returns 0 to go on, negative errno to stop. Hints, of the same process: that
 * another visit would be in vain, or that it gives its namespace no name.
 */
#define NETNS_IN_VAIN 1
#define NETNS_NAMELESS 2
typedef int (*netns_visit)(const struct netns_found *found, void *arg);

#define NETNS_DIRECTORIES 2

/* What the directories of names were like when they were scanned. */
struct netns_names {
	struct netns_directory {
		struct netns_id id;	 /* all 0: there was none */
		struct timespec changed; /* CLOCK_REALTIME, its mtime */
		bool is_young;		 /* it may change without showing it */
		int error; /* why some may be missed, negative errno, or 0 */
	} directories[NETNS_DIRECTORIES];
	int error; /* the same of all of them */
};

/*
 * Whether the names may be others than when *known was filled in; zeroed they
 * are. One stat() a directory; nothing is watched, so nothing is pinned and a
 * directory may come, go, or be replaced. A name whose namespace is mounted
 * over is not noticed: entering it fails then.
 */
bool netns_names_changed(const char *proc_root,
			 const struct netns_names *known);

/*
 * Visits the named namespaces: /run/netns and /run/docker/netns, below
 * <proc_root>/1/root when proc_root is not "/proc". Entries that are no
 * namespaces, or gone, are passed over; so are missing directories. Fills in
 * *known for netns_names_changed(), and with why some may not have been
 * visited. Returns 0 or the negative errno that visit returned.
 */
int MUST_CHECK netns_scan_names(const char *proc_root,
				struct netns_names *known, netns_visit visit,
				void *arg);

/* The process that a name in /proc stands for, or 0: none. */
pid_t netns_pid_of(const char *name);

/*
 * Visits the namespace of every process, <proc_root>/PID/ns/net, one visit
 * per process. What may not be read is passed over. Returns 0, the negative
 * errno that visit returned, or the negative errno of opening proc_root.
 */
int MUST_CHECK netns_scan_processes(const char *proc_root, netns_visit visit,
				    void *arg);

#endif
