/* SPDX-License-Identifier: MIT */
/* The parsers of rtnetlink messages, fed as a socket would feed them. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "netlink.h"

#include "probes/link.h"
#include "probes/qdisc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_result(int r)
{
	if (r != 0 && r != -EBADMSG)
		abort();
	return 0;
}

static int on_message(const struct nlmsghdr *h, void *arg)
{
	struct rtnl_link_stats64 stats;
	struct link_config config;
	struct qdisc_config qdisc;
	char name[64];
	size_t n;
	int ifindex;

	(void)arg;
	if (link_parse_stats(h, &ifindex, &stats, &n) == 0 && n > sizeof(stats))
		abort();
	check_result(link_parse_config(h, &config));
	if (qdisc_parse(h, &qdisc) < 0)
		return 0;
	qdisc_name(&qdisc, name, sizeof(name));
	if (!name[0] || !memchr(qdisc.kind, '\0', sizeof(qdisc.kind)))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* messages stand at multiples of four, and end where they end */
	void *copy = malloc(size ? size : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (netlink_walk(copy, size, 0, on_message, NULL) > 1)
		abort();
	free(copy);
	return 0;
}
