/* SPDX-License-Identifier: MIT */
#include "probes/link/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attr.h"
#include "kernel/netlink.h"
#include "model/selection.h"
#include "probes/link/ethtool.h"

#define FACT .layer = LAYER_LINK, .kind = KIND_FACT

const struct counter link_fact_index = {FACT, .name = "ifindex"};
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

int link_parse_stats(const struct nlmsghdr *h, int *ret_ifindex,
		     struct rtnl_link_stats64 *ret, size_t *ret_size)
{
	struct nlattr *attrs[IFLA_STATS_MAX + 1];
	struct if_stats_msg head;
	size_t n;

	if (nlmsg_datalen(h) < (int)sizeof(head) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(head), attrs,
			IFLA_STATS_MAX, NULL) < 0 ||
	    !attrs[IFLA_STATS_LINK_64])
		return -EBADMSG;
	memcpy(&head, nlmsg_data(h), sizeof(head));
	n = nla_len(attrs[IFLA_STATS_LINK_64]);
	if (n > sizeof(*ret))
		n = sizeof(*ret);
	memcpy(ret, nla_data(attrs[IFLA_STATS_LINK_64]), n);
	*ret_ifindex = head.ifindex;
	*ret_size = n;
	return 0;
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

int link_parse_config(const struct nlmsghdr *h, struct link_config *ret)
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

/* Appends what the kernel sent of the counters: size bytes of stats. */
static void append_counters(const struct rtnl_link_stats64 *stats, size_t size,
			    struct sample *out)
{
	for (size_t i = 0; i < N_LINK_COUNTERS; i++) {
		const struct counter *c = &link_counters[i];
		uint64_t value;

		if (c->section || c->object || c->offset + sizeof(value) > size)
			continue;
		memcpy(&value, (const char *)stats + c->offset, sizeof(value));
		sample_row(out, c, value);
	}
}

struct reader {
	struct probe_env *env;
	struct sample *out;
	bool fragile; /* something was too big for a bridge, or a route */
};

/* The same interface in the sample before, or NULL. */
static const struct object *link_before(const struct sample *s,
					const struct object *o)
{
	const struct object *p = object_before(s, o);

	return p && p->identity == o->identity ? p : NULL;
}

/* Whether an interface lost nothing since the previous read. */
static bool is_quiet(const struct sample *now, const struct object *o,
		     const struct sample *then, const struct object *p)
{
	for (uint32_t i = 0; i < o->n && i < p->n; i++) {
		const struct row *row = &now->rows[o->first + i];

		if (row->counter->kind == KIND_LOST &&
		    row->value != then->rows[p->first + i].value)
			return false;
	}
	return o->n == p->n;
}

static bool had_lost(const struct sample *then, const struct object *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct row *row = &then->rows[p->first + i];

		if (row->counter->kind == KIND_LOST && row->delta)
			return true;
	}
	return false;
}

/*
 * Whether the configuration has to be asked for again. A real device can lose
 * its carrier at any time. A bridge has a port that refuses what is too big
 * for it, which another one took: the losses of IP, or of any port, tell.
 */
static bool may_have_changed(const struct reader *reader,
			     const struct object *o, const struct object *p,
			     const struct object *config)
{
	const struct sample *then = reader->out->then;

	if (p->main || !is_quiet(reader->out, o, then, p))
		return true;
	return object_row(then, config, &link_fact_master) &&
	       (reader->fragile || had_lost(then, p));
}

/*
 * Takes the configuration of the interface appended last, which was p, over
 * from the previous sample. Asking the kernel costs ten times the counters, and
 * only matters when something is lost: then nothing is done.
 */
static void carry_config(struct reader *reader, const struct object *p,
			 const struct object *config)
{
	struct sample *out = reader->out;
	struct object *o = &out->objects[out->n_objects - 1];
	const struct sample *then = out->then;

	if (!config || may_have_changed(reader, o, p, config))
		return;
	o->main = p->main;
	sample_object(out, LAYER_LINK, object_place(then, p), LINK_CONFIG,
		      config->identity);
	sample_label(out, object_label(then, config));
	for (uint32_t i = 0; i < config->n; i++)
		sample_row(out, then->rows[config->first + i].counter,
			   then->rows[config->first + i].value);
}

static int on_stats(const struct nlmsghdr *h, void *arg)
{
	struct reader *reader = arg;
	struct sample *out = reader->out;
	const struct object *before, *config = NULL;
	struct rtnl_link_stats64 stats;
	char name[IFNAMSIZ];
	size_t size;
	int ifindex, r;

	r = link_parse_stats(h, &ifindex, &stats, &size);
	if (r < 0)
		return r;
	if (netlink_ifname(reader->env->netlink, ifindex, name) < 0 ||
	    !selection_wants(reader->env->interfaces, name))
		return 0; /* gone in between, or not wanted */
	sample_object(out, LAYER_LINK, name, "", ifindex);
	if (out->error)
		return out->error;
	append_counters(&stats, size, out);
	before = link_before(out, &out->objects[out->n_objects - 1]);
	if (before && !before->main)
		config = sample_before(out, LAYER_LINK, name, LINK_CONFIG);
	ethtool_append(reader->env, name, before,
		       config && object_row(out->then, config, &link_fact_xdp),
		       out);
	carry_config(reader, before, config);
	return out->error;
}

static int read_stats(struct reader *reader)
{
	struct {
		struct nlmsghdr h;
		struct if_stats_msg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETSTATS,
		      .nlmsg_flags = NLM_F_DUMP},
		.m = {.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
	};

	return netlink_ask(reader->env->netlink, NETLINK_ROUTE, &request.h,
			   on_stats, reader);
}

static int on_config(const struct nlmsghdr *h, void *arg)
{
	return link_parse_config(h, arg);
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
	return netlink_ask(nl, NETLINK_ROUTE, &request.h, on_config, ret);
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

static void append_facts(const struct link_config *config, bool wireless,
			 struct sample *out)
{
	sample_label(out, config->kind);
	sample_row(out, &link_fact_index, config->index);
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
		probe_counter(&link_probe, TAG_CARRIER_CHANGES);

	if (!config->has_changes)
		return;
	sample_object(out, LAYER_LINK, place, c->object, config->index);
	sample_row(out, c, config->changes);
}

/* Asks for the configuration of the interface whose counters are at index. */
static int append_config(struct reader *reader, uint32_t index)
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
	append_facts(&config,
		     real && find_wireless(reader->env, place, out,
					   &out->objects[out->n_objects - 1]),
		     out);
	if (config.has_peer && !strcmp(config.kind, "veth"))
		append_peer(reader->env->netlink, &config, out);
	return 0;
}

/* Whether IP found something too big since the read before the last one. */
static bool was_too_big(const struct sample *then)
{
	return then && (sample_moved(then, LAYER_IP, NULL, TAG_FRAG_FAILS) ||
			sample_moved(then, LAYER_IP, NULL, TAG_FRAG_FAILS6));
}

/* Whether o is of an interface whose configuration is not known yet. */
static bool lacks_config(const struct sample *s, const struct object *o,
			 const struct object *end)
{
	return !object_name(s, o)[0] &&
	       (o + 1 == end || strcmp(object_name(s, o + 1), LINK_CONFIG));
}

static int link_read(struct probe_env *env, struct sample *out)
{
	struct reader reader = {
		.env = env, .out = out, .fragile = was_too_big(out->then)};
	uint32_t first = out->n_objects, last;
	int r;

	r = read_stats(&reader);
	last = out->n_objects;
	for (uint32_t i = first; r == 0 && i < last; i++)
		if (lacks_config(out, &out->objects[i], &out->objects[last]))
			r = append_config(&reader, i);
	return r;
}

static int link_init(const struct probe_env *env, void **ret)
{
	(void)env;
	*ret = ethtool_new();
	return *ret ? 0 : -ENOMEM;
}

static void link_free(void *state)
{
	ethtool_free(state);
}

const struct probe link_probe = {
	.name = "link",
	.reads = "rtnetlink RTM_GETSTATS, RTM_GETLINK for real, new or losing "
		 "interfaces and peers of veths, SIOCETHTOOL",
	.layer = LAYER_LINK,
	.counters = link_counters,
	.n_counters = N_LINK_COUNTERS,
	.explainers = link_explainers,
	.limits_kind = link_limits_kind,
	.init = link_init,
	.free = link_free,
	.read = link_read,
};
