/* SPDX-License-Identifier: MIT */
/*
 * What an interface stands on, asked with its configuration: its lower device,
 * which may be in another namespace, its members, or, of a tunnel, the device
 * that its outer packets leave by.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/link/link_private.h"

/* Its peer or lower device stands behind a blank in the label. */
static void label_below(const struct link_config *config, const char *below,
			struct sample *out)
{
	char label[sizeof(config->kind) + IFNAMSIZ + 1];

	snprintf(label, sizeof(label), "%s %s", config->kind, below);
	sample_label(out, label);
}

static void append_lower(const struct link_config *config,
			 const struct link_config *lower, struct sample *out)
{
	sample_row(out, &link_fact_lower_index, lower->index);
	sample_row(out, &link_fact_lower_mac, lower->mac);
	sample_row(out, &link_fact_lower_kind, link_hash_kind(lower->kind));
	sample_row(out, &link_fact_lower_up, lower->up);
	if (config->has_nsid)
		sample_row(out, &link_fact_lower_far, 1);
}

static int on_tunnel_route(const struct nlmsghdr *h, void *arg)
{
	struct nlattr *attrs[RTA_MAX + 1];
	int *oif = arg;

	if (nlmsg_parse((struct nlmsghdr *)h, sizeof(struct rtmsg), attrs,
			RTA_MAX, NULL) < 0)
		return -EBADMSG;
	*oif = (int)attr_u32(attrs[RTA_OIF]);
	return 0;
}

/* The index of the device that a tunnel's far end is reached by, 0: none. */
static int find_route(struct netlink *nl, const struct link_config *config)
{
	struct {
		struct nlmsghdr h;
		struct rtmsg m;
		struct nlattr dst;
		uint8_t address[sizeof(config->remote)];
	} request = {
		.h = {.nlmsg_type = RTM_GETROUTE},
		.m = {.rtm_family = config->n_remote == 4 ? AF_INET : AF_INET6,
		      .rtm_dst_len = config->n_remote * 8},
		.dst = {.nla_len = NLA_HDRLEN + config->n_remote,
			.nla_type = RTA_DST},
	};
	int oif = 0;

	request.h.nlmsg_len = offsetof(typeof(request), address) +
			      config->n_remote;
	memcpy(request.address, config->remote, config->n_remote);
	return netlink_ask(nl, NETLINK_ROUTE, &request.h, on_tunnel_route,
			   &oif) < 0
		       ? 0
		       : oif;
}

/* The first device with an address: no two namespaces have the same. */
static int on_witness(const struct nlmsghdr *h, void *arg)
{
	struct link_config *witness = arg, config;

	if (!witness->index && link_config_parse(h, &config) == 0 && config.mac)
		*witness = config;
	return 0;
}

static int ask_links(struct netlink *nl, uint16_t type, uint32_t value,
		     netlink_row row, void *arg)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
		struct nlattr mask_attr;
		uint32_t mask;
		struct nlattr attr;
		uint32_t value;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_DUMP},
		.mask_attr = {.nla_len = NLA_HDRLEN + 4,
			      .nla_type = IFLA_EXT_MASK},
		.mask = RTEXT_FILTER_SKIP_STATS,
		.attr = {.nla_len = NLA_HDRLEN + 4, .nla_type = type},
		.value = value,
	};

	return netlink_ask(nl, NETLINK_ROUTE, &request.h, row, arg);
}

/* What tells the namespace that a tunnel's outer packets travel in. */
static void append_witness(struct netlink *nl, const struct link_config *config,
			   struct sample *out)
{
	struct link_config witness = {.index = 0};

	if (ask_links(nl, IFLA_TARGET_NETNSID, (uint32_t)config->nsid,
		      on_witness, &witness) < 0 ||
	    !witness.index)
		return;
	append_lower(config, &witness, out);
	sample_row(out, &link_fact_witness, 1);
}

static void append_device(struct netlink *nl, const struct link_config *config,
			  struct sample *out)
{
	struct link_config lower;
	int index = config->lower;

	if (!index && config->n_remote && !config->has_nsid)
		index = find_route(nl, config);
	if (index &&
	    link_config_read(nl, index, config->has_nsid ? &config->nsid : NULL,
			     &lower) == 0) {
		append_lower(config, &lower, out);
		label_below(config, lower.name, out);
	} else if (!index && config->has_nsid) {
		append_witness(nl, config, out);
	}
}

struct members {
	struct sample *out;
	int master;
	uint64_t up;
};

static int on_member(const struct nlmsghdr *h, void *arg)
{
	struct members *members = arg;
	struct link_config config;
	int r = link_config_parse(h, &config);

	if (r < 0)
		return r;
	if (config.master != members->master) /* the kernel did not filter */
		return 0;
	sample_row(members->out, &link_fact_member, config.index);
	members->up += config.up && config.carrier;
	return 0;
}

/*
 * Nobody counts what a bond without a member loses, so that it is not known to
 * have some is an error. Returns 0 or negative errno.
 */
static int append_members(struct netlink *nl, const struct link_config *config,
			  struct sample *out)
{
	struct members members = {.out = out, .master = config->index};
	int r = ask_links(nl, IFLA_MASTER, config->index, on_member, &members);

	if (r < 0)
		return r;
	if (link_is_bonding(config->kind))
		sample_row(out, &link_fact_members_up, members.up);
	if (config->active)
		sample_row(out, &link_fact_active, config->active);
	return 0;
}

int link_stack_append(struct netlink *nl, const struct link_config *config,
		      struct sample *out)
{
	const struct link_kind *kind = link_kind_of(config->kind);

	if (!kind)
		return 0;
	if (config->n_remote)
		sample_row(out, &link_fact_remote, 1);
	if (kind->below == BELOW_MEMBERS)
		return append_members(nl, config, out);
	if (kind->below == BELOW_DEVICE || kind->below == BELOW_ROUTE)
		append_device(nl, config, out);
	return 0;
}
