/* SPDX-License-Identifier: MIT */
/*
 * pktloss(8) from its arguments to its exit status, and what it prints. What is
 * read is made up: the linker sends the engine's calls through here.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/discovery.h"
#include "engine/engine.h"
#include "engine/reader.h"
#include "probes/link/link.h"
#include "program/command_line.h"
#include "program/options_table.h"
#include "program/trace_command.h"
#include "testlib.h"

/* main() of the program, which is linked in under this name. */
int program_main(int argc, char **argv);

#define SECOND UINT64_C(1000000000)

/* What there is to be read. */
static struct {
	int result;	   /* of a read */
	int fails_at;	   /* the read that fails, from 1 on; 0: none */
	uint64_t lost;	   /* packets of a thousand, in each interval */
	bool blind, empty; /* something, or no namespace, can be read */
	int n_reads;
	int born_at;	   /* the read from which on there is eth1; 0: none */
	const char *place; /* of the interface; NULL: eth0 */
	const int *trace;  /* the result of a trace; NULL: it is done */
	int signal_at;	   /* the read during which somebody presses Ctrl-C */
	int ended_at;	   /* the read from which on there is no "web" */
	int deleted_at;	   /* and no eth0; 0: none */
	int n_synced;	   /* files */
	const struct recaller *recaller; /* of the engine, or NULL */
} world;

static struct tree tree;
static char output[65536], errors[8192];

int __wrap_engine_read(struct engine *e, uint64_t budget_ns);
int __wrap_fsync(int fd);
void __wrap_engine_set_recaller(struct engine *e,
				const struct recaller *recaller);
int __wrap_trace_command(const struct options *o);
int __real_trace_command(const struct options *o);
int __wrap_discovery_add_own(struct discovery *d, bool *ret_private);
int __wrap_discovery_run(struct discovery *d, uint64_t budget_ns);

static void add_namespace(struct ns_list *list, const char *name)
{
	struct ns *ns = ns_list_add(list);

	ck_assert_ptr_nonnull(ns);
	snprintf(ns->name, sizeof(ns->name), "%s", name);
	ns->grade = NAMING_FILE;
	ns->id.ino = list->n;
	if (name[0])
		snprintf(ns->path, sizeof(ns->path), "/run/netns/%s", name);
}

/* It lost as much as the other one since it is there. */
static void read_new_interface(struct sample *s)
{
	uint64_t n = world.n_reads + 1 - world.born_at;

	sample_object(s, LAYER_LINK, "eth1", "", 2);
	sample_row(s, find_counter(&link_probe, "rx_packets", NULL), n * 1000);
	sample_row(s, find_counter(&link_probe, "rx_missed_errors", NULL),
		   n * world.lost);
}

static void read_interface(struct sample *s, uint64_t n)
{
	sample_object(s, LAYER_LINK, world.place ? world.place : "eth0", "", 1);
	sample_row(s, find_counter(&link_probe, "rx_packets", NULL), n * 1000);
	sample_row(s, find_counter(&link_probe, "rx_missed_errors", NULL),
		   n * world.lost);
}

static void read_namespace(struct ns *ns)
{
	struct sample *s = &ns->now;
	uint64_t n = (uint64_t)world.n_reads;

	if (world.recaller && !ns->then.time_ns)
		world.recaller->recall(world.recaller->arg, ns);
	sample_reset(s);
	sample_follow(s, ns->then.time_ns ? &ns->then : NULL);
	s->mono_ns = s->boot_ns = s->time_ns = n * SECOND;
	if (!world.deleted_at || world.n_reads < world.deleted_at)
		read_interface(s, n);
	if (world.born_at && world.n_reads >= world.born_at)
		read_new_interface(s);
	s->sources = 1;
	ns->was_read = true;
}

int __wrap_engine_read(struct engine *e, uint64_t budget_ns)
{
	struct ns_list *list = engine_namespaces(e);

	ck_assert_uint_eq(budget_ns, 0);
	if (++world.n_reads == world.fails_at)
		return -EMFILE;
	if (world.n_reads == world.signal_at)
		raise(SIGINT);
	if (!list->n && !world.empty) {
		add_namespace(list, "");
		add_namespace(list, "web");
	}
	EACH_NS (list, ns) {
		ns->gone = ns->name[0] && world.ended_at &&
			   world.n_reads >= world.ended_at;
		if (!ns->gone)
			read_namespace(ns);
	}
	if (world.blind)
		reasons_note(&engine_blindness(e)->entering, -EPERM);
	return world.result;
}

/* A disk takes its time. */
int __wrap_fsync(int fd)
{
	ck_assert_int_ge(fd, 0);
	world.n_synced++;
	return 0;
}

void __wrap_engine_set_recaller(struct engine *e,
				const struct recaller *recaller)
{
	(void)e;
	world.recaller = recaller;
}

int __wrap_trace_command(const struct options *o)
{
	return world.trace ? *world.trace : __real_trace_command(o);
}

int __wrap_discovery_add_own(struct discovery *d, bool *ret_private)
{
	*ret_private = false;
	add_namespace(d->list, "");
	return 0;
}

/* All names there are, whatever is wanted. */
int __wrap_discovery_run(struct discovery *d, uint64_t budget_ns)
{
	ck_assert_uint_eq(budget_ns, 0);
	ck_assert_uint_eq(d->settings->namespaces.n, 0);
	for (int i = 0; i < 7; i++) {
		char name[16];

		snprintf(name, sizeof(name), i ? "box\033%d" : "web", i);
		add_namespace(d->list, name);
	}
	return 0;
}

static void setup(void)
{
	tree_make(&tree);
	unsetenv("COLUMNS");
	unsetenv("NO_COLOR");
}

static void teardown(void)
{
	tree_remove(&tree);
}

static void read_back(const char *name, char *buffer, size_t size)
{
	FILE *f = fopen(tree_path(&tree, name), "r");

	ck_assert_ptr_nonnull(f);
	buffer[fread(buffer, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* Runs it with these words and that output; returns its exit status. */
static int run_to(const char *path, const char *words)
{
	char line[512], *argv[32] = {"pktloss"}, *save = NULL;
	int argc = 1, status, out = dup(STDOUT_FILENO),
	    err = dup(STDERR_FILENO);

	snprintf(line, sizeof(line), "%s", words);
	for (char *w = strtok_r(line, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	optind = 0; /* 1 would leave a word half read */
	fflush(stdout);
	ck_assert(freopen(path, "w", stdout));
	ck_assert(freopen(tree_path(&tree, "err"), "w", stderr));
	status = program_main(argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	read_back("err", errors, sizeof(errors));
	return status;
}

static int run(const char *words)
{
	char path[PATH_MAX];
	int status;

	snprintf(path, sizeof(path), "%s", tree_path(&tree, "out"));
	status = run_to(path, words);
	read_back("out", output, sizeof(output));
	return status;
}

#define check_run(words, status_)                                              \
	do {                                                                   \
		int status = run(words);                                       \
		ck_assert_msg(status == (status_), "status %d:\n%s%s", status, \
			      output, errors);                                 \
	} while (0)
#define check_in(text, part)                                                   \
	ck_assert_msg(strstr(text, part), "no \"%s\" in:\n%s", part, text)

/* ---- arguments ---- */

CASE(arguments, .setup = setup, .teardown = teardown);

static const struct {
	const char *words, *complaint;
} wrong[] = {
	{"-i 0.01", "the interval is 0.1 to 86400 seconds, not '0.01'"},
	{"-i 1s", "not '1s'"},
	{"-i nan", "not 'nan'"},
	{"--count 0", "the count is a number from 1 on, not '0'"},
	{"--count 1.5", "not '1.5'"},
	{"-n /(/", "namespace '/(/': Unmatched ( or"},
	{"--once --watch", "--since-boot and --since look once: no --count, no "
			   "--watch"},
	{"-o -c 3", "look once"},
	{"--since x -i 3", "look once"},
	{"--since x -s", "look once"},
	{"--since x -o", "--since-boot or --since, not both"},
	{"--since x -r", "no --since"},
	{"--trace --since x", "--trace looks once"},
	{"--since-boot -r", "from the first look on: no --since-boot"},
	{"--trace --once", "--trace looks once, for --seconds"},
	{"--trace -w", "--trace looks once, for --seconds"},
	{"--trace -c 2", "--trace looks once, for --seconds"},
	{"-t -i 2", "--trace looks once, for --seconds"},
	{"--trace -r", "--trace tells the reasons itself: no --drop-reasons"},
	{"--trace -R", "--trace tells the reasons itself: no --drop-reasons"},
	{"--seconds 3", "--seconds, --reason and --pcap are of --trace"},
	{"--reason X", "are of --trace"},
	{"--pcap /dev/null", "are of --trace"},
	{"--trace --pcap -", "not standard output, which has the table"},
	{"--trace --seconds 0", "--seconds is 0.1 to 86400, not '0'"},
	{"-l tpc", "there is no layer 'tpc'; there are: link, qdisc, "},
	{"-l /^z/", "there is no layer '/^z/'; there are: link, "},
	{"-l /(/", "layer '/(/': Unmatched ( or"},
	{"-I /(/", "interface '/(/': Unmatched ( or"},
	{"--trace -l tcp -l udp", "--trace shows all layers, or one"},
	{"--trace -I eth0", "--trace shows all interfaces: no --interface"},
	{"--sort x", "--sort is by worst, lost, share or name, not 'x'"},
	{"--sort los", "not 'los'"},
	{"--csv --json", "--json or --csv, not both"},
	{"--csv --top 3", "--top is of the table: no --json, no --csv"},
	{"--trace --csv", "no --csv"},
	{"--trace -q", "--trace takes no --quiet"},
	{"--trace --min-lost 3", "--trace takes no --min-lost"},
	{"--trace --min-share 3", "--trace takes no --min-share"},
	{"--trace --top 3", "--trace takes no --top"},
	{"--trace --sort worst", "--trace takes no --sort"},
	{"--trace --namespaces", "--namespaces takes no --trace"},
	{"--namespaces --csv", "--namespaces takes no --csv"},
	{"--namespaces -q", "--namespaces takes no --quiet"},
	{"--namespaces --since x", "--namespaces takes no --since"},
	{"--namespaces --watch", "--namespaces takes no --watch"},
	{"--namespaces -c 2", "--namespaces takes no --count"},
	{"--namespaces -l tcp", "--namespaces takes no --layer"},
	{"--list --csv", "--list takes no --csv"},
	{"--list --since x", "--list takes no --since"},
	{"--list web", "--list takes no --namespace"},
	{"--top 0", "--top is a number from 1 on, not '0'"},
	{"--min-lost x", "--min-lost is a number from 1 on, not 'x'"},
	{"--min-share 101", "--min-share is 0 to 100 percent, not '101'"},
	{"-o -s", "no --summary"},
	{"-w -s", "no --summary"},
	{"--color=red", "--color is auto, always or never, not 'red'"},
	{"web /(/", "namespace '/(/': Unmatched ( or"},
	{"--nonsense", "unrecognized option '--nonsense'"},
	{"-n", "requires an argument"},
};

TEST_EACH(arguments, what_is_wrong_is_said_and_nothing_is_read,
	  ARRAY_SIZE(wrong))
{
	check_run(wrong[_i].words, 2);
	check_in(errors, wrong[_i].complaint);
	check_in(errors, "Try 'pktloss --help'.\n");
	ck_assert_str_eq(output, "");
	ck_assert_int_eq(world.n_reads, 0);
}

/* Where the kernel may be asked it has no such reason, and else that is said.
 */
TEST(arguments, trace_alone_is_understood)
{
	check_run("--trace --seconds 0.1 --layer tcp --reason NO_SUCH -v", 2);
	ck_assert_ptr_null(strstr(errors, "Try"));
	ck_assert_str_eq(output, "");
	ck_assert_int_eq(world.n_reads, 0);
}

/* "./-" is a file as any other. */
TEST(arguments, only_a_dash_is_no_file)
{
	check_run("--trace --seconds 0.1 --pcap ./- --reason NO_SUCH", 2);
	ck_assert_ptr_null(strstr(errors, "standard output"));
	ck_assert_ptr_null(strstr(errors, "Try"));
}

TEST(arguments, help_and_version_read_nothing)
{
	check_run("--help --nonsense", 0);
	check_in(output, "usage: pktloss");
	check_run("-V", 0);
	ck_assert_str_eq(output, "pktloss test\n");
	ck_assert_int_eq(world.n_reads, 0);
}

static size_t count_lines(const char *columns)
{
	size_t n = 0;

	setenv("COLUMNS", columns, 1);
	check_run("--list", 0);
	check_in(output, "rx_missed_errors");
	for (const char *at = output; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

TEST(arguments, list_is_as_wide_as_it_may_be)
{
	size_t usual = count_lines("1"); /* that is no width */

	ck_assert_uint_eq(count_lines("100"), usual);
	ck_assert_uint_gt(count_lines("80"), usual);
	ck_assert_uint_lt(count_lines("200"), usual);
	ck_assert_int_eq(world.n_reads, 0);
}

TEST(arguments, messages_are_one_line_of_printable_text)
{
	check_run("-i 1\033[2J\n1", 2);
	check_in(errors, "not '1?[2J?1'\n");
}

/* ---- looking ---- */

CASE(looking, .setup = setup, .teardown = teardown);

TEST(looking, nothing_lost_is_0)
{
	check_run("-i 0.1", 0);
	ck_assert_int_eq(world.n_reads, 2);
	ck_assert_str_eq(errors, "");
	check_in(output, "nothing");
}

TEST(looking, loss_is_1)
{
	world.lost = 50;
	check_run("-i 0.1", 1);
	check_in(output, "eth0");
	check_in(output, "50");
}

TEST(looking, interval_by_interval)
{
	world.lost = 50;
	check_run("-i 0.1 -c 3 -j", 1);
	ck_assert_int_eq(world.n_reads, 4);
	for (int i = 0; i < 3; i++) {
		char *line = strtok(i ? NULL : output, "\n");

		ck_assert_ptr_nonnull(line);
		ck_assert_int_eq(line[0], '{');
		check_in(line, "\"lost\":50");
	}
	ck_assert_ptr_null(strtok(NULL, "\n"));
}

TEST(looking, layers_and_interfaces_are_chosen)
{
	world.lost = 50;
	check_run("-i 0.1 -l tcp", 0);
	check_in(output, "2 namespaces: nothing lost\n");
	check_run("-i 0.1 -l tcp -l /^li/ -I /^eth/", 1);
	check_run("-i 0.1 -I wlan0", 0);
	check_run("-i 0.1 -I wlan0 -I eth0 --layer link", 1);
}

/* What a thousand packets and their lost ones come to. */
TEST(looking, sum_is_of_the_whole_time)
{
	world.lost = 50;
	check_run("-i 0.1 -c 3", 1);
	check_in(output, "in 1 s\n");
	check_in(output, "in 3 s, 3 intervals\n");
	check_in(output, "  link   eth0   rx     3000   150   4.8%  ");
	world.n_reads = 0;
	check_run("-i 0.1 -c 3 --summary", 1);
	ck_assert_ptr_null(strstr(output, "in 1 s\n"));
	check_in(output, "in 3 s, 3 intervals\n");
	check_in(output, "3000   150 ");
	world.n_reads = 0;
	check_run("-i 0.1 -c 3 --summary --json", 1);
	check_in(output, "\"lost\":150");
	ck_assert_ptr_eq(strchr(output, '\n'), output + strlen(output) - 1);
}

/* It is not in the first look, and has lost all that it counts since. */
TEST(looking, sum_has_what_was_made_meanwhile)
{
	world.lost = 50;
	world.born_at = 3;
	check_run("-i 0.1 -c 4 -s", 1);
	check_in(output, "in 4 s, 4 intervals\n");
	check_in(output, "  link   eth0   rx     4000   200   4.8%  ");
	check_in(output, "  link   eth1   rx     3000   150   4.8%  ");
}

/* 0 has getopt() forget where it is in a word. */
static void begin_again(void)
{
	world.n_reads = 0;
}

TEST(looking, sum_has_what_ended)
{
	world.lost = 50;
	world.ended_at = 4;
	check_run("-i 0.1 -c 4 -s", 1);
	check_in(output, "  link   eth0   rx     4000   200   4.8%  ");
	check_in(output, "web (not there any more)\n");
	check_in(output, "  link   eth0   rx     2000   100   4.8%  ");
	begin_again();
	check_run("-i 0.1 -c 4", 1);
	check_in(strstr(output, "4 intervals"), "   2000   100   4.8%  ");
	begin_again();
	check_run("-i 0.1 -c 4 -s --json", 1);
	check_in(output, "\"ended\":false,");
	check_in(output, "\"ended\":true,\"see\":null,\"findings\":[{\"layer\":"
			 "\"link\",\"place\":\"eth0\",\"direction\":\"rx\","
			 "\"class\":\"loss\",\"lost\":100,\"total\":2100,");
}

TEST(looking, sum_has_what_was_deleted)
{
	world.lost = 50;
	world.deleted_at = 4;
	check_run("-i 0.1 -c 4 -s -q", 1);
	begin_again();
	check_run("-i 0.1 -c 4 -s -v", 1);
	check_in(output, "   2000   100   4.8%  rx_missed_errors: the receive");
	check_in(output, "; its counter is gone");
	ck_assert_ptr_null(strstr(output, "What to do"));
	begin_again();
	check_run("-i 0.1 -c 4 -s --min-lost 101", 0);
	begin_again();
	check_run("-i 0.1 -c 4 -s -I eth1", 0);
}

TEST(looking, csv_has_one_head_and_no_sum)
{
	world.lost = 50;
	check_run("-i 0.1 -c 2 --csv --sort name", 1);
	ck_assert_str_eq(
		output,
		"time,interval,namespace,layer,place,direction,class,passed,"
		"lost,percent,reason,cause\n"
		"2,1,,link,eth0,rx,loss,1000,50,4.7619,link-rx_missed_errors,"
		"rx_missed_errors: the receive ring is too small or the CPU "
		"too slow\n"
		"2,1,web,link,eth0,rx,loss,1000,50,4.7619,link-rx_missed_"
		"errors,"
		"rx_missed_errors: the receive ring is too small or the CPU "
		"too slow\n"
		"3,1,,link,eth0,rx,loss,1000,50,4.7619,link-rx_missed_errors,"
		"rx_missed_errors: the receive ring is too small or the CPU "
		"too slow\n"
		"3,1,web,link,eth0,rx,loss,1000,50,4.7619,link-rx_missed_"
		"errors,"
		"rx_missed_errors: the receive ring is too small or the CPU "
		"too slow\n");
}

TEST(looking, one_interval_needs_no_sum)
{
	check_run("-i 0.1 -w -c 1", 0);
	ck_assert_ptr_null(strstr(output, "intervals"));
	world.n_reads = 0;
	check_run("-i 0.1 -c 1 -s", 0);
	check_in(output, "in 1 s\n");
}

/* The read goes on, and is the last one. */
TEST(looking, ctrl_c_ends_it_with_a_sum)
{
	world.lost = 50;
	world.signal_at = 3;
	check_run("-i 0.1 -w", 1);
	ck_assert_int_eq(world.n_reads, 3);
	check_in(output, "in 2 s, 2 intervals\n");
	check_in(output, "2000   100 ");
}

TEST(looking, ctrl_c_ends_a_wait_with_a_look)
{
	world.lost = 50;
	world.signal_at = 1;
	check_run("-i 1000", 1);
	ck_assert_int_eq(world.n_reads, 2);
	check_in(output, "in 1 s\n");
}

TEST(looking, quiet_has_a_status_only)
{
	world.lost = 50;
	check_run("-i 0.1 -c 2 -q", 1);
	ck_assert_str_eq(output, "");
	ck_assert_str_eq(errors, "");
	world.lost = 0;
	world.blind = true;
	check_run("-i 0.1 -q", 3);
	ck_assert_str_eq(output, "");
	check_in(errors, "not everything could be");
}

/* 50 of 1050 are 4.76 percent. */
static const struct {
	const char *words;
	int status;
} small[] = {
	{"-i 0.1 --min-lost 50 --min-share 4.7", 1},
	{"-i 0.1 --min-lost 51", 0},
	{"-i 0.1 --min-share 4.8", 0},
	{"-i 0.1 --min-lost 51 --min-share 1", 0},
	{"-i 0.1 -c 2 --min-lost 51", 0}, /* in each */
	{"-i 0.1 -c 2 --min-lost 51 -s", 1},
	{"-i 0.1 -c 2 --min-lost 101 -s", 0},
	{"--since-boot --min-lost 51", 0},
};

TEST(looking, small_losses_are_counted)
{
	world.lost = 50;
	check_run("-i 0.1 --min-lost 51", 0);
	check_in(output, "2 rows below --min-lost or --min-share\n"
			 "2 namespaces: nothing lost\n");
}

TEST_EACH(looking, small_losses_are_none, ARRAY_SIZE(small))
{
	world.lost = 50;
	check_run(small[_i].words, small[_i].status);
	if (!small[_i].status)
		check_in(output, "2 namespaces: nothing lost\n");
}

TEST(looking, colour_is_a_choice)
{
	world.lost = 50;
	check_run("-i 0.1", 1);
	ck_assert_ptr_null(strchr(output, '\033'));
	check_run("-i 0.1 --color", 1);
	check_in(output, "\033[31m");
	check_run("-i 0.1 --color=always --color=never", 1);
	ck_assert_ptr_null(strchr(output, '\033'));
}

TEST(looking, once_tells_what_was_lost_since_boot)
{
	world.lost = 70;
	check_run("--once", 1);
	ck_assert_int_eq(world.n_reads, 1);
	check_in(output, "70");
}

TEST(looking, watch_ends_with_its_count)
{
	world.lost = 50;
	check_run("-w -c 2 -i 0.1", 1);
	ck_assert_int_eq(world.n_reads, 3);
	ck_assert_ptr_null(strchr(output, '\033')); /* that is no screen */
}

TEST(looking, what_could_not_be_read_is_3)
{
	world.blind = true;
	check_run("-i 0.1", 3);
	check_in(errors, "not everything could be");
	world.n_reads = 0;
	check_run("-i 0.1 -j", 3);
	check_in(errors, "denied by a user namespace or a security module\n");
	world.n_reads = 0;
	check_run("-i 0.1 -v", 3);
	check_in(errors, "(not permitted: setns)\n");
}

TEST(looking, loss_beside_what_could_not_be_read_is_1)
{
	world.blind = true;
	world.lost = 50;
	check_run("-i 0.1", 1);
}

TEST_EACH(looking, read_that_fails_is_2, 2)
{
	world.fails_at = _i + 1;
	world.lost = 50;
	check_run("-i 0.1", 2);
	check_in(errors, "cannot look: Too many open files");
	ck_assert_str_eq(output, "");
}

TEST(looking, no_namespace_is_2)
{
	world.empty = true;
	check_run("-i 0.1", 2);
	check_in(errors, "no network namespace could be looked at");
}

TEST(looking, output_that_cannot_be_written_is_2)
{
	int full = open("/dev/full", O_WRONLY);
	int out = dup(STDOUT_FILENO), status;
	char *argv[] = {"pktloss", "-i", "0.1", NULL};

	ck_assert_int_ge(full, 0);
	fflush(stdout);
	dup2(full, STDOUT_FILENO);
	ck_assert(freopen(tree_path(&tree, "err"), "w", stderr));
	status = program_main(3, argv);
	dup2(out, STDOUT_FILENO);
	ck_assert_int_eq(status, 2);
	fflush(stderr);
	read_back("err", errors, sizeof(errors));
	check_in(errors, "cannot write: No space left on device");
	/* check's own output goes on */
	clearerr(stdout);
}

TEST(looking, closed_output_is_2)
{
	int out = dup(STDOUT_FILENO), status;
	char *argv[] = {"pktloss", NULL};

	fflush(stdout);
	close(STDOUT_FILENO);
	status = program_main(1, argv);
	dup2(out, STDOUT_FILENO);
	ck_assert_int_eq(status, 2);
	ck_assert_int_eq(world.n_reads, 0);
}

TEST(arguments, help_has_every_option)
{
	check_run("-h", 0);
	for (size_t i = 0; i < n_option_rows; i++) {
		char name[64];

		format_text(name, sizeof(name), "--%s", option_rows[i].name);
		if (option_rows[i].help)
			check_in(output, name);
	}
	for (const char *line = output; *line;) {
		size_t n = strcspn(line, "\n");

		ck_assert_msg(n <= 80, "%zu columns: %.*s", n, (int)n, line);
		line += n + (line[n] == '\n');
	}
}

/* ---- since ---- */

CASE(since, .setup = setup, .teardown = teardown);

static char look_text[65536];

/* Runs it with a file "look". */
static int run_since(const char *path)
{
	char words[512];

	world.recaller = NULL;
	snprintf(words, sizeof(words), "--since %s", path);
	return run(words);
}

static void check_since(int status)
{
	int r = run_since(tree_path(&tree, "look"));

	ck_assert_msg(r == status, "status %d:\n%s%s", r, output, errors);
}

static void put_look(const char *text, size_t n)
{
	FILE *f = fopen(tree_path(&tree, "look"), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, n, f), n);
	fclose(f);
}

TEST(since, looks_are_compared_over_runs)
{
	struct stat st;

	world.lost = 50;
	world.place = "e%2\t\001\377";
	check_since(1);
	check_in(errors, "look is new: totals since boot\n");
	check_in(output, "totals since boot");
	for (int i = 0; i < 2; i++) {
		world.n_reads += i; /* twice as much the second time */
		check_since(1);
		ck_assert_str_eq(errors, "");
		check_in(output, i ? "in 2 s" : "in 1 s");
		check_in(output, i ? " 2000   100 " : " 1000    50 ");
	}
	world.lost = 0;
	put_look("", 0);
	ck_assert_int_eq(remove(tree_path(&tree, "look")), 0);
	check_since(0);
	check_since(0);
	ck_assert_int_eq(stat(tree_path(&tree, "look"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(world.n_synced, 5);
}

/* A file of ours begins anew, another one stays as it is. */
static void check_damaged(const char *text, size_t n)
{
	static char now[sizeof(look_text)];

	put_look(text, n);
	if (n && (n < 12 || strncmp(text, "pktloss-look", 12) != 0)) {
		check_since(2);
		check_in(errors, "look: it is no file of pktloss");
		ck_assert_str_eq(output, "");
		read_back("look", now, sizeof(now));
		ck_assert_mem_eq(now, text, n);
		return;
	}
	check_since(0);
	check_in(errors, ": totals since boot");
	check_in(output, "totals since boot");
}

TEST(since, a_file_that_is_cut_short_is_not_believed)
{
	size_t n;

	check_since(0);
	read_back("look", look_text, sizeof(look_text));
	n = strlen(look_text);
	ck_assert_uint_gt(n, 200);
	for (size_t i = 0; i < n; i++)
		check_damaged(look_text, i);
}

TEST(since, no_bit_is_another)
{
	size_t n;

	check_since(0);
	read_back("look", look_text, sizeof(look_text));
	n = strlen(look_text);
	for (size_t i = 0; i < n; i++) {
		look_text[i] ^= 1 << i % 8;
		check_damaged(look_text, n);
		look_text[i] ^= 1 << i % 8;
	}
}

/* Gives a text that was changed the hash that it has now. */
static size_t end_again(char *text)
{
	char *end = strstr(text, "\nend\t") + 1;
	size_t n = end - text;

	return n + sprintf(end, "end\t%llx\n",
			   (unsigned long long)hash_bytes(HASH_START, text, n));
}

/* The fourth word of its first line is the boot. */
TEST(since, a_reboot_begins_anew)
{
	char *boot = look_text;

	world.lost = 50;
	check_since(1);
	read_back("look", look_text, sizeof(look_text));
	for (int i = 0; i < 3; i++)
		boot = strchr(boot, '\t') + 1;
	*boot = *boot == '0' ? '1' : '0';
	put_look(look_text, end_again(look_text));
	check_since(1);
	check_in(errors, "look is of before the last boot: totals since boot");
	check_since(1);
	ck_assert_str_eq(errors, "");
}

/* Where not all could be read it may have been there, and have lost before. */
TEST(since, namespace_that_the_file_lacks_is_new_if_it_was_whole)
{
	for (int blind = 0; blind < 2; blind++) {
		world.lost = 50;
		world.ended_at = 1;
		world.blind = blind;
		check_since(1);
		world.lost = world.ended_at = world.blind = 0;
		check_since(blind ? 3 : 0);
		ck_assert_int_eq(blind,
				 strstr(errors,
					"1 namespace is not in the file"
					" yet: what it loses is told") != NULL);
		check_since(0);
		ck_assert_str_eq(errors, "");
	}
}

TEST(since, what_is_no_file_of_ours_is_refused)
{
	char path[256];

	check_since(0);
	snprintf(path, sizeof(path), "%s", tree_path(&tree, "link"));
	ck_assert_int_eq(symlink("look", path), 0);
	ck_assert_int_eq(run_since(path), 2);
	check_in(errors, "it is a symbolic link");
	snprintf(path, sizeof(path), "%s", tree_path(&tree, "pipe"));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(run_since(path), 2);
	check_in(errors, "it is no regular file");
	world.n_reads = 0;
	ck_assert_int_eq(run_since(tree_path(&tree, "no/such")), 2);
	check_in(errors, "cannot write ");
	ck_assert_int_eq(world.n_reads, 0);
	ck_assert_int_eq(chmod(tree_path(&tree, "look"), 0620), 0);
	check_since(2);
	check_in(errors, "others may write it");
	ck_assert_int_eq(chmod(tree_path(&tree, "look"), 0600), 0);
	if (geteuid() != 0 || chown(tree_path(&tree, "look"), 65534, 65534) < 0)
		return;
	check_since(2);
	check_in(errors, "it belongs to another user");
}

/* ---- names ---- */

CASE(names, .setup = setup, .teardown = teardown);

TEST(names, name_that_is_there_is_no_news)
{
	check_run("-n web -i 0.1", 0);
	ck_assert_str_eq(errors, "");
}

TEST(names, all_are_listed)
{
	check_run("--namespaces", 0);
	ck_assert_str_eq(
		output, "NAMESPACE         KIND  INODE  PID  CONTAINER  READ\n"
			"(this namespace)  own   1      -    -          yes\n"
			"web               file  2      -    -          yes\n");
	world.blind = true;
	check_run("--namespaces", 3);
	check_run("--namespaces wed", 2);
	check_in(errors, "near it: web");
}

TEST(names, programs_have_them_as_json)
{
	check_run("--namespaces --json", 0);
	ck_assert_str_eq(
		output,
		"{\"version\":1,\"namespaces\":[{\"name\":\"\",\"kind\":"
		"\"own\",\"inode\":1,\"pid\":null,\"container\":null,"
		"\"read\":true},{\"name\":\"web\",\"kind\":\"file\","
		"\"inode\":2,\"pid\":null,\"container\":null,\"read\":true}],"
		"\"notes\":[]}\n");
	check_run("--namespaces --json wed", 2);
	check_in(output, "\"notes\":[\"no namespace is called");
	check_in(errors, "near it: web");
}

TEST(names, options_need_not_stand_in_front)
{
	check_run("web -i 0.1 /^w/", 0);
	check_in(output, "2 namespaces: nothing lost\n");
	check_run("web wed -i 0.1", 2);
	check_in(errors, "no namespace is called \"wed\"");
}

TEST(names, near_name_is_proposed_and_nothing_printed)
{
	check_run("-n wed -i 0.1", 2);
	check_in(errors, "pktloss: no namespace is called \"wed\"; near it: "
			 "web\n");
	ck_assert_str_eq(output, "");
	ck_assert_int_eq(world.n_reads, 1);
}

TEST(names, of_many_others_some_are_proposed)
{
	check_run("-n zzzzzzzz -i 0.1", 2);
	check_in(errors, "no namespace is called \"zzzzzzzz\"; there are: web, "
			 "box?1, box?2, box?3, box?4 and 2 more\n");
}

TEST(names, expression_that_nothing_matches_is_told)
{
	check_run("-n /^y/ -i 0.1", 2);
	check_in(errors, "no namespace matches /^y/; there are: web");
}

TEST(names, one_of_two_that_is_there_is_looked_at)
{
	world.lost = 50;
	check_run("-n web -n wed -i 0.1", 2);
	check_in(errors, "no namespace is called \"wed\"");
	check_in(output, "eth0");
}

/* ---- where it goes ---- */

CASE(outputs, .setup = setup, .teardown = teardown);

TEST(outputs, disk_that_is_full_is_told)
{
	ck_assert_int_eq(run_to("/dev/full", "-i 0.1"), 2);
	check_in(errors, "cannot write: No space left on device");
}

TEST(outputs, output_that_is_closed_is_told)
{
	int out = dup(STDOUT_FILENO);
	char *argv[] = {"pktloss", NULL};

	fflush(stdout);
	ck_assert(freopen(tree_path(&tree, "err"), "w", stderr));
	close(STDOUT_FILENO);
	ck_assert_int_eq(program_main(1, argv), 2);
	dup2(out, STDOUT_FILENO);
	fflush(stderr);
	read_back("err", errors, sizeof(errors));
	check_in(errors, "standard output is closed");
}

/* What is on a terminal of that size after it ended. */
static void run_on_screen(unsigned lines, unsigned columns, const char *words)
{
	const struct winsize size = {.ws_row = lines, .ws_col = columns};
	int ours = posix_openpt(O_RDWR | O_NOCTTY);
	ssize_t n;

	ck_assert(ours >= 0 && !grantpt(ours) && !unlockpt(ours));
	ck_assert_int_eq(ioctl(ours, TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(run_to(ptsname(ours), words), 1);
	n = read(ours, output, sizeof(output) - 1);
	ck_assert_int_gt(n, 0);
	output[n] = '\0';
	close(ours);
}

static int lines_of(const char *text)
{
	int n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

TEST(outputs, low_screen_has_the_worst_and_what_is_blind)
{
	setenv("TERM", "dumb", 1);
	world.lost = 50;
	world.blind = true;
	run_on_screen(60, 80, "-w -c 1 -i 0.1");
	check_in(output, "What to do");
	run_on_screen(11, 80, "-w -c 1 -i 0.1");
	check_in(output, "\033[H\033[2J");
	check_in(output, "eth0");
	check_in(output, "other network namespaces: ");
	ck_assert_ptr_null(strstr(output, "What to do"));
	ck_assert_int_le(lines_of(output), 11);
}

/* The clearing takes no line, and the last one is the cursor's. */
static unsigned lines_on_screen(unsigned columns)
{
	const struct style narrow = {.width = columns};
	char text[sizeof(output)];
	size_t n = 0;

	for (const char *c = strstr(output, "\033[H\033[2J") + 7; *c; c++)
		if (*c != '\r')
			text[n++] = *c;
	text[n] = '\0';
	return summary_text_lines(&narrow, text) + 1;
}

TEST(outputs, notes_make_room_for_rows)
{
	setenv("TERM", "dumb", 1);
	world.lost = 50;
	world.blind = true;
	for (unsigned lines = 9; lines < 40; lines++) {
		begin_again();
		run_on_screen(lines, 40, "-w -c 1 -i 0.1");
		ck_assert_uint_le(lines_on_screen(40), lines);
		check_in(output, "4.8%");
		check_in(output, lines < 11 ? "1 note without room here"
					    : "other network namespaces: ");
	}
}

TEST(outputs, trace_has_the_same_exit_statuses)
{
	static const struct {
		int result;
		int status;
	} ends[] = {
		{TRACE_NO_LOSS, 0},
		{TRACE_LOSS, 1},
		{-EIO, 2},
		{TRACE_PARTLY, 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		world.trace = &ends[i].result;
		check_run("--trace", ends[i].status);
	}
}
