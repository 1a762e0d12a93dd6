/* SPDX-License-Identifier: MIT */
/*
 * Packets as tcpdump and Wireshark read them: a file of Ethernet frames. Those
 * of packets that had no Ethernet header (yet) have addresses of zeroes. Pure.
 */
#ifndef PKTLOSS_TRACE_PCAP_H
#define PKTLOSS_TRACE_PCAP_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/trace.h"

#define PCAP_HEADER 24
/* Its own header, an Ethernet header, a tag, and the rest. */
#define PCAP_RECORD (16 + TRACE_MAC + 4 + TRACE_BYTES)

/* What a file begins with. */
void pcap_begin(uint8_t ret[PCAP_HEADER]);

/*
 * One packet, of that CLOCK_REALTIME. Returns how many bytes it has, 0: its
 * headers are not known.
 */
size_t pcap_record(const struct trace_event *event, uint64_t time_ns,
		   uint8_t ret[PCAP_RECORD]);

#endif
