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

static enum severity level_of(const struct alarm *alarm,
			      const struct limits *limits, double percent,
			      uint64_t lost, enum severity cap)
{
	enum severity level = SEVERITY_OKAY;

	if (violates(percent, limits->failure, alarm->state == SEVERITY_FAILURE,
		     limits))
		level = SEVERITY_FAILURE;
	else if (violates(percent, limits->warning,
			  alarm->state >= SEVERITY_WARNING, limits))
		level = SEVERITY_WARNING;
	if (level > cap)
		level = cap;
	/* too few packets to raise, and no reason to recover */
	if (lost < limits->minimum_lost && level > alarm->state)
		level = alarm->state;
	return level;
}

static void enter(struct alarm *alarm, enum severity state)
{
	*alarm = (struct alarm) {.state = state};
}

static bool step_up(struct alarm *alarm, const struct limits *limits,
		    enum severity level)
{
	alarm->okay = 0;
	alarm->run = alarm->state == SEVERITY_OKAY ? alarm->run + 1 : 0;
	if (alarm->state == SEVERITY_OKAY && alarm->run < limits->hits)
		return false;
	enter(alarm, level);
	return true;
}

/* A state is only entered in an interval that shows it. */
static bool step_down(struct alarm *alarm, const struct limits *limits,
		      enum severity level)
{
	alarm->run++;
	alarm->okay = level == SEVERITY_OKAY ? alarm->okay + 1 : 0;
	if (level == SEVERITY_OKAY ? alarm->okay < limits->hits_okay
				   : alarm->run < limits->hits_okay)
		return false;
	enter(alarm, level);
	return true;
}

bool alarm_step(struct alarm *alarm, const struct limits *limits,
		double percent, uint64_t lost, enum severity cap)
{
	enum severity level;

	if (isnan(percent))
		return false;
	level = level_of(alarm, limits, percent, lost, cap);
	if (level > alarm->state)
		return step_up(alarm, limits, level);
	if (level < alarm->state)
		return step_down(alarm, limits, level);
	enter(alarm, alarm->state);
	return limits->persist && alarm->state != SEVERITY_OKAY;
}
