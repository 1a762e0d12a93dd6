/* SPDX-License-Identifier: MIT */
/*
 * What a read of many quiet namespaces, or of many quiet interfaces, costs,
 * beside a floor measured in the same minute: the bare system calls that ask
 * the same sources for the same bytes, nothing of which is looked at. Prints
 * tables; times are medians of CPU time, the two taken in turns. Needs root:
 * works in namespaces of its own, which end with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <malloc.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "allocations.h"
#include "stage.h"

#define MAX_ROUNDS 201
#define MANY_READS 10000
#define QUIET_SECONDS 3 /* until IPv6 is done with new interfaces */

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_size);
	return values[n / 2];
}

/* ---- the floor ---- */

static char bytes[64 * 1024];

static void slurp(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!read(fd, bytes, sizeof(bytes));
	close(fd);
}

/* The type of the last message: in a dump, NLMSG_DONE ends it. */
static int last_type(ssize_t n)
{
	int type = NLMSG_ERROR;

	for (struct nlmsghdr *h = (void *)bytes; NLMSG_OK(h, n);
	     h = NLMSG_NEXT(h, n))
		type = h->nlmsg_type;
	return type;
}

static void ask_name(int fd, int ifindex)
{
	struct ifreq request = {.ifr_ifindex = ifindex};

	(void)!ioctl(fd, SIOCGIFNAME, &request);
}

static void ask_names(int fd, ssize_t n)
{
	for (struct nlmsghdr *h = (void *)bytes; NLMSG_OK(h, n);
	     h = NLMSG_NEXT(h, n)) {
		const struct if_stats_msg *m = NLMSG_DATA(h);

		if (h->nlmsg_type == RTM_NEWSTATS)
			ask_name(fd, (int)m->ifindex);
	}
}

static void dump(int fd, int type, const void *head, size_t size)
{
	struct {
		struct nlmsghdr h;
		char head[64];
	} request = {
		.h = {.nlmsg_len = NLMSG_LENGTH(size),
		      .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};
	ssize_t n;

	memcpy(request.head, head, size);
	if (send(fd, &request, request.h.nlmsg_len, 0) < 0)
		return;
	do {
		n = recv(fd, bytes, 32 * 1024, 0);
		if (type == RTM_GETSTATS)
			ask_names(fd, n);
	} while (n > 0 && last_type(n) != NLMSG_DONE &&
		 last_type(n) != NLMSG_ERROR);
}

static void floor_route(void)
{
	struct if_stats_msg stats = {
		.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
	struct tcmsg qdiscs = {.tcm_family = AF_UNSPEC};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	dump(fd, RTM_GETSTATS, &stats, sizeof(stats));
	dump(fd, RTM_GETQDISC, &qdiscs, sizeof(qdiscs));
	close(fd);
}

static void ask_netfilter(int fd, int type, int flags)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg m;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_REQUEST | flags},
	};
	ssize_t n;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return;
	do
		n = recv(fd, bytes, sizeof(bytes), 0);
	while (flags && n > 0 && last_type(n) != NLMSG_DONE &&
	       last_type(n) != NLMSG_ERROR);
}

static void floor_netfilter(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	ask_netfilter(fd, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0);
	ask_netfilter(fd, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS,
		      0);
	ask_netfilter(fd,
		      NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU,
		      NLM_F_DUMP);
	close(fd);
}

static void floor_files(bool own)
{
	static const char *const files[] = {
#define NET "/proc/thread-self/net/"
		NET "ip_tables_names",
		NET "ip6_tables_names",
		NET "arp_tables_names",
		NET "netfilter/nfnetlink_queue",
		NET "snmp",
		NET "netstat",
		NET "snmp6",
		NET "xfrm_stat",
	};
	static const char *const of_host[] = {
		NET "softnet_stat",
		NET "stat/arp_cache",
		NET "stat/ndisc_cache",
		NET "stat/rt_cache",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		slurp(files[i]);
	for (size_t i = 0; own && i < ARRAY_SIZE(of_host); i++)
		slurp(of_host[i]);
}

static void floor_namespace(bool own)
{
	floor_route();
	floor_netfilter();
	floor_files(own);
}

static int enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);

	close(fd);
	return r;
}

/* The same namespaces as a read of the engine, its own first. */
static void floor_read(int own, unsigned n)
{
	floor_namespace(true);
	for (unsigned i = 0; i < n; i++) {
		char path[64];

		snprintf(path, sizeof(path), STAGE_NAMES "/n%u", i);
		if (enter(path) == 0)
			floor_namespace(false);
	}
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
}

/* ---- the engine ---- */

static unsigned long n_values;

static void on_value(void *arg, const struct series *series)
{
	(void)arg;
	(void)series;
	n_values++;
}

/* An engine with a reporter. */
struct bench {
	struct engine *engine;
	struct reporter *reporter;
	struct sink sink;
};

static int open_bench(struct bench *b, const struct settings *s)
{
	b->engine = engine_new(s);
	b->reporter = reporter_new(s);
	b->sink = stage_sink();
	b->sink.value = on_value;
	return b->engine && b->reporter ? 0 : -ENOMEM;
}

static void close_bench(struct bench *b)
{
	reporter_free(b->reporter);
	engine_free(b->engine);
}

struct cost {
	double read, report, floor;   /* us of CPU time, a read */
	unsigned long values, allocs; /* of a read */
	unsigned long memory;	      /* bytes allocated */
};

static int read_once(struct bench *b, double *read, double *report)
{
	double start = cpu_us();
	int r = engine_read(b->engine, 0);

	*read = cpu_us() - start;
	start = cpu_us();
	if (r == 0)
		r = stage_report(b->engine, b->reporter, &b->sink);
	*report = cpu_us() - start;
	return r;
}

static int read_twice(struct bench *b)
{
	double unused;
	int r = read_once(b, &unused, &unused);

	return r < 0 ? r : read_once(b, &unused, &unused);
}

/* Steady reads and the floor, in turns. */
static int take_turns(struct bench *b, int own, unsigned n, unsigned rounds,
		      struct cost *ret)
{
	double read[MAX_ROUNDS], report[MAX_ROUNDS], bare[MAX_ROUNDS];
	unsigned long values, allocs;
	int r = read_twice(b);

	for (unsigned i = 0; r == 0 && i < rounds; i++) {
		values = n_values;
		allocs = allocations_counted();
		r = read_once(b, &read[i], &report[i]);
		ret->values = n_values - values;
		ret->allocs = allocations_counted() - allocs;
		bare[i] = cpu_us();
		floor_read(own, n);
		bare[i] = cpu_us() - bare[i];
	}
	ret->read = median(read, rounds);
	ret->report = median(report, rounds);
	ret->floor = median(bare, rounds);
	return r;
}

static int measure(const struct settings *s, unsigned n, unsigned rounds,
		   struct cost *ret)
{
	_cleanup_close_ int own =
		open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct bench b;
	int r = open_bench(&b, s);

	sleep(QUIET_SECONDS);
	if (r == 0)
		r = take_turns(&b, own, n, rounds, ret);
	ret->memory = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	close_bench(&b);
	return r;
}

static void print(unsigned n, const char *what, unsigned things,
		  const struct cost *c)
{
	double all = c->read + c->report;

	printf("| %u%s | %.0f | %.0f | %.0f | %.0f | %.2f | %lu | %lu |\n", n,
	       what, all, all / things, c->read / things, c->floor / things,
	       all / c->floor, c->values, c->allocs);
	fflush(stdout);
}

static void print_heading(const char *things)
{
	printf("\n| %s | us a read | us each | of it looking | floor, us each "
	       "| ratio | values | allocations |\n"
	       "|---|---|---|---|---|---|---|---|\n",
	       things);
}

static unsigned rounds_for(unsigned things)
{
	unsigned rounds = 20000 / (things + 1) | 1;

	return rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;
}

/* The memory of all namespaces but collectd's own, each. */
static void print_memory(unsigned n, const struct cost *many,
			 const struct cost *none)
{
	printf("\nMemory: %.1f KiB a namespace\n",
	       (double)(many->memory - none->memory) / n / 1024);
}

/* Whether memory grows over many reads of few namespaces. */
static int bench_growth(const struct settings *s)
{
	size_t first = 0, last = 0;
	struct bench b;
	int r = open_bench(&b, s);

	for (int i = 0; r == 0 && i < MANY_READS; i++) {
		double unused;

		r = read_once(&b, &unused, &unused);
		last = mallinfo2().uordblks + mallinfo2().hblkhd;
		if (i == 2)
			first = last;
	}
	close_bench(&b);
	printf("\nMemory after %d reads of ten: %+ld bytes\n", MANY_READS,
	       (long)(last - first));
	return r;
}

static int bench_namespaces(struct settings *s)
{
	static const unsigned sizes[] = {0, 1, 10, 100, 1000};
	struct cost none = {0}, c;
	int r = 0;

	print_heading("namespaces beside collectd's own");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sizes); i++) {
		unsigned n = sizes[i];

		r = stage_grow(n);
		if (r == 0)
			r = measure(s, n, rounds_for(n), &c);
		if (r == 0)
			print(n, "", n + 1, &c);
		if (n == 0)
			none = c;
		else if (r == 0 && i + 1 == ARRAY_SIZE(sizes))
			print_memory(n, &c, &none);
	}
	return r;
}

static int bench_interfaces(struct settings *s)
{
	static const unsigned sizes[] = {2, 10, 100, 1000};
	unsigned made = 0;
	struct cost c;
	int r = 0;

	print_heading("interfaces of one namespace");
	for (size_t i = 0; r == 0 && i < 2 * ARRAY_SIZE(sizes); i++) {
		unsigned n = sizes[i / 2];

		s->report_idle = i % 2;
		r = stage_veths(made, n / 2 - made);
		made = n / 2;
		if (r == 0)
			r = measure(s, 0, rounds_for(n), &c);
		if (r == 0)
			print(n, i % 2 ? ", ReportIdle" : "", n, &c);
	}
	s->report_idle = false;
	return r;
}

int main(void)
{
	struct settings s;
	int r = stage_open();

	if (r < 0) {
		fprintf(stderr, "namespaces of one's own: %s\n", strerror(-r));
		return 77;
	}
	r = stage_settings(&s);
	s.max_series = 1000000;
	if (r == 0)
		r = bench_interfaces(&s);
	if (r == 0 && unshare(CLONE_NEWNET) < 0) /* without interfaces */
		r = -errno;
	if (r == 0)
		r = bench_namespaces(&s);
	if (r == 0)
		r = selection_add(&s.namespaces, "/^n[0-9]$/");
	if (r == 0)
		r = bench_growth(&s);
	settings_free(&s);
	if (r < 0)
		fprintf(stderr, "bench_namespaces: %s\n", strerror(-r));
	return r < 0;
}
