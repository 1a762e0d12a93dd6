/* SPDX-License-Identifier: MIT */
/* Interfaces: recorded dumps against what ip printed, and a real veth pair. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include "model/selection.h"
#include "model/tally.h"
#include "probes/link/link_private.h"
#include "probes/snmp/snmp.h"
#include "probes/qdisc/qdisc.h"
#include "testlib.h"

static const char *const kernels[] = {"6.18", "6.1"};

#define N_LINKS 16

struct links {
	struct rtnl_link_stats64 stats[N_LINKS]; /* by ifindex */
	size_t size[N_LINKS];
	struct link_config config[N_LINKS];
	unsigned n_stats, n_configs;
};

static int on_stats(const struct nlmsghdr *h, void *arg)
{
	struct links *links = arg;
	struct rtnl_link_stats64 stats;
	size_t size;
	int ifindex, r;

	r = link_parse_stats(h, &ifindex, &stats, &size);
	ck_assert_int_eq(r, 0);
	ck_assert_int_lt(ifindex, N_LINKS);
	links->stats[ifindex] = stats;
	links->size[ifindex] = size;
	links->n_stats++;
	return 0;
}

static int on_config(const struct nlmsghdr *h, void *arg)
{
	struct links *links = arg;
	struct link_config config;

	ck_assert_int_eq(link_config_parse(h, &config), 0);
	ck_assert_int_lt(config.index, N_LINKS);
	links->config[config.index] = config;
	links->n_configs++;
	return 0;
}

static void walk_recording(const char *kernel, const char *file,
			   netlink_row row, struct links *links)
{
	size_t n = 0;
	char *bytes = fixture_read(kernel, file, &n);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(netlink_walk(bytes, n, 0, row, links), 1);
	free(bytes);
}

static struct links recorded(const char *kernel)
{
	struct links links = {.n_stats = 0};

	walk_recording(kernel, "getstats.nl", on_stats, &links);
	walk_recording(kernel, "getlink.nl", on_config, &links);
	return links;
}

/* "2: eth0@if2: <BROADCAST,UP> mtu 1500 ...". Returns its index. */
static int check_head(const char *line, const struct links *links)
{
	char name[32] = "", flags[128];
	int index, mtu;
	const struct link_config *c;

	if (sscanf(line, "%d: %31[^:@]%*[^<]<%127[^>]> mtu %d", &index, name,
		   flags, &mtu) != 4)
		return 0;
	ck_assert_int_lt(index, N_LINKS);
	c = &links->config[index];
	ck_assert_int_eq(c->index, index);
	ck_assert_str_eq(c->name, name);
	ck_assert_uint_eq(c->mtu, mtu);
	ck_assert(c->up == (strstr(flags, "UP") != NULL));
	ck_assert(c->loopback == (strstr(flags, "LOOPBACK") != NULL));
	ck_assert_str_eq(c->kind, c->loopback ? "" : "veth");
	ck_assert(c->has_peer == !c->loopback);
	ck_assert(c->has_nsid == !c->loopback);
	return index;
}

static void check_mac(const char *line, const struct link_config *c)
{
	unsigned b[6];
	uint64_t mac = 0;

	if (sscanf(line, " link/%*s %x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5]) != 6)
		return;
	for (int i = 0; i < 6; i++)
		mac = mac << 8 | b[i];
	ck_assert_uint_eq(c->mac, mac);
}

/* The numbers behind "RX:" and "TX:": bytes packets errors dropped ... */
static unsigned check_numbers(FILE *f, bool rx,
			      const struct rtnl_link_stats64 *s)
{
	char line[256];
	unsigned long long bytes, packets, errors, dropped, missed;

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_int_eq(sscanf(line, "%llu %llu %llu %llu %llu", &bytes,
				&packets, &errors, &dropped, &missed),
			 5);
	ck_assert_uint_eq(rx ? s->rx_bytes : s->tx_bytes, bytes);
	ck_assert_uint_eq(rx ? s->rx_packets : s->tx_packets, packets);
	ck_assert_uint_eq(rx ? s->rx_errors : s->tx_errors, errors);
	ck_assert_uint_eq(rx ? s->rx_dropped : s->tx_dropped, dropped);
	if (rx)
		ck_assert_uint_eq(s->rx_missed_errors, missed);
	return 1;
}

CASE(recorded);

TEST_EACH(recorded, recorded_links_are_what_ip_printed, ARRAY_SIZE(kernels))
{
	_cleanup_fclose_ FILE *f = fixture_open(kernels[_i], "expected.txt");
	struct links links = recorded(kernels[_i]);
	unsigned n = 0, index = 0;
	char line[512];
	bool ip = false;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "### ", 4))
			ip = !strncmp(line, "### ip ", 7);
		if (!ip)
			continue;
		if (line[0] != ' ' && line[0] != '#')
			index = check_head(line, &links);
		check_mac(line, &links.config[index]);
		if (!strncmp(line, "    RX:", 7) ||
		    !strncmp(line, "    TX:", 7))
			n += check_numbers(f, line[4] == 'R',
					   &links.stats[index]);
	}
	ck_assert_uint_ge(n, 6);
	ck_assert_uint_eq(n, 2 * links.n_stats);
	ck_assert_uint_eq(links.n_stats, links.n_configs);
}

TEST(recorded, recorded_counters_are_as_many_as_the_kernel_has)
{
	struct links old = recorded("6.1"), new = recorded("6.18");

	/* rx_otherhost_dropped is there since 5.19 */
	ck_assert_uint_ge(
		old.size[1],
		offsetof(struct rtnl_link_stats64, rx_otherhost_dropped) + 8);
	ck_assert_uint_ge(new.size[1], old.size[1]);
}

static void stats_message(struct message *m, int ifindex, size_t size)
{
	struct if_stats_msg head = {.ifindex = ifindex};
	uint64_t values[64];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = 100 + i;
	m->n = 0;
	message_begin(m, RTM_NEWSTATS, NLM_F_MULTI, 1);
	message_put(m, &head, sizeof(head));
	attr_put(m, IFLA_STATS_LINK_64, values, size);
}

CASE(made);

TEST(made, counters_end_where_the_kernels_do)
{
	struct rtnl_link_stats64 stats;
	struct message m;

	for (size_t size = 0; size <= 8 * 64; size += 4) {
		size_t n = 0, kept = size;
		int ifindex = 0;

		if (kept > sizeof(stats))
			kept = sizeof(stats);
		stats_message(&m, 42, size);
		memset(&stats, 0xee, sizeof(stats));
		ck_assert_int_eq(
			link_parse_stats((void *)m.bytes, &ifindex, &stats, &n),
			0);
		ck_assert_int_eq(ifindex, 42);
		ck_assert_uint_eq(n, kept);
		if (n >= 8)
			ck_assert_uint_eq(stats.rx_packets, 100);
		if (n >= 16)
			ck_assert_uint_eq(stats.tx_packets, 101);
		else
			ck_assert_uint_ne(stats.tx_packets, 101);
	}
}

TEST(made, message_without_counters_is_refused)
{
	struct rtnl_link_stats64 stats;
	struct if_stats_msg head = {.ifindex = 1};
	struct message m = {.n = 0};
	size_t n = 0;
	int ifindex;

	message_begin(&m, RTM_NEWSTATS, 0, 1);
	ck_assert_int_eq(
		link_parse_stats((void *)m.bytes, &ifindex, &stats, &n),
		-EBADMSG);
	message_put(&m, &head, sizeof(head));
	ck_assert_int_eq(
		link_parse_stats((void *)m.bytes, &ifindex, &stats, &n),
		-EBADMSG);
	attr_u32(&m, IFLA_STATS_LINK_XSTATS, 7);
	ck_assert_int_eq(
		link_parse_stats((void *)m.bytes, &ifindex, &stats, &n),
		-EBADMSG);
}

static void link_message(struct message *m, unsigned flags)
{
	struct ifinfomsg head = {.ifi_index = 9, .ifi_flags = flags};

	m->n = 0;
	message_begin(m, RTM_NEWLINK, 0, 1);
	message_put(m, &head, sizeof(head));
}

TEST(made, configuration_is_what_the_attributes_say)
{
	static const unsigned char mac[] = {2, 0, 0, 0, 1, 0xff};
	struct link_config c;
	struct message m;
	size_t at;

	link_message(&m, IFF_UP);
	attr_put(&m, IFLA_IFNAME, "eth0", 5);
	attr_u32(&m, IFLA_MTU, 1400);
	attr_u32(&m, IFLA_LINK, 17);
	attr_u32(&m, IFLA_LINK_NETNSID, 3);
	attr_put(&m, IFLA_ADDRESS, mac, sizeof(mac));
	at = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_KIND, "veth", 5);
	attr_end(&m, at);
	ck_assert_int_eq(link_config_parse((void *)m.bytes, &c), 0);
	ck_assert_int_eq(c.index, 9);
	ck_assert_uint_eq(c.mtu, 1400);
	ck_assert(c.up && !c.loopback && c.has_peer && c.has_nsid);
	ck_assert_int_eq(c.peer_index, 17);
	ck_assert_int_eq(c.nsid, 3);
	ck_assert_uint_eq(c.mac, 0x0200000001ff);
	ck_assert_str_eq(c.name, "eth0");
	ck_assert_str_eq(c.kind, "veth");
}

TEST(made, what_is_not_said_is_not_there)
{
	struct link_config c;
	struct message m;

	link_message(&m, IFF_LOOPBACK);
	ck_assert_int_eq(link_config_parse((void *)m.bytes, &c), 0);
	ck_assert(!c.up && c.loopback && !c.has_peer && !c.has_nsid);
	ck_assert(!c.has_carrier && !c.has_changes && !c.xdp);
	ck_assert_int_eq(c.master, 0);
	ck_assert_str_eq(c.master_kind, "");
	ck_assert_uint_eq(c.mtu, 0);
	ck_assert_uint_eq(c.mac, 0);
	ck_assert_str_eq(c.name, "");
	ck_assert_str_eq(c.kind, "");
}

TEST(made, port_and_its_carrier_are_what_the_attributes_say)
{
	struct link_config c;
	struct message m;
	size_t at;

	link_message(&m, IFF_UP);
	attr_u32(&m, IFLA_MASTER, 12);
	attr_put(&m, IFLA_CARRIER, "\1", 1);
	attr_u32(&m, IFLA_CARRIER_CHANGES, 77);
	at = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_SLAVE_KIND, "bridge", 7);
	attr_end(&m, at);
	at = attr_begin(&m, IFLA_XDP);
	attr_put(&m, IFLA_XDP_ATTACHED, "\1", 1);
	attr_end(&m, at);
	ck_assert_int_eq(link_config_parse((void *)m.bytes, &c), 0);
	ck_assert_int_eq(c.master, 12);
	ck_assert(c.has_carrier && c.carrier && c.has_changes && c.xdp);
	ck_assert_uint_eq(c.changes, 77);
	ck_assert_str_eq(c.master_kind, "bridge");
	ck_assert_str_eq(c.kind, "");
}

/* A tunnel's lower device is in its own data: IFLA_LINK may be itself. */
TEST(made, tunnel_says_where_it_leads)
{
	static const unsigned char remote[] = {10, 9, 0, 2}, any[4];
	struct link_config c;
	struct message m;
	size_t at, data;

	for (int i = 0; i < 2; i++) {
		link_message(&m, IFF_UP);
		attr_u32(&m, IFLA_LINK, 9);
		at = attr_begin(&m, IFLA_LINKINFO);
		attr_put(&m, IFLA_INFO_KIND, "vxlan", 6);
		data = attr_begin(&m, IFLA_INFO_DATA);
		attr_u32(&m, IFLA_VXLAN_LINK, 4);
		attr_put(&m, IFLA_VXLAN_GROUP, i ? any : remote, 4);
		attr_end(&m, data);
		attr_end(&m, at);
		ck_assert_int_eq(link_config_parse((void *)m.bytes, &c), 0);
		ck_assert_int_eq(c.lower, 4);
		ck_assert_uint_eq(c.n_remote, i ? 0 : 4);
	}
	ck_assert_mem_eq(c.remote, any, 4);
}

TEST(made, bond_says_which_port_is_active)
{
	struct link_config c;
	struct message m;
	size_t at, data;

	link_message(&m, IFF_UP);
	at = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_KIND, "bond", 5);
	data = attr_begin(&m, IFLA_INFO_DATA);
	attr_u32(&m, IFLA_BOND_ACTIVE_SLAVE, 4);
	attr_end(&m, data);
	attr_end(&m, at);
	ck_assert_int_eq(link_config_parse((void *)m.bytes, &c), 0);
	ck_assert_int_eq(c.active, 4);
}

TEST(made, kind_ends_at_a_blank)
{
	ck_assert_str_eq(link_kind_of("vlan eth0")->name, "vlan");
	ck_assert_str_eq(link_kind_of("vlan")->name, "vlan");
	ck_assert_ptr_null(link_kind_of("vlanx"));
	ck_assert_ptr_null(link_kind_of("vla"));
	ck_assert_ptr_null(link_kind_of(""));
	ck_assert_ptr_null(link_kind_of(" vlan"));
	ck_assert_uint_eq(link_hash_kind("vlan eth0"), link_hash_kind("vlan"));
	ck_assert_uint_ne(link_hash_kind("vlan"), link_hash_kind(""));
}

/* As recorded: the same packets in two counters of the device. */
static const struct {
	const char *kind, *a, *b;
	uint64_t n_a, n_b, lost;
} twins[] = {
	{"macvtap", "rx_errors", "rx_dropped", 1000, 1000, 1000},
	{"ipvlan", "rx_errors", "rx_dropped", 300, 300, 300},
	{"macvlan", "rx_errors", "rx_dropped", 100, 130, 130},
	{"vti", "rx_errors", "rx_dropped", 40, 40, 40},
	{"vrf", "tx_errors", "tx_dropped", 50, 91, 91},
	{"ip6tnl", "tx_errors", "tx_dropped", 327, 51, 327},
	{"veth", "rx_errors", "rx_dropped", 10, 20, 30},
	{"", "rx_errors", "rx_dropped", 10, 10, 20},
};

static uint64_t lost_by_twins(int i)
{
	struct sample s = {0};
	struct losses l = {0};
	uint64_t lost = 0;

	sample_object(&s, LAYER_LINK, "d0", "", 1);
	sample_row(&s, find_counter(&link_probe, twins[i].a, NULL), 0);
	s.rows[0].delta = twins[i].n_a;
	sample_row(&s, find_counter(&link_probe, twins[i].b, NULL), 0);
	s.rows[1].delta = twins[i].n_b;
	s.rows[0].flags = s.rows[1].flags = ROW_COMPARED;
	link_twins_mark(&s, &s.objects[0], link_kind_of(twins[i].kind));
	for (int j = 0; j < 2; j++)
		s.objects[0].parts_moved |= s.rows[j].counter->kind ==
					    KIND_PART;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	for (size_t j = 0; j < l.n; j++)
		lost += l.items[j].lost;
	losses_free(&l);
	sample_free(&s);
	return lost;
}

TEST_EACH(made, packet_in_two_counters_is_one_loss, ARRAY_SIZE(twins))
{
	ck_assert_uint_eq(lost_by_twins(_i), twins[_i].lost);
}

/* An interface of a bridge, or the bridge itself. */
struct traffic {
	const char *place;
	uint64_t index, mtu, rx, rx_bytes, tx, tx_bytes;
};

static void moved(struct sample *s, const char *counter, uint64_t n)
{
	sample_row(s, find_counter(&link_probe, counter, NULL), 1000 + n);
	s->rows[s->n_rows - 1].delta = n;
	s->rows[s->n_rows - 1].flags = ROW_COMPARED;
}

static void append_traffic(struct sample *s, const struct traffic *t)
{
	sample_object(s, LAYER_LINK, t->place, "", t->index);
	moved(s, "rx_packets", t->rx);
	moved(s, "rx_bytes", t->rx_bytes);
	moved(s, "tx_packets", t->tx);
	moved(s, "tx_bytes", t->tx_bytes);
	moved(s, "tx_dropped", 0);
	sample_object(s, LAYER_LINK, t->place, LINK_CONFIG, t->index);
	sample_label(s, t->mtu ? "veth" : "bridge");
	sample_row(s, &link_fact_mtu, t->mtu);
	if (!t->mtu)
		return;
	sample_row(s, &link_fact_master, 9);
	sample_row(s, &link_fact_port_of, LINK_OF_BRIDGE);
}

/* As recorded: 300 packets of 4000 bytes into a bridge. */
static const struct {
	const char *what;
	struct traffic p1, p2, br;
	uint64_t lost;
} bridges[] = {
	{"too large for p2",
	 {"p1", 2, 9000, 302, 1212796, 0, 0},
	 {"p2", 3, 1500, 0, 0, 2, 96},
	 {"br0", 9, 0, 0, 0, 0, 0},
	 300},
	{"MTUs are the same",
	 {"p1", 2, 9000, 302, 1212796, 0, 0},
	 {"p2", 3, 9000, 0, 0, 2, 96},
	 {"br0", 9, 0, 0, 0, 0, 0},
	 0},
	{"small frames that stay behind p1",
	 {"p1", 2, 9000, 300, 30000, 0, 0},
	 {"p2", 3, 1500, 0, 0, 0, 0},
	 {"br0", 9, 0, 0, 0, 0, 0},
	 0},
	{"for the bridge itself",
	 {"p1", 2, 9000, 302, 1212796, 0, 0},
	 {"p2", 3, 1500, 0, 0, 0, 0},
	 {"br0", 9, 0, 302, 1208568, 0, 0},
	 0},
	{"flooded",
	 {"p1", 2, 9000, 10, 600, 300, 1212000},
	 {"p2", 3, 1500, 300, 1212000, 10, 600},
	 {"br0", 9, 0, 0, 0, 0, 0},
	 0},
};

/* With the firewall of the bridge on, IP has counted them. */
TEST(made, bridge_does_not_lose_what_ip_counts)
{
	const struct counter frag = {
		.layer = LAYER_IP, .name = "FragFails", .tag = TAG_FRAG_FAILS};
	struct sample s = {0};
	struct losses l = {0};

	append_traffic(&s, &bridges[0].p1);
	append_traffic(&s, &bridges[0].p2);
	append_traffic(&s, &bridges[0].br);
	sample_object(&s, LAYER_IP, "", "", 0);
	sample_row(&s, &frag, 0);
	s.rows[s.n_rows - 1].delta = 300;
	s.rows[s.n_rows - 1].flags = ROW_COMPARED;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	link_attribute_bridges(&s, &l);
	ck_assert_uint_eq(loss_find(&l, LAYER_LINK, "p2", DIR_TX)->lost, 0);
	losses_free(&l);
	sample_free(&s);
}

/* Nothing here was forwarded by IP: what the bridge could send is the base. */
TEST(made, bridged_packets_are_measured_by_bridged_ones)
{
	static const struct traffic p1 = {"p1", 2, 9000, 402, 1612796, 0, 0},
				    br = {"br0", 9, 0, 2, 200, 0, 0};
	struct sample s = {0};
	struct losses l = {0};
	const struct loss *loss;

	append_traffic(&s, &p1);
	append_traffic(&s, &bridges[0].p2);
	append_traffic(&s, &br);
	sample_object(&s, LAYER_IP, "", "", 0);
	sample_row(&s, find_counter(&snmp_probe, "FragFails", NULL), 1100);
	s.rows[s.n_rows - 1].delta = 100;
	s.rows[s.n_rows - 1].flags = ROW_COMPARED;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	link_attribute_bridges(&s, &l);
	loss = loss_find(&l, LAYER_IP, "", DIR_FWD);
	ck_assert_uint_eq(loss->lost, 100);
	ck_assert_uint_eq(loss_total(loss), 400);
	losses_free(&l);
	sample_free(&s);
}

TEST_EACH(made, bridge_loses_what_is_too_large_for_a_port, ARRAY_SIZE(bridges))
{
	struct sample s = {0};
	struct losses l = {0};
	const struct loss *loss;
	struct cause c;

	append_traffic(&s, &bridges[_i].p1);
	append_traffic(&s, &bridges[_i].p2);
	append_traffic(&s, &bridges[_i].br);
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	link_attribute_bridges(&s, &l);
	loss = loss_find(&l, LAYER_LINK, "p2", DIR_TX);
	ck_assert_msg(loss->lost == bridges[_i].lost, "%s: %" PRIu64,
		      bridges[_i].what, loss->lost);
	cause_find(&s, loss, &c);
	ck_assert(!loss->lost || !strcmp(c.reason->id, "bridge-port-mtu"));
	losses_free(&l);
	sample_free(&s);
}

static const struct counter requests = {.name = "OutRequests",
					.bits = 64,
					.layer = LAYER_IP,
					.direction = DIR_TX,
					.kind = KIND_PASSED,
					.tag = TAG_OUT_REQUESTS};

/* As recorded: 300 packets to a bond whose two members are down. */
static const struct {
	const char *what;
	uint64_t requests, eth0, eth1, carrier, up, lost;
} masters[] = {
	{"no member is up", 300, 0, 1, 0, 0, 299},
	{"a member is up", 300, 0, 1, 0, 1, 0},
	{"it has a carrier", 300, 0, 1, 1, 0, 0},
	{"there is another way out", 300, 160, 0, 0, 0, 0},
	{"few", 9, 0, 0, 0, 0, 0},
	{"nothing was sent", 0, 0, 0, 0, 0, 0},
};

static void append_sender(struct sample *s, const char *place, uint64_t index,
			  uint64_t sent)
{
	sample_object(s, LAYER_LINK, place, "", index);
	moved(s, "tx_packets", sent);
	moved(s, "tx_dropped", 0);
}

static void append_bond(struct sample *s, int i)
{
	append_sender(s, "bond0", 4, masters[i].eth0 + masters[i].eth1);
	sample_object(s, LAYER_LINK, "bond0", LINK_CONFIG, 4);
	sample_label(s, "bond");
	sample_row(s, &link_fact_up, 1);
	sample_row(s, &link_fact_carrier, masters[i].carrier);
	sample_row(s, &link_fact_member, 2);
	sample_row(s, &link_fact_member, 3);
	sample_row(s, &link_fact_members_up, masters[i].up);
}

TEST_EACH(made, bond_without_a_port_loses_what_nobody_counts,
	  ARRAY_SIZE(masters))
{
	struct sample s = {0};
	struct losses l = {0};
	const struct loss *loss;
	struct cause c;

	append_sender(&s, "eth0", 2, masters[_i].eth0);
	append_sender(&s, "eth1", 3, masters[_i].eth1);
	append_bond(&s, _i);
	sample_object(&s, LAYER_IP, "", "", 0);
	sample_row(&s, &requests, 0);
	s.rows[s.n_rows - 1].delta = masters[_i].requests;
	s.rows[s.n_rows - 1].flags = ROW_COMPARED;
	ck_assert_int_eq(tally_losses(&l, &s), 0);
	link_attribute_masters(&s, &l);
	loss = loss_find(&l, LAYER_LINK, "bond0", DIR_TX);
	ck_assert_msg(loss->lost == masters[_i].lost, "%s: %" PRIu64,
		      masters[_i].what, loss->lost);
	cause_find(&s, loss, &c);
	ck_assert(!loss->lost || !strcmp(c.reason->id, "no-active-port"));
	losses_free(&l);
	sample_free(&s);
}

TEST(made, names_and_addresses_too_long_are_cut)
{
	static const unsigned char mac[20] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct link_config c;
	struct message m;
	size_t at;

	link_message(&m, 0);
	attr_put(&m, IFLA_IFNAME, "0123456789abcdefghij", 21);
	attr_put(&m, IFLA_ADDRESS, mac, sizeof(mac));
	at = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_KIND, "0123456789abcdefghij", 20);
	attr_end(&m, at);
	ck_assert_int_eq(link_config_parse((void *)m.bytes, &c), 0);
	ck_assert_str_eq(c.name, "0123456789abcde");
	ck_assert_str_eq(c.kind, "0123456789abcde");
	ck_assert_uint_eq(c.mac, 0x0102030405060708);
}

static void parse_lawfully(const struct nlmsghdr *h, size_t n)
{
	struct nlmsghdr *copy = malloc(n);
	struct rtnl_link_stats64 stats;
	struct link_config config;
	int ifindex, a, b;
	size_t size;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, h, n);
	copy->nlmsg_len = (uint32_t)n;
	a = link_parse_stats(copy, &ifindex, &stats, &size);
	b = link_config_parse(copy, &config);
	if ((a != 0 && a != -EBADMSG) || (b != 0 && b != -EBADMSG))
		ck_abort_msg("%d %d", a, b);
	free(copy);
}

/* Each message of a recording, cut and damaged at each of its bytes. */
static void torture(const char *kernel, const char *file)
{
	static const unsigned char values[] = {0, 3, 5, 0x80, 0xff};
	size_t n = 0;
	char *bytes = fixture_read(kernel, file, &n);
	struct nlmsghdr *h = (void *)bytes;
	int left = (int)n;

	ck_assert_ptr_nonnull(bytes);
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left))
		for (size_t i = sizeof(*h); i < h->nlmsg_len; i++) {
			unsigned char *at = (unsigned char *)h + i, was = *at;

			parse_lawfully(h, i);
			*at = values[i % sizeof(values)];
			parse_lawfully(h, h->nlmsg_len);
			*at = was;
		}
	free(bytes);
}

TEST_EACH(recorded, message_cut_or_damaged_anywhere_is_survived,
	  ARRAY_SIZE(kernels))
{
	torture(kernels[_i], "getstats.nl");
	torture(kernels[_i], "getlink.nl");
}

/* The recordings have veths: a tunnel says more of itself. */
TEST(made, tunnel_cut_or_damaged_anywhere_is_survived)
{
	static const unsigned char values[] = {0, 1, 4, 16, 0x80, 0xff};
	struct message m;
	size_t at, data;

	link_message(&m, IFF_UP);
	at = attr_begin(&m, IFLA_LINKINFO);
	attr_put(&m, IFLA_INFO_KIND, "vxlan", 6);
	data = attr_begin(&m, IFLA_INFO_DATA);
	attr_u32(&m, IFLA_VXLAN_LINK, 4);
	attr_put(&m, IFLA_VXLAN_GROUP, "0123", 4);
	attr_put(&m, IFLA_VXLAN_GROUP6, "0123456789abcdef", 16);
	attr_end(&m, data);
	attr_end(&m, at);
	for (size_t i = NLMSG_HDRLEN; i < m.n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			unsigned char was = m.bytes[i];

			parse_lawfully((void *)m.bytes, i);
			m.bytes[i] = values[j];
			parse_lawfully((void *)m.bytes, m.n);
			m.bytes[i] = was;
		}
}

/* In a namespace of this test's own, which ends with its process. */

static bool run(const char *command)
{
	int r = system(command);

	if (r != 0)
		fprintf(stderr, "%s: %d\n", command, r);
	return r == 0;
}

static struct netlink netlink;
static struct probe_env env = {.netlink = &netlink};

static void setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert(run("ip link set lo up"));
	ck_assert(run("ip link add ut0 mtu 1400 type veth peer name ut1"));
	ck_assert(run("ip link set ut0 up"));
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	ck_assert_int_eq(netlink_enter(&netlink, false), 0);
}

static void teardown(void)
{
	netlink_free(&netlink);
}

static void check_fact(const struct sample *s, const struct object *o,
		       const struct counter *c, uint64_t value)
{
	const struct row *row = object_row(s, o, c);

	ck_assert_msg(row, "no %s", c->name);
	ck_assert_msg(row->value == value, "%s is %" PRIu64, c->name,
		      row->value);
}

static const struct object *config_of(const struct sample *s, const char *place)
{
	const struct object *o = find_object(s, LAYER_LINK, place, LINK_CONFIG);

	ck_assert_ptr_nonnull(o);
	return o;
}

CASE(kernel, .lacks = lacks_root, .setup = setup, .teardown = teardown);

TEST(kernel, veth_knows_its_peer)
{
	struct sample s = {0};
	const struct object *a, *b, *lo;

	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert_int_eq(s.error, 0);
	a = config_of(&s, "ut0");
	b = config_of(&s, "ut1");
	lo = config_of(&s, "lo");
	ck_assert_str_eq(object_label(&s, a), "veth ut1");
	ck_assert_str_eq(object_label(&s, b), "veth ut0");
	ck_assert_str_eq(object_label(&s, lo), "");
	check_fact(&s, a, &link_fact_mtu, 1400);
	check_fact(&s, a, &link_fact_peer_mtu, 1500);
	check_fact(&s, b, &link_fact_peer_mtu, 1400);
	check_fact(&s, a, &link_fact_up, 1);
	check_fact(&s, a, &link_fact_peer_up, 0);
	check_fact(&s, a, &link_fact_peer_index, b->identity);
	check_fact(&s, b, &link_fact_peer_mac,
		   object_row(&s, a, &link_fact_mac)->value);
	ck_assert_ptr_null(object_row(&s, lo, &link_fact_peer_mtu));
	ck_assert_ptr_nonnull(find_object(&s, LAYER_LINK, "ut0", ""));
	ck_assert(!find_object(&s, LAYER_LINK, "lo", "")->main);
	ck_assert(!find_object(&s, LAYER_LINK, "ut0", "")->main);
	sample_free(&s);
}

static uint64_t fact_of(const struct sample *s, const char *place,
			const struct counter *c)
{
	return object_value(s, config_of(s, place), c, UINT64_MAX);
}

TEST(kernel, upper_device_knows_what_it_stands_on)
{
	const struct object *lower;
	struct sample s = {0};
	const struct object *found;

	ck_assert(run("ip link add link ut0 name mv0 type macvlan"));
	ck_assert(run("ip addr add 10.77.0.1/24 dev ut0"));
	ck_assert(run("ip link set ut1 up"));
	ck_assert(run("ip link add vx0 type vxlan id 7 dstport 4789 "
		      "remote 10.77.0.2"));
	ck_assert(run("ip link add vx1 type vxlan id 8 dstport 4789 dev ut0"));
	ck_assert(run("ip link add vx2 type vxlan id 9 dstport 4789 "
		      "remote 192.0.2.1"));
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	lower = config_of(&s, "ut0");
	ck_assert_str_eq(object_label(&s, config_of(&s, "mv0")), "macvlan ut0");
	ck_assert_str_eq(object_label(&s, config_of(&s, "vx0")), "vxlan ut0");
	ck_assert_str_eq(object_label(&s, config_of(&s, "vx1")), "vxlan ut0");
	ck_assert_str_eq(object_label(&s, config_of(&s, "vx2")), "vxlan");
	ck_assert_uint_eq(fact_of(&s, "mv0", &link_fact_lower_index),
			  lower->identity);
	ck_assert_uint_eq(fact_of(&s, "vx0", &link_fact_remote), 1);
	ck_assert_uint_eq(fact_of(&s, "vx1", &link_fact_remote), UINT64_MAX);
	ck_assert(link_stands_on(&s, &s, config_of(&s, "mv0"), &found));
	ck_assert_ptr_eq(found, lower);
	ck_assert(link_stands_on(&s, &s, config_of(&s, "vx2"), &found));
	ck_assert_ptr_null(found); /* any way out */
	ck_assert(!link_stands_on(&s, &s, lower, &found));
	sample_free(&s);
}

TEST(kernel, twins_stay_what_they_are_from_read_to_read)
{
	struct sample then = {0}, now = {0};
	const struct counter *c;

	ck_assert(run("ip link add link ut0 name mv0 type macvlan"));
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	c = object_tagged(&now, find_object(&now, LAYER_LINK, "mv0", ""),
			  TAG_RX_ERRORS)
		    ->counter;
	ck_assert_int_eq(c->kind, KIND_PART);
	ck_assert_str_eq(c->in, "rx_dropped");
	c = object_tagged(&now, find_object(&now, LAYER_LINK, "ut0", ""),
			  TAG_RX_ERRORS)
		    ->counter;
	ck_assert_int_eq(c->kind, KIND_LOST);
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, quiet_interface_is_not_asked_again)
{
	struct sample then = {0}, now = {0};

	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert(run("ip link set ut0 mtu 1300"));
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	check_fact(&now, config_of(&now, "ut0"), &link_fact_mtu, 1400);
	ck_assert_str_eq(object_label(&now, config_of(&now, "ut0")),
			 "veth ut1");
	ck_assert_uint_eq(now.n_rows, then.n_rows);
	/* but one that lost something is */
	object_row(&then, find_object(&then, LAYER_LINK, "ut0", ""),
		   find_counter(&link_probe, "tx_dropped", NULL))
		->value += 1;
	sample_reset(&now);
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	check_fact(&now, config_of(&now, "ut0"), &link_fact_mtu, 1300);
	sample_free(&then);
	sample_free(&now);
}

/* The interface as the read before has it, with what it did not tell. */
static void pretend(struct sample *then, const char *place, bool main)
{
	struct object *o =
		(struct object *)find_object(then, LAYER_LINK, place, "");

	ck_assert_ptr_nonnull(o);
	o->main = main;
}

TEST(kernel, real_device_is_asked_at_each_read)
{
	struct sample then = {0}, now = {0};

	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert(run("ip link set ut0 mtu 1300"));
	pretend(&then, "ut0", true);
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	check_fact(&now, config_of(&now, "ut0"), &link_fact_mtu, 1300);
	sample_free(&then);
	sample_free(&now);
}

TEST_EACH(kernel, bridge_port_is_asked_when_something_was_too_big, 2)
{
	const struct counter frag = {
		.layer = LAYER_IP,
		.name = "FragFails",
		.tag = _i ? TAG_FRAG_FAILS6 : TAG_FRAG_FAILS,
	};
	struct sample then = {0}, now = {0};
	const struct object *port;

	ck_assert(run("ip link add ut9 type bridge && "
		      "ip link set ut0 master ut9"));
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	port = config_of(&then, "ut0");
	check_fact(&then, port, &link_fact_port_of, LINK_OF_BRIDGE);
	check_fact(&then, port, &link_fact_master,
		   config_of(&then, "ut9")->identity);
	ck_assert_ptr_null(
		object_row(&then, config_of(&then, "ut1"), &link_fact_master));
	ck_assert(run("ip link set ut0 mtu 1300 && ip link set ut1 mtu 1200"));
	sample_object(&then, LAYER_IP, "", "", 0);
	sample_row(&then, &frag, 5);
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	check_fact(&now, config_of(&now, "ut0"), &link_fact_mtu, 1400);
	then.rows[then.n_rows - 1].delta = 5;
	then.rows[then.n_rows - 1].flags = ROW_COMPARED;
	sample_reset(&now);
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	check_fact(&now, config_of(&now, "ut0"), &link_fact_mtu, 1300);
	check_fact(&now, config_of(&now, "ut1"), &link_fact_mtu, 1500);
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, carrier_follows_the_peer)
{
	struct sample s = {0};

	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert(!link_has_carrier(&s, "ut0"));
	ck_assert(link_has_carrier(&s, "lo"));
	ck_assert(link_has_carrier(&s, "absent"));
	ck_assert(!link_is_real(&s, "ut0") && !link_is_real(&s, "lo"));
	sample_reset(&s);
	ck_assert(run("ip link set ut1 up"));
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert(link_has_carrier(&s, "ut0"));
	sample_free(&s);
}

/* No kernel has a Wi-Fi device for us: /sys is made by hand, kinds too. */
TEST(kernel, wireless_device_is_known_by_its_directory)
{
	struct tree tree;
	struct sample then = {0}, now = {0};

	tree_make(&tree);
	tree_mkdir(&tree, "dum0/phy80211");
	tree_mkdir(&tree, "dum1/wireless");
	tree_mkdir(&tree, "ut0/phy80211");
	ck_assert(link_is_wireless_device(tree.path, "dum0"));
	ck_assert(link_is_wireless_device(tree.path, "dum1"));
	ck_assert(!link_is_wireless_device(tree.path, "ut1"));
	env.devices = tree.path;
	env.own = true;
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert(!link_is_wireless(&then, "ut0")); /* it has a kind */
	tree_remove(&tree);
	env.devices = NULL;
	env.own = false;
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, interface_of_an_old_name_is_asked_again)
{
	struct sample then = {0}, now = {0};

	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	ck_assert(run("ip link del ut0"));
	ck_assert(run("ip link add ut0 mtu 1200 type veth peer name ut1"));
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	check_fact(&now, config_of(&now, "ut0"), &link_fact_mtu, 1200);
	sample_compare(&now, &then);
	ck_assert(!find_object(&now, LAYER_LINK, "ut0", "")->same);
	ck_assert(find_object(&now, LAYER_LINK, "lo", "")->same);
	sample_free(&then);
	sample_free(&now);
}

TEST(kernel, interfaces_not_wanted_are_left_out)
{
	struct selection only_a = {.n = 0};
	struct sample s = {0};

	ck_assert_int_eq(selection_add(&only_a, "ut0"), 0);
	env.interfaces = &only_a;
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert_int_eq(qdisc_probe.read(&env, &s), 0);
	env.interfaces = NULL;
	for (uint32_t i = 0; i < s.n_objects; i++)
		ck_assert_str_eq(object_place(&s, &s.objects[i]), "ut0");
	ck_assert_uint_ge(s.n_objects, 2);
	selection_free(&only_a);
	sample_free(&s);
}

TEST(kernel, every_packet_that_is_too_large_is_counted)
{
	struct sample then = {0}, now = {0};
	const struct object *o;

	ck_assert(
		run("ip link set ut1 up && ip link set ut0 mtu 1400 && "
		    "ip addr add 10.77.0.1/24 dev ut1 && "
		    "ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:09 dev ut1"));
	ck_assert_int_eq(link_probe.read(&env, &then), 0);
	/* 1472 and 28 bytes of headers do not fit 1400 */
	ck_assert(run("bash -c 'for i in $(seq 20); do "
		      "head -c 1472 /dev/zero >/dev/udp/10.77.0.2/9; done'"));
	sample_follow(&now, &then);
	ck_assert_int_eq(link_probe.read(&env, &now), 0);
	sample_compare(&now, &then);
	o = find_object(&now, LAYER_LINK, "ut0", "");
	ck_assert_uint_eq(
		object_row(&now, o,
			   find_counter(&link_probe, "rx_dropped", NULL))
			->delta,
		20);
	o = find_object(&now, LAYER_LINK, "ut1", "");
	ck_assert_uint_eq(
		object_row(&now, o,
			   find_counter(&link_probe, "tx_dropped", NULL))
			->delta,
		20);
	sample_free(&then);
	sample_free(&now);
}

TEST(made, roles_are_told_from_the_facts)
{
	struct sample s = {0};

	sample_object(&s, LAYER_LINK, "wlan0", LINK_CONFIG, 1);
	sample_row(&s, &link_fact_wireless, 1);
	sample_object(&s, LAYER_LINK, "bond0", LINK_CONFIG, 2);
	sample_label(&s, "bond");
	sample_object(&s, LAYER_LINK, "team0", LINK_CONFIG, 3);
	sample_label(&s, "team");
	sample_object(&s, LAYER_LINK, "eth0", "", 4);
	s.objects[s.n_objects - 1].main = true;
	sample_object(&s, LAYER_LINK, "eth0", LINK_CONFIG, 4);
	sample_row(&s, &link_fact_up, 0);
	ck_assert(link_is_wireless(&s, "wlan0"));
	ck_assert(!link_is_wireless(&s, "eth0"));
	ck_assert(!link_is_wireless(&s, "absent"));
	ck_assert(link_is_master(&s, "bond0") && link_is_master(&s, "team0"));
	ck_assert(!link_is_master(&s, "eth0") && !link_is_master(&s, "absent"));
	ck_assert(link_is_real(&s, "eth0") && !link_is_real(&s, "bond0"));
	ck_assert(!link_has_carrier(&s, "eth0"));
	ck_assert(link_has_carrier(&s, "bond0"));
	sample_free(&s);
}

static int give_up(const struct nlmsghdr *h, void *arg)
{
	(void)h, (void)arg;
	return -EAGAIN;
}

TEST(kernel, dump_given_up_is_not_in_the_way_of_the_next)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
	} request = {.h = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_DUMP}};
	struct sample s = {0};

	/* more than the kernel sends in one piece */
	ck_assert(run("for i in $(seq 40); do echo link add type veth; done "
		      "| ip -batch -"));
	ck_assert_int_eq(
		netlink_ask(&netlink, NETLINK_ROUTE, &request.h, give_up, NULL),
		-EAGAIN);
	ck_assert_int_eq(link_probe.read(&env, &s), 0);
	ck_assert_uint_ge(s.n_objects, 2 * 82);
	sample_free(&s);
}
