/* SPDX-License-Identifier: MIT */
#include "link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "../netlink.h"
#include "../selection.h"

#define AT(member)                                                             \
	.layer = LAYER_LINK, .bits = 64, .name = #member,                      \
	.offset = offsetof(struct rtnl_link_stats64, member)
#define SOURCE .source = "include/uapi/linux/if_link.h"

static const struct counter link_counters[] = {
	{AT(rx_packets), SOURCE, .type = "if_rx_packets", .direction = DIR_RX,
	 .kind = KIND_PASSED, .main = true,
	 .of = {{LAYER_LINK, DIR_RX, OUTSIDE}},
	 .means = "Frames the driver or the stack accepted"},
	{AT(tx_packets), SOURCE, .type = "if_tx_packets", .direction = DIR_TX,
	 .kind = KIND_PASSED, .main = true,
	 .of = {{LAYER_LINK, DIR_TX, OUTSIDE}},
	 .means = "Frames handed to the device (veth: to its peer)"},
	{AT(rx_errors), SOURCE, .type = "if_rx_errors", .direction = DIR_RX,
	 .kind = KIND_LOST, .main = true,
	 .means = "Damaged frames, discarded by the device or its driver",
	 .cause = "damaged frames: cable, optic, duplex, or frames too large",
	 .remedy = "ethtool -S DEV; replace the cable or optic, align MTUs"},
	{AT(tx_errors), SOURCE, .type = "if_tx_errors", .direction = DIR_TX,
	 .kind = KIND_LOST, .main = true,
	 .means = "Frames the device failed to send",
	 .cause = "the device could not send: carrier lost, hardware fault, "
		  "or a tunnel without a route for its outer packet",
	 .remedy = "ip -s -s link show DEV; dmesg"},
	{AT(rx_dropped), SOURCE, .type = "if_rx_dropped", .direction = DIR_RX,
	 .kind = KIND_LOST, .main = true,
	 .means = "Frames accepted, then discarded: unknown protocol, a full "
		  "CPU backlog, the driver; veth: too large, or not up"},
	{AT(tx_dropped), SOURCE, .type = "if_tx_dropped", .direction = DIR_TX,
	 .kind = KIND_LOST, .main = true,
	 .means = "Frames discarded on the way to the device, veth: refused "
		  "by the peer",
	 .cause = "the device or its peer refused them: no carrier, ring or "
		  "queue full",
	 .remedy = "ip -s -d link show DEV"},
	{AT(rx_length_errors), SOURCE, .type = "if_rx_errors",
	 .direction = DIR_RX, .kind = KIND_PART, .in = "rx_errors",
	 .means = "Frames of an illegal length",
	 .cause = "frames longer than the MTU here, sent by a larger MTU",
	 .remedy = "Align the MTU on both ends of the wire"},
	{AT(rx_over_errors), SOURCE, .type = "if_rx_errors",
	 .direction = DIR_RX, .kind = KIND_PART, .in = "rx_errors",
	 .means = "Frames that did not fit the receive buffers",
	 .cause = "frames larger than the receive buffers",
	 .remedy = "Align MTUs; ethtool -G DEV rx N for a larger ring"},
	{AT(rx_crc_errors), SOURCE, .type = "if_rx_errors", .direction = DIR_RX,
	 .kind = KIND_PART, .in = "rx_errors",
	 .means = "Frames with a bad checksum (FCS)",
	 .cause = "bad frame checksums: cable, connector, optic, switch port",
	 .remedy = "Replace the cable or optic"},
	{AT(rx_frame_errors), SOURCE, .type = "if_rx_errors",
	 .direction = DIR_RX, .kind = KIND_PART, .in = "rx_errors",
	 .means = "Frames with an alignment error",
	 .cause = "misaligned frames: duplex mismatch or cabling",
	 .remedy = "ethtool DEV shows the duplex on this end"},
	{AT(rx_fifo_errors), SOURCE, .type = "if_rx_errors",
	 .direction = DIR_RX, .kind = KIND_PART, .in = "rx_errors",
	 .means = "Receiver FIFO overruns; with some drivers events, not "
		  "frames",
	 .cause = "the receive FIFO overran: the bus or interrupts are late",
	 .remedy = "ethtool -G DEV rx N; spread interrupts over CPUs"},
	{AT(rx_missed_errors), SOURCE, .type = "if_rx_dropped",
	 .direction = DIR_RX, .kind = KIND_LOST, .main = true,
	 .means = "Frames the device dropped because the host gave it no "
		  "buffer",
	 .cause = "the receive ring is too small or the CPU too slow",
	 .remedy = "ethtool -G DEV rx N; more queues, spread interrupts"},
	{AT(tx_carrier_errors), SOURCE, .type = "if_tx_errors",
	 .direction = DIR_TX, .kind = KIND_PART, .in = "tx_errors",
	 .means = "Sending failed because the carrier was lost",
	 .cause = "carrier lost while sending; tunnel: no route outside",
	 .remedy = "ip link show DEV; check the cable or the outer route"},
	{AT(tx_aborted_errors), SOURCE, .type = "if_tx_errors",
	 .direction = DIR_TX, .kind = KIND_PART, .in = "tx_errors",
	 .means = "The device gave up sending",
	 .cause = "too many collisions, or the device discarded them",
	 .remedy = "ethtool DEV shows the duplex on this end"},
	{AT(tx_fifo_errors), SOURCE, .type = "if_tx_errors",
	 .direction = DIR_TX, .kind = KIND_PART, .in = "tx_errors",
	 .means = "The device's FIFO ran empty while it sent",
	 .cause = "the bus is too slow for the device",
	 .remedy = "Update the driver and the firmware of DEV"},
	{AT(tx_heartbeat_errors), SOURCE, .type = "if_tx_errors",
	 .direction = DIR_TX, .kind = KIND_PART, .in = "tx_errors",
	 .means = "Heartbeat test errors of old half-duplex Ethernet",
	 .cause = "half-duplex Ethernet without a heartbeat",
	 .remedy = "ethtool DEV shows the duplex on this end"},
	{AT(tx_window_errors), SOURCE, .type = "if_tx_errors",
	 .direction = DIR_TX, .kind = KIND_PART, .in = "tx_errors",
	 .means = "Late collisions",
	 .cause = "late collisions: duplex mismatch, or the cable is too long",
	 .remedy = "ethtool DEV shows the duplex on this end"},
	{AT(collisions), SOURCE, .type = "packets", .direction = DIR_TX,
	 .kind = KIND_OVERLOAD,
	 .means = "Collisions of half-duplex Ethernet; a frame is sent again"},
	{AT(rx_nohandler), SOURCE, .type = "if_rx_dropped", .direction = DIR_RX,
	 .kind = KIND_BENIGN,
	 .means = "Frames on a port that must not receive (bond backup)"},
	{AT(rx_otherhost_dropped), SOURCE, .type = "if_rx_dropped",
	 .direction = DIR_RX, .kind = KIND_BENIGN,
	 .means = "IP packets in frames for another MAC address: flooding, a "
		  "stale neighbour entry, a VLAN without a device"},
	{AT(rx_bytes), SOURCE, .type = "derive", .direction = DIR_RX,
	 .kind = KIND_BYTES, .means = "Bytes of the frames in rx_packets"},
	{AT(tx_bytes), SOURCE, .type = "derive", .direction = DIR_TX,
	 .kind = KIND_BYTES, .means = "Bytes of the frames in tx_packets"},
	{AT(multicast), SOURCE, .type = "packets", .direction = DIR_RX,
	 .kind = KIND_PASSED, .means = "Multicast frames received"},
	{AT(rx_compressed), SOURCE, .type = "packets", .direction = DIR_RX,
	 .kind = KIND_PASSED, .means = "Compressed packets, SLIP and PPP"},
	{AT(tx_compressed), SOURCE, .type = "packets", .direction = DIR_TX,
	 .kind = KIND_PASSED, .means = "Compressed packets, SLIP and PPP"},
};

#define FACT .layer = LAYER_LINK, .kind = KIND_FACT

const struct counter link_fact_index = {FACT, .name = "ifindex"};
const struct counter link_fact_mtu = {FACT, .name = "mtu"};
const struct counter link_fact_up = {FACT, .name = "up"};
const struct counter link_fact_mac = {FACT, .name = "address"};
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

	if (nla_parse_nested(info, IFLA_INFO_MAX, linkinfo, NULL) == 0 &&
	    info[IFLA_INFO_KIND])
		nla_strlcpy(config->kind, info[IFLA_INFO_KIND],
			    sizeof(config->kind));
}

static uint32_t attr_u32(const struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
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
		.mac = attrs[IFLA_ADDRESS] ? parse_mac(attrs[IFLA_ADDRESS]) : 0,
	};
	if (attrs[IFLA_IFNAME])
		nla_strlcpy(ret->name, attrs[IFLA_IFNAME], sizeof(ret->name));
	if (attrs[IFLA_LINKINFO])
		parse_kind(attrs[IFLA_LINKINFO], ret);
	return 0;
}

/* Appends what the kernel sent of the counters: size bytes of stats. */
static void append_counters(const struct rtnl_link_stats64 *stats, size_t size,
			    struct sample *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(link_counters); i++) {
		const struct counter *c = &link_counters[i];
		uint64_t value;

		if (c->offset + sizeof(value) > size)
			continue;
		memcpy(&value, (const char *)stats + c->offset, sizeof(value));
		sample_row(out, c, value);
	}
}

struct reader {
	struct probe_env *env;
	struct sample *out;
};

static int on_stats(const struct nlmsghdr *h, void *arg)
{
	struct reader *reader = arg;
	struct rtnl_link_stats64 stats;
	char name[IFNAMSIZ];
	size_t size;
	int ifindex, r;

	r = link_parse_stats(h, &ifindex, &stats, &size);
	if (r < 0)
		return r;
	if (netlink_ifname(reader->env->route, ifindex, name) < 0 ||
	    !selection_wants(reader->env->interfaces, name))
		return 0; /* gone in between, or not wanted */
	sample_object(reader->out, LAYER_LINK, name, "", ifindex);
	append_counters(&stats, size, reader->out);
	return 0;
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

	return netlink_ask(reader->env->route, &request.h, on_stats, reader);
}

static int on_config(const struct nlmsghdr *h, void *arg)
{
	return link_parse_config(h, arg);
}

/*
 * The configuration of one interface; with nsid that of the namespace which
 * has this id here. Returns 0, -ENODEV, -EPERM (nsid) or as netlink_ask().
 */
static int read_config(struct netlink *route, int ifindex, const int32_t *nsid,
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
	return netlink_ask(route, &request.h, on_config, ret);
}

static void append_peer(struct netlink *route, const struct link_config *config,
			struct sample *out)
{
	char label[sizeof(config->kind) + IFNAMSIZ + 1];
	struct link_config peer;

	if (read_config(route, config->peer_index,
			config->has_nsid ? &config->nsid : NULL, &peer) < 0)
		return;
	sample_row(out, &link_fact_peer_index, peer.index);
	sample_row(out, &link_fact_peer_mtu, peer.mtu);
	sample_row(out, &link_fact_peer_up, peer.up);
	sample_row(out, &link_fact_peer_mac, peer.mac);
	snprintf(label, sizeof(label), "%s %s", config->kind, peer.name);
	sample_label(out, label);
}

/* Asks for the configuration of the interface whose counters are at index. */
static int append_config(struct reader *reader, uint32_t index)
{
	struct sample *out = reader->out;
	const struct object *link = &out->objects[index];
	char place[IFNAMSIZ];
	struct link_config config;
	int r;

	r = read_config(reader->env->route, link->identity, NULL, &config);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	snprintf(place, sizeof(place), "%s", object_place(out, link));
	out->objects[index].main = !config.kind[0] && !config.loopback;
	sample_object(out, LAYER_LINK, place, LINK_CONFIG, config.index);
	sample_label(out, config.kind);
	sample_row(out, &link_fact_index, config.index);
	sample_row(out, &link_fact_mtu, config.mtu);
	sample_row(out, &link_fact_up, config.up);
	sample_row(out, &link_fact_mac, config.mac);
	if (config.has_peer && !strcmp(config.kind, "veth"))
		append_peer(reader->env->route, &config, out);
	return 0;
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

/*
 * Takes the configuration over from the previous sample. Asking the kernel
 * costs ten times the counters, and only matters when something is lost.
 * Returns false when it has to be asked for.
 */
static bool carry_config(const struct sample *then, struct sample *out,
			 uint32_t index, uint32_t *hint)
{
	struct object *o = &out->objects[index];
	const struct object *p, *config;
	char place[IFNAMSIZ];

	if (!then)
		return false;
	snprintf(place, sizeof(place), "%s", object_place(out, o));
	p = sample_find(then, LAYER_LINK, place, "", &hint[0]);
	config = sample_find(then, LAYER_LINK, place, LINK_CONFIG, &hint[1]);
	if (!p || !config || p->identity != o->identity ||
	    !is_quiet(out, o, then, p))
		return false;
	o->main = p->main;
	sample_object(out, LAYER_LINK, place, LINK_CONFIG, config->identity);
	sample_label(out, object_label(then, config));
	for (uint32_t i = 0; i < config->n; i++)
		sample_row(out, then->rows[config->first + i].counter,
			   then->rows[config->first + i].value);
	return true;
}

static int link_read(struct probe_env *env, struct sample *out)
{
	struct reader reader = {env, out};
	uint32_t first = out->n_objects, last;
	uint32_t hint[2] = {0};
	int r;

	r = read_stats(&reader);
	last = out->n_objects;
	for (uint32_t i = first; r == 0 && i < last; i++)
		if (!carry_config(env->then, out, i, hint))
			r = append_config(&reader, i);
	return r;
}

const struct probe link_probe = {
	.name = "link",
	.reads = "rtnetlink RTM_GETSTATS, and RTM_GETLINK for new or losing "
		 "interfaces and the peers of veths",
	.layer = LAYER_LINK,
	.counters = link_counters,
	.n_counters = ARRAY_SIZE(link_counters),
	.read = link_read,
};
