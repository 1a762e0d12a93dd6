/* SPDX-License-Identifier: MIT */
#include "kernel/capability.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "kernel/file.h"

uint64_t capabilities_lacking(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
	uint64_t effective, lacking;

	if (syscall(SYS_capget, &header, sets) < 0)
		return NEEDS_ALL;
	effective = sets[0].effective | (uint64_t)sets[1].effective << 32;
	lacking = NEEDS_ALL & ~effective;
	if (!geteuid() || effective & NEEDS(DAC_OVERRIDE))
		lacking &= ~NEEDS(DAC_READ_SEARCH);
	if (effective & NEEDS(SYS_ADMIN))
		lacking &= ~(NEEDS(BPF) | NEEDS(PERFMON));
	return lacking;
}

bool capabilities_are_local(void)
{
	const ino_t of_the_host = 0xEFFFFFFDU; /* PROC_USER_INIT_INO */
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != of_the_host;
}

bool capabilities_are_filtered(void)
{
	static const char name[] = "\nSeccomp:\t";
	_cleanup_close_ int fd =
		open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	char text[8192];
	const char *found;

	if (fd < 0 || file_read_fd(fd, text, sizeof(text)) < 0)
		return true;
	found = strstr(text, name); /* NULL: this kernel has no such thing */
	return found && found[strlen(name)] != '0';
}

void capabilities_print(uint64_t set, char *buffer, size_t size)
{
	static const struct {
		uint64_t set;
		const char *name;
	} names[] = {
		{NEEDS(SYS_ADMIN), "CAP_SYS_ADMIN"},
		{NEEDS(SYS_PTRACE), "CAP_SYS_PTRACE"},
		{NEEDS(NET_ADMIN), "CAP_NET_ADMIN"},
		{NEEDS(NET_RAW), "CAP_NET_RAW"},
		{NEEDS(DAC_READ_SEARCH), "CAP_DAC_READ_SEARCH"},
		{NEEDS(BPF), "CAP_BPF"},
		{NEEDS(PERFMON), "CAP_PERFMON"},
	};
	int left = __builtin_popcountll(set & NEEDS_ALL);

	buffer[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(buffer);

		if (!(set & names[i].set))
			continue;
		left--;
		format_text(buffer + n, size - n, "%s%s", names[i].name,
			    left > 1   ? ", "
			    : left > 0 ? " and "
				       : "");
	}
}
