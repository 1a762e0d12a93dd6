/* SPDX-License-Identifier: MIT */
/*
 * Legacy iptables and ip6tables, read the way iptables-legacy -nvL does: but
 * only tables that exist, for asking after any other makes the kernel load
 * and register it, and without the lock that iptables-legacy takes.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter_arp.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "kernel/capability.h"
#include "kernel/file.h"
#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"
#include "probes/firewall/legacy.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/rule.h"
#include "probes/firewall/rule_changes.h"
#include "probes/firewall/xt_chains.h"

/* The kernel's two interfaces differ in these only. */
struct xt_family {
	enum family family;
	const char *names; /* the tables that exist, below env->net */
	int domain;
	int level;
	int get_info; /* numbers of the options */
	int get_entries;
};

static const struct xt_family families[] = {
	{FAMILY_IP, "ip_tables_names", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO,
	 IPT_SO_GET_ENTRIES},
	{FAMILY_IP6, "ip6_tables_names", AF_INET6, IPPROTO_IPV6,
	 IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES},
	{FAMILY_ARP, "arp_tables_names", AF_INET, IPPROTO_IP, ARPT_SO_GET_INFO,
	 ARPT_SO_GET_ENTRIES},
};
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
		       offsetof(struct ipt_get_entries, entrytable) ==
			       offsetof(struct ip6t_get_entries, entrytable) &&
		       offsetof(struct ipt_get_entries, entrytable) ==
			       offsetof(struct arpt_get_entries, entrytable),
	       "the families differ");

#define ENTRIES_HEAD offsetof(struct ipt_get_entries, entrytable)

/* Names of tables: thirty of the longest. There are five. */
#define MAX_NAMES 1024

/*
 * Reads which tables exist. Returns 0 (names may be ""), -ENOENT when the
 * kernel has no such tables, or negative errno.
 */
static int read_names(const struct probe_env *env, const struct xt_family *f,
		      char names[MAX_NAMES])
{
	ssize_t n = procnet_read(env->net, f->names, names, MAX_NAMES);

	return n < 0 ? (int)n : 0;
}

/* ARP has three hooks, with other numbers, and so a shorter answer. */
static int get_arp_info(int fd, const struct xt_family *f,
			struct ipt_getinfo *info)
{
	static const unsigned hooks[NF_ARP_NUMHOOKS] = {
		[NF_ARP_IN] = NF_INET_LOCAL_IN,
		[NF_ARP_OUT] = NF_INET_LOCAL_OUT,
		[NF_ARP_FORWARD] = NF_INET_FORWARD,
	};
	struct arpt_getinfo arp = {0};
	socklen_t size = sizeof(arp);

	memcpy(arp.name, info->name, sizeof(arp.name));
	if (getsockopt(fd, f->level, f->get_info, &arp, &size) < 0)
		return -errno;
	if (size != sizeof(arp))
		return -EBADMSG;
	for (unsigned i = 0; i < NF_ARP_NUMHOOKS; i++) {
		if (!(arp.valid_hooks & 1u << i))
			continue;
		info->valid_hooks |= 1u << hooks[i];
		info->hook_entry[hooks[i]] = arp.hook_entry[i];
		info->underflow[hooks[i]] = arp.underflow[i];
	}
	info->size = arp.size;
	return 0;
}

static int get_ip_info(int fd, const struct xt_family *f,
		       struct ipt_getinfo *info)
{
	socklen_t size = sizeof(*info);

	if (getsockopt(fd, f->level, f->get_info, info, &size) < 0)
		return -errno;
	return size == sizeof(*info) ? 0 : -EBADMSG;
}

/* Asks how big a table is. Returns 0 or negative errno. */
static int get_info(int fd, const struct xt_family *f, const char *table,
		    struct ipt_getinfo *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, table, strlen(table));
	if (f->get_info == ARPT_SO_GET_INFO)
		r = get_arp_info(fd, f, ret);
	else
		r = get_ip_info(fd, f, ret);
	if (r < 0)
		return r;
	return ret->size <= XT_MAX_SIZE ? 0 : -E2BIG;
}

/*
 * Reads a table into request, ENTRIES_HEAD + info->size bytes. Returns 0,
 * -EAGAIN when it is not of that size any more, or negative errno.
 */
static int get_entries(int fd, const struct xt_family *f,
		       const struct ipt_getinfo *info, char *request)
{
	socklen_t size = (socklen_t)(ENTRIES_HEAD + info->size);

	memset(request, 0, ENTRIES_HEAD);
	memcpy(request, info->name, sizeof(info->name));
	memcpy(request + offsetof(struct ipt_get_entries, size), &info->size,
	       sizeof(info->size));
	if (getsockopt(fd, f->level, f->get_entries, request, &size) < 0)
		return -errno;
	return size == ENTRIES_HEAD + info->size ? 0 : -EBADMSG;
}

/* Has a table parsed; what of the buffer it leaves is the parser's. */
static int append_table(const struct probe_env *env,
			const struct ipt_getinfo *info, char *request,
			struct xt_blob *blob, struct sample *out)
{
	size_t used = (ENTRIES_HEAD + info->size + 7) & ~(size_t)7;
	_cleanup_free_ char *allocated = NULL;
	char queues[4096]; /* a line for each queue that is listened to */
	int r = 0;

	if (request != env->buffer)
		used = 0;
	if (used < env->size) {
		blob->scratch = env->buffer + used;
		blob->n_scratch = env->size - used;
	}
	blob->valid_hooks = info->valid_hooks;
	memcpy(blob->hook_entry, info->hook_entry, sizeof(blob->hook_entry));
	memcpy(blob->underflow, info->underflow, sizeof(blob->underflow));
	blob->bytes = request + ENTRIES_HEAD;
	blob->size = info->size;
	if (memmem(blob->bytes, blob->size, "NFQUEUE", sizeof("NFQUEUE")))
		r = nfqueue_read_file(env->net, queues, sizeof(queues),
				      &allocated, &blob->queues);
	if (r < 0 && r != -ENOENT)
		return r;
	return xt_parse(blob, env->max_rules, out);
}

/* Whose tables are read, and how. */
struct xt_reader {
	const struct probe_env *env;
	const struct xt_family *family;
	int fd;
};

/* A legacy_read. */
static int read_table(const void *arg, const char *table, struct sample *out)
{
	const struct xt_reader *r = arg;
	const struct xt_family *f = r->family;
	struct xt_blob blob = {
		.family = f->family,
		.table = table,
		.is_legacy = legacy_is_in_nft(r->env, out, f->family, table),
		.deadline = r->env->deadline,
	};
	_cleanup_free_ char *allocated = NULL;
	char *request = r->env->buffer;
	struct ipt_getinfo info;
	int e;

	e = get_info(r->fd, f, table, &info);
	if (e < 0)
		return e;
	if (ENTRIES_HEAD + info.size > r->env->size) {
		allocated = malloc(ENTRIES_HEAD + info.size);
		request = allocated;
	}
	if (!request)
		return -ENOMEM;
	e = get_entries(r->fd, f, &info, request);
	return e < 0 ? e : append_table(r->env, &info, request, &blob, out);
}

/* Reads the tables named, one a line. Returns 0 or negative errno. */
static int read_tables(const struct probe_env *env, const struct xt_family *f,
		       char *names, struct sample *out)
{
	_cleanup_close_ int fd = -1;
	struct xt_reader reader = {env, f, -1};
	char *rest = NULL;
	int r;

	fd = reader.fd =
		socket(f->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return call_failure();
	for (char *name = strtok_r(names, "\n", &rest); name;
	     name = strtok_r(NULL, "\n", &rest)) {
		if (strlen(name) >= XT_TABLE_MAXNAMELEN)
			return -EBADMSG;
		r = legacy_read_restored(name, read_table, &reader, out);
		if (r < 0 && r != -ENOENT) /* the table has gone since */
			return r;
	}
	return out->error;
}

static int xt_read(struct probe_env *env, struct sample *out)
{
	char names[MAX_NAMES];
	int found = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		r = read_names(env, &families[i], names);
		if (r == -ENOENT)
			continue;
		found++;
		if (!r && *names)
			r = read_tables(env, &families[i], names, out);
		if (r < 0)
			return r;
	}
	return found ? 0 : -ENOENT;
}

/* Its causes are told by those of nf_tables: see causes.c. */
const struct probe xt_probe = {
	.name = "iptables",
	.what = "firewall counters of iptables",
	.reads = "getsockopt IPT_SO_GET_ENTRIES, tables named in "
		 "/proc/net/ip_tables_names",
	.needs = NEEDS(NET_ADMIN) | NEEDS(NET_RAW) | NEEDS(DAC_READ_SEARCH),
	.layer = LAYER_NETFILTER,
	.absent = ABSENT_NO_ENTRY | ABSENT_AGAIN,
	.explain_hidden = firewall_explain_meant,
	.counters = &firewall_table,
	.others = firewall_others,
	.reasons = firewall_change_reasons,
	.names_objects = true,
	.after = (const struct probe *const[]) {&nft_probe, NULL},
	.read = xt_read,
};
