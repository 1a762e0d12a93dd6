/* SPDX-License-Identifier: MIT */
#include "kernel/process.h"

#include <limits.h>
#include <string.h>

#include "kernel/file.h"
#include "kernel/netns.h"

/* A program chooses its own name. */
static void clean_name(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("[]()\"'`\\", *text))
			*text = '_';
}

void process_label(const char *proc_root, int pid, char *label, size_t size)
{
	char file[32], name[32];

	label[0] = '\0';
	snprintf(file, sizeof(file), "%d/comm", pid);
	if (file_read_text(proc_root, file, name, sizeof(name)) <= 0)
		return;
	name[15] = '\0'; /* as long as they get */
	clean_name(name);
	format_text(label, size, "%s[%d]", name, pid);
}

bool process_is_here(const char *proc_root, int pid)
{
	struct netns_id here, there;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%d/ns/net", proc_root, pid) >=
	    (int)sizeof(path))
		return false;
	return netns_identify("/proc/thread-self/ns/net", &here) == 0 &&
	       netns_identify(path, &there) == 0 && netns_same(&here, &there);
}
