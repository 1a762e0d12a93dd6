/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a collectd, has each fifth return of a thread to the namespace
 * that it came from fail, when a file PKTLOSS_LOST is there.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EACH 5

int setns(int fd, int type)
{
	static ino_t home;
	static unsigned n;
	struct stat st;

	if (!home && stat("/proc/self/ns/net", &st) == 0)
		home = st.st_ino;
	if (fstat(fd, &st) == 0 && st.st_ino == home && ++n % EACH == 0 &&
	    access(getenv("PKTLOSS_LOST"), F_OK) == 0) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_setns, fd, type);
}
