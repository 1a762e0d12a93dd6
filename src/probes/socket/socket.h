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

extern const struct explainer socket_explainers[];

/* Rows of a port: one of these two, and then facts of its worst socket. */
#define socket_udp_drops (socket_counters[0])
#define socket_tcp_accept (socket_counters[1])
extern const struct counter socket_counters[2];

extern const struct counter socket_fact_port;
extern const struct counter socket_fact_rcvbuf; /* bytes */
extern const struct counter socket_fact_limit;	/* of the accept queue */
extern const struct counter socket_fact_inode;
extern const struct counter socket_fact_uid;
/* CLOCK_MONOTONIC of the search for its process, ns; the label names it. */
extern const struct counter socket_fact_searched;

/*
 * The sockets that had dropped at the last dump: an object of that name with
 * the row floor, then the rows cookie and drops of one socket after another.
 * A socket that is not among them had dropped no more than the floor, which
 * is 0 unless there were more than MaxSockets.
 */
#define SOCKET_MEMORY "#sockets"
extern const struct counter socket_fact_floor;
extern const struct counter socket_fact_cookie;
extern const struct counter socket_fact_drops;

#define SOCKET_PORTS 64	    /* UDP ports with a series; the rest: "other" */
#define SOCKET_LISTENERS 16 /* the fullest */
#define SOCKET_LABEL 32

/* What is known of one socket. */
struct socket_info {
	uint64_t cookie; /* unique as long as the kernel runs */
	uint32_t drops;	 /* packets since it was made, modulo 2^32 */
	uint32_t rcvbuf; /* bytes, what getsockopt(SO_RCVBUF) says */
	uint32_t queue;	 /* TCP listener: connections not accepted yet */
	uint32_t limit;	 /* and how many there may be; full: queue > limit */
	uint32_t inode;
	uint32_t uid;
	uint16_t port;	 /* its own */
	bool has_memory; /* drops and rcvbuf are known: Linux 4.7 */
};

/*
 * Parses one message of a dump. Returns 0, or -EBADMSG when it is cut short.
 * Pure. Kernel: net/ipv4/inet_diag.c inet_sk_diag_fill().
 */
struct nlmsghdr;
int MUST_CHECK socket_parse(const struct nlmsghdr *h, struct socket_info *ret);

struct socket_seen {
	uint64_t cookie;
	uint32_t drops;
};

/* A port, with the socket that lost most of what was added. */
struct socket_port {
	uint64_t drops;		  /* UDP: the port's total */
	uint64_t added;		  /* of it, by this dump */
	uint64_t most;		  /* of that, by one socket */
	uint64_t searched;	  /* as socket_fact_searched */
	struct socket_info worst; /* its port 0: all further ports */
	char label[SOCKET_LABEL]; /* "nginx[42]", or "" */
	bool known;		  /* was there before */
};

/* A look at the sockets of a namespace; owns nothing. */
struct socket_dump {
	const struct sample *then;   /* NULL: nothing is known of before */
	const struct object *memory; /* of then, or NULL */
	uint8_t source;
	bool baseline;	    /* what sockets dropped before is not known */
	bool dumped;	    /* UDP was: seen replaces the memory */
	bool without_drops; /* this kernel tells no drops */
	uint32_t hint;
	struct socket_seen *seen;
	uint32_t n_seen, max_seen;
	uint32_t floor; /* no socket that is not in seen dropped more */
	struct socket_port ports[SOCKET_PORTS + 1];
	uint32_t n_ports;
	struct socket_port listeners[SOCKET_LISTENERS];
	uint32_t n_listeners;
};

/*
 * Begins with what the probe of that index left in then, which may be NULL.
 * seen is room for max sockets that dropped, at least one.
 */
void socket_dump_begin(struct socket_dump *d, const struct sample *then,
		       uint8_t source, struct socket_seen *seen, uint32_t max);
/* Adds a UDP socket, or a TCP listener, of the dump. Pure. */
void socket_dump_udp(struct socket_dump *d, const struct socket_info *s);
void socket_dump_listener(struct socket_dump *d, const struct socket_info *s);
/* Appends the ports and the memory. */
void socket_dump_append(const struct socket_dump *d, struct sample *out);
/* The name of a port's object. */
void socket_port_name(const struct socket_port *p, bool listener, char *name,
		      size_t size);

/*
 * Finds the processes that hold the worst sockets of n ports and gives these
 * their labels; what is not found has none. Looks below proc_root at the open
 * files of processes of the calling thread's network namespace, at most 4096
 * of each.
 */
void socket_find_owners(const char *proc_root, struct socket_port **ports,
			size_t n);

#endif
