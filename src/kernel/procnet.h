/* SPDX-License-Identifier: MIT */
/*
 * The files of one network namespace after the other: /proc/thread-self/net.
 * One that stays open keeps its namespace alive, so they are closed again, but
 * for those of collectd's own, which it keeps alive anyway.
 */
#ifndef PKTLOSS_KERNEL_PROCNET_H
#define PKTLOSS_KERNEL_PROCNET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/deadline.h"
#include "base/token.h"
#include "base/util.h"

struct procnet {
	const char *path;
	int dir;     /* path in the namespace that is visited, -1: none */
	int own_dir; /* and in collectd's own, -1: not opened yet */
	bool own;    /* that is where the thread is */
	struct deadline *deadline; /* of all reads, or NULL */
	struct procnet_file {
		char name[32]; /* "": free */
		int fd;
	} kept[20]; /* files of own */
};

#define PROCNET(at)                                                            \
	{                                                                      \
		.path = (at), .dir = -1, .own_dir = -1                         \
	}

/*
 * To be called in each namespace: procnet_enter() before its first file is
 * read, procnet_leave() behind the last. procnet_free() closes what was kept
 * of the own one.
 */
void procnet_enter(struct procnet *net, bool own);
void procnet_leave(struct procnet *net);
void procnet_free(struct procnet *net);

/*
 * As file_read_text(), of a file like "snmp" or "stat/rt_cache"; below path
 * where no namespace was entered. -ETIME: net->deadline is over.
 */
ssize_t MUST_CHECK procnet_read(struct procnet *net, const char *name,
				char *buffer, size_t size);

/* Where procnet_lines() puts what it reads, and how much of it: bytes. */
struct procnet_window {
	char *buffer;
	size_t size, most;
};

/* Gets whole lines. Returns 0, or a negative errno, which ends it. */
typedef int (*procnet_take)(struct token lines, void *arg);

/*
 * Reads a file of any size piece by piece. Returns 0, 1 where there was more
 * than the most, which is left out, or a negative errno: -ETIME as above. A
 * line that does not fit into the buffer comes in parts.
 */
int MUST_CHECK procnet_lines(const struct procnet *net, const char *name,
			     const struct procnet_window *window,
			     procnet_take take, void *arg);

#endif
