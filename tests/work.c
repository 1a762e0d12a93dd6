/* SPDX-License-Identifier: MIT */
/*
 * work CASE N: works through N of something that whoever owns a namespace can
 * make many of, named as badly as can be, for whoever counts what that takes
 * (linear.sh). Only what is done in measured() counts. No kernel, no root.
 * Without arguments: prints the cases.
 */
#include <netinet/in.h> /* before the kernel's, or they clash */
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "diagnosis/finding.h"
#include "engine/interval.h"
#include "kernel/nfnetlink.h"
#include "model/probe.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/rule.h"
#include "probes/balance/balance_private.h"
#include "probes/link/link_private.h"
#include "probes/snmp/snmp_private.h"
#include "probes/socket/socket_ports.h"
#include "report/reporter.h"
#include "nft_file.h"
#include "work.h"

#define SECOND UINT64_C(1000000000)

/* ---- two reads of namespaces, and what follows from them ---- */

struct stage {
	struct settings settings;
	struct ns_list list;
	struct blindness blindness;
	struct reporter *reporter;
	unsigned read_number;
	unsigned n;
	bool each; /* there are n namespaces: fill gets the number of each */
	unsigned n_values, n_notified, n_findings;
};

static void on_value(void *arg, const struct series *series)
{
	(void)series;
	((struct stage *)arg)->n_values++;
}

static void on_flush(void *arg)
{
	(void)arg;
}

static void on_notify(void *arg, const struct notification *n)
{
	(void)n;
	((struct stage *)arg)->n_notified++;
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

/* What a case appends to a sample, read after read. */
typedef void (*fill)(struct sample *s, unsigned n, unsigned read);

static void begin_reads(struct stage *stage, fill append)
{
	unsigned i = 0;

	EACH_NS (&stage->list, ns) {
		struct sample *s = &ns->now;

		sample_reset(s);
		sample_follow(s, ns->then.time_ns ? &ns->then : NULL);
		s->mono_ns = (stage->read_number + 1) * 10 * SECOND;
		s->boot_ns = s->time_ns = s->mono_ns;
		s->sources = UINT32_MAX;
		ns->was_read = true;
		append(s, stage->each ? i++ : stage->n, stage->read_number);
		if (s->error)
			abort();
	}
	stage->read_number++;
}

/* Here callgrind counts, see linear.sh. As the plugin does. */
__attribute__((noinline)) static void measured(struct stage *stage, fill append)
{
	const struct sink sink = {.arg = stage,
				  .value = on_value,
				  .flush = on_flush,
				  .notify = on_notify,
				  .log = on_log};

	begin_reads(stage, append);
	if (reporter_report(stage->reporter, &stage->list, &stage->blindness,
			    &sink) < 0)
		abort();
}

/* And here; as the program does. */
__attribute__((noinline)) static void measured_findings(struct stage *stage,
							fill append)
{
	begin_reads(stage, append);
	if (interval_compare(&stage->list) < 0)
		abort();
	EACH_NS (&stage->list, ns) {
		struct findings f = {.n = 0};

		if (findings_collect(&f, &ns->now, &ns->losses) < 0)
			abort();
		stage->n_findings += (unsigned)f.n;
		findings_free(&f);
	}
}

static void add_ns(struct stage *stage, const char *name)
{
	struct ns *ns = ns_list_add(&stage->list);

	if (!ns)
		abort();
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	if (*name)
		snprintf(ns->path, sizeof(ns->path), "/run/netns/%s", name);
}

/* The first look, the first loss, two more intervals. */
static void play(unsigned n, bool each, fill append)
{
	struct stage stage = {.n = n, .each = each};

	if (settings_init(&stage.settings) < 0)
		abort();
	stage.settings.max_series = 1000000;
	stage.reporter = reporter_new(&stage.settings);
	if (!stage.reporter)
		abort();
	add_ns(&stage, "");
	for (unsigned i = 1; i < (each ? n : 2); i++) {
		char name[32];

		snprintf(name, sizeof(name), "hostile%u", i);
		add_ns(&stage, name);
	}
	for (unsigned i = 0; i < 3; i++)
		measured(&stage, append);
	measured_findings(&stage, append);
	printf("%u values, %u notifications, %u findings\n", stage.n_values,
	       stage.n_notified, stage.n_findings);
	reporter_free(stage.reporter);
	ns_list_free(&stage.list);
	settings_free(&stage.settings);
}

/* ---- interfaces ---- */

static const struct counter *link_counter(const char *name)
{
	for (size_t i = 0; i < link_table.n; i++)
		if (!strcmp(link_table.rows[i].name, name))
			return &link_table.rows[i];
	abort();
}

static void put_row(struct sample *s, const char *name, uint64_t value)
{
	sample_row(s, link_counter(name), value);
}

/* An interface that drops, sending and receiving, and its configuration. */
static void put_interface(struct sample *s, const char *prefix, unsigned i,
			  unsigned read, const char *kind)
{
	char place[32];

	snprintf(place, sizeof(place), "%s%u", prefix, i);
	sample_object(s, LAYER_LINK, place, "", i + 1);
	put_row(s, "rx_packets", read * 1000);
	put_row(s, "tx_packets", read * 1000);
	put_row(s, "rx_errors", 0);
	put_row(s, "rx_dropped", read * 10);
	put_row(s, "tx_dropped", read * 10);
	sample_object(s, LAYER_LINK, place, LINK_CONFIG, i + 1);
	sample_label(s, kind);
	sample_row(s, &link_fact_mtu, 1500);
	sample_row(s, &link_fact_up, 1);
	sample_row(s, &link_fact_mac, i + 1);
}

/* Each name is to be told apart from all that look like it. */
static void fill_interfaces(struct sample *s, unsigned n, unsigned read)
{
	for (unsigned i = 0; i < n; i++)
		put_interface(s, "$xa", i, read, "veth");
}

static void put_gap(struct sample *s, unsigned read)
{
	sample_object(s, LAYER_UNEXPLAINED, "", "", 0);
	for (size_t i = 0; i < balance_table.n; i++)
		if (balance_table.rows[i].tag == TAG_IN_GAP)
			sample_row(s, &balance_table.rows[i], read * 1000000);
}

/* Pairs of veths, and packets that vanish: they may have come by any. */
static void fill_wires(struct sample *s, unsigned n, unsigned read)
{
	for (unsigned i = 0; i < n; i++) {
		put_interface(s, "v", i, read, "veth");
		sample_row(s, &link_fact_peer_index, (i ^ 1) + 1);
		sample_row(s, &link_fact_peer_mac, (i ^ 1) + 1);
		sample_row(s, &link_fact_peer_mtu, 1500);
		sample_row(s, &link_fact_peer_up, 1);
	}
	put_gap(s, read);
}

/* Each stands on the one before. */
static void fill_stacks(struct sample *s, unsigned n, unsigned read)
{
	for (unsigned i = 0; i < n; i++) {
		put_interface(s, "m", i, read, "macvlan");
		sample_row(s, &link_fact_lower_index, i);
		sample_row(s, &link_fact_lower_mac, i);
		sample_row(s, &link_fact_lower_kind, link_hash_kind("macvlan"));
		sample_row(s, &link_fact_lower_up, 1);
	}
}

/* Each half of them is a member of one of the other half, which sums it up. */
static void fill_bonds(struct sample *s, unsigned n, unsigned read)
{
	for (unsigned i = 0; i < n; i += 2) {
		put_interface(s, "b", i, read, "bond");
		sample_row(s, &link_fact_member, i + 2);
		sample_row(s, &link_fact_members_up, 1);
		put_interface(s, "b", i + 1, read, "veth");
	}
}

/* All but one are members of that. */
static void fill_members(struct sample *s, unsigned n, unsigned read)
{
	put_interface(s, "b", 0, read, "bond");
	for (unsigned i = 1; i < n; i++)
		sample_row(s, &link_fact_member, i + 1);
	for (unsigned i = 1; i < n; i++)
		put_interface(s, "b", i, read, "veth");
}

/* Half of them are members of one, the other half stands on that. */
static void fill_vlans(struct sample *s, unsigned n, unsigned read)
{
	unsigned half = n / 2;

	put_interface(s, "b", 0, read, "bond");
	for (unsigned i = 1; i < half; i++)
		sample_row(s, &link_fact_member, i + 1);
	for (unsigned i = 1; i < half; i++)
		put_interface(s, "b", i, read, "veth");
	for (unsigned i = half; i < n; i++) {
		put_interface(s, "v", i, read, "vlan");
		sample_row(s, &link_fact_lower_index, 1);
		sample_row(s, &link_fact_lower_mac, 1);
		sample_row(s, &link_fact_lower_kind, link_hash_kind("bond"));
		sample_row(s, &link_fact_lower_up, 1);
	}
}

/* They leave by any interface, and there are as many of these. */
static void fill_tunnels(struct sample *s, unsigned n, unsigned read)
{
	for (unsigned i = 0; i < n; i++)
		put_interface(s, "g", i, read, i % 2 ? "veth" : "gre");
}

/* ---- namespaces ---- */

/* Each is wired to the next one, and the one before. */
static void fill_ring(struct sample *s, unsigned number, unsigned read)
{
	for (unsigned i = 0; i < 2; i++) {
		sample_object(s, LAYER_LINK, i ? "right" : "left", "", i + 1);
		put_row(s, "rx_packets", read * 1000);
		put_row(s, "tx_packets", read * 1000);
		put_row(s, "rx_dropped", read * 10);
		put_row(s, "tx_dropped", read * 10);
		sample_object(s, LAYER_LINK, i ? "right" : "left", LINK_CONFIG,
			      i + 1);
		sample_label(s, "veth");
		sample_row(s, &link_fact_up, 1);
		sample_row(s, &link_fact_mac, 2 * number + i);
		sample_row(s, &link_fact_peer_index, 2 - i);
		sample_row(s, &link_fact_peer_mac, 2 * number + 3 * i - 1);
	}
	put_gap(s, read);
}

static void put_ip(struct sample *s, enum tag tag, uint64_t value)
{
	sample_object(s, LAYER_IP, "", "", 0);
	for (size_t i = 0; i < snmp_table.n; i++)
		if (snmp_table.rows[i].tag == tag && !snmp_table.rows[i].v6)
			sample_row(s, &snmp_table.rows[i], value);
}

/* Each has one that stands on an interface of the next one. */
static void fill_ipvlans(struct sample *s, unsigned number, unsigned read)
{
	put_interface(s, "eth", 0, read, "veth");
	sample_row(s, &link_fact_peer_mtu, 1500 + number);
	put_interface(s, "ipvl", 1, read, "ipvlan");
	sample_row(s, &link_fact_lower_far, 1);
	sample_row(s, &link_fact_lower_index, 1);
	sample_row(s, &link_fact_lower_mac, 1);
	sample_row(s, &link_fact_lower_kind, link_hash_kind("veth"));
	put_ip(s, TAG_IN_ADDR_ERRORS, read * 10);
}

/* ---- rules ---- */

struct messages {
	_Alignas(8) char bytes[64u << 20];
	size_t n;
};

static struct messages messages;

static struct nlmsghdr *begin(unsigned message)
{
	return nfnetlink_request(messages.bytes + messages.n,
				 NFNL_SUBSYS_NFTABLES, message, NFPROTO_IPV4,
				 NLM_F_MULTI);
}

static void end(const struct nlmsghdr *h)
{
	messages.n += NLMSG_ALIGN(h->nlmsg_len);
	if (sizeof(messages.bytes) - messages.n < 4096)
		abort();
}

static void put_u32(struct nlmsghdr *h, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(h, type, htonl(value));
}

static void put_u64(struct nlmsghdr *h, uint16_t type, uint64_t value)
{
	mnl_attr_put_u64(h, type, htobe64(value));
}

static void add_chain(const char *table, const char *name, bool is_base)
{
	struct nlmsghdr *h = begin(NFT_MSG_NEWCHAIN);
	struct nlattr *nest;

	mnl_attr_put_strz(h, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(h, NFTA_CHAIN_NAME, name);
	if (is_base) {
		nest = mnl_attr_nest_start(h, NFTA_CHAIN_HOOK);
		put_u32(h, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
		mnl_attr_nest_end(h, nest);
		put_u32(h, NFTA_CHAIN_POLICY, NF_ACCEPT);
	}
	end(h);
}

static struct nlattr *begin_expression(struct nlmsghdr *h, const char *name,
				       struct nlattr **ret)
{
	*ret = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	mnl_attr_put_strz(h, NFTA_EXPR_NAME, name);
	return mnl_attr_nest_start(h, NFTA_EXPR_DATA);
}

static void end_expression(struct nlmsghdr *h, struct nlattr *data,
			   struct nlattr *elem)
{
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, elem);
}

static void put_counter(struct nlmsghdr *h, uint64_t packets)
{
	struct nlattr *elem, *data = begin_expression(h, "counter", &elem);

	put_u64(h, NFTA_COUNTER_BYTES, packets * 100);
	put_u64(h, NFTA_COUNTER_PACKETS, packets);
	end_expression(h, data, elem);
}

/* Drops, or jumps. */
static void put_verdict(struct nlmsghdr *h, const char *to)
{
	struct nlattr *elem, *data = begin_expression(h, "immediate", &elem);
	struct nlattr *value, *verdict;

	put_u32(h, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	value = mnl_attr_nest_start(h, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(h, NFTA_DATA_VERDICT);
	put_u32(h, NFTA_VERDICT_CODE, to ? (uint32_t)NFT_JUMP : NF_DROP);
	if (to)
		mnl_attr_put_strz(h, NFTA_VERDICT_CHAIN, to);
	mnl_attr_nest_end(h, verdict);
	mnl_attr_nest_end(h, value);
	end_expression(h, data, elem);
}

/* Something that may stop the rule. */
static void put_match(struct nlmsghdr *h)
{
	struct nlattr *elem, *data = begin_expression(h, "cmp", &elem);

	end_expression(h, data, elem);
}

static void put_queue(struct nlmsghdr *h, uint16_t number)
{
	struct nlattr *elem, *data = begin_expression(h, "queue", &elem);

	mnl_attr_put_u16(h, NFTA_QUEUE_NUM, htons(number));
	end_expression(h, data, elem);
}

static struct nlattr *begin_rule(const char *table, const char *chain,
				 uint64_t handle, struct nlmsghdr **ret)
{
	struct nlmsghdr *h = *ret = begin(NFT_MSG_NEWRULE);

	mnl_attr_put_strz(h, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(h, NFTA_RULE_CHAIN, chain);
	put_u64(h, NFTA_RULE_HANDLE, handle);
	return mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
}

/* As nft writes it: a type, a length, and the text. */
static void put_comment(struct nlmsghdr *h, unsigned i)
{
	char data[64] = {0};
	int n = snprintf(data + 2, sizeof(data) - 2, "a %u", i) + 1;

	data[1] = (char)n;
	mnl_attr_put(h, NFTA_RULE_USERDATA, (size_t)n + 2, data);
}

/* What it has dropped is in its counter, unless that is UINT64_MAX. */
static void add_drop(const char *table, const char *chain, unsigned i,
		     uint64_t packets, bool has_comment)
{
	struct nlmsghdr *h;
	struct nlattr *list = begin_rule(table, chain, i + 1, &h);

	put_match(h);
	if (packets != UINT64_MAX)
		put_counter(h, packets);
	put_verdict(h, NULL);
	mnl_attr_nest_end(h, list);
	if (has_comment)
		put_comment(h, i);
	end(h);
}

static void add_jump(const char *chain, unsigned i, const char *to)
{
	struct nlmsghdr *h;
	struct nlattr *list = begin_rule("t", chain, i + 1, &h);

	put_match(h);
	put_verdict(h, to);
	mnl_attr_nest_end(h, list);
	end(h);
}

static void read_rules(struct sample *s, const char *queues)
{
	if (nft_file_reread(messages.bytes, messages.n, queues, 64, s->then,
			    s) < 0)
		abort();
	messages.n = 0;
}

/*
 * The i-th name of a chain that FNV-1a, which has no key, puts into the same of
 * 256 slots as all the others.
 */
static void craft_name(char name[32], unsigned i)
{
	static const unsigned char head[2] = {NODE_CHAIN, NFPROTO_IPV4};

	for (unsigned j = 0;; j++) {
		uint64_t hash = hash_bytes(HASH_START, head, sizeof(head));

		snprintf(name, 32, "c%u_%u", i, j);
		hash = hash_bytes(hash, "t", 2);
		if (hash_bytes(hash, name, strlen(name) + 1) % 256 == 0)
			return;
	}
}

static void fill_chains(struct sample *s, unsigned n, unsigned read)
{
	static char(*names)[32];

	if (!names) {
		names = calloc(n, sizeof(*names));
		for (unsigned i = 0; i < n; i++)
			craft_name(names[i], i);
	}
	for (unsigned i = 0; i < n; i++)
		add_chain("t", names[i], true);
	for (unsigned i = 0; i < n; i++)
		add_drop("t", names[i], i, read * 10, true);
	read_rules(s, "");
}

/* Comments that look alike to collectd if it does not look at all of them. */
static void fill_comments(struct sample *s, unsigned n, unsigned read)
{
	char name[16];

	for (unsigned i = 0; i < n; i += 64) {
		snprintf(name, sizeof(name), "c%u", i);
		add_chain("t", name, true);
	}
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "c%u", i / 64 * 64);
		add_drop("t", name, i, read * 10, true);
	}
	read_rules(s, "");
}

/* Packets vanish, and each rule may have dropped them. */
static void fill_uncounted(struct sample *s, unsigned n, unsigned read)
{
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		add_chain("t", name, true);
		add_drop("t", name, i, UINT64_MAX, true);
	}
	read_rules(s, "");
	put_gap(s, read);
}

/* Names that are printed alike; all are loaded anew before each read. */
static void fill_alike(struct sample *s, unsigned n, unsigned read)
{
	char name[8] = {0};

	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < 5; j++)
			name[j] = (char)(1 + (i >> 4 * j) % 16);
		add_chain("t", name, true);
		add_drop("t", name, read * n + i, 10 - read, false);
	}
	read_rules(s, "");
	put_gap(s, read);
}

static void fill_tables(struct sample *s, unsigned n, unsigned read)
{
	char name[16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		add_chain(name, "in", true);
		add_drop(name, "in", i, read * 10, false);
	}
	read_rules(s, "");
}

/* Each chain calls the next one, and the one before. */
static void fill_jumps(struct sample *s, unsigned n, unsigned read)
{
	char name[3][16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name[0], sizeof(name[0]), "c%u", i);
		add_chain("t", name[0], i == n / 2);
	}
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < 3; j++)
			snprintf(name[j], sizeof(name[j]), "c%u",
				 (i + n + j - 1) % n);
		add_jump(name[1], i * 3, name[0]);
		add_jump(name[1], i * 3 + 1, name[2]);
		add_drop("t", name[1], i * 3 + 2, read * 10, false);
	}
	read_rules(s, "");
}

/* Rules that hand to queues, each of which somebody listens to. */
static void fill_queues(struct sample *s, unsigned n, unsigned read)
{
	static char text[16u << 20];
	size_t used = 0;

	add_chain("t", "in", true);
	for (unsigned i = 0; i < n; i++) {
		struct nlmsghdr *h;
		struct nlattr *list = begin_rule("t", "in", i + 1, &h);

		put_match(h);
		put_counter(h, read * 10);
		put_queue(h, (uint16_t)i);
		mnl_attr_nest_end(h, list);
		end(h);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%5u %6u 0 2 65531 0 0 %u 1\n",
					 i % 65536, 1234u, read);
	}
	read_rules(s, text);
}

/* ---- sockets ---- */

/* Each has dropped; no more are remembered, hence looked through, than seen. */
static void fill_sockets(struct sample *s, unsigned n, unsigned read)
{
	static struct socket_seen seen[128];
	struct socket_dump d;

	socket_dump_begin(&d, s->then, s->source, seen, ARRAY_SIZE(seen));
	d.dumped = true;
	for (unsigned i = 0; i < n; i++)
		socket_dump_socket(&d, &(struct socket_info) {
					       .cookie = i + 1,
					       .drops = 1 + read * (i % 7),
					       .port = (uint16_t)i,
					       .kind = SOCKET_UDP,
					       .has_memory = true,
				       });
	socket_dump_append(&d, s);
}

/* ---- the cases ---- */

static const struct {
	const char *name;
	fill append;
	bool each;
} cases[] = {
	{"interfaces", fill_interfaces, false},
	{"wires", fill_wires, false},
	{"stacks", fill_stacks, false},
	{"bonds", fill_bonds, false},
	{"members", fill_members, false},
	{"vlans", fill_vlans, false},
	{"tunnels", fill_tunnels, false},
	{"ring", fill_ring, true},
	{"ipvlans", fill_ipvlans, true},
	{"qdiscs", work_qdiscs, false},
	{"chains", fill_chains, false},
	{"comments", fill_comments, false},
	{"uncounted", fill_uncounted, false},
	{"alike", fill_alike, false},
	{"tables", fill_tables, false},
	{"jumps", fill_jumps, false},
	{"queues", fill_queues, false},
	{"sockets", fill_sockets, false},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (argc < 3)
			puts(cases[i].name);
		else if (!strcmp(argv[1], cases[i].name))
			play((unsigned)atoi(argv[2]), cases[i].each,
			     cases[i].append);
	return 0;
}
