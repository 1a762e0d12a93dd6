/* SPDX-License-Identifier: MIT */
/*
 * What people call the container that a process is in: from its cgroup and
 * from files that the container's runtime keeps. No runtime is asked.
 */
#ifndef PKTLOSS_ENGINE_CONTAINER_H
#define PKTLOSS_ENGINE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/* Who made a container, as far as the name of its cgroup tells. */
enum container_kind {
	CONTAINER_OTHER, /* of a runtime whose files are not known */
	CONTAINER_DOCKER,
	CONTAINER_PODMAN,
	CONTAINER_CONTAINERD,
	CONTAINER_CRIO,
	CONTAINER_POD,	 /* of a pod, by one of the runtimes above */
	CONTAINER_NAMED, /* nspawn and LXC: the cgroup has its name */
	CONTAINER_OWNED	 /* by whoever may make cgroups in the one named */
};

#define CONTAINER_ID 64	      /* hexadecimal digits of an id */
#define CONTAINER_SHORT_ID 12 /* of those that are shown */
/* A pod's name may have 253 bytes, its namespace 63. */
#define CONTAINER_NAME 319

/* Who wrote a file about a container. */
enum container_record {
	RECORD_DOCKER,	   /* config.v2.json */
	RECORD_PODMAN,	   /* containers.json: a list of all */
	RECORD_CONTAINERD, /* config.json, of an OCI bundle */
	RECORD_CRIO,	   /* likewise */
};

struct container {
	enum container_kind kind;
	char name[CONTAINER_NAME + 1]; /* the id, or a name where it is one */
	char inner[CONTAINER_SHORT_ID + 1]; /* of one within it, or "" */
};

/*
 * Finds the container in the n bytes of a /proc/PID/cgroup: the outermost one
 * of the first line that has any, and only where its runtime puts it. Within a
 * container, a user's manager or a service, cgroups are called as somebody
 * there likes: what looks like an id below them is ->inner, never more. Returns
 * false when there is none. Pure.
 */
bool container_parse(const char *cgroup, size_t n, struct container *ret);

/*
 * Finds what else a cgroup is called after, where it is no container's: a
 * service of systemd, that of a user behind that user's manager, or whoever
 * made one at the top. Returns false where it tells nothing: of a session, of
 * a slice, of the host. Pure.
 */
bool container_unit(const char *cgroup, size_t n,
		    char name[CONTAINER_NAME + 1]);

/*
 * Whether a runtime made up the name of this file in /run/netns or docker's
 * netns directory, so that the next container has another: it ends in a UUID
 * ("cni-UUID", "netns-UUID", "UUID") or is 12 hexadecimal digits. Pure.
 */
bool container_made_up(const char *file);

/*
 * Finds the name of c in the n bytes of a file of its runtime. In an OCI bundle
 * it is that of the pod, "namespace_pod". Returns 0, -ENOENT when there is
 * none, -EBADMSG when that is no JSON or nested too deep, -EFBIG when it would
 * take too much memory, or -ENOMEM. Pure.
 */
int MUST_CHECK container_json(const struct container *c,
			      enum container_record record, const char *text,
			      size_t n, char name[CONTAINER_NAME + 1]);

/*
 * Reads the name of c from files below root ("" for /). Only regular files of
 * at most 1 MiB are read, at most four. Returns 0, -ENOENT when no file has
 * it, or why the last one could not be read: the negative errno of open() or
 * read(), -EFBIG, or as container_json() does.
 */
int MUST_CHECK container_name(const char *root, const struct container *c,
			      char name[CONTAINER_NAME + 1]);

#endif
