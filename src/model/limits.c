/* SPDX-License-Identifier: MIT */
/* Which limits a loss has: those of a threshold, or what is built in. */
#include <math.h>
#include <string.h>

#include "model/loss.h"
#include "model/settings.h"

/* Radio: frames are lost, and sent again, all the time. */
static const struct limits wireless_limits = {
	.warning = 1,
	.failure = 5,
	.window = 60,
	.minimum_lost = 10,
	.hits = 2,
	.hits_okay = 3,
	.hysteresis = 20,
};

/* Retransmits and the like: the loss is elsewhere, and alerts there. */
static const struct limits no_limits = {
	.warning = NAN,
	.failure = NAN,
	.hits = 1,
	.hits_okay = 1,
};

/* What a rule matches, somebody wanted to be dropped: so much is a surprise. */
static const struct limits policy_limits = {
	.warning = POLICY_PERCENT,
	.failure = NAN,
	.window = 60,
	.minimum_lost = 10,
	.hits = 2,
	.hits_okay = 3,
	.hysteresis = 20,
};

/* A table that fills up. */
static const struct limits fill_limits = {
	.warning = TIGHT_PERCENT,
	.failure = 95,
	.hits = 2,
	.hits_okay = 3,
	.points = 5,
};

/* Active queue management: dropping is how it slows senders down. */
static const struct limits aqm_limits = {
	.warning = AQM_PERCENT,
	.failure = 20,
	.window = 60,
	.minimum_lost = 10,
	.hits = 2,
	.hits_okay = 3,
	.hysteresis = 20,
};

/* A layer by its name, or one of its ratios alone: "tcp-listen". */
static bool layer_matches(const struct pattern *p, const struct limits_of *of)
{
	char ratio[32];

	snprintf(ratio, sizeof(ratio), "%s-%s", layer_name(of->layer),
		 direction_name(of->direction));
	if (p->text && !strcmp(p->text, ratio))
		return true;
	/* limits for packets lost would be wrong for how full a table is */
	return of->direction != DIR_FILL &&
	       pattern_matches(p, layer_name(of->layer));
}

/* A rule is called like its chain, too: what follows its name is left out. */
static bool rule_matches(const struct pattern *p, const char *rule)
{
	char chain[256];
	size_t n = strlen(rule);

	if (!p->text)
		return true;
	if (pattern_matches(p, rule))
		return n > 0;
	for (size_t dots = 0, i = 0; i <= n && i < sizeof(chain); i++) {
		dots += rule[i] == '.';
		chain[i] = rule[i];
		if (rule[i] != '#' && rule[i] != '\0' && dots < 3)
			continue;
		chain[i] = '\0';
		return n > 0 && pattern_matches(p, chain);
	}
	return false;
}

/* Some kinds hardly raise an alarm unless a threshold is meant for them. */
static bool is_meant(const struct threshold *t, const struct limits_of *of)
{
	if (!rule_matches(&t->rule, of->rule))
		return false;
	if (of->kind == LIMITS_REPEATED)
		return t->interface.text;
	if (of->kind == LIMITS_POLICY || of->kind == LIMITS_UNEXPLAINED)
		return t->layer.text || t->rule.text;
	return true;
}

const struct limits *settings_limits(const struct settings *s,
				     const struct limits_of *of)
{
	const struct limits *const built_in[] = {
		[LIMITS_PLAIN] = &s->limits,
		[LIMITS_SYMPTOM] = &no_limits,
		[LIMITS_AQM] = &aqm_limits,
		[LIMITS_WIRELESS] = &wireless_limits,
		[LIMITS_REPEATED] = &no_limits,
		[LIMITS_POLICY] = &policy_limits,
		[LIMITS_UNEXPLAINED] = &no_limits,
	};

	for (size_t i = 0; i < s->thresholds.n; i++) {
		const struct threshold *t = &s->thresholds.items[i];

		if (is_meant(t, of) && layer_matches(&t->layer, of) &&
		    pattern_matches(&t->namespace, of->namespace) &&
		    pattern_matches(&t->interface,
				    of->interface[0] ? of->interface : "all"))
			return &t->limits;
	}
	if (of->direction == DIR_FILL)
		return &fill_limits;
	return built_in[of->kind];
}
