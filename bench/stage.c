/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int make_names(void)
{
	static const char *const directories[] = {
		STAGE_ROOT "/1",
		STAGE_ROOT "/1/root",
		STAGE_ROOT "/1/root/run",
		STAGE_NAMES,
	};

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdir(directories[i], 0755) < 0)
			return -errno;
	/* where ip looks for names */
	return symlink(STAGE_NAMES, "/run/netns") < 0 ? -errno : 0;
}

int stage_open(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("stage", STAGE_ROOT, "tmpfs", 0, NULL) < 0)
		return -errno;
	return make_names();
}

/* Runs commands of ip in the namespace of the calling thread. */
static int configure(const char *commands)
{
	FILE *f = popen("ip -batch -", "w");

	if (!f)
		return -errno;
	fputs(commands, f);
	return pclose(f) == 0 ? 0 : -EIO;
}

/* Every second one makes the veth to the one before it. */
static int furnish(unsigned number)
{
	char commands[256];

	snprintf(commands, sizeof(commands),
		 "link set lo up\n"
		 "link add eth0 type veth peer name eth0 netns n%u\n"
		 "link set eth0 up\n",
		 number - 1);
	return configure(number % 2 ? commands : "link set lo up\n");
}

static int enter(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

static int add(unsigned number)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	int r;

	snprintf(path, sizeof(path), STAGE_NAMES "/n%u", number);
	fd = open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || unshare(CLONE_NEWNET) < 0 ||
	    mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) < 0)
		return -errno;
	r = furnish(number);
	if (r < 0 || number % 2 == 0)
		return r;
	snprintf(path, sizeof(path), STAGE_NAMES "/n%u", number - 1);
	r = enter(path);
	return r < 0 ? r : configure("link set eth0 up\n");
}

/* How many there are. */
static unsigned count(void)
{
	char path[64];
	unsigned n = 0;

	do
		snprintf(path, sizeof(path), STAGE_NAMES "/n%u", n);
	while (access(path, F_OK) == 0 && ++n);
	return n;
}

int stage_grow(unsigned n)
{
	_cleanup_close_ int own =
		open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r = own < 0 ? -errno : 0;

	for (unsigned i = count(); r == 0 && i < n; i++)
		r = add(i);
	if (own >= 0 && setns(own, CLONE_NEWNET) < 0)
		return -errno;
	return r;
}

int stage_veths(unsigned first, unsigned n)
{
	FILE *f = popen("ip -batch -", "w");

	if (!f)
		return -errno;
	for (unsigned i = first; i < first + n; i++)
		fprintf(f,
			"link add a%u type veth peer name b%u\n"
			"link set a%u up\nlink set b%u up\n",
			i, i, i, i);
	return pclose(f) == 0 ? 0 : -EIO;
}

int stage_settings(struct settings *ret)
{
	int r = settings_init(ret);

	if (r < 0)
		return r;
	free(ret->proc_root);
	ret->proc_root = strdup(STAGE_ROOT);
	return ret->proc_root ? 0 : -ENOMEM;
}

static void on_value(void *arg, const struct series *series)
{
	(void)arg;
	(void)series;
}

static void on_flush(void *arg)
{
	(void)arg;
}

static void on_notify(void *arg, const struct notification *notification)
{
	(void)arg;
	(void)notification;
}

static void on_log(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

struct sink stage_sink(void)
{
	return (struct sink) {
		.value = on_value,
		.flush = on_flush,
		.notify = on_notify,
		.log = on_log,
	};
}

int stage_report(struct engine *e, struct reporter *r, const struct sink *sink)
{
	return reporter_report(r, engine_namespaces(e), engine_blindness(e),
			       sink);
}
