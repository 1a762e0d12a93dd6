/* SPDX-License-Identifier: MIT */
#include "probes/rt_cache.h"

#include <errno.h>
#include <string.h>

#include "base/token.h"
#include "probes/percpu.h"
#include "probes/sysctl.h"

#define OBJECT "rt_cache"
#define ROUTE                                                                  \
	.layer = LAYER_IP, .bits = 32, .object = OBJECT,                       \
	.source = "net/ipv4/route.c"
#define IN ROUTE, .type = "packets", .direction = DIR_RX
#define OUT ROUTE, .type = "packets", .direction = DIR_TX
#define MARTIAN IN, .kind = KIND_SYMPTOM
#define ASIDE .kind = KIND_BENIGN, .optional = true

/* The other columns are 0 since Linux 3.6, which has no route cache. */
static const struct counter rt_cache_counters[] = {
	{MARTIAN, .name = "in_martian_src", .tag = TAG_MARTIAN_SRC,
	 .means = "Packets of all namespaces dropped for a source that cannot "
		  "be: 127/8 or an own address from outside, multicast",
	 .remedy = "Have them logged: `sysctl -w "
		   "net.ipv4.conf.all.log_martians=1`, then `host: dmesg`"},
	{MARTIAN, .name = "in_martian_dst", .tag = TAG_MARTIAN_DST,
	 .means = "Packets of all namespaces dropped for a destination that "
		  "cannot be",
	 .remedy = "Have them logged: `sysctl -w "
		   "net.ipv4.conf.all.log_martians=1`, then `host: dmesg`"},
	{IN, ASIDE, .name = "in_no_route",
	 .means = "Received packets without a route: InAddrErrors or "
		  "InNoRoutes of their namespace, too"},
	{IN, ASIDE, .name = "in_brd", .means = "Broadcasts received"},
	{IN, ASIDE, .name = "in_slow_tot",
	 .means = "Routes looked up for received packets"},
	{IN, ASIDE, .name = "in_slow_mc",
	 .means = "Routes looked up for received multicast"},
	{OUT, ASIDE, .name = "out_slow_tot",
	 .means = "Routes looked up for packets to send"},
	{OUT, ASIDE, .name = "out_slow_mc",
	 .means = "Routes looked up for multicast to send"},
	{ROUTE, .name = "entries", .type = "gauge", .kind = KIND_LEVEL,
	 .optional = true, .means = "IPv4 destination entries in use"},
};
static const struct counter_table rt_cache_table =
	COUNTER_TABLE(rt_cache_counters);
_Static_assert(ARRAY_SIZE(rt_cache_counters) <= MAX_PERCPU, "too many rows");

static int rt_cache_read(struct probe_env *env, struct sample *out)
{
	return percpu_append(env, "rt_cache", LAYER_IP, OBJECT,
			     rt_cache_counters, ARRAY_SIZE(rt_cache_counters),
			     out);
}

enum {
	REASON_SOURCE,
	REASON_DESTINATION,
};

static const struct reason rt_cache_reasons[] = {
	[REASON_SOURCE] =
		{.id = "martian-source",
		 .means = "Packets with a source address that must not come "
			  "in there: one of this namespace's own, of the "
			  "loopback (127.0.0.0/8), a multicast or a broadcast "
			  "address; or, where src_valid_mark is on, one that "
			  "the routes of the packet's firewall mark call "
			  "local. They are counted for all namespaces "
			  "together, and here packets vanish.",
		 .confirm = "`sysctl -w net.ipv4.conf.all.log_martians=1` has "
			    "the kernel log them, with addresses and the "
			    "sender's MAC address: `host: dmesg`. Switch it "
			    "off again with `sysctl -w "
			    "net.ipv4.conf.all.log_martians=0`.",
		 .fix = "Find the sender by its MAC address: a host with the "
			"same address, a loop of bridges that brings back what "
			"was sent, a container's network that leaks. If marks "
			"choose the route (`ip rule`), the route of the mark "
			"must suit the way back, too: `sysctl -w "
			"net.ipv4.conf.all.src_valid_mark=0` has the source "
			"judged without the mark.",
		 .gone = "in_martian_src stands still: `host: cat "
			 "/proc/net/stat/rt_cache`."},
	[REASON_DESTINATION] =
		{.id = "martian-destination",
		 .means = "Packets whose destination cannot be where they came "
			  "in: of the loopback (127.0.0.0/8), or 0.0.0.0. "
			  "Often a DNAT rule sends what comes from outside to "
			  "127.0.0.1, which the kernel only lets through "
			  "where route_localnet is on. They are counted for "
			  "all namespaces together, and here packets vanish.",
		 .confirm = "`sysctl -w net.ipv4.conf.all.log_martians=1` has "
			    "the kernel log them: `host: dmesg`. "
			    "`iptables-save -t nat` and `nft list ruleset` "
			    "show whether a rule sends them there.",
		 .fix = "Let the rule send to an address of an interface, and "
			"the program listen there. Or allow it: `sysctl -w "
			"net.ipv4.conf.all.route_localnet=1`.",
		 .gone = "in_martian_dst stands still: `host: cat "
			 "/proc/net/stat/rt_cache`."},
	{.id = NULL},
};

/* Whether a setting was read in this namespace and is on. */
static bool is_on(const struct sample *s, const char *name)
{
	const char *value =
		sysctl_value(s, (struct token) {name, strlen(name)});

	return value && strcmp(value, "0");
}

static void explain_source(const struct sample *s, struct cause *ret)
{
	ret->reason = &rt_cache_reasons[REASON_SOURCE];
	ret->counter = counter_tagged(&rt_cache_table, TAG_MARTIAN_SRC);
	if (is_on(s, "net.ipv4.conf.all.src_valid_mark")) {
		CAUSE_TEXT(ret, "martian packets: src_valid_mark is on, so the "
				"routes of their firewall mark judge their "
				"source, and call it impossible there");
		CAUSE_REMEDY(ret, "Look at the routes of marks: `ip rule`; or "
				  "`sysctl -w net.ipv4.conf.all."
				  "src_valid_mark=0`");
		return;
	}
	CAUSE_TEXT(ret, "martian packets: their source address cannot come "
			"from there");
	CAUSE_REMEDY(ret, "Find the sender: `sysctl -w "
			  "net.ipv4.conf.all.log_martians=1`, then `host: "
			  "dmesg`");
}

static void explain_destination(const struct sample *s, struct cause *ret)
{
	ret->reason = &rt_cache_reasons[REASON_DESTINATION];
	ret->counter = counter_tagged(&rt_cache_table, TAG_MARTIAN_DST);
	CAUSE_TEXT(ret,
		   "martian packets: their destination cannot be reached "
		   "from there%s",
		   is_on(s, "net.ipv4.conf.all.route_localnet")
			   ? ""
			   : "; 127.0.0.0/8 cannot while route_localnet is "
			     "off");
	CAUSE_REMEDY(ret, "Look for a rule that sends them there: "
			  "`iptables-save -t nat`, `nft list ruleset`; or "
			  "`sysctl -w net.ipv4.conf.all.route_localnet=1`");
}

static bool explain_martians(const struct sample *s, const struct loss *loss,
			     struct cause *ret)
{
	if (!loss->martians)
		return false;
	ret->lost = loss->martians;
	if (loss->martian_dst)
		explain_destination(s, ret);
	else
		explain_source(s, ret);
	return true;
}

const struct probe rt_cache_probe = {
	.name = "rt_cache",
	.what = "counters of routing",
	.reads = "/proc/net/stat/rt_cache, for the whole host",
	.host_wide = true,
	.layer = LAYER_IP,
	.counters = &rt_cache_table,
	.reasons = rt_cache_reasons,
	.explain_hidden = explain_martians,
	.read = rt_cache_read,
};
