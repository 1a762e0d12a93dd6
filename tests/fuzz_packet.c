/* SPDX-License-Identifier: MIT */
/*
 * Packets that were dropped, as the kernel shows them: whose they are, and the
 * file that they are written to. The first bytes are what stands beside them.
 */
#include <arpa/inet.h>
#include <string.h>

#include "lib/fuzz.h"
#include "trace/packet.h"
#include "trace/pcap.h"

#define LONGEST_PROTOCOL "IPv6 in IP vlan 4095"

_Static_assert(sizeof(LONGEST_PROTOCOL) <= PACKET_PROTOCOL, "it has room");

static void check_packet(const struct packet *p)
{
	char protocol[PACKET_PROTOCOL], address[PACKET_ADDRESS];

	require(p->family == 0 || p->family == AF_INET ||
		p->family == AF_INET6);
	require(!p->has_ports || p->is_ip);
	require(!p->is_ip || p->family);
	require(p->vlan < 4096);
	packet_protocol(p, protocol);
	require_text(protocol, sizeof(protocol));
	require(protocol[0]);
	for (int i = 0; i < N_PACKET_ENDS; i++) {
		packet_address(p, i, address);
		require_text(address, sizeof(address));
		require(!p->family == !address[0]);
	}
}

/* Of two with the same bytes in front the same is known. */
static void check_parser(uint16_t ethertype, uint16_t vlan, struct fuzz *f)
{
	uint8_t *bytes = fuzz_copy(f->at, f->n);
	struct packet p, cut;

	packet_parse(ethertype, vlan, bytes, f->n, &p);
	check_packet(&p);
	packet_parse(ethertype, vlan, bytes, f->n / 2, &cut);
	check_packet(&cut);
	require(!cut.has_ports || !memcmp(p.ports, cut.ports, sizeof(p.ports)));
	free(bytes);
}

static void check_record(struct trace_event *e, struct fuzz *f)
{
	uint8_t record[PCAP_RECORD];
	size_t size;

	e->n_bytes = fuzz_byte(f);
	e->has_mac = fuzz_byte(f);
	e->length = (uint32_t)fuzz_number(f);
	memcpy(e->bytes, f->at, f->n < TRACE_BYTES ? f->n : TRACE_BYTES);
	size = pcap_record(e, fuzz_number(f), record);
	require(size <= sizeof(record));
	require(!size == (!e->n_bytes || e->n_bytes > TRACE_BYTES));
}

static void check_socket(struct fuzz *f)
{
	uint8_t addresses[N_PACKET_ENDS][16];
	uint16_t ports[N_PACKET_ENDS];
	struct packet p;

	for (int i = 0; i < N_PACKET_ENDS; i++) {
		ports[i] = (uint16_t)fuzz_number(f);
		for (int j = 0; j < 16; j++)
			addresses[i][j] = fuzz_byte(f);
	}
	packet_of_socket(fuzz_byte(f), fuzz_byte(f), addresses, ports, &p);
	check_packet(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	struct trace_event e = {.protocol = (uint16_t)fuzz_number(&f)};

	e.vlan = (uint16_t)fuzz_number(&f);
	check_parser(ntohs(e.protocol), e.vlan, &f);
	check_parser(0, 0, &f);
	check_record(&e, &f);
	check_socket(&f);
	return 0;
}
