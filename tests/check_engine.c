/* SPDX-License-Identifier: MIT */
/*
 * What becomes of namespaces that come and go, and whose turn it is. Entering
 * namespaces needs root.
 */
#include "engine/engine.h"
#include "report/reporter.h"
#include "testlib.h"

__attribute__((format(printf, 1, 2))) static void run_command(
	const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ck_assert_int_eq(system(command), 0);
}

#define N_SPACES 5

static struct settings settings;
static struct engine *engine;
static struct reporter *reporter;
static unsigned n_reported[N_SPACES + 1];

static void name_space(int i, const char *command)
{
	run_command("ip netns %s pkt-engine-%d", command, i);
}

static void on_value(void *arg, const struct series *s)
{
	int i = 0;

	(void)arg;
	if (strcmp(s->instance, "all-sources"))
		return;
	if (s->place[3] == '@')
		ck_assert_int_eq(sscanf(s->place, "all@pkt-engine-%d", &i), 1);
	else
		i = N_SPACES;
	n_reported[i]++;
}

static void on_flush(void *arg)
{
	(void)arg;
}

static void on_notify(void *arg, const struct notification *n)
{
	(void)arg;
	(void)n;
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

static void read_all(uint64_t budget_ns)
{
	const struct sink sink = {NULL, on_value, on_flush, on_notify, on_log};

	ck_assert_int_eq(engine_read(engine, budget_ns), 0);
	ck_assert_int_eq(reporter_report(reporter, engine_namespaces(engine),
					 engine_blindness(engine), &sink),
			 0);
}

static unsigned reported(void)
{
	unsigned n = 0;

	for (int i = 0; i < N_SPACES; i++)
		n += n_reported[i];
	return n;
}

/* Of a test that failed, too: then there is no teardown. */
static void remove_spaces(void)
{
	run_command("for n in /run/netns/pkt-engine-*; do [ ! -e $n ] ||"
		    " ip netns del ${n##*/}; done");
}

static void setup_engine(void)
{
	const struct option_value ours = {.type = VALUE_STRING,
					  .string = "/^pkt-engine-|^$/"};

	remove_spaces();
	for (int i = 0; i < N_SPACES; i++)
		name_space(i, "add");
	ck_assert_int_eq(settings_init(&settings), 0);
	ck_assert_int_eq(settings_set(&settings, false, "Namespace", &ours), 0);
	engine = engine_new(&settings);
	reporter = reporter_new(&settings);
	ck_assert(engine && reporter);
}

static void teardown_engine(void)
{
	engine_free(engine);
	reporter_free(reporter);
	settings_free(&settings);
	remove_spaces();
}

CASE(engine, .lacks = lacks_own_run, .setup = setup_engine,
     .teardown = teardown_engine);

TEST(engine, namespaces_are_read_in_turns)
{
	for (int i = 1; i <= 2 * N_SPACES; i++) {
		read_all(1); /* own, and one */
		ck_assert_uint_eq(reported(), i);
		ck_assert_uint_eq(n_reported[N_SPACES], i);
		ck_assert_uint_eq(engine_blindness(engine)->n_skipped,
				  N_SPACES - 1);
	}
	for (int i = 0; i < N_SPACES; i++)
		ck_assert_uint_eq(n_reported[i], 2);
	read_all(0);
	ck_assert_uint_eq(engine_blindness(engine)->n_skipped, 0);
	ck_assert_uint_eq(reported(), 3 * N_SPACES);
	read_all(UINT64_C(60000000000));
	ck_assert_uint_eq(engine_blindness(engine)->n_skipped, 0);
	ck_assert_uint_eq(reported(), 4 * N_SPACES);
}

TEST(engine, turns_go_on_where_namespaces_come_and_go)
{
	read_all(1);
	read_all(1);
	name_space(0, "del");
	name_space(3, "del");
	for (int i = 0; i < N_SPACES; i++)
		read_all(1);
	name_space(0, "add");
	name_space(3, "add");
	memset(n_reported, 0, sizeof(n_reported));
	for (int i = 0; i < N_SPACES; i++)
		read_all(1);
	for (int i = 0; i < N_SPACES; i++)
		ck_assert_uint_eq(n_reported[i], 1);
}

TEST(engine, what_is_beyond_the_limit_is_counted)
{
	settings.max_namespaces = 3; /* own is one */
	read_all(0);
	ck_assert_uint_eq(reported(), 2);
	ck_assert_uint_eq(engine_blindness(engine)->unwatched.n, 3);
	read_all(0);
	ck_assert_uint_eq(engine_blindness(engine)->unwatched.n, 3);
	ck_assert_uint_eq(engine_namespaces(engine)->n, 3);
	for (int i = 0; i < N_SPACES; i++)
		if (n_reported[i]) {
			name_space(i, "del");
			break;
		}
	read_all(0); /* finds that it is gone; then there is room */
	read_all(0);
	ck_assert_uint_eq(engine_namespaces(engine)->n, 3);
	ck_assert_uint_eq(engine_blindness(engine)->unwatched.n, 2);
}

/* Collectd's own, when it is not asked for: neither sent nor counted. */
TEST(engine, own_namespace_unasked_takes_no_room)
{
	const struct option_value others = {.type = VALUE_STRING,
					    .string = "/^pkt-engine-/"};

	settings_free(&settings);
	ck_assert_int_eq(settings_init(&settings), 0);
	ck_assert_int_eq(settings_set(&settings, false, "Namespace", &others),
			 0);
	settings.max_namespaces = 3;
	read_all(0);
	ck_assert_uint_eq(reported(), 3);
	ck_assert_uint_eq(n_reported[N_SPACES], 0);
	ck_assert_uint_eq(engine_blindness(engine)->unwatched.n, N_SPACES - 3);
	read_all(1); /* and one other */
	ck_assert_uint_eq(reported(), 4);
	ck_assert_uint_eq(engine_blindness(engine)->n_skipped, 2);
}

TEST(engine, namespace_mounted_over_is_found_under_its_name)
{
	struct netns_id before = {0}, after;

	run_command("touch -d '1 hour ago' /run/netns");
	read_all(0);
	read_all(0);
	ck_assert_int_eq(netns_identify("/run/netns/pkt-engine-2", &before), 0);
	ck_assert_int_eq(system("unshare -n mount --bind /proc/self/ns/net "
				"/run/netns/pkt-engine-2"),
			 0);
	ck_assert_int_eq(netns_identify("/run/netns/pkt-engine-2", &after), 0);
	ck_assert_uint_ne(before.ino, after.ino);
	read_all(0); /* cannot enter */
	read_all(0);
	read_all(0);
	EACH_NS (engine_namespaces(engine), ns)
		if (!strcmp(ns->name, "pkt-engine-2"))
			ck_assert_uint_eq(ns->id.ino, after.ino);
	ck_assert_uint_ge(n_reported[2], 4);
	ck_assert_int_eq(system("umount /run/netns/pkt-engine-2"), 0);
}

#define X40 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_NAME "pkt-engine-1" X40 X40 X40 X40 X40

TEST(engine, namespace_with_a_long_name_is_read)
{
	unsigned n = 0;

	run_command("ip netns add " LONG_NAME);
	read_all(0);
	EACH_NS (engine_namespaces(engine), ns)
		n += strstr(ns->path, LONG_NAME) != NULL;
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(reported(), N_SPACES + 1);
	ck_assert_int_eq(engine_blindness(engine)->finding.errors[0], 0);
}

static void make_chains(const char *name, unsigned n)
{
	char command[64];
	FILE *nft;

	snprintf(command, sizeof(command), "ip netns exec %s nft -f -", name);
	nft = popen(command, "w");
	ck_assert_ptr_nonnull(nft);
	fprintf(nft, "add table ip t\n");
	for (unsigned i = 0; i < n; i++)
		fprintf(nft, "add chain ip t c%u\n", i);
	ck_assert_int_eq(pclose(nft), 0);
}

/* One that takes all the time keeps none from being read in each interval. */
TEST(engine, others_keep_their_interval)
{
	make_chains("pkt-engine-0", 100000);
	settings.namespace_budget = 0.1;
	for (unsigned i = 1; i <= 12; i++) {
		read_all(3000000000);
		for (int j = 1; j < N_SPACES; j++)
			ck_assert_uint_eq(n_reported[j], i);
		ck_assert_uint_eq(n_reported[0], i); /* all but the firewall */
		if (i == 3)
			ck_assert_uint_ge(engine_blindness(engine)->n_slow, 1);
	}
}
