/* SPDX-License-Identifier: MIT */
#include "model/alarm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A limit that holds the current state until percent is well below it. */
static bool violates(double percent, double limit, bool held,
		     const struct limits *limits)
{
	if (held)
		limit -= fmax(limit * limits->hysteresis / 100, limits->points);
	return percent > limit; /* false for NAN: no limit */
}

static enum severity level_of(const struct alarm *alarm,
			      const struct limits *limits, double percent,
			      enum severity cap)
{
	enum severity level = SEVERITY_OKAY;

	if (violates(percent, limits->failure, alarm->state == SEVERITY_FAILURE,
		     limits))
		level = SEVERITY_FAILURE;
	else if (violates(percent, limits->warning,
			  alarm->state >= SEVERITY_WARNING, limits))
		level = SEVERITY_WARNING;
	return level < cap ? level : cap;
}

/* ---- what is remembered ---- */

void alarm_forget(struct alarm *alarm)
{
	free(alarm->history);
	alarm->history = NULL;
}

void alarm_begin_anew(struct alarm *alarm)
{
	if (!alarm->history)
		return;
	alarm->history->window = (struct window) {.n = 0};
	alarm->history->clean = 0;
}

void alarm_drop_totals(struct alarm *alarm)
{
	struct history *h = alarm->history;

	for (size_t i = 0; h && i < WINDOW_SLICES; i++)
		h->window.slices[i].total = h->window.slices[i].lost;
}

static bool is_hit(const struct limits *limits, double percent)
{
	return violates(percent, limits->warning, false, limits) ||
	       violates(percent, limits->failure, false, limits);
}

/* Adds an interval to what is remembered. Returns the sum of the window. */
static struct evidence take_in(struct alarm *alarm, const struct limits *limits,
			       const struct evidence *interval)
{
	struct evidence e = *interval;
	struct history *h;

	e.hits = is_hit(limits, e.percent);
	if (!alarm->history && (e.hits || alarm->state != SEVERITY_OKAY))
		alarm->history = calloc(1, sizeof(*alarm->history));
	h = alarm->history;
	if (!h)
		return e;
	h->since += e.seconds;
	h->calm += e.seconds;
	h->relapse = fmax(h->relapse - e.seconds, 0);
	h->milder = fmax(h->milder - e.seconds, 0);
	if (isnan(e.percent)) /* of how many is not known */
		e.lost = e.total = e.eased = 0;
	window_add(&h->window, limits->window, &e);
	return window_sum(&h->window);
}

static void forget_old(struct alarm *alarm, const struct evidence *window)
{
	struct history *h = alarm->history;

	if (h && alarm->state == SEVERITY_OKAY && !window->hits && !h->relapse)
		alarm_forget(alarm);
}

/* A state is entered: what led to it counts no more. */
static void enter(struct alarm *alarm, enum severity state)
{
	alarm->state = state;
	alarm->run = alarm->okay = 0;
}

static void raise_to(struct alarm *alarm, enum severity level, bool by_sum)
{
	struct history *h = alarm->history;

	if (h && alarm->state == SEVERITY_OKAY)
		h->relapsed = h->relapse > 0;
	if (h && level == SEVERITY_FAILURE)
		h->worse_again = h->milder > 0;
	if (h)
		h->by_sum = by_sum;
	enter(alarm, level);
}

/* That soon after a recovery it is no other loss. */
#define RELAPSE_WINDOWS 3

static void end(struct alarm *alarm, const struct limits *limits)
{
	enter(alarm, SEVERITY_OKAY);
	if (alarm->history)
		*alarm->history = (struct history) {.relapse = RELAPSE_WINDOWS *
							       limits->window};
}

static bool persists(const struct alarm *alarm, const struct limits *limits)
{
	return limits->persist && alarm->state != SEVERITY_OKAY;
}

bool alarm_is_eased(const struct alarm *alarm, uint64_t lost)
{
	struct evidence window;

	if (!alarm->history)
		return false;
	window = window_sum(&alarm->history->window);
	return window.eased > window.lost - window.eased + lost;
}

/* ---- up ---- */

static bool is_proven(struct alarm *alarm, const struct limits *limits,
		      const struct evidence *interval)
{
	if (interval->lost < limits->minimum_lost) {
		alarm->run = 0;
		return false;
	}
	if (alarm->state != SEVERITY_OKAY)
		return true;
	return ++alarm->run >= limits->hits;
}

static bool adds_up(const struct limits *limits, const struct evidence *window)
{
	return window->lost >= limits->minimum_lost &&
	       window->hits >= limits->hits;
}

/* As far as the window has that level, too. */
static bool step_up_slowly(struct alarm *alarm, const struct limits *limits,
			   const struct evidence *window, enum severity level)
{
	level = level_of(alarm, limits, window->percent, level);
	if (!adds_up(limits, window) || level <= alarm->state)
		return persists(alarm, limits);
	raise_to(alarm, level, true);
	return true;
}

/* ---- down ---- */

/* Packets that would have been lost meanwhile, were it as before. */
#define CLEAN_LOSSES 5

static bool has_passed_enough(const struct alarm *alarm,
			      const struct evidence *window)
{
	const struct history *h = alarm->history;

	if (!h || !window->hits)
		return true;
	return !h->relapsed &&
	       (double)h->clean * (double)window->lost >=
		       (double)CLEAN_LOSSES * (double)window->total;
}

static void count_interval(struct history *h, const struct evidence *interval,
			   enum severity level)
{
	if (level == SEVERITY_FAILURE)
		h->calm = 0;
	if (level != SEVERITY_OKAY)
		h->clean = 0;
	else if (!interval->total) /* there is nothing to measure it by */
		h->clean = UINT32_MAX;
	else
		h->clean += interval->total;
}

/* Of a loss that is now worse, now milder the worse is told. */
static bool is_held(const struct alarm *alarm, const struct limits *limits)
{
	const struct history *h = alarm->history;

	return h && h->worse_again && h->calm < limits->window;
}

static void get_milder(struct alarm *alarm, const struct limits *limits,
		       enum severity level)
{
	enter(alarm, level);
	if (!alarm->history)
		return;
	alarm->history->by_sum = false; /* of the interval now */
	alarm->history->milder = RELAPSE_WINDOWS * limits->window;
}

/* A state is only entered in an interval that shows it. */
static bool step_down(struct alarm *alarm, const struct limits *limits,
		      const struct evidence *window, enum severity level)
{
	alarm->run++;
	if (level != SEVERITY_OKAY) {
		alarm->okay = 0;
		if (alarm->run < limits->hits_okay || is_held(alarm, limits))
			return false;
		get_milder(alarm, limits, level);
		return true;
	}
	if (++alarm->okay < limits->hits_okay ||
	    !has_passed_enough(alarm, window))
		return false;
	end(alarm, limits);
	return true;
}

bool alarm_step(struct alarm *alarm, const struct limits *limits,
		const struct evidence *interval, enum severity cap)
{
	struct evidence window = take_in(alarm, limits, interval);
	enum severity level;

	forget_old(alarm, &window);
	if (isnan(interval->percent))
		return false;
	level = level_of(alarm, limits, interval->percent, cap);
	if (alarm->history)
		count_interval(alarm->history, interval, level);
	if (level > alarm->state) {
		alarm->okay = 0;
		if (is_proven(alarm, limits, interval)) {
			raise_to(alarm, level, false);
			return true;
		}
		return step_up_slowly(alarm, limits, &window, level);
	}
	if (level < alarm->state)
		return step_down(alarm, limits, &window, level);
	enter(alarm, alarm->state);
	return persists(alarm, limits);
}

/* ---- telling ---- */

struct evidence alarm_evidence(const struct alarm *alarm,
			       const struct limits *limits,
			       const struct evidence *interval)
{
	const struct history *h = alarm->history;

	if (!h || (interval->lost >= limits->minimum_lost && !h->by_sum))
		return *interval;
	return window_sum(&h->window);
}

/* Intervals are not exact: a hundredth less is as long. */
static bool is_over(double seconds, double length)
{
	return seconds >= 0.99 * length;
}

static bool was_told(const struct history *h, uint32_t cause)
{
	for (int i = 0; i < MAX_TOLD; i++)
		if (h->told[i] == cause)
			return true;
	return false;
}

static bool has_other_cause(struct history *h, const struct limits *limits,
			    uint32_t cause, bool is_told)
{
	if (!cause)
		return false;
	if (!h->told[0]) /* not known when it was told, or of an old file */
		h->told[0] = cause;
	h->other = is_told || cause == h->told[0] ? 0 : h->other + 1;
	return h->other >= limits->hits &&
	       (!was_told(h, cause) || is_over(h->since, limits->window));
}

enum due alarm_tells_again(struct alarm *alarm, const struct limits *limits,
			   uint32_t cause, bool is_told)
{
	struct history *h = alarm->history;

	if (!h || alarm->state == SEVERITY_OKAY)
		return DUE_NOTHING;
	if (has_other_cause(h, limits, cause, is_told))
		return DUE_CHANGE;
	if (limits->repeat > 0 && is_over(h->since, limits->repeat))
		return DUE_REPEAT;
	return DUE_NOTHING;
}

void alarm_told(struct alarm *alarm, uint32_t cause)
{
	struct history *h = alarm->history;

	if (!h)
		return;
	h->since = 0;
	h->other = 0;
	if (!cause || h->told[0] == cause)
		return;
	memmove(h->told + 1, h->told, sizeof(h->told) - sizeof(h->told[0]));
	h->told[0] = cause;
}

void alarm_restore(struct alarm *alarm, enum severity state, uint32_t cause)
{
	alarm->state = state;
	if (cause && !alarm->history)
		alarm->history = calloc(1, sizeof(*alarm->history));
	if (cause && alarm->history)
		alarm->history->told[0] = cause;
}

uint32_t alarm_cause(const struct alarm *alarm)
{
	return alarm->history ? alarm->history->told[0] : 0;
}
