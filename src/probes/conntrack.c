/* SPDX-License-Identifier: MIT */
#include "probes/conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "kernel/attr.h"
#include "kernel/capability.h"
#include "kernel/file.h"
#include "kernel/nfnetlink.h"
#include "kernel/procnet.h"

#define CONNTRACK .layer = LAYER_CONNTRACK, .bits = 32
#define COUNTED                                                                \
	CONNTRACK, .type = "packets",                                          \
		   .source = "net/netfilter/nf_conntrack_core.c"
#define LEVEL                                                                  \
	CONNTRACK, .type = "conntrack",                                        \
		   .source = "net/netfilter/nf_conntrack_standalone.c"

/*
 * Of a count, .section is the name of the column in /proc and .offset the
 * attribute of ctnetlink; of a level, .section is a file of /proc/sys.
 */
static const struct counter conntrack_counters[] = {
	{COUNTED, .name = "drop", .section = "drop", .offset = CTA_STATS_DROP,
	 .kind = KIND_LOST,
	 .means = "Packets dropped: table full, a clash that could not be "
		  "resolved, a helper or NAT that failed",
	 .cause = "a helper or NAT failed, or there was no memory for an entry",
	 .remedy = "See what fails: `conntrack -S`; for helpers `host: dmesg`"},
	{COUNTED, .name = "chaintoolong", .tag = TAG_CHAIN_TOO_LONG,
	 .section = "chainlength", .offset = CTA_STATS_CHAIN_TOOLONG,
	 .kind = KIND_LOST,
	 .means = "Packets dropped: a chain of the hash table is too long",
	 .cause = "the hash table has too few buckets for its entries",
	 .remedy = "Raise the buckets: `sysctl "
		   "net.netfilter.nf_conntrack_buckets`"},
	{COUNTED, .name = "insert_failed", .tag = TAG_INSERT_FAILED,
	 .section = "insert_failed", .offset = CTA_STATS_INSERT_FAILED,
	 .kind = KIND_ECHO,
	 .means = "New entries refused: what was lost by it is in drop or "
		  "chaintoolong too"},
	{COUNTED, .name = "early_drop", .section = "early_drop",
	 .offset = CTA_STATS_EARLY_DROP, .kind = KIND_OVERLOAD,
	 .means = "Entries of unanswered connections thrown out to make room; "
		  "the new packet passes"},
	{COUNTED, .name = "invalid", .tag = TAG_CONNTRACK_INVALID,
	 .section = "invalid", .offset = CTA_STATS_INVALID,
	 .kind = KIND_SYMPTOM,
	 .means = "Packets that belong to no connection; they pass, unless a "
		  "rule drops them"},
	{COUNTED, .name = "clash_resolve", .section = "clashres",
	 .offset = CTA_STATS_CLASH_RESOLVE, .kind = KIND_BENIGN,
	 .means = "Entries that clashed and were merged; nothing is lost"},
	{COUNTED, .name = "found", .tag = TAG_CONNTRACK_FOUND,
	 .section = "found", .offset = CTA_STATS_FOUND, .kind = KIND_BENIGN,
	 .means = "Entries found while one was made: a port of NAT was taken"},
	{COUNTED, .name = "insert", .section = "insert", .optional = true,
	 .offset = CTA_STATS_INSERT, .kind = KIND_BENIGN,
	 .means = "Entries made by other programs (ctnetlink)"},
	{COUNTED, .name = "ignore", .section = "ignore", .optional = true,
	 .offset = CTA_STATS_IGNORE, .kind = KIND_BENIGN,
	 .means = "Packets not tracked; newer kernels count none"},
	{COUNTED, .name = "delete", .section = "delete", .optional = true,
	 .offset = CTA_STATS_DELETE, .kind = KIND_BENIGN,
	 .means = "Entries that ended; newer kernels count none"},
	{COUNTED, .name = "icmp_error", .section = "icmp_error",
	 .optional = true, .offset = CTA_STATS_ERROR, .kind = KIND_SYMPTOM,
	 .means = "ICMP errors that could not be tracked"},
	{COUNTED, .name = "search_restart", .section = "search_restart",
	 .optional = true, .offset = CTA_STATS_SEARCH_RESTART,
	 .kind = KIND_OVERLOAD,
	 .means = "Searches begun anew because the table was resized"},
	{LEVEL, .name = "count", .tag = TAG_CONNTRACK_COUNT, .kind = KIND_FILL,
	 .direction = DIR_FILL,
	 .means = "Entries of this namespace in the connection table",
	 .cause = "the connection table fills up",
	 .remedy = "See by what: `conntrack -L`; or raise it: `sysctl -w "
		   "net.netfilter.nf_conntrack_max=N`",
	 .section = "nf_conntrack_count"},
	{LEVEL, .name = "max", .tag = TAG_CONNTRACK_MAX, .kind = KIND_LEVEL,
	 .of = {{LAYER_CONNTRACK, DIR_FILL, RELATION_INSIDE}},
	 .means = "The host's limit, compared with each namespace's own count",
	 .section = "nf_conntrack_max"},
};
static const struct counter_table conntrack_table =
	COUNTER_TABLE(conntrack_counters);

_Static_assert(ARRAY_SIZE(conntrack_counters) <= MAX_PERCPU, "too many rows");

static const struct counter *level(enum tag tag)
{
	return counter_tagged(&conntrack_table, tag);
}

/* The attributes of a message. Returns 0 or -EBADMSG. */
static int parse_attrs(const struct nlmsghdr *h, const struct nlattr **found,
		       unsigned max)
{
	if (h->nlmsg_len < NLMSG_HDRLEN + sizeof(struct nfgenmsg))
		return -EBADMSG;
	attrs_index(attrs_of(h), found, max);
	return 0;
}

int conntrack_parse_message(const struct nlmsghdr *h, struct percpu *stats)
{
	const struct nlattr *attrs[CTA_STATS_MAX + 1];
	int r = parse_attrs(h, attrs, CTA_STATS_MAX);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(conntrack_counters); i++) {
		uint16_t type = conntrack_counters[i].offset; /* of a level 0 */

		if (!type || !attr_is_size(attrs[type], 4))
			continue;
		stats->value[i] = (uint32_t)stats->value[i] +
				  attr_be32(attrs[type]);
		stats->found[i] = true;
	}
	return r;
}

int conntrack_parse_levels(const struct nlmsghdr *h,
			   struct conntrack_levels *ret)
{
	const struct nlattr *attrs[CTA_STATS_GLOBAL_MAX + 1];
	int r = parse_attrs(h, attrs, CTA_STATS_GLOBAL_MAX);

	if (r < 0)
		return r;
	if (!attr_is_size(attrs[CTA_STATS_GLOBAL_ENTRIES], 4) ||
	    !attr_is_size(attrs[CTA_STATS_GLOBAL_MAX_ENTRIES], 4))
		return -EOPNOTSUPP;
	ret->count = attr_be32(attrs[CTA_STATS_GLOBAL_ENTRIES]);
	ret->max = attr_be32(attrs[CTA_STATS_GLOBAL_MAX_ENTRIES]);
	return 0;
}

static int conntrack_on_stats(const struct nlmsghdr *h, void *arg)
{
	return conntrack_parse_message(h, arg);
}

/* The one message announces others, which never come: end with it. */
static int conntrack_on_levels(const struct nlmsghdr *h, void *arg)
{
	int r = conntrack_parse_levels(h, arg);

	return r < 0 ? r : -ECANCELED;
}

static int conntrack_ask(struct netlink *nl, unsigned message, uint16_t flags,
			 netlink_row row, void *arg)
{
	char buffer[64] __attribute__((aligned(4)));

	return netlink_ask(nl, NETLINK_NETFILTER,
			   nfnetlink_request(buffer, NFNL_SUBSYS_CTNETLINK,
					     message, 0, flags),
			   row, arg);
}

/*
 * Asks ctnetlink, which costs a seventh of the files: those below /proc/sys
 * are looked up among all namespaces. Returns 0 or negative errno.
 */
static int conntrack_ask_all(struct netlink *nl,
			     struct conntrack_levels *levels,
			     struct percpu *stats)
{
	int r = nl ? netlink_available(nl, KMOD_CTNETLINK) : -ENOENT;

	if (r == 0)
		r = conntrack_ask(nl, IPCTNL_MSG_CT_GET_STATS, 0,
				  conntrack_on_levels, levels);
	if (r != -ECANCELED)
		return r < 0 ? r : -EBADMSG;
	*stats = (struct percpu) {0};
	return conntrack_ask(nl, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP,
			     conntrack_on_stats, stats);
}

static int conntrack_read_stats(struct probe_env *env, struct percpu *ret)
{
	ssize_t n = procnet_read(env->net, "stat/nf_conntrack", env->buffer,
				 env->size);

	*ret = (struct percpu) {0};
	if (n == -ENOENT)
		return 0; /* the levels are all there is */
	if (n < 0)
		return (int)n;
	return percpu_parse(env->buffer, n, conntrack_counters,
			    ARRAY_SIZE(conntrack_counters), ret);
}

static int conntrack_read_files(struct probe_env *env,
				struct conntrack_levels *levels,
				struct percpu *stats)
{
	char dir[256];
	int r;

	if (snprintf(dir, sizeof(dir), "%s/net/netfilter", env->sys) >=
	    (int)sizeof(dir))
		return -ENAMETOOLONG;
	r = file_read_number(dir, level(TAG_CONNTRACK_COUNT)->section,
			     &levels->count);
	if (r == 0)
		r = file_read_number(dir, level(TAG_CONNTRACK_MAX)->section,
				     &levels->max);
	return r < 0 ? r : conntrack_read_stats(env, stats);
}

static void conntrack_append(const struct probe_env *env,
			     const struct conntrack_levels *levels,
			     const struct percpu *stats, struct sample *out)
{
	sample_object(out, LAYER_CONNTRACK, "", "", 0);
	sample_row(out, level(TAG_CONNTRACK_COUNT), levels->count);
	if (levels->max) /* no limit is no row */
		sample_row(out, level(TAG_CONNTRACK_MAX), levels->max);
	for (size_t i = 0; i < ARRAY_SIZE(conntrack_counters); i++)
		if (stats->found[i] &&
		    counter_wanted(env, &conntrack_counters[i]))
			sample_row(out, &conntrack_counters[i],
				   stats->value[i]);
}

static bool has_counts(const struct percpu *stats)
{
	for (size_t i = 0; i < ARRAY_SIZE(conntrack_counters); i++)
		if (stats->found[i])
			return true;
	return false;
}

/* Why ctnetlink does not tell matters where the files do not, either. */
static int conntrack_read(struct probe_env *env, struct sample *out)
{
	struct conntrack_levels levels = {0};
	struct percpu stats;
	int asked = conntrack_ask_all(env->netlink, &levels, &stats), r = asked;

	if (asked < 0)
		r = conntrack_read_files(env, &levels, &stats);
	if (asked < 0 && asked != -ENOENT && asked != -EOPNOTSUPP &&
	    (r == -ENOENT || (r == 0 && !has_counts(&stats))))
		r = asked;
	if (r == 0)
		conntrack_append(env, &levels, &stats, out);
	return r;
}

/* A level of the namespace's connection table, or 0. */
static uint64_t table_level(const struct suspect *suspect, enum tag tag)
{
	return object_value(suspect->sample, suspect->object, level(tag), 0);
}

/* ---- causes ---- */

enum {
	REASON_FULL,
	REASON_NO_PORT,
	REASON_CLASH,
	REASON_BUCKETS,
};

static const struct reason conntrack_reasons[] = {
	[REASON_FULL] =
		{.id = "conntrack-full",
		 .means = "The table of tracked connections is full, or about "
			  "to be. The kernel then drops the first packet of "
			  "each new connection, while those that it knows go "
			  "on.",
		 .confirm = "`sysctl net.netfilter.nf_conntrack_count "
			    "net.netfilter.nf_conntrack_max` shows how full it "
			    "is; in `conntrack -S` drop grows, and `host: "
			    "dmesg` says \"nf_conntrack: table full\".",
		 .fix = "See what fills it: `conntrack -L`. If these are real "
			"connections, raise the limit, which is one for the "
			"whole host: `host: sysctl -w "
			"net.netfilter.nf_conntrack_max=524288`, and persist "
			"it in /etc/sysctl.d. If they are not, let them end "
			"earlier, such as with `sysctl -w net.netfilter."
			"nf_conntrack_tcp_timeout_established=86400`, or do "
			"not track them (notrack).",
		 .gone = "percent-conntrack-fill falls below 85, and in "
			 "`conntrack -S` drop stands still."},
	[REASON_NO_PORT] =
		{.id = "nat-ports-exhausted",
		 .means = "NAT found no free source port for a new flow: the "
			  "ports that its rule may use are all taken by flows "
			  "to the same destination. The packet is dropped and "
			  "nobody is told. The table of connections need not "
			  "be full at all.",
		 .confirm = "In `conntrack -S` insert_failed and drop grow "
			    "alike, and found grows many times as fast: it "
			    "counts the ports that were tried in vain. "
			    "`conntrack -L` shows how many flows go to one "
			    "destination.",
		 .fix = "Give the NAT rule more: a wider range of ports "
			"(\"--to-ports\"), or more addresses. `iptables-save "
			"-t nat`, `ip6tables-save -t nat` and `nft list "
			"ruleset` show it. Fewer flows "
			"help, too: let clients keep their connections, and "
			"let entries of UDP end earlier, `sysctl "
			"net.netfilter.nf_conntrack_udp_timeout`.",
		 .gone = "In `conntrack -S` insert_failed stands still."},
	[REASON_CLASH] =
		{.id = "conntrack-clash",
		 .means = "Two packets of one new flow were in the kernel at "
			  "the same time, each with an entry of its own, and "
			  "the second could not be put into the table. Mostly "
			  "these are two DNS queries that a program sends at "
			  "once from one socket, through NAT.",
		 .confirm = "In `conntrack -S` insert_failed and drop grow "
			    "alike while the table is nearly empty: `sysctl "
			    "net.netfilter.nf_conntrack_count`. Lookups that "
			    "take five seconds are a sign of it.",
		 .fix = "Let the program ask one after the other (\"options "
			"single-request-reopen\" in its resolv.conf), put a "
			"resolver on the same host, or do not track it: "
			"`iptables -t raw -A PREROUTING -p udp --dport 53 -j "
			"CT --notrack`.",
		 .gone = "In `conntrack -S` insert_failed stands still."},
	[REASON_BUCKETS] =
		{.id = "conntrack-buckets",
		 .means = "So many entries fell into one bucket of the hash "
			  "table that the kernel gave up searching it and "
			  "dropped the first packet of a new connection: "
			  "there are too few buckets for the entries.",
		 .confirm = "In `conntrack -S` chaintoolong grows. `host: "
			    "sysctl net.netfilter.nf_conntrack_buckets` is "
			    "small beside `sysctl "
			    "net.netfilter.nf_conntrack_count`.",
		 .fix = "Make the table larger: `host: sysctl -w "
			"net.netfilter.nf_conntrack_buckets=262144`, about as "
			"many as there are entries.",
		 .gone = "In `conntrack -S` chaintoolong stands still."},
	{.id = NULL},
};

/* A table that is full keeps a little below its limit by throwing out. */
#define NEARLY_FULL_PERCENT 90

static bool explain_full_conntrack(const struct suspect *suspect,
				   struct cause *ret)
{
	unsigned long long count = table_level(suspect, TAG_CONNTRACK_COUNT);
	unsigned long long max = table_level(suspect, TAG_CONNTRACK_MAX);

	if (!max || suspect->row->counter->tag == TAG_CHAIN_TOO_LONG ||
	    (suspect->loss->direction != DIR_FILL &&
	     count * 100 < max * NEARLY_FULL_PERCENT))
		return false;
	ret->reason = &conntrack_reasons[REASON_FULL];
	CAUSE_TEXT(ret, "the connection table is %s (%llu of %llu entries)",
		   suspect->loss->direction == DIR_FILL ? "filling up" : "full",
		   count, max);
	CAUSE_REMEDY(ret,
		     "Raise the limit: `host: sysctl -w "
		     "net.netfilter.nf_conntrack_max=%llu`; see what fills it: "
		     "`conntrack -L`",
		     max * 2);
	return true;
}

static bool explain_buckets(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_CHAIN_TOO_LONG)
		return false;
	ret->reason = &conntrack_reasons[REASON_BUCKETS];
	CAUSE_TEXT(ret, "the hash table of connections has too few buckets for "
			"its entries");
	CAUSE_REMEDY(ret, "%s", suspect->row->counter->remedy);
	return true;
}

/* By how much a row of the suspect's object moved. */
static uint64_t moved_beside(const struct suspect *suspect, enum tag tag)
{
	const struct row *row =
		object_tagged(suspect->sample, suspect->object, tag);

	return row && row_moved(row) ? row->delta : 0;
}

/* Whether so many packets came in, or were to be sent, of IPv4 or IPv6. */
static bool may_have_lost_any(const struct sample *s, bool v6, uint64_t n)
{
	uint64_t moved = 0;

	EACH_OBJECT (s, o) {
		if (o->layer != LAYER_IP)
			continue;
		EACH_ROW (s, o, row)
			if ((row->counter->tag == TAG_IN_RECEIVES ||
			     row->counter->tag == TAG_OUT_REQUESTS) &&
			    row->counter->v6 == v6 && row_moved(row))
				moved += row->delta;
	}
	return moved >= n;
}

/* What shows the rules of NAT; the table of connections is of both families. */
static const char *nat_rules(const struct sample *s, uint64_t n)
{
	bool v4 = may_have_lost_any(s, false, n),
	     v6 = may_have_lost_any(s, true, n);

	if (v4 == v6)
		return "`iptables-save -t nat`, `ip6tables-save -t nat`, `nft "
		       "list ruleset`";
	return v6 ? "`ip6tables-save -t nat`, `nft list ruleset`"
		  : "`iptables-save -t nat`, `nft list ruleset`";
}

/* So many ports are tried in vain for each packet when none is left. */
#define TRIED_PER_PACKET 8

/*
 * An entry that could not be put into the table is counted in drop, too; one
 * for which there was no room never got that far.
 */
static bool explain_insert(const struct suspect *suspect, struct cause *ret)
{
	uint64_t in_chains = moved_beside(suspect, TAG_CHAIN_TOO_LONG);
	uint64_t failed = moved_beside(suspect, TAG_INSERT_FAILED);
	uint64_t tried = moved_beside(suspect, TAG_CONNTRACK_FOUND);

	failed -= in_chains < failed ? in_chains : failed;
	if (suspect->loss->direction == DIR_FILL ||
	    failed < suspect->row->delta / 2 || !failed)
		return false;
	if (tried >= failed * TRIED_PER_PACKET) {
		ret->reason = &conntrack_reasons[REASON_NO_PORT];
		CAUSE_TEXT(ret,
			   "NAT has no free port left for new flows to this "
			   "destination (%llu of %llu entries in the table)",
			   (unsigned long long)table_level(suspect,
							   TAG_CONNTRACK_COUNT),
			   (unsigned long long)table_level(suspect,
							   TAG_CONNTRACK_MAX));
		CAUSE_REMEDY(ret,
			     "Give the rule of NAT more ports or addresses: %s",
			     nat_rules(suspect->sample, failed));
		return true;
	}
	ret->reason = &conntrack_reasons[REASON_CLASH];
	CAUSE_TEXT(ret, "no free port or address for NAT, or two packets of "
			"one new flow at once");
	CAUSE_REMEDY(ret, "See which: `conntrack -S`; rules of NAT: %s",
		     nat_rules(suspect->sample, failed));
	return true;
}

/* clang-format off */
static const struct explainer conntrack_explainers[] = {
	{LAYER_CONNTRACK, explain_buckets},
	{LAYER_CONNTRACK, explain_insert},
	{LAYER_CONNTRACK, explain_full_conntrack},
	{0, NULL},
};
/* clang-format on */

const struct probe conntrack_probe = {
	.name = "conntrack",
	.what = "counters of connection tracking",
	.reads = "ctnetlink, else /proc/net/stat/nf_conntrack and "
		 "/proc/sys/net/netfilter/nf_conntrack_{count,max}",
	.needs = NEEDS(NET_ADMIN),
	.layer = LAYER_CONNTRACK,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.counters = &conntrack_table,
	.explainers = conntrack_explainers,
	.reasons = conntrack_reasons,
	.read = conntrack_read,
};
