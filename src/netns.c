/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* setns() */
#endif
#include "netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static void cleanup_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define _cleanup_closedir_ __attribute__((cleanup(cleanup_closedir)))

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

bool netns_is_network(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

int netns_enter(const char *path, const struct netns_id *id)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
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

int netns_open_home(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int netns_return(int home)
{
	return setns(home, CLONE_NEWNET) < 0 ? -errno : 0;
}

static int scan_directory(const char *path, dev_t nsfs, netns_visit visit,
			  void *arg)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char file[PATH_MAX];
		struct netns_found found = {.path = file,
					    .name = entry->d_name};
		int r;

		if (!strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, "..") ||
		    snprintf(file, sizeof(file), "%s/%s", path,
			     entry->d_name) >= (int)sizeof(file) ||
		    netns_identify(file, &found.id) < 0 || found.id.dev != nsfs)
			continue;
		r = visit(&found, arg);
		if (r < 0)
			return r;
	}
	return 0;
}

int netns_scan_names(const char *proc_root, netns_visit visit, void *arg)
{
	static const char *const directories[] = {
		"/run/netns",
		"/var/run/docker/netns",
	};
	bool host = !strcmp(proc_root, "/proc");
	struct netns_id own = {0};
	int r = netns_identify("/proc/thread-self/ns/net", &own);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s%s%s",
			     host ? "" : proc_root, host ? "" : "/1/root",
			     directories[i]) < (int)sizeof(path))
			r = scan_directory(path, own.dev, visit, arg);
	}
	return r;
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

		found.pid = atoi(entry->d_name); /* no process: 0 */
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
