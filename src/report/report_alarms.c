/* SPDX-License-Identifier: MIT */
#include "report/report_alarms.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "diagnosis/cause.h"
#include "diagnosis/finding.h"
#include "engine/interval.h"
#include "report/report_names.h"

#define MAX_NOTIFICATIONS 20 /* in one report; the rest is summed up */
#define MESSAGE_SIZE 256

/* ---- what a notification says ---- */

static const char *what_happened(enum direction direction)
{
	switch (direction) {
	case DIR_RX:
		return "packets received were lost";
	case DIR_TX:
		return "packets sent were lost";
	case DIR_FWD:
		return "packets to forward were lost";
	case DIR_LISTEN:
		return "connections wanted were refused";
	case DIR_FILL:
		return "table entries were in use";
	default:
		return "packets were lost";
	}
}

/*
 * The packets that are judged: of a firewall those that rules dropped on
 * purpose, or the others.
 */
static uint64_t judged_lost(const struct loss *loss)
{
	if (!loss->policy)
		return loss->lost;
	return loss->limits_kind == LIMITS_POLICY ? loss->policy
						  : loss->lost - loss->policy;
}

static double lost_percent(const struct loss *loss)
{
	return loss_percent_of(loss, judged_lost(loss));
}

static void notify(struct report *r, const struct loss *loss,
		   const struct cause *cause, const char *remedy,
		   const char *message)
{
	const struct ns *ns = r->ns;
	char place[NAME_PART + 1], instance[NAME_PART + 1];
	char interface[sizeof(loss->place)], reason[COUNTER_OPTION];
	struct notification notification = {
		.severity = loss->alarm.state,
		.place = place,
		.type = "percent",
		.instance = instance,
		.message = message,
		.namespace = ns->name,
		.interface = interface,
		.layer = layer_name(loss->layer),
		.counter = cause_counter(cause),
		.cause = cause->text,
		.reason = reason,
		.remedy = remedy,
		.percent = lost_percent(loss),
		.warning = loss->limits->warning,
		.failure = loss->limits->failure,
		.time_ns = r->time_ns,
	};

	if (r->n_notifications >= MAX_NOTIFICATIONS) {
		r->n_suppressed++;
		if (notification.severity > r->worst_suppressed)
			r->worst_suppressed = notification.severity;
		return;
	}
	r->n_notifications++;
	memcpy(interface, loss->place, sizeof(interface));
	text_make_printable(interface);
	cause_name(cause, reason);
	report_names_loss(ns, loss, place, instance);
	r->sink->notify(r->sink->arg, &notification);
}

/* "0.3 s", "1 s", "10 s": more digits are chance, and take room. */
static void describe_interval(const struct ns *ns, char *buffer, size_t size)
{
	double seconds = interval_seconds(ns);

	snprintf(buffer, size, seconds < 9.5 ? "%.2g s" : "%.0f s", seconds);
}

/* "4 of 12 in 10 s", or of a level just "18 of 20". */
static void describe_share(const struct ns *ns, const struct loss *loss,
			   char *buffer, size_t size)
{
	unsigned long long lost = judged_lost(loss), total = loss_total(loss);
	char interval[32];

	describe_interval(ns, interval, sizeof(interval));
	if (loss->direction == DIR_FILL)
		snprintf(buffer, size, "%llu of %llu", lost, total);
	else
		snprintf(buffer, size, "%llu of %llu in %s", lost, total,
			 interval);
}

/* "0.4% of packets sent were lost", or how many where that is not known. */
static void describe_loss(const struct ns *ns, const struct loss *loss,
			  char *buffer, size_t size)
{
	char place[NAME_PART + 1], share[80];
	double percent = lost_percent(loss);
	/* a guess is a warning, even above the limit of a failure alone */
	bool failure = loss->alarm.state == SEVERITY_FAILURE ||
		       !(percent > loss->limits->warning);
	const char *what = what_happened(loss->direction);

	report_names_place(ns, loss->place, place);
	if (isnan(percent)) {
		describe_interval(ns, share, sizeof(share));
		format_text(buffer, size, "%llu %s in %s on %s (in %s)",
			    (unsigned long long)judged_lost(loss), what,
			    layer_name(loss->layer), place, share);
		return;
	}
	describe_share(ns, loss, share, sizeof(share));
	format_text(buffer, size,
		    "%s%.3g%% of %s in %s on %s (%s, %s above %.3g%%)",
		    loss->at_least ? "at least " : "", percent, what,
		    layer_name(loss->layer), place, share,
		    failure ? "failure" : "warning",
		    failure ? loss->limits->failure : loss->limits->warning);
}

/* No word is longer, unless somebody made it up for a rule's comment. */
#define MAX_WORD 40

/*
 * A message that is too long ends with a whole word and dots: of a command
 * that is cut inside a word the rest may be another command.
 */
static void end_with_word(char message[MESSAGE_SIZE])
{
	static const char dots[] = " ...";
	size_t end = MESSAGE_SIZE - sizeof(dots), n = end;

	while (n > end - MAX_WORD && message[n] != ' ')
		n--;
	if (message[n] != ' ')
		n = end;
	memcpy(message + n, dots, sizeof(dots));
}

/* A second cause is worth a word from this part of the loss on. */
#define MIN_ALSO_PERCENT 10

/*
 * The remedy as it stands in a message of which so many bytes are left: where
 * they are too few for the way into the namespace, its name has to do. Whoever
 * pastes that is told that there is no command "in".
 */
static void print_short(const struct ns *ns, const char *remedy, size_t room,
			char *buffer, size_t size)
{
	struct way way = ns_way(ns);

	remedy_print(remedy, &way, buffer, size);
	if (strlen(buffer) < room || !way.prefix[0])
		return;
	snprintf(way.prefix, sizeof(way.prefix), "in %s: ", ns->name);
	remedy_print(remedy, &way, buffer, size);
}

static void notify_loss(struct report *r, const struct loss *loss,
			const struct causes *causes)
{
	const struct ns *ns = r->ns;
	const struct way way = ns_way(ns);
	bool two = causes->n > 1 &&
		   causes->items[1].lost * 100 >= loss->lost * MIN_ALSO_PERCENT;
	struct cause cause = causes->items[0], also = causes->items[two];
	char message[MESSAGE_SIZE], what[MESSAGE_SIZE];
	char whole[REMEDY_TEXT], shorter[REMEDY_TEXT];
	size_t used;
	int n;

	describe_loss(ns, loss, what, sizeof(what));
	text_make_printable(cause.text);
	text_make_printable(cause.remedy);
	text_make_printable(also.text);
	used = strlen(what) + strlen(cause.text) + 4;
	remedy_print(cause.remedy, &way, whole, sizeof(whole));
	print_short(ns, cause.remedy,
		    used < MESSAGE_SIZE ? MESSAGE_SIZE - used : 0, shorter,
		    sizeof(shorter));
	n = snprintf(message, sizeof(message), "%s: %s%s%s%s%s", what,
		     cause.text, shorter[0] ? ". " : "", shorter,
		     two ? ". Also: " : "", two ? also.text : "");
	if (n >= MESSAGE_SIZE)
		end_with_word(message);
	notify(r, loss, &cause, whole, message);
}

/* Takes an alarm of r->ns back, for that reason. */
static void notify_okay(struct report *r, const struct loss *loss,
			const char *why)
{
	struct cause none = {.counter = NULL};
	char message[MESSAGE_SIZE], place[NAME_PART + 1];

	report_names_place(r->ns, loss->place, place);
	format_text(message, sizeof(message), "%s %s in %s on %s: %s",
		    loss->direction == DIR_FILL || loss->lost ? "Fewer"
							      : "No more",
		    what_happened(loss->direction), layer_name(loss->layer),
		    place, why);
	notify(r, loss, &none, "", message);
}

static void recover(struct report *r, struct loss *loss)
{
	char share[80];

	describe_share(r->ns, loss, share, sizeof(share));
	notify_okay(r, loss, loss->gone ? "what lost them is gone" : share);
}

/* ---- what is notified ---- */

static bool never_alarms(const struct limits *limits)
{
	return isnan(limits->warning) && isnan(limits->failure);
}

/*
 * What is judged: where nothing is known to measure a loss against, the
 * packets alone are, and a warning is all that can be said.
 */
static double judged_percent(const struct loss *loss, double percent)
{
	if (loss->gone || loss->echo || never_alarms(loss->limits))
		return 0;
	if (isnan(percent) && loss->layer == LAYER_NEIGH && loss->known)
		return loss->lost ? 100 : 0;
	return percent;
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
	if (loss->layer == LAYER_NETFILTER)
		return !loss->lost;
	return loss->limits_kind == kind;
}

/* Of a loss that is not explained: kilobytes that nobody clears each time. */
static const struct causes no_causes = {.items = {{.known = true}}};

static void judge(struct report *r, struct loss *loss)
{
	const struct sample *s = &r->ns->now;
	bool explained = loss->lost && !loss->echo;
	const struct causes *causes = &no_causes;
	struct causes list;
	enum limits_kind kind;
	double percent;

	if (!report_wants(r, loss->layer))
		return;
	kind = loss_limits_kind(s, loss);
	if (explained && loss->layer == LAYER_NETFILTER)
		causes = list_causes(s, loss, kind, &list);
	if (!has_limits(loss, kind))
		choose_limits(r, loss, kind, causes);
	if (explained && !never_alarms(loss->limits) && !causes->n)
		causes = list_causes(s, loss, kind, &list);
	percent = lost_percent(loss); /* of the kind that the limits are for */
	if (!alarm_step(&loss->alarm, loss->limits,
			judged_percent(loss, percent), judged_lost(loss),
			causes->items[0].known && !isnan(percent)
				? SEVERITY_FAILURE
				: SEVERITY_WARNING))
		return;
	r->alarms_changed = true;
	if (loss->alarm.state == SEVERITY_OKAY)
		recover(r, loss);
	else
		notify_loss(r, loss, causes);
}

/* Forgets what no sample mentions any more and no alarm holds. */
static void forget_gone(struct losses *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].idle &&
		    l->items[i].alarm.state == SEVERITY_OKAY)
			continue;
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
	forget_gone(l);
}

void report_alarms_end(struct report *r)
{
	struct losses *l = &r->ns->losses;

	for (size_t i = 0; i < l->n; i++) {
		struct loss *loss = &l->items[i];

		if (loss->alarm.state == SEVERITY_OKAY)
			continue;
		loss->alarm.state = SEVERITY_OKAY;
		loss->lost = 0;
		r->alarms_changed = true;
		notify_okay(r, loss, "the namespace is gone");
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
	notify_okay(r, &loss, "what lost them is gone");
	r->ns = NULL;
}

/* One notification for all that were too many. */
static void notify_suppressed(struct report *r)
{
	char message[MESSAGE_SIZE];
	struct notification notification = {
		.severity = r->worst_suppressed,
		.place = "all",
		.type = "gauge",
		.instance = "all-sources",
		.message = message,
		.namespace = "",
		.interface = "",
		.layer = "all",
		.counter = "",
		.cause = "",
		.reason = "",
		.remedy = "",
		.percent = NAN,
		.warning = NAN,
		.failure = NAN,
		.time_ns = r->time_ns,
	};

	if (!r->n_suppressed)
		return;
	format_text(
		message, sizeof(message),
		"%u more changes of state in this read are not notified one "
		"by one; the percent series show them",
		r->n_suppressed);
	r->sink->notify(r->sink->arg, &notification);
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
	notify_suppressed(r);
}
