/* SPDX-License-Identifier: MIT */
/* Who lost most, of those that were looked at and of all. */
#include "trace/flows.h"

#include <netinet/in.h>

#include "lib/test.h"

static struct flows flows;

static void setup(void)
{
	flows = (struct flows) {.key = {{1, 2}}};
}

static void teardown(void)
{
	flows_free(&flows);
}

CASE(flows, .setup = setup, .teardown = teardown);

static struct flow_place *place(unsigned reason)
{
	const struct trace_key key = {.place = {.cookie = 7, .reason = reason}};
	struct flow_place *found = flows_find_place(&flows, &key);

	ck_assert_ptr_nonnull(found);
	return found;
}

/* From 192.0.2.host, UDP. */
static void look_at(unsigned reason, unsigned host, unsigned from, unsigned to,
		    unsigned weight)
{
	const uint8_t addresses[2][16] = {{192, 0, 2, host}, {192, 0, 2, 99}};
	const uint16_t ports[2] = {from, to};
	struct packet p;

	packet_of_socket(AF_INET, IPPROTO_UDP, addresses, ports, &p);
	flows_add(&flows, place(reason), &p, weight);
}

static void check_flow(size_t i, unsigned host, uint64_t packets,
		       uint64_t looked_at)
{
	const struct flow *flow = &flows.items[i];

	ck_assert_uint_lt(i, flows.n);
	ck_assert_uint_eq(flow->packet.addresses[PACKET_SOURCE][3], host);
	ck_assert_uint_eq(flow->packets, packets);
	ck_assert_uint_eq(flow->looked_at, looked_at);
}

TEST(flows, all_that_were_looked_at_are_counted_and_the_worst_is_first)
{
	for (int i = 0; i < 5; i++)
		look_at(3, 2, 4000, 9, 1);
	look_at(3, 1, 4000, 9, 1);
	for (int i = 0; i < 9; i++)
		look_at(4, 3, 4000, 9, 1);
	place(3)->packets = 6;
	place(4)->packets = 9;
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, 3);
	check_flow(0, 3, 9, 9);
	check_flow(1, 2, 5, 5);
	check_flow(2, 1, 1, 1);
	for (size_t i = 0; i < flows.n; i++)
		ck_assert(!flow_is_estimated(&flows, &flows.items[i]));
}

TEST(flows, what_was_not_looked_at_is_reckoned_from_those_that_were)
{
	for (int i = 0; i < 30; i++)
		look_at(3, 1, 4000, 9, 100);
	look_at(3, 2, 4000, 9, 100);
	look_at(4, 3, 4000, 9, 1); /* a reason with few of them */
	place(3)->packets = 3100;
	place(4)->packets = 1;
	ck_assert_int_eq(flows_settle(&flows), 0);
	check_flow(0, 1, 3000, 30);
	check_flow(1, 2, 100, 1);
	check_flow(2, 3, 1, 1);
	ck_assert(flow_is_estimated(&flows, &flows.items[0]));
	ck_assert(!flow_is_estimated(&flows, &flows.items[2]));
}

TEST(flows, counted_later_than_looked_at_is_no_less)
{
	look_at(3, 1, 4000, 9, 1);
	look_at(3, 1, 4000, 9, 1);
	place(3)->packets = 1;
	ck_assert_int_eq(flows_settle(&flows), 0);
	check_flow(0, 1, 2, 2);
}

TEST(flows, clients_with_ever_new_ports_are_one)
{
	for (int i = 0; i < 50; i++)
		look_at(3, 1, 1000 + i, 53, 1);
	for (int i = 0; i < FLOWS_OF_PORTS - 1; i++)
		look_at(3, 2, 1000 + i, 53, 1);
	place(3)->packets = 53;
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, FLOWS_OF_PORTS);
	check_flow(0, 1, 50, 50);
	ck_assert(flows.items[0].any_port[PACKET_SOURCE]);
	ck_assert(!flows.items[0].any_port[PACKET_DESTINATION]);
	ck_assert_uint_eq(flows.items[0].packet.ports[PACKET_DESTINATION], 53);
	ck_assert_uint_eq(flows.items[0].n, 50);
	check_flow(1, 2, 1, 1);
	ck_assert(!flows.items[1].any_port[PACKET_SOURCE]);
}

TEST(flows, scan_is_one_whatever_its_ports)
{
	for (int i = 0; i < 50; i++)
		look_at(3, 1, 4000, 1 + i, 1);
	for (int i = 0; i < 40; i++)
		look_at(3, 2, 1000 + i, 1 + i, 1);
	look_at(4, 1, 4000, 1, 1); /* for another reason */
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, 3);
	check_flow(0, 1, 50, 50);
	ck_assert(!flows.items[0].any_port[PACKET_SOURCE]);
	ck_assert(flows.items[0].any_port[PACKET_DESTINATION]);
	check_flow(1, 2, 40, 40);
	ck_assert(flows.items[1].any_port[PACKET_SOURCE]);
	ck_assert(flows.items[1].any_port[PACKET_DESTINATION]);
}

TEST(flows, senders_of_very_little_are_one_and_others_are_named)
{
	for (int i = 0; i < 200; i++)
		look_at(3, i, 4000 + i, 53, 1);
	for (int i = 0; i < 40; i++)
		look_at(3, 7, 1111, 53, 1);
	for (int i = 0; i < FLOWS_OF_SENDERS - 1; i++)
		look_at(3, i, 4000, 99, 1); /* too few */
	place(3)->packets = 200 + 40 + FLOWS_OF_SENDERS - 1;
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, 2 + FLOWS_OF_SENDERS - 1);
	check_flow(0, 0, 200, 200);
	ck_assert(flows.items[0].any_sender);
	ck_assert_uint_eq(flows.items[0].n, 200);
	ck_assert_uint_eq(flows.items[0].packet.ports[PACKET_DESTINATION], 53);
	check_flow(1, 7, 40, 40);
	ck_assert(!flows.items[1].any_sender);
	ck_assert_uint_eq(flows.items[1].packet.ports[PACKET_SOURCE], 1111);
	ck_assert(!flows.items[2].any_sender);
}

TEST(flows, place_of_which_nothing_was_looked_at_is_told)
{
	look_at(3, 1, 4000, 9, 1);
	place(3)->packets = 1;
	place(4)->packets = 20;
	place(5)->packets = 30;
	place(5)->hidden = true;
	place(6)->packets = 0;
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, 2);
	check_flow(0, 0, 20, 0);
	ck_assert(flow_is_estimated(&flows, &flows.items[0]));
}

TEST(flows, more_than_there_is_room_for_are_counted)
{
	for (unsigned i = 0; i < FLOWS_MAX + 100; i++)
		look_at(3, i >> 16, i & 0xffff, 9, 1);
	ck_assert_uint_eq(flows.n, FLOWS_MAX);
	ck_assert_uint_eq(flows.others, 100);
	ck_assert_uint_eq(place(3)->looked_at, FLOWS_MAX + 100);
	look_at(3, 0, 17, 9, 1); /* one that is there still counts */
	ck_assert_uint_eq(flows.others, 100);
	place(3)->packets = FLOWS_MAX + 101;
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, 1);
	check_flow(0, 0, FLOWS_MAX + 1, FLOWS_MAX + 1);
}

TEST(flows, none_is_fine)
{
	ck_assert_int_eq(flows_settle(&flows), 0);
	ck_assert_uint_eq(flows.n, 0);
}
