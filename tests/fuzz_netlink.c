/* SPDX-License-Identifier: MIT */
/* The parsers of netlink messages, fed as a socket would feed them. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "lib/fuzz.h"
#include "model/selection.h"
#include "probes/balance/balance_private.h"
#include "probes/link/link_private.h"
#include "probes/neigh/next_hop.h"
#include "probes/qdisc/qdisc_private.h"
#include "probes/snmp/ip_excuses.h"

static void feed_filter(const struct nlmsghdr *h)
{
	struct tc_action action;
	struct tc_filter filter;

	if (tc_filter_parse(h, &filter) <= 0)
		return;
	for (unsigned n = 0; tc_filter_action(&filter, n, &action); n++)
		require(memchr(action.kind, '\0', sizeof(action.kind)));
	require(memchr(filter.program, '\0', sizeof(filter.program)));
}

static void feed_state(const struct nlmsghdr *h)
{
	struct ipsec_state state;

	require(!balance_parse_state(h, &state) ||
		state.key.row < N_BALANCE_TWICE);
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

	if (link_parse_stats(h, &ifindex, &stats, &n) == 0)
		require(n <= sizeof(stats));
	require_parsed(link_config_parse(h, &config));
	require_parsed(ip_excuse_parse(h, &discards));
	require_parsed(ip_excuse_parse_address(h, &is_global));
	require_parsed(balance_parse_address(h, &bridges));
	require_parsed(ip_twins_parse(h, &networks));
	if (next_hop_parse(h, &hop) == 0)
		require(memchr(hop.address, 0, 46));
	feed_filter(h);
	feed_state(h);
	if (qdisc_parse(h, &qdisc) < 0)
		return 0;
	if (!qdisc_name(&(struct qdisc_names) {.sample = &sample}, &qdisc,
			name))
		qdisc_name_by_handle(&qdisc, name);
	require(name[0] && memchr(qdisc.kind, '\0', sizeof(qdisc.kind)));
	sample_object(&sample, LAYER_QDISC, "", name, 0);
	qdisc_append_own(&env, &qdisc, &sample);
	sample_free(&sample);
	return 0;
}

/* One for all inputs: it wants every counter. */
static struct selection *all_counters(void)
{
	static struct selection all;

	if (!all.n)
		require(selection_add(&all, "/^qdisc-/") == 0);
	return &all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_messages(data, size, on_message, all_counters());
	return 0;
}
