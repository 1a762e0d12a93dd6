/* SPDX-License-Identifier: MIT */
/* How full the connection table is. Reading it activates no tracking. */
#include "conntrack.h"

#include <errno.h>

#include "../procnet.h"

#define CONNTRACK                                                              \
	.layer = LAYER_CONNTRACK, .kind = KIND_LEVEL, .type = "conntrack",     \
	.source = "net/netfilter/nf_conntrack_standalone.c"

static const struct counter conntrack_counters[] = {
	{CONNTRACK, .name = "count",
	 .means = "Entries of this namespace in the connection table",
	 .section = "nf_conntrack_count"},
	{CONNTRACK, .name = "max",
	 .means = "The host's limit, compared with each namespace's own count",
	 .section = "nf_conntrack_max"},
};

static int conntrack_read(struct probe_env *env, struct sample *out)
{
	char dir[256];

	if (snprintf(dir, sizeof(dir), "%s/net/netfilter", env->sys) >=
	    (int)sizeof(dir))
		return -ENAMETOOLONG;
	sample_object(out, LAYER_CONNTRACK, "", "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(conntrack_counters); i++) {
		const struct counter *c = &conntrack_counters[i];
		uint64_t value;
		int r = procnet_read_number(dir, c->section, &value);

		if (r < 0)
			return r;
		sample_row(out, c, value);
	}
	return 0;
}

const struct probe conntrack_probe = {
	.name = "conntrack",
	.reads = "/proc/sys/net/netfilter/nf_conntrack_{count,max}",
	.layer = LAYER_CONNTRACK,
	.counters = conntrack_counters,
	.n_counters = ARRAY_SIZE(conntrack_counters),
	.read = conntrack_read,
};
