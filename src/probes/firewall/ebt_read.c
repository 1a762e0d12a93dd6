/* SPDX-License-Identifier: MIT */
/*
 * Legacy ebtables, read the way ebtables-legacy -L --Lc does: but nothing is
 * asked for that asking would make. No file says which tables there are.
 * Before Linux 5.14 each namespace has those whose module is there; since then
 * they are made where somebody asks for them first, so who is not to make one
 * has to know. The list of hooks tells, if the module nfnetlink_hook is there;
 * else the count of a module's users is that of namespaces with rules in its
 * table. As long as not all of these have been found, one that has a bridge is
 * asked: it is who can have use for rules, and an empty table harms nobody.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h> /* before the kernel's, or they clash */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <linux/netfilter.h>
#include <linux/netfilter_bridge/ebtables.h>
#include <linux/rtnetlink.h>

#include "kernel/capability.h"
#include "kernel/file.h"
#include "kernel/attr.h"
#include "kernel/nfnetlink.h"
#include "probes/firewall/ebt_chains.h"
#include "probes/firewall/emit.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/legacy.h"
#include "probes/firewall/rule.h"

/* As linux/netfilter/nfnetlink_hook.h has it, which is of Linux 5.14. */
#define HOOK_SUBSYSTEM 12
#define HOOK_GET 0
enum hook_attribute {
	HOOK_NUMBER = 1,
	HOOK_PRIORITY,
	HOOK_DEVICE,
	HOOK_FUNCTION,
	HOOK_MODULE,
	HOOK_CHAIN, /* nf_tables has hooked itself in there */
	N_HOOK_ATTRIBUTES,
};

/*
 * The tables that drop. That of brouting has a DROP, too, but it means that a
 * frame is to be routed.
 */
static const struct ebt_source {
	const char *table;
	enum kmod module;
	uint32_t hook; /* one of those it is hooked in to, */
	int priority;  /* and where there */
} ebt_sources[] = {
	{"filter", KMOD_EBTABLE_FILTER, NF_BR_FORWARD,
	 NF_BR_PRI_FILTER_BRIDGED},
	{"nat", KMOD_EBTABLE_NAT, NF_BR_PRE_ROUTING, NF_BR_PRI_NAT_DST_BRIDGED},
};

/* How often modules that were not there are looked for. */
#define LOOK_NS UINT64_C(10000000000)

/* Namespaces in which rules were found, as far as there is room. */
#define MAX_HOLDERS 8
/* How long it is believed that they still have some. */
#define HOLDS_NS UINT64_C(600000000000)

struct ebt_holder {
	uint64_t cookie; /* of the namespace */
	uint64_t seen;	 /* CLOCK_MONOTONIC */
};

/* A probe's state. */
struct ebt_modules {
	uint64_t looked; /* CLOCK_MONOTONIC, 0: never */
	uint32_t there;	 /* bit i: the module of ebt_sources[i] is */
	bool is_lazy;	 /* tables are made where they are asked for */
	struct ebt_holder holders[ARRAY_SIZE(ebt_sources)][MAX_HOLDERS];
};

static bool is_holding(const struct ebt_holder *h, uint64_t now)
{
	return h->cookie && now - h->seen < HOLDS_NS;
}

/* Notes whether a namespace has rules. */
static void note_holder(struct ebt_holder list[MAX_HOLDERS], uint64_t cookie,
			uint64_t now, bool has_rules)
{
	struct ebt_holder *free_one = NULL;

	for (size_t i = 0; i < MAX_HOLDERS; i++) {
		struct ebt_holder *h = &list[i];

		if (h->cookie == cookie || !is_holding(h, now))
			h->cookie = 0;
		if (!h->cookie && !free_one)
			free_one = h;
	}
	if (free_one && has_rules)
		*free_one = (struct ebt_holder) {cookie, now};
}

/* Whether it is known which namespaces the users of a module are. */
static bool are_all_elsewhere(const struct ebt_holder list[MAX_HOLDERS],
			      uint64_t cookie, uint64_t now, uint64_t users)
{
	uint64_t n = 0;

	for (size_t i = 0; i < MAX_HOLDERS; i++)
		n += is_holding(&list[i], now) && list[i].cookie != cookie;
	return n >= users;
}

static bool makes_tables_late(void)
{
	struct utsname kernel;
	unsigned long major, minor;
	char *end;

	if (uname(&kernel) < 0)
		return true;
	major = strtoul(kernel.release, &end, 10);
	if (end == kernel.release || *end != '.')
		return true;
	minor = strtoul(end + 1, &end, 10);
	return major > 5 || (major == 5 && minor >= 14);
}

static void look_for_modules(struct ebt_modules *m, struct netlink *nl,
			     uint64_t now)
{
	if (m->looked && now - m->looked < LOOK_NS)
		return;
	m->looked = now;
	m->there = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ebt_sources); i++)
		if (kmod_is_loaded(&nl->kmods, ebt_sources[i].module) ||
		    kmod_is_builtin(&nl->kmods, ebt_sources[i].module,
				    nl->buffer, nl->size))
			m->there |= 1u << i;
}

/* ---- whether a namespace has a table ---- */

struct hook_search {
	const struct ebt_source *source;
	bool found;
};

static int on_hook(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *in[N_HOOK_ATTRIBUTES];
	struct hook_search *search = arg;

	attrs_index(attrs_of(h), in, N_HOOK_ATTRIBUTES - 1);
	if ((int)attr_be32(in[HOOK_PRIORITY]) == search->source->priority &&
	    attr_is_size(in[HOOK_PRIORITY], 4) && !in[HOOK_CHAIN])
		search->found = true;
	return 0;
}

/* Returns 1 or 0, or negative errno: it cannot be told. */
static int is_hooked(struct netlink *nl, const struct ebt_source *source)
{
	_Alignas(8) char request[64] = "";
	struct hook_search search = {.source = source};
	struct nlmsghdr *h;
	int r = netlink_available(nl, KMOD_HOOK);

	if (r < 0)
		return r;
	h = nfnetlink_request(request, HOOK_SUBSYSTEM, HOOK_GET, NFPROTO_BRIDGE,
			      NLM_F_DUMP);
	mnl_attr_put_u32(h, HOOK_NUMBER, htonl(source->hook));
	r = netlink_ask(nl, NETLINK_NETFILTER, h, on_hook, &search);
	return r < 0 ? r : search.found;
}

static int on_bridge(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *in[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct attrs all = {
		(const char *)h + NLMSG_SPACE(sizeof(struct ifinfomsg)), 0};

	if (h->nlmsg_len < NLMSG_SPACE(sizeof(struct ifinfomsg)))
		return 0;
	all.n = h->nlmsg_len - NLMSG_SPACE(sizeof(struct ifinfomsg));
	attrs_index(all, in, IFLA_MAX);
	attrs_index(attrs_in(in[IFLA_LINKINFO]), info, IFLA_INFO_MAX);
	*(bool *)arg |= attr_is(info[IFLA_INFO_KIND], "bridge");
	return 0;
}

/*
 * A kernel that knows no filter by kind sends all interfaces. Returns 1 or 0,
 * or negative errno: it cannot be told.
 */
static int has_bridge(struct netlink *nl)
{
	_Alignas(8) char request[64] = "";
	struct nlmsghdr *h = mnl_nlmsg_put_header(request);
	struct nlattr *info;
	bool found = false;
	int r;

	h->nlmsg_type = RTM_GETLINK;
	h->nlmsg_flags = NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(h, info);
	r = netlink_ask(nl, NETLINK_ROUTE, h, on_bridge, &found);
	return r < 0 ? r : found;
}

/*
 * Whether a table may be asked for. Returns 1 or 0, -ENOTUNIQ: it may be there,
 * and asking might make it; or negative errno: it cannot be told.
 */
static int may_ask(struct netlink *nl, const struct ebt_modules *m, size_t i,
		   uint64_t now)
{
	const struct ebt_source *source = &ebt_sources[i];
	uint64_t users;
	int hooked, bridge;

	if (!m->is_lazy)
		return 1;
	hooked = is_hooked(nl, source);
	if (hooked >= 0)
		return hooked;
	if (kmod_users(&nl->kmods, source->module, &users) < 0) {
		bridge = has_bridge(nl);
		return bridge > 0 ? -ENOTUNIQ : bridge;
	}
	if (are_all_elsewhere(m->holders[i], netlink_cookie(nl), now, users))
		return 0;
	return has_bridge(nl);
}

/* ---- reading one ---- */

struct ebt_reader {
	const struct probe_env *env;
	int fd;
	bool *has_rules; /* the table that was read last */
};

/* Returns 0, -ENOENT: there is no such table, or negative errno. */
static int get_ebt_info(int fd, const char *table, struct ebt_replace *ret)
{
	socklen_t size = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->name, sizeof(ret->name), "%s", table);
	if (getsockopt(fd, IPPROTO_IP, EBT_SO_GET_INFO, ret, &size) < 0)
		return errno == ENOPROTOOPT ? -ENOENT : -errno;
	return ret->entries_size <= EBT_MAX_SIZE &&
			       ret->nentries <= ret->entries_size
		       ? 0
		       : -E2BIG;
}

/*
 * The length is that of all parts, though only the first is there. Returns 0,
 * -EAGAIN: it is not of that size any more, or negative errno.
 */
static int get_ebt_entries(int fd, struct ebt_replace *info)
{
	socklen_t size =
		(socklen_t)(sizeof(*info) + info->entries_size +
			    info->num_counters * sizeof(struct ebt_counter));

	if (getsockopt(fd, IPPROTO_IP, EBT_SO_GET_ENTRIES, info, &size) == 0)
		return 0;
	return errno == EINVAL ? -EAGAIN : -errno;
}

/* What of the buffer a table leaves is its parser's. */
static void give_scratch(const struct probe_env *env, size_t used,
			 struct ebt_blob *blob)
{
	used = (used + 7) & ~(size_t)7;
	if (used >= env->size)
		return;
	blob->scratch = env->buffer + used;
	blob->n_scratch = env->size - used;
}

/* A legacy_read. */
static int read_ebt_table(const void *arg, const char *table,
			  struct sample *out)
{
	const struct ebt_reader *reader = arg;
	const struct probe_env *env = reader->env;
	_cleanup_free_ char *allocated = NULL;
	struct ebt_blob blob = {.table = table, .deadline = env->deadline};
	char *buffer = env->buffer;
	struct ebt_replace info;
	size_t counters;
	int r = get_ebt_info(reader->fd, table, &info);

	if (r < 0)
		return r;
	*reader->has_rules = info.nentries > 0;
	counters = info.nentries * sizeof(struct ebt_counter);
	if (counters + info.entries_size > env->size)
		buffer = allocated = malloc(counters + info.entries_size);
	if (!buffer)
		return -ENOMEM;
	info.num_counters = info.nentries;
	info.counters = (void *)buffer;
	info.entries = buffer + counters;
	r = get_ebt_entries(reader->fd, &info);
	blob.is_legacy = legacy_is_in_nft(env, out, FAMILY_BRIDGE, table);
	blob.valid_hooks = info.valid_hooks;
	blob.n_counters = info.nentries;
	blob.counters = buffer;
	blob.bytes = buffer + counters;
	blob.size = info.entries_size;
	if (!allocated)
		give_scratch(env, counters + info.entries_size, &blob);
	return r < 0 ? r : ebt_parse(&blob, env->max_rules, out);
}

/* ---- the probe ---- */

static int ebt_init(const struct probe_env *env, void **ret)
{
	struct ebt_modules *m = calloc(1, sizeof(*m));

	(void)env;
	*ret = m;
	if (!m)
		return -ENOMEM;
	m->is_lazy = makes_tables_late();
	return 0;
}

/*
 * Reads one table, and notes whether it has rules. One that is changing has all
 * read again; what another failure left is taken back, and told to
 * sample_missed(). Returns whether that is all, -EAGAIN, or that the sample can
 * take no more.
 */
static int try_ebt_table(const struct ebt_reader *reader, size_t i,
			 struct sample *out)
{
	struct ebt_modules *m = reader->env->state;
	struct sample_mark mark = sample_mark(out);
	int r;

	*reader->has_rules = false;
	r = legacy_read_restored(ebt_sources[i].table, read_ebt_table, reader,
				 out);
	note_holder(m->holders[i], netlink_cookie(reader->env->netlink),
		    out->mono_ns, *reader->has_rules);
	if (out->error)
		return out->error;
	if (r >= 0 || r == -ENOENT || r == -EAGAIN)
		return r == -EAGAIN ? r : 1;
	sample_rollback(out, mark);
	sample_missed(out, r);
	return 0;
}

/*
 * Reads the tables of a set of sources. Returns 0, or negative errno: none of
 * them could be read.
 */
static int read_ebt_tables(const struct probe_env *env, uint32_t wanted,
			   struct sample *out)
{
	_cleanup_close_ int fd = -1;
	bool has_rules, any = false;
	struct ebt_reader reader = {.env = env, .has_rules = &has_rules};

	fd = reader.fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return call_failure();
	for (size_t i = 0; i < ARRAY_SIZE(ebt_sources); i++) {
		int r = wanted & 1u << i ? try_ebt_table(&reader, i, out) : 0;

		if (r < 0)
			return r;
		any |= r;
	}
	return any ? 0 : out->missed;
}

static int ebt_read(struct probe_env *env, struct sample *out)
{
	struct ebt_modules *m = env->state;
	uint32_t wanted = 0;
	int r, blind = 0;

	look_for_modules(m, env->netlink, out->mono_ns);
	for (size_t i = 0; i < ARRAY_SIZE(ebt_sources); i++) {
		if (!(m->there & 1u << i))
			continue;
		r = may_ask(env->netlink, m, i, out->mono_ns);
		if (r < 0)
			blind = r;
		else if (r)
			wanted |= 1u << i;
	}
	if (!wanted)
		return blind ? blind : -ENOENT;
	if (blind)
		sample_missed(out, blind);
	return read_ebt_tables(env, wanted, out);
}

/* Its causes are told by those of nf_tables: see causes.c. */
const struct probe ebt_probe = {
	.name = "ebtables",
	.what = "firewall counters of ebtables",
	.reads = "getsockopt EBT_SO_GET_ENTRIES, tables filter and nat",
	.needs = NEEDS(NET_ADMIN) | NEEDS(NET_RAW),
	.layer = LAYER_NETFILTER,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.counters = &firewall_table,
	.others = firewall_others,
	.names_objects = true,
	.after = (const struct probe *const[]) {&nft_probe, NULL},
	.init = ebt_init,
	.free = free,
	.read = ebt_read,
	.explain_hidden = firewall_explain_beside,
};
