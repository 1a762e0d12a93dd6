/* SPDX-License-Identifier: MIT */
#include "probes/dropreason/dropreason_private.h"

#include <string.h>

enum {
	REASON_XDP_GENERIC,
	REASON_TC_PROGRAM,
	REASON_CGROUP_PROGRAM,
	REASON_DROPPED_IN_IP,
	REASON_TCP_FILTER,
	REASON_BRIDGE_VLAN,
	REASON_APART,
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
			.confirm = "`perf record -e skb:kfree_skb -a sleep 10` "
				   "and `perf script` show each of them.",
			.fix = "Nothing, unless somebody misses packets. Then "
			       "look for who sends them: `tcpdump -ni any`.",
			.gone = "packets-dropreason of that name no longer "
				"grows.",
		},
	[REASON_TCP_FILTER] =
		{
			.id = "tcp-filter",
			.means = "TCP discarded segments that a BPF program "
				 "rejects: one of the cgroup in which the "
				 "service runs, as systemd attaches it for "
				 "IPAddressDeny=, or a filter of the socket. "
				 "Whoever wants to connect sees a "
				 "timeout." NO_OTHER,
			.confirm =
				"`bpftool cgroup tree` names the programs: "
				"cgroup_inet_ingress is the one that "
				"receives. `ss -ltmp` shows the socket whose "
				"drops (d) grow.",
			.fix = "Allow the sender, with IPAddressAllow= in the "
			       "unit or in what attached the program, or stop "
			       "the sender if it is rejected rightly.",
			.gone = "packets-dropreason-SOCKET_FILTER no longer "
				"grows.",
		},
	[REASON_BRIDGE_VLAN] =
		{
			.id = "bridge-vlan",
			.means = "A bridge that knows VLANs (vlan_filtering 1) "
				 "discards what a port sends in a VLAN that "
				 "the port is no member of, or without a tag "
				 "where it has no pvid." NO_OTHER,
			.confirm = "`bridge vlan show` lists the VLANs of each "
				   "port, and the one without a tag as PVID.",
			.fix = "Make the port a member: `bridge vlan add dev "
			       "INTERFACE vid N`, with pvid untagged for what "
			       "has no tag.",
			.gone = "packets-dropreason of the function that "
				"checks VLANs no longer grows.",
		},
	[REASON_APART] =
		{
			.id = "bridge-kept-apart",
			.means = "Ports of a bridge are isolated, or not to be "
				 "flooded with what is for an unknown address: "
				 "frames that no other port is left for are "
				 "discarded. Container networks and "
				 "hypervisors keep their guests apart in this "
				 "way, on purpose." NO_OTHER,
			.confirm = "`bridge -d link show` says \"isolated on\" "
				   "or \"flood off\" of such ports.",
			.fix = "Only if these are to talk to each other: "
			       "`bridge link set dev INTERFACE isolated off`, "
			       "or `bridge link set dev INTERFACE flood on`.",
			.gone = "packets-dropreason-NO_TX_TARGET no longer "
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
	{ROW_TCP_FILTER, REASON_TCP_FILTER},
	{ROW_BRIDGE_VLAN, REASON_BRIDGE_VLAN},
	{ROW_APART, REASON_APART},
};
/* clang-format on */

/* What the kernel says needs no words but those of the counter. */
static bool explain_proven(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;

	for (size_t i = 0; i < ARRAY_SIZE(explained); i++)
		if (c == &dropreason_counters[explained[i].row]) {
			ret->reason = &dropreason_reasons[explained[i].reason];
			return true;
		}
	return false;
}

/* clang-format off */
const struct explainer dropreason_explainers[] = {
	{LAYER_LINK, explain_proven},
	{LAYER_IP, explain_proven},
	{LAYER_TCP, explain_proven},
	{0, NULL},
};
/* clang-format on */

/* "NOT_SPECIFIED.f (30 packets), X (20)" */
static void list_reasons(const struct hidden_reasons *list, char *text,
			 size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		size_t n = strlen(text);

		format_text(text + n, size - n, "%s%s (%llu%s)", i ? ", " : "",
			    list->items[i].name,
			    (unsigned long long)list->items[i].packets,
			    i ? "" : " packets");
	}
}

bool dropreason_explain_hidden(const struct sample *s, const struct loss *loss,
			       struct cause *ret)
{
	struct hidden_reasons list;
	char text[256];

	if (loss->layer != LAYER_UNEXPLAINED || loss->lost <= loss->refused)
		return false;
	dropreason_hidden(s, &list);
	if (!list.n)
		return false;
	list_reasons(&list, text, sizeof(text));
	ret->reason = &dropreason_reasons[REASON_DROPPED_IN_IP];
	ret->lost = loss->lost - loss->refused;
	ret->counter = &dropreason_counters[ROW_LOSS];
	cause_blame(ret, list.items[0].name);
	CAUSE_TEXT(ret, "dropped in IP without a counter: %s", text);
	return true;
}
