/* SPDX-License-Identifier: MIT */
/* What the kernel that runs shows of its drops. */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "kernel/trace_source.h"
#include "testlib.h"
#include "trace/packet.h"

static struct trace_source *source;
static uint64_t cookie;
static uint32_t no_socket; /* the number of that reason */

/* What was shown of this namespace. */
static struct {
	size_t n;
	uint64_t weight;
	size_t longest; /* of its headers */
	struct trace_event last;
} shown;

static int open_udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Goes into a new namespace, whose loopback is up; returns a socket of it. */
static int enter_new(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	socklen_t size = sizeof(cookie);
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	fd = open_udp();
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, 71, &cookie, &size), 0);
	return fd;
}

static void setup(void)
{
	const char *name;

	close(enter_new());
	memset(&shown, 0, sizeof(shown));
	ck_assert_int_eq(trace_source_open(&source), 0);
	for (size_t i = 0;
	     (name = trace_source_reason_at(source, i, &no_socket)); i++)
		if (!strcmp(name, "NO_SOCKET"))
			break;
	ck_assert_ptr_nonnull(name);
}

static void teardown(void)
{
	trace_source_close(source);
}

static const char *lacks_trace(void)
{
	const char *root = lacks_root();
	int r = root ? 0 : trace_source_open(&source);

	if (r == 0 && !root)
		trace_source_close(source);
	return root	? root
	       : r == 0 ? NULL
			: "the kernel does not tell why it drops packets";
}

CASE(kernel, .setup = setup, .teardown = teardown, .lacks = lacks_trace);

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in) {.sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* To a port that nobody has. */
static void send_from(int fd, unsigned n)
{
	const struct sockaddr_in to = loopback(9);

	for (unsigned i = 0; i < n; i++)
		while (sendto(fd, "x", 1, 0, (void *)&to, sizeof(to)) != 1)
			; /* it hears that the one before was refused */
}

/* From port 4000. */
static void send_to_nobody(unsigned n)
{
	const struct sockaddr_in from = loopback(4000);
	int fd = open_udp();

	ck_assert_int_eq(bind(fd, (void *)&from, sizeof(from)), 0);
	send_from(fd, n);
	close(fd);
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

static void on_shown(const struct trace_event *e, void *arg)
{
	(void)arg;
	if (e->key.place.cookie != cookie || e->key.place.reason != no_socket)
		return;
	shown.n++;
	shown.weight += e->weight;
	if (e->n_bytes > shown.longest)
		shown.longest = e->n_bytes;
	shown.last = *e;
}

static void begin(void)
{
	ck_assert_int_eq(trace_source_begin(source, 1u << TRACE_DROP), 0);
}

static void take(void)
{
	ck_assert_int_eq(trace_source_take(source, on_shown, NULL), 0);
}

static uint64_t count_counted(void)
{
	struct trace_sum *sums;
	uint64_t unknown, n_packets = 0;
	int n = trace_source_sums(source, &sums, &unknown);

	ck_assert_int_ge(n, 0);
	for (int i = 0; i < n; i++)
		if (sums[i].key.place.cookie == cookie &&
		    sums[i].key.place.reason == no_socket)
			n_packets += sums[i].packets;
	free(sums);
	return n_packets;
}

TEST(kernel, each_of_a_few_is_shown_with_its_headers)
{
	char function[DROPS_SYMBOL];
	struct packet p;

	begin();
	send_to_nobody(20);
	take();
	ck_assert_uint_eq(shown.n, 20);
	ck_assert_uint_eq(shown.weight, 20);
	ck_assert_uint_eq(count_counted(), 20);
	ck_assert_uint_eq(shown.last.key.place.ifindex, 1);
	ck_assert_uint_eq(shown.last.n_bytes, 29);
	ck_assert_uint_eq(shown.last.length, 29);
	ck_assert_int_eq(shown.last.has_mac, 1);
	packet_parse(ntohs(shown.last.protocol), 0, shown.last.bytes,
		     shown.last.n_bytes, &p);
	ck_assert_uint_eq(p.protocol, IPPROTO_UDP);
	ck_assert_uint_eq(p.ports[PACKET_SOURCE], 4000);
	ck_assert_uint_eq(p.ports[PACKET_DESTINATION], 9);
	trace_source_symbol(source, shown.last.key.place.location, function);
	ck_assert_str_eq(function, "__udp4_lib_rcv");
}

/* Nobody reads meanwhile, so that the ring is full, too. */
TEST(kernel, of_a_flood_all_are_counted_and_some_are_shown)
{
	begin();
	send_to_nobody(100000);
	take();
	ck_assert_uint_eq(count_counted(), 100000);
	ck_assert_uint_ge(shown.n, TRACE_OF_KEY);
	ck_assert_uint_le(shown.n, TRACE_RING / sizeof(struct trace_event));
	ck_assert_uint_le(shown.longest, TRACE_BYTES);
}

/* Of what is read in time these tell how many there were. */
TEST(kernel, those_that_are_shown_stand_for_all)
{
	begin();
	for (int i = 0; i < 2000; i++) {
		send_to_nobody(100);
		take();
	}
	ck_assert_uint_eq(count_counted(), 200000);
	ck_assert_uint_gt(shown.n, 100);
	ck_assert_uint_lt(shown.n, 150000);
	/* within a factor of two, by chance */
	ck_assert_uint_gt(shown.weight, 100000);
	ck_assert_uint_lt(shown.weight, 400000);
}

/* Nobody knew how many there would be. */
TEST(kernel, burst_is_not_taken_for_less_than_it_is)
{
	on_cpu(0);
	begin();
	send_to_nobody(6000);
	take();
	ck_assert_uint_eq(count_counted(), 6000);
	ck_assert_uint_lt(shown.n, 3000);
	ck_assert_uint_gt(shown.weight, 4000);
	ck_assert_uint_lt(shown.weight, 9000);
}

/* A key is made by one CPU, and all others have to know of it. */
TEST(kernel, skipped_reason_is_only_counted_on_each_cpu)
{
	int n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	ck_assert_int_eq(trace_source_skip(source, no_socket), 0);
	begin();
	for (int i = 0; i < n_cpus; i++) {
		on_cpu(i);
		send_to_nobody(10);
	}
	take();
	ck_assert_uint_eq(shown.n, 0);
	ck_assert_uint_eq(count_counted(), 10 * n_cpus);
}

/* All on one CPU, in much less time than a slice has. */
TEST(kernel, floods_do_not_hide_the_single_packets_of_another)
{
	int loud[12], quiet;

	on_cpu(0);
	for (size_t i = 0; i < ARRAY_SIZE(loud); i++)
		loud[i] = enter_new();
	quiet = enter_new(); /* that is what is shown from now on */
	begin();
	for (int i = 0; i < 50; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(loud); j++)
			send_from(loud[j], 100);
		send_from(quiet, 1);
		take();
		usleep(11000); /* its next one is in the next slice */
	}
	ck_assert_uint_eq(count_counted(), 50);
	ck_assert_uint_ge(shown.n, 48);
	for (size_t i = 0; i < ARRAY_SIZE(loud); i++)
		close(loud[i]);
	close(quiet);
}

TEST(kernel, only_wanted_namespaces_count)
{
	ck_assert_int_eq(trace_source_want(source, cookie + 1000000), 0);
	begin();
	send_to_nobody(10);
	take();
	ck_assert_uint_eq(shown.n, 0);
	ck_assert_uint_eq(count_counted(), 0);
	ck_assert_int_eq(trace_source_want(source, cookie), 0);
	send_to_nobody(10);
	take();
	ck_assert_uint_eq(shown.n, 10);
	ck_assert_uint_eq(count_counted(), 10);
}

TEST(kernel, other_kinds_and_other_times_are_not_looked_at)
{
	send_to_nobody(10);
	ck_assert_int_eq(trace_source_begin(source, 1u << TRACE_RETRANSMIT), 0);
	send_to_nobody(10);
	trace_source_end(source);
	take();
	ck_assert_uint_eq(shown.n, 0);
	ck_assert_uint_eq(count_counted(), 0);
}

TEST(kernel, nothing_is_looked_at_behind_the_end)
{
	begin();
	send_to_nobody(10);
	trace_source_end(source);
	send_to_nobody(10);
	take();
	ck_assert_uint_eq(shown.n, 10);
}
