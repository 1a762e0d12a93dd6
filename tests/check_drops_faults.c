/* SPDX-License-Identifier: MIT */
/*
 * What counts drops in the kernel, where that refuses something: each call of
 * bpf(2) fails in turn, also those of libbpf, and so does memory. Either it is
 * said, or all is as if nothing had failed; what was counted is never lost.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"
#include "kernel/capability.h"
#include "kernel/drops.h"
#include "testlib.h"

#define SECOND UINT64_C(1000000000)

/* ---- the kernel, and memory ---- */

/* Which call fails, from 0, and how: as errno, or in another way. */
static struct {
	int error; /* 0: none */
	int nth;
	bool all;	/* and those behind it */
	bool of_memory; /* our own, not libbpf's */
	int n_bpf, n_memory;
	uint64_t missed; /* times that a program was not run, as is said */
} plan;

enum {
	CUT = -1,    /* of a batch only a part is taken, and then ENOMEM */
	NARROW = -2, /* no room in a batch for more than one */
};

static bool fails_now(bool of_memory)
{
	int n = of_memory ? plan.n_memory++ : plan.n_bpf++;

	return plan.error && plan.of_memory == of_memory &&
	       (plan.all ? n >= plan.nth : n == plan.nth);
}

typedef long call(long number, ...);

/* As the kernel does when it has no memory for the next bucket. */
static long cut_batch(call *real, long number, long args[5])
{
	union bpf_attr *attr = (union bpf_attr *)args[1];
	long r;

	if (args[0] != BPF_MAP_LOOKUP_AND_DELETE_BATCH)
		return real(number, args[0], args[1], args[2]);
	attr->batch.count = plan.error == CUT ? 20 : 1;
	r = real(number, args[0], args[1], args[2]);
	if (plan.error == NARROW)
		return r;
	errno = ENOMEM;
	return -1;
}

static void say_missed(const union bpf_attr *attr)
{
	struct bpf_prog_info *info = (void *)(uintptr_t)attr->info.info;

	info->recursion_misses += plan.missed;
}

/*
 * libbpf's, too: it takes the one of the program. Five arguments are in
 * registers, and nobody here has more.
 */
long syscall(long number, ...)
{
	call *real = (call *)dlsym(RTLD_NEXT, "syscall");
	long args[5], r;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 5; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && fails_now(false)) {
		if (plan.error < 0)
			return cut_batch(real, number, args);
		errno = plan.error;
		return -1;
	}
	r = real(number, args[0], args[1], args[2], args[3], args[4]);
	if (number == SYS_bpf && args[0] == BPF_OBJ_GET_INFO_BY_FD &&
	    plan.missed)
		say_missed((const union bpf_attr *)args[1]);
	return r;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now(true) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return fails_now(true) ? NULL : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text)
{
	return fails_now(true) ? NULL : __real_strdup(text);
}

static void begin_faults(int error, int nth, bool all, bool of_memory)
{
	plan.error = error;
	plan.nth = nth;
	plan.all = all;
	plan.of_memory = of_memory;
	plan.n_bpf = plan.n_memory = 0;
}

static void end_faults(void)
{
	plan.error = 0;
}

static const int errors[] = {EPERM,  ENOMEM, EINTR, E2BIG, EAGAIN,
			     EACCES, ENOENT, EBUSY, EFAULT};

/* ---- what is lost ---- */

static struct drops *drops;
static uint64_t now;

static void setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(system("ip link set lo up"), 0);
	now = SECOND;
}

static const char *lacks_program(void)
{
	const char *root = lacks_root();

	if (root)
		return root;
	if (drops_open(&drops) < 0)
		return "the kernel does not tell why it drops packets";
	drops_close(drops);
	drops = NULL;
	return NULL;
}

static uint64_t cookie_of_socket(int fd)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);

	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, 71 /* SO_NETNS_COOKIE */,
				    &cookie, &n),
			 0);
	return cookie;
}

/* Nobody listens there. Returns the cookie of the namespace. */
static uint64_t lose(int n)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t cookie = cookie_of_socket(fd);

	while (n > 0) /* every second one is told that nobody listens */
		n -= sendto(fd, "x", 1, 0, (const void *)&to, sizeof(to)) == 1;
	close(fd);
	return cookie;
}

/* What d knows of a namespace; of packets that are lost, not of answers. */
static uint64_t known(struct drops *d, uint64_t cookie)
{
	const struct drops_ns *ns = drops_find(d, cookie, now);
	uint64_t n = 0;

	for (size_t i = 0; ns && i < ns->n; i++)
		if (!strcmp(drops_reason(d, ns->items[i].reason), "NO_SOCKET"))
			n += ns->items[i].packets;
	return n;
}

static int update(struct drops *d)
{
	return drops_update(d, now += SECOND, DROPS_FRESH_NS);
}

static int count_files(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- opening ---- */

/* libbpf remembers what a kernel can: each has a process of its own. */
static void in_child(void (*run)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		run();
		_exit(EXIT_SUCCESS);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s %d%s of %s: status %x",
		      strerrorname_np(plan.error), plan.nth,
		      plan.all ? "+" : "", plan.of_memory ? "memory" : "bpf",
		      status);
}

static void require(bool condition, int status)
{
	if (!condition)
		_exit(status);
}

/* It fails and leaves nothing, or counts. */
static void open_with_fault(void)
{
	int files = count_files(), r;
	struct drops *d = (void *)&files;

	r = drops_open(&d);
	end_faults();
	require((r < 0) == !d, 10);
	require(r != -ENOENT, 11);
	if (r == 0) {
		uint64_t cookie = lose(10);

		require(update(d) == 0, 12);
		require(known(d, cookie) == 10, 13);
		drops_close(d);
	}
	require(count_files() == files, 14);
}

static void open_each(int error, int n, bool of_memory)
{
	for (int nth = 0; nth < n; nth++) {
		begin_faults(error, nth, false, of_memory);
		in_child(open_with_fault);
	}
	begin_faults(error, 0, true, of_memory);
	in_child(open_with_fault);
}

CASE(opening, .setup = setup, .lacks = lacks_program);

TEST(opening, refused_call_of_the_kernel_is_told_and_leaves_nothing)
{
	int n;

	begin_faults(0, 0, false, false);
	ck_assert_int_eq(drops_open(&drops), 0);
	n = plan.n_bpf;
	drops_close(drops);
	ck_assert_int_gt(n, 5);
	printf("%d calls of bpf\n", n);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		open_each(errors[i], n, false);
}

TEST(opening, without_memory_it_leaves_nothing)
{
	int n, r;

	begin_faults(0, 0, false, true);
	r = drops_open(&drops);
	n = plan.n_memory; /* those of check come now */
	ck_assert_int_eq(r, 0);
	drops_close(drops);
	ck_assert_int_gt(n, 5);
	printf("%d calls for memory\n", n);
	for (int nth = 0; nth < n; nth++) {
		begin_faults(ENOMEM, nth, false, true);
		r = drops_open(&drops);
		end_faults();
		ck_assert_msg(r == -ENOMEM, "%d: %d", nth, r);
		ck_assert_ptr_null(drops);
	}
	open_each(ENOMEM, 1, true);
}

/* Of all rights those of set alone, from now on. */
static void keep_rights(uint64_t set)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3] = {{0}};

	for (int i = 0; i < 2; i++)
		words[i].effective = words[i].permitted =
			(uint32_t)(set >> 32 * i);
	ck_assert_int_eq(syscall(SYS_capset, &head, words), 0);
}

static const struct {
	uint64_t has, lacks; /* of what counting needs */
} rights[] = {
	{0, NEEDS(BPF) | NEEDS(PERFMON)},
	{NEEDS(BPF), NEEDS(PERFMON)},
	{NEEDS(PERFMON), NEEDS(BPF)},
	{NEEDS(BPF) | NEEDS(PERFMON), 0},
	{NEEDS(SYS_ADMIN), 0},
};

TEST_EACH(opening, rights_that_are_missing_are_told, ARRAY_SIZE(rights))
{
	keep_rights(rights[_i].has);
	ck_assert_uint_eq(capabilities_lacking() &
				  (NEEDS(BPF) | NEEDS(PERFMON)),
			  rights[_i].lacks);
	ck_assert_int_eq(drops_open(&drops), rights[_i].lacks ? -EPERM : 0);
	drops_close(drops);
}

/* ---- reading ---- */

#define KEYS 1000 /* of several batches */
#define COOKIE UINT64_C(0x4242424242)

static int drops_map(void)
{
	for (int fd = 3; fd < 64; fd++) {
		struct bpf_map_info info = {.type = 0};
		uint32_t size = sizeof(info);
		char link[64] = "", path[32];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, link, sizeof(link) - 1) > 0 &&
		    strstr(link, "bpf-map") &&
		    bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    !strcmp(info.name, "drops"))
			return fd;
	}
	ck_abort_msg("no map");
	return -1;
}

/* As if so many interfaces had lost packets each, on each CPU. */
static void count_in_kernel(uint64_t packets)
{
	uint64_t values[1024] = {packets};
	int map = drops_map();

	for (uint32_t i = 0; i < KEYS; i++) {
		const struct drops_key key = {COOKIE + i % 7, 0x1000, 2,
					      1 + i,	      0,      0};

		ck_assert_int_eq(bpf_map_update_elem(map, &key, values, 0), 0);
	}
}

/* All that d knows, whosever it is; others' drops on this machine are none. */
static uint64_t known_of_keys(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < 7; i++) {
		const struct drops_ns *ns = drops_find(drops, COOKIE + i, now);

		for (size_t j = 0; ns && j < ns->n; j++)
			sum += ns->items[j].packets;
	}
	return sum;
}

static void setup_reading(void)
{
	setup();
	ck_assert_int_eq(drops_open(&drops), 0);
	ck_assert_int_eq(update(drops), 0);
}

static void teardown_reading(void)
{
	drops_close(drops);
}

CASE(reading, .setup = setup_reading, .teardown = teardown_reading,
     .lacks = lacks_program);

/* While it fails nothing new is known; the time after all is. */
static void read_with_fault(int error, int nth, bool all)
{
	uint64_t before = known_of_keys(), unknown = drops_unknown(drops);
	int r;

	count_in_kernel(3);
	begin_faults(error, nth, all, false);
	r = update(drops);
	end_faults();
	ck_assert_int_ne(r, -ENOENT);
	ck_assert_uint_eq(known_of_keys(), before + (r < 0 ? 0 : 3 * KEYS));
	ck_assert_uint_ge(drops_unknown(drops), unknown);
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_eq(known_of_keys(), before + 3 * KEYS);
}

TEST(reading, refused_call_of_the_kernel_loses_nothing)
{
	int n;

	count_in_kernel(1);
	begin_faults(0, 0, false, false);
	ck_assert_int_eq(update(drops), 0);
	n = plan.n_bpf;
	ck_assert_int_ge(n, 5);
	ck_assert_uint_eq(known_of_keys(), KEYS);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		for (int nth = 0; nth < n; nth++)
			read_with_fault(errors[i], nth, false);
		read_with_fault(errors[i], 0, true);
		read_with_fault(errors[i], 2, true);
	}
}

TEST(reading, what_the_kernel_took_out_before_it_failed_is_counted)
{
	for (int nth = 0; nth < 4; nth++) {
		read_with_fault(CUT, nth, false);
		read_with_fault(CUT, nth, true);
	}
	count_in_kernel(1);
	begin_faults(CUT, 0, true, false);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(update(drops), -ENOMEM);
	end_faults();
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_eq(known_of_keys() % (3 * KEYS), KEYS);
}

TEST(reading, bucket_that_is_larger_than_a_batch_is_told)
{
	count_in_kernel(1);
	begin_faults(NARROW, 0, true, false);
	ck_assert_int_eq(update(drops), -ENOSPC);
	end_faults();
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_eq(known_of_keys(), KEYS);
}

TEST(reading, without_memory_packets_are_unknown_and_not_gone)
{
	for (int nth = 0; nth < 40; nth++) {
		uint64_t sum = known_of_keys() + drops_unknown(drops);

		count_in_kernel(3);
		begin_faults(ENOMEM, nth, nth % 2, true);
		ck_assert_int_eq(update(drops), 0);
		end_faults();
		ck_assert_uint_ge(known_of_keys() + drops_unknown(drops),
				  sum + 3 * KEYS);
	}
}

TEST(reading, packets_that_the_kernel_did_not_show_us_are_unknown)
{
	uint64_t unknown;

	ck_assert_int_eq(update(drops), 0);
	unknown = drops_unknown(drops);
	plan.missed = 5000000;
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_ge(drops_unknown(drops), unknown + 5000000);
	ck_assert_uint_lt(drops_unknown(drops), unknown + 6000000);
	unknown = drops_unknown(drops);
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_lt(drops_unknown(drops), unknown + 1000000);
}

/* As whoever owns a namespace can, with interfaces and ways to drop. */
static void fill_map(void)
{
	uint64_t values[1024] = {1};
	int map = drops_map();

	for (uint32_t i = 0; i < 2 * DROPS_MAX_KEYS; i++) {
		const struct drops_key key = {
			.cookie = COOKIE, .location = 0x1000, .ifindex = 1 + i};

		if (bpf_map_update_elem(map, &key, values, 0) < 0)
			return;
	}
	ck_abort_msg("the map has no end");
}

TEST(reading, what_finds_no_room_is_unknown_until_the_next_read)
{
	uint64_t before = drops_unknown(drops), cookie;

	fill_map();
	cookie = lose(100);
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_eq(known(drops, cookie), 0);
	ck_assert_uint_ge(drops_unknown(drops), before + 100);
	before = drops_unknown(drops);
	lose(10);
	ck_assert_int_eq(update(drops), 0);
	ck_assert_uint_eq(known(drops, cookie), 10);
	ck_assert_uint_lt(drops_unknown(drops), before + 100);
}

/* ---- the layer ---- */

static struct settings settings;
static struct engine *engine;
static struct tree proc;

static void set_option(const char *name, const char *text)
{
	const struct option_value v = {.type = VALUE_STRING, .string = text};

	ck_assert_int_eq(settings_set(&settings, false, name, &v), 0);
}

static void setup_engine(void)
{
	setup();
	tree_make(&proc);
	tree_link(&proc, "1", "/proc/self");
	ck_assert_int_eq(settings_init(&settings), 0);
	set_option("ProcRoot", proc.path);
	set_option("Counter", "dropreason-NO_SOCKET");
	settings.drop_reasons = CHOICE_TRUE;
	engine = engine_new(&settings);
}

static void teardown_engine(void)
{
	engine_free(engine);
	settings_free(&settings);
	tree_remove(&proc);
}

static const char *lacks_engine(void)
{
	const char *run = lacks_own_run();

	return run ? run : lacks_program();
}

CASE(layer, .setup = setup_engine, .teardown = teardown_engine,
     .lacks = lacks_engine);

static size_t source_of_layer(void)
{
	size_t i = 0;

	while (strcmp(probes[i]->name, "dropreason") != 0)
		i++;
	return i;
}

/* What the layer says of packets that nobody wanted; -1: nothing. */
static int64_t read_layer(bool *ret_refused)
{
	int64_t value = -1;

	usleep(30000); /* until it is asked again */
	ck_assert_int_eq(engine_read(engine, 0), 0);
	*ret_refused = false;
	EACH_NS (engine_namespaces(engine), ns) {
		const struct object *o = find_object(&ns->now, LAYER_DROPREASON,
						     "", "NO_SOCKET");

		*ret_refused |= ns->refused & 1u << source_of_layer();
		if (!o || o->stale)
			continue;
		EACH_ROW (&ns->now, o, row)
			value = (int64_t)row->value;
	}
	return value;
}

TEST(layer, is_unread_while_the_kernel_fails_and_whole_after)
{
	bool refused;

	ck_assert_int_eq(engine_watch_drops(engine), 0);
	lose(10);
	ck_assert_int_eq(read_layer(&refused), 10);
	ck_assert(!refused);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		lose(1);
		begin_faults(errors[i], 0, true, false);
		ck_assert_int_eq(read_layer(&refused), -1);
		end_faults();
		ck_assert(refused);
		ck_assert_int_eq(read_layer(&refused), 11 + (int)i);
		ck_assert(!refused);
	}
}

TEST(layer, that_cannot_be_read_at_all_is_said_to_be_unread)
{
	bool refused;

	begin_faults(EPERM, 0, true, false);
	ck_assert_int_lt(engine_watch_drops(engine), 0);
	end_faults();
	lose(10);
	begin_faults(0, 0, false, false);
	ck_assert_int_eq(read_layer(&refused), -1);
	ck_assert(refused);
	ck_assert_int_eq(plan.n_bpf, 0); /* it is not asked again */
}

TEST(layer, that_there_was_no_memory_for_is_read_later)
{
	bool refused;

	begin_faults(ENOMEM, 3, true, true);
	ck_assert_int_eq(engine_watch_drops(engine), -ENOMEM);
	end_faults();
	begin_faults(ENOMEM, 0, true, false);
	ck_assert_int_eq(read_layer(&refused), -1);
	ck_assert(refused);
	end_faults();
	ck_assert_int_eq(read_layer(&refused), -1); /* nothing was lost yet */
	ck_assert(!refused);
	lose(10);
	ck_assert_int_eq(read_layer(&refused), 10);
	ck_assert(!refused);
}
