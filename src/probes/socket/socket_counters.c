/* SPDX-License-Identifier: MIT */
/* The counters of a port, and the facts that tell whose it is. */
#include "probes/socket/socket.h"

const struct counter socket_counters[N_SOCKET_COUNTERS] = {
	[SOCKET_UDP_DROPS] =
		{.name = "",
		 .type = "packets",
		 .bits = 64,
		 .layer = LAYER_SOCKET,
		 .direction = DIR_RX,
		 .kind = KIND_ECHO,
		 .means = "udp_PORT_drops: packets that the UDP sockets of a "
			  "port dropped, as far as they were still open at "
			  "the next look; UDP's InErrors has them, too",
		 .remedy = "`ss -uamp` (d = drops); raise SO_RCVBUF, limit: "
			   "`sysctl net.core.rmem_max`",
		 .source = "net/core/sock.c sk_get_meminfo()"},
	[SOCKET_RAW_DROPS] =
		{.name = "",
		 .type = "packets",
		 .bits = 64,
		 .layer = LAYER_SOCKET,
		 .direction = DIR_RX,
		 .kind = KIND_ECHO,
		 .means = "raw_PROTOCOL_drops: packets that the raw sockets "
			  "of an IP protocol had no room for, except ICMP, "
			  "TCP and UDP, which the kernel takes itself; IP "
			  "lost them",
		 .remedy = "`ss -wamp` (d = drops); raise SO_RCVBUF, limit: "
			   "`sysctl net.core.rmem_max`",
		 .source = "net/ipv4/raw.c raw_v4_input()"},
	[SOCKET_TCP_ACCEPT] =
		{.name = "",
		 .type = "queue_length",
		 .bits = 32,
		 .layer = LAYER_SOCKET,
		 .direction = DIR_LISTEN,
		 .kind = KIND_LEVEL,
		 .means = "tcp_PORT_accept: connections that wait for "
			  "accept(); sent only where connections were "
			  "dropped and the queue is at least half full",
		 .source = "net/ipv4/tcp_diag.c tcp_diag_get_info()"},
};
const struct counter_table socket_table = COUNTER_TABLE(socket_counters);

#define FACT .bits = 64, .layer = LAYER_SOCKET, .kind = KIND_FACT

const struct counter socket_fact_port = {FACT, .name = "port"};
const struct counter socket_fact_rcvbuf = {FACT, .name = "rcvbuf"};
const struct counter socket_fact_queued = {FACT, .name = "queued"};
const struct counter socket_fact_limit = {FACT, .name = "limit"};

const struct counter_table socket_facts[] = {
	ONE_COUNTER(socket_fact_port),
	ONE_COUNTER(socket_fact_rcvbuf),
	ONE_COUNTER(socket_fact_queued),
	ONE_COUNTER(socket_fact_limit),
	{.n = 0},
};
