/* SPDX-License-Identifier: MIT */
#include "trace/pcap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "trace/pcap.h"

/* What a pipe has room for has to hold all that comes in one look. */
#define PIPE_ROOM TRACE_RING

static bool is_pipe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Does not wait for somebody to read a pipe; open() says ENXIO then. */
static int open_at_once(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC,
		      S_IRUSR | S_IWUSR);

	if (fd >= 0)
		return fd;
	return errno == ENXIO && is_pipe(path) ? -EPIPE : -errno;
}

/*
 * It has addresses, and maybe what was sent: it is for us alone, also where it
 * was there before. What is somebody else's is left as it is.
 */
static int own_file(int fd, const struct stat *st)
{
	if (st->st_uid != geteuid())
		return -EOPNOTSUPP;
	if (st->st_mode & (S_IRWXG | S_IRWXO) &&
	    fchmod(fd, S_IRUSR | S_IWUSR) < 0)
		return -errno;
	return ftruncate(fd, 0) < 0 ? -errno : 0;
}

/* A part of a packet would be the end of all behind it: each goes by itself. */
static int begin_file(FILE *f, bool piped)
{
	uint8_t header[PCAP_HEADER];

	if (piped)
		setvbuf(f, NULL, _IONBF, 0);
	pcap_begin(header);
	errno = 0;
	if (fwrite(header, 1, sizeof(header), f) < sizeof(header))
		return errno ? -errno : -EIO;
	return 0;
}

int pcap_file_open(const char *path, FILE **ret)
{
	_cleanup_close_ int fd = open_at_once(path);
	_cleanup_fclose_ FILE *f = NULL;
	struct stat st;
	int r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		r = own_file(fd, &st);
	else if (S_ISFIFO(st.st_mode))
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_ROOM); /* if it may be */
	if (r < 0)
		return r;
	f = fdopen(fd, "w");
	if (!f)
		return -errno;
	take_fd(&fd);
	r = begin_file(f, S_ISFIFO(st.st_mode));
	if (r == 0) {
		*ret = f;
		f = NULL;
	}
	return r;
}

int pcap_file_close(FILE *f)
{
	bool failed = ferror(f);

	errno = 0;
	if (fclose(f) == 0 && !failed)
		return 0;
	return errno ? -errno : -EIO;
}
