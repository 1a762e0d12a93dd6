/* SPDX-License-Identifier: MIT */
/* What the kernel that runs says of drops, and what it calls them. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kernel/drop_names.h"
#include "kernel/drops.h"
#include "kernel/netlink.h"
#include "testlib.h"

static struct btf *btf;
static struct drop_names names;

/* As of a kernel whose numbers are none of today's. */
static void setup_names(void)
{
	btf = btf__new_empty();
	btf__add_enum(btf, "skb_drop_reason", 4);
	btf__add_enum_value(btf, "SKB_CONSUMED", 41);
	btf__add_enum_value(btf, "SKB_DROP_REASON_NO_SOCKET", 7);
	btf__add_enum_value(btf, "SKB_DROP_REASON_NETFILTER_DROP", 3);
	btf__add_enum_value(btf, "SKB_DROP_REASON_MAX", 42);
	btf__add_enum_value(btf, "SKB_DROP_REASON_SUBSYS_MASK", -65536);
	btf__add_enum(btf, "other_reason", 4);
	btf__add_enum_value(btf, "OTHER", 5);
	btf__add_enum(btf, "ovs_drop_reason", 4);
	btf__add_enum_value(btf, "OVS_DROP_FLOW", 0x90001);
	btf__add_enum(btf, "skb_drop_reason_subsys", 4);
	btf__add_enum_value(btf, "SKB_DROP_REASON_SUBSYS_CORE", 0);
	btf__add_enum_value(btf, "SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 9);
	names = (struct drop_names) {0};
}

static void teardown_names(void)
{
	drop_names_free(&names);
	btf__free(btf);
}

CASE(names, .setup = setup_names, .teardown = teardown_names);

TEST(names, reasons_are_called_as_this_kernel_numbers_them)
{
	ck_assert_int_eq(drop_names_read(&names, btf), 0);
	ck_assert_str_eq(drop_names_find(&names, 7), "NO_SOCKET");
	ck_assert_str_eq(drop_names_find(&names, 3), "NETFILTER_DROP");
	ck_assert_str_eq(drop_names_find(&names, 41), "SKB_CONSUMED");
	ck_assert_str_eq(drop_names_find(&names, 0x90001), "OVS_DROP_FLOW");
}

TEST(names, what_has_no_name_is_never_called_by_its_number)
{
	ck_assert_int_eq(drop_names_read(&names, btf), 0);
	ck_assert_str_eq(drop_names_find(&names, 0x90007), "OPENVSWITCH");
	ck_assert_str_eq(drop_names_find(&names, 0xa0001), "UNKNOWN");
	ck_assert_str_eq(drop_names_find(&names, 5), "UNKNOWN");
	ck_assert_str_eq(drop_names_find(&names, 42), "UNKNOWN");
}

TEST(names, kernel_without_reasons_is_told)
{
	struct btf *empty = btf__new_empty();

	ck_assert_int_eq(drop_names_read(&names, empty), -ENOENT);
	ck_assert_str_eq(drop_names_find(&names, 7), "UNKNOWN");
	btf__free(empty);
}

static struct drops *drops;

/* In a namespace of its own, whose loopback is up. */
static void setup_kernel(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
	ck_assert_int_eq(drops_open(&drops), 0);
}

static void teardown_kernel(void)
{
	drops_close(drops);
}

static const char *lacks_drops(void)
{
	const char *root = lacks_root();
	int r = root ? 0 : drops_open(&drops);

	if (r == 0 && !root)
		drops_close(drops);
	return root	? root
	       : r == 0 ? NULL
			: "the kernel does not tell why it drops packets";
}

CASE(kernel, .setup = setup_kernel, .teardown = teardown_kernel,
     .lacks = lacks_drops);

static uint64_t own_cookie(void)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, 71, &cookie, &n), 0);
	close(fd);
	return cookie;
}

static void send_to_closed_port(unsigned n)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};

	for (unsigned i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		ck_assert_int_eq(sendto(fd, "x", 1, 0, (void *)&to, sizeof(to)),
				 1);
		close(fd);
	}
}

/* Packets of this namespace that were dropped as nobody listens. */
static uint64_t refused_until(uint64_t now_ns)
{
	const struct drops_ns *ns;
	uint64_t n = 0;

	ck_assert_int_eq(drops_update(drops, now_ns, DROPS_FRESH_NS), 0);
	ns = drops_find(drops, own_cookie(), now_ns);
	for (size_t i = 0; ns && i < ns->n; i++) {
		const struct drop *d = &ns->items[i];

		if (strcmp(drops_reason(drops, d->reason), "NO_SOCKET") != 0)
			continue;
		n += d->packets;
		ck_assert_uint_eq(d->ifindex, 1);
		ck_assert_str_eq(drops_symbol(drops, d->location),
				 "__udp4_lib_rcv");
	}
	return n;
}

TEST(kernel, each_packet_is_counted_once_with_reason_place_and_device)
{
	send_to_closed_port(100);
	ck_assert_uint_eq(refused_until(1), 100);
	send_to_closed_port(11);
	ck_assert_uint_eq(refused_until(DROPS_FRESH_NS), 100);
	ck_assert_uint_eq(refused_until(DROPS_FRESH_NS + 1), 111);
	ck_assert_uint_eq(refused_until(3 * DROPS_FRESH_NS), 111);
}

#define MOST_SENDERS 8
#define ROUNDS 2000

static pthread_barrier_t barrier;

static void *send_in_rounds(void *arg)
{
	int cpu = *(int *)arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		send_to_closed_port(1);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

/* In each round the key is a new one, and all come at the same moment. */
TEST(kernel, first_packets_of_several_cpus_have_their_reason)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	int cpus[MOST_SENDERS],
		n_senders = n < MOST_SENDERS ? (int)n : MOST_SENDERS;
	pthread_t threads[MOST_SENDERS];
	uint64_t now = 1;

	pthread_barrier_init(&barrier, NULL, n_senders + 1);
	for (int i = 0; i < n_senders; i++) {
		cpus[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						send_in_rounds, &cpus[i]),
				 0);
	}
	for (int i = 1; i <= ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		ck_assert_uint_eq(refused_until(now += DROPS_FRESH_NS),
				  (uint64_t)i * n_senders);
	}
	for (int i = 0; i < n_senders; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
}

/* The numbers of the programs that this process holds. */
static size_t list_own_programs(uint32_t *ids, size_t max)
{
	size_t n = 0;

	for (int fd = 3; fd < 64; fd++) {
		struct bpf_prog_info info = {.type = 0};
		uint32_t size = sizeof(info);
		char link[64], path[32];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, link, sizeof(link) - 1);
		if (length < 0 || !memmem(link, length, "bpf-prog", 8))
			continue;
		ck_assert_int_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
		ck_assert_uint_lt(n, max);
		ids[n++] = info.id;
	}
	return n;
}

static bool is_there(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The kernel may take a moment. */
TEST(kernel, nothing_is_left_of_it)
{
	uint32_t ids[8];
	size_t n = list_own_programs(ids, ARRAY_SIZE(ids));

	ck_assert_uint_eq(n, 2); /* what counts, and what knows symbols */
	drops_close(drops);
	drops = NULL;
	for (size_t i = 0; i < n; i++) {
		for (int wait = 0; wait < 300 && is_there(ids[i]); wait++)
			usleep(10000);
		ck_assert(!is_there(ids[i]));
	}
}
