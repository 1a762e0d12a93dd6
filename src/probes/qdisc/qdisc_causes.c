/* SPDX-License-Identifier: MIT */
/* Why queueing disciplines drop: what they are, and what they are set to. */
#include <linux/pkt_sched.h>
#include <string.h>

#include "base/text.h"
#include "probes/qdisc/qdisc_private.h"
#include "probes/qdisc/qdisc_tree.h"

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

/* Whether it is below another, so that there may be several of its kind. */
static bool is_leaf(const struct suspect *suspect)
{
	return qdisc_fact(suspect, &qdisc_fact_parent) != TC_H_ROOT;
}

/* "parent 1:10 handle 8001:", or "root" */
static void write_position(const struct suspect *suspect, char *buffer,
			   size_t size)
{
	uint64_t handle = qdisc_fact(suspect, &qdisc_fact_handle);
	uint64_t parent = qdisc_fact(suspect, &qdisc_fact_parent);

	if (parent == TC_H_ROOT)
		snprintf(buffer, size, "root");
	else if (!handle)
		snprintf(buffer, size, "parent %x:%x", (unsigned)(parent >> 16),
			 (unsigned)(parent & 0xffff));
	else
		snprintf(buffer, size,
			 "parent %x:%x handle %x:", (unsigned)(parent >> 16),
			 (unsigned)(parent & 0xffff), (unsigned)(handle >> 16));
}

/* "tc qdisc del dev eth0 root" and the like, for the suspected qdisc. */
static void qdisc_command(const struct suspect *suspect, const char *verb,
			  char *buffer, size_t size)
{
	char position[48];

	write_position(suspect, position, sizeof(position));
	snprintf(buffer, size, "tc qdisc %s dev %s %s", verb,
		 suspect->loss->place, position);
}

/* Says which one, of what may be several of a kind. */
static void add_position(const struct suspect *suspect, struct cause *ret)
{
	size_t n = strlen(ret->text);
	char position[48];

	if (!is_leaf(suspect))
		return;
	write_position(suspect, position, sizeof(position));
	snprintf(ret->text + n, sizeof(ret->text) - n, ", at %s", position);
}

/* By how much a row of the suspect with that tag moved. */
static uint64_t suspect_moved(const struct suspect *suspect, enum tag tag)
{
	const struct row *row =
		object_tagged(suspect->sample, suspect->object, tag);

	return row ? row->delta : 0;
}

/* Whether so many were lost that it is not only the loss it is set to. */
static bool is_overfull(const struct suspect *suspect, uint64_t loss)
{
	uint64_t lost = suspect->row->delta;
	double came = lost + suspect_moved(suspect, TAG_QDISC_PACKETS);

	return lost > 2 * came * loss / UINT32_MAX + 10;
}

static bool explain_netem(const struct suspect *suspect, struct cause *ret)
{
	uint64_t loss, limit;
	char command[96];
	double percent;

	if (strcmp(qdisc_kind(suspect), "netem") ||
	    !object_get(suspect->sample, suspect->object,
			&qdisc_fact_netem_loss, &loss))
		return false;
	ret->reason = &qdisc_reasons[REASON_NETEM];
	percent = 100.0 * (double)loss / UINT32_MAX;
	qdisc_command(suspect, "del", command, sizeof(command));
	CAUSE_REMEDY(ret, "Remove it: `%s`", command);
	if (is_overfull(suspect, loss) &&
	    object_get(suspect->sample, suspect->object, &qdisc_fact_limit,
		       &limit))
		CAUSE_TEXT(ret,
			   "netem is configured to lose %.4g%%, and its queue "
			   "is full (limit %llu packets)",
			   percent, (unsigned long long)limit);
	else
		CAUSE_TEXT(ret, "netem is configured to lose %.4g%%", percent);
	add_position(suspect, ret);
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
	ret->reason = &qdisc_reasons[REASON_QUEUE_FULL];
	CAUSE_TEXT(ret, "%s's queue is full (limit %llu %s)", kind,
		   (unsigned long long)limit, unit);
	add_position(suspect, ret);
	qdisc_command(suspect, "change", command, sizeof(command));
	CAUSE_REMEDY(ret, "Raise it: `%s %s limit N`", command, kind);
	return true;
}

/* cake counts what its memory has no room for like what its AQM drops. */
static bool explain_memory(const struct suspect *suspect, struct cause *ret)
{
	enum tag tag = suspect->row->counter->tag;
	char command[96];
	uint64_t limit;

	if ((tag != TAG_QDISC_DROPS && tag != TAG_CAKE_DROPS) ||
	    !object_get(suspect->sample, suspect->object, &qdisc_fact_memory,
			&limit))
		return false;
	ret->reason = &qdisc_reasons[REASON_MEMORY];
	CAUSE_TEXT(ret,
		   qdisc_fact(suspect, &qdisc_fact_memory_full)
			   ? "cake's memory is full (limit %llu bytes)"
			   : "cake's memory was full (limit %llu bytes), or "
			     "the AQM dropped early to slow senders down",
		   (unsigned long long)limit);
	add_position(suspect, ret);
	qdisc_command(suspect, "change", command, sizeof(command));
	CAUSE_REMEDY(ret, "Send less or raise it: `%s cake memlimit N`",
		     command);
	return true;
}

static bool explain_aqm(const struct suspect *suspect, struct cause *ret)
{
	if (suspect->row->counter->tag != TAG_QDISC_DROPS ||
	    !qdisc_is_aqm(qdisc_kind(suspect)))
		return false;
	ret->reason = &qdisc_reasons[REASON_AQM];
	CAUSE_TEXT(
		ret,
		"%s: dropped early by the AQM to slow senders down: normal for "
		"TCP",
		qdisc_kind(suspect));
	add_position(suspect, ret);
	CAUSE_REMEDY(ret,
		     "Send less or raise the rate: `tc -s qdisc show dev %s`",
		     suspect->loss->place);
	return true;
}

static bool is_shaper(const char *kind)
{
	static const char *const shapers[] = {"tbf", "htb", "hfsc", "cbq",
					      NULL};

	return text_is_among(kind, shapers);
}

/* A class without a qdisc of its own that would say more. */
static bool explain_class(const struct suspect *suspect, struct cause *ret)
{
	unsigned id = qdisc_fact(suspect, &qdisc_fact_handle);
	const char *kind = qdisc_kind(suspect);

	if (suspect->row->counter->tag != TAG_CLASS_DROPS)
		return false;
	ret->reason = &qdisc_reasons[REASON_CLASS];
	if (is_shaper(kind))
		CAUSE_TEXT(ret, "class %x:%x of %s is slower than what is sent",
			   id >> 16, id & 0xffff, kind);
	else
		CAUSE_TEXT(ret,
			   "the queue of class %x:%x of %s is full: more was "
			   "sent than its share",
			   id >> 16, id & 0xffff, kind);
	CAUSE_REMEDY(ret,
		     "Raise its rate or send less: `tc -s class show dev %s`",
		     suspect->loss->place);
	return true;
}

/* What was asked of the suspected qdisc because it lost something, or NULL. */
static const struct object *asked_of(const struct suspect *suspect)
{
	const struct sample *s = suspect->sample;
	uint64_t handle = qdisc_fact(suspect, &qdisc_fact_handle);

	EACH_NODE(s, suspect->object, o)
	if (node_of(s, o) == NODE_NONE &&
	    object_value(s, o, &qdisc_fact_handle, 0) == handle)
		return o;
	return NULL;
}

/* Whether a shaper had to hold packets back. */
static bool had_to_wait(const struct suspect *suspect)
{
	const struct row *backlog = object_tagged(
		suspect->sample, suspect->object, TAG_QDISC_BACKLOG);

	return suspect_moved(suspect, TAG_QDISC_OVERLIMITS) ||
	       (backlog && backlog->value);
}

/* "there is no default", or why that one is of no use. */
static void describe_default(const struct suspect *suspect,
			     const struct object *asked, char *buffer,
			     size_t size)
{
	uint64_t id = qdisc_fact(suspect, &qdisc_fact_default);
	uint64_t handle = qdisc_fact(suspect, &qdisc_fact_handle);

	if (id && asked &&
	    !object_row(suspect->sample, asked, &qdisc_fact_default))
		snprintf(buffer, size, "the default class %x:%x does not exist",
			 (unsigned)(handle >> 16), (unsigned)id);
	else
		snprintf(buffer, size, "there is no default");
}

static void remedy_unclassified(const struct suspect *suspect,
				struct cause *ret)
{
	const char *kind = qdisc_kind(suspect), *place = suspect->loss->place;
	unsigned major = qdisc_fact(suspect, &qdisc_fact_handle) >> 16;
	char command[96];

	qdisc_command(suspect, "change", command, sizeof(command));
	if (!strcmp(kind, "hfsc"))
		CAUSE_REMEDY(ret,
			     "Name a class that exists: `%s hfsc default N`",
			     command);
	else
		CAUSE_REMEDY(ret,
			     "Add a filter for all the rest: `tc filter add "
			     "dev %s parent %x: protocol all prio 65000 "
			     "matchall classid %x:N`",
			     place, major, major);
}

/*
 * What its classes do not explain was of none of them, where they are known;
 * else where nothing had to wait.
 */
static bool explain_unclassified(const struct suspect *suspect,
				 struct cause *ret)
{
	static const char *const kinds[] = {"hfsc", "drr", "qfq", "htb", NULL};
	const struct object *asked = asked_of(suspect);
	const char *kind = qdisc_kind(suspect);
	char which[64];

	if (suspect->row->counter->tag != TAG_QDISC_DROPS ||
	    !text_is_among(kind, kinds) || (!asked && had_to_wait(suspect)))
		return false;
	ret->reason = &qdisc_reasons[REASON_UNCLASSIFIED];
	describe_default(suspect, asked, which, sizeof(which));
	/* htb sends them by a queue of its own, as long as that has room */
	CAUSE_TEXT(ret, "no class of %s matches, and %s%s", kind, which,
		   strcmp(kind, "htb") ? "" : "; the queue for such is full");
	add_position(suspect, ret);
	remedy_unclassified(suspect, ret);
	return true;
}

static bool explain_shaper(const struct suspect *suspect, struct cause *ret)
{
	uint64_t rate = qdisc_fact(suspect, &qdisc_fact_rate);
	const char *kind = qdisc_kind(suspect);
	char speed[32] = "";

	if (!is_shaper(kind) || !had_to_wait(suspect))
		return false;
	ret->reason = &qdisc_reasons[REASON_SHAPER];
	if (rate)
		qdisc_describe_rate(rate, speed, sizeof(speed));
	CAUSE_TEXT(ret, "the shaper %s%s%s%s is slower than what is sent", kind,
		   rate ? " (" : "", speed, rate ? ")" : "");
	add_position(suspect, ret);
	CAUSE_REMEDY(ret,
		     "Raise its rate or send less: `tc -s qdisc show dev %s`",
		     suspect->loss->place);
	return true;
}

#define WHOLE_FRAME 1514 /* of Ethernet: what a burst has to hold at least */

/*
 * A packet that a bucket can never hold is dropped however idle the link is.
 * Where others had to wait as well, a bucket for less than a frame is suspect.
 */
static bool explain_burst(const struct suspect *suspect, struct cause *ret)
{
	bool waited = had_to_wait(suspect);
	uint64_t burst;

	if (strcmp(qdisc_kind(suspect), "tbf") ||
	    !object_get(suspect->sample, suspect->object, &qdisc_fact_burst,
			&burst) ||
	    (waited && burst >= WHOLE_FRAME))
		return false;
	ret->reason = &qdisc_reasons[REASON_BURST];
	CAUSE_TEXT(ret,
		   "packets are larger than the burst of tbf (%llu bytes)%s",
		   (unsigned long long)burst,
		   waited ? ", or more than its rate lets pass" : "");
	add_position(suspect, ret);
	CAUSE_REMEDY(ret,
		     "Give it a burst of at least the MTU: `tc -d qdisc show "
		     "dev %s`",
		     suspect->loss->place);
	return true;
}

/* It drops all that it is given, however little. */
static bool explain_blackhole(const struct suspect *suspect, struct cause *ret)
{
	char command[96];

	if (suspect->row->counter->tag != TAG_QDISC_DROPS ||
	    strcmp(qdisc_kind(suspect), "blackhole"))
		return false;
	ret->reason = &qdisc_reasons[REASON_BLACKHOLE];
	CAUSE_TEXT(ret, "the qdisc blackhole drops all that is sent");
	add_position(suspect, ret);
	qdisc_command(suspect, "del", command, sizeof(command));
	CAUSE_REMEDY(ret, "Remove it: `%s`", command);
	return true;
}

/* What a counter of one kind alone says, of which there may be several. */
static bool explain_part(const struct suspect *suspect, struct cause *ret)
{
	const struct counter *c = suspect->row->counter;

	if (c->kind != KIND_PART || !c->cause || c->tag == TAG_QDISC_DROPS ||
	    c->tag == TAG_CLASS_DROPS)
		return false;
	ret->reason =
		&qdisc_reasons[c->tag == TAG_QDISC_FULL ? REASON_QUEUE_FULL
							: REASON_AQM];
	CAUSE_TEXT(ret, "%s: %s", qdisc_kind(suspect), c->cause);
	add_position(suspect, ret);
	CAUSE_REMEDY(ret, "Look at it: `tc -s qdisc show dev %s`",
		     suspect->loss->place);
	return true;
}

/* clang-format off */
const struct explainer qdisc_explainers[] = {
	{LAYER_QDISC, qdisc_explain_filter},
	{LAYER_QDISC, qdisc_explain_side},
	{LAYER_QDISC, explain_netem},
	{LAYER_QDISC, explain_blackhole},
	{LAYER_QDISC, explain_class},
	{LAYER_QDISC, explain_unclassified},
	{LAYER_QDISC, explain_burst},
	{LAYER_QDISC, explain_shaper},
	{LAYER_QDISC, explain_full},
	{LAYER_QDISC, explain_memory},
	{LAYER_QDISC, explain_aqm},
	{LAYER_QDISC, explain_part},
	{0, NULL},
};
/* clang-format on */
