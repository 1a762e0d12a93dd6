/* SPDX-License-Identifier: MIT */
/* Why queueing disciplines drop: what they are, and what they are set to. */
#include <string.h>

#include "base/text.h"
#include "probes/qdisc/qdisc_private.h"

static const char *qdisc_kind(const struct suspect *suspect)
{
	return object_label(suspect->sample, suspect->object);
}

/* A fact of the suspected qdisc, 0 where it has none. */
static uint64_t qdisc_fact(const struct suspect *suspect,
			   const struct counter *fact)
{
	return object_value(suspect->sample, suspect->object, fact, 0);
}

/* "tc qdisc del dev eth0 root" and the like, for the suspected qdisc. */
static void qdisc_command(const struct suspect *suspect, const char *verb,
			  char *buffer, size_t size)
{
	uint64_t handle = qdisc_fact(suspect, &qdisc_fact_handle);
	uint64_t parent = qdisc_fact(suspect, &qdisc_fact_parent);
	int n;

	n = snprintf(buffer, size, "tc qdisc %s dev %s ", verb,
		     suspect->loss->place);
	if (n < 0 || (size_t)n >= size)
		return;
	if (parent == UINT32_MAX)
		snprintf(buffer + n, size - n, "root");
	else
		snprintf(buffer + n, size - n,
			 "parent %x:%x handle %x:", (unsigned)(parent >> 16),
			 (unsigned)(parent & 0xffff), (unsigned)(handle >> 16));
}

static bool explain_netem(const struct suspect *suspect, struct cause *ret)
{
	char command[96];
	uint64_t loss;

	if (strcmp(qdisc_kind(suspect), "netem") ||
	    !object_get(suspect->sample, suspect->object,
			&qdisc_fact_netem_loss, &loss))
		return false;
	CAUSE_TEXT(ret, "netem is configured to lose %.4g%%",
		   100.0 * (double)loss / UINT32_MAX);
	qdisc_command(suspect, "del", command, sizeof(command));
	CAUSE_REMEDY(ret, "Remove it: %s", command);
	return true;
}

/* Whether what was dropped did not fit, and was not dropped early. */
static bool is_full(const struct suspect *suspect)
{
	static const char *const plain[] = {"sfq", "fq", "hhf", NULL};
	const char *kind = qdisc_kind(suspect);

	if (suspect->row->counter->tag != TAG_QDISC_DROPS)
		return suspect->row->counter->tag == TAG_QDISC_FULL;
	return !qdisc_is_aqm(kind) || text_is_among(kind, plain);
}

static bool explain_full(const struct suspect *suspect, struct cause *ret)
{
	const char *unit = "packets", *kind = qdisc_kind(suspect);
	const struct object *o = suspect->object;
	char command[96];
	uint64_t limit;

	if (!is_full(suspect))
		return false;
	if (object_get(suspect->sample, o, &qdisc_fact_limit_bytes, &limit))
		unit = "bytes";
	else if (!object_get(suspect->sample, o, &qdisc_fact_limit, &limit))
		return false;
	CAUSE_TEXT(ret, "%s's queue is full (limit %llu %s)", kind,
		   (unsigned long long)limit, unit);
	qdisc_command(suspect, "change", command, sizeof(command));
	CAUSE_REMEDY(ret, "Raise it: %s %s limit N", command, kind);
	return true;
}

static bool explain_aqm(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_QDISC_DROPS ||
	    !qdisc_is_aqm(qdisc_kind(suspect)))
		return false;
	CAUSE_TEXT(
		ret,
		"%s: dropped early by the AQM to slow senders down: normal for "
		"TCP",
		qdisc_kind(suspect));
	CAUSE_REMEDY(ret,
		     "Send less or raise the rate: tc -s qdisc show dev %s",
		     suspect->loss->place);
	return true;
}

/* Where no qdisc of its own says more. */
static bool explain_class(const struct suspect *suspect, struct cause *ret)
{
	uint64_t id = qdisc_fact(suspect, &qdisc_fact_handle);

	if (suspect->row->counter->tag != TAG_CLASS_DROPS)
		return false;
	CAUSE_TEXT(ret, "class %x:%x of %s is slower than what is sent",
		   (unsigned)(id >> 16), (unsigned)(id & 0xffff),
		   qdisc_kind(suspect));
	CAUSE_REMEDY(ret,
		     "Raise its rate or send less: tc -s class show dev %s",
		     suspect->loss->place);
	return true;
}

/* " (1.5 Mbit/s)" for a rate in bytes per second. */
static void describe_rate(uint64_t rate, char *buffer, size_t size)
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s",
					    "Gbit/s"};
	double bits = (double)rate * 8;
	size_t i = 0;

	while (bits >= 1000 && i + 1 < ARRAY_SIZE(units)) {
		bits /= 1000;
		i++;
	}
	snprintf(buffer, size, " (%.4g %s)", bits, units[i]);
}

static bool explain_shaper(const struct suspect *suspect, struct cause *ret)
{
	static const char *const shapers[] = {"tbf", "htb", "hfsc", "cbq",
					      NULL};
	const char *kind = qdisc_kind(suspect);
	char speed[32] = "";
	uint64_t rate = qdisc_fact(suspect, &qdisc_fact_rate);

	if (!text_is_among(kind, shapers))
		return false;
	if (rate)
		describe_rate(rate, speed, sizeof(speed));
	CAUSE_TEXT(ret, "the shaper %s%s is slower than what is sent", kind,
		   speed);
	CAUSE_REMEDY(ret,
		     "Raise its rate or send less: tc -s qdisc show dev %s",
		     suspect->loss->place);
	return true;
}

/* clang-format off */
const struct explainer qdisc_explainers[] = {
	{LAYER_QDISC, explain_netem},
	{LAYER_QDISC, explain_class},
	{LAYER_QDISC, explain_shaper},
	{LAYER_QDISC, explain_full},
	{LAYER_QDISC, explain_aqm},
	{0, NULL},
};
/* clang-format on */
