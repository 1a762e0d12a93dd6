/* SPDX-License-Identifier: MIT */
/*
 * The list: every kernel source that is read, in the order of the reads. It
 * goes up the stack, but what looks at rows of another stands behind it (its
 * .after): the order of the two that read sockets and settings is no taste.
 */
#include "probes/balance/balance.h"
#include "probes/conntrack.h"
#include "probes/dropreason/dropreason.h"
#include "probes/firewall/firewall.h"
#include "probes/link/link.h"
#include "probes/neigh/neigh.h"
#include "probes/neigh/next_hop.h"
#include "probes/qdisc/qdisc.h"
#include "probes/rt_cache.h"
#include "probes/snmp/snmp.h"
#include "probes/socket/socket.h"
#include "probes/softnet.h"
#include "probes/sysctl.h"
#include "probes/xfrm.h"

/* clang-format off */
const struct probe *const probes[] = {
	&link_probe,
	&softnet_probe,
	&qdisc_probe,
	&snmp_probe, /* before those that count what it misses, see balance.c */
	&ipsec_probe, /* at once: what IP counted twice up to then */
	&nft_probe,
	&xt_probe, /* marks tables that nf_tables has as well */
	&ebt_probe, /* so does this */
	&nfqueue_probe,
	&conntrack_probe,
	&neigh_probe,
	&rt_cache_probe,
	&xfrm_probe,
	&balance_probe,
	&dropreason_probe, /* no older than what IP misses */
	&routes_probe, /* where packets vanish */
	&next_hop_probe, /* where packets were refused */
	&proxy_probe, /* likewise where packets vanish */
	&ipvs_probe, /* and this */
	&socket_probe, /* dumps sockets where UDP or TCP lost */
	&sysctl_probe, /* reads the settings that remedies of losses name */
};
/* clang-format on */
const size_t n_probes = ARRAY_SIZE(probes);
_Static_assert(ARRAY_SIZE(probes) <= MAX_PROBES, "sample.sources is 32 bits");
