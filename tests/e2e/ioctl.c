/* SPDX-License-Identifier: MIT */
/*
 * Preloaded, has an ioctl fail: that of the number IOCTL_FAILS, with the error
 * IOCTL_ERROR.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long number_of(const char *variable)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 0) : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;
	void *argument;

	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (request == number_of("IOCTL_FAILS")) {
		errno = (int)number_of("IOCTL_ERROR");
		return -1;
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}
