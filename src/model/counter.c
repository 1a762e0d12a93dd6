/* SPDX-License-Identifier: MIT */
#include "model/counter.h"

#include <errno.h>
#include <string.h>

static const char *const layer_names[] = {
	[LAYER_LINK] = "link",
	[LAYER_QDISC] = "qdisc",
	[LAYER_SOFTNET] = "softnet",
	[LAYER_NETFILTER] = "netfilter",
	[LAYER_CONNTRACK] = "conntrack",
	[LAYER_NEIGH] = "neigh",
	[LAYER_IP] = "ip",
	[LAYER_ICMP] = "icmp",
	[LAYER_TCP] = "tcp",
	[LAYER_UDP] = "udp",
	[LAYER_SOCKET] = "socket",
	[LAYER_XFRM] = "xfrm",
	[LAYER_DROPREASON] = "dropreason",
	[LAYER_UNEXPLAINED] = "unexplained",
};
_Static_assert(ARRAY_SIZE(layer_names) == N_LAYERS, "a layer has no name");

/* clang-format off */
static const char *const direction_names[] = {
	[DIR_NONE] = "all",
	[DIR_RX] = "rx",
	[DIR_TX] = "tx",
	[DIR_FILL] = "fill",
	[DIR_FWD] = "fwd",
	[DIR_LISTEN] = "listen",
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(direction_names) == N_DIRECTIONS,
	       "a direction has no name");

const char *layer_name(enum layer layer)
{
	return layer_names[layer];
}

const char *direction_name(enum direction direction)
{
	return direction_names[direction];
}

int layer_parse(const char *name)
{
	for (int i = 0; i < N_LAYERS; i++)
		if (!strcmp(layer_names[i], name))
			return i;
	return -EINVAL;
}

void counter_option(const struct counter *c, char buffer[COUNTER_OPTION])
{
	snprintf(buffer, COUNTER_OPTION, "%s-%s", layer_name(c->layer),
		 c->name);
}

const struct counter *counter_tagged(const struct counter_table *table,
				     enum tag tag)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i].tag == tag)
			return &table->rows[i];
	return NULL;
}
