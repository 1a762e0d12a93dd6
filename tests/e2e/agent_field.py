# SPDX-License-Identifier: MIT
"""What the cases of the field make a namespace do: the rest of agent.py's commands.

Programs that drop (BPF), that decide over packets (NFQUEUE), that balance
(IPVS), sockets of all kinds, and traffic that is not plain UDP.
"""

import ctypes
import os
import platform
import random
import select
import socket
import struct
import tempfile
import threading
import time

import packets

SO_RCVBUFFORCE, SO_SNDBUFFORCE, SO_ATTACH_FILTER = 33, 32, 26
UDP_SEGMENT, UDP_GRO = 103, 104
IP_TRANSPARENT = 19
PACKET_RX_ALL = 3  # ETH_P_ALL

kept = []  # stays open
counts = {}  # what arrived, by name
stopped = set()  # threads that have to end


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def in_background(function, *arguments):
    threading.Thread(target=function, args=arguments, daemon=True).start()


# Datagrams.


def aim(sock, to, ttl, source_port, broadcast, zero_checksum):
    v6 = ":" in to
    if ttl and v6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    elif ttl:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    if broadcast:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if zero_checksum:
        sock.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK
    if source_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", source_port))


def send(count, size, to, port, gap=0.0, ttl=0, source_port=0, broadcast=False, zero_checksum=False, data=None):
    """Datagrams with `size` bytes of data; how many the kernel refused."""
    refused = 0
    load = bytes.fromhex(data) if data else b"x" * size
    with socket.socket(family_of(to), socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)
        aim(sock, to, ttl, source_port, broadcast, zero_checksum)
        for _ in range(count):
            try:
                sock.sendto(load, (to, port))
            except OSError:
                refused += 1
            if gap:
                time.sleep(gap)
    return refused


def send_eagerly(count, size, to, port):
    """The same from a socket that does not block and has a usual buffer: what finds that full is not sent."""
    refused = 0
    with socket.socket(family_of(to), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        for _ in range(count):
            try:
                sock.sendto(b"x" * size, (to, port))
            except BlockingIOError:
                refused += 1
    return refused


def flow_each(count, size, to, port):
    """As many flows of one packet each; their sockets stay, so that no port is used twice."""
    for _ in range(count):
        sock = socket.socket(family_of(to), socket.SOCK_DGRAM)
        kept.append(sock)
        try:
            sock.sendto(b"x" * size, (to, port))
        except OSError:
            pass  # a firewall


def bundles(count, each, size, to, port):
    """UDP_SEGMENT: sent as one, cut apart as late as can be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 64 << 20)
        for _ in range(count):
            sock.sendto(b"q" * each * size, (to, port))


def bundle_reader(port, rcvbuf):
    """UDP_GRO, and never reads."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    kept.append(sock)
    sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.bind(("", port))


def frames_of(interface, mac, some, gap=0.0, source=None):
    """IP packets, in hexadecimal, as they are: frames by hand."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, 0))
        here = bytes.fromhex(source.replace(":", "")) if source else sock.getsockname()[4]
        for text in some:
            packet = bytes.fromhex(text)
            frame = bytes.fromhex(mac.replace(":", "")) + here + struct.pack("!H", packets.ethertype(packet)) + packet
            sock.send(frame.ljust(60, b"\0"))
            if gap:
                time.sleep(gap)


def raw(count, size, to, protocol):
    """Packets of an IP protocol, multicast ones, too."""
    with socket.socket(family_of(to), socket.SOCK_RAW, protocol) as sock:
        for _ in range(count):
            sock.sendto(b"\x21\x01\x64\x01\x00\x01\0\0".ljust(size, b"x"), (to, 0))


# Who listens.


def swallow(sock, name):
    while True:
        sock.recv(70000)
        counts[name] += 1


def start_reader(sock, name):
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    kept.append(sock)
    counts[name] = 0
    in_background(swallow, sock, name)


def count_of(name):
    return counts[str(name)]


def reader(port, address="", transparent=False):
    """Counts datagrams of both families; transparent: those for others, too, that TPROXY hands it."""
    sock = socket.socket(family_of(address or "::"), socket.SOCK_DGRAM)
    if transparent:
        sock.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((address, port))
    start_reader(sock, str(port))


def membership(group, own):
    if ":" in group:
        return (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                socket.inet_pton(socket.AF_INET6, group) + struct.pack("=I", socket.if_nametoindex(own)))
    return (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(own))


def join(group, port, own):
    """A reader of a multicast group; own: an address, or for IPv6 the interface."""
    sock = socket.socket(family_of(group), socket.SOCK_DGRAM)
    sock.bind(("", port))
    sock.setsockopt(*membership(group, own))
    start_reader(sock, str(port))


def join_raw(group, protocol, own):
    sock = socket.socket(family_of(group), socket.SOCK_RAW, protocol)
    sock.setsockopt(*membership(group, own))
    start_reader(sock, "raw%d" % protocol)


def deaf_raw(protocol, rcvbuf=2304, v6=False):
    """A raw socket that nobody reads."""
    sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    kept.append(sock)


def deaf_packet(rcvbuf=2304):
    """A sniffer that nobody reads."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(PACKET_RX_ALL))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    kept.append(sock)


def deaf_udp(port, rcvbuf=2304, v6=False):
    sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.bind(("", port))
    kept.append(sock)


def filtered_udp(port, v6=False):
    """A socket whose filter wants nothing."""
    sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0), 8)  # return 0
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 1, ctypes.addressof(code)))
    sock.bind(("", port))
    kept.append(sock)


# TCP.


def answer(sock, size):
    with sock:
        try:
            sock.recv(100)
            sock.sendall(b"y" * size)
        except OSError:
            pass  # the other end is part of the test


def accept_all(listener, size):
    while True:
        sock, _ = listener.accept()
        in_background(answer, sock, size)


def listener_on(port, backlog=500):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", port))
    sock.listen(backlog)
    kept.append(sock)
    return sock


def serve(port, size):
    """Answers each request with so many bytes."""
    in_background(accept_all, listener_on(port), size)


def listen(port):
    """Connections that are taken, and no more."""
    listener_on(port)


def ask(count, to, port, size):
    """Connections, one after the other; how many brought everything."""
    whole = 0
    for _ in range(count):
        got = 0
        with socket.create_connection((to, port), timeout=5) as sock:
            sock.sendall(b"GET")
            while data := sock.recv(65536):
                got += len(data)
        whole += got == size
    return whole


def dial(count, to, port, gap=0.0, close=False):
    """Begins connections without waiting for them."""
    for _ in range(count):
        sock = socket.socket(family_of(to), socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.connect_ex((to, port))
        if not close:
            kept.append(sock)
        else:
            sock.close()
        if gap:
            time.sleep(gap)


def hold(count, to, port):
    """Connections that are made and stay."""
    for _ in range(count):
        kept.append(socket.create_connection((to, port), timeout=10))


def scan(ports, to):
    """Knocks at each port once, gives up at once, and hears what is said to it."""
    for port in ports:
        with socket.socket(family_of(to), socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            sock.connect_ex((to, port))
            select.select([], [sock], [], 0.002)


def reset_half(count, to, port):
    """Connections that are torn down with RST in the middle."""
    for _ in range(count):
        with socket.create_connection((to, port), timeout=5) as sock:
            sock.sendall(b"GET")
            sock.recv(10)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# NFQUEUE.


NFQNL_MSG_PACKET, NFQNL_MSG_VERDICT, NFQNL_MSG_CONFIG = 3 << 8, 3 << 8 | 1, 3 << 8 | 2
NFQA_PACKET_HDR, NFQA_VERDICT_HDR, NFQA_PAYLOAD = 1, 2, 10
NFQA_CFG_CMD, NFQA_CFG_PARAMS, NFQA_CFG_QUEUE_MAXLEN = 1, 2, 3
NF_DROP, NF_ACCEPT = 0, 1


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data.ljust((len(data) + 3) & ~3, b"\0")


def attributes_of(message, at):
    while at + 4 <= len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        yield kind & 0x3fff, message[at + 4:at + size]
        at += (max(size, 4) + 3) & ~3


class Queue:
    def __init__(self, number, family, length=0):
        self.number = number
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.sock.bind((0, 0))
        self.command(NFQNL_MSG_CONFIG, attribute(NFQA_CFG_CMD, struct.pack("!BBH", 1, 0, family)), 5)
        self.command(NFQNL_MSG_CONFIG, attribute(NFQA_CFG_PARAMS, struct.pack("!IB", 65535, 2)), 5)
        if length:
            self.command(NFQNL_MSG_CONFIG, attribute(NFQA_CFG_QUEUE_MAXLEN, struct.pack("!I", length)), 5)

    def command(self, kind, data, flags=1):
        body = struct.pack("!BBH", 0, 0, self.number) + data
        self.sock.send(struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body)
        if flags & 4:
            error = struct.unpack_from("=i", self.sock.recv(4096), 16)[0]
            if error:
                raise OSError(-error, "NFQUEUE")

    def messages(self):
        data = self.sock.recv(1 << 20)
        at = 0
        while at + 16 <= len(data):
            size, kind = struct.unpack_from("=IH", data, at)
            if kind == NFQNL_MSG_PACKET:
                yield dict(attributes_of(data[:at + size], at + 20))
            at += (max(size, 16) + 3) & ~3

    def judge(self, bad_port):
        """Drops UDP to one port, for ever; 0: none."""
        while True:
            for found in self.messages():
                payload = found[NFQA_PAYLOAD]
                head = 40 if payload[0] >> 4 == 6 else (payload[0] & 15) * 4
                port = struct.unpack_from("!H", payload, head + 2)[0]
                verdict = NF_DROP if port == bad_port else NF_ACCEPT
                ident = found[NFQA_PACKET_HDR][:4]
                self.command(NFQNL_MSG_VERDICT, attribute(NFQA_VERDICT_HDR, struct.pack("!I", verdict) + ident))


def queue_judge(number, bad_port, v6=False):
    """An intrusion prevention system."""
    queue = Queue(number, socket.AF_INET6 if v6 else socket.AF_INET)
    kept.append(queue)
    in_background(queue.judge, bad_port)


def queue_stalled(number, length):
    """One that reads nothing more."""
    kept.append(Queue(number, socket.AF_INET, length))


# BPF.


SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}
BPF_PROG_LOAD, BPF_PROG_ATTACH, BPF_LINK_CREATE = 5, 8, 28
TYPE_CLS, TYPE_CGROUP_SKB = 3, 8
INGRESS, EGRESS = 46, 47  # BPF_TCX_INGRESS and so on
SHOT, NEXT, OK = 2, -1, 0


def bpf(command, data):
    number = SYSCALL_BPF.get(platform.machine())
    if number is None:
        raise OSError("no number for bpf() on " + platform.machine())
    buffer = ctypes.create_string_buffer(data.ljust(128, b"\0"), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf(%d)" % command)
    return result


def instruction(code, dst=0, src=0, offset=0, value=0):
    return struct.pack("=BBhi", code, src << 4 | dst, offset, value)


def program_for_port(kind, at, port, hit, miss, attach_type=0):
    """fd of a program with one verdict for packets with these two bytes at an offset."""
    wanted = int.from_bytes(struct.pack("!H", port), "little")
    code = b"".join((
        instruction(0xb7, 2, value=at), instruction(0xbf, 3, 10), instruction(0x07, 3, value=-8),
        instruction(0xb7, 4, value=2), instruction(0x85, value=26),  # bpf_skb_load_bytes
        instruction(0x55, 0, 0, 4), instruction(0x69, 0, 10, -8), instruction(0x55, 0, 0, 2, wanted),
        instruction(0xb7, 0, value=hit), instruction(0x95),
        instruction(0xb7, 0, value=miss), instruction(0x95)))
    program, words = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL")
    return bpf(BPF_PROG_LOAD, struct.pack(
        "=IIQQIIQIi16sII", kind, len(code) // 8, ctypes.addressof(program), ctypes.addressof(words),
        0, 0, 0, 0, 0, b"field", 0, attach_type))


def tcx(interface, port, egress=False, v6=False):
    """Drops what is for a UDP port in a program attached by tcx, which has no counter."""
    at = 14 + (40 if v6 else 20) + 2
    fd = program_for_port(TYPE_CLS, at, port, SHOT, NEXT, EGRESS if egress else INGRESS)
    kept.append(bpf(BPF_LINK_CREATE, struct.pack("=IIII", fd, socket.if_nametoindex(interface),
                                                 EGRESS if egress else INGRESS, 0)))


def filter_bpf(interface, port, egress=False, v6=False):
    """The same in a filter of clsact, which counts."""
    at = 14 + (40 if v6 else 20) + 2
    fd = program_for_port(TYPE_CLS, at, port, SHOT, OK)
    options = attribute(6, struct.pack("=I", fd)) + attribute(7, b"field\0") + attribute(8, struct.pack("=I", 1))
    parent = 0xfffffff3 if egress else 0xfffffff2
    body = struct.pack("=BxxxiIII", 0, socket.if_nametoindex(interface), 0, parent, 1 << 16 | socket.htons(3))
    body += attribute(1, b"bpf\0") + attribute(2, options)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.send(struct.pack("=IHHII", 16 + len(body), 44, 0x605, 1, 0) + body)  # RTM_NEWTFILTER, create
        error = struct.unpack_from("=i", sock.recv(4096), 16)[0]
        if error:
            raise OSError(-error, "RTM_NEWTFILTER")


def cgroup_root():
    for path in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        if os.path.exists(path + "/cgroup.procs"):
            return path
    raise OSError("no cgroup v2")


def cgroup_deny(name, port, egress=False, v6=False):
    """This process goes into a cgroup of its own, whose packets to a port are dropped."""
    home = os.path.join(cgroup_root(), name)
    os.makedirs(home, exist_ok=True)
    at = (40 if v6 else 20) + 2
    fd = program_for_port(TYPE_CGROUP_SKB, at, port, 0, 1, int(egress))
    directory = os.open(home, os.O_RDONLY)
    bpf(BPF_PROG_ATTACH, struct.pack("=IIIII", directory, fd, int(egress), 2, 0))
    os.close(directory)
    with open(home + "/cgroup.procs", "w") as f:
        f.write(str(os.getpid()))


# IPVS, by the setsockopt() of ipvsadm.


def ipvs_address(text):
    host, port = text.rsplit(":", 1)
    return socket.inet_aton(host), socket.htons(int(port))


def ipvs_service(text, protocol):
    address, port = ipvs_address(text)
    return struct.pack("@H2x4sHxxI16sII4s", protocol, address, port, 0, b"rr", 0, 0, b"\xff" * 4)


def ipvs_server(text):
    address, port = ipvs_address(text)
    return struct.pack("@4sHxxIiII", address, port, 0, 1, 0, 0)


def ipvs_add(service, servers, protocol=socket.IPPROTO_UDP):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        sock.setsockopt(0, 1154, ipvs_service(service, protocol))
        for server in servers:
            sock.setsockopt(0, 1159, ipvs_service(service, protocol) + ipvs_server(server))


def ipvs_remove(service, server, protocol=socket.IPPROTO_UDP):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        sock.setsockopt(0, 1160, ipvs_service(service, protocol) + ipvs_server(server))


# Devices with a reader in user space, who sleeps.


def tun(name, tap=False):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    import fcntl
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", name.encode(), (2 if tap else 1) | 0x1000))
    kept.append(fd)


def tap_of(interface):
    """Opens the device file of a macvtap; made by hand, as nobody else does."""
    base = "/sys/class/net/%s/" % interface
    for place in (base + "macvtap", base):
        found = [n for n in os.listdir(place) if n.startswith("tap")] if os.path.isdir(place) else []
        if found:
            with open("%s/%s/dev" % (place, found[0])) as f:
                major, minor = (int(n) for n in f.read().split(":"))
            break
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "tap")
        os.mknod(path, 0o600 | 0o020000, os.makedev(major, minor))
        kept.append(os.open(path, os.O_RDWR))


# For long: something of each kind, until told to stop.


def repeat(name, gap, command, *arguments):
    """Does a command again and again, about that often; errors are part of life."""
    while name not in stopped:
        try:
            COMMANDS[command](*arguments)
        except OSError:
            pass
        time.sleep(gap * random.uniform(0.7, 1.3))


def keep_doing(name, gap, command, arguments):
    in_background(lambda: repeat(name, gap, command, *arguments))


def stop_doing(names):
    stopped.update(names)


COMMANDS = {f.__name__: f for f in (
    send, send_eagerly, flow_each, bundles, bundle_reader, frames_of, raw, count_of, reader, join, join_raw, deaf_raw,
    deaf_packet, deaf_udp, filtered_udp, serve, listen, ask, dial, hold, scan, reset_half, queue_judge,
    queue_stalled, tcx, filter_bpf, cgroup_deny, ipvs_add, ipvs_remove, tun, tap_of, keep_doing, stop_doing)}
