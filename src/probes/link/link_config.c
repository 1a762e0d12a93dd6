/* SPDX-License-Identifier: MIT */
/*
 * The configuration of interfaces, which RTM_GETLINK tells.
 *
 * When is it asked? It is evidence for a cause, so it matters only when
 * something is lost, and asking costs ten times what the counters do. An
 * interface is asked when it is new, and when it lost something since the read
 * before: until then its facts are those of that read. A bridge loses what is
 * too big for one of its ports, which another port took: a port is asked as
 * well after a read in which IP found something too big, or the port itself
 * lost. A real device is asked at each read, because its carrier comes and
 * goes, and that is counted. Peers of veths are asked with them.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "kernel/attr.h"
#include "probes/link/link_private.h"

#define FACT .layer = LAYER_LINK, .kind = KIND_FACT

const struct counter link_fact_mtu = {FACT, .name = "mtu"};
const struct counter link_fact_up = {FACT, .name = "up"};
const struct counter link_fact_mac = {FACT, .name = "address"};
const struct counter link_fact_carrier = {FACT, .name = "carrier"};
const struct counter link_fact_wireless = {FACT, .name = "wireless"};
const struct counter link_fact_xdp = {FACT, .name = "xdp"};
const struct counter link_fact_master = {FACT, .name = "master"};
const struct counter link_fact_port_of = {FACT, .name = "port_of"};
const struct counter link_fact_peer_index = {FACT, .name = "peer_ifindex"};
const struct counter link_fact_peer_mtu = {FACT, .name = "peer_mtu"};
const struct counter link_fact_peer_up = {FACT, .name = "peer_up"};
const struct counter link_fact_peer_mac = {FACT, .name = "peer_address"};

const struct object *link_config_of(const struct sample *s, const char *place)
{
	uint32_t hint = 0;

	return sample_find(s, LAYER_LINK, place, LINK_CONFIG, &hint);
}

static uint64_t parse_mac(struct nlattr *attr)
{
	const unsigned char *bytes = nla_data(attr);
	uint64_t mac = 0;

	for (int i = 0; i < nla_len(attr) && i < 8; i++)
		mac = mac << 8 | bytes[i];
	return mac;
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

/* Whether an interface lost nothing since the previous read. */
static bool is_quiet(const struct sample *now, const struct object *o,
		     const struct sample *then, const struct object *p)
{
	const struct row *before = object_rows(then, p);

	if (o->n != p->n)
		return false;
	EACH_ROW (now, o, row) {
		if (row->counter->kind == KIND_LOST &&
		    row->value != before->value)
			return false;
		before++;
	}
	return true;
}

static bool had_lost(const struct sample *then, const struct object *p)
{
	EACH_ROW (then, p, row)
		if (row->counter->kind == KIND_LOST && row_moved(row))
			return true;
	return false;
}

static bool may_have_changed(const struct link_reader *reader,
			     const struct object *o, const struct object *p,
			     const struct object *config)
{
	const struct sample *then = reader->out->then;

	if (!is_quiet(reader->out, o, then, p))
		return true;
	return object_row(then, config, &link_fact_master) &&
	       (reader->fragile || had_lost(then, p));
}

const struct object *link_config_before(struct sample *s,
					const struct object *before)
{
	if (!before || before->main)
		return NULL;
	return sample_before(s, LAYER_LINK, object_place(s->then, before),
			     LINK_CONFIG);
}

void link_config_carry(struct link_reader *reader, const struct object *before,
		       const struct object *config)
{
	struct sample *out = reader->out;
	const struct object *o = &out->objects[out->n_objects - 1];
	const struct sample *then = out->then;

	if (!config || may_have_changed(reader, o, before, config))
		return;
	sample_object(out, LAYER_LINK, object_place(then, before), LINK_CONFIG,
		      config->identity);
	sample_label(out, object_label(then, config));
	EACH_ROW (then, config, row)
		sample_row(out, row->counter, row->value);
}

static int on_newlink(const struct nlmsghdr *h, void *arg)
{
	return link_config_parse(h, arg);
}

/*
 * The configuration of one interface; with nsid that of the namespace which
 * has this id here. Returns 0, -ENODEV, -EPERM (nsid) or as netlink_ask().
 */
static int read_config(struct netlink *nl, int ifindex, const int32_t *nsid,
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

static void append_peer(struct netlink *nl, const struct link_config *config,
			struct sample *out)
{
	char label[sizeof(config->kind) + IFNAMSIZ + 1];
	struct link_config peer;

	if (read_config(nl, config->peer_index,
			config->has_nsid ? &config->nsid : NULL, &peer) < 0)
		return;
	sample_row(out, &link_fact_peer_index, peer.index);
	sample_row(out, &link_fact_peer_mtu, peer.mtu);
	sample_row(out, &link_fact_peer_up, peer.up);
	sample_row(out, &link_fact_peer_mac, peer.mac);
	snprintf(label, sizeof(label), "%s %s", config->kind, peer.name);
	sample_label(out, label);
}

static enum link_master master_kind(const struct link_config *config)
{
	static const char *const kinds[] = {
		[LINK_OF_BOND] = "bond",
		[LINK_OF_BRIDGE] = "bridge",
		[LINK_OF_TEAM] = "team",
	};

	for (size_t i = LINK_OF_BOND; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i], config->master_kind))
			return i;
	return LINK_OF_OTHER;
}

bool link_is_wireless_device(const char *devices, const char *place)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s/phy80211", devices, place);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "%s/%s/wireless", devices, place);
	return access(path, F_OK) == 0;
}

/* What a device is does not change: it is found out once. */
static bool find_wireless(const struct probe_env *env, const char *place,
			  const struct sample *s, const struct object *config)
{
	const struct object *before = link_before(s, config);

	if (before)
		return object_row(s->then, before, &link_fact_wireless);
	return env->own && env->devices &&
	       link_is_wireless_device(env->devices, place);
}

static void append_link_facts(const struct link_config *config, bool wireless,
			      struct sample *out)
{
	sample_label(out, config->kind);
	sample_row(out, &link_fact_mtu, config->mtu);
	sample_row(out, &link_fact_up, config->up);
	sample_row(out, &link_fact_mac, config->mac);
	if (config->has_carrier)
		sample_row(out, &link_fact_carrier, config->carrier);
	if (config->xdp)
		sample_row(out, &link_fact_xdp, 1);
	if (wireless)
		sample_row(out, &link_fact_wireless, 1);
	if (!config->master)
		return;
	sample_row(out, &link_fact_master, config->master);
	sample_row(out, &link_fact_port_of, master_kind(config));
}

/* What is asked at each read can be counted as well. */
static void append_changes(const char *place, const struct link_config *config,
			   struct sample *out)
{
	const struct counter *c =
		counter_tagged(&link_table, TAG_CARRIER_CHANGES);

	if (!config->has_changes)
		return;
	sample_object(out, LAYER_LINK, place, c->object, config->index);
	sample_row(out, c, config->changes);
}

int link_config_append(struct link_reader *reader, uint32_t index)
{
	struct sample *out = reader->out;
	const struct object *link = &out->objects[index];
	char place[IFNAMSIZ];
	struct link_config config;
	bool real;
	int r;

	r = read_config(reader->env->netlink, link->identity, NULL, &config);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	snprintf(place, sizeof(place), "%s", object_place(out, link));
	real = !config.kind[0] && !config.loopback;
	out->objects[index].main = real;
	if (real)
		append_changes(place, &config, out);
	sample_object(out, LAYER_LINK, place, LINK_CONFIG, config.index);
	if (out->error)
		return out->error;
	append_link_facts(
		&config,
		real && find_wireless(reader->env, place, out,
				      &out->objects[out->n_objects - 1]),
		out);
	if (config.has_peer && !strcmp(config.kind, "veth"))
		append_peer(reader->env->netlink, &config, out);
	return 0;
}
