/* SPDX-License-Identifier: MIT */
/*
 * pktloss(8): looks twice, or since boot, and prints what was lost in between.
 * All that it finds it finds through the plugin's own engine.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "ladder.h"

#define DEFAULT_WIDTH 100
#define CLEAR "\033[H\033[2J\033[3J"

enum status {
	STATUS_NO_LOSS,
	STATUS_LOSS,
	STATUS_FAILED, /* could not look, or print, or was called wrongly */
};

enum action {
	ACTION_LOOK,
	ACTION_LIST,
	ACTION_END, /* all is said */
	ACTION_FAIL,
};

struct options {
	struct settings settings;
	struct style style;
	double interval;
	unsigned long count; /* of intervals, 0: no end */
	bool counted;	     /* -c was given */
	bool json, once, watch, terminal;
	enum action action;
};

static const char *const usage =
	"usage: pktloss [-n NAMESPACE]... [-i SECONDS] [-c COUNT] [--watch]\n"
	"               [--once] [--json] [-v]\n"
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
	"  -j, --json            one line of JSON for each interval\n"
	"  -v, --verbose         what is no loss, too\n"
	"  -l, --list            every counter and what it means\n"
	"  -V, --version\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing lost, 1 loss found, 2 could not look.\n";

static const struct option long_options[] = {
	{"namespace", required_argument, NULL, 'n'},
	{"interval", required_argument, NULL, 'i'},
	{"count", required_argument, NULL, 'c'},
	{"watch", no_argument, NULL, 'w'},
	{"once", no_argument, NULL, 'o'},
	{"json", no_argument, NULL, 'j'},
	{"verbose", no_argument, NULL, 'v'},
	{"list", no_argument, NULL, 'l'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

__attribute__((format(printf, 1, 2))) static void complain(const char *format,
							   ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
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

	if (r < 0)
		complain("namespace '%s': %s", text,
			 r == -EINVAL ? "no regular expression" : strerror(-r));
	return r == 0;
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
	case 'j':
		o->json = true;
		return true;
	case 'v':
		o->style.verbose = true;
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
		return false;
	}
}

static bool check_options(struct options *o, int left)
{
	if (left)
		complain("only options are understood, no other arguments");
	else if (o->once && (o->watch || o->counted))
		complain("--once looks once: no --count, no --watch");
	else
		return true;
	return false;
}

static void parse_options(struct options *o, int argc, char **argv)
{
	bool good = true;
	int option;

	while (good && o->action != ACTION_END) {
		option = getopt_long(argc, argv, "n:i:c:wojvlVh", long_options,
				     NULL);
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

/* What is a descriptor of ours must not be taken for the output. */
static bool has_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd != STDOUT_FILENO && fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR) != fd)
			return false;
	return fcntl(STDOUT_FILENO, F_GETFD) >= 0;
}

static void next_time(struct timespec *t, double seconds)
{
	double whole = floor(seconds);

	t->tv_sec += whole;
	t->tv_nsec += (seconds - whole) * 1e9;
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
}

static void sleep_until(const struct timespec *t)
{
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, t, NULL) ==
	       EINTR)
		;
}

static void print_notes(const struct options *o, const struct ladders *l,
			size_t from, FILE *out)
{
	for (size_t i = from; i < l->n_notes; i++)
		print_wrapped(out, &o->style, 0, 2, l->notes[i]);
}

/* Prints one interval. Returns 0, or what went wrong with the output. */
static int show(const struct options *o, const struct ladders *l,
		size_t old_notes)
{
	int r = 0;

	if (o->json) {
		r = ladders_print_json(stdout, l);
	} else {
		if (o->watch && o->terminal)
			printf(CLEAR);
		ladders_print(stdout, l, &o->style);
		/* on a screen that is cleared they would be lost */
		print_notes(o, l, o->watch ? 0 : old_notes,
			    o->watch ? stdout : stderr);
		if (o->watch || o->counted)
			printf("\n");
	}
	errno = 0;
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = errno ? -errno : -EIO;
	return r;
}

struct run {
	struct options *options;
	struct engine *engine;
	struct ladders ladders;
	bool looked; /* into any namespace, twice or since boot */
	bool found;  /* a loss */
};

/* Evaluates the newest look and prints it. Returns 0 or a negative errno. */
static int evaluate(struct run *run)
{
	size_t old_notes = run->ladders.n_notes;
	int r = engine_compare(run->engine);

	if (r == 0)
		r = ladders_collect(&run->ladders, run->engine);
	if (r < 0) {
		complain("%s", strerror(-r));
		return r;
	}
	if (!run->ladders.n) {
		complain("no network namespace could be looked at");
		print_notes(run->options, &run->ladders, old_notes, stderr);
	}
	run->looked |= run->ladders.n > 0;
	run->found |= ladders_have_loss(&run->ladders);
	if (run->ladders.n)
		r = show(run->options, &run->ladders, old_notes);
	if (r < 0)
		complain("cannot write: %s", strerror(-r));
	engine_next(run->engine);
	return r;
}

static int look(struct run *run)
{
	int r = engine_look(run->engine);

	if (r < 0)
		complain("cannot look: %s", strerror(-r));
	return r;
}

static int look_once(struct run *run)
{
	int r = look(run);

	if (r < 0)
		return r;
	r = engine_since_boot(run->engine);
	if (r < 0) {
		complain("%s", strerror(-r));
		return r;
	}
	return evaluate(run);
}

static int look_often(struct run *run)
{
	const struct options *o = run->options;
	struct timespec t;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &t);
	r = look(run);
	if (r < 0)
		return r;
	engine_next(run->engine);
	for (unsigned long i = 0; !o->count || i < o->count; i++) {
		next_time(&t, o->interval);
		sleep_until(&t);
		r = look(run);
		if (r == 0)
			r = evaluate(run);
		if (r < 0)
			return r;
	}
	return 0;
}

static enum status run_engine(struct options *o)
{
	struct run run = {.options = o};
	int r = engine_new(&run.engine, &o->settings);

	if (r < 0) {
		complain("%s", strerror(-r));
		return STATUS_FAILED;
	}
	r = o->once ? look_once(&run) : look_often(&run);
	ladders_free(&run.ladders);
	engine_free(run.engine);
	if (r < 0 || !run.looked)
		return STATUS_FAILED;
	return run.found ? STATUS_LOSS : STATUS_NO_LOSS;
}

static enum status act(struct options *o)
{
	switch (o->action) {
	case ACTION_LOOK:
		return run_engine(o);
	case ACTION_LIST:
		counters_print(stdout, &o->style);
		return STATUS_NO_LOSS;
	case ACTION_END:
		return STATUS_NO_LOSS;
	default:
		return STATUS_FAILED;
	}
}

int main(int argc, char **argv)
{
	struct options o = {.interval = 1, .count = 1};
	enum status status;

	signal(SIGPIPE, SIG_IGN);
	/* an interval in one piece, whoever else writes there */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ * 8);
	if (!has_descriptors()) {
		complain("cannot write: standard output is closed");
		return STATUS_FAILED;
	}
	if (settings_init(&o.settings) < 0) {
		complain("%s", strerror(ENOMEM));
		return STATUS_FAILED;
	}
	o.settings.max_namespaces = 1000000;
	choose_style(&o);
	parse_options(&o, argc, argv);
	status = act(&o);
	settings_free(&o.settings);
	errno = 0;
	if (status != STATUS_FAILED && (fflush(stdout) || ferror(stdout))) {
		complain("cannot write: %s", strerror(errno ? errno : EIO));
		status = STATUS_FAILED;
	}
	return status;
}
