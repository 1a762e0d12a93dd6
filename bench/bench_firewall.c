/* SPDX-License-Identifier: MIT */
/*
 * What one read of a firewall costs: 10, 1000 and 10000 rules, of which none,
 * one in ten or all drop. The first read of a ruleset takes all of it in; the
 * ones after it ask for the generation first and then only for what drops. One
 * after a rule was added takes all of it in again, and finds each rule in what
 * was there before. Prints a table; times are medians. Needs root: works in a
 * namespace of its own, which ends with it.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "kernel/netlink.h"
#include "kernel/procnet.h"
#include "probes/firewall/firewall.h"

#define READS 31

/* The linker sends these calls of the library through here (--wrap). */
static uint64_t n_calls, n_bytes;

ssize_t __real_send(int fd, const void *buffer, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t n, int flags);
ssize_t __real_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);
ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size);
int __real_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *size);

ssize_t __wrap_send(int fd, const void *buffer, size_t n, int flags)
{
	n_calls++;
	return __real_send(fd, buffer, n, flags);
}

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t n, int flags,
			struct sockaddr *from, socklen_t *size)
{
	ssize_t r = __real_recvfrom(fd, buffer, n, flags, from, size);

	n_calls++;
	n_bytes += r > 0 ? (uint64_t)r : 0;
	return r;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int r = __real_getsockopt(fd, level, name, value, size);

	n_calls++;
	n_bytes += r == 0 ? *size : 0;
	return r;
}

struct cost {
	double us;
	uint64_t calls, bytes;
};

static int by_time(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->us > y->us) - (x->us < y->us);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int read_once(const struct probe *probe, struct probe_env *env,
		     const struct sample *then, struct sample *out,
		     struct cost *ret)
{
	double start = now_us();
	uint64_t calls = n_calls, bytes = n_bytes;
	int r;

	sample_reset(out);
	sample_follow(out, then);
	r = probe->read(env, out);
	netlink_leave(env->netlink);
	ret->us = now_us() - start;
	ret->calls = n_calls - calls;
	ret->bytes = n_bytes - bytes;
	return r < 0 ? r : out->error;
}

static bool drops(int i, int every)
{
	return every && i % every == 0;
}

static void write_nft(FILE *f, int n, int every)
{
	fprintf(f, "flush ruleset\ntable inet t {\nchain in {\n"
		   "type filter hook input priority 0;\njump other\n");
	for (int i = 0; i < n; i++)
		if (drops(i, every))
			fprintf(f, "udp dport %d counter drop\n", 1 + i);
	fprintf(f, "}\nchain other {\n");
	for (int i = 0; i < n; i++)
		if (!drops(i, every))
			fprintf(f, "udp dport %d counter accept\n", 1 + i);
	fprintf(f, "}\n}\n");
}

static void write_legacy(FILE *f, int n, int every)
{
	fprintf(f, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
		   ":OUTPUT ACCEPT [0:0]\n");
	for (int i = 0; i < n; i++)
		fprintf(f, "-A INPUT -p udp --dport %d -j %s\n", 1 + i,
			drops(i, every) ? "DROP" : "ACCEPT");
	fprintf(f, "COMMIT\n");
}

static const struct engine_kind {
	const char *name;
	const char *load; /* takes the rules on its standard input */
	const char *add;  /* one that drops */
	void (*write)(FILE *f, int n, int every);
	const struct probe *probe;
} kinds[] = {
	{"nftables", "nft -f -",
	 "nft add rule inet t in udp dport 9 counter drop", write_nft,
	 &nft_probe},
	{"iptables", "iptables-legacy-restore",
	 "iptables-legacy -A INPUT -p udp --dport 9 -j DROP", write_legacy,
	 &xt_probe},
};

enum reads {
	FIRST,	 /* as if nothing had been read before */
	STEADY,	 /* that know the sample before */
	CHANGED, /* the same, but a rule is added before each */
};

/* The median of many reads. */
static int measure(const struct engine_kind *kind, struct probe_env *env,
		   enum reads reads, struct cost *ret)
{
	struct sample samples[2] = {0};
	struct cost costs[READS];
	int r = 0;

	for (int i = 0; r == 0 && i < READS; i++) {
		const struct sample *then = &samples[(i + 1) % 2];

		if (reads == CHANGED && i)
			r = system(kind->add) ? -EIO : 0;
		if (r == 0)
			r = read_once(kind->probe, env,
				      reads != FIRST && i ? then : NULL,
				      &samples[i % 2], &costs[i]);
	}
	sample_free(&samples[0]);
	sample_free(&samples[1]);
	qsort(costs + 1, READS - 1, sizeof(*costs), by_time);
	*ret = costs[1 + (READS - 1) / 2];
	return r;
}

static int load(const struct engine_kind *kind, int n, int every)
{
	FILE *f = popen(kind->load, "w");

	if (!f)
		return -errno;
	kind->write(f, n, every);
	return pclose(f) == 0 ? 0 : -EIO;
}

static void print(const struct engine_kind *kind, int n, int every,
		  const struct cost *first, const struct cost *steady,
		  const struct cost *changed)
{
	const char *what = every == 1 ? "all" : every ? "1 in 10" : "none";

	printf("| %s | %d | %s | %.0f | %llu | %llu | %.0f | %llu | %llu | "
	       "%.0f %% | %.0f |\n",
	       kind->name, n, what, first->us, (unsigned long long)first->bytes,
	       (unsigned long long)first->calls, steady->us,
	       (unsigned long long)steady->bytes,
	       (unsigned long long)steady->calls,
	       100 * (1 - steady->us / first->us), changed->us);
	fflush(stdout);
}

static int bench(const struct engine_kind *kind, struct probe_env *env, int n,
		 int every)
{
	struct cost first, steady, changed;
	int r = load(kind, n, every);

	if (r == 0)
		r = measure(kind, env, FIRST, &first);
	if (r == 0)
		r = measure(kind, env, STEADY, &steady);
	if (r == 0)
		r = measure(kind, env, CHANGED, &changed);
	if (r == 0)
		print(kind, n, every, &first, &steady, &changed);
	return r;
}

int main(void)
{
	static const int sizes[] = {10, 1000, 10000};
	static const int shares[] = {0, 10, 1};
	static char buffer[256 * 1024];
	struct netlink netlink;
	struct probe_env env = {
		.net = &(struct procnet)PROCNET("/proc/thread-self/net"),
		.sys = "/proc/sys",
		.netlink = &netlink,
		.probes = probes,
		.max_rules = 64,
		.buffer = buffer,
		.size = sizeof(buffer),
	};
	int r = 0;

	if (unshare(CLONE_NEWNET) < 0 || netlink_alloc(&netlink) < 0) {
		perror("a network namespace of its own");
		return 77;
	}
	printf("| engine | rules | drop | first read us | bytes | calls | "
	       "steady read us | bytes | calls | saved | changed read us |\n"
	       "|---|---|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(kinds) * 9 && r == 0; i++)
		r = bench(&kinds[i / 9], &env, sizes[i / 3 % 3], shares[i % 3]);
	netlink_free(&netlink);
	if (r < 0)
		fprintf(stderr, "bench_firewall: %s\n", strerror(-r));
	return r < 0;
}
