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
	kept->fd = fd;
	fd = -1;
	return n;
}
