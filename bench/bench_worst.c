/* SPDX-License-Identifier: MIT */
/*
 * What the worst costs that whoever owns a namespace can make of it: 1000,
 * 10000 and 100000 of a thing, named as badly as can be. Each stands in a
 * namespace of a process of its own, where it ends; a first look, one at which
 * all of it has lost something, and two more, with their reports. Prints a
 * table of CPU time; the last column is what ten times as many cost.
 * bench_worst CASE N... makes one of them. Needs root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "stage.h"

#define FNV_SLOTS 256
#define READS 4

static FILE *open_tool(const char *command)
{
	FILE *f = popen(command, "w");

	if (f)
		setvbuf(f, NULL, _IOFBF, 1 << 20);
	return f;
}

static int close_tool(FILE *f)
{
	return pclose(f) == 0 ? 0 : -EIO;
}

/* ---- nf_tables ---- */

/* The next name that FNV-1a without a key puts into one slot of 256. */
static void craft(char name[32], unsigned i)
{
	static const unsigned char head[2] = {1, 1}; /* chain of inet */

	for (unsigned j = 0;; j++) {
		uint64_t hash = hash_bytes(HASH_START, head, sizeof(head));

		snprintf(name, 32, "c%u_%u", i, j);
		hash = hash_bytes(hash, "t", 2);
		if (hash_bytes(hash, name, strlen(name) + 1) % FNV_SLOTS == 0)
			return;
	}
}

/* Newer kernels take no more jumps; other chains are there, and never run. */
#define MAX_JUMPS 20000

static void write_chain(FILE *f, const char *name, unsigned number)
{
	fprintf(f, "add chain inet t %s\n", name);
	if (number < MAX_JUMPS)
		fprintf(f, "add rule inet t in jump %s\n", name);
}

static void write_drop(FILE *f, const char *chain, unsigned i, unsigned read)
{
	fprintf(f,
		"add rule inet t %s udp dport %u counter packets %u bytes 9 "
		"drop "
		"comment \"a %u\"\n",
		chain, 1 + i % 65535, read, i);
}

static int write_rules(unsigned n, unsigned in_chain, unsigned read,
		       bool crafted)
{
	FILE *f = open_tool("nft -f - 2>/dev/null");
	char name[32] = "";

	if (!f)
		return -errno;
	fprintf(f, "flush ruleset\nadd table inet t\nadd chain inet t in "
		   "{ type filter hook input priority 0; }\n");
	for (unsigned i = 0; i < n; i++) {
		if (i % in_chain == 0) {
			snprintf(name, sizeof(name), "c%u", i);
			if (crafted)
				craft(name, i);
			write_chain(f, name, i / in_chain);
		}
		write_drop(f, name, i, read);
	}
	return close_tool(f);
}

static int make_chains(unsigned n, unsigned read)
{
	return write_rules(n, 1, read, false);
}

static int make_crafted(unsigned n, unsigned read)
{
	return write_rules(n, 1, read, true);
}

static int make_rules(unsigned n, unsigned read)
{
	return write_rules(n, 64, read, false);
}

static int make_one_chain(unsigned n, unsigned read)
{
	return write_rules(n, n, read, false);
}

static int make_legacy(unsigned n, unsigned read)
{
	FILE *f = open_tool("iptables-legacy-restore -c 2>/dev/null");

	if (!f)
		return -errno;
	fprintf(f, "*filter\n:INPUT ACCEPT [0:0]\n");
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "[%u:9] -A INPUT -p udp --dport %u -j DROP\n", read,
			1 + i % 65535);
	fprintf(f, "COMMIT\n");
	return close_tool(f);
}

static int make_elements(unsigned n, unsigned read)
{
	FILE *f = read > 1 ? NULL : open_tool("nft -f - 2>/dev/null");

	if (!f)
		return read > 1 ? 0 : -errno;
	fprintf(f, "flush ruleset\ntable inet t {\nmap m { type ipv4_addr : "
		   "verdict; counter; }\nchain in { type filter hook input "
		   "priority 0; ip saddr vmap @m; }\n}\n");
	for (unsigned i = 0; i < n; i += 1000) {
		fprintf(f, "add element inet t m { ");
		for (unsigned j = i; j < i + 1000 && j < n; j++)
			fprintf(f, "%s10.%u.%u.%u : drop", j > i ? ", " : "",
				j >> 16 & 255, j >> 8 & 255, j & 255);
		fprintf(f, " }\n");
	}
	return close_tool(f);
}

/* ---- others ---- */

/* Names that look alike to a writer: each is compared with all others. */
static int make_interfaces(unsigned n, unsigned read)
{
	FILE *f = read ? NULL : open_tool("ip -batch -");

	if (!f)
		return read ? 0 : -errno;
	for (unsigned i = 0; i < n; i += 2)
		fprintf(f,
			"link add $xa%u type veth peer name $xb%u\n"
			"link set $xa%u up\nlink set $xb%u up\n",
			i, i, i, i);
	return close_tool(f);
}

static int make_routes(unsigned n, unsigned read)
{
	FILE *f = read ? NULL : open_tool("ip -batch -");

	if (!f)
		return read ? 0 : -errno;
	fprintf(f, "link set lo up\n");
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "route add blackhole 10.%u.%u.%u\n", i >> 16 & 255,
			i >> 8 & 255, i & 255);
	return close_tool(f);
}

/* Leaves of classes, whose handles the kernel gives. */
static int make_qdiscs(unsigned n, unsigned read)
{
	FILE *f = read ? NULL : open_tool("tc -batch -");

	if (!f)
		return read ? 0 : -errno;
	fprintf(f, "qdisc add dev lo root handle 1: htb\n");
	for (unsigned i = 1; i <= n; i++)
		fprintf(f,
			"class add dev lo parent 1: classid 1:%x htb rate "
			"1mbit\n"
			"qdisc add dev lo parent 1:%x pfifo limit 9\n",
			i, i);
	return close_tool(f);
}

/* The address of a socket or connection. */
static struct sockaddr_in address_of(unsigned i)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(1024 + i % 60000)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / 60000),
	};
}

static int send_to(int from, unsigned i, size_t n)
{
	static const char packet[1200];
	const struct sockaddr_in to = address_of(i);

	return sendto(from, packet, n, MSG_DONTWAIT,
		      (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

/* A UDP socket that nobody reads, with a small buffer: it drops. */
static int open_full_socket(unsigned i)
{
	const struct sockaddr_in at = address_of(i);
	const int small = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ||
			       setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small,
					  sizeof(small)) < 0 ||
			       bind(fd, (const struct sockaddr *)&at,
				    sizeof(at)) < 0
		       ? -errno
		       : 0;
}

/* So many are allowed to a process wherever pktloss runs. */
#define SOCKETS_OF_ONE 15000

/* They are held by processes that live until this one ends. */
static int hold_sockets(unsigned first, unsigned end, const int alive[2])
{
	const struct rlimit limit = {SOCKETS_OF_ONE + 100,
				     SOCKETS_OF_ONE + 100};
	int ready[2], r = 0;
	char byte;

	if (pipe(ready) < 0)
		return -errno;
	if (fork() == 0) {
		close(alive[1]);
		r = setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
		for (unsigned i = first; i < end && r == 0; i++)
			r = open_full_socket(i);
		(void)!write(ready[1], &r, sizeof(r));
		(void)!read(alive[0], &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &r, sizeof(r)) != sizeof(r))
		r = -EIO;
	close(ready[0]);
	return r;
}

static int open_sockets(unsigned n)
{
	int alive[2], r = 0;

	if (system("ip link set lo up"))
		return -EPERM;
	if (pipe(alive) < 0)
		return -errno;
	for (unsigned i = 0; i < n && r == 0; i += SOCKETS_OF_ONE)
		r = hold_sockets(
			i, i + SOCKETS_OF_ONE < n ? i + SOCKETS_OF_ONE : n,
			alive);
	return r;
}

/* From a port that no other has: where all are taken the kernel finds none. */
static int make_sockets(unsigned n, unsigned read)
{
	const struct sockaddr_in own = {.sin_family = AF_INET,
					.sin_port = htons(1000)};
	_cleanup_close_ int from = -1;

	if (!read)
		return open_sockets(n);
	from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (from < 0 ||
	    bind(from, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return -errno;
	for (unsigned i = 0; i < 4 * n; i++)
		(void)!send_to(from, i / 4, 1200);
	return 0;
}

/* Each packet goes to another address, and nobody answers. */
static int make_connections(unsigned n, unsigned read)
{
	int fd = read ? -1 : socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned count = 0;
	FILE *f;

	if (fd < 0)
		return read ? 0 : -errno;
	if (system("ip link set lo up; nft add table ip t; nft 'add chain ip t "
		   "c { type filter hook output priority 0; }'; nft add rule "
		   "ip t c ct state new counter"))
		return -EPERM;
	for (unsigned i = 0; i < n; i++)
		(void)!send_to(fd, i, 1);
	close(fd);
	f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	if (!f || fscanf(f, "%u", &count) != 1)
		count = 0;
	if (f)
		fclose(f);
	return count < n / 10 * 9 ? -ENOSPC : 0;
}

static int make_namespaces(unsigned n, unsigned read)
{
	return read ? 0 : stage_grow(n);
}

/* ---- the table ---- */

static const struct worst {
	const char *what;
	int (*make)(unsigned n, unsigned read);
	unsigned max; /* the kernel takes no more, or minutes for each */
} worsts[] = {
	{"chains", make_chains, 100000},
	{"chains with crafted names", make_crafted, 100000},
	{"rules with comments", make_rules, 100000},
	{"rules of one chain", make_one_chain, 10000},
	{"legacy rules", make_legacy, 100000},
	{"elements of a verdict map", make_elements, 1000000},
	{"interfaces", make_interfaces, 10000},
	{"routes that discard", make_routes, 100000},
	{"qdiscs of one interface", make_qdiscs, 10000},
	{"sockets that drop", make_sockets, 100000},
	{"connections", make_connections, 1000000},
	{"namespaces", make_namespaces, 1000},
};

struct measured {
	double ms[READS], kernel_ms[READS];
	bool is_cut; /* at some read it was not read to its end */
	int error;
};

static double to_ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* What this process has taken by now, and the kernel for it. */
static double cpu_ms(double *ret_kernel)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	*ret_kernel = to_ms(usage.ru_stime);
	return to_ms(usage.ru_utime) + *ret_kernel;
}

static bool was_cut(struct engine *e)
{
	const struct blindness *b = engine_blindness(e);
	bool cut = b->n_slow || b->unwatched.n;

	EACH_NS (engine_namespaces(e), ns)
		cut |= ns->refused != 0;
	return cut;
}

static int read_all_of(const struct worst *worst, unsigned n,
		       struct measured *ret)
{
	const struct sink sink = stage_sink();
	struct reporter *reporter;
	struct settings s;
	struct engine *e;
	int r = stage_settings(&s);

	if (r < 0)
		return r;
	s.max_series = 1000000; /* all is to be sent */
	e = engine_new(&s);
	reporter = reporter_new(&s);
	r = e && reporter ? 0 : -ENOMEM;
	for (unsigned i = 0; r == 0 && i < READS; i++) {
		double begun, kernel, now;

		r = worst->make(n, i);
		if (r < 0)
			break;
		begun = cpu_ms(&kernel);
		r = engine_read(e, 0);
		ret->is_cut |= was_cut(e);
		if (r == 0)
			r = stage_report(e, reporter, &sink);
		ret->ms[i] = cpu_ms(&now) - begun;
		ret->kernel_ms[i] = now - kernel;
	}
	reporter_free(reporter);
	engine_free(e);
	settings_free(&s);
	return r;
}

static void on_end(void (*handler)(int))
{
	signal(SIGHUP, handler);
	signal(SIGINT, handler);
	signal(SIGTERM, handler);
}

/* In a process of its own, with which all that it makes ends. */
static struct measured measure_apart(const struct worst *worst, unsigned n)
{
	struct measured m = {.error = -EIO};
	int ends[2], status;
	pid_t child;

	if (pipe(ends) < 0)
		return m;
	child = fork();
	if (child == 0) {
		on_end(SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		m.error = stage_open();
		if (m.error == 0)
			m.error = read_all_of(worst, n, &m);
		(void)!write(ends[1], &m, sizeof(m));
		_exit(0);
	}
	close(ends[1]);
	if (child < 0 || read(ends[0], &m, sizeof(m)) != sizeof(m))
		m.error = -EIO;
	close(ends[0]);
	if (child > 0)
		waitpid(child, &status, 0);
	return m;
}

#define MAX_CONNECTIONS "/proc/sys/net/netfilter/nf_conntrack_max"

static char host_max[16]; /* as the host had it, with its newline */

static void set_max(const char *text)
{
	int fd = open(MAX_CONNECTIONS, O_WRONLY | O_CLOEXEC);

	(void)!write(fd, text, strlen(text));
	cleanup_close(&fd);
}

static void put_back_and_end(int sig)
{
	set_max(host_max);
	signal(sig, SIG_DFL);
	raise(sig);
}

/*
 * How many there may be is a limit of the host, which is raised for the time,
 * and put back also by the signals that end a program.
 */
static struct measured measure_connections(const struct worst *worst,
					   unsigned n)
{
	_cleanup_close_ int fd = open(MAX_CONNECTIONS, O_RDONLY | O_CLOEXEC);
	struct measured m;
	char wanted[16];

	if (fd < 0 || read(fd, host_max, sizeof(host_max) - 1) <= 0)
		return measure_apart(worst, n); /* it has what room there is */
	snprintf(wanted, sizeof(wanted), "%u\n", n + n / 4);
	on_end(put_back_and_end);
	if (strtoul(host_max, NULL, 10) < n + n / 4)
		set_max(wanted);
	m = measure_apart(worst, n);
	set_max(host_max);
	on_end(SIG_DFL);
	return m;
}

/* The read that took most. */
static int find_worst(const struct measured *m)
{
	int worst = 0;

	for (int i = 1; i < READS; i++)
		worst = m->ms[i] > m->ms[worst] ? i : worst;
	return worst;
}

/* Prints a row. Returns the most that a read took, 0: it could not be made. */
static double bench_worst(const struct worst *worst, unsigned n, double before)
{
	struct measured m = worst->make == make_connections
				    ? measure_connections(worst, n)
				    : measure_apart(worst, n);
	int at = find_worst(&m);

	printf("| %s | %u |", worst->what, n);
	if (m.error)
		printf(" %s | | | | | |", strerror(-m.error));
	for (int i = 0; i < READS && !m.error; i++)
		printf(" %.0f |", m.ms[i]);
	if (!m.error)
		printf(" %.0f %% | %.1f |",
		       m.ms[at] > 0 ? 100 * m.kernel_ms[at] / m.ms[at] : 0,
		       m.ms[at] * 1e3 / n);
	if (m.is_cut)
		printf(" cut |\n");
	else if (!m.error && before > 0)
		printf(" %.1f |\n", m.ms[at] / before);
	else
		printf(" |\n");
	fflush(stdout);
	return m.error ? 0 : m.ms[at];
}

int main(int argc, char **argv)
{
	printf("| what | how many | first read, ms | second | third | fourth | "
	       "in the kernel | us each | times of a tenth |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(worsts); i++) {
		double before = 0;

		if (argc > 1 && strcmp(argv[1], worsts[i].what))
			continue;
		for (int a = 2; a < argc; a++)
			before = bench_worst(&worsts[i],
					     (unsigned)atoi(argv[a]), before);
		for (unsigned n = 1000; argc < 3 && n <= worsts[i].max; n *= 10)
			before = bench_worst(&worsts[i], n, before);
	}
	return 0;
}
