/* SPDX-License-Identifier: MIT */
/* Why sockets lose packets, in full sentences. */
#include "probes/socket/socket_private.h"

const struct reason socket_reasons[N_SOCKET_REASONS + 1] = {
	[SOCKET_UDP_FULL] =
		{.id = "udp-receive-buffer-full",
		 .means = "A program reads its UDP socket more slowly than "
			  "datagrams come in, so the socket's receive buffer "
			  "is full and the kernel discards what arrives. A "
			  "burst, a program that waits for a disk or a lock, "
			  "and too little CPU all look like this. The buffer "
			  "is counted in bytes of kernel memory, so many small "
			  "datagrams fill it sooner than their payload "
			  "suggests; where the program asked for UDP GRO, a "
			  "bundle of datagrams is counted as one.",
		 .confirm = "`ss -uamp` shows, for each socket, the bytes that "
			    "wait (r), the size of the buffer (rb) and what "
			    "was dropped (d): the socket in question has r "
			    "near rb, or d that grows.",
		 .fix = "Have the program read faster, in more threads or "
			"with SO_REUSEPORT, or give it a larger buffer: it "
			"asks with SO_RCVBUF, up to "
			"`sysctl net.core.rmem_max`, and gets "
			"`sysctl net.core.rmem_default` if it never asks.",
		 .gone = "RcvbufErrors of `nstat -az UdpRcvbufErrors "
			 "Udp6RcvbufErrors` stand still."},
	[SOCKET_UDP_FILTER] =
		{.id = "udp-filter",
		 .means = "UDP discarded datagrams whose checksum was right "
			  "and for which there was room. What is left is a "
			  "program that rejects them: a filter that was "
			  "attached to the socket (SO_ATTACH_FILTER, "
			  "SO_ATTACH_BPF), or a BPF program of the cgroup in "
			  "which the service runs, as systemd attaches it for "
			  "IPAddressDeny= and IPIngressFilterPath=. Rarely "
			  "the length in the UDP header is wrong.",
		 .confirm = "`bpftool cgroup tree` shows the programs that "
			    "are attached to cgroups: cgroup_inet_ingress is "
			    "the one that receives. `ss -uamp` shows the "
			    "socket whose drops (d) grow. For a service of "
			    "systemd, `systemctl show -p IPAddressDeny -p "
			    "IPAddressAllow UNIT` says what it may not "
			    "receive.",
		 .fix = "Allow the sender, with IPAddressAllow= in the unit "
			"or in what attached the program, or stop the sender "
			"if it is rejected rightly.",
		 .gone = "`nstat -az UdpInErrors Udp6InErrors` stand still."},
	[SOCKET_UDP_CHECKSUM] =
		{.id = "udp-bad-checksum",
		 .means = "The checksum of UDP datagrams does not fit what is "
			  "in them: they were damaged on the way, or a device "
			  "that was to fill in or check checksums (offload) "
			  "did it wrong.",
		 .confirm = "`tcpdump -nvvi any udp` says \"bad udp cksum\" "
			    "for datagrams that were received; for those sent "
			    "by this host that is normal.",
		 .fix = "Compare both ends to find the hop that damages them. "
			"To see whether offloading is it, switch it off on "
			"the receiver and then on the sender: "
			"`ethtool -K INTERFACE rx off`, "
			"`ethtool -K INTERFACE tx off`.",
		 .gone = "`nstat -az UdpInCsumErrors` stands still."},
	[SOCKET_UDP6_CHECKSUM] =
		{.id = "udp6-bad-or-no-checksum",
		 .means = "UDP datagrams over IPv6 came with a wrong checksum, "
			  "or with none: IPv6 wants one, where IPv4 does not. "
			  "The kernel counts both alike. Tunnels such as vxlan "
			  "and geneve that are told to leave it out "
			  "(udp6zerocsumtx) send none, and the other end must "
			  "be told to take it (udp6zerocsumrx).",
		 .confirm = "`tcpdump -nvvi any ip6 and udp` says \"no cksum\" "
			    "or \"bad udp cksum\". `ip -d link show` tells "
			    "what the tunnels here take: udp6zerocsumrx or "
			    "noudp6zerocsumrx.",
		 .fix = "Make both ends of the tunnel agree: delete it and "
			"add it again with udp6zerocsumrx on the receiving "
			"end or without udp6zerocsumtx on the sending one. "
			"If the checksum is wrong, find the hop that damages "
			"them.",
		 .gone = "`nstat -az Udp6InCsumErrors` stands still."},
	[SOCKET_UDP_MEMORY] =
		{.id = "udp-memory",
		 .means = "All UDP sockets together hold as much memory as "
			  "they may, on the whole host and in all its network "
			  "namespaces, so datagrams are discarded even for "
			  "sockets with room.",
		 .confirm = "`cat /proc/net/sockstat` shows the pages in use "
			    "as \"mem\" of UDP; the third number of "
			    "`sysctl net.ipv4.udp_mem` is the limit.",
		 .fix = "Find the programs whose sockets are full with "
			"`ss -uamp` and have them read, or raise the limit "
			"`sysctl net.ipv4.udp_mem`.",
		 .gone = "`nstat -az UdpMemErrors Udp6MemErrors` stand still."},
	[SOCKET_ACCEPT_QUEUE] =
		{.id = "accept-queue-full",
		 .means = "Clients have connected, but the program does not "
			  "accept them fast enough: the queue of its listening "
			  "socket is full, so the kernel drops further SYNs "
			  "and final ACKs. Clients try again after a second or "
			  "more, and may time out.",
		 .confirm = "`ss -ltnp` shows connections that wait as Recv-Q "
			    "and the length of the queue as Send-Q; it is full "
			    "where Recv-Q is larger.",
		 .fix = "Accept faster: more workers, or whatever they wait "
			"for. A longer queue bridges bursts: the program asks "
			"for it with the backlog of listen(), up to "
			"`sysctl net.core.somaxconn`, and has to be started "
			"again for it.",
		 .gone = "`nstat -az TcpExtListenOverflows "
			 "TcpExtListenDrops` stand still."},
	[SOCKET_SYN_BACKLOG] =
		{.id = "listen-drops",
		 .means = "Connections were dropped before they were made, and "
			  "no queue of accept() was full at the look after it. "
			  "The kernel counts several reasons alike: more SYNs "
			  "wait for their last ACK than the SYN backlog takes "
			  "while SYN cookies are off, there was no memory, or "
			  "no route for the answer.",
		 .confirm = "`ss -tan state syn-recv` shows who waits: many, "
			    "and `sysctl net.ipv4.tcp_syncookies` is 0, is a "
			    "backlog that is full. `ip route get ADDRESS` of a "
			    "client shows whether there is a route.",
		 .fix = "Switch cookies on: `sysctl -w "
			"net.ipv4.tcp_syncookies=1`; or let more wait: "
			"`sysctl net.ipv4.tcp_max_syn_backlog`, "
			"`sysctl net.core.somaxconn` and the backlog of the "
			"program's listen(). SYNs from addresses that never "
			"answer are a flood: keep them out before they come "
			"here.",
		 .gone = "`nstat -az TcpExtListenDrops` stands still."},
	[SOCKET_SEND_REFUSED] =
		{.id = "send-refused-below-ip",
		 .means = "Packets of this host could not be sent. Their "
			  "senders were told so (OutDiscards counts them), but "
			  "no device, queueing discipline or firewall rule has "
			  "counted them, and it was not for a full send "
			  "buffer: IP has handed them on, and no interface "
			  "has sent them. What refuses without a counter are "
			  "BPF programs on egress, attached to a device (tcx) "
			  "or to the cgroup of a service, as systemd does for "
			  "IPAddressDeny=, and nftables chains of the netdev "
			  "family with the hook egress whose rules have no "
			  "counter.",
		 .confirm = "`nstat -az IpOutDiscards Ip6OutDiscards` grow. "
			    "`bpftool net` shows the programs at devices (tcx "
			    "and tc, egress), `bpftool cgroup tree` those of "
			    "cgroups (cgroup_inet_egress), and `nft list "
			    "ruleset` the chains. `perf trace -e "
			    "skb:kfree_skb` names the function that drops "
			    "them.",
		 .fix = "Allow the destination in the program or the rule, or "
			"stop what sends there if it is refused rightly.",
		 .gone = "`nstat -az IpOutDiscards Ip6OutDiscards` stand "
			 "still."},
	[SOCKET_RAW_FULL] =
		{.id = "raw-socket-full",
		 .means = "A program that speaks an IP protocol of its own "
			  "through a raw socket, such as a routing daemon "
			  "(OSPF is protocol 89) or keepalived (VRRP is 112), "
			  "reads it too slowly: its receive buffer is full, "
			  "and the kernel discards what comes. Newer kernels "
			  "count that as InUnknownProtos and tell the sender "
			  "that the protocol is unreachable.",
		 .confirm = "`ss -wamp` shows, for each raw socket, the bytes "
			    "that wait (r), the size of the buffer (rb) and "
			    "what was dropped (d).",
		 .fix = "Have the program read faster or give it a larger "
			"buffer: it asks with SO_RCVBUF, up to "
			"`sysctl net.core.rmem_max`.",
		 .gone = "The last column (drops) of `cat /proc/net/raw "
			 "/proc/net/raw6` stands still."},
	[SOCKET_NO_PROTOCOL] =
		{.id = "unknown-ip-protocol",
		 .means = "Packets carry an IP protocol number that nothing "
			  "here takes: no protocol of the kernel, whose module "
			  "may not be loaded, and no raw socket of a program.",
		 .confirm = "`tcpdump -nvi any -c 20 not tcp and not udp and "
			    "not icmp` shows which protocol it is and who "
			    "sends it; `cat /proc/net/raw` which ones "
			    "programs take.",
		 .fix = "Stop the sender if nothing here is to take them, "
			"else start the program or load the module that does: "
			"`host: modprobe ip_gre`, for example.",
		 .gone = "`nstat -az IpInUnknownProtos Ip6InUnknownProtos` "
			 "stand still."},
};
