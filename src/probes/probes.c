/* SPDX-License-Identifier: MIT */
/* The list: every kernel source that is read, bottom up. */
#include "probes/conntrack.h"
#include "probes/link/link.h"
#include "probes/neigh.h"
#include "probes/firewall/netfilter.h"
#include "probes/firewall/nfqueue.h"
#include "probes/firewall/nft_read.h"
#include "probes/qdisc/qdisc.h"
#include "probes/rt_cache.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "probes/softnet.h"
#include "probes/sysctl.h"
#include "probes/xfrm.h"
#include "probes/firewall/xt_chains.h"

const struct probe *const probes[] = {
	&link_probe,	 &softnet_probe, &qdisc_probe,	   &nft_probe,
	&xtables_probe,	 &nfqueue_probe, &conntrack_probe, &neigh_probe,
	&rt_cache_probe, &snmp_probe,	 &xfrm_probe,	   &socket_probe,
	&sysctl_probe,
};
const size_t n_probes = ARRAY_SIZE(probes);
_Static_assert(ARRAY_SIZE(probes) <= MAX_PROBES, "sample.sources is 32 bits");
