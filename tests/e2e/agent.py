# SPDX-License-Identifier: MIT
"""Traffic inside one network namespace, on command.

Runs as a child of the tests in the namespace that it serves; reads one JSON
list [command, arguments] per line and answers each with one line. It ends when
its standard input does, so it cannot outlive the test that started it.
"""

import http.server
import json
import os
import socket
import socketserver
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True  # the sources may be read-only, and stay clean

import agent_field
from packets import checksum

PMTUDISC_PROBE = 3  # sets DF, takes no notice of a learned path MTU
IP_MTU_DISCOVER = 10
IPV6_MTU_DISCOVER = 23
SO_RCVBUFFORCE = 33
TCP_DEFER_ACCEPT = 9
TCP_MD5SIG = 14

received = {}  # packets, by port
kept = []  # sockets that stay open
connections = []  # until hang_up()
pacers = []
stopping = threading.Event()


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def send_all(sock, count, data, to):
    """How many were refused by the kernel."""
    refused = 0
    for _ in range(count):
        try:
            sock.sendto(data, to)
        except OSError:
            refused += 1
    return refused


def udp(count, size, to, port, probe=False, tos=0):
    """Sends datagrams of `size` bytes at the IP layer."""
    family = family_of(to)
    header = 48 if family == socket.AF_INET6 else 28
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        if probe and family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE)
        elif probe:
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE)
        if tos:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        return send_all(sock, count, b"x" * (size - header), (to, port))


def flows(count, size, to, port, first):
    """As many UDP flows, of one packet each, from the source port `first` on."""
    refused = 0
    for n in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("", first + n))
            refused += send_all(sock, 1, b"x" * (size - 28), (to, port))
    return refused


def spoofed(count, size, source, to, port):
    """UDP over IPv4 with a source address that is not ours."""
    udp_header = struct.pack("!HHHH", 4000, port, size - 20, 0)
    ip_header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 17, 0,
                            socket.inet_aton(source), socket.inet_aton(to))
    data = ip_header + udp_header + b"x" * (size - 28)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        return send_all(sock, count, data, (to, 0))


def frames(count, interface, mac, ethertype, payload=""):
    """Frames of 100 bytes with any ethertype; payload in hexadecimal."""
    return packets(interface, mac, ethertype, [payload] * count)


def packets(interface, mac, ethertype, payloads):
    """The same with frames that differ. (To close such a socket takes long: one for all.)"""
    head = bytes.fromhex(mac.replace(":", "") + "020000000001") + struct.pack("!H", ethertype)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        return sum(send_all(sock, 1, (head + bytes.fromhex(payload)).ljust(100, b"x"), (interface, 0))
                   for payload in payloads)


def bound(port, family):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    kept.append(sock)
    sock.bind(("", port))
    return sock


def swallow(sock, port, echo):
    received[port] = 0
    while True:
        data, peer = sock.recvfrom(65536)
        received[port] += 1
        if echo:
            try:
                sock.sendto(data, peer)
            except OSError:
                pass  # a firewall rule in OUTPUT: what the test is about


def sink(port, v6=False, echo=False):
    """Reads all that comes, and sends it back if told so."""
    sock = bound(port, socket.AF_INET6 if v6 else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    threading.Thread(target=swallow, args=(sock, port, echo), daemon=True).start()


def deaf(port, size):
    """A socket with a small receive buffer that nobody reads."""
    bound(port, socket.AF_INET).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def hoard(port):
    """Accepts TCP connections and never reads from them."""
    sock = socket.create_server(("", port), backlog=128)
    kept.append(sock)
    threading.Thread(target=keep_accepted, args=(sock,), daemon=True).start()


def keep_accepted(sock):
    while True:
        kept.append(sock.accept()[0])


def pour(count, size, to, port):
    """As many TCP connections, and into each what of `size` bytes fits."""
    for _ in range(count):
        sock = socket.create_connection((to, port), timeout=5)
        kept.append(sock)
        sock.setblocking(False)
        try:
            sock.send(b"x" * size)
        except OSError:
            pass  # no memory: what the test is about


def close_port(port):
    for sock in [s for s in kept if s.getsockname()[1] == port]:
        kept.remove(sock)
        sock.close()


def knock(count, to, port, keep=False):
    """Begins connections; unless they are kept, each is given up at once."""
    for _ in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.connect_ex((to, port))
        if keep:
            kept.append(sock)
        else:
            sock.close()


def count_received(port):
    return received[port]


def pace(size, to, port, gap):
    """Sends until told to stop, and throws the answers away."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while not stopping.wait(gap):
            send_all(sock, 1, b"x" * (size - 28), (to, port))
            drain(sock)


def drain(sock):
    try:
        while True:
            sock.recv(65536, socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass


def steady(size, to, port, gap):
    """Paced datagrams in the background, until stop_steady()."""
    stopping.clear()
    pacers.append(threading.Thread(target=pace, args=(size, to, port, gap), daemon=True))
    pacers[-1].start()


def flood(rate, size, to, port):
    """So many datagrams a second in the background, until stop_steady()."""
    stopping.clear()
    pacers.append(threading.Thread(target=pour_out, args=(rate, size, to, port), daemon=True))
    pacers[-1].start()


def pour_out(rate, size, to, port):
    data, beat = b"x" * (size - 28), 0.01
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        due = time.monotonic()
        while not stopping.is_set():
            for _ in range(int(rate * beat)):
                sock.sendto(data, (to, port))
            due = max(due + beat, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))


def stop_steady():
    stopping.set()
    while pacers:
        pacers.pop().join()


NFQNL_MSG_CONFIG = 3 << 8 | 2
NFQA_CFG_CMD, NFQA_CFG_PARAMS, NFQA_CFG_QUEUE_MAXLEN = 1, 2, 3
NFQNL_CFG_CMD_BIND, NFQNL_COPY_META = 1, 1
NETLINK_NETFILTER = 12


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data.ljust((len(data) + 3) & ~3, b"\0")


def dull_queue(number, length):
    """Listens to an NFQUEUE of a few packets, and never gives a verdict."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    kept.append(sock)
    for data in (attribute(NFQA_CFG_CMD, struct.pack("!BBH", NFQNL_CFG_CMD_BIND, 0, socket.AF_INET)),
                 attribute(NFQA_CFG_PARAMS, struct.pack("!IB", 0, NFQNL_COPY_META)),
                 attribute(NFQA_CFG_QUEUE_MAXLEN, struct.pack("!I", length))):
        body = struct.pack("!BBH", socket.AF_UNSPEC, 0, number) + data
        sock.send(struct.pack("=IHHII", 16 + len(body), NFQNL_MSG_CONFIG, 5, 0, 0) + body)  # with ACK
        answer = struct.unpack_from("=i", sock.recv(4096), 16)[0]
        if answer:
            raise OSError(-answer, "NFQUEUE")


def hasty(count, size, to, port, sndbuf):
    """Datagrams that do not wait for a send buffer; how many were refused."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        sock.setblocking(False)
        return send_all(sock, count, b"x" * (size - 28), (to, port))


def tcp_md5(sock, peer):
    """Wants a signature in all that the peer sends."""
    address = struct.pack("=H", socket.AF_INET) + b"\0\0" + socket.inet_aton(peer)
    key = b"secret"
    sock.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG,
                    address.ljust(128, b"\0") + struct.pack("=BBHi", 0, 0, len(key), 0) + key.ljust(80, b"\0"))


def deaf_listener(port, backlog=64, rcvbuf=0, defer=0, md5_from=None):
    """Connections that nobody accepts, so that nobody reads them either."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    kept.append(sock)
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    if defer:
        sock.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, defer)
    if md5_from:
        tcp_md5(sock, md5_from)
    sock.bind(("", port))
    sock.listen(backlog)


def swallow_stream(sock, port):
    with sock:
        try:
            while data := sock.recv(1 << 18):
                received[port] += len(data)
        except OSError:
            pass  # the peer may reset


def accept_all(listener, port):
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=swallow_stream, args=(sock, port), daemon=True).start()


def tcp_sink(port, rcvbuf=0):
    """Reads all connections, IPv4 and IPv6 where there is one; received[] are bytes."""
    v6 = socket.has_dualstack_ipv6()
    listener = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
    if v6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if rcvbuf:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    listener.bind(("", port))
    listener.listen(64)
    received[port] = 0
    threading.Thread(target=accept_all, args=(listener, port), daemon=True).start()


def tcp_send(size, to, port):
    """One connection for so many bytes."""
    block = b"x" * (1 << 18)
    with socket.create_connection((to, port), timeout=30) as sock:
        while size > 0:
            sock.sendall(block[:size])
            size -= len(block)


def connect(count, to, port):
    for _ in range(count):
        connections.append(socket.create_connection((to, port), timeout=5))


def talk(size):
    """Says so much on each connection, or as much of it as the send buffer takes."""
    for sock in connections:
        sock.setblocking(False)
        try:
            sock.send(b"x" * size)
        except BlockingIOError:
            pass


def hang_up():
    """Resets all connections: nothing of them is sent again."""
    while connections:
        with connections.pop() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def count_refused(count, to, port):
    """How many connections were refused."""
    refused = 0
    for _ in range(count):
        try:
            socket.create_connection((to, port), timeout=5).close()
        except ConnectionRefusedError:
            refused += 1
    return refused


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"x" * 20000
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class WebServer(socketserver.ThreadingTCPServer):
    """That of http.server asks for the name of its host, and loses what it asks a name server."""
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that resets its connection is part of the test


def web_server(port):
    server = WebServer(("", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def fetch(to, port, reset):
    with socket.create_connection((to, port), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        if reset:
            sock.recv(100)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        while sock.recv(65536):
            pass


def browse(count, to, port, resets=0):
    """Connections, the first `resets` of them torn down in the middle."""
    for n in range(count):
        fetch(to, port, n < resets)


def ping(count, to):
    """How many echo requests were answered."""
    answered = 0
    ident = os.getpid() & 0xffff
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.settimeout(1)
        for n in range(count):
            head = struct.pack("!BBHHH", 8, 0, 0, ident, n)
            head = struct.pack("!BBHHH", 8, 0, checksum(head), ident, n)
            sock.sendto(head, (to, 0))
            answered += wait_for_echo(sock, ident, n)
    return answered


def wait_for_echo(sock, ident, n):
    try:
        while True:
            kind, _, _, whose, number = struct.unpack("!BBHHH", sock.recv(2048)[20:28])
            if (kind, whose, number) == (0, ident, n):
                return True
    except socket.timeout:
        return False


def unix_chat(count):
    """AF_UNIX datagrams, some of them never read."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there:
        for _ in range(count):
            here.send(b"x")
            there.recv(1)
        here.send(b"unread")


def stay(cpu):
    """From here on one CPU only."""
    os.sched_setaffinity(0, {cpu})


def sysctl(name, value):
    with open("/proc/sys/" + name, "w") as f:
        f.write(str(value))


def calm_ipv6():
    """Makes new interfaces say soon, or never, what goes to groups that nobody joined."""
    for name, value in (("router_solicitations", 0), ("dad_transmits", 0),
                        ("mldv1_unsolicited_report_interval", 20), ("mldv2_unsolicited_report_interval", 20)):
        sysctl("net/ipv6/conf/default/" + name, value)


def disable_ipv6():
    if os.path.isdir("/proc/sys/net/ipv6"):  # a kernel may have none
        for scope in ("all", "default"):
            sysctl("net/ipv6/conf/%s/disable_ipv6" % scope, 1)


COMMANDS = {f.__name__: f for f in (
    udp, flows, spoofed, frames, packets, sink, deaf, hoard, pour, close_port, deaf_listener, knock,
    count_received, steady, flood, stop_steady, dull_queue, web_server, browse, ping, hasty, tcp_sink, tcp_send,
    connect, talk, hang_up, count_refused, unix_chat, stay, sysctl, calm_ipv6, disable_ipv6)}
COMMANDS.update(agent_field.COMMANDS)
agent_field.COMMANDS = COMMANDS


def main():
    for line in sys.stdin:
        name, args, kwargs = json.loads(line)
        try:
            answer = {"ok": COMMANDS[name](*args, **kwargs)}
        except Exception as e:  # reported to the test, which fails with it
            answer = {"error": "%s: %r" % (name, e)}
        print(json.dumps(answer), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
