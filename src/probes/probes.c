/* SPDX-License-Identifier: MIT */
/* The list: every kernel source that is read, bottom up. */
#include "conntrack.h"
#include "link.h"
#include "neigh.h"
#include "netfilter.h"
#include "nfqueue.h"
#include "nftables.h"
#include "qdisc.h"
#include "rt_cache.h"
#include "snmp.h"
#include "socket.h"
#include "softnet.h"
#include "sysctl.h"
#include "xfrm.h"
#include "xtables.h"

const struct probe *const probes[] = {
	&link_probe,	 &softnet_probe, &qdisc_probe,	   &nftables_probe,
	&xtables_probe,	 &nfqueue_probe, &conntrack_probe, &neigh_probe,
	&rt_cache_probe, &snmp_probe,	 &xfrm_probe,	   &socket_probe,
	&sysctl_probe,
};
const size_t n_probes = ARRAY_SIZE(probes);
_Static_assert(ARRAY_SIZE(probes) <= MAX_PROBES, "sample.sources is 32 bits");
