/* SPDX-License-Identifier: MIT */
/* Files as tcpdump reads them. */
#include "trace/pcap.h"

#include <arpa/inet.h>

#include "lib/test.h"

static struct trace_event event;
static uint8_t record[PCAP_RECORD];

static void setup(void)
{
	event = (struct trace_event) {
		.length = 1500,
		.protocol = htons(0x0800),
		.n_bytes = 20,
		.bytes = {0x45},
	};
}

CASE(pcap, .setup = setup);

static uint32_t word_at(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static unsigned short_at(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

#define SECONDS UINT64_C(1000000000)

TEST(pcap, file_begins_as_ethernet)
{
	uint8_t header[PCAP_HEADER];

	pcap_begin(header);
	ck_assert_uint_eq(word_at(header), 0xa1b2c3d4);
	ck_assert_uint_eq(word_at(header + 20), 1);
	ck_assert_uint_ge(word_at(header + 16), TRACE_BYTES + 18);
}

TEST(pcap, packet_has_its_time_and_its_length)
{
	ck_assert_uint_eq(pcap_record(&event, 1700 * SECONDS + 2500, record),
			  16 + 14 + 20);
	ck_assert_uint_eq(word_at(record), 1700);
	ck_assert_uint_eq(word_at(record + 4), 2);
	ck_assert_uint_eq(word_at(record + 8), 34);
	ck_assert_uint_eq(word_at(record + 12), 1514);
	ck_assert_uint_eq(short_at(record + 16 + 12), 0x0800);
	ck_assert_uint_eq(record[16 + 14], 0x45);
}

TEST(pcap, ethernet_addresses_are_its_own_or_zeroes)
{
	memset(event.mac, 7, sizeof(event.mac));
	pcap_record(&event, 0, record);
	ck_assert_uint_eq(record[16], 0);
	event.has_mac = 1;
	pcap_record(&event, 0, record);
	ck_assert_uint_eq(record[16], 7);
	ck_assert_uint_eq(record[16 + 11], 7);
	ck_assert_uint_eq(short_at(record + 16 + 12), 0x0800);
}

TEST(pcap, tag_that_the_device_took_off_is_put_back)
{
	event.vlan = 7;
	ck_assert_uint_eq(pcap_record(&event, 0, record), 16 + 18 + 20);
	ck_assert_uint_eq(short_at(record + 16 + 12), 0x8100);
	ck_assert_uint_eq(short_at(record + 16 + 14), 7);
	ck_assert_uint_eq(short_at(record + 16 + 16), 0x0800);
	ck_assert_uint_eq(word_at(record + 12), 1518);
}

TEST(pcap, without_ethertype_it_is_ip_by_its_version)
{
	event.protocol = 0;
	pcap_record(&event, 0, record);
	ck_assert_uint_eq(short_at(record + 16 + 12), 0x0800);
	event.bytes[0] = 0x60;
	pcap_record(&event, 0, record);
	ck_assert_uint_eq(short_at(record + 16 + 12), 0x86dd);
}

TEST(pcap, longest_one_has_room_and_none_is_longer)
{
	event.vlan = 7;
	event.n_bytes = TRACE_BYTES;
	ck_assert_uint_eq(pcap_record(&event, 0, record), PCAP_RECORD);
	event.n_bytes = TRACE_BYTES + 1;
	ck_assert_uint_eq(pcap_record(&event, 0, record), 0);
	event.n_bytes = 0;
	ck_assert_uint_eq(pcap_record(&event, 0, record), 0);
}

TEST(pcap, packet_is_no_shorter_than_what_is_kept_of_it)
{
	event.length = 3;
	pcap_record(&event, 0, record);
	ck_assert_uint_eq(word_at(record + 12), word_at(record + 8));
}
