/* SPDX-License-Identifier: MIT */
#include "model/settings.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "model/loss.h"

enum {
	OPT_LAYERS,
	OPT_SELECTION,
	OPT_BOOL,
	OPT_UNSIGNED,
	OPT_PERCENT,
	OPT_SECONDS,
	OPT_PATH,
	OPT_NO_PATH, /* may be empty */
	OPT_PATTERN,
	OPT_LAYER,
	OPT_COUNT
};

#define GLOBAL(kind_, member)                                                  \
	.kind = kind_, .offset = offsetof(struct settings, member)
#define THRESHOLD(kind_, member)                                               \
	.kind = kind_, .in_threshold = true,                                   \
	.offset = offsetof(struct threshold, member)

const struct config_option options_table[] = {
	{GLOBAL(OPT_SELECTION, namespaces), .name = "Namespace",
	 .type = "string", .def = "\"/.*/\"",
	 .doc = "A network namespace to look at, by name: exact, or a regular "
		"expression between slashes. Repeatable. Without this option "
		"every namespace is looked at. The name of collectd's own "
		"namespace is the empty string."},
	{GLOBAL(OPT_BOOL, namespaces.ignore), .name = "IgnoreNamespace",
	 .type = "boolean", .def = "false",
	 .doc = "Turns the list of Namespace options around: what it names is "
		"left out, everything else is looked at."},
	{GLOBAL(OPT_SELECTION, interfaces), .name = "Interface",
	 .type = "string", .def = "\"/.*/\"",
	 .doc = "An interface to look at, in whatever namespace it is; "
		"repeatable, exact or /regular expression/."},
	{GLOBAL(OPT_BOOL, interfaces.ignore), .name = "IgnoreInterface",
	 .type = "boolean", .def = "false",
	 .doc = "Turns the list of Interface options around."},
	{GLOBAL(OPT_LAYERS, layers), .name = "Layer", .type = "string",
	 .def = "\"/.*/\"",
	 .doc = "A layer to look at: link, qdisc, softnet, netfilter, "
		"conntrack, neigh, ip, icmp, tcp, udp, socket or xfrm; "
		"repeatable, exact or /regular expression/. "
		"The default is every layer that the kernel offers."},
	{GLOBAL(OPT_BOOL, layers.ignore), .name = "IgnoreLayer",
	 .type = "boolean", .def = "false",
	 .doc = "Turns the list of Layer options around."},
	{GLOBAL(OPT_SELECTION, counters), .name = "Counter", .type = "string",
	 .def = "\"\"",
	 .doc = "An optional counter to send as well, as layer-counter, for "
		"instance \"tcp-TCPLossProbes\"; repeatable, exact or /regular "
		"expression/. The optional counters are listed in "
		"COUNTERS.md; none of them raises an alarm."},
	{GLOBAL(OPT_BOOL, classes), .name = "Classes", .type = "boolean",
	 .def = "false",
	 .doc = "Send what the classes of htb, hfsc, drr and the like lose, "
		"too: one request more for each interface that has some."},
	{GLOBAL(OPT_BOOL, report_idle), .name = "ReportIdle", .type = "boolean",
	 .def = "false",
	 .doc = "Send what counts losses, and the traffic they are measured "
		"against, from the start; the rest follows with its first "
		"packet. Otherwise a counter is sent once something was lost "
		"there. What begins later begins with its values of up to two "
		"reads before, so that the rate is right."},
	{GLOBAL(OPT_SECONDS, read_budget), .name = "ReadBudget",
	 .type = "number", .def = "0",
	 .doc = "Seconds that reading may take in one interval; 0 is half the "
		"interval. Network namespaces that there was no time for are "
		"read first in the next one, and their number is "
		"gauge-all-skipped. A namespace that is being read is read to "
		"its end. At most half of it is for the names of new "
		"containers, which are read later then. collectd's own "
		"thread waits no longer than this, and never more than half "
		"a second."},
	{GLOBAL(OPT_COUNT, max_namespaces), .name = "MaxNamespaces",
	 .type = "number", .def = "1024",
	 .doc = "Look at no more network namespaces than this. What is left "
		"out is said once in the log, and how many these are is "
		"gauge-all-unwatched."},
	{GLOBAL(OPT_COUNT, max_series), .name = "MaxSeries", .type = "number",
	 .def = "20000",
	 .doc = "Send no more series than this. That it is reached is said "
		"once in the log. The packets lost where there is no series "
		"for them are summed up in packets-<layer>-_other of all; "
		"notifications are not affected."},
	{GLOBAL(OPT_COUNT, max_rules), .name = "MaxRules", .type = "number",
	 .def = "64",
	 .doc = "Firewall rules kept apart per chain, to name the one that "
		"drops and for a series of their own where they have a "
		"comment. All of them are counted in the chain's .drop."},
	{GLOBAL(OPT_COUNT, max_sockets), .name = "MaxSockets", .type = "number",
	 .def = "1024",
	 .doc = "Tell apart no more UDP sockets of a network namespace than "
		"this, at most 4096: those that dropped most. Where more "
		"have dropped, the counts of ports are lower bounds. Sockets "
		"are only looked at after UDP or TCP have counted a loss."},
	{GLOBAL(OPT_PATH, proc_root), .name = "ProcRoot", .type = "string",
	 .def = "\"/proc\"",
	 .doc = "Where the host's /proc is mounted, for a collectd that runs "
		"in a container. Named namespaces are then looked for below "
		"<ProcRoot>/1/root."},
	{GLOBAL(OPT_NO_PATH, state_file), .name = "StateFile", .type = "string",
	 .def = "\"\"",
	 .doc = "A file that keeps the alarms that are raised, so that a "
		"restart of collectd neither raises them again nor forgets to "
		"take them back. Its directory must exist, and nothing but a "
		"regular file be in its place. It holds 1 MiB, more than ten "
		"thousand alarms. The empty string is no file."},
	{THRESHOLD(OPT_LAYER, layer), .name = "Layer", .type = "string",
	 .def = "\"/.*/\"",
	 .doc = "The layers this threshold is for, exact or /regular "
		"expression/, or one ratio of a layer: \"tcp-listen\". How "
		"full the connection table is has limits of its own, 85 and "
		"95 percent, which only \"conntrack-fill\" replaces. The "
		"first threshold that matches is used; built-in defaults "
		"follow after the last."},
	{THRESHOLD(OPT_PATTERN, namespace), .name = "Namespace",
	 .type = "string", .def = "\"/.*/\"",
	 .doc = "The network namespaces this threshold is for."},
	{THRESHOLD(OPT_PATTERN, interface), .name = "Interface",
	 .type = "string", .def = "\"/.*/\"",
	 .doc = "The interfaces this threshold is for. What has no interface "
		"has the name \"all\"."},
	{THRESHOLD(OPT_PERCENT, limits.warning), .name = "WarningMax",
	 .type = "number", .def = "0.1",
	 .doc = "Percent lost above which a WARNING is raised. 100 never is."},
	{THRESHOLD(OPT_PERCENT, limits.failure), .name = "FailureMax",
	 .type = "number", .def = "1.0",
	 .doc = "Percent lost above which a FAILURE is raised."},
	{THRESHOLD(OPT_UNSIGNED, limits.minimum_lost), .name = "MinimumLost",
	 .type = "number", .def = "10",
	 .doc = "Packets lost in the interval; fewer never raise an alarm, "
		"whatever the ratio."},
	{THRESHOLD(OPT_COUNT, limits.hits), .name = "Hits", .type = "number",
	 .def = "2", .doc = "Consecutive intervals it takes to raise."},
	{THRESHOLD(OPT_COUNT, limits.hits_okay), .name = "HitsOkay",
	 .type = "number", .def = "3",
	 .doc = "Consecutive intervals it takes to recover."},
	{THRESHOLD(OPT_PERCENT, limits.hysteresis), .name = "Hysteresis",
	 .type = "number", .def = "20",
	 .doc = "Percent below the limit that the ratio must fall to recover."},
	{THRESHOLD(OPT_BOOL, limits.persist), .name = "Persist",
	 .type = "boolean", .def = "false",
	 .doc = "Notify in every interval while the limit is violated, not "
		"only when the state changes."},
};
const size_t n_options = ARRAY_SIZE(options_table);

static const struct limits default_limits = {
	.warning = 0.1,
	.failure = 1.0,
	.minimum_lost = 10,
	.hits = 2,
	.hits_okay = 3,
	.hysteresis = 20,
};

/* Radio: frames are lost, and sent again, all the time. */
static const struct limits wireless_limits = {
	.warning = 1,
	.failure = 5,
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
	.minimum_lost = 10,
	.hits = 2,
	.hits_okay = 3,
	.hysteresis = 20,
};

int settings_init(struct settings *s)
{
	*s = (struct settings) {
		.max_namespaces = 1024,
		.max_series = 20000,
		.max_rules = 64,
		.max_sockets = 1024,
		.proc_root = strdup("/proc"),
	};
	return s->proc_root ? 0 : -ENOMEM;
}

void settings_drop_threshold(struct settings *s)
{
	struct threshold *t = &s->thresholds[--s->n_thresholds];

	pattern_free(&t->layer);
	pattern_free(&t->namespace);
	pattern_free(&t->interface);
}

void settings_free(struct settings *s)
{
	selection_free(&s->namespaces);
	selection_free(&s->interfaces);
	selection_free(&s->layers);
	selection_free(&s->counters);
	free(s->proc_root);
	free(s->state_file);
	while (s->n_thresholds)
		settings_drop_threshold(s);
	free(s->thresholds);
	*s = (struct settings) {0};
}

int settings_add_threshold(struct settings *s)
{
	struct threshold *grown;

	grown = realloc(s->thresholds, (s->n_thresholds + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->thresholds = grown;
	grown[s->n_thresholds++] =
		(struct threshold) {.limits = default_limits};
	return 0;
}

static const struct config_option *find_option(const char *name,
					       bool in_threshold)
{
	for (size_t i = 0; i < n_options; i++)
		if (options_table[i].in_threshold == in_threshold &&
		    !strcasecmp(options_table[i].name, name))
			return &options_table[i];
	return NULL;
}

/* collectd takes "true" in quotes for a boolean too. */
static int set_bool(bool *target, const struct option_value *v)
{
	if (v->type == VALUE_BOOLEAN)
		*target = v->boolean;
	else if (v->type == VALUE_STRING && !strcasecmp(v->string, "true"))
		*target = true;
	else if (v->type == VALUE_STRING && !strcasecmp(v->string, "false"))
		*target = false;
	else
		return -EINVAL;
	return 0;
}

static int set_number(void *target, int kind, const struct option_value *v)
{
	bool whole = kind != OPT_PERCENT && kind != OPT_SECONDS;

	if (v->type != VALUE_NUMBER || !(v->number >= 0) ||
	    v->number > (kind == OPT_PERCENT ? 100 : 1e9) ||
	    (whole && v->number != floor(v->number)) ||
	    (kind == OPT_COUNT && v->number < 1))
		return -EINVAL;
	if (kind == OPT_COUNT)
		*(unsigned *)target = v->number;
	else if (kind == OPT_UNSIGNED)
		*(uint64_t *)target = v->number;
	else
		*(double *)target = v->number;
	return 0;
}

static int set_path(char **target, const char *path)
{
	char *copy = path[0] ? strdup(path) : NULL;

	if (path[0] && !copy)
		return -ENOMEM;
	free(*target);
	*target = copy;
	return 0;
}

static int set_pattern(struct pattern *target, const char *text)
{
	struct pattern p;
	int r = pattern_compile(&p, text);

	if (r < 0)
		return r;
	pattern_free(target);
	*target = p;
	return 0;
}

/* A regular expression, or a layer, or one ratio of a layer. */
static bool is_layer(const char *text, bool or_ratio)
{
	const char *dash = strchr(text, '-');
	char layer[16];

	if (text[0] == '/' || layer_parse(text) >= 0)
		return true;
	if (!or_ratio || !dash || (size_t)(dash - text) >= sizeof(layer))
		return false;
	snprintf(layer, sizeof(layer), "%.*s", (int)(dash - text), text);
	for (int i = 0; i < N_DIRECTIONS; i++)
		if (!strcmp(direction_name(i), dash + 1))
			return layer_parse(layer) >= 0;
	return false;
}

static int set_text(void *target, int kind, const char *text)
{
	switch (kind) {
	case OPT_LAYERS:
		if (!is_layer(text, false))
			return -EINVAL;
		return selection_add(target, text);
	case OPT_SELECTION:
		return selection_add(target, text);
	case OPT_PATH:
	case OPT_NO_PATH:
		if (text[0] ? text[0] != '/' : kind == OPT_PATH)
			return -EINVAL;
		return set_path(target, text);
	case OPT_LAYER:
		if (!is_layer(text, true))
			return -EINVAL;
		return set_pattern(target, text);
	default:
		return set_pattern(target, text);
	}
}

int settings_set(struct settings *s, bool in_threshold, const char *name,
		 const struct option_value *value)
{
	const struct config_option *option = find_option(name, in_threshold);
	void *target = s;

	if (!option)
		return -ENOENT;
	if (in_threshold && !s->n_thresholds)
		return -EINVAL;
	if (in_threshold)
		target = &s->thresholds[s->n_thresholds - 1];
	target = (char *)target + option->offset;
	if (option->kind == OPT_BOOL)
		return set_bool(target, value);
	if (option->kind == OPT_UNSIGNED || option->kind == OPT_COUNT ||
	    option->kind == OPT_PERCENT || option->kind == OPT_SECONDS)
		return set_number(target, option->kind, value);
	if (value->type != VALUE_STRING)
		return -EINVAL;
	return set_text(target, option->kind, value->string);
}

/* A layer by its name, or one of its ratios alone: "tcp-listen". */
static bool layer_matches(const struct pattern *p, enum layer layer,
			  enum direction direction)
{
	char ratio[32];

	snprintf(ratio, sizeof(ratio), "%s-%s", layer_name(layer),
		 direction_name(direction));
	if (p->text && !strcmp(p->text, ratio))
		return true;
	/* limits for packets lost would be wrong for how full a table is */
	return direction != DIR_FILL && pattern_matches(p, layer_name(layer));
}

const struct limits *settings_limits(const struct settings *s, enum layer layer,
				     enum direction direction,
				     const char *namespace,
				     const char *interface,
				     enum limits_kind kind)
{
	static const struct limits *const limits[] = {
		[LIMITS_PLAIN] = &default_limits,
		[LIMITS_SYMPTOM] = &no_limits,
		[LIMITS_AQM] = &aqm_limits,
		[LIMITS_WIRELESS] = &wireless_limits,
		[LIMITS_REPEATED] = &no_limits,
	};

	for (size_t i = 0; i < s->n_thresholds; i++) {
		const struct threshold *t = &s->thresholds[i];

		if (kind == LIMITS_REPEATED && !t->interface.text)
			continue;
		if (layer_matches(&t->layer, layer, direction) &&
		    pattern_matches(&t->namespace, namespace) &&
		    pattern_matches(&t->interface,
				    interface[0] ? interface : "all"))
			return &t->limits;
	}
	if (direction == DIR_FILL)
		return &fill_limits;
	return limits[kind];
}
