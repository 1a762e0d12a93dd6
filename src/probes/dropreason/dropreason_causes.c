/* SPDX-License-Identifier: MIT */
#include "probes/dropreason/dropreason_private.h"

enum {
	REASON_XDP_GENERIC,
	REASON_TC_PROGRAM,
	REASON_CGROUP_PROGRAM,
	REASON_DROPPED_IN_IP,
};

#define NO_OTHER                                                               \
	" No counter of the kernel has these packets: they are known by the "  \
	"reason that it gives for dropping them."

const struct reason dropreason_reasons[] = {
	[REASON_XDP_GENERIC] =
		{
			.id = "xdp-generic",
			.means = "An XDP program that is attached to the "
				 "interface in generic mode, outside of its "
				 "driver, drops what is received before IP "
				 "sees it." NO_OTHER,
			.confirm = "`ip link show dev INTERFACE` shows "
				   "xdpgeneric, `bpftool net` names the "
				   "program.",
			.fix = "Change the program's rules, or detach it to "
			       "see whether it is to blame: `ip link set dev "
			       "INTERFACE xdpgeneric off`.",
			.gone = "packets-dropreason of NOT_SPECIFIED with the "
				"function that runs XDP no longer grows.",
		},
	[REASON_TC_PROGRAM] =
		{
			.id = "tcx-program",
			.means = "A BPF program attached to the interface by "
				 "tcx drops packets: of a container network, "
				 "or a firewall made of such." NO_OTHER,
			.confirm = "`bpftool net show dev INTERFACE` names the "
				   "programs at tcx/ingress and tcx/egress.",
			.fix = "Ask who attached it, such as the container "
			       "network's own tools: they know what it is to "
			       "drop. `bpftool link` lists what can be "
			       "detached.",
			.gone = "packets-dropreason-TC_INGRESS, or -TC_EGRESS, "
				"no longer grows.",
		},
	[REASON_CGROUP_PROGRAM] =
		{
			.id = "cgroup-program",
			.means = "A BPF program of a cgroup drops what its "
				 "processes send, as systemd's "
				 "IPAddressDeny= or a container network "
				 "makes them." NO_OTHER,
			.confirm = "`bpftool cgroup tree` names the programs; "
				   "`systemctl show -p IPAddressDeny UNIT` is "
				   "what systemd was told.",
			.fix = "Allow the address in the unit "
			       "(IPAddressAllow=), or where the program is "
			       "configured.",
			.gone = "packets-dropreason-BPF_CGROUP_EGRESS no "
				"longer grows.",
		},
	[REASON_DROPPED_IN_IP] =
		{
			.id = "dropped-in-ip",
			.means = "IP dropped packets for the reason that is "
				 "named, or in the kernel's function that is, "
				 "and neither counted them nor do any of the "
				 "causes that are known fit. In "
				 "ip_rcv_finish_core these are source routes, "
				 "which IP does not follow by default.",
			.confirm = "`bpftrace -e 'tracepoint:skb:kfree_skb { "
				   "@[args->reason, kstack(4)] = count(); }'` "
				   "shows the way to the function.",
			.fix = "Nothing, unless somebody misses packets. Then "
			       "look for who sends them: `tcpdump -ni any`.",
			.gone = "packets-dropreason of that name no longer "
				"grows.",
		},
	{.id = NULL},
};

/* clang-format off */
static const struct {
	uint8_t row; /* enum dropreason_row */
	uint8_t reason;
} explained[] = {
	{ROW_XDP, REASON_XDP_GENERIC},
	{ROW_TC_INGRESS, REASON_TC_PROGRAM},
	{ROW_TC_EGRESS, REASON_TC_PROGRAM},
	{ROW_CGROUP_EGRESS, REASON_CGROUP_PROGRAM},
};
/* clang-format on */

/* What the kernel says needs no other explanation. */
static bool explain_proven(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;
	const char *place = suspect->loss->place;

	for (size_t i = 0; i < ARRAY_SIZE(explained); i++) {
		if (c != &dropreason_counters[explained[i].row])
			continue;
		ret->reason = &dropreason_reasons[explained[i].reason];
		CAUSE_TEXT(ret, "%s", c->cause);
		if (*place)
			CAUSE_REMEDY(ret,
				     "See which it is: `bpftool net show "
				     "dev %s`",
				     place);
		else
			CAUSE_REMEDY(ret, "%s", c->remedy);
		return true;
	}
	return false;
}

/* clang-format off */
const struct explainer dropreason_explainers[] = {
	{LAYER_LINK, explain_proven},
	{LAYER_IP, explain_proven},
	{0, NULL},
};
/* clang-format on */

bool dropreason_explain_hidden(const struct sample *s, const struct loss *loss,
			       struct cause *ret)
{
	const char *name = loss->layer == LAYER_UNEXPLAINED &&
					   loss->lost > loss->refused
				   ? dropreason_hidden(s)
				   : NULL;

	if (!name)
		return false;
	ret->reason = &dropreason_reasons[REASON_DROPPED_IN_IP];
	ret->lost = loss->lost - loss->refused;
	ret->counter = &dropreason_counters[ROW_LOSS];
	CAUSE_TEXT(ret, "dropped in IP without a counter, for the reason %s",
		   name);
	return true;
}
