/* SPDX-License-Identifier: MIT */
/*
 * From whom to whom a packet is, as far as its first bytes tell: they are what
 * somebody sent. Pure.
 */
#ifndef PKTLOSS_TRACE_PACKET_H
#define PKTLOSS_TRACE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_end {
	PACKET_SOURCE,
	PACKET_DESTINATION,
	N_PACKET_ENDS,
};

/* No byte of it is left out: two that are equal have equal bytes. */
struct packet {
	uint16_t ethertype; /* behind VLAN tags; 0: not known */
	uint16_t vlan;	    /* number, 0: none */
	uint8_t family;	    /* of the addresses: AF_INET, AF_INET6; 0: none */
	uint8_t protocol;   /* IPPROTO_*, where is_ip */
	uint8_t is_ip;
	uint8_t has_ports;
	uint16_t ports[N_PACKET_ENDS];
	uint8_t addresses[N_PACKET_ENDS][16];
};

/*
 * Takes apart what begins with a network header of that Ethertype (host order;
 * 0: it is not known, IP is found all the same). vlan is the tag of it, or 0.
 * What is cut or makes no sense is left out.
 */
void packet_parse(uint16_t ethertype, uint16_t vlan, const uint8_t *bytes,
		  size_t n, struct packet *ret);

/* What a socket knows of its packets; ports in host order. */
void packet_of_socket(uint8_t family, uint8_t protocol,
		      const uint8_t addresses[N_PACKET_ENDS][16],
		      const uint16_t ports[N_PACKET_ENDS], struct packet *ret);

/* "UDP", "ARP", "IP 250", "0x88cc", with " vlan 7" behind it; "-". */
#define PACKET_PROTOCOL 24
void packet_protocol(const struct packet *p, char ret[PACKET_PROTOCOL]);

/* "192.0.2.1", "fd00::1"; "" where there is none. */
#define PACKET_ADDRESS 48
void packet_address(const struct packet *p, enum packet_end end,
		    char ret[PACKET_ADDRESS]);

#endif
