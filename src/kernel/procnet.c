/* SPDX-License-Identifier: MIT */
#include "kernel/procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "kernel/file.h"

static int open_below(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t procnet_read(const char *dir, const char *name, char *buffer,
		     size_t size)
{
	_cleanup_close_ int fd = open_below(dir, name);

	return fd < 0 ? fd : file_read_fd(fd, buffer, size);
}

void netfiles_enter(struct netfiles *files, bool own)
{
	files->own = own;
	files->dir = own ? files->own_dir : -1;
	if (files->dir < 0)
		files->dir =
			open(files->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (own)
		files->own_dir = files->dir;
}

void netfiles_leave(struct netfiles *files)
{
	if (!files->own)
		cleanup_close(&files->dir);
	files->dir = -1;
	files->own = false;
}

void netfiles_free(struct netfiles *files)
{
	for (size_t i = 0; i < ARRAY_SIZE(files->kept); i++)
		if (files->kept[i].name[0])
			close(files->kept[i].fd);
	memset(files->kept, 0, sizeof(files->kept));
	cleanup_close(&files->own_dir);
	files->own_dir = -1;
}

static int open_file(const struct netfiles *files, const char *name)
{
	int fd;

	if (files->dir < 0)
		return open_below(files->path, name);
	fd = openat(files->dir, name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Where a file is kept, or may be; NULL: there is no room for it. */
static struct kept_file *find_kept(struct netfiles *files, const char *name)
{
	struct kept_file *unused = NULL;

	if (strlen(name) >= sizeof(unused->name))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(files->kept); i++) {
		struct kept_file *kept = &files->kept[i];

		if (!strcmp(kept->name, name))
			return kept;
		if (!kept->name[0] && !unused)
			unused = kept;
	}
	return unused;
}

ssize_t netfiles_read(struct netfiles *files, const char *name, char *buffer,
		      size_t size)
{
	struct kept_file *kept = files->own ? find_kept(files, name) : NULL;
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (kept && kept->name[0]) {
		n = file_read_fd(kept->fd, buffer, size);
		if (n >= 0)
			return n;
		/* its module may have been unloaded, and loaded again */
		close(kept->fd);
		kept->name[0] = '\0';
	}
	fd = open_file(files, name);
	if (fd < 0)
		return fd;
	n = file_read_fd(fd, buffer, size);
	if (n < 0 || !kept)
		return n;
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	kept->fd = fd;
	fd = -1;
	return n;
}

int procnet_read_number(const char *dir, const char *name, uint64_t *ret)
{
	char text[32];
	ssize_t n = procnet_read(dir, name, text, sizeof(text));

	if (n < 0)
		return n;
	if (n && text[n - 1] == '\n')
		n--;
	return token_number((struct token) {text, n}, 10, ret) ? 0 : -EBADMSG;
}
