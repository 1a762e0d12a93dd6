/* SPDX-License-Identifier: MIT */
#include "report/reporter.h"

#include "engine/interval.h"
#include "report/report.h"
#include "report/report_alarms.h"
#include "report/report_health.h"
#include "report/report_idle.h"
#include "report/report_queue.h"
#include "report/report_room.h"
#include "report/report_values.h"

struct reporter *reporter_new(const struct settings *s)
{
	struct reporter *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->settings = s;
	r->wanted_layers = settings_layers(s);
	report_room_init(r);
	return r;
}

void reporter_free(struct reporter *r)
{
	if (!r)
		return;
	alarm_memory_free(&r->alarms);
	free(r);
}

void reporter_keep_alarms(struct reporter *r, const struct ns_list *list)
{
	alarm_memory_keep(&r->alarms, r->settings->state_file, list);
}

bool reporter_has_unsaved(const struct reporter *r)
{
	return r->settings->state_file && r->alarms.unsaved;
}

static void send_all(struct report *r, const struct ns_list *list, unsigned ago)
{
	r->ago = ago;
	EACH_NS (list, ns) {
		if (!ns_is_reported(ns))
			continue;
		r->ns = ns;
		report_room_enter(r);
		report_health_send(r);
		report_values_send(r);
		if (ago == AGO_COUNT)
			report_room_count(r);
	}
}

static void add_lost(struct report *r, const struct ns_list *list)
{
	EACH_NS (list, ns) {
		r->ns = ns;
		if (ns_is_reported(ns))
			report_values_add_lost(r);
	}
}

/*
 * What was quiet starts with two values of the past: the newer makes the rate
 * of the first loss right, the older fills the steps of a round-robin database
 * that the loss shares with the time before, which would be unknown and so
 * stretch the loss or swallow it.
 */
static void send_past(struct report *r, const struct ns_list *list)
{
	for (unsigned ago = 2; ago > 0; ago--) {
		r->any_past = false;
		send_all(r, list, ago);
		if (r->any_past)
			r->sink->flush(r->sink->arg);
	}
}

/* What took the place of another namespace has none of its alarms. */
static void judge_all(struct report *r, const struct ns_list *list)
{
	EACH_NS (list, ns) {
		r->ns = ns;
		if (ns_is_reported(ns) && !ns->replaced)
			report_alarms_judge(r);
	}
}

static void end_gone(struct report *r, const struct ns_list *list)
{
	EACH_NS (list, ns) {
		r->ns = ns;
		if (ns->replaced || ns->gone)
			report_alarms_end(r);
	}
}

/* The newest read of all, also where nothing is sent of it. */
static void find_newest(struct report *r, const struct ns_list *list)
{
	EACH_NS (list, ns) {
		if (!ns->was_read || ns->now.mono_ns < r->mono_ns)
			continue;
		r->mono_ns = ns->now.mono_ns;
		r->time_ns = ns->now.time_ns;
	}
}

/*
 * What was quiet, and then all as it is now; before it, for how much of that
 * there is room.
 */
static void send_values(struct report *r, const struct ns_list *list,
			const struct blindness *blindness)
{
	send_all(r, list, AGO_COUNT);
	report_room_share(r, list, report_health_shortfalls(r, blindness));
	if (r->any_quiet)
		send_past(r, list);
	send_all(r, list, 0);
}

/* Values go first, so that a notification speaks of a series that is there. */
int reporter_report(struct reporter *reporter, struct ns_list *list,
		    struct blindness *blindness, const struct sink *sink)
{
	struct report r = {.reporter = reporter, .sink = sink};
	int result = interval_compare(list);

	find_newest(&r, list);
	report_health_log(&r, blindness);
	report_idle_log(&r, list, blindness);
	add_lost(&r, list);
	send_values(&r, list, blindness);
	report_values_send_sums(&r);
	report_health_send_shortfalls(&r, blindness);
	judge_all(&r, list);
	report_queue_tell(&r, list);
	interval_swap(list);
	end_gone(&r, list);
	interval_end(list);
	report_alarms_finish(&r);
	return result;
}
