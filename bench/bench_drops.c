/* SPDX-License-Identifier: MIT */
/*
 * What it costs that the kernel counts why it drops packets: floods of packets
 * that are dropped, in turns with the program loaded and without; what becomes
 * of more keys than there is room for, and of senders that nobody can tell
 * apart; how long it takes to load, read and remove. Prints tables. Needs root:
 * works in a namespace of its own, which ends with it.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "allocations.h"
#include "kernel/clock.h"
#include "kernel/drops.h"

#define PAIRS 15
#define FLOOD_NS UINT64_C(200000000)
#define ONE_SEND 64
#define MAX_CPUS 64

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_size);
	return values[n / 2];
}

/* ---- how long libbpf takes; the linker sends its calls through here ---- */

struct bpf_object_skeleton;
int __real_bpf_object__load_skeleton(struct bpf_object_skeleton *s);
int __wrap_bpf_object__load_skeleton(struct bpf_object_skeleton *s);
int __real_bpf_object__attach_skeleton(struct bpf_object_skeleton *s);
int __wrap_bpf_object__attach_skeleton(struct bpf_object_skeleton *s);

static double load_ms, attach_ms;

static double ms_since(uint64_t start_ns)
{
	return (double)(now_ns() - start_ns) / 1e6;
}

int __wrap_bpf_object__load_skeleton(struct bpf_object_skeleton *s)
{
	uint64_t start = now_ns();
	int r = __real_bpf_object__load_skeleton(s);

	load_ms = ms_since(start);
	return r;
}

int __wrap_bpf_object__attach_skeleton(struct bpf_object_skeleton *s)
{
	uint64_t start = now_ns();
	int r = __real_bpf_object__attach_skeleton(s);

	attach_ms = ms_since(start);
	return r;
}

/* ---- what this process has in the kernel ---- */

/* Of a descriptor: "anon_inode:bpf-map". */
static bool is_bpf(int fd, const char *kind)
{
	char path[32], link[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 && strstr(link, kind);
}

/* The map of that name, or -ENOENT. */
static int find_map(const char *name)
{
	for (int fd = 3; fd < 256; fd++) {
		struct bpf_map_info info = {.type = 0};
		uint32_t size = sizeof(info);

		if (is_bpf(fd, "bpf-map") &&
		    bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    !strcmp(info.name, name))
			return fd;
	}
	return -ENOENT;
}

/* What the program that counts has run: nanoseconds a packet. */
static double ns_of_program(void)
{
	for (int fd = 3; fd < 256; fd++) {
		struct bpf_prog_info info = {.type = 0};
		uint32_t size = sizeof(info);

		if (is_bpf(fd, "bpf-prog") &&
		    bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    info.run_cnt)
			return (double)info.run_time_ns / (double)info.run_cnt;
	}
	return 0;
}

static size_t map_memory(int map)
{
	char path[64], line[128];
	size_t bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %zu", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}

static uint64_t own_cookie(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, 71 /* SO_NETNS_COOKIE */, &cookie, &n))
		return 0;
	return cookie;
}

/* What was counted here since d was opened. */
static uint64_t count_own(struct drops *d)
{
	uint64_t now = now_ns(), n = 0;
	const struct drops_ns *ns;

	if (drops_update(d, now, DROPS_FRESH_NS) < 0)
		return 0;
	ns = drops_find(d, own_cookie(), now);
	for (size_t i = 0; ns && i < ns->n; i++)
		n += ns->items[i].packets;
	return n;
}

/* ---- floods ---- */

struct flood {
	int cpu;
	uint64_t sent, took_ns;
	int error; /* negative errno */
};

static int open_flood(void)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const void *)&to, sizeof(to)) < 0)
		perror("a socket");
	return fd;
}

/* On one CPU, which also drops what is sent. */
static void *run_flood(void *arg)
{
	struct flood *f = arg;
	struct iovec bytes = {(char[]) {"x"}, 1};
	struct mmsghdr messages[ONE_SEND];
	uint64_t start;
	_cleanup_close_ int fd = open_flood();
	cpu_set_t cpus;

	for (int i = 0; i < ONE_SEND; i++)
		messages[i] = (struct mmsghdr) {
			.msg_hdr = {.msg_iov = &bytes, .msg_iovlen = 1}};
	CPU_ZERO(&cpus);
	CPU_SET(f->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	start = now_ns();
	while (f->took_ns < FLOOD_NS) {
		int n = sendmmsg(fd, messages, ONE_SEND, 0);

		f->sent += n > 0 ? n : 0;
		f->took_ns = now_ns() - start;
	}
	return NULL;
}

/* Packets a second of one CPU, where so many flood; adds to *sent. */
static double flood(int n_cpus, uint64_t *sent)
{
	struct flood floods[MAX_CPUS] = {0};
	pthread_t threads[MAX_CPUS];
	double rate = 0;

	for (int i = 0; i < n_cpus; i++) {
		floods[i].cpu = i;
		if (pthread_create(&threads[i], NULL, run_flood, &floods[i]))
			abort();
	}
	for (int i = 0; i < n_cpus; i++) {
		pthread_join(threads[i], NULL);
		*sent += floods[i].sent;
		rate += (double)floods[i].sent * 1e9 /
			(double)floods[i].took_ns;
	}
	return rate / n_cpus;
}

static const struct way {
	const char *what;
	const char *rules; /* of nft */
} ways[] = {
	{"a rule of input", "table ip t { chain c { type filter hook input "
			    "priority 0; udp dport 9 drop; }; }"},
	{"a rule of prerouting",
	 "table ip t { chain c { type filter hook prerouting "
	 "priority -300; udp dport 9 drop; }; }"},
	{"a rule of ingress", "table netdev t { chain c { type filter hook "
			      "ingress device lo priority 0; udp dport 9 "
			      "drop; }; }"},
};

static int load_rules(const char *rules)
{
	FILE *f = popen("nft -f -", "w");

	if (!f)
		return -errno;
	fprintf(f, "flush ruleset\n%s\n", rules);
	return pclose(f) == 0 ? 0 : -EIO;
}

struct pairs {
	double without[PAIRS], with[PAIRS], ratio[PAIRS];
	uint64_t sent, counted; /* with it */
};

/* One of each, the other one first each time. */
static int flood_pair(struct pairs *p, int i, int n_cpus)
{
	struct drops *d = NULL;
	uint64_t ignored = 0;
	int r;

	for (int turn = 0; turn < 2; turn++) {
		if ((i + turn) % 2) {
			p->without[i] = flood(n_cpus, &ignored);
			continue;
		}
		r = drops_open(&d);
		if (r < 0)
			return r;
		p->with[i] = flood(n_cpus, &p->sent);
		p->counted += count_own(d);
		drops_close(d);
	}
	p->ratio[i] = p->with[i] / p->without[i];
	return 0;
}

/* What the kernel says that the program takes, with the clock it reads. */
static double flood_timed(int n_cpus)
{
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	struct drops *d = NULL;
	uint64_t ignored = 0;
	double ns = 0;

	if (stats >= 0 && drops_open(&d) == 0) {
		flood(n_cpus, &ignored);
		ns = ns_of_program();
	}
	drops_close(d);
	if (stats >= 0)
		close(stats);
	return ns;
}

static int bench_flood(const struct way *way, int n_cpus)
{
	struct pairs p = {0};
	double without, with, ratio;
	int r = load_rules(way->rules);

	for (int i = 0; r == 0 && i < PAIRS; i++)
		r = flood_pair(&p, i, n_cpus);
	if (r < 0)
		return r;
	without = median(p.without, PAIRS);
	with = median(p.with, PAIRS);
	ratio = median(p.ratio, PAIRS);
	printf("| %s | %d | %.0f | %.0f | %.1f %% | %.1f to %.1f %% | %.0f | "
	       "%.0f | %.0f | %llu | %lld |\n",
	       way->what, n_cpus, without / 1000, with / 1000,
	       100 * (1 - ratio), 100 * (1 - p.ratio[PAIRS * 3 / 4]),
	       100 * (1 - p.ratio[PAIRS / 4]), 1e9 / without,
	       1e9 / without * (1 / ratio - 1), flood_timed(n_cpus),
	       (unsigned long long)p.sent, (long long)(p.counted - p.sent));
	fflush(stdout);
	return 0;
}

static int bench_floods(void)
{
	int n_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), r = 0;

	if (n_cpus > MAX_CPUS)
		n_cpus = MAX_CPUS;
	printf("| dropped by | CPUs that send | thousands a second of each, "
	       "without | with | fewer | half of the pairs | ns each, without "
	       "| more, with | of it the program's, as the kernel measures it "
	       "| sent, with | counted less that |\n"
	       "|---|---|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(ways) && r == 0; i++) {
		r = bench_flood(&ways[i], 1);
		if (r == 0 && n_cpus > 1)
			r = bench_flood(&ways[i], n_cpus);
	}
	return r;
}

/* ---- who nobody knows ---- */

struct spoofed {
	struct iphdr ip;
	struct udphdr udp;
	char bytes[64];
};

/* Addresses, ports and lengths are random, and so are all that IP has. */
static size_t make_spoofed(struct spoofed *s, uint32_t *seed)
{
	size_t n;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < sizeof(s->ip); i++)
		((unsigned char *)&s->ip)[i] = (unsigned char)rand_r(seed);
	n = sizeof(s->ip) + sizeof(s->udp) + s->ip.id % sizeof(s->bytes);
	s->ip.version = 4;
	s->ip.ihl = sizeof(s->ip) / 4;
	s->ip.frag_off = 0;
	s->ip.protocol = IPPROTO_UDP;
	s->ip.daddr = htonl(INADDR_LOOPBACK);
	s->udp.source = (uint16_t)rand_r(seed);
	s->udp.dest = htons(9);
	s->udp.len = htons((uint16_t)(n - sizeof(s->ip)));
	return n;
}

static uint64_t send_spoofed(unsigned n)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_addr = {htonl(INADDR_LOOPBACK)}};
	_cleanup_close_ int fd =
		socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	uint32_t seed = 1;
	uint64_t sent = 0;

	for (unsigned i = 0; i < n; i++) {
		struct spoofed s;
		size_t size = make_spoofed(&s, &seed);

		sent += sendto(fd, &s, size, 0, (const void *)&to, sizeof(to)) >
			0;
	}
	return sent;
}

static int bench_spoofed(unsigned n)
{
	const struct drops_ns *ns;
	struct drops *d = NULL;
	uint64_t sent, counted;
	int r = load_rules(ways[1].rules);

	if (r == 0)
		r = drops_open(&d);
	if (r < 0)
		return r;
	sent = send_spoofed(n);
	counted = count_own(d);
	ns = drops_find(d, own_cookie(), now_ns());
	printf("| packets with random senders | %u | %llu | %llu | %zu | 0 | "
	       "%zu | | |\n",
	       n, (unsigned long long)sent, (unsigned long long)counted,
	       ns ? ns->n : 0, map_memory(find_map("drops")) / 1024);
	drops_close(d);
	return 0;
}

/* ---- more keys than there is room for ---- */

/* The nth, as if so many interfaces had lost a packet each. */
static struct drops_key key_of(unsigned n)
{
	return (struct drops_key) {1000000 + n / 1000,
				   0x1000 + n % 7,
				   2 + n % 5,
				   1 + n % 1000,
				   0,
				   0};
}

static unsigned add_keys(int map, unsigned n)
{
	uint64_t values[1024] = {1};
	unsigned added = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct drops_key key = key_of(i);

		added += bpf_map_update_elem(map, &key, values, BPF_ANY) == 0;
	}
	return added;
}

/* The map is filled as often as it takes to have told of all of them. */
static double add_all_keys(struct drops *d, unsigned n)
{
	struct mallinfo2 before = mallinfo2();

	for (unsigned i = 0; i < n; i++)
		drops_add(d, &(struct drop_count) {key_of(i), 1});
	return (double)(mallinfo2().uordblks - before.uordblks) / 1024;
}

static int bench_keys(unsigned n)
{
	struct drops *d = NULL;
	uint64_t start, sent, before;
	unsigned kept;
	double us;
	int map, r = load_rules(ways[1].rules);

	if (r == 0)
		r = drops_open(&d);
	if (r < 0)
		return r;
	map = find_map("drops");
	kept = add_keys(map, n);
	sent = send_spoofed(1000);
	start = now_ns();
	r = drops_update(d, start, DROPS_FRESH_NS);
	us = (double)(now_ns() - start) / 1e3;
	before = d->spilled;
	printf("| keys | %u | %llu | %llu | %u | %llu | %zu | %.0f | ", n,
	       (unsigned long long)sent, (unsigned long long)count_own(d), kept,
	       (unsigned long long)before, map_memory(map) / 1024, us);
	printf("%.0f |\n", add_all_keys(d, n));
	drops_close(d);
	return r;
}

static int bench_bounds(void)
{
	static const unsigned sizes[] = {1000, 4000, 10000, 100000};
	int r;

	printf("\n| what | how many | packets sent | counted by reason | keys "
	       "in the kernel | counted without | KiB of the map | us a read | "
	       "KiB of pktloss, for all keys |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	r = bench_spoofed(1000000);
	for (size_t i = 0; i < ARRAY_SIZE(sizes) && r == 0; i++)
		r = bench_keys(sizes[i]);
	return r;
}

/* ---- life ---- */

struct life {
	double open[PAIRS], load[PAIRS], attach[PAIRS], read[PAIRS], end[PAIRS];
};

/* Of an empty map: somebody else may lose something meanwhile. */
static double read_us(struct drops *d, unsigned long *allocations)
{
	double us[101];

	for (size_t i = 0; i < ARRAY_SIZE(us); i++) {
		uint64_t start = now_ns();

		*allocations = allocations_counted();
		d->taken_ns = 0;
		if (drops_update(d, start, DROPS_FRESH_NS) < 0)
			return -1;
		us[i] = (double)(now_ns() - start) / 1e3;
		*allocations = allocations_counted() - *allocations;
	}
	return median(us, ARRAY_SIZE(us));
}

static int bench_life(void)
{
	struct life l;
	unsigned long allocations = 0;

	for (int i = 0; i < PAIRS; i++) {
		uint64_t start = now_ns();
		struct drops *d = NULL;
		int r = drops_open(&d);

		if (r < 0)
			return r;
		l.open[i] = ms_since(start);
		l.load[i] = load_ms;
		l.attach[i] = attach_ms;
		l.read[i] = read_us(d, &allocations);
		start = now_ns();
		drops_close(d);
		l.end[i] = ms_since(start);
	}
	printf("\n| open, ms | of it load | attach | read of an empty map, us "
	       "| allocations | close, ms |\n|---|---|---|---|---|---|\n"
	       "| %.0f | %.0f | %.2f | %.0f | %lu | %.1f |\n",
	       median(l.open, PAIRS), median(l.load, PAIRS),
	       median(l.attach, PAIRS), median(l.read, PAIRS), allocations,
	       median(l.end, PAIRS));
	return 0;
}

int main(void)
{
	int r;

	if (unshare(CLONE_NEWNET) < 0 || system("ip link set lo up")) {
		perror("a network namespace of its own");
		return 77;
	}
	r = bench_floods();
	if (r == 0)
		r = bench_bounds();
	if (r == 0)
		r = bench_life();
	if (r < 0)
		fprintf(stderr, "bench_drops: %s\n", strerror(-r));
	return r < 0;
}
