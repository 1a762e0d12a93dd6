/* SPDX-License-Identifier: MIT */
/* Network namespaces: scans, going in and out. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/netns.h"
#include "testlib.h"

/* What a scan found, as far as it is looked for. */
struct wanted {
	const char *name; /* or NULL: any without a name */
	struct netns_id id;
	unsigned n, visits;
	pid_t pid;
	char path[128];
	int stop_with; /* at the first visit */
};

static int on_found(const struct netns_found *found, void *arg)
{
	struct wanted *w = arg;

	w->visits++;
	if (w->name ? found->name && !strcmp(found->name, w->name)
		    : found->id.ino == w->id.ino &&
			      found->id.dev == w->id.dev) {
		w->n++;
		w->pid = found->pid;
		w->id = found->id;
		snprintf(w->path, sizeof(w->path), "%s", found->path);
	}
	return w->stop_with;
}

static struct netns_names known;
static struct tree tree;

static void make_root(void)
{
	tree_make(&tree);
}

static void remove_root(void)
{
	tree_remove(&tree);
}

CASE(scan, .setup = make_root, .teardown = remove_root);

TEST(scan, files_that_are_no_namespaces_are_passed_over)
{
	struct wanted w = {.name = "leftover"};

	ck_assert_int_eq(netns_scan_names(tree.path, &known, on_found, &w), 0);
	tree_put(&tree, "1/root/run/netns/leftover", "");
	ck_assert_int_eq(netns_scan_names(tree.path, &known, on_found, &w), 0);
	ck_assert_uint_eq(w.visits, 0);
}

TEST(scan, pipe_makes_nobody_wait)
{
	const struct netns_id id = {1, 1};
	const char *file = tree_path(&tree, "pipe");

	ck_assert_int_eq(mkfifo(file, 0600), 0);
	ck_assert(!netns_may_be_network(file));
	ck_assert_int_eq(netns_enter(file, &id), -ESTALE);
}

/* Where docker keeps them, as a host shows it: /var/run is a link to /run. */
TEST(scan, names_of_docker_are_found_below_a_root)
{
	struct wanted w = {.name = "0123456789ab"};

	tree_link(&tree, "1/root/var/run", "/run");
	tree_link(&tree, "1/root/run/docker/netns/0123456789ab",
		  "/proc/self/ns/net");
	ck_assert_int_eq(netns_scan_names(tree.path, &known, on_found, &w), 0);
	ck_assert_uint_eq(w.n, 1);
	ck_assert_uint_eq(w.visits, 1);
}

TEST(scan, processes_that_are_none_are_passed_over)
{
	struct wanted w = {.name = "x"};

	tree_mkdir(&tree, "self");
	tree_link(&tree, "12x/ns/net", "/proc/self/ns/net");
	tree_link(&tree, "4294967297/ns/net", "/proc/self/ns/net");
	tree_mkdir(&tree, "77"); /* a process without ns/net */
	tree_mkdir(&tree, "0");
	tree_mkdir(&tree, "-5");
	ck_assert_int_eq(netns_scan_processes(tree.path, on_found, &w), 0);
	ck_assert_uint_eq(w.visits, 0);
	ck_assert_int_eq(netns_scan_processes("/nowhere", on_found, &w),
			 -ENOENT);
}

TEST(scan, own_namespace_is_that_of_this_process)
{
	struct netns_id id, link = {0};
	struct wanted w = {.name = NULL};
	struct stat st;

	ck_assert_int_eq(netns_identify("/proc/thread-self/ns/net", &id), 0);
	ck_assert_int_eq(stat("/proc/self/ns/net", &st), 0);
	ck_assert_uint_eq(id.ino, st.st_ino);
	ck_assert_uint_eq(id.dev, st.st_dev);
	w.id = id;
	ck_assert_int_eq(netns_scan_processes("/proc", on_found, &w), 0);
	ck_assert_uint_ge(w.n, 1);
	ck_assert_int_eq(netns_identify("/nowhere", &link), -ENOENT);
	ck_assert_uint_eq(link.ino, 0);
}

TEST(scan, only_a_network_namespace_is_one)
{
	ck_assert(netns_may_be_network("/proc/thread-self/ns/net"));
	ck_assert(!netns_may_be_network("/proc/thread-self/ns/mnt"));
	ck_assert(!netns_may_be_network("/proc/thread-self/ns/uts"));
	ck_assert(!netns_may_be_network("/proc/thread-self/status"));
	ck_assert(!netns_may_be_network("/nowhere"));
}

/* Who enters it will see: it is not passed over as if it was none. */
TEST(scan, what_cannot_be_told_may_be_a_network_namespace)
{
	struct rlimit before, none;
	bool net, uts;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	net = netns_may_be_network("/proc/thread-self/ns/net");
	uts = netns_may_be_network("/proc/thread-self/ns/uts");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert(net && uts);
}

TEST(scan, visitor_can_stop_a_scan)
{
	struct wanted w = {.name = "none", .stop_with = -ECANCELED};

	ck_assert_int_eq(netns_scan_processes("/proc", on_found, &w),
			 -ECANCELED);
	ck_assert_uint_eq(w.visits, 1);
}

/* With a namespace of that name, as root. */

#define NAME "utcheck"
#define PATH "/run/netns/" NAME

static struct netns_id own;

static void setup(void)
{
	if (access(PATH, F_OK) == 0)
		ck_assert_int_eq(system("ip netns del " NAME), 0);
	ck_assert_int_eq(system("ip netns add " NAME), 0);
	ck_assert_int_eq(netns_identify("/proc/thread-self/ns/net", &own), 0);
}

static void teardown(void)
{
	if (access(PATH, F_OK) == 0)
		ck_assert_int_eq(system("ip netns del " NAME), 0);
}

static bool is_here(const struct netns_id *id)
{
	struct netns_id here;

	ck_assert_int_eq(netns_identify("/proc/thread-self/ns/net", &here), 0);
	return here.dev == id->dev && here.ino == id->ino;
}

CASE(kernel, .lacks = lacks_own_run, .setup = setup, .teardown = teardown);

TEST(kernel, named_namespace_is_found)
{
	struct wanted w = {.name = NAME};
	struct netns_id id;

	ck_assert_int_eq(netns_scan_names("/proc", &known, on_found, &w), 0);
	ck_assert_uint_eq(w.n, 1);
	ck_assert_str_eq(w.path, PATH);
	ck_assert_int_eq(w.pid, 0);
	ck_assert_int_eq(netns_identify(PATH, &id), 0);
	ck_assert_uint_eq(w.id.ino, id.ino);
	ck_assert_uint_ne(w.id.ino, own.ino);
}

TEST(kernel, namespace_is_entered_and_left)
{
	struct netns_id id;
	int fd = netns_open_own();

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(netns_identify(PATH, &id), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(netns_enter(PATH, &id), 0);
		ck_assert(is_here(&id));
		ck_assert_int_eq(netns_return(fd), 0);
		ck_assert(is_here(&own));
	}
	close(fd);
}

TEST(kernel, visit_leaves_nothing_open)
{
	struct netns_id id;
	int fd = netns_open_own(), next = dup(0), after;

	close(next);
	ck_assert_int_eq(netns_identify(PATH, &id), 0);
	ck_assert_int_eq(netns_enter(PATH, &id), 0);
	ck_assert_int_eq(netns_return(fd), 0);
	ck_assert_int_eq(netns_enter(PATH, &own), -ESTALE);
	ck_assert_int_eq(netns_enter("/nowhere", &id), -ESTALE);
	after = dup(0);
	ck_assert_int_eq(after, next);
	close(after);
	close(fd);
}

TEST(kernel, namespace_that_is_another_is_not_entered)
{
	struct netns_id id;

	ck_assert_int_eq(netns_identify(PATH, &id), 0);
	ck_assert_int_eq(netns_enter(PATH, &own), -ESTALE);
	ck_assert_int_eq(system("ip netns del " NAME), 0);
	ck_assert_int_eq(netns_enter(PATH, &id), -ESTALE);
	make_root();
	tree_put(&tree, "file", "");
	ck_assert_int_eq(netns_enter(tree.path, &id), -ESTALE);
	remove_root();
	ck_assert(is_here(&own));
}

TEST(kernel, process_shows_the_way_into_its_namespace)
{
	struct wanted w = {.name = NULL};
	int ready[2], status;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		status = unshare(CLONE_NEWNET) || write(ready[1], "", 1) != 1;
		pause();
		_exit(status);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	snprintf(w.path, sizeof(w.path), "/proc/%d/ns/net", (int)pid);
	ck_assert_int_eq(netns_identify(w.path, &w.id), 0);
	ck_assert_int_eq(netns_scan_processes("/proc", on_found, &w), 0);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_uint_eq(w.n, 1);
	ck_assert_int_eq(w.pid, pid);
	ck_assert_uint_ne(w.id.ino, own.ino);
}
