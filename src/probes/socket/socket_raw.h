/* SPDX-License-Identifier: MIT */
/* Raw sockets, as /proc/net/raw and raw6 show them, and why they lose. */
#ifndef PKTLOSS_PROBES_SOCKET_SOCKET_RAW_H
#define PKTLOSS_PROBES_SOCKET_SOCKET_RAW_H

#include "model/probe.h"
#include "probes/socket/socket_ports.h"

/*
 * Whether it is worth a look: the first time, and when packets were for no
 * protocol of the kernel. Looks at the rows of IP and above of this read.
 */
bool socket_raw_is_due(const struct sample *out);

/*
 * Takes the next raw socket off the front of a text that begins behind its
 * heading. Returns 1, 0 at its end, or -EBADMSG. Pure.
 * Kernel: net/ipv4/raw.c raw_sock_seq_show(), net/ipv6/datagram.c.
 */
struct token;
int MUST_CHECK socket_raw_next(struct token *text, struct socket_info *ret);

/*
 * Adds the raw sockets of the namespace. text is room for some lines. Returns
 * 0, or a negative errno: they are not known, such as -E2BIG for thousands.
 */
int MUST_CHECK socket_raw_read(struct probe_env *env, char *text, size_t size,
			       struct socket_dump *d);

#endif
