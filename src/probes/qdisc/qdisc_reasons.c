/* SPDX-License-Identifier: MIT */
/* The causes of this layer at length, for who has to mend them. */
#include "probes/qdisc/qdisc_private.h"

#define GONE_DROPS                                                             \
	"The number behind \"dropped\" in `tc -s qdisc show dev DEV` no "      \
	"longer "                                                              \
	"grows."
#define GONE_FILTER                                                            \
	"The number behind \"dropped\" of the action in `tc -s filter show "   \
	"dev "                                                                 \
	"DEV SIDE` no longer grows."

/* clang-format off */
const struct reason qdisc_reasons[] = {
	[REASON_NETEM] = {
		.id = "netem-loss",
		.means = "A netem qdisc is set to lose packets at random or "
			 "by a loss model, most often left over from a test. "
			 "Its queue may also be too short for its delay.",
		.confirm = "`tc -s qdisc show dev DEV` shows netem with the "
			   "word \"loss\" and how many it dropped; it may be "
			   "below another qdisc; where there are several, "
			   "each has a count of its own.",
		.fix = "Remove it with `tc qdisc del dev DEV root`, or with "
		       "the parent and handle that it has, or set its loss to "
		       "0%.",
		.gone = GONE_DROPS},
	[REASON_BLACKHOLE] = {
		.id = "qdisc-blackhole",
		.means = "A qdisc of kind blackhole drops all that it is "
			 "given. It may stand below another qdisc, where it "
			 "drops what one class is given.",
		.confirm = "`tc -s qdisc show dev DEV` shows blackhole and how "
			   "many it dropped.",
		.fix = "Remove it with `tc qdisc del dev DEV root`, or with "
		       "the parent and handle that it has.",
		.gone = GONE_DROPS},
	[REASON_QUEUE_FULL] = {
		.id = "qdisc-queue-full",
		.means = "More was sent than the device, or the shaper above, "
			 "can take, and the queue of the qdisc filled up.",
		.confirm = "`tc -s qdisc show dev DEV` shows the limit of the "
			   "queue, its backlog and its drops.",
		.fix = "Send less, raise the rate, or make the queue longer "
		       "if only bursts do not fit.",
		.gone = GONE_DROPS},
	[REASON_AQM] = {
		.id = "qdisc-aqm",
		.means = "Active queue management drops a few packets early, "
			 "so that senders slow down before the queue is full. "
			 "A few percent are normal: that is how it works.",
		.confirm = "`tc -s qdisc show dev DEV` shows its drops, few "
			   "or none of which are for a full queue.",
		.fix = "If they are few, nothing. If they are many, send "
		       "less, raise the rate, or let it mark with ECN.",
		.gone = GONE_DROPS},
	[REASON_MEMORY] = {
		.id = "qdisc-memory-full",
		.means = "The qdisc cake may use so many bytes of memory for "
			 "the packets that wait in it, with what the kernel "
			 "needs for each. It has had more than that, and then drops "
			 "from the longest queue. It counts these together "
			 "with those that its AQM drops early.",
		.confirm = "`tc -s qdisc show dev DEV` shows \"memory used: X "
			   "of Y\": the most that it ever had. If X is not "
			   "above Y, nothing was dropped for that; if the "
			   "backlog is near Y, all is.",
		.fix = "Send less, or raise the rate of cake or of the shaper "
		       "above it. If only bursts do not fit, let it use more: "
		       "`tc qdisc change dev DEV root cake memlimit N`.",
		.gone = GONE_DROPS},
	[REASON_SHAPER] = {
		.id = "qdisc-shaper",
		.means = "A shaper holds packets back to keep its rate. More "
			 "than that came, for longer than its queue could "
			 "hold.",
		.confirm = "`tc -s qdisc show dev DEV` shows its rate, and "
			   "\"overlimits\" that grow together with the drops.",
		.fix = "Raise the rate, send less, or make its queue longer "
		       "if only bursts do not fit.",
		.gone = GONE_DROPS},
	[REASON_BURST] = {
		.id = "qdisc-burst",
		.means = "A token bucket drops each packet that is larger "
			 "than its burst, even on an idle link: it can never "
			 "save up enough for it.",
		.confirm = "`tc -d -s qdisc show dev DEV` shows a burst below "
			   "the size of packets, and drops, but no "
			   "\"overlimits\".",
		.fix = "Change it to a burst of at least the MTU, and more "
		       "where bundles (GSO) are sent: `tc qdisc change dev "
		       "DEV root tbf rate RATE burst 10kb latency 50ms`.",
		.gone = GONE_DROPS},
	[REASON_CLASS] = {
		.id = "qdisc-class",
		.means = "More was sent into one class than its rate or share, "
			 "until its queue was full. Other classes may be idle.",
		.confirm = "`tc -s class show dev DEV` shows how many each "
			   "class dropped, and its rate.",
		.fix = "Raise the rate or share of the class, send less of its "
		       "traffic, or give it a longer queue.",
		.gone = "The number behind \"dropped\" of the class in `tc -s "
			"class show dev DEV` no longer grows."},
	[REASON_UNCLASSIFIED] = {
		.id = "qdisc-unclassified",
		.means = "Packets match no filter of a qdisc with classes, "
			 "and it has no default class, or one that does not "
			 "exist. They are dropped even on an idle link; htb "
			 "sends them through a short queue of its own instead.",
		.confirm = "`tc -s class show dev DEV` shows fewer drops than "
			   "`tc -s qdisc show dev DEV`, and `tc filter show "
			   "dev DEV` has no filter for what is missing.",
		.fix = "Set a default class (hfsc, htb), or add a last filter "
		       "that matches all (drr, qfq).",
		.gone = GONE_DROPS},
	[REASON_POLICE] = {
		.id = "tc-police",
		.means = "A policer of tc drops what comes faster than its "
			 "rate. It has no queue, so bursts are cut off, and "
			 "packets above its \"mtu\" (bundles, too) never pass.",
		.confirm = "`tc -s filter show dev DEV SIDE` shows the policer "
			   "with its rate, burst and mtu, and how many it "
			   "dropped.",
		.fix = "Raise its rate or burst, send less, or use a shaper, "
		       "which has a queue.",
		.gone = GONE_FILTER},
	[REASON_FILTER] = {
		.id = "tc-filter",
		.means = "A filter of tc has the action drop: like a firewall "
			 "rule it drops all that it matches.",
		.confirm = "`tc -s filter show dev DEV SIDE` shows the filter "
			   "by its pref and handle, and how many its action "
			   "dropped.",
		.fix = "Leave it if it is meant to be there. Else delete or "
		       "narrow the filter.",
		.gone = GONE_FILTER},
	[REASON_FILTER_RANDOM] = {
		.id = "tc-filter-random",
		.means = "A filter of tc drops a share of what it matches, at "
			 "random or every n-th packet: most often a forgotten "
			 "test.",
		.confirm = "`tc -s filter show dev DEV SIDE` shows an action "
			   "with the word \"random\" and how many it dropped.",
		.fix = "Delete the filter.",
		.gone = GONE_FILTER},
	[REASON_PROGRAM] = {
		.id = "tc-program",
		.means = "A BPF program attached to tc drops packets, such as "
			 "one that enforces the policies of a container "
			 "network. It has no statistics of what it drops "
			 "itself: what no other filter of its side dropped is "
			 "taken to be that.",
		.confirm = "`tc filter show dev DEV SIDE` shows the program, "
			   "and `tc -s qdisc show dev DEV` the drops.",
		.fix = "Find out who loaded the program, for instance the "
		       "tool of the container network, and why it drops.",
		.gone = GONE_DROPS},
	[REASON_MIRRED] = {
		.id = "tc-mirred",
		.means = "A filter of tc redirects packets to another "
			 "interface, which is gone, down or does not take "
			 "them: they are dropped.",
		.confirm = "`tc -s filter show dev DEV SIDE` shows \"mirred\" "
			   "with the interface, and \"overlimits\" that grow. "
			   "`ip link show` shows the state of the interface.",
		.fix = "Set the interface up, or delete the filter.",
		.gone = "The number behind \"overlimits\" of the action in `tc "
			"-s filter show dev DEV SIDE` no longer grows."},
	[REASON_ACTION] = {
		.id = "tc-action",
		.means = "An action of a tc filter that changes packets could "
			 "not do so, and dropped them.",
		.confirm = "`tc -s filter show dev DEV SIDE` shows the action "
			   "and how many it dropped.",
		.fix = "Narrow the filter to packets that the action can work "
		       "on.",
		.gone = GONE_FILTER},
	[REASON_SIDE] = {
		.id = "tc-unknown-filter",
		.means = "Filters of tc dropped packets, but the statistics of "
			 "none account for them. Where programs without "
			 "statistics are on both sides, the side is not known "
			 "either.",
		.confirm = "`tc -s qdisc show dev DEV` shows drops that no "
			   "action in `tc -s filter show dev DEV ingress` and "
			   "`tc -s filter show dev DEV egress` has.",
		.fix = "Remove the filters one by one until the drops end.",
		.gone = GONE_DROPS},
	[N_QDISC_REASONS] = {.id = NULL},
};
/* clang-format on */
