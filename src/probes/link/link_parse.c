/* SPDX-License-Identifier: MIT */
/* What RTM_NEWLINK says of an interface. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/link/link_private.h"

static uint64_t parse_mac(struct nlattr *attr)
{
	const unsigned char *bytes = nla_data(attr);
	uint64_t mac = 0;

	for (int i = 0; i < nla_len(attr) && i < 8; i++)
		mac = mac << 8 | bytes[i];
	return mac;
}

/* The address of a tunnel's far end, unless it is 0: any. */
static void parse_remote(const struct nlattr *attr, struct link_config *config)
{
	static const uint8_t any[sizeof(config->remote)];
	size_t n = attr ? nla_len(attr) : 0;

	if ((n != 4 && n != 16) || !memcmp(nla_data(attr), any, n))
		return;
	memcpy(config->remote, nla_data(attr), n);
	config->n_remote = n;
}

#define MAX_DATA 64 /* no attribute of IFLA_INFO_DATA that is read is over */

/*
 * What a kind of link says in an encoding of its own. IFLA_LINK of a tunnel in
 * another namespace than its outer packets is its own index.
 */
static void parse_data(struct nlattr *nest, struct link_config *config)
{
	const struct link_kind *kind = link_kind_of(config->kind);
	struct nlattr *data[MAX_DATA + 1];

	if (kind && kind->below == BELOW_ROUTE)
		config->lower = 0;
	if (!kind || !nest || nla_parse_nested(data, MAX_DATA, nest, NULL) < 0)
		return;
	if (kind->link)
		config->lower = attr_u32(data[kind->link]);
	if (kind->remote)
		parse_remote(data[kind->remote], config);
	if (kind->remote6)
		parse_remote(data[kind->remote6], config);
	if (kind->sums)
		config->active = attr_u32(data[IFLA_BOND_ACTIVE_SLAVE]);
}

#define MAX_PORT_DATA IFLA_BRPORT_ISOLATED

static void parse_port(struct nlattr *nest, struct link_config *config)
{
	struct nlattr *data[MAX_PORT_DATA + 1];

	if (!nest || strcmp(config->master_kind, "bridge") != 0 ||
	    nla_parse_nested(data, MAX_PORT_DATA, nest, NULL) < 0)
		return;
	config->isolated = attr_u8(data[IFLA_BRPORT_ISOLATED]);
	config->no_flood = data[IFLA_BRPORT_UNICAST_FLOOD] &&
			   !attr_u8(data[IFLA_BRPORT_UNICAST_FLOOD]);
}

static void parse_kind(struct nlattr *linkinfo, struct link_config *config)
{
	struct nlattr *info[IFLA_INFO_MAX + 1];

	if (nla_parse_nested(info, IFLA_INFO_MAX, linkinfo, NULL) < 0)
		return;
	if (info[IFLA_INFO_KIND])
		nla_strlcpy(config->kind, info[IFLA_INFO_KIND],
			    sizeof(config->kind));
	if (info[IFLA_INFO_SLAVE_KIND])
		nla_strlcpy(config->master_kind, info[IFLA_INFO_SLAVE_KIND],
			    sizeof(config->master_kind));
	parse_data(info[IFLA_INFO_DATA], config);
	parse_port(info[IFLA_INFO_SLAVE_DATA], config);
}

static void parse_xdp(struct nlattr *attr, struct link_config *config)
{
	struct nlattr *xdp[IFLA_XDP_MAX + 1];

	if (nla_parse_nested(xdp, IFLA_XDP_MAX, attr, NULL) == 0)
		config->xdp = attr_u8(xdp[IFLA_XDP_ATTACHED]);
}

int link_config_parse(const struct nlmsghdr *h, struct link_config *ret)
{
	struct nlattr *attrs[IFLA_MAX + 1];
	struct ifinfomsg head;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs, IFLA_MAX,
			NULL) < 0)
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	*ret = (struct link_config) {
		.index = head.ifi_index,
		.up = head.ifi_flags & IFF_UP,
		.loopback = head.ifi_flags & IFF_LOOPBACK,
		.mtu = attr_u32(attrs[IFLA_MTU]),
		.has_peer = attrs[IFLA_LINK],
		.peer_index = attr_u32(attrs[IFLA_LINK]),
		.has_nsid = attrs[IFLA_LINK_NETNSID],
		.nsid = attr_u32(attrs[IFLA_LINK_NETNSID]),
		.lower = attr_u32(attrs[IFLA_LINK]),
		.has_parent = attrs[IFLA_PARENT_DEV_NAME],
		.txqlen = attr_u32(attrs[IFLA_TXQLEN]),
		.master = attr_u32(attrs[IFLA_MASTER]),
		.has_carrier = attrs[IFLA_CARRIER],
		.carrier = attr_u8(attrs[IFLA_CARRIER]),
		.has_changes = attrs[IFLA_CARRIER_CHANGES],
		.changes = attr_u32(attrs[IFLA_CARRIER_CHANGES]),
		.mac = attrs[IFLA_ADDRESS] ? parse_mac(attrs[IFLA_ADDRESS]) : 0,
	};
	if (attrs[IFLA_IFNAME])
		nla_strlcpy(ret->name, attrs[IFLA_IFNAME], sizeof(ret->name));
	if (attrs[IFLA_LINKINFO])
		parse_kind(attrs[IFLA_LINKINFO], ret);
	if (attrs[IFLA_XDP])
		parse_xdp(attrs[IFLA_XDP], ret);
	return 0;
}

static int on_newlink(const struct nlmsghdr *h, void *arg)
{
	return link_config_parse(h, arg);
}

int link_config_read(struct netlink *nl, int ifindex, const int32_t *nsid,
		     struct link_config *ret)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
		struct nlattr mask_attr;
		uint32_t mask;
		struct nlattr nsid_attr;
		int32_t nsid;
	} request = {
		.h = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK},
		.m = {.ifi_index = ifindex},
		.mask_attr = {.nla_len = NLA_HDRLEN + 4,
			      .nla_type = IFLA_EXT_MASK},
		.mask = RTEXT_FILTER_SKIP_STATS,
		.nsid_attr = {.nla_len = NLA_HDRLEN + 4,
			      .nla_type = IFLA_TARGET_NETNSID},
		.nsid = nsid ? *nsid : 0,
	};

	if (!nsid)
		request.h.nlmsg_len = offsetof(typeof(request), nsid_attr);
	return netlink_ask(nl, NETLINK_ROUTE, &request.h, on_newlink, ret);
}
