/* SPDX-License-Identifier: MIT */
/*
 * From the sockets of a dump to totals of their ports. Pure. Totals only grow:
 * to each is added what its sockets dropped since the last dump, so one that
 * closes takes nothing back, and what it dropped after that dump is missing.
 */
#ifndef PKTLOSS_PROBES_SOCKET_SOCKET_PORTS_H
#define PKTLOSS_PROBES_SOCKET_SOCKET_PORTS_H

#include "model/sample.h"

#define SOCKET_PORTS 64	    /* UDP ports with a series; the rest: "other" */
#define SOCKET_LISTENERS 16 /* the fullest */
#define SOCKET_LABEL 32

/* What is told apart by port, or by the IP protocol of a raw socket. */
enum socket_kind {
	SOCKET_UDP,
	SOCKET_RAW,
	N_SOCKET_KINDS,
};

/* What is known of one socket. */
struct socket_info {
	uint64_t cookie; /* unique as long as the kernel runs */
	uint32_t drops;	 /* packets since it was made, modulo 2^32 */
	uint32_t rcvbuf; /* bytes, what getsockopt(SO_RCVBUF) says */
	uint32_t queued; /* bytes of it in use */
	uint32_t queue;	 /* TCP listener: connections not accepted yet */
	uint32_t limit;	 /* and how many there may be; full: queue > limit */
	uint32_t inode;
	uint16_t port;	 /* its own; of a raw one its protocol */
	uint8_t kind;	 /* enum socket_kind */
	bool has_memory; /* drops and rcvbuf are known: Linux 4.7 */
};

/*
 * Parses one message of a dump. Returns 0, or -EBADMSG when it is cut short.
 * Pure. Kernel: net/ipv4/inet_diag.c inet_sk_diag_fill().
 */
struct nlmsghdr;
int MUST_CHECK socket_parse(const struct nlmsghdr *h, struct socket_info *ret);

/* In the cookie of a raw socket, which is made of its inode. */
#define SOCKET_RAW_COOKIE (UINT64_C(1) << 63)

struct socket_seen {
	uint64_t cookie;
	uint32_t drops;
};

/* A port, with the socket that lost most of what was added. */
struct socket_port {
	uint64_t drops;	   /* UDP: the port's total */
	uint64_t added;	   /* of it, by this dump */
	uint64_t most;	   /* of that, by one socket */
	uint64_t searched; /* for its process: CLOCK_MONOTONIC, ns, or 0 */
	struct socket_info worst; /* its port 0: all further ports */
	char label[SOCKET_LABEL]; /* "nginx[42]", or "" */
	bool known;		  /* was there before */
};

/*
 * What is remembered from read to read; behind it the ports, the listeners,
 * and the sockets that had dropped at the last dump. A socket that is not
 * among these had dropped no more than the floor, which is 0 unless there were
 * more than MaxSockets.
 */
struct socket_memory {
	uint32_t n_ports, n_listeners, n_seen;
	uint32_t floor;
	uint64_t dumped; /* whether UDP ever was, or raw sockets dropped */
};

/* A dump of the sockets of a namespace, by port; owns nothing. */
struct socket_dump {
	struct socket_memory before;
	const struct socket_port *ports_before; /* then its listeners */
	const struct socket_seen *seen_before;
	/* what sockets dropped before is not known */
	bool baseline[N_SOCKET_KINDS];
	bool dumped;	    /* seen replaces that of before */
	bool without_drops; /* this kernel tells no drops */
	uint32_t hint;
	struct socket_seen *seen;
	uint32_t n_seen, max_seen;
	uint32_t floor; /* no socket that is not in seen dropped more */
	uint32_t n_ports, n_listeners;
	/* as many as there are; from here on nothing is 0 at first */
	struct socket_port ports[SOCKET_PORTS + 1];
	struct socket_port listeners[SOCKET_LISTENERS];
};

/*
 * Begins with what the probe of that index remembered in then, which may be
 * NULL. seen is room for max sockets that dropped, at least one.
 */
void socket_dump_begin(struct socket_dump *d, const struct sample *then,
		       uint8_t source, struct socket_seen *seen, uint32_t max);
/* Adds a UDP or raw socket, or a TCP listener, of the dump. Pure. */
void socket_dump_socket(struct socket_dump *d, const struct socket_info *s);
void socket_dump_listener(struct socket_dump *d, const struct socket_info *s);
/* Sockets of that kind are as they were: they are not part of this dump. */
void socket_dump_keep(struct socket_dump *d, enum socket_kind kind);
/* Appends the ports, and remembers what is to be known of the next dump. */
void socket_dump_append(const struct socket_dump *d, struct sample *out);

#endif
