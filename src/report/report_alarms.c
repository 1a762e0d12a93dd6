/* SPDX-License-Identifier: MIT */
#include "report/report_alarms.h"

#include <math.h>
#include <string.h>

#include "diagnosis/finding.h"
#include "engine/interval.h"
#include "report/report_notify.h"

static bool never_alarms(const struct limits *limits)
{
	return isnan(limits->warning) && isnan(limits->failure);
}

/* Whether nobody missed anything here, whatever was counted. */
static bool is_none(const struct loss *loss)
{
	return loss->gone || loss->echo || loss->nobodys;
}

/* Packets of the part of a loss that is judged. */
static uint64_t lost_of(const struct loss *loss)
{
	return is_none(loss) ? 0 : report_judged_lost(loss);
}

/* Also of one who sends nothing any more: that is a clean interval. */
static bool is_by_number(const struct loss *loss)
{
	return loss->by_number || (loss->layer == LAYER_NEIGH &&
				   isnan(report_judged_percent(loss)));
}

/*
 * What is judged of an interval, see alarm_step(): where nothing is known to
 * measure a loss against, the packets alone are. Their sum is none of a ratio
 * then, so what passes in a clean interval does not count.
 */
static struct evidence evidence_of(const struct ns *ns, const struct loss *loss)
{
	double seconds = interval_seconds(ns);
	struct evidence e = {
		.seconds = seconds > 0 ? seconds : 0,
		.lost = lost_of(loss),
		.total = loss_total(loss),
		.percent = report_judged_percent(loss),
	};

	if (is_none(loss) || never_alarms(loss->limits)) {
		e.percent = 0;
		e.lost = 0;
	}
	if (is_by_number(loss))
		e.total = e.lost;
	if (is_by_number(loss) && loss->known)
		e.percent = e.lost ? 100 : 0;
	if (loss->aqm)
		e.eased = e.lost;
	return e;
}

/*
 * Of a neighbour that does not answer only the host may count what it costs. As
 * long as nothing is lost it stays as it was: sums are of one measure.
 */
static void choose_measure(struct loss *loss)
{
	bool by_number = isnan(report_judged_percent(loss));

	if (loss->layer != LAYER_NEIGH || loss->by_number == by_number)
		return;
	if (!lost_of(loss) && !alarm_is_at_rest(&loss->alarm))
		return;
	loss->by_number = by_number;
	if (by_number)
		alarm_drop_totals(&loss->alarm);
	else
		alarm_begin_anew(&loss->alarm);
}

/* The rule that dropped most, if one did. */
static const char *worst_rule(const struct sample *s, const struct loss *loss,
			      const struct causes *causes)
{
	const struct object *o = causes->items[0].object;

	if (loss->layer != LAYER_NETFILTER || !lost_of(loss) || !o)
		return "";
	return object_name(s, o);
}

static const struct causes *list_causes(const struct sample *s,
					const struct loss *loss,
					enum limits_kind kind,
					struct causes *ret)
{
	enum cause_part part = loss->policy ? CAUSE_OTHERS : CAUSE_ALL;

	if (kind == LIMITS_POLICY)
		part = CAUSE_POLICY;
	cause_list(s, loss, part, ret);
	return ret;
}

/*
 * Where nobody missed what is lost now, an alarm is judged by the limits of
 * what somebody did, as long as there is one, or might be: this is no loss.
 */
static bool is_nobodys(const struct loss *loss, enum limits_kind kind,
		       const struct limits *limits)
{
	return kind == LIMITS_UNEXPLAINED && never_alarms(limits) &&
	       loss->limits && !alarm_is_at_rest(&loss->alarm);
}

static void choose_limits(struct report *r, struct loss *loss,
			  enum limits_kind kind, const struct causes *causes)
{
	const struct ns *ns = r->ns;
	const struct limits_of of = {
		.layer = loss->layer,
		.direction = loss->direction,
		.namespace = ns->name,
		.interface = loss->place,
		.rule = worst_rule(&ns->now, loss, causes),
		.kind = kind,
	};

	const struct limits *limits =
		settings_limits(r->reporter->settings, &of);

	loss->nobodys = is_nobodys(loss, kind, limits);
	if (loss->nobodys)
		return;
	loss->limits_kind = of.kind;
	loss->limits = limits;
}

/*
 * Limits stay as they are where nothing changed that they depend on: of a
 * firewall that is the rule that drops most.
 */
static bool has_limits(const struct loss *loss, enum limits_kind kind)
{
	if (!loss->limits)
		return false;
	if (!lost_of(loss) && loss->alarm.state == SEVERITY_OKAY)
		return true;
	if (loss->layer == LAYER_NETFILTER)
		return !lost_of(loss);
	return loss->limits_kind == kind;
}

/* A plain drop or two among those that slow senders down are no failure. */
static bool is_eased(const struct loss *loss)
{
	return loss->layer == LAYER_QDISC && !loss->aqm &&
	       alarm_is_eased(&loss->alarm, lost_of(loss));
}

/*
 * Two qdiscs of one interface may drop in turns, and their packets are evidence
 * of one loss. Plain limits raise it where this interval and most of the window
 * are plain; what is raised they keep raised.
 */
static enum limits_kind kind_of_whole(const struct sample *s,
				      const struct loss *loss)
{
	enum limits_kind kind = loss_limits_kind(s, loss);

	if (kind == LIMITS_PLAIN && loss->alarm.state == SEVERITY_OKAY &&
	    is_eased(loss))
		return LIMITS_AQM;
	return kind;
}

/* Of the part that is judged. */
static enum limits_kind find_kind(const struct sample *s,
				  const struct loss *loss)
{
	struct loss others;

	if (loss->other && loss->limits_kind == LIMITS_POLICY)
		return LIMITS_POLICY;
	if (!loss->policy)
		return kind_of_whole(s, loss);
	others = *loss;
	others.lost -= others.policy;
	others.policy = 0;
	return loss_limits_kind(s, &others);
}

/* Of a loss that is not explained: kilobytes that nobody clears each time. */
static const struct causes no_causes = {.items = {{.known = true}}};

/* The causes, and limits for what they are. */
static const struct causes *explain_loss(struct report *r, struct loss *loss,
					 struct causes *list)
{
	const struct sample *s = &r->ns->now;
	enum limits_kind kind = find_kind(s, loss);
	const struct causes *causes = &no_causes;
	bool explained;

	loss->nobodys = false;
	explained = lost_of(loss);
	if (explained && loss->layer == LAYER_NETFILTER)
		causes = list_causes(s, loss, kind, list);
	if (!has_limits(loss, kind))
		choose_limits(r, loss, kind, causes);
	if (explained && !loss->nobodys && !never_alarms(loss->limits) &&
	    !causes->n)
		causes = list_causes(s, loss, kind, list);
	return causes;
}

/*
 * How full a table is does not add up. Built-in limits say no repeat. What is
 * out of use now has a window still: it may come back, and be as lossy.
 */
static struct limits limits_to_judge(const struct report *r,
				     const struct loss *loss)
{
	struct limits limits = *loss->limits;

	if (loss->direction == DIR_FILL)
		limits.window = 0;
	else if (never_alarms(loss->limits))
		limits.window = r->reporter->settings->limits.window;
	if (!(limits.repeat > 0))
		limits.repeat = r->reporter->settings->repeat;
	return limits;
}

/* Less of a loss is what is left of a cause that was mended. */
#define MIN_TOLD_PERCENT 10

static bool still_loses(const struct sample *s, const struct causes *causes,
			const struct loss *loss, uint32_t cause)
{
	for (size_t i = 0; i < causes->n; i++)
		if (cause_is(s, &causes->items[i], cause))
			return causes->items[i].lost * 100 >=
			       lost_of(loss) * MIN_TOLD_PERCENT;
	return false;
}

/* What an interval says of a part of a loss. */
struct verdict {
	bool is_due;	/* says alarm_step() */
	uint32_t cause; /* that loses most, or 0 */
	bool is_told;	/* the one told last loses, too */
};

/* Most are: nothing is to be judged, nor to be forgotten. */
static bool has_nothing_to_judge(const struct loss *loss)
{
	return !report_judged_lost(loss) && loss->limits &&
	       alarm_is_at_rest(&loss->alarm);
}

/* No guess is a FAILURE, nor does one loss make another worse. */
static enum severity find_cap(const struct report *r, const struct loss *loss,
			      const struct causes *causes)
{
	uint8_t state = loss->alarm.state;

	if (!causes->items[0].known || isnan(report_judged_percent(loss)))
		return SEVERITY_WARNING;
	/* a threshold is the same for both of them */
	if (state && loss->limits == &r->reporter->settings->limits &&
	    is_eased(loss))
		return state;
	return SEVERITY_FAILURE;
}

/*
 * What was counted of a layer of which a source could not be read is the least
 * that it has lost: enough to raise an alarm, but none is over.
 */
static void doubt_unread(const struct sample *s, const struct loss *loss,
			 struct evidence *now)
{
	if (s->unread & 1u << loss->layer &&
	    !(now->percent > loss->limits->warning))
		now->percent = NAN;
}

static struct verdict judge_interval(struct report *r, struct loss *loss)
{
	const struct sample *s = &r->ns->now;
	struct causes list;
	const struct causes *causes = explain_loss(r, loss, &list);
	struct verdict v = {.cause = 0};
	const struct limits limits = limits_to_judge(r, loss);
	struct evidence now;

	choose_measure(loss);
	now = evidence_of(r->ns, loss);
	doubt_unread(s, loss, &now);
	v.is_due = alarm_step(&loss->alarm, &limits, &now,
			      find_cap(r, loss, causes));
	if (causes->n && !loss->alarm.okay)
		v.cause = cause_id(s, &causes->items[0]);
	v.is_told = still_loses(s, causes, loss, alarm_cause(&loss->alarm));
	return v;
}

static struct verdict judge_part(struct report *r, struct loss *loss)
{
	if (has_nothing_to_judge(loss))
		return (struct verdict) {.cause = 0};
	return judge_interval(r, loss);
}

static enum told_part part_of(const struct loss *loss)
{
	return loss->limits_kind == LIMITS_POLICY ? TOLD_POLICY : TOLD_OTHERS;
}

/* The worse one is told. Of two that are as bad what nobody wanted is. */
static bool is_other_worse(const struct loss *loss)
{
	uint8_t other = loss->other->alarm.state, state = loss->alarm.state;

	return other > state ||
	       (other && other == state && loss->limits_kind == LIMITS_POLICY);
}

static struct verdict judge_parts(struct report *r, struct loss *loss)
{
	struct verdict v, other;

	if (loss->policy && !loss->other)
		loss_split(loss);
	if (!loss->other)
		return judge_part(r, loss);
	loss_turn(loss);
	other = judge_part(r, loss);
	loss_turn(loss);
	v = judge_part(r, loss);
	if (is_other_worse(loss)) {
		loss_turn(loss);
		v = other;
	}
	/* what was told before a restart was of the one that goes on */
	if (loss->told_part == TOLD_UNKNOWN && !loss->other->alarm.state)
		loss->told_part = part_of(loss);
	return v;
}

/* What was told and loses nothing now has nothing new to tell but its end. */
static bool differs_from_told(const struct loss *loss)
{
	const struct alarm *alarm = &loss->alarm;

	if (!alarm->state || !alarm->told)
		return alarm->state != alarm->told;
	if (!lost_of(loss))
		return false;
	return alarm->state != alarm->told ||
	       (loss->told_part && loss->told_part != part_of(loss));
}

/*
 * As it is now: what changed and changed back before its turn has come is never
 * told.
 */
static enum due find_news(const struct report *r, struct loss *loss,
			  const struct verdict *v)
{
	struct alarm *alarm = &loss->alarm;
	const struct limits limits = limits_to_judge(r, loss);
	enum due news;

	if (differs_from_told(loss))
		return DUE_CHANGE;
	if (!alarm->state)
		return DUE_NOTHING;
	news = alarm_tells_again(alarm, &limits, v->cause, v->is_told);
	return news == DUE_NOTHING && v->is_due ? DUE_REPEAT : news;
}

static void judge(struct report *r, struct loss *loss)
{
	struct verdict v;

	if (!report_wants(r, loss->layer) ||
	    (!loss->policy && !loss->other && has_nothing_to_judge(loss)))
		return;
	if (!loss->limits)
		alarm_memory_claim(&r->reporter->alarms, r->ns, loss);
	v = judge_parts(r, loss);
	loss->alarm.due = find_news(r, loss, &v);
}

void report_alarms_judge(struct report *r)
{
	struct losses *l = &r->ns->losses;

	for (size_t i = 0; i < l->n; i++)
		judge(r, &l->items[i]);
}

/* ---- who is told, and when ---- */

/*
 * One that waits while it loses nothing has to wait for its cause. What was
 * told is known, and it is true as long as the alarm is raised.
 */
static bool can_raise(const struct loss *loss)
{
	const struct alarm *alarm = &loss->alarm;

	return alarm->due && alarm->state != SEVERITY_OKAY &&
	       (lost_of(loss) || (alarm->due == DUE_REPEAT && alarm->told));
}

static void set_told(struct report *r, struct loss *loss)
{
	r->alarms_changed |= loss->alarm.told != loss->alarm.state ||
			     loss->told_part != part_of(loss);
	loss->alarm.told = loss->alarm.state;
	loss->alarm.due = DUE_NOTHING;
	loss->told_part = part_of(loss);
}

/* Often nobody sends any more, because of what was lost. */
static void tell_again(struct report *r, struct loss *loss)
{
	const struct evidence now = evidence_of(r->ns, loss);

	alarm_told(&loss->alarm, 0);
	set_told(r, loss);
	report_notify_again(r, loss, &now);
}

static void tell_raised(struct report *r, struct loss *loss)
{
	const struct sample *s = &r->ns->now;
	struct evidence now = evidence_of(r->ns, loss), told;
	const struct limits limits = limits_to_judge(r, loss);
	struct causes list;
	uint32_t before;

	told = alarm_evidence(&loss->alarm, &limits, &now);
	if (isnan(report_judged_percent(loss)))
		told.percent = NAN;
	list_causes(s, loss, loss->limits_kind, &list);
	before = alarm_cause(&loss->alarm);
	alarm_told(&loss->alarm, list.n ? cause_id(s, &list.items[0]) : 0);
	r->alarms_changed |= alarm_cause(&loss->alarm) != before;
	set_told(r, loss);
	report_notify_loss(r, loss, &told, &list);
}

unsigned report_alarms_waiting(const struct ns *ns, enum due news)
{
	unsigned n = 0;

	for (size_t i = 0; i < ns->losses.n; i++)
		n += ns->losses.items[i].alarm.due == news &&
		     can_raise(&ns->losses.items[i]);
	return n;
}

unsigned report_alarms_raise(struct report *r, enum due news, unsigned max)
{
	struct losses *l = &r->ns->losses;
	size_t begin = l->turn[news];
	unsigned n = 0;

	for (size_t i = 0; i < l->n && n < max; i++) {
		size_t at = (begin + i) % l->n;

		if (l->items[at].alarm.due != news || !can_raise(&l->items[at]))
			continue;
		if (lost_of(&l->items[at]))
			tell_raised(r, &l->items[at]);
		else
			tell_again(r, &l->items[at]);
		l->turn[news] = at + 1;
		n++;
	}
	return n;
}

/* These are no more than alarms that were told: all are, at once. */
void report_alarms_recover(struct report *r)
{
	struct losses *l = &r->ns->losses;

	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];
		struct evidence now;

		if (!loss->alarm.due || loss->alarm.state != SEVERITY_OKAY)
			continue;
		now = evidence_of(r->ns, loss);
		now.total =
			loss_total(loss); /* told, whatever it was judged by */
		set_told(r, loss);
		report_notify_recovered(r, loss, &now);
	}
	losses_forget(l);
}

void report_alarms_end(struct report *r)
{
	struct losses *l = &r->ns->losses;

	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		if (loss->alarm.told == SEVERITY_OKAY)
			continue;
		loss->alarm.state = SEVERITY_OKAY;
		loss->lost = loss->policy = loss->inside = 0;
		set_told(r, loss);
		report_notify_okay(r, loss,
				   r->ns->displaced
					   ? "it is no longer looked at, as "
					     "MaxNamespaces is reached"
					   : "the namespace is gone");
	}
	losses_free(l);
}

/* An alarm from before the restart whose cause is nowhere to be seen. */
static void take_back(struct report *r, const struct saved_alarm *alarm)
{
	struct ns gone = {.gone = true};
	struct loss loss = {
		.layer = alarm->layer,
		.direction = alarm->direction,
		.gone = true,
	};

	memcpy(gone.name, alarm->namespace, sizeof(gone.name));
	memcpy(loss.place, alarm->place, sizeof(loss.place));
	loss.limits = settings_limits(r->reporter->settings,
				      &(struct limits_of) {
					      .layer = loss.layer,
					      .direction = loss.direction,
					      .namespace = gone.name,
					      .interface = loss.place,
					      .rule = "",
					      .kind = LIMITS_PLAIN,
				      });
	r->ns = &gone;
	report_notify_okay(r, &loss, "what lost them is gone");
	r->ns = NULL;
}

void report_alarms_finish(struct report *r)
{
	struct alarm_memory *m = &r->reporter->alarms;
	char text[256];

	if (alarm_memory_is_stale(m, r->mono_ns)) {
		for (size_t i = 0; i < m->unclaimed.n; i++)
			take_back(r, &m->unclaimed.items[i]);
		m->unclaimed.n = 0;
		r->alarms_changed = true;
	}
	m->unsaved |= r->alarms_changed;
	if (alarm_memory_complaint(m, text))
		report_warn(r, text);
}
