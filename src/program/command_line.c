/* SPDX-License-Identifier: MIT */
#include "program/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"

#define DEFAULT_WIDTH 100

static const char *const usage =
	"usage: pktloss [-n NAMESPACE]... [-i SECONDS] [-c COUNT] [--watch]\n"
	"               [--once] [-r | -R] [--json] [-v]\n"
	"       pktloss --trace [-n NAMESPACE]... [--seconds N] [--reason R]\n"
	"               [--layer L] [--pcap FILE] [--json] [-v]\n"
	"       pktloss --list | --version | --help\n"
	"\n"
	"Looks into every network namespace twice and prints what was lost in\n"
	"between, layer by layer, why, and what to do.\n"
	"\n"
	"  -n, --namespace NAME  only this one, or those that match /REGEX/\n"
	"  -i, --interval N      seconds between two looks (default 1)\n"
	"  -c, --count N         that many intervals (default 1)\n"
	"  -w, --watch           again and again, until interrupted\n"
	"  -o, --once            one look: totals since boot\n"
	"  -r, --drop-reasons    insist on the kernel's own word on each drop\n"
	"  -R, --no-drop-reasons  do without: no program (eBPF) in the kernel\n"
	"  -j, --json            one line of JSON for each interval\n"
	"  -v, --verbose         what is no loss, too\n"
	"  -t, --trace           who loses: from whom to whom, by eBPF\n"
	"      --seconds N       so long (default 10), or until Ctrl-C\n"
	"      --reason R        only what the kernel drops for that reason\n"
	"      --layer L         only what that layer drops\n"
	"      --pcap FILE       writes the packets that were looked at\n"
	"  -l, --list            every counter and what it means\n"
	"  -V, --version\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing lost, 1 loss found, 2 could not look,\n"
	"3 nothing lost in what could be read, but not everything could be.\n"
	"What rules drop on purpose is no loss, nor is what is unexplained.\n";

/* Of options that have no letter. */
enum long_option {
	OPTION_SECONDS = 256,
	OPTION_REASON,
	OPTION_LAYER,
	OPTION_PCAP,
};

static const struct option long_options[] = {
	{"namespace", required_argument, NULL, 'n'},
	{"interval", required_argument, NULL, 'i'},
	{"count", required_argument, NULL, 'c'},
	{"watch", no_argument, NULL, 'w'},
	{"once", no_argument, NULL, 'o'},
	{"drop-reasons", no_argument, NULL, 'r'},
	{"no-drop-reasons", no_argument, NULL, 'R'},
	{"json", no_argument, NULL, 'j'},
	{"verbose", no_argument, NULL, 'v'},
	{"trace", no_argument, NULL, 't'},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"reason", required_argument, NULL, OPTION_REASON},
	{"layer", required_argument, NULL, OPTION_LAYER},
	{"pcap", required_argument, NULL, OPTION_PCAP},
	{"list", no_argument, NULL, 'l'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

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

static bool parse_count(struct options *o, const char *text)
{
	double count;

	if (!parse_number(text, 1, 1e9, &count) || count != floor(count)) {
		complain("the count is a number from 1 on, not '%s'", text);
		return false;
	}
	o->count = count;
	o->counted = true;
	return true;
}

static bool add_namespace(struct options *o, const char *text)
{
	const struct option_value value = {
		.type = VALUE_STRING,
		.string = text,
	};
	int r = settings_set(&o->settings, false, "Namespace", &value);
	char why[96];

	pattern_complain(text, why, sizeof(why));
	if (r < 0)
		complain("namespace '%s': %s", text,
			 r == -EINVAL ? why : strerror(-r));
	return r == 0;
}

static bool parse_seconds(struct options *o, const char *text)
{
	if (parse_number(text, 0.1, 86400, &o->seconds))
		return true;
	complain("--seconds is 0.1 to 86400, not '%s'", text);
	return false;
}

static bool parse_trace_layer(struct options *o, const char *text)
{
	int layer = layer_parse(text);

	if (layer >= 0) {
		o->choice.layer = layer;
		return true;
	}
	complain("there is no layer '%s', 'pktloss --list' has all", text);
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
	case OPTION_LAYER:
		return parse_trace_layer(o, optarg);
	case OPTION_REASON:
		o->choice.reason = optarg;
		return true;
	case OPTION_PCAP:
		return parse_pcap(o, optarg);
	default:
		return false;
	}
}

static bool parse_option(struct options *o, int option)
{
	switch (option) {
	case 'n':
		return add_namespace(o, optarg);
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
	case 'l':
		o->action = ACTION_LIST;
		return true;
	case 'V':
		printf("pktloss %s\n", PKTLOSS_VERSION);
		o->action = ACTION_END;
		return true;
	case 'h':
		printf("%s", usage);
		o->action = ACTION_END;
		return true;
	default:
		return parse_trace_option(o, option);
	}
}

/* What makes no sense beside --trace, or without it. */
static bool check_trace(const struct options *o)
{
	bool traces = o->action == ACTION_TRACE;

	if (!traces && o->trace_tuned)
		complain("--seconds, --reason, --layer and --pcap are of "
			 "--trace");
	else if (traces && (o->once || o->watch || o->counted || o->timed))
		complain("--trace looks once, for --seconds: no --once, no "
			 "--watch, no --count, no --interval");
	else if (traces && o->settings.drop_reasons != CHOICE_AUTO)
		complain("--trace tells the reasons itself: no --drop-reasons, "
			 "no --no-drop-reasons");
	else
		return true;
	return false;
}

static bool check_options(struct options *o, int left)
{
	if (left)
		complain("only options are understood, no other arguments");
	else if (o->once && (o->watch || o->counted))
		complain("--once looks once: no --count, no --watch");
	else if (o->once && o->settings.drop_reasons == CHOICE_TRUE)
		complain("--drop-reasons are told from the first look on: no "
			 "--once");
	else
		return check_trace(o);
	return false;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	bool good = true;
	int option;

	while (good && o->action != ACTION_END) {
		option = getopt_long(argc, argv, "n:i:c:worRjvtlVh",
				     long_options, NULL);
		if (option < 0)
			break;
		good = parse_option(o, option);
	}
	if (o->action == ACTION_END)
		return;
	if (good && check_options(o, argc - optind)) {
		if (o->watch && !o->counted)
			o->count = 0;
		return;
	}
	fprintf(stderr, "Try 'pktloss --help'.\n");
	o->action = ACTION_FAIL;
}

static unsigned screen_width(bool terminal)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	double width;

	if (columns && parse_number(columns, 20, 10000, &width))
		return width;
	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

static void choose_style(struct options *o)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	o->terminal = isatty(STDOUT_FILENO);
	o->style.width = screen_width(o->terminal);
	o->style.colour = o->terminal && !(no_colour && no_colour[0]) &&
			  !(term && !strcmp(term, "dumb"));
}

int options_init(struct options *o, int argc, char **argv)
{
	int r;

	*o = (struct options) {
		.interval = 1,
		.count = 1,
		.seconds = 10,
		.choice = {.layer = N_LAYERS},
	};
	r = settings_init(&o->settings);
	if (r < 0)
		return r;
	o->settings.max_namespaces = 1000000;
	o->settings.names_at_once = true;
	choose_style(o);
	parse_options(o, argc, argv);
	return 0;
}
