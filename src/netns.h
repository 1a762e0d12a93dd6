/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces: where they are found, what they are called, and the
 * only place that enters one.
 */
#ifndef PKTLOSS_NETNS_H
#define PKTLOSS_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util.h"

/* Two paths with one identity are one namespace. */
struct netns_id {
	dev_t dev;
	ino_t ino;
};

/* The identity of what path names. Returns 0 or negative errno. */
int MUST_CHECK netns_identify(const char *path, struct netns_id *ret);

/* Whether path names a network namespace, and not one of another type. */
bool netns_is_network(const char *path);

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
int MUST_CHECK netns_open_home(void);
/* Returns 0 or negative errno; then the thread must not go on. */
int MUST_CHECK netns_return(int home);

/* One namespace that was found. name is a file's, or NULL: it has none. */
struct netns_found {
	const char *path;
	const char *name;
	struct netns_id id;
	pid_t pid; /* of a process in it, or 0 */
};

/* Returns 0 to go on, negative errno to stop. */
typedef int (*netns_visit)(const struct netns_found *found, void *arg);

/*
 * Visits the named namespaces: /run/netns and /var/run/docker/netns, below
 * <proc_root>/1/root when proc_root is not "/proc". Entries that are no
 * namespaces, or gone, are passed over; so are missing directories. Returns
 * 0 or what visit returned.
 */
int MUST_CHECK netns_scan_names(const char *proc_root, netns_visit visit,
				void *arg);

/*
 * Visits the namespace of every process, <proc_root>/PID/ns/net, one visit
 * per process. What may not be read is passed over. Returns 0, what visit
 * returned, or the negative errno of opening proc_root.
 */
int MUST_CHECK netns_scan_processes(const char *proc_root, netns_visit visit,
				    void *arg);

#endif
