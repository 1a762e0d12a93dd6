/* SPDX-License-Identifier: MIT */
/* Queues to user space: /proc/net/netfilter/nfnetlink_queue. */
#ifndef PKTLOSS_PROBES_FIREWALL_NFQUEUE_H
#define PKTLOSS_PROBES_FIREWALL_NFQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/token.h"
#include "model/probe.h"

/* The file, below probe_env.net. A queue has a line while somebody listens. */
#define NFQUEUE_DIR "netfilter"
#define NFQUEUE_FILE "nfnetlink_queue"

struct nfqueue {
	uint32_t number;
	uint32_t listener;	/* netlink port of the process */
	uint32_t waiting;	/* packets without a verdict yet */
	uint32_t queue_dropped; /* packets: the queue was full */
	uint32_t user_dropped;	/* packets: the listener's socket was full */
	uint32_t sequence;	/* packets that were put into it */
};

/* Its rows: their offset is that in the struct. */
extern const struct counter_table nfqueue_table;

/*
 * Parses the line that *text begins with and moves *text behind it. Returns
 * false at the end, or at a line that is none. Pure.
 * Kernel: net/netfilter/nfnetlink_queue.c seq_show().
 */
bool nfqueue_next(struct token *text, struct nfqueue *ret);

/* Who listens: made of the text of the file by who asks first. */
struct nfqueue_list {
	struct token text;
	struct arena *arena;
	uint64_t *bits; /* a bit for each queue that somebody listens to */
};

/*
 * How many of n queues, the first of that number, somebody listens to; n is 0:
 * of all. 0 without memory, which the arena knows.
 */
unsigned nfqueue_listeners(struct nfqueue_list *list, unsigned first,
			   unsigned n);

/*
 * Reads the file, whatever its size: into buffer, or into *allocated, which is
 * NULL and to be freed. Returns 0; -ENOENT where there is no such file, hence
 * no queue; or another negative errno: then nobody knows who listens.
 */
int MUST_CHECK nfqueue_read_file(struct procnet *net, char *buffer, size_t size,
				 char **allocated, struct token *ret);

/*
 * By how many more packets wait in queues than in the read before: these are
 * not lost yet, though IP misses them.
 */
int64_t nfqueue_waiting_more(const struct sample *s);

/*
 * Packets of a queue that got a verdict since the read before; what it was is
 * not counted. 0 where that is not known.
 */
uint64_t nfqueue_verdicts(const struct sample *s, const struct object *o);

/*
 * What queues to user space lost, full ones and those whose program has a full
 * socket: a cause_explain.
 */
bool nfqueue_explain(const struct suspect *suspect, struct cause *ret);

#endif
