/* SPDX-License-Identifier: MIT */
/*
 * record DIR: writes what the kernel says of the network namespace it runs in
 * into files, for tests to read again: /proc/net text, rtnetlink dumps and
 * x_tables tables. Independent of the plugin's own readers on purpose.
 *
 * record DIR DEV: only the qdiscs, and the classes of one interface.
 * record DIR DEV filters: only the filters on both sides of its clsact.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <linux/if_link.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "ebtables_file.h"
#include "xtables_file.h"

static FILE *create(const char *dir, const char *name)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		err(1, "%s", path);
	return f;
}

static void put(FILE *f, const void *bytes, size_t n)
{
	if (fwrite(bytes, 1, n, f) != n)
		err(1, "write");
}

static void close_file(FILE *f)
{
	if (fclose(f))
		err(1, "close");
}

static void record_proc(const char *dir, const char *net, const char *name)
{
	_cleanup_fclose_ FILE *in = NULL;
	char path[PATH_MAX];
	char buf[65536];
	FILE *out;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", net, name);
	in = fopen(path, "re");
	if (!in)
		return;
	out = create(dir, name);
	while ((n = fread(buf, 1, sizeof(buf), in)))
		put(out, buf, n);
	close_file(out);
}

/* Files of the namespace, and what the first one shows of the whole host. */
static void record_text(const char *dir)
{
	static const char *const own[] = {"snmp", "netstat", "snmp6",
					  "xfrm_stat"};
	static const char *const host[] = {"softnet_stat", "stat/arp_cache",
					   "stat/ndisc_cache", "stat/rt_cache"};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/stat", dir);
	if (mkdir(path, 0755) < 0)
		err(1, "%s", path);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		record_proc(dir, "/proc/thread-self/net", own[i]);
	for (size_t i = 0; i < ARRAY_SIZE(host); i++)
		record_proc(dir, "/proc/1/net", host[i]);
}

/* Whether the messages end the dump. */
static int is_last(char *buf, ssize_t n)
{
	struct nlmsghdr *h;
	int left = (int)n;

	for (h = (struct nlmsghdr *)buf; NLMSG_OK(h, (unsigned)left);
	     h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type == NLMSG_ERROR)
			errx(1, "netlink error");
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
	}
	return 0;
}

/* Sends a dump request of type with a fixed header, keeps all the answer. */
static void record_dump(const char *dir, const char *name, uint16_t type,
			const void *header, size_t size)
{
	_Alignas(4) char buf[65536] = {0};
	struct nlmsghdr *h = (struct nlmsghdr *)buf;
	FILE *out = create(dir, name);
	_cleanup_close_ int fd = -1;
	ssize_t n;

	h->nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = 1;
	memcpy(NLMSG_DATA(h), header, size);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || send(fd, buf, h->nlmsg_len, 0) < 0)
		err(1, "netlink");
	do {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			err(1, "netlink");
		put(out, buf, (size_t)n);
	} while (!is_last(buf, n));
	close_file(out);
}

static void record_netlink(const char *dir)
{
	const struct if_stats_msg stats = {
		.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64),
	};
	const struct ifinfomsg link = {0};
	const struct tcmsg qdisc = {0};

	record_dump(dir, "getstats.nl", RTM_GETSTATS, &stats, sizeof(stats));
	record_dump(dir, "getlink.nl", RTM_GETLINK, &link, sizeof(link));
	record_dump(dir, "getqdisc.nl", RTM_GETQDISC, &qdisc, sizeof(qdisc));
}

static void write_table(const char *dir, const char *family,
			const struct ipt_getinfo *info, const char *entries)
{
	struct xtables_file head = {
		.magic = XTABLES_MAGIC,
		.valid_hooks = info->valid_hooks,
		.size = info->size,
	};
	char name[64];
	FILE *out;

	memcpy(head.hook_entry, info->hook_entry, sizeof(head.hook_entry));
	memcpy(head.underflow, info->underflow, sizeof(head.underflow));
	snprintf(name, sizeof(name), "%s.%.31s.xt", family, info->name);
	out = create(dir, name);
	put(out, &head, sizeof(head));
	put(out, entries, info->size);
	close_file(out);
}

/* What tables of arptables say of themselves has hooks of its own. */
static int get_arp_info(int fd, struct ipt_getinfo *ret)
{
	struct arpt_getinfo info = {0};
	socklen_t size = sizeof(info);

	memcpy(info.name, ret->name, sizeof(info.name));
	if (getsockopt(fd, IPPROTO_IP, ARPT_SO_GET_INFO, &info, &size) < 0)
		return -1;
	ret->size = info.size;
	for (unsigned i = 0; i < NF_ARP_NUMHOOKS; i++) {
		unsigned hook = xtables_hook_of_arp(i);

		if (info.valid_hooks & 1u << i)
			ret->valid_hooks |= 1u << hook;
		ret->hook_entry[hook] = info.hook_entry[i];
		ret->underflow[hook] = info.underflow[i];
	}
	return 0;
}

static void record_table(const char *dir, const char *family, int fd, int level,
			 const char *table)
{
	bool arp = !strcmp(family, "arp");
	_cleanup_free_ struct ipt_get_entries *get = NULL;
	struct ipt_getinfo info = {0};
	socklen_t size = sizeof(info);

	snprintf(info.name, sizeof(info.name), "%s", table);
	if ((arp ? get_arp_info(fd, &info)
		 : getsockopt(fd, level, IPT_SO_GET_INFO, &info, &size)) < 0)
		err(1, "%s", table);
	size = (socklen_t)(sizeof(*get) + info.size);
	get = calloc(1, size);
	if (!get)
		err(1, "%s", table);
	memcpy(get->name, info.name, sizeof(get->name));
	get->size = info.size;
	if (getsockopt(fd, level,
		       arp ? ARPT_SO_GET_ENTRIES : IPT_SO_GET_ENTRIES, get,
		       &size) < 0)
		err(1, "%s", table);
	write_table(dir, family, &info, (const char *)get->entrytable);
}

static void record_tables(const char *dir, const char *family, int domain,
			  int level)
{
	_cleanup_fclose_ FILE *names = NULL;
	_cleanup_close_ int fd = -1;
	char path[64];
	char table[32];

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s_tables_names",
		 family);
	names = fopen(path, "re");
	if (!names)
		return;
	fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		err(1, "raw socket");
	while (fscanf(names, "%31s", table) == 1)
		record_table(dir, family, fd, level, table);
}

/* Of legacy ebtables, which tells of no table whether it is there. */
static void record_bridge(const char *dir, const char *table)
{
	_cleanup_close_ int fd =
		socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	_cleanup_free_ char *bytes = NULL;
	struct ebtables_file head = {.magic = EBTABLES_MAGIC};
	struct ebt_replace info = {0};
	socklen_t size = sizeof(info);
	char name[64];
	FILE *out;

	snprintf(info.name, sizeof(info.name), "%s", table);
	if (fd < 0 ||
	    getsockopt(fd, IPPROTO_IP, EBT_SO_GET_INFO, &info, &size) < 0)
		err(1, "ebtables %s", table);
	head.valid_hooks = info.valid_hooks;
	head.n_counters = info.num_counters = info.nentries;
	head.size = info.entries_size;
	size = (socklen_t)(info.nentries * sizeof(struct ebt_counter));
	bytes = calloc(1, size + info.entries_size);
	if (!bytes)
		err(1, "ebtables %s", table);
	info.counters = (void *)bytes;
	info.entries = bytes + size;
	size += (socklen_t)(sizeof(info) + info.entries_size);
	if (getsockopt(fd, IPPROTO_IP, EBT_SO_GET_ENTRIES, &info, &size) < 0)
		err(1, "ebtables %s", table);
	snprintf(name, sizeof(name), "bridge.%s.ebt", table);
	out = create(dir, name);
	put(out, &head, sizeof(head));
	put(out, bytes, size - sizeof(info));
	close_file(out);
}

static void record_classes(const char *dir, const char *dev)
{
	const struct tcmsg qdisc = {0};
	struct tcmsg class = {.tcm_ifindex = (int)if_nametoindex(dev)};

	if (!class.tcm_ifindex)
		err(1, "%s", dev);
	record_dump(dir, "getqdisc_aqm.nl", RTM_GETQDISC, &qdisc,
		    sizeof(qdisc));
	record_dump(dir, "gettclass.nl", RTM_GETTCLASS, &class, sizeof(class));
}

static void record_filters(const char *dir, const char *dev)
{
	struct tcmsg side = {.tcm_ifindex = (int)if_nametoindex(dev)};

	side.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	record_dump(dir, "gettfilter_ingress.nl", RTM_GETTFILTER, &side,
		    sizeof(side));
	side.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS);
	record_dump(dir, "gettfilter_egress.nl", RTM_GETTFILTER, &side,
		    sizeof(side));
}

int main(int argc, char **argv)
{
	if (argc == 4) {
		if (!strcmp(argv[2], "ebtables"))
			record_bridge(argv[1], argv[3]);
		else
			record_filters(argv[1], argv[2]);
		return 0;
	}
	if (argc == 3) {
		record_classes(argv[1], argv[2]);
		return 0;
	}
	if (argc != 2)
		errx(2, "usage: record DIR [DEV [filters] | ebtables TABLE]");
	record_text(argv[1]);
	record_netlink(argv[1]);
	record_tables(argv[1], "ip", AF_INET, IPPROTO_IP);
	record_tables(argv[1], "ip6", AF_INET6, IPPROTO_IPV6);
	record_tables(argv[1], "arp", AF_INET, IPPROTO_IP);
	return 0;
}
