/* SPDX-License-Identifier: MIT */
/*
 * The rows of a qdisc or class. The probe stands here as well, because the
 * table's size is known here alone.
 */
#include <linux/pkt_sched.h>

#include "probes/qdisc/qdisc_private.h"

/* What the kernel counts for each of them, whatever its kind. */
#define COUNTED(name_, type_, direction_, kind_)                               \
	.layer = LAYER_QDISC, .bits = 32, .name = name_, .type = type_,        \
	.direction = direction_, .kind = kind_,                                \
	.source = "net/core/gen_stats.c, include/net/sch_generic.h"

/*
 * What only one kind has: section is the kind, offset where the counter stands
 * in the struct that it sends. The kernel appends to these structs, so what is
 * past the end of one is not there.
 */
#define OWN(kind_, bits_, name_, offset_)                                      \
	.layer = LAYER_QDISC, .direction = DIR_TX, .section = kind_,           \
	.name = name_, .bits = bits_, .offset = offset_,                       \
	.source = "net/sched/sch_" kind_ ".c"
#define AT(kind, type, member)                                                 \
	OWN(kind, 8 * sizeof(((struct type *)0)->member), #member,             \
	    offsetof(struct type, member))
#define FQ_CODEL(member)                                                       \
	OWN("fq_codel", 32, #member,                                           \
	    offsetof(struct tc_fq_codel_xstats, qdisc_stats) +                 \
		    offsetof(struct tc_fq_codel_qd_stats, member))
/* newer than the headers that this builds with */
#define FQ_BAND(n) OWN("fq", 64, "band_drops_" #n, 112 + 8 * n)
/* of a tin: the offset is the number of an attribute */
#define TIN(name, attr) OWN("cake", 32, name, attr)
#define HTB_CLASS(member)                                                      \
	.layer = LAYER_QDISC, .direction = DIR_TX, .section = "class htb",     \
	.name = #member, .bits = 32,                                           \
	.offset = offsetof(struct tc_htb_xstats, member),                      \
	.source = "net/sched/sch_htb.c"

#define SHOW .remedy = "Look at it: `tc -s qdisc show dev DEV`"
#define QUEUE_FULL                                                             \
	SHOW, .cause = "its queue is full: more was sent than the device "     \
		       "takes"
#define PART_OF_DROPS .type = "if_tx_dropped", .kind = KIND_PART, .in = ""
#define FULL_BAND PART_OF_DROPS, QUEUE_FULL
#define FULL FULL_BAND, .tag = TAG_QDISC_FULL
#define EARLY                                                                  \
	PART_OF_DROPS, SHOW,                                                   \
		.cause = "dropped early by the AQM to slow senders down: "     \
			 "normal for TCP"
#define COUNT(kind_) .type = "packets", .kind = kind_, .optional = true
#define GAUGE .type = "gauge", .kind = KIND_LEVEL, .optional = true
#define MARKED(kind)                                                           \
	COUNT(KIND_OVERLOAD),                                                  \
		.means = kind ": packets marked (ECN) instead of dropped"
#define MARKED_CE(kind)                                                        \
	COUNT(KIND_OVERLOAD), .means = kind                                    \
			      ": packets marked because they waited longer "   \
			      "than ce_threshold"

/* A parent repeats its children's drops: only the root makes the total. */
static const struct counter qdisc_counters[] = {
	/* clang-format off */
	[QDISC_ROOT_DROPS] = {
		COUNTED("", "if_tx_dropped", DIR_TX, KIND_LOST),
		.tag = TAG_QDISC_DROPS, QUEUE_FULL,
		.means = "Packets discarded: queue full, shaped, or lost on "
			 "purpose (an offloaded bundle counts once)"},
	[QDISC_ROOT_PACKETS] = {
		COUNTED("", "if_tx_packets", DIR_TX, KIND_PASSED),
		.tag = TAG_QDISC_PACKETS,
		.of = {{LAYER_QDISC, DIR_TX, RELATION_OUTSIDE}},
		.means = "Packets that left the qdisc (segments, where "
			 "offloaded)"},
	[QDISC_CHILD_DROPS] = {
		COUNTED("", "if_tx_dropped", DIR_TX, KIND_PART), .in = "",
		.tag = TAG_QDISC_DROPS, QUEUE_FULL,
		.means = "The same of a qdisc below another, which repeats it"},
	[QDISC_CHILD_PACKETS] = {
		COUNTED("", "if_tx_packets", DIR_TX, KIND_PASSED),
		.tag = TAG_QDISC_PACKETS,
		.means = "The same of a qdisc below another, which repeats it"},
	[QDISC_CLASS_DROPS] = {
		COUNTED("", "if_tx_dropped", DIR_TX, KIND_PART), .in = "",
		.tag = TAG_CLASS_DROPS,
		.means = "The same of a class (option Classes), as far as its "
			 "queue refused packets",
		.cause = "a class's queue is full: more was sent than its "
			 "share",
		.remedy = "Look at it: `tc -s class show dev DEV`"},
	[QDISC_CLASS_PACKETS] = {
		COUNTED("", "if_tx_packets", DIR_TX, KIND_PASSED),
		.means = "The same of a class (option Classes)"},
	[QDISC_INGRESS_DROPS] = {
		COUNTED("", "if_rx_dropped", DIR_RX, KIND_LOST),
		.tag = TAG_INGRESS_DROPS,
		.means = "Packets that a filter or policer discarded on "
			 "ingress (clsact: as far as its filters tell)",
		.cause = "a tc filter or policer on ingress discards them",
		.remedy = "Look at them: `tc -s filter show dev DEV ingress`"},
	/* clsact has one number for both: what is here is not in that */
	[QDISC_EGRESS_DROPS] = {
		COUNTED("egress", "if_tx_dropped", DIR_TX, KIND_LOST),
		.tag = TAG_EGRESS_DROPS,
		.means = "Packets that a filter or policer of clsact "
			 "discarded on egress, as far as its filters tell",
		.cause = "a tc filter or policer on egress discards them",
		.remedy = "Look at them: `tc -s filter show dev DEV egress`"},
	[QDISC_INGRESS_PACKETS] = {
		COUNTED("", "if_rx_packets", DIR_RX, KIND_PASSED),
		.of = {{LAYER_QDISC, DIR_RX, RELATION_INSIDE}},
		.means = "Packets that came to it, discarded ones included "
			 "(clsact: of both sides)"},
	/* netem counts a marked packet as dropped, though it is delivered */
	[QDISC_MARKING_DROPS] = {
		COUNTED("", "if_tx_dropped", DIR_TX, KIND_BENIGN),
		.tag = TAG_MARKING_DROPS,
		.means = "netem with ecn: packets marked or discarded, not "
			 "told apart"},
	[QDISC_OVERLIMITS] = {
		COUNTED("overlimits", "packets", DIR_TX, KIND_OVERLOAD),
		.tag = TAG_QDISC_OVERLIMITS,
		.means = "Attempts to send beyond the rate: packets waited "
			 "(red and its like: beyond a threshold)"},
	[QDISC_REQUEUES] = {
		COUNTED("requeues", "packets", DIR_TX, KIND_BENIGN),
		.means = "Packets put back because the device was busy"},
	[QDISC_QLEN] = {
		COUNTED("", "queue_length", DIR_TX, KIND_LEVEL),
		.tag = TAG_QDISC_WAITING,
		.means = "Packets waiting now"},
	[QDISC_BACKLOG] = {
		COUNTED("backlog", "gauge", DIR_TX, KIND_LEVEL),
		.tag = TAG_QDISC_BACKLOG,
		.means = "Bytes waiting now"},
	/* clang-format on */

	/* QDISC_OWN_ROWS and on */
	{FQ_CODEL(drop_overlimit), FULL,
	 .means = "fq_codel: dropped because all queues together were over the "
		  "limit; the rest of its drops is CoDel's"},
	{FQ_CODEL(drop_overmemory), COUNT(KIND_OVERLOAD),
	 .means = "fq_codel: of drop_overlimit, those over memory_limit"},
	{FQ_CODEL(ecn_mark), MARKED("fq_codel")},
	{FQ_CODEL(ce_mark), MARKED_CE("fq_codel")},
	{FQ_CODEL(new_flow_count), COUNT(KIND_PASSED),
	 .means = "fq_codel: packets that began a flow"},
	{FQ_CODEL(maxpacket), GAUGE,
	 .means = "fq_codel: largest packet, bytes"},
	{FQ_CODEL(memory_usage), GAUGE, .means = "fq_codel: bytes held"},

	{AT("codel", tc_codel_xstats, drop_overlimit), FULL,
	 .means = "codel: dropped because the queue was full; the rest of its "
		  "drops is CoDel's"},
	{AT("codel", tc_codel_xstats, ecn_mark), MARKED("codel")},
	{AT("codel", tc_codel_xstats, ce_mark), MARKED_CE("codel")},
	{AT("codel", tc_codel_xstats, ldelay), GAUGE,
	 .means = "codel: how long the last packet waited, microseconds"},
	{AT("codel", tc_codel_xstats, dropping), GAUGE,
	 .means = "codel: 1 while it drops"},

	/* the kernel counts what was over the limit as dropped, too */
	{AT("pie", tc_pie_xstats, overlimit), FULL,
	 .means = "pie: dropped because the queue was full; the rest of its "
		  "drops is PIE's"},
	{AT("pie", tc_pie_xstats, dropped), COUNT(KIND_SYMPTOM),
	 .means = "pie: all that it dropped, once more"},
	{AT("pie", tc_pie_xstats, ecn_mark), MARKED("pie")},
	{AT("pie", tc_pie_xstats, packets_in), COUNT(KIND_PASSED),
	 .means = "pie: packets queued"},

	{AT("fq_pie", tc_fq_pie_xstats, overlimit), FULL,
	 .means = "fq_pie: dropped because the queue was full; the rest of its "
		  "drops is PIE's"},
	{AT("fq_pie", tc_fq_pie_xstats, dropped), COUNT(KIND_SYMPTOM),
	 .means = "fq_pie: all that it dropped, once more"},
	{AT("fq_pie", tc_fq_pie_xstats, overmemory), COUNT(KIND_OVERLOAD),
	 .means = "fq_pie: packets that came while memory_limit was exceeded"},
	{AT("fq_pie", tc_fq_pie_xstats, ecn_mark), MARKED("fq_pie")},

	{AT("red", tc_red_xstats, early), EARLY,
	 .means = "red: dropped by chance, the longer the queue the likelier"},
	{AT("red", tc_red_xstats, pdrop), FULL,
	 .means = "red: dropped because the queue was full"},
	{AT("red", tc_red_xstats, other), COUNT(KIND_SYMPTOM),
	 .means = "red: dropped on request of its parent"},
	{AT("red", tc_red_xstats, marked), MARKED("red")},

	{AT("choke", tc_choke_xstats, early), EARLY,
	 .means =
		 "choke: dropped by chance, the longer the queue the likelier"},
	{AT("choke", tc_choke_xstats, matched), EARLY,
	 .means = "choke: dropped because a waiting packet, dropped with it, "
		  "was of the same flow"},
	{AT("choke", tc_choke_xstats, pdrop), FULL,
	 .means = "choke: dropped because the queue was full"},
	{AT("choke", tc_choke_xstats, marked), MARKED("choke")},

	{AT("fq", tc_fq_qd_stats, flows_plimit), PART_OF_DROPS, SHOW,
	 .means = "fq: dropped because one flow had flow_limit packets waiting",
	 .cause = "one flow sends faster than it may (flow_limit)"},
	{AT("fq", tc_fq_qd_stats, horizon_drops), PART_OF_DROPS, SHOW,
	 .means = "fq: dropped because they were to leave too far in the "
		  "future",
	 .cause = "an application sets departure times beyond the horizon"},
	{FQ_BAND(0), FULL_BAND, .means = "fq: dropped because band 0 was full"},
	{FQ_BAND(1), FULL_BAND, .means = "fq: dropped because band 1 was full"},
	{FQ_BAND(2), FULL_BAND, .means = "fq: dropped because band 2 was full"},
	{AT("fq", tc_fq_qd_stats, allocation_errors), COUNT(KIND_SYMPTOM),
	 .means = "fq: no memory for a new flow; its packets shared a queue"},
	{AT("fq", tc_fq_qd_stats, pkts_too_long), COUNT(KIND_BENIGN),
	 .means = "fq: packets too long to be paced"},
	{AT("fq", tc_fq_qd_stats, throttled), COUNT(KIND_BENIGN),
	 .means = "fq: times that a flow was made to wait for its rate"},
	{AT("fq", tc_fq_qd_stats, ce_mark), MARKED_CE("fq")},

	{TIN("tin_drops", TCA_CAKE_TIN_STATS_DROPPED_PACKETS), EARLY,
	 .tag = TAG_CAKE_DROPS,
	 .means = "cake: dropped, by COBALT or for lack of memory; all tins"},
	{TIN("ack_drop", TCA_CAKE_TIN_STATS_ACKS_DROPPED_PACKETS),
	 PART_OF_DROPS, SHOW,
	 .means = "cake: acknowledgements thinned out by ack-filter; all tins",
	 .cause = "ack-filter thins out acknowledgements: no harm"},
	{TIN("ecn_mark", TCA_CAKE_TIN_STATS_ECN_MARKED_PACKETS),
	 MARKED("cake")},

	{AT("hhf", tc_hhf_xstats, drop_overlimit), FULL,
	 .means = "hhf: dropped because the queue was full"},

	{AT("htb", tc_htb_glob, direct_pkts), COUNT(KIND_PASSED),
	 .means = "htb: packets of no class, which were not shaped"},
	{HTB_CLASS(lends), COUNT(KIND_PASSED),
	 .means = "Class of htb: packets sent at its own rate"},
	{HTB_CLASS(borrows), COUNT(KIND_OVERLOAD),
	 .means = "Class of htb: packets sent at its parent's rate"},
	{HTB_CLASS(giants), COUNT(KIND_SYMPTOM),
	 .means = "Class of htb: packets too large for its rate table"},
};

const struct counter_table qdisc_table = COUNTER_TABLE(qdisc_counters);

#define FACT .layer = LAYER_QDISC, .kind = KIND_FACT

const struct counter qdisc_fact_handle = {FACT, .name = "handle"};
const struct counter qdisc_fact_parent = {FACT, .name = "parent"};
const struct counter qdisc_fact_rate = {FACT, .name = "rate"};
const struct counter qdisc_fact_netem_loss = {FACT, .name = "loss"};
const struct counter qdisc_fact_limit = {FACT, .name = "limit"};
const struct counter qdisc_fact_limit_bytes = {FACT, .name = "limit_bytes"};
const struct counter qdisc_fact_burst = {FACT, .name = "burst"};
const struct counter qdisc_fact_memory = {FACT, .name = "memory"};
const struct counter qdisc_fact_memory_full = {FACT, .name = "memory_full"};
const struct counter qdisc_fact_default = {FACT, .name = "default"};
const struct counter qdisc_fact_asked = {FACT, .name = "asked"};
const struct counter qdisc_fact_undetermined = {FACT, .name = "undetermined"};
const struct counter qdisc_fact_verdict = {FACT, .name = "verdict"};
const struct counter qdisc_fact_share = {FACT, .name = "share"};
const struct counter qdisc_fact_target = {FACT, .name = "target"};

/* Only read where something was lost, for a cause. */
#define CULPRIT .layer = LAYER_QDISC, .kind = KIND_DETAIL, .bits = 32

const struct counter qdisc_class_drops = {
	CULPRIT, .name = "class_drops", .tag = TAG_CLASS_DROPS,
	.direction = DIR_TX,
	.means = "Packets that the queue of a class refused"};
const struct counter qdisc_filter_drops = {
	CULPRIT, .name = "filter_drops",
	.means = "Packets that an action of a filter dropped"};
const struct counter qdisc_filter_failed = {
	CULPRIT, .name = "filter_overlimits",
	.means = "Packets that a filter could not send elsewhere"};

const struct counter_table qdisc_others[] = {
	ONE_COUNTER(qdisc_fact_handle),
	ONE_COUNTER(qdisc_fact_parent),
	ONE_COUNTER(qdisc_fact_rate),
	ONE_COUNTER(qdisc_fact_netem_loss),
	ONE_COUNTER(qdisc_fact_limit),
	ONE_COUNTER(qdisc_fact_limit_bytes),
	ONE_COUNTER(qdisc_fact_burst),
	ONE_COUNTER(qdisc_fact_memory),
	ONE_COUNTER(qdisc_fact_memory_full),
	ONE_COUNTER(qdisc_fact_default),
	ONE_COUNTER(qdisc_fact_asked),
	ONE_COUNTER(qdisc_fact_undetermined),
	ONE_COUNTER(qdisc_fact_verdict),
	ONE_COUNTER(qdisc_fact_share),
	ONE_COUNTER(qdisc_fact_target),
	ONE_COUNTER(qdisc_class_drops),
	ONE_COUNTER(qdisc_filter_drops),
	ONE_COUNTER(qdisc_filter_failed),
	{.n = 0},
};
