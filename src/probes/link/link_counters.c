/* SPDX-License-Identifier: MIT */
/*
 * The counters of an interface: the kernel's own, and what drivers add. The
 * probe stands here as well, because the table's size is known here alone.
 */
#include <linux/if_link.h>

#include "probes/link/link_ethtool.h"
#include "probes/link/link_private.h"

#define AT(member)                                                             \
	.layer = LAYER_LINK, .bits = 64, .name = #member,                      \
	.offset = offsetof(struct rtnl_link_stats64, member),                  \
	.source = "include/uapi/linux/if_link.h"
/* Of a driver's own statistics, by what link_ethtool.c gathers in them. */
#define DRIVER(name_, file)                                                    \
	.layer = LAYER_LINK, .bits = 64, .section = "ethtool",                 \
	.name = (name_), .source = "drivers/net/" file
#define VETH(name) DRIVER(name, "veth.c")
#define MLX5(name, file) DRIVER(name, "ethernet/mellanox/mlx5/core/" file)
#define ENA(name) DRIVER(name, "ethernet/amazon/ena/ena_ethtool.c")
#define NETVSC(name) DRIVER(name, "hyperv/netvsc_drv.c")

#define RX(type_, kind_) .type = type_, .direction = DIR_RX, .kind = kind_
#define TX(type_, kind_) .type = type_, .direction = DIR_TX, .kind = kind_

static const struct counter link_counters[] = {
	{AT(rx_packets), RX("if_rx_packets", KIND_PASSED), .main = true,
	 .tag = TAG_RX_PACKETS, .of = {{LAYER_LINK, DIR_RX, RELATION_OUTSIDE}},
	 .means = "Frames the driver or the stack accepted"},
	{AT(tx_packets), TX("if_tx_packets", KIND_PASSED), .main = true,
	 .tag = TAG_TX_PACKETS, .of = {{LAYER_LINK, DIR_TX, RELATION_OUTSIDE}},
	 .means = "Frames handed to the device (veth: to its peer)"},
	{AT(rx_errors), .tag = TAG_RX_ERRORS, RX("if_rx_errors", KIND_LOST),
	 .main = true,
	 .means = "Damaged frames, discarded by the device or its driver",
	 .cause = "damaged frames: cable, optic, duplex, or frames too large",
	 .remedy = "See which: `ethtool -S DEV`; replace the cable or optic, "
		   "align MTUs"},
	{AT(tx_errors), .tag = TAG_TX_ERRORS, TX("if_tx_errors", KIND_LOST),
	 .main = true, .means = "Frames the device failed to send",
	 .cause = "the device could not send: carrier lost or hardware fault",
	 .remedy = "See which: `ip -s -s link show dev DEV`, `host: dmesg`"},
	{AT(rx_dropped), .tag = TAG_RX_DROPPED, RX("if_rx_dropped", KIND_LOST),
	 .main = true,
	 .means = "Frames accepted, then discarded: unknown protocol, a full "
		  "CPU backlog, the driver; veth: too large, or not up"},
	{AT(tx_dropped), .tag = TAG_TX_DROPPED, TX("if_tx_dropped", KIND_LOST),
	 .main = true,
	 .means = "Frames discarded on the way to the device, veth: refused by "
		  "the peer",
	 .cause = "the device refused them: no carrier, ring or queue full",
	 .remedy = "Look at it: `ip -s -d link show dev DEV`"},
	{AT(rx_length_errors), .tag = TAG_RX_LENGTH_ERRORS,
	 RX("if_rx_errors", KIND_PART), .in = "rx_errors",
	 .means = "Frames of an illegal length",
	 .cause = "frames longer than the MTU here, sent by a larger MTU",
	 .remedy = "Align the MTU on both ends of the wire"},
	{AT(rx_over_errors), RX("if_rx_errors", KIND_PART), .in = "rx_errors",
	 .means = "Frames that did not fit the receive buffers",
	 .cause = "frames larger than the receive buffers",
	 .remedy = "Align MTUs; a larger ring: `ethtool -G DEV rx N`"},
	{AT(rx_crc_errors), .tag = TAG_RX_CRC_ERRORS,
	 RX("if_rx_errors", KIND_PART), .in = "rx_errors",
	 .means = "Frames with a bad checksum (FCS)",
	 .cause = "bad frame checksums: cable, connector, optic, switch port",
	 .remedy = "Replace the cable or optic"},
	{AT(rx_frame_errors), .tag = TAG_RX_FRAME_ERRORS,
	 RX("if_rx_errors", KIND_PART), .in = "rx_errors",
	 .means = "Frames with an alignment error",
	 .cause = "misaligned frames: duplex mismatch or cabling",
	 .remedy = "See the duplex on this end: `ethtool DEV`"},
	{AT(rx_fifo_errors), .tag = TAG_RX_FIFO_ERRORS,
	 RX("if_rx_errors", KIND_PART), .in = "rx_errors",
	 .means = "Receiver FIFO overruns; with some drivers events, not "
		  "frames",
	 .cause = "the receive FIFO overran: the bus or interrupts are late",
	 .remedy = "A larger ring: `ethtool -G DEV rx N`; spread interrupts "
		   "over CPUs"},
	{AT(rx_missed_errors), RX("if_rx_dropped", KIND_LOST), .main = true,
	 .means = "Frames the device dropped because the host gave it no "
		  "buffer",
	 .cause = "the receive ring is too small or the CPU too slow",
	 .remedy = "A larger ring: `ethtool -G DEV rx N`; more queues, spread "
		   "interrupts"},
	{AT(tx_carrier_errors), .tag = TAG_TX_CARRIER_ERRORS,
	 TX("if_tx_errors", KIND_PART), .in = "tx_errors",
	 .means = "Sending failed because the carrier was lost",
	 .cause = "carrier lost while sending",
	 .remedy = "Look at it: `ip link show dev DEV`; check the cable"},
	{AT(tx_aborted_errors), .tag = TAG_TX_ABORTED_ERRORS,
	 TX("if_tx_errors", KIND_PART), .in = "tx_errors",
	 .means = "The device gave up sending",
	 .cause = "too many collisions, or the device discarded them",
	 .remedy = "See the duplex on this end: `ethtool DEV`"},
	{AT(tx_fifo_errors), .tag = TAG_TX_FIFO_ERRORS,
	 TX("if_tx_errors", KIND_PART), .in = "tx_errors",
	 .means = "The device's FIFO ran empty while it sent",
	 .cause = "the bus is too slow for the device",
	 .remedy = "Update the driver and the firmware of DEV"},
	{AT(tx_heartbeat_errors), TX("if_tx_errors", KIND_PART),
	 .in = "tx_errors",
	 .means = "Heartbeat test errors of old half-duplex Ethernet",
	 .cause = "half-duplex Ethernet without a heartbeat",
	 .remedy = "See the duplex on this end: `ethtool DEV`"},
	{AT(tx_window_errors), TX("if_tx_errors", KIND_PART), .in = "tx_errors",
	 .means = "Late collisions",
	 .cause = "late collisions: duplex mismatch, or the cable is too long",
	 .remedy = "See the duplex on this end: `ethtool DEV`"},
	{AT(collisions), TX("packets", KIND_OVERLOAD),
	 .means = "Collisions of half-duplex Ethernet; a frame is sent again"},
	{AT(rx_nohandler), .tag = TAG_RX_NOHANDLER,
	 RX("if_rx_dropped", KIND_BENIGN),
	 .means = "Frames on a port that must not receive (bond backup)"},
	{AT(rx_otherhost_dropped), RX("if_rx_dropped", KIND_BENIGN),
	 .means = "IP packets in frames for another MAC address: flooding, a "
		  "stale neighbour entry, a VLAN without a device"},
	{AT(rx_bytes), .tag = TAG_RX_BYTES, RX("derive", KIND_BYTES),
	 .means = "Bytes of the frames in rx_packets"},
	{AT(tx_bytes), .tag = TAG_TX_BYTES, TX("derive", KIND_BYTES),
	 .means = "Bytes of the frames in tx_packets"},
	{AT(multicast), .tag = TAG_LINK_MULTICAST, RX("packets", KIND_PASSED),
	 .means = "Multicast frames received"},
	{AT(rx_compressed), RX("packets", KIND_PASSED),
	 .means = "Compressed packets, SLIP and PPP"},
	{AT(tx_compressed), TX("packets", KIND_PASSED),
	 .means = "Compressed packets, SLIP and PPP"},
	{VETH("xdp_packets"), RX("if_rx_packets", KIND_PASSED),
	 .means = "Frames that XDP or GRO had before the stack, of those in "
		  "rx_packets (veth)"},
	{VETH("xdp_drops"), .tag = TAG_XDP_DROPS,
	 RX("if_rx_dropped", KIND_LOST), .inside = true,
	 .means = "Frames that an XDP program dropped, those it failed for "
		  "included (veth)",
	 .cause = "an XDP program drops them",
	 .remedy = "`ip link show dev DEV` and `bpftool net` name the program"},
	{VETH("xdp_tx_errors"), TX("if_tx_dropped", KIND_PART),
	 .in = "tx_dropped",
	 .means = "Frames that an XDP program sent back and that were refused "
		  "(veth)",
	 .cause = "the peer's ring is full, or it runs without XDP and GRO",
	 .remedy = "Switch GRO on at the other end"},
	{VETH("xdp_xmit_errors"), TX("if_tx_dropped", KIND_PART),
	 .in = "tx_dropped",
	 .means = "Frames that an XDP program redirected here and that were "
		  "refused (veth)",
	 .cause = "the peer's ring is full, or it runs without XDP and GRO",
	 .remedy = "Switch GRO on at the other end"},
	{DRIVER("rx_xdp_drops", "virtio_net.c"), .tag = TAG_XDP_DROPS,
	 RX("if_rx_dropped", KIND_PART), .in = "rx_dropped",
	 .means = "Frames that an XDP program dropped (virtio_net)",
	 .cause = "an XDP program drops them",
	 .remedy = "`ip link show dev DEV` and `bpftool net` name the program"},
	{MLX5("rx_xdp_drop", "en/xdp.c"), .tag = TAG_XDP_DROPS,
	 RX("if_rx_dropped", KIND_LOST),
	 .means = "Frames that an XDP program dropped (mlx5)",
	 .cause = "an XDP program drops them",
	 .remedy = "`ip link show dev DEV` and `bpftool net` name the program"},
	{MLX5("rx_discards_phy", "en_stats.c"), RX("if_rx_dropped", KIND_PART),
	 .in = "rx_dropped",
	 .means = "Frames that the port discarded for lack of buffers (mlx5; "
		  "in rx_dropped since Linux 6.13)",
	 .cause = "the port's buffer is full: the host takes frames too slowly",
	 .remedy = "See more: `ethtool -S DEV`; look at PCIe width, flow "
		   "control, cores"},
	{DRIVER("rx_no_dma_resources", "ethernet/intel/ixgbe/ixgbe_main.c"),
	 RX("if_rx_dropped", KIND_LOST),
	 .means = "Frames dropped because a receive queue had no descriptor "
		  "left (ixgbe)",
	 .cause = "a receive ring is too small or its CPU too slow",
	 .remedy = "A larger ring: `ethtool -G DEV rx N`; more queues, spread "
		   "interrupts"},
	{ENA("conntrack_allowance_exceeded"), RX("if_rx_dropped", KIND_LOST),
	 .means = "Packets, in or out, that the cloud dropped because the "
		  "instance tracks too many connections (ENA)",
	 .cause = "the instance has as many tracked connections as it may",
	 .remedy = "Take a larger instance or close idle connections; see "
		   "`ethtool -S DEV`"},
	{ENA("linklocal_allowance_exceeded"), TX("if_tx_dropped", KIND_LOST),
	 .inside = true,
	 .means = "Packets to the cloud's DNS, metadata and time services that "
		  "were dropped because there were too many (ENA)",
	 .cause = "too many packets a second to DNS, metadata or time services",
	 .remedy = "Cache DNS answers on the host; see `ethtool -S DEV`"},
	{ENA("bw_in_allowance_exceeded"), RX("packets", KIND_OVERLOAD),
	 .means = "Packets queued or dropped because the instance receives "
		  "more than its bandwidth (ENA)"},
	{ENA("bw_out_allowance_exceeded"), TX("packets", KIND_OVERLOAD),
	 .means = "Packets queued or dropped because the instance sends more "
		  "than its bandwidth (ENA)"},
	{ENA("pps_allowance_exceeded"), .type = "packets",
	 .direction = DIR_NONE, .kind = KIND_OVERLOAD,
	 .means = "Packets queued or dropped because there were too many a "
		  "second for the instance, in and out together (ENA)"},
	{NETVSC("tx_no_memory"), TX("if_tx_dropped", KIND_PART),
	 .in = "tx_dropped",
	 .means = "Frames dropped for lack of memory (hv_netvsc)",
	 .cause = "the guest is short of memory",
	 .remedy = "See `host: free -m`; give the guest more memory"},
	{NETVSC("tx_no_space"), TX("if_tx_dropped", KIND_PART),
	 .in = "tx_dropped",
	 .means = "Frames dropped because the ring to the hypervisor was full "
		  "(hv_netvsc)",
	 .cause = "the ring to the hypervisor is full",
	 .remedy = "A larger one: `ethtool -G DEV tx N`"},
	{NETVSC("tx_too_big"), TX("if_tx_dropped", KIND_PART),
	 .in = "tx_dropped",
	 .means = "Frames of more pieces than the hypervisor takes (hv_netvsc)",
	 .cause = "frames in too many pieces for the hypervisor",
	 .remedy = "See whether that is it: `ethtool -K DEV tso off`"},
	/* An object of its own: RTM_GETLINK has it, not the counters. */
	{.layer = LAYER_LINK,
	 .bits = 32,
	 .name = "changes",
	 .object = LINK_CARRIER,
	 .tag = TAG_CARRIER_CHANGES,
	 .type = "derive",
	 .kind = KIND_SYMPTOM,
	 .means = "How often the carrier of a real device came or went",
	 .source = "IFLA_CARRIER_CHANGES"},
};
_Static_assert(ARRAY_SIZE(link_counters) <= LINK_MAX_COUNTERS, "raise it");

const struct counter_table link_table = COUNTER_TABLE(link_counters);
