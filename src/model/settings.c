/* SPDX-License-Identifier: MIT */
#include "model/settings.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "model/names.h"

/* What an option takes, see kinds[], and so the type of its member. */
enum {
	OPT_BOOL,
	OPT_CHOICE,
	OPT_COUNT,    /* whole, from 1 on */
	OPT_UNSIGNED, /* whole */
	OPT_PERCENT,
	OPT_SECONDS,
	OPT_PATH,
	OPT_NO_PATH, /* may be empty */
	OPT_NAMES,   /* from here on patterns; repeatable */
	OPT_INTERFACES,
	OPT_LAYERS,
	OPT_NAME, /* of a threshold */
	OPT_INTERFACE,
	OPT_RULE,
	OPT_LAYER,
};

#define TYPE_OPT_BOOL bool
#define TYPE_OPT_CHOICE uint8_t /* enum choice */
#define TYPE_OPT_COUNT unsigned
#define TYPE_OPT_UNSIGNED uint64_t
#define TYPE_OPT_PERCENT double
#define TYPE_OPT_SECONDS double
#define TYPE_OPT_PATH char *
#define TYPE_OPT_NO_PATH char *
#define TYPE_OPT_NAMES struct selection
#define TYPE_OPT_INTERFACES struct selection
#define TYPE_OPT_LAYERS struct selection
#define TYPE_OPT_NAME struct pattern
#define TYPE_OPT_INTERFACE struct pattern
#define TYPE_OPT_RULE struct pattern
#define TYPE_OPT_LAYER struct pattern

/* clang-format off */
#define BOOLEAN(v) .def = {.type = VALUE_BOOLEAN, .boolean = v}
#define NUMBER(v) .def = {.type = VALUE_NUMBER, .number = v}
#define NUMBER_TO(v, most_) NUMBER(v), .most = most_
#define STRING(v) .def = {.type = VALUE_STRING, .string = v}
/* clang-format on */

/* What is no member of the type of its kind does not compile. */
#define MEMBER(kind_, block, member)                                           \
	.kind = kind_,                                                         \
	.offset = offsetof(block, member) *                                    \
		  _Generic(((block *)NULL)->member, TYPE_##kind_ : 1)

/* A row: name, kind, member, default, one paragraph for people. */
#define GLOBAL(name_, kind_, member, def_, doc_)                               \
	{                                                                      \
		MEMBER(kind_, struct settings, member), .name = name_,         \
							.doc = doc_, def_      \
	}
#define THRESHOLD(name_, kind_, member, def_, doc_)                            \
	{                                                                      \
		MEMBER(kind_, struct threshold, member),                       \
			.name = name_, .doc = doc_, def_, .in_threshold = true \
	}

const struct config_option options_table[] = {
	GLOBAL("Namespace", OPT_NAMES, namespaces, STRING("/.*/"),
	       "A network namespace to look at, by name: exact, or a regular "
	       "expression between slashes. Repeatable. Without this option "
	       "every namespace is looked at. A pattern that is refused is "
	       "one that nothing matches; so is an expression that is found "
	       "in every name as it may stand for nothing, like \"//\". The "
	       "name of collectd's own namespace is the empty string."),
	GLOBAL("IgnoreNamespace", OPT_BOOL, namespaces.ignore, BOOLEAN(false),
	       "Turns the list of Namespace options around: what it names is "
	       "left out, everything else is looked at."),
	GLOBAL("Interface", OPT_INTERFACES, interfaces, STRING("/.*/"),
	       "An interface to look at, in whatever namespace it is; "
	       "repeatable, exact or /regular expression/."),
	GLOBAL("IgnoreInterface", OPT_BOOL, interfaces.ignore, BOOLEAN(false),
	       "Turns the list of Interface options around."),
	GLOBAL("Layer", OPT_LAYERS, layers, STRING("/.*/"),
	       "A layer to look at; repeatable. "
	       "The default is every layer that the kernel offers."),
	GLOBAL("IgnoreLayer", OPT_BOOL, layers.ignore, BOOLEAN(false),
	       "Turns the list of Layer options around."),
	GLOBAL("Counter", OPT_NAMES, counters, STRING(""),
	       "An optional counter to send as well, as layer-counter, for "
	       "instance \"tcp-TCPLossProbes\"; repeatable, exact or /regular "
	       "expression/. The optional counters are listed in "
	       "COUNTERS.md; none of them raises an alarm."),
	GLOBAL("Classes", OPT_BOOL, classes, BOOLEAN(false),
	       "Send what the classes of htb, hfsc, drr and the like lose, "
	       "too: one request more for each interface that has some."),
	GLOBAL("DropReasons", OPT_CHOICE, drop_reasons, STRING("auto"),
	       "Have the kernel say why it drops packets: a small program of "
	       "pktloss (eBPF), which counts each packet that is dropped, by "
	       "namespace, reason and place in the kernel. It costs a tenth of "
	       "a microsecond for each of them, and nothing while none is "
	       "dropped. It takes Linux 5.17 with BTF, the rights for it, and "
	       "libbpf when pktloss was built. Where these are missing the "
	       "log says so with \"auto\", and that is all; with true that is "
	       "a source that could not be read, as any other. Where a filter "
	       "of system calls is set, as by SystemCallFilter= of a unit, "
	       "\"auto\" does not try it. With false nothing runs in the "
	       "kernel."),
	GLOBAL("ReportIdle", OPT_BOOL, report_idle, BOOLEAN(false),
	       "Send what counts losses, and the traffic they are measured "
	       "against, from the start; the rest follows with its first "
	       "packet. Otherwise a counter is sent once something was lost "
	       "there. What begins later begins with its values of up to two "
	       "reads before, so that the rate is right."),
	GLOBAL("ReportHeartbeat", OPT_BOOL, report_heartbeat, BOOLEAN(true),
	       "Send gauge-all-sources of every network namespace in every "
	       "interval. With false it is sent from the first loss on, so "
	       "that a container which never loses anything leaves no file; "
	       "collectd's own namespace sends it always."),
	GLOBAL("ReadBudget", OPT_SECONDS, read_budget, NUMBER(0),
	       "Seconds that reading may take in one interval; 0 is half the "
	       "interval. Network namespaces that there was no time for are "
	       "read first in the next one, and their number is "
	       "gauge-all-skipped. At most half of it is for the names of new "
	       "containers, which are read later then. collectd's own "
	       "thread waits no longer than this, and never more than half "
	       "a second."),
	GLOBAL("NamespaceBudget", OPT_SECONDS, namespace_budget, NUMBER(0),
	       "Seconds of these that one network namespace may take; 0 is a "
	       "tenth of ReadBudget, but at least 0.1. What of it is not read "
	       "by then is left out, and its layer is not judged: nothing "
	       "stands for lost there, nor for recovered. The table that took "
	       "so long, such as a huge set of firewall rules, is tried again "
	       "after 1, 2, 4 and up to 64 reads, with as much more time as "
	       "was not used meanwhile, but no more than half of ReadBudget; "
	       "where many are, in turns. Everything else keeps its interval: "
	       "half of ReadBudget belongs to all in equal parts, and who "
	       "takes no more goes first; what takes more is read in turns "
	       "where there is no time for all. The log names such a namespace "
	       "once, gauge-all-slow says how many there are."),
	GLOBAL("MaxNamespaces", OPT_COUNT, max_namespaces, NUMBER(1024),
	       "Look at no more network namespaces than this. Where there "
	       "are more, those with a name of their own in /run/netns or of "
	       "a container that has one there go first, then those called "
	       "after the cgroup of a process, then those without a name, to "
	       "which further ones of one cgroup belong. So what has a name "
	       "takes the place of what has none whenever it comes. That "
	       "some are left out is said once in the log, and again when "
	       "some had been looked at before or have names; how many these "
	       "are is gauge-all-unwatched."),
	GLOBAL("MaxSeries", OPT_COUNT, max_series, NUMBER(20000),
	       "Send no more series than this. Where more are due, no "
	       "network namespace has more than a share, the largest with "
	       "which all of them fit: those that want less have all they "
	       "want. Those without a name (see MaxNamespaces) have what "
	       "the others leave, and always as much together as one of "
	       "these, but no more than an eighth of all. In a share ratios "
	       "go first, then what collectd has already. A share becomes "
	       "larger again when that was possible in 30 intervals in a "
	       "row. That the limit is reached is said once in the log. The "
	       "packets lost where "
	       "there is no series for them are summed up in "
	       "packets-<layer>-_other of all; notifications are not "
	       "affected."),
	GLOBAL("MaxRules", OPT_COUNT, max_rules, NUMBER(64),
	       "Firewall rules kept apart per chain, to name the one that "
	       "drops and for a series of their own where they have a "
	       "comment. All of them are counted in the chain's .drop."),
	GLOBAL("MaxSockets", OPT_COUNT, max_sockets, NUMBER_TO(1024, 4096),
	       "Tell apart no more UDP sockets of a network namespace than "
	       "this: those that dropped most. Where more "
	       "have dropped, the counts of ports are lower bounds. Sockets "
	       "are only looked at after UDP or TCP have counted a loss."),
	GLOBAL("ProcRoot", OPT_PATH, proc_root, STRING("/proc"),
	       "Where the host's /proc is mounted, for a collectd that runs "
	       "in a container. Named namespaces are then looked for below "
	       "<ProcRoot>/1/root."),
	GLOBAL("StateFile", OPT_NO_PATH, state_file, STRING(""),
	       "A file that keeps the alarms that are raised, so that a "
	       "restart of collectd neither raises them again nor forgets to "
	       "take them back. Its directory must exist, and nothing but a "
	       "regular file be in its place. Where others than root and the "
	       "user of collectd own it or may write it, or a directory above "
	       "it (but for sticky ones, as /tmp), it is neither read nor "
	       "written, and the log says so. It holds 1 MiB, more than ten "
	       "thousand alarms. The empty string is no file."),
	GLOBAL("RepeatInterval", OPT_SECONDS, repeat, NUMBER(0),
	       "Seconds after which an alarm that is still raised is notified "
	       "again, under the same name, whatever its limits; 0 is never. "
	       "Where its cause is another one now, it is notified again in "
	       "any case."),
	THRESHOLD("Layer", OPT_LAYER, layer, STRING("/.*/"),
		  "The layers this threshold is for, exact or /regular "
		  "expression/, or one ratio of a layer: \"tcp-listen\". How "
		  "full the connection table is has limits of its own, 85 and "
		  "95 percent, which only \"conntrack-fill\" replaces, and "
		  "\"unexplained\" alarms only where a threshold names it. The "
		  "first threshold that matches is used; built-in defaults "
		  "follow after the last."),
	THRESHOLD("Namespace", OPT_NAME, namespace, STRING("/.*/"),
		  "The network namespaces this threshold is for."),
	THRESHOLD("Interface", OPT_INTERFACE, interface, STRING("/.*/"),
		  "The interfaces this threshold is for. What has no interface "
		  "has the name \"all\"."),
	THRESHOLD("Rule", OPT_RULE, rule, STRING("/.*/"),
		  "The firewall chains or rules this threshold is for, as they "
		  "are called in the series: \"ip.filter.INPUT\", or "
		  "\"ip.filter.INPUT.no telnet\" for a rule with that comment. "
		  "It counts which one dropped most. What a rule drops by what "
		  "it matches is policy, and never more than a WARNING, above "
		  "10 percent; a threshold with this option, or with Layer, is "
		  "for policy, too."),
	THRESHOLD(
		"WarningMax", OPT_PERCENT, limits.warning, NUMBER(0.1),
		"Percent lost above which a WARNING is raised. 100 never is."),
	THRESHOLD("FailureMax", OPT_PERCENT, limits.failure, NUMBER(1),
		  "Percent lost above which a FAILURE is raised. Without this "
		  "option it is WarningMax, where that is more than the "
		  "default: a threshold with WarningMax 100 alone is silent."),
	THRESHOLD(
		"Window", OPT_SECONDS, limits.window, NUMBER(60),
		"Seconds over which packets add up, the newest interval at "
		"least: a loss of little traffic, or one in bursts, is judged "
		"by the sum of it. 0 judges each interval for itself."),
	THRESHOLD("MinimumLost", OPT_UNSIGNED, limits.minimum_lost, NUMBER(10),
		  "Packets lost in the window; fewer never raise an alarm, "
		  "whatever the ratio."),
	THRESHOLD("Hits", OPT_COUNT, limits.hits, NUMBER(2),
		  "Intervals above the limit that it takes to raise: in the "
		  "window where that as a whole is above it, too, else "
		  "consecutive ones with MinimumLost packets in each."),
	THRESHOLD("HitsOkay", OPT_COUNT, limits.hits_okay, NUMBER(3),
		  "Consecutive intervals below the limit that it takes to "
		  "recover. Where they had next to no traffic it takes more: "
		  "until so many packets have passed that at the rate of the "
		  "window five of them would have been lost. An alarm that was "
		  "raised again within three windows of its recovery waits for "
		  "a window without an interval above the limit, and so does a "
		  "FAILURE that is one again until it is a WARNING."),
	THRESHOLD(
		"Hysteresis", OPT_PERCENT, limits.hysteresis, NUMBER(20),
		"Percent below the limit that the ratio must fall to recover."),
	THRESHOLD("Persist", OPT_BOOL, limits.persist, BOOLEAN(false),
		  "Notify in every interval while the limit is violated, not "
		  "only when the state changes."),
	THRESHOLD("RepeatInterval", OPT_SECONDS, limits.repeat, NUMBER(0),
		  "The same for the alarms of this threshold; 0 is as often as "
		  "all others."),
};
const size_t n_options = ARRAY_SIZE(options_table);

/* What is refused, and what is said then: all but that. */
static const struct {
	const char *takes;
	double least, most; /* of a number */
	bool whole;
} kinds[] = {
	[OPT_BOOL] = {.takes = "true or false"},
	[OPT_CHOICE] = {.takes = "true, false or \"auto\""},
	[OPT_COUNT] = {"a whole number", 1, 1e9, true},
	[OPT_UNSIGNED] = {"a whole number", 0, 1e9, true},
	[OPT_PERCENT] = {"a number", 0, 100, false},
	[OPT_SECONDS] = {"a number of seconds", 0, 1e9, false},
	[OPT_PATH] = {.takes = "an absolute path"},
	[OPT_NO_PATH] = {.takes = "an absolute path, or \"\" for none"},
	[OPT_NAMES] = {.takes = "a name or /regular expression/"},
	[OPT_INTERFACES] = {.takes = "a name or /regular expression/"},
	[OPT_LAYERS] = {.takes = "a /regular expression/ or one of "},
	[OPT_NAME] = {.takes = "a name or /regular expression/"},
	[OPT_INTERFACE] = {.takes = "a name or /regular expression/"},
	[OPT_RULE] = {.takes = "a name or /regular expression/"},
	[OPT_LAYER] = {.takes = "a /regular expression/, a ratio like "
				"\"tcp-listen\", or one of "},
};

static double most_allowed(const struct config_option *option)
{
	return option->most > 0 ? option->most : kinds[option->kind].most;
}

void settings_drop_threshold(struct settings *s)
{
	struct threshold *t = &s->thresholds.items[--s->thresholds.n];

	pattern_free(&t->layer);
	pattern_free(&t->namespace);
	pattern_free(&t->interface);
	pattern_free(&t->rule);
}

void settings_free(struct settings *s)
{
	selection_free(&s->namespaces);
	selection_free(&s->interfaces);
	selection_free(&s->layers);
	selection_free(&s->counters);
	free(s->proc_root);
	free(s->state_file);
	while (s->thresholds.n)
		settings_drop_threshold(s);
	free(s->thresholds.items);
	*s = (struct settings) {0};
}

int settings_add_threshold(struct settings *s)
{
	struct threshold *t = ARRAY_ADD(&s->thresholds);

	if (!t)
		return -ENOMEM;
	*t = (struct threshold) {
		.limits = s->limits,
		.number = ++s->thresholds.n_begun,
	};
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

static int set_choice(uint8_t *target, const struct option_value *v)
{
	bool wanted;
	int r = set_bool(&wanted, v);

	if (r == 0)
		*target = wanted ? CHOICE_TRUE : CHOICE_FALSE;
	else if (v->type == VALUE_STRING && !strcasecmp(v->string, "auto"))
		*target = CHOICE_AUTO;
	else
		return r;
	return 0;
}

static int set_number(void *target, const struct config_option *option,
		      const struct option_value *v)
{
	int kind = option->kind;

	if (v->type != VALUE_NUMBER || !(v->number >= kinds[kind].least) ||
	    v->number > most_allowed(option) ||
	    (kinds[kind].whole && v->number != floor(v->number)))
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
	int r = pattern_compile(text, &p);

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

/*
 * Why a pattern that is no regular expression is refused, or NULL. The
 * empty name is that of collectd's own namespace, and of no counter.
 */
static const char *refuse_name(int kind, const char *text)
{
	bool is_interface = kind == OPT_INTERFACES || kind == OPT_INTERFACE;

	if (text[0] == '/' || kind == OPT_NAMES || kind == OPT_NAME)
		return NULL;
	if (!text[0])
		return "nothing is called that";
	if (is_interface && (strlen(text) > NAME_INTERFACE ||
			     text[strcspn(text, "/: \t\n\v\f\r")]))
		return "no interface can be called that";
	return NULL;
}

static int set_text(void *target, int kind, const char *text)
{
	switch (kind) {
	case OPT_LAYERS:
		if (!is_layer(text, false))
			return -EINVAL;
		return selection_add(target, text);
	case OPT_NAMES:
	case OPT_INTERFACES:
		if (refuse_name(kind, text))
			return -EINVAL;
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
		if (refuse_name(kind, text))
			return -EINVAL;
		return set_pattern(target, text);
	}
}

static int set_value(void *block, const struct config_option *option,
		     const struct option_value *value)
{
	void *target = (char *)block + option->offset;

	switch (option->kind) {
	case OPT_BOOL:
		return set_bool(target, value);
	case OPT_CHOICE:
		return set_choice(target, value);
	case OPT_COUNT:
	case OPT_UNSIGNED:
	case OPT_PERCENT:
	case OPT_SECONDS:
		return set_number(target, option, value);
	default:
		if (value->type != VALUE_STRING)
			return -EINVAL;
		return set_text(target, option->kind, value->string);
	}
}

static bool is_selection(const struct config_option *option)
{
	return option->kind >= OPT_NAMES && option->kind <= OPT_LAYERS;
}

bool settings_selects(const char *name)
{
	const struct config_option *option = find_option(name, false);

	return option && is_selection(option);
}

int settings_set(struct settings *s, bool in_threshold, const char *name,
		 const struct option_value *value)
{
	const struct config_option *option = find_option(name, in_threshold);
	struct thresholds *t = &s->thresholds;
	char *block = (char *)s, *member;
	int r;

	if (!option)
		return -ENOENT;
	if (in_threshold && !t->n)
		return -EINVAL;
	if (in_threshold)
		block = (char *)&t->items[t->n - 1];
	member = block + option->offset;
	r = set_value(block, option, value);
	if (r < 0 && is_selection(option))
		((struct selection *)member)->refused = true;
	if (in_threshold &&
	    member == (char *)&t->items[t->n - 1].limits.failure)
		t->items[t->n - 1].has_failure |= r == 0;
	return r;
}

bool settings_end_threshold(struct settings *s, char text[SETTINGS_TEXT])
{
	const struct threshold *t = &s->thresholds.items[s->thresholds.n - 1];
	struct limits *l = &s->thresholds.items[s->thresholds.n - 1].limits;

	if (l->failure >= l->warning)
		return false;
	if (t->has_failure)
		format_text(text, SETTINGS_TEXT,
			    "option \"FailureMax\" of <Threshold> block %u is "
			    "%.9g, below its WarningMax %.9g: what is lost is "
			    "never a WARNING there; to silence it, both are "
			    "100",
			    t->number, l->failure, l->warning);
	else
		l->failure = l->warning;
	return t->has_failure;
}

/* ---- in words ---- */

void settings_allowed(const struct config_option *option,
		      char text[SETTINGS_TEXT])
{
	int kind = option->kind;
	size_t n;

	format_text(text, SETTINGS_TEXT, "%s", kinds[kind].takes);
	n = strlen(text);
	if (most_allowed(option) > 0)
		format_text(text + n, SETTINGS_TEXT - n, " from %.9g to %.10g",
			    kinds[kind].least, most_allowed(option));
	for (int i = 0; i < N_LAYERS; i++) {
		n = strlen(text);
		if (kind == OPT_LAYERS || kind == OPT_LAYER)
			format_text(text + n, SETTINGS_TEXT - n, "%s%s",
				    i ? ", " : "", layer_name(i));
	}
}

static void describe_value(const struct option_value *v, char text[160])
{
	if (v->type == VALUE_NUMBER)
		format_text(text, 160, "%.9g", v->number);
	else if (v->type == VALUE_BOOLEAN)
		format_text(text, 160, "%s", v->boolean ? "true" : "false");
	else if (v->type == VALUE_STRING)
		format_text(text, 160, "\"%.120s\"", v->string);
	else
		format_text(text, 160, "none, several, or a block");
}

static void complain_of_name(bool in_threshold, const char *name,
			     char text[SETTINGS_TEXT])
{
	const char *where = in_threshold ? " in a <Threshold> block" : "";

	if (find_option(name, !in_threshold))
		where = in_threshold ? " in a <Threshold> block, but outside"
				     : " here, but in a <Threshold> block";
	format_text(text, SETTINGS_TEXT, "there is no option \"%.120s\"%s",
		    name, where);
}

#define COMPLAINT 96

static void complain_of_pattern(int kind, const char *text, char why[COMPLAINT])
{
	const char *refused = refuse_name(kind, text);

	if (refused)
		format_text(why, COMPLAINT, "%s", refused);
	else
		pattern_complain(text, why, COMPLAINT);
}

void settings_complain(bool in_threshold, const char *name,
		       const struct option_value *value, int error,
		       char text[SETTINGS_TEXT])
{
	const struct config_option *option = find_option(name, in_threshold);
	char allowed[SETTINGS_TEXT], given[160], why[COMPLAINT] = "";

	if (!option) {
		complain_of_name(in_threshold, name, text);
		return;
	}
	settings_allowed(option, allowed);
	describe_value(value, given);
	if (value->type == VALUE_STRING && option->kind >= OPT_NAMES)
		complain_of_pattern(option->kind, value->string, why);
	if (error == -ENOMEM)
		format_text(why, sizeof(why), "out of memory");
	format_text(text, SETTINGS_TEXT, "option \"%s\" takes %s, not %s%s%s",
		    option->name, allowed, given, why[0] ? ": " : "", why);
}

int settings_init(struct settings *s)
{
	struct threshold built_in = {.limits = {0}};
	int r = 0;

	*s = (struct settings) {.limits = {0}};
	for (size_t i = 0; r == 0 && i < n_options; i++) {
		const struct config_option *o = &options_table[i];

		/* no pattern at all says what the default ones say */
		if (o->kind < OPT_NAMES)
			r = set_value(o->in_threshold ? (void *)&built_in : s,
				      o, &o->def);
	}
	s->limits = built_in.limits;
	if (r < 0)
		settings_free(s);
	return r;
}

uint32_t settings_layers(const struct settings *s)
{
	uint32_t layers = 0;

	for (int i = 0; i < N_LAYERS; i++)
		if (selection_wants(&s->layers, layer_name(i)))
			layers |= 1u << i;
	return layers;
}
