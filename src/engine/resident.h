/* SPDX-License-Identifier: MIT */
/* Who is in a namespace, for a person to look further. */
#ifndef PKTLOSS_ENGINE_RESIDENT_H
#define PKTLOSS_ENGINE_RESIDENT_H

#include "engine/container.h"
#include "engine/ns.h"

struct resident {
	pid_t pid; /* of a process that is in it, 0: none is known */
	/* the id of the container that it is in, or the name of one of LXC or
	   nspawn, which have no id; "": of none, or not known */
	char container[CONTAINER_NAME + 1];
	enum container_kind kind; /* of that */
};

/*
 * The process whose path is the way in, which remedies name as well, or else
 * the one that discovery has seen there last, if it still is. Asks for that in
 * proc_root, "/proc". Of the namespace of this process none is known.
 */
struct resident resident_of(const struct ns *ns, const char *proc_root);

#endif
