/* SPDX-License-Identifier: MIT */
#include "probes/rt_cache.h"

#include <errno.h>

#include "probes/percpu.h"

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
	 .remedy = "sysctl -w net.ipv4.conf.all.log_martians=1; dmesg"},
	{MARTIAN, .name = "in_martian_dst", .tag = TAG_MARTIAN_DST,
	 .means = "Packets of all namespaces dropped for a destination that "
		  "cannot be",
	 .remedy = "sysctl -w net.ipv4.conf.all.log_martians=1; dmesg"},
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

static bool explain_martians(const struct sample *s, const struct loss *loss,
			     struct cause *ret)
{
	(void)s;
	if (!loss->martians)
		return false;
	ret->lost = loss->martians;
	ret->counter = counter_tagged(&rt_cache_table, TAG_MARTIAN_SRC);
	CAUSE_TEXT(ret, "martian packets: their source or destination "
			"address cannot come from there");
	CAUSE_REMEDY(ret, "Find the sender: sysctl -w "
			  "net.ipv4.conf.all.log_martians=1, then dmesg");
	return true;
}

const struct probe rt_cache_probe = {
	.name = "rt_cache",
	.reads = "/proc/net/stat/rt_cache, for the whole host",
	.host_wide = true,
	.layer = LAYER_IP,
	.counters = &rt_cache_table,
	.explain_hidden = explain_martians,
	.read = rt_cache_read,
};
