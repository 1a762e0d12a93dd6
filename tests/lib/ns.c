/* SPDX-License-Identifier: MIT */
#include "lib/ns.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

const char *lacks_root(void)
{
	return geteuid() == 0 ? NULL : "namespaces and devices need root";
}

const char *lacks_own_run(void)
{
	if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("run", "/run", "tmpfs", 0, NULL) == 0)
		return NULL;
	return "named namespaces need root, and a mount at /";
}
