/* SPDX-License-Identifier: MIT */
/*
 * restore FILE FAMILY TABLE: loads a recorded table of iptables, as
 * tests/record.c writes it, into the network namespace it runs in, counters and
 * all: so that it can be recorded again by a program of 32 bits.
 */
#include <err.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "base/util.h"
#include "xtables_file.h"

struct protocol {
	int domain, level;
	size_t next_offset, counters; /* where they stand in an entry */
};

static const struct protocol ip = {AF_INET, IPPROTO_IP,
				   offsetof(struct ipt_entry, next_offset),
				   offsetof(struct ipt_entry, counters)};
static const struct protocol ip6 = {AF_INET6, IPPROTO_IPV6,
				    offsetof(struct ip6t_entry, next_offset),
				    offsetof(struct ip6t_entry, counters)};

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

static void load(int fd, const struct protocol *protocol, const char *table,
		 const struct xt_blob *blob)
{
	size_t most = blob->size / sizeof(struct xt_entry_target);
	size_t size = sizeof(struct ipt_replace) + blob->size;
	struct xt_counters_info *add =
		allocate(1, sizeof(*add) + most * sizeof(struct xt_counters));
	struct ipt_replace *replace = allocate(1, size);
	struct ipt_getinfo old = {0};
	socklen_t n = sizeof(old);

	snprintf(old.name, sizeof(old.name), "%s", table);
	if (getsockopt(fd, protocol->level, IPT_SO_GET_INFO, &old, &n) < 0)
		err(1, "%s", table);
	memcpy(replace->name, old.name, sizeof(replace->name));
	memcpy(add->name, old.name, sizeof(add->name));
	memcpy(replace->entries, blob->bytes, blob->size);
	replace->num_entries = add->num_counters =
		gather(blob, protocol, add->counters);
	replace->valid_hooks = blob->valid_hooks;
	memcpy(replace->hook_entry, blob->hook_entry, sizeof(old.hook_entry));
	memcpy(replace->underflow, blob->underflow, sizeof(old.underflow));
	replace->size = (unsigned)blob->size;
	replace->num_counters = old.num_entries;
	replace->counters = allocate(old.num_entries, sizeof(*add->counters));
	if (setsockopt(fd, protocol->level, IPT_SO_SET_REPLACE, replace,
		       (socklen_t)size) < 0)
		err(1, "load %s", table);
	size = sizeof(*add) + add->num_counters * sizeof(*add->counters);
	if (setsockopt(fd, protocol->level, IPT_SO_SET_ADD_COUNTERS, add,
		       (socklen_t)size) < 0)
		err(1, "count %s", table);
	free(replace->counters);
	free(replace);
	free(add);
}

int main(int argc, char **argv)
{
	static char bytes[1 << 20];
	const struct protocol *protocol;
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_close_ int fd = -1;
	struct xt_blob blob = {0};

	if (argc != 4)
		errx(2, "usage: restore FILE ip|ip6 TABLE");
	f = fopen(argv[1], "re");
	if (!f || xtables_file_parse(bytes, fread(bytes, 1, sizeof(bytes), f),
				     &blob) < 0)
		errx(1, "%s: no recorded table", argv[1]);
	protocol = strcmp(argv[2], "ip6") ? &ip : &ip6;
	fd = socket(protocol->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		err(1, "raw socket");
	load(fd, protocol, argv[3], &blob);
	return 0;
}
