/* SPDX-License-Identifier: MIT */
#include "probes/socket/socket_owner.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "kernel/file.h"
#include "kernel/netns.h"
#include "kernel/process.h"

#define MAX_PROCESSES 4096
#define MAX_FILES 4096

struct search {
	const char *proc_root;
	struct netns_id here;
	struct socket_port **ports;
	size_t n;
	size_t n_missing; /* that have no label yet */
	unsigned n_processes, n_files;
	struct deadline *deadline;
};

/* Returns the inode of a socket that a file of a process is, or 0. */
static uint32_t socket_inode(const char *path)
{
	static const char prefix[] = "socket:[";
	char link[64];
	ssize_t n = readlink(path, link, sizeof(link) - 1);
	unsigned long inode;

	if (n < 0)
		return 0;
	link[n] = '\0';
	if (strncmp(link, prefix, sizeof(prefix) - 1))
		return 0;
	inode = strtoul(link + sizeof(prefix) - 1, NULL, 10);
	return inode <= UINT32_MAX ? (uint32_t)inode : 0;
}

static void on_socket(struct search *s, int pid, uint32_t inode)
{
	for (size_t i = 0; i < s->n; i++) {
		struct socket_port *p = s->ports[i];

		if (p->worst.inode != inode || p->label[0])
			continue;
		process_label(s->proc_root, pid, p->label, sizeof(p->label));
		s->n_missing -= p->label[0] != '\0';
	}
}

static int on_process(const struct netns_found *found, void *arg)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct search *s = arg;
	struct dirent *entry;
	char path[PATH_MAX];

	if (++s->n_processes > MAX_PROCESSES || s->n_files >= MAX_FILES ||
	    deadline_step(s->deadline))
		return -ECANCELED;
	if (found->id.dev != s->here.dev || found->id.ino != s->here.ino ||
	    snprintf(path, sizeof(path), "%s/%d/fd", s->proc_root,
		     (int)found->pid) >= (int)sizeof(path))
		return 0;
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) && s->n_files < MAX_FILES &&
	       !deadline_step(s->deadline)) {
		char file[PATH_MAX];
		uint32_t inode;

		if (entry->d_name[0] == '.' ||
		    snprintf(file, sizeof(file), "%s/%s", path,
			     entry->d_name) >= (int)sizeof(file))
			continue;
		s->n_files++;
		inode = socket_inode(file);
		if (inode)
			on_socket(s, found->pid, inode);
	}
	return s->n_missing ? 0 : -ECANCELED;
}

void socket_find_owners(const struct probe_env *env, struct socket_port **ports,
			size_t n)
{
	struct search s = {
		.proc_root = env->proc,
		.deadline = env->deadline,
		.ports = ports,
		.n = n,
		.n_missing = n,
	};

	if (netns_identify("/proc/thread-self/ns/net", &s.here) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		ports[i]->label[0] = '\0';
	/* the end of the search is no error, and there is none to report */
	(void)!netns_scan_processes(env->proc, on_process, &s);
}

void socket_describe_owner(const struct sample *s, const struct object *o,
			   char *buffer, size_t size)
{
	const char *label = object_label(s, o);

	snprintf(buffer, size, label[0] ? " (%.31s)" : "%s", label);
}
