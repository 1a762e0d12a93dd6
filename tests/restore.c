/* SPDX-License-Identifier: MIT */
/*
 * restore FILE FAMILY TABLE: loads a recorded table of legacy rules, as
 * tests/record.c writes it, into the network namespace it runs in, counters and
 * all: so that it can be recorded again by a program of 32 bits.
 */
#include <err.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "base/util.h"
#include "xtables_file.h"

struct protocol {
	int domain, level, add_counters;
	size_t next_offset, counters; /* where they stand in an entry */
};

static const struct protocol ip = {AF_INET, IPPROTO_IP, IPT_SO_SET_ADD_COUNTERS,
				   offsetof(struct ipt_entry, next_offset),
				   offsetof(struct ipt_entry, counters)};
static const struct protocol ip6 = {AF_INET6, IPPROTO_IPV6,
				    IPT_SO_SET_ADD_COUNTERS,
				    offsetof(struct ip6t_entry, next_offset),
				    offsetof(struct ip6t_entry, counters)};

static const struct protocol arp = {AF_INET, IPPROTO_IP,
				    ARPT_SO_SET_ADD_COUNTERS,
				    offsetof(struct arpt_entry, next_offset),
				    offsetof(struct arpt_entry, counters)};

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		err(1, "calloc");
	return p;
}

/* The counters of all entries, which the kernel takes apart from these. */
static unsigned gather(const struct xt_blob *blob,
		       const struct protocol *protocol, struct xt_counters *ret)
{
	unsigned n = 0;
	uint16_t next;

	for (size_t at = 0; at < blob->size; at += next) {
		const char *entry = (const char *)blob->bytes + at;

		memcpy(&next, entry + protocol->next_offset, sizeof(next));
		memcpy(&ret[n++], entry + protocol->counters, sizeof(*ret));
	}
	return n;
}

static unsigned count_old(int fd, const struct protocol *protocol,
			  const char *table)
{
	struct arpt_getinfo of_arp = {0};
	struct ipt_getinfo info = {0};
	socklen_t n = sizeof(info), n_arp = sizeof(of_arp);

	snprintf(info.name, sizeof(info.name), "%s", table);
	snprintf(of_arp.name, sizeof(of_arp.name), "%s", table);
	if ((protocol == &arp ? getsockopt(fd, protocol->level,
					   ARPT_SO_GET_INFO, &of_arp, &n_arp)
			      : getsockopt(fd, protocol->level, IPT_SO_GET_INFO,
					   &info, &n)) < 0)
		err(1, "%s", table);
	return protocol == &arp ? of_arp.num_entries : info.num_entries;
}

static int replace_ip(int fd, const struct protocol *protocol,
		      const struct ipt_replace *of, const struct xt_blob *blob)
{
	size_t size = sizeof(*of) + blob->size;
	_cleanup_free_ struct ipt_replace *replace = allocate(1, size);

	*replace = *of;
	memcpy(replace->entries, blob->bytes, blob->size);
	return setsockopt(fd, protocol->level, IPT_SO_SET_REPLACE, replace,
			  (socklen_t)size);
}

static int replace_arp(int fd, const struct protocol *protocol,
		       const struct ipt_replace *of, const struct xt_blob *blob)
{
	size_t size = sizeof(struct arpt_replace) + blob->size;
	_cleanup_free_ struct arpt_replace *replace = allocate(1, size);

	memcpy(replace->name, of->name, sizeof(replace->name));
	replace->num_entries = of->num_entries;
	replace->size = of->size;
	for (unsigned i = 0; i < NF_ARP_NUMHOOKS; i++) {
		unsigned hook = xtables_hook_of_arp(i);

		if (of->valid_hooks & 1u << hook)
			replace->valid_hooks |= 1u << i;
		replace->hook_entry[i] = of->hook_entry[hook];
		replace->underflow[i] = of->underflow[hook];
	}
	replace->num_counters = of->num_counters;
	replace->counters = of->counters;
	memcpy(replace->entries, blob->bytes, blob->size);
	return setsockopt(fd, protocol->level, ARPT_SO_SET_REPLACE, replace,
			  (socklen_t)size);
}

static void load(int fd, const struct protocol *protocol, const char *table,
		 const struct xt_blob *blob)
{
	size_t most = blob->size / sizeof(struct xt_entry_target);
	_cleanup_free_ struct xt_counters_info *add =
		allocate(1, sizeof(*add) + most * sizeof(struct xt_counters));
	_cleanup_free_ struct xt_counters *old = NULL;
	struct ipt_replace of = {
		.valid_hooks = blob->valid_hooks,
		.size = (unsigned)blob->size,
		.num_counters = count_old(fd, protocol, table),
	};
	size_t size;

	snprintf(of.name, sizeof(of.name), "%s", table);
	memcpy(add->name, of.name, sizeof(of.name));
	of.num_entries = add->num_counters =
		gather(blob, protocol, add->counters);
	memcpy(of.hook_entry, blob->hook_entry, sizeof(of.hook_entry));
	memcpy(of.underflow, blob->underflow, sizeof(of.underflow));
	of.counters = old = allocate(of.num_counters, sizeof(*old));
	if ((protocol == &arp ? replace_arp : replace_ip)(fd, protocol, &of,
							  blob) < 0)
		err(1, "load %s", table);
	size = sizeof(*add) + add->num_counters * sizeof(*add->counters);
	if (setsockopt(fd, protocol->level, protocol->add_counters, add,
		       (socklen_t)size) < 0)
		err(1, "count %s", table);
}

static const struct protocol *protocol_of(const char *family)
{
	if (!strcmp(family, "arp"))
		return &arp;
	return strcmp(family, "ip6") ? &ip : &ip6;
}

int main(int argc, char **argv)
{
	static char bytes[1 << 20];
	const struct protocol *protocol;
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_close_ int fd = -1;
	struct xt_blob blob = {0};

	if (argc != 4)
		errx(2, "usage: restore FILE ip|ip6|arp TABLE");
	f = fopen(argv[1], "re");
	if (!f || xtables_file_parse(bytes, fread(bytes, 1, sizeof(bytes), f),
				     &blob) < 0)
		errx(1, "%s: no recorded table", argv[1]);
	protocol = protocol_of(argv[2]);
	fd = socket(protocol->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		err(1, "raw socket");
	load(fd, protocol, argv[3], &blob);
	return 0;
}
