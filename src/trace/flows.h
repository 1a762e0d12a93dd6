/* SPDX-License-Identifier: MIT */
/*
 * Whose packets they were: adds up those that were looked at, and reckons from
 * them how many there were of all that were counted. Pure.
 */
#ifndef PKTLOSS_TRACE_FLOWS_H
#define PKTLOSS_TRACE_FLOWS_H

#include "base/table.h"
#include "base/hash.h"
#include "kernel/trace_source.h"
#include "trace/packet.h"

#define FLOWS_MAX 65536
/* From as many on that differ only in a port they are one. */
#define FLOWS_OF_PORTS 4
/* From as many senders on, each of less than a hundredth, they are one. */
#define FLOWS_OF_SENDERS 64

/* Where and why, of all flows that have it in common. */
struct flow_place {
	struct trace_key key;
	/* what the first four are is up to who asks for places */
	bool is_known, hidden;
	const char *reason;
	char function[DROPS_SYMBOL];
	uint64_t packets;   /* that the kernel counted */
	uint64_t looked_at; /* of these */
	uint64_t weight;    /* for which those stand */
};

struct flow {
	uint32_t place; /* its index */
	uint8_t any_port[N_PACKET_ENDS];
	bool any_sender;      /* that has no row of its own */
	struct packet packet; /* all 0: none of them was looked at */
	uint64_t looked_at, weight;
	uint64_t packets; /* all; flows_settle() reckons it */
	uint64_t n;	  /* flows that it is, by ports and senders */
};

/* Zeroed, but for its key, is empty. */
struct flows {
	struct hash_key key;
	struct table table, place_table;
	struct flow *items;
	size_t n, max;
	struct {
		struct flow_place *items;
		size_t n, max;
	} places;
	uint64_t others; /* that were looked at and found no room */
};

/* The place of a key, all 0 if it is a new one; NULL: there is no memory. */
struct flow_place *flows_find_place(struct flows *f,
				    const struct trace_key *key);

/* A packet that was looked at there, and stands for that many. */
void flows_add(struct flows *f, struct flow_place *place,
	       const struct packet *packet, uint32_t weight);

/*
 * Reckons what each flow has of what was counted where it is, makes one of
 * those that differ only in their ports, or in who sent very little, if they
 * are many, adds one for each place of which nothing was looked at, and puts
 * the worst first: all but those that are hidden. The tables are no longer of
 * use then. Returns 0 or -ENOMEM.
 */
int MUST_CHECK flows_settle(struct flows *f);

void flows_free(struct flows *f);

static inline const struct flow_place *flow_place(const struct flows *f,
						  const struct flow *flow)
{
	return &f->places.items[flow->place];
}

/* Whether its number of packets is reckoned, not counted. */
static inline bool flow_is_estimated(const struct flows *f,
				     const struct flow *flow)
{
	return flow->looked_at != flow->packets &&
	       flow_place(f, flow)->looked_at < flow_place(f, flow)->packets;
}

#endif
