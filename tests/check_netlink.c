/* SPDX-License-Identifier: MIT */
/* The walk over the messages of an answer, and the transport itself. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "kernel/netlink.h"
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

START_TEST(part_of_a_dump_goes_on)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, NLM_F_MULTI, SEQ, 5); /* padded */
	data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 0);
	ck_assert_uint_eq(v.n, 2);
	ck_assert_uint_eq(v.bytes, 21);
}
END_TEST

START_TEST(done_ends_a_dump)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, NLM_F_MULTI, SEQ, 16);
	end_message(&m, NLMSG_DONE, NLM_F_MULTI, 0);
	data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 1);
	ck_assert_uint_eq(v.n, 1);
}
END_TEST

START_TEST(single_answer_ends_at_once)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, 0, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), 1);
	ck_assert_uint_eq(v.n, 1);
}
END_TEST

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

START_TEST(control_message_has_its_result)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	end_message(&m, ends[_i].type, ends[_i].flags, ends[_i].error);
	ck_assert_msg(walk(&m, SEQ, &v) == ends[_i].result, "%s",
		      ends[_i].what);
	ck_assert_uint_eq(v.n, 0);
}
END_TEST

START_TEST(control_message_without_its_error_code)
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
END_TEST

START_TEST(answer_to_another_request_is_passed_over)
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
END_TEST

START_TEST(row_that_fails_stops_the_walk)
{
	struct message m = {.n = 0};
	struct visitor v = {.stop_at = 2, .result = -ENOMEM};

	for (int i = 0; i < 4; i++)
		data_message(&m, NLM_F_MULTI, SEQ, 16);
	ck_assert_int_eq(walk(&m, SEQ, &v), -ENOMEM);
	ck_assert_uint_eq(v.n, 2);
}
END_TEST

START_TEST(length_that_lies_is_refused)
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
END_TEST

START_TEST(message_cut_anywhere_is_refused)
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
END_TEST

START_TEST(missing_padding_at_the_end_is_fine)
{
	struct message m = {.n = 0};
	struct visitor v = {0};

	data_message(&m, NLM_F_MULTI, SEQ, 13);
	ck_assert_int_eq(walk(&m, SEQ, &v), 0);
	ck_assert_uint_eq(v.bytes, 13);
}
END_TEST

/* Against the kernel: any namespace has lo. */

static struct netlink route;

static void open_route(void)
{
	ck_assert_int_eq(netlink_alloc(&route), 0);
	ck_assert_int_eq(netlink_connect(&route), 0);
}

static void close_route(void)
{
	netlink_disconnect(&route);
	netlink_free(&route);
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

START_TEST(kernel_answers_dumps_and_single_requests)
{
	struct visitor v = {0};
	struct request all = ask_for(0, NLM_F_DUMP), lo = ask_for(1, 0);

	for (unsigned i = 1; i < 4; i++) {
		v.n = 0;
		ck_assert_int_eq(netlink_ask(&route, &all.h, visit, &v), 0);
		ck_assert_uint_ge(v.n, 1);
		ck_assert_uint_eq(route.sequence, 2 * i - 1);
		v.n = 0;
		ck_assert_int_eq(netlink_ask(&route, &lo.h, visit, &v), 0);
		ck_assert_uint_eq(v.n, 1);
	}
}
END_TEST

START_TEST(kernel_error_is_returned)
{
	struct visitor v = {0};
	struct request none = ask_for(0x7ffffff0, 0);

	ck_assert_int_eq(netlink_ask(&route, &none.h, visit, &v), -ENODEV);
	ck_assert_uint_eq(v.n, 0);
}
END_TEST

START_TEST(answer_left_over_is_not_taken_for_the_next)
{
	struct visitor impatient = {.stop_at = 1, .result = -ECANCELED};
	struct visitor v = {0};
	struct request all = ask_for(0, NLM_F_DUMP), lo = ask_for(1, 0);

	ck_assert_int_eq(netlink_ask(&route, &all.h, visit, &impatient),
			 -ECANCELED);
	ck_assert_int_eq(netlink_ask(&route, &lo.h, visit, &v), 0);
	ck_assert_uint_eq(v.n, 1);
}
END_TEST

START_TEST(sequence_number_is_never_the_one_for_any)
{
	struct visitor v = {0};
	struct request lo = ask_for(1, 0);

	route.sequence = UINT32_MAX;
	ck_assert_int_eq(netlink_ask(&route, &lo.h, visit, &v), 0);
	ck_assert_uint_eq(route.sequence, 1);
	ck_assert_uint_eq(v.n, 1);
}
END_TEST

START_TEST(interface_has_its_name)
{
	char name[16];

	ck_assert_int_eq(netlink_ifname(&route, 1, name), 0);
	ck_assert_str_eq(name, "lo");
	ck_assert_int_eq(netlink_ifname(&route, 0x7ffffff0, name), -ENODEV);
}
END_TEST

START_TEST(socket_is_closed_and_opened_again)
{
	int before = dup(0), after;

	close(before);
	for (int i = 0; i < 50; i++) {
		netlink_disconnect(&route);
		ck_assert_int_eq(netlink_connect(&route), 0);
	}
	after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("netlink");
	TCase *t = tcase_create("walk");

	suite_add_tcase(s, t);
	tcase_add_test(t, part_of_a_dump_goes_on);
	tcase_add_test(t, done_ends_a_dump);
	tcase_add_test(t, single_answer_ends_at_once);
	tcase_add_loop_test(t, control_message_has_its_result, 0,
			    ARRAY_SIZE(ends));
	tcase_add_test(t, control_message_without_its_error_code);
	tcase_add_test(t, answer_to_another_request_is_passed_over);
	tcase_add_test(t, row_that_fails_stops_the_walk);
	tcase_add_test(t, length_that_lies_is_refused);
	tcase_add_test(t, message_cut_anywhere_is_refused);
	tcase_add_test(t, missing_padding_at_the_end_is_fine);
	t = tcase_create("kernel");
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, open_route, close_route);
	tcase_add_test(t, kernel_answers_dumps_and_single_requests);
	tcase_add_test(t, kernel_error_is_returned);
	tcase_add_test(t, answer_left_over_is_not_taken_for_the_next);
	tcase_add_test(t, sequence_number_is_never_the_one_for_any);
	tcase_add_test(t, interface_has_its_name);
	tcase_add_test(t, socket_is_closed_and_opened_again);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
