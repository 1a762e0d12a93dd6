/* SPDX-License-Identifier: MIT */
/* What is said of options that do nothing beside the others. */
#include "probes/contradiction.h"
#include "testlib.h"

#define INTERVAL 10

static struct settings settings;
static char said[2048];
static unsigned n_said;

static void on_text(const char *text)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s\n", text);
	n_said++;
}

static void setup(void)
{
	ck_assert_int_eq(settings_init(&settings), 0);
}

static void teardown(void)
{
	settings_free(&settings);
}

/*
 * "Layer=tcp", "ReadBudget=3", "IgnoreLayer=true"; "<" begins a block, and ">"
 * ends it.
 */
static void set(const char *text, bool *in_threshold)
{
	struct option_value v = {.type = VALUE_STRING};
	char name[32], *end;

	if (*text == '<' || *text == '>') {
		*in_threshold = *text == '<';
		if (*in_threshold)
			ck_assert_int_eq(settings_add_threshold(&settings), 0);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "="), text);
	v.string = strchr(text, '=') + 1;
	v.number = strtod(v.string, &end);
	if (*v.string && !*end)
		v.type = VALUE_NUMBER;
	ck_assert_int_eq(settings_set(&settings, *in_threshold, name, &v), 0);
}

#define MAX_OPTIONS 10

static const struct {
	const char *options[MAX_OPTIONS];
	const char *said; /* NULL: nothing is */
} cases[] = {
	{{"Layer=tcp"}, NULL},
	{{"Layer=udp", "Interface=lo"},
	 "option \"Interface\" does nothing: it is for the layers link and "
	 "qdisc, which are not looked at\n"},
	{{"Layer=qdisc", "Interface=lo"}, NULL},
	{{"NamespaceBudget=6"},
	 "option \"NamespaceBudget\" is 6, above ReadBudget, which is 5: one "
	 "network namespace may take all the time of a read\n"},
	{{"NamespaceBudget=5"}, NULL},
	{{"NamespaceBudget=6", "ReadBudget=6"}, NULL},
	{{"NamespaceBudget=3", "ReadBudget=2.5"},
	 "option \"NamespaceBudget\" is 3, above ReadBudget, which is 2.5: one "
	 "network namespace may take all the time of a read\n"},
	{{"ReadBudget=10"}, NULL},
	{{"ReadBudget=10.5"},
	 "option \"ReadBudget\" is 10.5, above the interval of 10 seconds: "
	 "while a "
	 "read takes longer than that, the next ones are left out\n"},
	{{"IgnoreNamespace=true"},
	 "option \"IgnoreNamespace\" does nothing: there is no Namespace to "
	 "leave "
	 "out\n"},
	{{"IgnoreNamespace=true", "Namespace=web"}, NULL},
	{{"IgnoreInterface=true"},
	 "option \"IgnoreInterface\" does nothing: there is no Interface to "
	 "leave "
	 "out\n"},
	{{"IgnoreInterface=true", "Interface=eth0"}, NULL},
	{{"IgnoreLayer=true"},
	 "option \"IgnoreLayer\" does nothing: there is no Layer to leave "
	 "out\n"},
	{{"IgnoreLayer=true", "Layer=tcp"}, NULL},
	{{"IgnoreLayer=true", "Layer=/./"},
	 "options \"Layer\" and \"IgnoreLayer\" leave no layer: nothing is "
	 "looked "
	 "at\n"},
	{{"Layer=tcp", "Layer=/^y/"},
	 "option Layer \"/^y/\" matches no layer, which are link, qdisc, "},
	{{"Classes=true"}, NULL},
	{{"Classes=true", "Layer=qdisc"}, NULL},
	{{"Classes=true", "Layer=tcp"},
	 "option \"Classes\" does nothing: it is for the layer qdisc, which is "
	 "not "
	 "looked at\n"},
	{{"Counter=tcp-TCPLossProbes"}, NULL},
	{{"Counter=tcp-TCPLossProbes", "Layer=tcp"}, NULL},
	{{"Counter=tcp-TCPLossProbes", "Layer=udp"},
	 "option Counter \"tcp-TCPLossProbes\" does nothing: its layer is not "
	 "looked at\n"},
	{{"Counter=/TCPLoss/", "Layer=tcp", "IgnoreLayer=true"},
	 "option Counter \"/TCPLoss/\" does nothing: its layer is not looked "
	 "at\n"},
	{{"Counter=tcp-Nothing", "Layer=udp"},
	 "option Counter \"tcp-Nothing\" matches no optional counter: pktloss "
	 "--list says which are optional\n"},
	{{"<", "Layer=tcp-listen", ">", "<", "Layer=/^(tcp|udp)$/", ">",
	  "Layer=tcp"},
	 NULL},
	{{"<", ">", "<", "Layer=udp", ">", "Layer=tcp"},
	 "option Layer \"udp\" of <Threshold> block 2 does nothing: that layer "
	 "is not looked at\n"},
	{{"<", "Layer=tcp-listen", ">", "Layer=udp"},
	 "option Layer \"tcp-listen\" of <Threshold> block 1 does nothing: "
	 "that layer is not looked at\n"},
	{{"<", "Layer=/^y/", ">"},
	 "option Layer \"/^y/\" of <Threshold> block 1 matches no layer, which "
	 "are link, qdisc, "},
	{{"<", "Layer=tcp", "WarningMax=1", ">", "<", "Namespace=a", ">", "<",
	  "Layer=tcp", ">"},
	 "<Threshold> block 3 does nothing: block 1 is for the same, and the "
	 "first one is used\n"},
	{{"<", ">", "<", "WarningMax=1", ">"},
	 "<Threshold> block 2 does nothing: block 1 is for the same, and the "
	 "first one is used\n"},
	{{"<", "Interface=a", ">", "<", "Namespace=a", ">", "<", "Rule=a"},
	 NULL},
	{{"<", "Rule=a", ">", "<", "Rule=a", "Interface=a", ">"}, NULL},
	{{"<", "Rule=a", ">", "<", "Rule=b", ">"}, NULL},
	{{"DropReasons=false", "Counter=dropreason-NO_SOCKET"},
	 "option Counter \"dropreason-NO_SOCKET\" does nothing: DropReasons is "
	 "false\n"},
	{{"DropReasons=false", "Layer=tcp", "Layer=dropreason"},
	 "option Layer \"dropreason\" does nothing: DropReasons is false\n"},
	{{"DropReasons=false", "<", "Layer=dropreason", ">"},
	 "option Layer \"dropreason\" of <Threshold> block 1 does nothing: "
	 "DropReasons is false\n"},
	{{"DropReasons=false", "Counter=dropreason-NO_SOCKET", "Layer=tcp"},
	 "option Counter \"dropreason-NO_SOCKET\" does nothing: its layer is "
	 "not looked at\n"},
	{{"DropReasons=true", "Counter=dropreason-NO_SOCKET", "<",
	  "Layer=dropreason", ">"},
	 NULL},
	{{"DropReasons=auto", "Counter=dropreason-NO_SOCKET",
	  "Layer=dropreason"},
	 NULL},
	{{"DropReasons=false", "Counter=/./", "Layer=/./", "<", "Layer=/./",
	  ">"},
	 NULL},
	{{"DropReasons=false", "Layer=dropreason", "IgnoreLayer=true"}, NULL},
};

CASE(contradiction, .setup = setup, .teardown = teardown);

TEST_EACH(contradiction, each_pair_is_told_alone, ARRAY_SIZE(cases))
{
	const char *expected = cases[_i].said;
	bool in_threshold = false;

	for (int i = 0; i < MAX_OPTIONS && cases[_i].options[i]; i++)
		set(cases[_i].options[i], &in_threshold);
	contradictions_tell(&settings, INTERVAL, on_text);
	ck_assert_msg(n_said == (expected != NULL), "%s", said);
	if (expected)
		ck_assert_msg(!strncmp(said, expected, strlen(expected)), "%s",
			      said);
}

TEST(contradiction, defaults_do_not_contradict)
{
	contradictions_tell(&settings, 0.1, on_text);
	contradictions_tell(&settings, 86400, on_text);
	ck_assert_uint_eq(n_said, 0);
}
