/* SPDX-License-Identifier: MIT */
/*
 * Sockets that lose: UDP sockets that dropped, TCP listeners whose accept
 * queue is full, by port. A dump of sockets is dear, so there is one only
 * when the counters of UDP or TCP have moved; see socket_read().
 */
#ifndef PKTLOSS_PROBES_SOCKET_SOCKET_H
#define PKTLOSS_PROBES_SOCKET_SOCKET_H

#include "model/probe.h"

extern const struct probe socket_probe;

/* Rows of a port: one of these, and then facts of its worst socket. */
enum {
	SOCKET_UDP_DROPS,
	SOCKET_RAW_DROPS,
	SOCKET_TCP_ACCEPT,
	N_SOCKET_COUNTERS,
};
extern const struct counter socket_counters[N_SOCKET_COUNTERS];
extern const struct counter_table socket_table;
#define socket_udp_drops (socket_counters[SOCKET_UDP_DROPS])
#define socket_raw_drops (socket_counters[SOCKET_RAW_DROPS])
#define socket_tcp_accept (socket_counters[SOCKET_TCP_ACCEPT])

extern const struct counter_table socket_facts[]; /* all, see struct probe */
extern const struct counter socket_fact_port;	  /* or protocol */
extern const struct counter socket_fact_rcvbuf;	  /* bytes */
extern const struct counter socket_fact_queued;	  /* of them in use */
extern const struct counter socket_fact_limit;	  /* of the accept queue */

extern const struct explainer socket_explainers[];

#endif
