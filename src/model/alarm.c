/* SPDX-License-Identifier: MIT */
#include "model/alarm.h"

#include <math.h>

/* A limit that holds the current state until percent is well below it. */
static bool violates(double percent, double limit, bool held,
		     const struct limits *limits)
{
	if (held)
		limit -= fmax(limit * limits->hysteresis / 100, limits->points);
	return percent > limit; /* false for NAN: no limit */
}

static enum severity level_of(const struct alert *alert,
			      const struct limits *limits, double percent,
			      uint64_t lost, enum severity cap)
{
	enum severity level = SEVERITY_OKAY;

	if (violates(percent, limits->failure, alert->state == SEVERITY_FAILURE,
		     limits))
		level = SEVERITY_FAILURE;
	else if (violates(percent, limits->warning,
			  alert->state >= SEVERITY_WARNING, limits))
		level = SEVERITY_WARNING;
	if (level > cap)
		level = cap;
	/* too few packets to raise, and no reason to recover */
	if (lost < limits->minimum_lost && level > alert->state)
		level = alert->state;
	return level;
}

static void enter(struct alert *alert, enum severity state)
{
	*alert = (struct alert) {.state = state};
}

static bool step_up(struct alert *alert, const struct limits *limits,
		    enum severity level)
{
	alert->okay = 0;
	alert->run = alert->state == SEVERITY_OKAY ? alert->run + 1 : 0;
	if (alert->state == SEVERITY_OKAY && alert->run < limits->hits)
		return false;
	enter(alert, level);
	return true;
}

/* A state is only entered in an interval that shows it. */
static bool step_down(struct alert *alert, const struct limits *limits,
		      enum severity level)
{
	alert->run++;
	alert->okay = level == SEVERITY_OKAY ? alert->okay + 1 : 0;
	if (level == SEVERITY_OKAY ? alert->okay < limits->hits_okay
				   : alert->run < limits->hits_okay)
		return false;
	enter(alert, level);
	return true;
}

bool alert_step(struct alert *alert, const struct limits *limits,
		double percent, uint64_t lost, enum severity cap)
{
	enum severity level;

	if (isnan(percent))
		return false;
	level = level_of(alert, limits, percent, lost, cap);
	if (level > alert->state)
		return step_up(alert, limits, level);
	if (level < alert->state)
		return step_down(alert, limits, level);
	enter(alert, alert->state);
	return limits->persist && alert->state != SEVERITY_OKAY;
}
