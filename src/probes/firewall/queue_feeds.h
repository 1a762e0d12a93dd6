/* SPDX-License-Identifier: MIT */
/*
 * Which rules hand packets to which queues to user space. A queue does not tell
 * by which hook a packet came that it has dropped: but where all rules that
 * feed it see packets of one direction, it was of that. Pure.
 */
#ifndef PKTLOSS_PROBES_FIREWALL_QUEUE_FEEDS_H
#define PKTLOSS_PROBES_FIREWALL_QUEUE_FEEDS_H

#include "model/sample_query.h"

#define MAX_QUEUE_FEEDS 32

struct queue_feed {
	uint16_t first, last; /* numbers of queues */
	uint8_t reached;      /* set of 1 << enum direction */
};

/* If there are more, the last one is any queue and direction. */
extern const struct counter queue_feed_fact; /* which, and whose packets */

struct queue_feeds {
	struct queue_feed items[MAX_QUEUE_FEEDS];
	uint32_t n;
};

/*
 * Adds a rule that feeds n queues from the first on, 0: any. reached is of its
 * chain. What is not of IP may be of any direction: IP does not miss it.
 */
void queue_feeds_add(struct queue_feeds *f, enum family family, uint16_t first,
		     uint16_t n, uint8_t reached);

/* Appends them as the facts of an object of that name, if there are any. */
void queue_feeds_append(const struct queue_feeds *f, const char *name,
			struct sample *out);

/* Whether an object is such a one. */
bool queue_feeds_is(const struct sample *s, const struct object *o);

/* Adds those of all objects of a sample. */
void queue_feeds_collect(struct queue_feeds *f, const struct sample *s);

/* The directions of packets that come to a queue; 0: not known. */
uint8_t queue_feeds_reached(const struct queue_feeds *f, uint32_t queue);

#endif
