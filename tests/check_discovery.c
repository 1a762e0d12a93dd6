/* SPDX-License-Identifier: MIT */
/*
 * Discovery: how often it asks for which processes, and what is found, with a
 * /proc made by hand.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/discovery.h"
#include "testlib.h"

static struct tree tree;
static struct processes list;

static const char *broken; /* this directory, below the tree, */
static int breaks_with;	   /* cannot be opened; 0: not be listed */

/* Stands before the C library's. */
DIR *opendir(const char *path)
{
	bool breaks = broken && !strcmp(path, *broken ? tree_path(&tree, broken)
						      : tree.path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), other;
	DIR *dir;

	if (breaks && breaks_with) {
		close(fd);
		errno = breaks_with;
		return NULL;
	}
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir && breaks) {
		other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(dup3(other, fd, O_CLOEXEC), 0);
		close(other);
	}
	return dir;
}

/* A process; its namespace is a file's identity. */
static void make_process(const char *pid, const char *ns)
{
	char file[32], link_to[32];

	snprintf(file, sizeof(file), "ns-%s", ns);
	snprintf(link_to, sizeof(link_to), "%s/ns/net", pid);
	tree_put(&tree, file, "");
	tree_put(&tree, link_to, "");
	ck_assert_int_eq(unlink(tree_path(&tree, link_to)), 0);
	ck_assert_int_eq(
		link(tree_path(&tree, file), tree_path(&tree, link_to)), 0);
}

static void move(const char *from, const char *to)
{
	ck_assert_int_eq(rename(tree_path(&tree, from), tree_path(&tree, to)),
			 0);
}

static ino_t inode_of(const char *ns)
{
	struct netns_id id;
	char name[32];

	snprintf(name, sizeof(name), "ns-%s", ns);
	ck_assert_int_eq(netns_identify(tree_path(&tree, name), &id), 0);
	return id.ino;
}

static void setup(void)
{
	tree_make(&tree);
}

static void teardown(void)
{
	processes_free(&list);
	tree_remove(&tree);
}

static void scan(void)
{
	ck_assert_int_eq(processes_scan(&list, tree.path), 0);
}

static const struct process *find(pid_t pid)
{
	for (size_t i = 0; i < list.now.n; i++)
		if (list.now.items[i].pid == pid)
			return &list.now.items[i];
	return NULL;
}

static pid_t last; /* of the processes that a folder has besides, or 0 */
static pid_t added;

/* Stands before the C library's. */
struct dirent *readdir(DIR *dir)
{
	/* where ino_t is larger than a long it is called so */
	const char *name = sizeof(ino_t) > sizeof(long) ? "readdir64"
							: "readdir";
	static struct dirent *(*real)(DIR *);
	static struct dirent entry;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, name);
	if (added == last)
		return real(dir);
	snprintf(entry.d_name, sizeof(entry.d_name), "%d", (int)++added);
	return &entry;
}

CASE(processes, .setup = setup, .teardown = teardown);

/* As many as a host can have whose pid_max was raised. */
TEST(processes, all_are_listed_however_many)
{
	make_process("300000", "a");
	last = 299999;
	scan();
	ck_assert_uint_eq(list.now.n, 300000);
	ck_assert_uint_eq(find(300000)->id.ino, inode_of("a"));
}

TEST(processes, processes_are_listed_with_their_namespaces)
{
	make_process("7", "a");
	make_process("8", "b");
	make_process("self", "c");
	make_process("12x", "c");
	tree_mkdir(&tree, "77");
	scan();
	ck_assert_uint_eq(list.now.n, 3);
	ck_assert_uint_eq(find(7)->id.ino, inode_of("a"));
	ck_assert_uint_eq(find(8)->id.ino, inode_of("b"));
	ck_assert_uint_eq(find(77)->id.ino, 0);
	ck_assert_int_eq(processes_scan(&list, "/nowhere"), -ENOENT);
	ck_assert_uint_eq(list.now.n, 3);
	tree_drop(&tree, "7");
	scan();
	ck_assert_ptr_null(find(7));
	ck_assert_uint_eq(list.now.n, 2);
}

/* A move is seen in the scan after the first, and then in its turn. */
TEST(processes, old_process_is_asked_in_turns)
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

TEST(processes, process_between_its_turns_is_not_asked)
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

TEST(processes, pid_used_again_is_another_process)
{
	make_process("7", "a");
	scan();
	scan();
	move("7", "gone"); /* keeps its inode number */
	make_process("7", "b");
	scan();
	ck_assert_uint_eq(find(7)->id.ino, inode_of("b"));
}

TEST(processes, forgotten_process_is_asked_again)
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
TEST(processes, skipped_process_is_visited_when_it_was_asked)
{
	struct visits v = {.result = 1};

	make_process("7", "a");
	for (unsigned i = 1; i <= 8; i++) {
		scan();
		for (unsigned k = 0; k < 2; k++)
			ck_assert_int_eq(
				processes_visit(&list, tree.path, on_visit, &v),
				0);
		ck_assert_uint_eq(v.n, i < 2 ? 1 : i < 7 ? 2 : 3);
	}
	ck_assert_str_eq(v.path, tree_path(&tree, "7/ns/net"));
	processes_forget(&list, 7);
	scan();
	v.result = -ECANCELED;
	ck_assert_int_eq(processes_visit(&list, tree.path, on_visit, &v),
			 -ECANCELED);
	ck_assert_uint_eq(v.n, 4);
}

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
	bool r = netns_names_changed(tree.path, &names);

	ck_assert_int_eq(netns_scan_names(tree.path, &names, no_visit, NULL),
			 0);
	return r;
}

CASE(names, .setup = setup, .teardown = teardown);

TEST(names, directory_of_names_shows_that_it_changes)
{
	ck_assert(!changed()); /* there is none */
	tree_mkdir(&tree, "1/root/run/netns");
	ck_assert(changed());
	ck_assert(changed()); /* young: it may change and not show it */
	tree_make_old(&tree, "1/root/run/netns");
	ck_assert(changed());
	ck_assert(!changed());
	ck_assert(!changed());
	/* replaced by one of the same age */
	move("1/root/run", "old");
	tree_mkdir(&tree, "1/root/run/netns");
	tree_make_old(&tree, "1/root/run/netns");
	ck_assert(changed());
	tree_drop(&tree, "1/root/run");
	ck_assert(changed());
	ck_assert(!changed());
	tree_mkdir(&tree, "1/root/run/docker/netns");
	ck_assert(changed());
}

/* It would be young for an hour, and be read each time. */
TEST(names, directory_that_changed_before_the_clock_was_set_back_is_old)
{
	struct timespec later[2];

	tree_mkdir(&tree, "1/root/run/netns");
	clock_gettime(CLOCK_REALTIME, &later[0]);
	later[0].tv_sec += 3600;
	later[1] = later[0];
	ck_assert_int_eq(utimensat(AT_FDCWD,
				   tree_path(&tree, "1/root/run/netns"), later,
				   0),
			 0);
	ck_assert(changed());
	ck_assert(!changed());
}

TEST(names, file_that_is_no_namespace_yet_is_looked_at_again)
{
	tree_mkdir(&tree, "1/root/run/netns");
	tree_put(&tree, "1/root/run/netns/web", "");
	tree_make_old(&tree, "1/root/run/netns");
	for (int i = 0; i < 4; i++)
		ck_assert(changed());
	tree_drop(&tree, "1/root/run/netns/web");
	tree_make_old(&tree, "1/root/run/netns");
	(void)changed();
	ck_assert(!changed());
}

/* ---- discovery, of namespaces that only processes lead to ---- */

static struct settings settings;
static struct ns_list spaces;
static struct discovery discovery;
static atomic_bool stop;

static void setup_discovery(void)
{
	bool private_own;

	setup();
	ck_assert_int_eq(settings_init(&settings), 0);
	free(settings.proc_root);
	settings.proc_root = strdup(tree.path);
	discovery.settings = &settings;
	discovery.list = &spaces;
	discovery.stop = &stop;
	make_process("1", "host");
	ck_assert_int_eq(discovery_add_own(&discovery, &private_own), 0);
	ck_assert(private_own);
	make_process("1", "a");
}

static void teardown_discovery(void)
{
	discovery_free(&discovery);
	ns_list_free(&spaces);
	settings_free(&settings);
	teardown();
}

/* Discovers; a report would forget what is gone then. */
static void discover(void)
{
	ck_assert_int_eq(discovery_run(&discovery, 0), 0);
	ns_list_drop_gone(&spaces);
}

/* The same as if it was time for a scan of processes. */
static void rediscover(void)
{
	discovery.processes_ns = 0;
	discover();
}

/* The namespace that is a file's identity, or NULL. */
static struct ns *found(const char *name)
{
	ino_t ino = inode_of(name);

	EACH_NS (&spaces, ns)
		if (ns->id.ino == ino)
			return ns;
	return NULL;
}

CASE(namespaces, .setup = setup_discovery, .teardown = teardown_discovery);

TEST(namespaces, own_namespace_is_the_first)
{
	ck_assert_uint_eq(spaces.n, 1);
	ck_assert(ns_is_own(spaces.items[0]));
	ck_assert_str_eq(spaces.items[0]->name, "");
	ck_assert(!spaces.items[0]->host_only);
	ck_assert_uint_ne(spaces.items[0]->id.ino, 0);
}

TEST(namespaces, namespace_of_processes_is_found_once)
{
	char name[64];

	make_process("7", "a");
	make_process("8", "b");
	discover();
	ck_assert_uint_eq(spaces.n, 3);
	snprintf(name, sizeof(name), "ns-%lu", (unsigned long)inode_of("b"));
	ck_assert_str_eq(found("b")->name, name);
	ck_assert_str_eq(found("b")->path, tree_path(&tree, "8/ns/net"));
	ck_assert_int_eq(found("b")->pid, 8);
	ck_assert(!ns_has_file(found("b")));
	rediscover();
	ck_assert_uint_eq(spaces.n, 3);
}

/* Its inode number is still remembered, and leads nowhere. */
TEST(namespaces, namespace_whose_processes_ended_is_gone)
{
	make_process("8", "b");
	discover();
	ck_assert_ptr_nonnull(found("b"));
	tree_drop(&tree, "8");
	discover(); /* it is not time yet */
	ck_assert_ptr_nonnull(found("b"));
	rediscover();
	ck_assert_ptr_null(found("b"));
	ck_assert_uint_eq(spaces.n, 2);
}

static void end_process(pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	tree_drop(&tree, name);
}

/* The order of a directory is anything. */
TEST(namespaces, namespace_stays_while_another_process_leads_there)
{
	pid_t other;

	make_process("7", "b");
	make_process("8", "b");
	discover();
	other = 7 + 8 - found("b")->pid;
	end_process(found("b")->pid);
	discovery_retry(&discovery, found("b"));
	discovery.scan_ns = 0; /* so that it may be at once */
	discover();
	ck_assert_int_eq(found("b")->pid, other);
	ck_assert_str_eq(
		found("b")->path,
		tree_path(&tree, other == 7 ? "7/ns/net" : "8/ns/net"));
}

TEST(namespaces, only_so_many_are_found_and_the_rest_is_counted)
{
	settings.max_namespaces = 2; /* own is one */
	make_process("7", "b");
	make_process("8", "c");
	discover();
	ck_assert_uint_eq(spaces.n, 2);
	ck_assert_uint_eq(discovery.n_unwatched, 2);
	end_process(spaces.items[1]->pid);
	rediscover(); /* finds that it is gone; then there is room */
	ck_assert_uint_eq(spaces.n, 1);
	discover();
	ck_assert_uint_eq(spaces.n, 2);
	ck_assert_uint_eq(discovery.n_unwatched, 1);
}

static void read_each(void)
{
	EACH_NS (&spaces, ns)
		ns->then.time_ns = 1;
}

static void make_nameless(int first, int n)
{
	char pid[16], name[16];

	for (int i = first; i < first + n; i++) {
		snprintf(pid, sizeof(pid), "%d", i);
		snprintf(name, sizeof(name), "x%d", i);
		make_process(pid, name);
	}
}

/* A process whose cgroup has a name for its namespace. */
static void make_lxc(const char *pid, const char *name)
{
	char file[32], text[64];

	make_process(pid, name);
	snprintf(file, sizeof(file), "%s/cgroup", pid);
	snprintf(text, sizeof(text), "0::/lxc.payload.%s\n", name);
	tree_put(&tree, file, text);
}

static bool is_watched(const char *name)
{
	EACH_NS (&spaces, ns)
		if (!ns->gone && !strcmp(ns->name, name))
			return true;
	return false;
}

static size_t n_watched(void)
{
	size_t n = 0;

	EACH_NS (&spaces, ns)
		n += !ns->gone;
	return n;
}

/* Of many without names, the newest make room for those that come late. */
TEST(namespaces, named_ones_displace_nameless_ones_whenever_they_come)
{
	settings.max_namespaces = 10; /* own is one */
	make_nameless(1000, 100);
	rediscover();
	read_each();
	ck_assert_uint_eq(n_watched(), 10);
	ck_assert_uint_eq(discovery.n_displaced, 0);
	make_lxc("9001", "web");
	make_lxc("9002", "mail");
	for (int i = 0; i < 3; i++) {
		rediscover();
		ck_assert(is_watched("web"));
		ck_assert(is_watched("mail"));
		ck_assert_uint_eq(n_watched(), 10);
		ck_assert_uint_eq(discovery.n_unwatched_named, 0);
		ck_assert_uint_eq(discovery.n_displaced, 2);
		ck_assert_uint_eq(spaces.n, 10);
		read_each();
	}
}

/* In any order of the visits; those that were never read are not told. */
TEST(namespaces, named_ones_are_first_at_the_first_discovery)
{
	char name[16], pid[16];

	settings.max_namespaces = 10;
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(pid, sizeof(pid), "%d", 100 + 97 * i);
		make_lxc(pid, name);
	}
	make_nameless(1000, 100);
	rediscover();
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		ck_assert(is_watched(name));
	}
	ck_assert_uint_eq(n_watched(), 10);
	ck_assert_uint_eq(discovery.n_displaced, 0);
	ck_assert_uint_eq(discovery.n_unwatched_named, 0);
	ck_assert_uint_ge(discovery.n_unwatched, 100);
}

/* So a process of a container cannot take the places of other containers. */
TEST(namespaces, more_namespaces_of_one_container_are_nameless)
{
	char pid[16];

	settings.max_namespaces = 5;
	make_nameless(1000, 100);
	for (int i = 0; i < 100; i++) {
		snprintf(pid, sizeof(pid), "%d/cgroup", 1000 + i);
		tree_put(&tree, pid, "0::/lxc.payload.evil\n");
	}
	rediscover();
	read_each();
	ck_assert(is_watched("evil"));
	make_lxc("9001", "web");
	make_lxc("9002", "mail");
	make_lxc("9003", "dns");
	rediscover();
	ck_assert(is_watched("evil"));
	ck_assert(is_watched("web"));
	ck_assert(is_watched("mail"));
	ck_assert(is_watched("dns"));
}

TEST(namespaces, names_that_do_not_fit_displace_none_of_their_kind)
{
	settings.max_namespaces = 3;
	make_lxc("7", "one");
	make_lxc("8", "two");
	rediscover();
	read_each();
	make_lxc("9", "three");
	for (int i = 0; i < 3; i++) {
		rediscover();
		read_each();
		ck_assert(is_watched("one"));
		ck_assert(is_watched("two"));
		ck_assert_uint_eq(discovery.n_unwatched_named, 1);
	}
	ck_assert_uint_eq(discovery.n_displaced, 0);
}

/* It was there all the time: what it has counted is nobody's news. */
TEST(namespaces, displaced_one_comes_back_as_one_that_is_not_new)
{
	char name[64];

	settings.max_namespaces = 3;
	make_process("8", "b");
	rediscover();
	ck_assert_uint_ne(discovery.complete_ns, 0);
	read_each();
	snprintf(name, sizeof(name), "ns-%lu", (unsigned long)inode_of("b"));
	make_lxc("11", "web");
	make_lxc("12", "mail");
	rediscover();
	read_each();
	ck_assert(!is_watched(name));
	tree_drop(&tree, "11");
	for (int i = 0; i < 3; i++) {
		rediscover();
		read_each();
	}
	ck_assert(is_watched(name));
	ck_assert_uint_eq(found("b")->born_ns, 0);
}

/* What a namespace is not called is found out once, while there is no room. */
TEST(namespaces, nameless_ones_left_out_are_not_asked_for_names_again)
{
	size_t known = 0;

	settings.max_namespaces = 2;
	make_nameless(1000, 50);
	for (int i = 0; i < 2; i++)
		rediscover();
	for (size_t i = 0; i < discovery.processes.now.n; i++)
		known += discovery.processes.now.items[i].nameless;
	ck_assert_uint_ge(known, 49);
	tree_put(&tree, "1030/cgroup", "0::/lxc.payload.late\n");
	for (int i = 0; i < PROCESSES_TURNS && !is_watched("late"); i++)
		rediscover();
	ck_assert(is_watched("late"));
}

TEST(namespaces, what_is_not_wanted_is_not_found)
{
	ck_assert_int_eq(selection_add(&settings.namespaces, "/^web/"), 0);
	discover();
	ck_assert_uint_eq(spaces.n, 1);
	ck_assert_uint_eq(discovery.n_unwatched, 0);
}

/* All processes of the host are shown, and each namespace is read. */
TEST(namespaces, list_is_whole_where_nothing_is_hidden)
{
	make_process("7", "b");
	ck_assert(!discovery.shows_host); /* 1/ns/pid is not the host's */
	discover();
	ck_assert(!spaces.whole);
	discovery.shows_host = true;
	rediscover();
	ck_assert(spaces.whole);
	discover(); /* nothing is to be done */
	ck_assert(spaces.whole);
	discovery.processes.denied = true;
	rediscover();
	ck_assert(!spaces.whole);
}

TEST(namespaces, list_without_what_is_not_wanted_is_not_whole)
{
	discovery.shows_host = true;
	ck_assert_int_eq(selection_add(&settings.namespaces, "/^ns-/"), 0);
	discover();
	ck_assert_ptr_nonnull(found("a"));
	ck_assert(spaces.whole);
	settings.namespaces.ignore = true;
	make_process("7", "b");
	rediscover();
	ck_assert(!spaces.whole);
	/* a scan does not come by all of them each time */
	rediscover();
	ck_assert(!spaces.whole);
}

TEST(namespaces, list_with_too_many_is_not_whole)
{
	discovery.shows_host = true;
	settings.max_namespaces = 2; /* own is one */
	make_process("7", "b");
	discover();
	ck_assert(!spaces.whole);
	settings.max_namespaces = 3;
	rediscover();
	ck_assert(spaces.whole);
}

TEST(namespaces, discovery_ends_when_it_is_told_to)
{
	stop = true;
	ck_assert_int_eq(discovery_run(&discovery, 0), -ECANCELED);
	ck_assert(discovery.rebuild); /* next time all over again */
	stop = false;
	discover();
	ck_assert_ptr_nonnull(found("a"));
}

/* The report behind it would say that they have ended. */
TEST(namespaces, discovery_that_is_broken_off_ends_no_namespace)
{
	discover();
	discovery.processes_ns = 0;
	stop = true;
	ck_assert_int_eq(discovery_run(&discovery, 0), -ECANCELED);
	ck_assert(!spaces.whole);
	ck_assert(!found("a")->gone);
	stop = false;
	rediscover();
	ck_assert_ptr_nonnull(found("a"));
	tree_drop(&tree, "1");
	make_process("2", "b");
	rediscover();
	ck_assert_ptr_null(found("a"));
}

static const int breaks[] = {0, ENOMEM, EIO};

TEST_EACH(namespaces, processes_that_cannot_be_listed_are_not_gone,
	  ARRAY_SIZE(breaks))
{
	discover();
	broken = "";
	breaks_with = breaks[_i];
	rediscover();
	ck_assert_ptr_nonnull(found("a"));
	ck_assert_int_eq(discovery_blindness(&discovery),
			 breaks[_i] ? -breaks[_i] : -ENOTDIR);
	broken = NULL;
	discovery.scan_ns = 0; /* or when it has paused for that */
	discover();
	ck_assert_int_eq(discovery_blindness(&discovery), 0);
	ck_assert_ptr_nonnull(found("a"));
}

#define NAMES "1/root/run/netns"

TEST_EACH(namespaces, names_that_cannot_be_listed_are_not_gone, 2)
{
	ino_t ino;

	tree_link(&tree, NAMES "/web", "/proc/self/ns/net");
	discovery.list->items[0]->id.ino++; /* as if it was another one */
	discover();
	ck_assert_uint_eq(n_watched(), 3);
	ino = spaces.items[spaces.n - 1]->id.ino;
	broken = NAMES;
	breaks_with = _i ? EACCES : ENOMEM;
	rediscover();
	ck_assert_int_eq(discovery.names.error, -breaks_with);
	ck_assert(!spaces.whole);
	ck_assert_uint_eq(n_watched(), 3);
	ck_assert_uint_eq(spaces.items[spaces.n - 1]->id.ino, ino);
	broken = NULL;
	tree_drop(&tree, NAMES "/web");
	discover();
	ck_assert_int_eq(discovery.names.error, 0);
	ck_assert_uint_eq(n_watched(), 2);
}

TEST_EACH(namespaces, pattern_that_names_something_is_used, 2)
{
	const struct pattern *p;

	settings.namespaces.ignore = _i;
	ck_assert_int_eq(selection_add(&settings.namespaces, "/./"), 0);
	ck_assert_int_eq(selection_add(&settings.namespaces, "/^ns-/"), 0);
	ck_assert_int_eq(selection_add(&settings.namespaces, "/^NS-/"), 0);
	discover();
	p = settings.namespaces.items;
	ck_assert(p[0].used && p[1].used && !p[2].used);
}

static void a_minute_passes(void)
{
	ck_assert(!discovery_is_settled(&discovery));
	discovery.begun_ns -= UINT64_C(60000000000);
	ck_assert(discovery_is_settled(&discovery));
}

TEST(namespaces, all_that_there_is_is_found_at_once)
{
	discover();
	ck_assert(discovery_is_settled(&discovery));
}

TEST(namespaces, what_there_is_no_room_for_has_a_minute)
{
	settings.max_namespaces = 2;
	make_process("7", "b");
	discover();
	a_minute_passes();
}

TEST_EACH(namespaces, what_cannot_be_listed_has_a_minute, 2)
{
	tree_mkdir(&tree, NAMES);
	broken = _i ? NAMES : "";
	breaks_with = ENOMEM;
	discover();
	a_minute_passes();
}

TEST(namespaces, discovery_that_was_broken_off_has_a_minute)
{
	stop = true;
	ck_assert_int_eq(discovery_run(&discovery, 0), -ECANCELED);
	stop = false;
	a_minute_passes();
}

TEST(namespaces, proc_without_processes_is_told)
{
	ck_assert_int_eq(discovery_blindness(&discovery), 0);
	discover();
	ck_assert_int_eq(discovery_blindness(&discovery), 0);
	tree_drop(&tree, "1");
	rediscover();
	ck_assert_int_eq(discovery_blindness(&discovery), -ENOENT);
}
