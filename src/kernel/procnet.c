/* SPDX-License-Identifier: MIT */
#include "kernel/procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kernel/file.h"

void procnet_enter(struct procnet *net, bool own)
{
	net->own = own;
	net->dir = own ? net->own_dir : -1;
	if (net->dir < 0)
		net->dir = open(net->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (own)
		net->own_dir = net->dir;
}

void procnet_leave(struct procnet *net)
{
	if (!net->own)
		cleanup_close(&net->dir);
	net->dir = -1;
	net->own = false;
}

void procnet_free(struct procnet *net)
{
	for (size_t i = 0; i < ARRAY_SIZE(net->kept); i++)
		if (net->kept[i].name[0])
			close(net->kept[i].fd);
	memset(net->kept, 0, sizeof(net->kept));
	cleanup_close(&net->own_dir);
	net->own_dir = -1;
}

/* Where a file is kept, or may be; NULL: there is no room for it. */
static struct procnet_file *find_kept(struct procnet *net, const char *name)
{
	struct procnet_file *unused = NULL;

	if (strlen(name) >= sizeof(unused->name))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(net->kept); i++) {
		struct procnet_file *kept = &net->kept[i];

		if (!strcmp(kept->name, name))
			return kept;
		if (!kept->name[0] && !unused)
			unused = kept;
	}
	return unused;
}

ssize_t procnet_read(struct procnet *net, const char *name, char *buffer,
		     size_t size)
{
	struct procnet_file *kept = net->own ? find_kept(net, name) : NULL;
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (deadline_step(net->deadline))
		return -ETIME;
	if (net->dir < 0)
		return file_read_text(net->path, name, buffer, size);
	if (kept && kept->name[0]) {
		n = file_read_fd(kept->fd, buffer, size);
		if (n >= 0)
			return n;
		/* its module may have been unloaded, and loaded again */
		close(kept->fd);
		kept->name[0] = '\0';
	}
	fd = openat(net->dir, name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -errno : file_read_fd(fd, buffer, size);
	if (n < 0 || !kept)
		return n;
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	kept->fd = take_fd(&fd);
	return n;
}

static int open_below(const struct procnet *net, const char *name)
{
	_cleanup_close_ int opened = -1;
	int dir = net->dir, fd;

	if (dir < 0) {
		opened = open(net->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		dir = opened;
	}
	if (dir < 0)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A buffer that lines go through. */
struct passage {
	const struct procnet_window *window;
	size_t in; /* bytes of it that are not taken yet */
	procnet_take take;
	void *arg;
};

/* Reads on. Returns how much, 0 at the end, or a negative errno. */
static ssize_t read_more(int fd, struct passage *p)
{
	const struct procnet_window *w = p->window;
	unsigned tries = 0;
	ssize_t n;

	do
		n = read(fd, w->buffer + p->in, w->size - p->in);
	while (n < 0 && file_tries_again(&tries));
	if (n < 0)
		return call_failure();
	p->in += (size_t)n;
	return n;
}

/* Has what are whole lines taken; or all, where no more can come. */
static int pass_lines(struct passage *p, bool is_end)
{
	char *text = p->window->buffer;
	const char *end = memrchr(text, '\n', p->in);
	size_t n = end ? (size_t)(end - text) + 1 : 0;
	int r = 0;

	if (is_end || (!n && p->in == p->window->size))
		n = p->in;
	if (n)
		r = p->take((struct token) {text, n}, p->arg);
	p->in -= n;
	memmove(text, text + n, p->in);
	return r;
}

int procnet_lines(const struct procnet *net, const char *name,
		  const struct procnet_window *window, procnet_take take,
		  void *arg)
{
	struct passage p = {.window = window, .take = take, .arg = arg};
	_cleanup_close_ int fd = open_below(net, name);
	size_t all = 0;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	do {
		if (all >= window->most)
			return 1;
		if (deadline_step(net->deadline))
			return -ETIME;
		n = read_more(fd, &p);
		if (n < 0)
			return (int)n;
		all += (size_t)n;
		r = pass_lines(&p, n == 0);
	} while (r == 0 && n);
	return r;
}
