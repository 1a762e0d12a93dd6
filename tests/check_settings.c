/* SPDX-License-Identifier: MIT */
/* Options: each is tried with values of every type, good and bad. */
#include <errno.h>
#include <math.h>

#include "model/settings.h"
#include "testlib.h"

static const struct option_value yes = {.type = VALUE_BOOLEAN, .boolean = true};
static const struct option_value no = {.type = VALUE_BOOLEAN};

static struct option_value text(const char *string)
{
	return (struct option_value) {.type = VALUE_STRING, .string = string};
}

static struct option_value number(double n)
{
	return (struct option_value) {.type = VALUE_NUMBER, .number = n};
}

static struct settings settings;

static void setup(void)
{
	ck_assert_int_eq(settings_init(&settings), 0);
}

static void teardown(void)
{
	settings_free(&settings);
	ck_assert_ptr_null(settings.thresholds.items);
}

static int set(bool in_threshold, const char *name, struct option_value v)
{
	return settings_set(&settings, in_threshold, name, &v);
}

static void check_same_limits(const struct limits *a, const struct limits *b)
{
	ck_assert_double_eq(a->warning, b->warning);
	ck_assert_double_eq(a->failure, b->failure);
	ck_assert_uint_eq(a->minimum_lost, b->minimum_lost);
	ck_assert_uint_eq(a->hits, b->hits);
	ck_assert_uint_eq(a->hits_okay, b->hits_okay);
	ck_assert_double_eq(a->hysteresis, b->hysteresis);
	ck_assert(a->persist == b->persist);
}

/* Sets every option to its default, as who uncomments the example does. */
static void set_all_defaults(void)
{
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options_table[i];

		ck_assert_msg(set(o->in_threshold, o->name, o->def) == 0, "%s",
			      o->name);
		ck_assert_msg(o->doc && strlen(o->doc) > 20, "%s", o->name);
	}
}

CASE(options, .setup = setup, .teardown = teardown);
CASE(thresholds, .setup = setup, .teardown = teardown);

TEST(options, default_pattern_says_what_no_pattern_says)
{
	static const char *const names[] = {"", "eth0", "tcp-TCPPureAcks"};
	const struct threshold *t;
	struct settings initial;

	ck_assert_int_eq(settings_init(&initial), 0);
	set_all_defaults();
	t = &settings.thresholds.items[0];
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert(selection_wants(&initial.namespaces, names[i]) &&
			  selection_wants(&settings.namespaces, names[i]));
		ck_assert(selection_wants(&initial.interfaces, names[i]) &&
			  selection_wants(&settings.interfaces, names[i]));
		ck_assert(selection_wants(&initial.layers, names[i]) &&
			  selection_wants(&settings.layers, names[i]));
		ck_assert(pattern_matches(&t->layer, names[i]) &&
			  pattern_matches(&t->namespace, names[i]) &&
			  pattern_matches(&t->interface, names[i]));
	}
	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		ck_assert(!selection_names(&initial.counters, names[i]) &&
			  !selection_names(&settings.counters, names[i]));
	settings_free(&initial);
}

TEST(options, default_values_are_there_from_the_start)
{
	ck_assert(!settings.report_idle && !settings.classes);
	ck_assert_uint_eq(settings.drop_reasons, CHOICE_AUTO);
	ck_assert(settings.report_heartbeat);
	ck_assert_double_eq(settings.read_budget, 0);
	ck_assert_uint_eq(settings.max_namespaces, 1024);
	ck_assert_uint_eq(settings.max_series, 20000);
	ck_assert_uint_eq(settings.max_rules, 64);
	ck_assert_uint_eq(settings.max_sockets, 1024);
	ck_assert_str_eq(settings.proc_root, "/proc");
	ck_assert_ptr_null(settings.state_file);
}

static const struct limits *limits_for(enum layer layer,
				       enum direction direction,
				       const char *namespace,
				       const char *interface,
				       enum limits_kind kind)
{
	return settings_limits(&settings,
			       &(struct limits_of) {layer, direction, namespace,
						    interface, "", kind});
}

TEST(thresholds, built_in_limits_are_those_of_an_empty_threshold)
{
	const struct limits *built_in =
		limits_for(LAYER_LINK, DIR_RX, "", "", LIMITS_PLAIN);

	ck_assert_double_eq(built_in->warning, 0.1);
	ck_assert_double_eq(built_in->failure, 1);
	ck_assert_uint_eq(built_in->minimum_lost, 10);
	ck_assert_uint_eq(built_in->hits, 2);
	ck_assert_uint_eq(built_in->hits_okay, 3);
	ck_assert_double_eq(built_in->hysteresis, 20);
	ck_assert(!built_in->persist);
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	check_same_limits(built_in, &settings.thresholds.items[0].limits);
	set_all_defaults();
	check_same_limits(built_in, &settings.thresholds.items[1].limits);
}

TEST(options, choice_is_made_by_a_word_or_left_to_what_is_there)
{
	static const struct {
		const char *text;
		enum choice choice;
	} choices[] = {
		{"true", CHOICE_TRUE},
		{"AUTO", CHOICE_AUTO},
		{"False", CHOICE_FALSE},
		{"auto", CHOICE_AUTO},
	};

	ck_assert_int_eq(set(false, "DropReasons", yes), 0);
	ck_assert_uint_eq(settings.drop_reasons, CHOICE_TRUE);
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		ck_assert_int_eq(
			set(false, "DropReasons", text(choices[i].text)), 0);
		ck_assert_uint_eq(settings.drop_reasons, choices[i].choice);
	}
	ck_assert_int_eq(set(false, "DropReasons", text("maybe")), -EINVAL);
	ck_assert_int_eq(set(false, "DropReasons", number(1)), -EINVAL);
	ck_assert_uint_eq(settings.drop_reasons, CHOICE_AUTO);
}

/* DropReasons takes a word beside true and false, and by default is that. */
static bool takes_both(const struct config_option *o)
{
	return !strcmp(o->name, "DropReasons");
}

TEST(options, value_of_the_wrong_type_is_refused)
{
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options_table[i];
		bool is_number = o->def.type == VALUE_NUMBER;
		bool is_boolean = o->def.type == VALUE_BOOLEAN;
		bool is_string = o->def.type == VALUE_STRING;

		if (!is_number)
			ck_assert_int_eq(
				set(o->in_threshold, o->name, number(1)),
				-EINVAL);
		if (!is_boolean && !takes_both(o))
			ck_assert_int_eq(set(o->in_threshold, o->name, yes),
					 -EINVAL);
		if (!is_string)
			ck_assert_int_eq(
				set(o->in_threshold, o->name, text("/proc")),
				-EINVAL);
	}
}

static const struct {
	bool in_threshold;
	const char *name;
	double value;
	int result;
} ranges[] = {
	{false, "MaxNamespaces", 1, 0},
	{false, "MaxNamespaces", 0, -EINVAL},
	{false, "MaxNamespaces", -1, -EINVAL},
	{false, "MaxNamespaces", 1.5, -EINVAL},
	{false, "MaxNamespaces", 1e9, 0},
	{false, "MaxNamespaces", 1e10, -EINVAL},
	{false, "MaxNamespaces", NAN, -EINVAL},
	{false, "MaxNamespaces", INFINITY, -EINVAL},
	{false, "MaxSeries", 0, -EINVAL},
	{false, "MaxSeries", 7, 0},
	{false, "ReadBudget", 0.25, 0},
	{false, "ReadBudget", 600, 0},
	{false, "ReadBudget", 0, 0},
	{false, "ReadBudget", -1, -EINVAL},
	{false, "ReadBudget", 1e10, -EINVAL},
	{false, "MaxRules", 0, -EINVAL},
	{true, "WarningMax", 0, 0},
	{true, "WarningMax", 0.01, 0},
	{true, "WarningMax", 100, 0},
	{true, "WarningMax", 100.1, -EINVAL},
	{true, "WarningMax", -0.1, -EINVAL},
	{true, "WarningMax", NAN, -EINVAL},
	{true, "FailureMax", 101, -EINVAL},
	{true, "FailureMax", 5, 0},
	{true, "MinimumLost", 0, 0},
	{true, "MinimumLost", 1000000, 0},
	{true, "MinimumLost", 0.5, -EINVAL},
	{true, "MinimumLost", -1, -EINVAL},
	{true, "Hits", 0, -EINVAL},
	{true, "Hits", 1, 0},
	{true, "HitsOkay", 0, -EINVAL},
	{true, "HitsOkay", 60, 0},
	{true, "Hysteresis", 0, 0},
	{true, "Hysteresis", 100, 0},
	{true, "Hysteresis", 101, -EINVAL},
};

TEST_EACH(options, number_is_taken_within_its_range, ARRAY_SIZE(ranges))
{
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_msg(set(ranges[_i].in_threshold, ranges[_i].name,
			  number(ranges[_i].value)) == ranges[_i].result,
		      "%s %g", ranges[_i].name, ranges[_i].value);
}

TEST(options, each_option_sets_its_own_member)
{
	struct limits *l;

	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_int_eq(set(false, "MaxNamespaces", number(11)), 0);
	ck_assert_int_eq(set(false, "MaxSeries", number(12)), 0);
	ck_assert_int_eq(set(false, "MaxRules", number(13)), 0);
	ck_assert_int_eq(set(false, "MaxSockets", number(14)), 0);
	ck_assert_int_eq(set(false, "ReadBudget", number(15)), 0);
	ck_assert_int_eq(set(false, "ProcRoot", text("/host/proc")), 0);
	ck_assert_int_eq(set(false, "StateFile", text("/alarms")), 0);
	ck_assert_int_eq(set(false, "ReportIdle", yes), 0);
	ck_assert_int_eq(set(false, "Classes", yes), 0);
	ck_assert_int_eq(set(false, "ReportHeartbeat", text("false")), 0);
	ck_assert_int_eq(set(true, "WarningMax", number(2)), 0);
	ck_assert_int_eq(set(true, "FailureMax", number(3)), 0);
	ck_assert_int_eq(set(true, "MinimumLost", number(4)), 0);
	ck_assert_int_eq(set(true, "Hits", number(5)), 0);
	ck_assert_int_eq(set(true, "HitsOkay", number(6)), 0);
	ck_assert_int_eq(set(true, "Hysteresis", number(7)), 0);
	ck_assert_int_eq(set(true, "Persist", yes), 0);
	ck_assert_int_eq(set(true, "RepeatInterval", number(8)), 0);
	ck_assert_int_eq(set(false, "RepeatInterval", number(9)), 0);
	ck_assert_uint_eq(settings.max_namespaces, 11);
	ck_assert_uint_eq(settings.max_series, 12);
	ck_assert_uint_eq(settings.max_rules, 13);
	ck_assert_uint_eq(settings.max_sockets, 14);
	ck_assert_double_eq(settings.read_budget, 15);
	ck_assert_str_eq(settings.proc_root, "/host/proc");
	ck_assert_str_eq(settings.state_file, "/alarms");
	ck_assert(settings.report_idle && settings.classes);
	ck_assert(!settings.report_heartbeat);
	l = &settings.thresholds.items[0].limits;
	ck_assert_double_eq(l->warning, 2);
	ck_assert_double_eq(l->failure, 3);
	ck_assert_uint_eq(l->minimum_lost, 4);
	ck_assert_uint_eq(l->hits, 5);
	ck_assert_uint_eq(l->hits_okay, 6);
	ck_assert_double_eq(l->hysteresis, 7);
	ck_assert(l->persist);
	ck_assert_double_eq(l->repeat, 8);
	ck_assert_double_eq(settings.repeat, 9);
}

TEST(options, selections_are_kept_apart_and_repeatable)
{
	ck_assert_int_eq(set(false, "Namespace", text("nginx")), 0);
	ck_assert_int_eq(set(false, "Namespace", text("/^cni-/")), 0);
	ck_assert_int_eq(set(false, "Interface", text("lo")), 0);
	ck_assert_int_eq(set(false, "IgnoreInterface", yes), 0);
	ck_assert_int_eq(set(false, "Layer", text("xfrm")), 0);
	ck_assert_int_eq(set(false, "IgnoreLayer", yes), 0);
	ck_assert(selection_wants(&settings.namespaces, "nginx"));
	ck_assert(selection_wants(&settings.namespaces, "cni-1"));
	ck_assert(!selection_wants(&settings.namespaces, "lo"));
	ck_assert(!selection_wants(&settings.interfaces, "lo"));
	ck_assert(selection_wants(&settings.interfaces, "nginx"));
	ck_assert(!selection_wants(&settings.layers, "xfrm"));
	ck_assert(selection_wants(&settings.layers, "tcp"));
	ck_assert_int_eq(set(false, "IgnoreNamespace", yes), 0);
	ck_assert(!selection_wants(&settings.namespaces, "nginx"));
	ck_assert_int_eq(set(false, "IgnoreNamespace", no), 0);
	ck_assert(selection_wants(&settings.namespaces, "nginx"));
}

TEST(options, boolean_may_be_a_word)
{
	ck_assert_int_eq(set(false, "ReportIdle", text("TRUE")), 0);
	ck_assert(settings.report_idle);
	ck_assert_int_eq(set(false, "ReportIdle", text("false")), 0);
	ck_assert(!settings.report_idle);
	ck_assert_int_eq(set(false, "ReportIdle", text("maybe")), -EINVAL);
	ck_assert_int_eq(set(false, "ReportIdle", text("")), -EINVAL);
}

TEST(options, names_are_known_in_any_case_and_in_their_place)
{
	ck_assert_int_eq(set(false, "reportidle", yes), 0);
	ck_assert_int_eq(set(false, "ReportIdl", yes), -ENOENT);
	ck_assert_int_eq(set(false, "", yes), -ENOENT);
	ck_assert_int_eq(set(false, "Hits", number(1)), -ENOENT);
	ck_assert_int_eq(set(true, "MaxRules", number(1)), -ENOENT);
	ck_assert_int_eq(set(true, "Hits", number(1)), -EINVAL); /* no block */
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_int_eq(set(true, "ReportIdle", yes), -ENOENT);
	ck_assert_int_eq(set(true, "Hits", number(1)), 0);
}

TEST(options, refused_value_changes_nothing)
{
	ck_assert_int_eq(set(false, "ProcRoot", text("proc")), -EINVAL);
	ck_assert_int_eq(set(false, "ProcRoot", text("")), -EINVAL);
	ck_assert_str_eq(settings.proc_root, "/proc");
	ck_assert_int_eq(set(false, "MaxRules", number(0)), -EINVAL);
	ck_assert_uint_eq(settings.max_rules, 64);
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_int_eq(set(true, "Layer", text("tcp")), 0);
	ck_assert_int_eq(set(true, "Layer", text("/(/")), -EINVAL);
	ck_assert_int_eq(set(true, "WarningMax", number(500)), -EINVAL);
	ck_assert_double_eq(settings.thresholds.items[0].limits.warning, 0.1);
	ck_assert(pattern_matches(&settings.thresholds.items[0].layer, "tcp"));
	ck_assert(!pattern_matches(&settings.thresholds.items[0].layer, "udp"));
}

TEST(options, refused_selector_never_selects_everything)
{
	ck_assert_int_eq(set(false, "Namespace", text("/[/")), -EINVAL);
	ck_assert_int_eq(set(false, "Interface", number(3)), -EINVAL);
	ck_assert_int_eq(set(false, "Layer", text("netfiler")), -EINVAL);
	ck_assert(!selection_wants(&settings.namespaces, "any"));
	ck_assert(!selection_wants(&settings.interfaces, "eth0"));
	ck_assert_uint_eq(settings_layers(&settings), 0);
	ck_assert_int_eq(set(false, "Namespace", text("web")), 0);
	ck_assert(selection_wants(&settings.namespaces, "web"));
	ck_assert(!selection_wants(&settings.namespaces, "any"));
}

/* Where nothing has such a name, nor could have. */
static const struct {
	bool in_threshold;
	const char *name, *value, *why;
} vain[] = {
	/* clang-format off */
	{false, "Interface", "", "nothing is called that"},
	{false, "Interface", "   ", "no interface can be called that"},
	{false, "Interface", "eth0 eth1", "no interface can be called that"},
	{false, "Interface", "eth0:1", "no interface can be called that"},
	{false, "Interface", "abcdefghijklmnop", "no interface can be called that"},
	{false, "Interface", "//", "it would match every name"},
	{false, "Namespace", "//", "it would match every name"},
	{false, "Namespace", "/^web", "ends with a slash, too"},
	{false, "Counter", "//", "it would match every name"},
	{false, "Layer", "//", "it would match every name"},
	{true, "Layer", "//", "it would match every name"},
	{true, "Namespace", "//", "it would match every name"},
	{true, "Interface", "", "nothing is called that"},
	{true, "Interface", "eth0 eth1", "no interface can be called that"},
	{true, "Rule", "", "nothing is called that"},
	{true, "Rule", "//", "it would match every name"},
	/* clang-format on */
};

static const char *complaint(bool in_threshold, const char *name,
			     struct option_value v);

TEST_EACH(options, selector_that_names_nothing_is_refused, ARRAY_SIZE(vain))
{
	const char *said = complaint(vain[_i].in_threshold, vain[_i].name,
				     text(vain[_i].value));

	ck_assert_msg(strstr(said, vain[_i].why), "%s", said);
	if (vain[_i].in_threshold)
		return;
	ck_assert(!selection_wants(&settings.namespaces, "web") ||
		  !selection_wants(&settings.interfaces, "eth0") ||
		  settings.counters.refused || !settings_layers(&settings));
}

TEST(options, names_that_may_be_are_taken)
{
	ck_assert_int_eq(set(false, "Namespace", text("")), 0);
	ck_assert_int_eq(set(false, "Interface", text("abcdefghijklmno")), 0);
	ck_assert_int_eq(set(false, "Interface", text("eth0.1,2@x")), 0);
	ck_assert_int_eq(set(false, "Interface", text("/.*/")), 0);
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_int_eq(set(true, "Namespace", text("")), 0);
	ck_assert_int_eq(set(true, "Interface", text("all")), 0);
}

TEST(options, refused_selector_leaves_out_nothing)
{
	ck_assert_int_eq(set(false, "IgnoreNamespace", yes), 0);
	ck_assert_int_eq(set(false, "Namespace", text("/[/")), -EINVAL);
	ck_assert(selection_wants(&settings.namespaces, "any"));
	ck_assert_int_eq(set(false, "Namespace", text("web")), 0);
	ck_assert(!selection_wants(&settings.namespaces, "web"));
	ck_assert(selection_wants(&settings.namespaces, "any"));
}

static const char *complaint(bool in_threshold, const char *name,
			     struct option_value v)
{
	static char text[SETTINGS_TEXT];
	int r;

	if (in_threshold && !settings.thresholds.n)
		ck_assert_int_eq(settings_add_threshold(&settings), 0);
	r = set(in_threshold, name, v);
	ck_assert_msg(r < 0, "%s is taken", name);
	settings_complain(in_threshold, name, &v, r, text);
	return text;
}

/* Values that no option of that type takes. */
static const struct option_value *wrong_values(const struct config_option *o)
{
	static const struct option_value wrong[][4] = {
		/* clang-format off */
		[VALUE_STRING] = {{.type = VALUE_NUMBER, .number = 37},
				  {.type = VALUE_BOOLEAN, .boolean = true},
				  {.type = VALUE_OTHER}},
		[VALUE_NUMBER] = {{.type = VALUE_STRING, .string = "many"},
				  {.type = VALUE_NUMBER, .number = -37},
				  {.type = VALUE_NUMBER, .number = 3.7e10},
				  {.type = VALUE_OTHER}},
		[VALUE_BOOLEAN] = {{.type = VALUE_STRING, .string = "maybe"},
				   {.type = VALUE_NUMBER, .number = 37},
				   {.type = VALUE_OTHER}},
		/* clang-format on */
	};

	return wrong[takes_both(o) ? VALUE_BOOLEAN : o->def.type];
}

static const char *in_words(const struct option_value *v)
{
	static char text[64];

	if (v->type == VALUE_STRING)
		snprintf(text, sizeof(text), "not \"%s\"", v->string);
	else if (v->type == VALUE_NUMBER)
		snprintf(text, sizeof(text), "not %.9g", v->number);
	else if (v->type == VALUE_BOOLEAN)
		snprintf(text, sizeof(text), "not true");
	else
		snprintf(text, sizeof(text), "not none, several, or a block");
	return text;
}

/* Whoever adds an option has said what it takes, or this fails. */
TEST(options, every_complaint_names_option_value_and_what_is_allowed)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options_table[i];
		char allowed[SETTINGS_TEXT];

		settings_allowed(o, allowed);
		ck_assert_msg(strlen(allowed) > 10, "%s", o->name);
		for (const struct option_value *v = wrong_values(o);
		     v->string || v->number || v->boolean ||
		     v->type == VALUE_OTHER;
		     v++) {
			const char *said =
				complaint(o->in_threshold, o->name, *v);

			ck_assert_msg(strstr(said, o->name), "%s", said);
			ck_assert_msg(strstr(said, allowed), "%s", said);
			ck_assert_msg(strstr(said, in_words(v)), "%s: %s", said,
				      in_words(v));
			if (v->type == VALUE_OTHER)
				break;
		}
	}
}

TEST(options, numbers_are_taken_up_to_what_is_said)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct config_option *o = &options_table[i];
		char allowed[SETTINGS_TEXT];
		const char *range;
		double least, most;

		if (o->def.type != VALUE_NUMBER)
			continue;
		settings_allowed(o, allowed);
		range = strstr(allowed, " from ");
		ck_assert_msg(range && sscanf(range, " from %lf to %lf", &least,
					      &most) == 2,
			      "%s: %s", o->name, allowed);
		ck_assert_int_eq(settings_add_threshold(&settings), 0);
		ck_assert_int_eq(set(o->in_threshold, o->name, number(least)),
				 0);
		ck_assert_int_eq(set(o->in_threshold, o->name, number(most)),
				 0);
		ck_assert_int_eq(
			set(o->in_threshold, o->name, number(least - 1)),
			-EINVAL);
		ck_assert_int_eq(
			set(o->in_threshold, o->name, number(most + 1)),
			-EINVAL);
	}
}

#define LAYERS                                                                 \
	"link, qdisc, softnet, netfilter, conntrack, neigh, ip, icmp, tcp, "   \
	"udp, socket, xfrm, dropreason, unexplained"

static const struct {
	bool in_threshold;
	const char *name;
	struct option_value value;
	const char *said;
} complaints[] = {
/* clang-format off */
#define TEXT(s) {.type = VALUE_STRING, .string = s}
#define COUNT(n) {.type = VALUE_NUMBER, .number = n}
	{false, "ReportIdle", TEXT("yes"),
	 "option \"ReportIdle\" takes true or false, not \"yes\""},
	{false, "Layer", TEXT("netfiler"),
	 "option \"Layer\" takes a /regular expression/ or one of " LAYERS
	 ", not \"netfiler\""},
	{true, "Layer", TEXT("tcp-rxx"),
	 "option \"Layer\" takes a /regular expression/, a ratio like "
	 "\"tcp-listen\", or one of " LAYERS ", not \"tcp-rxx\""},
	{false, "MaxSeries", COUNT(-1),
	 "option \"MaxSeries\" takes a whole number from 1 to 1000000000, "
	 "not -1"},
	{false, "MaxSockets", COUNT(100000),
	 "option \"MaxSockets\" takes a whole number from 1 to 4096, "
	 "not 100000"},
	{true, "WarningMax", COUNT(101),
	 "option \"WarningMax\" takes a number from 0 to 100, not 101"},
	{false, "ReadBudget", COUNT(-0.5),
	 "option \"ReadBudget\" takes a number of seconds from 0 to 1000000000, "
	 "not -0.5"},
	{false, "StateFile", TEXT("alarms"),
	 "option \"StateFile\" takes an absolute path, or \"\" for none, "
	 "not \"alarms\""},
	{false, "ProcRoot", TEXT(""),
	 "option \"ProcRoot\" takes an absolute path, not \"\""},
	{false, "Namespace", TEXT("/(/"),
	 "option \"Namespace\" takes a name or /regular expression/, not "
	 "\"/(/\": Unmatched ( or \\("},
	{true, "Interface", TEXT("/[a/"),
	 "option \"Interface\" takes a name or /regular expression/, not "
	 "\"/[a/\": Unmatched [, [^, [:, [., or [="},
	{false, "Namespace", {.type = VALUE_OTHER},
	 "option \"Namespace\" takes a name or /regular expression/, not none, "
	 "several, or a block"},
	{false, "Thresholds", {.type = VALUE_OTHER},
	 "there is no option \"Thresholds\""},
	{false, "Hits", COUNT(1),
	 "there is no option \"Hits\" here, but in a <Threshold> block"},
	{true, "Namespce", TEXT("web"),
	 "there is no option \"Namespce\" in a <Threshold> block"},
	{true, "MaxRules", COUNT(1),
	 "there is no option \"MaxRules\" in a <Threshold> block, but outside"},
	/* clang-format on */
};

TEST_EACH(options, mistake_is_told_as_it_was_made, ARRAY_SIZE(complaints))
{
	ck_assert_str_eq(complaint(complaints[_i].in_threshold,
				   complaints[_i].name, complaints[_i].value),
			 complaints[_i].said);
}

TEST(options, complaint_of_a_long_value_is_cut)
{
	char path[2000];

	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert(strstr(complaint(false, "ProcRoot", text(path)), "aaa"));
	path[0] = path[sizeof(path) - 2] = '/';
	path[1] = '(';
	ck_assert(strstr(complaint(false, "Counter", text(path)), "Unmatched"));
}

static const struct {
	double warning, failure; /* NAN: not given */
	double expected;	 /* FailureMax then */
	bool told;
} limit_pairs[] = {
	{100, NAN, 100, false}, {50, NAN, 50, false},	{0.5, NAN, 1, false},
	{NAN, NAN, 1, false},	{30, 1, 1, true},	{NAN, 0.05, 0.05, true},
	{30, 30, 30, false},	{100, 100, 100, false}, {5, 20, 20, false},
};

TEST_EACH(thresholds, failure_below_warning_is_told_or_not_meant,
	  ARRAY_SIZE(limit_pairs))
{
	double warning = limit_pairs[_i].warning;
	double failure = limit_pairs[_i].failure;
	char said[SETTINGS_TEXT] = "";

	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	if (!isnan(failure)) /* in either order */
		ck_assert_int_eq(set(true, "FailureMax", number(failure)), 0);
	if (!isnan(warning))
		ck_assert_int_eq(set(true, "WarningMax", number(warning)), 0);
	ck_assert(settings_end_threshold(&settings, said) ==
		  limit_pairs[_i].told);
	ck_assert(!strstr(said, "of <Threshold> block 1 is") !=
		  limit_pairs[_i].told);
	ck_assert_double_eq(settings.thresholds.items[0].limits.failure,
			    limit_pairs[_i].expected);
}

/* The warning limit tells which threshold was chosen. */
static void threshold(double warning, const char *layer, const char *namespace,
		      const char *interface)
{
	ck_assert_int_eq(settings_add_threshold(&settings), 0);
	ck_assert_int_eq(set(true, "WarningMax", number(warning)), 0);
	if (layer)
		ck_assert_int_eq(set(true, "Layer", text(layer)), 0);
	if (namespace)
		ck_assert_int_eq(set(true, "Namespace", text(namespace)), 0);
	if (interface)
		ck_assert_int_eq(set(true, "Interface", text(interface)), 0);
}

static double chosen(enum layer layer, const char *namespace,
		     const char *interface)
{
	return limits_for(layer, DIR_RX, namespace, interface, LIMITS_PLAIN)
		->warning;
}

TEST(thresholds, first_threshold_that_matches_is_taken)
{
	threshold(11, "netfilter", "/^n/", NULL);
	threshold(12, "netfilter", NULL, NULL);
	threshold(13, "/^(link|qdisc)$/", NULL, "eth0");
	threshold(14, "ip", "", "all");
	threshold(15, "link", "x", NULL);
	ck_assert_double_eq(chosen(LAYER_NETFILTER, "nginx", ""), 11);
	ck_assert_double_eq(chosen(LAYER_NETFILTER, "x", ""), 12);
	ck_assert_double_eq(chosen(LAYER_NETFILTER, "", ""), 12);
	ck_assert_double_eq(chosen(LAYER_LINK, "x", "eth0"), 13);
	ck_assert_double_eq(chosen(LAYER_LINK, "x", "eth1"), 15);
	ck_assert_double_eq(chosen(LAYER_QDISC, "x", "eth1"), 0.1);
	ck_assert_double_eq(chosen(LAYER_IP, "", ""), 14);
	ck_assert_double_eq(chosen(LAYER_IP, "x", ""), 0.1);
	ck_assert_double_eq(chosen(LAYER_UDP, "", ""), 0.1);
}

TEST(thresholds, symptom_has_no_limits_unless_it_is_given_some)
{
	const struct limits *l =
		limits_for(LAYER_TCP, DIR_TX, "", "", LIMITS_SYMPTOM);

	ck_assert_double_nan(l->warning);
	ck_assert_double_nan(l->failure);
	threshold(5, "tcp", NULL, NULL);
	l = limits_for(LAYER_TCP, DIR_TX, "", "", LIMITS_SYMPTOM);
	ck_assert_double_eq(l->warning, 5);
	l = limits_for(LAYER_UDP, DIR_TX, "", "", LIMITS_SYMPTOM);
	ck_assert_double_nan(l->warning);
}

TEST(thresholds, queue_manager_may_drop_more_unless_a_threshold_says_otherwise)
{
	const struct limits *l;

	l = limits_for(LAYER_QDISC, DIR_TX, "", "eth0", LIMITS_AQM);
	ck_assert_double_eq(l->warning, 5);
	ck_assert_double_eq(l->failure, 20);
	ck_assert_uint_eq(l->minimum_lost, 10);
	ck_assert_uint_eq(l->hits, 2);
	ck_assert_uint_eq(l->hits_okay, 3);
	threshold(7, "qdisc", NULL, NULL);
	l = limits_for(LAYER_QDISC, DIR_TX, "", "eth0", LIMITS_AQM);
	ck_assert_double_eq(l->warning, 7);
}

static double warning_for(enum limits_kind kind)
{
	return limits_for(LAYER_LINK, DIR_RX, "", "eth0", kind)->warning;
}

TEST(thresholds, wireless_has_limits_of_its_own_unless_it_is_given_some)
{
	const struct limits *l =
		limits_for(LAYER_LINK, DIR_RX, "", "eth0", LIMITS_WIRELESS);

	ck_assert_double_eq(l->warning, 1);
	ck_assert_double_eq(l->failure, 5);
	ck_assert_uint_eq(l->hits, 2);
	threshold(7, NULL, NULL, NULL);
	ck_assert_double_eq(warning_for(LIMITS_WIRELESS), 7);
}

TEST(thresholds, what_repeats_others_has_limits_only_by_its_name)
{
	ck_assert_double_nan(warning_for(LIMITS_REPEATED));
	threshold(7, NULL, NULL, NULL);
	ck_assert_double_nan(warning_for(LIMITS_REPEATED));
	threshold(8, NULL, NULL, "eth1");
	ck_assert_double_nan(warning_for(LIMITS_REPEATED));
	threshold(9, NULL, NULL, "eth0");
	ck_assert_double_eq(warning_for(LIMITS_REPEATED), 9);
	ck_assert_double_eq(warning_for(LIMITS_PLAIN), 7);
}

static double warning_for_rule(const char *rule)
{
	return settings_limits(&settings,
			       &(struct limits_of) {LAYER_NETFILTER, DIR_RX, "",
						    "", rule, LIMITS_POLICY})
		->warning;
}

TEST(thresholds, policy_is_a_warning_at_most_unless_its_layer_or_rule_is_named)
{
	const struct limits *l =
		limits_for(LAYER_NETFILTER, DIR_RX, "", "", LIMITS_POLICY);

	ck_assert_double_eq(l->warning, 10);
	ck_assert_double_nan(l->failure);
	threshold(7, NULL, NULL, NULL);
	ck_assert_double_eq(warning_for_rule("ip.filter.INPUT#policy"), 10);
	threshold(8, "netfilter", NULL, NULL);
	ck_assert_double_eq(warning_for_rule("ip.filter.INPUT#policy"), 8);
}

static const struct {
	const char *pattern, *rule;
	bool matches;
} rules[] = {
	{"ip.filter.INPUT", "ip.filter.INPUT#policy", true},
	{"ip.filter.INPUT", "ip.filter.INPUT#0123456789abcdef", true},
	{"ip.filter.INPUT", "ip.filter.INPUT.no telnet", true},
	{"ip.filter.INPUT", "ip.filter.INPUT", true},
	{"ip.filter.INPUT", "ip.filter.INPUT2.no telnet", false},
	{"ip.filter.INPUT", "", false},
	{"ip.filter.INPUT.no telnet", "ip.filter.INPUT.no telnet", true},
	{"ip.filter.INPUT.no telnet", "ip.filter.INPUT.other", false},
	{"/telnet/", "ip.filter.INPUT.no telnet", true},
	{"/./", "", false},
};

TEST_EACH(thresholds, threshold_may_be_for_a_chain_or_rule, ARRAY_SIZE(rules))
{
	threshold(9, NULL, NULL, NULL);
	ck_assert_int_eq(set(true, "Rule", text(rules[_i].pattern)), 0);
	ck_assert_double_eq(warning_for_rule(rules[_i].rule),
			    rules[_i].matches ? 9 : 10);
}

TEST(thresholds, what_nothing_explains_alarms_only_by_its_name)
{
	threshold(7, NULL, NULL, NULL);
	ck_assert_double_nan(limits_for(LAYER_UNEXPLAINED, DIR_RX, "", "",
					LIMITS_UNEXPLAINED)
				     ->warning);
	threshold(8, "unexplained", NULL, NULL);
	ck_assert_double_eq(limits_for(LAYER_UNEXPLAINED, DIR_RX, "", "",
				       LIMITS_UNEXPLAINED)
				    ->warning,
			    8);
}

TEST(thresholds, one_ratio_of_a_layer_can_be_named)
{
	threshold(5, "tcp-listen", NULL, NULL);
	ck_assert_double_eq(
		limits_for(LAYER_TCP, DIR_LISTEN, "", "", LIMITS_PLAIN)
			->warning,
		5);
	ck_assert_double_eq(chosen(LAYER_TCP, "", ""), 0.1);
}

TEST(thresholds, full_table_has_limits_of_its_own)
{
	const struct limits *l;

	threshold(5, NULL, NULL, NULL);
	l = limits_for(LAYER_CONNTRACK, DIR_FILL, "", "", LIMITS_PLAIN);
	ck_assert_double_eq(l->warning, 85);
	ck_assert_double_eq(l->failure, 95);
	threshold(50, "conntrack-fill", NULL, NULL);
	l = limits_for(LAYER_CONNTRACK, DIR_FILL, "", "", LIMITS_PLAIN);
	ck_assert_double_eq(l->warning, 50);
}

TEST(options, option_of_layers_names_every_layer)
{
	const struct config_option *o = options_table;
	char allowed[SETTINGS_TEXT];

	while (o->in_threshold || strcmp(o->name, "Layer"))
		o++;
	settings_allowed(o, allowed);
	for (int i = 0; i < N_LAYERS; i++)
		ck_assert_msg(strstr(allowed, layer_name(i)), "%s",
			      layer_name(i));
}

TEST(options, option_names_are_unique)
{
	for (size_t i = 0; i < n_options; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert(options_table[i].in_threshold !=
					  options_table[j].in_threshold ||
				  strcasecmp(options_table[i].name,
					     options_table[j].name));
}
