/* SPDX-License-Identifier: MIT */
/* Which process holds a socket: looked for among the open files of all. */
#ifndef PKTLOSS_PROBES_SOCKET_SOCKET_OWNER_H
#define PKTLOSS_PROBES_SOCKET_SOCKET_OWNER_H

#include "model/probe.h"
#include "probes/socket/socket_ports.h"

/*
 * Finds the processes that hold the worst sockets of n ports and gives these
 * their labels; what is not found has none. Looks below env->proc at the open
 * files of processes of the calling thread's network namespace, at most 4096
 * of each, until env->deadline is over.
 */
void socket_find_owners(const struct probe_env *env, struct socket_port **ports,
			size_t n);

/* " (nginx[42])", or nothing where the process is not known. */
void socket_describe_owner(const struct sample *s, const struct object *o,
			   char *buffer, size_t size);

#endif
