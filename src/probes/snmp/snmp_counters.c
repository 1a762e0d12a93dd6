/* SPDX-License-Identifier: MIT */
/*
 * The counters of /proc/net/snmp, netstat and snmp6: one row each, in the
 * order in which the kernel prints them. What the kernel prints and no row
 * names is passed over; what a row names and this kernel lacks is absent.
 */
#include "probes/snmp/snmp.h"

#include "probes/snmp/snmp_private.h"

/* clang-format off */

/* A section, and the layer of what it counts, as unsigned longs. */
#define AT(section_, layer_)                                                   \
	.section = section_, .layer = layer_, .bits = 8 * sizeof(long)
#define IP AT("Ip", LAYER_IP)
#define ICMP AT("Icmp", LAYER_ICMP)
#define ICMP_MSG AT("IcmpMsg", LAYER_ICMP)
#define TCP AT("Tcp", LAYER_TCP)
#define UDP AT("Udp", LAYER_UDP)
#define UDP_LITE AT("UdpLite", LAYER_UDP)
#define TCP_EXT AT("TcpExt", LAYER_TCP)
#define TCP_EXT_IP AT("TcpExt", LAYER_IP)
#define TCP_EXT_NEIGH AT("TcpExt", LAYER_NEIGH)
#define TCP_EXT_SOCKET AT("TcpExt", LAYER_SOCKET)
#define IP_EXT AT("IpExt", LAYER_IP)
#define MPTCP_EXT AT("MPTcpExt", LAYER_TCP)
#define IP6 AT("Ip6", LAYER_IP), .v6 = true
#define ICMP6 AT("Icmp6", LAYER_ICMP), .v6 = true
#define UDP6 AT("Udp6", LAYER_UDP), .v6 = true
#define UDP_LITE6 AT("UdpLite6", LAYER_UDP), .v6 = true

#define ROW(section_, direction_, kind_, name_, source_, means_, ...)          \
	{section_, .type = "packets", .direction = DIR_##direction_,           \
	 .kind = KIND_##kind_, .name = name_, .source = source_,               \
	 .means = means_, __VA_ARGS__}
/* Only to see whether what came in went somewhere. */
#define FACT(section_, name_, ...)                                             \
	{section_, .kind = KIND_FACT, .name = name_, __VA_ARGS__}
/* Computed, see ip_excuses.h: what of a loss is none. In no section. */
#define EXCUSED(direction_, name_, in_, tag_, v6_, means_)                     \
	{.layer = LAYER_IP, .bits = 64, .type = "packets",                     \
	 .direction = DIR_##direction_, .kind = KIND_BENIGN, .name = name_,    \
	 .tag = tag_, .v6 = v6_, .in = in_, .source = "computed",              \
	 .means = means_}
/* The same, where it is not known whether somebody misses them. */
#define UNCLAIMED(direction_, name_, in_, tag_, v6_, means_, ...)              \
	{.layer = LAYER_IP, .bits = 64, .type = "packets",                     \
	 .direction = DIR_##direction_, .kind = KIND_UNCLAIMED,                \
	 .name = name_, .tag = tag_, .v6 = v6_, .in = in_,                     \
	 .source = "computed", .means = means_, __VA_ARGS__}

/* Read only where a Counter option asks for it, never part of a ratio. */
#define OPT(section_, direction_, kind_, name_, means_, ...)                   \
	{section_, .type = "packets", .direction = DIR_##direction_,           \
	 .kind = KIND_##kind_, .name = name_, .means = means_,                 \
	 .optional = true, __VA_ARGS__}
#define BYTES(section_, direction_, name_, means_)                             \
	{section_, .type = "derive", .direction = DIR_##direction_,            \
	 .kind = KIND_BYTES, .name = name_, .means = means_, .optional = true}
#define LEVEL(section_, name_, means_)                                         \
	{section_, .type = "gauge", .kind = KIND_LEVEL, .name = name_,         \
	 .means = means_, .optional = true}

#define INPUT_MEASURES                                                         \
	.of = {{LAYER_IP, DIR_RX, RELATION_INSIDE},                            \
	       {LAYER_NETFILTER, DIR_RX, RELATION_INSIDE},                     \
	       {LAYER_CONNTRACK, DIR_NONE, RELATION_INSIDE},                   \
	       {LAYER_XFRM, DIR_RX, RELATION_INSIDE},                          \
	       {LAYER_UNEXPLAINED, DIR_RX, RELATION_INSIDE}}
#define FORWARD_MEASURES                                                       \
	.of = {{LAYER_IP, DIR_FWD, RELATION_SINCE67},                          \
	       {LAYER_NETFILTER, DIR_FWD, RELATION_SINCE67},                   \
	       {LAYER_UNEXPLAINED, DIR_FWD, RELATION_SINCE67}}
#define OUTPUT_MEASURES                                                        \
	.of = {{LAYER_IP, DIR_TX, RELATION_OUTSIDE},                           \
	       {LAYER_NETFILTER, DIR_TX, RELATION_SINCE67},                    \
	       {LAYER_CONNTRACK, DIR_NONE, RELATION_SINCE67},                  \
	       {LAYER_XFRM, DIR_TX, RELATION_SINCE67},                         \
	       {LAYER_UNEXPLAINED, DIR_TX, RELATION_SINCE67}}

/* What several rows say. */
#define CORRUPTED                                                              \
	.cause = "wrong checksums: data was corrupted on the path or by "      \
		 "offloading",                                                 \
	.remedy = "Find the hop that damages them: `ip -s -s link`, "           \
		  "`nstat -az`; or try `ethtool -K INTERFACE rx off`"
#define REFUSED                                                                \
	"a host or router further on refuses what is sent: closed port, "      \
	"reject rule or no route"
#define UNKNOWN_PROTOS                                                         \
	"no protocol of the kernel and no raw socket takes the IP protocol "   \
	"number that they carry"
#define UNKNOWN_PROTOS_REMEDY                                                  \
	"Stop the sender, or load what takes it (`host: modprobe ip_gre`, ipip, "    \
	"sctp); which: `tcpdump -nvi any -c 20 not tcp and not udp`"
#define NOT_OURS_REMEDY                                                        \
	"Nothing, unless somebody misses them; which they are: `tcpdump -nei " \
	"any`"
#define UDP_READ                                                               \
	"Datagrams read by applications (counted at recvmsg, so queued ones "  \
	"are missing)",                                                        \
	.tag = TAG_UDP_RECEIVED
#define UDP_NO_PORT                                                            \
	"Discarded: nobody listens on the port (ICMP port unreachable is "     \
	"sent, rate-limited)",                                                 \
	.tag = TAG_UDP_NO_PORTS,                                               \
	.remedy = "Start the service or stop the sender"
#define UDP_ERRORS                                                             \
	"Discarded by UDP: full socket, memory, checksum, short, socket "      \
	"filter, IPsec policy",                                                \
	.tag = TAG_UDP_ERRORS, .cause = UDP_REST,                              \
	.remedy = "`ss -uamp` shows drops (d) per socket, "                    \
		  "`bpftool cgroup tree` the programs of services"
/* The other reasons have counters of their own. */
#define UDP_REST                                                               \
	"a socket filter or a cgroup BPF program (systemd IPAddressDeny=) "    \
	"rejects them, or their length is wrong"
#define UDP_RCVBUF                                                             \
	"Discarded: socket receive buffer full", .tag = TAG_RCVBUF_ERRORS,     \
	.cause = "the receive buffer of a UDP socket is full: its program "    \
		 "reads too slowly",                                           \
	.remedy = "`ss -uamp` names the socket (d = drops); raise SO_RCVBUF, " \
		  "limit: `sysctl net.core.rmem_max`"
#define UDP_SNDBUF                                                             \
	"Send refused: send buffer full, or ENOBUFS from qdisc/device below",  \
	.remedy = "Look at qdisc/link of the egress device"
#define UDP_CHECKSUM                                                           \
	"Discarded for a bad checksum", .tag = TAG_UDP_CHECKSUM,               \
	.cause = "wrong checksums: data was corrupted on the path or by "      \
		 "offloading",                                                 \
	.remedy = "Find the corrupting hop; to see whether it is offloading: " \
		  "`ethtool -K INTERFACE rx off`"
#define UDP_CHECKSUM6                                                          \
	"Discarded for a bad checksum, or for none: IPv6 wants one",           \
	.tag = TAG_UDP_CHECKSUM6,                                              \
	.cause = "wrong checksums, or none at all, which IPv6 does not allow: " \
		 "the sender is a tunnel with udp6zerocsumtx, or data was "    \
		 "corrupted",                                                  \
	.remedy = "See which: `tcpdump -nvc 20 ip6 and udp` shows [no cksum] " \
		  "or [bad udp cksum]"
#define UDP_MEMORY                                                             \
	"Discarded: protocol-wide memory limit udp_mem reached",               \
	.tag = TAG_UDP_MEMORY,                                                 \
	.cause = "the memory limit of all UDP sockets is reached",             \
	.remedy = "Read faster, or raise it: `sysctl net.ipv4.udp_mem`"

static const struct counter snmp_counters[] = {
	ROW(IP, RX, PASSED, "InReceives", "net/ipv4/ip_input.c",
	    "IPv4 packets entering ip_rcv, good or bad, after GRO merging",
	    .tag = TAG_IN_RECEIVES, .in_gap = 1, INPUT_MEASURES),
	ROW(IP, RX, LOST, "InHdrErrors",
	    "net/ipv4/ip_input.c; net/ipv4/ip_forward.c",
	    "Dropped for a bad header, bad checksum, bad options, or TTL "
	    "expiry when forwarding", .tag = TAG_IN_HDR_ERRORS, .refused = -1,
	    .in_gap = -1,
	    .cause = "IP headers that cannot be right, or a TTL that ended "
		     "here and nobody was told",
	    .remedy = "Look at them: `tcpdump -ni any -v 'ip[8] < 2'`"),
	ROW(IP, RX, LOST, "InAddrErrors", "net/ipv4/route.c ip_error",
	    "Dropped: destination is not ours and forwarding is off on that "
	    "interface", .tag = TAG_IN_ADDR_ERRORS, .in_gap = -1,
	    .cause = "packets for an address that is not ours while forwarding "
		     "is off",
	    .remedy = "Fix the sender's route, or forward them: `sysctl "
		      "net.ipv4.ip_forward`"),
	ROW(IP, FWD, PASSED, "ForwDatagrams", "net/ipv4/ip_forward.c",
	    "Packets chosen for forwarding; >=6.7 counted before MTU check and "
	    "FORWARD hook, older after it", .tag = TAG_FORW_DATAGRAMS,
	    .in_gap = -1, .out_gap = 1,
	    FORWARD_MEASURES),
	ROW(IP, RX, LOST, "InUnknownProtos", "net/ipv4/ip_input.c",
	    "Dropped: no handler or raw socket for the IP protocol number",
	    .tag = TAG_UNKNOWN_PROTOS, .refused = -1, .in_gap = -1,
	    .cause = UNKNOWN_PROTOS, .remedy = UNKNOWN_PROTOS_REMEDY),
	ROW(IP, RX, LOST, "InDiscards", "net/ipv4/ip_input.c",
	    "Dropped on input for local reasons, mostly no memory (IPv4)",
	    .in_gap = -1, .cause = "the kernel had no memory for them",
	    .remedy = "Free memory; see `host: dmesg`"),
	ROW(IP, RX, PASSED, "InDelivers", "net/ipv4/ip_input.c",
	    "Packets handed to a transport; later TCP/UDP drops are still "
	    "counted here", .tag = TAG_IN_DELIVERS, .in_gap = -1),
	ROW(IP, TX, PASSED, "OutRequests", "net/ipv4/ip_output.c",
	    ">=6.7: local packets before the OUTPUT hook; older: packets "
	    "reaching ip_output incl. forwarded",
	    .tag = TAG_OUT_REQUESTS, .out_gap = 1,
	    OUTPUT_MEASURES),
	ROW(IP, TX, ECHO, "OutDiscards", "net/ipv4/ip_output.c ip_send_skb",
	    "UDP/ICMP/raw send failed locally; echo of qdisc, link, "
	    "OUTPUT-filter, neighbour or sndbuf failure",
	    .tag = TAG_OUT_DISCARDS, .remedy = "Look at the layer below; do not sum with it"),
	ROW(IP, TX, LOST, "OutNoRoutes", "net/ipv4/udp.c; net/ipv4/tcp_ipv4.c",
	    "Local sends refused: no route (ENETUNREACH); not part of "
	    "OutRequests", .tag = TAG_OUT_NO_ROUTES,
	    .cause = "no route to the destination: a route is missing or its "
		     "interface is down",
	    .remedy = "Look at both: `ip route show table all`, `ip link`"),
	ROW(IP, RX, PART, "ReasmTimeout", "net/ipv4/ip_fragment.c",
	    "Datagrams given up because fragments did not all arrive in time",
	    .tag = TAG_REASM_TIMEOUT, .refused = -1, .in = "ReasmFails",
	    .cause = "fragments were lost on the way, so whole datagrams were "
		     "given up",
	    .remedy = "Avoid fragmentation: lower the sender's datagram size "
		      "or align MTUs"),
	ROW(IP, RX, LOST, "ReasmFails", "net/ipv4/ip_fragment.c",
	    "Reassembly failures (events, not packets): timeout, memory limit, "
	    "overlap, bad length", .tag = TAG_REASM_FAILS,
	    .cause = "fragments could not be reassembled: the memory for them "
		     "is used up, or they do not fit together",
	    .remedy = "Raise `sysctl net.ipv4.ipfrag_high_thresh`, or avoid "
		      "fragmentation"),
	ROW(IP, FWD, LOST, "FragFails",
	    "net/ipv4/ip_forward.c; net/bridge/br_netfilter_hooks.c",
	    "Dropped: too big for the egress MTU with DF set (ICMP frag-needed "
	    "sent), or fragmenting failed", .tag = TAG_FRAG_FAILS,
	    .refused = -1, .out_gap = -1,
	    .cause = "packets larger than the MTU of the outgoing interface "
		     "with \"don't fragment\" set",
	    .remedy = "Align MTUs on the path, or clamp the MSS; let ICMP "
		      "\"fragmentation needed\" through"),
	ROW(IP, TX, PASSED, "OutTransmits",
	    "net/ipv4/ip_output.c ip_finish_output2",
	    "Packets/fragments passed to the neighbour layer, local plus "
	    "forwarded; unresolved ones included", .tag = TAG_OUT_TRANSMITS,
	    .out_gap = -1, .of = {{LAYER_NEIGH, DIR_TX, RELATION_INSIDE}}),
	FACT(IP, "ReasmReqds", .tag = TAG_REASM_REQDS, .in_gap = -1),
	FACT(IP, "ReasmOKs", .in_gap = 1),
	FACT(IP, "FragOKs", .tag = TAG_FRAG_OKS, .out_gap = -1),
	FACT(IP, "FragCreates", .tag = TAG_FRAG_CREATES, .out_gap = 1),
	FACT(IP_EXT, "InMcastPkts", .tag = TAG_IN_MCAST_PKTS),
	FACT(IP_EXT, "OutMcastPkts", .tag = TAG_OUT_MCAST_PKTS),
	FACT(IP_EXT, "InBcastPkts", .tag = TAG_IN_BCAST_PKTS),
	FACT(IP_EXT, "OutBcastPkts", .tag = TAG_OUT_BCAST_PKTS),
	ROW(ICMP, RX, PASSED, "InMsgs", "net/ipv4/icmp.c",
	    "ICMP messages received, good or bad", .tag = TAG_ICMP_RECEIVED,
	    .of = {{LAYER_ICMP, DIR_RX, RELATION_INSIDE}}),
	ROW(ICMP, RX, SYMPTOM, "InErrors", "net/ipv4/icmp.c",
	    "ICMP with bad checksum/length/type, broadcast ping ignored, or "
	    "error quoting an unknown TCP/UDP flow",
	    .remedy = "Usually harmless; check InCsumErrors"),
	ROW(ICMP, RX, LOST, "InCsumErrors", "net/ipv4/icmp.c",
	    "ICMP dropped for a bad checksum", CORRUPTED,
	    .tag = TAG_CHECKSUM),
	ROW(ICMP, RX, SYMPTOM, "InDestUnreachs", "net/ipv4/icmp.c",
	    "Type 3 received: someone refused our packets; code 4 (frag "
	    "needed) is not told apart",
	    .remedy = "Look at codes with tcpdump; `ip route get DESTINATION` "
		      "shows a learned MTU", .rank = 2, .symptom = REFUSED),
	ROW(ICMP, RX, SYMPTOM, "InTimeExcds", "net/ipv4/icmp.c",
	    "Type 11 received: our packets died by TTL or reassembly timeout "
	    "elsewhere", .remedy = "traceroute", .rank = 7,
	    .symptom = "packets sent die on the way: a routing loop"),
	ROW(ICMP, TX, SYMPTOM, "OutRateLimitGlobal", "net/ipv4/icmp.c",
	    "ICMP errors not sent: the host sends no more per second; each "
	    "tells of a packet that was refused", .tag = TAG_RATE_LIMIT_ALL,
	    .refused = 1),
	ROW(ICMP, TX, SYMPTOM, "OutRateLimitHost", "net/ipv4/icmp.c",
	    "ICMP errors not sent: their receiver has had enough; each tells "
	    "of a packet that was refused", .tag = TAG_RATE_LIMIT,
	    .refused = 1),
	ROW(ICMP, TX, SYMPTOM, "OutDestUnreachs", "net/ipv4/icmp.c",
	    "Type 3 sent: we refused packets (no port, REJECT, no route, PTB, "
	    "dead neighbour)", .tag = TAG_OUT_DEST_UNREACHS, .refused = 1,
	    .remedy = "See NoPorts, FragFails, InNoRoutes, neigh, reject "
		      "rules"),
	ROW(ICMP, TX, SYMPTOM, "OutTimeExcds", "net/ipv4/icmp.c",
	    "Type 11 sent: packets died here by TTL or reassembly timeout",
	    .tag = TAG_OUT_TIME_EXCDS, .refused = 1, .remedy = "Check routes, ReasmTimeout"),
	ROW(TCP, LISTEN, PASSED, "PassiveOpens", "net/ipv4/tcp_ipv4.c",
	    "Incoming connections established",
	    .of = {{LAYER_TCP, DIR_LISTEN, RELATION_OUTSIDE}}),
	ROW(TCP, NONE, SYMPTOM, "AttemptFails", "net/ipv4/tcp.c",
	    "Connection attempts that failed (RST or error in handshake)",
	    .remedy = "Check the server"),
	ROW(TCP, RX, PASSED, "InSegs", "net/ipv4/tcp_ipv4.c",
	    "Segments received incl. bad ones (GRO bundle counts 1)",
	    .tag = TAG_TCP_RECEIVED,
	    .of = {{LAYER_TCP, DIR_RX, RELATION_INSIDE}}),
	ROW(TCP, TX, PASSED, "OutSegs", "net/ipv4/tcp_output.c",
	    "Segments sent, each GSO piece counted, without retransmissions",
	    .tag = TAG_TCP_SENT),
	ROW(TCP, TX, RESENT, "RetransSegs", "net/ipv4/tcp_output.c",
	    "Segments sent again; a symptom that data or ACKs were lost "
	    "somewhere, not a drop here", .tag = TAG_TCP_RESENT,
	    .cause = "Loss on the path, in the peer, or spurious timeouts",
	    .remedy = "Localise with link/qdisc/netfilter rows on both ends",
	    .rank = 3,
	    .symptom = "segments sent get lost on the way out, or their ACKs "
		       "on the way back"),
	ROW(TCP, RX, LOST, "InErrs", "net/ipv4/tcp_ipv4.c",
	    "Segments dropped: bad checksum, a header that cannot be right, or "
	    "a SYN on an established connection", .tag = TAG_IN_ERRS,
	    .cause = "TCP headers that cannot be right",
	    .remedy = "Look at them: `tcpdump -nvi any 'tcp[12] < 0x50'`"),
	ROW(TCP, RX, PART, "InCsumErrors", "net/ipv4/tcp_ipv4.c",
	    "Segments with a bad checksum", .tag = TAG_CHECKSUM,
	    .in = "InErrs", CORRUPTED),
	ROW(UDP, RX, PASSED, "InDatagrams", "net/ipv4/udp.c", UDP_READ,
	    .of = {{LAYER_UDP, DIR_RX, RELATION_OUTSIDE}}),
	ROW(UDP, RX, BENIGN, "NoPorts", "net/ipv4/udp.c", UDP_NO_PORT,
	    .refused = -1),
	ROW(UDP, RX, LOST, "InErrors", "net/ipv4/udp.c", UDP_ERRORS),
	ROW(UDP, TX, PASSED, "OutDatagrams", "net/ipv4/udp.c",
	    "Datagrams accepted by IP output", .tag = TAG_UDP_SENT),
	ROW(UDP, RX, PART, "RcvbufErrors", "net/ipv4/udp.c", UDP_RCVBUF,
	    .in = "InErrors"),
	ROW(UDP, TX, ECHO, "SndbufErrors", "net/ipv4/udp.c", UDP_SNDBUF),
	FACT(UDP, "IgnoredMulti", .tag = TAG_UDP_IGNORED),
	ROW(UDP, RX, PART, "InCsumErrors", "net/ipv4/udp.c", UDP_CHECKSUM,
	    .in = "InErrors"),
	ROW(UDP, RX, PART, "MemErrors", "net/ipv4/udp.c", UDP_MEMORY,
	    .in = "InErrors"),
	ROW(TCP_EXT, TX, OVERLOAD, "SyncookiesSent", "net/ipv4/syncookies.c",
	    "SYN-ACKs sent with a cookie because the SYN queue was full (or "
	    "syncookies=2)",
	    .remedy = "Raise tcp_max_syn_backlog/listen backlog"),
	ROW(TCP_EXT, RX, SYMPTOM, "SyncookiesFailed", "net/ipv4/syncookies.c",
	    "ACKs carrying an invalid cookie"),
	ROW(TCP_EXT, RX, OVERLOAD, "PruneCalled", "net/ipv4/tcp_input.c",
	    "Receive buffer over limit: kernel tried to compact a socket's "
	    "queues", .remedy = "Raise tcp_rmem/tcp_mem, fix reader"),
	ROW(TCP_EXT, RX, OVERLOAD, "RcvPruned", "net/ipv4/tcp_input.c",
	    "Compaction failed, the new segment is refused (counted in "
	    "TCPRcvQDrop or TCPOFODrop)", .remedy = "Raise tcp_rmem/tcp_mem"),
	ROW(TCP_EXT, RX, LOST, "OfoPruned", "net/ipv4/tcp_input.c",
	    "Out-of-order queue thrown away to free memory (events; each drops "
	    "several segments)",
	    .cause = "receive memory ran out, out-of-order data was thrown "
		     "away",
	    .remedy = "See the limits: `sysctl net.ipv4.tcp_rmem`, "
		      "`sysctl net.ipv4.tcp_mem`"),
	ROW(TCP_EXT, RX, LOST, "PAWSEstab", "net/ipv4/tcp_input.c",
	    "Segments rejected for an old timestamp (PAWS)",
	    .cause = "segments with an old timestamp, mostly late duplicates",
	    .remedy = "Look for a NAT that mixes hosts, or for reordering"),
	ROW(TCP_EXT, RX, LOST, "BeyondWindow", "net/ipv4/tcp_input.c",
	    "Segments outside the advertised receive window",
	    .cause = "segments outside the receive window",
	    .remedy = "Look for a middlebox that rewrites TCP, or blind "
		      "attacks"),
	ROW(TCP_EXT, RX, SYMPTOM, "DelayedACKLost", "net/ipv4/tcp_input.c",
	    "Peer sent data we already had: our ACK was lost or its timeout "
	    "was spurious", .in = "PAWSEstab",
	    .remedy = "Check our egress path"),
	ROW(TCP_EXT, LISTEN, PART, "ListenOverflows", "net/ipv4/tcp_input.c",
	    "SYN or final ACK dropped: accept queue full; a drop tracer does "
	    "not see the SYN case", .tag = TAG_LISTEN_OVERFLOWS,
	    .in = "ListenDrops",
	    .cause = "the accept queue of a listening socket is full",
	    .remedy = "Compare Recv-Q with Send-Q: `ss -ltn`; raise the "
		      "backlog and net.core.somaxconn"),
	ROW(TCP_EXT, LISTEN, LOST, "ListenDrops",
	    "include/net/tcp.h tcp_listendrop",
	    "Packets to listening sockets dropped for any reason (queue, "
	    "memory, no route for reply)", .tag = TAG_LISTEN_DROPS,
	    .remedy = "Compare Recv-Q with Send-Q: `ss -ltn`; raise the "
		      "backlog and net.core.somaxconn"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPSackRecovery", "net/ipv4/tcp_input.c",
	    "Fast recovery entered by SACK: loss was inferred",
	    .remedy = "Compare with RetransSegs"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPLostRetransmit", "net/ipv4/tcp_input.c",
	    "A retransmitted segment was lost as well",
	    .remedy = "Localise; check MTU black hole", .rank = 5,
	    .symptom = "segments and their repetition get lost on the way out, "
		       "or all that are large: a smaller MTU on the way whose "
		       "ICMP is filtered"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPFastRetrans", "net/ipv4/tcp_output.c",
	    "Fast retransmissions"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPTimeouts", "net/ipv4/tcp_timer.c",
	    "Retransmission timers that fired",
	    .remedy = "If no ICMP arrives suspect a DROP rule or MTU",
	    .rank = 4,
	    .symptom = "segments sent are not acknowledged: lost on the way "
		       "out, or their ACKs on the way back"),
	ROW(TCP_EXT, NONE, OVERLOAD, "TCPAbortOnMemory",
	    "net/ipv4/tcp.c; tcp_timer.c",
	    "Connections killed: too many orphans or out of tcp_mem",
	    .remedy = "Raise tcp_mem/tcp_max_orphans"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPAbortOnTimeout", "net/ipv4/tcp_timer.c",
	    "Connections given up after all retries",
	    .remedy = "Find where packets vanish"),
	ROW(TCP_EXT, NONE, OVERLOAD, "TCPMemoryPressures", "net/ipv4/tcp.c",
	    "Times TCP entered memory pressure (tcp_mem)",
	    .remedy = "Raise tcp_mem"),
	ROW(TCP_EXT, RX, LOST, "TCPMD5NotFound", "net/ipv4/tcp.c",
	    "Segments dropped: MD5 signature required but absent",
	    .cause = "the peer sends without the TCP MD5 signature that is "
		     "required",
	    .remedy = "Set the same TCP MD5 key on both ends"),
	ROW(TCP_EXT, RX, LOST, "TCPMD5Unexpected", "net/ipv4/tcp.c",
	    "Segments dropped: MD5 signature not expected",
	    .cause = "the peer signs with TCP MD5 and no key is set here",
	    .remedy = "Set the same TCP MD5 key on both ends"),
	ROW(TCP_EXT, RX, LOST, "TCPMD5Failure", "net/ipv4/tcp.c",
	    "Segments dropped: MD5 signature wrong",
	    .cause = "TCP MD5 signatures are wrong",
	    .remedy = "Set the same TCP MD5 key on both ends"),
	ROW(TCP_EXT, RX, LOST, "TCPBacklogDrop",
	    "net/ipv4/tcp_ipv4.c tcp_add_backlog",
	    "Segments dropped: backlog of a locked socket full",
	    .cause = "the backlog of a busy socket is full",
	    .remedy = "Raise the limits: `sysctl net.core.rmem_max`, "
		      "`sysctl net.ipv4.tcp_rmem`"),
	ROW(TCP_EXT, RX, LOST, "PFMemallocDrop",
	    "net/core/filter.c; net/ipv4/tcp_ipv4.c",
	    "Segments dropped: they used emergency memory reserves",
	    .cause = "the kernel is out of memory and used its reserves",
	    .remedy = "Free memory, or reserve more: `host: sysctl "
		      "vm.min_free_kbytes`"),
	ROW(TCP_EXT, RX, LOST, "TCPMinTTLDrop", "net/ipv4/tcp_ipv4.c",
	    "Segments (or ICMP) dropped: TTL below IP_MINTTL",
	    .cause = "the TTL is below the minimum the socket asks for "
		     "(IP_MINTTL)",
	    .remedy = "Check the hops between the peers"),
	ROW(TCP_EXT_IP, RX, LOST, "IPReversePathFilter", "net/ipv4/ip_input.c",
	    "IPv4 packets dropped by rp_filter: source not reachable via that "
	    "interface", .tag = TAG_RP_FILTER, .in_gap = -1,
	    .cause = "the reverse path filter: the source is not reachable "
		     "through the interface it came from",
	    .remedy = "Add the route back, or filter loosely: `ip route`, "
		      "`sysctl net.ipv4.conf.all.rp_filter`"),
	ROW(TCP_EXT, NONE, OVERLOAD, "TCPTimeWaitOverflow",
	    "net/ipv4/tcp_minisocks.c",
	    "TIME_WAIT sockets not created: tcp_max_tw_buckets reached",
	    .remedy = "Raise tcp_max_tw_buckets, keep-alive"),
	ROW(TCP_EXT, RX, OVERLOAD, "TCPReqQFullDoCookies",
	    "net/ipv4/tcp_input.c",
	    "SYN queue full, cookies used instead of dropping",
	    .remedy = "Raise tcp_max_syn_backlog"),
	ROW(TCP_EXT, LISTEN, PART, "TCPReqQFullDrop", "net/ipv4/tcp_input.c",
	    "SYNs dropped: SYN queue full and cookies off", .in = "ListenDrops",
	    .cause = "the SYN queue is full and SYN cookies are off",
	    .remedy = "Switch them on, or raise the backlog: `sysctl "
		      "net.ipv4.tcp_syncookies net.ipv4.tcp_max_syn_backlog`"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPRetransFail", "net/ipv4/tcp_output.c",
	    "Retransmission could not be sent locally",
	    .remedy = "Check local qdisc/link"),
	ROW(TCP_EXT, RX, SYMPTOM, "TCPOFOQueue", "net/ipv4/tcp_input.c",
	    "Segments queued out of order: something before them was lost or "
	    "late", .remedy = "Look at sender and path"),
	ROW(TCP_EXT, RX, LOST, "TCPOFODrop", "net/ipv4/tcp_input.c",
	    "Out-of-order segments dropped: receive memory full",
	    .cause = "receive memory is full",
	    .remedy = "See the limits: `sysctl net.ipv4.tcp_rmem`, "
		      "`sysctl net.ipv4.tcp_mem`"),
	ROW(TCP_EXT, RX, SYMPTOM, "TCPSYNChallenge", "net/ipv4/tcp_input.c",
	    "SYNs or SYN-ACKs on an established connection, answered by a "
	    "challenge ACK: our ACK was lost, or the peer restarted",
	    .in = "InErrs", .rank = 8,
	    .symptom = "the other end repeats what was answered: our ACKs get "
		       "lost on the way to it"),
	ROW(TCP_EXT, TX, OVERLOAD, "TCPSpuriousRtxHostQueues",
	    "net/ipv4/tcp_output.c",
	    "Retransmit skipped: original still waits in this host's qdisc/NIC "
	    "queue", .remedy = "Shrink qdisc/ring, use fq/fq_codel"),
	ROW(TCP_EXT, TX, OVERLOAD, "TCPToZeroWindowAdv",
	    "net/ipv4/tcp_output.c", "We advertised a zero window",
	    .remedy = "Fix reader, raise tcp_rmem"),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPSynRetrans", "net/ipv4/tcp_output.c",
	    "SYN or SYN-ACK sent again",
	    .remedy = "Check peer and its ListenDrops", .rank = 10,
	    .symptom = "connections are not answered: the other end's accept "
		       "queue, a firewall on the way, or it is down"),
	ROW(TCP_EXT, TX, PASSED, "TCPOrigDataSent", "net/ipv4/tcp_output.c",
	    "Data segments sent first time (best denominator for the "
	    "retransmit rate)", .of = {{LAYER_TCP, DIR_TX, RELATION_OUTSIDE}}),
	ROW(TCP_EXT, TX, SYMPTOM, "TCPMTUPFail", "net/ipv4/tcp_input.c",
	    "Path-MTU probe lost: bigger packets do not get through",
	    .remedy = "Fix MTU/MSS, allow ICMP", .rank = 6,
	    .symptom = "packets that are too large vanish on the way"),
	ROW(TCP_EXT, RX, LOST, "TCPZeroWindowDrop", "net/ipv4/tcp_input.c",
	    "Segments dropped: our window is zero",
	    .cause = "the receive window is closed: the program reads too "
		     "slowly", .remedy = "Find the socket: `ss -tmi`"),
	ROW(TCP_EXT, RX, LOST, "TCPRcvQDrop", "net/ipv4/tcp_input.c",
	    "In-order segments dropped: receive memory full",
	    .cause = "receive memory is full",
	    .remedy = "See the limits: `sysctl net.ipv4.tcp_rmem`, "
		      "`sysctl net.ipv4.tcp_mem`"),
	ROW(IP_EXT, RX, LOST, "InNoRoutes", "net/ipv4/route.c ip_error",
	    "Dropped when forwarding: no route (only truly missing; "
	    "blackhole/prohibit/unreachable are silent)",
	    .tag = TAG_IN_NO_ROUTES, .refused = -1, .in_gap = -1,
	    .cause = "no route to forward them: a route is missing on this "
		     "router", .remedy = "Add it: `ip route show table all`"),
	ROW(IP_EXT, RX, LOST, "InTruncatedPkts", "net/ipv4/ip_input.c",
	    "Dropped: frame shorter than the IP total length", .in_gap = -1,
	    .cause = "frames shorter than the length in their IP header",
	    .remedy = "Look for a broken driver or tunnel"),
	ROW(IP_EXT, RX, PART, "InCsumErrors", "net/ipv4/ip_input.c",
	    "Dropped: bad IPv4 header checksum", .tag = TAG_HDR_CHECKSUM,
	    .in = "InHdrErrors", CORRUPTED),
	ROW(IP_EXT, RX, PART, "ReasmOverlaps", "net/ipv4/ip_fragment.c",
	    "Datagrams given up because their fragments overlap",
	    .in = "ReasmFails",
	    .cause = "fragments that overlap: a broken or hostile sender",
	    .remedy = "Find their source: `tcpdump -n 'ip[6:2] & 0x3fff != 0'`"),
	ROW(IP6, RX, PASSED, "Ip6InReceives", "net/ipv6/ip6_input.c",
	    "IPv6 packets entering the stack", .tag = TAG_IN_RECEIVES,
	    .in_gap = 1, INPUT_MEASURES),
	ROW(IP6, RX, LOST, "Ip6InHdrErrors",
	    "net/ipv6/ip6_input.c; net/ipv6/exthdrs.c; net/ipv6/ip6_output.c",
	    "Dropped: bad header/extension header, or hop limit expired when "
	    "forwarding", .tag = TAG_IN_HDR_ERRORS, .refused = -1,
	    .in_gap = -1,
	    .cause = "IPv6 headers that cannot be right, or a hop limit that "
		     "ended here and nobody was told",
	    .remedy = "Look at them: `tcpdump -ni any -v 'ip6[7] < 2'`"),
	ROW(IP6, FWD, PART, "Ip6InTooBigErrors",
	    "net/ipv6/ip6_output.c ip6_forward",
	    "Forwarded packet larger than the egress MTU; Packet Too Big is "
	    "sent", .in = "Ip6FragFails",
	    .cause = "packets larger than the MTU of the outgoing interface",
	    .remedy = "Align MTUs on the path, or clamp the MSS; let ICMPv6 "
		      "\"packet too big\" through"),
	ROW(IP6, RX, LOST, "Ip6InNoRoutes", "net/ipv6/route.c",
	    "Dropped when forwarding: no route or prohibit route (blackhole is "
	    "silent)", .tag = TAG_IN_NO_ROUTES, .refused = -1, .in_gap = -1,
	    .cause = "no route to forward them: a route is missing on this "
		     "router", .remedy = "Add it: `ip -6 route show table "
		     "all`"),
	ROW(IP6, RX, LOST, "Ip6InAddrErrors",
	    "net/ipv6/ip6_output.c; net/ipv6/exthdrs.c",
	    "Dropped: destination is not ours and forwarding is off; or bad "
	    "source/destination address or routing header",
	    .tag = TAG_IN_ADDR_ERRORS, .in_gap = -1,
	    .cause = "packets for an address that is not ours while forwarding "
		     "is off, or bad addresses",
	    .remedy = "Fix the sender's route, or forward them: `sysctl "
		      "net.ipv6.conf.all.forwarding`"),
	ROW(IP6, RX, LOST, "Ip6InUnknownProtos", "net/ipv6/ip6_input.c",
	    "Dropped: unknown next header (parameter problem is sent)",
	    .tag = TAG_UNKNOWN_PROTOS, .refused = -1, .in_gap = -1,
	    .cause = UNKNOWN_PROTOS, .remedy = UNKNOWN_PROTOS_REMEDY),
	ROW(IP6, RX, LOST, "Ip6InTruncatedPkts", "net/ipv6/ip6_input.c",
	    "Dropped: shorter than the payload length", .in_gap = -1,
	    .cause = "frames shorter than the length in their IP header",
	    .remedy = "Look for a broken driver or tunnel"),
	ROW(IP6, RX, LOST, "Ip6InDiscards", "net/ipv6/ip6_input.c",
	    "Dropped: IPv6 disabled on the device, no memory, IPsec policy, "
	    "proxy check", .tag = TAG_DISCARDS6, .in_gap = -1,
	    .cause = "an IPsec policy that does not let IPv6 packets through, "
		     "or no memory for them",
	    .remedy = "Look at the policies: `ip xfrm policy`; at the memory: "
		      "`host: free -m`"),
	ROW(IP6, RX, PASSED, "Ip6InDelivers", "net/ipv6/ip6_input.c",
	    "Packets handed to a transport", .tag = TAG_IN_DELIVERS,
	    .in_gap = -1),
	ROW(IP6, FWD, PASSED, "Ip6OutForwDatagrams", "net/ipv6/ip6_output.c",
	    "Packets chosen for forwarding; counted before the MTU check and "
	    "FORWARD hook", .tag = TAG_FORW_DATAGRAMS, .in_gap = -1, .out_gap = 1,
	    FORWARD_MEASURES),
	ROW(IP6, TX, PASSED, "Ip6OutRequests", "net/ipv6/ip6_output.c",
	    "Local packets sent (>=6.7 before OUTPUT hook)",
	    .tag = TAG_OUT_REQUESTS, .out_gap = 1,
	    OUTPUT_MEASURES),
	ROW(IP6, TX, ECHO, "Ip6OutDiscards", "net/ipv6/ip6_output.c",
	    "Local send failed: IPv6 disabled, cgroup filter, neighbour, or "
	    "echo of layers below", .tag = TAG_OUT_DISCARDS, .remedy = "Look below"),
	ROW(IP6, TX, LOST, "Ip6OutNoRoutes", "net/ipv6/route.c",
	    "Local sends refused: no route", .tag = TAG_OUT_NO_ROUTES,
	    .cause = "no route to the destination: a route is missing or its "
		     "interface is down",
	    .remedy = "Look at both: `ip -6 route show table all`, `ip link`"),
	ROW(IP6, RX, PART, "Ip6ReasmTimeout", "net/ipv6/reassembly.c",
	    "Datagrams given up: fragments missing",
	    .tag = TAG_REASM_TIMEOUT, .refused = -1, .in = "Ip6ReasmFails",
	    .cause = "fragments were lost on the way, so whole datagrams were "
		     "given up",
	    .remedy = "Avoid fragmentation: lower the sender's datagram size "
		      "or align MTUs"),
	ROW(IP6, RX, LOST, "Ip6ReasmFails", "net/ipv6/reassembly.c",
	    "Reassembly failures (events): timeout, memory, overlap",
	    .tag = TAG_REASM_FAILS,
	    .cause = "fragments could not be reassembled: the memory for them "
		     "is used up, or they do not fit together",
	    .remedy = "Raise `sysctl net.ipv6.ip6frag_high_thresh`, or avoid "
		      "fragmentation"),
	ROW(IP6, FWD, LOST, "Ip6FragFails", "net/ipv6/ip6_output.c",
	    "Too big and could not be fragmented (forward: always, as routers "
	    "may not)", .tag = TAG_FRAG_FAILS6, .refused = -1, .out_gap = -1,
	    .cause = "packets larger than the MTU of the outgoing interface; "
		     "IPv6 routers may not fragment",
	    .remedy = "Align MTUs on the path, or clamp the MSS; let ICMPv6 "
		      "\"packet too big\" through"),
	ROW(IP6, TX, PASSED, "Ip6OutTransmits", "net/ipv6/ip6_output.c",
	    "Packets/fragments passed to the neighbour layer",
	    .tag = TAG_OUT_TRANSMITS, .out_gap = -1,
	    .of = {{LAYER_NEIGH, DIR_TX, RELATION_INSIDE}}),
	FACT(IP6, "Ip6ReasmReqds", .tag = TAG_REASM_REQDS, .in_gap = -1),
	FACT(IP6, "Ip6ReasmOKs", .in_gap = 1),
	FACT(IP6, "Ip6FragOKs", .tag = TAG_FRAG_OKS, .out_gap = -1),
	FACT(IP6, "Ip6FragCreates", .tag = TAG_FRAG_CREATES, .out_gap = 1),
	FACT(IP6, "Ip6InMcastPkts", .tag = TAG_IN_MCAST_PKTS),
	FACT(IP6, "Ip6OutMcastPkts", .tag = TAG_OUT_MCAST_PKTS),
	ROW(ICMP6, RX, PASSED, "Icmp6InMsgs", "net/ipv6/icmp.c",
	    "ICMPv6 messages received", .tag = TAG_ICMP_RECEIVED,
	    .of = {{LAYER_ICMP, DIR_RX, RELATION_INSIDE}}),
	ROW(ICMP6, RX, SYMPTOM, "Icmp6InErrors", "net/ipv6/icmp.c",
	    "Bad ICMPv6, or errors quoting an unknown flow; includes "
	    "Icmp6InCsumErrors"),
	ROW(ICMP6, RX, LOST, "Icmp6InCsumErrors", "net/ipv6/icmp.c",
	    "ICMPv6 dropped for a bad checksum", CORRUPTED,
	    .tag = TAG_CHECKSUM),
	ROW(ICMP6, RX, SYMPTOM, "Icmp6InDestUnreachs", "net/ipv6/icmp.c",
	    "Type 1 received: our packets were refused", .rank = 1,
	    .symptom = REFUSED),
	ROW(ICMP6, RX, SYMPTOM, "Icmp6InPktTooBigs", "net/ipv6/icmp.c",
	    "Type 2 received: our packets exceed the path MTU",
	    .remedy = "Align MTU, clamp MSS", .rank = 8,
	    .symptom = "packets are too large for a link further on; its "
		       "router says so"),
	ROW(ICMP6, RX, SYMPTOM, "Icmp6InTimeExcds", "net/ipv6/icmp.c",
	    "Type 3 received: hop limit or reassembly timeout"),
	ROW(ICMP6, TX, SYMPTOM, "Icmp6OutRateLimitHost", "net/ipv6/icmp.c",
	    "ICMPv6 errors not sent: their receiver has had enough; each tells "
	    "of a packet that was refused", .tag = TAG_RATE_LIMIT,
	    .refused = 1),
	ROW(ICMP6, TX, SYMPTOM, "Icmp6OutDestUnreachs", "net/ipv6/icmp.c",
	    "Type 1 sent: we refused packets", .refused = 1),
	ROW(ICMP6, TX, SYMPTOM, "Icmp6OutPktTooBigs", "net/ipv6/icmp.c",
	    "Type 2 sent: packets too big for our egress MTU",
	    .tag = TAG_OUT_PKT_TOO_BIGS6, .remedy = "Align MTU"),
	ROW(ICMP6, TX, SYMPTOM, "Icmp6OutTimeExcds", "net/ipv6/icmp.c",
	    "Type 3 sent: hop limit expired or reassembly timed out here",
	    .tag = TAG_OUT_TIME_EXCDS, .refused = 1),
	ROW(UDP6, RX, PASSED, "Udp6InDatagrams", "net/ipv6/udp.c", UDP_READ,
	    .of = {{LAYER_UDP, DIR_RX, RELATION_OUTSIDE}}),
	ROW(UDP6, RX, BENIGN, "Udp6NoPorts", "net/ipv6/udp.c", UDP_NO_PORT,
	    .refused = -1),
	ROW(UDP6, RX, LOST, "Udp6InErrors", "net/ipv6/udp.c", UDP_ERRORS),
	ROW(UDP6, TX, PASSED, "Udp6OutDatagrams", "net/ipv6/udp.c",
	    "Datagrams accepted by IP output", .tag = TAG_UDP_SENT),
	ROW(UDP6, RX, PART, "Udp6RcvbufErrors", "net/ipv6/udp.c", UDP_RCVBUF,
	    .in = "Udp6InErrors"),
	ROW(UDP6, TX, ECHO, "Udp6SndbufErrors", "net/ipv6/udp.c", UDP_SNDBUF),
	ROW(UDP6, RX, PART, "Udp6InCsumErrors", "net/ipv6/udp.c", UDP_CHECKSUM6,
	    .in = "Udp6InErrors"),
	ROW(UDP6, RX, PART, "Udp6MemErrors", "net/ipv6/udp.c", UDP_MEMORY,
	    .in = "Udp6InErrors"),
	EXCUSED(RX, "expired", "InHdrErrors", TAG_EXPIRED, false,
	    "Packets of InHdrErrors whose TTL ended here and whose sender was "
	    "told so: traceroute and mtr live by it"),
	EXCUSED(RX, "Ip6expired", "Ip6InHdrErrors", TAG_EXPIRED, true,
	    "Packets of Ip6InHdrErrors whose hop limit ended here and whose "
	    "sender was told so: traceroute and mtr live by it"),
	{.layer = LAYER_IP, .bits = 64, .kind = KIND_FACT, .v6 = true,
	 .name = "Ip6discards_on", .tag = TAG_DISCARDS6_ON},
	EXCUSED(RX, "Ip6disabled", "Ip6InDiscards", TAG_DISABLED6, true,
	    "Packets of Ip6InDiscards that came in on interfaces where IPv6 is "
	    "switched off (disable_ipv6): neighbours' multicast"),
	EXCUSED(TX, "Ip6unspoken", "Ip6OutNoRoutes", TAG_UNSPOKEN6, true,
	    "Sends of Ip6OutNoRoutes by a host without an IPv6 address of more "
	    "than a link: who asks for both families tries IPv6 first"),
	EXCUSED(RX, "copies", "IPReversePathFilter", TAG_COPIES, false,
	    "Packets of IPReversePathFilter that another interface in the same "
	    "network took: each broadcast comes to both, and rp_filter refuses "
	    "one of them"),
	UNCLAIMED(RX, "not_ours", "InAddrErrors", TAG_NOT_OURS, false,
	    "Packets of InAddrErrors that came to a host which has never "
	    "forwarded any: broadcasts of another subnet on the same wire, "
	    "Wake-on-LAN, frames that a switch floods",
	    .cause = "packets for an address that is not ours, and this host "
		     "has never forwarded any: most likely broadcasts of "
		     "another subnet, which nobody misses",
	    .remedy = NOT_OURS_REMEDY),
	UNCLAIMED(RX, "Ip6not_ours", "Ip6InAddrErrors", TAG_NOT_OURS, true,
	    "Packets of Ip6InAddrErrors that came to a host which has never "
	    "forwarded any",
	    .cause = "packets for an address that is not ours, and this host "
		     "has never forwarded any: most likely nobody misses them",
	    .remedy = NOT_OURS_REMEDY),

	/*
	 * The rest, in the kernel's order again. Names are unique in a layer:
	 * those of UdpLite are also Udp's, so they stand here as nstat prints
	 * them, with the section in front. Some are facts above, too: the same
	 * numbers, to be sent.
	 *
	 * Not here: MaxConn of Tcp, which is always -1, and the columns
	 * InType<N> and OutType<N> that come and go, but for the two types that
	 * tell of loss. Those of the other types say what the named ones do.
	 */
	LEVEL(IP, "Forwarding",
	    "1 where IPv4 forwarding is on for all interfaces, else 2"),
	LEVEL(IP, "DefaultTTL",
	    "The TTL that packets are sent with by default"),
	OPT(IP, RX, PASSED, "ReasmReqds",
	    "Fragments received, to be put together"),
	OPT(IP, RX, PASSED, "ReasmOKs", "Packets put together from fragments"),
	OPT(IP, TX, PASSED, "FragOKs", "Packets sent in fragments"),
	OPT(IP, TX, PASSED, "FragCreates", "Fragments made of them"),
	OPT(ICMP, RX, SYMPTOM, "InParmProbs",
	    "Type 12 received: the peer did not understand a header of ours"),
	OPT(ICMP, RX, SYMPTOM, "InSrcQuenchs",
	    "Type 4 received: source quench, obsolete"),
	OPT(ICMP, RX, PASSED, "InRedirects",
	    "Type 5 received: a router knows a better gateway"),
	OPT(ICMP, RX, PASSED, "InEchos",
	    "Type 8 received: echo requests, ignored ones too"),
	OPT(ICMP, RX, PASSED, "InEchoReps", "Type 0 received: echo replies"),
	OPT(ICMP, RX, PASSED, "InTimestamps",
	    "Type 13 received: timestamp requests"),
	OPT(ICMP, RX, PASSED, "InTimestampReps",
	    "Type 14 received: timestamp replies"),
	OPT(ICMP, RX, PASSED, "InAddrMasks",
	    "Type 17 received: address mask requests"),
	OPT(ICMP, RX, PASSED, "InAddrMaskReps",
	    "Type 18 received: address mask replies"),
	OPT(ICMP, TX, PASSED, "OutMsgs", "ICMP messages sent"),
	OPT(ICMP, TX, SYMPTOM, "OutErrors",
	    "ICMP messages that could not be sent: no memory, no route"),
	OPT(ICMP, TX, SYMPTOM, "OutParmProbs",
	    "Type 12 sent: a header was not understood here"),
	OPT(ICMP, TX, SYMPTOM, "OutSrcQuenchs",
	    "Type 4 sent: source quench, obsolete"),
	OPT(ICMP, TX, PASSED, "OutRedirects",
	    "Type 5 sent: a host uses this one for a neighbour it could reach "
	    "itself"),
	OPT(ICMP, TX, PASSED, "OutEchos", "Type 8 sent: echo requests"),
	OPT(ICMP, TX, PASSED, "OutEchoReps", "Type 0 sent: echo replies"),
	OPT(ICMP, TX, PASSED, "OutTimestamps",
	    "Type 13 sent: timestamp requests"),
	OPT(ICMP, TX, PASSED, "OutTimestampReps",
	    "Type 14 sent: timestamp replies"),
	OPT(ICMP, TX, PASSED, "OutAddrMasks",
	    "Type 17 sent: address mask requests"),
	OPT(ICMP, TX, PASSED, "OutAddrMaskReps",
	    "Type 18 sent: address mask replies"),
	OPT(ICMP_MSG, RX, SYMPTOM, "InType3",
	    "Type 3 received, as InDestUnreachs: someone refused our packets"),
	OPT(ICMP_MSG, RX, SYMPTOM, "InType11",
	    "Type 11 received, as InTimeExcds: our packets died on the way"),
	OPT(ICMP_MSG, TX, SYMPTOM, "OutType3",
	    "Type 3 sent, as OutDestUnreachs: we refused packets"),
	OPT(ICMP_MSG, TX, SYMPTOM, "OutType11",
	    "Type 11 sent, as OutTimeExcds: packets died here"),
	LEVEL(TCP, "RtoAlgorithm",
	    "How the retransmission timeout is found, always 1"),
	LEVEL(TCP, "RtoMin",
	    "Least retransmission timeout in milliseconds, constant"),
	LEVEL(TCP, "RtoMax",
	    "Largest retransmission timeout in milliseconds, constant"),
	OPT(TCP, TX, PASSED, "ActiveOpens", "Outgoing connections begun"),
	OPT(TCP, NONE, SYMPTOM, "EstabResets",
	    "Established connections that ended with a reset"),
	LEVEL(TCP, "CurrEstab", "Connections established at the moment"),
	OPT(TCP, TX, SYMPTOM, "OutRsts",
	    "Resets sent: closed port, aborted or half-open connection"),
	OPT(UDP, RX, BENIGN, "IgnoredMulti",
	    "Multicast and broadcast datagrams that nobody here wants"),
	OPT(UDP_LITE, RX, PASSED, "UdpLiteInDatagrams",
	    "UDP-Lite datagrams read by applications"),
	OPT(UDP_LITE, RX, BENIGN, "UdpLiteNoPorts",
	    "UDP-Lite datagrams discarded: nobody listens on the port"),
	OPT(UDP_LITE, RX, SYMPTOM, "UdpLiteInErrors",
	    "UDP-Lite datagrams discarded: full socket, memory, checksum, "
	    "filter or IPsec policy"),
	OPT(UDP_LITE, TX, PASSED, "UdpLiteOutDatagrams",
	    "UDP-Lite datagrams accepted by IP output"),
	OPT(UDP_LITE, RX, SYMPTOM, "UdpLiteRcvbufErrors",
	    "UDP-Lite datagrams discarded: receive buffer full; in "
	    "UdpLiteInErrors as well"),
	OPT(UDP_LITE, TX, ECHO, "UdpLiteSndbufErrors",
	    "UDP-Lite sends refused: send buffer full, or no room in the qdisc "
	    "or device below"),
	OPT(UDP_LITE, RX, SYMPTOM, "UdpLiteInCsumErrors",
	    "UDP-Lite datagrams discarded: bad checksum; in UdpLiteInErrors as "
	    "well"),
	OPT(UDP_LITE, RX, BENIGN, "UdpLiteIgnoredMulti",
	    "UDP-Lite multicast and broadcast datagrams that nobody here "
	    "wants"),
	OPT(UDP_LITE, RX, SYMPTOM, "UdpLiteMemErrors",
	    "UDP-Lite datagrams discarded: limit udp_mem reached; in "
	    "UdpLiteInErrors as well"),
	OPT(TCP_EXT, RX, PASSED, "SyncookiesRecv",
	    "Connections completed with a SYN cookie"),
	OPT(TCP_EXT, RX, SYMPTOM, "EmbryonicRsts",
	    "Half-open connections ended by a reset or a bad SYN, or by "
	    "tcp_abort_on_overflow", .rank = 9,
	    .symptom = "connections asked of here were given up by the other "
		       "end: answers get lost on the way to it"),
	OPT(TCP_EXT, RX, BENIGN, "OutOfWindowIcmps",
	    "ICMP errors ignored: what they quote is not in flight"),
	OPT(TCP_EXT, RX, OVERLOAD, "LockDroppedIcmps",
	    "ICMP errors that found their socket in use and were only partly "
	    "handled"),
	OPT(TCP_EXT_NEIGH, RX, BENIGN, "ArpFilter",
	    "ARP requests ignored because of the setting arp_filter"),
	OPT(TCP_EXT, NONE, PASSED, "TW",
	    "Connections that went into TIME_WAIT"),
	OPT(TCP_EXT, NONE, PASSED, "TWRecycled",
	    "TIME_WAIT sockets used again, thanks to timestamps"),
	OPT(TCP_EXT, NONE, PASSED, "TWKilled", "TIME_WAIT sockets ended early"),
	OPT(TCP_EXT, RX, SYMPTOM, "PAWSActive",
	    "SYN-ACKs rejected for an old timestamp: NAT or a load balancer "
	    "mixes hosts"),
	OPT(TCP_EXT, RX, SYMPTOM, "TSEcrRejected",
	    "Handshake ACKs rejected: they echo a timestamp that was never "
	    "sent"),
	OPT(TCP_EXT, RX, BENIGN, "PAWSOldAck",
	    "Old pure ACKs dropped for their timestamp: harmless reordering"),
	OPT(TCP_EXT, RX, SYMPTOM, "PAWSTimewait",
	    "Segments rejected for an old timestamp by a socket in TIME_WAIT: "
	    "ports used again behind NAT"),
	OPT(TCP_EXT, TX, PASSED, "DelayedACKs", "Delayed ACKs sent"),
	OPT(TCP_EXT, TX, OVERLOAD, "DelayedACKLocked",
	    "Delayed ACKs that waited longer because the socket was in use"),
	OPT(TCP_EXT, RX, PASSED, "TCPHPHits",
	    "Segments received on the fast path"),
	OPT(TCP_EXT, RX, PASSED, "TCPPureAcks",
	    "Segments received that carry an ACK and no data"),
	OPT(TCP_EXT, RX, PASSED, "TCPHPAcks", "ACKs received on the fast path"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPRenoRecovery",
	    "Fast recoveries without SACK: loss was inferred"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPSACKReneging",
	    "The peer took back data it had acknowledged by SACK: it is short "
	    "of memory"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPSACKReorder", "Reordering seen by SACK"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPRenoReorder",
	    "Reordering seen without SACK"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPTSReorder",
	    "Reordering seen by timestamps"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPFullUndo",
	    "Recoveries undone completely: nothing was lost, only late"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPPartialUndo",
	    "Recoveries undone in part: some segments were only late"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPDSACKUndo",
	    "Slow-downs undone because a DSACK told that nothing was lost"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPLossUndo",
	    "Timeout recoveries undone: nothing was lost, only late"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPRenoFailures",
	    "Timeouts while segments were out of order, without SACK: heavy "
	    "loss"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPSackFailures",
	    "Timeouts while segments were out of order, with SACK: heavy loss"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPLossFailures",
	    "Timeouts during the recovery from a timeout: heavy loss"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPSlowStartRetrans",
	    "Retransmissions in slow start, after a timeout or a smaller path "
	    "MTU; in RetransSegs as well"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPLossProbes",
	    "Probes sent for a lost end of a burst; in RetransSegs as well "
	    "when they repeat data"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPLossProbeRecovery",
	    "Losses at the end of a burst repaired by a probe"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPRenoRecoveryFail",
	    "Timeouts during fast recovery, without SACK: heavy loss"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPSackRecoveryFail",
	    "Timeouts during fast recovery, with SACK: heavy loss"),
	OPT(TCP_EXT, RX, OVERLOAD, "TCPRcvCollapsed",
	    "Segments merged to save receive memory: the program reads too "
	    "slowly"),
	OPT(TCP_EXT, RX, PASSED, "TCPBacklogCoalesce",
	    "Segments merged while they waited for the socket"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPDSACKOldSent",
	    "DSACKs sent: data arrived twice, so the peer repeated it in vain"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPDSACKOfoSent",
	    "DSACKs sent: data out of order arrived twice"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPDSACKRecv",
	    "DSACKs received: we repeated data in vain"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPDSACKOfoRecv",
	    "DSACKs received: data out of order came to the peer twice"),
	OPT(TCP_EXT, NONE, SYMPTOM, "TCPAbortOnData",
	    "Connections reset: data came after the program had closed"),
	OPT(TCP_EXT, NONE, SYMPTOM, "TCPAbortOnClose",
	    "Connections reset: the program closed with data unread"),
	OPT(TCP_EXT, NONE, SYMPTOM, "TCPAbortOnLinger",
	    "Connections given up in FIN_WAIT2: the linger time was over"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPAbortFailed",
	    "Resets that could not be sent: no memory"),
	{TCP_EXT, .type = "derive", .kind = KIND_OVERLOAD, .optional = true,
	 .name = "TCPMemoryPressuresChrono",
	 .means = "Milliseconds spent short of TCP memory"},
	OPT(TCP_EXT, RX, SYMPTOM, "TCPSACKDiscard",
	    "Invalid SACK blocks ignored: a middlebox changes sequence "
	    "numbers"),
	OPT(TCP_EXT, RX, BENIGN, "TCPDSACKIgnoredOld",
	    "DSACKs ignored: too old"),
	OPT(TCP_EXT, RX, BENIGN, "TCPDSACKIgnoredNoUndo",
	    "DSACKs ignored: nothing to undo"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPSpuriousRTOs",
	    "Timeouts that turned out to be delay, not loss (F-RTO)"),
	OPT(TCP_EXT, RX, PASSED, "TCPSackShifted",
	    "Bookkeeping of SACK: buffers shifted"),
	OPT(TCP_EXT, RX, PASSED, "TCPSackMerged",
	    "Bookkeeping of SACK: buffers merged"),
	OPT(TCP_EXT, RX, PASSED, "TCPSackShiftFallback",
	    "Bookkeeping of SACK: buffers neither shifted nor merged"),
	OPT(TCP_EXT, RX, BENIGN, "TCPDeferAcceptDrop",
	    "Handshake ACKs without data ignored by design, because of "
	    "TCP_DEFER_ACCEPT"),
	OPT(TCP_EXT, RX, PASSED, "TCPRcvCoalesce",
	    "Segments merged in the receive queue"),
	OPT(TCP_EXT, RX, PASSED, "TCPOFOMerge",
	    "Data out of order that had arrived before, discarded"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPChallengeACK",
	    "Challenge ACKs sent: a reset or SYN does not fit the connection"),
	OPT(TCP_EXT, TX, PASSED, "TCPFastOpenActive",
	    "Fast Open: data in our SYN accepted by the server"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPFastOpenActiveFail",
	    "Fast Open: data in our SYN not accepted, or the SYN timed out"),
	OPT(TCP_EXT, RX, PASSED, "TCPFastOpenPassive",
	    "Fast Open: connections accepted"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPFastOpenPassiveFail",
	    "Fast Open: cookie not valid, or no socket for the connection"),
	OPT(TCP_EXT, RX, OVERLOAD, "TCPFastOpenListenOverflow",
	    "Fast Open: queue full, so an ordinary handshake followed"),
	OPT(TCP_EXT, RX, PASSED, "TCPFastOpenCookieReqd",
	    "Fast Open: clients that asked for a cookie"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPFastOpenBlackhole",
	    "Fast Open: turned off because the path swallows such packets"),
	OPT(TCP_EXT_SOCKET, RX, PASSED, "BusyPollRxPackets",
	    "Packets received by busy polling"),
	OPT(TCP_EXT, TX, PASSED, "TCPAutoCorking",
	    "Small writes held back, to be sent together"),
	OPT(TCP_EXT, TX, PASSED, "TCPFromZeroWindowAdv",
	    "Receive windows that opened again after being zero"),
	OPT(TCP_EXT, TX, OVERLOAD, "TCPWantZeroWindowAdv",
	    "Zero windows due but not announced yet: the program reads too "
	    "slowly"),
	OPT(TCP_EXT, TX, PASSED, "TCPHystartTrainDetect",
	    "CUBIC left slow start: ACK train seen"),
	OPT(TCP_EXT, TX, PASSED, "TCPHystartTrainCwnd",
	    "CUBIC left slow start, ACK train seen: congestion windows added "
	    "up"),
	OPT(TCP_EXT, TX, PASSED, "TCPHystartDelayDetect",
	    "CUBIC left slow start: delay grew"),
	OPT(TCP_EXT, TX, PASSED, "TCPHystartDelayCwnd",
	    "CUBIC left slow start, delay grew: congestion windows added up"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPACKSkippedSynRecv",
	    "ACKs not sent because of a rate limit, in the handshake"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPACKSkippedPAWS",
	    "ACKs not sent because of a rate limit, for segments with an old "
	    "timestamp"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPACKSkippedSeq",
	    "ACKs not sent because of a rate limit, for segments outside the "
	    "window"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPACKSkippedFinWait2",
	    "ACKs not sent because of a rate limit, in FIN_WAIT2"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPACKSkippedTimeWait",
	    "ACKs not sent because of a rate limit, in TIME_WAIT"),
	OPT(TCP_EXT, TX, SYMPTOM, "TCPACKSkippedChallenge",
	    "ACKs not sent because of a rate limit, challenge ACKs"),
	OPT(TCP_EXT, TX, OVERLOAD, "TCPWinProbe",
	    "Probes of a zero window sent: the peer's program reads too "
	    "slowly"),
	OPT(TCP_EXT, TX, PASSED, "TCPKeepAlive", "Keepalives sent"),
	OPT(TCP_EXT, TX, PASSED, "TCPMTUPSuccess",
	    "Path MTU probes that arrived"),
	OPT(TCP_EXT, TX, PASSED, "TCPDelivered",
	    "Segments that the peer acknowledged"),
	OPT(TCP_EXT, TX, OVERLOAD, "TCPDeliveredCE",
	    "Segments acknowledged with a congestion mark (ECN): a queue on "
	    "the path is full"),
	OPT(TCP_EXT, TX, PASSED, "TCPAckCompressed",
	    "ACKs saved by sending one for several"),
	OPT(TCP_EXT, TX, OVERLOAD, "TCPWqueueTooBig",
	    "Segments not split: the write queue is too large"),
	OPT(TCP_EXT, RX, PASSED, "TCPFastOpenPassiveAltKey",
	    "Fast Open: connections accepted by the older key"),
	OPT(TCP_EXT, TX, SYMPTOM, "TcpTimeoutRehash",
	    "Flows given a new hash after a timeout, to try another path"),
	OPT(TCP_EXT, TX, SYMPTOM, "TcpDuplicateDataRehash",
	    "Flows given a new hash after data came twice, to try another "
	    "path"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPDSACKRecvSegs",
	    "Segments that DSACKs told we repeated in vain"),
	OPT(TCP_EXT, RX, BENIGN, "TCPDSACKIgnoredDubious",
	    "DSACKs ignored: not plausible"),
	OPT(TCP_EXT, RX, PASSED, "TCPMigrateReqSuccess",
	    "Connections in the handshake moved to another listening socket"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPMigrateReqFailure",
	    "Connections in the handshake lost: not moved to another listening "
	    "socket"),
	OPT(TCP_EXT, TX, PASSED, "TCPPLBRehash",
	    "Flows given a new hash to spread load over paths (PLB)"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPAORequired",
	    "Segments dropped: TCP-AO is required and absent"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPAOBad",
	    "Segments dropped: their TCP-AO signature is wrong"),
	OPT(TCP_EXT, RX, SYMPTOM, "TCPAOKeyNotFound",
	    "Segments dropped: no such TCP-AO key here"),
	OPT(TCP_EXT, RX, PASSED, "TCPAOGood",
	    "Segments with a valid TCP-AO signature"),
	OPT(TCP_EXT, RX, BENIGN, "TCPAODroppedIcmps",
	    "ICMP errors ignored for connections with TCP-AO"),
	OPT(IP_EXT, RX, PASSED, "InMcastPkts",
	    "IPv4 multicast packets received"),
	OPT(IP_EXT, TX, PASSED, "OutMcastPkts", "IPv4 multicast packets sent"),
	OPT(IP_EXT, RX, PASSED, "InBcastPkts",
	    "IPv4 broadcast packets received"),
	OPT(IP_EXT, TX, PASSED, "OutBcastPkts", "IPv4 broadcast packets sent"),
	BYTES(IP_EXT, RX, "InOctets", "Bytes of IPv4 packets received"),
	BYTES(IP_EXT, TX, "OutOctets", "Bytes of IPv4 packets sent"),
	BYTES(IP_EXT, RX, "InMcastOctets",
	    "Bytes of IPv4 multicast packets received"),
	BYTES(IP_EXT, TX, "OutMcastOctets",
	    "Bytes of IPv4 multicast packets sent"),
	BYTES(IP_EXT, RX, "InBcastOctets",
	    "Bytes of IPv4 broadcast packets received"),
	BYTES(IP_EXT, TX, "OutBcastOctets",
	    "Bytes of IPv4 broadcast packets sent"),
	OPT(IP_EXT, RX, PASSED, "InNoECTPkts",
	    "IPv4 frames without ECN, before GRO merges them"),
	OPT(IP_EXT, RX, PASSED, "InECT1Pkts", "IPv4 frames with ECN, ECT(1)"),
	OPT(IP_EXT, RX, PASSED, "InECT0Pkts", "IPv4 frames with ECN, ECT(0)"),
	OPT(IP_EXT, RX, OVERLOAD, "InCEPkts",
	    "IPv4 frames with a congestion mark (ECN): a queue on the path "
	    "marks instead of dropping"),
	OPT(MPTCP_EXT, RX, PASSED, "MPCapableSYNRX",
	    "SYNs received that ask for MPTCP"),
	OPT(MPTCP_EXT, TX, PASSED, "MPCapableSYNTX",
	    "SYNs sent that ask for MPTCP"),
	OPT(MPTCP_EXT, RX, PASSED, "MPCapableSYNACKRX",
	    "SYN-ACKs received that agree to MPTCP"),
	OPT(MPTCP_EXT, RX, PASSED, "MPCapableACKRX",
	    "Handshake ACKs received that agree to MPTCP"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPCapableFallbackACK",
	    "Connections that fell back to plain TCP, on the server's side"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPCapableFallbackSYNACK",
	    "Connections that fell back to plain TCP, on the client's side"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPCapableSYNTXDrop",
	    "MPTCP given up for a destination after SYNs were lost: a "
	    "middlebox drops them"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPCapableSYNTXDisabled",
	    "SYNs sent without MPTCP because it was given up for the "
	    "destination"),
	OPT(MPTCP_EXT, TX, PASSED, "MPCapableEndpAttempt",
	    "Extra addresses tried for a connection's start"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPFallbackTokenInit",
	    "Connections that fell back to plain TCP: no token for them"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPTCPRetrans",
	    "Data sent again by MPTCP, mostly on another subflow"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPJoinNoTokenFound",
	    "Subflows refused: no such connection"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinSynRx", "Subflows: SYNs received"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinSynBackupRx",
	    "Subflows: SYNs received, as a backup path"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinSynAckRx",
	    "Subflows: SYN-ACKs received"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinSynAckBackupRx",
	    "Subflows: SYN-ACKs received, as a backup path"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPJoinSynAckHMacFailure",
	    "Subflows refused: SYN-ACK with a wrong HMAC"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinAckRx", "Subflows: ACKs received"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPJoinAckHMacFailure",
	    "Subflows refused: ACK with a wrong HMAC"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPJoinRejected",
	    "Subflows refused: a limit of the path manager"),
	OPT(MPTCP_EXT, TX, PASSED, "MPJoinSynTx", "Subflows: SYNs sent"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPJoinSynTxCreatSkErr",
	    "Subflows not begun: no socket"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPJoinSynTxBindErr",
	    "Subflows not begun: their address could not be bound"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPJoinSynTxConnectErr",
	    "Subflows not begun: connecting failed"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "DSSNotMatching",
	    "Data mappings received that contradict the one before"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "DSSCorruptionFallback",
	    "Corrupt data mappings, answered by falling back to plain TCP"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "DSSCorruptionReset",
	    "Corrupt data mappings, answered by a reset"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "InfiniteMapTx",
	    "Infinite mappings sent: fell back to plain TCP"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "InfiniteMapRx",
	    "Infinite mappings received: the peer fell back to plain TCP"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "DSSNoMatchTCP",
	    "Data mappings received that do not fit TCP's sequence numbers"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "DataCsumErr",
	    "Data rejected for a wrong MPTCP checksum: a middlebox changed it"),
	OPT(MPTCP_EXT, RX, PASSED, "OFOQueueTail",
	    "Data out of order, put at the end of the queue"),
	OPT(MPTCP_EXT, RX, PASSED, "OFOQueue", "Data out of order, queued"),
	OPT(MPTCP_EXT, RX, PASSED, "OFOMerge",
	    "Data out of order, merged in the queue"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "NoDSSInWindow",
	    "Data outside the MPTCP window, rejected"),
	OPT(MPTCP_EXT, RX, BENIGN, "DuplicateData",
	    "Data that arrived twice, on two subflows"),
	OPT(MPTCP_EXT, RX, PASSED, "AddAddr", "Address announcements received"),
	OPT(MPTCP_EXT, TX, PASSED, "AddAddrTx", "Address announcements sent"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "AddAddrTxDrop",
	    "Address announcements not sent"),
	OPT(MPTCP_EXT, RX, PASSED, "EchoAdd",
	    "Confirmations of address announcements received"),
	OPT(MPTCP_EXT, TX, PASSED, "EchoAddTx",
	    "Confirmations of address announcements sent"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "EchoAddTxDrop",
	    "Confirmations of address announcements not sent"),
	OPT(MPTCP_EXT, RX, PASSED, "PortAdd",
	    "Address announcements received that carry a port"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "AddAddrDrop",
	    "Address announcements received and dropped"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinPortSynRx",
	    "Subflows to another port: SYNs received"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinPortSynAckRx",
	    "Subflows to another port: SYN-ACKs received"),
	OPT(MPTCP_EXT, RX, PASSED, "MPJoinPortAckRx",
	    "Subflows to another port: ACKs received"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "MismatchPortSynRx",
	    "Subflows refused: SYN to a port that was not announced"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "MismatchPortAckRx",
	    "Subflows refused: ACK to a port that was not announced"),
	OPT(MPTCP_EXT, RX, PASSED, "RmAddr", "Address removals received"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "RmAddrDrop",
	    "Address removals received and dropped"),
	OPT(MPTCP_EXT, TX, PASSED, "RmAddrTx", "Address removals sent"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "RmAddrTxDrop",
	    "Address removals not sent"),
	OPT(MPTCP_EXT, NONE, PASSED, "RmSubflow",
	    "Subflows closed because an address was removed"),
	OPT(MPTCP_EXT, TX, PASSED, "MPPrioTx",
	    "Changes of a subflow's priority sent"),
	OPT(MPTCP_EXT, RX, PASSED, "MPPrioRx",
	    "Changes of a subflow's priority received"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPFailTx",
	    "MP_FAIL sent: data with a wrong checksum came"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "MPFailRx",
	    "MP_FAIL received: the peer got data with a wrong checksum"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPFastcloseTx",
	    "Connections aborted by us (MP_FASTCLOSE)"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "MPFastcloseRx",
	    "Connections aborted by the peer (MP_FASTCLOSE)"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "MPRstTx", "MPTCP resets sent"),
	OPT(MPTCP_EXT, RX, SYMPTOM, "MPRstRx", "MPTCP resets received"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "SubflowStale",
	    "Subflows that stopped making progress: their path loses "
	    "everything"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "SubflowRecover",
	    "Stalled subflows that made progress again"),
	OPT(MPTCP_EXT, TX, PASSED, "SndWndShared",
	    "Send windows widened by what another subflow was told"),
	OPT(MPTCP_EXT, RX, PASSED, "RcvWndShared",
	    "Receive windows widened by what another subflow was told"),
	OPT(MPTCP_EXT, RX, OVERLOAD, "RcvWndConflictUpdate",
	    "Receive windows that two subflows changed at once, updated"),
	OPT(MPTCP_EXT, RX, OVERLOAD, "RcvWndConflict",
	    "Receive windows that two subflows changed at once"),
	LEVEL(MPTCP_EXT, "MPCurrEstab",
	    "MPTCP connections established at the moment"),
	OPT(MPTCP_EXT, TX, SYMPTOM, "Blackhole",
	    "MPTCP turned off: the path swallows its SYNs"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MPCapableDataFallback",
	    "Fell back to plain TCP: the first data had no mapping"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "MD5SigFallback",
	    "Fell back to plain TCP: it cannot be had with MD5 signatures"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "DssFallback",
	    "Fell back to plain TCP: a bad or missing data mapping"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "SimultConnectFallback",
	    "Fell back to plain TCP: both ends connected at once"),
	OPT(MPTCP_EXT, NONE, SYMPTOM, "FallbackFailed",
	    "Falling back to plain TCP was not possible: the subflow was "
	    "reset"),
	OPT(MPTCP_EXT, TX, OVERLOAD, "WinProbe",
	    "Probes of a zero MPTCP window sent"),
	OPT(IP6, RX, PASSED, "Ip6ReasmReqds",
	    "Fragments received, to be put together"),
	OPT(IP6, RX, PASSED, "Ip6ReasmOKs",
	    "Packets put together from fragments"),
	OPT(IP6, TX, PASSED, "Ip6FragOKs", "Packets sent in fragments"),
	OPT(IP6, TX, PASSED, "Ip6FragCreates", "Fragments made of them"),
	OPT(IP6, RX, PASSED, "Ip6InMcastPkts",
	    "IPv6 multicast packets received"),
	OPT(IP6, TX, PASSED, "Ip6OutMcastPkts", "IPv6 multicast packets sent"),
	BYTES(IP6, RX, "Ip6InOctets", "Bytes of IPv6 packets received"),
	BYTES(IP6, TX, "Ip6OutOctets", "Bytes of IPv6 packets sent"),
	BYTES(IP6, RX, "Ip6InMcastOctets",
	    "Bytes of IPv6 multicast packets received"),
	BYTES(IP6, TX, "Ip6OutMcastOctets",
	    "Bytes of IPv6 multicast packets sent"),
	BYTES(IP6, RX, "Ip6InBcastOctets", "Always 0: IPv6 has no broadcast"),
	BYTES(IP6, TX, "Ip6OutBcastOctets", "Always 0: IPv6 has no broadcast"),
	OPT(IP6, RX, PASSED, "Ip6InNoECTPkts", "IPv6 packets without ECN"),
	OPT(IP6, RX, PASSED, "Ip6InECT1Pkts", "IPv6 packets with ECN, ECT(1)"),
	OPT(IP6, RX, PASSED, "Ip6InECT0Pkts", "IPv6 packets with ECN, ECT(0)"),
	OPT(IP6, RX, OVERLOAD, "Ip6InCEPkts",
	    "IPv6 packets with a congestion mark (ECN): a queue on the path "
	    "marks instead of dropping"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutMsgs", "ICMPv6 messages sent"),
	OPT(ICMP6, TX, SYMPTOM, "Icmp6OutErrors",
	    "ICMPv6 messages that could not be sent"),
	OPT(ICMP6, RX, SYMPTOM, "Icmp6InParmProblems",
	    "Type 4 received: the peer did not understand a header of ours"),
	OPT(ICMP6, RX, PASSED, "Icmp6InEchos",
	    "Type 128 received: echo requests"),
	OPT(ICMP6, RX, PASSED, "Icmp6InEchoReplies",
	    "Type 129 received: echo replies"),
	OPT(ICMP6, RX, PASSED, "Icmp6InGroupMembQueries",
	    "Type 130 received: who is in a multicast group"),
	OPT(ICMP6, RX, PASSED, "Icmp6InGroupMembResponses",
	    "Type 131 received: members of a multicast group"),
	OPT(ICMP6, RX, PASSED, "Icmp6InGroupMembReductions",
	    "Type 132 received: a multicast group was left"),
	OPT(ICMP6, RX, PASSED, "Icmp6InRouterSolicits",
	    "Type 133 received: a host looks for routers"),
	OPT(ICMP6, RX, PASSED, "Icmp6InRouterAdvertisements",
	    "Type 134 received: a router announces itself"),
	OPT(ICMP6, RX, PASSED, "Icmp6InNeighborSolicits",
	    "Type 135 received: a neighbour is looked for"),
	OPT(ICMP6, RX, PASSED, "Icmp6InNeighborAdvertisements",
	    "Type 136 received: a neighbour answers"),
	OPT(ICMP6, RX, PASSED, "Icmp6InRedirects",
	    "Type 137 received: a router knows a better next hop"),
	OPT(ICMP6, RX, PASSED, "Icmp6InMLDv2Reports",
	    "Type 143 received: members of multicast groups"),
	OPT(ICMP6, TX, SYMPTOM, "Icmp6OutParmProblems",
	    "Type 4 sent: a header was not understood here"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutEchos", "Type 128 sent: echo requests"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutEchoReplies",
	    "Type 129 sent: echo replies"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutGroupMembQueries",
	    "Type 130 sent: who is in a multicast group"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutGroupMembResponses",
	    "Type 131 sent: members of a multicast group"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutGroupMembReductions",
	    "Type 132 sent: a multicast group was left"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutRouterSolicits",
	    "Type 133 sent: looking for routers"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutRouterAdvertisements",
	    "Type 134 sent: announcing ourselves as a router"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutNeighborSolicits",
	    "Type 135 sent: looking for a neighbour"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutNeighborAdvertisements",
	    "Type 136 sent: answering as a neighbour"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutRedirects",
	    "Type 137 sent: a host could reach its neighbour itself"),
	OPT(ICMP6, TX, PASSED, "Icmp6OutMLDv2Reports",
	    "Type 143 sent: our multicast groups"),
	OPT(UDP6, RX, BENIGN, "Udp6IgnoredMulti",
	    "Multicast datagrams that nobody here wants"),
	OPT(UDP_LITE6, RX, PASSED, "UdpLite6InDatagrams",
	    "UDP-Lite datagrams read by applications"),
	OPT(UDP_LITE6, RX, BENIGN, "UdpLite6NoPorts",
	    "UDP-Lite datagrams discarded: nobody listens on the port"),
	OPT(UDP_LITE6, RX, SYMPTOM, "UdpLite6InErrors",
	    "UDP-Lite datagrams discarded: full socket, memory, checksum, "
	    "filter or IPsec policy"),
	OPT(UDP_LITE6, TX, PASSED, "UdpLite6OutDatagrams",
	    "UDP-Lite datagrams accepted by IP output"),
	OPT(UDP_LITE6, RX, SYMPTOM, "UdpLite6RcvbufErrors",
	    "UDP-Lite datagrams discarded: receive buffer full; in "
	    "UdpLite6InErrors as well"),
	OPT(UDP_LITE6, TX, ECHO, "UdpLite6SndbufErrors",
	    "UDP-Lite sends refused: send buffer full, or no room in the qdisc "
	    "or device below"),
	OPT(UDP_LITE6, RX, SYMPTOM, "UdpLite6InCsumErrors",
	    "UDP-Lite datagrams discarded: bad checksum; in UdpLite6InErrors "
	    "as well"),
	OPT(UDP_LITE6, RX, SYMPTOM, "UdpLite6MemErrors",
	    "UDP-Lite datagrams discarded: limit udp_mem reached; in "
	    "UdpLite6InErrors as well"),
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(snmp_counters) <= MAX_SNMP_COUNTERS,
	       "raise MAX_SNMP_COUNTERS");

const struct counter_table snmp_table = COUNTER_TABLE(snmp_counters);
