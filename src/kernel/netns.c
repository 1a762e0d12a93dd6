/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* setns() */
#endif
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "kernel/capability.h"
#include "kernel/file.h"

bool netns_may_ask(void)
{
	return !(capabilities_lacking() & NEEDS(SYS_PTRACE)) &&
	       !capabilities_are_local();
}

static bool same_id(const struct netns_id *a, const struct stat *b)
{
	return a->dev == b->st_dev && a->ino == b->st_ino;
}

int netns_identify(const char *path, struct netns_id *ret)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	*ret = (struct netns_id) {st.st_dev, st.st_ino};
	return 0;
}

/* The host's PID namespace has this number since Linux 3.8. */
#define HOST_PIDS 0xEFFFFFFC

bool netns_shows_host(const char *proc_root)
{
	struct netns_id pids = {0};
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/1/ns/pid", proc_root) >=
	    (int)sizeof(path))
		return false;
	return netns_identify(path, &pids) == 0 && pids.ino == HOST_PIDS;
}

/* A pipe may stand there by now: it must not make anybody wait. */
static int open_namespace(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Whether an error says that there is no namespace, and not just: no answer. */
static bool says_none(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ESRCH ||
	       error == ENXIO || error == ELOOP || error == ENOTTY;
}

bool netns_may_be_network(const char *path)
{
	_cleanup_close_ int fd = open_namespace(path);
	int type;

	if (fd < 0)
		return !says_none(errno);
	type = ioctl(fd, NS_GET_NSTYPE);
	return type < 0 ? !says_none(-call_failure()) : type == CLONE_NEWNET;
}

int netns_enter(const char *path, const struct netns_id *id)
{
	_cleanup_close_ int fd = open_namespace(path);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ESRCH ? -ESTALE : -errno;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (fs.f_type != NSFS_MAGIC || !same_id(id, &st))
		return -ESTALE;
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

int netns_open_own(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int netns_return(int own)
{
	return setns(own, CLONE_NEWNET) < 0 ? -errno : 0;
}

/* A change within this of another one may leave the time as it was. */
#define YOUNG_SECONDS 3

/* Returns 0, -ENOENT where it is none, or why that cannot be told. */
static int identify_file(const char *dir, const char *name, dev_t nsfs,
			 char file[PATH_MAX], struct netns_id *id)
{
	int r;

	if (snprintf(file, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return -ENOENT;
	r = netns_identify(file, id);
	if (r < 0)
		return says_none(-r) ? -ENOENT : r;
	return id->dev == nsfs ? 0 : -ENOENT;
}

/* Like readdir(), but errno is 0 at the end, and else says why it ends. */
static struct dirent *next_entry(DIR *dir)
{
	errno = 0;
	return readdir(dir);
}

/*
 * What is not a namespace yet may become one: its file is made first, and
 * then the namespace is mounted there, which the directory does not show.
 */
static int scan_directory(const char *path, dev_t nsfs,
			  struct netns_directory *known, netns_visit visit,
			  void *arg)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = next_entry(dir))) {
		char file[PATH_MAX];
		struct netns_found found = {.path = file,
					    .name = entry->d_name};
		int r;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		r = identify_file(path, entry->d_name, nsfs, file, &found.id);
		if (r < 0) {
			known->is_young = true;
			known->error = r == -ENOENT ? known->error : r;
			continue;
		}
		r = visit(&found, arg);
		if (r < 0)
			return r;
	}
	if (errno && !says_none(errno))
		known->error = -errno;
	return 0;
}

/*
 * /var/run is a link to /run on most hosts, an absolute one, and would lead
 * from <proc_root>/1/root to a directory of our own.
 */
static bool directory_path(const char *proc_root, size_t i, char path[PATH_MAX])
{
	static const char *const directories[NETNS_DIRECTORIES] = {
		"/run/netns",
		"/run/docker/netns",
	};
	bool host = !strcmp(proc_root, "/proc");

	return snprintf(path, PATH_MAX, "%s%s%s", host ? "" : proc_root,
			host ? "" : "/1/root", directories[i]) < PATH_MAX;
}

static struct netns_directory stat_directory(const char *path)
{
	struct netns_directory d = {0};
	struct timespec now;
	struct stat st;

	if (stat(path, &st) < 0)
		return d;
	clock_gettime(CLOCK_REALTIME, &now);
	d.id = (struct netns_id) {st.st_dev, st.st_ino};
	d.changed = st.st_mtim;
	/* of a clock that was set back since it changed long ago */
	d.is_young = llabs((long long)now.tv_sec - d.changed.tv_sec) <
		     YOUNG_SECONDS;
	return d;
}

bool netns_names_changed(const char *proc_root, const struct netns_names *known)
{
	for (size_t i = 0; i < NETNS_DIRECTORIES; i++) {
		const struct netns_directory *d = &known->directories[i];
		struct netns_directory now;
		char path[PATH_MAX];

		if (!directory_path(proc_root, i, path))
			continue;
		now = stat_directory(path);
		if (d->is_young || d->error || d->id.dev != now.id.dev ||
		    d->id.ino != now.id.ino ||
		    d->changed.tv_sec != now.changed.tv_sec ||
		    d->changed.tv_nsec != now.changed.tv_nsec)
			return true;
	}
	return false;
}

int netns_scan_names(const char *proc_root, struct netns_names *known,
		     netns_visit visit, void *arg)
{
	struct netns_id own = {0};
	int r = netns_identify("/proc/thread-self/ns/net", &own);

	known->error = r;
	for (size_t i = 0; r == 0 && i < NETNS_DIRECTORIES; i++) {
		struct netns_directory *d = &known->directories[i];
		char path[PATH_MAX];

		if (!directory_path(proc_root, i, path))
			continue;
		*d = stat_directory(path);
		r = scan_directory(path, own.dev, d, visit, arg);
		if (d->error)
			known->error = d->error;
	}
	return r;
}

pid_t netns_pid_of(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n && n < 10 && !name[n] ? (pid_t)strtol(name, NULL, 10) : 0;
}

int netns_scan_processes(const char *proc_root, netns_visit visit, void *arg)
{
	_cleanup_closedir_ DIR *dir = opendir(proc_root);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char file[PATH_MAX];
		struct netns_found found = {.path = file};
		int r;

		found.pid = netns_pid_of(entry->d_name);
		if (found.pid <= 0 ||
		    snprintf(file, sizeof(file), "%s/%s/ns/net", proc_root,
			     entry->d_name) >= (int)sizeof(file) ||
		    netns_identify(file, &found.id) < 0)
			continue;
		r = visit(&found, arg);
		if (r < 0)
			return r;
	}
	return 0;
}
