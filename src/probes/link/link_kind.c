/* SPDX-License-Identifier: MIT */
/*
 * The kinds of links that the kernel makes itself, as far as their drivers
 * count in a way of their own. By what the drivers of Linux 6.1 to 6.18 do.
 */
#include <netinet/in.h> /* before the kernel's own, for musl */

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <string.h>

#include "probes/link/link_private.h"

#define GRE                                                                    \
	.below = BELOW_ROUTE, .link = IFLA_GRE_LINK, .remote = IFLA_GRE_REMOTE
#define IPTUN                                                                  \
	.below = BELOW_ROUTE, .link = IFLA_IPTUN_LINK,                         \
	.remote = IFLA_IPTUN_REMOTE, .only_ip = true
#define VTI                                                                    \
	.below = BELOW_ROUTE, .link = IFLA_VTI_LINK,                           \
	.remote = IFLA_VTI_REMOTE, .only_ip = true, .rx_errors_dropped = true
#define OUTER6 .outer6 = true, .tx_dropped_errors = true

static const struct link_kind kinds[] = {
	{.name = "veth", .below = BELOW_PEER},
	{.name = "vlan", .below = BELOW_DEVICE},
	{.name = "macvlan", .below = BELOW_DEVICE, .rx_errors_dropped = true},
	{.name = "macvtap",
	 .below = BELOW_DEVICE,
	 .queue = true,
	 .rx_errors_dropped = true},
	{.name = "ipvlan",
	 .below = BELOW_DEVICE,
	 .falls_through = true,
	 .rx_errors_dropped = true},
	{.name = "ipvtap",
	 .below = BELOW_DEVICE,
	 .falls_through = true,
	 .queue = true,
	 .rx_errors_dropped = true},
	{.name = "macsec", .below = BELOW_DEVICE},
	{.name = "dsa", .below = BELOW_DEVICE},
	{.name = "bond", .below = BELOW_MEMBERS, .sums = true},
	{.name = "team", .below = BELOW_MEMBERS},
	{.name = "vrf", .below = BELOW_MEMBERS, .tx_errors_dropped = true},
	{.name = "vxlan",
	 .below = BELOW_ROUTE,
	 .link = IFLA_VXLAN_LINK,
	 .remote = IFLA_VXLAN_GROUP,
	 .remote6 = IFLA_VXLAN_GROUP6},
	{.name = "geneve",
	 .below = BELOW_ROUTE,
	 .remote = IFLA_GENEVE_REMOTE,
	 .remote6 = IFLA_GENEVE_REMOTE6},
	{.name = "gre", GRE},
	{.name = "gretap", GRE},
	{.name = "erspan", GRE},
	{.name = "ip6gre", GRE, OUTER6},
	{.name = "ip6gretap", GRE, OUTER6},
	{.name = "ip6erspan", GRE, OUTER6},
	{.name = "ipip", IPTUN},
	{.name = "sit", IPTUN},
	{.name = "ip6tnl", IPTUN, OUTER6},
	{.name = "vti", VTI},
	{.name = "vti6", VTI, OUTER6},
	{.name = "xfrm",
	 .below = BELOW_ROUTE,
	 .only_ip = true,
	 .rx_errors_dropped = true,
	 .link = IFLA_XFRM_LINK,
	 OUTER6},
	{.name = "wireguard", .only_ip = true},
	{.name = "tun", .queue = true},
};

const struct link_kind *link_kind_of(const char *name)
{
	size_t n = strcspn(name, " ");

	for (size_t i = 0; n && i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(kinds[i].name, name, n) && !kinds[i].name[n])
			return &kinds[i];
	return NULL;
}

bool link_is_bonding(const char *kind)
{
	return !strcmp(kind, "bond") || !strcmp(kind, "team");
}

const struct link_kind *link_kind_in(const struct sample *s,
				     const struct object *config)
{
	return config ? link_kind_of(object_label(s, config)) : NULL;
}

const char *link_below_name(const struct sample *s, const struct object *config)
{
	const char *blank = config ? strchr(object_label(s, config), ' ')
				   : NULL;

	return blank ? blank + 1 : NULL;
}

uint64_t link_hash_kind(const char *kind)
{
	return hash_bytes(HASH_START, kind, strcspn(kind, " ")) >> 1;
}

#define TWIN(member, type_, in_)                                               \
	.layer = LAYER_LINK, .bits = 64, .name = #member,                      \
	.offset = offsetof(struct rtnl_link_stats64, member), .in = in_,       \
	.source = "include/uapi/linux/if_link.h", .type = type_, .main = true

/* A series of theirs is called like that of the counter they stand for. */
const struct counter link_twin_rx_errors = {
	.kind = KIND_PART,
	TWIN(rx_errors, "if_rx_errors", "rx_dropped"),
	.tag = TAG_RX_ERRORS,
	.direction = DIR_RX,
	.means = "Packets that were not accepted, in rx_dropped as well",
};
const struct counter link_twin_tx_errors = {
	.kind = KIND_PART,
	TWIN(tx_errors, "if_tx_errors", "tx_dropped"),
	.tag = TAG_TX_ERRORS,
	.direction = DIR_TX,
	.means = "Packets that were not sent, in tx_dropped as well",
};
const struct counter link_twin_tx_dropped = {
	TWIN(tx_dropped, "if_tx_dropped", NULL),
	.kind = KIND_ECHO,
	.tag = TAG_TX_DROPPED,
	.direction = DIR_TX,
	.means = "Packets that were not sent, in tx_errors as well",
};
/* What a program did not take from the queue was received before. */
const struct counter link_twin_rx_dropped = {
	TWIN(rx_dropped, "if_rx_dropped", NULL),
	.tag = TAG_RX_DROPPED,
	.direction = DIR_RX,
	.kind = KIND_LOST,
	.inside = true,
	.means =
		"Packets that a program or VM did not take, in rx_packets, too",
};

/* The row for a counter of such a kind. */
static const struct counter *twin_of(const struct link_kind *kind,
				     const struct counter *c)
{
	if (c->tag == TAG_RX_ERRORS && kind->rx_errors_dropped)
		return &link_twin_rx_errors;
	if (c->tag == TAG_TX_ERRORS && kind->tx_errors_dropped)
		return &link_twin_tx_errors;
	if (c->tag == TAG_TX_DROPPED && kind->tx_dropped_errors)
		return &link_twin_tx_dropped;
	if (c->tag == TAG_RX_DROPPED && kind->queue && kind->rx_errors_dropped)
		return &link_twin_rx_dropped;
	return c;
}

bool link_kind_has_twins(const struct link_kind *kind)
{
	return kind && (kind->rx_errors_dropped || kind->tx_errors_dropped ||
			kind->tx_dropped_errors);
}

void link_twins_mark(struct sample *s, const struct object *link,
		     const struct link_kind *kind)
{
	struct row *end = object_rows_end(s, link);

	if (!kind)
		return;
	for (struct row *row = object_rows(s, link); row != end; row++)
		row->counter = twin_of(kind, row->counter);
}
