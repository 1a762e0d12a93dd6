/* SPDX-License-Identifier: MIT */
#include "program/command_line.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "program/options_table.h"
#include "program/screen.h"

void complain(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_make_printable(text);
	fprintf(stderr, "pktloss: %s\n", text);
}

/* A number in its range, all of text. */
static bool parse_number(const char *text, double least, double most,
			 double *ret)
{
	char *end;

	errno = 0;
	*ret = strtod(text, &end);
	return end != text && !*end && !errno && *ret >= least && *ret <= most;
}

static bool parse_interval(struct options *o, const char *text)
{
	o->timed = true;
	if (parse_number(text, 0.1, 86400, &o->interval))
		return true;
	complain("the interval is 0.1 to 86400 seconds, not '%s'", text);
	return false;
}

/* A whole number from 1 on. */
static bool parse_whole(const char *what, const char *text, double *ret)
{
	if (parse_number(text, 1, 1e9, ret) && *ret == floor(*ret))
		return true;
	complain("%s is a number from 1 on, not '%s'", what, text);
	return false;
}

static bool parse_count(struct options *o, const char *text)
{
	double count = 0;
	bool good = parse_whole("the count", text, &count);

	o->count = count;
	o->counted = true;
	return good;
}

static bool parse_top(struct options *o, const char *text)
{
	double top = 0;
	bool good = parse_whole("--top", text, &top);

	o->style.top = top;
	return good;
}

static bool parse_min_lost(struct options *o, const char *text)
{
	double least = 0;
	bool good = parse_whole("--min-lost", text, &least);

	o->filter.min_lost = least;
	return good;
}

static bool parse_min_share(struct options *o, const char *text)
{
	if (parse_number(text, 0, 100, &o->filter.min_share))
		return true;
	complain("--min-share is 0 to 100 percent, not '%s'", text);
	return false;
}

/* Whether a pattern was taken, for what is called so. */
static bool check_pattern(int r, const char *what, const char *text)
{
	char why[96];

	if (r == 0)
		return true;
	pattern_complain(text, why, sizeof(why));
	complain("%s '%s': %s", what, text, r == -EINVAL ? why : strerror(-r));
	return false;
}

static bool add_namespace(struct options *o, const char *text)
{
	const struct option_value value = {
		.type = VALUE_STRING,
		.string = text,
	};

	o->given |= options_bit('n');
	return check_pattern(
		settings_set(&o->settings, false, "Namespace", &value),
		"namespace", text);
}

static bool add_interface(struct options *o, const char *text)
{
	return check_pattern(selection_add(&o->filter.interfaces, text),
			     "interface", text);
}

static bool add_layer(struct options *o, const char *text)
{
	int r = filter_add_layer(&o->filter, text);
	char names[160] = "";

	if (r != -ENOENT)
		return check_pattern(r, "layer", text);
	for (int i = 0; i < N_LAYERS; i++)
		format_text(names + strlen(names),
			    sizeof(names) - strlen(names), "%s%s",
			    i ? ", " : "", layer_name(i));
	complain("there is no layer '%s'; there are: %s", text, names);
	return false;
}

/* Which of some words it is, or -1. */
static int word_index(const char *text, const char *words)
{
	size_t n = strlen(text);

	for (int i = 0; n && *words; i++) {
		size_t length = strcspn(words, " ");

		if (n == length && !strncmp(text, words, n))
			return i;
		words += length + (words[length] == ' ');
	}
	return -1;
}

/* As enum colour_choice has them. */
static bool parse_colour(struct options *o, const char *text)
{
	int i = word_index(text ? text : "always", "auto always never");

	o->colour = i;
	if (i < 0)
		complain("--color is auto, always or never, not '%s'", text);
	return i >= 0;
}

/* As enum summary_order has them. */
static bool parse_order(struct options *o, const char *text)
{
	int i = word_index(text, "worst lost share name");

	o->order = i;
	if (i < 0)
		complain("--sort is by worst, lost, share or name, not '%s'",
			 text);
	return i >= 0;
}

static bool parse_seconds(struct options *o, const char *text)
{
	if (parse_number(text, 0.1, 86400, &o->seconds))
		return true;
	complain("--seconds is 0.1 to 86400, not '%s'", text);
	return false;
}

/* Standard output has the table: a FIFO or /dev/fd/N may have the packets. */
static bool parse_pcap(struct options *o, const char *text)
{
	o->pcap = text;
	if (strcmp(text, "-") != 0)
		return true;
	complain("--pcap writes a file or a named pipe, not standard output, "
		 "which has the table");
	return false;
}

/* Those that only --trace has. */
static bool parse_trace_option(struct options *o, int option)
{
	o->trace_tuned = true;
	switch (option) {
	case OPTION_SECONDS:
		return parse_seconds(o, optarg);
	case OPTION_REASON:
		o->choice.reason = optarg;
		return true;
	case OPTION_PCAP:
		return parse_pcap(o, optarg);
	default:
		return false;
	}
}

/* What is told, and of what. */
static bool parse_choice(struct options *o, int option)
{
	switch (option) {
	case 'n':
		return add_namespace(o, optarg);
	case 'l':
		return add_layer(o, optarg);
	case 'I':
		return add_interface(o, optarg);
	case OPTION_COLOUR:
		return parse_colour(o, optarg);
	case OPTION_NAMESPACES:
		o->action = ACTION_NAMESPACES;
		return true;
	case OPTION_SINCE:
		o->since = optarg;
		return true;
	case OPTION_CSV:
		o->csv = true;
		return true;
	case OPTION_SORT:
		return parse_order(o, optarg);
	case OPTION_TOP:
		return parse_top(o, optarg);
	case OPTION_MIN_LOST:
		return parse_min_lost(o, optarg);
	case OPTION_MIN_SHARE:
		return parse_min_share(o, optarg);
	default:
		return parse_trace_option(o, option);
	}
}

static bool parse_option(struct options *o, int option)
{
	switch (option) {
	case 'i':
		return parse_interval(o, optarg);
	case 'c':
		return parse_count(o, optarg);
	case 'w':
		o->watch = true;
		return true;
	case 'o':
		o->once = true;
		return true;
	case 'r':
		o->settings.drop_reasons = CHOICE_TRUE;
		return true;
	case 'R':
		o->settings.drop_reasons = CHOICE_FALSE;
		return true;
	case 'j':
		o->json = true;
		return true;
	case 'v':
		o->style.verbose = o->choice.healthy = true;
		return true;
	case 't':
		o->action = ACTION_TRACE;
		return true;
	case 'L':
		o->action = ACTION_LIST;
		return true;
	case 's':
		o->summary = true;
		return true;
	case 'q':
		o->quiet = true;
		return true;
	case 'V':
		printf("pktloss %s\n", PKTLOSS_VERSION);
		o->action = ACTION_END;
		return true;
	case 'h':
		options_print_usage(stdout);
		o->action = ACTION_END;
		return true;
	default:
		return parse_choice(o, option);
	}
}

/* What is before that is not read, but known. */
static bool looks_once(const struct options *o)
{
	return o->once || o->since;
}

/* What makes no sense beside --trace, or without it. */
static bool check_trace(const struct options *o)
{
	bool traces = o->action == ACTION_TRACE;

	if (!traces && o->trace_tuned)
		complain("--seconds, --reason and --pcap are of --trace");
	else if (traces && (looks_once(o) || o->watch || o->counted ||
			    o->timed || o->summary))
		complain("--trace looks once, for --seconds: no --since-boot, "
			 "no --since, no --watch, no --count, no --interval");
	else if (traces && o->csv)
		complain("--trace has a table or --json: no --csv");
	else if (traces && o->filter.interfaces.n)
		complain("--trace shows all interfaces: no --interface");
	else if (traces && filter_layer(&o->filter) < 0)
		complain("--trace shows all layers, or one");
	else if (traces && o->settings.drop_reasons != CHOICE_AUTO)
		complain("--trace tells the reasons itself: no --drop-reasons, "
			 "no --no-drop-reasons");
	else
		return true;
	return false;
}

/* What does not look for losses takes no other options than these. */
static const struct {
	enum action action;
	const char *name;
	int takes[10];
} takers[] = {
	{ACTION_TRACE,
	 "--trace",
	 {'t', 'n', 'l', 'j', 'v', OPTION_COLOUR, OPTION_SECONDS, OPTION_REASON,
	  OPTION_PCAP}},
	{ACTION_NAMESPACES,
	 "--namespaces",
	 {OPTION_NAMESPACES, 'n', 'j', 'v', OPTION_COLOUR}},
	{ACTION_LIST, "--list", {'L', 'j', 'v', OPTION_COLOUR}},
};

/* The first option that was given and is none of these, or NULL. */
static const char *find_other(const struct options *o, const int *takes,
			      size_t n)
{
	uint64_t other = o->given;

	for (size_t i = 0; i < n; i++)
		other &= ~options_bit(takes[i]);
	return other ? option_rows[__builtin_ctzll(other)].name : NULL;
}

static bool check_takers(const struct options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++) {
		const char *other =
			o->action == takers[i].action
				? find_other(o, takers[i].takes,
					     ARRAY_SIZE(takers[i].takes))
				: NULL;

		if (!other)
			continue;
		complain("%s takes no --%s", takers[i].name, other);
		return false;
	}
	return true;
}

static bool check_options(const struct options *o)
{
	if (looks_once(o) && (o->watch || o->counted || o->timed || o->summary))
		complain("--since-boot and --since look once: no --count, no "
			 "--watch, no --interval, no --summary");
	else if (o->once && o->since)
		complain("--since-boot or --since, not both");
	else if (o->json && o->csv)
		complain("--json or --csv, not both");
	else if (o->style.top && (o->json || o->csv))
		complain("--top is of the table: no --json, no --csv");
	else if (o->summary && o->watch)
		complain("--watch has a table for each interval: no --summary");
	else if (looks_once(o) && o->settings.drop_reasons == CHOICE_TRUE)
		complain("--drop-reasons are told from the first look on: no "
			 "--since-boot, no --since");
	else
		return check_trace(o) && check_takers(o);
	return false;
}

/* Options, then the names of namespaces. */
static bool parse_arguments(struct options *o, int argc, char **argv)
{
	struct option_lists lists;
	bool good = true;

	options_list(&lists);
	while (good && o->action != ACTION_END) {
		int option = getopt_long(argc, argv, lists.letters, lists.names,
					 NULL);

		if (option < 0)
			break;
		good = parse_option(o, option);
		o->given |= options_bit(option);
	}
	if (o->action == ACTION_END)
		return true;
	while (good && optind < argc)
		good = add_namespace(o, argv[optind++]);
	return good && check_options(o);
}

/* What follows from several of them. */
static void settle_options(struct options *o)
{
	int layer = filter_layer(&o->filter);

	if (o->watch && !o->counted)
		o->count = 0;
	o->choice.layer = layer < 0 ? N_LAYERS : layer;
	o->terminal = screen_is_terminal();
	o->style.width = screen_width();
	o->style.colour = screen_has_colour(o->colour);
}

int options_init(struct options *o, int argc, char **argv)
{
	int r;

	*o = (struct options) {.interval = 1, .count = 1, .seconds = 10};
	r = settings_init(&o->settings);
	if (r < 0)
		return r;
	o->settings.max_namespaces = 1000000;
	o->settings.names_at_once = true;
	if (!parse_arguments(o, argc, argv)) {
		fprintf(stderr, "Try 'pktloss --help'.\n");
		o->action = ACTION_FAIL;
	}
	settle_options(o);
	return 0;
}

void options_free(struct options *o)
{
	filter_free(&o->filter);
	settings_free(&o->settings);
}
