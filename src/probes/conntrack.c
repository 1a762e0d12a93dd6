/* SPDX-License-Identifier: MIT */
#include "conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "../nfnetlink.h"
#include "../procnet.h"

#define CONNTRACK .layer = LAYER_CONNTRACK, .bits = 32
#define COUNTED                                                                \
	CONNTRACK, .type = "packets",                                          \
		   .source = "net/netfilter/nf_conntrack_core.c"
#define LEVEL                                                                  \
	CONNTRACK, .type = "conntrack", .main = true,                          \
		   .source = "net/netfilter/nf_conntrack_standalone.c"

/*
 * The first N_CONNTRACK_STATS are counts: .section is the name of the column
 * in /proc, .offset the attribute of ctnetlink.
 */
static const struct counter conntrack_counters[] = {
	{COUNTED, .name = "drop", .section = "drop", .offset = CTA_STATS_DROP,
	 .kind = KIND_LOST,
	 .means = "Packets dropped: table full, a clash that could not be "
		  "resolved, a helper or NAT that failed",
	 .cause = "the connection table is full, or entries clash",
	 .remedy = "sysctl net.netfilter.nf_conntrack_count "
		   "net.netfilter.nf_conntrack_max"},
	{COUNTED, .name = "chaintoolong", .section = "chainlength",
	 .offset = CTA_STATS_CHAIN_TOOLONG, .kind = KIND_LOST,
	 .means = "Packets dropped: a chain of the hash table is too long",
	 .cause = "the hash table has too few buckets for its entries",
	 .remedy = "sysctl net.netfilter.nf_conntrack_buckets"},
	{COUNTED, .name = "insert_failed", .section = "insert_failed",
	 .offset = CTA_STATS_INSERT_FAILED, .kind = KIND_ECHO,
	 .means = "New entries refused: what was lost by it is in drop or "
		  "chaintoolong too"},
	{COUNTED, .name = "early_drop", .section = "early_drop",
	 .offset = CTA_STATS_EARLY_DROP, .kind = KIND_OVERLOAD,
	 .means = "Entries of unanswered connections thrown out to make room; "
		  "the new packet passes"},
	{COUNTED, .name = "invalid", .section = "invalid",
	 .offset = CTA_STATS_INVALID, .kind = KIND_SYMPTOM,
	 .means = "Packets that belong to no connection; they pass, unless a "
		  "rule drops them"},
	{COUNTED, .name = "clash_resolve", .section = "clashres",
	 .offset = CTA_STATS_CLASH_RESOLVE, .kind = KIND_BENIGN,
	 .means = "Entries that clashed and were merged; nothing is lost"},
	{LEVEL, .name = "count", .kind = KIND_FILL, .direction = DIR_FILL,
	 .means = "Entries of this namespace in the connection table",
	 .cause = "the connection table fills up",
	 .remedy = "conntrack -L shows by what; raise "
		   "net.netfilter.nf_conntrack_max",
	 .section = "nf_conntrack_count"},
	{LEVEL, .name = "max", .kind = KIND_LEVEL,
	 .of = {{LAYER_CONNTRACK, DIR_FILL, INSIDE}},
	 .means = "The host's limit, compared with each namespace's own count",
	 .section = "nf_conntrack_max"},
};

#define COUNT (&conntrack_counters[N_CONNTRACK_STATS])
#define MAX (&conntrack_counters[N_CONNTRACK_STATS + 1])

int conntrack_parse_message(const struct nlmsghdr *h, struct cpustat *stats)
{
	struct nlattr *attrs[CTA_STATS_MAX + 1];

	if (nlmsg_datalen(h) < (int)sizeof(struct nfgenmsg) ||
	    nlmsg_parse((struct nlmsghdr *)h, sizeof(struct nfgenmsg), attrs,
			CTA_STATS_MAX, NULL) < 0)
		return -EBADMSG;
	for (int i = 0; i < N_CONNTRACK_STATS; i++) {
		struct nlattr *attr = attrs[conntrack_counters[i].offset];

		if (!attr || nla_len(attr) < 4)
			continue;
		stats->value[i] = (uint32_t)stats->value[i] +
				  ntohl(nla_get_u32(attr));
		stats->found[i] = true;
	}
	return 0;
}

static int on_stats(const struct nlmsghdr *h, void *arg)
{
	return conntrack_parse_message(h, arg);
}

/* For kernels without the file. Returns 0 or negative errno. */
static int ask_stats(struct nfnetlink *nf, struct cpustat *ret)
{
	char buffer[64] __attribute__((aligned(4)));
	struct nlmsghdr *request;
	int r = nfnetlink_available(nf, NFNL_SUBSYS_CTNETLINK);

	*ret = (struct cpustat) {0};
	if (r == 0)
		r = nfnetlink_open(nf);
	if (r < 0)
		return r;
	request = nfnetlink_request(buffer, NFNL_SUBSYS_CTNETLINK,
				    IPCTNL_MSG_CT_GET_STATS_CPU, 0, NLM_F_DUMP);
	return nfnetlink_ask(nf, request, on_stats, ret);
}

static int read_stats(struct probe_env *env, struct cpustat *ret)
{
	ssize_t n = procnet_read(env->net, "stat/nf_conntrack", env->buffer,
				 env->size);

	if (n >= 0)
		return cpustat_parse(env->buffer, n, conntrack_counters,
				     N_CONNTRACK_STATS, ret);
	return n == -ENOENT && env->netfilter ? ask_stats(env->netfilter, ret)
					      : n;
}

static int append_stats(struct probe_env *env, struct sample *out)
{
	struct cpustat stats;
	int r = read_stats(env, &stats);

	for (int i = 0; r == 0 && i < N_CONNTRACK_STATS; i++)
		if (stats.found[i])
			sample_row(out, &conntrack_counters[i], stats.value[i]);
	return r == -ENOENT ? 0 : r; /* neither: the levels are all there is */
}

static int append_level(struct probe_env *env, const struct counter *c,
			struct sample *out)
{
	char dir[256];
	uint64_t value;
	int r;

	if (snprintf(dir, sizeof(dir), "%s/net/netfilter", env->sys) >=
	    (int)sizeof(dir))
		return -ENAMETOOLONG;
	r = procnet_read_number(dir, c->section, &value);
	if (r == 0 && (c != MAX || value)) /* no limit is no row */
		sample_row(out, c, value);
	return r;
}

static int conntrack_read(struct probe_env *env, struct sample *out)
{
	int r;

	sample_object(out, LAYER_CONNTRACK, "", "", 0);
	if (!out->error)
		out->objects[out->n_objects - 1].main = true;
	r = append_level(env, COUNT, out);
	if (r == 0)
		r = append_level(env, MAX, out);
	return r < 0 ? r : append_stats(env, out);
}

const struct probe conntrack_probe = {
	.name = "conntrack",
	.reads = "/proc/net/stat/nf_conntrack (else ctnetlink) and "
		 "/proc/sys/net/netfilter/nf_conntrack_{count,max}",
	.layer = LAYER_CONNTRACK,
	.counters = conntrack_counters,
	.n_counters = ARRAY_SIZE(conntrack_counters),
	.read = conntrack_read,
};
