/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "probes/dropreason/dropreason.h"

/*
 * What each host drops all day long. A name that ends in '*' stands for all
 * that begin so; in the order of their letters.
 */
static const char *const healthy[] = {
	"DUP_FRAG",
	"IPV6_NDISC_*",
	"NOT_SPECIFIED.ip6_mc_input", /* a group that nobody here is in */
	"NOT_SPECIFIED.netlink_*", /* what nobody read of the kernel's messages
				    */
	"NOT_SPECIFIED.sk_stream_kill_queues",
	"NOT_SPECIFIED.skb_queue_purge*",
	"NOT_SPECIFIED.skb_rbtree_purge",
	"NOT_SPECIFIED.tcp_v4_rcv", /* an ACK of a connection that is over */
	"NOT_SPECIFIED.tcp_v6_rcv",
	"NOT_SPECIFIED.udp_destruct_common",
	"NOT_SPECIFIED.virtio_transport_*",
	"NO_SOCKET", /* refused, as a closed port does */
	"OTHERHOST",
	"QUEUE_PURGE",
	"RX_DROP_*",
	"SOCKET_CLOSE",
	"TCP_ABORT_ON_DATA",
	"TCP_CLOSE",
	"TCP_FASTOPEN",
	"TCP_OFOMERGE",
	"TCP_OLD_*",
	"TCP_RESET",
	"TCP_RFC7323_*",
	"UNHANDLED_PROTO",
	"UNIX_*",
};

static bool matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return !strncmp(pattern, name, n - 1);
	return !strcmp(pattern, name);
}

bool dropreason_is_healthy(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(healthy); i++)
		if (matches(healthy[i], name))
			return true;
	return false;
}
