/* SPDX-License-Identifier: MIT */
/* The parsers of netlink messages, fed as a socket would feed them. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "model/selection.h"
#include "probes/balance/balance_private.h"
#include "probes/conntrack.h"
#include "probes/link/link_private.h"
#include "probes/neigh/next_hop.h"
#include "probes/qdisc/qdisc_private.h"
#include "probes/snmp/ip_excuses.h"
#include "probes/socket/socket_ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_result(int r)
{
	if (r != 0 && r != -EBADMSG)
		abort();
	return 0;
}

/* Twice the same sockets: no total of a port may be more than they dropped. */
static void feed_socket(const struct nlmsghdr *h)
{
	struct socket_seen seen[2];
	struct socket_info info;
	struct socket_dump dump;

	if (socket_parse(h, &info) < 0)
		return;
	socket_dump_begin(&dump, NULL, 0, seen, ARRAY_SIZE(seen));
	for (int i = 0; i < 2; i++) {
		socket_dump_socket(&dump, &info);
		socket_dump_listener(&dump, &info);
	}
	if (dump.n_ports > 1 || dump.n_listeners > 1 ||
	    (dump.n_ports && dump.ports[0].drops != info.drops))
		abort();
}

static void feed_conntrack(const struct nlmsghdr *h)
{
	struct conntrack_levels levels;
	struct percpu stats = {0};

	check_result(conntrack_parse_message(h, &stats));
	if (conntrack_parse_levels(h, &levels) == 0 &&
	    (levels.count | levels.max) > UINT32_MAX)
		abort();
}

static void feed_filter(const struct nlmsghdr *h)
{
	struct tc_action action;
	struct tc_filter filter;

	if (tc_filter_parse(h, &filter) <= 0)
		return;
	for (unsigned n = 0; tc_filter_action(&filter, n, &action); n++)
		if (!memchr(action.kind, '\0', sizeof(action.kind)))
			abort();
	if (!memchr(filter.program, '\0', sizeof(filter.program)))
		abort();
}

static void feed_state(const struct nlmsghdr *h)
{
	struct ipsec_state state;

	if (balance_parse_state(h, &state) && state.key.row >= N_BALANCE_TWICE)
		abort();
}

static int on_message(const struct nlmsghdr *h, void *arg)
{
	struct rtnl_link_stats64 stats;
	struct link_config config;
	struct qdisc_config qdisc;
	const struct probe_env env = {.counters = arg};
	struct sample sample = {.rows = NULL};
	char name[QDISC_NAME];
	size_t n;
	int ifindex;
	uint64_t discards = 0;
	bool is_global = false;
	struct balance_bridges bridges = {.n = 1};
	struct ip_networks networks = {.n = 0};
	struct next_hop hop;

	if (link_parse_stats(h, &ifindex, &stats, &n) == 0 && n > sizeof(stats))
		abort();
	check_result(link_config_parse(h, &config));
	feed_socket(h);
	feed_conntrack(h);
	check_result(ip_excuse_parse(h, &discards));
	check_result(ip_excuse_parse_address(h, &is_global));
	check_result(balance_parse_address(h, &bridges));
	check_result(ip_twins_parse(h, &networks));
	if (next_hop_parse(h, &hop) == 0 && !memchr(hop.address, 0, 46))
		abort();
	feed_filter(h);
	feed_state(h);
	if (qdisc_parse(h, &qdisc) < 0)
		return 0;
	if (!qdisc_name(&(struct qdisc_names) {.sample = &sample}, &qdisc,
			name))
		qdisc_name_by_handle(&qdisc, name);
	if (!name[0] || !memchr(qdisc.kind, '\0', sizeof(qdisc.kind)))
		abort();
	sample_object(&sample, LAYER_QDISC, "", name, 0);
	qdisc_append_own(&env, &qdisc, &sample);
	sample_free(&sample);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* messages stand at multiples of four, and end where they end */
	struct selection all = {.items = NULL};
	void *copy = malloc(size ? size : 1);

	if (!copy || selection_add(&all, "/^qdisc-/") < 0)
		abort();
	memcpy(copy, data, size);
	if (netlink_walk(copy, size, 0, on_message, &all) > 1)
		abort();
	selection_free(&all);
	free(copy);
	return 0;
}
