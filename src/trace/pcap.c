/* SPDX-License-Identifier: MIT */
#include "trace/pcap.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <string.h>

/* In the byte order of this machine, by which whoever reads knows it. */
#define MAGIC 0xa1b2c3d4
#define LINKTYPE_ETHERNET 1

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, longest, linktype;
};

struct record_header {
	uint32_t seconds, microseconds, kept, length;
};

_Static_assert(sizeof(struct file_header) == PCAP_HEADER, "no padding");
_Static_assert(sizeof(struct record_header) == 16, "no padding");

void pcap_begin(uint8_t ret[PCAP_HEADER])
{
	const struct file_header h = {
		.magic = MAGIC,
		.major = 2,
		.minor = 4,
		.longest = PCAP_RECORD,
		.linktype = LINKTYPE_ETHERNET,
	};

	memcpy(ret, &h, sizeof(h));
}

static uint8_t *append_bytes(uint8_t *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static uint8_t *put_short(uint8_t *at, uint16_t number)
{
	number = htons(number);
	return append_bytes(at, &number, sizeof(number));
}

/* The protocol is that of the bytes, whatever the old header says. */
static uint8_t *put_ethernet(uint8_t *at, const struct trace_event *e)
{
	static const uint8_t unknown[2 * ETH_ALEN];

	at = append_bytes(at, e->has_mac ? e->mac : unknown, sizeof(unknown));
	if (e->vlan) {
		at = put_short(at, ETHERTYPE_VLAN);
		at = put_short(at, e->vlan);
	}
	if (e->protocol)
		return append_bytes(at, &e->protocol, sizeof(e->protocol));
	return put_short(at,
			 e->bytes[0] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
}

size_t pcap_record(const struct trace_event *event, uint64_t time_ns,
		   uint8_t ret[PCAP_RECORD])
{
	struct record_header h = {
		.seconds = (uint32_t)(time_ns / 1000000000),
		.microseconds = (uint32_t)(time_ns % 1000000000 / 1000),
	};
	uint8_t *frame = ret + sizeof(h), *end;
	size_t n = event->n_bytes;

	if (!n || n > TRACE_BYTES)
		return 0;
	end = put_ethernet(frame, event);
	h.length = (uint32_t)(end - frame) + event->length;
	end = append_bytes(end, event->bytes, n);
	h.kept = (uint32_t)(end - frame);
	if (h.length < h.kept)
		h.length = h.kept;
	memcpy(ret, &h, sizeof(h));
	return end - ret;
}
