/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

/* Those that Makefile.am names. */
enum call {
	CALL_OPEN,
	CALL_OPENAT,
	CALL_READ,
	CALL_PREAD,
	CALL_STAT,
	CALL_LSTAT,
	CALL_FSTAT,
	CALL_FSTATFS,
	CALL_OPENDIR,
	CALL_READDIR,
	CALL_READLINK,
	CALL_ACCESS,
	CALL_UNAME,
	CALL_SOCKET,
	CALL_SETSOCKOPT,
	CALL_GETSOCKOPT,
	CALL_BIND,
	CALL_CONNECT,
	CALL_SEND,
	CALL_RECVFROM,
	CALL_IOCTL,
	CALL_SETNS,
	CALL_SYSCALL,
	CALL_GETRANDOM,
	CALL_MMAP,
	CALL_MPROTECT,
	CALL_WRITE,
	CALL_FSYNC,
	CALL_RENAME,
	CALL_UNLINK,
	CALL_MALLOC,
	CALL_CALLOC,
	CALL_REALLOC,
	CALL_STRDUP,
	CALL_STRNDUP,
	CALL_MEMSTREAM,
	N_CALLS,
};

#define ANY_ERROR EPERM, ENOENT, ENOMEM, ENOBUFS, EINTR, EAGAIN

static const struct {
	const char *name;
	int kinds[12];
} table[N_CALLS + 1] = {
	[CALL_OPEN] = {"open", {ANY_ERROR, EMFILE}},
	[CALL_OPENAT] = {"openat", {ANY_ERROR, EMFILE}},
	[CALL_READ] = {"read", {ANY_ERROR, FAULT_SHORT}},
	[CALL_PREAD] = {"pread", {ANY_ERROR, FAULT_SHORT}},
	[CALL_STAT] = {"stat", {ANY_ERROR}},
	[CALL_LSTAT] = {"lstat", {ANY_ERROR}},
	[CALL_FSTAT] = {"fstat", {ANY_ERROR}},
	[CALL_FSTATFS] = {"fstatfs", {ANY_ERROR}},
	[CALL_OPENDIR] = {"opendir", {ANY_ERROR, EMFILE}},
	[CALL_READDIR] = {"readdir", {ANY_ERROR}},
	[CALL_READLINK] = {"readlink", {ANY_ERROR}},
	[CALL_ACCESS] = {"access", {ANY_ERROR}},
	[CALL_UNAME] = {"uname", {ANY_ERROR}},
	[CALL_SOCKET] = {"socket", {ANY_ERROR, EMFILE}},
	[CALL_SETSOCKOPT] = {"setsockopt", {ANY_ERROR}},
	[CALL_GETSOCKOPT] = {"getsockopt", {ANY_ERROR}},
	[CALL_BIND] = {"bind", {ANY_ERROR}},
	[CALL_CONNECT] = {"connect", {ANY_ERROR}},
	[CALL_SEND] = {"send", {ANY_ERROR}},
	[CALL_RECVFROM] = {"recvfrom",
			   {ANY_ERROR, FAULT_SHORT, FAULT_INTR, FAULT_OVERRUN,
			    FAULT_STRANGER}},
	[CALL_IOCTL] = {"ioctl", {ANY_ERROR}},
	[CALL_SETNS] = {"setns", {ANY_ERROR}},
	[CALL_SYSCALL] = {"syscall", {ANY_ERROR}},
	[CALL_GETRANDOM] = {"getrandom", {ANY_ERROR}},
	[CALL_MMAP] = {"mmap", {ENOMEM}},
	[CALL_MPROTECT] = {"mprotect", {ENOMEM}},
	[CALL_WRITE] = {"write", {ANY_ERROR, FAULT_SHORT}},
	[CALL_FSYNC] = {"fsync", {ANY_ERROR}},
	[CALL_RENAME] = {"rename", {ANY_ERROR}},
	[CALL_UNLINK] = {"unlink", {ANY_ERROR}},
	[CALL_MALLOC] = {"malloc", {ENOMEM}},
	[CALL_CALLOC] = {"calloc", {ENOMEM}},
	[CALL_REALLOC] = {"realloc", {ENOMEM}},
	[CALL_STRDUP] = {"strdup", {ENOMEM}},
	[CALL_STRNDUP] = {"strndup", {ENOMEM}},
	[CALL_MEMSTREAM] = {"open_memstream", {ENOMEM}},
};

/* One per process: check forks for each test. */
static struct {
	struct fault_plan plan;
	bool armed;
	bool answered;
	unsigned counted[N_CALLS], failed;
	long blocks;
	uint64_t later_ns;
	uint32_t sequence; /* of the newest request */
} state;

const char *faults_call(size_t call)
{
	return table[call].name;
}

int faults_kind(size_t call, size_t i)
{
	return table[call].kinds[i];
}

void faults_describe(int fault, char text[32])
{
	static const char *const others[] = {"short", "NLM_F_DUMP_INTR",
					     "NLMSG_OVERRUN", "wrong sender"};

	snprintf(text, 32, "%s",
		 fault < 0 ? others[-1 - fault] : strerrorname_np(fault));
}

void faults_reset(void)
{
	state.answered = false;
}

bool faults_answered(void)
{
	return state.answered;
}

void faults_begin(const struct fault_plan *plan)
{
	state.plan = *plan;
	state.failed = 0;
	memset(state.counted, 0, sizeof(state.counted));
	state.armed = true;
}

unsigned faults_end(void)
{
	state.armed = false;
	return state.failed;
}

unsigned faults_counted(size_t call)
{
	return state.counted[call];
}

long faults_blocks(void)
{
	return state.blocks;
}

void faults_set_clock(uint64_t later_ns)
{
	state.later_ns = later_ns;
}

/* Signals and strangers mostly end; whoever meets them may try until then. */
#define MOST_PATIENCE 50

/* How this call is to fail; sets errno. */
static int next_fault(enum call call)
{
	unsigned n;

	if (!state.armed)
		return FAULT_NONE;
	n = state.counted[call]++;
	if (call != state.plan.call || n < state.plan.nth ||
	    (n > state.plan.nth && !state.plan.all) ||
	    ((state.plan.fault == EINTR ||
	      state.plan.fault == FAULT_STRANGER) &&
	     state.failed == MOST_PATIENCE && !state.plan.endless))
		return FAULT_NONE;
	state.failed++;
	if (state.plan.fault > 0)
		errno = state.plan.fault;
	return state.plan.fault;
}

/* Files that each kernel has: nobody says that they are not there. */
static bool is_everywhere(const char *path)
{
	static const char *const files[] = {"snmp", "netstat", "softnet_stat",
					    "stat/rt_cache",
					    "/proc/thread-self/net"};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (!strcmp(path, files[i]))
			return true;
	return false;
}

/* The same for a call that is about a path. */
static int path_fault(enum call call, const char *path)
{
	int fault = next_fault(call);

	state.answered |= fault == ENOENT && !is_everywhere(path);
	return fault;
}

/* ---- what returns an error, and nothing else ---- */

#define WRAP_AS(type, failure, fault, name, parameters, arguments)             \
	type __real_##name parameters;                                         \
	type __wrap_##name parameters;                                         \
	type __wrap_##name parameters                                          \
	{                                                                      \
		return fault ? failure : __real_##name arguments;              \
	}
#define WRAP(type, failure, call, name, parameters, arguments)                 \
	WRAP_AS(type, failure, next_fault(call), name, parameters, arguments)
#define WRAP_PATH(type, failure, call, name, parameters, arguments)            \
	WRAP_AS(type, failure, path_fault(call, path), name, parameters,       \
		arguments)

WRAP_PATH(int, -1, CALL_STAT, stat64, (const char *path, struct stat *st),
	  (path, st))
WRAP_PATH(int, -1, CALL_LSTAT, lstat64, (const char *path, struct stat *st),
	  (path, st))
WRAP(int, -1, CALL_FSTAT, fstat64, (int fd, struct stat *st), (fd, st))
WRAP(int, -1, CALL_FSTATFS, fstatfs64, (int fd, struct statfs *fs), (fd, fs))
WRAP_PATH(DIR *, NULL, CALL_OPENDIR, opendir, (const char *path), (path))
/* of a process that has ended, and of a legacy table that has gone */
WRAP_AS(struct dirent *, NULL, path_fault(CALL_READDIR, ""), readdir64,
	(DIR * dir), (dir))
WRAP_PATH(ssize_t, -1, CALL_READLINK, readlink,
	  (const char *path, char *buffer, size_t size), (path, buffer, size))
WRAP_PATH(int, -1, CALL_ACCESS, access, (const char *path, int mode),
	  (path, mode))
WRAP(int, -1, CALL_UNAME, uname, (struct utsname * name), (name))
WRAP(int, -1, CALL_SOCKET, socket, (int family, int type, int protocol),
     (family, type, protocol))
WRAP(int, -1, CALL_SETSOCKOPT, setsockopt,
     (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP_AS(int, -1, path_fault(CALL_GETSOCKOPT, ""), getsockopt,
	(int fd, int level, int name, void *value, socklen_t *size),
	(fd, level, name, value, size))
WRAP(int, -1, CALL_BIND, bind,
     (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WRAP(int, -1, CALL_CONNECT, connect,
     (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WRAP(int, -1, CALL_SETNS, setns, (int fd, int type), (fd, type))
WRAP(ssize_t, -1, CALL_GETRANDOM, getrandom,
     (void *buffer, size_t size, unsigned flags), (buffer, size, flags))
WRAP(void *, MAP_FAILED, CALL_MMAP, mmap64,
     (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
WRAP(int, -1, CALL_MPROTECT, mprotect, (void *at, size_t size, int protection),
     (at, size, protection))
WRAP(int, -1, CALL_FSYNC, fsync, (int fd), (fd))
WRAP(int, -1, CALL_RENAME, rename, (const char *from, const char *to),
     (from, to))
WRAP_PATH(int, -1, CALL_UNLINK, unlink, (const char *path), (path))

/* ---- of as many arguments as it likes ---- */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

int __wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return path_fault(CALL_OPEN, path) ? -1
					   : __real_open64(path, flags, mode);
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return path_fault(CALL_OPENAT, path)
		       ? -1
		       : __real_openat64(dir, path, flags, mode);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return next_fault(CALL_IOCTL) ? -1 : __real_ioctl(fd, request, arg);
}

/* Of two pointers: capget. */
long __wrap_syscall(long number, ...)
{
	va_list args;
	void *a, *b;

	va_start(args, number);
	a = va_arg(args, void *);
	b = va_arg(args, void *);
	va_end(args);
	return next_fault(CALL_SYSCALL) ? -1 : __real_syscall(number, a, b);
}

/* ---- what may bring less ---- */

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __real_pread64(int fd, void *buffer, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t at);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

/* Bytes to ask for: some of those that are there. */
#define FEW 40

static size_t cut(size_t size)
{
	return size < FEW ? (size + 1) / 2 : FEW;
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	int fault = next_fault(CALL_READ);

	if (fault > 0)
		return -1;
	return __real_read(fd, buffer, fault ? cut(size) : size);
}

ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t at)
{
	int fault = next_fault(CALL_PREAD);

	if (fault > 0)
		return -1;
	return __real_pread64(fd, buffer, fault ? cut(size) : size, at);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	int fault = next_fault(CALL_WRITE);

	if (fault > 0)
		return -1;
	return __real_write(fd, bytes, fault ? cut(size) : size);
}

/* ---- messages ---- */

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __real_recvfrom(int fd, void *buffer, size_t size, int flags,
			struct sockaddr *from, socklen_t *length);
ssize_t __wrap_recvfrom(int fd, void *buffer, size_t size, int flags,
			struct sockaddr *from, socklen_t *length);

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
	struct nlmsghdr h;

	if (next_fault(CALL_SEND))
		return -1;
	if (size >= sizeof(h)) {
		memcpy(&h, bytes, sizeof(h));
		state.sequence = h.nlmsg_seq;
	}
	return __real_send(fd, bytes, size, flags);
}

/* That the answer ends here, with nothing in it, says somebody. */
static ssize_t hear_stranger(void *buffer, struct sockaddr *from)
{
	const struct {
		struct nlmsghdr h;
		int error;
	} end = {{.nlmsg_len = sizeof(end),
		  .nlmsg_type = NLMSG_DONE,
		  .nlmsg_flags = NLM_F_MULTI,
		  .nlmsg_seq = state.sequence},
		 0};
	const struct sockaddr_nl stranger = {.nl_family = AF_NETLINK,
					     .nl_pid = 4242};

	memcpy(buffer, &end, sizeof(end));
	memcpy(from, &stranger, sizeof(stranger));
	return sizeof(end);
}

static void spoil(struct nlmsghdr *h, int fault)
{
	if (fault == FAULT_INTR)
		h->nlmsg_flags |= NLM_F_DUMP_INTR;
	else if (fault == FAULT_OVERRUN)
		h->nlmsg_type = NLMSG_OVERRUN;
}

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t size, int flags,
			struct sockaddr *from, socklen_t *length)
{
	int fault = next_fault(CALL_RECVFROM);
	ssize_t n;

	if (fault > 0)
		return -1;
	if (fault == FAULT_STRANGER)
		return hear_stranger(buffer, from);
	n = __real_recvfrom(fd, buffer, size, flags, from, length);
	if (fault && n >= (ssize_t)sizeof(struct nlmsghdr))
		spoil(buffer, fault);
	return fault == FAULT_SHORT && n > 0 ? n / 2 : n;
}

/* ---- memory ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
char *__wrap_strndup(const char *text, size_t n);
FILE *__real_open_memstream(char **text, size_t *n);
FILE *__wrap_open_memstream(char **text, size_t *n);
void __real_free(void *block);
void __wrap_free(void *block);

static void *taken(void *block)
{
	state.blocks += block != NULL;
	return block;
}

void *__wrap_malloc(size_t size)
{
	return next_fault(CALL_MALLOC) ? NULL : taken(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return next_fault(CALL_CALLOC) ? NULL : taken(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size)
{
	void *larger;

	if (next_fault(CALL_REALLOC))
		return NULL;
	larger = __real_realloc(block, size);
	return block ? larger : taken(larger);
}

char *__wrap_strdup(const char *text)
{
	return next_fault(CALL_STRDUP) ? NULL : taken(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t n)
{
	return next_fault(CALL_STRNDUP) ? NULL : taken(__real_strndup(text, n));
}

/* Whoever has the stream frees its text. */
FILE *__wrap_open_memstream(char **text, size_t *n)
{
	return next_fault(CALL_MEMSTREAM)
		       ? NULL
		       : taken(__real_open_memstream(text, n));
}

void __wrap_free(void *block)
{
	state.blocks -= block != NULL;
	__real_free(block);
}

/* ---- time ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	int r = __real_clock_gettime(clock, ret);

	if (clock != CLOCK_THREAD_CPUTIME_ID)
		ret->tv_sec += (time_t)(state.later_ns / 1000000000);
	return r;
}
