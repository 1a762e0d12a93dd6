/* SPDX-License-Identifier: MIT */
/*
 * Discovery and looking: how often it asks for which processes, what becomes
 * of namespaces that come and go, whose turn it is. Mostly with a /proc made
 * by hand; entering namespaces needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine_private.h"

#include "testlib.h"

static char root[] = "/tmp/pktloss-discover-XXXXXX";
static struct processes list;

static const char *path_of(const char *name)
{
	static char file[256];

	snprintf(file, sizeof(file), "%s/%s", root, name);
	return file;
}

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

/* A process; its namespace is a file's identity. */
static void make_process(const char *pid, const char *ns)
{
	run_command("mkdir -p %s/%s/ns && touch %s/ns-%s && "
		    "ln -f %s/ns-%s %s/%s/ns/net",
		    root, pid, root, ns, root, ns, root, pid);
}

static ino_t inode_of(const char *ns)
{
	struct netns_id id;
	char name[32];

	snprintf(name, sizeof(name), "ns-%s", ns);
	ck_assert_int_eq(netns_identify(path_of(name), &id), 0);
	return id.ino;
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void teardown(void)
{
	processes_free(&list);
	run_command("rm -rf %s", root);
}

static void scan(void)
{
	ck_assert_int_eq(processes_scan(&list, root), 0);
}

static const struct process *find(pid_t pid)
{
	for (size_t i = 0; i < list.n; i++)
		if (list.items[i].pid == pid)
			return &list.items[i];
	return NULL;
}

START_TEST(processes_are_listed_with_their_namespaces)
{
	make_process("7", "a");
	make_process("8", "b");
	make_process("self", "c");
	make_process("12x", "c");
	ck_assert_int_eq(mkdir(path_of("77"), 0700), 0);
	scan();
	ck_assert_uint_eq(list.n, 3);
	ck_assert_uint_eq(find(7)->id.ino, inode_of("a"));
	ck_assert_uint_eq(find(8)->id.ino, inode_of("b"));
	ck_assert_uint_eq(find(77)->id.ino, 0);
	ck_assert_int_eq(processes_scan(&list, "/nowhere"), -ENOENT);
	ck_assert_uint_eq(list.n, 3);
	run_command("rm -r %s/7", root);
	scan();
	ck_assert_ptr_null(find(7));
	ck_assert_uint_eq(list.n, 2);
}
END_TEST

/* A move is seen in the scan after the first, and then in its turn. */
START_TEST(old_process_is_asked_in_turns)
{
	make_process("7", "a");
	scan();
	make_process("7", "b");
	scan();
	ck_assert_uint_eq(find(7)->id.ino, inode_of("b"));
	make_process("7", "c");
	for (unsigned i = 0; i < PROCESSES_TURNS; i++)
		scan();
	ck_assert_uint_eq(find(7)->id.ino, inode_of("c"));
}
END_TEST

START_TEST(process_between_its_turns_is_not_asked)
{
	unsigned moved = 0;

	make_process("7", "a");
	scan();
	scan();
	make_process("7", "b");
	for (unsigned i = 0; i < 3; i++) {
		scan();
		moved += find(7)->id.ino == inode_of("b");
	}
	/* turns 3 to 5 */
	ck_assert_uint_eq(moved, 0);
}
END_TEST

START_TEST(pid_used_again_is_another_process)
{
	make_process("7", "a");
	scan();
	scan();
	run_command("mv %s/7 %s/gone", root, root); /* keeps its inode number */
	make_process("7", "b");
	scan();
	ck_assert_uint_eq(find(7)->id.ino, inode_of("b"));
}
END_TEST

START_TEST(forgotten_process_is_asked_again)
{
	make_process("7", "a");
	make_process("8", "a");
	scan();
	scan();
	make_process("7", "b");
	make_process("8", "b");
	processes_forget(&list, 7);
	processes_forget(&list, 1234);
	scan();
	ck_assert_uint_eq(find(7)->id.ino, inode_of("b"));
	ck_assert_uint_eq(find(8)->id.ino, inode_of("a"));
}
END_TEST

struct visits {
	unsigned n;
	int result;
	char path[128];
};

static int on_visit(const struct netns_found *found, void *arg)
{
	struct visits *v = arg;

	v->n++;
	snprintf(v->path, sizeof(v->path), "%s", found->path);
	ck_assert_ptr_null(found->name);
	return v->result;
}

/* Scans 1 and 2 ask, scan 7 does in its turn. */
START_TEST(dull_process_is_visited_when_it_was_asked)
{
	struct visits v = {.result = 1};

	make_process("7", "a");
	for (unsigned i = 1; i <= 8; i++) {
		scan();
		for (unsigned k = 0; k < 2; k++)
			ck_assert_int_eq(
				processes_visit(&list, root, on_visit, &v), 0);
		ck_assert_uint_eq(v.n, i < 2 ? 1 : i < 7 ? 2 : 3);
	}
	ck_assert_str_eq(v.path, path_of("7/ns/net"));
	processes_forget(&list, 7);
	scan();
	v.result = -ECANCELED;
	ck_assert_int_eq(processes_visit(&list, root, on_visit, &v),
			 -ECANCELED);
	ck_assert_uint_eq(v.n, 4);
}
END_TEST

/* ---- names ---- */

static struct netns_names names;

static int no_visit(const struct netns_found *found, void *arg)
{
	(void)found;
	(void)arg;
	return 0;
}

static bool changed(void)
{
	bool r = netns_names_changed(root, &names);

	ck_assert_int_eq(netns_scan_names(root, &names, no_visit, NULL), 0);
	return r;
}

static void make_old(const char *directory)
{
	run_command("touch -d '1 hour ago' %s", path_of(directory));
}

START_TEST(directory_of_names_shows_that_it_changes)
{
	ck_assert(!changed()); /* there is none */
	run_command("mkdir -p %s", path_of("1/root/run/netns"));
	ck_assert(changed());
	ck_assert(changed()); /* young: it may change and not show it */
	make_old("1/root/run/netns");
	ck_assert(changed());
	ck_assert(!changed());
	ck_assert(!changed());
	/* replaced by one of the same age */
	run_command("mv %s %s/old", path_of("1/root/run"), root);
	run_command("mkdir -p %s", path_of("1/root/run/netns"));
	make_old("1/root/run/netns");
	ck_assert(changed());
	run_command("rm -r %s", path_of("1/root/run"));
	ck_assert(changed());
	ck_assert(!changed());
	run_command("mkdir -p %s", path_of("1/root/run/docker/netns"));
	ck_assert(changed());
}
END_TEST

START_TEST(file_that_is_no_namespace_yet_is_looked_at_again)
{
	run_command("mkdir -p %s", path_of("1/root/run/netns"));
	run_command("touch %s", path_of("1/root/run/netns/web"));
	make_old("1/root/run/netns");
	for (int i = 0; i < 4; i++)
		ck_assert(changed());
	run_command("rm %s", path_of("1/root/run/netns/web"));
	make_old("1/root/run/netns");
	(void)changed();
	ck_assert(!changed());
}
END_TEST

/* ---- with namespaces, as root ---- */

#define N_SPACES 5

static struct settings settings;
static struct engine *engine;
static unsigned n_reported[N_SPACES + 1];

static void name_space(int i, const char *command)
{
	run_command("ip netns %s pkt-disc-%d", command, i);
}

static void on_value(void *arg, const struct series *s)
{
	int i = 0;

	(void)arg;
	if (strcmp(s->instance, "all-sources"))
		return;
	if (s->place[3] == '@')
		ck_assert_int_eq(sscanf(s->place, "all@pkt-disc-%d", &i), 1);
	else
		i = N_SPACES;
	n_reported[i]++;
}

static void on_settle(void *arg)
{
	(void)arg;
}

static void on_notice(void *arg, const struct notification *n)
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

static void look(uint64_t budget_ns)
{
	const struct sink sink = {NULL, on_value, on_settle, on_notice, on_log};

	ck_assert_int_eq(engine_read(engine, budget_ns), 0);
	ck_assert_int_eq(engine_report(engine, &sink), 0);
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
	run_command("for n in /run/netns/pkt-disc-*; do [ ! -e $n ] ||"
		    " ip netns del ${n##*/}; done");
}

static void setup_engine(void)
{
	const struct option_value ours = {.type = VALUE_STRING,
					  .string = "/^pkt-disc-|^$/"};

	remove_spaces();
	for (int i = 0; i < N_SPACES; i++)
		name_space(i, "add");
	ck_assert_int_eq(settings_init(&settings), 0);
	ck_assert_int_eq(settings_set(&settings, false, "Namespace", &ours), 0);
	ck_assert_int_eq(engine_new(&engine, &settings), 0);
}

static void teardown_engine(void)
{
	engine_free(engine);
	settings_free(&settings);
	remove_spaces();
}

START_TEST(namespaces_are_read_in_turns)
{
	for (int i = 1; i <= 2 * N_SPACES; i++) {
		look(1); /* own, and one */
		ck_assert_uint_eq(reported(), i);
		ck_assert_uint_eq(n_reported[N_SPACES], i);
		ck_assert_uint_eq(engine->n_skipped, N_SPACES - 1);
	}
	for (int i = 0; i < N_SPACES; i++)
		ck_assert_uint_eq(n_reported[i], 2);
	look(0);
	ck_assert_uint_eq(engine->n_skipped, 0);
	ck_assert_uint_eq(reported(), 3 * N_SPACES);
	look(UINT64_C(60000000000));
	ck_assert_uint_eq(engine->n_skipped, 0);
	ck_assert_uint_eq(reported(), 4 * N_SPACES);
}
END_TEST

START_TEST(turns_go_on_where_namespaces_come_and_go)
{
	look(1);
	look(1);
	name_space(0, "del");
	name_space(3, "del");
	for (int i = 0; i < N_SPACES; i++)
		look(1);
	name_space(0, "add");
	name_space(3, "add");
	memset(n_reported, 0, sizeof(n_reported));
	for (int i = 0; i < N_SPACES; i++)
		look(1);
	for (int i = 0; i < N_SPACES; i++)
		ck_assert_uint_eq(n_reported[i], 1);
}
END_TEST

START_TEST(what_is_beyond_the_limit_is_counted)
{
	settings.max_namespaces = 3; /* own is one */
	look(0);
	ck_assert_uint_eq(reported(), 2);
	ck_assert_uint_eq(engine->n_unwatched, 3);
	look(0);
	ck_assert_uint_eq(engine->n_unwatched, 3);
	ck_assert_uint_eq(engine->n_watched, 3);
	for (int i = 0; i < N_SPACES; i++)
		if (n_reported[i]) {
			name_space(i, "del");
			break;
		}
	look(0); /* finds that it is gone; then there is room */
	look(0);
	ck_assert_uint_eq(engine->n_watched, 3);
	ck_assert_uint_eq(engine->n_unwatched, 2);
}
END_TEST

/* Collectd's own, when it is not asked for: neither sent nor counted. */
START_TEST(own_namespace_unasked_takes_no_room)
{
	const struct option_value others = {.type = VALUE_STRING,
					    .string = "/^pkt-disc-/"};

	settings_free(&settings);
	ck_assert_int_eq(settings_init(&settings), 0);
	ck_assert_int_eq(settings_set(&settings, false, "Namespace", &others),
			 0);
	settings.max_namespaces = 3;
	look(0);
	ck_assert_uint_eq(reported(), 3);
	ck_assert_uint_eq(n_reported[N_SPACES], 0);
	ck_assert_uint_eq(engine->n_unwatched, N_SPACES - 3);
	look(1); /* and one other */
	ck_assert_uint_eq(reported(), 4);
	ck_assert_uint_eq(engine->n_skipped, 2);
}
END_TEST

START_TEST(namespace_mounted_over_is_found_under_its_name)
{
	struct netns_id before = {0}, after;

	run_command("touch -d '1 hour ago' /run/netns");
	look(0);
	look(0);
	ck_assert_int_eq(netns_identify("/run/netns/pkt-disc-2", &before), 0);
	ck_assert_int_eq(system("unshare -n mount --bind /proc/self/ns/net "
				"/run/netns/pkt-disc-2"),
			 0);
	ck_assert_int_eq(netns_identify("/run/netns/pkt-disc-2", &after), 0);
	ck_assert_uint_ne(before.ino, after.ino);
	look(0); /* cannot enter */
	look(0);
	look(0);
	for (size_t i = 0; i < engine->n_watched; i++)
		if (!strcmp(engine->watched[i]->name, "pkt-disc-2"))
			ck_assert_uint_eq(engine->watched[i]->id.ino,
					  after.ino);
	ck_assert_uint_ge(n_reported[2], 4);
	ck_assert_int_eq(system("umount /run/netns/pkt-disc-2"), 0);
}
END_TEST

static TCase *kernel_cases(void)
{
	TCase *t = tcase_create("kernel");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup_engine, teardown_engine);
	tcase_add_test(t, namespaces_are_read_in_turns);
	tcase_add_test(t, turns_go_on_where_namespaces_come_and_go);
	tcase_add_test(t, what_is_beyond_the_limit_is_counted);
	tcase_add_test(t, own_namespace_unasked_takes_no_room);
	tcase_add_test(t, namespace_mounted_over_is_found_under_its_name);
	return t;
}

static Suite *suite(void)
{
	Suite *s = suite_create("discover");
	TCase *t = tcase_create("processes");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, processes_are_listed_with_their_namespaces);
	tcase_add_test(t, old_process_is_asked_in_turns);
	tcase_add_test(t, process_between_its_turns_is_not_asked);
	tcase_add_test(t, pid_used_again_is_another_process);
	tcase_add_test(t, forgotten_process_is_asked_again);
	tcase_add_test(t, dull_process_is_visited_when_it_was_asked);
	tcase_add_test(t, directory_of_names_shows_that_it_changes);
	tcase_add_test(t, file_that_is_no_namespace_yet_is_looked_at_again);
	return s;
}

int main(void)
{
	Suite *s = suite();
	bool kernel = geteuid() == 0 && has_own_run();
	int r;

	if (kernel)
		suite_add_tcase(s, kernel_cases());
	r = run_suite(s);
	if (r || kernel)
		return r;
	printf("SKIP: named namespaces need root, and a mount at /\n");
	return SKIPPED;
}
