/* SPDX-License-Identifier: MIT */
/* The walk over the messages of an answer, and the transport itself. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare() */
#endif
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/sockdiag.h"
#include "testlib.h"

#define ANY 0
#define SEQ 7
#define DATA RTM_NEWLINK

/* Counts messages; returns result at the one with that number. */
struct visitor {
	unsigned n, stop_at;
	int result;
	unsigned bytes;
};

static int visit(const struct nlmsghdr *h, void *arg)
{
	struct visitor *v = arg;

	v->bytes += h->nlmsg_len - NLMSG_HDRLEN;
	return ++v->n == v->stop_at ? v->result : 0;
}

static int walk(const struct message *m, uint32_t sequence, struct visitor *v)
{
	return netlink_walk(m->bytes, m->n, sequence, visit, v);
}

static void data_message(struct message *m, uint16_t flags, uint32_t sequence,
			 size_t n)
{
	static const char zeros[256];

	message_begin(m, DATA, flags, sequence);
	message_put(m, zeros, n);
}

static void end_message(struct message *m, uint16_t type, uint16_t flags,
			int error)
{
	message_begin(m, type, flags, SEQ);
	message_put(m, &error, sizeof(error));
}

CASE(walk);

TEST(walk, part_of_a_dump_goes_on)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, NLM_F_MULTI, SEQ, 5); /* padded */
	data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 0);
	ck_assert_uint_eq(v.n, 2);
	ck_assert_uint_eq(v.bytes, 21);
}

TEST(walk, done_ends_a_dump)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, NLM_F_MULTI, SEQ, 16);
	end_message(&m, NLMSG_DONE, NLM_F_MULTI, 0);
	data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 1);
	ck_assert_uint_eq(v.n, 1);
}

TEST(walk, single_answer_ends_at_once)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, 0, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 1);
	ck_assert_uint_eq(v.n, 1);
}

static const struct {
	const char *what;
	uint16_t type, flags;
	int error;
	int result;
} ends[] = {
	{"done", NLMSG_DONE, 0, 0, 1},
	{"done with an error", NLMSG_DONE, 0, -EOPNOTSUPP, -EOPNOTSUPP},
	{"done with nonsense", NLMSG_DONE, 0, 5, 1},
	{"acknowledged", NLMSG_ERROR, 0, 0, 1},
	{"error", NLMSG_ERROR, 0, -ENODEV, -ENODEV},
	{"refused", NLMSG_ERROR, 0, -EPERM, -EPERM},
	{"interrupted", NLMSG_DONE, NLM_F_DUMP_INTR, 0, -EAGAIN},
	{"interrupted row", DATA, NLM_F_DUMP_INTR | NLM_F_MULTI, 0, -EAGAIN},
	{"overrun", NLMSG_OVERRUN, 0, 0, -EAGAIN},
	{"nothing", NLMSG_NOOP, 0, 0, 0},
};

TEST_EACH(walk, control_message_has_its_result, ARRAY_SIZE(ends))
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	end_message(&m, ends[_i].type, ends[_i].flags, ends[_i].error);
	ck_assert_msg(walk(&m, SEQ, &v) == ends[_i].result, "%s",
		      ends[_i].what);
	ck_assert_uint_eq(v.n, 0);
}

TEST(walk, control_message_without_its_error_code)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	message_begin(&m, NLMSG_DONE, 0, SEQ);
	ck_assert_int_eq(walk(&m, SEQ, &v), 1);
	m.n = 0;
	message_begin(&m, NLMSG_ERROR, 0, SEQ);
	message_put(&m, "xx", 2);
	ck_assert_int_eq(walk(&m, SEQ, &v), -EBADMSG);
}

TEST(walk, answer_to_another_request_is_passed_over)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, 0, SEQ - 1, 16);
	message_begin(&m, NLMSG_DONE, NLM_F_DUMP_INTR, SEQ + 1);
	data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 0);
	ck_assert_uint_eq(v.n, 1);
	v.n = 0;
	ck_assert_int_eq(walk(&m, ANY, &v), 1);
	ck_assert_uint_eq(v.n, 1);
}

TEST(walk, row_that_fails_stops_the_walk)
{
	struct message m = {.n = 0};
	struct visitor v = {.stop_at = 2, .result = -ENOMEM};

	for (int i = 0; i < 4; i++)
		data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), -ENOMEM);
	ck_assert_uint_eq(v.n, 2);
}

TEST(walk, length_that_lies_is_refused)
{
	static const uint32_t lengths[] = {0,  1,	   15,
					   33, 0x7fffffff, UINT32_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct message m = {.n = 0};
		struct visitor v = {0};

		data_message(&m, NLM_F_MULTI, SEQ, 16);
		memcpy(m.bytes, &lengths[i], 4);
		ck_assert_int_eq(walk(&m, SEQ, &v), -EBADMSG);
		ck_assert_uint_eq(v.n, 0);
	}
}

TEST(walk, message_cut_anywhere_is_refused)
{
	struct message m = {.n = 0};

	data_message(&m, NLM_F_MULTI, SEQ, 16);
	for (size_t n = 1; n < m.n; n++) {
		struct visitor v = {0};
		void *copy = malloc(n); /* its end is watched */

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, m.bytes, n);
		ck_assert_int_eq(netlink_walk(copy, n, SEQ, visit, &v),
				 -EBADMSG);
		ck_assert_uint_eq(v.n, 0);
		free(copy);
	}
	ck_assert_int_eq(netlink_walk(NULL, 0, SEQ, visit, NULL), 0);
}

TEST(walk, missing_padding_at_the_end_is_fine)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, NLM_F_MULTI, SEQ, 13);
	ck_assert_int_eq(walk(&m, SEQ, &v), 0);
	ck_assert_uint_eq(v.bytes, 13);
}

/* Against the kernel: any namespace has lo. */

static struct netlink netlink;

static void open_route(void)
{
	ck_assert_int_eq(netlink_alloc(&netlink), 0);
	ck_assert_int_eq(netlink_enter(&netlink, false), 0);
}

static void close_route(void)
{
	netlink_free(&netlink);
}

struct request {
	struct nlmsghdr h;
	struct ifinfomsg m;
};

static struct request ask_for(int ifindex, uint16_t flags)
{
	return (struct request) {
		.h = {.nlmsg_len = sizeof(struct request),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = flags},
		.m = {.ifi_index = ifindex},
	};
}

CASE(kernel, .setup = open_route, .teardown = close_route);

TEST(kernel, kernel_answers_dumps_and_single_requests)
{
	struct visitor v = {0};
	struct request all = ask_for(0, NLM_F_DUMP), lo = ask_for(1, 0);

	for (unsigned i = 1; i < 4; i++) {
		v.n = 0;
		ck_assert_int_eq(
			netlink_ask(&netlink, NETLINK_ROUTE, &all.h, visit, &v),
			0);
		ck_assert_uint_ge(v.n, 1);
		ck_assert_uint_eq(netlink.sequence, 2 * i - 1);
		v.n = 0;
		ck_assert_int_eq(
			netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			0);
		ck_assert_uint_eq(v.n, 1);
	}
}

TEST(kernel, kernel_error_is_returned)
{
	struct visitor v = {0};
	struct request none = ask_for(0x7ffffff0, 0);

	ck_assert_int_eq(
		netlink_ask(&netlink, NETLINK_ROUTE, &none.h, visit, &v),
		-ENODEV);
	ck_assert_uint_eq(v.n, 0);
}

TEST(kernel, answer_left_over_is_not_taken_for_the_next)
{
	struct visitor impatient = {.stop_at = 1, .result = -ECANCELED};
	struct visitor v = {0};
	struct request all = ask_for(0, NLM_F_DUMP), lo = ask_for(1, 0);

	ck_assert_int_eq(
		netlink_ask(&netlink, NETLINK_ROUTE, &all.h, visit, &impatient),
		-ECANCELED);
	ck_assert_int_eq(netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			 0);
	ck_assert_uint_eq(v.n, 1);
}

TEST(kernel, sequence_number_is_never_the_one_for_any)
{
	struct visitor v = {0};
	struct request lo = ask_for(1, 0);

	netlink.sequence = UINT32_MAX;
	ck_assert_int_eq(netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			 0);
	ck_assert_uint_eq(netlink.sequence, 1);
	ck_assert_uint_eq(v.n, 1);
}

TEST(kernel, interface_has_its_name)
{
	char name[16];

	ck_assert_int_eq(netlink_ifname(&netlink, 1, name), 0);
	ck_assert_str_eq(name, "lo");
	ck_assert_int_eq(netlink_ifname(&netlink, 0x7ffffff0, name), -ENODEV);
}

TEST(kernel, interface_that_cannot_be_asked_for_is_not_gone)
{
	char name[16];

	netlink_leave(&netlink);
	ck_assert_int_eq(netlink_ifname(&netlink, 1, name), -EBADF);
}

/* The lowest number that is free: it is as before where nothing was left. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST(kernel, visits_leave_nothing_open_but_a_socket_of_own)
{
	static const bool own[] = {false, true, false, true, true, false};
	struct request all = ask_for(0, NLM_F_DUMP);
	int own_fd = -1, before;

	netlink_leave(&netlink);
	before = next_fd();
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		struct visitor v = {0};

		ck_assert_int_eq(netlink_enter(&netlink, own[i]), 0);
		ck_assert_int_eq(
			netlink_ask(&netlink, NETLINK_ROUTE, &all.h, visit, &v),
			0);
		if (own_fd >= 0)
			ck_assert((netlink.fds[NETLINK_ROUTE] == own_fd) ==
				  own[i]);
		else if (own[i])
			own_fd = netlink.fds[NETLINK_ROUTE];
		netlink_leave(&netlink);
		ck_assert_int_eq(netlink.fds[NETLINK_ROUTE], -1);
		ck_assert_int_eq(next_fd(), before + (own_fd >= 0));
	}
	netlink_free(&netlink);
	ck_assert_int_eq(next_fd(), before);
}

static uint32_t port_of(int fd)
{
	struct sockaddr_nl name;
	socklen_t size = sizeof(name);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
	return name.nl_pid;
}

/* In a thread, whose id is not that of the process. */
static void *visit_own(void *arg)
{
	struct visitor impatient = {.stop_at = 1, .result = -ECANCELED};
	struct request all = ask_for(0, NLM_F_DUMP);
	uint32_t *ports = arg;

	if (netlink_enter(&netlink, true) < 0)
		return NULL;
	ports[0] = port_of(netlink.fds[NETLINK_ROUTE]) - (uint32_t)gettid();
	if (netlink_ask(&netlink, NETLINK_ROUTE, &all.h, visit, &impatient) !=
	    -ECANCELED)
		return NULL;
	ports[1] = port_of(netlink.fds[NETLINK_ROUTE]) - (uint32_t)gettid();
	netlink_leave(&netlink);
	return NULL;
}

/* The one of the process is for others; nor has a socket that is renewed. */
TEST(kernel, socket_that_stays_has_the_port_of_its_thread)
{
	uint32_t ports[2] = {1, 1};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, visit_own, ports), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(ports[0], 0);
	ck_assert_uint_eq(ports[1], 0);
}

TEST(kernel, other_protocols_have_sockets_for_one_visit)
{
	struct visitor v = {0};
	int before = next_fd();

	if (sockdiag_available(&netlink, IPPROTO_UDP) < 0) {
		fprintf(stderr, "SKIP: needs udp_diag\n");
		return;
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(sockdiag_dump(&netlink, IPPROTO_UDP,
					       UINT32_MAX, 0, visit, &v),
				 0);
		ck_assert_int_eq(netlink.fds[NETLINK_SOCK_DIAG], before);
		ck_assert_int_eq(next_fd(), before + 1);
	}
	netlink_leave(&netlink);
	ck_assert_int_eq(netlink.fds[NETLINK_SOCK_DIAG], -1);
	ck_assert_int_eq(next_fd(), before - 1);
}

TEST(kernel, cookie_is_that_of_the_namespace)
{
	uint64_t here = netlink_cookie(&netlink);

	ck_assert_uint_eq(netlink_cookie(&netlink), here);
	netlink_leave(&netlink);
	if (unshare(CLONE_NEWNET) < 0 || !here) {
		fprintf(stderr, "SKIP: needs root, and Linux 5.14\n");
		return;
	}
	ck_assert_int_eq(netlink_enter(&netlink, false), 0);
	ck_assert_uint_ne(netlink_cookie(&netlink), here);
}

static uint64_t looks;

static uint64_t count_looks(void)
{
	return ++looks;
}

/* What is asked next has an answer of its own, if there is time again. */
TEST(kernel, dump_ends_when_its_time_is_over)
{
	struct deadline deadline = {.now = count_looks};
	struct request all = ask_for(0, NLM_F_DUMP), lo = ask_for(1, 0);
	struct visitor v = {0};
	int r = 0;

	netlink.deadline = &deadline;
	deadline = (struct deadline) {.now = count_looks, .end_ns = 10};
	for (unsigned i = 0; i < 1000 && r == 0; i++)
		r = netlink_ask(&netlink, NETLINK_ROUTE, &all.h, visit, &v);
	ck_assert_int_eq(r, -ETIME);
	ck_assert_uint_eq(looks, 10);
	ck_assert_uint_le(v.n, 10 * DEADLINE_STEPS);
	ck_assert_uint_ge(v.n, 10 * DEADLINE_STEPS / 4);
	ck_assert_int_eq(netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			 -ETIME);
	deadline = (struct deadline) {.now = count_looks, .end_ns = 20};
	v.n = 0;
	ck_assert_int_eq(netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			 0);
	ck_assert_uint_eq(v.n, 1);
}

static void *flood(void *arg)
{
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	const struct nlmsghdr forged = {.nlmsg_len = sizeof(forged)};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ssize_t *sent = arg;

	to.nl_pid = port_of(netlink.fds[NETLINK_ROUTE]);
	errno = 0;
	*sent = sendto(fd, &forged, sizeof(forged), 0, (struct sockaddr *)&to,
		       sizeof(to));
	*sent = *sent < 0 ? -errno : *sent;
	close(fd);
	return NULL;
}

/* Else it could keep us from the kernel's messages, or stand for them. */
TEST(kernel, nobody_but_the_kernel_can_send_to_us)
{
	struct request lo = ask_for(1, 0);
	struct visitor v = {0};
	pthread_t thread;
	ssize_t sent = 0;

	ck_assert_int_eq(netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, flood, &sent), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(sent, geteuid() ? -EPERM : -ECONNREFUSED);
}

/* It has 400 names besides: more than a dump has room for. */
TEST(kernel, interface_with_many_names_is_read)
{
	struct request lo = ask_for(1, 0);
	struct visitor v = {0};
	FILE *ip;

	netlink_leave(&netlink);
	if (geteuid() || unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "SKIP: needs root\n");
		return;
	}
	ip = popen("ip -batch -", "w");
	ck_assert_ptr_nonnull(ip);
	for (int i = 0; i < 400; i++)
		fprintf(ip, "link property add dev lo altname n%0120d\n", i);
	ck_assert_int_eq(pclose(ip), 0);
	ck_assert_int_eq(netlink_enter(&netlink, false), 0);
	ck_assert_int_eq(netlink_ask(&netlink, NETLINK_ROUTE, &lo.h, visit, &v),
			 0);
	ck_assert_uint_eq(v.n, 1);
	ck_assert_uint_gt(v.bytes, 400 * 120);
	ck_assert_uint_le(netlink.filled, netlink.size);
}
