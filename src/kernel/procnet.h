/* SPDX-License-Identifier: MIT */
/*
 * Reading small files of /proc. One below /proc/.../net that stays open keeps
 * its network namespace alive, so those are closed again, but for those of
 * collectd's own namespace, which it keeps alive anyway.
 */
#ifndef PKTLOSS_KERNEL_PROCNET_H
#define PKTLOSS_KERNEL_PROCNET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/token.h"
#include "base/util.h"

/*
 * Reads <dir>/<name> to its end into buffer and terminates it with a NUL.
 * Returns its length, -E2BIG when size bytes do not hold it and the NUL, or
 * the negative errno of open() or read().
 */
ssize_t MUST_CHECK procnet_read(const char *dir, const char *name, char *buffer,
				size_t size);

struct kept_file {
	char name[32]; /* "": free */
	int fd;
};

/* The files of one network namespace after the other: /proc/thread-self/net. */
struct netfiles {
	const char *path;
	int dir;     /* path in the namespace that is visited, -1: none */
	int own_dir; /* and in collectd's own, -1: not opened yet */
	bool own;    /* that is where the thread is */
	struct kept_file kept[20]; /* files of own */
};

#define NETFILES(at)                                                           \
	{                                                                      \
		.path = (at), .dir = -1, .own_dir = -1                         \
	}

/*
 * To be called in each namespace: netfiles_enter() before its first file is
 * read, netfiles_leave() behind the last. netfiles_free() closes what was kept
 * of the own one.
 */
void netfiles_enter(struct netfiles *files, bool own);
void netfiles_leave(struct netfiles *files);
void netfiles_free(struct netfiles *files);

/* As procnet_read(), of a file like "snmp" or "stat/rt_cache". */
ssize_t MUST_CHECK netfiles_read(struct netfiles *files, const char *name,
				 char *buffer, size_t size);

/*
 * Reads a file that holds one decimal number and a newline. Returns 0,
 * -EBADMSG when it holds something else, or as procnet_read() does.
 */
int MUST_CHECK procnet_read_number(const char *dir, const char *name,
				   uint64_t *ret);

#endif
