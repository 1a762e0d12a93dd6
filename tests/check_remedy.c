/* SPDX-License-Identifier: MIT */
/* Remedies: each command in them says where it is to be run. */
#include "engine/ns.h"
#include "model/remedy.h"
#include "testlib.h"

#define INTO "ip netns exec web "

static const struct way own, web = {.prefix = INTO, .other = true},
			     none = {.other = true, .none = true};

CASE(remedy);

static const struct {
	const char *remedy;
	const struct way *way;
	const char *printed;
} remedies[] = {
	{"", &web, ""},
	{"Load the module", &web, "Load the module"},
	{"Load the module", &none, "Load the module"},
	/* at the end without quotes, as whole line of a shell */
	{"Remove it: `tc qdisc del dev eth0 root`", &web,
	 "Remove it: " INTO "tc qdisc del dev eth0 root"},
	{"Remove it: `tc qdisc del dev eth0 root`", &own,
	 "Remove it: tc qdisc del dev eth0 root"},
	{"`sysctl net.ipv4.ip_forward`, then `dmesg`", &web,
	 "'" INTO "sysctl net.ipv4.ip_forward', then '" INTO "dmesg'"},
	{"`ip link` (now up)", &own, "'ip link' (now up)"},
	{"`awk '{ print $1 }' /proc/net/dev` or not", &web,
	 "`" INTO "awk '{ print $1 }' /proc/net/dev` or not"},
	/* of the whole host */
	{"Raise it: `sysctl -w net.core.netdev_max_backlog=2000`", &web,
	 "Raise it: 'sysctl -w net.core.netdev_max_backlog=2000' (of the "
	 "whole host)"},
	{"Raise it: `sysctl -w net.core.netdev_max_backlog=2000`", &own,
	 "Raise it: sysctl -w net.core.netdev_max_backlog=2000"},
	{"`host: modprobe ifb`", &web, "'modprobe ifb' (of the whole host)"},
	{"`host:modprobe ifb`", &own, "modprobe ifb"},
	{"`host: modprobe ifb`", &none, "'modprobe ifb' (of the whole host)"},
	{"`sysctl net.ipv4.tcp_rmem net.ipv4.tcp_mem`", &web,
	 "'sysctl net.ipv4.tcp_rmem net.ipv4.tcp_mem' (of the whole host)"},
	{"`sysctl net.netfilter.nf_conntrack_max`", &web,
	 INTO "sysctl net.netfilter.nf_conntrack_max"},
	/* who has no way there gets no command for the wrong place */
	{"Remove it: `tc qdisc del dev eth0 root`", &none, ""},
	{"`host: dmesg` and `ip link`", &none, ""},
	/* one that is no pair is no command */
	{"Odd ` one", &web, "Odd ` one"},
	{"`a` odd ` one", &web, "'" INTO "a' odd ` one"},
	{"Nothing: `` there", &web, "Nothing: `` there"},
};

TEST_EACH(remedy, commands_say_where_they_are_run, ARRAY_SIZE(remedies))
{
	char text[REMEDY_TEXT];

	remedy_print(remedies[_i].remedy, remedies[_i].way, text, sizeof(text));
	ck_assert_str_eq(text, remedies[_i].printed);
}

TEST(remedy, what_has_no_room_is_left_out)
{
	const char *remedy = "Remove it: `tc qdisc del dev eth0 root`";
	char text[REMEDY_TEXT];
	size_t n;

	remedy_print(remedy, &web, text, sizeof(text));
	n = strlen(text);
	remedy_print(remedy, &web, text, n + 1);
	ck_assert_uint_eq(strlen(text), n);
	for (size_t size = 1; size <= n; size++) {
		remedy_print(remedy, &web, text, size);
		ck_assert_str_eq(text, "");
	}
}

static const struct {
	const char *setting;
	bool of_host;
} settings[] = {
	{"net.core.somaxconn", false},
	{"net.core.xfrm_larval_drop", false},
	{"net.core.rmem_max", true},
	{"net.core.netdev_budget", true},
	{"net.ipv4.udp_mem", true},
	{"net.ipv4.udp_rmem_min", false},
	{"net.ipv4.tcp_mem", true},
	{"net.ipv4.tcp_rmem", false},
	{"net.ipv4.neigh.default.gc_thresh3", true},
	{"net.ipv4.neigh.eth0.unres_qlen_bytes", false},
	{"net.ipv4.route.min_pmtu", false},
	{"net.netfilter.nf_conntrack_max", true},
	{"net.netfilter.nf_conntrack_tcp_be_liberal", false},
	{"net.ipv4.ipfrag_high_thresh", false},
};

TEST_EACH(remedy, settings_of_the_host_are_known, ARRAY_SIZE(settings))
{
	char text[96];
	struct token command = {text, 0};

	snprintf(text, sizeof(text), "sysctl -w %s=1", settings[_i].setting);
	command.n = strlen(text);
	ck_assert(remedy_is_of_host(&command) == settings[_i].of_host);
}

static const struct {
	const char *path;
	pid_t pid;
	const char *prefix; /* NULL: no way */
} ways[] = {
	{"", 0, ""},
	{"/run/netns/web", 0, "ip netns exec web "},
	{"/host/proc/1/root/run/netns/web-1.x_y", 0,
	 "ip netns exec web-1.x_y "},
	{"/run/docker/netns/0123456789ab", 0,
	 "nsenter --net=/run/docker/netns/0123456789ab "},
	{"/host/proc/1/root/run/docker/netns/0123456789ab", 0,
	 "nsenter --net=/run/docker/netns/0123456789ab "},
	{"/proc/4711/ns/net", 4711, "nsenter -n -t 4711 "},
	{"/run/netns/we b", 0, NULL},
	{"/run/netns/web;reboot", 0, NULL},
	{"/run/netns/-web", 0, NULL},
	{"/run/netns/$(reboot)", 0, NULL},
	{"/run/docker/netns/`reboot`", 0, NULL},
};

TEST_EACH(remedy, ways_into_a_namespace, ARRAY_SIZE(ways))
{
	struct ns ns = {.pid = ways[_i].pid};
	struct way way;

	snprintf(ns.path, sizeof(ns.path), "%s", ways[_i].path);
	way = ns_way(&ns);
	ck_assert(way.none == !ways[_i].prefix);
	ck_assert(way.other == (ways[_i].path[0] != '\0'));
	ck_assert_str_eq(way.prefix, ways[_i].prefix ? ways[_i].prefix : "");
}

TEST(remedy, commands_are_found_one_by_one)
{
	const char *rest = "Do `one`, `two` and ` not";

	ck_assert(token_is(remedy_command(&rest), "one"));
	ck_assert(token_is(remedy_command(&rest), "two"));
	ck_assert_uint_eq(remedy_command(&rest).n, 0);
	ck_assert_uint_eq(remedy_command(&rest).n, 0);
}
