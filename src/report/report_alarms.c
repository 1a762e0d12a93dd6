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

/*
 * What is judged of an interval, see alarm_step(): where nothing is known to
 * measure a loss against, the packets alone are.
 */
static struct evidence evidence_of(const struct ns *ns, const struct loss *loss)
{
	double seconds = interval_seconds(ns);
	struct evidence e = {
		.seconds = seconds > 0 ? seconds : 0,
		.lost = report_judged_lost(loss),
		.total = loss_total(loss),
		.percent = report_judged_percent(loss),
	};

	if (loss->gone || loss->echo || never_alarms(loss->limits)) {
		e.percent = 0;
		e.lost = 0;
	} else if (isnan(e.percent) && loss->layer == LAYER_NEIGH &&
		   loss->known) {
		e.total = e.lost;
		e.percent = e.lost ? 100 : 0;
	}
	return e;
}

/* The rule that dropped most, if one did. */
static const char *worst_rule(const struct sample *s, const struct loss *loss,
			      const struct causes *causes)
{
	const struct object *o = causes->items[0].object;

	if (loss->layer != LAYER_NETFILTER || !loss->lost || !o)
		return "";
	return object_name(s, o);
}

static const struct causes *list_causes(const struct sample *s,
					const struct loss *loss,
					enum limits_kind kind,
					struct causes *ret)
{
	enum cause_part part = CAUSE_ALL;

	if (loss->policy)
		part = kind == LIMITS_POLICY ? CAUSE_POLICY : CAUSE_OTHERS;
	cause_list(s, loss, part, ret);
	return ret;
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

	if (!loss->limits)
		alarm_memory_claim(&r->reporter->alarms, ns, loss);
	if (loss->limits_kind != of.kind)
		alarm_begin_anew(&loss->alarm);
	loss->limits_kind = of.kind;
	loss->limits = settings_limits(r->reporter->settings, &of);
}

/*
 * Limits stay as they are where nothing changed that they depend on: of a
 * firewall that is the rule that drops most.
 */
static bool has_limits(const struct loss *loss, enum limits_kind kind)
{
	if (!loss->limits)
		return false;
	if (!loss->lost && loss->alarm.state == SEVERITY_OKAY)
		return true;
	if (loss->layer == LAYER_NETFILTER)
		return !loss->lost;
	return loss->limits_kind == kind;
}

/* Of a loss that is not explained: kilobytes that nobody clears each time. */
static const struct causes no_causes = {.items = {{.known = true}}};

/* The causes, and limits for what they are. */
static const struct causes *explain_loss(struct report *r, struct loss *loss,
					 struct causes *list)
{
	const struct sample *s = &r->ns->now;
	bool explained = loss->lost && !loss->echo;
	enum limits_kind kind = loss_limits_kind(s, loss);
	const struct causes *causes = &no_causes;

	if (explained && loss->layer == LAYER_NETFILTER)
		causes = list_causes(s, loss, kind, list);
	if (!has_limits(loss, kind))
		choose_limits(r, loss, kind, causes);
	if (explained && !never_alarms(loss->limits) && !causes->n)
		causes = list_causes(s, loss, kind, list);
	return causes;
}

/* How full a table is does not add up. Built-in limits say no repeat. */
static struct limits limits_to_judge(const struct report *r,
				     const struct loss *loss)
{
	struct limits limits = *loss->limits;

	if (loss->direction == DIR_FILL)
		limits.window = 0;
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
		if (cause_id(s, &causes->items[i]) == cause)
			return causes->items[i].lost * 100 >=
			       loss->lost * MIN_TOLD_PERCENT;
	return false;
}

/*
 * What there is to tell now: what changed and changed back before its turn has
 * come is never told. is_due: says alarm_step().
 */
static enum due find_news(const struct report *r, struct loss *loss,
			  const struct causes *causes, bool is_due)
{
	struct alarm *alarm = &loss->alarm;
	uint32_t cause = 0;
	const struct limits limits = limits_to_judge(r, loss);
	enum due news;

	if (alarm->state != alarm->told)
		return DUE_CHANGE;
	if (!alarm->state)
		return DUE_NOTHING;
	if (causes->n && !alarm->okay)
		cause = cause_id(&r->ns->now, &causes->items[0]);
	news = alarm_tells_again(
		alarm, &limits, cause,
		still_loses(&r->ns->now, causes, loss, alarm_cause(alarm)));
	return news == DUE_NOTHING && is_due ? DUE_REPEAT : news;
}

static enum due judge_interval(const struct report *r, struct loss *loss,
			       const struct causes *causes)
{
	struct evidence now = evidence_of(r->ns, loss);
	bool is_guess = !causes->items[0].known ||
			isnan(report_judged_percent(loss));
	const struct limits limits = limits_to_judge(r, loss);
	bool is_due;

	is_due = alarm_step(&loss->alarm, &limits, &now,
			    is_guess ? SEVERITY_WARNING : SEVERITY_FAILURE);
	return find_news(r, loss, causes, is_due);
}

/* Most are: nothing is to be judged, nor to be forgotten. */
static bool has_nothing_to_judge(const struct loss *loss)
{
	return !loss->lost && loss->limits && alarm_is_at_rest(&loss->alarm);
}

static void judge(struct report *r, struct loss *loss)
{
	const struct causes *causes;
	struct causes list;

	if (!report_wants(r, loss->layer) || has_nothing_to_judge(loss))
		return;
	causes = explain_loss(r, loss, &list);
	loss->alarm.due = judge_interval(r, loss, causes);
}

/* Forgets what no sample mentions any more and no alarm holds. */
static void forget_gone(struct losses *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].idle && alarm_is_at_rest(&l->items[i].alarm)) {
			loss_end(&l->items[i]);
			continue;
		}
		if (kept != i)
			l->items[kept] = l->items[i];
		kept++;
	}
	l->n = kept;
}

void report_alarms_judge(struct report *r)
{
	struct losses *l = &r->ns->losses;

	for (size_t i = 0; i < l->n; i++)
		judge(r, &l->items[i]);
}

/* ---- who is told, and when ---- */

/* One that waits while it loses nothing has to wait for its cause. */
static bool can_raise(const struct loss *loss)
{
	return loss->alarm.due && loss->alarm.state != SEVERITY_OKAY &&
	       loss->lost && !loss->echo;
}

static void set_told(struct report *r, struct loss *loss)
{
	r->alarms_changed |= loss->alarm.told != loss->alarm.state;
	loss->alarm.told = loss->alarm.state;
	loss->alarm.due = DUE_NOTHING;
}

static void tell_raised(struct report *r, struct loss *loss)
{
	const struct sample *s = &r->ns->now;
	struct evidence now = evidence_of(r->ns, loss), told;
	const struct limits limits = limits_to_judge(r, loss);
	struct causes list;

	told = alarm_evidence(&loss->alarm, &limits, &now);
	if (isnan(report_judged_percent(loss)))
		told.percent = NAN;
	list_causes(s, loss, loss->limits_kind, &list);
	alarm_told(&loss->alarm, list.n ? cause_id(s, &list.items[0]) : 0);
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
		tell_raised(r, &l->items[at]);
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
		set_told(r, loss);
		report_notify_recovered(r, loss, &now);
	}
	forget_gone(l);
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
