/* SPDX-License-Identifier: MIT */
/* Why filters of tc drop: what they were told to do, and could not do. */
#include <linux/pkt_sched.h>
#include <string.h>

#include "base/text.h"
#include "probes/qdisc/qdisc_private.h"
#include "probes/qdisc/qdisc_tree.h"

static uint64_t filter_fact(const struct suspect *suspect,
			    const struct counter *fact)
{
	return object_value(suspect->sample, suspect->object, fact, 0);
}

bool qdisc_filter_is_rule(const struct sample *s, const struct object *o)
{
	return qdisc_filter_is(s, o, TC_DROP) ||
	       qdisc_filter_is(s, o, TC_BPF) ||
	       qdisc_filter_is(s, o, TC_PROGRAM) ||
	       (node_of(s, o) == NODE_QDISC && qdisc_undetermined(s, o));
}

uint64_t qdisc_undetermined(const struct sample *s, const struct object *o)
{
	uint64_t handle = object_value(s, o, &qdisc_fact_handle, 0);

	EACH_NODE(s, o, asked)
	if (node_of(s, asked) == NODE_NONE &&
	    object_value(s, asked, &qdisc_fact_handle, 0) == handle)
		return object_value(s, asked, &qdisc_fact_undetermined, 0);
	return 0;
}

void qdisc_describe_rate(uint64_t rate, char *buffer, size_t size)
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s",
					    "Gbit/s"};
	double bits = (double)rate * 8;
	size_t i = 0;

	while (bits >= 1000 && i + 1 < ARRAY_SIZE(units)) {
		bits /= 1000;
		i++;
	}
	snprintf(buffer, size, "%.4g %s", bits, units[i]);
}

/* "ingress", "egress" or "parent 1:10", as tc takes and shows it. */
static void describe_side(uint32_t parent, char *buffer, size_t size)
{
	uint32_t minor = TC_H_MIN(parent);

	if (TC_H_MAJ(parent) != TC_H_MAJ(TC_H_CLSACT))
		snprintf(buffer, size, "parent %x:%.0x", parent >> 16, minor);
	else
		snprintf(buffer, size, "%s",
			 minor == TC_H_MIN_EGRESS ? "egress" : "ingress");
}

/* The words of a cause of which side and filter are at hand. */
struct filter_words {
	const struct suspect *suspect;
	const char *side, *filter;
	struct cause *ret;
};

static void say_police(const struct filter_words *w)
{
	uint64_t rate = filter_fact(w->suspect, &qdisc_fact_rate);
	char speed[32] = "some";

	if (rate)
		qdisc_describe_rate(rate, speed, sizeof(speed));
	w->ret->reason = &qdisc_reasons[REASON_POLICE];
	CAUSE_TEXT(w->ret,
		   "a tc policer on %s lets %s pass and drops the rest: %s",
		   w->side, speed, w->filter);
}

static void say_drop(const struct filter_words *w)
{
	w->ret->reason = &qdisc_reasons[REASON_FILTER];
	CAUSE_TEXT(w->ret, "a tc filter on %s drops what it matches: %s",
		   w->side, w->filter);
}

static void say_random(const struct filter_words *w)
{
	double share = filter_fact(w->suspect, &qdisc_fact_share);

	w->ret->reason = &qdisc_reasons[REASON_FILTER_RANDOM];
	CAUSE_TEXT(w->ret,
		   "a tc filter on %s is told to drop %.4g%% at random: %s",
		   w->side, 100 * share / UINT32_MAX, w->filter);
}

/* Programs at the same place that count nothing either. */
static unsigned count_programs(const struct suspect *suspect)
{
	const struct sample *s = suspect->sample;
	uint64_t parent = filter_fact(suspect, &qdisc_fact_parent);
	unsigned n = 0;

	EACH_NODE(s, suspect->object, o)
	n += qdisc_filter_is(s, o, TC_PROGRAM) &&
	     object_value(s, o, &qdisc_fact_parent, 0) == parent;
	return n;
}

static void say_program(const struct filter_words *w)
{
	unsigned n = count_programs(w->suspect);

	w->ret->reason = &qdisc_reasons[REASON_PROGRAM];
	CAUSE_TEXT(w->ret, "a tc filter on %s, a BPF program, drops them: %s",
		   w->side, w->filter);
	if (n > 1 &&
	    qdisc_filter_is(w->suspect->sample, w->suspect->object, TC_PROGRAM))
		CAUSE_TEXT(w->ret,
			   "a tc filter on %s, a BPF program, drops them: %s, "
			   "or one of %u others",
			   w->side, w->filter, n - 1);
}

static void say_mirred(const struct filter_words *w)
{
	static const char *const states[] = {
		[TARGET_GONE] = "is gone",
		[TARGET_DOWN] = "is down",
		[TARGET_NO_CARRIER] = "has no carrier",
		[TARGET_UP] = "did not take them",
	};
	const struct suspect *suspect = w->suspect;
	uint64_t state = filter_fact(suspect, &qdisc_fact_target);
	const char *name = object_table(suspect->sample, suspect->object);

	w->ret->reason = &qdisc_reasons[REASON_MIRRED];
	CAUSE_TEXT(w->ret, "a tc filter on %s redirects to %s, which %s: %s",
		   w->side, name[0] ? name : "an interface",
		   states[state < ARRAY_SIZE(states) ? state : 0], w->filter);
	if (state == TARGET_DOWN && text_is_plain(name))
		CAUSE_REMEDY(w->ret, "Set it up: `ip link set dev %s up`",
			     name);
}

static void say_action(const struct filter_words *w)
{
	w->ret->reason = &qdisc_reasons[REASON_ACTION];
	CAUSE_TEXT(w->ret, "the action %s of a tc filter on %s drops them: %s",
		   object_chain(w->suspect->sample, w->suspect->object),
		   w->side, w->filter);
}

bool qdisc_explain_filter(const struct suspect *suspect, struct cause *ret)
{
	static void (*const say[])(const struct filter_words *w) = {
		[TC_PROGRAM] = say_program, [TC_POLICE] = say_police,
		[TC_DROP] = say_drop,	    [TC_RANDOM] = say_random,
		[TC_BPF] = say_program,	    [TC_MIRRED] = say_mirred,
		[TC_OTHER] = say_action,
	};
	const struct sample *s = suspect->sample;
	char side[32];
	struct filter_words w = {suspect, side,
				 object_label(s, suspect->object), ret};
	uint64_t verdict;

	if (!object_get(s, suspect->object, &qdisc_fact_verdict, &verdict) ||
	    verdict >= ARRAY_SIZE(say))
		return false;
	describe_side(filter_fact(suspect, &qdisc_fact_parent), side,
		      sizeof(side));
	CAUSE_REMEDY(ret, "Look at it: `tc -s filter show dev %s %s`",
		     suspect->loss->place, side);
	say[verdict](&w);
	ret->is_rule = qdisc_filter_is_rule(s, suspect->object);
	return true;
}

/* What no filter of a side tells of. */
bool qdisc_explain_side(const struct suspect *suspect, struct cause *ret)
{
	const char *place = suspect->loss->place;

	if (suspect->row->counter->tag != TAG_INGRESS_DROPS &&
	    suspect->row->counter->tag != TAG_EGRESS_DROPS)
		return false;
	ret->reason = &qdisc_reasons[REASON_SIDE];
	if (qdisc_undetermined(suspect->sample, suspect->object)) {
		CAUSE_TEXT(
			ret,
			"tc filters on both sides, BPF programs on ingress and "
			"egress, may have dropped them: their statistics do "
			"not tell which");
		CAUSE_REMEDY(ret,
			     "Look at both: `tc filter show dev %s ingress` "
			     "and `tc filter show dev %s egress`",
			     place, place);
		ret->is_rule = true;
		return true;
	}
	CAUSE_TEXT(ret, "a tc filter or policer on %s discards them",
		   suspect->loss->direction == DIR_RX ? "ingress" : "egress");
	CAUSE_REMEDY(ret, "Look at them: `tc -s filter show dev %s %s`", place,
		     suspect->loss->direction == DIR_RX ? "ingress" : "egress");
	return true;
}
