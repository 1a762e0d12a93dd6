/* SPDX-License-Identifier: MIT */
/*
 * Everything a user sees, against recordings of it: the series, notifications
 * and log of a report, the table and the JSON of pktloss(8), its list. Nobody
 * has judged whether what is recorded is right: a difference tells that a
 * change of the code which was to change nothing for users does.
 *
 * Two namespaces, collectd's own and "nginx", are filled from what kernels
 * said (tests/fixtures), and by hand where nothing was recorded. Then rounds
 * follow in which counters move by amounts that depend on names alone: not on
 * the order of tables, of objects or of what one read leaves for the next.
 * Likewise the text depends on nothing that users do not see.
 *
 * RECORD=1 in the environment writes what differs anew, and fails.
 */
#include <fcntl.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>

/* before the kernel's own headers, which then leave out what libc has */
#include "engine/interval.h"
#include "engine/reader.h"
#include "report/reporter.h"

#include "probes/catalogue.h"
#include "probes/balance/balance.h"
#include "probes/conntrack.h"
#include "probes/dropreason/dropreason.h"
#include "probes/firewall/firewall.h"
#include "probes/link/link.h"
#include "probes/neigh/neigh.h"
#include "probes/neigh/next_hop.h"
#include "probes/qdisc/qdisc.h"
#include "probes/rt_cache.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "probes/softnet.h"
#include "probes/sysctl.h"
#include "probes/xfrm.h"
#include "program/counter_list.h"
#include "program/summary_json.h"
#include "ebtables_file.h"
#include "nft_file.h"
#include "recorded_kernel.h"
#include "testlib.h"
#include "unrecorded.h"
#include "xtables_file.h"

#define SECOND UINT64_C(1000000000)

static const char *const kernels[] = {"6.1", "6.18"};
static const char *const namespaces[] = {"", "nginx"};
static const atomic_bool stop;

/*
 * The lab: the only part that knows how a reader is made inside. A change
 * there is followed here, and leaves the recordings as they are.
 */

struct lab {
	const char *kernel;
	struct settings settings;
	struct ns_list list;
	struct reader reader;
	struct blindness blindness;
	struct reporter *reporter;
	struct tree net; /* the directory that stands for /proc/net */
	char *files[16];
	size_t n_files;
	struct message links[2]; /* made by hand, of each namespace */
};

#define N_PARTS 3 /* of all places */

/* One counter of one object, as the rounds look at it. */
struct place {
	const struct ns *ns;
	const struct object *object;
	struct row *row;
};

static const struct counter *counter_at(const struct place *p)
{
	return p->row->counter;
}

static uint64_t *value_at(const struct place *p)
{
	return &p->row->value;
}

/* Facts are what a layer knows beside what it counts: they do not move. */
static bool is_fact(const struct place *p)
{
	return counter_at(p)->kind == KIND_FACT;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return (hash ^ '/') * 0x100000001b3;
}

/*
 * A number for what users call the counter; modulo 4 it is the part that
 * the place belongs to. A rule without a comment has no name that they see, but
 * they are told which one it is.
 */
static uint64_t key_of(const struct place *p)
{
	const struct sample *s = &p->ns->now;
	const struct counter *c = counter_at(p);
	const char *name = object_name(s, p->object);
	uint64_t hash = 0xcbf29ce484222325, place;
	char rule[192];

	if (c->kind == KIND_DETAIL &&
	    firewall_describe(s, p->object, rule, sizeof(rule)) >= 0)
		name = rule;
	hash = hash_text(hash, p->ns->name);
	place = hash = hash_text(hash, object_place(s, p->object));
	hash = hash_text(hash, layer_name(c->layer));
	hash = hash_text(hash, name);
	hash = hash_text(hash, c->name);
	return hash_text(hash, c->type) * 4 + (place >> 32) % N_PARTS;
}

/* Calls act for each counter of the newest read of a namespace. */
static void each_place(struct lab *lab, unsigned namespace,
		       void (*act)(struct place *p))
{
	struct ns *ns = lab->list.items[namespace];
	struct sample *s = &ns->now;

	for (uint32_t i = 0; i < s->n_objects; i++)
		for (uint32_t j = 0; j < s->objects[i].n; j++) {
			struct row *row = &s->rows[s->objects[i].first + j];
			struct place p = {ns, &s->objects[i], row};

			act(&p);
		}
}

static char *lab_file(struct lab *lab, const char *name, size_t *ret_size)
{
	char *bytes = fixture_read(lab->kernel, name, ret_size);

	if (!bytes)
		return NULL;
	ck_assert_uint_lt(lab->n_files, ARRAY_SIZE(lab->files));
	lab->files[lab->n_files++] = bytes;
	return bytes;
}

static bool lab_messages(struct lab *lab, unsigned namespace, const char *name)
{
	size_t n;
	char *bytes = lab_file(lab, name, &n);

	if (bytes)
		kernel_add(namespace, bytes, n);
	return bytes;
}

/* What was not recorded: a real interface, a bridge, wires to nginx. */
static const struct made_link {
	unsigned namespace;
	int index, master, peer;
	uint32_t mtu;
	bool up;
	const char *name, *kind, *master_kind;
} made_links[] = {
	{0, 101, 0, 0, 1500, true, "lan0", "", ""},
	{0, 102, 0, 0, 1400, true, "br0", "bridge", ""},
	{0, 103, 102, 203, 1500, true, "port1", "veth", "bridge"},
	{0, 104, 102, 204, 1400, true, "port2", "veth", "bridge"},
	{0, 105, 0, 201, 1500, true, "wire1", "veth", ""},
	{0, 106, 0, 202, 1500, true, "wire2", "veth", ""},
	{1, 201, 0, 105, 1400, true, "small", "veth", ""},
	{1, 202, 0, 106, 1500, false, "down", "veth", ""},
	{1, 203, 0, 103, 1500, true, "eth0", "veth", ""},
	{1, 204, 0, 104, 1400, true, "eth1", "veth", ""},
};

static void put_text(struct message *m, uint16_t type, const char *text)
{
	if (text[0])
		attr_put(m, type, text, strlen(text) + 1);
}

static void put_config(struct message *m, const struct made_link *l)
{
	unsigned char mac[6] = {2, 0, 0, 0, 0, (unsigned char)l->index};
	struct ifinfomsg head = {.ifi_index = l->index,
				 .ifi_flags = l->up ? IFF_UP : 0};
	unsigned char carrier = 1;
	size_t info;

	message_begin(m, RTM_NEWLINK, 0, 1);
	message_put(m, &head, sizeof(head));
	put_text(m, IFLA_IFNAME, l->name);
	attr_u32(m, IFLA_MTU, l->mtu);
	attr_put(m, IFLA_ADDRESS, mac, sizeof(mac));
	attr_put(m, IFLA_CARRIER, &carrier, sizeof(carrier));
	attr_u32(m, IFLA_CARRIER_CHANGES, 3);
	if (l->master)
		attr_u32(m, IFLA_MASTER, (uint32_t)l->master);
	if (l->peer) {
		attr_u32(m, IFLA_LINK, (uint32_t)l->peer);
		attr_u32(m, IFLA_LINK_NETNSID, 7);
	}
	info = attr_begin(m, IFLA_LINKINFO);
	put_text(m, IFLA_INFO_KIND, l->kind);
	put_text(m, IFLA_INFO_SLAVE_KIND, l->master_kind);
	attr_end(m, info);
}

static void put_stats(struct message *m, const struct made_link *l)
{
	struct if_stats_msg head = {.ifindex = (uint32_t)l->index};
	uint64_t values[sizeof(struct rtnl_link_stats64) / 8];

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = (uint64_t)l->index * 10 + i;
	message_begin(m, RTM_NEWSTATS, 0, 1);
	message_put(m, &head, sizeof(head));
	attr_put(m, IFLA_STATS_LINK_64, values, sizeof(values));
}

/* Numbers for any struct or list of counters that a qdisc may send. */
static void put_own(struct message *m)
{
	uint32_t numbers[64];

	for (uint32_t i = 0; i < ARRAY_SIZE(numbers); i++)
		numbers[i] = 100 + i;
	attr_put(m, TCA_STATS_APP, numbers, sizeof(numbers));
}

/* What netem does instead of dropping, where it is told to. */
static void put_marking(struct message *m)
{
	struct tc_netem_qopt plain = {.limit = 1000, .loss = UINT32_MAX / 10};
	size_t options = attr_begin(m, TCA_OPTIONS);

	message_put(m, &plain, sizeof(plain));
	attr_u32(m, TCA_NETEM_ECN, 1);
	attr_end(m, options);
}

/* Qdiscs that were not recorded. */
static const struct made_qdisc {
	int link;
	uint32_t handle, parent;
	const char *kind;
} made_qdiscs[] = {
	{101, 0xffff0000, TC_H_INGRESS, "ingress"},
	{104, 0xffff0000, TC_H_INGRESS, "clsact"},
	{105, 0x80010000, TC_H_ROOT, "netem"},
	{106, 0x80020000, TC_H_ROOT, "fq_pie"},
	{103, 0x80030000, TC_H_ROOT, "fq"},
};

static void put_qdisc(struct message *m, const struct made_qdisc *q)
{
	struct gnet_stats_basic basic = {.bytes = 10000, .packets = 1000};
	struct gnet_stats_queue queue = {.drops = 10, .overlimits = 20};
	struct tcmsg head = {.tcm_ifindex = q->link,
			     .tcm_handle = q->handle,
			     .tcm_parent = q->parent};
	size_t stats;

	message_begin(m, RTM_NEWQDISC, 0, 1);
	message_put(m, &head, sizeof(head));
	put_text(m, TCA_KIND, q->kind);
	if (!strcmp(q->kind, "netem"))
		put_marking(m);
	stats = attr_begin(m, TCA_STATS2);
	attr_put(m, TCA_STATS_BASIC, &basic, sizeof(basic));
	attr_put(m, TCA_STATS_QUEUE, &queue, sizeof(queue));
	put_own(m);
	attr_end(m, stats);
}

/* Lets the kernel answer with all that rtnetlink is to tell. */
static void lab_kernel(struct lab *lab)
{
	lab_messages(lab, 0, "getstats.nl");
	lab_messages(lab, 0, "getlink.nl");
	lab_messages(lab, 0, "getqdisc.nl");
	/* qdiscs of many kinds, and classes: of 6.1 alone */
	if (!lab_messages(lab, 1, "getqdisc_aqm.nl"))
		lab_messages(lab, 1, "getqdisc.nl");
	lab_messages(lab, 1, "gettclass.nl");
	for (size_t i = 0; i < ARRAY_SIZE(made_links); i++) {
		struct message *m = &lab->links[made_links[i].namespace];

		put_stats(m, &made_links[i]);
		put_config(m, &made_links[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(made_qdiscs); i++)
		put_qdisc(&lab->links[0], &made_qdiscs[i]);
	for (unsigned i = 0; i < 2; i++)
		kernel_add(i, lab->links[i].bytes, lab->links[i].n);
}

static void set_text(struct lab *lab, bool threshold, const char *name,
		     const char *text)
{
	const struct option_value value = {.type = VALUE_STRING,
					   .string = text};

	ck_assert_int_eq(settings_set(&lab->settings, threshold, name, &value),
			 0);
}

/*
 * Classes, and an alarm for packets sent again; optional counters of all
 * layers with the one kernel, and of qdiscs alone with the other.
 */
static void lab_settings(struct lab *lab, bool idle)
{
	ck_assert_int_eq(settings_init(&lab->settings), 0);
	set_text(lab, false, "Counter",
		 strcmp(lab->kernel, "6.18") ? "/^qdisc-/" : "/./");
	ck_assert_int_eq(settings_add_threshold(&lab->settings), 0);
	set_text(lab, true, "Layer", "tcp");
	lab->settings.classes = true;
	lab->settings.report_idle = idle;
}

static void lab_ns(struct lab *lab, const char *name)
{
	struct ns *ns = ns_list_add(&lab->list);

	ck_assert_ptr_nonnull(ns);
	lab->list.whole = true;
	ns->rank = NS_NAMED;
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	if (name[0])
		snprintf(ns->path, sizeof(ns->path), "/run/netns/%s", name);
}

/*
 * The file as recorded, with more at the end of lines that begin with a word:
 * first that of the names, then that of the numbers.
 */
static void copy_file(const struct lab *lab, const char *name, const char *word,
		      const char *const more[2])
{
	_cleanup_fclose_ FILE *f = fopen(tree_path(&lab->net, name), "we");
	_cleanup_free_ char *bytes = NULL;
	char *rest, *line;
	size_t n;

	bytes = rest = fixture_read(lab->kernel, name, &n);
	ck_assert(f && bytes);
	for (unsigned i = 0; (line = strsep(&rest, "\n")) && rest;) {
		bool wanted = word && !strncmp(line, word, strlen(word));

		ck_assert_uint_lt(i, 2 + !wanted);
		fprintf(f, "%s%s\n", line, wanted ? more[i++] : "");
	}
}

/* Stands for /proc/net: what was recorded, and ICMP messages that were not. */
static void lab_net(struct lab *lab)
{
	/* clang-format off */
	static const char *const files[] = {
		"netstat",
		"snmp6",
		"softnet_stat",
		"xfrm_stat",
		"stat/arp_cache",
		"stat/ndisc_cache",
		"stat/rt_cache",
	};
	/* clang-format on */
	static const char *const more[] = {" InType11 OutType11", " 4 5"};

	tree_make(&lab->net);
	tree_mkdir(&lab->net, "stat");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		copy_file(lab, files[i], NULL, NULL);
	copy_file(lab, "snmp", "IcmpMsg:", more);
}

static void lab_open(struct lab *lab, const char *kernel_name, bool idle)
{
	struct reader *r = &lab->reader;

	*lab = (struct lab) {.kernel = kernel_name};
	fake_kernel.n_messages = 0;
	lab_kernel(lab);
	lab_settings(lab, idle);
	lab_net(lab);
	ck_assert_int_eq(reader_init(r, &lab->settings, &stop, &lab->blindness),
			 0);
	r->files.path = lab->net.path;
	r->netlink.fds[NETLINK_ROUTE] = open("/dev/null", O_RDWR | O_CLOEXEC);
	r->env.devices = NULL;
	lab->reporter = reporter_new(&lab->settings);
	ck_assert_ptr_nonnull(lab->reporter);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		lab_ns(lab, namespaces[i]);
}

static void lab_close(struct lab *lab)
{
	reporter_free(lab->reporter);
	reader_free(&lab->reader);
	ns_list_free(&lab->list);
	settings_free(&lab->settings);
	tree_remove(&lab->net);
	for (size_t i = 0; i < lab->n_files; i++)
		free(lab->files[i]);
}

/* Reading: each returns whether this kernel has such a source here. */

struct reading {
	struct lab *lab;
	const struct probe *probe;
	struct sample *out;
	unsigned namespace;
};

/* The probe itself, from files below lab->net and from the kernel. */
static bool read_really(struct reading *r)
{
	struct reader *reader = &r->lab->reader;
	int result;

	reader->env.state = reader->states[r->out->source];
	result = r->probe->read(&reader->env, r->out);
	ck_assert_msg(result == 0, "%s: %d", r->probe->name, result);
	return true;
}

static bool read_nftables(struct reading *r)
{
	size_t n;
	_cleanup_free_ char *bytes = fixture_read(
		r->lab->kernel, r->namespace ? "nft_ipt.nl" : "nft.nl", &n);

	if (bytes)
		ck_assert_int_eq(nft_file_read(bytes, n, "", 64, NULL, r->out),
				 0);
	return bytes;
}

static bool read_xtables(struct reading *r)
{
	static const char *const tables[] = {"raw", "mangle", "nat", "filter"};

	for (size_t i = 0; i < ARRAY_SIZE(tables) * 2; i++) {
		struct xt_blob blob = {
			.family = i % 2 ? FAMILY_IP6 : FAMILY_IP,
			.table = tables[i / 2],
		};
		_cleanup_free_ char *bytes = NULL;
		char name[32];
		size_t n;

		snprintf(name, sizeof(name), "%s.%s.xt", i % 2 ? "ip6" : "ip",
			 blob.table);
		bytes = fixture_read(r->lab->kernel, name, &n);
		if (!bytes)
			continue;
		ck_assert_int_eq(xtables_file_parse(bytes, n, &blob), 0);
		ck_assert_int_eq(xt_parse(&blob, 64, r->out), 0);
	}
	return true;
}

static bool read_ebtables(struct reading *r)
{
	static const char *const tables[] = {"filter", "nat"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct ebt_blob blob = {.table = tables[i]};
		_cleanup_free_ char *bytes = NULL;
		char name[32];
		size_t n;

		snprintf(name, sizeof(name), "bridge.%s.ebt", blob.table);
		bytes = fixture_read(r->lab->kernel, name, &n);
		if (!bytes)
			continue;
		ck_assert_int_eq(ebtables_file_parse(bytes, n, &blob), 0);
		ck_assert_int_eq(ebt_parse(&blob, 64, r->out), 0);
		found = true;
	}
	return found;
}

/* A counter as high as it happens to be; the connection table is small. */
static uint64_t first_value(const struct counter *c)
{
	if (c->kind == KIND_FILL)
		return 1000;
	if (c->kind == KIND_LEVEL && c->of[0].relation != RELATION_NONE)
		return 10000;
	return hash_text(1, c->name) % 1000;
}

/* Rows of a probe's table by hand, of one section only unless it is NULL. */
static void put_rows(struct reading *r, const struct counter *rows, size_t n,
		     const char *section)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].kind != KIND_FACT &&
		    (!section ||
		     (rows[i].section && !strcmp(rows[i].section, section))))
			sample_row(r->out, &rows[i], first_value(&rows[i]));
}

static void put_object(struct reading *r, const char *place, const char *name,
		       const char *label)
{
	sample_object(r->out, r->probe->layer, place, name, 1);
	sample_label(r->out, label);
}

/* A card whose driver tells more than the kernel: nothing of it is recorded. */
static bool read_link(struct reading *r)
{
	read_really(r);
	if (r->namespace)
		return true;
	put_object(r, "nic0", "", "");
	for (size_t i = 0; i < link_probe.counters->n; i++)
		if (!link_probe.counters->rows[i].object)
			put_rows(r, &link_probe.counters->rows[i], 1, NULL);
	return true;
}

static bool read_conntrack(struct reading *r)
{
	put_object(r, "", "", "");
	put_rows(r, r->probe->counters->rows, r->probe->counters->n, NULL);
	return true;
}

static bool read_dropreason(struct reading *r)
{
	put_object(r, "", "NETFILTER_DROP", "");
	put_rows(r, r->probe->counters->rows, 1, NULL);
	put_object(r, "", "NO_SOCKET", "");
	put_rows(r, r->probe->counters->rows + 1, 1, NULL);
	return true;
}

static bool read_nfqueue(struct reading *r)
{
	put_object(r, "", "queue7", "");
	put_rows(r, r->probe->counters->rows, r->probe->counters->n, NULL);
	return true;
}

static bool read_socket(struct reading *r)
{
	put_object(r, "", "udp_53_drops", "unbound[812]");
	put_rows(r, &socket_udp_drops, 1, NULL);
	sample_row(r->out, &socket_fact_rcvbuf, 8192);
	sample_row(r->out, &socket_fact_port, 53);
	put_object(r, "", "raw_89_drops", "bird[89]");
	put_rows(r, &socket_raw_drops, 1, NULL);
	sample_row(r->out, &socket_fact_port, 89);
	put_object(r, "", "tcp_443_accept", "nginx[42]");
	sample_row(r->out, &socket_tcp_accept, 200);
	sample_row(r->out, &socket_fact_limit, 128);
	sample_row(r->out, &socket_fact_port, 443);
	return true;
}

/* One that does not answer, in both namespaces that are told apart. */
static bool read_next_hop(struct reading *r)
{
	put_object(r, "eth0", r->namespace ? "fd00::77" : "10.9.0.77", "");
	sample_row(r->out, &next_hop_fact_failed, 1);
	sample_row(r->out, &next_hop_fact_age, 2000);
	return true;
}

/* Settings that remedies quote. */
static bool read_sysctl(struct reading *r)
{
	static const char *const settings[][2] = {
		{"net.core.netdev_max_backlog", "1000"},
		{"net.core.rmem_max", "212992"},
		{"net.ipv4.neigh.default.gc_thresh3", "1024"},
		{"net.ipv4.tcp_mem", "22071 29431 44142"},
		{"net.netfilter.nf_conntrack_max", "10000"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		put_object(r, "", settings[i][0], settings[i][1]);
	return true;
}

static const struct {
	const struct probe *probe;
	bool (*read)(struct reading *r);
} readers[] = {
	/* clang-format off */
	{&link_probe, read_link},
	{&dropreason_probe, read_dropreason},
	{&softnet_probe, read_really},
	{&qdisc_probe, read_really},
	{&nft_probe, read_nftables},
	{&xt_probe, read_xtables},
	{&ebt_probe, read_ebtables},
	{&nfqueue_probe, read_nfqueue},
	{&conntrack_probe, read_conntrack},
	{&neigh_probe, read_really},
	{&rt_cache_probe, read_really},
	{&snmp_probe, read_really},
	{&next_hop_probe, read_next_hop},
	{&xfrm_probe, read_really},
	{&balance_probe, read_really},
	{&ipsec_probe, read_really},
	{&routes_probe, read_really}, /* no gap: nothing is asked */
	{&proxy_probe, read_really}, /* likewise */
	{&ipvs_probe, read_really},
	{&socket_probe, read_socket},
	{&sysctl_probe, read_sysctl},
	/* clang-format on */
};

static bool read_one(struct reading *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (readers[i].probe == r->probe)
			return readers[i].read(r);
	ck_abort_msg("nobody here can read %s", r->probe->name);
	return false;
}

/*
 * Reads a namespace as the reader does, but each time as if it were the first:
 * what a probe remembers of the read before does not see counters move here.
 */
static void lab_read(struct lab *lab, unsigned namespace, uint64_t seconds)
{
	struct reader *reader = &lab->reader;
	struct ns *ns = lab->list.items[namespace];

	fake_kernel.namespace = namespace;
	reader->env.own = !namespace;
	procnet_enter(&reader->files, !namespace);
	sample_reset(&ns->now);
	ns->now.boot_ns = ns->now.mono_ns = seconds * SECOND;
	ns->now.time_ns = ns->now.boot_ns;
	for (size_t i = 0; i < n_probes; i++) {
		struct reading r = {lab, probes[i], &ns->now, namespace};

		ns->now.source = i;
		if ((!probes[i]->host_wide || !namespace) && read_one(&r))
			ns->now.sources |= 1u << i;
	}
	procnet_leave(&reader->files);
	ck_assert_int_eq(ns->now.error, 0);
	ns->was_read = true;
}

/*
 * The rounds, one every ten seconds. Each layer has a turn of four of them, in
 * which it loses: first what counts losses moves, then half of all that the
 * layer counts, then the other half, and losses once more. So each thing loses
 * twice in a row, which raises an alarm, and more than the worst few causes
 * are told. What lost before recovers meanwhile. Links have a turn for each
 * third of the interfaces: there are no more than 20 notifications at once.
 */

#define N_TURN_ROUNDS 4
#define N_TURNS (N_PARTS + N_LAYERS - 1)
#define FIRST_MOVE 1 /* of a few counters, which are known since one round */
#define FIRST_TURN 4
#define FIRST_RECOVERY (FIRST_TURN + N_TURNS * N_TURN_ROUNDS)
#define N_ROUNDS (FIRST_RECOVERY + 8)
#define N_IDLE_ROUNDS 2
#define EVERYWHERE N_LAYERS
#define NOWHERE (N_LAYERS + 1)

struct round {
	int loses;	 /* a layer, EVERYWHERE: a part of it, or NOWHERE */
	unsigned part;	 /* 0: losses, 1 or 2: that half of everything */
	unsigned places; /* 0: all of them, else which of N_PARTS */
	bool passes;	 /* there is traffic everywhere */
};

static struct round round_at(unsigned number)
{
	unsigned n = number - FIRST_TURN, turn = n / N_TURN_ROUNDS;

	if (number == FIRST_MOVE || number == FIRST_TURN - 1)
		return (struct round) {.loses = EVERYWHERE, .passes = true};
	if (number < FIRST_TURN)
		return (struct round) {.loses = NOWHERE};
	if (number >= FIRST_RECOVERY)
		return (struct round) {.loses = NOWHERE, .passes = true};
	return (struct round) {
		.loses = turn < N_PARTS ? LAYER_LINK
					: (int)(turn - N_PARTS + 1),
		.part = n % N_TURN_ROUNDS % 3,
		.places = turn < N_PARTS ? turn + 1 : 0,
	};
}

static void name_round(unsigned number, char *buffer, size_t size)
{
	struct round r = round_at(number);

	if (r.loses < N_LAYERS)
		snprintf(buffer, size, "%s loses, part %u",
			 layer_name((enum layer)r.loses), r.part);
	else
		snprintf(buffer, size, "%s",
			 number == 0		 ? "baseline"
			 : r.loses == EVERYWHERE ? "some counters move"
			 : r.passes		 ? "traffic without loss"
						 : "quiet");
}

/*
 * What moves together with a layer: sockets tell what UDP and TCP lost, both
 * ends of a wire what the queue of a CPU lost, and a next hop that does not
 * answer is known by packets that are refused.
 */
static bool goes_with(const struct counter *c, int layer)
{
	if (layer == LAYER_UDP || layer == LAYER_TCP)
		return c->layer == LAYER_SOCKET;
	if (layer == LAYER_SOFTNET)
		return !strcmp(c->name, "rx_dropped") ||
		       !strcmp(c->name, "tx_dropped");
	return layer == LAYER_NEIGH && c->refused > 0;
}

static bool is_loss(const struct counter *c)
{
	switch (c->kind) {
	case KIND_LOST:
	case KIND_RESENT:
	case KIND_PART:
	case KIND_ECHO:
	case KIND_GAP:
	case KIND_DETAIL:
		return true;
	default:
		return false;
	}
}

static bool loses(const struct counter *c, uint64_t key, unsigned number)
{
	struct round r = round_at(number);

	if (r.loses == EVERYWHERE)
		return (key >> 9) % (number == FIRST_MOVE ? 45 : 15) == 0;
	if (r.loses == NOWHERE ||
	    (c->layer != r.loses && !goes_with(c, r.loses)) ||
	    (r.places && key % 4 != r.places - 1))
		return false;
	return r.part ? (key >> 7) % 2 == r.part - 1 : is_loss(c);
}

/* Traffic that a layer is measured against, or the one before it. */
static bool passes(const struct counter *c, unsigned number)
{
	struct round r = round_at(number);

	for (int i = 0; i < MAX_DENOMINATORS; i++)
		if (c->of[i].relation != RELATION_NONE &&
		    (r.passes || c->of[i].layer == r.loses ||
		     c->of[i].layer == r.loses - 1 ||
		     (c->of[i].layer == LAYER_LINK &&
		      r.loses == LAYER_SOFTNET)))
			return true;
	return false;
}

/* Any number, always the same of the same two. */
static uint64_t random_of(uint64_t key, unsigned number)
{
	uint64_t state = key ^ number * UINT64_C(0x9e3779b97f4a7c15);

	return next_random(&state);
}

/*
 * By how much a counter moves in a round: numbers large enough that hardly two
 * are equal, for among equals the order of rows decides which is told first.
 */
static uint64_t amount_of(const struct counter *c, uint64_t key,
			  unsigned number)
{
	uint64_t any = random_of(key, number);

	if (c->kind == KIND_PASSED && passes(c, number))
		return 5000000 + any % 5000000;
	if (!loses(c, key, number))
		return 0;
	if (c->layer == LAYER_LINK && round_at(number).loses == LAYER_SOFTNET)
		return 1 + any % 5000; /* all of them lose less than the CPU */
	switch (c->kind) {
	case KIND_BYTES:
		return 10000000 + any % 10000000;
	case KIND_PART:
	case KIND_DETAIL:
		return 1 + any % 80000;
	default:
		return 1 + any % 200000;
	}
}

static unsigned round_now; /* the round that move() moves to */

/* Levels change with their layer; a table fills as a whole. Limits stay. */
static uint64_t level_of(const struct counter *c, uint64_t key)
{
	if (c->of[0].relation != RELATION_NONE)
		return 0;
	if (c->kind == KIND_FILL)
		return round_at(round_now).loses == c->layer ? 8400 : 0;
	return loses(c, key, round_now) ? random_of(key, round_now) % 64 : 0;
}

/* Moves a counter from what was read to where the round has it. */
static void move(struct place *p)
{
	const struct counter *c = counter_at(p);
	uint64_t key, *value = value_at(p);

	if (is_fact(p))
		return;
	key = key_of(p);
	if (c->kind == KIND_LEVEL || c->kind == KIND_FILL) {
		*value += level_of(c, key);
		return;
	}
	if (c->bits == 32 && (key >> 5) % 16 == 0)
		*value -= 300000; /* one of those that wrap soon */
	for (unsigned i = 0; i <= round_now; i++)
		*value += amount_of(c, key, i);
	if (c->bits == 32)
		*value = (uint32_t)*value;
}

/* As somebody may set the counters of rules, and no kernel any other. */
static void move_anywhere(struct place *p)
{
	static const uint64_t ends[] = {
		0,
		1,
		1000,
		INT32_MAX,
		UINT32_MAX,
		UINT64_C(1) << 32,
		UINT64_C(1) << 62,
		INT64_MAX,
		UINT64_C(1) << 63,
		UINT64_MAX - 1000,
		UINT64_MAX,
	};
	const struct counter *c = counter_at(p);
	uint64_t key, *value = value_at(p);

	if (is_fact(p))
		return;
	key = key_of(p);
	*value = ends[random_of(key, round_now) % ARRAY_SIZE(ends)];
	if (c->bits == 32)
		*value = (uint32_t)*value;
}

static void read_and(struct lab *lab, unsigned number,
		     void (*change)(struct place *p))
{
	round_now = number;
	for (unsigned i = 0; i < ARRAY_SIZE(namespaces); i++) {
		lab_read(lab, i, (number + 1) * 10);
		each_place(lab, i, change);
	}
}

static void read_round(struct lab *lab, unsigned number)
{
	read_and(lab, number, move);
}

/* What is printed: lines that are put in order, for objects have none. */

struct line {
	char *key, *value;
};

struct lines {
	struct line *items;
	size_t n, max;
};

static FILE *out; /* the text that is compared */
static char *text;
static size_t n_text;
static struct lines past, sent, sent_before, logs, notices, raised;
static unsigned n_summed; /* notices that say only how many alarms wait */
static uint64_t report_ns;

static void begin_text(void)
{
	n_summed = 0;
	out = open_memstream(&text, &n_text);
	ck_assert_ptr_nonnull(out);
}

__attribute__((format(printf, 3, 4))) static void add_line(struct lines *l,
							   const char *key,
							   const char *format,
							   ...)
{
	struct line line = {.key = strdup(key)};
	va_list args;

	va_start(args, format);
	ck_assert_int_ge(vasprintf(&line.value, format, args), 0);
	va_end(args);
	if (l->n == l->max) {
		l->max = l->max * 2 + 16;
		l->items = realloc(l->items, l->max * sizeof(line));
		ck_assert_ptr_nonnull(l->items);
	}
	l->items[l->n++] = line;
}

static void clear_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].key);
		free(l->items[i].value);
	}
	free(l->items);
	*l = (struct lines) {0};
}

static int by_key(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : strcmp(x->value, y->value);
}

static void sort_lines(struct lines *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_key);
}

static void print_lines(struct lines *l, const char *mark)
{
	sort_lines(l);
	for (size_t i = 0; i < l->n; i++)
		fprintf(out, "%s %s %s\n", mark, l->items[i].key,
			l->items[i].value);
	clear_lines(l);
}

static void on_value(void *arg, const struct series *s)
{
	char key[256], value[64], when[32] = "";

	ck_assert_ptr_null(arg);
	ck_assert_uint_eq(notices.n, 0); /* they speak of values sent before */
	snprintf(key, sizeof(key), "%s/%s-%s", s->place, s->type, s->instance);
	if (s->is_gauge)
		snprintf(value, sizeof(value), "gauge %.10g", s->gauge);
	else
		snprintf(value, sizeof(value), "%" PRIu64, s->counter);
	if (s->is_past || s->time_ns != report_ns)
		snprintf(when, sizeof(when), " @%.10g",
			 (double)s->time_ns / SECOND);
	ck_assert(!s->is_past || !sent.n); /* values are in order of time */
	add_line(s->is_past ? &past : &sent, key, "%s%s%s", value, when,
		 s->is_second ? " second" : "");
}

static void on_flush(void *arg)
{
	ck_assert_ptr_null(arg);
	print_lines(&past, "<");
	fprintf(out, "settle\n");
}

static void note_raised(const struct notification *n, const char *key)
{
	for (size_t i = 0; i < raised.n; i++) {
		struct line *line = &raised.items[i];

		if (strcmp(line->key, key))
			continue;
		free(line->key);
		free(line->value);
		*line = raised.items[--raised.n];
		break;
	}
	if (n->severity != SEVERITY_OKAY)
		add_line(&raised, key, "%s", n->message);
}

static void on_notice(void *arg, const struct notification *n)
{
	static const char *const severities[] = {
		[SEVERITY_OKAY] = "okay",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_FAILURE] = "failure",
	};
	char key[256];

	ck_assert_ptr_null(arg);
	n_summed += !strcmp(n->layer, "all");
	snprintf(key, sizeof(key), "%s/%s-%s", n->place, n->type, n->instance);
	add_line(&notices, key,
		 "%s\n\tmessage: %s\n"
		 "\tnamespace \"%s\" interface \"%s\" layer %s counter \"%s\"\n"
		 "\tcause: %s\n\tremedy: %s\n"
		 "\tpercent %.10g warning %.10g failure %.10g @%.10g",
		 severities[n->severity], n->message, n->namespace,
		 n->interface, n->layer, n->counter, n->cause, n->remedy,
		 n->percent, n->warning, n->failure,
		 (double)n->time_ns / SECOND);
	note_raised(n, key);
}

static void on_log(void *arg, enum log_level level, const char *said)
{
	static const char *const levels[] = {
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_NOTICE] = "notice",
		[LOG_LEVEL_INFO] = "info",
	};

	ck_assert_ptr_null(arg);
	add_line(&logs, levels[level], "%s", said);
}

/*
 * Values, as far as they are others than in the round before; what is gone is
 * told as such, so nothing is left out.
 */
static void print_values(void)
{
	size_t same = 0, i = 0, j = 0;

	sort_lines(&sent);
	while (i < sent.n || j < sent_before.n) {
		const struct line *now = i < sent.n ? sent.items + i : NULL;
		const struct line *then = NULL;
		int order = -1;

		if (j < sent_before.n)
			then = sent_before.items + j;
		if (then)
			order = now ? strcmp(now->key, then->key) : 1;
		if (order > 0)
			fprintf(out, "- %s\n", then->key);
		else if (order < 0)
			fprintf(out, "+ %s %s\n", now->key, now->value);
		else if (strcmp(now->value, then->value))
			fprintf(out, "  %s %s\n", now->key, now->value);
		else
			same++;
		i += order <= 0;
		j += order >= 0;
	}
	fprintf(out, "%zu series, %zu of them as before\n", sent.n, same);
	clear_lines(&sent_before);
	sent_before = sent;
	sent = (struct lines) {0};
}

static void print_title(unsigned number)
{
	char title[64];

	name_round(number, title, sizeof(title));
	fprintf(out, "%s=== round %u: %s\n", number ? "\n" : "", number, title);
}

static void tell_round(struct lab *lab, unsigned number)
{
	const struct sink sink = {NULL, on_value, on_flush, on_notice, on_log};

	print_title(number);
	report_ns = (number + 1) * 10 * SECOND;
	ck_assert_int_eq(reporter_report(lab->reporter, &lab->list,
					 &lab->blindness, &sink),
			 0);
	ck_assert_uint_eq(past.n, 0); /* what is past is settled */
	print_lines(&logs, "log");
	print_values();
	print_lines(&notices, "notify");
}

static void report_round(struct lab *lab, unsigned number)
{
	read_round(lab, number);
	tell_round(lab, number);
	ck_assert_uint_eq(n_summed, 0); /* each alarm is to be recorded */
}

static void free_text(void)
{
	fclose(out);
	free(text);
	clear_lines(&sent_before);
	clear_lines(&raised);
}

/* The recordings. */

static bool is_recording(void)
{
	const char *record = getenv("RECORD");

	return record && !strcmp(record, "1");
}

static void recording_path(char *path, size_t size, const char *name)
{
	const char *srcdir = getenv("srcdir");

	snprintf(path, size, "%s/tests/recordings/%s", srcdir ? srcdir : ".",
		 name);
}

static void write_text(const char *path)
{
	FILE *f = fopen(path, "we");

	ck_assert_msg(f, "cannot write %s", path);
	ck_assert_uint_eq(fwrite(text, 1, n_text, f), n_text);
	ck_assert_int_eq(fclose(f), 0);
}

static bool is_recorded(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *recorded = malloc(n_text + 1);

	ck_assert_ptr_nonnull(recorded);
	return f && fread(recorded, 1, n_text + 1, f) == n_text &&
	       !memcmp(recorded, text, n_text);
}

static void show_difference(const char *path)
{
	char other[] = "/tmp/pktloss-recording-XXXXXX", command[1024];
	int fd = mkstemp(other);

	ck_assert_int_ge(fd, 0);
	close(fd);
	write_text(other);
	snprintf(command, sizeof(command), "diff -u '%s' %s | head -n 100 >&2",
		 path, other);
	fflush(NULL);
	(void)!system(command);
	unlink(other);
}

/* Compares what was printed with a recording, or makes it one. */
static void check_text(const char *name)
{
	char path[512];
	bool same;

	fflush(out);
	recording_path(path, sizeof(path), name);
	same = is_recorded(path);
	if (is_recording() && !same) {
		write_text(path);
		ck_abort_msg("%s was recorded anew: look at what has changed",
			     name);
	}
	if (!same)
		show_difference(path);
	ck_assert_msg(same, "%s is not what was recorded", name);
}

static void check_kernel_text(const char *kernel_name, const char *what)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", kernel_name, what);
	check_text(name);
}

/* What is recorded. */

CASE(recordings);

TEST_EACH(recordings, report_is_as_recorded, ARRAY_SIZE(kernels))
{
	struct lab lab;

	lab_open(&lab, kernels[_i], false);
	begin_text();
	for (unsigned i = 0; i < N_ROUNDS; i++)
		report_round(&lab, i);
	lab_close(&lab);
	ck_assert_msg(!raised.n, "not taken back: %s", raised.items[0].key);
	check_kernel_text(kernels[_i], "report.txt");
	free_text();
}

TEST_EACH(recordings, idle_report_is_as_recorded, ARRAY_SIZE(kernels))
{
	struct lab lab;

	lab_open(&lab, kernels[_i], true);
	begin_text();
	for (unsigned i = 0; i < N_IDLE_ROUNDS; i++)
		report_round(&lab, i);
	lab_close(&lab);
	check_kernel_text(kernels[_i], "idle.txt");
	free_text();
}

/* JSON is one line, of which no difference could be read: it is broken up. */
static void print_json(const struct summary *l)
{
	char *json = NULL;
	size_t n;
	FILE *f = open_memstream(&json, &n);

	ck_assert_ptr_nonnull(f);
	summary_json_print(f, l);
	fclose(f);
	for (const char *c = json; *c; c++)
		fprintf(out, "%s%c", *c == '{' ? "\n" : "", *c);
	free(json);
}

static void print_table(const struct summary *l, bool verbose)
{
	const struct style style = {.width = 100, .verbose = verbose};

	summary_text_print(out, l, &style);
}

/* Both say the same, so each shows some of the rounds only. */
static bool is_shown(unsigned number, bool json)
{
	struct round r = round_at(number);

	if (!number)
		return !json;
	if (r.loses >= N_LAYERS)
		return true;
	if (r.part)
		return json == (r.part == 1);
	/* the last round of a turn is like its first */
	return !json && (number - FIRST_TURN) % N_TURN_ROUNDS > 0;
}

/* Round 0 as pktloss -1 shows it, the others as pktloss does. */
static void show_round(struct lab *lab, struct summary *l, unsigned number,
		       bool json)
{
	read_round(lab, number);
	if (!number)
		ck_assert_int_eq(interval_since_boot(&lab->list), 0);
	ck_assert_int_eq(interval_compare(&lab->list), 0);
	ck_assert_int_eq(summary_collect(l, &lab->list, &lab->blindness), 0);
	if (is_shown(number, json)) {
		print_title(number);
		if (json)
			print_json(l);
		else
			print_table(l, number % 2);
	}
	interval_end(&lab->list);
}

static void show_rounds(struct lab *lab, bool json)
{
	struct summary l = {0};

	for (unsigned i = 0; i < N_ROUNDS; i++)
		show_round(lab, &l, i, json);
	summary_free(&l);
}

static void check_shown(const char *kernel_name, bool json)
{
	struct lab lab;

	setenv("TZ", "UTC", 1);
	lab_open(&lab, kernel_name, false);
	begin_text();
	show_rounds(&lab, json);
	lab_close(&lab);
	check_kernel_text(kernel_name, json ? "json" : "table.txt");
	free_text();
}

/* What it is worth is for the sanitizers to say. */
TEST_EACH(recordings, counters_of_any_size_are_reported, ARRAY_SIZE(kernels))
{
	struct lab lab;

	lab_open(&lab, kernels[_i], false);
	begin_text();
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		read_and(&lab, i, move_anywhere);
		tell_round(&lab, i);
	}
	lab_close(&lab);
	free_text();
}

TEST_EACH(recordings, counters_of_any_size_are_shown, ARRAY_SIZE(kernels))
{
	struct summary l = {0};
	struct lab lab;

	lab_open(&lab, kernels[_i], false);
	begin_text();
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		read_and(&lab, i, move_anywhere);
		ck_assert_int_eq(interval_compare(&lab.list), 0);
		ck_assert_int_eq(summary_collect(&l, &lab.list, &lab.blindness),
				 0);
		print_json(&l);
		print_table(&l, true);
		interval_end(&lab.list);
	}
	lab_close(&lab);
	summary_free(&l);
	free_text();
}

TEST_EACH(recordings, table_is_as_recorded, ARRAY_SIZE(kernels))
{
	check_shown(kernels[_i], false);
}

TEST_EACH(recordings, json_is_as_recorded, ARRAY_SIZE(kernels))
{
	check_shown(kernels[_i], true);
}

TEST(recordings, list_is_as_recorded)
{
	const struct style style = {.width = 100};

	begin_text();
	counter_list_print(out, &style);
	check_text("list.txt");
	free_text();
}

/* That nothing is left out. */

static const struct counter *found[4096];
static size_t n_found;

static void find(struct place *p)
{
	for (size_t i = 0; i < n_found; i++)
		if (found[i] == counter_at(p))
			return;
	ck_assert_uint_lt(n_found, ARRAY_SIZE(found));
	found[n_found++] = counter_at(p);
}

static unsigned count_missing(const struct probe *p, const struct counter *rows,
			      size_t n)
{
	unsigned missing = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_there = rows[i].kind == KIND_FACT ||
				is_unrecorded(&rows[i]);

		for (size_t j = 0; j < n_found && !is_there; j++)
			is_there = found[j] == &rows[i];
		if (!is_there)
			fprintf(stderr,
				"nowhere: %s %s %s %s: if no recorded kernel "
				"prints it, name it in unrecorded.h\n",
				p->name, rows[i].type ? rows[i].type : "-",
				rows[i].section ? rows[i].section : "-",
				rows[i].name);
		missing += !is_there;
	}
	return missing;
}

/* Reads all that there is, for found. */
static void find_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct lab lab;

		lab_open(&lab, kernels[i], false);
		for (unsigned j = 0; j < ARRAY_SIZE(namespaces); j++) {
			lab_read(&lab, j, 10);
			each_place(&lab, j, find);
		}
		lab_close(&lab);
	}
}

TEST(recordings, every_counter_is_read)
{
	unsigned missing = 0;

	find_all();
	for (size_t i = 0; i < n_probes; i++) {
		const struct probe *p = probes[i];

		missing += count_missing(p, p->counters->rows, p->counters->n);
	}
	ck_assert_uint_eq(missing, 0);
}

/* Whether a line tells of a series of a counter, whatever object it is of. */
static bool tells_of(const char *line, const struct counter *c)
{
	size_t n = strlen(c->name);
	const char *end, *at;
	char kind[96];

	snprintf(kind, sizeof(kind), "/%s-%s-", c->type, layer_name(c->layer));
	at = strstr(line, kind);
	if (line[0] != '+' || !at)
		return false;
	at += strlen(kind) - 1; /* the '-' before the name */
	end = at + strcspn(at, " ");
	if (!n) /* called by the name of its object */
		return true;
	return (size_t)(end - at) > n && !strncmp(end - n, c->name, n) &&
	       strchr("-_", end[-(ssize_t)n - 1]);
}

static bool *told; /* of those found */

static void read_recording(const char *kernel_name)
{
	char path[512], name[64], line[1024];
	_cleanup_fclose_ FILE *f = NULL;

	snprintf(name, sizeof(name), "%s.report.txt", kernel_name);
	recording_path(path, sizeof(path), name);
	f = fopen(path, "re");
	ck_assert_msg(f, "no %s", path);
	while (fgets(line, sizeof(line), f))
		for (size_t i = 0; line[0] == '+' && i < n_found; i++)
			told[i] |= found[i]->type && tells_of(line, found[i]);
}

/* What has a name of its own is asked for by it, the rest by its type. */
TEST(recordings, every_series_is_recorded)
{
	unsigned missing = 0;

	find_all();
	told = calloc(n_found, sizeof(*told));
	ck_assert_ptr_nonnull(told);
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		read_recording(kernels[i]);
	for (size_t i = 0; i < n_found; i++) {
		if (told[i] || !catalogue_is_series(found[i]))
			continue;
		fprintf(stderr, "not recorded: %s-%s-%s\n", found[i]->type,
			layer_name(found[i]->layer), found[i]->name);
		missing++;
	}
	free(told);
	ck_assert_uint_eq(missing, 0);
}

/* Where its objects have no names, a series is called as the documents say. */
static void check_documented(struct place *p)
{
	const struct counter *c = counter_at(p);

	if (!catalogue_is_series(c) || probes[p->object->source]->names_objects)
		return;
	ck_assert_msg(!strcmp(object_name(&p->ns->now, p->object),
			      c->object ? c->object : ""),
		      "%s %s stands in an object %s", layer_name(c->layer),
		      c->name, object_name(&p->ns->now, p->object));
}

TEST_EACH(recordings, series_have_the_names_that_are_documented,
	  ARRAY_SIZE(kernels))
{
	struct lab lab;

	lab_open(&lab, kernels[_i], false);
	for (unsigned i = 0; i < ARRAY_SIZE(namespaces); i++) {
		lab_read(&lab, i, 10);
		each_place(&lab, i, check_documented);
	}
	lab_close(&lab);
}
