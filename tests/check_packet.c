/* SPDX-License-Identifier: MIT */
/* From whom to whom: bytes of packets as a kernel has them where it drops one.
 */
#include "trace/packet.h"

#include <netinet/in.h>

#include "base/util.h"
#include "lib/test.h"

static uint8_t bytes[128];
static size_t n;
static struct packet p;

static void setup(void)
{
	memset(bytes, 0, sizeof(bytes));
	n = 0;
}

CASE(packet, .setup = setup);

static void put_hex(const char *hex)
{
	for (; *hex; hex += hex[0] == ' ' ? 1 : 2)
		if (*hex != ' ')
			ck_assert_int_eq(sscanf(hex, "%2hhx", &bytes[n++]), 1);
}

static void put_ipv4(unsigned protocol, unsigned fragment, unsigned options)
{
	bytes[n] = 0x45 + options / 4;
	bytes[n + 6] = fragment >> 8;
	bytes[n + 7] = fragment;
	bytes[n + 9] = protocol;
	memcpy(&bytes[n + 12], "\300\0\2\1\300\0\2\2", 8);
	n += 20 + options;
}

static void put_ipv6(unsigned next)
{
	bytes[n] = 0x60;
	bytes[n + 6] = next;
	memcpy(&bytes[n + 8], "\xfd\0", 2);
	bytes[n + 23] = 1;
	memcpy(&bytes[n + 24], "\xfd\0", 2);
	bytes[n + 39] = 2;
	n += 40;
}

static void check_ends(const char *from, const char *to)
{
	char text[PACKET_ADDRESS];

	packet_address(&p, PACKET_SOURCE, text);
	ck_assert_str_eq(text, from);
	packet_address(&p, PACKET_DESTINATION, text);
	ck_assert_str_eq(text, to);
}

static void check_protocol(const char *name)
{
	char text[PACKET_PROTOCOL];

	packet_protocol(&p, text);
	ck_assert_str_eq(text, name);
}

static void check_ports(unsigned from, unsigned to)
{
	ck_assert(p.has_ports);
	ck_assert_uint_eq(p.ports[PACKET_SOURCE], from);
	ck_assert_uint_eq(p.ports[PACKET_DESTINATION], to);
}

static const struct {
	unsigned protocol;
	const char *name;
	bool has_ports;
} carried[] = {
	{IPPROTO_TCP, "TCP", true},    {IPPROTO_UDP, "UDP", true},
	{IPPROTO_SCTP, "SCTP", true},  {IPPROTO_DCCP, "DCCP", true},
	{IPPROTO_ICMP, "ICMP", false}, {IPPROTO_GRE, "GRE", false},
	{IPPROTO_ESP, "ESP", false},   {250, "IP 250", false},
};

TEST_EACH(packet, what_ipv4_carries_is_named, ARRAY_SIZE(carried))
{
	put_ipv4(carried[_i].protocol, 0, 0);
	put_hex("0fa0 0009 0000 0000");
	packet_parse(0x0800, 0, bytes, n, &p);
	check_ends("192.0.2.1", "192.0.2.2");
	check_protocol(carried[_i].name);
	ck_assert_int_eq(p.has_ports, carried[_i].has_ports);
	if (carried[_i].has_ports)
		check_ports(4000, 9);
}

TEST(packet, ports_stand_behind_options)
{
	put_ipv4(IPPROTO_UDP, 0, 8);
	put_hex("0fa0 0009");
	packet_parse(0x0800, 0, bytes, n, &p);
	check_ports(4000, 9);
}

TEST(packet, only_the_first_fragment_has_ports)
{
	put_ipv4(IPPROTO_UDP, 0x2000, 0);
	put_hex("0fa0 0009");
	packet_parse(0x0800, 0, bytes, n, &p);
	check_ports(4000, 9);
	bytes[7] = 1;
	packet_parse(0x0800, 0, bytes, n, &p);
	ck_assert(!p.has_ports);
	check_protocol("UDP");
	check_ends("192.0.2.1", "192.0.2.2");
}

/* Each byte that is missing takes something away, and nothing else is read. */
TEST(packet, cut_header_says_no_more_than_it_has)
{
	put_ipv4(IPPROTO_UDP, 0, 0);
	put_hex("0fa0 0009");
	for (size_t i = 0; i <= n; i++) {
		uint8_t *copy = malloc(i + 1);

		memcpy(copy, bytes, i);
		packet_parse(0x0800, 0, copy, i, &p);
		ck_assert_int_eq(p.is_ip, i >= 20);
		ck_assert_int_eq(p.has_ports, i >= 24);
		free(copy);
	}
}

TEST(packet, what_is_not_ip_though_it_says_so_has_no_addresses)
{
	put_hex("ffff ffff");
	n = 40;
	packet_parse(0x0800, 0, bytes, n, &p);
	check_ends("", "");
	check_protocol("IPv4");
	bytes[0] = 0x43; /* a header of 12 bytes */
	packet_parse(0x0800, 0, bytes, n, &p);
	check_ends("", "");
}

TEST(packet, ipv6_behind_its_extensions)
{
	put_ipv6(IPPROTO_HOPOPTS);
	put_hex("3c00 0000 0000 0000");			    /* options */
	put_hex("3301 0000 0000 0000 0000 0000 0000 0000"); /* of the end */
	put_hex("2c02 0000 0000 0000 0000 0000 0000 0000"); /* AH */
	put_hex("1100 0001 0000 0000");			    /* fragment 0 */
	put_hex("0fa0 0009");
	packet_parse(0x86dd, 0, bytes, n, &p);
	check_ends("fd00::1", "fd00::2");
	check_protocol("UDP");
	check_ports(4000, 9);
}

TEST(packet, later_fragment_of_ipv6_has_no_ports)
{
	put_ipv6(IPPROTO_FRAGMENT);
	put_hex("1100 0100 0000 0000 0fa0 0009");
	packet_parse(0x86dd, 0, bytes, n, &p);
	check_protocol("UDP");
	ck_assert(!p.has_ports);
}

TEST(packet, without_ethertype_ip_is_found_all_the_same)
{
	put_ipv6(IPPROTO_ICMPV6);
	packet_parse(0, 0, bytes, n, &p);
	check_protocol("ICMPv6");
	check_ends("fd00::1", "fd00::2");
	memset(bytes, 0, sizeof(bytes));
	packet_parse(0, 0, bytes, n, &p);
	check_protocol("-");
	check_ends("", "");
}

TEST(packet, arp_says_who_asks_for_whom)
{
	put_hex("0001 0800 06 04 0001 020000000001 c0000201 000000000000 "
		"c0000202");
	packet_parse(0x0806, 0, bytes, n, &p);
	check_protocol("ARP");
	check_ends("192.0.2.1", "192.0.2.2");
	packet_parse(0x0806, 0, bytes, n - 1, &p);
	check_ends("", "");
}

TEST(packet, tags_are_told_and_looked_behind)
{
	put_hex("0064 8100 0007 0800"); /* 100, and in it 7 */
	put_ipv4(IPPROTO_ICMP, 0, 0);
	packet_parse(0x88a8, 0, bytes, n, &p);
	check_protocol("ICMP vlan 7");
	check_ends("192.0.2.1", "192.0.2.2");
	packet_parse(0x0800, 0x2007, bytes + 8, n - 8, &p);
	check_protocol("ICMP vlan 7");
	packet_parse(0x8100, 0, bytes, 3, &p);
	check_protocol("VLAN");
}

TEST(packet, other_protocols_are_numbers)
{
	packet_parse(0x88cc, 0, bytes, 0, &p);
	check_protocol("LLDP");
	packet_parse(0x9000, 5, bytes, 0, &p);
	check_protocol("0x9000 vlan 5");
}

static const uint16_t ports[] = {80, 4000};

TEST(packet, socket_of_ipv6_may_speak_ipv4)
{
	const uint8_t mapped[2][16] = {
		{[10] = 0xff, 0xff, 192, 0, 2, 1},
		{[10] = 0xff, 0xff, 192, 0, 2, 2},
	};

	packet_of_socket(AF_INET6, IPPROTO_TCP, mapped, ports, &p);
	check_ends("192.0.2.1", "192.0.2.2");
	check_ports(80, 4000);
	check_protocol("TCP");
}

TEST(packet, socket_knows_what_its_packets_will_be)
{
	const uint8_t addresses[2][16] = {{192, 0, 2, 1, 99}, {192, 0, 2, 2}};
	struct packet other;

	packet_of_socket(AF_INET, IPPROTO_UDP, addresses, ports, &p);
	put_ipv4(IPPROTO_UDP, 0, 0);
	put_hex("0050 0fa0");
	packet_parse(0x0800, 0, bytes, n, &other);
	ck_assert_mem_eq(&p, &other, sizeof(p));
	packet_of_socket(AF_UNIX, 0, addresses, ports, &p);
	check_ends("", "");
	check_protocol("-");
}
